"""Amazon Bedrock and Bedrock Mantle: HTTP models that find their region's address, and whose requests are signed.

With a Bedrock API key (`api_key=…` or AWS_BEARER_TOKEN_BEDROCK) nothing else is needed. Without one, botocore finds the
AWS credentials wherever they are (the environment, a profile, single sign-on, the machine's role), renews them, and
signs each request by Signature Version 4: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from threading import Lock
from typing import Any, Final

import httpx

from jupyter_stream import cassettes
from jupyter_stream._secret import Secret, hidden
from jupyter_stream.exceptions import ModelAPIError, UserError
from jupyter_stream.models._sign_in import library, refusal_of
from jupyter_stream.models.http import HTTPModel
from jupyter_stream.profiles import profile
from jupyter_stream.providers import Provider
from jupyter_stream.settings import ModelSettings, concealed
from jupyter_stream.transport import Endpoint

__all__ = ('BedrockModel', 'MantleModel', 'host')

Sign = Callable[[httpx.Request], None]

_REGION_ENV: Final = ('AWS_REGION', 'AWS_DEFAULT_REGION')
_REGION: Final = re.compile(r'[a-z0-9]+(-[a-z0-9]+)+')
_HOST: Final = re.compile(r'\bbedrock-(?:runtime(?:-fips)?|mantle)\.(?P<region>[a-z0-9-]+)\.')
_HASH: Final = 'X-Amz-Content-SHA256'
_SIGNED: Final = ('Authorization', 'X-Amz-Date', 'X-Amz-Security-Token', _HASH)
_ANY_REGION: Final = 'us-east-1'
_CHINA: Final = 'cn-'


def host(region: str) -> str:
    """The address that serves a region.

    Raises:
        UserError: it is no name of a region.
    """
    if not _REGION.fullmatch(region):
        raise UserError(f'An AWS region must look like us-east-1, not {region!r}.')
    domain = 'amazonaws.com.cn' if region.startswith(_CHINA) else 'amazonaws.com'
    return f'https://bedrock-runtime.{region}.{domain}'


class BedrockModel(HTTPModel):
    """A model of Amazon Bedrock, asked by its Converse API.

    Args:
        provider: the row of `jupyter_stream.providers`.
        model_name: a model id, such as `us.anthropic.claude-sonnet-4-5-20250929-v1:0`, or an ARN.
        api_key: a Bedrock API key. Without one, botocore signs.
        base_url: another address than the region's.
        http_client: a client of the user's own. It belongs to the event loop it was made on.
        settings: defaults for every request.
        region: the region; else AWS_REGION, AWS_DEFAULT_REGION, else that of the AWS configuration.
        session: a `botocore.session.Session` with credentials and configuration of the user's own.

    Raises:
        UserError: nothing says the region, or it has an impossible name.
    """

    def __init__(
        self,
        provider: Provider,
        model_name: str,
        *,
        api_key: Secret | str | None = None,
        base_url: Secret | str | None = None,
        http_client: httpx.AsyncClient | None = None,
        settings: ModelSettings | None = None,
        region: str | None = None,
        session: Any = None,
    ) -> None:
        key, url, settings = hidden(api_key), hidden(base_url), concealed(settings)
        del api_key, base_url  # a verbose traceback would show them
        self._aws = _AWS(session)
        self._region = region or _region_of(url) or _environment_region()
        if url is None:
            self._region = self._region or self._aws.region() or self._of_recordings()
        if profile(provider, model_name).converse.claude:
            # Its signatures are Anthropic's own: a history may go on there, or come from there.
            provider = replace(provider, canonical_system='anthropic')
        super().__init__(
            provider,
            model_name,
            api_key=key,
            base_url=url or host(_needed(self._region)),
            http_client=http_client,
            settings=settings,
        )

    def _of_recordings(self) -> str:
        """Some region, where answers come from cassettes, for which none is needed."""
        try:
            return _needed(None)
        except UserError as error:
            if not cassettes.may_replay():
                raise
            self.unready = error
            return _ANY_REGION

    async def _endpoint(self) -> Endpoint:
        return await _signed(await super()._endpoint(), self._aws, self._region, self.model_name)


class MantleModel(HTTPModel):
    """A model of Amazon Bedrock, asked by OpenAI's Responses API.

    Args:
        provider: the row of `jupyter_stream.providers`.
        model_name: a model id, such as `openai.gpt-5.6-sol`.
        api_key: a Bedrock API key. Without one, botocore signs.
        base_url: the region's address; another one's region is that of the AWS configuration.
        http_client: a client of the user's own. It belongs to the event loop it was made on.
        settings: defaults for every request.
        session: a `botocore.session.Session` with credentials and configuration of the user's own.
    """

    def __init__(
        self,
        provider: Provider,
        model_name: str,
        *,
        api_key: Secret | str | None = None,
        base_url: Secret | str | None = None,
        http_client: httpx.AsyncClient | None = None,
        settings: ModelSettings | None = None,
        session: Any = None,
    ) -> None:
        key, url, settings = hidden(api_key), hidden(base_url), concealed(settings)
        del api_key, base_url  # a verbose traceback would show them
        self._aws = _AWS(session, 'bedrock-mantle', hashes=True)
        self._region = _region_of(url) or _environment_region()
        super().__init__(provider, model_name, api_key=key, base_url=url, http_client=http_client, settings=settings)

    async def _endpoint(self) -> Endpoint:
        return await _signed(await super()._endpoint(), self._aws, self._region, self.model_name)


async def _signed(endpoint: Endpoint, aws: _AWS, region: str | None, model_name: str) -> Endpoint:
    """The endpoint, whose requests are signed unless it has a key."""
    if endpoint.key is not None:
        return endpoint
    signer = await asyncio.to_thread(aws.signer, region)
    if isinstance(signer, str):
        raise ModelAPIError(model_name, f'AWS gave no credentials: {signer}')
    return replace(endpoint, sign=signer)


def _region_of(base_url: Secret | None) -> str | None:
    found = _HOST.search(base_url.reveal() if base_url else '')
    return found['region'] if found else None


def _environment_region() -> str | None:
    return next((os.environ[name] for name in _REGION_ENV if os.environ.get(name)), None)


def _needed(region: str | None) -> str:
    if not region:
        raise UserError('Set the `AWS_REGION` environment variable, to a region such as us-east-1, to use Bedrock.')
    return region


class _AWS:
    """What botocore knows of this machine. It reads files and asks AWS, which blocks: to be used in a thread.

    Args:
        session: the user's own; None for one that is made when it is needed.
        service: the name of the service in the signature.
        hashes: the service wants the hash of the body in a header, too.
    """

    def __init__(self, session: Any, service: str = 'bedrock', *, hashes: bool = False) -> None:
        self._session = session
        self._service = service
        self._hashes = hashes
        self._lock = Lock()

    def region(self) -> str | None:
        """The region of the configuration; None where there is none, or no botocore to read it."""
        try:
            return self._loaded().get_config_variable('region')
        except (UserError, _errors()):
            return None

    def signer(self, region: str | None) -> Sign | str:
        """A function that signs a request by credentials which are valid now, or why AWS gives none.

        Raises:
            UserError: there are no credentials, no region or no botocore.
        """
        region = _needed(region or self.region())
        with self._lock:
            found: list[Any] = []
            if refusal := refusal_of(lambda: found.append(self._credentials()), _errors()):
                return refusal
        auth = _botocore('botocore.auth').SigV4Auth(found[0], self._service, region)
        hashes = self._hashes
        return lambda request: _sign(auth, request, hashes)

    def _credentials(self) -> Any:
        credentials = self._loaded().get_credentials()
        if credentials is None:
            raise UserError(
                'There are no AWS credentials: set `AWS_BEARER_TOKEN_BEDROCK`, or `AWS_ACCESS_KEY_ID` and '
                '`AWS_SECRET_ACCESS_KEY`, or sign in with `aws sso login`.'
            )
        return credentials.get_frozen_credentials()

    def _loaded(self) -> Any:
        if self._session is None:
            self._session = _botocore('botocore.session').Session()
        return self._session


def _sign(auth: Any, request: httpx.Request, hashes: bool) -> None:
    """Sign a request's address, type and body; other headers may be changed on their way."""
    plain = _botocore('botocore.awsrequest').AWSRequest(
        method=request.method,
        url=str(request.url),
        data=request.content,
        headers={'content-type': request.headers['content-type']},
    )
    if hashes:
        plain.headers[_HASH] = sha256(request.content).hexdigest()
    with _unlogged('botocore.auth'):  # which logs what it signs, the session's token with it
        auth.add_auth(plain)
    request.headers.update({name: plain.headers[name] for name in _SIGNED if name in plain.headers})


@contextmanager
def _unlogged(name: str) -> Generator[None]:
    def drop(record: logging.LogRecord) -> bool:
        return False

    logger = logging.getLogger(name)
    logger.addFilter(drop)
    try:
        yield
    finally:
        logger.removeFilter(drop)


def _botocore(module: str) -> Any:
    return library(
        module,
        'Bedrock without an API key needs botocore: `pip install "jupyter-stream[bedrock]"`, or set '
        '`AWS_BEARER_TOKEN_BEDROCK`.',
    )


def _errors() -> type[Exception]:
    """What botocore raises for a configuration or a sign-in that fails; nothing that is ever raised without it."""
    try:
        return _botocore('botocore.exceptions').BotoCoreError
    except UserError:
        return UserError

"""One HTTP model that drives any wire protocol.

The protocol is a module of `wire`, the provider a row of a table; what is here is the way of one request: encode it,
open a stream, and try again only as long as nothing has come.
"""

from __future__ import annotations

import re
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import urlencode

import httpx
from pydantic_core import PydanticSerializationError

from jupyter_stream import cassettes, transport, wire
from jupyter_stream._secret import Secret, hidden
from jupyter_stream.exceptions import ModelAPIError, ModelRequestTimeout, UserError
from jupyter_stream.exceptions._categories import after_attempts, located
from jupyter_stream.framing import MAX_EVENT_BYTES
from jupyter_stream.framing.body import BodyDecoder
from jupyter_stream.messages import ModelMessage, ModelRequestAttempt, ModelResponse
from jupyter_stream.models._downloads import downloaded, named_by_address
from jupyter_stream.models._http_stream import HTTPStreamedResponse
from jupyter_stream.models.base import Model
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.profiles import Profile
from jupyter_stream.profiles import profile as profile_of
from jupyter_stream.providers import Provider
from jupyter_stream.providers._base_urls import split_base_url
from jupyter_stream.settings import ModelSettings, concealed
from jupyter_stream.stream import StreamedResponse
from jupyter_stream.transport import Allowance, Deadline, Endpoint, Timeouts
from jupyter_stream.wire.announcement import with_system_blocks
from jupyter_stream.wire.base import Target, WireRequest
from jupyter_stream.wire.prepare import described, without_resolved

if TYPE_CHECKING:
    from jupyter_stream.cassettes.tape import Tape

__all__ = ('HTTPModel',)

DEFAULT_MAX_RETRIES: Final = 2

_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE: Final = re.compile(r'(?:[!-~](?:[\t -~]*[!-~])?)?')
"""RFC 9110 §5.1 and §5.5, in ASCII: what httpx and h11 send."""


class HTTPModel(Model):
    """A model behind HTTP.

    Args:
        provider: the row of `jupyter_stream.providers`.
        model_name: the model's name, as the provider knows it.
        api_key: the key; it is shown nowhere.
        base_url: where the provider is. A user, a password and a query in it are sent, and shown nowhere.
        http_client: a client of the user's own. It belongs to the event loop it was made on.
        settings: defaults for every request.

    Raises:
        UserError: no header can carry the key.
    """

    renders_retry_feedback = True

    unready: UserError | None = None
    """Why no request can be sent, such as a key that is missing. An answer may still come from a cassette."""

    def __init__(
        self,
        provider: Provider,
        model_name: str,
        *,
        api_key: Secret | str | None = None,
        base_url: Secret | str | None = None,
        http_client: httpx.AsyncClient | None = None,
        settings: ModelSettings | None = None,
    ) -> None:
        settings = concealed(settings)
        super().__init__(settings=settings)
        self.target = Target(model_name, provider, profile_of(provider, model_name))
        self.loop_bound = http_client is not None
        key, url = hidden(api_key), hidden(base_url)
        del api_key, base_url  # a verbose traceback would show them
        self._given = _endpoint(url, _sendable(key))
        if not isinstance(cast(object, http_client), httpx.AsyncClient | None):
            raise UserError(f'`http_client` must be an `httpx.AsyncClient`, not {_kind(http_client)}.')
        self._http_client = http_client
        self._wire = wire.protocol(provider.wire)

    @property
    def model_name(self) -> str:
        return self.target.model_name

    @property
    def system(self) -> str:
        return self.target.provider.name

    @property
    def base_url(self) -> str | None:
        return self._given.base_url or None

    @property
    def profile(self) -> Profile:
        return self.target.profile

    def prepare_messages(self, messages: Sequence[ModelMessage]) -> list[ModelMessage]:
        return super().prepare_messages(with_system_blocks(self.target, messages))

    def prepare_request(
        self, model_settings: ModelSettings | None, model_request_parameters: ModelRequestParameters
    ) -> tuple[ModelSettings | None, ModelRequestParameters]:
        settings = self.merged(model_settings)
        parameters = self._wire.resolved(self.target, settings, model_request_parameters)
        return without_resolved(settings) or None, described(parameters)

    async def _endpoint(self) -> Endpoint:
        """Where this attempt goes; a model whose server has to be started first overrides it."""
        return self._given

    async def _placed(self, wanted: WireRequest) -> WireRequest:
        """The request as it is sent; a model that has to find out first whose project pays overrides it."""
        return wanted

    def _asked(self, wanted: WireRequest) -> cassettes.Asked:
        """What a cassette looks for."""
        query = f'?{urlencode(wanted.query, doseq=True)}' if wanted.query else ''
        body = wanted.body if wanted.method == 'POST' else {}
        return cassettes.Asked(self.target.provider.wire, wanted.path + query, body, wanted.method)

    async def request(
        self,
        messages: Sequence[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """Ask, and return the whole response. It is streamed all the same: there is one way of reading an answer."""
        model_settings = concealed(model_settings)
        async with self.request_stream(messages, model_settings, model_request_parameters) as stream:
            async for _ in stream:
                pass
            return stream.get()

    @asynccontextmanager
    async def request_stream(
        self,
        messages: Sequence[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: object = None,
    ) -> AsyncGenerator[StreamedResponse]:
        session = cassettes.current()
        if session is None:
            _check_allowed()
        model_settings = concealed(model_settings)
        settings = concealed(self.merged(model_settings))
        _check_headers(settings.get('extra_headers'))
        deadline = Deadline(self.model_name, Timeouts.of(settings))
        encode = partial(self._encoded, settings=settings, parameters=model_request_parameters)
        request = _Request(messages, encode, partial(self._wire.fetchable, self.target), session)
        if session is None:
            await request.to_send(deadline)
        stream = await self._open(request, settings, model_request_parameters, deadline)
        try:
            yield stream
        finally:
            await stream.aclose()

    def _encoded(
        self, messages: Sequence[ModelMessage], settings: ModelSettings, parameters: ModelRequestParameters
    ) -> WireRequest:
        try:
            return self._wire.encode(self.target, messages, settings, parameters)
        except (PydanticSerializationError, UnicodeEncodeError) as error:
            what = str(error)
        raise UserError(f'The result or the arguments of a tool cannot be written as JSON ({what}): make them text.')

    async def _open(
        self,
        request: _Request,
        settings: ModelSettings,
        parameters: ModelRequestParameters,
        deadline: Deadline,
    ) -> HTTPStreamedResponse:
        """A stream that has its first event; attempts that fail before that are made again."""
        retries = settings.get('max_retries')
        retries = DEFAULT_MAX_RETRIES if retries is None else retries
        attempts: list[ModelRequestAttempt] = []
        while True:
            began, clock = datetime.now(UTC), time.perf_counter()
            tape = request.tape(self._asked)
            outcome = await self._attempt(request, tape, settings, parameters, deadline)
            if isinstance(outcome, HTTPStreamedResponse):
                return outcome
            wait = transport.retry_wait(outcome, len(attempts) + 1, retries)
            attempts.append(self._failed(outcome, began, time.perf_counter() - clock))
            if wait is None or not (deadline.allows(wait) or isinstance(outcome, ModelRequestTimeout)):
                raise after_attempts(outcome, attempts)
            try:
                await deadline.sleep(tape.paced(wait) if tape else wait)
            except ModelRequestTimeout as timeout:
                raise after_attempts(located(timeout, self.target.provider.title), attempts) from None

    def _failed(self, error: ModelAPIError, began: datetime, seconds: float) -> ModelRequestAttempt:
        return ModelRequestAttempt(
            model_name=self.model_name,
            provider_name=self.system,
            outcome='error',
            error=f'{type(error).__name__}: {error}',
            timestamp=began,
            duration=timedelta(seconds=seconds),
        )

    async def _attempt(
        self,
        request: _Request,
        tape: Tape | None,
        settings: ModelSettings,
        parameters: ModelRequestParameters,
        deadline: Deadline,
    ) -> HTTPStreamedResponse | ModelAPIError:
        """A stream that has its first event, or what went wrong until then."""
        deadline.attempt()
        replays = tape is not None and tape.replays
        try:
            wanted, endpoint = await (self._replayed(request) if replays else self._live(request, deadline))
        except ModelAPIError as error:
            located(error, self.target.provider.title)
            raise
        decoder = self._wire.Decoder(self.target, parameters, settings)
        limit = settings.get('max_event_bytes') or MAX_EVENT_BYTES
        framing = BodyDecoder(self._wire.Framing(limit), limit)
        allowance = Allowance(settings.get('max_stream_bytes'))
        stream = HTTPStreamedResponse(decoder, framing, endpoint.base_url, deadline, allowance)
        said = {'note': self.note, 'replayed': replays}
        stream.metadata = {name: value for name, value in said.items() if value} or None
        try:
            await stream.open(self._client(), wanted, endpoint, settings, tape)
            await stream.peek()
            return stream
        except ModelAPIError as failure:
            error = failure
        except BaseException:
            await stream.aclose()
            raise
        await stream.aclose()
        return error

    async def _live(self, request: _Request, deadline: Deadline) -> tuple[WireRequest, Endpoint]:
        """What is sent, and where to."""
        if request.session is not None:
            _check_allowed()
        if self.unready is not None:
            raise self.unready.with_traceback(None)
        endpoint = await deadline.wait(self._endpoint())
        return await deadline.wait(self._placed(await request.to_send(deadline))), endpoint

    async def _replayed(self, request: _Request) -> tuple[WireRequest, Endpoint]:
        """What would be sent. Nothing of the provider is needed for it: no key, no server, no address."""
        return request.named, Endpoint(self._given.base_url)

    def _client(self) -> httpx.AsyncClient:
        return self._http_client or transport.client_for_this_loop()


class _Request:
    """What is asked, as it is sent, and as it is looked for in cassettes.

    Args:
        messages: what is asked.
        encode: writes the request for messages.
        wanted: says whether a part of a prompt has to be downloaded.
        session: the cassettes in force, None for none.
    """

    def __init__(
        self,
        messages: Sequence[ModelMessage],
        encode: Callable[[Sequence[ModelMessage]], WireRequest],
        wanted: Callable[[Any], bool],
        session: cassettes.Session | None,
    ) -> None:
        self.session = session
        self._messages = messages
        self._encode = encode
        self._wanted = wanted
        self._sent: WireRequest | None = None

    @cached_property
    def named(self) -> WireRequest:
        """The request with the addresses of files in place of the files that would be downloaded."""
        return self._encode(named_by_address(self._messages, self._wanted))

    async def to_send(self, deadline: Deadline) -> WireRequest:
        """The request with its files."""
        if self._sent is None:
            messages = await deadline.wait(downloaded(self._messages, self._wanted))
            is_named = self.session is not None and messages is self._messages
            self._sent = self.named if is_named else self._encode(messages)
        return self._sent

    def tape(self, asked: Callable[[WireRequest], cassettes.Asked]) -> Tape | None:
        """What sends the next attempt; None for the client itself.

        Raises:
            CassetteMiss: it is not recorded, and only what is recorded may be asked.
        """
        return None if self.session is None else self.session.deck.tape(asked(self.named), self.session.run)


def _check_allowed() -> None:
    from jupyter_stream import models  # here, since the package's own module imports this one for its types

    models.check_allow_model_requests()


def _endpoint(url: Secret | None, key: Secret | None) -> Endpoint:
    if url is None:
        return Endpoint('', key)
    base_url, *apart = split_base_url(url.reveal())
    login, query = map(hidden, apart)
    return Endpoint(base_url, key, login=login, query=query)


def _sendable(key: Any) -> Secret | None:
    if key is not None and not isinstance(key, Secret):
        raise UserError(f'`api_key` must be a text, not {_kind(key)}.')
    if key is not None and not key.sendable:
        raise UserError('The API key has characters in it that no key has, such as a space, a line end or an accent.')
    return key


def _check_headers(headers: object) -> None:
    """Refuse headers that cannot be sent, before a library sees them whose frames would show the key beside them.

    Raises:
        UserError: `extra_headers` is no dict of texts, or a name or a value has characters that no header has.
    """
    if headers is None:
        return
    if not isinstance(headers, Mapping):
        raise UserError(f'`extra_headers` must be a dict of texts, such as {{"x-team": "a"}}, not {_kind(headers)}.')
    for name, value in cast('Mapping[object, object]', headers).items():
        if not isinstance(name, str) or not _HEADER_NAME.fullmatch(name):
            raise UserError(
                f'`extra_headers` has the name {name!r}, which no header can have: use letters and hyphens.'
            )
        if not isinstance(value, str):
            raise UserError(f'The value of {name!r} in `extra_headers` must be a text, not {_kind(value)}.')
        if not _HEADER_VALUE.fullmatch(value):
            raise UserError(
                f'The value of {name!r} in `extra_headers` has characters that no header can carry, such as a line '
                'end, an accent, or a space at its end: take them out, or encode them.'
            )


def _kind(value: object) -> str:
    return f'of the type {type(value).__name__}'

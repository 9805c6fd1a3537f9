"""Gemini on Google Cloud (Vertex AI): an HTTP model that finds its region's address and signs in by google-auth.

With a key (express mode) there is nothing to find out. Without one, the project and the region come from the
environment, and each request carries an access token of the Application Default Credentials, which is fetched when the
first request needs it, and again when it has expired: https://cloud.google.com/docs/authentication
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib import import_module
from threading import Lock
from types import SimpleNamespace
from typing import Any, Final

import httpx

from jupyter_stream._secret import Secret, hidden
from jupyter_stream.exceptions import ModelAPIError, UserError
from jupyter_stream.models._sign_in import library, refusal_of
from jupyter_stream.models.http import HTTPModel
from jupyter_stream.providers import Auth, Provider
from jupyter_stream.settings import ModelSettings, concealed
from jupyter_stream.transport import Endpoint, proxy_for
from jupyter_stream.wire.base import WireRequest

__all__ = ('VertexModel', 'host')

_SCOPE: Final = 'https://www.googleapis.com/auth/cloud-platform'
_EXPRESS: Final = 'https://aiplatform.googleapis.com'
_DEFAULT_LOCATION: Final = 'us-central1'
_NAME: Final = re.compile(r'[A-Za-z0-9][A-Za-z0-9.:-]*')
_HOSTS: Final[Mapping[str, str]] = {
    'global': 'https://aiplatform.googleapis.com',
    'us': 'https://aiplatform.us.rep.googleapis.com',
    'eu': 'https://aiplatform.eu.rep.googleapis.com',
}
_TIMEOUT: Final = 30.0
"""Seconds for one request of the sign-in."""


def host(location: str) -> str:
    """The address that serves a region, a multi-region or `global`.

    Raises:
        UserError: it is no name of a region.
    """
    if not _NAME.fullmatch(location):
        raise UserError(f'A Google Cloud location must look like us-central1, not {location!r}.')
    return _HOSTS.get(location, f'https://{location}-aiplatform.googleapis.com')


class VertexModel(HTTPModel):
    """A Gemini model of Vertex AI.

    Args:
        provider: the row of `jupyter_stream.providers`.
        model_name: such as `gemini-2.5-flash`, `publisher/model`, or the resource name of an endpoint.
        api_key: a key of the express mode. Without one, google-auth signs in.
        base_url: another address than the region's.
        http_client: a client of the user's own. It belongs to the event loop it was made on.
        settings: defaults for every request.
        project: the project's id; else GOOGLE_CLOUD_PROJECT, else that of the credentials.
        location: the region; else GOOGLE_CLOUD_LOCATION, else us-central1.
        credentials: credentials of google-auth; else the Application Default Credentials.

    Raises:
        UserError: a location or a project has an impossible name.
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
        project: str | None = None,
        location: str | None = None,
        credentials: Any = None,
    ) -> None:
        key, url, settings = hidden(api_key), hidden(base_url), concealed(settings)
        del api_key, base_url  # a verbose traceback would show them
        self._signs_in = not key or credentials is not None or bool(project or location)
        self._project = project or os.environ.get('GOOGLE_CLOUD_PROJECT') or None
        self._location = location or os.environ.get('GOOGLE_CLOUD_LOCATION') or _DEFAULT_LOCATION
        address = host(self._location) if self._signs_in else _EXPRESS
        super().__init__(
            replace(provider, key_header=Auth(), key_env=()) if self._signs_in else provider,
            model_name,
            api_key=None if self._signs_in else key,
            base_url=url or address,
            http_client=http_client,
            settings=settings,
        )
        self._sign_in = _SignIn(credentials)
        if self._project:
            self._settle(self._project)

    async def _placed(self, wanted: WireRequest) -> WireRequest:
        """The request with its project in the path: the first one has to find out."""
        if not self._signs_in or self._project is not None:
            return wanted
        before = self._prefix()
        self._settle(await asyncio.to_thread(self._sign_in.project))
        return replace(wanted, path=self._prefix() + wanted.path.removeprefix(before))

    def _prefix(self) -> str:
        """What stands before the model in the path."""
        return self.target.provider.path.partition('{model}')[0]

    async def _endpoint(self) -> Endpoint:
        endpoint = await super()._endpoint()
        if not self._signs_in:
            return endpoint
        said = await asyncio.to_thread(self._sign_in.token)
        if isinstance(said, str):
            raise ModelAPIError(self.model_name, f'Google gave no access token: {said}')
        token, quota_project = said
        return replace(endpoint, key=token, headers={'x-goog-user-project': quota_project} if quota_project else {})

    def _settle(self, project: str) -> None:
        """Put project and location into the path. A full resource name has them already."""
        if not _NAME.fullmatch(project):
            raise UserError(f'A Google Cloud project must look like my-project-123, not {project!r}.')
        provider = self.target.provider
        if self._signs_in and not self.model_name.startswith('projects/'):
            place = f'projects/{project}/locations/{self._location}/'
            self.target = replace(
                self.target, provider=replace(provider, path=provider.path.replace('{model}', place + '{model}'))
            )
        self._project = project


class _SignIn:
    """Credentials of google-auth, which block while they ask Google: to be used in a thread, in any number of them."""

    def __init__(self, credentials: Any) -> None:
        self._credentials = credentials
        self._project: str | None = None
        self._ready = False
        self._lock = Lock()

    def project(self) -> str:
        """The project of the credentials.

        Raises:
            UserError: there are no credentials, or they belong to no project.
        """
        with self._lock:
            self._load()
        if not self._project:
            raise UserError('Set the `GOOGLE_CLOUD_PROJECT` environment variable to use Vertex AI.')
        return self._project

    def token(self) -> tuple[Secret, str | None] | str:
        """A token that is valid now and the project that pays, or why there is none.

        Raises:
            UserError: there are no credentials.
        """
        with self._lock:
            self._load()
            if not self._credentials.valid and (refusal := _refused(lambda: self._credentials.refresh(_ask))):
                return refusal
            return Secret(self._credentials.token), getattr(self._credentials, 'quota_project_id', None)

    def _load(self) -> None:
        if self._ready:
            return
        if self._credentials is None:
            self._credentials, self._project = _default_credentials()
        else:
            scoped = _google_auth('google.auth.credentials').with_scopes_if_required
            self._credentials = scoped(self._credentials, [_SCOPE])
        self._ready = True


def _google_auth(module: str) -> Any:
    return library(
        module,
        'Vertex AI without an API key needs google-auth: `pip install "jupyter-stream[google]"`, '
        'or set `GOOGLE_API_KEY`.',
    )


def _default_credentials() -> tuple[Any, str | None]:
    auth = _google_auth('google.auth')
    found: list[Any] = []
    refusal = _refused(lambda: found.extend(auth.default(scopes=[_SCOPE], request=_ask)))
    if refusal:
        raise UserError(
            'There are no Google Cloud credentials: run `gcloud auth application-default login`, or set '
            f'`GOOGLE_APPLICATION_CREDENTIALS` or `GOOGLE_API_KEY`. google-auth says: {refusal}'
        )
    return found[0], found[1]


def _refused(act: Callable[[], object]) -> str | None:
    return refusal_of(act, import_module('google.auth.exceptions').GoogleAuthError)


def _ask(url: str, method: str = 'GET', body: Any = None, headers: Any = None, timeout: Any = None, **_: Any) -> Any:
    """One request of google-auth, in the form of its `transport.Request`."""
    try:
        # The metadata server of a virtual machine, the only plain http here, is behind no proxy.
        proxy = proxy_for(httpx.URL(url)) if url.startswith('https:') else None
        with httpx.Client(transport=httpx.HTTPTransport(proxy=proxy), timeout=timeout or _TIMEOUT) as client:
            response = client.request(method, url, content=body, headers=headers)
    except httpx.HTTPError as cause:
        words = f'{type(cause).__name__}: {cause}'
    else:
        return SimpleNamespace(status=response.status_code, headers=response.headers, data=response.content)
    raise import_module('google.auth.exceptions').TransportError(words)

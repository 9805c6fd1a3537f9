"""Where requests go, with what, and which words of that are secret.

A base URL may hold a user with a password, or a token in its query. Both are kept apart from it as secrets, so that the
address can be shown; they come back into the request when it is built, and its URL does not show them.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, unquote
from urllib.request import getproxies

import httpx

from jupyter_stream._secret import Secret
from jupyter_stream.exceptions._bodies import scrub

__all__ = ('Endpoint', 'ShownWithout', 'header_secrets', 'proxy_secrets')

_SHORTEST: Final = 8
"""Characters of a value that is taken for a secret whatever its name."""

_SECRET_NAME: Final = re.compile(r'key|token|secret|auth|pass|pwd|cookie|session|sig|credential', re.IGNORECASE)
_PUBLIC: Final = frozenset(
    {'accept', 'accept-language', 'alt', 'anthropic-beta', 'anthropic-version', 'api-version', 'content-type',
     'openai-beta', 'user-agent'}
)  # fmt: skip
"""Headers and parameters whose values every page of documentation has."""

_SCHEME: Final = re.compile(r'[\w-]+\s+(\S+)')
"""A header such as `Bearer …`: a server that repeats what it got may leave the first word out."""

_SIGNED_TOKEN: Final = 'x-amz-security-token'


@dataclass(frozen=True)
class Endpoint:
    """Where requests go, and what proves that they may.

    Attributes:
        base_url: without user, query and trailing slash.
        key: the provider's key.
        headers: further headers.
        sign: signs a request that is ready.
        login: `user:password` as they stand in a URL.
        query: the query of the URL, without its question mark.
    """

    base_url: str
    key: Secret | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    sign: Callable[[httpx.Request], None] | None = None
    login: Secret | None = None
    query: Secret | None = None

    def parameters(self) -> dict[str, list[str]]:
        """The parameters of the query, each with all its values; keep them out of local variables."""
        found: dict[str, list[str]] = {}
        for name, value in parse_qsl(self.query.reveal() if self.query else '', keep_blank_values=True):
            found.setdefault(name, []).append(value)
        return found

    def authorization(self) -> dict[str, str]:
        """The header that the user of the URL stands for: https://www.rfc-editor.org/rfc/rfc7617"""
        if self.login is None:
            return {}
        return {'authorization': f'Basic {b64encode(_joined(self.login).encode()).decode()}'}

    def secrets(self) -> tuple[str, ...]:
        """Every text that no message, log or response may show."""
        key = (self.key.reveal(),) if self.key else ()
        return (*key, *_login_secrets(self.login), *self._query_secrets())

    def _query_secrets(self) -> Iterator[str]:
        for name, values in self.parameters().items():
            for value in values:
                if _is_secret(name, value):
                    yield value
                elif not value and len(name) >= _SHORTEST:  # `?TOKEN`
                    yield name


def _joined(login: Secret) -> str:
    user, _, password = login.reveal().partition(':')
    return f'{unquote(user)}:{unquote(password)}'


def _login_secrets(login: Secret | None) -> Iterator[str]:
    """The user counts where there is no password, since it is a token then, or where it is long."""
    if login is None:
        return
    user, _, password = login.reveal().partition(':')
    yield login.reveal()
    yield _joined(login)
    for word in (user, password):
        if word and (word is password or not password or len(word) >= _SHORTEST):
            yield word
            yield unquote(word)


def proxy_secrets() -> Iterator[str]:
    """The users and passwords in the proxy variables of the environment: a proxy may repeat them in its error."""
    for proxy in getproxies().values():
        login, at, _ = proxy.rpartition('@')
        yield from _login_secrets(Secret(login.rpartition('://')[2]) if at else None)


def header_secrets(headers: Mapping[str, str], sent: Mapping[str, str]) -> Iterator[str]:
    """The secret values among the user's own headers, and those of a signature among the headers that were sent."""
    own = {**headers, _SIGNED_TOKEN: sent.get(_SIGNED_TOKEN, '')}
    for name, value in own.items():
        if _is_secret(name, value):
            yield value
            yield from _words(name, value)


def _is_secret(name: str, value: str) -> bool:
    if not value or name.lower() in _PUBLIC:
        return False
    return len(value) >= _SHORTEST or _SECRET_NAME.search(name) is not None


def _words(name: str, value: str) -> Iterator[str]:
    """What of a value is the secret itself."""
    if found := _SCHEME.fullmatch(value):
        yield found[1]
    if name.lower() == 'cookie':
        pairs = (pair.partition('=') for pair in value.split(';'))
        yield from (cookie.strip() for _, _, cookie in pairs if len(cookie.strip()) >= _SHORTEST)


class ShownWithout(httpx.URL):
    """A URL that is sent whole, and shows no secret where it is written: httpx logs the URL of each request."""

    def __init__(self, url: httpx.URL, secrets: tuple[str, ...]) -> None:
        super().__init__(url)
        shown = scrub(str(url), secrets)
        self._shown = lambda: shown

    def __str__(self) -> str:
        return self._shown()

    def __repr__(self) -> str:
        return f'URL({str(self)!r})'

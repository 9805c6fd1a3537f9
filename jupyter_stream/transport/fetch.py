"""Downloads of what a prompt names by URL, for a provider that takes only bytes; the one place that fetches anything.

A URL may come from anywhere: a document, an earlier answer. So a download goes to public addresses only. The name is
looked up once, every address that it has must be public, and the connection is made to the address that was checked;
each redirect is checked anew. No proxy is used, since it would look the name up again.
"""

from __future__ import annotations

import asyncio
import socket
import unicodedata
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urljoin, urlsplit

import httpx

from jupyter_stream.exceptions import UserError
from jupyter_stream.transport._addresses import reach

__all__ = ('FetchError', 'Fetched', 'fetch')

MAX_BYTES: Final = 50 * 2**20
MAX_REDIRECTS: Final = 10
TIMEOUT: Final = 30.0

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""A host's name and a port to its addresses."""


class FetchError(UserError):
    """A URL in the prompt was not downloaded: it leads to where it must not, or to nothing usable."""


@dataclass(frozen=True)
class Fetched:
    """What was downloaded; `media_type` is what the server said, without parameters, None where it said nothing."""

    data: bytes
    media_type: str | None


@dataclass(frozen=True)
class _Hop:
    """One request: the URL as it is named, and the address that was checked for it."""

    url: SplitResult
    host: str
    port: int
    address: str

    def request(self, client: httpx.AsyncClient) -> httpx.Request:
        address = f'[{self.address}]' if ':' in self.address else self.address
        return client.build_request(
            'GET',
            self.url._replace(netloc=f'{address}:{self.port}', fragment='').geturl(),
            headers={'host': self.url.netloc, 'accept-encoding': 'identity', 'accept': '*/*'},
            extensions={'sni_hostname': self.host},
        )


async def fetch(
    url: str,
    *,
    allow_local: bool = False,
    max_bytes: int = MAX_BYTES,
    timeout: float = TIMEOUT,
    resolve: Resolve | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> Fetched:
    """Download a URL if it is a public one.

    Args:
        url: an http or https URL, without a user in it.
        allow_local: whether private addresses are allowed too; where clouds keep credentials never is.
        max_bytes: the largest body that is downloaded.
        timeout: seconds for the whole download with its redirects.
        resolve: looks up the addresses of a host; by default the system does.
        transport: what the requests go through, for tests.

    Raises:
        FetchError: it leads to an address that is not public, redirects too often, is too large or too slow, or the
            server does not give it.
    """
    transport = transport or httpx.AsyncHTTPTransport(trust_env=False)
    try:
        async with asyncio.timeout(timeout), httpx.AsyncClient(transport=transport, timeout=timeout) as client:
            return await _follow(client, url, allow_local, max_bytes, resolve or _resolve)
    except TimeoutError:
        raise FetchError(f'{url} was not downloaded: it took longer than {timeout:g} s.') from None
    except httpx.HTTPError as error:
        raise FetchError(f'{url} was not downloaded: {error or type(error).__name__}.') from None


async def _follow(client: httpx.AsyncClient, url: str, allow_local: bool, max_bytes: int, resolve: Resolve) -> Fetched:
    for _ in range(MAX_REDIRECTS + 1):
        hop = await _checked(url, allow_local, resolve)
        response = await client.send(hop.request(client), stream=True, follow_redirects=False)
        try:
            if not response.has_redirect_location:
                return await _body(url, response, max_bytes)
            url = urljoin(url, response.headers['location'])
        finally:
            await response.aclose()
    raise FetchError(f'{url} was not downloaded: it redirects more than {MAX_REDIRECTS} times.')


async def _checked(url: str, allow_local: bool, resolve: Resolve) -> _Hop:
    parts = _split(url)
    host = unicodedata.normalize('NFKC', parts.hostname or '').rstrip('.').lower()
    port = parts.port or (443 if parts.scheme == 'https' else 80)
    try:
        addresses = await resolve(host, port)
    except OSError:
        addresses = ()
    if not addresses:
        raise FetchError(f'{url} was not downloaded: the host {host!r} has no address.')
    for address in addresses:
        kind = reach(address)
        if kind == 'metadata' or (kind == 'private' and not allow_local):
            raise FetchError(
                f'{url} was not downloaded: {host!r} is at {address}, which is not a public address. '
                'Read the file yourself and pass it as BinaryContent.'
            )
    return _Hop(parts, host, port, addresses[0])


def _split(url: str) -> SplitResult:
    """The URL's parts.

    Raises:
        FetchError: it is not one that two readers would read alike.
    """
    if any(char.isspace() or ord(char) < 32 or char in '\\\x7f' for char in url):
        raise FetchError(f'{url!r} was not downloaded: a URL has no white space, control characters or backslashes.')
    try:
        parts = urlsplit(url)
        known = parts.scheme in ('http', 'https') and parts.hostname and parts.port != 0
    except ValueError:
        raise FetchError(f'{url} was not downloaded: it is no valid URL.') from None
    if not known:
        raise FetchError(f'{url} was not downloaded: only http and https URLs with a host are.')
    if '@' in parts.netloc:
        raise FetchError(f'{parts.hostname} was not asked for a download: a URL with a user or password is refused.')
    return parts


async def _resolve(host: str, port: int) -> Sequence[str]:
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError:
        return ()
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


async def _body(url: str, response: httpx.Response, max_bytes: int) -> Fetched:
    if not response.is_success:
        raise FetchError(f'{url} was not downloaded: the server answered {response.status_code}.')
    if response.headers.get('content-encoding', 'identity') != 'identity':
        raise FetchError(f'{url} was not downloaded: the server sent it compressed, which it was not asked to.')
    data = bytearray()
    async for chunk in response.aiter_raw():
        data += chunk
        if len(data) > max_bytes:
            raise FetchError(f'{url} was not downloaded: it is larger than {max_bytes / 2**20:g} MiB.')
    kind = response.headers.get('content-type', '').split(';')[0].strip().lower()
    return Fetched(bytes(data), kind or None)

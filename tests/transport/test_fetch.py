"""The guarded download: where it may go, what it follows, how much it takes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import httpx
import pytest

from jupyter_stream.transport.fetch import Fetched, FetchError, fetch

from ..conformance.recordings import addresses

NAMES = {
    'example.com': ['93.184.216.34'],
    'other.org': ['1.1.1.1', '8.8.8.8'],
    'inside.example': ['10.0.0.7'],
    'half.example': ['8.8.8.8', '127.0.0.1'],
    'six.example': ['2606:4700:4700::1111'],
    '127.0.0.1': ['127.0.0.1'],
}


async def names(host: str, port: int) -> Sequence[str]:
    if host not in NAMES:
        raise OSError('no such host')
    return NAMES[host]


def said(body: bytes = b'', status: int = 200, **headers: str) -> httpx.Response:
    headers = {name.replace('_', '-'): value for name, value in headers.items()}
    return httpx.Response(status, headers=headers, stream=httpx.ByteStream(body))


class Server(httpx.AsyncBaseTransport):
    """Answers from a table and notes what it was asked."""

    def __init__(self, **answers: httpx.Response) -> None:
        self.answers = answers
        self.asked: list[tuple[str, str, Any]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append((str(request.url), request.headers['host'], request.extensions['sni_hostname']))
        return self.answers[request.url.path.strip('/') or 'root']


def get(url: str, server: Server | None = None, **more: Any) -> Fetched:
    return asyncio.run(fetch(url, resolve=names, transport=server or Server(), **more))


def test_a_public_url_is_fetched_from_the_address_that_was_checked() -> None:
    server = Server(cat=said(b'meow', content_type='Image/PNG; x=y'))
    assert get('https://example.com/cat', server) == Fetched(b'meow', 'image/png')
    assert server.asked == [('https://93.184.216.34/cat', 'example.com', 'example.com')]


def test_an_ipv6_address_and_a_port() -> None:
    server = Server(cat=said(b''))
    assert get('http://six.example:8080/cat#part', server) == Fetched(b'', None)
    assert server.asked == [('http://[2606:4700:4700::1111]:8080/cat', 'six.example:8080', 'six.example')]


@pytest.mark.parametrize('url', ['http://inside.example/x', 'http://half.example/x', 'http://127.0.0.1/x'])
def test_a_private_address_is_refused_even_beside_a_public_one(url: str) -> None:
    server = Server()
    with pytest.raises(FetchError, match='not a public address'):
        get(url, server)
    assert server.asked == []


def test_local_addresses_where_they_are_allowed_but_never_metadata() -> None:
    server = Server(x=said(b'in'))
    assert get('http://inside.example/x', server, allow_local=True).data == b'in'

    async def metadata(host: str, port: int) -> Sequence[str]:
        return ['169.254.169.254']

    with pytest.raises(FetchError, match='not a public address'):
        asyncio.run(fetch('http://m.example/', allow_local=True, resolve=metadata, transport=server))


def test_each_redirect_is_checked() -> None:
    away = said(status=302, location='https://other.org/b')
    server = Server(a=away, b=said(b'ok'))
    assert get('https://example.com/a', server).data == b'ok'
    assert [asked[1] for asked in server.asked] == ['example.com', 'other.org']
    for target in ('http://inside.example/', 'file:///etc/passwd', 'http://u:p@example.com/'):
        with pytest.raises(FetchError):
            get('https://example.com/a', Server(a=said(status=302, location=target)))


def test_redirects_end() -> None:
    server = Server(a=said(status=302, location='/a'))
    with pytest.raises(FetchError, match='more than 10 times'):
        get('https://example.com/a', server)
    assert len(server.asked) == 11


def test_limits() -> None:
    big = Server(x=said(b'x' * 100))
    with pytest.raises(FetchError, match='larger than'):
        get('http://example.com/x', big, max_bytes=99)
    assert len(get('http://example.com/x', Server(x=said(b'x' * 100)), max_bytes=100).data) == 100
    packed = Server(x=said(content_encoding='gzip'))
    with pytest.raises(FetchError, match='compressed'):
        get('http://example.com/x', packed)
    with pytest.raises(FetchError, match='answered 404'):
        get('http://example.com/x', Server(x=said(status=404)))

    class Slow(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            await asyncio.sleep(30)
            raise AssertionError

    with pytest.raises(FetchError, match=r'longer than 0\.05 s'):
        asyncio.run(fetch('http://example.com/', resolve=names, transport=Slow(), timeout=0.05))


def refused_by_the_real_resolver(*expectations: str, allow_local: bool = False) -> int:
    """Holds that every such address is refused before anything is asked; how many there are."""
    rows, server = addresses(*expectations), Server()
    for row in rows:
        with pytest.raises(FetchError):
            asyncio.run(fetch(row['value'], allow_local=allow_local, transport=server, timeout=20))
    assert server.asked == []
    return len(rows)


def test_urls_that_hide_where_they_lead_are_refused_by_the_real_resolver() -> None:
    assert refused_by_the_real_resolver('block') == 19


@pytest.mark.shared
def test_the_published_urls_are_refused_by_the_real_resolver_or_fetched() -> None:
    assert refused_by_the_real_resolver('scheme-blocked') == 5
    assert refused_by_the_real_resolver('metadata-url', allow_local=True) == 9
    good = addresses('scheme-ok')
    assert len(good) == 4
    for row in good:
        assert get(row['value'], Server(root=said(b''))).data == b''

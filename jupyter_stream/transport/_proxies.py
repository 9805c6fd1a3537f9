"""Which proxy of the environment a request goes through, decided by its destination when it is sent.

httpx reads all the variables when a client is made, and one that it cannot read breaks every client, also those that
never leave this machine. Here a variable counts only for a request that it is about: a loopback address is always
reached directly, so that no proxy sees its key, and what is wrong with a variable is said when it is needed.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from importlib.util import find_spec
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit
from urllib.request import getproxies

import httpx

from jupyter_stream.exceptions import UserError
from jupyter_stream.transport._addresses import is_loopback

__all__ = ('ByDestination', 'proxy_for')

_SCHEMES: Final = frozenset({'http', 'https', 'socks5', 'socks5h'})
_REMEDY: Final = 'Set it to a URL such as http://host:3128, or unset it; NO_PROXY names the hosts that need no proxy.'
_PORTS: Final = {'http': 80, 'https': 443}


class ByDestination(httpx.AsyncBaseTransport):
    """Sends each request directly or through the environment's proxy; a connection pool is made when first needed."""

    def __init__(self, limits: httpx.Limits) -> None:
        self._limits = limits
        self._pools: dict[tuple[str, str | None], httpx.AsyncHTTPTransport] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send it.

        Raises:
            UserError: a variable of the environment that this request needs makes no sense.
        """
        way = request.url.scheme, proxy_for(request.url)
        pool = self._pools.get(way)
        if pool is None:
            pool = self._pools[way] = self._pool(*way)
        return await pool.handle_async_request(request)

    def _pool(self, scheme: str, proxy: str | None) -> httpx.AsyncHTTPTransport:
        if scheme == 'http' and proxy is None:  # no TLS: certificates are not loaded, so they cannot be missing
            return httpx.AsyncHTTPTransport(verify=False, limits=self._limits)
        try:
            return httpx.AsyncHTTPTransport(proxy=proxy, limits=self._limits)
        except OSError as cause:
            words = str(cause)
        raise UserError(
            f'The certificates that SSL_CERT_FILE or SSL_CERT_DIR names cannot be read: {words}. Correct the variable, '
            'or unset it.'
        )

    async def aclose(self) -> None:
        for pool in self._pools.values():
            await pool.aclose()


def proxy_for(url: httpx.URL, proxies: Mapping[str, str] | None = None) -> str | None:
    """The URL of the proxy for a destination, None where it is reached directly.

    Args:
        url: the destination.
        proxies: by scheme, as `urllib.request.getproxies` gives them, which is the default.

    Raises:
        UserError: the variable that names the proxy of this destination cannot be used.
    """
    if is_loopback(url.host):
        return None
    proxies = getproxies() if proxies is None else proxies
    name = url.scheme if proxies.get(url.scheme) else 'all'
    value = (proxies.get(name) or '').strip(' \t\r\n\'"')
    if not value or _is_excepted(url, proxies.get('no') or ''):
        return None
    return _checked(f'{name.upper()}_PROXY', value if '://' in value else f'http://{value}')


def _checked(variable: str, proxy: str) -> str:
    scheme, _, rest = proxy.partition('://')
    shown = f'{scheme}://{rest.rpartition("@")[2]}'  # without the password
    wrong = f'The environment variable {variable} is {shown!r}, '
    if scheme.lower() not in _SCHEMES:
        raise UserError(f'{wrong}whose scheme is none of {", ".join(sorted(_SCHEMES))}. {_REMEDY}')
    if not _is_address(proxy):
        raise UserError(f'{wrong}which names no host, or a port that there is not. {_REMEDY}')
    if scheme.lower().startswith('socks') and find_spec('socksio') is None:
        raise UserError(f'{wrong}and a SOCKS proxy needs the package socksio: `pip install "httpx[socks]"`. {_REMEDY}')
    return proxy


def _is_address(proxy: str) -> bool:
    try:
        httpx.URL(proxy)
        parts = urlsplit(proxy)
        return bool(parts.hostname) and parts.port != 0
    except (ValueError, httpx.InvalidURL):
        return False


# ------------------------------------------------------------------ NO_PROXY

_NAME: Final = re.compile(r'(?:\*?\.)?[\w-]+(?:\.[\w-]+)*\.?')


def _is_excepted(url: httpx.URL, excepted: str) -> bool:
    """Whether NO_PROXY names the destination: by name, address, network or URL; an entry of no such form names none."""
    return any(_names(entry, url) for entry in re.split(r'[,;\s\'"]+', excepted.lower()) if entry)


def _names(entry: str, url: httpx.URL) -> bool:
    scheme, _, rest = entry.rpartition('://')
    name, port = _split_port(rest)
    if scheme not in ('', 'all', url.scheme) or (port and int(port) != (url.port or _PORTS.get(url.scheme))):
        return False
    if name == '*':
        return True
    host = url.host.lower().rstrip('.')
    try:
        network = ip_network(name.strip('[]').replace(']/', '/'), strict=False)
    except ValueError:
        return _names_domain(name, host)
    return _is_in(host, network)


def _names_domain(name: str, host: str) -> bool:
    if not _NAME.fullmatch(name):
        warnings.warn(
            f'NO_PROXY has the entry {name.rpartition("@")[2]!r}, which is passed over: write a host, an address or a '
            'network, such as example.com or 10.0.0.0/8.',
            UserWarning,
            stacklevel=2,
        )
        return False
    domain = name.lstrip('*').strip('.')
    return host == domain or host.endswith(f'.{domain}')


def _split_port(entry: str) -> tuple[str, str]:
    """An IPv6 address has a port only in brackets: [::1]:8080."""
    found = re.fullmatch(r'(\[[^]]*\](?:/\d+)?|[^:]*):(\d{1,5})/?', entry)
    return (found[1], found[2]) if found else (entry.rstrip('/'), '')


def _is_in(host: str, network: IPv4Network | IPv6Network) -> bool:
    try:
        return ip_address(host) in network
    except ValueError:
        return False  # a name: none is looked up for this

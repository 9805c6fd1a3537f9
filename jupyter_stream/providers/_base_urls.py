"""Where a base URL ends, and what a vendor's variable for a host means. Pure: text in, text out.

Vendors differ in how much of a path belongs to the base URL: Anthropic's has no version in it, OpenAI's has. Who sets a
variable has often read about another vendor's, so both are understood: nothing is doubled and nothing is missing.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ('address_of_host', 'settled_base_url', 'split_base_url', 'without_login')

_VERSION: Final = re.compile(r'v\d+[a-z0-9]*')
_URL: Final = re.compile(r'(?P<origin>[a-z][a-z0-9+.-]*://[^/?#]*)(?P<path>[^?#]*)(?P<rest>.*)', re.IGNORECASE)
_LOGIN: Final = re.compile(
    r'(?P<scheme>(?:[a-z][a-z0-9+.-]*://)?)(?:(?P<login>[^/?#]*)@)?(?P<host>[^?#]*)(?:\?(?P<query>[^#]*))?(?:#.*)?',
    re.IGNORECASE | re.DOTALL,
)
_RAW_LOGIN: Final = re.compile(r'(?P<scheme>[a-z][a-z0-9+.-]*://)[^/?#@:]*:(?!\d*(?:[/?#]|$)).*@', re.IGNORECASE)
"""A password with a character in it that ends the host of a URL."""

_HOST_END: Final = re.compile('[/?#]')

_HOST: Final = re.compile(
    r'(?:(?P<scheme>[a-z]+)://)?(?P<login>[^@/?#]*@)?'
    r'(?P<host>\[[^]/]*\]|[^:/\[\]]*|[0-9a-f:.]*:[0-9a-f:.]*:[0-9a-f:.]*?)'
    r'(?::(?P<port>\d*))?(?P<path>/.*)?',
    re.IGNORECASE,
)
_PORTS: Final = {'http': '80', 'https': '443'}
_UNSPECIFIED: Final = frozenset({'', '0.0.0.0', '[::]', '[::0]', '[0:0:0:0:0:0:0:0]'})


def settled_base_url(given: str, path: str, default: str | None = None) -> str:
    """The base URL to which `path` is added, whatever part of `path` the given one has at its end already.

    Args:
        given: as the user wrote it.
        path: what requests add to it, such as `/v1/messages`.
        default: the base URL of the provider, whose path is taken where the given one has none.
    """
    found = _URL.fullmatch(given.strip())
    if found is None:  # the request says what is wrong with it
        return given.rstrip('/')
    own = _segments(found['path'])
    if not own and default and (usual := _URL.fullmatch(default)):
        own = _segments(usual['path'])
    kept = _without_overlap(own, _segments(path))
    return '/'.join([found['origin'], *kept]) + found['rest']


def split_base_url(given: str) -> tuple[str, str, str]:
    """A base URL without what may be secret in it and without a slash at its end; its `user:password`; its query.

    A password that is not written as a URL demands, with a slash in it, is taken off all the same.
    """
    given = given.strip()
    raw = _RAW_LOGIN.match(given)
    if raw is not None and '@' not in _HOST_END.split(given[len(raw['scheme']) :])[0]:
        base_url, _, query = split_base_url(raw['scheme'] + given[raw.end() :])
        return base_url, given[len(raw['scheme']) : raw.end() - 1], query
    found = _LOGIN.fullmatch(given)
    if found is None:
        return given.rstrip('/'), '', ''
    return found['scheme'] + found['host'].rstrip('/'), found['login'] or '', found['query'] or ''


def without_login(text: str) -> str:
    """A value that a variable should not have, as it may be shown: without a user and a query."""
    return split_base_url(text)[0] if '://' in text or '@' in text else text


def _without_overlap(own: list[str], path: list[str]) -> list[str]:
    size = next((size for size in range(min(len(own), len(path)), 0, -1) if own[-size:] == path[:size]), 0)
    if size:
        return own[:-size]
    both = own and path and _VERSION.fullmatch(own[-1]) and _VERSION.fullmatch(path[0])
    return own[:-1] if both else own  # `/v1` before `/v1beta/…`: the path has the version of this protocol


def _segments(path: str) -> list[str]:
    return [segment for segment in path.split('/') if segment]


def address_of_host(given: str, default: str) -> str:
    """The base URL that a host of the form `[scheme://]host[:port][/path]` stands for.

    What is missing comes from `default`; as with Ollama, a scheme without a port has that scheme's own. An address that
    a server listens at everywhere is reached at this machine.
    """
    usual, found = _HOST.fullmatch(default), _HOST.fullmatch(given.strip())
    if usual is None or found is None:
        return given.rstrip('/')
    scheme = (found['scheme'] or usual['scheme']).lower()
    host = found['host']
    host = f'[{host}]' if ':' in host and not host.startswith('[') else host
    port = found['port'] or (_PORTS.get(scheme) if found['scheme'] else usual['port'])
    origin = f'{scheme}://{found["login"] or ""}{_reachable(host)}:{port}'
    end = usual['path'] or ''
    return origin + (found['path'] or '').rstrip('/').removesuffix(end) + end


def _reachable(host: str) -> str:
    if host not in _UNSPECIFIED:
        return host
    return '[::1]' if ':' in host else '127.0.0.1'

"""Which recording answers a request: the digest of what is asked, without what differs from run to run.

Two requests are the same if their protocol, path and body are. Left out are the host and the key (they are in none of
the three), who pays (accounts, projects, the signatures of URLs), the end user's name, and how the answer is to be
streamed. Ids of calls and items count by the order in which they come, since some are made at random. Files count by
their digest.

What is left, and nothing else, is what a cassette keeps of a request. Pure.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import unified_diff
from functools import cached_property
from hashlib import sha256
from textwrap import wrap
from typing import Any, Final, cast

from jupyter_stream.cassettes.scrub import without_names

__all__ = ('Asked', 'difference', 'nearest')

_NOT_ASKED: Final = frozenset(
    {'user', 'safety_identifier', 'stream', 'stream_options', 'return_progress', 'cache_prompt'}
)
"""Fields of a body that change nothing in what is answered."""

_USER: Final = 'user_id'
"""The end user's name, in the `metadata` of a body."""

_IDS: Final = frozenset({'id', 'call_id', 'tool_call_id', 'tool_use_id', 'toolUseId', 'item_id'})
_OPAQUE: Final = frozenset({'input', 'args', 'arguments', 'parameters', 'input_schema', 'schema', 'inputSchema'})
"""Fields of objects that belong to the user or to a tool, whose ids are no ids of ours; unless they hold a list."""

_PROJECT: Final = re.compile(r'projects/[^/]+/locations/[^/]+/')
_ACCOUNT: Final = re.compile(r'(arn(?::|%3A)aws[\w-]*(?:(?::|%3A)[\w-]*){2}(?::|%3A))\d{12}', re.IGNORECASE)

_DATA_URI: Final = re.compile(r'(data:[\w./+-]+(?:;[\w=.-]+)*;base64,)([A-Za-z0-9+/=_-]+)')
_BASE64: Final = re.compile(r'[A-Za-z0-9+/_-]+={0,2}')
_SHORTEST_FILE: Final = 256
"""Characters of what is taken for a file in base64."""

_WIDTH: Final = 100
_MOST_LINES: Final = 60


@dataclass(frozen=True)
class Asked:
    """A request, as it is looked for.

    Attributes:
        protocol: the name of the wire protocol.
        url: what follows the provider's base URL.
        body: the JSON body.
        method: the HTTP method.
    """

    protocol: str
    url: str
    body: Mapping[str, Any]
    method: str = 'POST'

    @classmethod
    def of(cls, line: Mapping[str, Any]) -> Asked:
        """From the first line of an interaction."""
        body = cast('dict[str, Any]', line['body'] if isinstance(line['body'], dict) else {})
        return cls(str(line.get('protocol', '')), str(line['url']), body, str(line['method']))

    @cached_property
    def canonical(self) -> dict[str, Any]:
        """What counts of it, as JSON: `protocol`, `method`, `url`, `body`."""
        body = {name: value for name, value in self.body.items() if name not in _NOT_ASKED}
        if isinstance(told := body.get('metadata'), dict):
            body['metadata'] = {name: value for name, value in cast('dict[str, Any]', told).items() if name != _USER}
        body = {name: value for name, value in body.items() if value != {} or self.body[name] == {}}
        url = _ACCOUNT.sub(r'\g<1>000000000000', _PROJECT.sub('', self.url))
        return {'protocol': self.protocol, 'method': self.method, 'url': url, 'body': _settled(body, {})}

    @cached_property
    def digest(self) -> str:
        """What finds its recording."""
        text = json.dumps(self.canonical, sort_keys=True, ensure_ascii=False, separators=(',', ':'))
        return sha256(text.encode()).hexdigest()[:32]

    def line(self, n: int) -> dict[str, Any]:
        """The first line of its `n`-th recording."""
        return {'request': self.digest, 'n': n, **self.canonical}

    @cached_property
    def lines(self) -> list[str]:
        """It as text for people, a line of a prompt on lines of its own."""
        text = json.dumps(self.canonical, sort_keys=True, ensure_ascii=False, indent=1)
        lines = (piece for line in text.split('\n') for piece in line.replace('\\n', '\\n\n').split('\n'))
        return [part for line in lines for part in _wrapped(line)]


def _wrapped(line: str) -> list[str]:
    if len(line) <= _WIDTH:
        return [line]
    return wrap(line, _WIDTH, drop_whitespace=False, break_on_hyphens=False) or [line]


def _settled(value: Any, ids: dict[str, str] | None, key: str = '') -> Any:
    """The value without what differs from run to run; `ids` are those that came before it, with their names, and None
    inside of what is not ours.
    """
    match value:
        case dict():
            ids = None if key in _OPAQUE else ids
            return {name: _settled(inner, ids, name) for name, inner in cast('dict[str, Any]', value).items()}
        case list() | tuple():
            return [_settled(inner, ids) for inner in cast('list[Any]', value)]
        case str() if key in _IDS and value and ids is not None:
            return ids.setdefault(value, f'id-{len(ids) + 1}')
        case str():
            return without_names(_without_file(value) if len(value) >= _SHORTEST_FILE else value)
        case float() if value.is_integer():
            return int(value)  # a temperature of 0.0 is one of 0
        case _:
            return value


def _without_file(text: str) -> str:
    """The text with the digest of a file in place of its bytes, where it holds one."""
    if _BASE64.fullmatch(text) and len(text) % 4 == 0:
        return f'sha256:{sha256(text.encode()).hexdigest()}'
    return _DATA_URI.sub(lambda found: f'{found[1]}sha256:{sha256(found[2].encode()).hexdigest()}', text)


# ------------------------------------------------------------------- what differs


def nearest(asked: Asked, recorded: Iterable[Asked]) -> Asked | None:
    """The request that has most lines in common with what is asked; of the same address, if there is one."""
    wanted = Counter(asked.lines)

    def likeness(other: Asked) -> tuple[bool, int]:
        theirs = Counter(other.lines)
        return other.canonical['url'] == asked.canonical['url'], 2 * (wanted & theirs).total() - theirs.total()

    return max(recorded, key=likeness, default=None)


def difference(recorded: Asked, asked: Asked) -> str:
    """What was asked and what is asked now, as a unified diff."""
    lines = list(unified_diff(recorded.lines, asked.lines, 'recorded', 'asked now', n=2, lineterm=''))
    more = len(lines) - _MOST_LINES
    return '\n'.join([*lines[:_MOST_LINES], *([f'… and {more} more lines'] if more > 0 else [])])

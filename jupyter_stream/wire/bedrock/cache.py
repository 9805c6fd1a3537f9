"""Cache points: https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html

A cache point is a block of its own, and says that all before it may be kept. There may be four, and one that keeps
longer must come first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Any, Final, cast

from jupyter_stream.exceptions import UserError
from jupyter_stream.profiles import Converse
from jupyter_stream.wire.bedrock.content import kind_of

__all__ = ('cache_point', 'cache_settings', 'limit', 'mark', 'mark_last', 'mark_messages', 'ordered')

Block = dict[str, Any]
Settings = Mapping[str, Any]

_MAX_POINTS: Final = 4
_POINT: Final = 'cachePoint'
_OWN: Final = ('bedrock_cache_instructions', 'bedrock_cache_tool_definitions', 'bedrock_cache_messages')
_LOOKBACK: Final = 18
"""Blocks behind a cache point that the service surely looks through for an earlier one; it is about 20."""


def cache_point(ttl: bool | str) -> Block:
    """A cache point; True leaves the time to the model."""
    return {_POINT: {'type': 'default', 'ttl': ttl} if isinstance(ttl, str) else {'type': 'default'}}


def cache_settings(known: Converse, settings: Settings, cache: Any) -> Settings:
    """The settings with the common `cache` said in Bedrock's own, unless one of these is set."""
    if not cache or not known.caching or any(name in settings for name in _OWN):
        return settings
    said = cast(Settings, cache if isinstance(cache, Mapping) else {'retention': cache})
    ttl = _kept(known, said.get('retention', True))
    translated = {'bedrock_cache_instructions': ttl, 'bedrock_cache_tool_definitions': ttl}
    if said.get('messages', True):
        translated['bedrock_cache_messages'] = ttl
    return {**settings, **translated}


def _kept(known: Converse, retention: Any) -> bool | str:
    if retention is True:
        return True
    return '1h' if known.hour_caching and retention in ('1h', '12h') else '5m'


# ---------------------------------------------------------------- single points


def mark(known: Converse, content: list[Block], ttl: str) -> None:
    """Put the user's cache point at the end of what is said so far.

    Raises:
        UserError: a cache point stands there already, or nothing that it can stand behind.
    """
    if _POINT in content[-1]:
        raise UserError('Two cache points cannot stand one after the other: put content between them.')
    if known.pages_stay and _stays(content[-1]):
        content.append(cache_point(ttl))
    elif not _before_files(content, cache_point(ttl), replace=False):
        raise UserError(
            'A cache point cannot stand behind documents and videos alone: put some text before or after them.'
        )


def mark_last(messages: Sequence[Block], ttl: str) -> None:
    """Put the user's cache point behind what was said before; a cache point there gives way to it.

    Raises:
        UserError: nothing was said before.
    """
    said = [message['content'] for message in messages if message['role'] == 'user' and message['content']]
    if not said:
        raise UserError(
            'A CachePoint marks what stands before it, so it cannot come first: put it after some content, or use '
            'the settings `bedrock_cache_instructions` and `bedrock_cache_tool_definitions`.'
        )
    content = said[-1]
    if _POINT in content[-1]:
        content[-1] = cache_point(ttl)
    else:
        _before_files(content, cache_point(ttl), replace=True)


def _before_files(content: list[Block], point: Block, *, replace: bool) -> bool:
    """Put a point at the end, but before documents and videos there, which it may not follow; False if all is such."""
    at = _start_of(content, lambda block: kind_of(block) in ('document', 'video'))
    if at == 0:
        return False
    if at < len(content) and _POINT in content[at - 1]:
        content[at - 1] = point if replace else content[at - 1]
    else:
        content.insert(at, point)
    return True


def _start_of(content: Sequence[Block], belongs: Callable[[Block], bool]) -> int:
    """Where the blocks at the end begin that `belongs` holds of."""
    at = len(content)
    while at and belongs(content[at - 1]):
        at -= 1
    return at


def _stays(block: Block) -> bool:
    """Whether a document stays in its place, and may be followed by a cache point."""
    document = block.get('document', {})
    return document.get('format') == 'pdf' or 'citations' in document


# ------------------------------------------------------------------ all of them


def mark_messages(known: Converse, messages: Sequence[Block], ttl: bool | str) -> None:
    """Mark the end of what the user says, and the end of the request before if that is too far to be found."""
    said = [message for message in messages if message['role'] == 'user']
    if not said or _POINT in said[-1]['content'][-1]:
        return
    earlier = _earlier(messages)
    for message in ([] if earlier is None else [earlier]) + said[-1:]:
        if _POINT not in message['content'][-1]:
            _mark_end(known, message['content'], cache_point(ttl))


def _earlier(messages: Sequence[Block]) -> Block | None:
    roles = [message['role'] for message in messages]
    if 'assistant' not in roles or roles[-1] == 'assistant':
        return None
    last_answer = len(roles) - 1 - roles[::-1].index('assistant')
    before = [index for index in range(last_answer) if roles[index] == 'user']
    if not before or sum(len(message['content']) for message in messages[before[-1] + 1 :]) < _LOOKBACK:
        return None
    return messages[before[-1]]


def _mark_end(known: Converse, content: list[Block], point: Block) -> None:
    """Put a point at the end, or as near to it as it may stand, so that the prompt is the same without it."""
    if not known.pages_stay:
        _before_files(content, point, replace=False)
        return
    at = _start_of(content, lambda block: 'document' in block and not _stays(block))
    if _stays(content[-1]):
        content.append(point)
    elif 0 < at < len(content) and not _stays(content[at - 1]) and not any(_POINT in block for block in content):
        # These documents are moved to the front in any case: behind the block before them, the point can go last.
        content[at - 1 :] = [*content[at:], content[at - 1], point]
    else:
        _before_files(content, point, replace=False)


def limit(tools: Sequence[Block], system: Sequence[Block], messages: Sequence[Block]) -> None:
    """Take away the oldest points of messages where there are too many; tools and system prompts have one at most."""
    left = _MAX_POINTS - sum(_POINT in block for block in chain(tools, system))
    for message in reversed(messages):
        content = message['content']
        for index in range(len(content) - 1, -1, -1):
            if _POINT in content[index]:
                left -= 1
                if left < 0:
                    del content[index]


def ordered(tools: Sequence[Block], system: Sequence[Block], messages: Sequence[Block]) -> None:
    """Make each point keep at least as long as those after it."""
    every = chain(tools, system, *(message['content'] for message in messages))
    points = [block[_POINT] for block in every if _POINT in block]
    hours = [index for index, point in enumerate(points) if point.get('ttl') == '1h']
    for point in points[: hours[-1]] if hours else ():
        point['ttl'] = '1h'

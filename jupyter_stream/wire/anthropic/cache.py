"""Marks for the provider's cache: https://platform.claude.com/docs/en/build-with-claude/prompt-caching

A mark says that everything up to it may be kept. There may be four, and one that keeps longer must come first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Final, cast

from jupyter_stream.exceptions import UserError

__all__ = ('cache_settings', 'ends_marked', 'limit', 'mark', 'mark_block', 'mark_messages', 'ordered')

Block = dict[str, Any]
Settings = Mapping[str, Any]

CACHEABLE: Final = frozenset(
    {'text', 'tool_use', 'server_tool_use', 'image', 'tool_result', 'document', 'mcp_tool_result'}
)

_MAX_MARKS: Final = 4
_OWN: Final = (
    'anthropic_cache',
    'anthropic_cache_messages',
    'anthropic_cache_instructions',
    'anthropic_cache_tool_definitions',
)


def mark(ttl: bool | str) -> Block:
    """A mark; True means five minutes."""
    return {'type': 'ephemeral', 'ttl': '5m' if ttl is True else ttl}


def cache_settings(settings: Settings, cache: Any) -> Settings:
    """The settings with the common `cache` said in this protocol's own, unless one of these is set.

    Raises:
        UserError: both ways of caching the messages are asked for.
    """
    if settings.get('anthropic_cache') and settings.get('anthropic_cache_messages'):
        raise UserError('Set `anthropic_cache` or `anthropic_cache_messages`, not both.')
    if not cache or any(name in settings for name in _OWN):
        return settings
    said = cast(Settings, cache if isinstance(cache, Mapping) else {'retention': cache})
    ttl = said.get('retention') if said.get('retention') in ('5m', '1h') else '5m'
    translated = {'anthropic_cache_instructions': ttl, 'anthropic_cache_tool_definitions': ttl}
    if said.get('messages', True):
        translated['anthropic_cache'] = ttl
    return {**settings, **translated}


def mark_block(before: Sequence[Block], ttl: str) -> None:
    """Mark the last of these blocks.

    Raises:
        UserError: there is none, or it can't be marked.
    """
    if not before:
        raise UserError(
            'A CachePoint marks what stands before it, so it can not come first: put it after some content, or use '
            'the settings `anthropic_cache_instructions` and `anthropic_cache_tool_definitions`.'
        )
    if before[-1]['type'] not in CACHEABLE:
        raise UserError(f'A CachePoint can not stand after content of the type {before[-1]["type"]!r}.')
    before[-1]['cache_control'] = mark(ttl)


def mark_messages(messages: Sequence[Block], ttl: bool | str) -> None:
    """Mark the last block that can be, unless a mark is there already."""
    if (block := _last_cacheable(messages)) is not None:
        block.setdefault('cache_control', mark(ttl))


def limit(tools: list[Block], system: str | list[Block], messages: Sequence[Block], *, automatic: bool) -> None:
    """Take away the oldest marks of messages where there are too many.

    Raises:
        UserError: those of tools and instructions alone are too many.
    """
    fixed = sum('cache_control' in block for block in chain(tools, _blocks_of(system)))
    left = _MAX_MARKS - automatic - fixed
    if left < 0:
        raise UserError(f'At most {_MAX_MARKS} parts of a request can be marked for the cache: mark fewer.')
    marked = [block for message in messages for block in message['content'] if 'cache_control' in block]
    for block in marked[: max(0, len(marked) - left)]:
        del block['cache_control']


def ordered(tools: list[Block], system: str | list[Block], messages: Sequence[Block], automatic: Block | None) -> None:
    """Make each mark keep at least as long as those after it."""
    every = chain(tools, _blocks_of(system), *(message['content'] for message in messages))
    marks = [block['cache_control'] for block in every if 'cache_control' in block]
    longest = automatic['ttl'] if automatic else '5m'
    for one in reversed(marks):
        longest = one['ttl'] = '1h' if '1h' in (longest, one['ttl']) else '5m'


def ends_marked(messages: Sequence[Block]) -> bool:
    """Whether the block that the provider would mark by itself is marked already."""
    return 'cache_control' in (_last_cacheable(messages) or {})


def _last_cacheable(messages: Sequence[Block]) -> Block | None:
    """The last block of the last message that stays, as far as it can be marked."""
    lasting = [message for message in messages if 'clear_at' not in message]
    content: list[Block] = lasting[-1]['content'] if lasting else []
    able = (block for block in reversed(content) if block['type'] in CACHEABLE or 'cache_control' in block)
    return next(able, None)


def _blocks_of(system: str | list[Block]) -> Iterator[Block]:
    return iter(()) if isinstance(system, str) else iter(system)

"""What a user says, or a tool returns, as content blocks (text, images and documents), and their marks for the cache.

https://platform.claude.com/docs/en/build-with-claude/vision, .../pdf-support, .../files, .../prompt-caching

A mark says that everything up to it may be kept. There may be four, and one that keeps longer must come first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Final, cast

from jupyter_stream.exceptions import UserError
from jupyter_stream.messages import BinaryContent, DocumentUrl, FileUrl, ImageUrl, TextContent, UploadedFile
from jupyter_stream.wire.base import Target

__all__ = (
    'block',
    'cache_settings',
    'ends_marked',
    'fetchable',
    'limit',
    'mark',
    'mark_block',
    'mark_messages',
    'ordered',
    'text_block',
)

Block = dict[str, Any]
Settings = Mapping[str, Any]

_PDF: Final = 'application/pdf'
_TEXT_TYPES: Final = (
    'application/json',
    'application/xml',
    'application/yaml',
    'application/x-yaml',
    'application/toml',
)


def text_block(text: str) -> Block:
    """A block of text."""
    return {'type': 'text', 'text': text}


def fetchable(target: Target, part: Any) -> bool:
    """Whether a file has to be downloaded before it can be sent: text always, the rest where the user wants it."""
    if isinstance(part, ImageUrl):
        return bool(part.force_download)
    if isinstance(part, DocumentUrl):
        kind = _media_type(part)
        return _is_text(kind) or (kind == _PDF and bool(part.force_download))
    return False


def block(target: Target, item: Any, *, cited: bool = False) -> Block | None:
    """The block of one item; None for empty text, which is refused. Documents are `cited` if that is wanted.

    Raises:
        UserError: the item is of a kind that Claude cannot take, or would have to be downloaded first.
    """
    if isinstance(item, str | TextContent):
        text = item if isinstance(item, str) else item.content
        return text_block(text) if text else None
    if fetchable(target, item):
        raise UserError(f'{item.url} cannot be sent by its address: pass its bytes as BinaryContent.')
    made = _file(target, item)
    if cited and made['type'] == 'document':
        made['citations'] = {'enabled': True}
    return made


def _file(target: Target, item: Any) -> Block:
    if isinstance(item, ImageUrl):
        return {'type': 'image', 'source': {'type': 'url', 'url': item.url}}
    if isinstance(item, BinaryContent):
        return _binary(item)
    if isinstance(item, UploadedFile):
        return _uploaded(target, item)
    if isinstance(item, DocumentUrl) and _media_type(item) == _PDF:
        return {'type': 'document', 'source': {'type': 'url', 'url': item.url}}
    if isinstance(item, FileUrl):
        raise UserError(f'{item.url} cannot be sent to Anthropic: it takes text, images and PDF files.')
    raise UserError(f'{type(item).__name__} cannot be part of a prompt for Anthropic.')


def _binary(item: BinaryContent) -> Block:
    if item.is_image:
        return {'type': 'image', 'source': {'type': 'base64', 'media_type': item.media_type, 'data': item.base64}}
    if item.media_type == _PDF:
        return {'type': 'document', 'source': {'type': 'base64', 'media_type': _PDF, 'data': item.base64}}
    if not _is_text(item.media_type):
        raise UserError(
            f'Content of the type {item.media_type!r} cannot be sent to Anthropic: it takes text, images and PDF.'
        )
    text = item.data.decode(errors='replace')
    return {'type': 'document', 'source': {'type': 'text', 'media_type': 'text/plain', 'data': text}}


def _uploaded(target: Target, item: UploadedFile) -> Block:
    if item.provider_name != target.provider.name:
        raise UserError(
            f'The file {item.file_id!r} lies with {item.provider_name!r} and cannot be used with '
            f'{target.provider.name!r}: upload it there.'
        )
    kind = item.media_type.partition('/')[0]
    if kind not in ('image', 'text', 'application'):
        raise UserError(f'An uploaded file of the type {item.media_type!r} cannot be sent to Anthropic.')
    source = {'type': 'file', 'file_id': item.file_id}
    return {'type': 'image' if kind == 'image' else 'document', 'source': source}


def _is_text(media_type: str) -> bool:
    bare = media_type.split(';', 1)[0].strip()
    return bare.startswith('text/') or bare in _TEXT_TYPES or bare.endswith(('+json', '+xml'))


def _media_type(item: FileUrl) -> str:
    try:
        return item.media_type
    except ValueError as error:
        raise UserError(str(error)) from None


# ---------------------------------------------------------------- marks for the cache

CACHEABLE: Final = frozenset(
    {'text', 'tool_use', 'server_tool_use', 'image', 'tool_result', 'document', 'tool_addition', 'mcp_tool_result'}
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
        UserError: there is none, or it cannot be marked.
    """
    if not before:
        raise UserError(
            'A CachePoint marks what stands before it, so it cannot come first: put it after some content, or use '
            'the settings `anthropic_cache_instructions` and `anthropic_cache_tool_definitions`.'
        )
    if before[-1]['type'] not in CACHEABLE:
        raise UserError(f'A CachePoint cannot stand after content of the type {before[-1]["type"]!r}.')
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

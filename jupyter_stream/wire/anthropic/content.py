"""What a user says, or a tool returns, as content blocks: text, images and documents.

https://platform.claude.com/docs/en/build-with-claude/vision, .../pdf-support, .../files
"""

from __future__ import annotations

from typing import Any, Final

from jupyter_stream.exceptions import UserError
from jupyter_stream.messages import BinaryContent, DocumentUrl, FileUrl, ImageUrl, TextContent, UploadedFile
from jupyter_stream.wire.base import Target

__all__ = ('block', 'fetchable', 'text_block')

Block = dict[str, Any]

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
        UserError: the item is of a kind that Claude can't take, or would have to be downloaded first.
    """
    if isinstance(item, str | TextContent):
        text = item if isinstance(item, str) else item.content
        return text_block(text) if text else None
    if fetchable(target, item):
        raise UserError(f'{item.url} has to be downloaded before it can be sent: pass BinaryContent instead.')
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
        raise UserError(f'{item.url} can not be sent to Anthropic: it takes text, images and PDF files.')
    raise UserError(f'{type(item).__name__} can not be part of a prompt for Anthropic.')


def _binary(item: BinaryContent) -> Block:
    if item.is_image:
        return {'type': 'image', 'source': {'type': 'base64', 'media_type': item.media_type, 'data': item.base64}}
    if item.media_type == _PDF:
        return {'type': 'document', 'source': {'type': 'base64', 'media_type': _PDF, 'data': item.base64}}
    if not _is_text(item.media_type):
        raise UserError(
            f'Content of the type {item.media_type!r} can not be sent to Anthropic: it takes text, images and PDF.'
        )
    text = item.data.decode(errors='replace')
    return {'type': 'document', 'source': {'type': 'text', 'media_type': 'text/plain', 'data': text}}


def _uploaded(target: Target, item: UploadedFile) -> Block:
    if item.provider_name != target.provider.name:
        raise UserError(
            f'The file {item.file_id!r} lies with {item.provider_name!r} and can not be used with '
            f'{target.provider.name!r}: upload it there.'
        )
    kind = item.media_type.partition('/')[0]
    if kind not in ('image', 'text', 'application'):
        raise UserError(f'An uploaded file of the type {item.media_type!r} can not be sent to Anthropic.')
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

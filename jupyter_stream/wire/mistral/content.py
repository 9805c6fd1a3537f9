"""What a user says, as Mistral's content chunks: text, images and documents.

https://docs.mistral.ai/capabilities/vision and https://docs.mistral.ai/capabilities/document_ai/document_qna
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from jupyter_stream.exceptions import UserError
from jupyter_stream.messages import BinaryContent, CachePoint, DocumentUrl, ImageUrl, TextContent, UserContent
from jupyter_stream.wire.base import Target
from jupyter_stream.wire.openai_chat.content import image_part, inlined, is_text

__all__ = ('fetchable', 'text_chunk', 'user_content')

Chunk = dict[str, Any]

_PDF: Final = 'application/pdf'


def fetchable(target: Target, part: object) -> bool:
    """Whether an address has to be downloaded before `encode`: Mistral itself fetches images and PDFs, but no text."""
    if isinstance(part, ImageUrl):
        return bool(part.force_download)
    if isinstance(part, DocumentUrl):
        return is_text(part.media_type) or (part.media_type == _PDF and bool(part.force_download))
    return False


def user_content(target: Target, content: str | Sequence[UserContent]) -> str | list[Chunk]:
    """The `content` of a user message.

    Raises:
        UserError: an item is of a kind that Mistral does not take, or has not been downloaded.
    """
    if isinstance(content, str):
        return content
    return [_chunk(target, item) for item in content if not isinstance(item, CachePoint)]


def text_chunk(text: str) -> Chunk:
    """Text."""
    return {'type': 'text', 'text': text}


def _chunk(target: Target, item: Any) -> Chunk:
    if isinstance(item, str):
        return text_chunk(item)
    if isinstance(item, TextContent):
        return text_chunk(item.content)
    if fetchable(target, item):
        raise UserError(f'{item.url} has to be downloaded before it can be sent: pass it as BinaryContent.')
    if isinstance(item, ImageUrl):
        return image_part(item.url, item.vendor_metadata)
    if isinstance(item, DocumentUrl) and item.media_type == _PDF:
        return _document(item.url)
    if isinstance(item, BinaryContent):
        return _binary(item)
    raise UserError(_refusal(type(item).__name__))


def _binary(item: BinaryContent) -> Chunk:
    if is_text(item.media_type):
        return text_chunk(inlined(item))
    if item.is_image:
        return image_part(item.data_uri, item.vendor_metadata)
    if item.media_type == _PDF:
        return _document(item.data_uri)
    raise UserError(_refusal(f'content of the type {item.media_type!r}'))


def _document(url: str) -> Chunk:
    return {'type': 'document_url', 'document_url': url}


def _refusal(what: str) -> str:
    return f'Mistral takes text, images and PDF documents in a prompt, not {what}: send one of these instead.'

"""What a user says, as input parts: text, images and files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from jupyter_stream.exceptions import UserError
from jupyter_stream.messages import (
    AudioUrl,
    BinaryContent,
    CachePoint,
    DocumentUrl,
    ImageUrl,
    TextContent,
    UploadedFile,
    UserContent,
)
from jupyter_stream.wire.base import Target

__all__ = ('CACHE_MARK', 'fetchable', 'input_content', 'input_part')

Part = dict[str, Any]

CACHE_MARK: Final = 'prompt_cache_breakpoint'
_MARKED: Final = {'mode': 'explicit'}


def fetchable(target: Target, part: Any) -> bool:
    """Whether a part has to be downloaded first: only one of which the user says so, the API reads addresses itself."""
    return isinstance(part, (ImageUrl, DocumentUrl, AudioUrl)) and bool(part.force_download)


def input_content(target: Target, content: str | Sequence[UserContent]) -> str | list[Part]:
    """The `content` of a user message.

    A cache point marks what stands before it; one that comes first is left as an empty text with the mark.

    Raises:
        UserError: an item is of a kind that the model can't take, or would have to be downloaded first.
    """
    if isinstance(content, str):
        return content
    parts: list[Part] = []
    for item in content:
        if isinstance(item, CachePoint):
            _mark(target, parts)
        else:
            parts.append(input_part(target, item))
    return parts


def _mark(target: Target, parts: list[Part]) -> None:
    if target.profile.responses.cache_marks:
        if not parts:
            parts.append({'type': 'input_text', 'text': ''})
        parts[-1][CACHE_MARK] = _MARKED


def input_part(target: Target, item: Any) -> Part:
    """An item of a user's content, or of what a tool returned.

    Raises:
        UserError: it is of a kind that the model can't take, or would have to be downloaded first.
    """
    if isinstance(item, (str, TextContent)):
        return {'type': 'input_text', 'text': item if isinstance(item, str) else item.content}
    if fetchable(target, item):
        raise UserError(f'{item.url} has to be downloaded before it can be sent: fetch it and pass BinaryContent.')
    if isinstance(item, ImageUrl):
        return _image(item, image_url=item.url)
    if isinstance(item, (DocumentUrl, AudioUrl)):
        return {'type': 'input_file', 'file_url': item.url}
    if isinstance(item, UploadedFile):
        return _uploaded(target, item)
    if isinstance(item, BinaryContent):
        return _binary(item)
    raise UserError(f'{type(item).__name__} can not be part of a prompt for the Responses API.')


def _image(item: ImageUrl | BinaryContent | UploadedFile, **source: str) -> Part:
    return {'type': 'input_image', 'detail': (item.vendor_metadata or {}).get('detail', 'auto'), **source}


def _binary(item: BinaryContent) -> Part:
    if item.is_image:
        return _image(item, image_url=item.data_uri)
    if item.is_document:
        return {'type': 'input_file', 'file_data': item.data_uri, 'filename': f'filename.{item.format}'}
    raise UserError(
        f'Content of the type {item.media_type!r} can not be sent to the Responses API, which takes images and '
        'documents: convert it first.'
    )


def _uploaded(target: Target, item: UploadedFile) -> Part:
    if item.provider_name != target.provider.name:
        raise UserError(
            f'The file {item.file_id!r} lies with {item.provider_name!r} and can not be used with '
            f'{target.provider.name!r}: upload it there.'
        )
    if item.media_type.startswith('image/'):
        return _image(item, file_id=item.file_id)
    return {'type': 'input_file', 'file_id': item.file_id}

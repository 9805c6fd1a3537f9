"""What a user says, as content parts: text, images, sounds, files, and marks for the provider's cache."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from jupyter_stream.exceptions import UserError
from jupyter_stream.messages import (
    AudioUrl,
    BinaryContent,
    CachePoint,
    DocumentUrl,
    FileUrl,
    ImageUrl,
    TextContent,
    UploadedFile,
    UserContent,
    VideoUrl,
)
from jupyter_stream.wire.base import Target
from jupyter_stream.wire.openai_chat.cache import mark_part

__all__ = (
    'fetchable',
    'forced_image',
    'image_part',
    'inlined',
    'is_text',
    'user_content',
)

Part = dict[str, Any]

_SOUNDS: Final = ('wav', 'mp3')
_TEXT_TYPES: Final = (
    'application/json',
    'application/xml',
    'application/yaml',
    'application/x-yaml',
    'application/toml',
)


def user_content(target: Target, content: str | Sequence[UserContent]) -> str | list[Part]:
    """The `content` of a user message.

    Raises:
        UserError: an item is of a kind that the model cannot take, or would have to be downloaded first.
    """
    if isinstance(content, str):
        return content
    parts: list[Part] = []
    for item in content:
        if isinstance(item, CachePoint):
            mark_part(target.profile, parts, item)
        else:
            parts.append(_part(target, item))
    return parts


def fetchable(target: Target, part: object) -> bool:
    """Whether this file must be downloaded: sounds and documents have no address here, others where the user says so.

    What is refused anyway is not downloaded first.
    """
    profile = target.profile
    if isinstance(part, AudioUrl):
        return True
    if isinstance(part, DocumentUrl):
        by_bytes = bool(part.force_download) or not profile.file_urls
        return by_bytes and (profile.documents or is_text(part.media_type))
    return isinstance(part, FileUrl) and bool(part.force_download) and (profile.videos or isinstance(part, ImageUrl))


def forced_image(target: Target, part: object) -> bool:
    """Whether this is an image that the user wants downloaded, for protocols that take no other file."""
    return isinstance(part, ImageUrl) and bool(part.force_download)


def _part(target: Target, item: Any) -> Part:
    if isinstance(item, str):
        return {'type': 'text', 'text': item}
    if isinstance(item, TextContent):
        return {'type': 'text', 'text': item.content}
    if isinstance(item, ImageUrl):
        return image_part(_address(item), item.vendor_metadata)
    if target.profile.images_only and not (isinstance(item, BinaryContent) and item.is_image):
        raise UserError(f'{target.provider.title} takes no files but images: send the text of this {_kind(item)}.')
    if isinstance(item, BinaryContent):
        return _binary(target, item)
    if isinstance(item, VideoUrl):
        return _video(target, item.url if not target.profile.videos else _address(item))
    if isinstance(item, DocumentUrl):
        return _document_url(target, item)
    if isinstance(item, AudioUrl):
        raise UserError(_download(item))
    if isinstance(item, UploadedFile):
        return _uploaded(target, item)
    raise UserError(f'{type(item).__name__} cannot be part of a prompt for Chat Completions.')


def image_part(url: str, metadata: dict[str, Any] | None) -> Part:
    """An image, by its address or a data URI."""
    image = {'url': url}
    if metadata:
        image['detail'] = metadata.get('detail', 'auto')
    return {'type': 'image_url', 'image_url': image}


def _video(target: Target, url: str) -> Part:
    if not target.profile.videos:
        raise UserError(f'{target.provider.title} takes no videos in Chat Completions: send images of it instead.')
    return {'type': 'video_url', 'video_url': {'url': url}}


def _kind(item: Any) -> str:
    return item.media_type if isinstance(item, BinaryContent) else type(item).__name__


def _binary(target: Target, item: BinaryContent) -> Part:
    if is_text(item.media_type):
        return {'type': 'text', 'text': inlined(item)}
    if item.is_image:
        return image_part(item.data_uri, item.vendor_metadata)
    if item.is_video:
        return _video(target, item.data_uri)
    if item.is_audio:
        return _sound(target, item)
    if not item.is_document:
        raise UserError(f'Content of the type {item.media_type!r} cannot be sent in Chat Completions.')
    _check_documents(target)
    return {'type': 'file', 'file': {'file_data': item.data_uri, 'filename': f'filename.{item.format}'}}


def _sound(target: Target, item: BinaryContent) -> Part:
    if item.format not in _SOUNDS:
        raise UserError(
            f'Sounds must be {" or ".join(_SOUNDS)} for Chat Completions, not {item.format}: convert it first.'
        )
    data = item.data_uri if target.profile.audio_as_uri else item.base64
    return {'type': 'input_audio', 'input_audio': {'data': data, 'format': item.format}}


def is_text(media_type: str) -> bool:
    """Whether a file of this type can stand in a prompt as it is."""
    bare = media_type.split(';', 1)[0].strip()
    return bare.startswith('text/') or bare in _TEXT_TYPES or bare.endswith(('+json', '+xml'))


def inlined(item: BinaryContent) -> str:
    """A text file inside the prompt, fenced by lines that name it."""
    name = f'id="{item.identifier}"'
    text = item.data.decode(errors='replace')
    return f'-----BEGIN FILE {name} type="{item.media_type}"-----\n{text}\n-----END FILE {name}-----'


def _document_url(target: Target, item: DocumentUrl) -> Part:
    if not target.profile.file_urls:
        if not is_text(item.media_type):
            _check_documents(target)
        raise UserError(_download(item))
    return {'type': 'file', 'file': {'file_data': _address(item), 'filename': f'filename.{item.format}'}}


def _check_documents(target: Target) -> None:
    if not target.profile.documents:
        raise UserError(f'{target.provider.title} takes no documents in Chat Completions: send their text instead.')


def _uploaded(target: Target, item: UploadedFile) -> Part:
    if item.provider_name != target.provider.name:
        raise UserError(
            f'The file {item.file_id!r} lies with {item.provider_name!r} and cannot be used with '
            f'{target.provider.name!r}: upload it there.'
        )
    if item.media_type.startswith('image/'):
        raise UserError(
            'An uploaded image cannot be named by its id in Chat Completions: use ImageUrl or BinaryContent.'
        )
    return {'type': 'file', 'file': {'file_id': item.file_id}}


def _address(item: ImageUrl | DocumentUrl | VideoUrl) -> str:
    if item.force_download:
        raise UserError(_download(item))
    return item.url


def _download(item: ImageUrl | DocumentUrl | VideoUrl | AudioUrl) -> str:
    return f'Chat Completions does not take {item.url} by its address: pass its bytes as BinaryContent.'

"""Text and files as Gemini's parts: https://ai.google.dev/api/caching#Part"""

from __future__ import annotations

from base64 import b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import Any

from jupyter_stream.exceptions import UserError
from jupyter_stream.messages import (
    BinaryContent,
    CachePoint,
    FileUrl,
    TextContent,
    UploadedFile,
    UserContent,
    VideoUrl,
    is_multi_modal_content,
)
from jupyter_stream.wire.base import Target

__all__ = ('bytes_text', 'fetchable', 'file_part', 'function_file', 'inline', 'signature_text', 'user_parts')

Part = dict[str, Any]


def fetchable(target: Target, part: Any) -> bool:
    """Whether a part of a prompt has to be downloaded, because the model does not take its address."""
    if not isinstance(part, FileUrl):
        return False
    known = target.profile.gemini
    if isinstance(part, VideoUrl) and (part.is_youtube or (known.own_urls is None and part.url.startswith('gs://'))):
        return False
    return bool(part.force_download) or not (known.own_urls is None or part.url.startswith(known.own_urls))


def user_parts(target: Target, content: str | Sequence[UserContent]) -> list[Part]:
    """The parts of what a user says. A CachePoint is passed over: Gemini has cached contents of their own instead.

    Raises:
        UserError: an item is of a kind that the model cannot take, or would have to be downloaded first.
    """
    if isinstance(content, str):
        return [{'text': content}]
    return [_user_part(target, item) for item in content if not isinstance(item, CachePoint)]


def _user_part(target: Target, item: Any) -> Part:
    if isinstance(item, str):
        return {'text': item}
    if isinstance(item, TextContent):
        return {'text': item.content}
    if is_multi_modal_content(item):
        return file_part(target, item)
    raise UserError(f'{type(item).__name__} cannot be part of a prompt for Gemini.')


def file_part(target: Target, file: Any) -> Part:
    """A file as a part, with what its `vendor_metadata` says of resolution, processing and video."""
    kind, value = _resolved(target, file)
    part: Part = {'inlineData' if kind == 'inline_data' else 'fileData': value}
    said = dict(file.vendor_metadata or {})
    for name, wire_name in (('media_resolution', 'mediaResolution'), ('media_processing', 'mediaProcessing')):
        if name in said:
            part[wire_name] = said.pop(name)
    if said and isinstance(file, BinaryContent | VideoUrl | UploadedFile):
        part['videoMetadata'] = said
    return part


def function_file(target: Target, file: Any) -> Part:
    """A file as a part of a function's response."""
    kind, value = _resolved(target, file)
    return {kind: value}


def inline(data: bytes, media_type: str) -> Part:
    """Bytes inside the request."""
    return {'data': bytes_text(data), 'mime_type': media_type}


def bytes_text(data: bytes) -> str:
    """Bytes as the requests have them: base64 in the alphabet for URLs."""
    return urlsafe_b64encode(data).decode()


def signature_text(signature: str) -> str:
    """A thought signature, which is kept in plain base64, as the requests have it.

    Raises:
        UserError: it is no base64.
    """
    try:
        return bytes_text(b64decode(signature))
    except ValueError:
        raise UserError('A thought signature in the history is damaged: it is not base64.') from None


def _resolved(target: Target, file: Any) -> tuple[str, Part]:
    if isinstance(file, BinaryContent):
        return 'inline_data', inline(file.data, file.media_type)
    if isinstance(file, UploadedFile):
        _check_upload(target, file)
        return 'file_data', {'file_uri': file.file_id, 'mime_type': file.media_type}
    if fetchable(target, file):
        raise UserError(
            f'{file.url} has to be downloaded before it can be sent to {target.provider.title}: fetch it yourself and '
            'pass BinaryContent.'
        )
    return 'file_data', {'file_uri': file.url, 'mime_type': _media_type(file)}


def _media_type(file: FileUrl) -> str:
    try:
        return file.media_type
    except ValueError as error:
        raise UserError(str(error)) from None


def _check_upload(target: Target, file: UploadedFile) -> None:
    known = target.profile.gemini
    if file.provider_name not in known.own_names:
        raise UserError(
            f'The file {file.file_id!r} lies with {file.provider_name!r} and cannot be used with '
            f'{target.provider.name!r}: upload it there.'
        )
    if not file.file_id.startswith(known.upload_scheme):
        raise UserError(
            f'{target.provider.title} knows an uploaded file by a URI that begins with {known.upload_scheme}, '
            f'not by {file.file_id!r}.'
        )

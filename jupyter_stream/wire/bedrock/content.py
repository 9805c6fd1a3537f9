"""What a user says, or a tool returns, as content blocks: text, images, documents and videos.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ContentBlock.html. Files go by value or by their
address in S3; what is elsewhere has to be downloaded first.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from itertools import count
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from jupyter_stream.exceptions import UserError
from jupyter_stream.messages import (
    AudioUrl,
    BinaryContent,
    DocumentUrl,
    FileUrl,
    ImageUrl,
    TextContent,
    UploadedFile,
    VideoUrl,
)
from jupyter_stream.wire.base import Target

__all__ = ('Blocks', 'fetchable', 'kind_of', 'text_block')

Block = dict[str, Any]

_FORMATS: Final[Mapping[str, tuple[str, ...]]] = {
    'image': ('jpeg', 'png', 'gif', 'webp'),
    'video': ('mkv', 'mov', 'mp4', 'webm', 'flv', 'mpeg', 'mpg', 'wmv', 'three_gp'),
    'document': ('pdf', 'txt', 'csv', 'doc', 'docx', 'xls', 'xlsx', 'html', 'md'),
}
"""By kind of block, the formats that it may have."""

_CITED: Final = ('txt', 'pdf')
_S3: Final = 's3://'


def text_block(text: str) -> Block:
    """A block of text."""
    return {'text': text}


def kind_of(block: Block) -> str:
    """The kind of a block, such as `text`; a block is an object with one member."""
    return next(iter(block))


def fetchable(target: Target, part: Any) -> bool:
    """Whether a file has to be downloaded before it can be sent: all but what lies in S3."""
    if not isinstance(part, ImageUrl | DocumentUrl | VideoUrl) or part.url.startswith(_S3):
        return False
    return not (isinstance(part, VideoUrl) and part.is_youtube)


class Blocks:
    """Makes the blocks of one request, in which documents are numbered.

    Args:
        target: whom the request is for.
        cited: the model is to cite documents.
    """

    def __init__(self, target: Target, *, cited: bool) -> None:
        self._target = target
        self._cited = cited
        self._numbers = count(1)

    def block(self, item: Any) -> Block:
        """The block of one item.

        Raises:
            UserError: it is of a kind that Bedrock cannot take, or would have to be downloaded first.
        """
        if isinstance(item, str | TextContent):
            return text_block(item if isinstance(item, str) else item.content)
        if isinstance(item, BinaryContent):
            return self._binary(item)
        if isinstance(item, UploadedFile):
            return self._uploaded(item)
        if isinstance(item, FileUrl):
            return self._address(item)
        raise UserError(f'{type(item).__name__} cannot be part of a prompt for Bedrock.')

    def _binary(self, item: BinaryContent) -> Block:
        if not (item.is_image or item.is_video or item.is_document):
            raise UserError(
                f'Content of the type {item.media_type!r} cannot be sent to Bedrock: it takes text, images, videos '
                'and documents.'
            )
        if self._cited and item.media_type == 'text/plain':
            return self._file('document', item.format, {'text': _decoded(item.data)})
        kind = 'image' if item.is_image else 'video' if item.is_video else 'document'
        return self._file(kind, item.format, {'bytes': item.base64})

    def _address(self, item: FileUrl) -> Block:
        if isinstance(item, AudioUrl):
            raise UserError(f'{item.url} cannot be sent to Bedrock: it takes no sounds.')
        if isinstance(item, VideoUrl) and item.is_youtube:
            raise UserError(f'{item.url} cannot be sent to Bedrock: it does not read videos from YouTube.')
        if fetchable(self._target, item):
            raise UserError(f'{item.url} cannot be sent by its address: pass its bytes as BinaryContent.')
        kind = 'image' if isinstance(item, ImageUrl) else 'video' if isinstance(item, VideoUrl) else 'document'
        bare = copy(item)
        bare.url = item.url.partition('?')[0]  # the name before it tells the format
        return self._file(kind, _format(bare), _in_s3(item.url))

    def _uploaded(self, item: UploadedFile) -> Block:
        if item.provider_name != self._target.provider.name:
            raise UserError(
                f'The file {item.file_id!r} lies with {item.provider_name!r} and cannot be used with '
                f'{self._target.provider.name!r}: upload it there.'
            )
        if not item.file_id.startswith(_S3):
            raise UserError(f'A file for Bedrock must lie in S3 (s3://bucket/key), not at {item.file_id!r}.')
        kind = item.media_type.partition('/')[0]
        if kind == 'audio':
            raise UserError(f'{item.file_id} cannot be sent to Bedrock: it takes no sounds.')
        return self._file(kind if kind in _FORMATS else 'document', _format(item), _in_s3(item.file_id))

    def _file(self, kind: str, form: str, source: Block) -> Block:
        if form not in _FORMATS[kind]:
            known = ', '.join(_FORMATS[kind])
            raise UserError(f'Bedrock takes no {kind} of the format {form!r}: convert it to one of {known}.')
        block: Block = {'format': form, 'source': source}
        if kind == 'document':
            block['name'] = f'Document {next(self._numbers)}'
            if self._cited and form in _CITED and 's3Location' not in source:
                block['citations'] = {'enabled': True}
        return {kind: block}


def _decoded(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise UserError('A text document must be UTF-8 to be cited: convert it first.') from None


def _format(item: FileUrl | UploadedFile) -> str:
    try:
        return item.format
    except (KeyError, ValueError):
        pass
    try:
        return item.media_type.partition('/')[2]
    except ValueError as error:
        raise UserError(str(error)) from None


def _in_s3(url: str) -> Block:
    """The place of a file; `?bucketOwner=…` names the account that a bucket of somebody else belongs to."""
    parts = urlsplit(url)
    place = {'uri': f'{parts.scheme}://{parts.netloc}{parts.path}'}
    if owner := parse_qs(parts.query).get('bucketOwner'):
        place['bucketOwner'] = owner[0]
    return {'s3Location': place}

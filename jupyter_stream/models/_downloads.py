"""Files that a prompt names by URL and that the provider takes only as bytes: fetched before the request is written."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any, Final, Generic, Literal, TypedDict, TypeVar, overload

from jupyter_stream.cassettes.scrub import without_names
from jupyter_stream.exceptions import UserError
from jupyter_stream.messages import (
    BinaryContent,
    FileUrl,
    ModelMessage,
    ModelRequest,
    ToolReturnPart,
    UserPromptPart,
    VideoUrl,
)
from jupyter_stream.transport.fetch import Fetched, fetch
from jupyter_stream.wire.base import FetchedAudio

__all__ = ('DownloadedItem', 'download_item', 'downloaded')

MAX_AT_ONCE = 8

Data = TypeVar('Data', bytes, str)

Fetch = Callable[..., Awaitable[Fetched]]


class DownloadedItem(TypedDict, Generic[Data]):
    """A file that was downloaded; `data_type` is its media type, or the extension that goes with it."""

    data: Data
    data_type: str


@overload
async def download_item(
    item: FileUrl, data_format: Literal['bytes'] = 'bytes', type_format: Literal['mime', 'extension'] = 'mime'
) -> DownloadedItem[bytes]: ...


@overload
async def download_item(
    item: FileUrl,
    data_format: Literal['base64', 'base64_uri', 'text'],
    type_format: Literal['mime', 'extension'] = 'mime',
) -> DownloadedItem[str]: ...


async def download_item(
    item: FileUrl,
    data_format: Literal['bytes', 'base64', 'base64_uri', 'text'] = 'bytes',
    type_format: Literal['mime', 'extension'] = 'mime',
) -> DownloadedItem[bytes] | DownloadedItem[str]:
    """Download a file that a prompt names by URL, from public addresses only.

    Args:
        item: the file; `force_download='allow-local'` allows private addresses.
        data_format: bytes, base64, a data URI, or text in UTF-8.
        type_format: whether `data_type` is a media type or an extension.

    Raises:
        FetchError: the file could not be had.
        UserError: it is a video of YouTube.
    """
    if isinstance(item, VideoUrl) and item.is_youtube:
        raise UserError('Downloading YouTube videos is not supported: pass the URL to a model that reads them.')
    got = await fetch(item.url, allow_local=item.force_download == 'allow-local')
    media_type = _media_type(item, got)
    data_type = media_type if type_format == 'mime' else item.format
    if data_format == 'bytes':
        return DownloadedItem[bytes](data=got.data, data_type=data_type)
    if data_format == 'text':
        return DownloadedItem[str](data=got.data.decode(), data_type=data_type)
    text = base64.b64encode(got.data).decode()
    return DownloadedItem[str](
        data=text if data_format == 'base64' else f'data:{media_type};base64,{text}', data_type=data_type
    )


async def downloaded(
    messages: Sequence[ModelMessage], wanted: Callable[[Any], bool], get: Fetch = fetch
) -> Sequence[ModelMessage]:
    """The messages with each file that is `wanted` in place of its URL; the same object where there is none.

    Raises:
        FetchError: one of them could not be had.
    """
    urls = [part for message in messages for part in _files(message) if wanted(part)]
    if not urls:
        return messages
    turn = asyncio.Semaphore(MAX_AT_ONCE)

    async def one(file: FileUrl) -> BinaryContent:
        async with turn:
            got = await get(file.url, allow_local=file.force_download == 'allow-local')
        return _content(file, got)

    contents = await asyncio.gather(*map(one, urls))
    found = {id(file): content for file, content in zip(urls, contents, strict=True)}
    return [_replaced(message, found) for message in messages]


def named_by_address(messages: Sequence[ModelMessage], wanted: Callable[[Any], bool]) -> Sequence[ModelMessage]:
    """The messages with the address of each file that is `wanted` in place of its bytes, for who fetches nothing; the
    same object where there is none.
    """
    found = {
        id(part): _content(part, Fetched(_stand_in(part.url), _known_type(part)))
        for message in messages
        for part in _files(message)
        if wanted(part)
    }
    return [_replaced(message, found) for message in messages] if found else messages


def _stand_in(url: str) -> bytes:
    """What stands for the bytes behind an address, whoever has signed it."""
    return sha256(without_names(url).encode()).hexdigest().encode()


_TYPES: Final = {'image-url': 'image/png', 'audio-url': 'audio/wav', 'video-url': 'video/mp4'}


def _known_type(file: FileUrl) -> str:
    """The media type that the address says, or one of its kind where it says none."""
    try:
        return file.media_type
    except ValueError:
        return _TYPES.get(file.kind, 'application/pdf')


def _files(message: ModelMessage) -> list[FileUrl]:
    if not isinstance(message, ModelRequest):
        return []
    return [item for part in message.parts for item in _items(part) if isinstance(item, FileUrl)]


def _items(part: Any) -> list[Any]:
    """What a part holds that may be a file."""
    if not isinstance(part, UserPromptPart | ToolReturnPart) or isinstance(part.content, str):
        return []
    content: Any = part.content
    return list(content) if isinstance(content, list | tuple) else [content]  # pyright: ignore[reportUnknownArgumentType]


def _replaced(message: ModelMessage, found: dict[int, BinaryContent]) -> ModelMessage:
    if not any(id(file) in found for file in _files(message)):
        return message
    return replace(message, parts=[_with_files(part, found) for part in message.parts])


def _with_files(part: Any, found: dict[int, BinaryContent]) -> Any:
    items = _items(part)
    if not any(id(item) in found for item in items):
        return part
    put = [found.get(id(item), item) for item in items]
    return replace(part, content=put if isinstance(part.content, list | tuple) else put[0])


_GENERIC: Final = (None, 'application/octet-stream', 'binary/octet-stream')
"""What a server says that does not know what it serves; the address may know."""


def _media_type(file: FileUrl, got: Fetched) -> str:
    said = None if got.media_type in _GENERIC else got.media_type
    return file._media_type or said or file.media_type  # pyright: ignore[reportPrivateUsage]


def _content(file: FileUrl, got: Fetched) -> BinaryContent:
    media_type = _media_type(file, got)
    kind = FetchedAudio if media_type.startswith('audio/') else BinaryContent
    return BinaryContent.narrow_type(
        kind(got.data, media_type=media_type, vendor_metadata=file.vendor_metadata, identifier=file.identifier)
    )

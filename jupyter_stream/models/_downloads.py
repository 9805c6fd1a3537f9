"""Files that a prompt names by URL and that the provider takes only as bytes: fetched before the request is written."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, Final

from jupyter_stream.messages import (
    BinaryContent,
    FileUrl,
    ModelMessage,
    ModelRequest,
    ToolReturnPart,
    UserPromptPart,
)
from jupyter_stream.transport.fetch import Fetched, fetch

__all__ = ('downloaded',)

MAX_AT_ONCE = 8

Fetch = Callable[..., Awaitable[Fetched]]


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


def _content(file: FileUrl, got: Fetched) -> BinaryContent:
    said = None if got.media_type in _GENERIC else got.media_type
    media_type = file._media_type or said or file.media_type  # pyright: ignore[reportPrivateUsage]
    return BinaryContent.narrow_type(
        BinaryContent(got.data, media_type=media_type, vendor_metadata=file.vendor_metadata, identifier=file.identifier)
    )

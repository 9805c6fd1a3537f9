"""A body that is cut into frames by what it begins with, whatever its label says.

Servers label a stream of events as JSON, answer a request for a stream with the whole answer, and something in between
sends a page. The first byte tells them apart: no stream of events begins with a brace, a bracket or `<`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final, Protocol

from . import MAX_EVENT_BYTES, FramingError, FramingLimitError
from .sse import BOM

__all__ = ('BodyDecoder', 'begins_as_stream')

_JSON: Final = (b'{', b'[')
_PAGE: Final = b'<'
_PAGE_BYTES: Final = 64 * 1024
"""What is read of a page: more than an error shows of it."""

_BLANK_BYTES: Final = 16 * 1024
"""How far the first byte that says something is looked for: servers keep a connection open with blank lines."""

_STREAM: Final = re.compile(rb':|(data|event|id|retry)(:|[\r\n]|$)|\0')
"""How streams begin: with a comment or a field, or with the length of a binary frame."""


class _Framing(Protocol):
    """A decoder of streams, as the package's docstring says it."""

    def feed(self, data: bytes, /) -> Sequence[Any]: ...

    def close(self) -> Sequence[Any]: ...

    def pending(self) -> Sequence[Any]: ...

    def whole(self, body: bytes, /) -> Any: ...


class BodyDecoder:
    """Reads one body: as the frames of `framing`, or where it is JSON as one frame that holds all of it.

    A page raises `FramingError` when it ends, or is long; JSON of more than `max_bytes` raises `FramingLimitError`.
    """

    def __init__(self, framing: _Framing, max_bytes: int = MAX_EVENT_BYTES) -> None:
        self._framing = framing
        self._max = max_bytes
        self._held = bytearray()
        self._is_stream = False
        self._first = b''

    @property
    def is_json(self) -> bool:
        """Whether the body is JSON instead of a stream."""
        return self._first in _JSON

    def feed(self, data: bytes) -> Sequence[Any]:
        """Take the next bytes; return the frames that they complete."""
        if self._is_stream:
            return self._framing.feed(data)
        self._held += data
        if not self._first:
            self._first = _first(self._held)
        if self.is_json and len(self._held) > self._max:
            raise FramingLimitError(f'The answer is larger than {self._max:,} bytes, which no answer of a model is.')
        if self._first == _PAGE and len(self._held) > _PAGE_BYTES:
            raise FramingError('The body is a page.')
        if self.is_json or self._first == _PAGE or not (self._first or len(self._held) > _BLANK_BYTES):
            return []
        return self._begin()

    def close(self) -> Sequence[Any]:
        """The end of the bytes."""
        if self._first == _PAGE:
            raise FramingError('The body is a page.')
        if self.is_json:
            return [self._framing.whole(bytes(_content(self._held)))]
        frames: Sequence[Any] = () if self._is_stream else self._begin()
        return [*frames, *self._framing.close()]

    def pending(self) -> Sequence[Any]:
        """What stands after the last delimiter of a stream. See `sse.SSEDecoder.pending`."""
        return self._framing.pending()

    def _begin(self) -> Sequence[Any]:
        held, self._held, self._is_stream = bytes(self._held), bytearray(), True
        return self._framing.feed(held)


def begins_as_stream(head: bytes) -> bool:
    """Whether these first bytes of a body are those of a stream of events."""
    return _STREAM.match(_content(head)) is not None


def _first(body: bytearray) -> bytes:
    """The first byte that says something; none while there is only white space, or half a byte order mark."""
    return b'' if BOM.startswith(body) else bytes(_content(body)[:1])


def _content(body: bytes | bytearray) -> bytes | bytearray:
    """Without the byte order mark and the white space before it begins."""
    return body.removeprefix(BOM).lstrip(b' \t\r\n')

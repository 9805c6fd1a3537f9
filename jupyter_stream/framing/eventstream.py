"""AWS event-stream frames: the `application/vnd.amazon.eventstream` encoding.

https://docs.aws.amazon.com/transcribe/latest/dg/streaming-setting-up.html#streaming-event-stream and
https://smithy.io/2.0/aws/amazon-eventstream.html describe it: a prelude (two lengths and their checksum), headers, a
payload, a checksum of all of it.

Bytes are kept until a frame is whole; until then only its prelude is looked at, however they are cut. A length is
believed only after the prelude's checksum, so that garbage is an error at once and not a wait for gigabytes. The
headers of nearly all frames of one stream are the same bytes, so what they mean is remembered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from struct import Struct
from struct import error as StructError
from types import MappingProxyType
from typing import Final, TypeAlias
from uuid import UUID
from zlib import crc32

from . import MAX_EVENT_BYTES, FramingError, FramingLimitError, TruncatedFrameError

HeaderValue: TypeAlias = bool | int | bytes | str | UUID

_PRELUDE: Final = Struct('>III')
_CHECKSUM: Final = Struct('>I')
_SMALLEST: Final = _PRELUDE.size + _CHECKSUM.size
_LENGTHS: Final = 8
"""Bytes of the prelude that its checksum is of."""

WHOLE: Final = 'whole answer'
"""The type of the event that stands for a body that is no stream."""

_LONGEST_VALUE: Final = 2**15 - 1
"""Bytes of a header's value, as the encoding allows them."""

_REMEMBERED: Final = 32
"""Kinds of headers that are remembered, each of at most `_LONGEST_REMEMBERED` bytes."""

_LONGEST_REMEMBERED: Final = 1024


@dataclass(slots=True)
class Frame:
    """One frame. Times are in milliseconds since 1970, a header is bytes, text or a UUID if the stream says so."""

    headers: Mapping[str, HeaderValue]
    payload: bytes


class EventStreamDecoder:
    """Reads one stream of frames.

    A frame may have `max_event_bytes`. The frames before a corrupt or too large one are handed out, and the error is
    raised after that, at every call.
    """

    def __init__(self, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self._max = max_event_bytes
        self._held = bytearray()
        self._headers: dict[bytes, Mapping[str, HeaderValue]] = {}
        self._error: FramingError | None = None

    def feed(self, data: bytes) -> list[Frame]:
        """Take the next bytes; return the frames that they complete.

        Raises:
            FramingError: a frame is corrupt.
            FramingLimitError: a frame is larger than this decoder may hold.
        """
        if self._error:
            raise self._error
        self._held += data
        frames: list[Frame] = []
        try:
            self._read(frames)
        except FramingError as error:
            self._error = error
            if not frames:
                raise
        return frames

    def close(self) -> list[Frame]:
        """The end of the bytes.

        Raises:
            TruncatedFrameError: they end inside a frame.
            FramingError: the last frame was corrupt.
        """
        if self._error:
            raise self._error
        if self._held:
            raise TruncatedFrameError('The stream ends in the middle of a frame.')
        return []

    def pending(self) -> list[Frame]:
        """Nothing: a frame says how long it is, and what is shorter is an error of `close`."""
        return []

    def whole(self, body: bytes) -> Frame:
        """A body that is no stream as one frame, for a decoder that may know a whole answer."""
        return Frame({':message-type': 'event', ':event-type': WHOLE}, body)

    def _read(self, frames: list[Frame]) -> None:
        held, at = self._held, 0
        while len(held) - at >= _PRELUDE.size:
            size = self._checked_size(at)
            if len(held) - at < size:
                break
            frames.append(self._frame(bytes(held[at : at + size])))
            at += size
        del held[:at]

    def _checked_size(self, at: int) -> int:
        size, headers_size, checksum = _PRELUDE.unpack_from(self._held, at)
        if crc32(self._held[at : at + _LENGTHS]) != checksum:
            raise FramingError("A frame's prelude is corrupt: its checksum is wrong.")
        if size < _SMALLEST + headers_size:
            raise FramingError("A frame's headers are longer than the frame.")
        if size > self._max:
            raise FramingLimitError(
                f'A frame of the stream is larger than {self._max:,} bytes; what sends it is not a model answering.'
            )
        return size

    def _frame(self, data: bytes) -> Frame:
        end = len(data) - _CHECKSUM.size
        if crc32(data[:end]) != _CHECKSUM.unpack_from(data, end)[0]:
            raise FramingError('A frame is corrupt: its checksum is wrong.')
        split = _PRELUDE.size + _PRELUDE.unpack_from(data)[1]
        raw = data[_PRELUDE.size : split]
        headers = self._headers.get(raw)
        if headers is None:
            headers = MappingProxyType(_headers(raw))
            if len(self._headers) < _REMEMBERED and len(raw) <= _LONGEST_REMEMBERED:
                self._headers[raw] = headers
        return Frame(headers, data[split:end])


# ---------------------------------------------------------------------- headers


def _headers(raw: bytes) -> dict[str, HeaderValue]:
    headers: dict[str, HeaderValue] = {}
    at = 0
    try:
        while at < len(raw):
            key, at = _sized(raw, at, 'B')
            name, read = key.decode(), _VALUES.get(raw[at])
            if read is None:
                raise FramingError(f'The header {name!r} has the type {raw[at]}; the types are 0 to {max(_VALUES)}.')
            if name in headers:
                raise FramingError(f'One frame has the header {name!r} twice.')
            headers[name], at = read(raw, at + 1)
    except (IndexError, StructError, UnicodeDecodeError) as error:
        raise FramingError(f'The headers of a frame are malformed: {error}.') from None
    return headers


def _sized(raw: bytes, at: int, length: str) -> tuple[bytes, int]:
    """A value that begins with its length, and where the next one begins."""
    form = Struct(f'>{length}')
    begin = at + form.size
    end = begin + form.unpack_from(raw, at)[0]
    if end > len(raw) or end - begin > _LONGEST_VALUE:
        raise IndexError('a value is too long')
    return raw[begin:end], end


def _number(form: str) -> Callable[[bytes, int], tuple[HeaderValue, int]]:
    struct = Struct(f'>{form}')
    return lambda raw, at: (struct.unpack_from(raw, at)[0], at + struct.size)


def _bytes(raw: bytes, at: int) -> tuple[HeaderValue, int]:
    return _sized(raw, at, 'H')


def _text(raw: bytes, at: int) -> tuple[HeaderValue, int]:
    value, end = _sized(raw, at, 'H')
    return value.decode(), end


def _uuid(raw: bytes, at: int) -> tuple[HeaderValue, int]:
    value: bytes = Struct('>16s').unpack_from(raw, at)[0]
    return UUID(bytes=value), at + 16


_VALUES: Final[Mapping[int, Callable[[bytes, int], tuple[HeaderValue, int]]]] = {
    0: lambda raw, at: (True, at),
    1: lambda raw, at: (False, at),
    2: _number('b'),
    3: _number('h'),
    4: _number('i'),
    5: _number('q'),
    6: _bytes,
    7: _text,
    8: _number('q'),
    9: _uuid,
}
"""How a header's value is read, by the number of its type."""


__all__ = ('WHOLE', 'EventStreamDecoder', 'Frame', 'HeaderValue')

"""Bytes in, frames out: incremental, pure decoders of what travels inside an HTTP body.

A decoder has `feed(data: bytes) -> list`, `close() -> list`, `pending() -> list` and `whole(body: bytes) -> Frame`,
does no I/O, knows no provider and no JSON, and gives the same frames however its input is cut into chunks.
`body.BodyDecoder` stands before them and looks whether what comes is a stream at all.
"""

from __future__ import annotations

from typing import Final

MAX_EVENT_BYTES: Final = 16 * 2**20
"""How large an event may be, or a body that is one answer, unless somebody says otherwise."""


class FramingError(ValueError):
    """The bytes are not what the framing promises."""


class FramingLimitError(FramingError):
    """One event is larger than the decoder may hold in memory."""


class TruncatedFrameError(FramingError):
    """The bytes end inside an event."""


__all__ = ('MAX_EVENT_BYTES', 'FramingError', 'FramingLimitError', 'TruncatedFrameError')

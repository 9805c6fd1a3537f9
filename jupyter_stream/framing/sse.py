"""Server-sent events: the `text/event-stream` format of the WHATWG HTML standard, section 9.2.6.

The decoder looks for line ends in bytes, where they are never part of a longer UTF-8 sequence, and decodes only whole
lines: a character cut in two by a chunk needs no care, and U+2028 or NEL cannot be taken for a line end.

Line ends become LF as they arrive. Whole events in a chunk are then found by splitting it at blank lines, which is
nearly all that a stream ever needs; only an event cut by a chunk's end goes line by line. Every byte is looked at a
bounded number of times, however it is cut.
"""

from __future__ import annotations

from dataclasses import dataclass

from . import MAX_EVENT_BYTES, FramingLimitError, TruncatedFrameError

BOM = b'\xef\xbb\xbf'
_FIELDS = ('data: ', 'event: ')
LONGEST_RETRY = 18
"""Digits of a `retry` field that are still a time; more could meet the limit of `int`, no error of a stream."""


@dataclass(slots=True)
class Frame:
    """One dispatched event.

    `event` is its type, None where the stream names none. `data` is its `data` lines, joined by LF. `id` and `retry`
    (milliseconds) are the stream's last event id and reconnection time at that moment, None before the first one.
    """

    event: str | None = None
    data: str = ''
    id: str | None = None
    retry: int | None = None


class SSEDecoder:
    """Reads one event stream. Invalid UTF-8 becomes U+FFFD; one byte order mark at the very start is dropped.

    The lines of one event (comments apart), and any one line, may hold `max_event_bytes`; what is longer raises
    `FramingLimitError`, after the frames before it have been handed out, and from then on at every call.
    """

    def __init__(self, max_event_bytes: int = MAX_EVENT_BYTES):
        self._max = max_event_bytes
        self._head: bytes | None = b''
        self._after_cr = False
        self._open = False
        self._line = bytearray()
        self._event = ''
        self._data: list[str] = []
        self._size = 0
        self._id: str | None = None
        self._retry: int | None = None
        self._error: FramingLimitError | None = None

    def feed(self, data: bytes) -> list[Frame]:
        """Take the next bytes; return the events that they complete."""
        if self._error:
            raise self._error
        if self._head is not None:
            data = self._without_bom(self._head + data)
        if self._after_cr or b'\r' in data:
            data = self._with_lf(data)
        frames: list[Frame] = []
        try:
            self._read(data, frames)
        except FramingLimitError as error:
            self._error = error
            if not frames:
                raise
        return frames

    def close(self) -> list[Frame]:
        """The end of the bytes. An event without its blank line is incomplete and, as the standard says, dropped."""
        if self._error:
            raise self._error
        return []

    def pending(self) -> list[Frame]:
        """The event that stands after the last blank line, which many servers leave out at the end of an answer.

        The standard drops it, for it may be cut: whoever takes it has to look whether its data is whole. It is there
        once; call this after `close`.

        Raises:
            TruncatedFrameError: what stands there is the beginning of an event, without data.
        """
        frames: list[Frame] = []
        line, self._line = self._line.decode('utf-8', 'replace'), bytearray()
        self._field(line)
        began = bool(self._event) or any(name.startswith(line) for name in _FIELDS if line)
        self._dispatch(frames)
        if began and not frames:
            raise TruncatedFrameError('The stream ends in the middle of an event.')
        return frames

    def whole(self, body: bytes) -> Frame:
        """A body that is no stream as one frame, for a decoder that may know a whole answer."""
        return Frame(data=body.decode('utf-8', 'replace'))

    def _without_bom(self, data: bytes) -> bytes:
        if BOM.startswith(data):
            self._head = data
            return b''
        self._head = None
        return data.removeprefix(BOM)

    def _with_lf(self, data: bytes) -> bytes:
        if not data:
            return data
        # The CR of a CRLF cut in two has ended its line already.
        rest = data[1:] if self._after_cr and data.startswith(b'\n') else data
        self._after_cr = data.endswith(b'\r')
        return rest.replace(b'\r\n', b'\n').replace(b'\r', b'\n')

    def _read(self, data: bytes, frames: list[Frame]) -> None:
        at = 0
        # What is left of a chunk and fits the limit holds no event beyond it, so that only these lines need counting.
        while self._open or len(data) - at > self._max:
            end = data.find(b'\n', at)
            if end < 0:
                return self._hold(data[at:])
            self._take(data[at:end], frames)
            at = end + 1
        end = data.rfind(b'\n\n', at)
        if end >= 0:
            self._blocks(data[at:end].decode('utf-8', 'replace'), frames)
            at = end + 2
        self._tail(data[at:], frames)

    def _blocks(self, text: str, frames: list[Frame]) -> None:
        add = frames.append
        for block in text.split('\n\n'):
            first, _, rest = block.partition('\n')
            if not rest and first.startswith('data: '):
                add(Frame(None, first[6:], self._id, self._retry))
            elif first.startswith('event: ') and rest.startswith('data: ') and '\n' not in rest:
                add(Frame(first[7:] or None, rest[6:], self._id, self._retry))
            else:
                for line in block.split('\n'):
                    self._field(line)
                self._dispatch(frames)

    def _tail(self, tail: bytes, frames: list[Frame]) -> None:
        *lines, last = tail.split(b'\n')
        for line in lines:
            self._take(line, frames)
        self._hold(last)

    def _take(self, line: bytes, frames: list[Frame]) -> None:
        self._check(len(line))
        if self._line:
            line = bytes(self._line + line)
            self._line.clear()
        if not line:
            return self._dispatch(frames)
        self._open = True
        if not line.startswith(b':'):
            self._size += len(line)
            self._field(line.decode('utf-8', 'replace'))

    def _hold(self, piece: bytes) -> None:
        self._check(len(piece))
        self._line += piece
        self._open = self._open or bool(piece)

    def _check(self, more: int) -> None:
        if self._size + len(self._line) + more > self._max:
            raise FramingLimitError(
                f'An event of the stream is larger than {self._max:,} bytes; what sends it is not a model answering.'
            )

    def _field(self, line: str) -> None:
        name, _, value = line.partition(':')
        value = value.removeprefix(' ')
        if name == 'data':
            self._data.append(value)
        elif name == 'event':
            self._event = value
        elif name == 'id' and '\0' not in value:
            self._id = value
        elif name == 'retry' and value.isascii() and value.isdigit() and len(value) <= LONGEST_RETRY:
            self._retry = int(value)

    def _dispatch(self, frames: list[Frame]) -> None:
        if self._data:
            frames.append(Frame(self._event or None, '\n'.join(self._data), self._id, self._retry))
        self._reset()

    def _reset(self) -> None:
        self._event, self._data, self._size, self._open = '', [], 0, False


__all__ = ('Frame', 'SSEDecoder')

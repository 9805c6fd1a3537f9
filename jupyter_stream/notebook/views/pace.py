"""When to send what grows: often enough to be seen to grow, seldom enough to cost no more than the text itself.

Pure arithmetic over a clock that is passed in. Times are seconds, sizes characters, costs bytes.
"""

from __future__ import annotations

__all__ = ('ENVELOPE', 'Pace')

ENVELOPE = 700
"""What a message to the browser costs besides its content, in bytes (measured: headers, ids, JSON's own)."""

_GAP = 0.1
_LAST_GAP = 0.2
_STALL = 0.09
_STILL = 0.3
_SMALL = 2000
_LARGE = 4096
_BANDWIDTH = 8000
_TRICKLE = 4000
_SHARE = 1.7
_ADVANCE = 2000


class Pace:
    """Decides when the open part may be sent again.

    At most ten messages a second. All that was sent stays under about twice the text, with a small advance;
    a small part is sent a few times a second even beyond that, a large one when it has grown by a quarter. When
    nothing more comes, what there is is sent at once.
    """

    def __init__(self) -> None:
        self._spent = 0
        self._last = float('-inf')
        self._shown = 0

    def sent(self, now: float, size: int, shown: int) -> None:
        """A message of `size` bytes left; `shown` is the length of the open part in it."""
        self._spent += size + ENVELOPE
        self._last = now
        self._shown = shown

    def rested(self, now: float) -> bool:
        """Whether a frame has passed since the last message."""
        return now - self._last >= _GAP

    def settled(self, now: float, last_came: float) -> bool:
        """Whether what is finished may be sent for the last time. At a high rate more of it goes into one message."""
        return now - self._last >= _LAST_GAP or (self.rested(now) and self.stalled(now, last_came))

    def stalled(self, now: float, last_came: float) -> bool:
        """Whether nothing more is coming for the moment."""
        return now - last_came >= _STALL

    def due(self, now: float, size: int, total: int, last_came: float) -> bool:
        """Whether to send the open part now.

        Args:
            now: the time.
            size: the length of the open part, of which something has not been sent.
            total: the length of the whole text so far.
            last_came: when the last of it came.
        """
        if not self.rested(now):
            return False
        waited = now - self._last
        if self.stalled(now, last_came):
            return size <= _LARGE or waited >= size / _BANDWIDTH
        if size > _LARGE:
            return size >= 1.25 * self._shown or waited >= size / _TRICKLE
        # Twice: what is open now will be sent once more when it is finished.
        if self._spent + 2 * (size + ENVELOPE) <= _SHARE * total + _ADVANCE:
            return True
        return size <= _SMALL and waited >= _STILL

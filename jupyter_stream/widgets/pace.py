"""When to send what has come: soon enough to be seen to flow, in messages that cost no more than what they carry.

Pure arithmetic over a clock that is passed in. Times are seconds, sizes characters.
"""

from __future__ import annotations

__all__ = ('FULL', 'LONGEST', 'Pace')

FULL = 800
"""So much is worth a message: one costs some 650 bytes besides its content (measured: headers, ids, JSON's own)."""

FRAME = 1 / 30
"""The shortest pause between two messages of all views together: who floods a server or a page loses some."""

FIRST = 0.1
"""The wait after the first message: an answer that begins is seen to move at once."""

LONGEST = 0.35
"""The longest wait of anything that has come, as long as there are few views. The page spreads what comes over the time
until more comes, so that it flows all the same."""

_GROWTH = 1.4
_PAUSE = 1.0


class Pace:
    """Decides when the next message leaves: at once after a pause, else when it is full or has waited long enough. The
    waits grow from `FIRST` to `LONGEST`, and begin anew after a silence.
    """

    def __init__(self) -> None:
        self._last = float('-inf')
        self._wait = FIRST

    def sent(self, now: float) -> None:
        """A message has left."""
        self._wait = FIRST if now - self._last > _PAUSE else min(_GROWTH * self._wait, LONGEST)
        self._last = now

    def due(self, now: float, size: int, views: int = 1) -> bool:
        """Whether to send now.

        Args:
            now: the time.
            size: what has come since the last message.
            views: how many views are being sent to at this time, this one included.
        """
        waited = now - self._last
        if not size or waited < views * FRAME:
            return False
        return size >= FULL or waited >= self._wait

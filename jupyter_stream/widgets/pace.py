"""When to send what has come: soon enough to be seen to flow, in messages that cost no more than what they carry.

Pure arithmetic over a clock that is passed in. Times are seconds, sizes characters.
"""

from __future__ import annotations

__all__ = ('FULL', 'LONGEST', 'Pace')

FULL = 800
"""So much is worth a message: one costs some 650 bytes besides its content (measured: headers, ids, JSON's own)."""

FRAME = 1 / 30
"""The shortest pause between two messages of all views together: who floods a server or a page loses some."""

CALM = 0.1
"""The wait of a slow answer's words. The page spreads what comes over its frames, so that it flows all the same."""

LITTLE = 256
"""What comes in that time of an answer that is slow: then a message may cost more than it carries."""

LONGEST = 0.2
"""The longest wait of anything that has come, as long as there are few views."""


class Pace:
    """Decides when the next message leaves: at once after a pause, else when it is full or has waited long enough."""

    def __init__(self) -> None:
        self._last = float('-inf')

    def sent(self, now: float) -> None:
        """A message has left."""
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
        return size >= FULL or waited >= (CALM if size < LITTLE else LONGEST)

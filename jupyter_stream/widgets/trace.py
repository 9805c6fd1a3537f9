"""What came when, while an answer streamed: events as rows, and the text on a line of time. Pure; O(1) an event.

A page gets what is new since the last message, thinned out: a batch has a bounded size however fast the events come,
and a page that was opened later gets the whole in a bounded size too. The figures are exact all the same: they are
counted here.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Sequence
from itertools import accumulate
from typing import Any, NamedTuple

__all__ = ('KEPT_ROWS', 'Pace', 'Row', 'Trace')

KEPT_ROWS = 500
"""Rows of events that are kept, the last ones."""

MOST_POINTS = 2000
BATCH_POINTS = 150
BATCH_ROWS = 100

SHORTEST_SILENCE = 0.3
"""Seconds below which no pause is felt as one."""

SILENCE = 12
"""How many times as long as the usual pause a silence is. Measured: of 935 pauses of the embedded model, on a machine
with four times the load that it has cores for, the longest was 3.6 times the median of its answer. Of a hundred pieces
that come without memory of one another, the most uneven that is ordinary, it is 7 times, and 12 in one answer of 30.
"""

AT_ONCE = 0.005
"""Seconds within which pieces came together, in one packet: no pause."""

FEWEST_PAUSES = 5
"""With fewer, nothing is known of the pace, and only what is long by itself is a silence."""

LONG_SILENCE = 3.0
"""Seconds that are a silence whatever the pace, where that is not known."""


class Pace:
    """The usual pause between pieces, their median: kept as counts of a scale of lengths, each 10 % above the last, so
    that a pause costs the same however many there were.
    """

    STEP = math.log(1.1)

    def __init__(self) -> None:
        self.pauses = 0
        self._counts: Counter[int] = Counter()

    def add(self, pause: float) -> None:
        """A pause in seconds; what came together is none."""
        if pause >= AT_ONCE:
            self.pauses += 1
            self._counts[round(math.log(pause) / self.STEP)] += 1

    @property
    def usual(self) -> float:
        """The median in seconds, to 5 %; 0.0 where there was no pause."""
        seen = 0
        for length, count in sorted(self._counts.items()):
            seen += count
            if seen >= self.pauses / 2:
                return math.exp(length * self.STEP)
        return 0.0

    def is_silence(self, pause: float) -> bool:
        """Whether a pause is more than the ordinary unevenness of this pace."""
        if self.pauses < FEWEST_PAUSES:
            return pause >= LONG_SILENCE
        return pause >= max(SHORTEST_SILENCE, SILENCE * self.usual)


class Row(NamedTuple):
    """An event: seconds since the question, its kind, its part by index and kind, what it brings, characters in it."""

    at: float
    kind: str
    block: int | None
    part: str
    text: str
    size: int


class Trace:
    """The events of one answer.

    Attributes:
        count: how many there were.
        first: seconds to the first text; None before it.
        last: seconds to the last one.
        deltas: pieces of text.
        characters: in all of them.
        gap: the longest pause between two pieces, from when to when; None before the second.
        pace: the pauses between them.
        end: seconds to the end of the answer; None before it.
    """

    def __init__(self) -> None:
        self.count = 0
        self.first: float | None = None
        self.last: float | None = None
        self.gap: tuple[float, float] | None = None
        self.deltas = 0
        self.characters = 0
        self.end: float | None = None
        self.pace = Pace()
        self._rows: deque[Row] = deque(maxlen=KEPT_ROWS)
        self._at: list[float] = []
        self._sizes: list[int] = []

    def add(self, row: Row) -> None:
        """An event."""
        self.count += 1
        self._rows.append(row)
        if not row.size:
            return
        if self.last is None:
            self.first = row.at
        else:
            self.pace.add(row.at - self.last)
            self.gap = max(self.gap or (0.0, 0.0), (self.last, row.at), key=_length)
        self.last = row.at
        self.deltas += 1
        self.characters += row.size
        self._at.append(row.at)
        self._sizes.append(row.size)

    @property
    def rate(self) -> float | None:
        """Characters a second from the first piece of text to the last; None where that takes no time."""
        if self.first is None or self.last is None or self.last - self.first < 0.001:
            return None
        return (self.characters - self._sizes[0]) / (self.last - self.first)

    @property
    def silence(self) -> tuple[float, float] | None:
        """The longest pause, from when to when, if it is long for the pace of this answer; also the one before the end
        of an answer that had stopped coming. The wait for the first text is none: it is a figure of its own.
        """
        ending = (self.last, self.end) if self.last is not None and self.end is not None else None
        longest = max((gap for gap in (self.gap, ending) if gap is not None), key=_length, default=None)
        return longest if longest is not None and self.pace.is_silence(_length(longest)) else None

    def figures(self) -> dict[str, Any]:
        """What is counted, as JSON has it."""
        return {
            'first': self.first,
            'last': self.last,
            'silence': self.silence and list(self.silence),
            'deltas': self.deltas,
            'characters': self.characters,
            'rate': self.rate,
            'end': self.end,
        }

    def since(self, count: int, deltas: int) -> dict[str, Any]:
        """What came after the first `count` events, of which `deltas` had text: rows, points, figures."""
        new = self.count - count
        rows = list(self._rows)[-min(new, BATCH_ROWS) :] if new else []
        points = _thinned(self._at[deltas:], self._sizes[deltas:], BATCH_POINTS)
        return {'at': count, 'count': self.count, 'rows': _plain(rows), 'points': points, **self.figures()}

    def whole(self) -> dict[str, Any]:
        """All of it, for a page that has nothing yet."""
        points = _thinned(self._at, self._sizes, MOST_POINTS)
        return {'at': 0, 'count': self.count, 'rows': _plain(self._rows), 'points': points, **self.figures()}


def _length(gap: tuple[float, float]) -> float:
    return gap[1] - gap[0]


def _thinned(at: Sequence[float], sizes: Sequence[int], most: int) -> list[list[Any]]:
    """At most about `most` points; those left out are added to the next one that stays."""
    step = -(-len(at) // most) or 1
    if step == 1:
        return [[round(when, 3), size] for when, size in zip(at, sizes, strict=True)]
    totals = list(accumulate(sizes, initial=0))
    ends = [*range(step, len(at), step), len(at)]
    return [[round(at[end - 1], 3), totals[end] - totals[start]] for start, end in zip([0, *ends], ends, strict=False)]


def _plain(rows: Sequence[Row] | deque[Row]) -> list[list[Any]]:
    return [[round(row.at, 3), *row[1:]] for row in rows]

"""What came when, while an answer streamed: events as rows, and the text on a line of time. Pure; O(1) an event.

A page gets what is new since the last message, thinned out: a batch has a bounded size however fast the events come,
and a page that was opened later gets the whole in a bounded size too. The figures are exact all the same: they are
counted here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import accumulate
from typing import Any, NamedTuple

__all__ = ('KEPT_ROWS', 'Row', 'Trace')

KEPT_ROWS = 500
"""Rows of events that are kept, the last ones."""

MOST_POINTS = 2000
BATCH_POINTS = 150
BATCH_ROWS = 100


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
        gap: the longest silence between two pieces, from when to when; None before the second.
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
        self._rows: deque[Row] = deque(maxlen=KEPT_ROWS)
        self._at: list[float] = []
        self._sizes: list[int] = []

    def add(self, row: Row) -> None:
        """An event."""
        self.count += 1
        self._rows.append(row)
        if not row.size:
            return
        if self.first is None:
            self.first = row.at
        elif self.last is not None and (self.gap is None or row.at - self.last > self.gap[1] - self.gap[0]):
            self.gap = self.last, row.at
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

    def figures(self) -> dict[str, Any]:
        """What is counted, as JSON has it."""
        return {
            'first': self.first,
            'last': self.last,
            'gap': self.gap and list(self.gap),
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

"""Which cell is which: what front ends say of cells, and what is read off their texts where they say nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

__all__ = ('CellKey', 'CellRun', 'is_first_half', 'merged')


@dataclass(frozen=True, slots=True, order=True)
class CellKey:
    """A question in a notebook: the id of its cell, and which of the cell's questions it is, from 0."""

    cell: str
    nth: int = 0


@dataclass(frozen=True, slots=True)
class CellRun:
    """A run of a cell, as the front end tells the kernel.

    Attributes:
        number: The number of the run, as the notebook shows it.
        source: The text of the cell.
        cell_id: The cell's id in its notebook; None where the front end sends none, as nbclient and terminals.
        deleted: The ids of the cells that were deleted since the last run.
        session: The session of the front end; a page that was loaded again is another one.
        request: The id of the request.
    """

    number: int
    source: str = ''
    cell_id: str | None = None
    deleted: Sequence[str] = ()
    session: str = ''
    request: str = ''

    @property
    def cell(self) -> str:
        """The cell's id; where there is none, each run is a cell of its own."""
        return self.cell_id or f'run {self.number} {self.request}'

    @property
    def gone(self) -> frozenset[str]:
        """The cells that are no longer there. One that was cut and pasted is named too, and runs."""
        return frozenset(self.deleted) - {self.cell_id}


_TELLING: Final = 20
"""Characters of a prompt from which on it is no accident that another one begins with them, in the middle of a line."""

_MAGIC: Final = re.compile(r'%%?ask\b[^\n]*')


def is_first_half(source: str, other: str) -> bool:
    """Whether a cell of this text is what was before the cursor when a cell of the other text was split there."""
    first, whole = source.rstrip(), other.rstrip()
    if not whole.startswith(first) or whole == first or not _words(first):
        return False
    rest = whole[len(first) :]
    return rest.startswith(('\n', '\r')) or (rest[0].isspace() and len(' '.join(_words(first))) >= _TELLING)


def merged(source: str, others: Sequence[str]) -> Sequence[int]:
    """Which of the other cells a cell of this text is made of, if it is made of several; each whole, in their order.

    >>> merged('%%ask\\nWhat is a rose?\\n\\n%%ask\\nAnd a tulip?', ['%%ask\\nWhat is a rose?', '%%ask\\nAnd a tulip?'])
    [0, 1]
    >>> merged('%%ask\\nWhat is a rose? And why?', ['%%ask\\nWhat is a rose?'])
    []
    """
    lines = _words(source)
    if len(lines) < 2:
        return []
    found, at, covered = list[int](), 0, 0
    for index, other in enumerate(others):
        wanted = _words(other)
        start = _position(lines, wanted, at) if wanted else None
        if start is not None:
            found.append(index)
            at = start + len(wanted)
            covered += len(wanted)
    # A prompt that only quotes two earlier ones is longer than both.
    return found if len(found) > 1 and 2 * covered > len(lines) else []


@lru_cache(maxsize=4096)
def _words(source: str) -> tuple[str, ...]:
    """The lines of the prompts in a cell, without blank ones and the magics themselves."""
    return tuple(_lines(source))


def _lines(source: str) -> Iterator[str]:
    for line in source.splitlines():
        found = _MAGIC.match(line)
        words = line.partition(' ')[2] if found else line
        if words.strip():
            yield words.strip()


def _position(lines: Sequence[str], wanted: Sequence[str], start: int) -> int | None:
    size = len(wanted)
    spots = range(start, len(lines) - size + 1)
    return next((spot for spot in spots if lines[spot : spot + size] == wanted), None)

"""A frame as text: its shape, a line for each column, and the first rows as a table, within a number of characters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from jupyter_stream.content.text import cell, cut, dotted, one_line

__all__ = ('Column', 'Table', 'table_text')

_PLANS: Final = (
    (40, 5, 80),
    (40, 5, 24),
    (24, 5, 24),
    (16, 5, 24),
    (10, 5, 24),
    (6, 3, 24),
    (4, 2, 24),
)
"""How many columns and rows are shown, and how many characters of a cell: the first that fits is taken."""

_WHOLE: Final = (40, 10, 80)
"""Of a table that has no more rows than these, all are shown if they fit."""

_TYPE: Final = 60


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, its type and what is said of its values."""

    name: str
    type: str
    summary: str = ''


@dataclass(frozen=True, slots=True)
class Table:
    """What is known of a frame.

    Attributes:
        rows: How many rows it has; None where they were not counted.
        width: How many columns it has.
        columns: The first of them.
        head: The first rows, each with a value for each of `columns`.
        notes: What else is to be said of it.
        indexed: How many of `columns` are names of the rows, and are not counted in `width`.
    """

    rows: int | None
    width: int
    columns: Sequence[Column]
    head: Sequence[Sequence[Any]]
    notes: Sequence[str] = ()
    indexed: int = 0


def table_text(table: Table, characters: int) -> str:
    """The table as text of at most about so many characters."""
    text = ''
    is_short = table.rows is not None and table.rows <= _WHOLE[1]
    for columns, rows, width in (_WHOLE, *_PLANS) if is_short else _PLANS:
        text = '\n'.join(_lines(table, columns, rows, width))
        if len(text) <= characters:
            return text
    return cut(text, characters)


def _lines(table: Table, columns: int, rows: int, width: int) -> list[str]:
    shown = table.columns[:columns]
    more = table.width + table.indexed - len(shown)
    head = table.head[:rows]
    return [
        f'{_count(table)} × {table.width:,} {"column" if table.width == 1 else "columns"}',
        *(f'({note})' for note in table.notes),
        *(_described(column, width) for column in shown),
        *([f'… {more:,} more columns'] if more else []),
        *([_title(table, len(head)), *_pipes(shown, head, width)] if shown else []),
    ]


def _count(table: Table) -> str:
    if table.rows is None:
        return 'rows not counted'
    return f'{table.rows:,} {"row" if table.rows == 1 else "rows"}'


def _title(table: Table, rows: int) -> str:
    if not rows:
        return 'No rows:'
    return 'All rows:' if rows == table.rows else f'The first {rows}:'


def _described(column: Column, width: int) -> str:
    line = f'- {one_line(column.name, width)}: {dotted(column.type, _TYPE)}'
    return f'{line}, {column.summary}' if column.summary else line


def _pipes(columns: Sequence[Column], head: Sequence[Sequence[Any]], width: int) -> list[str]:
    rows = [[cell(value, width) for value in row[: len(columns)]] for row in head]
    return [_row([cell(column.name, width) for column in columns]), _row(['---'] * len(columns)), *map(_row, rows)]


def _row(cells: Sequence[str]) -> str:
    return f'| {" | ".join(cells)} |'

"""A typed answer in the views: which of its blocks is data and which is prose, and the data as operations of a log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Protocol

from jupyter_stream.notebook.reducer import Block
from jupyter_stream.notebook.typed_response import is_data
from jupyter_stream.notebook.typed_table import (
    Line,
    add_columns,
    columns_of,
    field_lines,
    line_of,
    table_markdown,
    table_of,
)

if TYPE_CHECKING:
    from jupyter_stream.typed.answer import TypedAnswer
    from jupyter_stream.typed.growing import Growing

__all__ = ('TableWriter', 'TypedBlocks')

_HELD: Final = 64
"""Characters of a text in which no JSON has begun, after which it is shown as prose."""


class TypedBlocks:
    """Tells the data of a typed answer from prose. A text is held back for a moment, as data may begin in it.

    Args:
        answer: What reads the events, each before its block comes here.
    """

    def __init__(self, answer: TypedAnswer) -> None:
        self._answer = answer
        self._held: dict[int, str] = {}

    @property
    def growing(self) -> Growing:
        """The data so far."""
        return self._answer.growing

    @property
    def progress(self) -> tuple[int, int]:
        """How much is closed: of rows, and of the fields of an object."""
        return len(self.growing.rows), len(self.growing.fields) + self.growing.is_closed

    def is_data(self, block: Block, *, ended: bool) -> bool:
        """Whether the block is shown as the answer's table. Else its text is what is to be shown now: nothing where it
        is held back, all of it when it is not any more.
        """
        if not is_data(block.part):
            return False
        if block.kind != 'text' or self.growing.has_begun:
            return True
        if block.index in self._held or not ended:
            held = self._held.get(block.index, '') + block.text
            is_prose = ended or len(held) > _HELD
            block.text = held if is_prose else ''
            self._held[block.index] = '' if is_prose else held
        return False


class Sink(Protocol):
    """Takes operations: a live view, or its log."""

    def put(self, *op: object) -> None: ...


class TableWriter:
    """Writes the table of a growing answer as one block.

    Args:
        sink: takes the operations.
        growing: the answer's data.
        block: the index of the block.
    """

    def __init__(self, sink: Sink, growing: Growing, block: int) -> None:
        self.growing = growing
        self._sink = sink
        self._block = block
        self._columns = columns_of(growing)
        self._closed = 0
        self._written: dict[int, tuple[Line, bool]] = {}
        self._text = ''
        is_table = growing.kind != 'value'
        sink.put('start', block, 'table' if is_table else 'text', '')
        if is_table:
            self._name()

    def write(self) -> None:
        """Write what is new; it costs as much as that, and as what is shown of the row that is open."""
        if self.growing.kind == 'rows':
            self._rows()
        elif self.growing.kind == 'object':
            self._fields()
        elif self.growing.is_closed:
            self._value(table_markdown(table_of(self.growing)))

    def _value(self, text: str) -> None:
        """A single value is no table but text."""
        if text != self._text:
            self._text = text
            self._sink.put('set', self._block, text)

    def _rows(self) -> None:
        growing = self.growing
        for number in range(self._closed, len(growing.rows)):
            row = growing.rows[number]
            self._add(row.data)
            self._line(number, line_of(row.data, self._columns, row.error), is_open=False)
            del self._written[number]  # it will not come again
        self._closed = len(growing.rows)
        open_row = growing.open_row
        if open_row is not None:
            self._add(open_row)
            self._line(self._closed, line_of(open_row, self._columns), is_open=True)

    def _fields(self) -> None:
        growing = self.growing
        last = list(growing.fields)[-1:]
        for number, (name, line) in enumerate(field_lines(growing).items()):
            is_open = not growing.is_closed and (name in last or name not in growing.fields)
            self._line(number, line, is_open=is_open)

    def _add(self, row: object) -> None:
        if add_columns(self._columns, row):
            self._name()

    def _name(self) -> None:
        self._sink.put('columns', self._block, list(self._columns), self.growing.kind == 'rows')

    def _line(self, number: int, line: Line, *, is_open: bool) -> None:
        """Write a line where it is not what was written before."""
        before, was_open = self._written.get(number, (None, False))
        if before == line and was_open == is_open:
            return
        self._written[number] = line, is_open
        if is_open and before is not None and _grew(before.cells, line.cells):
            self._grow(number, before.cells, line.cells)
        else:
            self._sink.put('row', self._block, number, list(line.cells), None if is_open else line.error)

    def _grow(self, number: int, before: Sequence[str], cells: Sequence[str]) -> None:
        for column, (old, new) in enumerate(zip(before, cells, strict=True)):
            if new != old:
                self._sink.put('cell', self._block, number, column, new[len(old) :])


def _grew(before: Sequence[str], cells: Sequence[str]) -> bool:
    pairs = zip(before, cells, strict=False)
    return len(before) == len(cells) and all(new.startswith(old) for old, new in pairs)

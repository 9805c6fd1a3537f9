"""A typed answer as lines of text, each once, when it will not change any more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from jupyter_stream.notebook.markdown.sanitizer import visible
from jupyter_stream.notebook.pieces import shortened
from jupyter_stream.notebook.typed_table import (
    SIGN,
    Line,
    add_columns,
    columns_of,
    field_lines,
    line_of,
    plain_row,
    table_of,
    width_of,
)

if TYPE_CHECKING:
    from jupyter_stream.typed.growing import Growing

__all__ = ('RowPrinter',)

_LEAST, _MOST = 8, 60
"""Characters of a column: its width is that of its first cell, as what comes later is not known."""


class RowPrinter:
    """Says which lines are new.

    Args:
        growing: the answer's data.
    """

    def __init__(self, growing: Growing) -> None:
        self.growing = growing
        self._columns = columns_of(growing)
        self._widths: list[int] = []
        self._rows = 0
        self._fields: set[str] = set()

    def new(self) -> str:
        """The lines that are closed since the last time."""
        lines = self._closed_rows() if self.growing.kind == 'rows' else self._closed_fields()
        return ''.join(f'{visible(line)}\n' for line in lines)

    def rest(self) -> str:
        """Behind those, what had not come to its end."""
        new, growing = self.new(), self.growing
        if growing.kind == 'value' and growing.value is not None:
            return visible(table_of(growing).lines[0].cells[0])
        if growing.kind == 'object':
            return new + ''.join(f'{visible(line)}\n' for line in self._field_lines(growing.fields))
        return new

    def _closed_rows(self) -> Iterator[str]:
        rows = self.growing.rows
        for number in range(self._rows, len(rows)):
            row = rows[number]
            add_columns(self._columns, row.data)
            yield from self._row(number + 1, line_of(row.data, self._columns, row.error))
        self._rows = len(rows)

    def _row(self, number: int, line: Line) -> Iterator[str]:
        cells = [f'{SIGN} {number}' if line.error else str(number), *(shortened(cell, _MOST) for cell in line.cells)]
        if not self._widths:
            head = ['#', *self._columns]
            least = [4, *[_LEAST] * len(self._columns)]
            self._widths = [max(w, width_of(n), width_of(c)) for w, n, c in zip(least, head, cells, strict=True)]
            yield plain_row(head, self._widths)
        missing = len(cells) - len(self._widths)
        yield plain_row([*cells, line.error], [*self._widths, *[_LEAST] * missing, 0])

    def _closed_fields(self) -> Iterator[str]:
        names = list(self.growing.fields)
        yield from self._field_lines(names if self.growing.is_closed else names[:-1])

    def _field_lines(self, names: Iterable[str]) -> Iterator[str]:
        if self.growing.kind != 'object':
            return
        lines = field_lines(self.growing)
        for name in names:
            if name not in self._fields:
                self._fields.add(name)
                yield f'{lines[name].cells[0]}: {lines[name].cells[1]}'

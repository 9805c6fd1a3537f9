"""A typed answer as a table: what stays in the notebook of an object, of a list of them, or of a single value.

Pure: plain data in, text out. An object is a row a field, a list a row an item, anything else its own text. A table has
at most `MOST` rows and tells how many there are; a row that is not valid stays where it is, with a sign and the reason.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, cast

from jupyter_stream.notebook.markdown import sanitize
from jupyter_stream.notebook.markdown.sanitizer import visible
from jupyter_stream.notebook.pieces import counted, escaped, shortened

if TYPE_CHECKING:
    from jupyter_stream.typed.growing import Growing

__all__ = (
    'MOST',
    'SIGN',
    'Kind',
    'Line',
    'Table',
    'add_columns',
    'cell_of',
    'columns_of',
    'counts',
    'field_lines',
    'line_of',
    'plain_row',
    'table_markdown',
    'table_of',
    'table_plain',
    'width_of',
)

Kind = Literal['object', 'rows', 'value']

MOST: Final = 50
"""Rows of a list that are shown."""

SIGN: Final = '⚠'
"""Stands before the number of a row that is not valid."""

_COLUMNS: Final = 30
_LONGEST: Final = {'rows': 160, 'object': 2_000, 'value': 20_000}
"""Characters of a cell: a long text is cut sooner where it has neighbours."""

_LONGEST_PLAIN: Final = 60
"""The same in a list as plain text, whose lines do not wrap within their columns."""

_LONGEST_ERROR: Final = 160
_FIRST_WORDS: Final = 40
"""Characters of an error that stand in its row, where more would leave the data no room; all of it is told below."""

_ERRORS: Final = 10
"""Rows whose errors are told below the table."""

_ITEM: Final = 'value'
"""The column of items that have no fields."""


_PROBLEM: Final = 'problem'
"""The column that says why rows are not valid, where there are such."""


@dataclass(frozen=True, slots=True)
class Line:
    """A row as it is shown: the texts of its cells, and why it is not valid, if it is not."""

    cells: tuple[str, ...]
    error: str = ''


@dataclass(frozen=True, slots=True)
class Table:
    """A typed answer as it is shown.

    Attributes:
        kind: 'object', a line a field; 'rows', a line an item; 'value', one line of one cell.
        columns: The names of the columns, in the order of the type's fields.
        lines: The lines that have come.
        is_cut: Whether the last line had not come to its end.
    """

    kind: Kind
    columns: Sequence[str]
    lines: Sequence[Line]
    is_cut: bool = False

    @property
    def invalid(self) -> int:
        """How many lines are not valid."""
        return sum(bool(line.error) for line in self.lines)


# ------------------------------------------------------------------ from data


def table_of(growing: Growing, errors: Mapping[str, str] | None = None) -> Table:
    """The table of what has come. Of rows that are not shown there is only what is wrong with them.

    Args:
        growing: The data.
        errors: What is wrong with fields of an object, by their names.
    """
    columns = columns_of(growing)
    if growing.kind == 'value':
        return Table('value', columns, [Line((cell_of(growing.value, 'value'),))])
    if growing.kind == 'object':
        return Table('object', columns, list(field_lines(growing, errors).values()))
    open_row = None if growing.is_closed else growing.open_row
    for data in (*(row.data for row in growing.rows[:MOST]), *([] if open_row is None else [open_row])):
        add_columns(columns, data)
    lines = [line_of(row.data, columns, row.error) for row in growing.rows[:MOST]]
    lines += [Line((), _error(row.error)) for row in growing.rows[MOST:]]
    if open_row is not None:
        lines.append(line_of(open_row, columns))
    return Table('rows', columns, lines, is_cut=open_row is not None)


def columns_of(growing: Growing) -> list[str]:
    """The columns as the type has them; `add_columns` adds what the data has besides."""
    if growing.kind == 'rows':
        return list(growing.columns)[:_COLUMNS]
    return ['field', 'value'] if growing.kind == 'object' else [_ITEM]


def add_columns(columns: list[str], row: Any) -> bool:
    """Add a column for each field of a row that has none yet; whether there was one."""
    before = len(columns)
    names = map(str, cast('Mapping[object, Any]', row)) if isinstance(row, Mapping) else (_ITEM,)
    for name in names:
        if name not in columns and len(columns) < _COLUMNS:
            columns.append(name)
    return len(columns) > before


def field_lines(growing: Growing, errors: Mapping[str, str] | None = None) -> dict[str, Line]:
    """The lines of an object by the names of its fields: also of those that have not come, and whatever else came."""
    fields, errors = growing.fields, errors or {}
    names = dict.fromkeys((*growing.columns, *fields))
    return {
        name: Line((_one_line(name), cell_of(fields.get(name), 'object')), _error(errors.get(name))) for name in names
    }


def line_of(row: Any, columns: Sequence[str], error: str | None = None) -> Line:
    """A line of a list. What is no object stands in a column of its own."""
    data: Mapping[str, Any] = cast('Mapping[str, Any]', row) if isinstance(row, Mapping) else {_ITEM: row}
    return Line(tuple(cell_of(data.get(name)) for name in columns), _error(error))


def cell_of(value: Any, kind: Kind = 'rows') -> str:
    """A value as the text of a cell: a text in one line, all else as compact JSON; nothing for null. A long one is cut,
    and costs no more than what is shown of it.
    """
    longest = _LONGEST[kind]
    text = '' if value is None else value if isinstance(value, str) else _json(value, longest)
    return shortened(text if kind == 'value' else _one_line(text[: 2 * longest]), longest)


_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, default=str)


def _json(value: Any, longest: int) -> str:
    pieces, size = list[str](), 0
    try:
        for piece in _ENCODER.iterencode(value):
            pieces.append(piece)
            size += len(piece)
            if size > longest:
                break
    except (TypeError, ValueError, RecursionError):
        return str(value)
    return ''.join(pieces)


def _one_line(text: str) -> str:
    return ' '.join(text.split())


def _error(error: str | None) -> str:
    return shortened(_one_line(error or ''), _LONGEST_ERROR)


# ------------------------------------------------------------------ to Markdown


def table_markdown(table: Table) -> str:
    """The table as harmless Markdown, with a line below that counts its rows."""
    if table.kind == 'value':
        return _value_markdown(table)
    head, *rows = _grid(table)
    rule = ['---:' if name == '#' else '---' for name in head]
    width = len(table.columns) + (table.kind == 'rows')
    cells = [[*map(_escaped, row[:width]), *map(_reason, row[width:])] for row in (head, *rows)]
    lines = [_markdown_row(row) for row in (cells[0], rule, *cells[1:])]
    below = [f'*{_reason(line)}*' for line in counts(table)]
    return sanitize('\n\n'.join(['\n'.join(lines) if rows else '', *below]).strip('\n'))


def _value_markdown(table: Table) -> str:
    return '\n\n'.join(sanitize(_paragraph(line)) for line in table.lines)


def _paragraph(line: Line) -> str:
    """Text in which nothing is a mark, not even at the beginning of a line."""
    text = '\\\n'.join(_begun(piece) for piece in visible(line.cells[0]).strip().split('\n'))
    return text + (f'\n\n*{SIGN} {_reason(line.error)}*' if line.error else '')


def _begun(line: str) -> str:
    """A line whose first character begins no block."""
    line = escaped(line.strip())
    digits = len(line) - len(line.lstrip('0123456789'))
    at = digits if digits and line[digits : digits + 1] in ('.', ')') else 0
    return f'{line[:at]}\\{line[at:]}' if line[at : at + 1] in tuple('-+=.):') and line else line


def _markdown_row(cells: Sequence[str]) -> str:
    return f'| {" | ".join(cells)} |'


_FIELD: Final = re.compile(r'`([\w.\[\]]+)`')


def _reason(error: str) -> str:
    """Words about what is wrong, with the names of fields as code."""
    pieces = _FIELD.split(visible(error))
    return ''.join(f'`{piece}`' if at % 2 else _escaped(piece) for at, piece in enumerate(pieces))


def _escaped(text: str) -> str:
    return escaped(visible(text))


# ------------------------------------------------------------------ to plain text


def table_plain(table: Table) -> str:
    """The table as aligned text, with the same rows and the same line below."""
    if table.kind == 'value':
        lines = [visible(line.cells[0]) for line in table.lines]
        return '\n'.join([*lines, *(f'[{SIGN} {line.error}]' for line in table.lines if line.error)])
    head, *rows = _grid(table)
    if table.kind == 'rows':
        rows = [[*(shortened(cell, _LONGEST_PLAIN) for cell in row[:-1]), row[-1]] for row in rows]
    grid = [[visible(cell) for cell in row] for row in (head, *rows)]
    widths = [max(map(width_of, column)) for column in zip(*grid, strict=True)]
    lines = [plain_row(row, widths) for row in grid] if rows else []
    below = counts(table)
    return '\n'.join([*lines, *(['', *below] if lines and below else below)])


def plain_row(cells: Sequence[str], widths: Sequence[int]) -> str:
    """Cells side by side in one line; each takes as many columns as it needs, and those of its width at least."""
    return '  '.join(cell + ' ' * (width - width_of(cell)) for cell, width in zip(cells, widths, strict=False)).rstrip()


def width_of(text: str) -> int:
    """Columns that a text takes in a terminal."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(char) in 'WF' else not unicodedata.combining(char) for char in text)


# ------------------------------------------------------------------ what both show


def _grid(table: Table) -> Iterator[list[str]]:
    """The head and the rows that are shown, all of the same length."""
    shown = table.lines if table.kind == 'object' else table.lines[:MOST]
    reasons = any(line.error for line in shown)
    numbered = table.kind == 'rows'
    yield [*(['#'] if numbered else []), *map(_one_line, table.columns), *([_PROBLEM] if reasons else [])]
    for number, line in enumerate(shown, 1):
        sign = f'{SIGN} ' if line.error else ''
        first = [f'{sign}{number}'] if numbered else []
        reason = shortened(line.error, _FIRST_WORDS) if numbered else f'{sign}{line.error}'
        yield [*first, *_filled(line.cells, len(table.columns)), *([reason] if reasons else [])]


def _filled(cells: Sequence[str], count: int) -> list[str]:
    return [*cells[:count], *[''] * (count - len(cells))]


def counts(table: Table) -> list[str]:
    """The lines below a table: the count of rows, where it is a list, and what is wrong with rows in full."""
    if table.kind != 'rows':
        return []
    hidden = len(table.lines) - MOST
    more = f'… and {counted(hidden, "more row")}: ' if hidden > 0 else ''
    bad = f', {table.invalid} of them not valid' if table.invalid else ''
    cut = ', the last one not whole' if table.is_cut else ''
    wrong = [
        (number, line.error)
        for number, line in enumerate(table.lines, 1)
        if line.error and (number > MOST or len(line.error) > _FIRST_WORDS)
    ]
    told = [f'{SIGN} Row {number}: {error}' for number, error in wrong[:_ERRORS]]
    rest = len(wrong) - _ERRORS
    return [
        f'{more}{counted(len(table.lines), "row")}{bad}{cut}',
        *told,
        *([f'{SIGN} {counted(rest, "more row")} not valid'] if rest > 0 else []),
    ]

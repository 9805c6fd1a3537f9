"""An answer as a log of operations, which only grows: what is sent to a page, in whatever pieces, and again on demand.

An operation is a list of JSON values, its name first:

    ['title', text, seconds]            the model that is asked, and since when
    ['status', text]                    what is going on before the first word
    ['start', block, kind, name]        a block begins, or begins anew; kinds as in `notebook.reducer`
    ['add', block, text]                a block grows
    ['set', block, text]                the whole text of a block
    ['name', block, text]               the whole name of a tool
    ['file', block, media type, base64 or None, bytes]
    ['cite', block, [{'title', 'url', 'quote'}, …]]
    ['columns', block, names, bool]     the columns of a table, whether its rows are numbered; more may be added
    ['row', block, number, cells, state] a row as it is; `state` is None while it is open, '' when it is closed, or
                                        what is wrong with it
    ['cell', block, number, column, text] a cell of a row grows
    ['end', block]                      a block is over, as far as is known
    ['done', {…}]                       the answer is over, see `notebook.views.widget`
    ['version', {…}]                    another answer of its cell takes its place: its text, and how it ended

Pages count the operations that they have, so what was lost can be asked for and nothing is applied twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

__all__ = ('Log', 'Op', 'compact')

Op: TypeAlias = list[Any]


class Log:
    """The operations so far. Adding text is O(1); text that nobody has read yet joins the operation before it."""

    def __init__(self) -> None:
        self._ops: list[Op] = []
        self._growing: int | None = None
        self._pieces: list[str] = []
        self.unread = 0
        """Characters that came since the last `read`; every operation but 'add' counts as one."""

    def __len__(self) -> int:
        return len(self._ops) + (self._growing is not None)

    def add(self, block: int, text: str) -> None:
        """A block grows."""
        if block != self._growing:
            self._close()
            self._growing = block
        self._pieces.append(text)
        self.unread += len(text)

    def put(self, *op: Any) -> None:
        """Any other operation."""
        self._close()
        self._ops.append(list(op))
        self.unread += 1

    def read(self, start: int = 0) -> list[Op]:
        """The operations from number `start` on; from now on these stay as they are."""
        self._close()
        self.unread = 0
        return self._ops[start:]

    def _close(self) -> None:
        if self._growing is not None:
            self._ops.append(['add', self._growing, ''.join(self._pieces)])
            self._growing = None
            self._pieces.clear()


def compact(ops: Sequence[Op]) -> list[Op]:
    """Fewer operations to the same effect: what is added to one block in a row is one operation, and so is each row of
    a table.
    """
    short: list[Op] = []
    pieces: list[str] = []
    for op in _with_last_rows(ops):
        if op[0] == 'add' and pieces and short[-1][1] == op[1]:
            pieces.append(op[2])
            continue
        _join(short, pieces)
        short.append(op)
        pieces = [op[2]] if op[0] == 'add' else []
    _join(short, pieces)
    return short


def _with_last_rows(ops: Sequence[Op]) -> list[Op]:
    """The operations with each row of a table once, as it is at last, where it came first."""
    kept: list[Op] = []
    rows: dict[int, dict[int, Op]] = {}
    for op in ops:
        known = rows.get(op[1], {}) if op[0] in ('row', 'cell') else {}
        if op[0] == 'start':
            rows.pop(op[1], None)
            kept.append(op)
        elif op[0] == 'cell' and op[2] in known:
            known[op[2]][3][op[3]] += op[4]
        elif op[0] == 'row' and op[2] in known:
            known[op[2]][3:] = [list(op[3]), op[4]]
        elif op[0] == 'row':
            row = rows.setdefault(op[1], {})[op[2]] = [*op[:3], list(op[3]), op[4]]
            kept.append(row)
        else:
            kept.append(op)
    return kept


def _join(short: list[Op], pieces: Iterable[str]) -> None:
    whole = ''.join(pieces)
    if whole:
        short[-1] = ['add', short[-1][1], whole]

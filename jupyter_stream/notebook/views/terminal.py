"""Plain text, as it comes. What a model writes cannot move the cursor or colour the screen."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from time import monotonic
from typing import TYPE_CHECKING, Any, TextIO

from jupyter_stream.notebook.bundle import notes_of
from jupyter_stream.notebook.byline import byline_of
from jupyter_stream.notebook.markdown.sanitizer import visible
from jupyter_stream.notebook.reducer import Block, Reducer
from jupyter_stream.notebook.typed_response import typed_part
from jupyter_stream.notebook.typed_table import SIGN, counts

from .row_printer import RowPrinter
from .table_writer import TypedBlocks

if TYPE_CHECKING:
    from jupyter_stream.messages import ModelResponse
    from jupyter_stream.typed.answer import TypedAnswer

    from .standing import Standing

__all__ = ('TerminalView',)

_FRAME = 0.05
"""Seconds between two flushes: in a kernel each is a message to the front end."""

_DIM, _PLAIN = '\x1b[2m', '\x1b[0m'


class TerminalView:
    """Prints the deltas to `stream` (stdout as it is when the answer starts); thinking is dim on a terminal, and so is
    the last line, which says who answered.
    """

    def __init__(
        self, stream: TextIO | None = None, *, byline: bool = True, clock: Callable[[], float] = monotonic
    ) -> None:
        self._clock = clock
        self._byline = byline
        self._title = ''
        self._flushed = float('-inf')
        self._given = stream
        self._stream: TextIO = stream or sys.stdout
        self._reducer = Reducer()
        self._current: Block | None = None
        self._at_start = True
        self._return = ''
        self._typed: TypedBlocks | None = None
        self._rows: RowPrinter | None = None

    def typed(self, answer: TypedAnswer) -> None:
        """Print rows, or the fields of an object, when they are closed."""
        self._typed, self._rows = TypedBlocks(answer), None

    def start(self, title: str, settings: Mapping[str, Any] | None = None) -> None:
        self._stream = self._given or sys.stdout
        self._title = title

    def status(self, text: str) -> None:
        print(visible(text), file=self._stream, flush=True)

    def update(self, event: Any) -> None:
        block = self._reducer.feed(event)
        if block is None:
            return
        ended = event.event_kind == 'part_end'
        if self._typed is not None and self._typed.is_data(block, ended=ended):
            self._print_rows(self._typed)
        else:
            self._show(block)

    def tick(self) -> None:
        now = self._clock()
        if now - self._flushed >= _FRAME:
            self._flushed = now
            self._stream.flush()

    def finish(
        self,
        response: ModelResponse,
        mark: str | None,
        error: BaseException | None,
        standing: Standing | None = None,
    ) -> None:
        self._end_block()
        if self._rows is not None:
            self._write(self._rows.rest() + _below(response))
        if not self._at_start:
            self._stream.write('\n')
        for note in notes_of(response, mark, error):
            self._stream.write(f'[{note}]\n')
        if self._byline and (line := byline_of(response, self._title)):
            self._stream.write(f'{_DIM}{line}{_PLAIN}\n' if self._stream.isatty() else f'{line}\n')
        self._stream.flush()

    def withdraw(self) -> None:
        self._stream.flush()

    def _show(self, block: Block) -> None:
        if block is not self._current:
            if self._current is not None and block.index < self._current.index:
                return  # a call that goes on after the next has begun; its arguments are in the answer
            self._begin(block)
        text = self._return + block.text
        self._return = '\r' if text.endswith('\r') else ''
        self._write(visible(text[: len(text) - len(self._return)]))

    def _print_rows(self, typed: TypedBlocks) -> None:
        if self._rows is None or self._rows.growing is not typed.growing:
            self._end_block()
            self._rows = RowPrinter(typed.growing)
            if not self._at_start:
                self._write('\n')
        self._write(self._rows.new())

    def _begin(self, block: Block) -> None:
        self._end_block()
        if self._current is not None and not self._at_start and self._current.kind != block.kind:
            self._write('\n\n')
        self._current = block
        if block.kind == 'thinking' and self._stream.isatty():
            self._stream.write(_DIM)
        elif block.kind in ('tool', 'return'):
            self._write(visible(f'[{"tool call" if block.kind == "tool" else "tool result"}] {block.name} '))
        elif block.kind == 'file':
            self._write(visible(f'[file] {block.part.content.media_type}'))

    def _end_block(self) -> None:
        if self._current is not None and self._current.kind == 'thinking' and self._stream.isatty():
            self._stream.write(_PLAIN)

    def _write(self, text: str) -> None:
        if text:
            self._stream.write(text)
            self._at_start = text.endswith('\n')


def _below(response: ModelResponse) -> str:
    """What stands below rows: their count; below the fields of an object what is wrong with them."""
    typed = typed_part(response)
    if typed is None:
        return ''
    if typed.table.kind == 'rows':
        return '\n'.join(['', *counts(typed.table)[:1], ''])
    return ''.join(f'{SIGN} {visible(line.error)}\n' for line in typed.table.lines if line.error)

"""The view of Markdown in displays that grow, and of one display in their place at the end.

The text is cut into segments of finished blocks. A finished segment is sent once, as a display of its own, and
never again; only the open end is sent repeatedly, on one frame clock. Where the cell shows other things too, one
display is updated, ever less often as it grows. Either way the answer of n bytes costs O(n) bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from jupyter_stream.notebook.bundle import final_bundle
from jupyter_stream.notebook.markdown import BlockSplitter, repair, sanitize
from jupyter_stream.notebook.names import asking
from jupyter_stream.notebook.reducer import Block, Reducer
from jupyter_stream.notebook.typed_table import MOST, table_markdown, table_of

from .pace import Pace
from .publish import Publisher
from .table_writer import TypedBlocks

if TYPE_CHECKING:
    from jupyter_stream.messages import ModelResponse
    from jupyter_stream.typed.answer import TypedAnswer

    from .standing import Standing

__all__ = ('MarkdownView', 'waiting_markdown')

_SEGMENT = 400
"""Characters after which finished blocks may become a segment: fewer would cost more in envelopes than in text."""

_LONGEST = 1400
"""Characters of one block (code, a list, a table) after which it is cut while it grows."""

_HEADS = {
    'thinking': '> *Thinking*\n>\n> ',
    'tool': '**Tool call** `{name}`\n\n```json\n',
    'return': '**Tool result** `{name}`\n\n```json\n',
}
_NOT_SHOWN = frozenset({'file'})
"""Kinds that come at the end only: a picture may be megabytes."""


class MarkdownView:
    """Shows an answer through display hooks.

    Args:
        publisher: sends the displays.
        owns: whether the cell shows this answer alone: its outputs are cleared for the final one.
        shown: the display that is shown already in the answer's place, to be updated.
        images: whether images may be loaded from the web.
        byline: whether the last line says who answered.
        clock: seconds, as `time.monotonic`.
    """

    def __init__(
        self,
        publisher: Publisher,
        *,
        owns: bool = False,
        shown: str | None = None,
        images: bool = False,
        byline: bool = True,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._publisher = publisher
        self._owns = owns
        self._images = images
        self._bundle = partial(final_bundle, images=images, byline=byline)
        self._clock = clock
        self._pace = Pace()
        self._reducer = Reducer()
        self._current: Block | None = None
        self._splitter = BlockSplitter(_LONGEST)
        self._segment: list[str] = []
        self._segment_size = 0
        self._total = 0
        self._unsent = False
        self._came = float('-inf')
        self._id = shown
        self._title = ''
        self._settings: Mapping[str, Any] | None = None
        self._typed: TypedBlocks | None = None
        self._progress = (0, 0)
        self._table_size = 0

    # ------------------------------------------------------------------ what the player calls

    def typed(self, answer: TypedAnswer) -> None:
        """Show the answer's data as a table, which is sent again when rows or fields of it are closed."""
        self._typed = TypedBlocks(answer)
        self._progress, self._table_size, self._current = (0, 0), 0, None

    def start(self, title: str, settings: Mapping[str, Any] | None = None) -> None:
        self._title, self._settings = title, settings
        self._send(self._waiting(), 0)

    def status(self, text: str) -> None:
        if not self._total:
            self._send(self._waiting(text), 0)

    def update(self, event: Any) -> None:
        block = self._reducer.feed(event)
        if block is None or block.kind in _NOT_SHOWN:
            return
        if self._typed is not None and self._typed.is_data(block, ended=event.event_kind == 'part_end'):
            self._take_data(block, self._typed)
        else:
            self._take(block)

    def tick(self) -> None:
        now = self._clock()
        if not self._due(now):
            return
        if self._ripe:
            self._freeze()
            self._unsent = bool(self._splitter.open.strip() or self._table_size)
            if not (self._unsent and self._pace.stalled(now, self._came)):
                return
        text = ''.join(self._segment) + self._splitter.open
        pieces = [sanitize(repair(text), images=self._images), self._table()]
        self._send('\n\n'.join(filter(None, pieces)), len(text) + self._table_size)
        self._unsent = False

    def finish(
        self,
        response: ModelResponse,
        mark: str | None,
        error: BaseException | None,
        standing: Standing | None = None,
    ) -> None:
        kept = standing and standing.kept
        data, metadata = self._bundle(
            response, settings=self._settings, mark=mark, error=error, asked=self._title, turn=kept
        )
        if self._owns:
            self._publisher.clear()
        if self._owns or self._id is None:
            self._id = uuid4().hex
            self._publisher.display(data, metadata, self._id)
        else:
            self._publisher.update(data, metadata, self._id)
        if standing is not None:
            standing.placed(self._publisher, self._id, mark, None)

    def withdraw(self) -> None:
        if self._owns:
            self._publisher.clear()
        elif self._id is not None:
            self._publisher.update({'text/plain': ''}, {}, self._id)

    def _waiting(self, status: str = '') -> str:
        return waiting_markdown(' · '.join(filter(None, (asking(self._title), status))))

    # ------------------------------------------------------------------ how the text grows

    def _due(self, now: float) -> bool:
        """Whether something has come that is to be sent now."""
        if not self._unsent:
            return False
        if self._ripe and self._pace.settled(now, self._came):
            return True
        return self._pace.due(now, self._open_size, self._total, self._came)

    @property
    def _ripe(self) -> bool:
        """Whether there is a segment to be sent for the last time."""
        return self._owns and self._segment_size >= _SEGMENT

    @property
    def _open_size(self) -> int:
        return self._segment_size + self._splitter.open_size + self._table_size

    def _take(self, block: Block) -> None:
        if block is not self._current:
            if self._current is not None and block.index < self._current.index:
                return  # a call that goes on after the next has begun; it is whole at the end
            self._close_block()
            self._current = block
            self._grow(_HEADS.get(block.kind, '').format(name=_word(block.name)))
        if block.text:
            self._grow(block.text.replace('\n', '\n> ') if block.kind == 'thinking' else block.text)
            self._came = self._clock()
            self._unsent = True

    def _take_data(self, block: Block, typed: TypedBlocks) -> None:
        self._total += len(block.text)
        rows, fields = typed.progress
        # Of rows that are not shown only the count changes.
        progress = (rows if rows <= MOST else MOST * rows.bit_length(), fields)
        if progress != self._progress:
            self._came = self._clock()
            self._unsent = True
            self._progress = progress
            self._table_size = self._table_size or 1

    def _table(self) -> str:
        """The table, once something of it has come."""
        if self._typed is None or not self._table_size:
            return ''
        markdown = table_markdown(table_of(self._typed.growing))
        self._table_size = len(markdown)
        return markdown

    def _grow(self, text: str) -> None:
        self._total += len(text)
        for finished in self._splitter.feed(text):
            self._add(finished)

    def _add(self, finished: str) -> None:
        self._segment.append(finished)
        self._segment_size += len(finished)

    def _close_block(self) -> None:
        """What was open is finished as it is, since another part has begun."""
        for rest in self._splitter.close():
            self._add(repair(rest).rstrip('\n') + '\n\n')

    def _freeze(self) -> None:
        """Send the finished blocks for the last time; what follows gets a display of its own."""
        self._send(sanitize(''.join(self._segment), images=self._images), 0)
        self._segment.clear()
        self._segment_size = 0
        self._id = None

    def _send(self, markdown: str, shown: int) -> None:
        data = {'text/markdown': markdown}
        if self._id is None:
            self._id = uuid4().hex
            self._publisher.display(data, {}, self._id)
        else:
            self._publisher.update(data, {}, self._id)
        self._pace.sent(self._clock(), len(markdown.encode()), shown)


def _word(name: str) -> str:
    return ''.join(char if char.isalnum() or char in '_.:/+-' else '_' for char in name)


def waiting_markdown(words: str) -> str:
    """What stands in the place of an answer that has not begun; `words` may hold a name that anybody gave."""
    return f'*{sanitize(words).replace("*", "")}*'

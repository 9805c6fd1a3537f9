"""Events in, operations of a live view's log out (see `widgets.log`)."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from jupyter_stream.notebook.reducer import Block, Reducer, as_json, sources_of

if TYPE_CHECKING:
    from .table_writer import TableWriter, TypedBlocks

__all__ = ('LogWriter', 'Sink')


class Sink(Protocol):
    """Takes operations: a live view, or its log."""

    def add(self, block: int, text: str) -> None: ...

    def put(self, *op: Any) -> None: ...


class LogWriter:
    """Writes the events of one answer into a log; O(1) an event."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._reducer = Reducer()
        self._known: dict[int, Block] = {}
        self._names: dict[int, str] = {}
        self._objects: dict[int, str] = {}
        self._typed: TypedBlocks | None = None
        self._table: TableWriter | None = None

    def typed(self, blocks: TypedBlocks) -> None:
        """Write data as a table, from now on of this answer."""
        self._typed, self._table = blocks, None

    def draw(self) -> None:
        """Write what is new of the table. Not at each event: what is open is looked at as far as it is shown."""
        if self._table is not None:
            self._table.write()

    def feed(self, event: Any) -> bool:
        """Take one event; whether it brought something to read."""
        block = self._reducer.feed(event)
        if block is None:
            return False
        ended = event.event_kind == 'part_end'
        if self._typed is not None and self._typed.is_data(block, ended=ended):
            self._fill(block, self._typed, ended=ended)
            return True
        if self._known.get(block.index) is not block:
            self._begin(block)
        elif block.name != self._names[block.index]:
            self._names[block.index] = block.name
            self._sink.put('name', block.index, block.name)
        grew = self._grow(block)
        if ended:
            self._cite(block, event.part)
            self._sink.put('end', block.index)
        return grew

    def _fill(self, block: Block, typed: TypedBlocks, *, ended: bool) -> None:
        from .table_writer import TableWriter

        growing = typed.growing
        if self._table is None or self._table.growing is not growing:
            self._table = TableWriter(self._sink, growing, block.index)
        if ended:
            self._table.write()
            self._sink.put('end', block.index)

    def _begin(self, block: Block) -> None:
        self._known[block.index] = block
        self._names[block.index] = block.name
        self._sink.put('start', block.index, block.kind, block.name)
        if block.kind == 'file':
            content = block.part.content
            data = base64.b64encode(content.data).decode()
            self._sink.put('file', block.index, content.media_type, data, len(content.data))

    def _grow(self, block: Block) -> bool:
        if block.merged is not None:
            return self._replace(block, block.merged)
        if block.text:
            self._sink.add(block.index, block.text)
        return bool(block.text) or block.kind == 'file'

    def _replace(self, block: Block, arguments: Mapping[str, Any]) -> bool:
        text = as_json(arguments)
        changed = self._objects.get(block.index) != text
        if changed:
            self._objects[block.index] = text
            self._sink.put('set', block.index, text)
        return changed

    def _cite(self, block: Block, part: Any) -> None:
        """A part's citations are whole when it ends; before that they only swell."""
        sources = sources_of(part)
        if sources:
            self._sink.put('cite', block.index, sources)

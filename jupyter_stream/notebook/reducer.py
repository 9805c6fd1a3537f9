"""Events in, blocks out: what an answer consists of so far, for every way of showing it.

An event says where it belongs by an index; its part or delta says of which kind it is. Appending is O(1);
reading joins. A block that grows after its end (interleaved tool calls do) just grows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ('Block', 'Kind', 'Reducer', 'block_of', 'sources_of')

Kind = Literal['text', 'thinking', 'tool', 'return', 'file', 'other']

_KINDS: dict[str, Kind] = {
    'text': 'text',
    'thinking': 'thinking',
    'tool-call': 'tool',
    'builtin-tool-call': 'tool',
    'builtin-tool-return': 'return',
    'file': 'file',
}


@dataclass(slots=True)
class Block:
    """One part of the answer as it is shown.

    `text` is its text: the words of a text or of thinking, the arguments of a tool call as JSON, what a tool
    returned as JSON. `name` is the tool's. `part` is the part that it began with; a file is shown from it.
    """

    kind: Kind
    index: int
    name: str = ''
    part: Any = None
    ended: bool = False
    _taken: list[str] = field(default_factory=list[str])
    _fresh: list[str] = field(default_factory=list[str])
    _args: dict[str, Any] | None = None

    @property
    def text(self) -> str:
        """All of the text. Joins what came."""
        if self._args is not None:
            return _json(self._args)
        return ''.join(self._taken) + ''.join(self._fresh)

    @property
    def merged(self) -> bool:
        """Whether the arguments come as objects that are merged: then the text does not grow at its end."""
        return self._args is not None

    def take(self) -> str:
        """The text that came since the last call: O(its length)."""
        fresh = ''.join(self._fresh)
        self._taken.append(fresh)
        self._fresh.clear()
        return fresh

    def grow(self, more: str | dict[str, Any] | None) -> None:
        """Append text, or merge arguments that come as an object."""
        if isinstance(more, dict):
            if self._args is None:
                self._fresh.append(_json(more))
            self._args = {**(self._args or {}), **more}
        elif more:
            self._fresh.append(more)


class Reducer:
    """The blocks of one answer, in the order of their indices."""

    def __init__(self) -> None:
        self._blocks: dict[int, Block] = {}

    @property
    def blocks(self) -> list[Block]:
        """The blocks so far."""
        return [self._blocks[index] for index in sorted(self._blocks)]

    def feed(self, event: Any) -> Block | None:
        """Take one event; the block that it began, grew or ended, None if it is none of an answer's parts."""
        step = _STEPS.get(getattr(event, 'event_kind', ''))
        return step(self._blocks, event) if step else None

    def feed_all(self, events: Iterable[Any]) -> None:
        """Take events."""
        for event in events:
            self.feed(event)


def block_of(part: Any, index: int) -> Block:
    """A block for a whole part."""
    kind = _KINDS.get(part.part_kind, 'other')
    block = Block(kind, index, getattr(part, 'tool_name', ''), part)
    if kind == 'tool':
        block.grow(part.args)
    elif kind == 'return':
        block.grow(part.content if isinstance(part.content, str) else _json(part.content))
    elif kind != 'file' and isinstance(content := getattr(part, 'content', getattr(part, 'transcript', None)), str):
        block.grow(content)
    return block


def sources_of(part: Any) -> list[dict[str, str]]:
    """What a part cites, each source once: its 'title', its 'url' ('' for a document) and a 'quote' of it, or ''."""
    cited = (source for citation in getattr(part, 'citations', None) or () for source in citation.sources)
    found: dict[tuple[str, str], dict[str, str]] = {}
    for source in cited:
        url = getattr(source, 'url', '')
        title = source.title or url or getattr(source, 'document_id', None) or 'a document'
        found.setdefault((url, title), {'title': title, 'url': url, 'quote': ''.join(source.excerpts[:1])})
    return list(found.values())


def _start(blocks: dict[int, Block], event: Any) -> Block:
    block = blocks[event.index] = block_of(event.part, event.index)
    return block


def _delta(blocks: dict[int, Block], event: Any) -> Block | None:
    block, delta = blocks.get(event.index), event.delta
    if block is None:
        return None
    if delta.part_delta_kind == 'tool_call':
        block.name += delta.tool_name_delta or ''
        block.grow(delta.args_delta)
    else:
        block.grow(getattr(delta, 'content_delta', getattr(delta, 'transcript_delta', None)))
    return block


def _end(blocks: dict[int, Block], event: Any) -> Block | None:
    block = blocks.get(event.index)
    if block is not None:
        block.ended = True
    return block


_STEPS = {'part_start': _start, 'part_delta': _delta, 'part_end': _end}


def _json(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except (TypeError, ValueError):
        return str(value)

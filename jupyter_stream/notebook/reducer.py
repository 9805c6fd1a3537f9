"""Events in, blocks out: what an answer consists of so far, for every way of showing it.

An event says where it belongs by an index; its part or delta says of which kind it is. Nothing is accumulated here:
the stream holds the answer, and a view keeps what it has to show again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

__all__ = ('Block', 'Kind', 'Reducer', 'as_json', 'block_of', 'is_empty', 'sources_of')

Kind = Literal['text', 'thinking', 'tool', 'return', 'file', 'table', 'other']

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

    Attributes:
        kind: what it is.
        index: the place of the part in the response.
        name: of the tool, where it is a call or what a tool returned.
        part: the part that it began with; a file is shown from it.
        text: what the last event brought, the whole text of a whole part: the words of a text or of thinking, the
            arguments of a call as JSON, what a tool returned as JSON.
        merged: the arguments so far, where they come as objects that are merged. Then `text` has only the first.
    """

    kind: Kind
    index: int
    name: str = ''
    part: Any = None
    text: str = ''
    merged: dict[str, Any] | None = None

    def grow(self, more: str | dict[str, Any] | None) -> None:
        """Take text, or merge arguments that come as an object."""
        if not isinstance(more, dict):
            self.text = more or ''
        elif self.merged is None:
            self.text, self.merged = as_json(more), more
        else:
            self.text, self.merged = '', {**self.merged, **more}


class Reducer:
    """Keeps track of the blocks of one answer by their indices."""

    def __init__(self) -> None:
        self._blocks: dict[int, Block] = {}

    def feed(self, event: Any) -> Block | None:
        """Take one event; the block that it began, grew or ended, None if it is none of an answer's parts."""
        step = _STEPS.get(getattr(event, 'event_kind', ''))
        return step(self._blocks, event) if step else None


def block_of(part: Any, index: int) -> Block:
    """A block for a whole part."""
    kind = _KINDS.get(part.part_kind, 'other')
    block = Block(kind, index, getattr(part, 'tool_name', ''), part)
    if kind == 'tool':
        block.grow(part.args)
    elif kind == 'return':
        block.grow(part.content if isinstance(part.content, str) else as_json(part.content))
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


def is_empty(response: Any, *, thoughts_count: bool = True) -> bool:
    """Whether there is nothing to read in a response; what the model thought may count or not."""
    wordy: frozenset[Kind] = frozenset({'text', 'other', 'thinking'})
    blocks = [block_of(part, index) for index, part in enumerate(response.parts)]
    read = (block for block in blocks if thoughts_count or block.kind != 'thinking')
    return not any(block.text.strip() or block.kind not in wordy for block in read)


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
        block.text = ''
    return block


_STEPS = {'part_start': _start, 'part_delta': _delta, 'part_end': _end}


def as_json(value: Any) -> str:
    """The value as JSON, or in its own words where it has none."""
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except (TypeError, ValueError):
        return str(value)

"""What a stream tells while an answer comes in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

from .._dataclasses import Tagged, short_repr
from ._deltas import ModelResponsePartDelta
from ._response import ModelResponsePart

ResponsePartKind: TypeAlias = Literal[
    'text', 'thinking', 'tool-call', 'builtin-tool-call', 'builtin-tool-return', 'compaction', 'file', 'speech'
]


@dataclass(repr=False, kw_only=True, slots=True)
class PartStartEvent:
    """A part begins, or a whole part replaces the one at `index`."""

    index: int
    part: ModelResponsePart
    previous_part_kind: ResponsePartKind | None = None
    canonical_system: str | None = None
    event_kind: Literal['part_start'] = 'part_start'

    __repr__ = short_repr


@dataclass(repr=False, kw_only=True, slots=True)
class PartDeltaEvent:
    """The part at `index` grows."""

    index: int
    delta: ModelResponsePartDelta
    event_kind: Literal['part_delta'] = 'part_delta'

    __repr__ = short_repr


@dataclass(repr=False, kw_only=True, slots=True)
class PartEndEvent:
    """The part that began last is over, as far as is known: a later delta of it may still come."""

    index: int
    part: ModelResponsePart
    next_part_kind: ResponsePartKind | None = None
    canonical_system: str | None = None
    event_kind: Literal['part_end'] = 'part_end'

    __repr__ = short_repr


@dataclass(repr=False, kw_only=True, slots=True)
class FinalResultEvent:
    """The part that has just begun is the result: a text, or a call of the output tool that is named here."""

    tool_name: str | None
    tool_call_id: str | None
    event_kind: Literal['final_result'] = 'final_result'

    __repr__ = short_repr


ModelResponseStreamEvent: TypeAlias = Annotated[
    PartStartEvent | PartDeltaEvent | PartEndEvent | FinalResultEvent, Tagged('event_kind')
]

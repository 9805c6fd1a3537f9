"""Parts that grow by deltas, in O(1) each: the pieces are kept in a list and joined when somebody reads the part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from jupyter_stream.exceptions import UnexpectedModelBehavior
from jupyter_stream.messages import ModelResponsePart, NativeToolCallPart, TextPart, ThinkingPart, ToolCallPart
from jupyter_stream.stream._types import checked

__all__ = ('GrowingPart',)

_JOINED: Final[Mapping[type, str]] = {
    TextPart: 'content',
    ThinkingPart: 'content',
    ToolCallPart: 'args',
    NativeToolCallPart: 'args',
}
"""The parts that grow by deltas, and the field that their strings are joined into."""


class GrowingPart:
    """A visible part, and the strings that have come for it since it was last joined."""

    __slots__ = ('index', 'part', 'strings')

    def __init__(self, index: int, part: ModelResponsePart) -> None:
        self.index = index
        self.part = checked(part)
        self.strings: list[str] = []

    def grows(self) -> bool:
        """Whether the part is of a kind to which deltas come."""
        return isinstance(self.part, tuple(_JOINED))

    def joined(self) -> ModelResponsePart:
        if self.strings:
            field = _JOINED[type(self.part)]
            whole = (getattr(self.part, field) or '') + ''.join(self.strings)
            self.part = replace(self.part, **{field: whole})
            self.strings = []
        return self.part

    def mixed(self, kind: str) -> UnexpectedModelBehavior:
        """The error for a piece of another kind."""
        return UnexpectedModelBehavior(
            f'The provider sent {kind} for part {self.index}, which is a {self.part.part_kind} part.'
        )

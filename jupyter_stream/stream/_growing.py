"""Parts that grow by deltas, in O(1) each: the pieces are kept in a list and joined when somebody reads the part."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from jupyter_stream.exceptions import UnexpectedModelBehavior
from jupyter_stream.messages import ModelResponsePart, NativeToolCallPart, TextPart, ThinkingPart, ToolCallPart

__all__ = ('Details', 'Nameless', 'Slot', 'generate_tool_call_id')

Arguments = str | dict[str, Any] | None
Details = dict[str, Any] | None

_JOINED: Final[Mapping[type, str]] = {
    TextPart: 'content',
    ThinkingPart: 'content',
    ToolCallPart: 'args',
    NativeToolCallPart: 'args',
}
"""The parts that grow by deltas, and the field that their strings are joined into."""


def generate_tool_call_id() -> str:
    """An id for a tool call to which the provider gave none."""
    return f'pyd_ai_{uuid.uuid4().hex}'


class Slot:
    """A visible part, and the strings that have come for it since it was last joined."""

    __slots__ = ('index', 'part', 'strings')

    def __init__(self, index: int, part: ModelResponsePart) -> None:
        self.index = index
        self.part = part
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

    def mixed(self, word: str) -> UnexpectedModelBehavior:
        """The error for a piece of another kind."""
        return UnexpectedModelBehavior(
            f'The provider sent {word} for part {self.index}, which is a {self.part.part_kind} part.'
        )


class Nameless:
    """A tool call whose name has not come yet; nobody sees it until then."""

    __slots__ = ('args', 'details', 'name', 'provider_name', 'tool_call_id')

    def __init__(self) -> None:
        self.name = ''
        self.args: Arguments = None
        self.tool_call_id: str | None = None
        self.provider_name: str | None = None
        self.details: Details = None

    def add(
        self,
        name: str | None,
        args: Arguments,
        tool_call_id: str | None,
        provider_name: str | None,
        details: Details,
    ) -> None:
        """A piece of the call.

        Raises:
            UnexpectedModelBehavior: string and dict arguments are mixed.
        """
        self.name += name or ''
        self.args = _added(self.args, args)
        self.tool_call_id = tool_call_id or self.tool_call_id
        self.provider_name = provider_name or self.provider_name
        self.details = {**(self.details or {}), **details} if details else self.details

    def part(self, id: str | None) -> ToolCallPart:
        return ToolCallPart(
            self.name,
            self.args,
            self.tool_call_id or generate_tool_call_id(),
            id=id,
            provider_name=self.provider_name,
            provider_details=self.details,
        )


def _added(old: Arguments, new: Arguments) -> Arguments:
    if old is None or new is None:
        return new if old is None else old
    if isinstance(old, str) and isinstance(new, str):
        return old + new
    if isinstance(old, dict) and isinstance(new, dict):
        return {**old, **new}
    raise UnexpectedModelBehavior('The provider sent the arguments of one tool call both as text and as an object.')

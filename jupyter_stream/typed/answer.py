"""An answer of a type while it comes: the events of the stream in, growing data out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from jupyter_stream.typed.growing import Check, Growing

__all__ = ('TypedAnswer',)


class TypedAnswer:
    """Finds the JSON in an answer's events: in its texts, or in the arguments of a call of an output tool.

    Args:
        title: The type as it is named to people: `list[Planet]`.
        schema: The JSON schema of the answer.
        tools: The schema of each output tool by its name; empty where there is none.
        check: Validates one row, see `Growing`.
    """

    def __init__(
        self,
        title: str,
        schema: dict[str, Any],
        tools: Mapping[str, dict[str, Any]] | None = None,
        check: Check | None = None,
    ) -> None:
        self.title = title
        self._tools = tools or {}
        self._check = check
        self._growing = Growing(schema, check)
        self._call: int | None = None  # the index of the call that is the answer

    @property
    def growing(self) -> Growing:
        """The answer's data so far. Another one as soon as a tool is called: what stood before the call was prose."""
        return self._growing

    def update(self, event: Any) -> None:
        """Take an event of the stream."""
        kind = getattr(event, 'event_kind', '')
        if kind == 'part_delta':
            self._delta(event.index, event.delta)
        elif kind == 'part_start':
            self._start(event.index, event.part)

    def _start(self, index: int, part: Any) -> None:
        kind = part.part_kind
        if kind == 'text' and self._call is None:
            self._growing.feed(part.content)
        elif kind == 'tool-call' and self._call in {None, index} and part.tool_name in self._tools:
            self._call = index
            self._growing = Growing(self._tools[part.tool_name], self._check)
            self._arguments(part.args)

    def _delta(self, index: int, delta: Any) -> None:
        kind = delta.part_delta_kind
        if kind == 'text' and self._call is None:
            self._growing.feed(delta.content_delta)
        elif kind == 'tool_call' and self._call == index:
            self._arguments(delta.args_delta)

    def _arguments(self, args: str | dict[str, Any] | None) -> None:
        """Some protocols send arguments whole, as an object."""
        if args:
            self._growing.feed(args if isinstance(args, str) else json.dumps(args, ensure_ascii=False))

"""An answer of a type while it comes, and what it is worth at the end."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, Final

from jupyter_stream.exceptions import InvalidAnswer
from jupyter_stream.messages import ModelRequest, ModelResponse, RetryPromptPart, ToolCallPart, ToolReturnPart
from jupyter_stream.typed.growing import Growing
from jupyter_stream.typed.problems import summary
from jupyter_stream.typed.wanted import Outcome, Typed

__all__ = ('TypedAnswer',)

_UNUSED: Final = 'Output tool not used - output failed validation.'
_NOTHING: Final = 'it holds no JSON'
_BROKEN: Final = 'it stops being JSON before its end'
_CUT: Final = 'it ends before its JSON does'


class TypedAnswer:
    """Finds the JSON in an answer's events: in its texts, or in the arguments of a call of an output tool.

    Args:
        typed: The type that the answer is asked to be of.

    Attributes:
        typed: The same.
    """

    def __init__(self, typed: Typed) -> None:
        self.typed = typed
        self._growing = typed.growing()
        self._tool: str | None = None
        self._call: int | None = None  # the index of the call that is the answer
        self._outcome: Outcome | None = None

    @property
    def title(self) -> str:
        """The type as it is named to people: `list[Planet]`."""
        return self.typed.title

    @property
    def growing(self) -> Growing:
        """The answer's data so far. Another one as soon as a tool is called: what stood before the call was prose."""
        return self._growing

    @property
    def call(self) -> int | None:
        """The index of the part that is the answer, where that is a call; None where it is text."""
        return self._call

    @property
    def outcome(self) -> Outcome | None:
        """What the whole answer is worth; None until it is there."""
        return self._outcome

    def update(self, event: Any) -> None:
        """Take an event of the stream."""
        kind = getattr(event, 'event_kind', '')
        if kind == 'part_delta':
            self._delta(event.index, event.delta)
        elif kind == 'part_start':
            self._start(event.index, event.part)

    def finish(self) -> Outcome:
        """No more will come: validate the whole, once."""
        if self._outcome is None:
            self._outcome = self._worth()
        return self._outcome

    # ------------------------------------------------------------------ what it is worth

    @property
    def value(self) -> Any:
        """The validated object.

        Raises:
            InvalidAnswer: the answer is not of the type.
        """
        outcome = self.finish()
        if outcome.member is None:
            raise InvalidAnswer(
                f'The answer is not of the type {self.title}: {summary(outcome.problems)}. What came is in `.data`; '
                'to have the model try again, ask with `--retries 2`, or `retries=2`.'
            ) from outcome.error
        return outcome.value

    @property
    def problems(self) -> list[str]:
        """What is wrong with it, a sentence each, without full stops; empty where nothing is."""
        return list(self.finish().problems)

    def table(self) -> tuple[list[dict[str, Any]], list[str]]:
        """The data as records, and the names of their fields: of a list each valid element, else one record."""
        outcome, growing = self.finish(), self._growing
        member = outcome.member or (self.typed.tools[self._tool] if self._tool else self.typed.only)
        if growing.kind == 'rows' and member is not None:
            found = [member.dumped_row(row.value) for row in growing.rows if row.error is None]
            names = member.row_fields
        else:
            found = [member.dumped(outcome.value)] if outcome.member and member else [growing.value]
            names = []
        return [record if isinstance(record, dict) else {'value': record} for record in found], names

    def retry(self, response: ModelResponse) -> ModelRequest:
        """What is said to the model so that it tries again: the errors of the validation."""
        error = self.finish().error
        errors: Any = error.errors(include_url=False, include_context=False) if error else summary(self.problems)
        calls = [part for part in response.parts if isinstance(part, ToolCallPart) and part.tool_name == self._tool]
        if not calls:
            return ModelRequest(parts=[RetryPromptPart(errors)])
        first, *others = calls
        said = RetryPromptPart(errors, tool_name=first.tool_name, tool_call_id=first.tool_call_id)
        return ModelRequest(parts=[said, *(_unused(call) for call in others)])

    def _worth(self) -> Outcome:
        growing = self._growing
        if growing.is_closed:
            return self.typed.outcome(growing.text, self._tool)
        if growing.data is not None:
            cut = self.typed.outcome(growing.text, self._tool)
            return replace(cut, problems=[_BROKEN if growing.is_broken else _CUT])
        bare = self.typed.outcome(growing.source, self._tool)  # a number or a word without an object around it
        return bare if bare.member else replace(bare, problems=[_NOTHING])

    def _start(self, index: int, part: Any) -> None:
        kind = part.part_kind
        if kind == 'text' and self._call is None:
            self._growing.feed(part.content)
        elif kind == 'tool-call' and self._call in {None, index} and part.tool_name in self.typed.tools:
            self._call, self._tool = index, part.tool_name
            self._growing = self.typed.growing(part.tool_name)
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


def _unused(call: ToolCallPart) -> ToolReturnPart:
    return ToolReturnPart(call.tool_name, _UNUSED, call.tool_call_id, outcome='failed')

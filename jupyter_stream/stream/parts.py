"""Deltas in, parts and events out: the one place where the rules of stream events live.

A wire decoder names each piece of an answer by a key of its own (an index, an item id) and calls `text`, `thinking`,
`tool_call` or `part`. The manager keeps the parts, and appends to `events` what a reader of the stream sees:

* a `PartStartEvent` for each new or replaced part, with a `PartEndEvent` for the part started before it;
* a `PartDeltaEvent` for each further piece;
* one `FinalResultEvent`, straight after the start of the first part that can be the result;
* at the natural end (`finish`), the `PartEndEvent` of the part started last.

Appending is O(1) (see `_growing`), and events are never changed after they were handed out.
"""

from __future__ import annotations

import time
from collections.abc import Hashable
from dataclasses import replace
from itertools import chain
from typing import Any, cast

from jupyter_stream.exceptions import UnexpectedModelBehavior
from jupyter_stream.messages import (
    Citation,
    FinalResultEvent,
    ModelResponsePart,
    ModelResponseStreamEvent,
    NativeToolCallPart,
    PartDeltaEvent,
    PartEndEvent,
    PartStartEvent,
    ProviderDetailsDelta,
    TextPart,
    TextPartDelta,
    ThinkingPart,
    ThinkingPartDelta,
    ToolCallPart,
    ToolCallPartDelta,
    generate_tool_call_id,
)
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.stream._characters import Characters, whole_value
from jupyter_stream.stream._final_result import final_result
from jupyter_stream.stream._growing import GrowingPart
from jupyter_stream.stream._tags import Tags
from jupyter_stream.stream._types import checked
from jupyter_stream.stream.marks import PartMark

__all__ = ('PartsManager', 'generate_tool_call_id')

Details = dict[str, Any] | None


class PartsManager:
    """The parts of one answer while it grows.

    Args:
        parameters: decide which part is the final result; None means that any text is.
        provider_name: the stream's provider, whose own parts carry `canonical_system`.
        canonical_system: see `ModelResponse.canonical_system`.
        thinking_tags: the pair of tags between which text is thinking, wherever the deltas cut them; None for none.
        ignore_leading_whitespace: drop white space that comes before a text part has begun.

    Attributes:
        events: the events that `take` will hand out next.
        final_result_event: the event that said which part is the result, once it has come.
        marks: when each part began and ended, in the order of their beginnings.
        tagged: the thinking part that an opening tag begins, before its text; a protocol may set another one.
    """

    def __init__(
        self,
        parameters: ModelRequestParameters | None = None,
        *,
        provider_name: str | None = None,
        canonical_system: str | None = None,
        thinking_tags: tuple[str, str] | None = None,
        ignore_leading_whitespace: bool = False,
    ) -> None:
        self.events: list[ModelResponseStreamEvent] = []
        self.final_result_event: FinalResultEvent | None = None
        self.tagged = ThinkingPart('')
        self._parameters = parameters or ModelRequestParameters()
        self._provider_name = provider_name
        self._canonical_system = canonical_system
        self._tags = Tags(*thinking_tags) if thinking_tags else None
        self._characters = Characters()
        self._skip_leading_space = ignore_leading_whitespace
        self._growing: list[GrowingPart] = []
        self._by_key: dict[Hashable, GrowingPart] = {}
        self._pending_calls: dict[Hashable, ToolCallPartDelta] = {}
        self._started: GrowingPart | None = None
        self.marks: list[PartMark] = []

    def __len__(self) -> int:
        return len(self._growing)

    def take(self) -> list[ModelResponseStreamEvent]:
        """The events since the last call."""
        events, self.events = self.events, []
        return events

    def parts(self) -> list[ModelResponsePart]:
        """The parts as they stand, joined. A tool call without a name is not among them."""
        return [growing.joined() for growing in self._growing]

    def joined(self, key: Hashable) -> ModelResponsePart | None:
        """The part under `key` as it stands, joined; None where there is none."""
        growing = self._by_key.get(key)
        return growing.joined() if growing is not None else None

    # ------------------------------------------------------------------ text

    def text(
        self,
        key: Hashable | None,
        content: str,
        *,
        id: str | None = None,
        provider_name: str | None = None,
        provider_details: dict[str, Any] | None = None,
        citations: list[Citation] | None = None,
    ) -> None:
        """A piece of text. `key` None means the latest part, if that is text.

        Raises:
            UnexpectedModelBehavior: `key` names a part that is not text.
        """
        if self._characters.held or not content.isascii():
            content = self._characters.whole('text', key, content)
        if self._tags is None:
            self._plain_text(key, content, id, provider_name, provider_details, citations)
        else:
            self._tagged_text(self._tags, key, content, id, provider_name, provider_details, citations)

    def _plain_text(
        self,
        key: Hashable | None,
        content: str,
        id: str | None = None,
        provider_name: str | None = None,
        details: Details = None,
        citations: list[Citation] | None = None,
    ) -> None:
        growing = self._find(key, TextPart, 'text')
        if growing is None:
            if self._skip_leading_space and (not content or content.isspace()):
                return
            part = TextPart(content, id=id, provider_name=provider_name, provider_details=details, citations=citations)
            self._start(key, part)
            return
        if provider_name is not None and provider_name == growing.part.provider_name:
            provider_name = None
        delta = TextPartDelta(content, provider_name=provider_name, provider_details=details, citations_delta=citations)
        if provider_name or details or citations:
            growing.part = checked(replace(delta, content_delta='').apply(growing.part))
        if content:
            growing.strings.append(content)
        self.events.append(PartDeltaEvent(index=growing.index, delta=delta))

    def _tagged_text(
        self,
        tags: Tags,
        key: Hashable | None,
        content: str,
        id: str | None,
        provider_name: str | None,
        details: Details,
        citations: list[Citation] | None,
    ) -> None:
        thinks = self._is_thinking(key)
        if not tags.may_turn(content, thinks):
            self._piece(key, thinks, content, id, provider_name, details, citations)
            return
        bare = details is None and citations is None
        for step, piece in tags.steps(key, content, thinks, lambda: self._is_blank(key), bare=bare):
            if step == 'opens':
                self._start(key, replace(self.tagged, provider_details=details))
            elif step == 'closes':
                self._by_key.pop(key, None)
            else:
                self._piece(key, step == 'thinking', piece, id, provider_name, details, citations)

    def _is_thinking(self, key: Hashable | None) -> bool:
        growing = self._by_key.get(key)
        return growing is not None and type(growing.part) is ThinkingPart

    def _is_blank(self, key: Hashable | None) -> bool:
        """Whether nothing but white space has come of this text."""
        growing = self._by_key.get(key)
        if growing is None or not isinstance(growing.part, TextPart):
            return True
        return not any(piece.strip() for piece in chain((growing.part.content,), growing.strings))

    def _piece(
        self,
        key: Hashable | None,
        thinks: bool,
        content: str,
        id: str | None,
        provider_name: str | None,
        details: Details,
        citations: list[Citation] | None,
    ) -> None:
        if thinks:
            self._plain_thinking(key, content, None, provider_name, details)
        else:
            self._plain_text(key, content, id, provider_name, details, citations)

    # -------------------------------------------------------------- thinking

    def thinking(
        self,
        key: Hashable | None,
        content: str | None = None,
        *,
        id: str | None = None,
        signature: str | None = None,
        provider_name: str | None = None,
        provider_details: ProviderDetailsDelta = None,
    ) -> None:
        """A piece of thinking, a signature (it replaces an earlier one) or details (a dict is merged, a callable maps).

        Raises:
            UnexpectedModelBehavior: `key` names a part that is not thinking, or there is nothing to begin one with.
        """
        if content and (self._characters.held or not content.isascii()):
            content = self._characters.whole('thinking', key, content)
        self._plain_thinking(key, content, signature, provider_name, provider_details, id)

    def _plain_thinking(
        self,
        key: Hashable | None,
        content: str | None,
        signature: str | None = None,
        provider_name: str | None = None,
        details: ProviderDetailsDelta = None,
        id: str | None = None,
    ) -> None:
        growing = self._find(key, ThinkingPart, 'thinking')
        if growing is None:
            if content is None and signature is None and details is None:
                raise UnexpectedModelBehavior('The provider began a thinking part with nothing in it.')
            given = details(None) if callable(details) else details
            self._start(
                key,
                ThinkingPart(
                    content or '', id=id, signature=signature, provider_name=provider_name, provider_details=given
                ),
            )
            return
        if content is None and signature is None and provider_name is None and details is None:
            return
        if provider_name == growing.part.provider_name:
            provider_name = None
        delta = ThinkingPartDelta(
            content_delta=content, signature_delta=signature, provider_name=provider_name, provider_details=details
        )
        if signature is not None or provider_name is not None or details is not None:
            old = cast(ThinkingPart, growing.part)
            given = details(old.provider_details) if callable(details) else details
            bare = replace(delta, content_delta=None, provider_details=given)
            if bare.signature_delta is not None or bare.provider_name or bare.provider_details:
                growing.part = checked(cast(ThinkingPart, bare.apply(old)))
        if content:
            growing.strings.append(content)
        self.events.append(PartDeltaEvent(index=growing.index, delta=delta))

    # ------------------------------------------------------------ tool calls

    def tool_call(
        self,
        key: Hashable | None,
        *,
        name: str | None = None,
        args: str | dict[str, Any] | None = None,
        tool_call_id: str | None = None,
        id: str | None = None,
        provider_name: str | None = None,
        provider_details: dict[str, Any] | None = None,
    ) -> None:
        """A piece of a tool call: names and string arguments append, dict arguments merge, an id replaces.

        `key` None with a name begins a new call, without one it goes on with the latest. A call is shown from the
        piece on that gives it a name.

        Raises:
            UnexpectedModelBehavior: `key` names a part that is no tool call, or string and dict arguments are mixed.
        """
        if isinstance(args, str) and (self._characters.held or not args.isascii()):
            args = self._characters.whole('tool_call', key, args)
        growing = self._call_of(key, name)
        if growing is None:
            piece = ToolCallPartDelta(
                tool_name_delta=name or None,
                args_delta=args,
                tool_call_id=tool_call_id,
                provider_name=provider_name,
                provider_details=provider_details,
            )
            self._begin_call(key, piece, id)
            return
        part = cast(ToolCallPart, growing.part)
        if provider_name == part.provider_name:
            provider_name = None
        delta = ToolCallPartDelta(
            tool_name_delta=name,
            args_delta=args,
            tool_call_id=tool_call_id or part.tool_call_id,
            provider_name=provider_name,
            provider_details=provider_details,
        )
        if isinstance(args, str) and not isinstance(part.args, dict):
            if args:
                growing.strings.append(args)
            elif part.args is None and not growing.strings:
                growing.part = part = replace(part, args='')
            if name or tool_call_id or provider_name or provider_details:
                growing.part = checked(cast(ToolCallPart, replace(delta, args_delta=None).apply(part)))
        else:
            growing.part = checked(cast(ToolCallPart, delta.apply(growing.joined())))
        self.events.append(PartDeltaEvent(index=growing.index, delta=delta))

    def _begin_call(self, key: Hashable | None, piece: ToolCallPartDelta, id: str | None) -> None:
        """Start a call, or keep what has come of it until its name has."""
        pending = self._pending_calls.pop(key, None)
        call = piece.as_part() or piece if pending is None else piece.apply(pending)
        if isinstance(call, ToolCallPartDelta):
            self._pending_calls[key] = call
        else:
            self._start(key, replace(call, id=id))

    def _call_of(self, key: Hashable | None, name: str | None) -> GrowingPart | None:
        """The visible call that a piece belongs to; None when it begins one or belongs to a pending one."""
        if key is not None:
            growing = self._by_key.get(key)
            if growing is not None and not isinstance(growing.part, ToolCallPart | NativeToolCallPart):
                raise growing.mixed('a tool call')
            return growing
        if name is not None or None in self._pending_calls:
            return None
        growing = self._growing[-1] if self._growing else None
        return growing if growing is not None and isinstance(growing.part, ToolCallPart | NativeToolCallPart) else None

    # ----------------------------------------------------------- whole parts

    def part(self, key: Hashable | None, part: ModelResponsePart) -> None:
        """A whole part: it takes the place of the part under `key` if that is of its type, else it is a new one."""
        part = checked(whole_value(part))
        growing = self._by_key.get(key) if key is not None else None
        if growing is None or not isinstance(growing.part, type(part)):
            self._start(key, part)
            return
        growing.part, growing.strings = part, []
        self._announce(growing)

    def reserve(self, key: Hashable, part: ModelResponsePart) -> None:
        """Keep the place of a new part that is not complete yet: it is among the parts, and `part` will announce it."""
        self._by_key[key] = growing = GrowingPart(len(self._growing), part)
        self._growing.append(growing)

    def flush(self) -> None:
        """Let out what was held back: half a tag becomes text, half a character U+FFFD."""
        for kind, key in self._characters.take():
            if kind == 'tool_call':
                self.tool_call(key, args='\ufffd')
            else:
                getattr(self, kind)(key, '\ufffd')
        for key, content in (self._tags.take() if self._tags else {}).items():
            self._piece(key, self._is_thinking(key), content, None, None, None, None)

    def finish(self) -> None:
        """The natural end of the stream: nothing is held back any longer, and the last part ends."""
        self.flush()
        self._end_started(None)
        self._started = None

    # ----------------------------------------------------------------- inner

    def _find(self, key: Hashable | None, kind: type[TextPart] | type[ThinkingPart], name: str) -> GrowingPart | None:
        if key is None:
            growing = self._growing[-1] if self._growing else None
            return growing if growing is not None and isinstance(growing.part, kind) else None
        growing = self._by_key.get(key)
        if growing is not None and not isinstance(growing.part, kind):
            raise growing.mixed(name)
        return growing

    def _start(self, key: Hashable | None, part: ModelResponsePart) -> None:
        growing = GrowingPart(len(self._growing), part)
        self._growing.append(growing)
        if key is not None or self._tags:
            self._by_key[key] = growing
        self._announce(growing)

    def _announce(self, growing: GrowingPart) -> None:
        part = growing.part
        previous = self._started
        self._end_started(part)
        if growing is not previous:
            self.marks.append(PartMark(part.part_kind, getattr(part, 'tool_name', ''), time.perf_counter()))
        self._started = growing
        self.events.append(
            PartStartEvent(
                index=growing.index,
                part=part,
                previous_part_kind=previous.part.part_kind if previous else None,
                canonical_system=self._system_of(part),
            )
        )
        if self.final_result_event is None and (final := final_result(part, self._parameters)):
            self.final_result_event = final
            self.events.append(final)

    def _end_started(self, next_part: ModelResponsePart | None) -> None:
        growing = self._started
        if growing is not None:
            self.marks[-1].ended = time.perf_counter()
        if growing is None or not growing.grows():
            return  # parts that never grow have no end
        part = growing.joined()
        kind = next_part.part_kind if next_part is not None else None
        self.events.append(
            PartEndEvent(index=growing.index, part=part, next_part_kind=kind, canonical_system=self._system_of(part))
        )

    def _system_of(self, part: ModelResponsePart) -> str | None:
        own = part.provider_name is not None and part.provider_name == self._provider_name
        return self._canonical_system if own else None

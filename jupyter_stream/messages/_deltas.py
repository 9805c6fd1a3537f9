"""What is added to a part while it streams. `apply` makes the new part and leaves the old one as it was."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, replace
from typing import Annotated, Any, Literal, TypeAlias

from .._dataclasses import JsonForm, Tagged, generate_tool_call_id, short_repr
from ..exceptions import UnexpectedModelBehavior
from ._citations import Citation
from ._response import ModelResponsePart, TextPart, ThinkingPart
from ._shared import SpeechPart, SpeechTimestamp
from ._tools import NativeToolCallPart, ToolCallPart

Details: TypeAlias = dict[str, Any]
DetailsFunction: TypeAlias = Callable[[Details | None], Details]


def _without_function(value: Any) -> Any:
    return None if callable(value) else value


ProviderDetailsDelta: TypeAlias = Annotated[Details | DetailsFunction | None, JsonForm(dump=_without_function)]
"""Details to merge into those of the part, or a function from the old details to new ones (null in JSON)."""


def _merged(old: Details | None, new: Details | None) -> Details | None:
    return {**(old or {}), **(new or {})} or None


def _merged_args(old: str | Details | None, new: str | Details | None) -> str | Details | None:
    """Arguments with more of them: text is appended to text, an object merged into an object.

    Raises UnexpectedModelBehavior when one is text and the other an object.
    """
    if new is None:
        return old
    if isinstance(new, str) and not isinstance(old, dict):
        return (old or '') + new
    if isinstance(new, dict) and not isinstance(old, str):
        return {**(old or {}), **new}
    raise UnexpectedModelBehavior('The provider sent the arguments of one tool call both as text and as an object.')


@dataclass(repr=False, slots=True)
class TextPartDelta:
    """More text, and the citations known by now."""

    content_delta: str
    _: KW_ONLY
    provider_name: str | None = None
    provider_details: dict[str, Any] | None = None
    citations_delta: list[Citation] | None = None
    part_delta_kind: Literal['text'] = 'text'

    def apply(self, part: ModelResponsePart) -> TextPart:
        """The part with this added; ValueError when it is no TextPart."""
        if not isinstance(part, TextPart):
            raise ValueError(f'A TextPartDelta applies to a TextPart, not to a {type(part).__name__}.')
        return replace(
            part,
            content=part.content + self.content_delta,
            provider_name=self.provider_name or part.provider_name,
            provider_details=_merged(part.provider_details, self.provider_details),
            citations=part.citations if self.citations_delta is None else self.citations_delta,
        )

    __repr__ = short_repr


@dataclass(repr=False, kw_only=True, slots=True)
class ThinkingPartDelta:
    """More of a thought, or its signature, which replaces an earlier one."""

    content_delta: str | None = None
    signature_delta: str | None = None
    provider_name: str | None = None
    provider_details: ProviderDetailsDelta = None
    part_delta_kind: Literal['thinking'] = 'thinking'

    def apply(self, part: ModelResponsePart | ThinkingPartDelta) -> ThinkingPart | ThinkingPartDelta:
        """The part, or the delta, with this added; ValueError when it is neither."""
        if isinstance(part, ThinkingPart):
            return self._to_part(part)
        if isinstance(part, ThinkingPartDelta):
            return self._to_delta(part)
        raise ValueError(f'A ThinkingPartDelta applies to a ThinkingPart, not to a {type(part).__name__}.')

    def _to_part(self, part: ThinkingPart) -> ThinkingPart:
        details = self.provider_details
        return replace(
            part,
            content=part.content + (self.content_delta or ''),
            signature=part.signature if self.signature_delta is None else self.signature_delta,
            provider_name=part.provider_name if self.provider_name is None else self.provider_name,
            provider_details=_merged(
                part.provider_details, details(part.provider_details) if callable(details) else details
            ),
        )

    def _to_delta(self, delta: ThinkingPartDelta) -> ThinkingPartDelta:
        if self.content_delta is None and self.signature_delta is None:
            raise ValueError('A ThinkingPartDelta without content and signature applies to a part only.')
        content = delta.content_delta
        return replace(
            delta,
            content_delta=content if self.content_delta is None else (content or '') + self.content_delta,
            signature_delta=delta.signature_delta if self.signature_delta is None else self.signature_delta,
            provider_name=delta.provider_name if self.provider_name is None else self.provider_name,
            provider_details=_chained(delta.provider_details, self.provider_details),
        )

    __repr__ = short_repr


def _chained(first: Details | DetailsFunction | None, then: Details | DetailsFunction | None) -> Any:
    if then is None:
        return first
    if not callable(first):
        return then if callable(then) else {**(first or {}), **then}

    def both(old: Details | None) -> Details:
        made = first(old)
        return then(made) if callable(then) else {**made, **then}

    return both


@dataclass(repr=False, kw_only=True, slots=True)
class ToolCallPartDelta:
    """More of a call: of its name, of its arguments. Until there is a name, there is no part."""

    tool_name_delta: str | None = None
    args_delta: str | dict[str, Any] | None = None
    tool_call_id: str | None = None
    provider_name: str | None = None
    provider_details: dict[str, Any] | None = None
    part_delta_kind: Literal['tool_call'] = 'tool_call'

    def as_part(self) -> ToolCallPart | None:
        """The call so far; None without a name."""
        if self.tool_name_delta is None:
            return None
        return ToolCallPart(
            self.tool_name_delta,
            self.args_delta,
            self.tool_call_id or generate_tool_call_id(),
            provider_name=self.provider_name,
            provider_details=self.provider_details,
        )

    def apply(
        self, part: ModelResponsePart | ToolCallPartDelta
    ) -> ToolCallPart | NativeToolCallPart | ToolCallPartDelta:
        """The call with this added; a delta that has a name then becomes a call.

        Raises ValueError when it is no call, UnexpectedModelBehavior when text and objects are mixed.
        """
        if isinstance(part, ToolCallPart | NativeToolCallPart):
            return self._to_part(part)
        if isinstance(part, ToolCallPartDelta):
            return self._to_delta(part)
        raise ValueError(f'A ToolCallPartDelta applies to a tool call, not to a {type(part).__name__}.')

    def _to_part(self, part: ToolCallPart | NativeToolCallPart) -> ToolCallPart | NativeToolCallPart:
        return replace(
            part,
            tool_name=part.tool_name + (self.tool_name_delta or ''),
            args=_merged_args(part.args, self.args_delta),
            tool_call_id=self.tool_call_id or part.tool_call_id,
            provider_name=self.provider_name or part.provider_name,
            provider_details=self._details(part.provider_details),
        )

    def _to_delta(self, delta: ToolCallPartDelta) -> ToolCallPart | ToolCallPartDelta:
        name = delta.tool_name_delta
        merged = replace(
            delta,
            tool_name_delta=(name or '') + self.tool_name_delta if self.tool_name_delta else name,
            args_delta=_merged_args(delta.args_delta, self.args_delta),
            tool_call_id=self.tool_call_id or delta.tool_call_id,
            provider_name=self.provider_name or delta.provider_name,
            provider_details=self._details(delta.provider_details),
        )
        return merged.as_part() or merged

    def _details(self, old: Details | None) -> Details | None:
        return _merged(old, self.provider_details) if self.provider_details else old

    __repr__ = short_repr


@dataclass(repr=False, kw_only=True, slots=True)
class SpeechPartDelta:
    """More of something spoken; `transcript` replaces the text, `transcript_delta` adds to it."""

    speaker: Literal['user', 'assistant'] | None = None
    transcript_delta: str | None = None
    transcript: str | None = None
    audio_chunk: bytes | None = None
    timestamps: list[SpeechTimestamp] | None = None
    part_delta_kind: Literal['speech'] = 'speech'

    def apply(self, part: ModelResponsePart) -> SpeechPart:
        """The part with this added; ValueError when it is no SpeechPart."""
        if not isinstance(part, SpeechPart):
            raise ValueError(f'A SpeechPartDelta applies to a SpeechPart, not to a {type(part).__name__}.')
        transcript, audio, timestamps = part.transcript, part.audio, part.timestamps
        if self.transcript is not None:
            transcript = self.transcript
        elif self.transcript_delta:
            transcript = (transcript or '') + self.transcript_delta
        if self.audio_chunk and audio is not None:
            audio = replace(audio, data=audio.data + self.audio_chunk)
        if self.timestamps:
            timestamps = [*(timestamps or ()), *self.timestamps]
        return replace(part, transcript=transcript, audio=audio, timestamps=timestamps)

    __repr__ = short_repr


ModelResponsePartDelta: TypeAlias = Annotated[
    TextPartDelta | ThinkingPartDelta | ToolCallPartDelta | SpeechPartDelta, Tagged('part_delta_kind')
]

"""Chunks of a Chat Completions stream to parts: https://platform.openai.com/docs/api-reference/chat-streaming

An answer is over when a chunk gave a finish reason; `[DONE]` ends the reading. What must hold at the end is checked in
`close`, so that a cut answer is never taken for a whole one.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, Final, cast

from jupyter_stream.exceptions import EmptyStream, IncompleteStream, ModelAPIError
from jupyter_stream.framing.sse import Frame
from jupyter_stream.messages import (
    FinishReason,
    ModelResponseStreamEvent,
    PartStartEvent,
    TextPart,
    ThinkingPart,
    ToolCallPart,
)
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.settings import ModelSettings
from jupyter_stream.usage import RequestUsage
from jupyter_stream.wire import base
from jupyter_stream.wire.decoding import UNNAMED, EventDecoder, NamePieces, first_of
from jupyter_stream.wire.openai_chat.details import (
    citations_of,
    downstream_details,
    log_probabilities,
    updated,
    url_citations,
    usage_of,
)
from jupyter_stream.wire.openai_chat.reasoning import part_of
from jupyter_stream.wire.openai_details import moderation, timestamp
from jupyter_stream.wire.prepare import relevant

__all__ = ('Decoder',)

FINISH_REASONS: Final[Mapping[str, FinishReason]] = {
    'stop': 'stop',
    'length': 'length',
    'tool_calls': 'tool_call',
    'content_filter': 'content_filter',
    'function_call': 'tool_call',
}

_THINKING_FIELDS: Final = ('reasoning', 'reasoning_content')


class Decoder(EventDecoder):
    """Reads one answer. Text between two stretches of thinking or tool calls is a part of its own."""

    bare_errors = True
    end_marker = '[DONE]'

    def __init__(self, target: base.Target, parameters: ModelRequestParameters, settings: ModelSettings) -> None:
        super().__init__(target, relevant(parameters), settings)
        provider, profile = target.provider, target.profile
        own = cast(Mapping[str, Any], settings)
        # 'content' says, when it goes back, that it came in tags and in no field of its own.
        self.parts.tagged = ThinkingPart('', id='content', provider_name=provider.name)
        self._finish_reasons: dict[str, FinishReason] = {**FINISH_REASONS, **provider.finish_reasons}
        self._keeps_annotations = bool(own.get('openai_include_raw_annotations'))
        self._cumulative = provider.usage_is_cumulative or bool(own.get('openai_continuous_usage_stats'))
        self._reported: RequestUsage = RequestUsage()
        fields = dict.fromkeys((profile.thinking_field, *_THINKING_FIELDS))
        self._thinking_fields = tuple(name for name in fields if name)
        self._chunks = 0
        self._plain_size = -1
        self._tier: Any = None
        self._refusal = ''
        self._log_probabilities: list[dict[str, Any]] = []
        self._annotations: list[Any] = []
        self._text_keys: list[Hashable] = []
        self._text_length = 0
        self._in_text = False
        self._content_run = 0
        self._content_key: Hashable = ('content', 0)
        self._reasoning_run = 0
        self._awaits_text = False
        self._held_space = ''
        self._calls = _Calls()
        self._names_of_calls = NamePieces(self.parameters)

    # ---------------------------------------------------------------- frames

    def _event(self, chunk: dict[str, Any], frame: Frame) -> None:
        if frame.event is not None and not self._is_chunk(frame.event, chunk):
            return
        content = self._plain_text_of(chunk)
        if content is None:
            self._read(chunk)
        else:
            self._text(content)

    def _is_chunk(self, event: str, chunk: dict[str, Any]) -> bool:
        """Whether a named event is a chunk all the same, or something that is not for us. An error is raised."""
        if event == 'error':
            raise self._error(chunk)
        return event in UNNAMED or 'choices' in chunk or 'error' in chunk

    def _plain_text_of(self, chunk: dict[str, Any]) -> str | None:
        """The text of a chunk that is like the one before it and has nothing but text; None for any other chunk.

        Nearly all chunks are such, and this is the way that has to be short.
        """
        get = chunk.get
        if len(chunk) != self._plain_size or get('usage') is not None or get('id') != self.provider_response_id:
            return None
        if get('service_tier') != self._tier or get('moderation') is not None or 'error' in chunk:
            return None
        choices = get('choices')
        choice = cast('dict[str, Any]', choices[0] if choices else {})
        if choice.get('index'):
            return None
        delta = cast('dict[str, Any] | None', choice.get('delta'))
        if not delta or len(delta) > (2 if 'role' in delta else 1):
            return None
        if choice.get('finish_reason') is not None or choice.get('logprobs') is not None:
            return None
        content = delta.get('content')
        return content if content and isinstance(content, str) else None

    # ---------------------------------------------------------------- chunks

    def _read(self, chunk: dict[str, Any]) -> None:
        if chunk.get('error'):
            raise self._error(chunk)
        choices = chunk.get('choices')
        if choices is None and 'choices' in chunk and self.target.provider.null_choices_is_error:
            raise ModelAPIError(
                self.model_name,
                f'{self.target.provider.title} sent a chunk without choices and without an error: try again.',
                in_stream=True,
            )
        self._chunks += 'choices' in chunk
        choice = first_of(choices)
        self._describe(chunk, choice)
        if choice is not None:
            self._choice(choice)

    def _describe(self, chunk: dict[str, Any], choice: dict[str, Any] | None) -> None:
        """What the chunk says of the answer as a whole."""
        self.provider_response_id = chunk.get('id') or self.provider_response_id
        self.model_name = chunk.get('model') or self.model_name
        details: dict[str, Any] = {}
        known = self.provider_details or {}
        if 'timestamp' not in known and (made := timestamp(chunk.get('created'))):
            details['timestamp'] = made
        if judged := moderation(chunk.get('moderation')):
            details['moderation'] = judged
        if tier := chunk.get('service_tier'):
            details['service_tier'] = tier
        if choice is not None and choice.get('finish_reason') and not self._refusal:
            details['finish_reason'] = choice['finish_reason']
        if self.target.provider.names_downstream:
            details.update(downstream_details(chunk, choice))
        if details:
            self.provider_details = {**known, **details}
        if usage := chunk.get('usage'):
            self._count(usage, choice is None)
        self._tier = chunk.get('service_tier')
        self._plain_size = -1 if self.target.provider.names_downstream else len(chunk)

    def _count(self, raw: dict[str, Any], is_last: bool) -> None:
        """A report is a total: it replaces the one before.

        Only one that goes on saying that a single token came out, chunk after chunk, counts no more than its own chunk,
        unless it `is_last`: that of a chunk without choices, which is for the total alone.
        """
        usage = usage_of(raw, reasoning_is_extra=self.target.provider.reasoning_is_extra)
        is_total = self._cumulative or is_last or usage.output_tokens != 1 or usage != self._reported
        self._reported = updated(self._reported, usage)
        self.usage = self._reported if is_total else self.usage + usage

    def _choice(self, choice: dict[str, Any]) -> None:
        if reason := choice.get('finish_reason'):
            self.complete = True
            if not self._refusal:
                self.finish_reason = self._finish_reasons.get(reason)
        self._log_probabilities += log_probabilities(choice)
        delta = choice.get('delta')
        if not delta and not len(self.parts):
            delta = choice.get('message')  # a whole answer, where a stream was asked for
        if not delta:
            return
        if refusal := delta.get('refusal'):
            self._refusal += refusal
            self.finish_reason = 'content_filter'
            return
        self._thinking(delta)
        if content := _text_of(delta.get('content')):
            self._text(content)
        if annotations := delta.get('annotations'):
            self._annotate(annotations)
        for call in delta.get('tool_calls') or ():
            self._tool_call(call)

    # ----------------------------------------------------------------- parts

    def _thinking(self, delta: dict[str, Any]) -> None:
        if self.target.profile.reasoning_details and (details := delta.get('reasoning_details')):
            for position, detail in enumerate(details):
                self._reasoning_detail(position, detail)
            return
        for field in self._thinking_fields:
            content = delta.get(field)
            if content and isinstance(content, str):
                before = len(self.parts)
                self.parts.thinking(
                    ('reasoning', field, self._reasoning_run),
                    content,
                    id=field,
                    provider_name=self.target.provider.name,
                )
                if len(self.parts) != before:
                    self._leave_text(awaits_text=True)
                return

    def _reasoning_detail(self, position: int, detail: dict[str, Any]) -> None:
        part = part_of(detail)
        if part is None:
            return
        index = detail.get('index')
        # Gemini sends a text and an encrypted detail of the same index: the type tells them apart.
        key = ('reasoning_detail', detail['type'], position if index is None else index)
        self.parts.thinking(key, provider_name=self.target.provider.name, **part)

    def _text(self, content: str) -> None:
        self._text_length += len(content)
        parts = self.parts
        if not self._in_text and (self._awaits_text or self._held_space):
            content = self._with_held_space(content)
            if not content:
                return
        before, events = len(parts), len(parts.events)
        parts.text(self._content_key, content)
        if len(parts) != before:
            self._note_start(parts.events[events:])

    def _with_held_space(self, content: str) -> str:
        """White space between thinking and text is dropped where it is noise, but not from the middle of a text."""
        if not self.target.profile.ignore_streamed_leading_whitespace:
            return content
        if content.isspace():
            if self._awaits_text:
                self._held_space += content
            return ''
        if content.startswith('<'):  # perhaps the tag of another stretch of thinking
            return content
        held, self._held_space = self._held_space, ''
        return held + content

    def _note_start(self, events: list[ModelResponseStreamEvent]) -> None:
        self._reasoning_run += 1
        self._awaits_text = False
        started = [event.part for event in events if isinstance(event, PartStartEvent)]
        self._in_text = bool(started) and isinstance(started[-1], TextPart)
        if any(isinstance(part, TextPart) for part in started):
            self._text_keys.append(self._content_key)

    def _leave_text(self, *, awaits_text: bool) -> None:
        """Thinking or a tool call has begun: text that follows is another part."""
        if self._in_text:
            self._content_run += 1
            self._content_key = ('content', self._content_run)
            self._in_text = False
            self._awaits_text = awaits_text

    def _tool_call(self, call: dict[str, Any]) -> None:
        function = cast('dict[str, Any]', call.get('function') or {})
        extra = call.get('extra_content')
        before = len(self.parts)
        key = self._calls.key(call.get('index'), call.get('id'), function.get('name'))
        self.parts.tool_call(
            key,
            name=self._names_of_calls.piece(key, function.get('name')),
            args=function.get('arguments'),
            tool_call_id=call.get('id'),
            provider_name=self.target.provider.name if extra else None,
            provider_details={'extra_content': extra} if extra else None,
        )
        if len(self.parts) != before:
            self._reasoning_run += 1
            self._awaits_text = False
            self._leave_text(awaits_text=False)

    def _annotate(self, annotations: list[Any]) -> None:
        self._annotations += annotations
        if self.target.provider.names_downstream:
            self.provider_details = {**(self.provider_details or {}), 'annotations': list(self._annotations)}

    # ------------------------------------------------------------------- end

    def close(self) -> list[ModelResponseStreamEvent]:
        """See `base.Decoder.close`."""
        if not self._chunks:
            raise EmptyStream()
        self._settle()
        if not self.complete and not self._refusal and not self._may_end_without_reason():
            raise IncompleteStream(self.model_name)
        self._cite()
        self.parts.finish()
        return self.parts.take()

    def _settle(self) -> None:
        """Details that are known only at the end."""
        details: dict[str, Any] = {}
        if self._refusal:
            details['refusal'] = self._refusal
        if self._log_probabilities:
            details['logprobs'] = self._log_probabilities
        if details:
            self.provider_details = {**(self.provider_details or {}), **details}

    def _may_end_without_reason(self) -> bool:
        if self.target.provider.sends_finish_reason or not self.terminal:
            return False
        called = any(isinstance(part, ToolCallPart) for part in self.parts.parts())
        self.finish_reason = 'tool_call' if called else 'stop'
        return True

    def _cite(self) -> None:
        """Put the annotations of the answer on its text, if it has but one and that is as it came."""
        if not self._annotations or not self._text_keys:
            return
        self.parts.flush()
        cited = url_citations(self._annotations)
        texts = [part.content for part in self.parts.parts() if isinstance(part, TextPart)]
        whole = len(texts) == 1 and len(texts[0]) == self._text_length
        citations = citations_of(cited, texts[0]) if whole else []
        details: dict[str, Any] = {'annotations': self._annotations} if self._keeps_annotations else {}
        if citations:
            details['citations'] = cited
        if details:
            self.parts.text(
                self._text_keys[-1],
                '',
                provider_name=self.target.provider.name,
                provider_details=details,
                citations=citations or None,
            )


# ---------------------------------------------------------------- pieces of a chunk


class _Calls:
    """Which pieces belong to one tool call: those of one index; without one, of one id; without either, the last."""

    def __init__(self) -> None:
        self._keys: dict[int, Hashable] = {}
        self._ids: dict[Hashable, str] = {}
        self._last: Hashable = None
        self._count = 0

    def key(self, index: int | None, call_id: str | None, name: str | None) -> Hashable:
        """The key of the call that a piece with these belongs to; a new one when it begins a call."""
        if index is None:
            key: Hashable = ('id', call_id) if call_id else self._new() if name or self._last is None else self._last
        else:
            key = self._by_index(index, call_id, name)
        self._last = key
        return key

    def _by_index(self, index: int, call_id: str | None, name: str | None) -> Hashable:
        key = self._keys.setdefault(index, ('index', index))
        if call_id and name and self._ids.get(key, call_id) != call_id:
            # Some servers give every call of an answer the same index.
            key = self._keys[index] = self._new()
        if call_id:
            self._ids.setdefault(key, call_id)
        return key

    def _new(self) -> Hashable:
        self._count += 1
        return ('call', self._count)


def _text_of(content: Any) -> str | None:
    """The text of a delta, which some servers send as a list of parts."""
    if not isinstance(content, list):
        return cast('str | None', content)
    parts = cast('list[Any]', content)
    return ''.join(
        part if isinstance(part, str) else part.get('text') or '' if part.get('type') == 'text' else ''
        for part in parts
    )

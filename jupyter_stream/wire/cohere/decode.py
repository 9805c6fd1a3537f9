"""Events of Cohere's stream to parts: https://docs.cohere.com/reference/chat-stream

`message-end` ends an answer and says why; without it the answer is not complete. Text, thinking and tool calls are told
apart by the index of their block. Citations: https://docs.cohere.com/docs/rag-citations
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any, Final, cast

from jupyter_stream.exceptions import EmptyStream, IncompleteStream
from jupyter_stream.framing.sse import Frame
from jupyter_stream.messages import (
    Citation,
    CitationSource,
    ContentCitationAnchor,
    DocumentCitationSource,
    FinishReason,
    ModelResponseStreamEvent,
    WebCitationSource,
)
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.settings import ModelSettings
from jupyter_stream.usage import RequestUsage
from jupyter_stream.wire import base
from jupyter_stream.wire.cohere.content import TOOL_PLAN
from jupyter_stream.wire.decoding import UNNAMED, EventDecoder, NamePieces
from jupyter_stream.wire.prepare import relevant

__all__ = ('Decoder',)

Event = dict[str, Any]
Raw = Mapping[str, Any]

FINISH_REASONS: Final[Mapping[str, FinishReason]] = {
    'COMPLETE': 'stop',
    'STOP_SEQUENCE': 'stop',
    'MAX_TOKENS': 'length',
    'TOOL_CALL': 'tool_call',
    'ERROR': 'error',
}

_EMPTY: Final[Event] = {}


class Decoder(EventDecoder):
    """Reads one answer."""

    end_marker = '[DONE]'

    def __init__(self, target: base.Target, parameters: ModelRequestParameters, settings: ModelSettings) -> None:
        super().__init__(target, relevant(parameters), settings)
        self._begun = False
        self._last_text: Hashable = None
        self._starts: dict[Hashable, int] = {}
        self._open_calls: dict[Any, Any] = {}
        self._names_of_calls = NamePieces(self.parameters)
        self._read: Mapping[Any, Callable[[Event], None]] = {
            'message-start': self._message_start,
            'content-start': self._content_start,
            'content-delta': self._content,
            'tool-plan-delta': self._tool_plan,
            'tool-call-start': self._tool_call_start,
            'tool-call-delta': self._tool_call_delta,
            'tool-call-end': self._tool_call_end,
            'citation-start': self._citation,
            'message-end': self._message_end,
            'error': self._fail,
        }
        self._names = UNNAMED.union(self._read)

    # ---------------------------------------------------------------- frames

    def _event(self, event: Event, frame: Frame) -> None:
        kind = event.get('type') or frame.event
        if kind is None and isinstance(event.get('message'), dict):
            self._whole(event)
            return
        if (kind is None or 'error' in event) and (event.get('error') or event.get('message')):
            kind = 'error'
        if (read := self._read.get(kind)) is not None:
            read(event)

    def _fail(self, event: Event) -> None:
        raise self._error(event)

    # ---------------------------------------------------------------- events

    def _message_start(self, event: Event) -> None:
        self._begun = True
        self.provider_response_id = event.get('id') or self.provider_response_id

    def _key(self, kind: str, block: str, index: Any) -> Hashable:
        """The key of a part: an index that begins once more stands for another block."""
        return kind, index, self._starts.get((block, index), 0)

    def _begin(self, block: str, index: Any) -> None:
        self._starts[block, index] = self._starts.get((block, index), 0) + 1

    def _content_start(self, event: Event) -> None:
        self._begin('content', event.get('index'))
        self._content(event)

    def _whole(self, answer: Event) -> None:
        """A whole answer, where a stream was asked for: what its events would have said."""
        message: Event = answer['message']
        self._message_start(answer)
        self._tool_plan(_told(0, tool_plan=message.get('tool_plan')))
        for index, content in enumerate(message.get('content') or ()):
            self._content_start(_told(index, content=content))
        for index, call in enumerate(message.get('tool_calls') or ()):
            self._tool_call_start(_told(index, tool_calls=call))
        for index, citation in enumerate(message.get('citations') or ()):
            self._citation(_told(index, citations=citation))
        self._message_end({'delta': answer})

    def _content(self, event: Event) -> None:
        content = _message(event).get('content') or _EMPTY
        if text := content.get('text'):
            self._last_text = self._key('text', 'content', event.get('index'))
            self.parts.text(self._last_text, text)
        elif thinking := content.get('thinking'):
            self.parts.thinking(self._key('thinking', 'content', event.get('index')), thinking)

    def _tool_plan(self, event: Event) -> None:
        if plan := _message(event).get('tool_plan'):
            self.parts.thinking(TOOL_PLAN, plan, id=TOOL_PLAN, provider_name=self.target.provider.name)

    def _tool_call_start(self, event: Event) -> None:
        index, call = event.get('index'), _message(event).get('tool_calls') or _EMPTY
        function, call_id = call.get('function') or _EMPTY, call.get('id')
        if not call_id or self._open_calls.get(index) != call_id:
            self._begin('tool', index)
        self._open_calls[index] = call_id
        key = self._key('tool', 'tool', index)
        self.parts.tool_call(
            key,
            name=self._names_of_calls.piece(key, function.get('name')),
            args=function.get('arguments') or None,
            tool_call_id=call_id,
        )

    def _tool_call_delta(self, event: Event) -> None:
        function = (_message(event).get('tool_calls') or _EMPTY).get('function') or _EMPTY
        self.parts.tool_call(self._key('tool', 'tool', event.get('index')), args=function.get('arguments'))

    def _tool_call_end(self, event: Event) -> None:
        self._open_calls.pop(event.get('index'), None)

    def _citation(self, event: Event) -> None:
        raw = cast(Event, _message(event).get('citations') or _EMPTY)
        citation = _citation_of(raw)
        if citation is None:
            return
        index = raw.get('content_index')
        key = self._last_text if index is None else self._key('text', 'content', index)
        if key is not None:
            self.parts.text(key, '', citations=[citation])

    def _message_end(self, event: Event) -> None:
        delta = event.get('delta') or _EMPTY
        if usage := delta.get('usage'):
            self.usage = _usage_of(usage)
        if reason := delta.get('finish_reason'):
            self.finish_reason = FINISH_REASONS.get(reason)
            self.provider_details = {'finish_reason': reason}
        if delta.get('error'):
            self._fail(delta)
        self.complete = self.terminal = True

    # ------------------------------------------------------------------- end

    def close(self) -> list[ModelResponseStreamEvent]:
        """See `base.Decoder.close`."""
        if not self._begun and not len(self.parts):
            raise EmptyStream()
        if not self.complete:
            raise IncompleteStream(self.model_name)
        self.parts.finish()
        return self.parts.take()


def _told(index: int, **message: Any) -> Event:
    """An event of a stream that brings this."""
    return {'index': index, 'delta': {'message': message}}


def _message(event: Event) -> Event:
    return (event.get('delta') or _EMPTY).get('message') or _EMPTY


# ---------------------------------------------------------------- citations


def _citation_of(cited: Raw) -> Citation | None:
    """The citation that a `citation-start` holds; None where it cites no text of the answer, or names no source."""
    if cited.get('type', 'TEXT_CONTENT') != 'TEXT_CONTENT':
        return None
    sources = [_source(cast(Raw, source)) for source in cited.get('sources') or () if isinstance(source, dict)]
    return Citation(sources, anchor=_anchor(cited.get('start'), cited.get('end'))) if sources else None


def _anchor(start: Any, end: Any) -> ContentCitationAnchor | None:
    valid = isinstance(start, int) and isinstance(end, int) and 0 <= start < end
    return ContentCitationAnchor(start=start, end=end) if valid else None


def _source(source: Raw) -> CitationSource:
    """A document that was given, or what a tool returned; of the web where it has an address."""
    document = source.get('document') or source.get('tool_output')
    fields = cast(Raw, document if isinstance(document, dict) else {})
    url, title = _text(fields, 'url'), _text(fields, 'title')
    excerpts = [text for text in [_text(fields, 'text') or _text(fields, 'snippet')] if text]
    if url:
        return WebCitationSource(url, title=title, excerpts=excerpts)
    return DocumentCitationSource(document_id=_text(source, 'id'), title=title, excerpts=excerpts)


def _text(fields: Raw, name: str) -> str | None:
    value = fields.get(name)
    return value if isinstance(value, str) and value else None


# ---------------------------------------------------------------- token counts

_BILLED: Final = ('input_tokens', 'output_tokens', 'search_units', 'classifications')


def _usage_of(raw: Mapping[str, Any]) -> RequestUsage:
    """The tokens that were read and written; what of them is billed stands in `details`."""
    tokens, billed = _mapping(raw.get('tokens')), _mapping(raw.get('billed_units'))
    return RequestUsage(
        input_tokens=_count(tokens.get('input_tokens')),
        output_tokens=_count(tokens.get('output_tokens')),
        cache_read_tokens=_count(raw.get('cached_tokens')),
        details={name: _count(billed[name]) for name in _BILLED if billed.get(name)},
    )


def _count(value: Any) -> int:
    return int(value) if isinstance(value, int | float) else 0


def _mapping(value: Any) -> Mapping[str, Any]:
    return cast(Mapping[str, Any], value) if isinstance(value, dict) else {}

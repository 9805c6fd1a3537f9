"""The frames of a ConverseStream to parts.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStreamOutput.html. A frame's headers say
what it is, its payload is JSON. An answer is a row of blocks, each with an index, perhaps a start, deltas and a stop.
It is over when `messageStop` gave the reason; the usage comes after that, and ends the reading. What must hold at the
end is checked in `close`, so that a cut answer is never taken for a whole one.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, cast

from jupyter_stream.exceptions import EmptyStream, IncompleteStream, ModelAPIError, http_error, stream_error
from jupyter_stream.framing.eventstream import WHOLE, Frame
from jupyter_stream.messages import (
    Citation,
    CitationSource,
    ContentCitationAnchor,
    DocumentCitationSource,
    FinishReason,
    ModelResponseStreamEvent,
    NativeToolCallPart,
    NativeToolReturnPart,
    TextPart,
    WebCitationSource,
)
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.settings import ModelSettings
from jupyter_stream.usage import RequestUsage
from jupyter_stream.wire import base
from jupyter_stream.wire.bedrock.history import CODE, CODE_RESULT, REDACTED
from jupyter_stream.wire.bedrock.thinking import settled
from jupyter_stream.wire.decoding import WRONG_TYPE, Blocks, NamePieces, parsed

__all__ = ('Decoder',)

Raw = dict[str, Any]
RawCitation = Mapping[str, Any]

FINISH_REASONS: Final[Mapping[str, FinishReason]] = {
    'end_turn': 'stop',
    'stop_sequence': 'stop',
    'max_tokens': 'length',
    'model_context_window_exceeded': 'length',
    'tool_use': 'tool_call',
    'content_filtered': 'content_filter',
    'guardrail_intervened': 'content_filter',
    'malformed_model_output': 'error',
    'malformed_tool_use': 'error',
}

_CODE_EXECUTION: Final = 'code_execution'
_SERVER_TOOL: Final = 'server_tool_use'


class Decoder(base.Decoder):
    """Reads one answer. A tool of the provider that is not known has no name here, and so is never shown."""

    response_id_header = 'x-amzn-requestid'

    def __init__(self, target: base.Target, parameters: ModelRequestParameters, settings: ModelSettings) -> None:
        super().__init__(target, settled(target, cast(Raw, settings), parameters), settings)
        self._name = target.provider.name
        self._began = False
        self._counted = False
        self._open = Blocks()
        self._names = NamePieces(self.parameters)
        self._results: dict[Any, NativeToolReturnPart] = {}
        self._citations: dict[Any, list[Raw]] = {}
        self._events: Mapping[Any, Callable[[Raw], None]] = {
            'contentBlockDelta': self._delta,
            'contentBlockStart': self._block,
            'contentBlockStop': self._block_end,
            'messageStart': self._start,
            'messageStop': self._stop,
            'metadata': self._metadata,
            WHOLE: self._whole,
        }

    # ---------------------------------------------------------------- frames

    def feed(self, frame: Frame) -> list[ModelResponseStreamEvent]:
        """See `base.Decoder.feed`."""
        self.offset += 1
        if self.terminal:
            return []
        headers = frame.headers
        if headers.get(':message-type', 'event') != 'event':
            raise self._error(frame)
        read = self._events.get(headers.get(':event-type'))
        if read is None:
            return []
        text = frame.payload.decode('utf-8', 'replace')
        try:
            event = parsed(text)
        except (ValueError, RecursionError):
            raise self._malformed(text, 'is not JSON') from None
        try:
            read(event)
        except WRONG_TYPE as error:
            raise self._malformed(text, 'has a field of the wrong type') from error
        return self.parts.take()

    def _error(self, frame: Frame) -> ModelAPIError:
        return _exception_error(self.model_name, frame, self.target.provider.title)

    # --------------------------------------------------------------- message

    def _start(self, event: Raw) -> None:
        self._began = True

    def _stop(self, event: Raw) -> None:
        reason = event['stopReason']
        self.complete = True
        self.finish_reason = FINISH_REASONS.get(reason)
        self._note('finish_reason', reason)
        self._note('additional_model_response_fields', event.get('additionalModelResponseFields'))
        self.terminal = self._counted

    def _metadata(self, event: Raw) -> None:
        if usage := event.get('usage'):
            self.usage = _usage_of(usage)
        self._note('trace', event.get('trace'))
        # It comes last, as far as is known; but no page promises that.
        self._counted = True
        self.terminal = self.complete

    def _whole(self, answer: Raw) -> None:
        """A whole answer, where a stream was asked for: what its events would have said."""
        output = cast(Raw, answer.get('output') or {})
        if not (message := cast(Raw, output.get('message') or {})):
            return
        self._began = True
        for index, block in enumerate(cast('list[Raw]', message.get('content') or [])):
            self._whole_block(index, block)
            self._block_end({'contentBlockIndex': index})
        self._stop(answer)
        self._metadata(answer)

    def _whole_block(self, index: int, block: Raw) -> None:
        if (use := block.get('toolUse')) is not None:
            key = self._open.begin(index)
            self.parts.tool_call(key, name=use['name'], args=use.get('input'), tool_call_id=use['toolUseId'])
        elif (thought := block.get('reasoningContent')) is not None:
            self._reasoning(self._open.begin(index), thought.get('reasoningText') or thought)
        elif (cited := block.get('citationsContent')) is not None:
            for content in cited.get('content') or ():
                self._delta({'contentBlockIndex': index, 'delta': content})
            for citation in cited.get('citations') or ():
                self._delta({'contentBlockIndex': index, 'delta': {'citation': citation}})
        else:
            self._delta({'contentBlockIndex': index, 'delta': block})

    def _note(self, name: str, value: Any) -> None:
        if value is not None:
            self.provider_details = {**(self.provider_details or {}), name: value}

    # ---------------------------------------------------------------- blocks

    def _block(self, event: Raw) -> None:
        self._began = True
        index, start = self._open.begin(event['contentBlockIndex']), event['start']
        if (use := start.get('toolUse')) is not None:
            self._tool_use(index, use)
        elif (result := start.get('toolResult')) is not None:
            self._tool_result(index, result)

    def _tool_use(self, index: Any, use: Raw) -> None:
        name, call_id = use['name'], use['toolUseId']
        if use.get('type') != _SERVER_TOOL:
            self.parts.tool_call(index, name=self._names.piece(index, name), tool_call_id=call_id)
        elif name == CODE:
            self.parts.part(index, NativeToolCallPart(_CODE_EXECUTION, tool_call_id=call_id, provider_name=self._name))

    def _tool_result(self, index: Any, result: Raw) -> None:
        if result.get('type') == CODE_RESULT:
            status = result.get('status')
            self._results[index] = NativeToolReturnPart(
                _CODE_EXECUTION,
                None,
                result['toolUseId'],
                provider_name=self._name,
                provider_details={'status': status} if status else {},
            )

    def _block_end(self, event: Raw) -> None:
        index = self._open.end(event['contentBlockIndex'])
        if self._citations:
            self._cite(index, self._citations.pop(index, []))
        if (result := self._results.pop(index, None)) is not None:
            self.parts.part(index, result)  # it comes in pieces, and parts of its kind don't grow

    def _cite(self, index: Any, raw: list[Raw]) -> None:
        """Put the citations of a block on its text, now that it is whole."""
        parts = self.parts.parts()  # blocks come one after the other: the one that ends is the last
        part = parts[-1] if raw and parts else None
        if isinstance(part, TextPart) and part.content and (citations := _citations_of(raw, part.content)):
            self.parts.text(
                index, '', provider_name=self._name, provider_details={'citations': raw}, citations=citations
            )

    # ---------------------------------------------------------------- deltas

    def _delta(self, event: Raw) -> None:
        self._began = True
        index, delta = self._open.key(event['contentBlockIndex']), event['delta']
        if text := delta.get('text'):
            self.parts.text(index, text)
        else:
            self._other_delta(index, delta)

    def _other_delta(self, index: Any, delta: Raw) -> None:
        if (thought := delta.get('reasoningContent')) is not None:
            self._reasoning(index, thought)
        if (use := delta.get('toolUse')) is not None:
            self.parts.tool_call(index, name=self._names.piece(index, use.get('name')), args=use.get('input'))
        if (citation := delta.get('citation')) is not None:
            self._citations.setdefault(index, []).append(citation)
        if (found := delta.get('toolResult')) and index in self._results:
            # After a time out it is the first word of the answer, leaked, and no JSON.
            self._results[index].content = found[0].get('json')

    def _reasoning(self, index: Any, thought: Raw) -> None:
        if redacted := thought.get('redactedContent'):
            signature = b64decode(redacted).decode()
            self.parts.thinking(index, id=REDACTED, signature=signature, provider_name=self._name)
            return
        text, signature = thought.get('text'), thought.get('signature')
        if text is not None or signature is not None:
            self.parts.thinking(index, text, signature=signature, provider_name=self._name if signature else None)

    # ------------------------------------------------------------------- end

    def close(self) -> list[ModelResponseStreamEvent]:
        """See `base.Decoder.close`."""
        if not self._began:
            raise EmptyStream()
        if not self.complete:
            raise IncompleteStream(self.model_name)
        self.parts.finish()
        return self.parts.take()


# ---------------------------------------------------------------- errors

STATUSES: Final[Mapping[str, int]] = {
    'throttlingexception': 429,
    'serviceunavailableexception': 503,
    'internalserverexception': 500,
    'validationexception': 400,
    'modelstreamerrorexception': 424,
    'modeltimeoutexception': 408,
}
"""The status that an exception would have had before the stream began, by its name in lower case.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html#API_runtime_ConverseStream_Errors
"""


def _exception_error(model_name: str, frame: Frame, provider_name: str) -> ModelAPIError:
    """The error for a frame that is an exception (its headers name it, its payload tells) or an error (all headers)."""
    headers = frame.headers
    code = str(headers.get(':exception-type') or headers.get(':error-code') or '')
    said = _said(frame.payload)
    body = {'message': headers.get(':error-message'), **said, **({'code': code} if code else {})}
    status = STATUSES.get(code.lower())
    if status is None:
        return stream_error(model_name, body, provider_name)
    return http_error(status, model_name, body, None, provider_name, in_stream=True)


def _said(payload: bytes) -> dict[str, Any]:
    text = payload.decode('utf-8', 'replace')
    try:
        said = parsed(text)
    except (ValueError, RecursionError):
        return {'message': text} if text.strip() else {}
    return cast('dict[str, Any]', said) if isinstance(said, dict) else {'message': text}


# ---------------------------------------------------------------- citations


def _citations_of(raw: Sequence[RawCitation], text: str) -> list[Citation] | None:
    """The citations of a block of text; None where there are none that say anything."""
    sources = [source for source in map(_source, raw) if source is not None]
    if not sources:
        return None
    return [Citation(sources=sources, anchor=ContentCitationAnchor(start=0, end=len(text)) if text else None)]


def _source(raw: RawCitation) -> CitationSource | None:
    title = raw.get('title')
    excerpts = [said['text'] for said in raw.get('sourceContent') or () if said.get('text')]
    location: RawCitation = raw.get('location') or {}
    web: RawCitation = location.get('web') or {}
    if url := web.get('url'):
        return WebCitationSource(url=url, title=title, excerpts=excerpts)
    return DocumentCitationSource(title=title, excerpts=excerpts) if title or excerpts else None


# ---------------------------------------------------------------- token counts

_NAMED: Final = frozenset(
    {'inputTokens', 'outputTokens', 'totalTokens', 'cacheReadInputTokens', 'cacheWriteInputTokens'}
)


def _usage_of(raw: Mapping[str, Any]) -> RequestUsage:
    """The usage that an answer reports. Every count that has no field of its own is kept in `details`."""
    read, written = _count(raw, 'cacheReadInputTokens'), _count(raw, 'cacheWriteInputTokens')
    hours = [_count(kept, 'inputTokens') for kept in raw.get('cacheDetails') or () if kept.get('ttl') == '1h']
    return RequestUsage(
        input_tokens=_count(raw, 'inputTokens') + read + written,
        output_tokens=_count(raw, 'outputTokens'),
        cache_read_tokens=read,
        cache_write_tokens=written,
        cache_write_1h_tokens=sum(hours),
        details={name: count for name, count in raw.items() if isinstance(count, int) and name not in _NAMED},
    )


def _count(raw: Mapping[str, Any], name: str) -> int:
    value = raw.get(name)
    return value if isinstance(value, int) else 0

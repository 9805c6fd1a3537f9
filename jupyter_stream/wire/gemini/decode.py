"""The stream of `GenerateContentResponse`s to parts: https://ai.google.dev/api/generate-content#v1beta.GenerateContentResponse

There is no end marker: an answer is over when a candidate has given a finish reason, or the prompt was refused. What
follows is still read, for counts and sources come late.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, cast

from jupyter_stream.exceptions import EmptyStream, IncompleteStream
from jupyter_stream.framing.sse import Frame
from jupyter_stream.messages import BinaryContent, FilePart, FinishReason, ModelResponseStreamEvent
from jupyter_stream.native_tools import FileSearchTool
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.settings import ModelSettings
from jupyter_stream.usage import RequestUsage
from jupyter_stream.wire import base
from jupyter_stream.wire.decoding import EventDecoder, first_of
from jupyter_stream.wire.gemini.grounding import NativeTools, citations, fetched_pages
from jupyter_stream.wire.prepare import relevant

__all__ = ('Decoder',)

Raw = dict[str, Any]

FINISH_REASONS: Final[Mapping[str, FinishReason]] = {
    'STOP': 'stop',
    'MAX_TOKENS': 'length',
    'CONTINUATION': 'length',
    'SAFETY': 'content_filter',
    'RECITATION': 'content_filter',
    'BLOCKLIST': 'content_filter',
    'PROHIBITED_CONTENT': 'content_filter',
    'SPII': 'content_filter',
    'IMAGE_SAFETY': 'content_filter',
    'IMAGE_PROHIBITED_CONTENT': 'content_filter',
    'MODEL_ARMOR': 'content_filter',
    'LANGUAGE': 'error',
    'MALFORMED_FUNCTION_CALL': 'error',
    'UNEXPECTED_TOOL_CALL': 'error',
    'NO_IMAGE': 'error',
}

_SIGNATURE_ONLY: Final = {'thoughtSignature'}


class Decoder(EventDecoder):
    """Reads one answer. Text between two stretches of anything else is a part of its own."""

    def __init__(self, target: base.Target, parameters: ModelRequestParameters, settings: ModelSettings) -> None:
        super().__init__(target, relevant(parameters), settings)
        searches_files = any(isinstance(tool, FileSearchTool) for tool in parameters.native_tools)
        self._name = target.provider.name
        self._per_prompt = target.profile.gemini.search_per_prompt
        self._native = NativeTools(self.parts, self._name, searches_files=searches_files)
        self._counts = _Counts()
        self._grounding: Raw = {}
        self._texts: list[list[str]] = []
        self._in_text = False
        self._calls = 0
        self._answers = 0
        self._blocked = False
        self._plain_size = -1

    # ---------------------------------------------------------------- frames

    def _event(self, chunk: Raw, frame: Frame) -> None:
        if frame.event == 'error':
            raise self._error(chunk)
        text = self._plain_text_of(chunk)
        if not text:
            self._read(chunk)
        else:
            self._texts[-1].append(text)
            self.parts.text(len(self._texts), text)

    def _plain_text_of(self, chunk: Raw) -> str | None:
        """The text of a chunk that goes on with a text and says nothing else but counts; None for any other chunk.

        Nearly all chunks are such, and this is the way that has to be short.
        """
        if not self._in_text or len(chunk) != self._plain_size or chunk.get('responseId') != self.provider_response_id:
            return None
        candidates = cast('list[Raw]', chunk.get('candidates') or ())
        candidate = candidates[0] if len(candidates) == 1 else {}
        content = cast('Raw | None', candidate.get('content'))
        if not content or candidate.get('index') or len(candidate) > 1 + ('index' in candidate):
            return None
        parts = cast('list[Raw]', content.get('parts') or ())
        text = parts[0].get('text') if len(parts) == 1 and len(parts[0]) == 1 else None
        if text and (usage := chunk.get('usageMetadata')):
            self._count(usage)
        return text

    # ---------------------------------------------------------------- chunks

    def _read(self, chunk: Raw) -> None:
        if chunk.get('error'):
            raise self._error(chunk)
        self._describe(chunk)
        candidates = cast('list[Raw]', chunk.get('candidates') or [])
        if (candidate := first_of(candidates)) is not None:
            self._candidate(candidate)
        elif not candidates and (feedback := chunk.get('promptFeedback')):
            self._feedback(feedback)
        self._plain_size = len(chunk) if candidates and not self.complete else -1

    def _describe(self, chunk: Raw) -> None:
        """What the chunk says of the answer as a whole."""
        self._answers += 'candidates' in chunk or 'promptFeedback' in chunk
        if self.offset == 1:
            self.model_name = chunk.get('modelVersion') or self.model_name
            if made := _moment(chunk.get('createTime')):
                self._detail({'timestamp': made})
        self.provider_response_id = chunk.get('responseId') or self.provider_response_id
        if usage := chunk.get('usageMetadata'):
            self._count(usage)

    def _detail(self, details: Raw) -> None:
        self.provider_details = {**(self.provider_details or {}), **details}

    def _count(self, raw: Raw) -> None:
        self._counts.add(raw)
        self.usage = self._counts.usage()
        if traffic := raw.get('trafficType'):
            self._detail({'traffic_type': traffic})

    def _feedback(self, feedback: Raw) -> None:
        """The prompt was looked at; when it is refused, there is no answer."""
        reason = feedback.get('blockReason')
        if not reason:
            return
        self._blocked = self.complete = True
        self.finish_reason = 'content_filter'
        message = feedback.get('blockReasonMessage')
        ratings = feedback.get('safetyRatings')
        self._detail(
            {
                'block_reason': reason,
                **({'block_reason_message': message} if message else {}),
                **({'safety_ratings': ratings} if ratings else {}),
            }
        )

    def _candidate(self, candidate: Raw) -> None:
        is_over = self.complete
        if reason := candidate.get('finishReason'):
            self._finish(reason, candidate)
        if grounding := candidate.get('groundingMetadata'):
            self._grounding = grounding
            self._counts.add_searches(*_searches_of(grounding, per_prompt=self._per_prompt))
            self.usage = self._counts.usage()
        if not self._native.told:
            for page in fetched_pages(candidate.get('urlContextMetadata'), self._name):
                self._calls += 1
                self.parts.part(('page', self._calls), page)
        if is_over and not reason:
            return  # the answer ended before: there is no end mark, so this is what comes after one elsewhere
        content = cast(Raw, candidate.get('content') or {})
        for part in cast('list[Raw]', content.get('parts') or ()):
            self._part(part)

    def _finish(self, reason: str, candidate: Raw) -> None:
        self.complete = True
        if self._blocked:
            return
        self.finish_reason = FINISH_REASONS.get(reason)
        said = {'safety_ratings': candidate.get('safetyRatings'), 'finish_message': candidate.get('finishMessage')}
        self._detail({'finish_reason': reason, **{name: value for name, value in said.items() if value}})

    # ----------------------------------------------------------------- parts

    def _part(self, part: Raw) -> None:
        signature = part.get('thoughtSignature')
        details = {'thought_signature': _plain_base64(signature)} if signature else None
        text = part.get('text')
        if text is not None:
            if text or details:
                self._text(text, details, thought=bool(part.get('thought')))
            return
        if part.keys() == _SIGNATURE_ONLY or 'functionResponse' in part:
            return  # a step over media that shows nothing and is refused when it goes back; an echo
        self._in_text = False
        self._other(part, details)

    def _text(self, text: str, details: Raw | None, *, thought: bool) -> None:
        provider_name = self._name if details else None
        if thought:
            self._in_text = False
            self.parts.thinking(None, text, provider_name=provider_name, provider_details=details)
            return
        if not self._in_text:
            self._in_text = True
            self._texts.append([])
        self._texts[-1].append(text)
        self.parts.text(len(self._texts), text, provider_name=provider_name, provider_details=details)

    def _other(self, part: Raw, details: Raw | None) -> None:
        if call := part.get('functionCall'):
            self._call(call, details)
        elif (blob := part.get('inlineData')) is not None:
            self._file(blob, details, thought=bool(part.get('thought')))
        elif call := part.get('toolCall'):
            self._native.call(call, details)
        elif response := part.get('toolResponse'):
            self._native.response(response, details)
        elif (code := part.get('executableCode')) is not None:
            self._native.code(code, details)
        elif (result := part.get('codeExecutionResult')) is not None:
            self._native.code_result(result, details)

    def _call(self, call: Raw, details: Raw | None) -> None:
        self._calls += 1
        self.parts.tool_call(
            ('call', self._calls),
            name=call['name'],
            args=call.get('args'),
            tool_call_id=call.get('id'),
            provider_name=self._name if details else None,
            provider_details=details,
        )

    def _file(self, blob: Raw, details: Raw | None, *, thought: bool) -> None:
        if thought:
            return  # a draft of the image to come
        content = BinaryContent(b64decode(_plain_base64(blob['data'])), media_type=blob['mimeType'])
        self._calls += 1
        self.parts.part(
            ('file', self._calls),
            FilePart(
                BinaryContent.narrow_type(content),
                provider_name=self._name if details else None,
                provider_details=details,
            ),
        )

    # ------------------------------------------------------------------- end

    def close(self) -> list[ModelResponseStreamEvent]:
        """See `base.Decoder.close`."""
        if not self._answers:
            raise EmptyStream()
        if not self.complete:
            raise IncompleteStream(self.model_name)
        self._cite()
        self._native.finish(self._grounding)
        self.parts.finish()
        return self.parts.take()

    def _cite(self) -> None:
        """Put the sources on the texts that they support: Gemini names them once, at the end."""
        self.parts.flush()
        texts = [''.join(pieces) for pieces in self._texts] if self._grounding else []
        for index, (cited, raw) in citations(texts, self._grounding).items():
            self.parts.text(
                index + 1, '', provider_name=self._name, provider_details={'citations': raw}, citations=cited
            )


def _moment(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        return None


def _plain_base64(text: str) -> str:
    """Base64 in its usual alphabet, padded: the protocol allows that for URLs too."""
    text = text.replace('-', '+').replace('_', '/')
    return text + '=' * (-len(text) % 4)


# ---------------------------------------------------------------- token counts

_TOTALS: Final[Mapping[str, tuple[str, ...]]] = {
    'promptTokenCount': ('input_tokens',),
    'toolUsePromptTokenCount': ('input_tokens', 'input_tool_tokens'),
    'cachedContentTokenCount': ('cache_read_tokens',),
    'candidatesTokenCount': ('output_tokens',),
    'thoughtsTokenCount': ('output_tokens', 'output_reasoning_tokens'),
}
"""What each count is added to."""

_NAMED_TOTALS: Final[Mapping[str, str]] = {
    'cachedContentTokenCount': 'cached_content_tokens',
    'thoughtsTokenCount': 'thoughts_tokens',
    'toolUsePromptTokenCount': 'tool_use_prompt_tokens',
}
"""The counts that are kept in `details` too."""

_BY_MODALITY: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    'promptTokensDetails': ('prompt', ('input_{}_tokens',)),
    'cacheTokensDetails': ('cache', ('cache_{}_read_tokens',)),
    'candidatesTokensDetails': ('candidates', ('output_{}_tokens',)),
    'toolUsePromptTokensDetails': ('tool_use_prompt', ('input_{}_tokens', 'input_{}_tool_tokens')),
}
"""Lists of counts by modality: their word in `details`, and what each is added to."""

_MODALITIES: Final[Mapping[str, str]] = {
    'TEXT': 'text',
    'AUDIO': 'audio',
    'IMAGE': 'image',
    'DOCUMENT': 'image',
    'VIDEO': 'video',
}


class _Counts:
    """The counts so far. Each report replaces the one before; what it leaves out, or puts at 0, stays as it was."""

    def __init__(self) -> None:
        self._seen: dict[str, Any] = {}
        self._known: dict[tuple[str, str], int] = {}
        self._counts: dict[str, int] = {}
        self._details: dict[str, int] = {}

    def add(self, raw: Mapping[str, Any]) -> None:
        """A chunk's `usageMetadata`. Most of it is as it was in the chunk before."""
        seen = self._seen
        for name, value in raw.items():
            if value and seen.get(name) != value:
                seen[name] = value
                if name in _TOTALS:
                    self._put((name, ''), int(value), _NAMED_TOTALS.get(name), _TOTALS[name])
                elif name in _BY_MODALITY:
                    self._add_modalities(name, value)

    def add_searches(self, queries: int, billed: int) -> None:
        """What `searches_of` has found."""
        if queries:
            self._put(('queries', ''), queries, 'web_search_requests', ())
        if billed:
            self._put(('billed', ''), billed, None, ('web_searches',))

    def usage(self) -> RequestUsage:
        """The usage as it stands."""
        unmeasured = {} if self._seen else {'unmeasured_requests': 1}
        return RequestUsage(details=self._details.copy(), **self._counts, **unmeasured)

    def _add_modalities(self, name: str, value: list[Mapping[str, Any]]) -> None:
        word, fields = _BY_MODALITY[name]
        for entry in value:
            modality, count = entry.get('modality'), entry.get('tokenCount')
            if modality and count:
                kind = _MODALITIES.get(modality)
                filled = tuple(field.format(kind) for field in fields) if kind else ()
                self._put((name, modality), int(count), f'{modality.lower()}_{word}_tokens', filled)

    def _put(self, key: tuple[str, str], count: int, detail: str | None, fields: tuple[str, ...]) -> None:
        more = count - self._known.get(key, 0)
        self._known[key] = count
        if detail:
            self._details[detail] = count
        for field in fields:
            self._counts[field] = self._counts.get(field, 0) + more


def _searches_of(grounding: Mapping[str, Any], *, per_prompt: bool) -> tuple[int, int]:
    """The searches that an answer is based on: how many queries there were, and how many are billed.

    https://ai.google.dev/gemini-api/docs/google-search#pricing: older models bill a prompt once, if a page was found.
    """
    queries = {query for query in cast('list[str]', grounding.get('webSearchQueries') or []) if query.strip()}
    chunks = cast('list[Mapping[str, Any]]', grounding.get('groundingChunks') or [])
    found = any('uri' in (chunk.get('web') or ()) for chunk in chunks)
    return len(queries), (min(len(queries), int(found)) if per_prompt else len(queries))

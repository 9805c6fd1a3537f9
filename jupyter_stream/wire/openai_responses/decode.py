"""Events of a Responses stream to parts: https://platform.openai.com/docs/api-reference/responses-streaming

An answer is over with `response.completed`, `response.incomplete` or `response.failed`. One that the provider goes on
with in the background may also just stop: it is suspended, not cut. Token counts:
https://platform.openai.com/docs/api-reference/responses/object#usage
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final, cast

from jupyter_stream.exceptions import EmptyStream, IncompleteStream
from jupyter_stream.framing.sse import Frame
from jupyter_stream.messages import FinishReason, ModelResponseStreamEvent
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.settings import ModelSettings
from jupyter_stream.usage import RequestUsage
from jupyter_stream.wire import base
from jupyter_stream.wire.decoding import UNNAMED, EventDecoder
from jupyter_stream.wire.openai_details import moderation, timestamp
from jupyter_stream.wire.openai_responses.calls import Calls
from jupyter_stream.wire.openai_responses.items import escaped, image
from jupyter_stream.wire.openai_responses.places import Place, Places
from jupyter_stream.wire.openai_responses.texts import TextKey, Texts, Thoughts
from jupyter_stream.wire.prepare import relevant

__all__ = ('Decoder',)

Event = dict[str, Any]
Raw = Mapping[str, Any]

FINISH_REASONS: Final[Mapping[str, FinishReason]] = {
    'completed': 'stop',
    'max_output_tokens': 'length',
    'content_filter': 'content_filter',
    'cancelled': 'error',
    'failed': 'error',
}

_TEXT: Final = 'response.output_text.delta'
_PENDING: Final = ('queued', 'in_progress')


class Decoder(EventDecoder):
    """Reads one answer. Parts are told apart by the position of their item, whose id stays in the part."""

    bare_errors = True
    end_marker = '[DONE]'

    def __init__(self, target: base.Target, parameters: ModelRequestParameters, settings: ModelSettings) -> None:
        # Thinking has events of its own here: tags in a text are text.
        profile = replace(target.profile, thinking_tags=None, ignore_streamed_leading_whitespace=False)
        super().__init__(replace(target, profile=profile), relevant(parameters), settings)
        self._name = target.provider.name
        keeps = bool(cast(Mapping[str, Any], settings).get('openai_include_raw_annotations'))
        self._places = Places()
        self._texts = Texts(self.parts, self._name, keeps_annotations=keeps)
        self._thoughts = Thoughts(self.parts, self._name)
        self._calls = Calls(self.parts, target)
        self._begun = self._is_over = False
        self._sequence: int | None = None
        self._last_said: tuple[Any, Any, Any] | None = None
        self._last_text: TextKey | None = None
        self._refused = False
        self._refusal = ''
        self._handlers = self._all_handlers()
        self._names = UNNAMED.union(self._handlers)

    def _all_handlers(self) -> Mapping[str, Callable[[Event], None]]:
        """What reads an event, by its type. Types that are not here repeat what another event says."""
        return {
            'error': self._failure,
            'response.created': self._status,
            'response.queued': self._status,
            'response.in_progress': self._status,
            'response.completed': self._completed,
            'response.incomplete': self._incomplete,
            'response.failed': self._failed,
            'response.output_item.added': self._added,
            'response.output_item.done': self._done,
            _TEXT: self._text,
            'response.output_text.annotation.added': self._annotate,
            'response.output_text.done': self._text_done,
            'response.content_part.done': self._part_done,
            'response.refusal.delta': self._refusal_delta,
            'response.refusal.done': self._refusal_done,
            'response.reasoning_summary_part.added': self._summary,
            'response.reasoning_summary_text.delta': self._summary,
            'response.reasoning_summary_text.done': self._summary_done,
            'response.reasoning_summary_part.done': self._summary_done,
            'response.reasoning_text.delta': self._reasoning,
            'response.reasoning_text.done': self._reasoning_done,
            'response.function_call_arguments.delta': self._arguments,
            'response.function_call_arguments.done': self._arguments_done,
            'response.mcp_call_arguments.delta': self._mcp_arguments,
            'response.mcp_call_arguments.done': self._mcp_arguments_done,
            'response.code_interpreter_call_code.delta': self._code,
            'response.code_interpreter_call_code.done': self._code_done,
            'response.image_generation_call.partial_image': self._partial_image,
        }

    # ---------------------------------------------------------------- frames

    def _event(self, event: Event, frame: Frame) -> None:
        kind = event.get('type')
        if kind == _TEXT:
            get = event.get
            said, delta = (get('output_index'), get('item_id'), get('content_index')), get('delta')
            if said == self._last_said and isinstance(delta, str):
                # Nearly all events are such, and this is the way that has to be short.
                self._sequence = get('sequence_number')
                self.parts.text(self._last_text, delta)
                return
            self._last_said = said
        handler = self._handlers.get(cast(str, kind or frame.event))
        if handler is None and event.get('object') == 'response':  # a whole answer, where a stream was asked for
            handler = self._handlers.get(f'response.{event.get("status")}')
            event = {'response': event}
        if handler is None:
            if frame.event == 'error' or event.get('error'):
                raise self._error(event)
            return
        self._begun = True
        self._sequence = event.get('sequence_number')
        handler(event)

    def _failure(self, event: Event) -> None:
        said: Event = event.get('error') or event
        raise self._error({key: said.get(key) for key in ('code', 'message')} | _type_of(said))

    def _place(self, event: Event) -> Place:
        return self._places.of(event.get('output_index'), event.get('item_id'))

    def _key(self, event: Event) -> TextKey:
        return self._places.of(event.get('output_index'), event.get('item_id')), event.get('content_index') or 0

    # -------------------------------------------------------------- response

    def _detail(self, **details: Any) -> None:
        self.provider_details = {**(self.provider_details or {}), **details}

    def _status(self, event: Event) -> None:
        """What every snapshot of the response says."""
        response: Event = event['response']
        self.model_name = response.get('model') or self.model_name
        self.provider_response_id = response.get('id') or self.provider_response_id
        if 'timestamp' not in (self.provider_details or {}) and (made := timestamp(response.get('created_at'))):
            self._detail(timestamp=made)
        if response.get('background'):
            self._detail(background=True)
        if conversation := response.get('conversation'):
            self._detail(conversation_id=conversation.get('id'))
        background = bool((self.provider_details or {}).get('background'))
        self.suspended = background and response.get('status') in _PENDING
        self._calls.scope(self.provider_response_id)

    def _terminal(self, event: Event) -> Event:
        """What the last snapshot says; earlier ones only repeat what was asked for."""
        response: Event = event['response']
        self._status(event)
        self.suspended = False
        self.terminal = self._is_over = True
        self.usage = _usage_of(response)
        if tier := response.get('service_tier'):
            self._detail(service_tier=tier)
        if diagnostics := response.get('prompt_cache_diagnostics'):
            self._detail(prompt_cache_diagnostics=diagnostics)
        for place, item in self._places.whole(response.get('output') or []):
            self._item(place, item)
            self._calls.whole(place, item)
        return response

    def _completed(self, event: Event) -> None:
        response = self._terminal(event)
        self._finish(_reason(response) or response.get('status'))
        if judged := moderation(response.get('moderation')):
            self._detail(moderation=judged)

    def _incomplete(self, event: Event) -> None:
        self._finish(_reason(self._terminal(event)))

    def _failed(self, event: Event) -> None:
        response = self._terminal(event)
        if response.get('error'):
            self._failure(response)
        self._finish('failed')

    def _finish(self, reason: Any) -> None:
        if reason and not self._refused:
            self._detail(finish_reason=reason)
            self.finish_reason = FINISH_REASONS.get(reason)

    # ------------------------------------------------------------------ text

    def _text(self, event: Event) -> None:
        if (delta := event.get('delta')) is not None:  # some gateways send none
            self._last_text = self._key(event)
            self._texts.add(self._last_text, delta)
        else:
            self._last_said = None

    def _annotate(self, event: Event) -> None:
        self._texts.annotate(self._key(event), event.get('annotation'))

    def _text_done(self, event: Event) -> None:
        self._content(self._key(event), {**event, 'type': 'output_text'})

    def _part_done(self, event: Event) -> None:
        self._content(self._key(event), event['part'])

    def _content(self, key: TextKey, part: Event) -> None:
        """A part of an item's content, whole."""
        kind = part.get('type')
        if kind == 'refusal':
            self._refusal_done(part)
        elif kind == 'reasoning_text':
            self._thoughts.whole_raw(*key, part.get('text') or '')
        elif kind == 'output_text':
            annotations, chances = part.get('annotations') or (), part.get('logprobs') or ()
            self._texts.whole(key, part.get('text') or '', annotations, chances)

    def _refusal_delta(self, event: Event) -> None:
        self._refused, self.finish_reason = True, 'content_filter'
        self._refusal += event['delta']

    def _refusal_done(self, event: Event) -> None:
        self._refused, self.finish_reason = True, 'content_filter'
        self._refusal = event['refusal']

    # -------------------------------------------------------------- thinking

    def _summary(self, event: Event) -> None:
        """A piece of a summary of the reasoning."""
        content = event['part']['text'] if 'part' in event else event['delta']
        self._thoughts.add(self._place(event), event.get('summary_index'), content)

    def _summary_done(self, event: Event) -> None:
        content = (event.get('part') or event).get('text') or ''
        self._thoughts.whole(self._place(event), event.get('summary_index'), content)

    def _reasoning(self, event: Event) -> None:
        self._thoughts.add_raw(*self._key(event), cast(str, event['delta']))

    def _reasoning_done(self, event: Event) -> None:
        self._thoughts.whole_raw(*self._key(event), event.get('text') or '')

    # ----------------------------------------------------------------- items

    def _added(self, event: Event) -> None:
        item: Event = event['item']
        self._last_said = None  # which may be of another item from now on
        if (place := self._places.added(event.get('output_index'), item)) is not None:
            self._note_phase(place, item)
            self._calls.added(place, item)

    def _done(self, event: Event) -> None:
        item: Event = event['item']
        self._last_said = None
        place = self._places.done(event.get('output_index'), item)
        self._item(place, item)
        if not place.is_done:
            self._calls.done(place, item)
        place.is_done = True

    def _item(self, place: Place, item: Raw) -> None:
        """What a whole item says."""
        kind = item.get('type')
        if kind == 'reasoning':
            self._thoughts.item(place, item)
        elif kind == 'message':
            self._note_phase(place, item)
            for index, part in enumerate(item.get('content') or ()):
                self._content((place, index), part)

    def _note_phase(self, place: Place, item: Raw) -> None:
        if item.get('type') == 'message' and (phase := item.get('phase')):
            self._texts.phases[place] = phase

    def _arguments(self, event: Event) -> None:
        self._calls.arguments(self._place(event), event['delta'])

    def _arguments_done(self, event: Event) -> None:
        self._calls.finalize(self._place(event), event.get('arguments') or '')

    def _mcp_arguments(self, event: Event) -> None:
        self._calls.native_arguments(self._place(event), event['delta'])

    def _mcp_arguments_done(self, event: Event) -> None:
        self._calls.native_arguments_done(self._place(event), event.get('arguments') or '')

    def _code(self, event: Event) -> None:
        self._calls.native_arguments(self._place(event), escaped(event['delta']))

    def _code_done(self, event: Event) -> None:
        self._calls.native_arguments_done(self._place(event), escaped(event.get('code') or ''))

    def _partial_image(self, event: Event) -> None:
        place, data = self._place(event), event['partial_image_b64']
        self.parts.part((place, 'file'), image(place.id, data, event.get('output_format')))

    # ------------------------------------------------------------------- end

    def close(self) -> list[ModelResponseStreamEvent]:
        """See `base.Decoder.close`."""
        if not self._begun:
            raise EmptyStream()
        if self._refusal:
            self._detail(refusal=self._refusal)
        if self.suspended:
            self._detail(last_sequence_number=self._sequence)
        elif not self._is_over:
            raise IncompleteStream(self.model_name)
        self.parts.finish()
        return self.parts.take()


def _reason(response: Event) -> Any:
    details: Event = response.get('incomplete_details') or {}
    return details.get('reason')


def _type_of(error: Event) -> dict[str, str]:
    kind = error.get('type')
    return {'type': kind} if isinstance(kind, str) and kind != 'error' else {}


# ---------------------------------------------------------------- token counts

_NAMED: Final = frozenset({'input_tokens', 'output_tokens', 'total_tokens'})
_EMPTY: Final[Raw] = {}


def _usage_of(response: Raw) -> RequestUsage:
    """What a response says of its tokens, and how many web searches it was charged for."""
    searches = _web_searches(response)
    extra: dict[str, Any] = {'web_searches': searches} if searches else {}
    raw = cast('Raw | None', response.get('usage'))
    if raw is None:
        details = {'web_search_requests': searches} if searches else {}
        return RequestUsage(details=details, **extra, **({'unmeasured_requests': 1} if searches else {}))
    put_in = cast(Raw, raw.get('input_tokens_details') or _EMPTY)
    put_out = cast(Raw, raw.get('output_tokens_details') or _EMPTY)
    reasoning = _count(put_out.get('reasoning_tokens'))
    details = {name: value for name, value in raw.items() if isinstance(value, int) and name not in _NAMED}
    details['reasoning_tokens'] = reasoning
    if searches:
        details['web_search_requests'] = searches
    return RequestUsage(
        input_tokens=_count(raw.get('input_tokens')),
        output_tokens=_count(raw.get('output_tokens')),
        cache_read_tokens=_count(put_in.get('cached_tokens')),
        cache_write_tokens=_count(put_in.get('cache_write_tokens')),
        output_reasoning_tokens=reasoning,
        details=details,
        **extra,
    )


def _web_searches(response: Raw) -> int:
    """The searches that are charged: older responses don't count them, and opening a page is no search."""
    if response.get('status') in ('queued', 'in_progress'):
        return 0
    counted = cast(Raw, cast(Raw, response.get('tool_usage') or _EMPTY).get('web_search') or _EMPTY)
    if isinstance(number := counted.get('num_requests'), int):
        return number
    output = cast('list[Raw]', response.get('output') or [])
    actions = [item.get('action') or _EMPTY for item in output if item.get('type') == 'web_search_call']
    return sum(cast(Raw, action).get('type') == 'search' for action in actions)


def _count(value: Any) -> int:
    return int(value) if isinstance(value, (int, float)) else 0

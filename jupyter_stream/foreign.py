"""Streams of other libraries as streams of ours, without importing any of them.

What an item of a stream is, is seen by its shape: an event of `pydantic_ai` by its `event_kind`, a chunk of OpenAI's
Chat Completions by its `choices`, an event of OpenAI's Responses or Anthropic's Messages by its `type`; a string is
text. The chunks of an SDK become frames again and go through the decoders of `wire`, so that there is one reader of
each protocol; events go through as they are. Objects and dicts of the same shape are the same.
"""

from __future__ import annotations

import asyncio
import inspect
import json
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from functools import cache, partial
from typing import Any, Final, Literal, cast
from urllib.parse import urlsplit

from jupyter_stream.exceptions import UserError
from jupyter_stream.framing.sse import Frame
from jupyter_stream.messages import (
    FinishReason,
    ModelMessagesTypeAdapter,
    ModelResponse,
    ModelResponsePart,
    ModelResponseStreamEvent,
    NativeToolReturnPart,
    PartDeltaEvent,
    PartEndEvent,
    PartStartEvent,
    TextPartDelta,
    ThinkingPartDelta,
    ToolCallPartDelta,
)
from jupyter_stream.native_tools import AdvisorTool, CodeExecutionTool, WebFetchTool, WebSearchTool
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.profiles import profile
from jupyter_stream.providers import PROVIDERS, Provider, WireName, find
from jupyter_stream.stream import FINISH_GRACE, StreamedResponse
from jupyter_stream.stream._characters import whole_value
from jupyter_stream.stream._growing import GrowingPart
from jupyter_stream.stream.parts import PartsManager
from jupyter_stream.usage import RequestUsage
from jupyter_stream.wire import protocol
from jupyter_stream.wire.base import Decoder, Target

__all__ = ('ForeignStream', 'opened')

Event = ModelResponseStreamEvent

_UNDERSTOOD: Final = (
    'What is understood: events of jupyter_stream and pydantic_ai, chunks of OpenAI Chat Completions, events of OpenAI '
    'Responses and of Anthropic Messages (each with `stream=True`), and pieces of text.'
)
_END: Final[Any] = object()


@asynccontextmanager
async def opened(source: Any) -> AsyncGenerator[StreamedResponse]:
    """A stream of ours that reads `source`, which is closed if it is left before its end.

    Args:
        source: an iterable, asynchronous or not, of events, chunks or texts; a context manager of one, which is
            entered; an awaitable of either. The items of a synchronous one are fetched in a thread.

    Raises:
        UserError: it is nothing of that kind. An item that nobody understands raises it while iterating.
    """
    async with AsyncExitStack() as stack:
        source = await _entered(source, stack)
        if isinstance(source, StreamedResponse):
            yield source
            return
        if hasattr(source, '__aiter__'):
            items = source
        else:
            source, items = await _threaded(source, stack)
        stream = ForeignStream(source, items)
        stack.push_async_callback(stream.aclose)
        yield stream


async def _entered(source: Any, stack: AsyncExitStack) -> Any:
    """What is to be iterated, after all awaiting and asynchronous entering."""
    while not hasattr(source, '__aiter__') and not _is_plain_iterable(source):
        if hasattr(source, '__aenter__'):
            source = await stack.enter_async_context(source)
        elif inspect.isawaitable(source):
            source = await source
        else:
            raise UserError(f'{_name(source)} is no stream. {_UNDERSTOOD}')
    return source


def _is_plain_iterable(source: Any) -> bool:
    """Not a text, a dict, or a whole answer of an SDK, which iterates over its fields."""
    if isinstance(source, str | bytes | bytearray | Mapping) or hasattr(source, 'model_dump'):
        return False
    if hasattr(source, '__aenter__') or inspect.isawaitable(source):
        return False
    return hasattr(source, '__iter__') or hasattr(source, '__enter__')


class ForeignStream(StreamedResponse):
    """A stream that somebody else made.

    Args:
        source: the stream as it was given; its model and provider are read from it.
        items: its items, as an asynchronous iterable.
    """

    def __init__(self, source: Any, items: Any) -> None:
        super().__init__()
        self.parts = PartsManager()
        self._origin = source
        self._items = items
        self._reader: _Reader | None = None
        self._over_at: float | None = None

    async def _batches(self) -> AsyncGenerator[list[Event]]:
        items = aiter(self._items)
        while (item := await self._next(items)) is not _END:
            if item is None:  # `data: null` of a provider, or the text of a chunk that has none
                continue
            if self._reader is None:
                self._reader = _reader(item, self._origin)
                self.parts = self._reader.parts
            events = self._updated(self._reader, partial(self._reader.feed, item))
            self._rearm(self._reader.info, bool(events))
            yield events
        if self._reader is not None:
            yield self._updated(self._reader, self._reader.close)

    async def _next(self, items: AsyncIterator[Any]) -> Any:
        """The next item, `_END` after the last one, also where nobody says that it was the last."""
        scope = asyncio.timeout_at(self._over_at)
        try:
            async with scope:
                return await anext(items, _END)
        except TimeoutError:
            if not scope.expired():
                raise
        await self._close_source()
        return _END

    def _rearm(self, info: Decoder | _AnswerInfo, goes_on: bool) -> None:
        """Wait only for an end mark, and not for long, where the provider said why the answer ended."""
        is_finished = isinstance(info, Decoder) and (info.complete or info.terminal)
        if is_finished and (goes_on or self._over_at is None):
            self._over_at = asyncio.get_running_loop().time() + FINISH_GRACE

    def _updated(self, reader: _Reader, read: Callable[[], list[Event]]) -> list[Event]:
        """The events that `read` gives; what the answer says of itself is taken over, also when `read` raises."""
        try:
            return read()
        finally:
            self._update(reader)

    def _update(self, reader: _Reader) -> None:
        info = reader.info
        self._usage = info.usage
        self.finish_reason = info.finish_reason
        self.provider_response_id = info.provider_response_id
        self.provider_details = info.provider_details
        self.canonical_system = reader.canonical_system
        self.state = 'suspended' if info.suspended else 'complete'

    @property
    def model_name(self) -> str:
        return (
            (self._reader.info.model_name if self._reader else '') or _text_attribute(self._origin, 'model_name') or ''
        )

    @property
    def provider_name(self) -> str | None:
        return (self._reader.provider_name if self._reader else None) or _text_attribute(self._origin, 'provider_name')

    @property
    def provider_url(self) -> str | None:
        return self._reader.provider_url if self._reader else None

    def get(self) -> ModelResponse:
        """The response as it stands: the source's own, if it keeps one and that is all; else made from what came."""
        made = super().get()
        made.model_name = made.model_name or None
        own = _own_response(self._origin) if self._reader is None or self._reader.is_one_answer else None
        if own is None or own.state == 'suspended':
            return own or made
        own.state = made.state
        return own

    async def close_stream(self) -> None:
        if not self._finished:
            await self._close_source()

    async def _close_source(self) -> None:
        # The first of these that it has; a generator that is being read now cannot be closed, and ends by itself.
        for name in ('cancel', 'aclose', 'close'):
            if callable(close := getattr(self._origin, name, None)):
                with suppress(RuntimeError, ValueError):
                    closing = close()
                    if inspect.isawaitable(closing):
                        await closing
                return


def _text_attribute(source: Any, name: str) -> str | None:
    value = getattr(source, name, None)
    return value if isinstance(value, str) else None


def _own_response(source: Any) -> ModelResponse | None:
    """The response that a stream of `pydantic_ai`, or a synchronous one of ours, keeps of itself."""
    if hasattr(source, 'get') and hasattr(source, 'model_name'):
        response = source.get()
    else:
        response = getattr(source, 'response', None)
    if getattr(response, 'kind', None) != 'response':
        return None
    if isinstance(response, ModelResponse):
        return whole_value(replace(response))
    return whole_value(ModelMessagesTypeAdapter.validate_python([_plain(response)])[0])


# ------------------------------------------------------------------ synchronous sources


async def _threaded(source: Any, stack: AsyncExitStack) -> tuple[Any, AsyncIterator[Any]]:
    """What a synchronous source is after entering, and its items. All of it happens in one thread: it may need that."""
    pool = ThreadPoolExecutor(1, thread_name_prefix='jupyter_stream')
    stack.callback(pool.shutdown, wait=False, cancel_futures=True)
    context = copy_context()

    async def call(function: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(pool, partial(context.run, function, *arguments))

    async def items() -> AsyncGenerator[Any]:
        while (item := await call(next, iterator, _END)) is not _END:
            yield item

    iterator: Iterator[Any]
    try:
        iterator = await call(iter, source)
    except (RuntimeError, TypeError):  # it has to be entered first
        if not hasattr(source, '__enter__'):
            raise
        leave = source.__exit__
        source = await call(source.__enter__)
        stack.push_async_callback(call, leave, None, None, None)
        iterator = await call(iter, source)
    return source, items()


# ------------------------------------------------------------------ readers


class _Reader(ABC):
    """Items in, events out.

    Attributes:
        parts: the parts so far.
        info: what the items say of the answer: its model, its usage, its ids. A decoder, or an `_AnswerInfo`.
        is_one_answer: nothing came but what one model's answer consists of.
    """

    parts: PartsManager
    info: Decoder | _AnswerInfo
    provider_name: str | None = None
    provider_url: str | None = None
    canonical_system: str | None = None
    is_one_answer = True

    @abstractmethod
    def feed(self, item: Any, /) -> list[Event]:
        """Read one item. UserError for one that nobody understands."""

    @abstractmethod
    def close(self) -> list[Event]:
        """There are no more. Raises what a decoder raises at its end."""


@dataclass
class _AnswerInfo:
    """What is known of an answer, with the defaults for what is not."""

    model_name: str = ''
    usage: RequestUsage = field(default_factory=RequestUsage)
    finish_reason: FinishReason | None = None
    provider_response_id: str | None = None
    provider_details: dict[str, Any] | None = None
    suspended: bool = False


def _reader(first: Any, source: Any) -> _Reader:
    """The reader of a stream that begins with this item."""
    kind = _kind(first)
    if kind is None:
        raise _not_understood(first)
    if kind == 'events' or kind == 'text':
        return _READERS[kind]()
    return _WireReader(kind, first, source)


def _kind(item: Any) -> WireName | Literal['events', 'text'] | None:
    """What an item is: 'events', 'text', or a protocol of `wire`; None if nothing that is known."""
    if isinstance(item, str):
        return 'text'
    if _field(item, 'event_kind'):
        return 'events'
    if _field(item, 'object') == 'chat.completion.chunk' or _has_choices(item):
        return 'openai_chat'
    kind = _field(item, 'type')
    if not isinstance(kind, str):
        return None
    if kind.startswith('response.') or (kind == 'error' and _field(item, 'error') is None):
        return 'openai_responses'
    if kind.startswith(('message_', 'content_block_')) or kind in ('ping', 'error'):
        return 'anthropic'
    return 'openai_chat' if kind == 'chunk' and _field(item, 'chunk') is not None else None


def _has_choices(item: Any) -> bool:
    has_field = 'choices' in item if isinstance(item, Mapping) else hasattr(item, 'choices')
    is_list = isinstance(choices := _field(item, 'choices'), list) or choices is None  # some servers send null
    return has_field and is_list and _field(item, 'object') != 'chat.completion'


def _field(item: Any, name: str) -> Any:
    if isinstance(item, Mapping):
        return cast('Mapping[str, Any]', item).get(name)
    return getattr(item, name, None)


def _name(item: Any) -> str:
    name, root = type(item).__name__, type(item).__module__.partition('.')[0]
    article = 'An' if name[:1] in 'AEIOUaeiou' else 'A'
    return f'{article} `{name}`' if root in ('builtins', '__main__') else f'{article} `{name}` of {root}'


def _not_understood(item: Any) -> UserError:
    kind = _field(item, 'type')
    what = f'{_name(item)} of type {kind!r}' if isinstance(kind, str) else _name(item)
    return UserError(f'{what} in the stream says nothing that can be shown. {_UNDERSTOOD}')


class _TextReader(_Reader):
    """Pieces of one text."""

    def __init__(self) -> None:
        self.info = _AnswerInfo()
        self.parts = PartsManager()

    def feed(self, item: Any) -> list[Event]:
        if not isinstance(item, str):
            raise _not_understood(item)
        if item:
            self.parts.text(0, item)
        return self.parts.take()

    def close(self) -> list[Event]:
        self.parts.finish()
        return self.parts.take()


# ------------------------------------------------------------------ chunks of SDKs


_ROWS: Final = {'openai_chat': 'openai-chat', 'openai_responses': 'openai', 'anthropic': 'anthropic'}
"""Whose protocol it is, where nothing says who answers."""

_SERVER_TOOLS: Final = ModelRequestParameters(
    native_tools=[WebSearchTool(), WebFetchTool(), CodeExecutionTool(), AdvisorTool(model='', optional=True)]
)
"""What the request may have allowed: the decoders pass over a call of a tool that was not asked for."""


class _WireReader(_Reader):
    """The chunks of one protocol, through its decoder."""

    def __init__(self, wire: WireName, first: Any, source: Any) -> None:
        url = _address(source)
        row = _row(wire, url)
        model = _model(first) or ''
        self._decoder = protocol(wire).Decoder(Target(model, row, profile(row, model)), _SERVER_TOOLS, {})
        self._wire = wire
        self.info = self._decoder
        self.parts = self._decoder.parts
        self.provider_name = row.name
        self.provider_url = url and (row.base_url if _is_at(row, url) else url.removesuffix(row.path))
        self.canonical_system = row.canonical_system

    def feed(self, item: Any) -> list[Event]:
        kind = _kind(item)
        if kind is None and isinstance(_field(item, 'type'), str):
            return []  # what an SDK's helper says a second time
        if kind != self._wire and not self._may_belong(item):
            raise _not_understood(item)
        if _field(item, 'type') == 'chunk':
            item = _field(item, 'chunk')
        return self._decoder.feed(Frame(data=json.dumps(_chunk(item), default=_chunk)))

    def _may_belong(self, item: Any) -> bool:
        """Whether an item without a mark of any protocol is one of this: an error, or a chunk without choices."""
        return bool(_field(item, 'error')) or 'choices' in (item if isinstance(item, Mapping) else _chunk(item))

    def close(self) -> list[Event]:
        if (mark := self._decoder.end_marker) is not None:
            self._decoder.feed(Frame(data=mark))  # which an SDK keeps to itself
        return self._decoder.close()


_REPEATED: Final = frozenset({'snapshot', 'parsed', 'parsed_output', 'parsed_arguments'})
"""Fields that an SDK's helper adds; a snapshot is the whole answer so far, in every event."""


def _chunk(item: Any) -> Any:
    """The JSON object that an SDK made this object of."""
    if hasattr(item, 'model_dump'):
        return item.model_dump(mode='json', exclude_unset=True, exclude=_REPEATED, by_alias=True, warnings=False)
    if isinstance(item, Mapping):
        return {name: value for name, value in cast('Mapping[str, Any]', item).items() if name not in _REPEATED}
    return _chunk(vars(item)) if hasattr(item, '__dict__') else str(item)


def _model(first: Any) -> str | None:
    """The model that answers, as the first chunk names it."""
    holders = (first, *(_field(first, name) for name in ('message', 'response', 'chunk')))
    names = (_field(holder, 'model') for holder in holders if holder is not None)
    return next((name for name in names if isinstance(name, str)), None)


def _address(source: Any) -> str | None:
    """Where an SDK's stream comes from, without what may be secret in it."""
    response = getattr(source, 'response', None) or getattr(getattr(source, '_response', None), 'response', None)
    try:
        parts = urlsplit(str(response.url)) if response is not None else None  # RuntimeError: it has no request
        if parts is None or not parts.hostname:
            return None
        port = f':{parts.port}' if parts.port else ''
    except (AttributeError, RuntimeError, ValueError):
        return None
    host = f'[{parts.hostname}]' if ':' in parts.hostname else parts.hostname
    return f'{parts.scheme}://{host}{port}{parts.path}'


def _row(wire: WireName, url: str | None) -> Provider:
    """The provider at this address, or whose protocol it is."""
    rows = [row for row in PROVIDERS if row.wire == wire and url and _is_at(row, url)]
    row = max(rows, key=lambda row: len(row.base_url or ''), default=find(_ROWS[wire]))
    assert row is not None
    return row


def _is_at(row: Provider, url: str) -> bool:
    return bool(row.base_url) and url.startswith(f'{row.base_url}/')


# ------------------------------------------------------------------ events


_OF_PARTS: Final = frozenset({'part_start', 'part_delta', 'part_end', 'final_result'})


class _EventReader(_Reader):
    """Events of one answer, or of an agent's several, which then go on counting.

    What an agent's tool returned is shown as a return; what else an agent says is passed over.
    """

    def __init__(self) -> None:
        self.info = self._info = _AnswerInfo()
        self.parts = self._gathered = _Gathered()
        self._first = 0
        self._next = 0
        self._over = False

    def feed(self, item: Any) -> list[Event]:
        kind = _field(item, 'event_kind')
        if kind in _OF_PARTS:
            event = self._placed(_ours(item))
            self._gathered.add(event)
            return self._gathered.take()
        if not isinstance(kind, str):
            raise _not_understood(item)
        self._over = self._next > 0
        if kind.endswith('tool_result'):
            return self._returned(_field(item, 'part') or _field(item, 'result'))
        if kind == 'agent_run_result':
            self._finish_run(_field(item, 'result'))
        return []

    def close(self) -> list[Event]:
        self._gathered.flush()
        return self._gathered.take()

    def _placed(self, event: Event) -> Event:
        """The event, counted on from the answers before; an agent's next answer begins at 0 again."""
        if event.event_kind == 'final_result':
            return event
        if event.event_kind == 'part_start' and self._over:
            self._first, self._over = self._next, False
        if event.event_kind == 'part_end' and event.next_part_kind is None:
            self._over = True
        if self._first:
            self.is_one_answer = False
            event = replace(event, index=event.index + self._first)
        self._next = max(self._next, event.index + 1)
        return event

    def _returned(self, part: Any) -> list[Event]:
        self.is_one_answer = False
        shown = NativeToolReturnPart(
            _field(part, 'tool_name') or 'tool',
            _plain(_field(part, 'content')),
            _field(part, 'tool_call_id') or '',
            outcome=_field(part, 'outcome') or 'success',
        )
        event = PartStartEvent(index=self._next, part=shown)
        self._next += 1
        self._gathered.add(event)
        return self._gathered.take()

    def _finish_run(self, result: Any) -> None:
        """What the end of an agent's run says of it."""
        response = getattr(result, 'response', None)
        self.provider_name = _text_attribute(response, 'provider_name')
        self._info.model_name = _text_attribute(response, 'model_name') or ''
        self._info.finish_reason = getattr(response, 'finish_reason', None)
        usage: Any = getattr(result, 'usage', None)
        usage = usage() if not hasattr(usage, 'input_tokens') and callable(usage) else usage
        counts = {name: getattr(usage, name, 0) for name in ('input_tokens', 'output_tokens', 'cache_read_tokens')}
        vars(self._info.usage).update({name: count for name, count in counts.items() if count})


_GROWING_FIELD: Final = {
    'text': 'content',
    'thinking': 'content',
    'tool-call': 'args',
    'tool_call': 'args',
    'builtin-tool-call': 'args',
}
"""By the kind of a part or of a delta, the text of it that grows."""

_REPLACEMENTS: Final = {
    'text': TextPartDelta('\ufffd'),
    'thinking': ThinkingPartDelta(content_delta='\ufffd'),
    'tool_call': ToolCallPartDelta(args_delta='\ufffd'),
}


class _Gathered(PartsManager):
    """The parts that events tell of, and the events, in whole characters."""

    def __init__(self) -> None:
        super().__init__()
        self._places: dict[int, GrowingPart] = {}

    def add(self, event: Event) -> None:
        if isinstance(event, PartStartEvent | PartEndEvent):
            self._give_up(event.index)
        if isinstance(event, PartStartEvent):
            event = self._whole(event, 'part', event.part.part_kind, _GROWING_FIELD.get(event.part.part_kind))
        elif isinstance(event, PartDeltaEvent):
            kind = event.delta.part_delta_kind
            event = self._whole(
                event, 'delta', kind, f'{_GROWING_FIELD[kind]}_delta' if kind in _GROWING_FIELD else None
            )
        self._add(whole_value(event))

    def _add(self, event: Event) -> None:
        self.events.append(event)
        if isinstance(event, PartStartEvent):
            self._places[event.index] = GrowingPart(event.index, event.part)
        elif isinstance(event, PartDeltaEvent):
            self._grow(event)
        elif not isinstance(event, PartEndEvent):
            self.final_result_event = self.final_result_event or event

    def _whole(self, event: Any, holder: str, kind: str, name: str | None) -> Any:
        """The event with its growing text in whole characters; half a one waits for the next delta of its part."""
        value = getattr(event, holder)
        text = getattr(value, name) if name else None
        if not isinstance(text, str) or (text.isascii() and not self._characters.held):
            return event
        whole = self._characters.whole(kind.removeprefix('builtin-').replace('-', '_'), event.index, text)
        return event if whole is text else replace(event, **{holder: replace(value, **{cast(str, name): whole})})

    def flush(self) -> None:
        for kind, index in self._characters.take():
            self._add(PartDeltaEvent(index=cast(int, index), delta=_REPLACEMENTS[kind]))

    def _give_up(self, index: int) -> None:
        if any(place == index for _, place in self._characters.held):
            self.flush()

    def _grow(self, event: PartDeltaEvent) -> None:
        growing = self._places.get(event.index)
        if growing is None:
            return
        delta: Any = event.delta
        text = _bare_text(delta, growing.part)
        if text is not None:
            growing.strings.append(text)
        else:
            growing.part = delta.apply(growing.joined())

    def parts(self) -> list[ModelResponsePart]:
        return [self._places[index].joined() for index in sorted(self._places)]


def _bare_text(delta: Any, part: Any) -> str | None:
    """The text of a delta that is nothing but text for a part of its kind, which is nearly all of them."""
    if delta.provider_details or delta.provider_name:
        return None
    if delta.part_delta_kind == part.part_kind == 'text' and not delta.citations_delta:
        return delta.content_delta
    if delta.part_delta_kind == part.part_kind == 'thinking' and delta.signature_delta is None:
        return delta.content_delta
    return None


def _ours(item: Any) -> Event:
    """An event in our own classes."""
    if type(item).__module__.startswith('jupyter_stream.'):
        return item
    from pydantic import ValidationError

    try:
        return _adapter().validate_python(item if isinstance(item, dict) else _plain(item))
    except ValidationError as error:
        wrong = error.errors()[0]
        where = '.'.join(str(step) for step in wrong['loc'])
        raise UserError(
            f'An event {_field(item, "event_kind")!r} in the stream cannot be read: its {where!r} is wrong '
            f'({wrong["msg"]}). Give events as pydantic_ai makes them.'
        ) from None


@cache
def _adapter() -> Any:
    from pydantic import ConfigDict, TypeAdapter

    config = ConfigDict(ser_json_bytes='base64', val_json_bytes='base64')
    return TypeAdapter(ModelResponseStreamEvent, config=config)


def _plain(value: Any) -> Any:
    """A value of anybody's classes as JSON has it."""
    from pydantic_core import to_jsonable_python

    return to_jsonable_python(value, bytes_mode='base64', by_alias=True, fallback=_fallback)


_READERS: Final[Mapping[str, Callable[[], _Reader]]] = {'events': _EventReader, 'text': _TextReader}


def _fallback(value: Any) -> Any:
    fields = getattr(value, '__dict__', None)
    return {name: item for name, item in fields.items() if not name.startswith('_')} if fields else str(value)

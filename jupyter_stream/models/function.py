"""A model that is a Python function of the user's: for tests, demonstrations, and models that no protocol reaches."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import KW_ONLY, dataclass, field, replace
from functools import partial
from typing import Any, Final, TypeAlias, cast

from jupyter_stream.exceptions import IncompleteStream, UserError
from jupyter_stream.messages import (
    ModelMessage,
    ModelResponse,
    ModelResponseStreamEvent,
    NativeToolCallPart,
    NativeToolReturnPart,
)
from jupyter_stream.models._offline import OfflineModel, estimate_tokens, estimate_usage
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.settings import ModelSettings
from jupyter_stream.stream import StreamedResponse
from jupyter_stream.stream._characters import whole_value
from jupyter_stream.stream.parts import PartsManager
from jupyter_stream.tools import ToolDefinition
from jupyter_stream.usage import RequestUsage
from jupyter_stream.wire.prepare import instructions

__all__ = (
    'AgentInfo',
    'BuiltinToolCallsReturns',
    'DeltaThinkingCalls',
    'DeltaThinkingPart',
    'DeltaToolCall',
    'DeltaToolCalls',
    'FunctionDef',
    'FunctionModel',
    'FunctionStreamedResponse',
    'StreamFunctionDef',
)

SYSTEM: Final = 'function'


@dataclass(frozen=True, kw_only=True)
class AgentInfo:
    """What a function is told of the request, beside its messages.

    Attributes:
        function_tools: the tools that may be called.
        allow_text_output: whether a text may be the answer.
        output_tools: the tools whose call is the answer.
        model_settings: the request's settings over the model's own, None when there are none.
        model_request_parameters: all that goes with the messages, as it applies to this model.
        instructions: the instructions in force, as one text.
    """

    function_tools: list[ToolDefinition]
    allow_text_output: bool
    output_tools: list[ToolDefinition]
    model_settings: ModelSettings | None
    model_request_parameters: ModelRequestParameters
    instructions: str | None


@dataclass
class DeltaToolCall:
    """A piece of a tool call: of its name, of its arguments as JSON; an id replaces an earlier one."""

    name: str | None = None
    json_args: str | None = None
    _: KW_ONLY
    tool_call_id: str | None = None


@dataclass(kw_only=True)
class DeltaThinkingPart:
    """A piece of thinking; a signature replaces an earlier one."""

    content: str | None = None
    signature: str | None = None


DeltaToolCalls: TypeAlias = dict[int, DeltaToolCall]
"""Pieces of tool calls; the key says which call a piece belongs to."""

DeltaThinkingCalls: TypeAlias = dict[int, DeltaThinkingPart]
"""Pieces of thinking parts, by a key of each."""

BuiltinToolCallsReturns: TypeAlias = dict[int, NativeToolCallPart | NativeToolReturnPart]
"""Whole calls of the provider's own tools, and what they returned, by a key of each."""

Item: TypeAlias = str | DeltaToolCalls | DeltaThinkingCalls | BuiltinToolCallsReturns

FunctionDef: TypeAlias = Callable[[list[ModelMessage], AgentInfo], ModelResponse | Awaitable[ModelResponse]]
"""Gives a whole response. A plain function runs in a worker thread, a coroutine function on the caller's loop."""

StreamFunctionDef: TypeAlias = Callable[[list[ModelMessage], AgentInfo], AsyncIterator[Item]]
"""Gives an async iterator, as an async generator function does; a text item is a piece of the answer's text."""


@dataclass(init=False, repr=False)
class FunctionModel(OfflineModel):
    """Asks a function.

    Args:
        function: answers a request as a whole.
        stream_function: answers a request as a stream.
        model_name: by default made of the functions' names.
        settings: defaults for every request.

    Raises:
        TypeError: there is neither function.
    """

    native_output = True

    function: FunctionDef | None
    stream_function: StreamFunctionDef | None
    _model_name: str = field(repr=False)

    def __init__(
        self,
        function: FunctionDef | None = None,
        *,
        stream_function: StreamFunctionDef | None = None,
        model_name: str | None = None,
        settings: ModelSettings | None = None,
    ) -> None:
        if function is None and stream_function is None:
            raise TypeError('Either `function` or `stream_function` must be given to a FunctionModel.')
        for name, given in {'function': function, 'stream_function': stream_function}.items():
            if not (given is None or callable(given)):
                raise TypeError(f'`{name}` of a FunctionModel must be a function, not {type(given).__name__}.')
        super().__init__(settings=settings)
        self.function = function
        self.stream_function = stream_function
        self.loop_bound = stream_function is not None or _is_async(function)
        self._model_name = model_name or f'function:{_name(function)}:{_name(stream_function)}'

    @property
    def model_name(self) -> str:
        return self._model_name

    @property
    def system(self) -> str:
        return SYSTEM

    async def request(
        self,
        messages: Sequence[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        if self.function is None:
            raise UserError('FunctionModel must receive a `function` to answer a request that is not streamed.')
        history, info = list(messages), self._info(messages, model_settings, model_request_parameters)
        if _is_async(self.function):
            result = self.function(history, info)
        else:
            result = await asyncio.to_thread(self.function, history, info)
        response = cast(object, await result if inspect.isawaitable(result) else result)
        if not isinstance(response, ModelResponse):
            raise UserError(f'The function of a FunctionModel must return a `ModelResponse`, not {response!r:.200}.')
        response = cast(ModelResponse, whole_value(response))
        known = response.usage.has_values() or response.usage.unmeasured_requests
        usage = response.usage if known else estimate_usage([*history, response])
        return replace(response, model_name=self._model_name, usage=usage)

    @asynccontextmanager
    async def request_stream(
        self,
        messages: Sequence[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: object = None,
    ) -> AsyncGenerator[StreamedResponse]:
        if self.stream_function is None:
            raise UserError('FunctionModel must receive a `stream_function` to answer as a stream.')
        info = self._info(messages, model_settings, model_request_parameters)
        items = _iterator(self.stream_function(list(messages), info))
        stream = FunctionStreamedResponse(info.model_request_parameters, self._model_name, items)
        try:
            await stream.begin()
            yield stream
        finally:
            await stream.aclose()

    def _info(
        self,
        messages: Sequence[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> AgentInfo:
        settings, parameters = self.prepare_request(model_settings, model_request_parameters)
        return AgentInfo(
            function_tools=parameters.declared_function_tools,
            allow_text_output=parameters.allow_text_output,
            output_tools=parameters.output_tools,
            model_settings=settings,
            model_request_parameters=parameters,
            instructions='\n\n'.join(instructions(messages, parameters)).strip() or None,
        )


def _is_async(function: Any) -> bool:
    while isinstance(function, partial):
        function = cast(Any, function).func
    return inspect.iscoroutinefunction(function) or (
        callable(function) and inspect.iscoroutinefunction(cast(Any, function).__call__)
    )


def _name(function: Any) -> str:
    return '' if function is None else getattr(function, '__name__', type(function).__name__)


def _iterator(items: object) -> AsyncIterator[Item]:
    if isinstance(items, AsyncIterable):
        return aiter(cast(AsyncIterable[Item], items))
    if inspect.iscoroutine(items):
        items.close()
    raise UserError(
        f'A stream function must be an async generator function (with `yield`); it returned {items!r:.200}.'
    )


class FunctionStreamedResponse(StreamedResponse):
    """What a stream function yields, as events.

    `cancel()` ends the function where it waits: there is no connection whose closing would do so.
    """

    def __init__(
        self, model_request_parameters: ModelRequestParameters, model_name: str, items: AsyncIterator[Item]
    ) -> None:
        super().__init__(model_request_parameters)
        self.parts = PartsManager(model_request_parameters)
        self._model_name = model_name
        self._items = items
        self._first: list[Item] = []
        self._waiting: asyncio.Timeout | None = None
        self._usage = estimate_usage([])

    @property
    def model_name(self) -> str:
        return self._model_name

    @property
    def provider_name(self) -> None:
        return None

    async def begin(self) -> None:
        """Wait for the first item, so that an error before it is raised on entering the stream.

        Raises:
            ValueError: the function ended without an item.
        """
        try:
            self._first.append(await anext(self._items))
        except StopAsyncIteration:
            raise ValueError('The stream function ended without an item: it must yield at least one.') from None

    async def _batches(self) -> AsyncGenerator[list[ModelResponseStreamEvent]]:
        async for item in self._remaining():
            if isinstance(item, str):
                self._count(item)
                self.parts.text('content', item)
                yield self.parts.take()
                continue
            for key, delta in _deltas(item):
                self._delta(key, delta)
                yield self.parts.take()
        if not self._cancelled:
            self.parts.finish()
            yield self.parts.take()

    async def _remaining(self) -> AsyncGenerator[Item]:
        while not self._cancelled:
            if self._first:
                yield self._first.pop()
                continue
            try:
                async with asyncio.timeout(None) as self._waiting:
                    item = await anext(self._items)
            except StopAsyncIteration:
                return
            except TimeoutError:
                if self._cancelled:
                    return
                if self._closed:
                    raise IncompleteStream(
                        self._model_name, 'The answer broke off: its stream was left while another task still read it.'
                    ) from None
                raise
            finally:
                self._waiting = None
            yield item

    async def close_stream(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting.reschedule(0)

    async def aclose(self) -> None:
        await super().aclose()
        close: Callable[[], Awaitable[None]] | None = getattr(self._items, 'aclose', None)
        if close is not None:
            with suppress(RuntimeError):  # another task waits for an item; it has just been told to end
                await close()

    def _delta(self, key: int, delta: object) -> None:
        if isinstance(delta, NativeToolCallPart | NativeToolReturnPart):
            delta = whole_value(delta)
        match delta:
            case DeltaThinkingPart():
                self._count(delta.content)
                signer = SYSTEM if delta.signature else None
                self.parts.thinking(key, delta.content, signature=whole_value(delta.signature), provider_name=signer)
            case DeltaToolCall():
                self._count(delta.json_args)
                name, call_id = whole_value(delta.name), whole_value(delta.tool_call_id)
                self.parts.tool_call(key, name=name, args=delta.json_args, tool_call_id=call_id)
            case NativeToolCallPart():
                self._count(delta.args_as_json_str())
                self.parts.part(key, delta)
            case NativeToolReturnPart():
                self._count(delta.model_response_str())
                self.parts.part(key, delta)
            case _:
                raise UserError(f'A stream function must yield dicts of deltas or native parts, not of {delta!r:.200}.')

    def _count(self, text: str | None) -> None:
        if text:
            self._usage += RequestUsage(output_tokens=estimate_tokens(text))


def _deltas(item: object) -> Iterable[tuple[int, object]]:
    if not item:
        return ()
    if not isinstance(item, dict):
        raise UserError(f'A stream function must yield texts or dicts of deltas, not {item!r:.200}.')
    return cast(dict[int, object], item).items()

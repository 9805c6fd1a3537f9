"""Asking a model directly: four functions, whole or streamed, asynchronous or not.

They resolve the model, complete the parameters, and pass everything on. The synchronous ones work in scripts, in plain
threads and in a notebook's cell, where an event loop is already running; `bridge` says how.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import TracebackType
from typing import cast

from jupyter_stream import bridge
from jupyter_stream.checks import checked_messages, checked_parameters, checked_settings
from jupyter_stream.exceptions import UserError
from jupyter_stream.messages import (
    InstructionPart,
    ModelMessage,
    ModelRequest,
    ModelResponse,
    ModelResponseStreamEvent,
)
from jupyter_stream.models import KnownModelName, Model, ModelRequestParameters, StreamedResponse, infer_model
from jupyter_stream.models.instrumented import Instrument, instrument_model
from jupyter_stream.settings import ModelSettings, concealed
from jupyter_stream.usage import RequestUsage

__all__ = (
    'StreamedResponseSync',
    'model_request',
    'model_request_stream',
    'model_request_stream_sync',
    'model_request_sync',
)


async def model_request(
    model: Model | KnownModelName | str,
    messages: Sequence[ModelMessage],
    *,
    model_settings: ModelSettings | None = None,
    model_request_parameters: ModelRequestParameters | None = None,
    instrument: Instrument = None,
) -> ModelResponse:
    """Ask a model and wait for the whole answer.

    >>> import asyncio
    >>> from jupyter_stream.messages import ModelRequest
    >>> async def main():
    ...     response = await model_request('test', [ModelRequest.user_text_prompt('Who was Albert Einstein?')])
    ...     print(response.text)
    >>> asyncio.run(main())
    success (no tool calls)

    Args:
        model: a model, or a model string such as `openai-chat:gpt-5-mini`.
        messages: the conversation, oldest first.
        model_settings: settings of this request; they win over the model's own.
        model_request_parameters: tools and the form of the answer. Without `instruction_parts`, the instructions of
            the last request that has any are in force.
        instrument: record the request with OpenTelemetry, see `models.instrumented`: True, settings, or False for no
            trace; None means what `instrument_all` said, and else none.

    Raises:
        UserError: the model string is unknown, its key is missing, the model cannot do what is asked for, or it is to
            be recorded and OpenTelemetry is not installed.
        ModelAPIError: the provider or the connection failed.
        UnexpectedModelBehavior: the answer makes no sense.
    """
    model_settings = concealed(model_settings)
    request = _Request.of(model, messages, model_settings, model_request_parameters, instrument)
    return await request.model.request(request.messages, request.settings, request.parameters)


def model_request_sync(
    model: Model | KnownModelName | str,
    messages: Sequence[ModelMessage],
    *,
    model_settings: ModelSettings | None = None,
    model_request_parameters: ModelRequestParameters | None = None,
    instrument: Instrument = None,
) -> ModelResponse:
    """`model_request` from synchronous code, also where an event loop is running, as in a notebook.

    >>> from jupyter_stream.messages import ModelRequest
    >>> model_request_sync('test', [ModelRequest.user_text_prompt('Who was Albert Einstein?')]).text
    'success (no tool calls)'

    Takes and raises what `model_request` does.

    Raises:
        Interrupted: (a KeyboardInterrupt) the user stopped it; the request has been closed.
    """
    model_settings = concealed(model_settings)
    request = _Request.of(model, messages, model_settings, model_request_parameters, instrument)
    return bridge.run(
        lambda: request.model.request(request.messages, request.settings, request.parameters),
        loop_bound=request.model.loop_bound,
    )


def model_request_stream(
    model: Model | KnownModelName | str,
    messages: Sequence[ModelMessage],
    *,
    model_settings: ModelSettings | None = None,
    model_request_parameters: ModelRequestParameters | None = None,
    instrument: Instrument = None,
) -> AbstractAsyncContextManager[StreamedResponse]:
    """Ask a model and read the answer while it comes.

    >>> import asyncio
    >>> from jupyter_stream.messages import ModelRequest
    >>> async def main():
    ...     messages = [ModelRequest.user_text_prompt('Who was Albert Einstein?')]
    ...     async with model_request_stream('test', messages) as stream:
    ...         async for event in stream:
    ...             print(event)
    ...     print(stream.get().state)
    >>> asyncio.run(main())
    PartStartEvent(index=0, part=TextPart(content=''))
    FinalResultEvent(tool_name=None, tool_call_id=None)
    PartDeltaEvent(index=0, delta=TextPartDelta(content_delta='success '))
    PartDeltaEvent(index=0, delta=TextPartDelta(content_delta='(no '))
    PartDeltaEvent(index=0, delta=TextPartDelta(content_delta='tool '))
    PartDeltaEvent(index=0, delta=TextPartDelta(content_delta='calls)'))
    PartEndEvent(index=0, part=TextPart(content='success (no tool calls)'))
    complete

    Takes what `model_request` does. A mistake in the call (a `UserError`) is raised by the call; nothing is sent before
    the `async with`, which waits for the first event and so raises what goes wrong until then. Leaving the block closes
    the connection.

    Returns:
        An async context manager of a `StreamedResponse`: an async iterable of events with `get()` for the response so
        far, which stays readable after the block.
    """
    model_settings = concealed(model_settings)
    return _RequestStream(_Request.of(model, messages, model_settings, model_request_parameters, instrument))


def model_request_stream_sync(
    model: Model | KnownModelName | str,
    messages: Sequence[ModelMessage],
    *,
    model_settings: ModelSettings | None = None,
    model_request_parameters: ModelRequestParameters | None = None,
    instrument: Instrument = None,
) -> StreamedResponseSync:
    """`model_request_stream` from synchronous code, also where an event loop is running, as in a notebook.

    >>> from jupyter_stream.messages import ModelRequest, PartDeltaEvent
    >>> with model_request_stream_sync('test', [ModelRequest.user_text_prompt('Who was Albert Einstein?')]) as stream:
    ...     [event.delta.content_delta for event in stream if isinstance(event, PartDeltaEvent)]
    ['success ', '(no ', 'tool ', 'calls)']
    >>> stream.response.text
    'success (no tool calls)'

    Takes what `model_request` does.
    """
    model_settings = concealed(model_settings)
    return StreamedResponseSync(
        model_request_stream(
            model,
            messages,
            model_settings=model_settings,
            model_request_parameters=model_request_parameters,
            instrument=instrument,
        )
    )


class StreamedResponseSync:
    """An answer as it streams, for synchronous code: `with` it, iterate it, read it.

    Entering sends the request and waits for the first event; leaving closes the connection, however much has come. On
    an interrupt the request is closed, `Interrupted` (a KeyboardInterrupt) is raised, and what had come stays readable
    here. A second loop over it goes on where the first one stopped.

    Args:
        _async_stream_cm: the asynchronous stream, as `model_request_stream` gives it; used once.
    """

    def __init__(self, _async_stream_cm: AbstractAsyncContextManager[StreamedResponse]) -> None:
        self._driver: bridge.Stream[StreamedResponse, ModelResponseStreamEvent] = bridge.Stream(
            _async_stream_cm,
            loop_bound=cast(bool, getattr(_async_stream_cm, 'loop_bound', False)),
            on_interrupt=_cancel,
            ready=_ready,
        )
        self._entered: StreamedResponse | None = None
        self._left = False

    def __enter__(self) -> StreamedResponseSync:
        self._entered = self._driver.open()
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        self._left = True
        self._driver.close(exc_val)

    def __iter__(self) -> Iterator[ModelResponseStreamEvent]:
        """The events. Raises RuntimeError outside the `with` block."""
        self._stream()
        if self._left:
            raise RuntimeError('This stream is closed, since its `with` block was left: iterate inside of it.')
        return self._driver

    def __repr__(self) -> str:
        return f'{type(self).__name__}(context_entered=False)' if self._entered is None else repr(self._entered)

    def _stream(self) -> StreamedResponse:
        if self._entered is None:
            raise RuntimeError(
                'StreamedResponseSync must be used as a context manager: '
                '`with model_request_stream_sync(...) as stream:`.'
            )
        return self._entered

    @property
    def response(self) -> ModelResponse:
        """The response as it stands, also after the `with` block."""
        return self._stream().get()

    @property
    def usage(self) -> RequestUsage:
        """The tokens counted so far."""
        return self._stream().usage

    @property
    def model_name(self) -> str:
        """The model that answers."""
        return self._stream().model_name

    @property
    def provider_name(self) -> str | None:
        """The provider that answers."""
        return self._stream().provider_name

    @property
    def timestamp(self) -> datetime:
        """When the stream was opened here."""
        return self._stream().timestamp

    @property
    def cancelled(self) -> bool:
        """Whether it was cancelled, by `cancel()` or an interrupt."""
        return self._stream().cancelled

    def cancel(self) -> None:
        """Stop: the connection is closed, a loop over the stream ends, what had come stays readable.

        From any thread, unless the model is bound to an event loop.
        """
        self._driver.call(self._stream().cancel)


async def _cancel(stream: StreamedResponse) -> None:
    await stream.cancel()


def _ready(stream: StreamedResponse) -> ModelResponseStreamEvent | None:
    """What has come already. A stream of somebody else's, which cannot say, is awaited."""
    return stream.ready() if isinstance(cast(object, stream), StreamedResponse) else None


@dataclass(frozen=True)
class _Request:
    """A request, resolved and complete."""

    model: Model
    messages: list[ModelMessage]
    settings: ModelSettings | None
    parameters: ModelRequestParameters

    @classmethod
    def of(
        cls,
        model: Model | KnownModelName | str,
        messages: Sequence[ModelMessage],
        settings: ModelSettings | None,
        parameters: ModelRequestParameters | None,
        instrument: Instrument,
    ) -> _Request:
        resolved = instrument_model(infer_model(model), instrument)
        history = checked_messages(messages)
        settings = checked_settings(settings)
        parameters = _with_instructions(checked_parameters(parameters), history)
        if not (parameters.instruction_parts or any(message.parts for message in history)):
            raise UserError('There is nothing to ask, since `messages` is empty: give it a request.')
        return cls(resolved, resolved.prepare_messages(history), settings, parameters)


def _with_instructions(parameters: ModelRequestParameters, messages: list[ModelMessage]) -> ModelRequestParameters:
    """The parameters with the instructions in force, unless the caller decided on them."""
    if parameters.instruction_parts is not None:
        return parameters
    for message in reversed(messages):
        if isinstance(message, ModelRequest) and message.instructions is not None:
            return replace(parameters, instruction_parts=[InstructionPart(content=message.instructions)])
    return parameters


@dataclass
class _RequestStream(AbstractAsyncContextManager[StreamedResponse]):
    """What `model_request_stream` returns: nothing happens before it is entered, on whatever loop that is."""

    _request: _Request
    _entered: bool = field(default=False, init=False)
    _stream: StreamedResponse | None = field(default=None, init=False)
    _exits: AsyncExitStack = field(default_factory=AsyncExitStack, init=False)

    @property
    def loop_bound(self) -> bool:
        return self._request.model.loop_bound

    @property
    def model_id(self) -> str:
        """The model that is asked, as it is named to people."""
        return self._request.model.model_id

    async def __aenter__(self) -> StreamedResponse:
        if self._entered:
            raise RuntimeError('This stream cannot be entered twice: call `model_request_stream` again.')
        self._entered = True
        request = self._request
        async with AsyncExitStack() as entering:
            entering.enter_context(bridge.watched())
            manager = request.model.request_stream(request.messages, request.settings, request.parameters)
            self._stream = await entering.enter_async_context(manager)
            self._exits = entering.pop_all()
        return self._stream

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> bool | None:
        if self._stream is None:
            raise RuntimeError('This stream was never entered, so it cannot be left: use it in an `async with`.')
        if bridge.is_stop(exc_val):
            await self._stream.cancel()
        return await self._exits.__aexit__(exc_type, exc_val, exc_tb)

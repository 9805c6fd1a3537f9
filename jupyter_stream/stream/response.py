"""The object that a caller iterates: an answer while it comes, and what is known of it at any moment.

`StreamedResponse` owns the life of a stream (natural end, cancellation, failure) and nothing of any protocol. A
subclass gives events in batches, one for each piece that came over the network, so that the cost of awaiting is paid
once a piece and not once an event.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

from jupyter_stream.messages import (
    FinalResultEvent,
    FinishReason,
    ModelRequestAttempt,
    ModelResponse,
    ModelResponseState,
    ModelResponseStreamEvent,
)
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.stream._characters import whole_value
from jupyter_stream.stream._types import finite
from jupyter_stream.stream.marks import Marks
from jupyter_stream.stream.parts import PartsManager
from jupyter_stream.usage import RequestUsage

__all__ = ('FINISH_GRACE', 'CompletedStreamedResponse', 'StreamedResponse')

FINISH_GRACE: Final = 1.5
"""Seconds that an end mark may still take after the provider said why the answer ended."""


class StreamedResponse(ABC):
    """An answer as it streams: `async for event in stream`, and `stream.get()` at any time.

    Iterating is idempotent: a second loop goes on where the first one stopped, and yields nothing after the end. When
    the stream fails, every event that had come is handed out before the error is raised. A stream that was closed stays
    what it was: it yields nothing more, and its response keeps its state.

    A subclass sets `parts` and gives `_batches` and the properties that name the model.
    """

    parts: PartsManager

    def __init__(self, model_request_parameters: ModelRequestParameters | None = None) -> None:
        self.model_request_parameters = model_request_parameters or ModelRequestParameters()
        self.provider_response_id: str | None = None
        self.provider_details: dict[str, Any] | None = None
        self.canonical_system: str | None = None
        self.finish_reason: FinishReason | None = None
        self.state: ModelResponseState = 'complete'
        self.metadata: dict[str, Any] | None = None
        self.failed_attempts: list[ModelRequestAttempt] | None = None
        self._usage = RequestUsage()
        self._usage_received: bool | None = None
        self._timestamp = datetime.now(tz=UTC)
        self._source: AsyncGenerator[list[ModelResponseStreamEvent]] | None = None
        self._pending: deque[ModelResponseStreamEvent] = deque()
        self._error: Exception | None = None
        self._cancelled = False
        self._finished = False
        self._ended = False
        self._closed = False
        self._first_event_at: float | None = None
        self._marks = Marks()

    # ---------------------------------------------------------- for subclasses

    @abstractmethod
    def _batches(self) -> AsyncGenerator[list[ModelResponseStreamEvent]]:
        """The events as they come; an empty batch is fine."""

    @property
    @abstractmethod
    def model_name(self) -> str:
        """The model that answers, as the provider names it."""

    @property
    @abstractmethod
    def provider_name(self) -> str | None:
        """The provider's name."""

    @property
    def provider_url(self) -> str | None:
        """The provider's base URL."""
        return None

    def presentable(self, error: Exception) -> Exception:
        """The error as the reader of the stream gets it."""
        return error

    async def close_stream(self) -> None:  # noqa: B027 - not every stream has a connection
        """Close the connection. Called by `cancel` and on leaving the context; safe to call twice."""

    # -------------------------------------------------------------- iterating

    def __aiter__(self) -> AsyncIterator[ModelResponseStreamEvent]:
        return self

    async def __anext__(self) -> ModelResponseStreamEvent:
        while (event := self.ready()) is None:
            if self._ended:
                self._raise_error()
                raise StopAsyncIteration
            await self._pull()
        return event

    def ready(self) -> ModelResponseStreamEvent | None:
        """The next event if it has come already, None where one has to await it. From any thread, one at a time."""
        if self._closed or not self._pending:
            return None
        if self._first_event_at is None:
            self._first_event_at = time.perf_counter()
        return self._pending.popleft()

    async def peek(self) -> None:
        """Wait until there is an event to hand out, or the stream has ended.

        Raises:
            Exception: the stream failed before its first event.
        """
        while not self._pending and not self._ended:
            await self._pull()
        if not self._pending:
            self._raise_error()

    def _raise_error(self) -> None:
        error, self._error = self._error, None
        if error is not None:
            raise error

    async def _pull(self) -> None:
        if self._source is None:
            self._source = self._batches()
        try:
            self._pending.extend(await anext(self._source))
        except StopAsyncIteration:
            self._ended = True
            self._finished = not (self._cancelled or self._closed)
        except Exception as error:
            self._break_off()
            if not self._cancelled:
                self._error = self.presentable(error)
        except BaseException:  # the reading task was cancelled: the source is spent, and this was no natural end
            self._break_off()
            raise

    def _break_off(self) -> None:
        self._ended = True
        self.parts.flush()
        self._pending.extend(self.parts.take())

    async def aclose(self) -> None:
        """Leave the stream for good, wherever it stands."""
        self._closed = self._ended = True
        await self.close_stream()
        if self._source is not None:
            with suppress(RuntimeError):  # another task is still reading; the closed connection ends it
                await self._source.aclose()

    # --------------------------------------------------------------- stopping

    @property
    def cancelled(self) -> bool:
        """Whether `cancel()` was called."""
        return self._cancelled

    async def cancel(self) -> None:
        """Stop: the connection is closed, a loop over the stream ends, what had come stays readable.

        A stream that has come to its natural end stays complete, one that was closed stays as it is. From any task of
        the stream's own event loop.
        """
        if self._cancelled or self._closed:
            return
        self._cancelled = True
        if not self._finished:
            await self.close_stream()

    # ---------------------------------------------------------------- reading

    def get(self) -> ModelResponse:
        """The response as it stands.

        Its `state` is 'complete' after the natural end, 'interrupted' after `cancel()`, 'suspended' where the provider
        paused, else 'incomplete'.
        """
        return ModelResponse(
            parts=self.parts.parts(),
            model_name=self.model_name,
            timestamp=self.timestamp,
            usage=self.usage,
            provider_name=self.provider_name,
            provider_url=self.provider_url,
            canonical_system=self.canonical_system,
            provider_response_id=self.provider_response_id,
            provider_details=whole_value(finite(self.provider_details)),
            finish_reason=self.finish_reason,
            state=self._state(),
            metadata=self.metadata,
            failed_attempts=self.failed_attempts,
        )

    def _state(self) -> ModelResponseState:
        if self.state == 'suspended':
            return 'suspended'
        if self._finished and self.state != 'incomplete':
            return 'complete'
        return 'interrupted' if self._cancelled else 'incomplete'

    @property
    def final_result_event(self) -> FinalResultEvent | None:
        """The event that said which part is the result, once it has come."""
        return self.parts.final_result_event

    @property
    def usage(self) -> RequestUsage:
        """The tokens counted so far; many providers send them with the last event."""
        if self._usage_received is False and self._finished:
            return self._usage + RequestUsage(unmeasured_requests=1)
        return self._usage

    @property
    def timestamp(self) -> datetime:
        """When the stream was opened here; the provider's own time is in `provider_details['timestamp']`."""
        return self._timestamp

    @property
    def marks(self) -> Marks:
        """When what of the answer happened, so far."""
        self._marks.parts = self.parts.marks
        return self._marks

    def time_to_first_chunk(self, request_start: float) -> float | None:
        """Seconds from `request_start` (a `time.perf_counter()`) to the first event handed out, None before it."""
        return None if self._first_event_at is None else self._first_event_at - request_start


class CompletedStreamedResponse(StreamedResponse):
    """A finished response, replayed as a stream of whole parts."""

    def __init__(self, model_request_parameters: ModelRequestParameters | None, response: ModelResponse) -> None:
        super().__init__(model_request_parameters)
        self._response = response
        self.parts = PartsManager(self.model_request_parameters, provider_name=response.provider_name)
        self.finish_reason = response.finish_reason
        self.provider_response_id = response.provider_response_id
        self.provider_details = response.provider_details
        self.canonical_system = response.canonical_system
        self.state = response.state
        self.metadata = response.metadata
        self._usage = response.usage
        self._timestamp = response.timestamp

    async def _batches(self) -> AsyncGenerator[list[ModelResponseStreamEvent]]:
        for part in self._response.parts:
            self.parts.part(None, part)
            yield self.parts.take()
        self.parts.finish()
        yield self.parts.take()

    @property
    def model_name(self) -> str:
        return self._response.model_name or ''

    @property
    def provider_name(self) -> str | None:
        return self._response.provider_name

    @property
    def provider_url(self) -> str | None:
        return self._response.provider_url

"""A model that sends only so many requests at once."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import Final

from jupyter_stream.concurrency import (
    AbstractConcurrencyLimiter,
    AnyConcurrencyLimit,
    ConcurrencyLimit,
    ConcurrencyLimiter,
    limiter_of,
    place,
)
from jupyter_stream.exceptions import UserError
from jupyter_stream.messages import ModelMessage, ModelResponse
from jupyter_stream.models import KnownModelName, infer_model
from jupyter_stream.models.base import Model
from jupyter_stream.models.wrapper import WrapperModel
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.settings import ModelSettings
from jupyter_stream.stream import StreamedResponse

__all__ = (
    'AbstractConcurrencyLimiter',
    'AnyConcurrencyLimit',
    'ConcurrencyLimit',
    'ConcurrencyLimitedModel',
    'ConcurrencyLimiter',
    'limit_model_concurrency',
)

_around: Final[ContextVar[tuple[AbstractConcurrencyLimiter, ...]]] = ContextVar('limiters around', default=())
"""The limiters that this request has passed: waiting a second time in the same one could last for ever."""


class ConcurrencyLimitedModel(WrapperModel):
    """Asks `wrapped`, but only so many times at once; further requests wait for their turn.

    A request counts until its response is there, a stream until its `async with` or `with` block is left. The
    limit holds for the whole process: for requests that are awaited, on whatever loop, and for the synchronous
    functions, in whatever thread, together. Waiting has no part in the request's timeouts, which begin after it, and is
    as interruptible as the request.

    Args:
        wrapped: a model, or a model string.
        limiter: a number of requests; a `ConcurrencyLimit`, which also says how many may wait; or a limiter that
            several models share.

    Raises:
        UserError: (the constructor) a number is too small; (a request) the limiter is around this model twice.
        ConcurrencyLimitExceeded: (a request) the limiter's queue is full.
    """

    def __init__(
        self,
        wrapped: Model | KnownModelName | str,
        limiter: int | ConcurrencyLimit | AbstractConcurrencyLimiter,
    ) -> None:
        super().__init__(wrapped)
        found = limiter_of(limiter)
        assert found is not None
        self._limiter = found

    async def request(
        self,
        messages: Sequence[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        self._check()
        async with place(self._limiter, self._source):
            with _inside(self._limiter):
                return await self.wrapped.request(messages, model_settings, model_request_parameters)

    @asynccontextmanager
    async def request_stream(
        self,
        messages: Sequence[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: object = None,
    ) -> AsyncGenerator[StreamedResponse]:
        self._check()
        async with place(self._limiter, self._source), AsyncExitStack() as stack:
            # Only while it opens: the stream may be left in another task, whose context is not this one.
            with _inside(self._limiter):
                stream = await stack.enter_async_context(
                    self.wrapped.request_stream(messages, model_settings, model_request_parameters)
                )
            yield stream

    @property
    def _source(self) -> str:
        return f'model:{self.model_name}'

    def _check(self) -> None:
        if any(limiter is self._limiter for limiter in _around.get()):
            raise UserError(
                'This model is wrapped twice in the same concurrency limiter and would wait for itself: '
                'wrap it once, or use two limiters.'
            )


@contextmanager
def _inside(limiter: AbstractConcurrencyLimiter) -> Generator[None]:
    token = _around.set((*_around.get(), limiter))
    try:
        yield
    finally:
        _around.reset(token)


def limit_model_concurrency(model: Model | KnownModelName | str, limiter: AnyConcurrencyLimit) -> Model:
    """The model with a limit on its requests; without one when `limiter` is None."""
    return infer_model(model) if limiter is None else ConcurrencyLimitedModel(model, limiter)

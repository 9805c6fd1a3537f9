"""The player: it opens a stream, shows in a view what comes, and gives the answer back.

`%%ask`, `ask`, `aask`, `show` and `explore` all play. There is one coroutine, and it runs in two ways: awaited on the
cell's own loop (`play`), or through the bridge (`run`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Any, Protocol

from jupyter_stream import bridge
from jupyter_stream.exceptions import IncompleteStream, ModelConnectionError
from jupyter_stream.notebook import kernel
from jupyter_stream.notebook.answer import Answer
from jupyter_stream.notebook.errors import short_errors
from jupyter_stream.notebook.marimo import keeping_output
from jupyter_stream.notebook.reducer import is_empty
from jupyter_stream.notebook.typed_response import with_type
from jupyter_stream.notebook.views import Mounting, Stoppable, Typing, View, Withdrawable
from jupyter_stream.notebook.views.static import NullView
from jupyter_stream.notebook.waterfall import traced

if TYPE_CHECKING:
    from jupyter_stream.messages import ModelMessage, ModelResponse
    from jupyter_stream.notebook.views.standing import Standing
    from jupyter_stream.stream import StreamedResponse
    from jupyter_stream.typed.answer import TypedAnswer
    from jupyter_stream.typed.wanted import Typed

__all__ = ('Playable', 'Player')

_BROKEN = (IncompleteStream, ModelConnectionError)
"""What ends an answer on its way here, and not in the model."""

_TICK = 0.05
"""Seconds between two ticks of the view while the model is silent."""


class Playable(Protocol):
    """What can be played: a `Question`, or a stream that somebody else makes."""

    @property
    def title(self) -> str:
        """Who answers, as it is named to people."""
        ...

    @property
    def settings(self) -> Mapping[str, Any] | None:
        """The settings of the request."""
        ...

    @property
    def loop_bound(self) -> bool:
        """Whether it must be played on the event loop that its user runs."""
        ...

    @property
    def typed(self) -> Typed | None:
        """The type that the answer is asked to be of; None for any."""
        ...

    @property
    def retries(self) -> int:
        """How often the model may try again where the answer is not of that type."""
        ...

    def messages(self) -> list[ModelMessage]:
        """What is sent; empty where that is not known."""
        ...

    def open(self, messages: Sequence[ModelMessage]) -> AbstractAsyncContextManager[StreamedResponse]:
        """The context manager of its stream. May import what is slow to load."""
        ...


class Player:
    """Plays one answer, once. Whatever ends it, the view is finished and the answer so far is handed over.

    Args:
        source: what is played.
        view: shows the answer; it is started before anything slow is loaded, and always finished.
        on_answer: gets the answer, or as much of it as came before an error or a stop; says where it stands in its
            thread, if in any.
    """

    def __init__(
        self, source: Playable, view: View, on_answer: Callable[[Answer], Standing | None] = lambda answer: None
    ) -> None:
        self._source = source
        self._view = view
        self._on_answer = on_answer
        self._standing: Standing | None = None
        self._messages: list[ModelMessage] = []
        self._typed: TypedAnswer | None = None
        self._attempts: list[ModelResponse] = []
        self._cancel: bridge.Cancel | None = None
        self._began = time.perf_counter()

    async def play(self) -> Answer:
        """Play on this event loop. An interrupt of the cell, or `stop`, ends it promptly.

        Raises:
            Interrupted: (a KeyboardInterrupt) the cell was stopped, or its answer by `stop`.
            asyncio.CancelledError: the task was cancelled, or, in a task that is not the cell's own, `stop` was called.
            Exception: as the stream raises it, after the view has shown what came.
        """
        self._cancel = bridge.Cancel()
        if isinstance(self._view, Stoppable):
            self._view.on_stop(self.stop)
        with keeping_output(), short_errors():
            return await bridge.guard(self._play(), self._cancel)

    def run(self) -> Answer:
        """Play from synchronous code, through the bridge. Raises what `play` does."""
        with keeping_output(), short_errors():
            return bridge.run(self._play, loop_bound=self._source.loop_bound)

    def stop(self) -> None:
        """End what `play` began, from any thread; what came stays. Before and after that it does nothing."""
        if self._cancel is not None:
            self._cancel()

    async def _play(self) -> Answer:
        view = self._view
        self._began = time.perf_counter()
        self._expect()
        view.start(self._source.title, self._source.settings)
        stream: StreamedResponse | None = None
        try:
            await asyncio.sleep(0)  # what the view shows leaves for the browser before imports block this thread
            view.tick()  # what it needs is imported now, and not while a request is open, which a stop should close
            from jupyter_stream.models.base import progress_to

            with progress_to(view.status):
                messages: list[ModelMessage] | None = self._ask()
                while messages is not None:
                    async with _ticking(view), self._source.open(messages) as stream:
                        await self._show(stream)
                    messages = self._again(messages, stream)
        except BaseException as error:
            response = self._answer(stream, error).response
            if is_empty(response) and not _stopped(error) and isinstance(view, Withdrawable):
                view.withdraw()
            else:
                self._finish(response, mark=_mark(error, response), error=error)
            raise
        answer = self._answer(stream)
        try:
            if isinstance(view, Mounting):
                await view.mounted()
        finally:
            self._finish(answer.response)
        return answer

    def _finish(self, response: ModelResponse, mark: str | None = None, error: BaseException | None = None) -> None:
        if not isinstance(self._view, NullView):
            response = kernel.state.noted_once(response)
        self._view.finish(response, mark=mark, error=error, standing=self._standing)

    def _ask(self) -> list[ModelMessage]:
        self._messages = self._source.messages()
        return self._messages

    def _expect(self) -> None:
        """Tell the view of the type that the answer is asked to be of, if of any."""
        wanted = self._source.typed
        if wanted is None:
            return
        from jupyter_stream.typed.answer import TypedAnswer

        self._typed = TypedAnswer(wanted)
        if isinstance(self._view, Typing):
            self._view.typed(self._typed)

    def _again(self, messages: list[ModelMessage], stream: StreamedResponse) -> list[ModelMessage] | None:
        """What is sent so that the model tries again; None where the answer will do, or has been tried often enough."""
        typed = self._typed
        if typed is None or typed.finish().member is not None or len(self._attempts) >= self._source.retries:
            return None
        response = stream.get()
        self._attempts.append(response)
        self._expect()
        return [*messages, response, typed.retry(response)]

    async def _show(self, stream: StreamedResponse) -> None:
        update, tick = self._view.update, self._view.tick
        fill = self._typed.update if self._typed is not None else None
        try:
            async for event in stream:
                if fill is not None:
                    fill(event)
                update(event)
                tick()
        except asyncio.CancelledError:
            await stream.cancel()
            raise

    def _answer(self, stream: StreamedResponse | None, error: BaseException | None = None) -> Answer:
        response = stream.get() if stream is not None else _empty(self._source.title, error)
        kernel.state.traces.append(traced(self._source.title, response, self._began, stream and stream.marks))
        if self._typed is not None:
            self._typed.finish()
            response = with_type(response, self._typed, self._typed.problems)
        answer = Answer(self._messages, response, self._source.title, self._typed, self._attempts)
        self._standing = self._on_answer(answer)
        return answer


def _empty(title: str, error: BaseException | None) -> ModelResponse:
    """The response of a stream that was never opened."""
    from jupyter_stream.messages import ModelResponse

    return ModelResponse(parts=[], model_name=title, state='interrupted' if _stopped(error) else 'incomplete')


@asynccontextmanager
async def _ticking(view: View) -> AsyncGenerator[None]:
    """Tick the view while the model is silent, so that nothing that came stays unshown."""

    async def tick() -> None:
        while True:
            await asyncio.sleep(_TICK)
            view.tick()

    ticker = asyncio.create_task(tick())
    try:
        yield
    finally:
        ticker.cancel()


def _stopped(error: BaseException | None) -> bool:
    return isinstance(error, asyncio.CancelledError | KeyboardInterrupt | GeneratorExit)


def _mark(error: BaseException, response: ModelResponse) -> str:
    """Why an answer ended early, in the words that views know."""
    if _stopped(error):
        return 'interrupted'
    return 'incomplete' if isinstance(error, _BROKEN) or not response.parts else 'error'

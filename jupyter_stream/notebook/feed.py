"""A stream poured into a view, whoever opened it: what asking and showing have in common.

Whatever ends it, the view is finished and the response so far is handed over before the error goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

from jupyter_stream.exceptions import IncompleteStream, ModelConnectionError, StreamDecodeError
from jupyter_stream.notebook.views import Mounting, View

if TYPE_CHECKING:
    from jupyter_stream.messages import ModelResponse
    from jupyter_stream.stream import StreamedResponse

__all__ = ('pour',)

_BROKEN = (IncompleteStream, ModelConnectionError, StreamDecodeError)
"""What ends an answer on its way here, and not in the model."""

_TICK = 0.05
"""Seconds between two looks at the view's clock while the model says nothing."""


async def pour(
    open_stream: Callable[[], AbstractAsyncContextManager[StreamedResponse]],
    view: View,
    *,
    title: str,
    settings: Mapping[str, Any] | None = None,
    keep: Callable[[ModelResponse], object] = lambda response: None,
) -> ModelResponse:
    """Open a stream and show the answer as it comes.

    Args:
        open_stream: makes the context manager of the stream; called after the view has been started, since it may have
            to import what is slow to load.
        view: shows the answer; always finished.
        title: who is asked.
        settings: those of the request.
        keep: gets the response so far, also when the stream fails or is interrupted.

    Raises:
        Exception: as the stream raises it, after the view has shown what came.
        asyncio.CancelledError: the task was cancelled; the response that was kept is 'interrupted'.
    """
    view.start(title, settings)
    stream: StreamedResponse | None = None
    try:
        await asyncio.sleep(0)  # what the view shows leaves for the browser before imports block this thread
        with _told_of_the_start(view):
            async with _ticking(view), open_stream() as stream:
                await _into(view, stream)
    except BaseException as error:
        response = stream.get() if stream is not None else _nothing(title, error)
        keep(response)
        view.finish(response, mark=_mark(error, response), error=error)
        raise
    response = stream.get()
    keep(response)
    try:
        if isinstance(view, Mounting):
            await view.mounted()
    finally:
        view.finish(response, mark=None, error=None)
    return response


async def _into(view: View, stream: StreamedResponse) -> None:
    try:
        async for event in stream:
            view.update([event])
    except asyncio.CancelledError:
        await stream.cancel()
        raise


def _nothing(title: str, error: BaseException) -> ModelResponse:
    """The response of a stream that was never opened."""
    from jupyter_stream.messages import ModelResponse

    return ModelResponse(parts=[], model_name=title, state='interrupted' if _stopped(error) else 'incomplete')


@asynccontextmanager
async def _ticking(view: View) -> AsyncGenerator[None]:
    """Let the view look at its clock while the model is silent, so that nothing that came stays unshown."""

    async def tick() -> None:
        while True:
            await asyncio.sleep(_TICK)
            view.update(())

    ticker = asyncio.create_task(tick())
    try:
        yield
    finally:
        ticker.cancel()


@contextmanager
def _told_of_the_start(view: View) -> Generator[None]:
    """What the embedded model says while it starts is the view's status."""
    from jupyter_stream.local import status

    before = status.set(view.status)
    try:
        yield
    finally:
        status.reset(before)


def _stopped(error: BaseException) -> bool:
    return isinstance(error, asyncio.CancelledError | KeyboardInterrupt | GeneratorExit)


def _mark(error: BaseException, response: ModelResponse) -> str:
    """Why an answer ended early, in the words that views know."""
    if _stopped(error):
        return 'interrupted'
    return 'incomplete' if isinstance(error, _BROKEN) or not response.parts else 'error'

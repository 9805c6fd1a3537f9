"""The Stop button: it ends the task that reads an answer as an interrupt of the cell would."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from jupyter_stream import bridge
from jupyter_stream.exceptions import Interrupted
from jupyter_stream.notebook.views import Stoppable, View

__all__ = ('Stop', 'stoppable')

T = TypeVar('T')


class Stop:
    """Cancels the task that it was made in, once; called from any thread.

    Attributes:
        came: whether it was called in time.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()
        self.came = False

    def __call__(self) -> None:
        self._loop.call_soon_threadsafe(self._cancel)

    def _cancel(self) -> None:
        if self._task is not None and not self.came:
            self.came = True
            self._task.cancel()

    def disarm(self) -> None:
        """Do nothing from now on."""
        self._task = None


async def stoppable(view: View, awaitable: Awaitable[T]) -> T:
    """Await what feeds a view, so that an interrupt or the view's own button ends it promptly.

    Raises:
        Interrupted: (a KeyboardInterrupt) either came. In a task that is not the cell's own, where that would end the
            kernel, the button's is a CancelledError.
    """
    stop = Stop()
    if isinstance(view, Stoppable):
        view.on_stop(stop)
    try:
        return await bridge.guard(awaitable)
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if stop.came and task is not None and bridge.in_cell():
            task.uncancel()
            raise Interrupted() from None
        raise
    finally:
        stop.disarm()

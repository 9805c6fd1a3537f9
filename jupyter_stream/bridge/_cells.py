"""Interrupts of a cell that awaits something around our streams: a gather, a task group, an `async with` of its own.

The kernel cancels such a cell, and IPython shows the `CancelledError` with every frame on its way, thousands of
characters. What the cell awaits itself is handled by `guard`; here is the rest, where the error is never in our hands:
while a stream is open, an interrupt is noted, and the cell that it ends is shown as interrupted, in one line, and
reported as such. The kernel's own handling is left as it is.

The shell is IPython's, found where it was loaded already, and asked through its public hooks.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from jupyter_stream.bridge._interrupts import Sigint, cell_task
from jupyter_stream.exceptions import Interrupted

__all__ = ('is_stop', 'watched')


def is_stop(error: BaseException | None) -> bool:
    """Whether an error is no failure, but somebody's wish: a cancellation, an interrupt."""
    return isinstance(error, asyncio.CancelledError | KeyboardInterrupt)


@contextmanager
def watched() -> Generator[None]:
    """Inside, an interrupt of the cell that this task belongs to is shown as one, however the cell awaits this.

    It may be entered by many tasks at once. Outside a kernel's cell it does nothing.
    """
    watch = _Watch.current()
    if watch is None:
        yield
        return
    watch.streams += 1
    try:
        yield
    finally:
        watch.streams -= 1
        watch.leave()


class _Watch:
    """The handler of SIGINT while streams are open in a cell; `owner` is the kernel's, which is called as ever."""

    def __init__(self, owner: Callable[[int, FrameType | None], object], shell: Any) -> None:
        self._owner = owner
        self._shell = shell
        self._loop = asyncio.get_running_loop()
        self._came = False
        self.streams = 0

    @classmethod
    def current(cls) -> _Watch | None:
        """That of the running cell, begun where there is none yet; None where no cell can be interrupted."""
        if threading.current_thread() is not threading.main_thread():
            return None
        handler: Any = signal.getsignal(signal.SIGINT)
        if isinstance(handler, cls):
            return handler
        shell: Any = getattr(sys.modules.get('IPython'), 'get_ipython', lambda: None)()
        ours = isinstance(getattr(handler, '__self__', None), Sigint)
        if shell is None or ours or not callable(handler) or handler is signal.default_int_handler:
            return None
        if cell_task() is None:
            return None
        watch = cls(handler, shell)
        signal.signal(signal.SIGINT, watch)
        return watch

    def leave(self) -> None:
        if self.streams == 0 and signal.getsignal(signal.SIGINT) is self:
            signal.signal(signal.SIGINT, self._owner)

    def __call__(self, signum: int, frame: FrameType | None) -> None:
        if not self._came:
            self._came = True
            self._show_as_interrupt()
        self._owner(signum, frame)
        # The kernel's handler leaves a callback and wakes nobody: a loop that waits for a socket would go on waiting.
        self._loop.call_soon_threadsafe(lambda: None)

    def _show_as_interrupt(self) -> None:
        """Until this cell has ended, a `CancelledError` that ends it is an interrupt."""
        shell = self._shell
        before = shell.custom_exceptions, shell.CustomTB

        def show(shell: Any, kind: object, error: object, traceback: object, tb_offset: object = None) -> None:
            shell.showtraceback((Interrupted, Interrupted(), None))

        def after(result: Any) -> None:
            shell.custom_exceptions, shell.CustomTB = before
            shell.events.unregister('post_run_cell', after)
            if isinstance(result.error_in_exec, asyncio.CancelledError):
                result.error_in_exec = Interrupted()

        shell.set_custom_exc((asyncio.CancelledError,), show)
        shell.events.register('post_run_cell', after)

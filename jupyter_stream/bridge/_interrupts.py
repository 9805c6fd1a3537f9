"""What Ctrl-C does while synchronous code waits for asynchronous code, and between two such waits.

While it waits (`Sigint`): the first SIGINT asks the task to cancel and is raised as `Interrupted` when the request has
closed; the second one raises at once. A `KeyboardInterrupt` is not left to appear at any bytecode: in the middle of an
event loop it can lose a callback for good.

While a loop runs in this thread its owner's handler (the kernel's, or that of `asyncio.run`) is set aside for the wait:
it would wait for the very loop that is blocked here. That loop stays blocked when the wait is over, until the code that
called returns to it. An interrupt in this gap (`_Gap`) would be lost too. In a cell's own task it is raised at once, as
in a synchronous cell. In a task that is not the cell's own a KeyboardInterrupt would go through the loop and end the
kernel: there the owner's handler is called, which cancels the cell when the loop is free again, and until it is free,
the next wait raises `CancelledError`.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType, TracebackType
from typing import Any, ClassVar

from jupyter_stream.exceptions import Interrupted

__all__ = ('Cancel', 'Sigint', 'cell_task', 'in_cell', 'missed', 'running_loop')


class Sigint:
    """While entered, the first SIGINT calls `act` and is remembered, and the second raises KeyboardInterrupt at once.

    One that came in a gap before counts as the first. Only the main thread has signals. A handler that the user's
    program set is left alone, unless a loop runs in this thread. Then it is likely the loop's: set aside in a cell's
    own task, else called too, after `act`.
    """

    came = False

    def __init__(self, act: Callable[[], object]) -> None:
        self._act = act
        self._raised = False
        self._after: Any = None
        self._owner: Callable[[int, FrameType | None], object] | None = None

    def __enter__(self) -> Sigint:
        if threading.current_thread() is threading.main_thread():
            self._after = _after_this(signal.getsignal(signal.SIGINT))
            if isinstance(self._after, _Gap) and not in_cell():
                self._owner = self._after.owner
            if self._after is not None:
                signal.signal(signal.SIGINT, self._handle)
                if _Gap.take():
                    self.came = True
                    self._act()
        return self

    def __exit__(self, *_: object) -> None:
        if self._after is not None:
            signal.signal(signal.SIGINT, self._after)
            if isinstance(self._after, _Gap):
                self._after.open()

    def _handle(self, signum: int, frame: FrameType | None) -> None:
        again, self.came = self.came, True
        if not again:
            self._act()
        elif self._owner is None:
            signal.default_int_handler(signum, frame)
        if self._owner is not None:
            try:
                self._owner(signum, frame)
            except KeyboardInterrupt:  # marimo's raises; the first one waits until the request has closed
                if again:
                    raise
                self._raised = True

    def error(self, error: BaseException | None) -> BaseException:
        """What to raise, given what the interrupted coroutine raised."""
        # A KeyboardInterrupt would stop the loop: its owner's handler does what is due, unless that raises one itself.
        if self._owner is not None and not self._raised:
            return asyncio.CancelledError()
        _die_of_it_if_nobody_catches()
        return error if isinstance(error, KeyboardInterrupt) else Interrupted()


class _Gap:
    """The handler from the end of a wait until the loop that is blocked here runs again."""

    came: ClassVar[bool] = False
    """Whether an interrupt came in a gap and no wait has raised it. One for all: one thread alone has signals."""

    def __init__(self, owner: Callable[[int, FrameType | None], object], loop: asyncio.AbstractEventLoop) -> None:
        self.owner = owner
        self.loop = loop
        self._ends = False

    def open(self) -> None:
        """It ends when the loop comes to its next callback."""
        if not self._ends:
            self._ends = True
            self.loop.call_soon(self._end)

    def _end(self) -> None:
        self._ends = _Gap.came = False
        self._leave()

    def _leave(self) -> None:
        if signal.getsignal(signal.SIGINT) is self:
            signal.signal(signal.SIGINT, self.owner)

    def __call__(self, signum: int, frame: FrameType | None) -> None:
        if in_cell(running=True):
            signal.default_int_handler(signum, frame)
        _Gap.came = True
        try:
            self.owner(signum, frame)
        except BaseException:  # it goes through the loop, which may not come to an end of this gap
            self._leave()
            raise

    @classmethod
    def take(cls) -> bool:
        """Whether an interrupt came; the one who asks raises it."""
        came, cls.came = cls.came, False
        return came


def _after_this(handler: Any) -> Any:
    """What handles signals after a wait that begins under `handler`; None where the wait leaves them alone."""
    if isinstance(handler, _Gap) and not handler.loop.is_running():
        handler = handler.owner
    if handler is signal.default_int_handler or isinstance(handler, _Gap):
        return handler
    loop = running_loop()
    return _Gap(handler, loop) if loop is not None and callable(handler) else None


def missed() -> bool:
    """Whether an interrupt came between two waits, which the next wait will raise."""
    return _Gap.came


class Cancel:
    """Cancels the task that it was made in, once; called from any thread or signal handler.

    Attributes:
        came: whether it was called in time.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()
        self.came = False

    def __call__(self) -> None:
        with suppress(RuntimeError):  # the loop is closed: the task is over
            self._loop.call_soon_threadsafe(self._cancel)

    def _cancel(self) -> None:
        if self._task is not None and not self.came:
            self.came = True
            self._task.cancel()

    def disarm(self, *, take_back: bool = False) -> None:
        """Do nothing from now on. `take_back` the request too, where the task goes on and must not look cancelled."""
        if take_back and self.came and self._task is not None:
            self._task.uncancel()
        self._task = None


def in_cell(*, running: bool = False) -> bool:
    """Whether the current task is a cell that awaits: IPython runs it as this coroutine, which catches interrupts.

    Args:
        running: and its code is running at this moment, not the loop's own around it.
    """
    task = None if running_loop() is None else asyncio.current_task()
    if task is None or not _is_cell(task):
        return False
    return not running or getattr(task.get_coro(), 'cr_running', False)


def cell_task() -> asyncio.Task[Any] | None:
    """The cell that awaits on the loop of this thread, whichever task asks; None where there is none."""
    return None if running_loop() is None else next(filter(_is_cell, asyncio.all_tasks()), None)


def _is_cell(task: asyncio.Task[Any]) -> bool:
    return getattr(task.get_coro(), '__qualname__', '').endswith('.run_cell_async')


def _die_of_it_if_nobody_catches() -> None:
    """A program that an interrupt ends dies by SIGINT, so that a shell's loop around it stops too.

    Python does so for KeyboardInterrupt itself and not for what extends it, such as `Interrupted`.
    """
    if sys.excepthook is sys.__excepthook__ and sys.platform != 'win32':
        sys.excepthook = _report


def _report(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    sys.__excepthook__(kind, error, traceback)
    if issubclass(kind, Interrupted):
        _Ending.interrupted = True


class _Ending:
    interrupted: ClassVar[bool] = False


@atexit.register  # when this module is loaded, and so run after what is registered later, such as the end of our loops
def _die() -> None:
    if _Ending.interrupted:
        for stream in (sys.stdout, sys.stderr):
            with suppress(Exception):
                stream.flush()
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)


def running_loop() -> asyncio.AbstractEventLoop | None:
    """The loop that runs in this thread."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None

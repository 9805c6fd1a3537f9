"""Running asynchronous code from synchronous code: the ways, which `_loops` and `_session` implement.

A notebook's cell runs inside the kernel's event loop, and there `asyncio.run` and `run_until_complete` raise. There are
several ways around that, and each breaks something else. What is used here, and why:

1. **A thread with its own loop** (`_LoopThread`), where the caller waits for the outcome: the way of everything that is
   not bound to a loop, whether or not one is running here. It patches nothing, works under uvloop and in plain threads,
   the loop lives as long as the process (so pooled connections stay usable from one call to the next), and cells queued
   behind an interrupted one are aborted, as they should be. The coroutine runs under a copy of the caller's context
   variables, since that is where the kernel keeps whose cell an output belongs to. The thread never displays by itself
   while the cell merely joins it: then an interrupt could not close the request.
2. **The loop running in this thread, entered again** (`_DrivenLoop` after `nest_asyncio2`): only for what is bound to
   that loop, such as a user's asynchronous function or HTTP client, which fails or hangs on any other loop. The patch
   is made at the first such call and not before, because it changes asyncio for the whole process. Left alone it never
   closes the request on an interrupt, so the task is cancelled and awaited here. uvloop's and Pyodide's loops cannot be
   patched: that is a `UserError` that says to await.
3. **A loop of this thread's own, driven from here** (`_DrivenLoop` again): for what is bound to a loop where none is
   running, as in a script. Not `asyncio.run`, which closes its loop: a client that keeps connections would work in the
   first call and fail in the second. Not the thread of (1): a user's function may rely on the thread that it was
   written in.
4. **No bridge at all** (`guard`): a cell that awaits. It alone lets the kernel handle messages meanwhile. The kernel
   cancels such a cell on an interrupt; `guard` makes a short `Interrupted` of that, since a `CancelledError` costs a
   second and a screen of traceback, and swallowing it would let the cells queued behind run on.

**Interrupts.** The three ways that block (1 to 3) treat SIGINT alike, see `_interrupts`: while a call waits, the first
one cancels it and is raised as `Interrupted` when the request has closed, or after `GRACE` seconds; the second one
raises at once. Between two waits it is the program's own, unless a loop is blocked here that would have to handle it.
"""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager
from typing import Any, Generic, TypeVar

from jupyter_stream.bridge._cells import is_stop, watched
from jupyter_stream.bridge._interrupts import Cancel, Sigint, in_cell, missed
from jupyter_stream.bridge._loops import GRACE, Runner, runner
from jupyter_stream.bridge._session import END, Session

__all__ = ('GRACE', 'Stream', 'guard', 'in_cell', 'is_stop', 'run', 'watched')

T = TypeVar('T')
S = TypeVar('S')
E = TypeVar('E')


def run(make: Callable[[], Coroutine[Any, Any, T]], *, loop_bound: bool = False) -> T:
    """Run one coroutine to its end from synchronous code, whether or not a loop is running here.

    Args:
        make: makes the coroutine; called where it will run, so that what it creates belongs to the right loop.
        loop_bound: the coroutine must run on the loop running in this thread, or, with none running, on one of this
            thread's own.

    Returns:
        What the coroutine returns. It runs under a copy of the caller's context variables.

    Raises:
        Interrupted: (a KeyboardInterrupt) SIGINT came; the coroutine was cancelled, and has ended or had `GRACE`
            seconds to.
        UserError: there is no way to run it here; awaiting it is the way.
    """
    return runner(loop_bound).run(make)


async def guard(awaitable: Awaitable[T], cancel: Cancel | None = None) -> T:
    """Await something from a notebook's cell so that an interrupt is prompt and its traceback short.

    On SIGINT, or when `cancel` is called, the awaitable is cancelled, and when it has ended (its request closed)
    `Interrupted` is raised, whatever it made of the cancellation. Any other cancellation, such as that of an
    `asyncio.timeout`, passes through. Outside a cell's own task SIGINT is left alone, and `cancel` raises
    `CancelledError`: a KeyboardInterrupt raised in another task would stop the kernel's loop.

    Args:
        awaitable: what is awaited.
        cancel: another way to end it than SIGINT, made in this task; it does nothing afterwards.

    Raises:
        Interrupted: (a KeyboardInterrupt) it was ended; the awaitable's own, if it raised one.
    """
    cancel = cancel or Cancel()
    if not in_cell():
        try:
            with watched():
                return await awaitable
        finally:
            cancel.disarm()
    raised: BaseException | None = None
    with Sigint(cancel) as sigint:
        try:
            value = await awaitable
            if not (sigint.came or cancel.came):
                return value
        except BaseException as error:
            if not (sigint.came or cancel.came):
                raise
            raised = error
        finally:
            cancel.disarm(take_back=True)
    raise sigint.error(raised) from None


class Stream(Generic[S, E]):
    """An async context manager of an async iterable, driven from synchronous code: open, iterate, close.

    The manager is entered, iterated and left by one task from beginning to end, so that cancel scopes and context
    variables in it hold. An item is fetched when it is asked for and not before.

    Args:
        manager: the async context manager; used once.
        loop_bound: as in `run`.
        on_interrupt: called with what the manager gave when SIGINT ended an iteration, before the manager is left.
        ready: called in the caller's thread with what the manager gave; an item that is there already, else None.

    A stream that is dropped without `close` is closed when it is collected. On a thread's own loop (2 and 3 of this
    module's docstring) it must be used by the thread that opened it; otherwise any thread may use it.
    """

    def __init__(
        self,
        manager: AbstractAsyncContextManager[S],
        *,
        loop_bound: bool = False,
        on_interrupt: Callable[[S], Awaitable[object]] | None = None,
        ready: Callable[[S], E | None] | None = None,
    ) -> None:
        self._session: Session[S, E] = Session(manager, on_interrupt)
        self._ready = ready
        self._entered: S | None = None
        self._loop_bound = loop_bound
        self._runner: Runner | None = None
        self._abandon: weakref.finalize[Any, Any] | None = None

    def open(self) -> S:
        """Enter the manager and return what it gives. Raises what entering raises, or `Interrupted`."""
        opened = runner(self._loop_bound)
        entered = opened.run(self._session.open)
        self._runner = opened
        self._abandon = weakref.finalize(self, opened.release, self._session.close, self._session.cancel)
        self._entered = entered
        return entered

    def __iter__(self) -> Iterator[E]:
        return self

    def __next__(self) -> E:
        """The next item. After an interrupt the manager has been left, and there are no more."""
        if self._ready is not None and self._entered is not None and not missed():
            item = self._ready(self._entered)
            if item is not None:
                return item
        try:
            item = self._run(self._session.next)
        except (KeyboardInterrupt, asyncio.CancelledError):
            self._entered = None
            raise
        if item is END:
            raise StopIteration
        return item

    def call(self, function: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run a coroutine on the stream's loop, such as one that cancels the request. Also after `close`."""
        return self._run(function)

    def close(self, error: BaseException | None = None) -> None:
        """Leave the manager, telling it of the error that ends the block. Does nothing the second time.

        Raises:
            BaseException: what leaving raises, but for `error` itself.
        """
        if self._runner is None or self._abandon is None or self._abandon.detach() is None:
            return
        if self._runner.usable():
            self._runner.run(lambda: self._session.close(error))
        else:
            self._runner.release(self._session.close, self._session.cancel)

    def _run(self, make: Callable[[], Coroutine[Any, Any, T]]) -> T:
        if self._runner is None:
            raise RuntimeError('This stream is not open: enter it first.')
        return self._runner.run(make)

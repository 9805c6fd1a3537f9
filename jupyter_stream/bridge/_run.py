"""Running asynchronous code from synchronous code: all of it is here, and nowhere else.

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
import atexit
import os
import threading
import weakref
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, suppress
from contextvars import copy_context
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Generic, TypeVar

from jupyter_stream.bridge._interrupts import Cancel, Sigint, in_cell, missed, running_loop
from jupyter_stream.bridge._session import END, Session
from jupyter_stream.exceptions import UserError

__all__ = ('GRACE', 'Stream', 'guard', 'in_cell', 'run')

T = TypeVar('T')
S = TypeVar('S')
E = TypeVar('E')

GRACE = 2.0
"""Seconds that an interrupted call waits for its request to close before it raises all the same."""

POLL = 0.05
"""Seconds after which a waiting thread looks up: on Windows a signal does not wake one that waits for a lock."""


# ------------------------------------------------------------------ the public face


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
    return _place(loop_bound).run(make)


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
        self._opened: _Place | None = None
        self._abandon: weakref.finalize[Any, Any] | None = None

    def open(self) -> S:
        """Enter the manager and return what it gives. Raises what entering raises, or `Interrupted`."""
        place = _place(self._loop_bound)
        entered = place.run(self._session.open)
        self._opened = place
        self._abandon = weakref.finalize(self, place.release, self._session.close, self._session.cancel)
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
        if self._opened is None or self._abandon is None or self._abandon.detach() is None:
            return
        if self._opened.usable():
            self._opened.run(lambda: self._session.close(error))
        else:
            self._opened.release(self._session.close, self._session.cancel)

    def _run(self, make: Callable[[], Coroutine[Any, Any, T]]) -> T:
        if self._opened is None:
            raise RuntimeError('This stream is not open.')
        return self._opened.run(make)


# ------------------------------------------------------------------ where a coroutine runs


class _Job(Generic[T]):
    """One coroutine on a loop: started there, cancelled from anywhere, its outcome kept until it is asked for.

    The task itself never fails: a SystemExit or KeyboardInterrupt in a task would stop the loop around it.
    """

    _task: asyncio.Task[None] | None = None
    _value: T
    error: BaseException | None = None

    def __init__(self, loop: asyncio.AbstractEventLoop, make: Callable[[], Coroutine[Any, Any, T]]) -> None:
        self._loop = loop
        self._make = make
        self._cancelled = False

    def start(self, done: Callable[[object], object] | None = None) -> asyncio.Task[None]:
        """Start it; on the loop's thread. `done` is called there when it has ended."""
        self._task = self._loop.create_task(self._keep())
        if done is not None:
            self._task.add_done_callback(done)
        if self._cancelled:
            self._cancel()
        return self._task

    async def _keep(self) -> None:
        try:
            self._value = await self._make()
        except BaseException as error:
            self.error = error

    def cancel(self) -> None:
        with suppress(RuntimeError):  # the loop is closed: there is nothing left to cancel
            self._loop.call_soon_threadsafe(self._cancel)

    def _cancel(self) -> None:
        self._cancelled = True
        if self._task is not None:  # after its first step, since what never began can't close what it holds
            self._loop.call_soon(self._task.cancel)

    def outcome(self, sigint: Sigint) -> T:
        if sigint.came:
            raise sigint.error(self.error) from None
        if self.error is not None:
            try:
                raise self.error
            finally:
                self.error = None  # its traceback holds this frame
        if self._task is None or self._task.cancelled():
            raise asyncio.CancelledError
        return self._value


class _LoopThread:
    """A daemon thread that runs a loop for as long as the process lives."""

    inner: _LoopThread | None = None

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self._serve, name='jupyter_stream', daemon=True)
        try:
            self.thread.start()
        except RuntimeError as error:
            self.loop.close()
            raise UserError(f'No thread can be started here ({error}): await the async function instead.') from None
        atexit.register(self.stop)

    def _serve(self) -> None:
        _state.threads.serving = self
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()
        pending = asyncio.all_tasks(self.loop)
        for task in pending:
            task.cancel()
        self.loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.close()

    def stop(self) -> None:
        """Close what is open, bounded in time: sockets that die with the process look like errors to a server."""
        with suppress(RuntimeError):
            self.loop.call_soon_threadsafe(self.loop.stop)
            self.thread.join(GRACE)

    def run(self, make: Callable[[], Coroutine[Any, Any, T]]) -> T:
        job = _Job(self.loop, make)
        done = _Done()
        with Sigint(job.cancel) as sigint:
            try:
                self.loop.call_soon_threadsafe(job.start, done.tell, context=copy_context())
                while not done.wait(POLL):
                    if sigint.came:
                        done.wait(GRACE)
                        break
            except BaseException:
                job.cancel()
                if not sigint.came:
                    done.wait(GRACE)
                raise
        return job.outcome(sigint)

    def usable(self) -> bool:
        return threading.current_thread() is not self.thread and self.thread.is_alive()

    def release(self, close: Callable[[], Coroutine[Any, Any, object]], cancel: Callable[[], object]) -> None:
        with suppress(RuntimeError):
            self.loop.call_soon_threadsafe(cancel)


class _Done:
    """An end that another thread waits for, once.

    A bare lock: `SimpleQueue.get` waits for ever where a signal outlasts its timeout (CPython 3.11).
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lock.acquire()

    def tell(self, _: object) -> None:
        self._lock.release()

    def wait(self, seconds: float) -> bool:
        return self._lock.acquire(timeout=seconds)


class _DrivenLoop:
    """A loop that the calling thread itself drives until the coroutine has ended: its own, or a patched running one."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._thread = threading.get_ident()

    def run(self, make: Callable[[], Coroutine[Any, Any, T]]) -> T:
        if not self.usable():
            raise RuntimeError('This stream must be used and closed where it was opened: in that thread, on that loop.')
        job = _Job(self.loop, make)
        with Sigint(job.cancel) as sigint:
            task = job.start()
            try:
                with suppress(asyncio.CancelledError):
                    self.loop.run_until_complete(task)
            except BaseException:
                task.cancel()
                if not sigint.came:
                    self.loop.run_until_complete(asyncio.wait([task], timeout=GRACE))
                raise
        return job.outcome(sigint)

    def usable(self) -> bool:
        return threading.get_ident() == self._thread and running_loop() in (
            (self.loop,) if self.loop.is_running() else (None,)
        )

    def release(self, close: Callable[[], Coroutine[Any, Any, object]], cancel: Callable[[], object]) -> None:
        if self.loop.is_closed():
            return
        with suppress(Exception):
            if self.usable() and not self.loop.is_running():
                self.run(close)
            else:
                self.loop.call_soon_threadsafe(cancel)


class _OwnLoop(_DrivenLoop):
    """A thread's own loop, which ends with the thread."""

    def __init__(self) -> None:
        super().__init__(asyncio.new_event_loop())

    def __del__(self) -> None:
        if not self.loop.is_running():
            self.loop.close()


class _Threads(threading.local):
    own: _OwnLoop | None = None
    serving: _LoopThread | None = None


@dataclass
class _State:
    """What belongs to this process and not to its children."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    thread: _LoopThread | None = None
    threads: _Threads = field(default_factory=_Threads)


_state = _State()
_of_parents: list[_State] = []


def _after_fork() -> None:
    # A child has neither the thread nor the right to close the parent's sockets, as collecting them would.
    global _state
    _of_parents.append(_state)
    _state = _State()


if hasattr(os, 'register_at_fork'):
    os.register_at_fork(after_in_child=_after_fork)


_Place = _LoopThread | _DrivenLoop


def _place(loop_bound: bool) -> _Place:
    if not loop_bound:
        return _loop_thread()
    loop = running_loop()
    return _own_loop() if loop is None else _DrivenLoop(_reentrant(loop))


def _loop_thread() -> _LoopThread:
    """The process's loop thread. For a caller in a loop thread, which would wait for itself, the one behind it."""
    serving = _state.threads.serving
    if serving is not None:
        serving.inner = serving.inner or _LoopThread()
        return serving.inner
    with _state.lock:
        _state.thread = _state.thread or _LoopThread()
        return _state.thread


def _own_loop() -> _OwnLoop:
    own = _state.threads.own = _state.threads.own or _OwnLoop()
    return own


def _reentrant(loop: asyncio.AbstractEventLoop) -> asyncio.AbstractEventLoop:
    if not isinstance(loop, asyncio.BaseEventLoop):
        raise UserError(
            f'{type(loop).__module__}.{type(loop).__name__} cannot be entered again, and what is asked for is bound to '
            'this loop: await the async function instead.'
        )
    if not hasattr(loop, '_nest_patched'):
        nest_asyncio2: Any = import_module('nest_asyncio2')
        nest_asyncio2.apply(loop, run_close_loop=True)  # so that `asyncio.run` goes on closing its loops
    return loop

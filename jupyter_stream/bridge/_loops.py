"""The loops that synchronous code runs coroutines on: a thread's, or one that the calling thread drives.

`_run` says which is used when, and why. What belongs to the process is in one `_State`: a fork gets a fresh one, and a
test that wants one sets it.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Generic, TypeVar

from jupyter_stream.bridge._interrupts import Sigint, running_loop
from jupyter_stream.exceptions import UserError

__all__ = ('GRACE', 'Runner', 'runner')

T = TypeVar('T')

GRACE = 2.0
"""Seconds that an interrupted call waits for its request to close before it raises all the same."""

POLL = 0.05
"""Seconds after which a waiting thread looks up: on Windows a signal does not wake one that waits for a lock."""


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
        if self._task is not None:  # after its first step, since a task that never began cannot close what it holds
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
    """What belongs to this process and not to its children.

    A child has neither the thread nor the right to close its parent's sockets, as collecting them would: it keeps the
    parent's state and never looks at it.
    """

    parent: _State | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)
    thread: _LoopThread | None = None
    threads: _Threads = field(default_factory=_Threads)


_state = _State()


def _after_fork() -> None:
    global _state
    _state = _State(parent=_state)


if hasattr(os, 'register_at_fork'):
    os.register_at_fork(after_in_child=_after_fork)


Runner = _LoopThread | _DrivenLoop
"""Runs a coroutine to its end for a caller that waits."""


def runner(loop_bound: bool) -> Runner:
    """What runs a coroutine for this thread; `loop_bound` as in `bridge.run`."""
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
        try:
            nest_asyncio2: Any = import_module('nest_asyncio2')
        except ImportError:
            raise UserError(
                'What is asked for is bound to the running loop, and nest-asyncio2, which enters a loop again, is not '
                'installed: await the async function instead.'
            ) from None
        nest_asyncio2.apply(loop, run_close_loop=True)  # so that `asyncio.run` goes on closing its loops
    return loop

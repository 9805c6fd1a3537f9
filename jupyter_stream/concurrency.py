"""How many requests may run at once: a limiter that works on every event loop and in every thread of the process.

It has to. A notebook's cell that awaits runs on the kernel's loop, while the synchronous functions run their requests
on a loop in a thread of our own; a limit for a provider is meant for both together. An `asyncio.Semaphore` belongs to
one loop, and a `threading.Semaphore` blocks a loop that waits for it. Here the count stands behind a lock that is held
for an instant only, and whoever waits does so on its own loop, which is woken when its turn has come.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from jupyter_stream.exceptions import ConcurrencyLimitExceeded, UserError

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

__all__ = (
    'AbstractConcurrencyLimiter',
    'AnyConcurrencyLimit',
    'ConcurrencyLimit',
    'ConcurrencyLimiter',
    'limiter_of',
    'place',
)


class AbstractConcurrencyLimiter(ABC):
    """A limiter of your own, such as one that several machines share."""

    @abstractmethod
    async def acquire(self, source: str) -> None:
        """Wait for a free place and take it. `source` says for what, such as `model:gpt-5-mini`."""

    @abstractmethod
    def release(self) -> None:
        """Give a place back; from any task, and for a limiter that is used by synchronous code, from any thread."""


@dataclass(frozen=True)
class ConcurrencyLimit:
    """How many requests may run at once, and how many more may wait.

    Attributes:
        max_running: requests that run at once, at least 1.
        max_queued: requests that may wait; None for any number.

    Raises:
        UserError: `max_running` is below 1 or `max_queued` below 0.
    """

    max_running: int
    max_queued: int | None = None

    def __post_init__(self) -> None:
        if self.max_running < 1:
            raise UserError(f'max_running is {self.max_running}, and must be at least 1; pass no limit instead.')
        if self.max_queued is not None and self.max_queued < 0:
            raise UserError(f'max_queued is {self.max_queued}, and must be at least 0; None lets any number wait.')


@dataclass(eq=False)
class _Waiter:
    loop: asyncio.AbstractEventLoop
    turn: asyncio.Future[None]
    granted: bool = False

    def grant(self) -> bool:
        """Wake it on its loop. Returns False when that loop is closed."""
        try:
            self.loop.call_soon_threadsafe(_wake, self.turn)
        except RuntimeError:
            return False
        self.granted = True
        return True


def _wake(turn: asyncio.Future[None]) -> None:
    if not turn.done():
        turn.set_result(None)


class ConcurrencyLimiter(AbstractConcurrencyLimiter):
    """Lets so many run at once; the others wait and come in the order in which they asked, whatever loop they are on.

    A place that is given back goes straight to the one that waits longest, so that a newcomer never overtakes. Places
    belong to no task: one may be given back by another task or thread than took it.

    Args:
        max_running: how many at once, at least 1.
        max_queued: how many may wait; None for any number.
        name: says in errors and traces which limiter it is.
        tracer: gives the span of a wait, by OpenTelemetry. Without it, the tracer that is set for the whole process
            does, if OpenTelemetry is in use at all.

    Raises:
        UserError: a number is too small.

    >>> async def main(limiter):
    ...     await limiter.acquire('a request')
    ...     return limiter.running_count, limiter.available_count
    >>> asyncio.run(main(ConcurrencyLimiter(3)))
    (1, 2)
    """

    def __init__(
        self,
        max_running: int,
        *,
        max_queued: int | None = None,
        name: str | None = None,
        tracer: Tracer | None = None,
    ) -> None:
        self._limit = ConcurrencyLimit(max_running, max_queued)
        self._tracer = tracer
        self._name = name
        self._lock = threading.Lock()
        self._free = max_running
        self._waiting: deque[_Waiter] = deque()

    @classmethod
    def from_limit(
        cls, limit: int | ConcurrencyLimit, *, name: str | None = None, tracer: Tracer | None = None
    ) -> Self:
        """The limiter of a number, or of a number and a length of the queue."""
        if isinstance(limit, int):
            return cls(limit, name=name, tracer=tracer)
        return cls(limit.max_running, max_queued=limit.max_queued, name=name, tracer=tracer)

    @property
    def name(self) -> str | None:
        """Which limiter it is."""
        return self._name

    @property
    def max_running(self) -> int:
        """How many may run at once."""
        return self._limit.max_running

    @property
    def running_count(self) -> int:
        """How many run now."""
        return self._limit.max_running - self._free

    @property
    def available_count(self) -> int:
        """How many places are free."""
        return self._free

    @property
    def waiting_count(self) -> int:
        """How many wait."""
        return len(self._waiting)

    async def acquire(self, source: str) -> None:
        """Take a place, or wait for one, which is recorded as a span.

        Raises:
            ConcurrencyLimitExceeded: `max_queued` requests are waiting already.
        """
        waiter = self._enter(source)
        if waiter is None:
            return
        try:
            with self._waiting_span(source):
                await waiter.turn
        except BaseException:
            self._leave(waiter)
            raise

    def _waiting_span(self, source: str) -> AbstractContextManager[Any]:
        # A tracer for the whole process is set with the help of this module, or not at all.
        trace = sys.modules.get('opentelemetry.trace')
        tracer = self._tracer or (trace.get_tracer('jupyter-stream') if trace is not None else None)
        if tracer is None:
            return nullcontext()
        said = {'limiter_name': self._name, 'max_queued': self._limit.max_queued}
        return tracer.start_as_current_span(
            f'waiting for {self._name or source} concurrency',
            attributes={
                'source': source,
                'waiting_count': self.waiting_count,
                'max_running': self.max_running,
                **{name: value for name, value in said.items() if value is not None},
            },
        )

    def _enter(self, source: str) -> _Waiter | None:
        loop = asyncio.get_running_loop()
        with self._lock:
            if self._free:
                self._free -= 1
                return None
            self._check_queue(source)
            waiter = _Waiter(loop, loop.create_future())
            self._waiting.append(waiter)
            return waiter

    def _check_queue(self, source: str) -> None:
        most = self._limit.max_queued
        if most is None or len(self._waiting) < most:
            return
        # A waiter whose loop is closed by now will never run.
        self._waiting = deque(waiter for waiter in self._waiting if not waiter.loop.is_closed())
        if len(self._waiting) >= most:
            raise ConcurrencyLimitExceeded(
                f'The limit of {self._name or source} is reached, {self.max_running} running and {most} waiting: '
                'try again later, or raise max_running or max_queued.'
            )

    def _leave(self, waiter: _Waiter) -> None:
        with self._lock:
            if not waiter.granted:
                self._waiting = deque(other for other in self._waiting if other is not waiter)
                return
        self.release()  # its turn had come, and it was cancelled before it knew

    def release(self) -> None:
        """Give a place back.

        Raises:
            ValueError: `release` was called more often than `acquire`.
        """
        with self._lock:
            if self._free == self._limit.max_running:
                raise ValueError('release() was called more often than acquire(): call it once for each acquire().')
            while self._waiting:
                if self._waiting.popleft().grant():
                    return
            self._free += 1


AnyConcurrencyLimit: TypeAlias = int | ConcurrencyLimit | AbstractConcurrencyLimiter | None
"""A number of places, that and a length of the queue, a limiter to share, or None for no limit."""


def limiter_of(limit: AnyConcurrencyLimit, *, name: str | None = None) -> AbstractConcurrencyLimiter | None:
    """The limiter that is meant; None for no limit."""
    if limit is None or isinstance(limit, AbstractConcurrencyLimiter):
        return limit
    return ConcurrencyLimiter.from_limit(limit, name=name)


@asynccontextmanager
async def place(limiter: AbstractConcurrencyLimiter, source: str) -> AsyncGenerator[None]:
    """A place of the limiter for the length of a block."""
    await limiter.acquire(source)
    try:
        yield
    finally:
        limiter.release()

"""The one task in which a context manager is entered, iterated and left, an item at a time, on demand.

`bridge.Stream` drives it from synchronous code. One task from beginning to end, because a cancel scope must be left by
the task that entered it, and because what the manager sets in context variables must still be there for the next item.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, suppress
from typing import Any, Generic, TypeVar, cast

__all__ = ('END', 'Session')

T = TypeVar('T')
S = TypeVar('S')
E = TypeVar('E')


END: Any = object()
"""Stands for the end of an iteration, which no future can carry as StopIteration."""


class Session(Generic[S, E]):
    """The one task that enters a manager, fetches an item whenever one is asked for, and leaves it.

    Its coroutines are called on the task's loop, and a cancelled one cancels the task and waits until it has left.
    """

    _task: asyncio.Task[None] | None = None
    _failure: BaseException | None = None
    _error: BaseException | None = None
    _items: AsyncIterator[E] | None = None
    _fetching = False

    def __init__(
        self, manager: AbstractAsyncContextManager[S], on_interrupt: Callable[[S], Awaitable[object]] | None
    ) -> None:
        self._manager = manager
        self._on_interrupt = on_interrupt
        self._waiters: deque[asyncio.Future[E]] = deque()
        self._wake = asyncio.Event()
        self._leaving = False

    async def open(self) -> S:
        entered: asyncio.Future[S] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._live(entered))
        return await self._or_cancel(entered)

    async def next(self) -> E:
        if self._task is None or self._task.done():
            return END
        waiter: asyncio.Future[E] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        self._wake.set()
        return await self._or_cancel(waiter)

    async def close(self, error: BaseException | None = None) -> None:
        if self._task is None:
            return
        self._error, self._leaving = error, True
        self._wake.set()
        if self._fetching:  # for another thread, which would else wait for one more item
            self._task.cancel()
        await self._or_cancel(asyncio.shield(self._task))
        failure, self._failure = self._failure, None
        if failure is not None and failure is not error:
            raise failure

    def cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _or_cancel(self, future: asyncio.Future[T]) -> T:
        try:
            return await future
        except asyncio.CancelledError:
            if self._task is not None and not self._task.done():
                self._task.cancel()
                await asyncio.wait([self._task])
            raise

    async def _live(self, entered: asyncio.Future[S]) -> None:
        try:
            stream = await self._manager.__aenter__()
        except (Exception, asyncio.CancelledError, KeyboardInterrupt, SystemExit) as error:
            _fail(entered, error)
            return
        _settle(entered, stream)
        try:
            await self._serve(cast(AsyncIterable[E], stream))
        except asyncio.CancelledError as error:
            self._error = error
            cast(asyncio.Task[None], self._task).uncancel()
        if self._on_interrupt is not None and isinstance(self._error, (KeyboardInterrupt, asyncio.CancelledError)):
            with suppress(Exception):
                await self._on_interrupt(stream)
        await self._exit()

    async def _serve(self, stream: AsyncIterable[E]) -> None:
        while True:
            while self._waiters:
                await self._fetch(stream, self._waiters.popleft())
            if self._leaving:
                return
            self._wake.clear()
            await self._wake.wait()

    async def _fetch(self, stream: AsyncIterable[E], waiter: asyncio.Future[E]) -> None:
        self._fetching = True
        try:
            self._items = self._items or aiter(stream)
            _settle(waiter, await anext(self._items, END))
        except (Exception, KeyboardInterrupt, SystemExit) as error:
            _fail(waiter, error)
        except asyncio.CancelledError as error:
            if not cast(asyncio.Task[None], self._task).cancelling():  # the stream's own doing, an error like another
                _fail(waiter, error)
                return
            _settle(waiter, END)
            raise
        finally:
            self._fetching = False

    async def _exit(self) -> None:
        error = self._error
        try:
            await self._manager.__aexit__(type(error) if error else None, error, error.__traceback__ if error else None)
        except asyncio.CancelledError:
            pass  # ours, passed on by the manager
        except (Exception, KeyboardInterrupt, SystemExit) as failure:
            self._failure = failure
        for waiter in self._waiters:
            _settle(waiter, END)


def _settle(future: asyncio.Future[T], value: T) -> None:
    if not future.done():
        future.set_result(value)


def _fail(future: asyncio.Future[Any], error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)

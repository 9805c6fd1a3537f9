"""A loop whose clock is moved instead of waited for, for what must happen after a while."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

__all__ = ('run',)

T = TypeVar('T')


class _Skipping(selectors.DefaultSelector):
    """Takes any wait for over at once, and counts how long it would have been."""

    skipped = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0 if timeout is not None else None)
        if timeout and not ready:
            self.skipped += timeout
        return ready


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._skipping = _Skipping()
        super().__init__(self._skipping)

    def time(self) -> float:
        return self._skipping.skipped


def run(main: Coroutine[Any, Any, T]) -> tuple[T, float]:
    """What it returns, and how many seconds passed for it. For what needs no socket and no thread."""
    loop = _Loop()
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        return runner.run(main), loop.time()

"""Running a coroutine from synchronous code, inside a notebook or outside; see `_run` for the ways."""

from ._interrupts import Cancel
from ._run import (
    GRACE,
    Stream,
    guard,
    in_cell,
    is_stop,
    run,
    watched,
)

__all__ = (
    'GRACE',
    'Cancel',
    'Stream',
    'guard',
    'in_cell',
    'is_stop',
    'run',
    'watched',
)

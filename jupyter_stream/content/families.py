"""Which family a value belongs to, found without importing anything that the user has not imported."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jupyter_stream.content.pieces import Hints, Shown

__all__ = ('family_of',)

Family = Callable[[Any, Hints], Shown | None]
"""Says what a value of the family is to a model; None where it turns out to be something else."""


def family_of(value: Any) -> Family | None:
    """How a value is read; None for one of no family."""
    if value is None or isinstance(value, str | int | float | complex):
        return _plain
    return None


def _plain(value: Any, hints: Hints) -> Shown:
    return Shown(str(value), is_plain=True)

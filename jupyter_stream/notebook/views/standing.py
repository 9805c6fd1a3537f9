"""Where an answer stands in its thread, as far as a view shows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .publish import Publisher

if TYPE_CHECKING:
    from jupyter_stream.widgets.live import LiveView

__all__ = ('Standing',)


def _nowhere(publisher: Publisher, display: str, mark: str | None, view: LiveView | None) -> None:
    """Nobody asks where an answer is."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an answer stands in its thread.

    Attributes:
        kept: What is kept of it as a turn in the metadata of its output; None where nothing is.
        footer: What the muted line says of it, in pieces.
        sent: The turns that it was asked with: in a few words for the muted line, and each in a line of its own.
        position: Which of its cell's answers it is, from 1.
        count: How many its cell has.
        take_back: Shows another of its cell's answers in its place: the number, from 1.
        placed: Called when the final output is there: with the way to its display, the id of that, why the answer ended
            early, as `View.finish` is told, and the live view that showed it, if one did.
        is_unchanged: Whether it was there already, and nobody was asked.
    """

    kept: Mapping[str, Any] | None = None
    footer: Sequence[str] = ()
    sent: tuple[str, str] = ('', '')
    position: int = 1
    count: int = 1
    take_back: Callable[[int], object] = lambda number: None
    placed: Callable[[Publisher, str, str | None, LiveView | None], object] = _nowhere
    is_unchanged: bool = False

"""The muted line below an answer: how fast it came, what it cost, and what is not said elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jupyter_stream.messages import ModelResponse

__all__ = ('Times', 'footer_of')


@dataclass(slots=True)
class Times:
    """Seconds on a monotonic clock: when the question left, when the first and the last word came."""

    asked: float
    first: float | None = None
    last: float | None = None

    def word(self, now: float) -> None:
        """Something to read has come."""
        if self.first is None:
            self.first = now
        self.last = now

    @property
    def to_first(self) -> float | None:
        """Seconds to the first word; None when none came."""
        return None if self.first is None else self.first - self.asked

    @property
    def writing(self) -> float:
        """Seconds from the first word to the last."""
        return 0.0 if self.first is None or self.last is None else self.last - self.first


def footer_of(response: ModelResponse, times: Times, cost: str | None = None, byline: str | None = None) -> list[str]:
    """The pieces of the line, each readable by itself; what is not known is left out.

    Why the answer ended is not among them: a note above says it, where it is not what one expects.

    Args:
        response: the answer.
        times: when it came.
        cost: what it cost, in words.
        byline: who answered, where no line above says it.
    """
    usage, known = response.usage, response.metadata or {}
    if known.get('replayed'):  # how fast it comes now says nothing of who answered
        times = Times(times.asked)
    rate = usage.output_tokens / times.writing if times.writing > 0.05 and usage.output_tokens > 1 else None
    pieces = [
        byline and byline.removeprefix('— '),
        None if times.to_first is None else f'{times.to_first:.2f} s to the first token',
        None if rate is None else f'{rate:.0f} tokens/s',
        cost,
        'replayed' if known.get('replayed') else None,
        known.get('note') if known.get('is_noted') else None,
    ]
    return [piece for piece in pieces if piece]

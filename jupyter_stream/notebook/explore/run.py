"""One run of an explorer: what was asked, what came and when, and how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyter_stream.notebook.question import Question
from jupyter_stream.notebook.reprs import describe
from jupyter_stream.widgets.trace import Row, Trace

if TYPE_CHECKING:
    from jupyter_stream.notebook.answer import Answer

__all__ = ('Run',)

_ROW = 80
"""Characters of an event in its row."""

_CUT = {'length': 'token limit', 'content_filter': 'content filter', 'error': 'failed'}
_GROWS = ('content_delta', 'args_delta', 'transcript_delta')


class Run:
    """A question to a model and all that came of it.

    Attributes:
        number: counts from 1.
        question: what was asked of which model, with which settings.
        answer: the answer, whole or in part; None while nothing is known of it.
        events: the events of the stream, as they came.
        times: when each of them came, in seconds since the question.
        trace: the same as figures: time to the first text, silences, rate.
        error: what ended it, if something did.
        mark: why it ended early, in the words of `View.finish`; None if it did not.
        elapsed: seconds to the end; None while it runs.
    """

    def __init__(self, number: int, question: Question) -> None:
        self.number = number
        self.question = question
        self.answer: Answer | None = None
        self.events: list[Any] = []
        self.times: list[float] = []
        self.trace = Trace()
        self.error: BaseException | None = None
        self.mark: str | None = None
        self.elapsed: float | None = None

    @property
    def running(self) -> bool:
        """Whether it is still going on."""
        return self.elapsed is None

    @property
    def state(self) -> str:
        """'running', 'complete', 'stopped', 'failed', or why the provider cut it: 'token limit', 'content filter'."""
        if self.running:
            return 'running'
        if self.mark == 'interrupted':
            return 'stopped'
        response = self.answer.response if self.answer is not None else None
        if self.error is not None or response is None or response.state == 'incomplete':
            return 'failed'
        return _CUT.get(response.finish_reason or '', response.state)

    @property
    def tokens(self) -> tuple[int | None, int | None]:
        """Tokens in and out by the provider's count; None for what it did not say."""
        usage = self.answer.usage if self.answer is not None else None
        return (usage.input_tokens or None, usage.output_tokens or None) if usage is not None else (None, None)

    @property
    def model(self) -> str:
        """The model that was asked, with its provider, as in a model string."""
        return self.question.model_id

    @property
    def title(self) -> str:
        """The model that was asked, as it is named to people."""
        return self.question.title

    @property
    def text(self) -> str:
        """The text of the answer so far as it is known; '' if none came."""
        return self.answer.text if self.answer is not None else ''

    @property
    def first(self) -> float | None:
        """Seconds to the first text."""
        return self.trace.first

    def take(self, event: Any, at: float) -> None:
        """An event of the stream."""
        self.events.append(event)
        self.times.append(at)
        line = describe(event)
        self.trace.add(Row(at, line.kind, line.index, line.part, line.text[:_ROW], _size(event)))

    def keep(self, answer: Answer) -> None:
        """The answer as it is known now."""
        self.answer = answer

    def end(self, mark: str | None, error: BaseException | None, elapsed: float) -> None:
        """Nothing more comes."""
        self.mark, self.error, self.elapsed = mark, error, elapsed
        self.trace.end = elapsed

    def __repr__(self) -> str:
        return f'Run({self.number}, {self.title!r}, {self.state}, {len(self.events)} events)'

    def _display_(self) -> Any:
        """marimo's word for what to show as the value of a cell."""
        from jupyter_stream.notebook import marimo
        from jupyter_stream.notebook.explore.summary import summary

        return marimo.html(summary(self)['text/markdown'])

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        from jupyter_stream.notebook.explore.summary import summary

        return summary(self)


def _size(event: Any) -> int:
    """Characters that an event brings to read."""
    if event.event_kind == 'part_start':
        part = event.part
        return len(_text(getattr(part, 'content', None)) or _text(getattr(part, 'args', None)))
    if event.event_kind == 'part_delta':
        return sum(len(_text(getattr(event.delta, name, None))) for name in _GROWS)
    return 0


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ''

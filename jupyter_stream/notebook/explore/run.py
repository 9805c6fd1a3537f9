"""One run of an explorer: what was asked, what came and when, and how it ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from time import monotonic
from typing import TYPE_CHECKING, Any

from jupyter_stream.notebook.ask import Question
from jupyter_stream.notebook.reprs import describe
from jupyter_stream.notebook.views import Stoppable, View
from jupyter_stream.widgets.trace import Row, Trace

if TYPE_CHECKING:
    from jupyter_stream.messages import ModelResponse
    from jupyter_stream.notebook.answer import Answer
    from jupyter_stream.notebook.views import View as _View

__all__ = ('Run', 'Watched', 'replay')

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
    def model(self) -> str:
        """The model that was asked."""
        return self.question.model_id

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
        state = 'running' if self.running else self.answer.state if self.answer is not None else 'incomplete'
        return f'Run({self.number}, {self.model!r}, {state}, {len(self.events)} events)'

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        from jupyter_stream.notebook.explore.summary import summary

        return summary(self)


_ROW = 80


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


class Watched:
    """The view of a run: passes everything on to another one, and notes what came when.

    Args:
        run: what is written down.
        view: what is passed on to.
        tick: called as often as the view is.
        clock: seconds, as `time.monotonic`.
    """

    def __init__(
        self,
        run: Run,
        view: _View,
        *,
        tick: Callable[[], object] = lambda: None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._run = run
        self._view = view
        self._tick = tick
        self._clock = clock
        self._started = clock()
        self.stop: Callable[[], object] | None = None
        """How to end the answer; None where nobody can."""

    def on_stop(self, stop: Callable[[], object]) -> None:
        self.stop = stop
        if isinstance(self._view, Stoppable):
            self._view.on_stop(stop)

    def start(self, title: str, settings: Mapping[str, Any] | None = None) -> None:
        self._started = self._clock()
        self._view.start(title, settings)

    def status(self, text: str) -> None:
        self._view.status(text)

    def update(self, events: Sequence[Any]) -> None:
        at = self._clock() - self._started
        for event in events:
            self._run.take(event, at)
        self._view.update(events)
        self._tick()

    def finish(self, response: ModelResponse, mark: str | None, error: BaseException | None) -> None:
        self._run.end(mark, error, self._clock() - self._started)
        self._view.finish(response, mark, error)


def replay(run: Run, make: Callable[[Callable[[], float]], View]) -> None:
    """Show a run that is over once more, at once, on the clock that it had.

    Args:
        run: the run.
        make: makes the view, given its clock.
    """
    now = 0.0
    view = make(lambda: now)
    view.start(run.model, run.question.settings)
    for event, at in zip(run.events, run.times, strict=True):
        now = at
        view.update([event])
    now = run.elapsed or now
    if run.answer is not None:
        view.finish(run.answer.response, run.mark, run.error)

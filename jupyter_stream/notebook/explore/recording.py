"""A run is recorded while its answer is shown, and can be shown again from what was recorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from time import monotonic
from typing import TYPE_CHECKING, Any

from jupyter_stream.notebook.explore.run import Run
from jupyter_stream.notebook.views import Stoppable, View

if TYPE_CHECKING:
    from jupyter_stream.messages import ModelResponse
    from jupyter_stream.notebook.views.standing import Standing

__all__ = ('RecordingView', 'replay')


class RecordingView:
    """Passes everything on to another view, and writes down in a run what came when.

    Args:
        run: where it is written down.
        view: what shows the answer.
        on_tick: called at each tick.
        clock: seconds, as `time.monotonic`.
    """

    def __init__(
        self,
        run: Run,
        view: View,
        *,
        on_tick: Callable[[], object] = lambda: None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._run = run
        self._view = view
        self._on_tick = on_tick
        self._clock = clock
        self._started = clock()

    def on_stop(self, stop: Callable[[], object]) -> None:
        if isinstance(self._view, Stoppable):
            self._view.on_stop(stop)

    def start(self, title: str, settings: Mapping[str, Any] | None = None) -> None:
        self._started = self._clock()
        self._view.start(title, settings)

    def status(self, text: str) -> None:
        self._view.status(text)

    def update(self, event: Any) -> None:
        self._run.take(event, self._clock() - self._started)
        self._view.update(event)

    def tick(self) -> None:
        self._view.tick()
        self._on_tick()

    def finish(
        self,
        response: ModelResponse,
        mark: str | None,
        error: BaseException | None,
        standing: Standing | None = None,
    ) -> None:
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
        view.update(event)
    now = run.elapsed or now
    if run.answer is not None:
        view.finish(run.answer.response, run.mark, run.error)

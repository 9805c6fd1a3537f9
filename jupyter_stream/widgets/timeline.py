"""The widget that shows what came when: the text of an answer on a line of time, and its events as a list.

It is fed a `Trace`. Messages hold what is new and a page that finds a gap asks for the whole, so that nothing has to
arrive; they are at most ten a second, and of a bounded size.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any, cast

import anywidget
import traitlets

from jupyter_stream.widgets.assets import source
from jupyter_stream.widgets.trace import Row, Trace

__all__ = ('FRAME', 'Row', 'Timeline', 'Trace')

FRAME = 0.1
"""Seconds between two messages."""


class Timeline(anywidget.AnyWidget):
    """Shows one trace at a time.

    Args:
        clock: seconds, as `time.monotonic`.
    """

    _esm = source('timeline')
    state = traitlets.Dict(None, allow_none=True).tag(sync=True)
    """The whole trace, for a page that is opened when there is no kernel to ask; set when one is shown or ends."""

    def __init__(self, *, clock: Callable[[], float] = monotonic) -> None:
        super().__init__()
        self._trace = Trace()
        self._clock = clock
        self._sent = 0
        self._sent_deltas = 0
        self._sent_at = float('-inf')
        self._shown = 0
        self.on_msg(self._on_message)  # pyright: ignore[reportUnknownMemberType]

    def show(self, trace: Trace) -> None:
        """Show this trace instead, as far as it has come."""
        self._trace = trace
        self._shown += 1
        self._set()

    def tick(self) -> None:
        """Send what has come since the last time, if it is due."""
        if self._trace.count > self._sent and self._clock() - self._sent_at >= FRAME:
            self._post(self._trace.since(self._sent, self._sent_deltas))

    def finish(self) -> None:
        """The trace is complete."""
        if self._trace.count > self._sent:
            self._post(self._trace.since(self._sent, self._sent_deltas))
        self._set()

    def _set(self) -> None:
        self._note()
        self.state = {'trace': self._shown, **self._trace.whole()}

    def _post(self, content: dict[str, Any]) -> None:
        self._note()
        self.send({'trace': self._shown, **content})  # pyright: ignore[reportUnknownMemberType]

    def _note(self) -> None:
        self._sent, self._sent_deltas, self._sent_at = self._trace.count, self._trace.deltas, self._clock()

    def _on_message(self, _: object, content: Any, buffers: object) -> None:
        if isinstance(content, dict) and cast('dict[str, Any]', content).get('kind') == 'need':
            self._post(self._trace.whole())

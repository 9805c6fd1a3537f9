"""The widget that shows an answer while it grows, and the loader that brings the front end's code to a page.

Messages to a view hold operations of its log from a given number on. A view that finds a gap, or was made later (a
page was reloaded, a cell moved), says what it has and is sent the rest. So nothing has to arrive, and what is shown
is exact all the same. A kernel that cannot listen, since a synchronous cell keeps it busy, sets the whole state as a
trait now and then, so seldom that this costs no more than the answer itself.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import Any, cast
from weakref import WeakSet

import anywidget
import traitlets

from jupyter_stream.widgets.assets import ON_DEMAND, source
from jupyter_stream.widgets.log import Log, compact
from jupyter_stream.widgets.pace import Pace

__all__ = ('KEPT', 'PAGED', 'LiveView', 'Loader', 'OpenViews')

KEPT = 8
"""Finished views that stay open: a page that was reloaded while they ran shows nothing else of their answers."""

PAGED = 64
"""Finished views of cells with several answers that stay open: the line below such an answer turns to the others."""

_SOON = 0.25
_EARLY = 16_384


class OpenViews:
    """The views of one kernel that are open: those of answers that are coming, and the last ones that are over."""

    def __init__(self) -> None:
        self.running: WeakSet[LiveView] = WeakSet()
        self._finished: deque[LiveView] = deque()
        self._paged: deque[LiveView] = deque()

    def retire(self, view: LiveView, *, is_paged: bool = False) -> None:
        """A view that is over stays open for a while; `is_paged`: its cell has other answers to turn to."""
        kept, most = (self._paged, PAGED) if is_paged else (self._finished, KEPT)
        kept.append(view)
        while len(kept) > most:
            kept.popleft().close()

    def drop(self, view: LiveView) -> None:
        """Another view has taken the place of one that is over."""
        for kept in (self._finished, self._paged):
            if view in kept:
                kept.remove(view)
        view.close()


class _Widget(anywidget.AnyWidget):
    """A widget that gets its page's messages in `received`, and answers requests for the front end's modules."""

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self.on_msg(self._on_message)  # pyright: ignore[reportUnknownMemberType]

    def received(self, kind: str, message: dict[str, Any]) -> None:
        """Take a message of the page; `kind` is the message's own."""

    def close(self) -> None:
        """Close it and, unlike other widgets, its layout too, which nobody shares."""
        layout = cast('Any', self).layout
        super().close()
        if layout is not None:
            layout.close()

    def post(self, content: dict[str, Any], *buffers: bytes) -> None:
        """Send a message to the page."""
        self.send(content, list(buffers) or None)  # pyright: ignore[reportUnknownMemberType]

    def _on_message(self, _: object, content: Any, buffers: object) -> None:
        if not isinstance(content, dict):
            return
        message = cast('dict[str, Any]', content)
        asset = message.get('asset')
        if message.get('kind') == 'need' and asset in ON_DEMAND:
            self.post({'asset': asset}, source(asset).encode())
        else:
            self.received(str(message.get('kind')), message)


class Loader(_Widget):
    """Brings the core of the front end to each page of a kernel, once; it is never displayed.

    Args:
        on_hello: called when a page says that it runs the core, with the path of the notebook that it shows; None where
            it does not know.
    """

    _esm = source('core')

    def __init__(self, on_hello: Callable[[str | None], object] = lambda path: None) -> None:
        super().__init__()
        self._on_hello = on_hello

    def received(self, kind: str, message: dict[str, Any]) -> None:
        if kind == 'hello':
            path = message.get('path')
            self._on_hello(path if isinstance(path, str) and path else None)


class LiveView(_Widget):
    """Shows one answer, given as the operations of a `Log`.

    Args:
        title: what is shown until there is something to show: the model.
        hears: whether messages of the page are handled while the answer grows.
        images: whether images may be loaded from the web.
        on_ready: called when a page first shows the view.
        on_stop: called, in any thread, when somebody presses Stop; None where there is nothing to stop from a page.
        views: the open views of the kernel, of which this becomes one.
        clock: seconds, as `time.monotonic`.

    Attributes:
        seen: whether a page has said that it shows the view.
        end: what was said when the answer was over, see `notebook.views.widget`.
    """

    _esm = source('view')
    snapshot = traitlets.Dict(None, allow_none=True).tag(sync=True)
    stop = traitlets.Unicode('').tag(sync=True)
    images = traitlets.Bool(False).tag(sync=True)

    def __init__(
        self,
        title: str,
        *,
        hears: bool = True,
        images: bool = False,
        on_ready: Callable[[], object] = lambda: None,
        on_stop: Callable[[], object] | None = None,
        views: OpenViews | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._log = Log()
        self.seen = False
        self.end: dict[str, Any] = {}
        self._hears = hears
        self._on_ready = on_ready
        self._on_stop = on_stop
        self._on_version: Callable[[int], object] = lambda number: None
        self._views = views or OpenViews()
        self._clock = clock
        self._pace = Pace()
        self._sent = 0
        self._kept_at = clock()
        self._kept = 0
        self._total = 0
        # The page's messages may be handled in another thread than the answer is read in.
        self._lock = threading.RLock()
        self._log.put('title', title, 0)
        super().__init__(stop='button' if on_stop else 'keys', images=images, snapshot=self._state())
        self._views.running.add(self)

    # ------------------------------------------------------------------ what the answer's reader calls

    def add(self, block: int, text: str) -> None:
        """A block grows."""
        with self._lock:
            self._log.add(block, text)

    def put(self, *op: Any) -> None:
        """Any other operation of the log."""
        with self._lock:
            self._log.put(*op)

    def tick(self) -> None:
        """Send what is due."""
        now = self._clock()
        if self._pace.due(now, self._log.unread, len(self._views.running)):
            self._flush(now)

    def finish(self, end: dict[str, Any], *, placed: bool = False) -> None:
        """The answer is over: everything is sent. The view stays open: for a while, see `KEPT`, or, `placed` among
        other widgets, until somebody closes it.
        """
        self.end = end
        self._last('done', end)
        self._views.running.discard(self)
        if not placed:
            _, count = end.get('versions', (1, 1))
            self._views.retire(self, is_paged=count > 1)

    def on_version(self, take_back: Callable[[int], object]) -> None:
        """What to call when somebody wants to see another of the cell's answers in the place of this one: its number,
        from 1.
        """
        self._on_version = take_back

    def show_version(self, version: dict[str, Any]) -> None:
        """Another of the cell's answers is on the page now: its `source`, and how it ended, as `finish` is told."""
        self._last('version', version)

    def _last(self, *op: Any) -> None:
        with self._lock:
            self._log.put(*op)
        self._flush(self._clock())

    # ------------------------------------------------------------------ what is sent

    def _flush(self, now: float) -> None:
        with self._lock:
            self._pace.sent(now)
            start = self._sent
            ops = self._log.read(start)
            self._sent = start + len(ops)
            self._total += sum(len(op[2]) for op in ops if op[0] == 'add')
            # Before a page shows the view nobody is there to read; it will ask for all at once.
            if self.seen or not self._hears:
                self.post({'at': start, 'ops': ops})
            if not self.seen:
                self._keep(now)

    def _keep(self, now: float) -> None:
        """Set the whole state as a trait, where it has grown enough, or is small and somebody may be looking."""
        soon = now - self._kept_at >= _SOON and self._total <= _EARLY and not self._hears
        if self._total >= 2 * self._kept + _EARLY or soon:
            self._kept, self._kept_at = self._total, now
            self.snapshot = self._state()

    def _state(self) -> dict[str, Any]:
        ops = self._log.read()
        self._sent = len(ops)
        return {'at': 0, 'size': len(ops), 'ops': compact(ops)}

    # ------------------------------------------------------------------ what the page says

    def received(self, kind: str, message: dict[str, Any]) -> None:
        if kind == 'ready':
            self._show(message.get('have'))
            self._on_ready()
        elif kind == 'need':
            self._show(message.get('from'))
        elif kind == 'stop' and self._on_stop is not None:
            self.post({'ack': 'stop'})
            self._on_stop()
        elif kind == 'version' and isinstance(number := message.get('number'), int):
            self._on_version(number)

    def _show(self, have: object) -> None:
        """Send all that comes after what a page has."""
        with self._lock:
            self.seen = True
            start = have if isinstance(have, int) and have > 0 else 0
            if start < len(self._log):
                self.post({'at': start, 'ops': self._log.read(start)} if start else self._state())
            self._sent = len(self._log)

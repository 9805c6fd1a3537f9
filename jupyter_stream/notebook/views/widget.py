"""The live view: a widget while the answer grows, plain Markdown in its place when it is done.

One display is made and one update of it, at the end, takes the widget out of the output. What front end can show a
widget is found out by showing one: where nothing answers, the Markdown view takes over, in the same place.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from jupyter_stream.notebook import kernel
from jupyter_stream.notebook.bundle import final_bundle, notes_of
from jupyter_stream.notebook.byline import byline_of
from jupyter_stream.notebook.markdown.sanitizer import visible
from jupyter_stream.notebook.names import asking

from .footer import Times, footer_of
from .log_writer import LogWriter
from .markdown import MarkdownView, waiting_markdown
from .publish import Publisher
from .standing import Standing
from .table_writer import TypedBlocks

if TYPE_CHECKING:
    from jupyter_stream.messages import ModelResponse
    from jupyter_stream.typed.answer import TypedAnswer
    from jupyter_stream.widgets.live import LiveView

__all__ = ('MOUNTING', 'PATIENCE', 'WidgetView')

PATIENCE = 2.0
"""Seconds that a front end has to show its first widget before the answer goes on as Markdown."""

MOUNTING = 0.3
"""Seconds that an answer which is over at once waits for the page, so that its line is left below it too."""

_TABLE = 0.1
"""Seconds between two looks at what is open in a table."""

_MIME = 'application/vnd.jupyter.widget-view+json'


class WidgetView:
    """Shows an answer by a `LiveView`.

    Args:
        publisher: sends the displays.
        session: the front end, see `kernel.FrontEnds`.
        owns: whether the cell shows this answer alone (for the Markdown view, should it take over).
        images: whether images may be loaded from the web.
        byline: whether the last line says who answered.
        sure: whether to show a widget whatever is known of the front end.
        place: shows the widget instead of a display of its own; then it stays, and nothing is swapped.
        clock: seconds, as `time.monotonic`.
    """

    def __init__(
        self,
        publisher: Publisher,
        *,
        session: str = '',
        owns: bool = False,
        images: bool = False,
        byline: bool = True,
        sure: bool = False,
        place: Callable[[Any], object] | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._publisher = publisher
        self._session = session
        self._owns = owns
        self._images = images
        self._byline = byline
        self._bundle = partial(final_bundle, images=images, byline=byline)
        self._sure = sure or place is not None
        self._place = place
        self._clock = clock
        self._stop: Callable[[], object] | None = None
        self._seen: Callable[[], object] = lambda: None
        self._widget: LiveView | None = None
        self._instead: MarkdownView | None = None
        self._id = uuid4().hex
        self._displayed = False
        self._title = ''
        self._settings: Mapping[str, Any] | None = None
        self._times = Times(0.0)
        self._events: list[Any] = []
        self._typed: TypedAnswer | None = None
        self._drawn = float('-inf')

    # ------------------------------------------------------------------ what the player calls

    def on_stop(self, stop: Callable[[], object]) -> None:
        """How to stop the answer from the page; said before `start`, by whoever leaves the kernel free to hear it."""
        self._stop = stop

    def typed(self, answer: TypedAnswer) -> None:
        """Show the answer's data as a table."""
        self._typed = answer
        if self._instead is not None:
            self._instead.typed(answer)
        elif self._widget is not None:
            self._writer.typed(TypedBlocks(answer))

    def start(self, title: str, settings: Mapping[str, Any] | None = None) -> None:
        self._title, self._settings = title, settings
        self._times = Times(self._clock())
        if not self._sure and self._stop is None and not kernel.state.front_ends.known(self._session):
            # This cell hears no page, so it cannot find out; the next answer will know.
            self._take_over()
            kernel.state.load_frontend()
        else:
            # At once, though the first has to wait for the import of widgets: a page that is to show anything before
            # loads its own renderer for it first, takes it away again, and is blank in between.
            self._create()

    def status(self, text: str) -> None:
        if self._instead is not None:
            self._instead.status(text)
        elif self._times.first is None:
            self._shown().put('status', visible(text))
            self._shown().tick()

    def update(self, event: Any) -> None:
        if self._instead is not None:
            self._instead.update(event)
            return
        self._shown()
        if self._writer.feed(event):
            self._times.word(self._clock())
        if not self._sure:
            self._events.append(event)

    def tick(self) -> None:
        if self._instead is None:
            self._draw_table()
            self._shown().tick()
            if not self._sure:
                self._find_out()
        else:
            self._instead.tick()

    def _draw_table(self) -> None:
        now = self._clock()
        if self._typed is not None and self._widget is not None and now - self._drawn >= _TABLE:
            self._drawn = now
            self._writer.draw()

    async def mounted(self) -> None:
        """A page that is known to show widgets, and can be heard, is about to show this one."""
        heard = self._stop is not None and self._place is None and kernel.state.front_ends.known(self._session)
        if not heard or self._widget is None:
            return
        loop, shown = asyncio.get_running_loop(), asyncio.Event()
        self._seen = lambda: loop.call_soon_threadsafe(shown.set)
        if not self._widget.seen:  # asked only now: the page may speak in another thread
            with suppress(TimeoutError):
                await asyncio.wait_for(shown.wait(), MOUNTING)

    def finish(
        self,
        response: ModelResponse,
        mark: str | None,
        error: BaseException | None,
        standing: Standing | None = None,
    ) -> None:
        if self._instead is not None:
            self._instead.finish(response, mark, error, standing)
            return
        self._shown()
        self._writer.draw()
        is_whole = mark is None and error is None
        standing = standing or Standing()
        byline = byline_of(response, self._title)
        stays = self._byline and self._place is None  # what is placed among other widgets is in no file
        times = Times(0.0) if standing.is_unchanged else self._times
        cost = None if standing.is_unchanged else _cost(response, is_whole)
        footer = [*footer_of(response, times, cost, None if stays else byline), *standing.footer]
        self._shown().on_version(standing.take_back)
        self._shown().finish(
            {
                'mark': mark or _mark_of(response),
                'notes': notes_of(response, mark, error),
                'byline': byline if stays else None,
                'footer': [visible(piece) for piece in footer],
                'sent': [visible(words) for words in standing.sent],
                'versions': [standing.position, standing.count],
                'swap': self._place is None,
            },
            placed=self._place is not None,
        )
        if self._place is None:
            data, metadata = self._bundle(
                response, settings=self._settings, mark=mark, error=error, asked=self._title, turn=standing.kept
            )
            self._display(data, metadata)
            standing.placed(self._publisher, self._id, mark, self._widget)

    def withdraw(self) -> None:
        if self._instead is not None:
            self._instead.withdraw()
            return
        self._drop_widget({'mark': 'error'})
        if self._owns:
            self._publisher.clear()
        elif self._displayed:
            self._display({'text/plain': ''})

    # ------------------------------------------------------------------ the widget and its place

    def _shown(self) -> LiveView:
        return self._widget or self._create()

    def _create(self) -> LiveView:
        from jupyter_stream.widgets.live import LiveView

        widget = self._widget = LiveView(
            visible(self._title),
            hears=self._stop is not None,
            images=self._images,
            on_ready=self._ready,
            on_stop=self._stop,
            views=kernel.state.views,
            clock=self._clock,
        )
        self._writer = LogWriter(widget)
        if self._typed is not None:
            self._writer.typed(TypedBlocks(self._typed))
        if self._place is not None:
            self._place(widget)
        else:
            self._display(_waiting(self._title, widget.model_id))
        kernel.state.load_frontend()
        return widget

    def _ready(self) -> None:
        kernel.state.front_ends.learn(self._session, True)
        self._seen()

    def _display(self, data: dict[str, Any], metadata: dict[str, Any] | None = None) -> None:
        show = self._publisher.update if self._displayed else self._publisher.display
        show(data, metadata or {}, self._id)
        self._displayed = True

    # ------------------------------------------------------------------ when the front end has no widgets

    def _find_out(self) -> None:
        """Wait for a sign of the front end, and go on without it when there is none."""
        known = kernel.state.front_ends.known(self._session)
        if known:
            self._sure = True
            self._events.clear()
        elif known is False or self._clock() - self._times.asked > PATIENCE:
            kernel.state.front_ends.learn(self._session, False)
            self._take_over()

    def _drop_widget(self, end: dict[str, Any]) -> None:
        if self._widget is not None:
            self._widget.finish(end)
            self._widget.close()
            self._widget = None

    def _take_over(self) -> None:
        self._drop_widget({})
        self._instead = MarkdownView(
            self._publisher,
            owns=self._owns,
            shown=self._id if self._displayed else None,
            images=self._images,
            byline=self._byline,
            clock=self._clock,
        )
        if self._typed is not None:
            self._instead.typed(self._typed)
        self._instead.start(self._title, self._settings)
        for event in self._events:
            self._instead.update(event)
        self._events.clear()
        self._instead.tick()


def _waiting(title: str, model_id: str) -> dict[str, Any]:
    """What stands in the output until the answer is done. The words are the Markdown view's, should it take over, and
    for whoever reads a file saved before the end.
    """
    words = asking(title)
    return {
        _MIME: {'version_major': 2, 'version_minor': 0, 'model_id': model_id},
        'text/markdown': waiting_markdown(words),
        'text/plain': visible(words),
    }


def _mark_of(response: ModelResponse) -> str | None:
    if response.state in ('interrupted', 'incomplete', 'suspended'):
        return response.state
    return response.finish_reason if response.finish_reason in ('length', 'content_filter', 'error') else None


def _cost(response: ModelResponse, may_load: bool) -> str | None:
    """What the answer cost. The tables of prices, which hold up everything in the process while they load, are loaded
    after the first whole answer of somebody who sells them, when its request is closed; where the stream of an SDK came
    from, it does not say.
    """
    from jupyter_stream import prices

    from_seller = (response.provider_url or 'https:').startswith('https:') and response.provider_name is not None
    may_load = may_load and from_seller
    if not (may_load or prices.is_loaded() or response.usage.cost is not None):
        return None
    if may_load:
        prices.load()
    cost = prices.estimate(response)
    return None if cost is None else str(cost)

"""Ways of showing an answer while it comes, and the choice among them.

A view is fed the events of one answer, one by one, by the player, which also ticks it: after each event, and about
every 50 ms in between, so that no view needs a thread or a timer of its own.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from jupyter_stream.exceptions import UserError
from jupyter_stream.notebook import marimo
from jupyter_stream.notebook.shell import in_voila, request_of, session_of

if TYPE_CHECKING:
    from jupyter_stream.messages import ModelResponse
    from jupyter_stream.notebook.views.standing import Standing
    from jupyter_stream.typed.answer import TypedAnswer

__all__ = ('VARIABLE', 'Mounting', 'Stoppable', 'Typing', 'View', 'Withdrawable', 'choose', 'detect')

VARIABLE = 'JUPYTER_STREAM_VIEW'
"""The environment variable that names a view for all cells; it wins over settings."""


class View(Protocol):
    """Shows one answer: start; then status, update and tick, as often as needed; then finish. One thread at a time."""

    def start(self, title: str, settings: Mapping[str, Any] | None = None) -> None:
        """Show at once that something is going on; `title` is the model, `settings` those of the request."""
        ...

    def status(self, text: str) -> None:
        """Say what is going on before the first word comes."""
        ...

    def update(self, event: Any) -> None:
        """Take an event of the stream."""
        ...

    def tick(self) -> None:
        """Show what is due."""
        ...

    def finish(
        self,
        response: ModelResponse,
        mark: str | None,
        error: BaseException | None,
        standing: Standing | None = None,
    ) -> None:
        """Show the answer as it stays: `mark` says why it ended early, `error` what went wrong, `standing` where it
        stands in a thread.
        """
        ...


@runtime_checkable
class Stoppable(Protocol):
    """A view that can show a way to stop the answer, where the kernel is free to hear of it."""

    def on_stop(self, stop: Callable[[], object]) -> None:
        """Before `start`: call `stop`, from any thread, when somebody wants the answer to end."""
        ...


@runtime_checkable
class Mounting(Protocol):
    """A view that a page shows some time after it was sent."""

    async def mounted(self) -> None:
        """Wait until a page shows the view, if one is about to; for a moment at most."""
        ...


@runtime_checkable
class Typing(Protocol):
    """A view that shows an answer of a type as data, and not as the JSON that it comes as."""

    def typed(self, answer: TypedAnswer) -> None:
        """Before `start`, and again before each further try: show what `answer.growing` holds. It takes each event
        before `update` is called with it.
        """
        ...


@runtime_checkable
class Withdrawable(Protocol):
    """A view that can leave nothing of itself behind."""

    def withdraw(self) -> None:
        """Instead of `finish`: no answer has begun, and the error that follows says all there is to say."""
        ...


def choose(
    shell: Any = None, setting: str = 'auto', *, owns: bool = False, images: bool = False, byline: bool = True
) -> View:
    """A view for the next answer.

    Args:
        shell: the running IPython shell; None where there is none.
        setting: 'auto', or 'live' (a widget where the front end shows one, else Markdown), 'widget', 'markdown',
            'static', 'terminal'. The environment variable JUPYTER_STREAM_VIEW wins.
        owns: whether the answer is all that the cell shows, so that a live view may clear the rest away.
        images: whether images in it may be loaded from the web; else they are links.
        byline: whether its last line says who answered.

    Raises:
        UserError: there is no such view.
    """
    name = os.environ.get(VARIABLE) or setting or 'auto'
    if name == 'auto':
        name = detect(shell)
    elif name == 'live' and detect(shell) == 'static':
        name = 'static'  # a widget in a notebook that nobody watches would only leave its front end in the file
    elif name == 'widget' and not _watched(shell) and not in_voila():
        name = 'static'
    make = _VIEWS.get(name)
    if make is None:
        known = ', '.join(repr(known) for known in ('auto', *_VIEWS))
        raise UserError(f'There is no view {name!r}. The views are {known}; set one of them, or unset {VARIABLE}.')
    return make(shell, _Look(owns, images, byline))


def detect(shell: Any) -> str:
    """The name of the view that suits where the code runs.

    A front end that can be asked for input has a person before it, and shows updates. Those that run notebooks
    without one (nbclient, nbconvert, nbval, papermill, Voila) say `allow_stdin: false` in each request. What
    `%%capture` or an Output widget takes is shown once too: the first keeps each update as an output of its own,
    and no update ever reaches the second (ipywidgets#1844). marimo has no IPython, and an output of its own.
    """
    if marimo.running() is not None:
        return 'markdown'
    if getattr(shell, 'kernel', None) is None or not hasattr(shell, 'display_pub'):
        return 'terminal'
    request = request_of(shell)
    if _captured(shell) or _diverted(request):
        return 'static'
    return 'live' if _watched(shell) else 'static'


def _watched(shell: Any) -> bool:
    """Whether a person may be before the front end."""
    try:
        return bool(request_of(shell)['content']['allow_stdin'])
    except (TypeError, KeyError):
        return True


def _captured(shell: Any) -> bool:
    from IPython.core.displaypub import CapturingDisplayPublisher

    return isinstance(shell.display_pub, CapturingDisplayPublisher)


def _diverted(request: Any) -> bool:
    """Whether an Output widget has asked the front end for what this request displays."""
    module = sys.modules.get('ipywidgets.widgets.widget')
    widgets: Mapping[str, Any] = getattr(module, '_instances', {})
    try:
        msg_id: str = request['header']['msg_id']
    except (TypeError, KeyError):
        return False
    return any(getattr(widget, 'msg_id', None) == msg_id for widget in list(widgets.values()))


@dataclass(frozen=True, slots=True)
class _Look:
    """What is asked of a view, see `choose`."""

    owns: bool
    images: bool
    byline: bool


def _live(shell: Any, look: _Look) -> View:
    return _widget(shell, look, sure=False) if find_spec('anywidget') else _markdown(shell, look)


def _widget(shell: Any, look: _Look, *, sure: bool = True) -> View:
    from .publish import publisher
    from .widget import WidgetView

    out, session = publisher(shell), session_of(shell)
    return WidgetView(out, session=session, owns=look.owns, images=look.images, byline=look.byline, sure=sure)


def _markdown(shell: Any, look: _Look) -> View:
    from .markdown import MarkdownView
    from .publish import publisher

    return MarkdownView(publisher(shell), owns=look.owns, images=look.images, byline=look.byline)


def _static(shell: Any, look: _Look) -> View:
    from .publish import publisher
    from .static import StaticView

    return StaticView(publisher(shell), images=look.images, byline=look.byline)


def _terminal(shell: Any, look: _Look) -> View:
    from .terminal import TerminalView

    return TerminalView(byline=look.byline)


_VIEWS: dict[str, Callable[[Any, _Look], View]] = {
    'live': _live,
    'widget': _widget,
    'markdown': _markdown,
    'static': _static,
    'terminal': _terminal,
}

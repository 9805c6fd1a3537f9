"""What a kernel knows beyond one answer, in one object, so that a test can begin with a kernel that knows nothing."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from weakref import ref

from jupyter_stream.conversation.cells import CellRun
from jupyter_stream.notebook.outputs import Outputs
from jupyter_stream.notebook.shell import Cell, current_shell, session_of
from jupyter_stream.notebook.waterfall import KEPT, Trace

if TYPE_CHECKING:
    from jupyter_stream.conversation.notebooks import Conversations
    from jupyter_stream.conversation.thread import Place
    from jupyter_stream.messages import ModelResponse
    from jupyter_stream.widgets.live import Loader, OpenViews

__all__ = ('MOST', 'FrontEnds', 'KernelState', 'state')

MOST = 64
"""Front ends that are remembered, the last ones."""


class FrontEnds:
    """Which front ends of this kernel run our widgets.

    A front end is the session that its requests name; a page that was reloaded is another one. It is asked by being
    shown a widget, and answers or does not.
    """

    def __init__(self) -> None:
        self._widgets: dict[str, bool] = {}
        self._paths: dict[str, str] = {}

    def known(self, session: str) -> bool | None:
        """Whether the front end runs our widgets; None while it has not been asked."""
        return self._widgets.get(session)

    def path(self, session: str) -> str | None:
        """Where the notebook that the front end shows is stored, as its server names it; None where it did not say."""
        return self._paths.get(session)

    def learn(self, session: str, widgets: bool, path: str | None = None) -> None:
        """Remember whether it does, and which notebook it shows. That it does is never forgotten: a page that did not
        answer may only be slow.
        """
        self._widgets[session] = widgets or self._widgets.get(session, False)
        if path is not None:
            self._paths[session] = path
        while len(self._widgets) > MOST:
            oldest = next(iter(self._widgets))
            self._widgets.pop(oldest)
            self._paths.pop(oldest, None)


@dataclass(eq=False)
class KernelState:
    """The state of one kernel.

    Attributes:
        front_ends: which of them run our widgets.
        shown: the response that a cell has shown last, and that cell.
        noted: what was said of models below their answers, see `Model.note`, each with the response below which it was.
        traces: when what of the last answers came.
        pages: where the answers of threads are on the page, by their place in the thread.
        outputs: what the last cells showed.
        error: the last exception of a cell, see `values.last_error`.
    """

    front_ends: FrontEnds = field(default_factory=FrontEnds)
    shown: tuple[ref[Any], Cell | None] | None = None
    noted: dict[str, ModelResponse] = field(default_factory=dict[str, Any])
    traces: deque[Trace] = field(default_factory=lambda: deque[Trace](maxlen=KEPT))
    pages: dict[Place, Any] = field(default_factory=dict[Any, Any])
    outputs: Outputs = field(default_factory=Outputs)
    error: BaseException | None = None
    _runs: list[CellRun] = field(default_factory=list[CellRun])
    _conversations: Conversations | None = None
    _views: OpenViews | None = None
    _loader: Loader | None = None

    @property
    def conversations(self) -> Conversations:
        """The threads of its notebooks. Loaded when the first question is asked, and told of the cells before it."""
        if self._conversations is None:
            from jupyter_stream.conversation.notebooks import Conversations

            self._conversations = Conversations(self.front_ends.path)
            for run in self._runs:
                self._conversations.begin(run)
            self._runs.clear()
        return self._conversations

    def begin(self, run: CellRun) -> None:
        """A cell runs."""
        if self._conversations is None:
            self._runs.append(run)
        else:
            self._conversations.begin(run)

    @property
    def views(self) -> OpenViews:
        """The live views that are open."""
        from jupyter_stream.widgets.live import OpenViews

        self._views = self._views or OpenViews()
        return self._views

    def noted_once(self, response: ModelResponse) -> ModelResponse:
        """The response for a view: a note on its model that another has shown in this kernel is marked `is_noted`."""
        note = (response.metadata or {}).get('note')
        if not note or not response.parts:
            return response
        if self.noted.setdefault(note, response) is response:
            return response
        return replace(response, metadata={**(response.metadata or {}), 'is_noted': True})

    def load_frontend(self) -> None:
        """Bring the core of the front end to the page, once. A page says so when it has it, now or later."""
        from jupyter_stream.widgets.live import Loader

        self._loader = self._loader or Loader(self._hello)

    def _hello(self, path: str | None) -> None:
        session = session_of(current_shell())
        self.front_ends.learn(session, True, path)


state = KernelState()
"""That of this process."""

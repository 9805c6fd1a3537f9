"""The explorer: asks, keeps what came of each question, and shows it where there is somebody to see it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from keyword import iskeyword
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from jupyter_stream.exceptions import UserError
from jupyter_stream.notebook.defaults import EMBEDDED, default_model, defaults_of
from jupyter_stream.notebook.errors import short_errors
from jupyter_stream.notebook.explore.fields import Fields, fields_with
from jupyter_stream.notebook.explore.recording import RecordingView
from jupyter_stream.notebook.explore.run import Run
from jupyter_stream.notebook.explore.summary import overview
from jupyter_stream.notebook.names import title_of
from jupyter_stream.notebook.pieces import counted
from jupyter_stream.notebook.play import Player
from jupyter_stream.notebook.question import check_arguments, question
from jupyter_stream.notebook.shell import Cell, current_shell, ends_cell, in_voila, running_cell
from jupyter_stream.notebook.views import VARIABLE, detect
from jupyter_stream.notebook.views.publish import publisher
from jupyter_stream.notebook.views.static import NullView
from jupyter_stream.settings import concealed

if TYPE_CHECKING:
    from jupyter_stream.messages import UserContent
    from jupyter_stream.models import Model
    from jupyter_stream.models.instrumented import Instrument
    from jupyter_stream.notebook.answer import Answer
    from jupyter_stream.notebook.explore.panel import Panel

__all__ = ('Explorer', 'explore')

_EMPTY = 'An explorer: run the cell to open it.'
_MIME = 'application/vnd.jupyter.widget-view+json'
_BLIND = {
    'text/markdown': '*Nothing here shows widgets: `explorer.run(prompt=…)` asks, and `explorer.runs` has what came.*',
    'text/plain': 'Nothing here shows widgets: explorer.run(prompt=…) asks, and explorer.runs has what came.',
}


def explore(
    model: Model | str | None = None,
    *,
    models: Sequence[Model | str] = (),
    system: str | None = None,
    prompt: str = '',
    model_settings: Mapping[str, Any] | None = None,
    instrument: Instrument = None,
) -> Explorer:
    """Open an explorer: ask models with settings of your choice, and see what comes back, and when.

    Where the front end shows widgets, it has fields for the model, the prompts and the settings, the answer while it
    comes, its events and a timeline, and any two runs beside each other. All runs stay in the saved notebook, as text;
    the explorer itself as the value of another cell is opened again with its runs. Elsewhere `explorer.run(prompt=…)`
    does the same without fields.

    Args:
        model: the model that is chosen at first, or its name. Without it: the one that `%%ask` would ask.
        models: more to choose from. Any name can be typed in all the same.
        system: the system prompt at first.
        prompt: the prompt at first.
        model_settings: settings of all runs; those with fields of their own are there at first.
        instrument: record each run with OpenTelemetry: True, an `InstrumentationSettings`, or False for no trace; None
            for what `AskMagics.instrument` says.

    Returns:
        The explorer, with `.run`, `.arun`, `.runs` and `.answer`.

    Raises:
        UserError: `model` is neither a model nor a name, or `instrument` is none of these.
    """
    model_settings = concealed(model_settings)
    with short_errors():
        explorer = Explorer(
            model, models=models, system=system, prompt=prompt, model_settings=model_settings, instrument=instrument
        )
    explorer.show()
    return explorer


class Explorer:
    """Questions to models, and what came of them; see `explore`.

    Attributes:
        runs: all of them, the last one at the end.
    """

    def __init__(
        self,
        model: Model | str | None = None,
        *,
        models: Sequence[Model | str] = (),
        system: str | None = None,
        prompt: str = '',
        model_settings: Mapping[str, Any] | None = None,
        instrument: Instrument = None,
    ) -> None:
        from jupyter_stream.checks import checked_settings
        from jupyter_stream.models.instrumented import settings_of

        model_settings = concealed(model_settings)
        self._shell = current_shell()
        usual_defaults = defaults_of(self._shell)
        instrument = usual_defaults.instrument if instrument is None else instrument
        settings_of(instrument)  # refuses what is none
        self._defaults = replace(usual_defaults, instrument=instrument)
        first = model if model is not None else default_model(self._defaults.model)
        check_arguments(
            model=first, models=models, system=system or '', prompt=prompt, model_settings=model_settings or {}
        )
        self._models = {m if isinstance(m, str) else m.model_id: m for m in (first, *models)}
        self._first = next(iter(self._models))
        usual = {'temperature': self._defaults.temperature, 'max_tokens': self._defaults.max_tokens}
        given = checked_settings(model_settings) or {}
        self._said = fields_with(
            self._first, self._defaults.system if system is None else system, prompt, {**usual, **given}
        )
        self._by_call: Fields | None = None
        self.runs: list[Run] = []
        self._publisher = publisher(self._shell)
        self._panel: Panel | None = None
        self._player: Player | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._id = uuid4().hex
        self._is_placed = False
        self._cell: Cell | None = None

    @property
    def answer(self) -> Answer | None:
        """The answer of the last run; None before there is one."""
        return self.runs[-1].answer if self.runs else None

    def __repr__(self) -> str:
        return f'Explorer({title_of(self._models[self._first])!r}, {counted(len(self.runs), "run")})'

    # ------------------------------------------------------------------ asking

    def run(
        self,
        prompt: str | Sequence[UserContent] | None = None,
        *,
        model: Model | str | None = None,
        system: str | None = None,
        model_settings: Mapping[str, Any] | None = None,
    ) -> Run:
        """Ask, and wait for the answer. What is not given is what the fields say.

        Raises:
            UserError: nothing is asked, or another run is going on.
            Interrupted: (a KeyboardInterrupt) the call was stopped; the run is kept all the same.
            Exception: as the model raises it; the run is kept all the same.
        """
        model_settings = concealed(model_settings)
        run, player = self._begin(prompt, model, system, model_settings)
        with self._ending(run):
            player.run()
        return run

    async def arun(
        self,
        prompt: str | Sequence[UserContent] | None = None,
        *,
        model: Model | str | None = None,
        system: str | None = None,
        model_settings: Mapping[str, Any] | None = None,
    ) -> Run:
        """`run` for code that can await: the kernel hears the Stop button meanwhile."""
        model_settings = concealed(model_settings)
        run, player = self._begin(prompt, model, system, model_settings)
        with self._ending(run):
            await player.play()
        return run

    def stop(self) -> None:
        """End the run that is going on; what has come of it stays."""
        if self._player is not None:
            self._player.stop()

    def keep(self, name: str, run: Run | None = None) -> None:
        """Put the answer of a run, the last one without another, into a variable of the notebook.

        Raises:
            UserError: that is no name for a variable, or there is no answer.
        """
        run = run or (self.runs[-1] if self.runs else None)
        if not name.isidentifier() or iskeyword(name):
            raise UserError(f'{name!r} is no name for a variable.' if name else 'Say in which variable to keep it.')
        if run is None or run.answer is None:
            raise UserError('There is no answer to keep yet.')
        if self._shell is None:
            raise UserError('There is no notebook here to keep a variable in: use `explorer.answer`.')
        self._shell.user_ns[name] = run.answer

    def _begin(
        self,
        prompt: str | Sequence[UserContent] | None,
        model: Model | str | None,
        system: str | None,
        settings: Mapping[str, Any] | None,
        *,
        by_call: bool = True,
    ) -> tuple[Run, Player]:
        with short_errors():
            if self.runs and self.runs[-1].running:
                raise UserError(f'Run {self.runs[-1].number} is going on: stop it first.')
            fields = self._fields(by_call=by_call)
            asked = question(
                fields.content() if prompt is None else prompt,
                replace(self._defaults, temperature=None, max_tokens=None),
                model=model if model is not None else fields.asked_model(self._models) or self._models[self._first],
                system=fields.system if system is None else system,
                model_settings={**fields.settings(), **(settings or {})},  # type: ignore[typeddict-item]
            )
        run = Run(len(self.runs) + 1, asked)
        self.runs.append(run)
        self._player = Player(asked, self._view(run, by_call), run.keep)
        return run, self._player

    def _fields(self, *, by_call: bool) -> Fields:
        """What the fields say. For a call, what an earlier call has put there does not count, so that a notebook asks
        the same whether its explorer is seen or not.
        """
        if self._panel is None:
            return self._said
        now = self._panel.fields()
        if now != self._by_call:
            self._said = now
        return self._said if by_call else now

    def _view(self, run: Run, by_call: bool) -> RecordingView:
        panel = self._panel
        if panel is None:
            return RecordingView(run, NullView())
        if by_call:
            panel.keep_draft()
        view = panel.begin(run)
        self._by_call = panel.fields() if by_call else None
        return RecordingView(run, view, on_tick=panel.timeline.tick)

    @contextmanager
    def _ending(self, run: Run) -> Generator[None]:
        """Whatever becomes of a run, it is over then and shown so."""
        error = ''
        try:
            yield
        except Exception as failure:
            error = f'{type(failure).__name__}: {failure}'
            raise
        finally:
            self._player = None
            if run.elapsed is None:  # it was stopped before its view was started
                run.end('interrupted', None, 0.0)
            if self._panel is not None:
                self._panel.end(run, error)
                self._leave_text()

    # ------------------------------------------------------------------ showing

    def show(self) -> None:
        """Display the explorer, here too."""
        if _shows_widgets(self._shell):
            panel = self._panel or self._opened()
            self._is_placed = False
            if in_voila():  # its pages are not saved, and no update of a display reaches them (voila#498)
                self._publisher.display({**_widget(panel), 'text/plain': _EMPTY}, {}, uuid4().hex)
            else:
                self._publisher.display({**_widget(panel), **overview(self.runs)}, {}, self._id)
        else:
            self._publisher.display(_BLIND, {}, self._id)
        self._cell = running_cell()

    def _ipython_display_(self) -> None:
        """As the value of the cell that opened it, it is not shown a second time."""
        if self._cell is None or self._cell != running_cell() or not ends_cell():
            self.show()

    def _repr_markdown_(self) -> str:
        return _BLIND['text/markdown']

    def _opened(self) -> Panel:
        from jupyter_stream.notebook.explore.panel import Panel

        try:
            self._loop = asyncio.get_running_loop()
        except RuntimeError:
            self._loop = None
        self._panel = Panel(self, models=suggestions(self._models, os.environ), fields=self._said)
        if not in_voila():
            self._panel.timeline.root = self._panel.root.model_id
        return self._panel

    def page_placed(self) -> None:
        """A page shows the explorer beside its output, which may become what the file shall have: text."""
        self._is_placed = True
        self._leave_text()

    def _leave_text(self) -> None:
        """What came of all runs is put into the output; a page that shows the widget there alone keeps it."""
        if self._panel is not None and not in_voila():
            widget = {} if self._is_placed else _widget(self._panel)
            self._publisher.update({**widget, **overview(self.runs)}, {}, self._id)

    # ------------------------------------------------------------------ what the buttons do

    def press_run(self) -> None:
        """Start a run in the background, so that the kernel stays free. From any thread."""
        if self._panel is None or self._loop is None:
            return
        try:
            run, player = self._begin(None, None, None, None, by_call=False)
        except UserError as error:
            self._panel.say(str(error), wrong=True)
            return
        self._loop.call_soon_threadsafe(self._launch, run, player)

    def _launch(self, run: Run, player: Player) -> None:
        assert self._loop is not None
        self._task = self._loop.create_task(self._in_the_background(run, player))

    async def _in_the_background(self, run: Run, player: Player) -> None:
        try:
            with self._ending(run):
                await player.play()
        except (Exception, asyncio.CancelledError):
            pass  # the panel has said so

    def press_select(self, number: int) -> None:
        """Show a run that is over again."""
        if self._panel is not None and not self.runs[-1].running:
            self._panel.select(self.runs[number - 1])

    def press_keep(self, name: str) -> None:
        """Keep the answer of the chosen run."""
        if self._panel is None:
            return
        try:
            self.keep(name, self.runs[self._panel.chosen - 1] if self._panel.chosen > 0 else None)
        except UserError as error:
            self._panel.say(str(error), wrong=True)
        else:
            self._panel.say(f'The answer is in {name}.')


def suggestions(given: Iterable[str], environ: Mapping[str, str]) -> list[str]:
    """Names to choose from: those given, the embedded model, and the known ones of providers whose key is set."""
    from jupyter_stream.models.base import askable_models

    return list(dict.fromkeys([*given, EMBEDDED, *askable_models(environ)]))


def _widget(panel: Panel) -> dict[str, Any]:
    """The part of a bundle that shows the panel."""
    return {_MIME: {'version_major': 2, 'version_minor': 0, 'model_id': panel.root.model_id}}


def _shows_widgets(shell: Any) -> bool:
    """Whether a widget that is displayed now will be seen; in Voila by the page that opens when all cells have run."""
    name = os.environ.get(VARIABLE) or defaults_of(shell).view or 'auto'
    if name == 'auto':
        name = 'widget' if in_voila() else detect(shell)
    return name in ('live', 'widget')

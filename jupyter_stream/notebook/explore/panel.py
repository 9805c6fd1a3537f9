"""The explorer's widgets: controls on one side, the answer on the other, what came when below."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from importlib import import_module
from importlib.resources import files
from string import Template
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

import traitlets

from jupyter_stream.notebook.bundle import shareable
from jupyter_stream.notebook.defaults import defaults_of
from jupyter_stream.notebook.explore.fields import NUMBERS, Fields, fields_of
from jupyter_stream.notebook.explore.recording import replay
from jupyter_stream.notebook.explore.summary import differences, tokens
from jupyter_stream.notebook.shell import current_shell
from jupyter_stream.notebook.views.widget import WidgetView
from jupyter_stream.widgets.timeline import Timeline, Trace

if TYPE_CHECKING:
    from jupyter_stream.notebook.explore.run import Run
    from jupyter_stream.notebook.views import View

__all__ = ('Actions', 'Panel')

w: Any = import_module('ipywidgets')  # which has no types to check against


def _file(name: str) -> str:
    return files(__package__ or '').joinpath(name).read_text(encoding='utf-8')


_MESSAGE: Final = Template(_file('message.html'))
_TABLE: Final = Template(_file('comparison.html'))
_TABLE_ROW: Final = Template(_file('comparison_row.html'))
"""HTML, for what no widget of ipywidgets can be."""


class Actions(Protocol):
    """What the buttons do."""

    def press_run(self) -> None: ...

    def stop(self) -> None: ...

    def press_select(self, number: int) -> None: ...

    def press_keep(self, name: str) -> None: ...

    def page_placed(self) -> None: ...


class _PanelTimeline(Timeline):
    """The timeline, which brings to the page what the panel around it needs and ipywidgets has not: a style sheet,
    names for screen readers, Ctrl+Enter, and a place beside the output that is saved (`frontend/src/explorer.ts`).
    """

    _css = _file('panel.css')
    root = traitlets.Unicode('').tag(sync=True)
    """The widget that is to be placed, by its id; '' where it shall stay in its output."""

    def __init__(self, run: Callable[[str], object], placed: Callable[[], object]) -> None:
        super().__init__()
        self._run = run
        self._placed = placed

    def _on_message(self, _: object, content: Any, buffers: object) -> None:
        super()._on_message(_, content, buffers)
        said = cast('dict[str, Any]', content) if isinstance(content, dict) else {}
        if said.get('kind') == 'placed':
            self._placed()
        elif said.get('kind') == 'run' and isinstance(said.get('prompt'), str):
            self._run(said['prompt'])


class _Place:
    """Where an answer is shown, one at a time."""

    def __init__(self, name: str) -> None:
        self.box = w.Box(layout=w.Layout(display='block', width='auto', flex='1 1 240px', min_width='0'))
        self.box.add_class('jpt-answer')
        self.box.add_class(name)

    def put(self, widget: Any) -> None:
        before, self.box.children = self.box.children, (widget,)
        _close(before)

    def clear(self) -> None:
        before, self.box.children = self.box.children, ()
        _close(before)


class Panel:
    """All of the widgets; `root` is the one to display.

    Args:
        actions: what the buttons do.
        models: the names to choose from.
        fields: what the fields say at first.
    """

    def __init__(self, actions: Actions, *, models: Sequence[str], fields: Fields) -> None:
        self._actions = actions
        self._selecting = False
        self._known: dict[int, Run] = {}
        self._drafts: dict[int, Fields] = {}
        self._filled = fields
        self._make_fields(models)
        self.run_button = _button('Run', 'play', 'jpt-run', button_style='primary', tooltip='Ctrl+Enter in any field')
        self.stop_button = _button('Stop', 'stop', 'jpt-stop', disabled=True)
        self.runs = w.Dropdown(description='runs', options=[('none yet', 0)], value=0, disabled=True, layout=_full())
        self.other = w.Dropdown(
            description='compare with', options=[('no other run', 0)], value=0, disabled=True, layout=_full()
        )
        self.name = w.Text(
            description='keep its answer as',
            placeholder='a variable',
            layout=w.Layout(width='auto', flex='1 1 90px', min_width='0', margin='0'),
        )
        self.keep_button = w.Button(description='Keep', disabled=True, tooltip='Put the answer into the variable')
        self.keep_button.layout = w.Layout(width='64px', margin='0', align_self='flex-end')
        self.message = w.HTML(layout=w.Layout(margin='0', width='auto'))
        self.message.add_class('jpt-said')
        self.comparison = w.HTML(layout=w.Layout(margin='0', width='auto', display='none'))
        self._place, self._beside = _Place('jpt-one'), _Place('jpt-other')
        self._beside.box.layout.display = 'none'
        self.place = self._place.box
        self.timeline = _PanelTimeline(self._run_with, actions.page_placed)
        self.root = self._arranged()
        self.fill(fields)
        _on_click(self.run_button, actions.press_run)
        _on_click(self.stop_button, actions.stop)
        _on_click(self.keep_button, lambda: actions.press_keep(self.name.value.strip()))
        self.runs.observe(self._selected, 'value')
        self.other.observe(self._compare, 'value')

    def _make_fields(self, models: Sequence[str]) -> None:
        self.model = w.Combobox(description='model', options=list(models), placeholder='provider:model', layout=_full())
        self.system = w.Textarea(description='system prompt', placeholder='none', rows=2, layout=_full())
        self.prompt = w.Textarea(
            description='prompt (Ctrl+Enter runs)', placeholder='What do you want to ask?', rows=5, layout=_full()
        )
        self.prompt.add_class('jpt-prompt')
        self.numbers = {
            name: w.Text(description=label, placeholder='default', layout=_full()) for name, label, *_ in NUMBERS
        }
        self.also = w.Label(layout=w.Layout(margin='0', display='none'))
        self.also.add_class('jpt-also')

    def _arranged(self) -> Any:
        grid = w.GridBox(
            list(self.numbers.values()),
            layout=w.Layout(grid_template_columns='minmax(0, 1fr) minmax(0, 1fr)', grid_gap='6px 10px', width='auto'),
        )
        controls = [
            *(self.model, self.system, self.prompt, grid, self.also),
            *(_row(self.run_button, self.stop_button), self.message),
            *(self.runs, self.other, _row(self.name, self.keep_button)),
        ]
        left = w.VBox(controls, layout=w.Layout(flex='1 0 270px', max_width='100%', grid_gap='8px', overflow='hidden'))
        answers = w.Box(
            [self.place, self._beside.box],
            layout=w.Layout(display='flex', flex_flow='row wrap', grid_gap='12px 20px', width='auto'),
        )
        right = w.VBox(
            [self.comparison, answers, self.timeline],
            layout=w.Layout(flex='1000 1 300px', min_width='0', grid_gap='14px', overflow='hidden'),
        )
        # Side by side the controls keep their width; where the two do not fit, each has all of it.
        root = w.Box(
            [left, right],
            layout=w.Layout(
                display='flex', flex_flow='row wrap', grid_gap='12px 24px', padding='4px 2px', overflow='hidden'
            ),
        )
        root.add_class('jpt-explorer')
        return root

    # ------------------------------------------------------------------ what is asked

    def fields(self) -> Fields:
        """What the fields say now."""
        numbers = {name: field.value for name, field in self.numbers.items()}
        was = self._filled
        return Fields(self.model.value, self.system.value, self.prompt.value, numbers, was.others, was.origin)

    def fill(self, fields: Fields) -> None:
        """Let the fields say this."""
        self._filled = fields
        self.model.value, self.system.value, self.prompt.value = fields.model, fields.system, fields.prompt
        for name, field in self.numbers.items():
            field.value = fields.numbers.get(name, '')
        also = ', '.join(f'{name} {value}' for name, value in shareable(fields.others).items())
        self.also.value = f'also: {also}' if also else ''
        self.also.layout.display = None if also else 'none'

    def keep_draft(self) -> None:
        """What the fields say is put into the list, unless it is there already: it would be overwritten."""
        self._keep_draft(self.chosen)

    def _keep_draft(self, chosen: int) -> None:
        now = self.fields()
        if now == self._filled or any(now == fields_of(run.question) for run in self._known.values()):
            return
        if chosen in self._drafts or now not in self._drafts.values():
            self._drafts[chosen if chosen in self._drafts else min(self._drafts, default=0) - 1] = now

    @property
    def chosen(self) -> int:
        """The number of the run that is shown; 0 for none, below 0 for what was written and not asked yet."""
        return self.runs.value

    def _run_with(self, prompt: str) -> None:
        """Ctrl+Enter brings the prompt along: the field itself may report its last letters later."""
        self.prompt.value = prompt
        self._actions.press_run()

    # ------------------------------------------------------------------ what is shown

    def begin(self, run: Run) -> View:
        """Show a run from its beginning; the view that shows its answer."""
        asked = fields_of(run.question)
        if self.fields() == asked:
            self._drafts.pop(self.chosen, None)
        self._drafts = {number: draft for number, draft in self._drafts.items() if draft != asked}
        self.fill(asked)
        self._list(run)
        self.runs.disabled = True
        self.run_button.disabled, self.stop_button.disabled = True, False
        self.keep_button.disabled = True
        self.say(f'run {run.number}: running …')
        self.timeline.show(run.trace)
        return _view(self._place, monotonic)

    def end(self, run: Run, error: str) -> None:
        """A run is over."""
        self._list(run)
        self.run_button.disabled, self.stop_button.disabled = False, True
        self.keep_button.disabled = run.answer is None
        self.timeline.finish()
        self.say(_ended(run) if run.error is not None else error or _ended(run), wrong=bool(error))

    def select(self, run: Run) -> None:
        """Show a run that is over, and what it asked in the fields."""
        self.fill(fields_of(run.question))
        self._list(run)
        self._show(run, self._place)
        self.timeline.show(run.trace)
        self.keep_button.disabled = run.answer is None
        self.say(_ended(run), wrong=run.state == 'failed')

    def say(self, text: str, *, wrong: bool = False) -> None:
        """A line for the reader; `wrong` if it is an error."""
        self.message.value = _MESSAGE.substitute(kind='wrong' if wrong else 'told', text=escape(text))

    def _show(self, run: Run, place: _Place) -> None:
        if run.answer is None:
            place.clear()
        else:
            replay(run, lambda clock: _view(place, clock))

    def _show_draft(self, number: int) -> None:
        """What was written before, with no answer beside it."""
        self.fill(self._drafts[number])
        self._relist(number)
        self._place.clear()
        self.timeline.show(Trace())
        self.keep_button.disabled = True
        self.say('not asked yet')

    # ------------------------------------------------------------------ the list of runs

    def _list(self, run: Run) -> None:
        """See to it that the list of runs has this one, and that it is chosen."""
        self._known[run.number] = run
        self._relist(run.number)

    def _relist(self, chosen: int) -> None:
        runs = [(_name(run), number) for number, run in sorted(self._known.items())]
        drafts = [(_draft_name(fields), number) for number, fields in sorted(self._drafts.items(), reverse=True)]
        others = [('no other run', 0), *(option for option in runs if option[1] != chosen)]
        other = self.other.value if any(self.other.value == number for _, number in others) else 0
        self._selecting = True
        try:
            self.runs.options = [*runs, *drafts]
            self.runs.value = chosen
            self.runs.disabled = False
            self.other.options = others
            self.other.value = other
            self.other.disabled = len(others) == 1
        finally:
            self._selecting = False
        self._compare()

    def _selected(self, change: Any) -> None:
        if self._selecting or not change['new']:
            return
        self._keep_draft(change['old'])
        if change['new'] < 0:
            self._show_draft(change['new'])
        else:
            self._actions.press_select(change['new'])

    def _compare(self, change: Any = None) -> None:
        """Show the other run beside the chosen one, if one is, and how the two differ."""
        if self._selecting:
            return
        one, other = self._known.get(self.chosen), self._known.get(self.other.value)
        display = None if one and other else 'none'
        self._beside.box.layout.display = 'block' if display is None else 'none'
        self.comparison.layout.display = display
        self.comparison.value = _table(one, other) if one and other else ''
        if other is None:
            self._beside.clear()
        elif change is not None or not self._beside.box.children:
            self._show(other, self._beside)


class _Nowhere:
    """No display: the answer is shown in its place."""

    def display(self, data: dict[str, Any], metadata: dict[str, Any], display_id: str) -> None:
        pass

    update = display

    def clear(self) -> None:
        pass


def _view(place: _Place, clock: Callable[[], float]) -> View:
    images = defaults_of(current_shell()).images
    return WidgetView(_Nowhere(), place=place.put, images=images, clock=clock)


def _table(one: Run, other: Run) -> str:
    rows = [
        _TABLE_ROW.substitute(name=escape(name), one=escape(left), other=escape(right))
        for name, left, right in differences(one, other)
    ]
    return _TABLE.substitute(one=one.number, other=other.number, rows=''.join(rows))


def _ended(run: Run) -> str:
    how = {'complete': 'done in', 'stopped': 'stopped after', 'failed': 'failed after'}
    words = how.get(run.state, f'cut by the {run.state} after')
    error = f': {type(run.error).__name__}: {run.error}' if run.state == 'failed' and run.error is not None else ''
    return f'run {run.number}: {words} {run.elapsed or 0:.2f} s{error}'


def _name(run: Run) -> str:
    """A run in the list: its number, its model, how it ended unless it is whole, time and tokens as far as known."""
    state = '' if run.state == 'complete' else run.state
    time = '' if run.elapsed is None else f'{run.elapsed:.1f} s'
    return ' · '.join(piece for piece in (str(run.number), run.title, state, time, _tokens(run)) if piece)


def _tokens(run: Run) -> str:
    said = tokens(run)
    return f'tokens: {said}' if said else ''


def _draft_name(fields: Fields) -> str:
    words = ' '.join(fields.prompt.split())
    return f'not asked yet · {words[:40]}{"…" if len(words) > 40 else ""}'


def _close(widgets: Sequence[Any]) -> None:
    for widget in widgets:
        widget.close()


def _on_click(button: Any, act: Callable[[], object]) -> None:
    def clicked(_: Any) -> None:
        act()

    button.on_click(clicked)


def _full() -> Any:
    return w.Layout(width='auto', margin='0')


def _button(description: str, icon: str, name: str, **more: Any) -> Any:
    button = w.Button(
        description=description, icon=icon, layout=w.Layout(width='auto', flex='1 1 0', margin='0'), **more
    )
    button.add_class(name)
    return button


def _row(*children: Any) -> Any:
    return w.HBox(children, layout=w.Layout(grid_gap='8px', width='auto', overflow='hidden'))

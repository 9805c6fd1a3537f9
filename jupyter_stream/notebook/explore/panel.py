"""The explorer's widgets: controls on one side, the answer on the other, what came when below."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from importlib import import_module
from importlib.resources import files
from string import Template
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, Protocol

from jupyter_stream.exceptions import UserError
from jupyter_stream.notebook.defaults import defaults_of
from jupyter_stream.notebook.explore.recording import replay
from jupyter_stream.notebook.shell import current_shell
from jupyter_stream.notebook.views.widget import WidgetView
from jupyter_stream.widgets.timeline import Timeline

if TYPE_CHECKING:
    from jupyter_stream.notebook.explore.run import Run
    from jupyter_stream.notebook.views import View

__all__ = ('Actions', 'Panel')

w: Any = import_module('ipywidgets')  # which has no types to check against


def _file(name: str) -> str:
    return files(__package__ or '').joinpath(name).read_text(encoding='utf-8')


_MESSAGE: Final = Template(_file('message.html'))
"""A line for the reader. HTML, since it must have a role for screen readers, which no label of ipywidgets can have."""

_NUMBERS: Final[Sequence[tuple[str, str, Callable[[str], float | int], str]]] = (
    ('temperature', 'temperature', float, 'a number, such as 0.7'),
    ('max_tokens', 'max tokens', int, 'a whole number, such as 200'),
    ('top_p', 'top p', float, 'a number from 0 to 1'),
    ('seed', 'seed', int, 'a whole number'),
)


class _StyledTimeline(Timeline):
    """The timeline, which brings the style sheet of the whole panel to the page: of these widgets it alone can."""

    _css = _file('panel.css')


class Actions(Protocol):
    """What the buttons do."""

    def press_run(self) -> None: ...

    def stop(self) -> None: ...

    def press_select(self, number: int) -> None: ...

    def press_keep(self, name: str) -> None: ...


class Panel:
    """All of the widgets; `root` is the one to display.

    Args:
        actions: what the buttons do.
        models: the names to choose from.
        model: the one that is chosen at first.
        system: the system prompt.
        prompt: the prompt.
        settings: what the fields for settings say at first.
    """

    def __init__(
        self,
        actions: Actions,
        *,
        models: Sequence[str],
        model: str,
        system: str,
        prompt: str,
        settings: Mapping[str, Any],
    ) -> None:
        self._actions = actions
        self._selecting = False
        self._answer: Any = None
        self.model = w.Combobox(value=model, options=list(models), placeholder='provider:model', layout=_full())
        self.system = w.Textarea(value=system, placeholder='none', rows=2, layout=_full())
        self.prompt = w.Textarea(value=prompt, placeholder='What do you want to ask?', rows=5, layout=_full())
        self.numbers = {
            name: w.Text(value=_written(settings.get(name)), placeholder='default', layout=_full())
            for name, *_ in _NUMBERS
        }
        self.run_button = w.Button(description='Run', icon='play', button_style='primary', layout=_button())
        self.stop_button = w.Button(description='Stop', icon='stop', disabled=True, layout=_button())
        self.runs = w.Dropdown(options=[('none yet', 0)], value=0, disabled=True, layout=_full())
        self.name = w.Text(
            placeholder='a variable', layout=w.Layout(width='auto', flex='1 1 90px', min_width='0', margin='0')
        )
        self.keep_button = w.Button(description='Keep', disabled=True, tooltip='Put the answer into the variable')
        self.keep_button.layout = w.Layout(width='64px', margin='0')
        self.message = w.HTML(layout=w.Layout(margin='0'))
        self.place = w.Box(
            layout=w.Layout(display='block', min_height='160px', max_height='480px', width='auto', overflow='auto')
        )
        self.timeline = _StyledTimeline()
        self.root = self._arranged()
        _on_click(self.run_button, actions.press_run)
        _on_click(self.stop_button, actions.stop)
        _on_click(self.keep_button, lambda: actions.press_keep(self.name.value.strip()))
        self.runs.observe(self._selected, 'value')

    def _arranged(self) -> Any:
        grid = w.GridBox(
            [_labelled(label, self.numbers[name]) for name, label, *_ in _NUMBERS],
            layout=w.Layout(grid_template_columns='1fr 1fr', grid_gap='6px 10px', width='auto'),
        )
        controls = [
            _labelled('model', self.model),
            _labelled('system prompt', self.system),
            _labelled('prompt', self.prompt),
            grid,
            _row(self.run_button, self.stop_button),
            self.message,
            _labelled('runs', self.runs),
            _labelled('keep its answer as', _row(self.name, self.keep_button)),
        ]
        left = w.VBox(controls, layout=w.Layout(flex='1 0 270px', max_width='100%', grid_gap='8px', overflow='hidden'))
        right = w.VBox(
            [self.place, self.timeline],
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

    def settings(self) -> dict[str, Any]:
        """What the fields for settings say.

        Raises:
            UserError: one of them says no number.
        """
        said = {name: field.value.strip() for name, field in self.numbers.items()}
        return {name: _read(label, said[name], read, what) for name, label, read, what in _NUMBERS if said[name]}

    @property
    def chosen(self) -> int:
        """The number of the run that is shown; 0 for none."""
        return self.runs.value

    # ------------------------------------------------------------------ what is shown

    def begin(self, run: Run) -> View:
        """Show a run from its beginning; the view that shows its answer."""
        self._list(run)
        self.run_button.disabled, self.stop_button.disabled = True, False
        self.keep_button.disabled = True
        self.say(f'run {run.number} …')
        self.timeline.show(run.trace)
        return self._view(monotonic)

    def end(self, run: Run, error: str) -> None:
        """A run is over."""
        self._list(run)
        self.run_button.disabled, self.stop_button.disabled = False, True
        self.keep_button.disabled = run.answer is None
        self.timeline.finish()
        self.say(error or _ended(run), wrong=bool(error))

    def select(self, run: Run) -> None:
        """Show a run that is over."""
        self._list(run)
        self.timeline.show(run.trace)
        replay(run, self._view)
        self.keep_button.disabled = run.answer is None
        self.say(_ended(run))

    def say(self, text: str, *, wrong: bool = False) -> None:
        """A line for the reader; `wrong` if it is an error."""
        self.message.value = _MESSAGE.substitute(role='alert' if wrong else 'status', text=escape(text))

    def _view(self, clock: Callable[[], float]) -> View:
        images = defaults_of(current_shell()).images
        return WidgetView(_Nowhere(), place=self._put, images=images, clock=clock)

    def _put(self, widget: Any) -> None:
        before, self._answer = self._answer, widget
        self.place.children = (widget,)
        if before is not None:
            before.close()

    def _list(self, run: Run) -> None:
        """See to it that the list of runs has this one, and that it is chosen."""
        options: list[tuple[str, int]] = [option for option in self.runs.options if option[1] not in (0, run.number)]
        options.append((_name(run), run.number))
        self._selecting = True
        try:
            self.runs.options = sorted(options, key=lambda option: option[1])
            self.runs.value = run.number
            self.runs.disabled = False
        finally:
            self._selecting = False

    def _selected(self, change: Any) -> None:
        if not self._selecting and change['new']:
            self._actions.press_select(change['new'])


class _Nowhere:
    """No display: the answer is shown in its place."""

    def display(self, data: dict[str, Any], metadata: dict[str, Any], display_id: str) -> None:
        pass

    update = display

    def clear(self) -> None:
        pass


def _ended(run: Run) -> str:
    how = 'stopped after' if run.mark == 'interrupted' else 'failed after' if run.error is not None else 'done in'
    return f'run {run.number}: {how} {run.elapsed or 0:.2f} s'


def _name(run: Run) -> str:
    model = run.model.partition(':')[2] or run.model
    if run.running:
        return f'{run.number} · {model} · …'
    tokens = run.answer.usage.output_tokens if run.answer is not None else 0
    return f'{run.number} · {model} · {run.elapsed:.1f} s · {tokens:,} tokens'


def _read(label: str, text: str, read: Callable[[str], float | int], what: str) -> float | int:
    try:
        return read(text)
    except ValueError:
        raise UserError(f'The field "{label}" must be {what}, not {text!r}.') from None


def _written(value: Any) -> str:
    return '' if value is None else str(value)


def _on_click(button: Any, act: Callable[[], object]) -> None:
    def clicked(_: Any) -> None:
        act()

    button.on_click(clicked)


def _full() -> Any:
    return w.Layout(width='auto', margin='0')


def _button() -> Any:
    return w.Layout(width='auto', flex='1 1 0', margin='0')


def _row(*children: Any) -> Any:
    return w.HBox(children, layout=w.Layout(grid_gap='8px', width='auto', overflow='hidden'))


def _labelled(label: str, widget: Any) -> Any:
    head = w.Label(label)
    head.add_class('jpt-label')
    return w.VBox([head, widget], layout=w.Layout(width='auto', min_width='0', overflow='hidden'))

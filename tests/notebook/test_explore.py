"""The explorer: what a run keeps, what its fields mean, what its buttons do, and what stays in the notebook."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from jupyter_stream.exceptions import ModelAPIError, UserError
from jupyter_stream.messages import ModelResponse, PartDeltaEvent, PartStartEvent, TextPart, TextPartDelta
from jupyter_stream.models.function import FunctionModel
from jupyter_stream.models.test import TestModel
from jupyter_stream.notebook.explore import Explorer, Run, explore
from jupyter_stream.notebook.explore.explorer import suggestions
from jupyter_stream.notebook.explore.fields import fields_with
from jupyter_stream.notebook.explore.panel import Panel
from jupyter_stream.notebook.explore.recording import RecordingView, replay
from jupyter_stream.notebook.explore.summary import summary
from jupyter_stream.notebook.question import Question
from jupyter_stream.notebook.views.static import NullView

from .kernels import Kernel
from .test_ask import Recorder, endless, failing, hello, on_a_loop

HELLO, ENDLESS, FAILING = (FunctionModel(stream_function=function) for function in (hello, endless, failing))


class Clock:
    now = 50.0

    def __call__(self) -> float:
        return self.now


# ------------------------------------------------------------------ a run


def recorded(clock: Clock) -> tuple[Run, RecordingView, Recorder]:
    run, view = Run(1, Question('Hi?', TestModel())), Recorder()
    return run, RecordingView(run, view, clock=clock), view


def came(clock: Clock, view: RecordingView) -> list[Any]:
    events = [PartStartEvent(index=0, part=TextPart('Hel')), PartDeltaEvent(index=0, delta=TextPartDelta('lo'))]
    view.start('test')
    for event, at in zip(events, (50.5, 51.5), strict=True):
        clock.now = at
        view.update(event)
        view.tick()
    return events


def test_a_run_notes_what_came_and_when() -> None:
    clock = Clock()
    run, view, inner = recorded(clock)
    events = came(clock, view)
    clock.now = 52
    view.finish(ModelResponse(parts=[TextPart('Hello')]), None, None)
    assert (run.events, run.times) == (events, [0.5, 1.5])
    assert (run.first, run.trace.rate, run.trace.characters, run.elapsed) == (0.5, 2, 5, 2)
    assert [kind for kind, _ in inner.told] == ['start', 'update', 'tick', 'update', 'tick', 'finish']
    assert not run.running


def test_a_run_can_be_shown_again_on_its_own_clock() -> None:
    clock = Clock()
    run, view, first = recorded(clock)
    came(clock, view)
    clock.now = 52
    view.finish(ModelResponse(parts=[TextPart('Hello')]), 'interrupted', None)
    run.answer = asyncio.run(_answer())
    times: list[float] = []

    class Timed(Recorder):
        def update(self, event: Any) -> None:
            times.append(now())
            super().update(event)

    again, now = Timed(), time.monotonic

    def make(its_clock: Any) -> Recorder:
        nonlocal now
        now = its_clock
        return again

    replay(run, make)
    assert again.events == first.events
    assert times == [0.5, 1.5]
    assert again.end == (run.answer.response, 'interrupted', None)
    assert ('tick', None) not in again.told, 'what is shown at once is sent at once'


async def _answer() -> Any:
    return (await Explorer(TestModel()).arun('Hi?')).answer


# ------------------------------------------------------------------ asking without a front end


def test_runs_are_kept() -> None:
    explorer = Explorer(HELLO, prompt='Hi?', model_settings={'temperature': 0.5})
    first = explorer.run()
    second = explorer.run('And?', model=TestModel(), system='Be kind.', model_settings={'max_tokens': 5})
    assert explorer.runs == [first, second]
    assert explorer.answer is second.answer
    assert first.answer is not None
    assert (first.text, first.answer.thinking, first.answer.state) == ('Hello world', 'Let me see.', 'complete')
    assert first.events[0].event_kind == 'part_start'
    assert len(first.events) == len(first.times)
    assert second.question.settings == {'temperature': 0.5, 'max_tokens': 5}
    assert second.question.system == 'Be kind.'
    assert (repr(explorer), repr(first)) == (
        "Explorer('hello', 2 runs)",
        f"Run(1, 'hello', complete, {len(first.events)} events)",
    )


@on_a_loop
async def test_a_run_can_be_awaited() -> None:
    assert (await Explorer(HELLO).arun('Hi?')).text == 'Hello world'


def test_a_failure_is_raised_and_kept() -> None:
    explorer = Explorer(FAILING)
    with pytest.raises(ModelAPIError):
        explorer.run('Hi?')
    (run,) = explorer.runs
    assert (run.text, run.mark, type(run.error)) == ('half', 'error', ModelAPIError)
    assert explorer.run('Hi?', model=HELLO).text == 'Hello world'


@on_a_loop
async def test_a_run_can_be_stopped_and_no_second_one_begun_meanwhile() -> None:
    explorer = Explorer(ENDLESS)
    task = asyncio.create_task(explorer.arun('Hi?'))
    while not (explorer.runs and explorer.runs[0].events):
        await asyncio.sleep(0.01)
    with pytest.raises(UserError, match='Run 1 is going on: stop it first'):
        explorer.run('Another?', model=HELLO)
    explorer.stop()
    with pytest.raises(asyncio.CancelledError):
        await task
    (run,) = explorer.runs
    assert (run.running, run.mark) == (False, 'interrupted')
    assert run.text.startswith('word0 ')
    assert (await explorer.arun('Hi?', model=HELLO)).text == 'Hello world'


def test_what_makes_no_sense_is_one_sentence() -> None:
    with pytest.raises(UserError, match='prompt is empty') as caught:
        Explorer(HELLO).run()
    assert hasattr(caught.value, '_render_traceback_')
    with pytest.raises(UserError, match='`model` must be a name or a model, not int'):
        explore(5)  # type: ignore[arg-type]


def test_it_records_nothing_but_by_settings_or_a_bool() -> None:
    with pytest.raises(
        UserError, match='`instrument` must be True, False, None or an InstrumentationSettings, not a str'
    ):
        explore(HELLO, instrument='yes')  # type: ignore[arg-type]


def test_without_a_front_end_a_sentence_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert isinstance(explore(HELLO), Explorer)
    assert capsys.readouterr().out == (
        'Nothing here shows widgets: explorer.run(prompt=…) asks, and explorer.runs has what came.\n'
    )


# ------------------------------------------------------------------ what stays


def test_a_summary_says_what_was_asked_and_what_came() -> None:
    run = Explorer(HELLO, system='Be kind.').run('Who\nare | you?', model_settings={'temperature': 0.5})
    data = summary(run)
    assert data['text/markdown'] == (
        '| run | 1 |\n| --- | --- |\n'
        '| model | `hello` |\n'
        '| settings | `temperature 0.5` |\n'
        '| system | `Be kind.` |\n'
        '| prompt | `Who are ¦ you?` |\n'
        '| answer | `Hello world` |\n'
        f'| tokens | `{run.answer.usage.input_tokens} in, {run.answer.usage.output_tokens} out` |\n'  # type: ignore[union-attr]
        '| ended | `complete` |'
    )
    assert data['text/plain'].startswith('run 1\nmodel:    hello\n')
    assert summary(run) == run._repr_mimebundle_()


def test_a_summary_has_times_only_on_demand_and_secrets_never() -> None:
    run = Explorer(HELLO).run('Hi?', model_settings={'extra_headers': {'x': 'SECRET'}, 'api_key': 'SECRET'})  # type: ignore[typeddict-unknown-key]
    assert 'SECRET' not in str(summary(run, times=True))
    assert '| time |' not in summary(run)['text/markdown']
    assert ' s in all' in summary(run, times=True)['text/markdown']


def test_a_summary_is_short_and_harmless() -> None:
    async def hostile(messages: Any, info: Any) -> AsyncIterator[str]:
        yield '`<img src=x onerror=alert(1)>` | [x](javascript:alert(1))\n\n<script>alert(1)</script>' + 'x' * 100_000

    from markdown_it import MarkdownIt

    run = Explorer(FunctionModel(stream_function=hostile)).run('<b>`hi`</b>' + 'y' * 100_000)
    text = summary(run)['text/markdown']
    html = MarkdownIt('commonmark', {'html': True}).enable('table').render(text)
    assert len(text) < 1000
    assert '<img' not in html
    assert '<script' not in html
    assert '<b>' not in html
    assert 'href' not in html
    assert 'onerror' in html, 'it is shown'


def test_an_error_is_in_the_summary() -> None:
    explorer = Explorer(FAILING)
    with pytest.raises(ModelAPIError):
        explorer.run('Hi?')
    assert '| error | `ModelAPIError: The provider went away.` |' in summary(explorer.runs[0])['text/markdown']


# ------------------------------------------------------------------ models to choose from


def test_known_models_are_offered_where_their_key_is_set() -> None:
    assert suggestions(['mine'], {}) == ['mine', 'local:']
    offered = suggestions([], {'ANTHROPIC_API_KEY': 'k', 'OPENAI_API_KEY': ' '})
    assert 'anthropic:claude-sonnet-4-5' in offered
    assert not any(name.startswith('openai') for name in offered)


# ------------------------------------------------------------------ the fields and buttons


class Pressed:
    """Somebody who notes which buttons were pressed."""

    def __init__(self) -> None:
        self.pressed: list[Any] = []

    def press_run(self) -> None:
        self.pressed.append('run')

    def stop(self) -> None:
        self.pressed.append('stop')

    def press_select(self, number: int) -> None:
        self.pressed.append(number)

    def press_keep(self, name: str) -> None:
        self.pressed.append(name)

    def page_placed(self) -> None:
        self.pressed.append('placed')


def panel(settings: Mapping[str, Any] | None = None) -> tuple[Panel, Pressed]:
    actions = Pressed()
    made = Panel(actions, models=['a', 'b'], fields=fields_with('a', '', 'Hi?', settings or {}))
    return made, actions


def test_empty_fields_say_nothing_and_others_numbers() -> None:
    made, _ = panel({'temperature': 0.5})
    assert made.fields().settings() == {'temperature': 0.5}
    made.numbers['temperature'].value = ' '
    made.numbers['max_tokens'].value = ' 20 '
    made.numbers['seed'].value = '7'
    assert made.fields().settings() == {'max_tokens': 20, 'seed': 7}


@pytest.mark.parametrize(('name', 'value'), [('temperature', 'hot'), ('max_tokens', '1.5'), ('seed', 'x')])
def test_a_field_that_holds_no_number_is_named(name: str, value: str) -> None:
    made, _ = panel()
    made.numbers[name].value = value
    with pytest.raises(UserError, match=f'^The field ".*" must be .* not {value!r}\\.$'):
        made.fields().settings()


def test_buttons_do_what_they_say() -> None:
    made, actions = panel()
    made.run_button.click()
    made.stop_button.click()
    made.name.value = ' kept '
    made.keep_button.click()
    assert actions.pressed == ['run', 'stop', 'kept']


def test_only_what_makes_sense_can_be_pressed() -> None:
    made, actions = panel()
    assert (made.run_button.disabled, made.stop_button.disabled, made.keep_button.disabled) == (False, True, True)
    run = Run(1, Question('Hi?', TestModel()))
    made.begin(run)
    assert (made.run_button.disabled, made.stop_button.disabled, made.keep_button.disabled) == (True, False, True)
    run.end(None, None, 1.5)
    run.answer = asyncio.run(_answer())
    made.end(run, '')
    assert (made.run_button.disabled, made.stop_button.disabled, made.keep_button.disabled) == (False, True, False)
    assert made.runs.options[0][0].startswith('1 · test · 1.5 s · tokens: ')
    assert actions.pressed == [], 'the list changed by itself, nobody chose'


def test_choosing_a_run_is_heard() -> None:
    made, actions = panel()
    for number in (1, 2):
        run = Run(number, Question('Hi?', TestModel()))
        made.begin(run)
        run.end(None, None, 1)
        made.end(run, '')
    assert (made.chosen, [number for _, number in made.runs.options]) == (2, [1, 2])
    made.runs.value = 1
    assert actions.pressed == [1]


def test_what_an_error_says_is_text() -> None:
    made, _ = panel()
    made.say('<img src=x onerror=alert(1)>', wrong=True)
    assert '<img' not in made.message.value
    assert 'jpt-wrong' in made.message.value


def test_the_view_of_nobody_is_a_view() -> None:
    run = Run(1, Question('Hi?', TestModel()))
    view = RecordingView(run, NullView())
    view.on_stop(lambda: None)
    view.start('test')
    view.status('…')
    view.finish(ModelResponse(parts=[]), None, None)
    assert run.elapsed is not None


# ------------------------------------------------------------------ in a kernel


MIME = 'application/vnd.jupyter.widget-view+json'
OPEN = (
    'from jupyter_stream.notebook.explore import explore\nex = explore(hello, models=[endless, failing], prompt="Hi?")'
)

pytestmark = pytest.mark.timeout(120)


def press(kernel: Kernel, button: str) -> None:
    """As the front end says that a button was clicked."""
    comm = kernel.value(f'ex._panel.{button}.model_id').strip("'")
    data = {'comm_id': comm, 'data': {'method': 'custom', 'content': {'event': 'click'}}}
    kernel.client.shell_channel.send(kernel.client.session.msg('comm_msg', data))


def wait(kernel: Kernel, expression: str) -> None:
    deadline = time.monotonic() + 30
    while kernel.value(expression) != 'True':
        assert time.monotonic() < deadline, expression
        time.sleep(0.05)


def test_it_shows_itself_once_and_a_summary_stays(kernel: Kernel) -> None:
    (shown,) = kernel.run(f'{OPEN}\nex').outputs()
    assert set(shown['data']) == {MIME, 'text/markdown', 'text/plain'}
    assert shown['data']['text/plain'] == 'An explorer without runs yet: run the cell to open it.'
    assert len(kernel.run('ex').outputs()) == 1


def test_a_run_in_the_background_leaves_the_kernel_free(kernel: Kernel) -> None:
    kernel.run(OPEN)
    kernel.run('ex._panel.model.value = "function:function::go_on"')
    press(kernel, 'run_button')
    wait(kernel, 'bool(ex.runs and ex.runs[0].events)')
    assert kernel.value('(ex.runs[0].running, ex._panel.stop_button.disabled)') == '(True, False)'
    press(kernel, 'stop_button')
    wait(kernel, 'not ex.runs[0].running')
    assert kernel.value('(ex.runs[0].mark, ex.answer.state, ex._panel.run_button.disabled)') == (
        "('interrupted', 'interrupted', False)"
    )


def test_a_run_in_the_background_updates_the_summary_and_its_answer_can_be_kept(kernel: Kernel) -> None:
    shown = kernel.run(OPEN)
    display_id = shown.of('display_data')[0]['content']['transient']['display_id']
    kernel.run('summaries = []\nex._publisher.update = lambda data, metadata, id: summaries.append((data, id))')
    press(kernel, 'run_button')
    wait(kernel, 'bool(summaries)')
    assert kernel.value('summaries[0][1]') == repr(display_id)
    assert 'Hello **world**' in kernel.value('summaries[0][0]["text/plain"]')
    assert 'first text 0.' in kernel.value('summaries[0][0]["text/plain"]')
    kernel.run('ex._panel.name.value = "mine"')
    press(kernel, 'keep_button')
    assert kernel.value('mine.text') == repr('Hello **world**.')
    kernel.run('ex._panel.name.value = "not a name"')
    press(kernel, 'keep_button')
    assert 'is no name for a variable' in kernel.value('ex._panel.message.value')


def test_an_error_in_the_background_is_a_sentence_in_the_panel(kernel: Kernel) -> None:
    kernel.run(OPEN)
    kernel.run('ex._panel.model.value = "function:function::fail"')
    press(kernel, 'run_button')
    wait(kernel, 'bool(ex.runs) and not ex.runs[0].running')
    assert 'ModelAPIError: The provider went away.' in kernel.value('ex._panel.message.value')
    assert kernel.value('(ex.answer.text, ex.answer.state)') == "('half an ans', 'incomplete')"
    kernel.run('ex._panel.numbers["seed"].value = "x"')
    press(kernel, 'run_button')
    assert 'The field &quot;seed&quot; must be a whole number' in kernel.value('ex._panel.message.value')
    assert kernel.value('len(ex.runs)') == '1'


@pytest.mark.parametrize('call', ['ex.run("Hi?", model=hello)', 'await ex.arun("Hi?", model=hello)'])
def test_a_run_by_a_call_is_shown_in_the_panel_too(kernel: Kernel, call: str) -> None:
    kernel.run(OPEN)
    (output,) = kernel.run(call).outputs()
    assert output['kind'] == 'execute_result'
    assert '| answer | `Hello **world**.` |' in output['data']['text/markdown']
    assert kernel.value('(ex._panel.chosen, len(ex._panel.place.children))') == '(1, 1)'


def test_a_run_that_is_over_can_be_looked_at_again(kernel: Kernel) -> None:
    kernel.run(OPEN)
    kernel.run('for model in (hello, slow): ex.run("Hi?", model=model)')
    kernel.run('ex._panel.runs.value = 1')
    assert kernel.value('ex._panel.timeline.state["characters"] == ex.runs[0].trace.characters') == 'True'
    assert kernel.value('"".join(op[2] for op in ex._panel.place.children[0]._log.read() if op[0] == "add")') == repr(
        'Hello **world**.'
    )


def test_without_a_front_end_nothing_is_shown_but_a_sentence_and_what_is_asked_for(kernel: Kernel) -> None:
    def run(code: str) -> list[Any]:
        msg_id = kernel.client.execute(code, allow_stdin=False)
        return kernel.finish(msg_id)[msg_id].outputs()

    (said,) = run(OPEN)
    assert said['data']['text/markdown'].startswith('*Nothing here shows widgets')
    (result,) = run('ex.run()')
    assert '| answer | `Hello **world**.` |' in result['data']['text/markdown']
    assert '| time |' not in result['data']['text/markdown']
    assert run('again = ex.run()') == []


def test_in_voila_it_shows_its_widgets_alone(kernel: Kernel) -> None:
    kernel.run('import os\nos.environ["VOILA_KERNEL_ID"] = "1"')
    try:
        msg_id = kernel.client.execute(f'{OPEN}\nex', allow_stdin=False)
        (shown,) = kernel.finish(msg_id)[msg_id].outputs()
    finally:
        kernel.run('del os.environ["VOILA_KERNEL_ID"]')
    assert MIME in shown['data']


def test_where_cells_are_not_counted_another_cell_shows_it_again(kernel: Kernel) -> None:
    for code in (f'{OPEN}\nex', 'ex'):
        msg_id = kernel.client.execute(code, store_history=False)
        assert len(kernel.finish(msg_id)[msg_id].outputs()) == 1

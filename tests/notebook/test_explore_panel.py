"""The explorer's fields follow the chosen run and lose no edit; two runs are compared; what stays says the truth."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from jupyter_stream.exceptions import ModelAPIError
from jupyter_stream.messages import BinaryContent, ModelResponse, TextPart
from jupyter_stream.models.function import FunctionModel
from jupyter_stream.models.test import TestModel
from jupyter_stream.notebook.explore import Explorer, Run
from jupyter_stream.notebook.explore.fields import Fields, fields_of, fields_with
from jupyter_stream.notebook.explore.panel import Panel, _name
from jupyter_stream.notebook.explore.summary import differences, overview, summary, tokens
from jupyter_stream.notebook.question import Question
from jupyter_stream.usage import RequestUsage

from .test_ask import failing, hello

HELLO, FAILING = FunctionModel(stream_function=hello), FunctionModel(stream_function=failing)


class Played:
    """A panel whose runs are over as soon as they are begun."""

    def __init__(self, fields: Fields) -> None:
        self.panel = Panel(self, models=['a', 'b'], fields=fields)
        self.runs: list[Run] = []

    def ask(self, prompt: str = '', model: str = 'a', **settings: Any) -> Run:
        run = Run(len(self.runs) + 1, Question(prompt, model, '', settings))  # type: ignore[arg-type]
        self.runs.append(run)
        self.panel.begin(run).start(model)
        run.answer = ANSWER
        run.end(None, None, 1.0)
        self.panel.end(run, '')
        return run

    def press_run(self) -> None:
        self.ask(self.panel.prompt.value)

    def press_select(self, number: int) -> None:
        self.panel.select(self.runs[number - 1])

    def press_keep(self, name: str) -> None: ...

    def stop(self) -> None: ...

    def page_placed(self) -> None: ...

    def choose(self, number: int) -> None:
        self.panel.runs.value = number

    @property
    def listed(self) -> list[str]:
        return [label for label, _ in self.panel.runs.options]


ANSWER: Any = asyncio.run(Explorer(TestModel()).arun('Hi?')).answer


@pytest.fixture
def played() -> Played:
    return Played(fields_with('a', '', 'Hi?', {}))


# ------------------------------------------------------------------ the fields follow


def test_the_fields_follow_the_chosen_run(played: Played) -> None:
    played.ask('One?', 'a', temperature=0.5, top_k=3)
    played.ask('Two?', 'b', max_tokens=9)
    played.choose(1)
    panel = played.panel
    assert (panel.model.value, panel.prompt.value) == ('a', 'One?')
    assert panel.fields().settings() == {'temperature': 0.5, 'top_k': 3}
    assert panel.also.value == 'also: top_k 3'
    played.choose(2)
    assert (panel.model.value, panel.prompt.value) == ('b', 'Two?')
    assert panel.fields().settings() == {'max_tokens': 9}
    assert panel.also.value == ''
    assert len(played.listed) == 2, 'nothing was edited, so nothing is kept'


def test_an_edit_in_progress_is_in_the_list_and_can_be_taken_up_again(played: Played) -> None:
    played.ask('One?')
    played.ask('Two?')
    panel = played.panel
    panel.prompt.value = 'A long question, not finished'
    panel.numbers['seed'].value = '7'
    played.choose(1)
    assert panel.prompt.value == 'One?'
    assert played.listed[2:] == ['not asked yet · A long question, not finished']
    played.choose(-1)
    assert (panel.prompt.value, panel.numbers['seed'].value) == ('A long question, not finished', '7')
    assert panel.place.children == ()
    panel.prompt.value += ' yet'
    played.choose(2)
    assert played.listed[2:] == ['not asked yet · A long question, not finished yet'], 'one edit, not two'
    panel.prompt.value = 'Another'
    played.choose(-1)
    assert len(played.listed) == 4
    panel.runs.value = -2
    assert panel.prompt.value == 'Another'


def test_an_edit_that_is_asked_is_a_run_and_no_edit_any_more(played: Played) -> None:
    played.ask('One?')
    played.ask('Two?')
    played.panel.prompt.value = 'Three?'
    played.choose(1)
    played.choose(-1)
    played.panel.run_button.click()
    assert len(played.runs) == 3
    assert [label[0] for label in played.listed] == ['1', '2', '3']


def test_what_cannot_be_seen_is_asked_again_as_it_was() -> None:
    picture = BinaryContent(b'x', media_type='image/png')
    model = TestModel()
    asked = Question(['Look:', picture], model, None, {'stop_sequences': ['.'], 'seed': 3})
    fields = fields_of(asked)
    assert (fields.prompt, fields.model) == ('Look: [a file]', model.model_id)
    assert fields.content() == ['Look:', picture]
    assert fields.asked_model({}) is model
    assert fields.settings() == asked.settings
    other = Fields('openai:x', '', 'Look', fields.numbers, fields.others, asked)
    assert (other.content(), other.asked_model({})) == ('Look', 'openai:x')


def test_a_call_asks_the_same_whatever_calls_before_it_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('JUPYTER_STREAM_VIEW', 'widget')
    explorer = Explorer(HELLO, prompt='Hi?')
    explorer._opened()
    panel: Any = explorer._panel
    explorer.run('Once.', system='Be brief.', model_settings={'temperature': 1})
    assert (panel.prompt.value, panel.system.value) == ('Once.', 'Be brief.'), 'the fields follow'
    plain = explorer.run()
    assert (plain.question.prompt, plain.question.system, plain.question.settings) == ('Hi?', '', {})
    panel.prompt.value = 'By hand?'
    assert explorer.run(model_settings={'seed': 1}).question.prompt == 'By hand?'
    assert explorer.run().question.settings == {}
    assert all(number > 0 for _, number in panel.runs.options), 'nothing was lost, and nothing needed to be kept'


# ------------------------------------------------------------------ two runs


def test_two_runs_stand_beside_each_other_with_what_differs(played: Played) -> None:
    panel = played.panel
    played.ask('One?', 'a', temperature=0.5)
    played.ask('<b>Two?</b>', 'b', temperature=0.5, seed=1)
    assert panel.comparison.layout.display == 'none'
    panel.other.value = 1
    assert panel.comparison.layout.display is None
    assert [len(box.children) for box in (panel.place, panel._beside.box)] == [1, 1]
    assert 'Run 2 beside run 1' in panel.comparison.value
    assert '<th scope="row">seed</th><td>1</td><td>–</td>' in panel.comparison.value
    assert '&lt;b&gt;Two?' in panel.comparison.value
    assert 'temperature' not in panel.comparison.value
    played.choose(1)
    assert panel.other.value == 0, 'no run is beside itself'
    assert panel._beside.box.children == ()


def test_a_run_that_begins_is_compared_with_the_one_that_was_beside(played: Played) -> None:
    played.ask('One?')
    played.ask('Two?')
    played.panel.other.value = 1
    beside = played.panel._beside.box.children
    played.ask('Three?')
    assert (played.panel.chosen, played.panel.other.value) == (3, 1)
    assert played.panel._beside.box.children == beside


def test_differences_are_the_figures_and_what_differs() -> None:
    explorer = Explorer(HELLO, prompt='Hi?')
    one, other = explorer.run(), explorer.run('And?', model_settings={'seed': 2})
    rows = {name: (left, right) for name, left, right in differences(one, other)}
    assert rows['prompt'] == ('Hi?', 'And?')
    assert rows['seed'] == ('–', '2')
    assert rows['state'] == ('complete', 'complete')
    assert {'model', 'tokens in', 'tokens out', 'first text', 'time'} < rows.keys()
    assert 'prompt' not in {name for name, *_ in differences(one, one)}


def test_a_model_has_the_name_that_it_has_below_its_answers() -> None:
    explorer = Explorer(HELLO, prompt='Hi?')
    run = explorer.run()
    assert _name(run).startswith('1 · hello · ')
    assert ('model', 'hello', 'hello') in differences(run, run)
    for shown in (repr(explorer), repr(run), summary(run), overview([run])):
        assert 'hello' in str(shown) and 'function:' not in str(shown)


def test_one_model_of_two_providers_is_told_apart() -> None:
    one, other = Run(1, Question('Hi?', 'openai-chat:gpt-x')), Run(2, Question('Hi?', 'azure:gpt-x'))
    assert ('model', 'openai-chat:gpt-x', 'azure:gpt-x') in differences(one, other)


# ------------------------------------------------------------------ states and tokens


def ended(response: ModelResponse, mark: str | None = None, error: BaseException | None = None) -> Run:
    run = Run(1, Question('Hi?', 'a'))
    run.answer = type(ANSWER)([], response)
    run.end(mark, error, 1.0)
    return run


@pytest.mark.parametrize(
    ('run', 'state'),
    [
        (Run(1, Question('Hi?', 'a')), 'running'),
        (ended(ModelResponse(parts=[TextPart('x')])), 'complete'),
        (ended(ModelResponse(parts=[TextPart('x')], finish_reason='stop')), 'complete'),
        (ended(ModelResponse(parts=[]), 'interrupted'), 'stopped'),
        (ended(ModelResponse(parts=[]), 'error', ValueError()), 'failed'),
        (ended(ModelResponse(parts=[], state='incomplete')), 'failed'),
        (ended(ModelResponse(parts=[], finish_reason='length')), 'token limit'),
        (ended(ModelResponse(parts=[], finish_reason='content_filter')), 'content filter'),
    ],
)
def test_the_state_is_true(run: Run, state: str) -> None:
    assert run.state == state


@pytest.mark.parametrize(
    ('usage', 'said', 'words'),
    [
        (RequestUsage(), (None, None), ''),
        (RequestUsage(input_tokens=1234), (1234, None), '1,234 in'),
        (RequestUsage(output_tokens=5), (None, 5), '5 out'),
        (RequestUsage(input_tokens=4, output_tokens=5), (4, 5), '4 in, 5 out'),
    ],
)
def test_tokens_are_what_the_provider_said(usage: RequestUsage, said: Any, words: str) -> None:
    run = ended(ModelResponse(parts=[TextPart('x')], usage=usage))
    assert (run.tokens, tokens(run)) == (said, words)
    assert ' 0 ' not in str(overview([run])) + str(summary(run))


def test_a_run_that_failed_says_why_also_when_it_is_chosen_again(played: Played) -> None:
    run = played.ask('One?')
    run.error, run.mark = ModelAPIError('m', 'It broke.'), 'error'
    played.ask('Two?')
    played.choose(1)
    assert 'run 1: failed after 1.00 s: ModelAPIError: It broke.' in played.panel.message.value
    assert ' · failed · ' in played.listed[0]


# ------------------------------------------------------------------ what stays


def test_all_runs_stay_with_their_whole_answers_as_markdown() -> None:
    explorer = Explorer(HELLO, system='Be | kind.')
    explorer.run('Who\n\nare you?', model_settings={'temperature': 0.5})
    with pytest.raises(ModelAPIError):
        explorer.run('And?', model=FAILING, system='')
    data = overview(explorer.runs)
    text = data['text/markdown']
    assert text.startswith('**Run 1** · `hello` · `temperature 0.5` · tokens ')
    assert ' s · complete\n\n*System prompt:* `Be | kind.`\n\n> Who\n>\n> are you?\n\n' in text
    assert ' s · failed\n' in text
    assert 'Hello world' in text
    assert '`ModelAPIError: The provider went away.`' in text
    assert text.endswith('*Run the cell to open the explorer again.*')
    assert 'prompt: And?\nhalf' in data['text/plain']


def test_what_stays_is_harmless_and_no_run_reaches_into_the_next() -> None:
    async def hostile(messages: Any, info: Any) -> AsyncIterator[str]:
        yield '<img src=x onerror=alert(1)> [x](javascript:alert(1))\n\n```html\n<script>alert(1)</script>'

    from markdown_it import MarkdownIt

    explorer = Explorer(FunctionModel(stream_function=hostile))
    for _ in range(2):
        explorer.run('<b>`hi`</b>\n```\n<script>', system='<i>|</i>', model_settings={'stop_sequences': ['|<b>']})
    html = MarkdownIt('commonmark', {'html': True}).render(overview(explorer.runs)['text/markdown'])
    assert all(tag not in html for tag in ('<img', '<script', '<b>', '<i>', 'href'))
    assert html.count('<strong>Run ') == 2
    assert html.count('<blockquote>') == 2


def test_secrets_do_not_stay() -> None:
    run = Explorer(HELLO).run('Hi?', model_settings={'extra_headers': {'x': 'SECRET'}, 'api_key': 'SECRET'})  # type: ignore[typeddict-unknown-key]
    assert 'SECRET' not in str(overview([run]))
    assert 'SECRET' not in str(differences(run, Explorer(HELLO).run('Hi?')))


def test_the_output_becomes_text_when_a_page_has_placed_the_explorer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('JUPYTER_STREAM_VIEW', 'widget')
    explorer = Explorer(HELLO, prompt='Hi?')
    sent: list[dict[str, Any]] = []

    class Sent:
        def display(self, data: Any, metadata: Any, display_id: str) -> None:
            sent.append(data)

        update = display

    explorer._publisher = Sent()  # type: ignore[assignment]
    explorer.show()
    panel: Any = explorer._panel
    assert panel.timeline.root == panel.root.model_id
    explorer.run()
    assert [len(data) for data in sent] == [3, 3], 'a page that did not place it keeps the widget in its output'
    panel.timeline._on_message(None, {'kind': 'placed'}, [])
    explorer.run()
    assert [set(data) for data in sent[2:]] == [{'text/markdown', 'text/plain'}] * 2
    assert '**Run 2**' in sent[-1]['text/markdown']
    explorer.show()
    assert len(sent[-1]) == 3, 'another output begins with the widget'


def test_ctrl_enter_brings_the_prompt_along(played: Played) -> None:
    timeline: Any = played.panel.timeline
    timeline._on_message(None, {'kind': 'run', 'prompt': 'Typed?'}, [])
    timeline._on_message(None, {'kind': 'run', 'prompt': 5}, [])
    assert [run.question.prompt for run in played.runs] == ['Typed?']

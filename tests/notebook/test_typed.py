"""Answers of a type: asked for, validated, tried again, handed on to another model."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from typing import Any, Literal

import pytest
from pydantic import BaseModel

from jupyter_stream import aask, ask
from jupyter_stream.conversation.handover import history_for
from jupyter_stream.conversation.turn import Turn
from jupyter_stream.exceptions import InvalidAnswer, UserError
from jupyter_stream.messages import (
    ModelMessagesTypeAdapter,
    ModelRequest,
    ModelResponse,
    RetryFeedbackPart,
    ToolCallPart,
    ToolReturnPart,
)
from jupyter_stream.models import infer_model
from jupyter_stream.models.function import DeltaToolCall, FunctionModel
from jupyter_stream.models.test import TestModel as Test
from jupyter_stream.notebook.defaults import Defaults
from jupyter_stream.notebook.play import Player
from jupyter_stream.notebook.question import question, type_named
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.typed.frame import frame
from jupyter_stream.typed.growing import Row
from jupyter_stream.typed.wanted import Typed
from jupyter_stream.wire import protocol
from tests.field.nine import KEY, NINE, Answer


class Planet(BaseModel):
    name: str
    mass: float


MARS, HEAVY = '{"name": "Mars", "mass": 6.4}', '{"name": "Io", "mass": "heavy"}'


class Scripted(FunctionModel):
    """Says one text after the other, a request each, as a call of the output tool or as text."""

    def __init__(self, *said: str, tool: str | None = 'final_result') -> None:
        self.asked: list[Any] = []
        left = list(said)

        async def answer(messages: Any, info: Any) -> AsyncIterator[Any]:
            self.asked.append(messages)
            text = left.pop(0)
            if tool is None:
                yield text
                return
            yield {0: DeltaToolCall(name=tool, tool_call_id=f'call{len(self.asked)}')}
            for at in range(0, len(text), 4):
                yield {0: DeltaToolCall(json_args=text[at : at + 4])}

        super().__init__(stream_function=answer)


def listed(*rows: str) -> str:
    return f'{{"response": [{", ".join(rows)}]}}'


# ------------------------------------------------------------------ what is asked, and what comes


@pytest.mark.parametrize(
    ('wanted', 'value'),
    [
        (Planet, Planet(name='a', mass=0.0)),
        (list[Planet], [Planet(name='a', mass=0.0)]),
        (Literal['yes', 'no'], 'yes'),
        (int, 0),
        (bool | None, False),
    ],
    ids=['model', 'list', 'literal', 'int', 'union'],
)
def test_the_value_is_an_object_of_the_type(wanted: Any, value: Any) -> None:
    answer = ask('x', model=Test(), as_=wanted, display=False)
    assert answer.value == value
    assert answer.errors == []


def test_an_answer_without_a_type_has_its_text() -> None:
    for wanted in (None, str):
        answer = ask('x', model=Test(custom_output_text='Hello'), as_=wanted, display=False)
        assert (answer.value, answer.data, answer.rows, answer.errors) == ('Hello', None, [], [])
    with pytest.raises(UserError, match='--as'):
        answer.frame()


def test_a_text_that_holds_the_json_is_taken_too() -> None:
    model = Scripted(f'Here:\n```json\n{listed(MARS)}\n```', tool=None)
    assert asyncio.run(aask('x', model=model, as_=list[Planet], display=False)).value == [Planet(name='Mars', mass=6.4)]


def test_what_is_not_of_the_type_is_said_beside_the_data_that_came() -> None:
    answer = ask('x', model=Scripted(listed(MARS, HEAVY, MARS)), as_=list[Planet], display=False)
    said = "`[1].mass` should be a valid number, unable to parse string as a number, not 'heavy'"
    assert answer.errors == [said]
    assert [row.error for row in answer.rows] == [None, said.replace('[1].', ''), None]
    assert answer.rows[0] == Row({'name': 'Mars', 'mass': 6.4}, None, Planet(name='Mars', mass=6.4))
    assert answer.data[1] == {'name': 'Io', 'mass': 'heavy'}
    with pytest.raises(InvalidAnswer, match=r'not of the type list\[Planet\]: `\[1\]\.mass` should be'):
        _ = answer.value


@pytest.mark.parametrize(
    ('text', 'said'),
    [
        ('I cannot.', 'it holds no JSON'),
        ('{"response": [1', 'it ends before its JSON does'),
        ('{"response": [1, x]}', 'it stops being JSON before its end'),
    ],
    ids=['prose', 'cut', 'broken'],
)
def test_what_is_no_json_is_said_in_a_sentence(text: str, said: str) -> None:
    answer = ask('x', model=Scripted(text, tool=None), as_=list[int], display=False)
    assert answer.errors == [said]
    with pytest.raises(InvalidAnswer, match=said):
        _ = answer.value


def test_an_interrupted_list_keeps_its_rows_each_validated() -> None:
    async def endless(messages: Any, info: Any) -> AsyncIterator[Any]:
        yield {0: DeltaToolCall(name='final_result')}
        yield {0: DeltaToolCall(json_args=f'{{"response": [{MARS}, {HEAVY}, {{"name": "Ve')}
        player.stop()
        await asyncio.sleep(60)

    kept: list[Any] = []
    asked = question('x', Defaults(), model=FunctionModel(stream_function=endless), as_=list[Planet])
    player = Player(asked, View(), lambda answer: kept.append(answer))  # type: ignore[func-returns-value,arg-type]
    with pytest.raises(BaseException):  # noqa: B017
        asyncio.run(player.play())
    (answer,) = kept
    assert answer.state == 'interrupted'
    assert [row.value for row in answer.rows] == [Planet(name='Mars', mass=6.4), None]
    assert answer.errors == ['it ends before its JSON does']
    assert answer.data[2] == {'name': 'Ve'}


class View:
    """A view that learns the type."""

    def __init__(self) -> None:
        self.answers: list[Any] = []
        self.rows: list[int] = []

    def typed(self, answer: Any) -> None:
        self.answers.append(answer)

    def start(self, title: str, settings: Any = None) -> None:
        assert self.answers

    def status(self, text: str) -> None: ...

    def update(self, event: Any) -> None:
        self.rows.append(len(self.answers[-1].growing.rows))

    def tick(self) -> None: ...

    def finish(self, response: Any, mark: Any, error: Any, standing: Any = None) -> None:
        assert self.answers[-1].outcome is not None


def test_a_view_that_knows_types_sees_each_row_as_it_comes() -> None:
    view = View()
    asyncio.run(Player(question('x', Defaults(), model=Scripted(listed(MARS, MARS)), as_=list[Planet]), view).play())
    assert sorted({*view.rows}) == [0, 1, 2]
    assert view.rows == sorted(view.rows)


# ------------------------------------------------------------------ once more


def test_the_errors_go_back_as_often_as_it_is_allowed_and_no_more() -> None:
    model = Scripted(listed(HEAVY), listed(HEAVY), listed(MARS))
    view = View()
    asked = question('x', Defaults(), model=model, as_=list[Planet], retries=2)
    answer = asyncio.run(Player(asked, view).play())
    assert answer.value == [Planet(name='Mars', mass=6.4)]
    assert (len(answer.attempts), len(view.answers), len(model.asked)) == (2, 3, 3)
    (said,) = model.asked[1][-1].parts
    assert isinstance(said, ToolReturnPart)
    assert (said.tool_call_id, said.outcome, said.content[0]['loc']) == ('call1', 'retried', ['response', 0, 'mass'])  # type: ignore[index]
    # What stays in the history is what the reader sees: the answer that counts.
    assert [message.kind for message in answer.messages] == ['request', 'response', 'request']
    model = Scripted(listed(HEAVY), listed(HEAVY), listed(MARS))
    answer = ask('x', model=model, as_=list[Planet], retries=1, display=False)
    assert (answer.errors != [], len(model.asked)) == (True, 2)


def test_the_errors_of_a_text_go_back_as_feedback() -> None:
    model = Scripted('no', listed('1'), tool=None)
    assert ask('x', model=model, as_=list[int], retries=1, display=False).value == [1]
    (said,) = model.asked[1][-1].parts
    assert isinstance(said, RetryFeedbackPart) or 'JSON' in str(said)


def test_retries_without_a_type_are_refused() -> None:
    with pytest.raises(UserError, match='`--as`'):
        ask('x', model=Test(), retries=1, display=False)
    with pytest.raises(UserError, match='whole number'):
        ask('x', model=Test(), as_=int, retries=-1, display=False)


# ------------------------------------------------------------------ the expression of --as


def test_the_expression_is_evaluated_in_the_namespace() -> None:
    assert type_named('list[Planet]', {'Planet': Planet}) == list[Planet]
    assert type_named("Literal['a']", {}) == Literal['a']
    with pytest.raises(UserError, match="NameError: name 'Plant' is not defined"):
        type_named('list[Plant]', {'Planet': Planet})
    with pytest.raises(UserError, match='quote it'):
        type_named('list[', {})


def test_what_is_no_type_is_refused_before_anything_is_asked() -> None:
    model = Scripted()
    for wanted in (5, 'Planet', lambda: 0, type(None)):
        with pytest.raises(UserError, match='of the type'):
            ask('x', model=model, as_=wanted, display=False)
    assert model.asked == []


# ------------------------------------------------------------------ mid-thread, with another model


def typed_turn() -> Turn:
    response = ModelResponse(parts=[ToolCallPart('final_result', listed(MARS), 'call_1')], model_name='m')
    return Turn([ModelRequest.user_text_prompt('List them.'), response], model='openai-chat:m')


@pytest.mark.parametrize('answer', NINE, ids=lambda answer: answer.name)
def test_a_typed_turn_goes_on_with_any_model(answer: Answer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('AWS_DEFAULT_REGION', 'us-east-1')
    model: Any = answer.model_at('http://127.0.0.1:9')
    messages = [*history_for('another:model', [typed_turn()]), ModelRequest.user_text_prompt('And their moons?')]
    wire = protocol(model.target.provider.wire)
    sent = wire.encode(model.target, model.prepare_messages(messages), {}, ModelRequestParameters())
    assert 'Final result processed.' in str(sent.body)
    assert 'was not run' not in str(sent.body)


def test_the_call_has_its_return_once_also_where_a_history_has_it_already() -> None:
    answer = ask('x', model=Scripted(listed(MARS)), as_=list[Planet], display=False)
    once = answer.messages
    assert [part.part_kind for part in once[-1].parts] == ['tool-return']
    again = ask('y', model=Test(custom_output_text='ok'), messages=answer, display=False)
    kinds = [part.part_kind for message in again.messages for part in message.parts]
    assert kinds == ['user-prompt', 'tool-call', 'tool-return', 'user-prompt', 'text']
    assert ModelMessagesTypeAdapter.validate_json(ModelMessagesTypeAdapter.dump_json(once)) == once


def test_an_interrupted_call_is_no_final_result() -> None:
    turn = typed_turn()
    cut = ModelResponse(parts=turn.response.parts, state='interrupted')
    assert len(history_for('m', [Turn([turn.request, cut])])) == 2


# ------------------------------------------------------------------ a table


class Library:
    """A data library that only writes down what it is given."""

    def __init__(self) -> None:
        self.made: list[Any] = []

    def DataFrame(self, *given: Any, **named: Any) -> str:
        self.made.append((given, named))
        return 'a table'


@pytest.fixture
def pandas(monkeypatch: pytest.MonkeyPatch) -> Library:
    library = Library()
    monkeypatch.setitem(sys.modules, 'pandas', library)  # type: ignore[arg-type]
    return library


def test_a_list_is_a_row_for_each_valid_element(pandas: Library) -> None:
    answer = ask('x', model=Scripted(listed(MARS, HEAVY)), as_=list[Planet], display=False)
    assert answer.frame() == 'a table'
    assert pandas.made == [(([{'name': 'Mars', 'mass': 6.4}],), {})]


def test_an_object_is_one_row_and_an_empty_list_has_its_columns(pandas: Library) -> None:
    ask('x', model=Scripted(MARS), as_=Planet, display=False).frame()
    ask('x', model=Scripted('{"response": 5}'), as_=int, display=False).frame()
    ask('x', model=Scripted(listed()), as_=list[Planet], display=False).frame()
    assert pandas.made == [
        (([{'name': 'Mars', 'mass': 6.4}],), {}),
        (([{'value': 5}],), {}),
        ((), {'columns': ['name', 'mass']}),
    ]


def test_without_a_library_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ('pandas', 'polars', 'pyarrow'):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setattr('jupyter_stream.typed.frame.find_spec', lambda name: None)
    with pytest.raises(UserError, match='needs pandas, polars or pyarrow'):
        frame([{'a': 1}])


# ------------------------------------------------------------------ the mode


@pytest.mark.parametrize(
    ('model', 'wanted', 'mode'),
    [
        ('openai-chat:gpt-5-mini', list[Planet], 'native'),
        ('openai-chat:gpt-5-mini', dict[str, int], 'tool'),
        ('anthropic:claude-sonnet-4-5', list[Planet], 'native'),
        ('anthropic:claude-3-haiku-20240307', list[Planet], 'tool'),
        ('snowflake:llama3.1-8b', list[Planet], 'prompted'),
    ],
)
def test_held_to_a_schema_where_it_can_be_else_a_tool_else_in_words(
    model: str, wanted: Any, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv('SNOWFLAKE_ACCOUNT', 'a')
    assert Typed(wanted).mode_for(infer_model(model, api_key=KEY).profile) == mode

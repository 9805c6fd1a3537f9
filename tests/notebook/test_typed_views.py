"""A typed answer in the views while it grows, and in the bundle that stays."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from jupyter_stream.conversation.notebooks import Notebook
from jupyter_stream.conversation.saved import kept_turns, metadata_of
from jupyter_stream.conversation.thread import Place
from jupyter_stream.conversation.turn import Turn
from jupyter_stream.messages import (
    ModelRequest,
    ModelResponse,
    PartDeltaEvent,
    PartEndEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
    ThinkingPart,
    ToolCallPart,
    ToolCallPartDelta,
    UserPromptPart,
)
from jupyter_stream.notebook.bundle import final_bundle
from jupyter_stream.notebook.typed_response import typed_part, with_type
from jupyter_stream.notebook.views import Typing
from jupyter_stream.notebook.views.log_writer import LogWriter
from jupyter_stream.notebook.views.markdown import MarkdownView
from jupyter_stream.notebook.views.table_writer import TypedBlocks
from jupyter_stream.notebook.views.terminal import TerminalView
from jupyter_stream.typed.growing import Growing
from jupyter_stream.widgets.log import Log, compact

from .test_typed_table import MOOD, PEOPLE, PERSON, checked, people
from .test_views_widget import Cell, Front


class Answer:
    """Reads the events of an answer as `TypedAnswer` does."""

    def __init__(self, schema: Any = PEOPLE) -> None:
        self.schema = schema
        self.growing = Growing(schema, checked)

    def update(self, event: Any) -> None:
        if isinstance(event, PartStartEvent) and isinstance(event.part, ToolCallPart):
            self.growing = Growing(self.schema, checked)
            self.growing.feed(str(event.part.args or ''))
        elif isinstance(event, PartStartEvent) and isinstance(event.part, TextPart):
            self.growing.feed(event.part.content)
        elif isinstance(event, PartDeltaEvent):
            self.growing.feed(
                str(getattr(event.delta, 'content_delta', None) or getattr(event.delta, 'args_delta', ''))
            )


def text_events(text: str, size: int = 7, *, end: bool = True) -> Iterator[Any]:
    yield PartStartEvent(index=0, part=TextPart(''))
    for at in range(0, len(text), size):
        yield PartDeltaEvent(index=0, delta=TextPartDelta(text[at : at + size]))
    if end:
        yield PartEndEvent(index=0, part=TextPart(text))


def tables_of(log: Log) -> dict[int, dict[str, Any]]:
    """The tables that a page makes of a log's operations."""
    tables: dict[int, dict[str, Any]] = {}
    for op, block, *rest in log.read():
        if op == 'start':
            tables[block] = {'kind': rest[0], 'text': '', 'rows': [], 'ended': False}
        elif op == 'add':
            tables[block]['text'] += rest[0]
        elif op == 'set':
            tables[block]['text'] = rest[0]
        elif op == 'columns':
            tables[block]['columns'] = rest[0]
        elif op == 'row':
            tables[block]['rows'][rest[0] : rest[0] + 1] = [[list(rest[1]), rest[2]]]
        elif op == 'cell':
            tables[block]['rows'][rest[0]][0][rest[1]] += rest[2]
        elif op == 'end':
            tables[block]['ended'] = True
    return tables


def written(answer: Answer, events: Any, *, every: int = 1) -> Log:
    log = Log()
    writer = LogWriter(log)
    writer.typed(TypedBlocks(answer))  # type: ignore[arg-type]
    for count, event in enumerate(events):
        answer.update(event)
        writer.feed(event)
        if count % every == 0:
            writer.draw()
    writer.draw()
    return log


# ------------------------------------------------------------------ the live view


@pytest.mark.parametrize('every', [1, 5, 1000], ids=['always', 'sometimes', 'at the end'])
def test_a_page_gets_every_row_once_and_of_the_open_one_what_is_new(every: int) -> None:
    log = written(Answer(), text_events(json.dumps(people(40, 7))), every=every)
    (table,) = tables_of(log).values()
    assert table['columns'] == ['name', 'age', 'tags']
    assert [row[0] for row in table['rows']] == [[f'n{n}', 'old' if n == 7 else str(n), ''] for n in range(1, 41)]
    assert [row[1] for row in table['rows']] == ['age: it is no integer' if n == 7 else '' for n in range(1, 41)]
    assert table['ended']
    closed = [op for op in log.read() if op[0] == 'row' and op[4] is not None]
    assert [op[2] for op in closed] == list(range(40))


def test_an_open_row_grows_and_shows_no_half_number() -> None:
    answer = Answer()
    log = written(answer, text_events('{"response": [{"name": "Ada Lovel', end=False))
    assert tables_of(log)[0]['rows'] == [[['Ada Lovel', '', ''], None]]
    log = written(Answer(), text_events('{"response": [{"name": "Ada", "age": 3', end=False))
    assert tables_of(log)[0]['rows'] == [[['Ada', '', ''], None]]


def test_what_is_sent_is_of_the_order_of_what_came() -> None:
    sizes = {}
    for count in (100, 400):
        text = json.dumps(people(count))
        log = written(Answer(), text_events(text, 4), every=8)
        sizes[count] = len(json.dumps(log.read())) / len(text)
    assert sizes[400] < 1.1 * sizes[100] < 5


def test_a_long_text_in_a_field_travels_once() -> None:
    text = json.dumps({'name': 'x' * 1900, 'age': 1})
    log = written(Answer(PERSON), text_events(text, 4))
    assert len(json.dumps(log.read())) < 12 * len(text)
    (table,) = tables_of(log).values()
    assert [row[0] for row in table['rows']] == [['name', 'x' * 1900], ['age', '1'], ['tags', '']]


def test_the_fields_of_an_object_are_there_from_the_beginning_and_fill_in() -> None:
    log = written(Answer(PERSON), text_events('{"name": "Ada", "age"', end=False))
    (table,) = tables_of(log).values()
    assert table['rows'] == [[['name', 'Ada'], None], [['age', ''], None], [['tags', ''], None]]
    log = written(Answer(PERSON), text_events('{"name": "Ada", "age": 36}'))
    assert [row[1] for row in tables_of(log)[0]['rows']] == ['', '', '']


@pytest.mark.parametrize('cut', [0, 2], ids=['whole', 'open'])
def test_a_single_value_is_text_once_it_is_closed(cut: int) -> None:
    text = '{"response": "good"}'
    log = written(Answer(MOOD), text_events(text[: len(text) - cut], 2, end=not cut))
    (block,) = tables_of(log).values()
    assert (block['kind'], block['text']) == ('text', '' if cut else 'good')


def test_a_whole_state_has_each_row_once() -> None:
    log = written(Answer(), text_events(json.dumps(people(30, 3)), 3))
    ops = log.read()
    short = compact(ops)
    assert len([op for op in short if op[0] == 'row']) == 30
    assert not [op for op in short if op[0] == 'cell']
    again = Log()
    for op in short:
        again.put(*op)
    assert tables_of(again) == tables_of(log)
    assert ops == log.read(), 'the log stays as it is'


def test_a_text_without_data_is_shown_as_text() -> None:
    said = 'I cannot tell you anything about the planets, since I do not know any, nor their masses.'
    for text in ('No.', said):
        (block,) = tables_of(written(Answer(), text_events(text))).values()
        assert (block['kind'], block['text']) == ('text', text)


def test_prose_before_the_data_gives_way_to_the_table() -> None:
    text = 'Here is what you asked for: ' * 4 + '```json\n' + json.dumps(people(2)) + '\n```'
    (block,) = tables_of(written(Answer(), text_events(text))).values()
    assert (block['kind'], len(block['rows'])) == ('table', 2)


def test_the_call_of_an_output_tool_is_a_table_behind_what_was_thought() -> None:
    events = [
        PartStartEvent(index=0, part=ThinkingPart('Hm')),
        PartEndEvent(index=0, part=ThinkingPart('Hm')),
        PartStartEvent(index=1, part=ToolCallPart('final_result', '')),
        PartDeltaEvent(index=1, delta=ToolCallPartDelta(args_delta=json.dumps(people(2)))),
    ]
    tables = tables_of(written(Answer(), events))
    assert [table['kind'] for table in tables.values()] == ['thinking', 'table']


def test_a_further_try_begins_the_table_anew() -> None:
    log, first, second = Log(), Answer(), Answer()
    writer = LogWriter(log)
    for answer, count in ((first, 3), (second, 1)):
        writer.typed(TypedBlocks(answer))  # type: ignore[arg-type]
        for event in text_events(json.dumps(people(count))):
            answer.update(event)
            writer.feed(event)
    assert [len(table['rows']) for table in tables_of(log).values()] == [1]


def test_the_widget_shows_a_table_and_leaves_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    front = Front(monkeypatch, sure=True)
    assert isinstance(front.view, Typing)
    answer = Answer()
    front.view.typed(answer)  # type: ignore[arg-type]
    front.view.start('m')
    front.widget.received('ready', {'have': 0})
    for event in text_events(json.dumps(people(60, 2))):
        front.now += 0.05
        answer.update(event)
        front.feed(event)
    ops = [op for message in front.messages for op in message.get('ops', [])]
    assert {op[0] for op in ops} >= {'columns', 'row', 'cell'}
    assert not [op for op in ops if op[0] == 'add'], 'no JSON travels'
    response = with_type(ModelResponse(parts=[TextPart(json.dumps(people(60, 2)))]), answer)  # type: ignore[arg-type]
    front.view.finish(response, None, None)
    ((data, _),) = front.cell.outputs.values()
    assert '… and 10 more rows: 60 rows, 1 of them not valid' in data['text/markdown']


# ------------------------------------------------------------------ the other views


def played_in_markdown(events: list[Any], answer: Answer, gap: float = 0.02) -> tuple[Cell, MarkdownView]:
    cell, now = Cell(), [0.0]
    view = MarkdownView(cell, clock=lambda: now[0])
    view.typed(answer)  # type: ignore[arg-type]
    view.start('m')
    for event in events:
        now[0] += gap
        answer.update(event)
        view.update(event)
        view.tick()
    return cell, view


def test_markdown_is_sent_again_only_when_rows_closed_and_costs_no_more_than_the_answer() -> None:
    answer = Answer()
    text = json.dumps(people(300))
    cell, view = played_in_markdown(list(text_events(text)), answer)
    sent = [data['text/markdown'] for _, data in cell.sent]
    tables = [markdown for markdown in sent if markdown.startswith('| \\#')]
    assert len(tables) > 5
    assert not any('{"' in markdown for markdown in sent)
    assert len(set(tables)) == len(tables)
    assert sum(map(len, tables)) < 5 * len(text)
    view.finish(with_type(ModelResponse(parts=[TextPart(text)]), answer), None, None)  # type: ignore[arg-type]
    assert '300 rows' in cell.sent[-1][1]['text/markdown']


def test_a_terminal_prints_rows_as_they_close() -> None:
    out, answer = io.StringIO(), Answer()
    view = TerminalView(out)
    view.typed(answer)  # type: ignore[arg-type]
    view.start('m')
    text = json.dumps(people(3, 2))
    for event in text_events(text[:-4], 4, end=False):
        answer.update(event)
        view.update(event)
    assert out.getvalue() == (
        '#     name      age       tags\n1     n1        1\n⚠ 2   n2        old                 age: it is no integer\n'
    )
    view.finish(with_type(ModelResponse(parts=[TextPart(text[:-4])], state='interrupted'), answer), 'interrupted', None)  # type: ignore[arg-type]
    assert out.getvalue().endswith(
        'integer\n\n3 rows, 1 of them not valid, the last one not whole\n[Stopped. What came is kept.]\n'
    )


@pytest.mark.parametrize(
    ('schema', 'data', 'shown'),
    [
        (PERSON, {'name': 'Ada', 'age': 36}, 'name: Ada\nage: 36\n'),
        (MOOD, {'response': 'good'}, 'good\n'),
    ],
    ids=['object', 'value'],
)
def test_a_terminal_prints_what_is_no_list(schema: Any, data: Any, shown: str) -> None:
    out, answer = io.StringIO(), Answer(schema)
    view = TerminalView(out)
    view.typed(answer)  # type: ignore[arg-type]
    view.start('m')
    for event in text_events(json.dumps(data), 3):
        answer.update(event)
        view.update(event)
    view.finish(with_type(ModelResponse(parts=[TextPart(json.dumps(data))]), answer), None, None)  # type: ignore[arg-type]
    assert out.getvalue() == shown


# ------------------------------------------------------------------ what stays


def typed_response(data: Any, schema: Any = PEOPLE, problems: Any = (), part: Any = None, **more: Any) -> ModelResponse:
    answer = Answer(schema)
    text = data if isinstance(data, str) else json.dumps(data)
    answer.growing.feed(text)
    response = ModelResponse(parts=[part or TextPart(text)], **more)
    return with_type(response, answer, problems)  # type: ignore[arg-type]


def test_the_bundle_has_the_table_and_the_json_only_if_it_is_small() -> None:
    data, metadata = final_bundle(typed_response(people(3, 2)))
    assert data['text/markdown'].startswith('| \\# | name | age | tags | problem |\n| ---: |')
    assert data['text/plain'].startswith('#    name  age  tags  problem\n1    n1    1\n⚠ 2  n2    old')
    assert json.loads(metadata['jupyter_stream']['json']) == people(3, 2)
    _, metadata = final_bundle(typed_response(people(400)))
    assert 'json' not in metadata['jupyter_stream']
    assert len(json.dumps(metadata)) < 500


def test_what_is_wrong_with_the_whole_stands_below_the_data_that_came() -> None:
    problems = ["`age` should be a valid integer, not 'x'", '`name` is too short', 'it has too few']
    markdown = final_bundle(typed_response({'name': '', 'age': 'x'}, PERSON, problems))[0]['text/markdown']
    assert '| age | x | ⚠ `age` should be a valid integer, not' in markdown
    assert markdown.endswith('*⚠ Not valid: it has too few.*')
    assert markdown.count('too short') == 1
    rows = final_bundle(typed_response(people(2, 1), PEOPLE, ['`[0].age` should be a valid integer']))[0]
    assert 'Not valid' not in rows['text/markdown'], 'the row says it'
    stopped = typed_response('{"response": [{"na', PEOPLE, ['it ends before its JSON does'], state='interrupted')
    assert 'Not valid' not in final_bundle(stopped)[0]['text/markdown']


def test_an_answer_without_data_is_its_text_and_says_why() -> None:
    markdown = final_bundle(typed_response('I cannot.', PEOPLE, ['it holds no JSON']))[0]['text/markdown']
    assert markdown == 'I cannot.\n\n*⚠ Not valid: it holds no JSON.*'


def test_the_call_of_an_output_tool_is_shown_as_its_table() -> None:
    response = typed_response(people(2), part=ToolCallPart('final_result', people(2)))
    assert final_bundle(response)[0]['text/plain'].endswith('\n\n2 rows')
    other = replace(response, parts=[TextPart('So:'), ToolCallPart('final_result', people(2))])
    assert final_bundle(other)[0]['text/plain'].startswith('So:\n\n#  name')
    assert typed_part(replace(other, metadata=None)) is None


def test_an_interrupted_answer_keeps_its_rows() -> None:
    text = json.dumps(people(20))[:-10]
    data, _ = final_bundle(typed_response(text, state='interrupted'), mark='interrupted')
    assert 'rows, the last one not whole' in data['text/plain']
    assert data['text/plain'].endswith('[Stopped. What came is kept.]')


@pytest.mark.parametrize('part', ['text', 'call', 'fenced'])
@pytest.mark.parametrize('count', [3, 400], ids=['short', 'long'])
def test_a_turn_is_read_back_from_the_notebook(count: int, part: str) -> None:
    text = json.dumps(people(count))
    text = f'Here:\n```json\n{text}\n```' if part == 'fenced' else text
    made = ToolCallPart('final_result', text, tool_call_id='c1') if part == 'call' else TextPart(text)
    response = typed_response(people(count), part=made)
    turn = Turn([ModelRequest(parts=[UserPromptPart('Who?')]), response], model='test:m')
    thread, place = Notebook().thread('main'), Place(('c', 0))  # type: ignore[arg-type]
    thread.places.append(place)
    place.key = type('Key', (), {'nth': 0, 'cell': 'c'})()  # type: ignore[misc]
    kept = metadata_of(thread, place, turn, 'Who?')
    data, metadata = final_bundle(response, turn=kept)
    output = {'data': data, 'metadata': json.loads(json.dumps(metadata))}
    cell = {'id': 'c', 'cell_type': 'code', 'source': '%%ask\nWho?', 'outputs': [output]}
    (restored,) = kept_turns({'cells': [cell]}, lambda source: ['Who?'])
    assert restored.turn.digest == turn.digest
    assert not restored.turn.is_edited
    if count == 3:
        assert restored.turn.response.parts == [replace(made)] or restored.turn.text == text
        assert len(json.dumps(metadata)) < 1500
    else:
        assert restored.turn.text == data['text/plain'].removesuffix('\n')
        assert '… and 350 more rows' in restored.turn.text
        assert len(json.dumps(metadata)) < 1500
    edited = {**cell, 'outputs': [{**output, 'data': {'text/plain': data['text/plain'].replace('n1', 'n9')}}]}
    if count > 3:
        assert kept_turns({'cells': [edited]}, lambda source: ['Who?'])[0].turn.is_edited

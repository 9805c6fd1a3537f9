"""Growing JSON: the same at the end however the text was cut, nothing half on the way, rows one by one."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_core import from_json

from jupyter_stream.typed.growing import Growing, Row

texts = st.text(st.characters(exclude_categories=['Cs']), max_size=12)
scalars = st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats(allow_nan=False, width=32) | texts
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4))
objects = st.dictionaries(texts, values, min_size=1, max_size=5)


@st.composite
def documents(draw: st.DrawFn, of: st.SearchStrategy[Any] = objects) -> tuple[Any, list[str]]:
    """Data, and its JSON text in pieces."""
    data = draw(of)
    text = json.dumps(data, ensure_ascii=draw(st.booleans()), indent=draw(st.sampled_from([None, 2])))
    return data, draw(pieces_of(text))


@st.composite
def pieces_of(draw: st.DrawFn, text: str) -> list[str]:
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=20)))
    return [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]


def fed(pieces: list[str], schema: dict[str, Any] | None = None) -> Growing:
    growing = Growing(schema)
    for piece in pieces:
        growing.feed(piece)
    return growing


def steps(pieces: list[str], schema: dict[str, Any] | None = None) -> Iterator[Growing]:
    growing = Growing(schema)
    for piece in pieces:
        growing.feed(piece)
        yield growing


def is_part(part: Any, whole: Any) -> bool:
    """Whether data is the beginning of other data: texts may be shorter, nothing else may be half."""
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(key in whole and is_part(part[key], whole[key]) for key in part)
    if isinstance(part, list) and isinstance(whole, list):
        return len(part) <= len(whole) and all(map(is_part, part, whole))
    if isinstance(part, str) and isinstance(whole, str):
        return whole.startswith(part)
    return type(part) is type(whole) and part == whole


@given(documents())
def test_any_split_ends_with_the_same_data(case: tuple[Any, list[str]]) -> None:
    data, pieces = case
    growing = fed(pieces)
    assert growing.data == data
    assert growing.is_closed
    assert growing.text == ''.join(pieces)


@given(documents())
@settings(max_examples=50)
def test_what_was_read_on_the_way_changes_nothing_at_the_end(case: tuple[Any, list[str]]) -> None:
    data, pieces = case
    shown = [deepcopy(step.data) for step in steps(pieces)]
    assert shown[-1] == data


@given(documents())
@settings(max_examples=50)
def test_what_is_shown_on_the_way_is_the_beginning_of_what_comes(case: tuple[Any, list[str]]) -> None:
    data, pieces = case
    before: Any = {}
    for step in steps(pieces):
        shown = deepcopy(step.data) or {}
        assert is_part(before, shown)
        assert is_part(shown, data)
        before = shown


@given(documents(st.lists(values, max_size=6).map(lambda rows: {'response': rows})))
@settings(max_examples=50)
def test_rows_are_appended_once_and_stay(case: tuple[Any, list[str]]) -> None:
    data, pieces = case
    seen: list[Row] = []
    for step in steps(pieces):
        _ = step.open_row
        assert step.rows[: len(seen)] == seen
        seen = list(step.rows)
    assert [row.data for row in seen] == data['response']


def test_any_split_of_a_hard_text() -> None:
    data = {'a\\"b': ['\\', '\u0000é😀"', -0.5e-7, [[]], {}, {'': [True, None]}], 'b': 'x\\u0041'}
    for escaped in (True, False):
        text = json.dumps(data, ensure_ascii=escaped)
        for first in range(len(text)):
            for second in range(first, len(text), 7):
                growing = Growing()
                for piece in (text[:first], text[first:second], text[second:]):
                    growing.feed(piece)
                    _ = growing.data
                assert growing.data == data


# ------------------------------------------------------------------ nothing half


@pytest.mark.parametrize('source', ['125', '-1.5e10', 'true', 'false', 'null'])
def test_a_number_or_word_is_shown_when_it_is_closed(source: str) -> None:
    *open_, closed = steps([*f'{{"a": {source}', '}'])
    assert closed.data == {'a': json.loads(source)}
    growing = Growing()
    for char in f'{{"a": {source}':
        growing.feed(char)
        assert growing.fields == {}
    growing.feed(',')
    assert growing.fields == {'a': json.loads(source)}
    assert len(open_) == len(source) + 6


def test_a_free_text_grows() -> None:
    growing = Growing()
    growing.feed('{"a": "Mer')
    assert growing.fields == {'a': 'Mer'}
    growing.feed('cury \\')
    assert growing.fields == {'a': 'Mercury '}
    growing.feed('n\\ud83d')
    assert growing.fields == {'a': 'Mercury \n'}
    growing.feed('\\ude00')
    assert growing.fields == {'a': 'Mercury \n😀'}


SCHEMA = {
    'type': 'object',
    'properties': {
        'colour': {'$ref': '#/$defs/Colour'},
        'kind': {'const': 'big', 'type': 'string'},
        'since': {'anyOf': [{'type': 'string', 'format': 'date'}, {'type': 'null'}]},
        'tags': {'type': 'array', 'items': {'enum': ['a', 'ab']}},
        'by_name': {'type': 'object', 'additionalProperties': {'$ref': '#/$defs/Colour'}},
        'note': {'type': 'string'},
        'inner': {'$ref': '#'},
    },
    '$defs': {'Colour': {'enum': ['red', 'redder'], 'type': 'string'}},
}


@pytest.mark.parametrize(
    'path',
    ['{"colour":', '{"kind":', '{"since":', '{"by_name":{"x":', '{"inner":{"colour":'],
    ids=['enum', 'const', 'format', 'in-a-dict', 'recursive'],
)
def test_a_word_of_a_closed_set_is_shown_when_it_is_closed(path: str) -> None:
    growing = fed([path, '"red'], SCHEMA)
    assert 'red' not in str(growing.data)
    growing.feed('"')
    assert 'red' in str(growing.data)


def test_a_closed_word_in_a_list_and_a_free_text_beside_it() -> None:
    growing = fed(['{"tags": ["a'], SCHEMA)
    assert growing.fields == {'tags': []}
    growing.feed('b"], "note": "so f')
    assert growing.fields == {'tags': ['ab'], 'note': 'so f'}


# ------------------------------------------------------------------ rows


def no_bad(source: str) -> tuple[Any, str | None]:
    return (None, 'is bad') if 'bad' in source else (source, None)


def test_each_closed_row_is_validated_once_and_a_bad_one_is_marked() -> None:
    looked: list[str] = []

    def check(source: str) -> tuple[Any, str | None]:
        looked.append(source)
        return no_bad(source)

    growing = Growing({'properties': {'response': {'type': 'array'}}}, check)
    for piece in '{"response": [ {"a": "x,]"} , "bad", 7 ,{"b": [1, {}]}]}':
        growing.feed(piece)
        _ = growing.rows, growing.open_row
    assert looked == ['{"a": "x,]"}', '"bad"', '7', '{"b": [1, {}]}']
    assert [(row.data, row.error) for row in growing.rows] == [
        ({'a': 'x,]'}, None),
        ('bad', 'is bad'),
        (7, None),
        ({'b': [1, {}]}, None),
    ]
    assert growing.rows[0].value == '{"a": "x,]"}'


def test_the_row_that_is_open_is_partial_data() -> None:
    growing = fed(['{"response": [{"a": 1}, {"a": 12'])
    assert growing.rows == [Row({'a': 1})]
    assert growing.open_row == {}
    growing.feed(', "b": "te')
    assert growing.open_row == {'a': 12, 'b': 'te'}
    growing.feed('xt"}')
    assert growing.open_row is None
    assert growing.rows[1:] == [Row({'a': 12, 'b': 'text'})]


@pytest.mark.parametrize(
    ('schema', 'kind'),
    [
        ({'properties': {'response': {'type': 'array', 'items': {}}}}, 'rows'),
        ({'properties': {'planets': {'anyOf': [{'type': 'array'}, {'type': 'null'}]}}}, 'rows'),
        ({'properties': {'planets': {'type': 'array'}, 'count': {'type': 'integer'}}}, 'object'),
        ({'properties': {'response': {'type': 'integer'}}}, 'value'),
        ({'properties': {'response': {'type': 'object', 'additionalProperties': {'type': 'integer'}}}}, 'object'),
        ({'properties': {'name': {'type': 'string'}}}, 'object'),
    ],
    ids=['list', 'one-list-field', 'list-and-count', 'int', 'dict', 'model'],
)
def test_the_kind_is_known_before_anything_came(schema: dict[str, Any], kind: str) -> None:
    assert Growing(schema).kind == kind


def test_what_a_wrapper_holds_is_the_answer() -> None:
    number = fed(['{"response": 42}'], {'properties': {'response': {'type': 'integer'}}})
    assert number.value == 42
    by_name = fed(['{"response": {"a": 1, '], {'properties': {'response': {'type': 'object'}}})
    assert by_name.fields == {'a': 1}


# ------------------------------------------------------------------ prose, fences, and what is no JSON


@pytest.mark.parametrize(
    'text',
    [
        'Sure! Here it is:\n\n```json\n{"a": [1]}\n```\nAnything else?',
        'The set {x} and {{ name }}, {} and [1]: {"a": [1]} as {"you": "asked"}',
        '\n\n {"a": [1]}',
        '```\n{"a": [1]}```',
    ],
    ids=['fence', 'prose', 'blank', 'bare-fence'],
)
def test_the_json_in_prose_is_found_however_it_is_cut(text: str) -> None:
    for size in (1, 2, 3, 5, 8, 100):
        growing = fed([text[at : at + size] for at in range(0, len(text), size)])
        assert growing.data == {'a': [1]}
        assert growing.text == '{"a": [1]}'
        assert growing.is_closed


def test_a_bare_list_in_a_fence_shows_rows() -> None:
    growing = fed([*'See [1]:\n```json\n[{"a": 1}, {"a": 2}]\n```'], {'properties': {'response': {'type': 'array'}}})
    assert [row.data for row in growing.rows] == [{'a': 1}, {'a': 2}]
    assert growing.text == '[{"a": 1}, {"a": 2}]'


@pytest.mark.parametrize(
    ('text', 'data'),
    [
        ('{"a": 1, b: 2}', {'a': 1}),
        ('{"a": 1 "b": 2}', {'a': 1}),
        ('{"a": [1, 2}', {'a': [1, 2]}),
        ('{"a": 1, "b": 2x}', {'a': 1}),
        ('{"a": 1, "b": }', {'a': 1}),
        ('{"a": 1, "b" 2}', {'a': 1}),
    ],
)
def test_what_came_stays_where_the_text_stops_being_json(text: str, data: Any) -> None:
    growing = fed([*text, '"more": 5}'])
    assert growing.is_broken
    assert not growing.is_closed
    assert growing.data == data


def test_a_text_without_json_is_no_data() -> None:
    growing = fed(['I am sorry, {I} cannot.'])
    assert growing.data is None
    assert growing.text == ''
    assert not growing.is_closed
    assert not growing.is_broken


def test_a_string_that_is_not_valid_is_shown_as_it_came() -> None:
    assert fed(['{"a": "\\x\n", "b": "\\ud800"}']).data == {'a': '\\x\n', 'b': '\\ud800'}


def test_the_keys_of_an_open_row_may_repeat() -> None:
    assert fed(['{"response": [{"a": 1, "a": 2}]}']).rows == [Row({'a': 2})]


# ------------------------------------------------------------------ the cost


def test_a_long_answer_is_not_parsed_again_at_each_delta() -> None:
    rows = [{'id': number, 'name': f'Object number {number}', 'mass': number * 1.5} for number in range(1000)]
    text = json.dumps({'response': rows})
    began = time.process_time()
    growing = fed([text[at : at + 4] for at in range(0, len(text), 4)])
    ours = time.process_time() - began
    assert len(growing.rows) == 1000
    began = time.process_time()
    for end in range(0, len(text), 400):
        from_json(text[:end] or 'null', allow_partial='trailing-strings')
    again = (time.process_time() - began) * 100
    assert ours * 10 < again

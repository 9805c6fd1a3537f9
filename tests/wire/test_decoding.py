"""What all decoders of JSON events do with one: its value, its blocks, its choice, the pieces of a name."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.tools import ToolDefinition
from jupyter_stream.wire.decoding import Blocks, NamePieces, first_of, parsed

HALF = '\ud83d'


@pytest.mark.parametrize(
    ('value', 'read'),
    [
        ({'content': HALF, 'name': HALF}, {'content': HALF, 'name': '\ufffd'}),
        ({'content': [HALF]}, {'content': ['\ufffd']}),
        ({'delta': {'text': HALF, 'id': f'a{HALF}'}}, {'delta': {'text': HALF, 'id': 'a\ufffd'}}),
        ([HALF, 1, None, True, 2.5], ['\ufffd', 1, None, True, 2.5]),
        ({HALF: 1}, {'\ufffd': 1}),
    ],
)
def test_half_a_character_stays_in_what_grows_alone(value: Any, read: Any) -> None:
    assert parsed(json.dumps(value)) == read


def test_what_is_no_json_is_a_value_error() -> None:
    with pytest.raises(ValueError):
        parsed('{"a": ')


def test_an_index_that_comes_again_stands_for_another_block() -> None:
    blocks = Blocks()
    first = blocks.begin(0)
    assert blocks.key(0) == first
    assert blocks.begin(0) not in (first, blocks.begin(1))


def test_a_block_whose_start_was_not_sent_is_opened_once() -> None:
    blocks = Blocks()
    assert blocks.key(0) == blocks.key(0) != blocks.key(1)


def test_a_block_ends_once() -> None:
    blocks = Blocks()
    key = blocks.begin(0)
    assert [blocks.end(0), blocks.end(0)] == [key, None]
    assert blocks.key(0) != key


@pytest.mark.parametrize(
    ('choices', 'read'),
    [
        ([{'index': 1}, {'index': 0, 'a': 1}, {'a': 2}], {'index': 0, 'a': 1}),
        ([{'a': 2}], {'a': 2}),
        ([{'index': 1}], None),
        ([], None),
        (None, None),
    ],
)
def test_the_first_of_several_answers_is_read(choices: Any, read: Any) -> None:
    assert first_of(choices) == read


@pytest.mark.parametrize(
    ('names', 'pieces'),
    [
        (['look', 'look'], ['look', None]),
        (['look', 'look_up'], ['look', '_up']),
        (['look', '_up', 'look_up'], ['look', '_up', None]),
        (['look', '_up', '_up'], ['look', '_up', '_up']),
        (['look', '', None, 'look'], ['look', '', None, None]),
        (['no', 'no'], ['no', 'no']),
    ],
)
def test_the_pieces_of_a_name(names: list[str | None], pieces: list[str | None]) -> None:
    known = NamePieces(ModelRequestParameters(function_tools=[ToolDefinition(name='nono')]))
    assert [known.piece('call', name) for name in names] == pieces
    assert known.piece('another', 'look') == 'look'

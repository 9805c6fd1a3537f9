"""Whole characters: values that have none too few stay the same object, others are made anew."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_stream.messages import TextPart, ToolCallPart
from jupyter_stream.stream._characters import Characters, whole_text, whole_value

SMILE, FIRST, SECOND = '🙂', '\ud83d', '\ude42'


@pytest.mark.parametrize(
    'value', ['ab', 'é', {'a': ['b', {'é': 1}]}, ['a', ('b', None)], (1, 2.5), TextPart('é'), TextPart, None, True]
)
def test_what_is_whole_is_the_same_object(value: Any) -> None:
    assert whole_value(value) is value


@pytest.mark.parametrize(
    ('value', 'whole'),
    [
        (FIRST + SECOND, SMILE),
        (f'a{FIRST}', 'a\ufffd'),
        ({FIRST: [1, f'{SECOND}b']}, {'\ufffd': [1, '\ufffdb']}),
        ({'a': {'b': FIRST + SECOND}, 'c': 1}, {'a': {'b': SMILE}, 'c': 1}),
        (['é', FIRST + SECOND], ['é', SMILE]),
        (ToolCallPart('f', {'x': FIRST}, 'id'), ToolCallPart('f', {'x': '\ufffd'}, 'id')),
    ],
)
def test_halves_in_any_value_are_joined_or_replaced(value: Any, whole: Any) -> None:
    assert whole_value(value) == whole


def test_a_text_of_whole_characters_is_not_copied() -> None:
    text = 'né' * 10
    assert whole_text(text) is text


def test_a_half_is_held_for_its_own_text() -> None:
    characters = Characters()
    assert characters.whole('text', 'a', f'x{FIRST}') == 'x'
    assert characters.whole('text', 'b', f'{SECOND}y') == '\ufffdy'
    assert characters.whole('text', 'a', f'{SECOND}z') == f'{SMILE}z'
    assert characters.held == {}
    assert characters.whole('thinking', 'a', FIRST) == ''
    assert characters.take() == [('thinking', 'a')] and characters.take() == []

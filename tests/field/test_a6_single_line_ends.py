"""A6: events that a server divides by a single line end are events: their joined data is no JSON, each line is."""

from __future__ import annotations

import json

import pytest

from jupyter_stream.exceptions import StreamDecodeError

from .answers import ANSWERS, body, received, texts


@pytest.mark.parametrize('end', ['\n', '\r\n', '\r'])
@pytest.mark.parametrize('last', ['', '\n'], ids=['pending', 'ended'])
@pytest.mark.parametrize('name', ANSWERS)
def test_a6_events_divided_by_a_single_line_end(name: str, end: str, last: str) -> None:
    sent = body(ANSWERS[name]).replace('\n\n', end) + last
    response = received(name, sent)
    assert (texts(response), response.finish_reason) == (['Hello'], 'stop')


@pytest.mark.parametrize('name', ANSWERS)
def test_a6_events_in_a_list_too(name: str) -> None:
    response = received(name, f'data: {json.dumps(ANSWERS[name])}\n\n')
    assert (texts(response), response.finish_reason) == (['Hello'], 'stop')


def test_a6_a_list_of_anything_else_is_no_event() -> None:
    with pytest.raises(StreamDecodeError, match='is not a JSON object'):
        received('openai-chat:m', f'data: {json.dumps([*ANSWERS["openai-chat:m"], 1])}\n\n')


def test_a6_the_end_mark_is_one_of_them() -> None:
    sent = body(ANSWERS['openai-chat:m']).replace('\n\n', '\n') + 'data: [DONE]\n\n'
    assert texts(received('openai-chat:m', sent)) == ['Hello']


def test_a6_named_events_too() -> None:
    sent = ''.join(f'event: {event["type"]}\ndata: {json.dumps(event)}\n' for event in ANSWERS['anthropic:m'])
    assert texts(received('anthropic:m', sent)) == ['Hello']


def test_a6_one_event_on_several_lines_stays_one() -> None:
    lines = '\n'.join(f'data: {line}' for line in json.dumps(ANSWERS['openai-chat:m'][0], indent=1).split('\n'))
    assert texts(received('openai-chat:m', f'{lines}\n\n' + body(ANSWERS['openai-chat:m'][1:]))) == ['Hello']


def test_a6_a_line_that_is_no_json_is_malformed() -> None:
    with pytest.raises(StreamDecodeError, match="begins: 'oops'"):
        received('openai-chat:m', body(ANSWERS['openai-chat:m'])[:-1] + 'data: oops\n\n')


def test_a6_nor_is_a_first_line_that_is_no_json() -> None:
    with pytest.raises(StreamDecodeError, match="begins: 'oops"):
        received('openai-chat:m', 'data: oops\n' + body(ANSWERS['openai-chat:m']))


@pytest.mark.parametrize('number', [1, 2, 3])
def test_a6_each_of_them_is_counted(number: int) -> None:
    lines = ['data: {"choices": []}'] * (number - 1) + ['data: {"choices": 1}']
    with pytest.raises(StreamDecodeError) as raised:
        received('openai-chat:m', '\n'.join(lines) + '\n\n')
    assert raised.value.offset == number

"""A2: in Responses what belongs together is the position in the output, not the id of the item."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest

from jupyter_stream.messages import (
    ModelResponse,
    NativeToolCallPart,
    NativeToolReturnPart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
)

from .answers import Event, received, replied, reply, shown

NAME = 'openai-responses:m'


def item(step: str, index: int, kind: str, **fields: Any) -> Event:
    return reply(f'output_item.{step}', output_index=index, item={'id': 'i', 'type': kind, **fields})


def opaque(events: list[Event]) -> list[Event]:
    """The same events, each with an id of its own."""
    ids = count()
    changed: list[Event] = []
    for event in events:
        new = {**event, 'item_id': f'opaque{next(ids)}'} if 'item_id' in event else dict(event)
        if 'item' in new:
            new['item'] = {**new['item'], 'id': f'opaque{next(ids)}'}
        changed.append(new)
    return changed


def about(kind: str, index: int, **fields: Any) -> Event:
    return reply(kind, item_id='i', output_index=index, **fields)


TEXT = [
    item('added', 0, 'message'),
    *(about('output_text.delta', 0, content_index=0, delta=delta) for delta in ('Hel', 'lo')),
    about('output_text.delta', 0, content_index=1, delta='!'),
    about('output_text.done', 0, content_index=0, text='Hello'),
    item('done', 0, 'message', content=[{'type': 'output_text', 'text': 'Hello'}]),
]
REASONING = [
    item('added', 0, 'reasoning', summary=[]),
    *(about('reasoning_summary_text.delta', 0, summary_index=0, delta=delta) for delta in ('h', 'm')),
    *(about('reasoning_text.delta', 0, content_index=0, delta=delta) for delta in ('r', 'aw')),
    item('done', 0, 'reasoning', summary=[{'type': 'summary_text', 'text': 'hm'}], encrypted_content='s'),
]
CALL = {'name': 'f', 'call_id': 'c1'}
FUNCTION = [
    item('added', 0, 'function_call', arguments='', **CALL),
    *(about('function_call_arguments.delta', 0, delta=delta) for delta in ('{"a"', ': 1}')),
    about('function_call_arguments.done', 0, arguments='{"a": 1}'),
    item('done', 0, 'function_call', arguments='{"a": 1}', **CALL),
]
MCP = {'name': 't', 'server_label': 's'}
MCP_CALL = [
    item('added', 0, 'mcp_call', arguments='', **MCP),
    *(about('mcp_call_arguments.delta', 0, delta=delta) for delta in ('{"a"', ': 1}')),
    about('mcp_call_arguments.done', 0, arguments='{"a": 1}'),
    item('done', 0, 'mcp_call', arguments='{"a": 1}', output='o', **MCP),
]
CODE = [
    item('added', 0, 'code_interpreter_call', container_id='c', code=''),
    *(about('code_interpreter_call_code.delta', 0, delta=delta) for delta in ('1', '+1')),
    about('code_interpreter_call_code.done', 0, code='1+1'),
    item('done', 0, 'code_interpreter_call', container_id='c', code='1+1', outputs=[]),
]


def shape(response: ModelResponse) -> list[Any]:
    """What the parts hold, without their ids."""
    found: list[Any] = []
    for part in response.parts:
        if isinstance(part, ToolCallPart | NativeToolCallPart):
            found.append((part.tool_name, part.args_as_dict()))
        else:
            found.append(getattr(part, 'content', None))
    return found


@pytest.mark.parametrize(
    ('events', 'wanted'),
    [
        (TEXT, ['Hello', '!']),
        (REASONING, ['hm']),
        (FUNCTION, [('f', {'a': 1})]),
        (
            MCP_CALL,
            [
                ('mcp_server:s', {'action': 'call_tool', 'tool_name': 't', 'tool_args': {'a': 1}}),
                {'output': 'o', 'error': None},
            ],
        ),
        (CODE, [('code_execution', {'container_id': 'c', 'code': '1+1'}), {'status': None}]),
    ],
    ids=['text', 'reasoning', 'function', 'mcp', 'code'],
)
def test_a2_another_id_in_each_event_divides_nothing(events: list[Event], wanted: list[Any]) -> None:
    for sent in (events, opaque(events), opaque(events[1:]) if events is TEXT else events):
        for response in (received(NAME, [*sent, replied()]), shown([*sent, replied()])):
            assert shape(response) == wanted
            ids = {getattr(part, 'tool_call_id', None) for part in response.parts} - {None}
            assert len(ids) <= 1


def test_a2_one_id_at_two_positions_is_two_items() -> None:
    events = [
        *(item('added', index, 'function_call', arguments='', name='f', call_id=f'c{index}') for index in (0, 1)),
        *(about('function_call_arguments.delta', index, delta=f'{{"a": {index}}}') for index in (1, 0)),
        replied(),
    ]
    parts = received(NAME, events).parts
    assert [(part.tool_call_id, part.args) for part in parts if isinstance(part, ToolCallPart)] == [
        ('c0', '{"a": 0}'),
        ('c1', '{"a": 1}'),
    ]


@pytest.mark.parametrize('index', [0, None])
def test_a2_items_of_one_position_are_told_apart_by_the_id_that_they_began_with(index: int | None) -> None:
    started = [
        reply(
            'output_item.added',
            output_index=index,
            item={'type': 'function_call', 'id': each, 'name': 'f', 'call_id': each},
        )
        for each in 'ab'
    ]
    deltas = [
        reply('function_call_arguments.delta', output_index=index, item_id=each, delta=f'["{each}"]') for each in 'ba'
    ]
    parts = received(NAME, [*started, *deltas, replied()]).parts
    assert [part.args for part in parts if isinstance(part, ToolCallPart)] == ['["a"]', '["b"]']


def test_a2_a_position_that_begins_again_is_another_item() -> None:
    events = [
        *REASONING,
        item('added', 0, 'message'),
        about('output_text.delta', 0, content_index=0, delta='a'),
        item('done', 0, 'message'),
        item('added', 0, 'web_search_call'),
        item('done', 0, 'web_search_call', status='completed'),
        item('added', 0, 'message'),
        about('output_text.delta', 0, content_index=0, delta='b'),
        replied(),
    ]
    kinds = [ThinkingPart, TextPart, NativeToolCallPart, NativeToolReturnPart, TextPart]
    for sent in (events, opaque(events)):
        response = received(NAME, sent)
        assert [type(part) for part in response.parts] == kinds
        assert response.text == 'a\n\nb'


def test_a2_an_item_that_is_added_again_is_the_same() -> None:
    events = [*FUNCTION[:2], FUNCTION[0], *FUNCTION[2:], replied()]
    assert shape(received(NAME, events)) == [('f', {'a': 1})]

"""A3: the whole object at the end is the authority: what no event of Responses brought is added from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from jupyter_stream.messages import (
    BinaryImage,
    FilePart,
    ModelResponsePart,
    NativeToolCallPart,
    NativeToolReturnPart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
)

from .answers import Event, received, replied, reply, shown

NAME = 'openai-responses:m'
NOTE = {'type': 'url_citation', 'url': 'http://a', 'title': 'A', 'start_index': 0, 'end_index': 5}
PART = {'type': 'output_text', 'text': 'Hello', 'annotations': [NOTE]}
MESSAGE = {'type': 'message', 'id': 'm1', 'phase': 'final_answer', 'content': [PART]}
REASONING = {
    'type': 'reasoning',
    'id': 'r1',
    'summary': [{'type': 'summary_text', 'text': 'one'}, {'type': 'summary_text', 'text': 'two'}],
    'content': [{'type': 'reasoning_text', 'text': 'raw'}],
    'encrypted_content': 'sealed',
}
FUNCTION = {'type': 'function_call', 'id': 'f1', 'call_id': 'c1', 'name': 'f', 'arguments': '{"a": 1}'}
MCP = {'type': 'mcp_call', 'id': 'mcp1', 'server_label': 's', 'name': 't', 'arguments': '{"a": 1}', 'output': 'o'}
CODE = {'type': 'code_interpreter_call', 'id': 'ci1', 'container_id': 'c', 'code': '1+1', 'outputs': []}
SEARCH = {'type': 'web_search_call', 'id': 'ws1', 'status': 'completed', 'action': {'type': 'search', 'query': 'q'}}
IMAGE = {'type': 'image_generation_call', 'id': 'ig1', 'status': 'completed', 'result': 'Mg=='}
ITEMS = [REASONING, SEARCH, MCP, CODE, IMAGE, FUNCTION, MESSAGE]


def content(parts: Sequence[ModelResponsePart]) -> list[Any]:
    """What the parts hold."""
    found: list[Any] = []
    for part in parts:
        if isinstance(part, ToolCallPart | NativeToolCallPart):
            found.append((part.tool_name, part.args_as_dict()))
        elif isinstance(part, NativeToolReturnPart):
            found.append(part.tool_name)
        else:
            found.append(getattr(part, 'content', None))
    return found


WHOLE = [
    'one',
    'two',
    ('web_search', {'type': 'search', 'query': 'q'}),
    'web_search',
    ('mcp_server:s', {'action': 'call_tool', 'tool_name': 't', 'tool_args': {'a': 1}}),
    'mcp_server:s',
    ('code_execution', {'container_id': 'c', 'code': '1+1'}),
    'code_execution',
    ('image_generation', {}),
    BinaryImage(b'2', media_type='image/png'),
    'image_generation',
    ('f', {'a': 1}),
    'Hello',
]


def done(index: int, item: Event) -> Event:
    return reply('output_item.done', output_index=index, item=item)


def added(index: int, item: Event) -> Event:
    empty = {'content': [], 'summary': [], 'arguments': '', 'code': '', 'action': None, 'result': None}
    begun = {name: empty.get(name, value) for name, value in item.items() if name != 'encrypted_content'}
    return reply('output_item.added', output_index=index, item=begun)


@pytest.mark.parametrize(
    'events',
    [
        [replied(*ITEMS)],
        [replied(*ITEMS, status='incomplete', incomplete_details={'reason': 'max_output_tokens'})],
        [*(done(index, item) for index, item in enumerate(ITEMS)), replied()],
        [*(done(0, item) for item in ITEMS), replied(*ITEMS)],
        [*(done(index, item) for index, item in enumerate(ITEMS)), replied(*ITEMS)],
        [*(each(index, item) for index, item in enumerate(ITEMS) for each in (added, done)), replied(*ITEMS)],
    ],
    ids=['response', 'incomplete', 'items', 'items at one position', 'both', 'begun'],
)
def test_a3_what_only_the_whole_holds_is_there(events: list[Event]) -> None:
    parts = received(NAME, events).parts
    assert content(parts) == content(shown(events).parts) == WHOLE
    first, message = parts[0], parts[-1]
    assert isinstance(first, ThinkingPart)
    assert (first.id, first.signature, first.provider_details) == ('r1', 'sealed', {'raw_content': ['raw']})
    assert isinstance(message, TextPart) and message.citations
    assert (message.id, (message.provider_details or {}).get('phase')) == ('m1', 'final_answer')
    assert [part.id for part in parts if isinstance(part, FilePart)] == ['ig1']


@pytest.mark.parametrize('kind', ['content_part.done', 'output_text.done'])
@pytest.mark.parametrize('streamed', ['', 'Hel', 'Hello', 'hello'])
def test_a3_only_what_is_missing_of_a_text_is_added(kind: str, streamed: str) -> None:
    place = {'item_id': 'm1', 'output_index': 0, 'content_index': 0}
    deltas = [reply('output_text.delta', **place, delta=streamed)] if streamed else []
    whole = reply(kind, **place, **({'part': PART} if 'part' in kind else {'text': 'Hello'}))
    [part] = received(NAME, [*deltas, whole, replied(MESSAGE)]).parts
    assert isinstance(part, TextPart) and part.content == (streamed if streamed == 'hello' else 'Hello')


def test_a3_what_no_id_and_no_position_connects_is_not_said_twice() -> None:
    delta = reply('output_text.delta', item_id='x', output_index=0, content_index=0, delta='Hello')
    begun = reply('output_item.added', output_index=0, item={'type': 'message', 'id': 'x'})
    parts = received(NAME, [begun, delta, replied(REASONING, MESSAGE)]).parts
    assert content(parts) == ['Hello', 'one', 'two']


def test_a3_summaries_and_reasoning_come_whole_in_events_of_their_own() -> None:
    place = {'item_id': 'r1', 'output_index': 0}
    events = [
        reply('reasoning_summary_text.delta', **place, summary_index=0, delta='o'),
        reply('reasoning_summary_text.done', **place, summary_index=0, text='one'),
        reply('reasoning_summary_part.done', **place, summary_index=1, part={'text': 'two'}),
        reply('reasoning_text.delta', **place, content_index=0, delta='ra'),
        reply('reasoning_text.done', **place, content_index=0, text='raw'),
        replied(REASONING),
    ]
    one, two = received(NAME, events).parts
    assert isinstance(one, ThinkingPart) and isinstance(two, ThinkingPart)
    assert (one.content, one.provider_details, one.signature) == ('one', {'raw_content': ['raw']}, 'sealed')
    assert two.content == 'two'


def test_a3_a_refusal_that_only_the_whole_holds_is_one() -> None:
    refusal = {'type': 'refusal', 'refusal': 'No.'}
    response = received(NAME, [replied({'type': 'message', 'id': 'm1', 'content': [refusal]})])
    assert response.finish_reason == 'content_filter'
    assert (response.provider_details or {})['refusal'] == 'No.'

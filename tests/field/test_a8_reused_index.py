"""A8: a block's start always begins anew, and its stop frees its index."""

from __future__ import annotations

from typing import Any

from jupyter_stream.messages import NativeToolReturnPart, TextPart, ThinkingPart, ToolCallPart

from .answers import MESSAGE_DELTA, MESSAGE_START, Event, block, received, shown, text_block, texts

SEARCH = {'type': 'web_search_tool_result', 'tool_use_id': 's1', 'content': []}
REUSED = [MESSAGE_START, *text_block(0, 'a'), *block(1, SEARCH), *text_block(1, 'b', 'c'), MESSAGE_DELTA]


def without_stops(events: list[Event]) -> list[Event]:
    return [event for event in events if event['type'] != 'content_block_stop']


def test_a8_an_index_that_comes_again_is_another_block() -> None:
    for events in (REUSED, without_stops(REUSED)):
        for response in (received('anthropic:claude-sonnet-4-5', events), shown(events)):
            assert [type(part) for part in response.parts] == [TextPart, NativeToolReturnPart, TextPart]
            assert response.text == 'a\n\nbc'


def test_a8_any_kind_of_block_may_follow_any_other() -> None:
    call = {'type': 'tool_use', 'id': 'c1', 'name': 'f', 'input': {}}
    events = [
        MESSAGE_START,
        *block(0, {'type': 'thinking', 'thinking': ''}, {'type': 'thinking_delta', 'thinking': 'hm'}),
        *text_block(0, 'a'),
        *block(0, call, {'type': 'input_json_delta', 'partial_json': '{"x": 1}'}),
        *block(0, {**call, 'id': 'c2'}, {'type': 'input_json_delta', 'partial_json': '{"x": 2}'}),
        *block(0, {'type': 'nobody_knows'}, {'type': 'text_delta', 'text': 'not for us'}),
        *text_block(0, 'b'),
        MESSAGE_DELTA,
    ]
    parts = received('anthropic:claude-sonnet-4-5', events).parts
    assert [type(part) for part in parts] == [ThinkingPart, TextPart, ToolCallPart, ToolCallPart, TextPart]
    assert [part.args for part in parts if isinstance(part, ToolCallPart)] == ['{"x": 1}', '{"x": 2}']


def cohere(kind: str, index: int, **message: Any) -> Event:
    return {'type': kind, 'index': index, 'delta': {'message': message}}


COHERE_END = {'type': 'message-end', 'delta': {'finish_reason': 'COMPLETE'}}


def test_a8_cohere_s_blocks_begin_anew_too() -> None:
    events: list[Event] = []
    for text in 'ab':
        events += [
            cohere('content-start', 0, content={'type': 'text', 'text': ''}),
            cohere('content-delta', 0, content={'text': text}),
            {'type': 'content-end', 'index': 0},
        ]
    assert texts(received('cohere:m', [*events, COHERE_END])) == ['a', 'b']


def test_a8_cohere_s_calls_begin_anew_and_one_that_is_named_again_is_the_same() -> None:
    events: list[Event] = []
    for call_id in ('c1', 'c2'):
        start = cohere('tool-call-start', 0, tool_calls={'id': call_id, 'function': {'name': 'go', 'arguments': ''}})
        delta = cohere('tool-call-delta', 0, tool_calls={'function': {'arguments': '{}'}})
        events += [start, start, delta]
    parts = received('cohere:m', [*events, COHERE_END]).parts
    assert parts == [ToolCallPart('go', '{}', 'c1'), ToolCallPart('go', '{}', 'c2')]

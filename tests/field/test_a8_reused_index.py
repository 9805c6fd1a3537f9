"""A8: a block's start always begins anew, and its stop frees its index."""

from __future__ import annotations

from jupyter_stream.messages import NativeToolReturnPart, TextPart, ThinkingPart, ToolCallPart

from .answers import MESSAGE_DELTA, MESSAGE_START, Event, block, received, shown, text_block

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

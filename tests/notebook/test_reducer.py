"""Events in, blocks out, with our own events."""

from __future__ import annotations

import time
from typing import Any

from jupyter_stream.messages import (
    BinaryContent,
    FilePart,
    FinalResultEvent,
    PartDeltaEvent,
    PartEndEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
    ThinkingPart,
    ThinkingPartDelta,
    ToolCallPart,
    ToolCallPartDelta,
)
from jupyter_stream.messages import NativeToolReturnPart as Returned
from jupyter_stream.notebook.reducer import Reducer


def blocks_of(*events: Any) -> list[tuple[str, int, str, str]]:
    """What each event brings: the kind of its block, its index, its name and the text."""
    reducer = Reducer()
    blocks = (reducer.feed(event) for event in events)
    return [(block.kind, block.index, block.name, block.text) for block in blocks if block is not None]


def test_each_event_brings_its_own_text_and_no_other() -> None:
    assert blocks_of(
        PartStartEvent(index=0, part=ThinkingPart('Let me')),
        PartDeltaEvent(index=0, delta=ThinkingPartDelta(content_delta=' see', signature_delta='sealed')),
        PartEndEvent(index=0, part=ThinkingPart('Let me see')),
        PartStartEvent(index=1, part=TextPart('')),
        FinalResultEvent(tool_name=None, tool_call_id=None),
        PartDeltaEvent(index=1, delta=TextPartDelta('Hello')),
        PartDeltaEvent(index=1, delta=TextPartDelta(' you')),
        PartStartEvent(index=2, part=ToolCallPart('look', '{"at', tool_call_id='a')),
        PartDeltaEvent(index=2, delta=ToolCallPartDelta(tool_name_delta='_up', args_delta='": 1}')),
        PartStartEvent(index=3, part=Returned('look', {'seen': True})),
        PartStartEvent(index=4, part=FilePart(BinaryContent(b'png', media_type='image/png'))),
    ) == [
        ('thinking', 0, '', 'Let me'),
        ('thinking', 0, '', ' see'),
        ('thinking', 0, '', ''),
        ('text', 1, '', ''),
        ('text', 1, '', 'Hello'),
        ('text', 1, '', ' you'),
        ('tool', 2, 'look', '{"at'),
        ('tool', 2, 'look_up', '": 1}'),
        ('return', 3, 'look', '{"seen": true}'),
        ('file', 4, '', ''),
    ]


def test_calls_may_interleave() -> None:
    assert [
        (index, text)
        for _, index, _, text in blocks_of(
            PartStartEvent(index=0, part=ToolCallPart('f', '{"a"', tool_call_id='0')),
            PartStartEvent(index=1, part=ToolCallPart('f', '{"b"', tool_call_id='1')),
            PartDeltaEvent(index=0, delta=ToolCallPartDelta(args_delta=': 1}')),
            PartDeltaEvent(index=1, delta=ToolCallPartDelta(args_delta=': 2}')),
        )
    ] == [(0, '{"a"'), (1, '{"b"'), (0, ': 1}'), (1, ': 2}')]


def test_arguments_that_come_as_objects_merge() -> None:
    reducer = Reducer()
    block = reducer.feed(PartStartEvent(index=0, part=ToolCallPart('f', {'a': 1}, tool_call_id='a')))
    assert block and (block.text, block.merged) == ('{"a": 1}', {'a': 1})
    block = reducer.feed(PartDeltaEvent(index=0, delta=ToolCallPartDelta(args_delta={'b': 2})))
    assert block and (block.text, block.merged) == ('', {'a': 1, 'b': 2})


def test_a_part_that_starts_again_is_another_block() -> None:
    reducer = Reducer()
    first = reducer.feed(PartStartEvent(index=0, part=TextPart('one')))
    second = reducer.feed(PartStartEvent(index=0, part=TextPart('two')))
    assert first is not second and second and second.text == 'two'


def test_what_is_unknown_is_left_alone() -> None:
    assert Reducer().feed(object()) is None
    assert Reducer().feed(PartDeltaEvent(index=7, delta=TextPartDelta('lost'))) is None


def test_a_delta_costs_the_same_however_long_the_answer_is() -> None:
    def seconds(count: int) -> float:
        reducer = Reducer()
        reducer.feed(PartStartEvent(index=0, part=TextPart('')))
        event = PartDeltaEvent(index=0, delta=TextPartDelta('word '))
        start = time.process_time()
        for _ in range(count):
            reducer.feed(event)
        return time.process_time() - start

    assert seconds(40_000) < 40 * min(seconds(4_000) for _ in range(3)) + 0.05

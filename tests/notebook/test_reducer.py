"""Events in, blocks out, with our own events."""

from __future__ import annotations

import json
import time

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


def test_an_answer_with_every_kind() -> None:
    reducer = Reducer()
    reducer.feed_all(
        [
            PartStartEvent(index=0, part=ThinkingPart('Let me')),
            PartDeltaEvent(index=0, delta=ThinkingPartDelta(content_delta=' see', signature_delta='sealed')),
            PartEndEvent(index=0, part=ThinkingPart('Let me see')),
            PartStartEvent(index=1, part=TextPart('')),
            FinalResultEvent(tool_name=None, tool_call_id=None),
            PartDeltaEvent(index=1, delta=TextPartDelta('Hello')),
            PartDeltaEvent(index=1, delta=TextPartDelta(' you')),
            PartStartEvent(index=2, part=ToolCallPart('look', '{"at', tool_call_id='a')),
            PartDeltaEvent(index=2, delta=ToolCallPartDelta(args_delta='": 1}', tool_call_id='a')),
            PartStartEvent(index=3, part=Returned('look', {'seen': True})),
            PartStartEvent(index=4, part=FilePart(BinaryContent(b'png', media_type='image/png'))),
        ]
    )
    assert [(block.kind, block.name, block.text, block.ended) for block in reducer.blocks] == [
        ('thinking', '', 'Let me see', True),
        ('text', '', 'Hello you', False),
        ('tool', 'look', '{"at": 1}', False),
        ('return', 'look', '{"seen": true}', False),
        ('file', '', '', False),
    ]


def test_calls_may_interleave() -> None:
    reducer = Reducer()
    for index, more in [(0, '{"a"'), (1, '{"b"'), (0, ': 1}'), (1, ': 2}')]:
        event = (
            PartStartEvent(index=index, part=ToolCallPart('f', more, tool_call_id=str(index)))
            if more.startswith('{')
            else PartDeltaEvent(index=index, delta=ToolCallPartDelta(args_delta=more))
        )
        reducer.feed(event)
    assert [json.loads(block.text) for block in reducer.blocks] == [{'a': 1}, {'b': 2}]


def test_arguments_that_come_as_objects_merge() -> None:
    reducer = Reducer()
    reducer.feed(PartStartEvent(index=0, part=ToolCallPart('f', {'a': 1}, tool_call_id='a')))
    block = reducer.feed(PartDeltaEvent(index=0, delta=ToolCallPartDelta(args_delta={'b': 2})))
    assert block and json.loads(block.text) == {'a': 1, 'b': 2}


def test_a_part_that_starts_again_is_replaced() -> None:
    reducer = Reducer()
    reducer.feed(PartStartEvent(index=0, part=TextPart('one')))
    reducer.feed(PartStartEvent(index=0, part=TextPart('two')))
    assert [block.text for block in reducer.blocks] == ['two']


def test_a_block_gives_out_what_is_new_once() -> None:
    reducer = Reducer()
    block = reducer.feed(PartStartEvent(index=0, part=TextPart('a')))
    assert block and block.take() == 'a'
    reducer.feed(PartDeltaEvent(index=0, delta=TextPartDelta('b')))
    assert block.text == 'ab'
    assert (block.take(), block.take(), block.text) == ('b', '', 'ab')


def test_what_is_unknown_is_left_alone() -> None:
    assert Reducer().feed(object()) is None
    assert Reducer().feed(PartDeltaEvent(index=7, delta=TextPartDelta('lost'))) is None


def test_a_delta_costs_the_same_however_long_the_answer_is() -> None:
    def seconds(count: int) -> float:
        reducer = Reducer()
        block = reducer.feed(PartStartEvent(index=0, part=TextPart('')))
        event = PartDeltaEvent(index=0, delta=TextPartDelta('word '))
        start = time.process_time()
        for _ in range(count):
            reducer.feed(event)
            assert block
            block.take()
        return time.process_time() - start

    assert seconds(40_000) < 40 * min(seconds(4_000) for _ in range(3)) + 0.05

"""An answer of a type: its JSON is found among the events."""

from __future__ import annotations

import pytest
from pydantic import BaseModel

from jupyter_stream.messages import (
    PartDeltaEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
    ThinkingPart,
    ToolCallPart,
    ToolCallPartDelta,
)
from jupyter_stream.typed.answer import TypedAnswer
from jupyter_stream.typed.wanted import Typed


class Thing(BaseModel):
    a: int


def test_texts_are_one_text_and_thoughts_none() -> None:
    answer = TypedAnswer(Typed(list[int]))
    answer.update(PartStartEvent(index=0, part=ThinkingPart('{"response": [0]}')))
    answer.update(PartStartEvent(index=1, part=TextPart('{"resp')))
    answer.update(PartDeltaEvent(index=1, delta=TextPartDelta('onse": [1, ')))
    answer.update(PartStartEvent(index=2, part=TextPart('2]}')))
    assert [row.data for row in answer.growing.rows] == [1, 2]


@pytest.mark.parametrize('whole', [True, False])
def test_the_arguments_of_an_output_tool_are_the_answer_and_what_stood_before_was_prose(whole: bool) -> None:
    answer = TypedAnswer(Typed(Thing))
    answer.update(PartStartEvent(index=0, part=TextPart('I call {"it": 1} now.')))
    answer.update(PartStartEvent(index=1, part=ToolCallPart('search', '{"a": 1}')))
    if whole:
        answer.update(PartStartEvent(index=2, part=ToolCallPart('final_result', {'a': 5})))
    else:
        answer.update(PartStartEvent(index=2, part=ToolCallPart('final_result', None)))
        answer.update(PartDeltaEvent(index=2, delta=ToolCallPartDelta(args_delta='{"a": ')))
        answer.update(PartDeltaEvent(index=1, delta=ToolCallPartDelta(args_delta='9')))
        answer.update(PartDeltaEvent(index=2, delta=ToolCallPartDelta(args_delta='5}')))
    answer.update(PartStartEvent(index=3, part=TextPart('{"a": 6}')))
    assert answer.growing.fields == {'a': 5}


def test_of_two_calls_the_first_is_the_answer() -> None:
    answer = TypedAnswer(Typed(Thing))
    answer.update(PartStartEvent(index=0, part=ToolCallPart('final_result', '{"a": 1}')))
    answer.update(PartStartEvent(index=1, part=ToolCallPart('final_result', '{"a": 2}')))
    assert answer.growing.fields == {'a': 1}

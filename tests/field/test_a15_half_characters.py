"""A15: half a surrogate pair in a delta is joined with its other half or becomes U+FFFD, before anybody sees it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pydantic_ai.messages as theirs
import pytest

from jupyter_stream import messages as ours
from jupyter_stream.direct import model_request, model_request_stream
from jupyter_stream.foreign import opened
from jupyter_stream.messages import ModelRequest, ModelResponse, NativeToolReturnPart, TextPart
from jupyter_stream.models.function import DeltaThinkingPart, DeltaToolCall, FunctionModel

ASK = [ModelRequest.user_text_prompt('Hi')]
HIGH, LOW = '\ud83d', '\ude42'
CASES = [
    (['a' + HIGH, LOW + 'b'], 'a🙂b'),
    ([HIGH, LOW], '🙂'),
    (['a' + HIGH + LOW, 'b'], 'a🙂b'),
    (['a' + HIGH], 'a\ufffd'),
    (['a', HIGH, 'b'], 'a\ufffdb'),
    ([LOW, 'b'], '\ufffdb'),
    (['a' + HIGH, '', LOW], 'a🙂'),
    (['a' + HIGH, HIGH + LOW], 'a\ufffd🙂'),
]


def parts_of(module: Any, kind: str, pieces: list[str]) -> list[Any]:
    """The events of a part that grows by these pieces, as a library without care gives them."""
    first, *rest = pieces
    make, delta = {
        'text': (module.TextPart, lambda piece: module.TextPartDelta(piece)),
        'thinking': (module.ThinkingPart, lambda piece: module.ThinkingPartDelta(content_delta=piece)),
        'tool': (
            lambda piece: module.ToolCallPart('f', piece, tool_call_id='c'),
            lambda piece: module.ToolCallPartDelta(args_delta=piece, tool_call_id='c'),
        ),
    }[kind]
    grown = [module.PartDeltaEvent(index=0, delta=delta(piece)) for piece in rest]
    start = module.PartStartEvent(index=0, part=make(first))
    return [start, *grown, module.PartEndEvent(index=0, part=make(''.join(pieces)))]


async def given(items: list[Any]) -> AsyncIterator[Any]:
    for item in items:
        yield item


def read(source: Any) -> tuple[list[Any], ModelResponse]:
    async def main() -> tuple[list[Any], ModelResponse]:
        async with source as stream:
            return [event async for event in stream], stream.get()

    return asyncio.run(main())


def text_of(part: Any) -> str:
    return part.args if hasattr(part, 'args') else part.content


def streamed(events: list[Any]) -> str:
    """What the first part's events add up to."""
    text = ''
    for event in events:
        if event.event_kind == 'part_start':
            text = text_of(event.part) or ''
        elif event.event_kind == 'part_delta':
            delta = event.delta
            text += (delta.args_delta if hasattr(delta, 'args_delta') else delta.content_delta) or ''
        elif event.event_kind == 'part_end':
            assert text_of(event.part) == text
    return text


def check(source: Any, whole: str) -> None:
    events, response = read(source)
    shown = ''.join(repr(event) for event in events)
    assert '\\ud83d' not in shown and '\\ude42' not in shown
    assert streamed(events) == whole
    assert text_of(response.parts[0]) == whole


@pytest.mark.parametrize(('pieces', 'whole'), CASES)
@pytest.mark.parametrize('module', [ours, theirs], ids=['ours', 'pydantic_ai'])
@pytest.mark.parametrize('kind', ['text', 'thinking', 'tool'])
@pytest.mark.parametrize('ended', [True, False])
def test_a15_in_events(pieces: list[str], whole: str, module: Any, kind: str, ended: bool) -> None:
    events = parts_of(module, kind, pieces)
    check(opened(given(events if ended else events[:-1])), whole)


@pytest.mark.parametrize(('pieces', 'whole'), CASES)
def test_a15_in_pieces_of_text(pieces: list[str], whole: str) -> None:
    check(opened(given(pieces)), whole)


@pytest.mark.parametrize(('pieces', 'whole'), CASES)
def test_a15_in_chunks(pieces: list[str], whole: str) -> None:
    choices = [{'index': 0, 'delta': {'content': piece}} for piece in pieces]
    choices.append({'index': 0, 'delta': {}, 'finish_reason': 'stop'})
    check(opened(given([{'object': 'chat.completion.chunk', 'choices': [choice]} for choice in choices])), whole)


@pytest.mark.parametrize(('pieces', 'whole'), CASES)
@pytest.mark.parametrize('kind', ['text', 'thinking', 'tool'])
def test_a15_from_a_stream_function(pieces: list[str], whole: str, kind: str) -> None:
    def item(at: int, piece: str) -> Any:
        if kind == 'thinking':
            return {0: DeltaThinkingPart(content=piece)}
        return piece if kind == 'text' else {0: DeltaToolCall(name=None if at else 'f', json_args=piece)}

    async def function(*_: Any) -> AsyncIterator[Any]:
        for at, piece in enumerate(pieces):
            yield item(at, piece)

    check(model_request_stream(FunctionModel(stream_function=function), ASK), whole)


def test_a15_in_whole_parts_and_whole_answers() -> None:
    returned = NativeToolReturnPart('f' + HIGH, {'k': ['a' + HIGH + LOW, HIGH]}, 'c')

    async def function(*_: Any) -> AsyncIterator[Any]:
        yield {0: returned}

    _, response = read(model_request_stream(FunctionModel(stream_function=function), ASK))
    assert isinstance(part := response.parts[0], NativeToolReturnPart)
    assert (part.tool_name, part.content) == ('f\ufffd', {'k': ['a🙂', '\ufffd']})
    answer = ModelResponse(parts=[TextPart('a' + HIGH + LOW + HIGH), returned])
    response = asyncio.run(model_request(FunctionModel(lambda *_: answer), ASK))
    assert response.parts == [TextPart('a🙂\ufffd'), part]


def test_a15_what_came_before_a_failure_is_whole() -> None:
    async def broken() -> AsyncIterator[Any]:
        yield ours.PartStartEvent(index=0, part=TextPart('a' + HIGH))
        raise ConnectionError('gone')

    async def main() -> None:
        async with opened(broken()) as stream:
            with pytest.raises(ConnectionError):
                async for _ in stream:
                    pass
            assert stream.get().text == 'a\ufffd'

    asyncio.run(main())

"""D3: a closed stream stays what it was, whichever object it is: no more events, and its state does not turn."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import httpx
import pytest

from jupyter_stream.direct import model_request_stream, model_request_stream_sync
from jupyter_stream.foreign import opened
from jupyter_stream.messages import ModelRequest, ModelResponse, TextPart
from jupyter_stream.models import infer_model
from jupyter_stream.models.fallback import FallbackModel
from jupyter_stream.models.function import FunctionModel
from jupyter_stream.models.test import TestModel
from jupyter_stream.stream import CompletedStreamedResponse, StreamedResponse

ASK = [ModelRequest.user_text_prompt('Hi')]
WORDS = ['one ', 'two ', 'three ', 'four']

Open = Callable[[], AbstractAsyncContextManager[StreamedResponse]]


async def words(*_: Any) -> AsyncIterator[str]:
    for word in WORDS:
        yield word


def frames() -> list[bytes]:
    choices = [{'index': 0, 'delta': {'content': word}} for word in WORDS]
    choices.append({'index': 0, 'delta': {}, 'finish_reason': 'stop'})
    return [f'data: {json.dumps({"choices": [choice]})}\n\n'.encode() for choice in choices] + [b'data: [DONE]\n\n']


@asynccontextmanager
async def over_http(*pieces: bytes) -> AsyncGenerator[StreamedResponse]:
    async def body() -> AsyncGenerator[bytes]:
        for piece in pieces or frames():
            yield piece

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={'content-type': 'text/event-stream'}, content=body())

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        model = infer_model('openai-chat:m', api_key='sk-secret-secret', http_client=client)
        async with model_request_stream(model, ASK) as stream:
            yield stream


@asynccontextmanager
async def completed() -> AsyncGenerator[StreamedResponse]:
    parts = [TextPart(word) for word in WORDS]
    stream = CompletedStreamedResponse(None, ModelResponse(parts=parts))
    yield stream
    await stream.aclose()


def function() -> FunctionModel:
    return FunctionModel(stream_function=words)


OPENED: dict[str, Open] = {
    'http': over_http,
    'http, one piece': lambda: over_http(b''.join(frames())),
    'test': lambda: model_request_stream(TestModel(custom_output_text=''.join(WORDS)), ASK),
    'function': lambda: model_request_stream(function(), ASK),
    'fallback': lambda: model_request_stream(FallbackModel(function(), TestModel()), ASK),
    'foreign': lambda: opened(words()),
    'foreign, synchronous': lambda: opened(WORDS),
    'completed': completed,
}


@pytest.mark.parametrize('name', OPENED)
@pytest.mark.parametrize('read', [0, 1, 2])
@pytest.mark.parametrize('cancelled', [False, True])
def test_d3_a_stream_that_was_left_early_gives_nothing_more(name: str, read: int, cancelled: bool) -> None:
    async def main() -> None:
        async with OPENED[name]() as stream:
            for _ in range(read):
                await anext(stream)
            if cancelled:
                await stream.cancel()
        left = stream.get()
        assert left.state == ('interrupted' if cancelled else 'incomplete')
        assert [event async for event in stream] == []
        assert stream.ready() is None
        await stream.cancel()
        await stream.aclose()
        assert [event async for event in stream] == []
        after = stream.get()
        assert (after.state, after.parts, after.usage) == (left.state, left.parts, left.usage)

    asyncio.run(main())


@pytest.mark.parametrize('name', OPENED)
def test_d3_a_stream_that_was_read_to_its_end_stays_complete(name: str) -> None:
    async def main() -> None:
        async with OPENED[name]() as stream:
            assert [event async for event in stream]
        await stream.cancel()
        assert [event async for event in stream] == []
        assert stream.get().state == 'complete'
        assert ''.join(part.content for part in stream.get().parts if isinstance(part, TextPart)) == ''.join(WORDS)

    asyncio.run(main())


@pytest.mark.parametrize('model', [TestModel(custom_output_text=''.join(WORDS)), function()], ids=['test', 'function'])
def test_d3_the_synchronous_twin_too(model: Any) -> None:
    with model_request_stream_sync(model, ASK) as stream:
        events = iter(stream)
        next(events)
    left = stream.response
    assert left.state == 'incomplete'
    assert list(events) == []
    with pytest.raises(RuntimeError, match='iterate inside'):
        list(stream)
    stream.cancel()
    assert stream.response.state == 'incomplete' and stream.response.parts == left.parts

"""A11: a finish reason has come and no end mark, and the socket stays open: the answer is complete after a short grace.

The clock is moved, not waited for. Both readers: an answer over HTTP, and an SDK's stream that never ends.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

import httpx
import pytest

from jupyter_stream.direct import model_request_stream
from jupyter_stream.exceptions import ModelRequestTimeout
from jupyter_stream.foreign import opened
from jupyter_stream.framing.sse import SSEDecoder
from jupyter_stream.messages import ModelRequest, ModelResponse
from jupyter_stream.settings import ModelSettings
from tests.conformance import committed

from . import virtual_time
from .nine import NINE, Answer

ASK = [ModelRequest.user_text_prompt('Hi')]
WITH_END_MARK = [answer for answer in NINE if answer.end_mark or answer.name == 'google']
OF_SDKS = [answer for answer in NINE if answer.name in ('openai-chat', 'openai-responses', 'anthropic')]


class Held(httpx.AsyncByteStream):
    """A body whose connection stays open: pieces, each after so many seconds, then nothing for ever, or noise."""

    def __init__(self, pieces: Sequence[tuple[float, bytes]], noise: bytes = b'') -> None:
        self.pieces = pieces
        self.noise = noise
        self.closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for seconds, piece in self.pieces:
            await asyncio.sleep(seconds)
            yield piece
        while True:
            await asyncio.sleep(0.5)
            yield self.noise

    async def aclose(self) -> None:
        self.closed = True


def ask(answer: Answer, body: Held, **settings: Any) -> tuple[ModelResponse, float]:
    """The response, and how many seconds it took."""

    async def main() -> ModelResponse:
        def reply(request: httpx.Request) -> httpx.Response:
            return httpx.Response(200, headers={'content-type': answer.content_type}, stream=body)

        async with httpx.AsyncClient(transport=httpx.MockTransport(reply)) as client:
            model = answer.model_at('http://127.0.0.1:9', http_client=client)
            async with model_request_stream(model, ASK, model_settings=ModelSettings(**settings)) as stream:
                async for _ in stream:
                    pass
        return stream.get()

    return virtual_time.run(main())


def without_mark(answer: Answer) -> bytes:
    return answer.body.removesuffix(answer.end_mark)


@pytest.mark.parametrize('answer', WITH_END_MARK, ids=lambda answer: answer.name)
@pytest.mark.parametrize('noise', [b'', b': ping\n\n'], ids=['silence', 'comments'])
def test_a11_without_an_end_mark_the_answer_is_complete_after_a_grace(answer: Answer, noise: bytes) -> None:
    body = Held([(0, without_mark(answer))], noise if answer.content_type.startswith('text/') else b'')
    response, seconds = ask(answer, body)
    assert (response.state, response.text, response.finish_reason) == ('complete', answer.text, 'stop')
    assert 1 <= seconds <= 2.5 and body.closed


@pytest.mark.parametrize('answer', WITH_END_MARK, ids=lambda answer: answer.name)
def test_a11_an_end_mark_that_is_late_is_waited_for(answer: Answer) -> None:
    body = Held([(0, without_mark(answer)), (1, answer.end_mark)])
    response, seconds = ask(answer, body)
    assert (response.state, response.text) == ('complete', answer.text)
    assert seconds < 2.5
    if answer.name == 'bedrock-converse':
        assert response.usage.has_values(), 'what was counted stands in the end mark'


@pytest.mark.parametrize('setting', ['idle_timeout', 'request_timeout'])
def test_a11_a_whole_answer_is_not_lost_to_a_deadline(setting: str) -> None:
    response, seconds = ask(NINE[0], Held([(0, without_mark(NINE[0]))]), **{setting: 0.5})
    assert response.state == 'complete' and seconds < 2.5


def test_a11_before_the_finish_reason_silence_is_a_timeout() -> None:
    begun = b'\n\n'.join(NINE[0].body.split(b'\n\n')[:2]) + b'\n\n'
    with pytest.raises(ModelRequestTimeout, match='idle_timeout'):
        ask(NINE[0], Held([(0, begun)]))


GEMINI = next(answer for answer in NINE if answer.name == 'google')


def candidate(text: str, **more: Any) -> bytes:
    content = {'role': 'model', 'parts': [{'text': text}]}
    return f'data: {json.dumps({"candidates": [{"content": content, **more}], "responseId": "r"})}\n\n'.encode()


def test_a11_gemini_appends_nothing_after_its_finish_reason() -> None:
    counted = b'data: {"usageMetadata": {"promptTokenCount": 7, "candidatesTokenCount": 3}}\n\n'
    pieces = [candidate('Hel'), candidate('lo', finishReason='STOP'), candidate(' and more'), counted]
    response, _ = ask(GEMINI, Held([(0.1, piece) for piece in pieces]))
    assert (response.text, response.state, response.usage.input_tokens) == ('Hello', 'complete', 7)


def test_a11_a_gemini_that_says_why_it_ends_in_every_chunk_is_read_whole() -> None:
    pieces = [candidate('Hel', finishReason='STOP'), candidate('lo', finishReason='STOP')]
    assert ask(GEMINI, Held([(0.1, piece) for piece in pieces]))[0].text == 'Hello'


# ------------------------------------------------------------------ an SDK's stream


@pytest.mark.parametrize('answer', OF_SDKS, ids=lambda answer: answer.name)
def test_a11_the_stream_of_an_sdk_that_never_ends_is_complete_after_the_same_grace(answer: Answer) -> None:
    closed: list[bool] = []

    async def chunks() -> AsyncIterator[Any]:
        for frame in SSEDecoder().feed(without_mark(answer)):
            yield json.loads(frame.data)
        try:
            await asyncio.sleep(1000)
        finally:
            closed.append(True)

    async def main() -> ModelResponse:
        async with opened(chunks()) as stream:
            async for _ in stream:
                pass
        return stream.get()

    response, seconds = virtual_time.run(main())
    assert (response.state, response.text, response.finish_reason) == ('complete', answer.text, 'stop')
    assert 1 <= seconds <= 2.5 and closed


class Stalled:
    """A synchronous stream of an SDK, which waits for more until it is closed."""

    def __init__(self, answer: Answer) -> None:
        self._frames = [json.loads(frame.data) for frame in SSEDecoder().feed(without_mark(answer))]
        self.closed = threading.Event()

    def __iter__(self) -> Iterator[Any]:
        yield from self._frames
        self.closed.wait(300)

    def close(self) -> None:
        self.closed.set()


@pytest.mark.parametrize('managed', [False, True])
@pytest.mark.parametrize('answer', OF_SDKS, ids=lambda answer: answer.name)
def test_a11_a_synchronous_stream_of_an_sdk_that_stalls_is_complete_after_the_grace(
    answer: Answer, managed: bool
) -> None:
    """It stalls in its own thread, in real time: only far from the 300 seconds that it would wait is asked for."""
    stalled = Stalled(answer)
    left: list[bool] = []

    class Managed:
        def __enter__(self) -> Stalled:
            return stalled

        def __exit__(self, *error: object) -> None:
            left.append(True)

    async def main() -> ModelResponse:
        async with opened(Managed() if managed else stalled) as stream:
            async for _ in stream:
                pass
        return stream.get()

    began = time.monotonic()
    response = asyncio.run(main())
    assert (response.state, response.text, response.finish_reason) == ('complete', answer.text, 'stop')
    assert stalled.closed.is_set() and left == [True] * managed
    assert time.monotonic() - began < 100


def test_a11_a_timeout_of_the_sdks_own_is_its_error() -> None:
    chunk = committed.streams('openai-chat')[0]['body'].split(b'\n\n')[0].removeprefix(b'data: ')

    async def chunks() -> AsyncIterator[Any]:
        yield json.loads(chunk)
        raise TimeoutError('of the SDK')

    async def main() -> None:
        async with opened(chunks()) as stream:
            async for _ in stream:
                pass

    with pytest.raises(TimeoutError, match='of the SDK'):
        virtual_time.run(main())

"""A16: the limits are settings, and the text itself is bounded, not the envelopes of many small events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from typing import Any

import httpx
import pytest

from jupyter_stream.direct import model_request_stream
from jupyter_stream.exceptions import StreamLimitError
from jupyter_stream.framing import MAX_EVENT_BYTES
from jupyter_stream.messages import ModelRequest
from jupyter_stream.settings import ModelSettings
from jupyter_stream.transport import Allowance, _http
from tests.faults.protocols import PROTOCOLS, Protocol
from tests.faults.test_rows import model_at

every = pytest.mark.parametrize('wire', PROTOCOLS, ids=lambda wire: wire.name)


class Body(httpx.AsyncByteStream):
    def __init__(self, pieces: Iterable[bytes]) -> None:
        self.pieces = pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            yield piece


def ask(wire: Protocol, pieces: Iterable[bytes], **settings: Any) -> tuple[str, BaseException | None]:
    """The text that came, and what the answer ended with."""

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={'content-type': 'text/event-stream'}, stream=Body(pieces))

    async def main() -> tuple[str, BaseException | None]:
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
            model: Any = model_at(wire, 'http://127.0.0.1:9')
            model._http_client = client
            request = [ModelRequest.user_text_prompt('Hi')]
            async with model_request_stream(model, request, model_settings=ModelSettings(**settings)) as stream:
                try:
                    async for _ in stream:
                        pass
                except StreamLimitError as error:
                    return stream.get().text or '', error
            return stream.get().text or '', None

    return asyncio.run(main())


@every
def test_a16_the_envelopes_of_small_deltas_do_not_count(wire: Protocol) -> None:
    words = 2000
    pieces = [wire.opening, *(wire.text('x') for _ in range(words)), wire.finish + wire.done]
    limit = words + 1000
    assert sum(map(len, pieces)) > 10 * limit
    assert ask(wire, pieces, max_stream_bytes=limit) == ('x' * words, None)


@every
def test_a16_the_text_is_bounded_by_the_setting(wire: Protocol) -> None:
    pieces = [wire.opening, *(wire.text('x' * 1000) for _ in range(100)), wire.finish + wire.done]
    text, error = ask(wire, pieces, max_stream_bytes=20_000)
    assert isinstance(error, StreamLimitError) and 'max_stream_bytes' in str(error) and error.in_stream
    assert 15_000 <= len(text) <= 20_000
    assert ask(wire, pieces, max_stream_bytes=200_000) == ('x' * 100_000, None)


@every
def test_a16_what_brings_no_text_is_bounded_too(wire: Protocol) -> None:
    noise = (b': ' + b'x' * 1000 + b'\n\n' for _ in range(10**6))
    text, error = ask(wire, (piece for part in ([wire.begun('Hello')], noise) for piece in part), max_stream_bytes=9000)
    assert isinstance(error, StreamLimitError) and text == 'Hello'


@every
def test_a16_one_event_is_bounded_by_its_own_setting(wire: Protocol) -> None:
    pieces = [wire.begun('Hello'), wire.text('x' * 50_000), wire.finish + wire.done]
    text, error = ask(wire, pieces, max_event_bytes=20_000)
    assert isinstance(error, StreamLimitError) and 'max_event_bytes' in str(error) and text == 'Hello'
    assert ask(wire, pieces, max_event_bytes=100_000)[1] is None


def test_a16_a_whole_answer_is_bounded_by_the_same_setting() -> None:
    message = {'choices': [{'index': 0, 'message': {'content': 'x' * 50_000}, 'finish_reason': 'stop'}]}
    pieces = [json.dumps({'id': 'c', 'object': 'chat.completion', 'model': 'm', **message}).encode()]
    with pytest.raises(StreamLimitError, match='max_event_bytes'):
        ask(PROTOCOLS[0], pieces, max_event_bytes=20_000)
    assert ask(PROTOCOLS[0], pieces, max_event_bytes=100_000) == ('x' * 50_000, None)


@every
def test_a16_a_limit_of_none_is_the_usual_one(wire: Protocol) -> None:
    pieces = [wire.begun('Hello'), wire.finish + wire.done]
    assert ask(wire, pieces, max_event_bytes=None, max_stream_bytes=None) == ('Hello', None)


def test_a16_the_promised_limits() -> None:
    assert Allowance().left == _http.MAX_STREAM_BYTES == 64 * 2**20 and MAX_EVENT_BYTES == 16 * 2**20

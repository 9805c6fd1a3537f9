"""A13: after the end mark the rest of the body is read if it is there, and the connection serves the next question."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import httpx
import pytest

from jupyter_stream import bridge
from jupyter_stream.direct import (
    model_request,
    model_request_stream,
    model_request_stream_sync,
    model_request_sync,
)
from jupyter_stream.exceptions import ModelAPIError
from jupyter_stream.messages import ModelRequest
from jupyter_stream.models import Model
from jupyter_stream.transport import Deadline, Timeouts, _http, drain, read
from tests.faults.server import KeepAliveServer, Step, whole

from .nine import KEY, NINE, Answer

ASK = [ModelRequest.user_text_prompt('Hi')]
SOON = 0.02
"""Seconds after the end mark at which the body ends in its own packet."""

nine = pytest.mark.parametrize('answer', NINE, ids=lambda answer: answer.name)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has to come in time on a busy machine too gets more of it."""
    monkeypatch.setattr(_http, 'DRAIN_SECONDS', 5.0)


def steps(answer: Answer, pause: float = 0.0) -> list[Step]:
    return [whole(answer.body, pause=pause, content_type=answer.content_type)]


async def streamed(model: Model) -> str | None:
    async with model_request_stream(model, ASK) as stream:
        async for _ in stream:
            pass
    assert stream.get().state == 'complete'
    return stream.get().text


def streamed_sync(model: Model) -> str | None:
    with model_request_stream_sync(model, ASK) as stream:
        for _ in stream:
            pass
    return stream.response.text


@nine
@pytest.mark.parametrize('pause', [0.0, SOON])
def test_a13_five_questions_take_one_connection(answer: Answer, pause: float) -> None:
    async def main(url: str) -> list[str | None]:
        return [await streamed(answer.model_at(url)) for _ in range(4)] + [
            (await model_request(answer.model_at(url), ASK)).text
        ]

    with KeepAliveServer(steps(answer, pause)) as server:
        assert asyncio.run(main(server.url)) == [answer.text] * 5
        assert (len(server.requests), server.connections) == (5, 1)


@nine
def test_a13_five_questions_of_the_synchronous_functions_take_one_connection(answer: Answer) -> None:
    with KeepAliveServer(steps(answer, SOON)) as server:
        model = answer.model_at(server.url)
        texts = [model_request_sync(model, ASK).text for _ in range(3)] + [streamed_sync(model) for _ in range(2)]
        assert texts == [answer.text] * 5
        assert (len(server.requests), server.connections) == (5, 1)


@nine
def test_a13_the_next_cell_goes_on_with_the_connection(answer: Answer) -> None:
    async def cell(url: str) -> list[str | None]:
        return [await streamed(answer.model_at(url)) for _ in range(2)]

    with KeepAliveServer(steps(answer, SOON)) as server:
        for _ in range(2):
            assert bridge.run(lambda: cell(server.url)) == [answer.text] * 2
        assert (len(server.requests), server.connections) == (4, 1)


@pytest.mark.parametrize('loop_bound', [False, True])
def test_a13_a_client_of_the_users_own_keeps_its_connection_too(loop_bound: bool) -> None:
    answer = NINE[0]
    client = httpx.AsyncClient()
    with KeepAliveServer(steps(answer, SOON)) as server:
        for _ in range(2):
            bridge.run(lambda: streamed(answer.model_at(server.url, http_client=client)), loop_bound=loop_bound)
        bridge.run(client.aclose, loop_bound=loop_bound)
        assert (len(server.requests), server.connections) == (2, 1)


def test_a13_a_refusal_and_the_next_attempt_take_one_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    async def sleep(self: Deadline, seconds: float) -> None: ...

    monkeypatch.setattr(Deadline, 'sleep', sleep)
    answer = NINE[0]
    busy = whole(b'{"error": {"message": "later"}}', content_type='application/json', line='503 Busy')
    with KeepAliveServer([busy, busy, *steps(answer)]) as server:
        assert asyncio.run(streamed(answer.model_at(server.url))) == answer.text
        assert (len(server.requests), server.connections) == (3, 1)


def test_a13_a_server_that_holds_the_connection_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_http, 'DRAIN_SECONDS', 0.01)
    answer = NINE[0]
    with KeepAliveServer(steps(answer, pause=60.0)) as server:
        began = time.monotonic()
        assert asyncio.run(streamed(answer.model_at(server.url))) == answer.text
        assert time.monotonic() - began < 30


def test_a13_of_what_comes_after_the_end_little_is_read() -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1000
            yield bytes(1000)

    async def main() -> None:
        body = read(httpx.Response(200, content=endless()), Deadline('m', Timeouts()), 'm')
        await anext(body)
        await drain(body)

    asyncio.run(main())
    assert sent <= _http.DRAIN_BYTES + 3000


def test_a13_idle_connections_wait_for_a_question_that_is_typed() -> None:
    assert _http.DRAIN_BYTES <= 2**20 and _http.KEEP_ALIVE >= 30


def test_a13_an_error_in_the_rest_is_no_error_of_the_answer() -> None:
    async def breaks() -> AsyncIterator[bytes]:
        yield b'x'
        raise httpx.ReadError('reset')

    async def main() -> None:
        await drain(read(httpx.Response(200, content=breaks()), Deadline('m', Timeouts()), 'm'))

    asyncio.run(main())


def test_a13_a_refused_key_does_not_lose_the_connection() -> None:
    answer = NINE[0]
    refused = whole(b'{"error": {"message": "no"}}', content_type='application/json', line='401 No')

    async def main(url: str) -> None:
        with pytest.raises(ModelAPIError):
            await streamed(answer.model_at(url))
        await streamed(answer.model_at(url))

    with KeepAliveServer([refused, *steps(answer)]) as server:
        asyncio.run(main(server.url))
        assert (len(server.requests), server.connections) == (2, 1)
        assert KEY in server.requests[0].headers['authorization']

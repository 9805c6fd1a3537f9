"""What is decided about the network, without a network. Real sockets are in `tests/faults`."""

from __future__ import annotations

import asyncio
import copy
import pickle
import time
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any, cast

import httpx
import pytest

from jupyter_stream._secret import Secret
from jupyter_stream.exceptions import (
    ModelAPIError,
    ModelConnectionError,
    ModelOverloadedError,
    ModelRateLimitError,
    ModelRequestTimeout,
    ModelServerError,
    ModelTimeoutError,
    ModelUnavailableError,
    StreamDecodeError,
    StreamLimitError,
    http_error,
)
from jupyter_stream.transport import (
    Deadline,
    Endpoint,
    Timeouts,
    _http,
    client_for_this_loop,
    connection_error,
    drain,
    read,
    read_error_body,
    retry_wait,
)
from tests.field import virtual_time


def test_a_secret_shows_itself_only_when_asked() -> None:
    secret = Secret('sk-1234567890')
    assert secret.reveal() == 'sk-1234567890'
    shown = repr(secret) + str(secret) + repr(Endpoint('http://x', secret)) + repr(vars(Endpoint('http://x', secret)))
    assert '1234567890' not in shown
    assert not hasattr(secret, '__dict__')
    for copied in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError, match='not pickled'):
            copied(secret)


def test_timeouts_come_from_the_settings() -> None:
    assert Timeouts.of({}) == Timeouts(5.0, None, 120.0, 120.0, 600.0)
    assert Timeouts.of({'timeout': 3, 'idle_timeout': 7, 'request_timeout': 9, 'first_event_timeout': 1}) == Timeouts(
        connect=3, read=3, first_event=1, idle=7, request=9
    )
    assert Timeouts.of({'timeout': httpx.Timeout(2, connect=1)}).httpx().as_dict() == {
        'connect': 1, 'read': 2, 'write': 2, 'pool': None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ('error', 'retried'),
    [
        (ModelConnectionError('m', 'x', phase='read'), True),
        (ModelConnectionError('m', 'no such protocol'), False),
        (ModelTimeoutError('m', 'x', phase='connect'), True),
        (ModelRequestTimeout('m', 1, setting='first_event_timeout'), True),
        (ModelRequestTimeout('m', 1, setting='request_timeout'), False),
        (http_error(429, 'm'), True),
        (http_error(429, 'm', {'error': {'code': 'insufficient_quota'}}), False),
        (http_error(429, 'm', {'error': {'code': 'insufficient_quota'}}, {'x-should-retry': 'true'}), True),
        (http_error(408, 'm'), True),
        (http_error(409, 'm'), True),
        (http_error(425, 'm'), True),
        (http_error(404, 'm'), False),
        (http_error(499, 'm'), False),
        (http_error(500, 'm'), True),
        (http_error(500, 'm', {'error': {'code': 'ThrottlingException'}}), True),
        (http_error(599, 'm'), True),
        (http_error(501, 'm', headers={'x-should-retry': 'false'}), False),
        (http_error(400, 'm'), False),
        (http_error(400, 'm', headers={'x-should-retry': 'true'}), True),
        (http_error(429, 'm', headers={'retry-after': '60'}), True),
        (http_error(429, 'm', headers={'retry-after': '61'}), False),
        (ModelOverloadedError('m', 'x', in_stream=True), True),
        (ModelRateLimitError('m', 'x', in_stream=True), True),
        (ModelServerError('m', 'x', in_stream=True), True),
        (ModelUnavailableError('m', 'x', in_stream=True), True),
        (StreamDecodeError('m', 'x'), False),
        (ModelAPIError('m', 'x'), False),
    ],
)
def test_what_is_worth_a_retry(error: ModelAPIError, retried: bool) -> None:
    assert (retry_wait(error, 1, 2) is not None) is retried
    assert retry_wait(error, 3, 2) is None


def test_waits_grow_and_are_bounded() -> None:
    error = ModelConnectionError('m', 'x', phase='connect')
    for attempt, most in ((1, 0.5), (2, 1.0), (3, 2.0), (9, 8.0)):
        waits = {retry_wait(error, attempt, 99) for _ in range(50)}
        assert len(waits) > 1, 'jitter'
        assert all(wait is not None and most * 0.75 <= wait <= most for wait in waits)
    assert retry_wait(http_error(429, 'm', headers={'retry-after': '7'}), 1, 2) == 7


def test_an_httpx_error_says_what_was_being_done() -> None:
    error = connection_error(httpx.ConnectTimeout('slow'), 'm')
    assert isinstance(error, ModelTimeoutError) and error.phase == 'connect'
    assert str(error) == 'The connection to the provider failed while connecting: slow.'


@pytest.mark.parametrize(
    ('cause', 'phase', 'said'),
    [
        (httpx.PoolTimeout(''), 'pool', 'waiting for a free connection: PoolTimeout.'),
        (httpx.ConnectTimeout('x'), 'connect', 'connecting: x.'),
        (httpx.ConnectError('x'), 'connect', 'connecting: x.'),
        (httpx.WriteTimeout('x'), 'write', 'sending the request: x.'),
        (httpx.WriteError('x'), 'write', 'sending the request: x.'),
        (httpx.ReadTimeout('x'), 'read', 'waiting for the answer: x.'),
        (httpx.ReadError('x.'), 'read', 'waiting for the answer: x.'),
        (httpx.RemoteProtocolError(''), 'read', 'waiting for the answer: RemoteProtocolError.'),
        (httpx.UnsupportedProtocol('no scheme'), None, 'talking to it: no scheme.'),
    ],
)
def test_each_httpx_error_has_its_phase(cause: httpx.HTTPError, phase: str | None, said: str) -> None:
    error = connection_error(cause, 'm')
    assert error.phase == phase and str(error).endswith(said)
    assert isinstance(error, ModelTimeoutError) is isinstance(cause, httpx.TimeoutException)


@pytest.mark.parametrize(
    ('url', 'said'),
    [
        (
            'http://me:secret@localhost:11434/v1/chat/completions?key=secret',
            'The connection to http://localhost:11434 failed while connecting: refused. Is the server running?',
        ),
        (
            'http://127.0.0.1/v1',
            'The connection to http://127.0.0.1 failed while connecting: refused. Is the server running?',
        ),
        ('http://[::1]/v1', 'The connection to http://[::1] failed while connecting: refused. Is the server running?'),
        ('https://api.example.com/v1', 'The connection to https://api.example.com failed while connecting: refused.'),
    ],
)
def test_a_connection_that_fails_names_the_server_and_no_secret(url: str, said: str) -> None:
    cause = httpx.ConnectError('refused', request=httpx.Request('POST', url))
    assert str(connection_error(cause, 'm')) == said


def test_a_deadline_names_the_setting_that_ran_out() -> None:
    async def main() -> list[tuple[str, float]]:
        out: list[tuple[str, float]] = []
        deadline = Deadline('m', Timeouts(first_event=2, idle=3, request=10))
        for arm in (None, deadline.content, lambda: deadline.attempt()):
            if arm:
                arm()
            try:
                await deadline.wait(asyncio.sleep(50))
            except ModelRequestTimeout as error:
                out.append((error.setting, error.timeout))
        try:
            await deadline.sleep(50)
        except ModelRequestTimeout as error:
            out.append((error.setting, error.timeout))
        return out

    ended, seconds = virtual_time.run(main())
    settings = [('first_event_timeout', 2), ('idle_timeout', 3), ('first_event_timeout', 2), ('request_timeout', 10)]
    assert ended == settings
    assert seconds == pytest.approx(10)


def test_after_the_finish_a_deadline_waits_for_an_end_mark_alone() -> None:
    async def main() -> list[bool]:
        deadline = Deadline('m', Timeouts())
        seen = [deadline.is_finished]
        deadline.finished(0.01)
        seen.append(deadline.is_finished)
        with pytest.raises(_http.AnswerOver):
            await deadline.wait(asyncio.sleep(5))
        deadline.attempt()
        return [*seen, deadline.is_finished]

    assert asyncio.run(main()) == [False, True, False]


def test_content_came_last_when_the_answer_was_whole() -> None:
    async def main() -> list[float | None]:
        deadline = Deadline('m', Timeouts())
        loop, seen = asyncio.get_running_loop(), [deadline.content_at]
        for came in (deadline.content, lambda: deadline.finished(1), lambda: deadline.finished(1)):
            await asyncio.sleep(10)
            came()
            at = cast(float, deadline.content_at)
            seen.append(round(loop.time() - (time.perf_counter() - at)))
        return seen

    assert virtual_time.run(main())[0] == [None, 10, 20, 20]


def test_what_is_left_of_a_body_is_read_up_to_64_kib_and_for_a_tenth_of_a_second() -> None:
    taken = 0

    async def endless() -> AsyncGenerator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield bytes(1024)

    asyncio.run(drain(endless()))
    assert taken == 65, 'the one that is too many is read'
    assert _http.DRAIN_SECONDS == 0.1


@pytest.mark.parametrize(
    ('limit', 'words'), [(1023, '1023 B'), (1024, '1 KiB'), (65_536, '64 KiB'), (2**20, '1 MiB'), (5 * 2**20, '5 MiB')]
)
def test_a_limit_in_words(limit: int, words: str) -> None:
    assert _http._size(limit) == words


def test_a_timeout_of_the_callers_own_is_not_taken_for_ours() -> None:
    async def raises() -> None:
        raise TimeoutError('mine')

    async def main() -> None:
        with pytest.raises(TimeoutError, match='mine'):
            await Deadline('m', Timeouts()).wait(raises())

    asyncio.run(main())


def test_what_need_not_be_waited_for_arms_no_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    async def ready() -> int:
        return 3

    async def later() -> int:
        await asyncio.sleep(0)
        return 4

    async def main() -> list[int]:
        armed: list[float | None] = []
        timeout_at = asyncio.timeout_at
        monkeypatch.setattr(asyncio, 'timeout_at', lambda at: armed.append(at) or timeout_at(at))
        deadline = Deadline('m', Timeouts())
        return [await deadline.wait(ready()), len(armed), await deadline.wait(later()), len(armed)]

    assert asyncio.run(main()) == [3, 0, 4, 1]


def test_what_is_waited_for_goes_through_all_its_steps() -> None:
    async def steps(future: asyncio.Future[int]) -> int:
        await asyncio.sleep(0)
        try:
            await asyncio.wait_for(asyncio.sleep(5), 0.001)
        except TimeoutError:
            return await future
        raise AssertionError('unreachable')

    async def fails() -> None:
        await asyncio.sleep(0)
        raise KeyError('mine')

    async def main() -> None:
        future = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_later(0.005, future.set_result, 7)
        deadline = Deadline('m', Timeouts())
        assert await deadline.wait(steps(future)) == 7
        assert await deadline.wait(future) == 7
        with pytest.raises(KeyError, match='mine'):
            await deadline.wait(fails())

    asyncio.run(main())


@pytest.mark.parametrize('swallows', [False, True])
def test_a_cancelled_wait_lets_what_it_waits_for_clean_up(swallows: bool) -> None:
    seen: list[str] = []

    async def waits() -> str:
        try:
            await asyncio.sleep(5)
        except asyncio.CancelledError:
            seen.append('cancelled')
            await asyncio.sleep(0)
            seen.append('cleaned up')
            if not swallows:
                raise
        return 'done'

    async def main() -> bool:
        task = asyncio.ensure_future(Deadline('m', Timeouts()).wait(waits()))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        return task.cancelled()

    assert asyncio.run(main()) is not swallows
    assert seen == ['cancelled', 'cleaned up']


def test_a_client_serves_one_loop_and_is_made_anew_when_closed() -> None:
    async def two() -> tuple[httpx.AsyncClient, bool]:
        first = client_for_this_loop()
        same = client_for_this_loop() is first
        await first.aclose()
        assert client_for_this_loop() is not first
        return first, same

    first, same = asyncio.run(two())
    other, _ = asyncio.run(two())
    assert same and other is not first


# ------------------------------------------------------------------ reading bytes


async def body_of(reading: Any, *pieces: bytes | httpx.HTTPError) -> tuple[bytes, Exception | None]:
    """What `reading` (`read`, or `read_error_body`) makes of a body that comes in pieces and may break off."""

    async def sent() -> AsyncIterator[bytes]:
        for piece in pieces:
            if isinstance(piece, httpx.HTTPError):
                raise piece
            yield piece

    body = reading(httpx.Response(200, content=sent()), Deadline('m', Timeouts()), 'm')
    if reading is read_error_body:
        return await body, None
    got = b''
    try:
        async for piece in body:
            got += piece
    except ModelAPIError as error:
        return got, error
    return got, None


def test_what_came_before_a_connection_broke_is_read() -> None:
    got, error = asyncio.run(body_of(read, b'some', b' text', httpx.ReadError('reset')))
    assert got == b'some text'
    assert isinstance(error, ModelConnectionError) and error.phase == 'read' and 'reset' in str(error)
    assert error.__cause__ is None and error.__context__ is None, 'the frames of httpx hold the key'


@pytest.mark.parametrize('over', [0, 1])
def test_a_body_is_read_up_to_the_limit(over: int, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _http.MAX_STREAM_BYTES == 67_108_864
    monkeypatch.setattr(_http, 'MAX_STREAM_BYTES', limit := 2**20)
    got, error = asyncio.run(body_of(read, b'x' * 1000, b'x' * (limit - 1000 + over)))
    assert len(got) == limit
    assert isinstance(error, StreamLimitError) is bool(over)
    assert not over or 'larger than 1 MiB' in str(error)


def test_an_error_that_breaks_off_says_what_came_of_it() -> None:
    assert asyncio.run(body_of(read_error_body, b'no cre', httpx.ReadError('reset'))) == (b'no cre', None)


def test_of_an_error_no_more_than_a_mebibyte_is_read() -> None:
    got, _ = asyncio.run(body_of(read_error_body, b'x' * 1_048_575, b'yz', httpx.ReadError('not read')))
    assert len(got) == 1_048_576 and got.endswith(b'xy')


def test_what_was_closed_while_it_was_read_says_so() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b'never read'

    async def main() -> None:
        response = httpx.Response(200, content=pieces())
        await response.aclose()
        with pytest.raises(ModelConnectionError, match='closed while it was read') as raised:
            await anext(read(response, Deadline('m', Timeouts()), 'm'))
        assert raised.value.phase == 'read'

    asyncio.run(main())

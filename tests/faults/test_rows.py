"""The rows of the fault table over real sockets, each in every protocol. A row's number is in the test's name."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from jupyter_stream.direct import model_request_stream
from jupyter_stream.exceptions import (
    EmptyStream,
    IncompleteStream,
    ModelAPIError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelHTTPError,
    ModelOverloadedError,
    ModelRateLimitError,
    ModelRequestTimeout,
    StreamDecodeError,
    StreamLimitError,
)
from jupyter_stream.messages import ModelRequest, ModelResponse
from jupyter_stream.models import Model, infer_model
from jupyter_stream.settings import ModelSettings

from .protocols import PROTOCOLS, Protocol
from .server import Connection, ScriptedServer, Step, events, sends, status

KEY = 'sk-test-0123456789abcdef'


class Outcome:
    """What a caller sees of one request."""

    def __init__(self) -> None:
        self.text = ''
        self.error: BaseException | None = None
        self.response: ModelResponse | None = None


def model_at(wire: Protocol, url: str) -> Model:
    return infer_model(wire.model, api_key=KEY, base_url=url + wire.base)


async def ask(wire: Protocol, url: str, **settings: Any) -> Outcome:
    outcome = Outcome()
    model = model_at(wire, url)
    try:
        async with model_request_stream(
            model, [ModelRequest.user_text_prompt('Hi')], model_settings=ModelSettings(**settings)
        ) as stream:
            try:
                async for event in stream:
                    part = getattr(event, 'part', None) if event.event_kind == 'part_start' else None
                    outcome.text += (
                        getattr(part, 'content', '')
                        or getattr(getattr(event, 'delta', None), 'content_delta', '')
                        or ''
                    )
            finally:
                outcome.response = stream.get()
    except ModelAPIError as error:
        outcome.error = error
    except EmptyStream as error:
        outcome.error = error
    return outcome


def run(wire: Protocol, *script: Step, **settings: Any) -> tuple[Outcome, ScriptedServer]:
    with ScriptedServer(list(script)) as server:
        return asyncio.run(ask(wire, server.url, **settings)), server


def failed(outcome: Outcome, kind: type[BaseException], partial: str | None = None) -> str:
    assert isinstance(outcome.error, kind), repr(outcome.error)
    assert outcome.text == (partial or '')
    if partial:
        assert outcome.response is not None
        assert outcome.response.text == partial
        assert outcome.response.state == 'incomplete' and outcome.response.finish_reason is None
    assert KEY not in repr(outcome.error) + str(outcome.error)
    return str(outcome.error)


def ok(wire: Protocol) -> Step:
    return sends(wire.answer('Hel', 'lo'))


reset: Step = Connection.reset


def partial_then(wire: Protocol, what: Step) -> Step:
    def step(connection: Connection) -> None:
        connection.head()
        connection.send(wire.begun('Hel', 'lo'))
        time.sleep(0.05)
        what(connection)

    return step


def good(outcome: Outcome) -> bool:
    return (
        outcome.error is None
        and outcome.text == 'Hello'
        and outcome.response is not None
        and outcome.response.state == 'complete'
    )


def test_f01_reset_before_headers_is_retried(wire: Protocol, no_waiting: list[float]) -> None:
    outcome, server = run(wire, reset, reset, ok(wire))
    assert good(outcome) and len(server.requests) == 3
    assert 0.3 <= no_waiting[0] <= 0.5 and 0.7 <= no_waiting[1] <= 1.0


def test_f01_reset_three_times_is_a_connection_error_that_counts_the_attempts(wire: Protocol) -> None:
    outcome, server = run(wire, reset)
    failed(outcome, ModelConnectionError)
    assert len(server.requests) == 3 and outcome.error is not None
    assert '\n3 attempts were made:\n1. ModelConnectionError: ' in str(outcome.error)
    assert isinstance(outcome.error, ModelConnectionError) and len(outcome.error.attempts) == 3
    assert outcome.error.__cause__ is None, 'the frames of the HTTP library hold the key'


def test_f01_refused(wire: Protocol) -> None:
    with ScriptedServer([ok(wire)]) as server:
        url = server.url
    time.sleep(0.01)
    outcome = asyncio.run(ask(wire, url))
    assert 'while connecting' in failed(outcome, ModelConnectionError)


@pytest.mark.parametrize('first', [lambda c: None, lambda c: c.send('garbage\r\n\r\n')])
def test_f02_closed_before_headers_or_garbage_is_retried(wire: Protocol, first: Step) -> None:
    outcome, server = run(wire, first, ok(wire))
    assert good(outcome) and len(server.requests) == 2


def test_f03_no_headers_ends_with_the_whole_request(wire: Protocol) -> None:
    began = time.monotonic()
    outcome, server = run(wire, Connection.hold, first_event_timeout=0.2, request_timeout=0.5)
    failed(outcome, ModelRequestTimeout)
    assert isinstance(outcome.error, ModelRequestTimeout) and outcome.error.setting == 'request_timeout'
    assert 0.4 < time.monotonic() - began < 2 and len(server.requests) >= 2


@pytest.mark.parametrize('line', ['408 X', '409 X', '425 X', '429 X', '500 X', '502 X', '503 X', '504 X', '529 X'])
def test_f04_a_passing_failure_is_retried(wire: Protocol, line: str) -> None:
    outcome, server = run(wire, status(line, {'error': {'message': 'later'}}), ok(wire))
    assert good(outcome) and len(server.requests) == 2


@pytest.mark.parametrize(
    ('headers', 'low', 'high'),
    [
        ({'retry_after': '1'}, 1.0, 1.0),
        ({'retry_after_ms': '200'}, 0.2, 0.2),
        ({'retry_after': 'Wed, 21 Oct 2015 07:28:00 GMT'}, 0.3, 0.5),
    ],
)
def test_f05_retry_after_is_obeyed(
    wire: Protocol, headers: dict[str, str], low: float, high: float, no_waiting: list[float]
) -> None:
    outcome, _ = run(wire, status('429 Too Many Requests', **headers), ok(wire))
    assert good(outcome) and low <= no_waiting[0] <= high


@pytest.mark.parametrize('code', [400, 401, 403, 404, 422])
def test_f06_a_refusal_is_not_retried(wire: Protocol, code: int) -> None:
    outcome, server = run(wire, status(f'{code} No', {'error': {'message': f'bad key {KEY}', 'code': 'x'}}))
    message = failed(outcome, ModelHTTPError)
    assert len(server.requests) == 1 and isinstance(outcome.error, ModelHTTPError)
    assert outcome.error.status_code == code and KEY not in str(outcome.error.body)
    if code == 401:
        assert isinstance(outcome.error, ModelAuthenticationError) and wire.key_env in message


def test_f07_x_should_retry_is_obeyed(wire: Protocol) -> None:
    outcome, server = run(wire, status('503 X', x_should_retry='false'), ok(wire))
    failed(outcome, ModelHTTPError)
    assert len(server.requests) == 1
    outcome, server = run(wire, status('400 X', x_should_retry='true'), ok(wire))
    assert good(outcome)


def test_f08_a_redirect_is_refused(wire: Protocol) -> None:
    with ScriptedServer([ok(wire)]) as elsewhere:
        outcome, server = run(wire, status('307 Temporary Redirect', location=elsewhere.url + wire.base + wire.path))
        assert 'Redirects are not followed' in failed(outcome, ModelHTTPError)
        assert elsewhere.requests == [] and len(server.requests) == 1


def test_f09_a_web_page_is_named(wire: Protocol) -> None:
    outcome, _ = run(wire, status('200 ok(wire)', '<html><title>Log in</title>…', 'text/html; charset=utf-8'))
    message = failed(outcome, ModelAPIError)
    assert 'text/html' in message and '<html><title>Log in' in message


@pytest.mark.parametrize('kind', ['application/json', 'text/event-stream'])
def test_f10_an_error_body_under_200(wire: Protocol, kind: str) -> None:
    outcome, _ = run(wire, status('200 ok(wire)', {'error': {'message': 'no credit left'}}, kind))
    assert 'no credit left' in failed(outcome, ModelAPIError)


@pytest.mark.parametrize('step', [sends(), status('204 No Content')])
def test_f11_nothing_at_all(wire: Protocol, step: Step) -> None:
    outcome, _ = run(wire, step)
    failed(outcome, EmptyStream)


def test_f12_only_the_end_marker(wire: Protocol) -> None:
    outcome, _ = run(wire, sends(wire.done))
    failed(outcome, EmptyStream)


def test_f13_a_long_retry_after_is_raised_at_once(wire: Protocol) -> None:
    outcome, server = run(wire, status('429 X', retry_after='3600'))
    failed(outcome, ModelRateLimitError)
    assert isinstance(outcome.error, ModelRateLimitError) and outcome.error.retry_after == 3600
    assert len(server.requests) == 1


def test_f14_a_reset_after_deltas_keeps_the_partial(wire: Protocol) -> None:
    outcome, server = run(wire, partial_then(wire, reset))
    failed(outcome, ModelConnectionError, 'Hello')
    assert len(server.requests) == 1


def test_f15_f16_closed_early_inside_an_event(wire: Protocol) -> None:
    def step(connection: Connection) -> None:
        connection.send('HTTP/1.1 200 ok(wire)\r\ncontent-type: text/event-stream\r\ncontent-length: 5000\r\n\r\n')
        connection.send(wire.begun('Hello') + b'data: {"choices": [{"del')

    outcome, _ = run(wire, step)
    failed(outcome, ModelConnectionError, 'Hello')


def test_f17_f18_a_clean_end_without_a_finish_reason_is_incomplete(wire: Protocol) -> None:
    outcome, _ = run(wire, sends(wire.begun('Hello')))
    failed(outcome, IncompleteStream, 'Hello')
    outcome, _ = run(wire, sends(wire.begun('Hello') + b'data: {"cho'))
    failed(outcome, IncompleteStream, 'Hello')


def test_f20_a_finish_reason_without_done_is_fine(wire: Protocol) -> None:
    outcome, _ = run(wire, sends(wire.begun('Hello') + wire.finish))
    assert good(outcome)


def test_f21_done_without_a_finish_reason_is_incomplete(wire: Protocol) -> None:
    outcome, _ = run(wire, sends(wire.begun('Hello') + wire.done))
    failed(outcome, IncompleteStream, 'Hello')


@pytest.mark.parametrize('which', [0, -1])
def test_f22_f23_an_error_in_mid_stream_keeps_the_partial(wire: Protocol, which: int) -> None:
    outcome, server = run(wire, sends(wire.begun('Hello') + wire.errors[which]))
    assert 'broke' in failed(outcome, ModelAPIError, 'Hello')
    assert isinstance(outcome.error, ModelAPIError) and outcome.error.in_stream and len(server.requests) == 1


@pytest.mark.parametrize('begins', [False, True])
def test_f24_overloaded_as_the_first_event_is_retried(wire: Protocol, begins: bool) -> None:
    busy = sends((wire.opening if begins else b'') + wire.errors[-1])
    outcome, server = run(wire, busy, ok(wire))
    assert good(outcome) and len(server.requests) == 2
    outcome, _ = run(wire, busy)
    failed(outcome, ModelOverloadedError)


@pytest.mark.parametrize('data', [b'{"message": "it broke"}', b'it broke'])
def test_f25_f26_an_error_event_of_any_shape(wire: Protocol, data: bytes) -> None:
    outcome, _ = run(wire, sends(wire.begun('Hello') + b'event: error\ndata: ' + data + b'\n\n'))
    assert 'it broke' in failed(outcome, ModelAPIError, 'Hello')


@pytest.mark.parametrize(
    ('wire', 'noise'),
    [pytest.param(one, data, id=f'{one.name}-{what}') for one in PROTOCOLS for what, data in one.noise.items()],
)
def test_f27_f30_silence_and_noise_are_a_timeout(wire: Protocol, noise: bytes) -> None:
    def chatter(connection: Connection) -> None:
        for _ in range(200):
            connection.send(noise)
            time.sleep(0.02)

    outcome, _ = run(wire, partial_then(wire, chatter), idle_timeout=0.3)
    assert 'idle_timeout' in failed(outcome, ModelRequestTimeout, 'Hello')


def test_f31_malformed_json_says_where(wire: Protocol) -> None:
    outcome, _ = run(wire, sends(wire.begun('Hello') + events('{"choices": [')))
    failed(outcome, StreamDecodeError, 'Hello')
    assert isinstance(outcome.error, StreamDecodeError) and outcome.error.offset == wire.opening_events + 2


def test_f32_f33_f34_odd_bytes_are_fine(wire: Protocol) -> None:
    odd = wire.text('A').replace(b'"A"', '"A\xff\u2028\x85é"'.encode('latin-1', 'ignore'))
    outcome, _ = run(wire, sends(b'\xef\xbb\xbf' + wire.begun('H') + odd + wire.finish))
    assert outcome.error is None and outcome.text.startswith('HA\ufffd')


def test_f35_byte_by_byte(wire: Protocol) -> None:
    body = (wire.begun('🙂 ok') + wire.finish).replace(b'\n', b'\r\n')
    outcome, _ = run(wire, sends(*(body[i : i + 1] for i in range(len(body)))))
    assert outcome.text == '🙂 ok' and outcome.error is None


def test_f42_f43_after_the_end_nothing_is_read_and_nobody_waits(wire: Protocol) -> None:
    def step(connection: Connection) -> None:
        connection.head()
        connection.send(wire.answer('Hello') + wire.text(' more'))
        connection.hold()

    began = time.monotonic()
    outcome, server = run(wire, step)
    assert good(outcome) and time.monotonic() - began < 2


def test_f44_one_endless_line_is_a_limit_error(wire: Protocol) -> None:
    def step(connection: Connection) -> None:
        connection.head()
        connection.send(wire.begun('Hello') + b'data: ')
        for _ in range(64):
            connection.send(b'x' * 2**20)

    outcome, _ = run(wire, step)
    failed(outcome, StreamLimitError, 'Hello')


def test_f47_a_bad_chunk_size_is_a_protocol_error(wire: Protocol) -> None:
    def step(connection: Connection) -> None:
        connection.send(
            'HTTP/1.1 200 ok(wire)\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\nZZ\r\n'
        )

    outcome, server = run(wire, step)
    failed(outcome, ModelConnectionError)
    assert len(server.requests) == 3


def test_f52_no_content_type_and_another_charset_are_accepted(wire: Protocol) -> None:
    body = wire.answer('Hel', 'lo')
    assert good(run(wire, sends(body, head=('200 ok(wire)', 'text/event-stream; charset=iso-8859-1')))[0])
    assert good(run(wire, sends(body, head=('200 ok(wire)', '')))[0])


def test_f53_a_pooled_connection_that_the_server_has_closed_is_invisible(wire: Protocol) -> None:
    def once(connection: Connection) -> None:
        body = wire.answer('Hel', 'lo')
        connection.send(
            f'HTTP/1.1 200 ok(wire)\r\ncontent-type: text/event-stream\r\ncontent-length: {len(body)}\r\n\r\n'
        )
        connection.send(body)

    async def twice(url: str) -> list[Outcome]:
        first = await ask(wire, url)
        await asyncio.sleep(0.05)
        return [first, await ask(wire, url)]

    with ScriptedServer([once]) as server:
        assert all(map(good, asyncio.run(twice(server.url))))


def test_f54_leaving_early_closes_the_connection(wire: Protocol) -> None:
    with ScriptedServer([partial_then(wire, Connection.hold)]) as server:

        async def main() -> float:
            model = model_at(wire, server.url)
            async with model_request_stream(model, [ModelRequest.user_text_prompt('Hi')]) as stream:
                async for _ in stream:
                    break
            assert stream.get().state == 'incomplete'
            return time.monotonic()

        left = asyncio.run(main())
        assert server.wait_until_left() - left < 2


def test_f55_cancelling_the_task_closes_the_connection(wire: Protocol) -> None:
    async def main(url: str) -> float:
        task = asyncio.ensure_future(ask(wire, url))
        await asyncio.sleep(0.3)
        at = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return at

    with ScriptedServer([partial_then(wire, Connection.hold)]) as server:
        at = asyncio.run(main(server.url))
        assert server.wait_until_left() - at < 2


def test_cancel_from_another_task_ends_the_loop_quietly(wire: Protocol) -> None:
    async def main(url: str) -> ModelResponse:
        model = model_at(wire, url)
        async with model_request_stream(model, [ModelRequest.user_text_prompt('Hi')]) as stream:
            asyncio.get_running_loop().call_later(0.2, lambda: tasks.append(asyncio.ensure_future(stream.cancel())))
            async for _ in stream:
                pass
            assert stream.cancelled
            return stream.get()

    tasks: list[Any] = []
    with ScriptedServer([partial_then(wire, Connection.hold)]) as server:
        response = asyncio.run(main(server.url))
    assert response.state == 'interrupted' and response.text == 'Hello'


def test_f57_loopback_is_not_proxied(wire: Protocol, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('HTTP_PROXY', 'http://127.0.0.1:9')
    monkeypatch.delenv('NO_PROXY', raising=False)
    assert good(run(wire, ok(wire))[0])


def test_f62_two_hundred_streams_at_once(wire: Protocol) -> None:
    async def main(url: str) -> list[Outcome]:
        return await asyncio.gather(*(ask(wire, url) for _ in range(200)))

    with ScriptedServer([sends(wire.begun('Hel'), wire.text('lo') + wire.finish, pause=0.05)]) as server:
        assert all(map(good, asyncio.run(main(server.url))))

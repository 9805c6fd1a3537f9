"""E7: 64 KiB of headers and no more; what is too large is asked for once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from jupyter_stream.direct import model_request
from jupyter_stream.exceptions import ModelAPIError, ModelConnectionError, ModelHTTPError, StreamLimitError
from jupyter_stream.messages import ModelRequest
from jupyter_stream.transport import Deadline
from tests.faults.protocols import PROTOCOLS, Protocol
from tests.faults.server import Connection, ScriptedServer, Step
from tests.faults.test_rows import model_at

every = pytest.mark.parametrize('wire', PROTOCOLS, ids=lambda wire: wire.name)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    async def sleep(self: Deadline, seconds: float) -> None: ...

    monkeypatch.setattr(Deadline, 'sleep', sleep)


def asked(wire: Protocol, step: Step) -> tuple[Any, int]:
    """The error, if there was one, and how often the server was asked."""
    with ScriptedServer([step]) as server:
        try:
            asyncio.run(model_request(model_at(wire, server.url), [ModelRequest.user_text_prompt('Hi')]))
        except ModelAPIError as error:
            return error, len(server.requests)
        return None, len(server.requests)


def with_headers(wire: Protocol, size: int, line: str = '200 OK', pieces: int = 1) -> Step:
    def step(connection: Connection) -> None:
        more = {f'x-more-{number}': 'x' * (size // pieces) for number in range(pieces)}
        connection.head(line, **more)
        connection.send(wire.answer('Hello'))

    return step


@every
@pytest.mark.parametrize('pieces', [1, 10])
@pytest.mark.parametrize('line', ['200 OK', '503 Busy'])
def test_e7_headers_of_95_kib_are_refused_and_asked_for_once(wire: Protocol, pieces: int, line: str) -> None:
    error, times = asked(wire, with_headers(wire, 95 * 1024, line, pieces))
    assert isinstance(error, StreamLimitError) and '64 KiB' in str(error) and not error.in_stream
    assert times == 1


@every
def test_e7_headers_of_60_kib_are_accepted(wire: Protocol) -> None:
    assert asked(wire, with_headers(wire, 60 * 1024, pieces=4)) == (None, 1)


@every
def test_e7_headers_of_2_mb_are_asked_for_once(wire: Protocol) -> None:
    error, times = asked(wire, with_headers(wire, 2 * 10**6))
    assert isinstance(error, ModelConnectionError) and times == 1


@every
def test_e7_an_error_of_2_mb_is_asked_for_once(wire: Protocol) -> None:
    def step(connection: Connection) -> None:
        connection.head('503 Busy', 'text/plain')
        connection.send('x' * 2 * 10**6)

    error, times = asked(wire, step)
    assert isinstance(error, ModelHTTPError) and error.status_code == 503 and times == 1
    assert len(str(error.body)) <= 2**20

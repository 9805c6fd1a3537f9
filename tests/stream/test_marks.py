"""What a stream notes of the steps that httpx tells of its request."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import pytest

from jupyter_stream.stream import marks
from jupyter_stream.stream.marks import Marks

CONNECT = ['connection.connect_tcp.started', 'connection.connect_tcp.complete']
TLS = ['connection.start_tls.started', 'connection.start_tls.complete']
SEND = ['http11.send_request_headers.started', 'http11.send_request_headers.complete']
READ = ['http11.receive_response_headers.started', 'http11.receive_response_headers.complete']


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Sequence[float]:
    """A clock that goes on by a second whenever it is read; what it has said."""
    said: list[float] = []

    class Clock:
        @staticmethod
        def perf_counter() -> float:
            said.append(float(len(said)))
            return said[-1]

    monkeypatch.setattr(marks, 'time', Clock)
    return said


def noted(*events: str) -> tuple[float, float | None]:
    found = Marks(began=-1.0)

    async def tell() -> None:
        for event in events:
            await found.on_trace(event, {})

    asyncio.run(tell())
    return found.began, found.connected


@pytest.mark.usefixtures('clock')
@pytest.mark.parametrize(
    ('events', 'began', 'connected'),
    [
        pytest.param([], -1.0, None, id='nothing yet'),
        pytest.param([*CONNECT, *SEND, *READ], 0.0, 1.0, id='a new connection'),
        pytest.param([*CONNECT, *TLS, *SEND, *READ], 0.0, 2.0, id='a new connection with TLS'),
        pytest.param([*SEND, *READ], 0.0, None, id='one that was there'),
        pytest.param(CONNECT[:1], 0.0, None, id='nobody listens'),
        pytest.param([CONNECT[0], *CONNECT, *SEND], 1.0, 2.0, id='the second attempt'),
    ],
)
def test_a_request_begins_when_it_connects_or_is_sent(events: list[str], began: float, connected: float | None) -> None:
    assert noted(*events) == (began, connected)


def test_the_clock_is_read_for_few_events_only(clock: Sequence[float]) -> None:
    noted(*CONNECT, *TLS, *SEND, *READ, *['http11.receive_response_body.started'] * 100)
    assert len(clock) == 3


def test_at_first_only_the_beginning_is_known() -> None:
    before = time.perf_counter()
    found = Marks()
    assert before <= found.began <= time.perf_counter()
    assert (found.connected, found.answered, found.last, found.parts) == (None, None, None, [])
    assert Marks().parts is not found.parts

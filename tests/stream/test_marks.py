"""The moments of a request: what has not come is None, and a connection is noted when it is there."""

from __future__ import annotations

import asyncio
import time

import pytest

from jupyter_stream.stream.marks import Marks


def test_at_first_only_the_beginning_is_known() -> None:
    before = time.perf_counter()
    marks = Marks()
    assert before <= marks.began <= time.perf_counter()
    assert (marks.connected, marks.answered, marks.last, marks.parts) == (None, None, None, [])
    assert Marks().parts is not marks.parts


@pytest.mark.parametrize(
    ('event', 'is_noted'),
    [
        ('connection.connect_tcp.started', False),
        ('connection.connect_tcp.complete', True),
        ('connection.start_tls.complete', True),
        ('connection.start_tls.failed', False),
        ('http11.receive_response_headers.complete', False),
    ],
)
def test_a_connection_is_there_when_its_handshake_is_over(event: str, is_noted: bool) -> None:
    marks = Marks()
    asyncio.run(marks.on_trace(event, {}))
    assert (marks.connected is not None and marks.connected >= marks.began) is is_noted


def test_with_tls_it_is_there_after_the_second_handshake() -> None:
    marks = Marks(connected=0.0)
    asyncio.run(marks.on_trace('connection.start_tls.complete', {}))
    assert marks.connected

"""What only Chat Completions does on the socket; the rows of the fault table are in `test_rows`."""

from __future__ import annotations

from .protocols import OPENAI_CHAT
from .server import sends
from .test_rows import KEY, run


def test_the_request_is_what_it_should_be() -> None:
    step = sends(OPENAI_CHAT.answer('Hello'))
    _, server = run(OPENAI_CHAT, step, temperature=0.5, extra_headers={'x-mine': 'yes'})
    request = server.requests[0]
    assert request.line == 'POST /v1/chat/completions HTTP/1.1'
    assert request.headers['authorization'] == f'Bearer {KEY}' and request.headers['x-mine'] == 'yes'
    assert request.headers['accept-encoding'] == 'identity'
    assert request.json['temperature'] == 0.5 and request.json['stream'] is True

"""What only Anthropic Messages does on the socket; the rows of the fault table are in `test_rows`."""

from __future__ import annotations

from jupyter_stream.exceptions import EmptyStream, IncompleteStream, ModelOverloadedError

from .protocols import ANTHROPIC
from .server import events, sends, status
from .test_rows import KEY, failed, good, run

PING = b'event: ping\ndata: {"type": "ping"}\n\n'


def test_the_request_is_what_it_should_be() -> None:
    own = {'Anthropic-Beta': 'mine-2026-01-01', 'x-mine': 'yes'}
    step = sends(ANTHROPIC.answer('Hello'))
    _, server = run(ANTHROPIC, step, temperature=0.5, anthropic_betas=['theirs'], extra_headers=own)
    request = server.requests[0]
    assert request.line == 'POST /v1/messages HTTP/1.1'
    assert request.headers['authorization'] == f'Bearer {KEY}' and request.headers['x-mine'] == 'yes'
    assert request.headers['anthropic-version'] == '2026-10-21'
    assert request.headers['anthropic-beta'] == 'mine-2026-01-01,theirs'
    assert request.headers['accept-encoding'] == 'identity'
    assert request.json['temperature'] == 0.5 and request.json['stream'] is True


def test_pings_before_and_between_are_passed_over() -> None:
    body = PING + ANTHROPIC.opening + PING + ANTHROPIC.text('Hel') + PING + ANTHROPIC.text('lo') + ANTHROPIC.finish
    assert good(run(ANTHROPIC, sends(body))[0])


def test_f11_only_pings_are_nothing() -> None:
    failed(run(ANTHROPIC, sends(PING, PING))[0], EmptyStream)


def test_f17_a_message_that_only_began_is_incomplete() -> None:
    failed(run(ANTHROPIC, sends(ANTHROPIC.opening))[0], IncompleteStream)


def test_f24_overloaded_after_a_ping_is_retried() -> None:
    outcome, server = run(ANTHROPIC, sends(PING + ANTHROPIC.errors[-1]), sends(ANTHROPIC.answer('Hel', 'lo')))
    assert good(outcome) and len(server.requests) == 2


def test_f04_529_is_retried_and_then_overloaded() -> None:
    busy = {'type': 'error', 'error': {'type': 'overloaded_error', 'message': 'Overloaded'}, 'request_id': 'req_1'}
    outcome, server = run(ANTHROPIC, status('529 Overloaded', busy))
    assert 'req_1' in failed(outcome, ModelOverloadedError) and len(server.requests) == 3


def test_f48_a_refusal_is_an_answer() -> None:
    refused = {'stop_reason': 'refusal', 'stop_details': {'type': 'refusal', 'category': 'cyber', 'explanation': 'why'}}
    body = ANTHROPIC.begun('No') + events({'type': 'message_delta', 'delta': refused, 'usage': {'output_tokens': 2}})
    outcome, _ = run(ANTHROPIC, sends(body + ANTHROPIC.done))
    assert outcome.error is None and outcome.response is not None
    assert outcome.response.finish_reason == 'content_filter' and outcome.response.state == 'complete'
    assert outcome.response.provider_details == {
        'finish_reason': 'refusal',
        'refusal': 'why',
        'refusal_category': 'cyber',
    }

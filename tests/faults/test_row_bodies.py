"""The rows of the fault table about odd but proper bodies, and about answers that end in other ways than well."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable

import pytest

from jupyter_stream.exceptions import IncompleteStream, ModelConnectionError, StreamLimitError
from jupyter_stream.messages import ToolCallPart

from .protocols import GEMINI, Protocol
from .server import Connection, events, sends
from .test_rows import failed, good, run


def test_f19_the_end_of_an_http_1_0_connection_is_no_end_of_an_answer(wire: Protocol) -> None:
    def step(connection: Connection) -> None:
        connection.send('HTTP/1.0 200 OK\r\ncontent-type: text/event-stream\r\n\r\n')
        connection.send(wire.begun('Hello'))

    failed(run(wire, step)[0], IncompleteStream, 'Hello')


def test_f35_pieces_of_seven_bytes_and_split_line_ends(wire: Protocol) -> None:
    body = wire.answer('Hel', 'lo').replace(b'\n', b'\r\n')
    assert good(run(wire, sends(*(body[i : i + 7] for i in range(0, len(body), 7))))[0])


def test_f36_f37_f40_what_carries_nothing_is_passed_over(wire: Protocol) -> None:
    odd = b'id: 7\n\nretry: 10\n\n\n\n: comment\n\nevent: brand_new\ndata: {"type": "brand_new"}\n\ndata: null\n\n'
    body = odd + wire.begun('Hel') + odd + wire.text('lo') + odd + wire.finish + odd + wire.done
    assert good(run(wire, sends(body))[0])


def test_f38_a_finish_reason_that_nobody_knows_is_kept_raw(wire: Protocol) -> None:
    outcome, _ = run(wire, sends(wire.begun('Hello') + wire.ends['new'] + wire.done))
    assert outcome.error is None and outcome.response is not None
    assert outcome.response.finish_reason is None and outcome.response.state == 'complete'
    assert (outcome.response.provider_details or {})['finish_reason'] == 'new'


def test_f41_half_a_character_waits_for_its_other_half(wire: Protocol) -> None:
    halves = [events(wire.delta % f'"{half}"') for half in (r'\ud83d', r'\ude42', r' \ud83d')]
    outcome, _ = run(wire, sends(wire.opening + b''.join(halves) + wire.finish + wire.done))
    assert outcome.error is None and outcome.response is not None
    assert outcome.text == outcome.response.text == '🙂 \ufffd'


def test_f45_a_gzip_bomb_is_a_limit_error_at_once(wire: Protocol) -> None:
    packer = zlib.compressobj(9, wbits=31)
    bomb = packer.compress(wire.begun('Hello') + b'data: ')
    bomb += b''.join(packer.compress(bytes(2**20)) for _ in range(80)) + packer.flush()

    def step(connection: Connection) -> None:
        connection.head(content_encoding='gzip')
        connection.send(bomb)

    def seconds(work: Callable[[], object]) -> float:
        began = time.thread_time()  # of this thread, which the loop runs in: another program's work is none of it
        work()
        return time.thread_time() - began

    inflating = seconds(lambda: zlib.decompress(bomb, wbits=31))
    assert seconds(lambda: failed(run(wire, step)[0], StreamLimitError, 'Hello')) < 10 * inflating


def test_f46_a_truncated_gzip_is_incomplete(wire: Protocol) -> None:
    packer = zlib.compressobj(wbits=31)
    body = packer.compress(wire.begun('Hello')) + packer.flush(zlib.Z_SYNC_FLUSH)

    def step(connection: Connection) -> None:
        connection.head(content_encoding='gzip')
        connection.send(body)

    failed(run(wire, step)[0], IncompleteStream, 'Hello')


def test_f47_headers_without_end_are_a_protocol_error(wire: Protocol) -> None:
    def step(connection: Connection) -> None:
        connection.send('HTTP/1.1 200 OK\r\n')
        connection.send(b'x-more: ' + b'x' * 2**21 + b'\r\n\r\n')

    outcome, server = run(wire, step)
    failed(outcome, ModelConnectionError)
    assert len(server.requests) == 1, 'another attempt would bring the same'


@pytest.mark.parametrize('reason', ['content_filter', 'length'])
def test_f48_f49_a_filter_or_a_limit_is_a_finish_reason(wire: Protocol, reason: str) -> None:
    outcome, _ = run(wire, sends(wire.begun('Hello') + wire.ends[reason] + wire.done))
    assert outcome.error is None and outcome.response is not None
    assert (outcome.response.finish_reason, outcome.response.state) == (reason, 'complete')


def test_f50_arguments_cut_by_length_are_kept_as_they_came(wire: Protocol) -> None:
    outcome, _ = run(wire, sends(wire.begun('Hello') + wire.call + wire.ends['length'] + wire.done))
    assert outcome.error is None and outcome.response is not None
    assert isinstance(call := outcome.response.parts[-1], ToolCallPart)
    cut = {'a': 1} if wire is GEMINI else '{"a": 1'
    assert (call.tool_name, call.args, call.tool_call_id) == ('add', cut, 't1')

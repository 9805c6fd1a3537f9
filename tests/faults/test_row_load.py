"""The rows of the fault table about load and time: much at once, fast, slow, packed, and clocks that jump."""

from __future__ import annotations

import asyncio
import json
import time
import zlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import httpx
import pytest

from jupyter_stream.direct import model_request_stream
from jupyter_stream.exceptions import IncompleteStream, ModelRequestTimeout, StreamLimitError
from jupyter_stream.messages import ModelRequest, ToolCallPart
from jupyter_stream.models import infer_model
from jupyter_stream.notebook.views.markdown import MarkdownView
from jupyter_stream.notebook.views.publish import Publisher
from jupyter_stream.settings import ModelSettings
from jupyter_stream.transport._http import MAX_STREAM_BYTES

from .protocols import GEMINI, OPENAI_CHAT, RESPONSES, Protocol
from .server import Connection, ScriptedServer, Step, chat, events, sends
from .test_rows import KEY, Outcome, ask, failed, good, model_at, run

ASK = [ModelRequest.user_text_prompt('Hi')]
SLUGGISH = 0.5
"""Seconds of work that the loop may do before others have their turn."""

READ = 2**16 * 1032
"""What one read from a socket can become: gzip makes at most 1032 bytes of one."""


async def with_pulse(wire: Protocol, step: Step, **settings: Any) -> tuple[Outcome, float, float]:
    """An outcome, the seconds of work that it took, and the most work after which something else had its turn."""
    gaps: list[float] = [0.0]

    async def beat() -> None:
        last = time.thread_time()
        while True:
            await asyncio.sleep(0.005)
            now = time.thread_time()
            gaps.append(now - last)
            last = now

    with ScriptedServer([step]) as server:
        heart = asyncio.ensure_future(beat())
        await asyncio.sleep(0.01)
        began = time.thread_time()
        outcome = await ask(wire, server.url, **settings)
        took = time.thread_time() - began
        heart.cancel()
    return outcome, took, max(gaps)


def packed(body: bytes, zeros: int = 0, *, whole: bool = True) -> Step:
    """A step: the body and then so many MiB of nothing, in gzip."""
    packer = zlib.compressobj(9, wbits=31)
    data = packer.compress(body) + packer.flush(zlib.Z_SYNC_FLUSH)
    data += b''.join(packer.compress(bytes(2**20)) for _ in range(zeros))
    data += packer.flush(zlib.Z_FINISH if whole else zlib.Z_SYNC_FLUSH)

    def step(connection: Connection) -> None:
        assert connection.request.headers['accept-encoding'] == 'identity'
        connection.head(content_encoding='gzip')
        connection.send(data)

    return step


@pytest.fixture
def inflated(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many bytes came out of their packing in each turn of the loop, which a busy machine does not change."""
    turns, pieces = [0], httpx.Response.aiter_bytes

    async def counted(response: httpx.Response) -> AsyncIterator[bytes]:
        async for piece in pieces(response):
            turns[-1] += len(piece)
            asyncio.get_running_loop().call_soon(turns.append, 0)
            yield piece

    monkeypatch.setattr(httpx.Response, 'aiter_bytes', counted)
    return turns


def test_f45_a_gzip_bomb_does_not_hold_up_the_loop(wire: Protocol, inflated: list[int]) -> None:
    outcome, _ = run(wire, packed(wire.begun('Hello') + b'data: ', 300))
    assert isinstance(outcome.error, StreamLimitError)
    assert max(inflated) <= READ, 'the others have their turn after each read'
    assert sum(inflated) <= MAX_STREAM_BYTES + READ, 'what is beyond the limit stays packed'


def test_f46_a_truncated_gzip_ends_at_once(wire: Protocol) -> None:
    outcome, took, gap = asyncio.run(with_pulse(wire, packed(wire.begun('Hello'), whole=False)))
    failed(outcome, IncompleteStream, 'Hello')
    assert took < 1 and gap < SLUGGISH


NULLS: dict[str, list[Any]] = {
    'openai-chat': [{'choices': None}, {'choices': [{'index': 0, 'delta': None}]}, {'choices': []}, None],
    'anthropic': [{'type': 'content_block_delta', 'index': 0, 'delta': None}, {'type': 'ping', 'x': None}],
    'openai-responses': [
        {'type': 'response.output_text.delta', 'item_id': 'msg_1', 'output_index': 0, 'content_index': 0, 'delta': None}
    ],
    'gemini': [
        {'candidates': None},
        {'candidates': [{'content': None}]},
        {'candidates': [{'content': {'parts': None}}]},
    ],
}


def test_f39_null_in_the_place_of_content(wire: Protocol) -> None:
    nothing = events(*NULLS[wire.name])
    body = wire.opening + nothing + wire.text('Hel') + nothing + wire.text('lo') + wire.finish + wire.done
    assert good(run(wire, sends(body))[0])


def response_calls() -> bytes:
    added = [
        {
            'type': 'response.output_item.added',
            'output_index': at,
            'item': {'type': 'function_call', 'id': f'fc_{at}', 'call_id': f't{at}', 'name': name, 'arguments': ''},
        }
        for at, name in ((1, 'one'), (2, 'two'))
    ]
    pieces = [
        {
            'type': 'response.function_call_arguments.delta',
            'item_id': f'fc_{at}',
            'output_index': at,
            'delta': piece,
        }
        for at, piece in ((1, '{"a"'), (2, '{"b"'), (1, ': 1}'), (2, ': 2}'))
    ]
    return events(*added, *pieces)


def calls(wire: Protocol) -> bytes:
    """Two calls whose arguments come in turns; OpenAI's have no index, so that the id has to tell them apart.

    Gemini's come whole.
    """
    if wire is RESPONSES:
        return response_calls()
    if wire is GEMINI:
        made = [
            {'id': f't{at}', 'name': name, 'args': {key: at}} for at, name, key in ((1, 'one', 'a'), (2, 'two', 'b'))
        ]
        return events(*({'candidates': [{'content': {'parts': [{'functionCall': call}]}}]} for call in made))
    if wire is OPENAI_CHAT:
        return events(
            chat(tool_calls=[{'id': 't1', 'function': {'name': 'one', 'arguments': '{"a"'}}]),
            chat(tool_calls=[{'id': 't2', 'function': {'name': 'two', 'arguments': '{"b"'}}]),
            chat(tool_calls=[{'id': 't1', 'function': {'arguments': ': 1}'}}]),
            chat(tool_calls=[{'id': 't2', 'function': {'arguments': ': 2}'}}]),
        )
    uses = [{'type': 'tool_use', 'id': f't{i}', 'name': name, 'input': {}} for i, name in ((1, 'one'), (2, 'two'))]
    pieces = [(1, '{"a"'), (2, '{"b"'), (1, ': 1}'), (2, ': 2}')]
    return events(
        *({'type': 'content_block_start', 'index': i, 'content_block': use} for i, use in enumerate(uses, 1)),
        *(
            {'type': 'content_block_delta', 'index': i, 'delta': {'type': 'input_json_delta', 'partial_json': piece}}
            for i, piece in pieces
        ),
    )


def test_f51_interleaved_calls_stay_apart(wire: Protocol) -> None:
    outcome, _ = run(wire, sends(wire.begun('Hello') + calls(wire) + wire.finish + wire.done))
    assert outcome.error is None and outcome.response is not None
    found = [part for part in outcome.response.parts if isinstance(part, ToolCallPart)]
    assert [(part.tool_name, part.args_as_dict(), part.tool_call_id) for part in found] == [
        ('one', {'a': 1}, 't1'),
        ('two', {'b': 2}, 't2'),
    ]


def strings(value: Any) -> Iterator[str]:
    """Every string in it."""
    if isinstance(value, str):
        yield value
    elif is_dataclass(value):
        for one in fields(value):
            yield from strings(getattr(value, one.name))
    elif isinstance(value, dict):
        for pair in value.items():
            yield from strings(list(pair))
    elif isinstance(value, list | tuple):
        for one in value:
            yield from strings(one)


def test_f41_every_string_can_be_encoded(wire: Protocol) -> None:
    lone = r'x\ud83d'
    call = wire.call.replace(b'"t1"', f'"{lone}"'.encode()).replace(b'"add"', f'"{lone}"'.encode())
    call = call.replace(rb'{\"a\"', rf'{{\"{lone}\"'.encode())
    opening = wire.opening.replace(b'claude-x', lone.encode()).replace(b'msg_1', lone.encode())
    text = wire.text('y').replace(b'"y"', f'"{lone}"'.encode()).replace(b'"m-1"', f'"{lone}"'.encode())
    body = opening + text + call + wire.ends['new'].replace(b'"new"', f'"{lone}"'.encode()) + wire.done

    async def main(url: str) -> list[Any]:
        async with model_request_stream(model_at(wire, url), ASK) as stream:
            return [event async for event in stream] + [stream.get()]

    with ScriptedServer([sends(body)]) as server:
        found = list(strings(asyncio.run(main(server.url))))
    assert any('x\ufffd' in one for one in found)
    for one in found:
        one.encode()
        json.dumps(one, ensure_ascii=False).encode()


def test_f60_a_slow_reader_slows_the_sender(wire: Protocol) -> None:
    piece, count, sent = 'x' * 2**16, 500, [0]

    def flood(connection: Connection) -> None:
        connection.head()
        connection.send(wire.opening)
        for _ in range(count):
            connection.send(wire.text(piece))
            sent[0] += 1
        connection.send(wire.finish + wire.done)

    async def main(url: str) -> tuple[int, str | None]:
        async with model_request_stream(model_at(wire, url), ASK) as stream:
            async for _ in stream:
                break
            await asyncio.sleep(0.5)
            ahead = sent[0]
            async for _ in stream:
                pass
            return ahead, stream.get().text

    with ScriptedServer([flood]) as server:
        ahead, text = asyncio.run(main(server.url))
    assert ahead < count / 2, 'what nobody has read yet is kept in memory'
    assert text == piece * count


class Displays(Publisher):
    """Keeps what the page would show."""

    def __init__(self) -> None:
        self.shown: dict[str, str] = {}
        self.messages = self.bytes = 0

    def display(self, data: Any, metadata: Any, display_id: str) -> None:
        self.update(data, metadata, display_id)

    def update(self, data: Any, metadata: Any, display_id: str) -> None:
        self.messages += 1
        self.bytes += len(data['text/markdown'])
        self.shown[display_id] = data['text/markdown']

    def clear(self) -> None:
        self.shown.clear()


@pytest.mark.parametrize('owns', [True, False])
def test_f60_the_view_sends_less_than_comes_and_ends_exact(wire: Protocol, owns: bool) -> None:
    words, seconds = [f'word{index} ' + '\n\n' * (index % 25 == 0) for index in range(20_000)], 4.0
    now, page = [0.0], Displays()
    view = MarkdownView(page, owns=owns, byline=False, clock=lambda: now[0])

    async def main(url: str) -> Any:
        view.start('m')
        async with model_request_stream(model_at(wire, url), ASK) as stream:
            async for event in stream:
                now[0] += seconds / len(words)
                view.update(event)
                view.tick()
            return stream.get()

    with ScriptedServer([sends(wire.answer(*words))]) as server:
        response = asyncio.run(main(server.url))
    text = ''.join(words)
    assert response.text == text
    assert page.messages <= 10 * seconds + 3 and page.bytes <= (3 if owns else 5) * len(text)
    view.finish(response, None, None)
    [final] = page.shown.values()
    assert final.split() == text.split()


@pytest.mark.parametrize('jump', [1e7, -1e7])
def test_f61_a_clock_that_jumps_ends_nothing(wire: Protocol, jump: float, monkeypatch: pytest.MonkeyPatch) -> None:
    real, ahead = time.time, [0.0]
    monkeypatch.setattr(time, 'time', lambda: real() + ahead[0])

    def step(connection: Connection) -> None:
        ahead[0] += jump
        connection.head()
        connection.send(wire.begun('Hel'))
        time.sleep(0.05)
        ahead[0] += jump
        connection.send(wire.text('lo') + wire.finish + wire.done)

    began = time.monotonic()
    outcome, server = run(wire, step, request_timeout=20, idle_timeout=20, first_event_timeout=20, timeout=20)
    assert good(outcome) and len(server.requests) == 1
    assert time.monotonic() - began < 5 and ahead[0] == 2 * jump


def test_f61_a_clock_that_stands_still_stops_no_deadline(wire: Protocol, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, 'time', lambda: 1.7e9)
    outcome, _ = run(wire, Connection.hold, request_timeout=0.3)
    failed(outcome, ModelRequestTimeout)


def test_f62_a_flood_leaves_the_others_their_turn(wire: Protocol) -> None:
    flood = sends(wire.opening, *(wire.text('x' * 2**12) for _ in range(900)), wire.finish + wire.done)
    outcome, _, gap = asyncio.run(with_pulse(wire, flood))
    assert outcome.error is None and len(outcome.text) == 900 * 2**12
    assert gap < SLUGGISH


def test_f62_waiting_for_a_free_connection_counts(wire: Protocol) -> None:
    async def main(url: str) -> float:
        limits = httpx.Limits(max_connections=1)
        async with httpx.AsyncClient(limits=limits) as client:
            model = infer_model(wire.model, api_key=KEY, base_url=url + wire.base, http_client=client)
            async with model_request_stream(model, ASK):
                began = time.monotonic()
                with pytest.raises(ModelRequestTimeout):
                    await model.request(ASK, ModelSettings(request_timeout=0.3), stream_parameters())
                return time.monotonic() - began

    def step(connection: Connection) -> None:
        connection.head()
        connection.send(wire.begun('Hello'))
        connection.hold()

    with ScriptedServer([step]) as server:
        assert 0.2 < asyncio.run(main(server.url)) < 2


def stream_parameters() -> Any:
    from jupyter_stream.models import ModelRequestParameters

    return ModelRequestParameters()

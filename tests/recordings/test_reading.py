"""Recordings in words, whichever protocol they are of."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from jupyter_stream import providers, wire
from jupyter_stream.cassettes.file import End, chunk_line, line, read
from jupyter_stream.messages import ModelRequest, ModelResponse, SystemPromptPart, TextPart, UserPromptPart
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.profiles import profile
from jupyter_stream.recordings.reading import Reading, read_out
from jupyter_stream.settings import ModelSettings
from jupyter_stream.wire.base import Target
from tests.conformance import committed

WIRES = sorted({row.wire for row in providers.PROVIDERS})

DATA = {'bedrock': 'bedrock-converse', 'gemini': 'google'}

CONVERSATION = [
    ModelRequest(parts=[SystemPromptPart('Be brief.'), UserPromptPart('Who was Ada?')]),
    ModelResponse(parts=[TextPart('A mathematician.')]),
    ModelRequest(parts=[UserPromptPart('And when?')]),
]


def written(
    folder: Path,
    chunks: Sequence[bytes],
    *,
    protocol: str = 'openai_chat',
    status: int = 200,
    end: Any = 'complete',
    **body: Any,
) -> Reading:
    """What is read out of a cassette with one recording."""
    path = folder / 'one.cassette.jsonl'
    request = {'request': 'ab', 'n': 1, 'protocol': protocol, 'method': 'POST', 'url': '/v1/x', 'body': body}
    lines = [line(request), line({'status': status, 'headers': {}})]
    lines += [chunk_line(10 * at, data) for at, data in enumerate(chunks)]
    path.write_bytes(b''.join([*lines, End(end, 99).line()]))
    return read_out(read(path).interactions[0])


def chat(*texts: str) -> list[bytes]:
    return [b'data: {"choices": [{"index": 0, "delta": {"content": "%s"}}]}\n\n' % text.encode() for text in texts]


@pytest.mark.parametrize('protocol', WIRES)
def test_what_was_said_is_read_off_the_request(protocol: Any, tmp_path: Path) -> None:
    provider = next(row for row in providers.PROVIDERS if row.wire == protocol)
    target = Target('some-model', provider, profile(provider, 'some-model'))
    wanted = wire.protocol(protocol).encode(target, CONVERSATION, ModelSettings(), ModelRequestParameters())

    reading = written(tmp_path, [b'x'], protocol=protocol, **wanted.body)

    texts = [text for _, text in reading.said]
    assert texts == ['Be brief.', 'Who was Ada?', 'A mathematician.', 'And when?']
    assert [who for who, _ in reading.said][-2:] == ['assistant', 'user']
    assert reading.prompt == 'And when?'


@pytest.mark.parametrize('protocol', WIRES)
def test_the_answer_is_read_as_a_live_one_is(protocol: Any, tmp_path: Path) -> None:
    recorded = next(
        stream
        for stream in committed.streams(DATA.get(protocol, protocol.replace('_', '-')))
        if not stream['golden']['error']
        and [part['part_kind'] for part in stream['golden']['final']['parts']] == ['text']
    )
    body, expected = recorded['body'], recorded['golden']['final']['parts'][0]['content']
    pieces = [body[at : at + 100] for at in range(0, len(body), 100)]

    reading = written(tmp_path, pieces, protocol=protocol, model='some-model')

    assert reading.answer == expected.strip()
    assert (reading.chunks, reading.size) == (len(pieces), len(body))


def test_facts(tmp_path: Path) -> None:
    reading = written(tmp_path, chat('Hel', 'lo'), end='left', model='m', temperature=0, messages=[])

    assert (reading.model, reading.status, reading.end, reading.ms) == ('m', 200, 'left', 99)
    assert reading.settings == ['temperature: 0']
    assert reading.answer == 'Hello'
    assert reading.prompt == ''


@pytest.mark.parametrize('end', ['cut', 'left'])
def test_half_an_answer_is_read_as_far_as_it_came(end: str, tmp_path: Path) -> None:
    torn = [*chat('Hello', ' wor'), b'data: {"choices": [{"ind']

    assert written(tmp_path, torn, end=end).answer == 'Hello wor'


def test_an_error_is_shown_as_it_came(tmp_path: Path) -> None:
    assert written(tmp_path, [b'{"error": "No."}'], status=401).answer == '{"error": "No."}'


def test_what_cannot_be_read_is_shown_as_it_came(tmp_path: Path) -> None:
    assert written(tmp_path, [b'hello ', b'\xff'], protocol='of-the-future').answer == 'hello \N{REPLACEMENT CHARACTER}'
    assert written(tmp_path, [b'<html>no</html>']).answer == '<html>no</html>'


def test_calls_and_thinking_are_marked(tmp_path: Path) -> None:
    call = b'{"index": 0, "id": "c", "function": {"name": "born", "arguments": "{\\"who\\": 1}"}}'
    thought = b'data: {"choices": [{"index": 0, "delta": {"reasoning_content": "Hm."}}]}\n\n'
    chunks = [thought, *chat('Well.'), b'data: {"choices": [{"index": 0, "delta": {"tool_calls": [%s]}}]}\n\n' % call]

    assert written(tmp_path, chunks).answer == '[thinking] Hm.\n\nWell.\n\n[call] born({"who":1})'

"""Recorded, then replayed: the same events by the same decoders, and nothing asked of anybody."""

from __future__ import annotations

import asyncio
import base64
import gzip
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from jupyter_stream import models
from jupyter_stream.cassettes import cassette
from jupyter_stream.cassettes.file import End, line, read
from jupyter_stream.direct import model_request_stream, model_request_sync
from jupyter_stream.exceptions import (
    CassetteMiss,
    CassetteWarning,
    MissingKeyError,
    ModelAPIError,
    ModelHTTPError,
    UserError,
)
from jupyter_stream.messages import DocumentUrl, ModelRequest, ModelResponse, UserPromptPart
from jupyter_stream.models import Model, infer_model
from jupyter_stream.models._downloads import downloaded
from jupyter_stream.transport.fetch import Fetched
from tests.faults.server import Connection, ScriptedServer, Step
from tests.field.nine import KEY, NINE, Answer

ASKED = [ModelRequest(parts=[UserPromptPart('Hello')])]


async def events_of(model: Model | str, messages: Any = ASKED) -> tuple[list[str], ModelResponse | Exception]:
    """The events as text, and what they ended in."""
    seen: list[str] = []
    try:
        async with model_request_stream(model, messages, model_settings={'max_retries': 2}) as stream:
            async for event in stream:
                seen.append(repr(event))
            return seen, stream.get()
    except ModelAPIError as error:
        return seen, error


def ask(model: Model | str, messages: Any = ASKED) -> tuple[list[str], ModelResponse | Exception]:
    return asyncio.run(events_of(model, messages))


def in_pieces(body: bytes, size: int = 37, content_type: str = 'text/event-stream', **headers: str) -> Step:
    """A step: the body in pieces that end anywhere."""

    def step(connection: Connection) -> None:
        connection.head(content_type=content_type, **headers)
        for at in range(0, len(body), size):
            connection.send(body[at : at + size])

    return step


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / 'a.cassette.jsonl'


@contextmanager
def offline() -> Iterator[None]:
    """Inside, no address is looked up, nothing is connected to, no key is set."""

    def refuse(*_: object, **__: object) -> Any:
        raise AssertionError('a replay went to the network')

    with pytest.MonkeyPatch.context() as patch, models.override_allow_model_requests(False):
        patch.setattr(socket, 'getaddrinfo', refuse)
        patch.setattr(httpx.AsyncHTTPTransport, 'handle_async_request', refuse)
        for name in list(os.environ):
            if name.endswith(('_KEY', '_TOKEN')) or name.startswith(('AWS_', 'GOOGLE_', 'AZURE_')):
                patch.delenv(name)
        yield


def record(path: Path, answer: Answer, size: int = 37) -> tuple[list[str], ModelResponse | Exception]:
    script = [in_pieces(answer.body, size, answer.content_type)]
    with ScriptedServer(script) as server, cassette(path, 'record'):
        recorded = ask(answer.model_at(server.url))
    assert len(server.requests) == 1
    return recorded


def replay(path: Path, model: Model | str, messages: Any = ASKED) -> tuple[list[str], ModelResponse | Exception]:
    with offline(), cassette(path, 'replay', speed=0):
        return ask(model, messages)


@pytest.mark.parametrize('answer', NINE, ids=lambda answer: answer.name)
def test_a_replay_has_the_same_events_to_the_byte(path: Path, answer: Answer) -> None:
    recorded, whole = record(path, answer)
    replayed, again = replay(path, answer.model)
    assert replayed == recorded
    assert isinstance(whole, ModelResponse) and isinstance(again, ModelResponse)
    assert again.parts == whole.parts and again.usage == whole.usage and again.finish_reason == whole.finish_reason
    assert again.provider_response_id == whole.provider_response_id
    assert again.metadata == {'replayed': True} and whole.metadata is None


@pytest.mark.parametrize('size', [1, 10_000], ids=['byte by byte', 'at once'])
def test_pieces_that_end_anywhere_are_kept_as_they_came(path: Path, size: int) -> None:
    answer = next(one for one in NINE if one.name == 'bedrock-converse')  # binary: most pieces are no UTF-8
    recorded, _ = record(path, answer, size)
    assert replay(path, answer.model)[0] == recorded
    pieces = read(path).interactions[0].answer().chunks
    assert b''.join(data for _, data in pieces) == answer.body


CHAT = NINE[0]
SPOKEN = 'data: {"id": "c1", "model": "m-1", "choices": [{"index": 0, "delta": {"content": %s}}]}\n\n'
DONE = 'data: {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}\n\ndata: [DONE]\n\n'


def saying(*texts: str) -> Step:
    return in_pieces((''.join(SPOKEN % f'"{text}"' for text in texts) + DONE).encode())


def refusing(status: str, body: str, **headers: str) -> Step:
    def step(connection: Connection) -> None:
        connection.head(status, 'application/json', content_length=str(len(body)), **headers)
        connection.send(body)

    return step


def cut_off(connection: Connection) -> None:
    connection.send('HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 9999\r\n\r\n')
    connection.send(SPOKEN % '"Half"')


def recorded_with(path: Path, *script: Step, times: int = 1, mode: Any = 'record') -> list[Any]:
    with ScriptedServer(list(script)) as server, cassette(path, mode):
        return [ask(CHAT.model_at(server.url)) for _ in range(times)]


def test_an_error_is_replayed_with_its_status_and_body(path: Path) -> None:
    body = '{"error": {"message": "No such model", "code": "model_not_found"}}'
    [(_, before)] = recorded_with(path, refusing('404 Not Found', body))
    _, after = replay(path, CHAT.model)
    assert isinstance(before, ModelHTTPError) and isinstance(after, ModelHTTPError)
    assert (after.status_code, after.body, type(after)) == (before.status_code, before.body, type(before))


def test_retries_are_interactions_of_their_own(path: Path) -> None:
    script = [refusing('503 Busy', '{}', retry_after='0.01'), refusing('503 Busy', '{}', retry_after='0.01')]
    [(events, _)] = recorded_with(path, *script, saying('Hi'))
    assert [(one.n, one.answer().status) for one in read(path).interactions] == [(1, 503), (2, 503), (3, 200)]
    again, response = replay(path, CHAT.model)
    assert again == events and isinstance(response, ModelResponse)


def test_an_attempt_without_an_answer_takes_no_number(path: Path) -> None:
    def gone(connection: Connection) -> None:
        connection.reset()

    [(events, _)] = recorded_with(path, gone, saying('Hi'))
    assert [one.n for one in read(path).interactions] == [1]
    assert replay(path, CHAT.model)[0] == events


def test_a_stream_that_was_cut_is_cut_again(path: Path) -> None:
    with ScriptedServer([cut_off]) as server, cassette(path, 'record'):
        events, error = ask(CHAT.model_at(server.url))
    end = read(path).interactions[0].answer().end
    assert (end.end, end.error) == ('cut', 'RemoteProtocolError')
    again, same = replay(path, CHAT.model_at(server.url))
    assert events and again == events
    assert isinstance(error, Exception) and (type(same), str(same)) == (type(error), str(error))


def test_a_stream_that_its_reader_left_ends_there(path: Path) -> None:
    def goes_on(connection: Connection) -> None:
        connection.head()
        connection.send(SPOKEN % '"One"')
        connection.hold()

    async def leave(model: Model | str) -> None:
        async with model_request_stream(model, ASKED) as stream:
            async for _ in stream:
                await stream.cancel()

    with ScriptedServer([goes_on]) as server, cassette(path, 'record'):
        asyncio.run(leave(CHAT.model_at(server.url)))
    assert read(path).interactions[0].answer().end.end == 'left'
    events, error = replay(path, CHAT.model)
    assert 'One' in events[0]
    assert 'the recording ends here, where its reader had left' in str(error)


def test_a_compressed_body_is_kept_as_what_it_says(path: Path) -> None:
    body = gzip.compress((SPOKEN % '"Hi"' + DONE).encode())
    [(events, _)] = recorded_with(path, in_pieces(body, content_encoding='gzip'))
    assert b'content-encoding' not in path.read_bytes() and b'b64' not in path.read_bytes()
    assert replay(path, CHAT.model)[0] == events


# ------------------------------------------------------------------- modes


def texts(results: list[Any]) -> list[str]:
    return [
        response.text if isinstance(response, ModelResponse) else type(response).__name__ for _, response in results
    ]


def test_the_same_request_gets_its_answers_in_order_and_then_none(path: Path) -> None:
    recorded_with(path, saying('one'), saying('two'), times=2)
    with offline(), cassette(path, 'replay', speed=0):
        assert texts([ask(CHAT.model), ask(CHAT.model)]) == ['one', 'two']
        with pytest.raises(CassetteMiss, match='was recorded 2 times, and is now made 3 times'):
            ask(CHAT.model)
    with offline(), cassette(path, 'replay', speed=0, repeat=True):
        assert texts([ask(CHAT.model) for _ in range(4)]) == ['one', 'two', 'two', 'two']


def test_a_miss_says_what_differs_and_how_to_record_it_and_asks_nobody(path: Path) -> None:
    recorded_with(path, saying('one'))
    with pytest.raises(CassetteMiss, match=r'is not among the recorded ones \(1\)') as caught:
        replay(path, CHAT.model, [ModelRequest(parts=[UserPromptPart('Goodbye')])])
    changed = [line.strip() for line in caught.value.diff.splitlines() if line[:1] in '+-' and '"' in line]
    assert changed == ['-    "content": "Hello",', '+    "content": "Goodbye",']
    assert 'JUPYTER_STREAM_CASSETTE_MODE=auto' in str(caught.value) and '--cassette record' in str(caught.value)


def test_without_any_cassette_a_replay_says_so(path: Path) -> None:
    with pytest.raises(CassetteMiss, match='there is no cassette with anything in it'):
        replay(path, CHAT.model)


def test_auto_replays_what_is_there_and_records_the_rest(path: Path) -> None:
    recorded_with(path, saying('one'))
    with ScriptedServer([saying('two')]) as server, cassette(path, 'auto', speed=0):
        assert texts([ask(CHAT.model_at(server.url)) for _ in range(2)]) == ['one', 'two']
        assert len(server.requests) == 1
    assert [one.n for one in read(path).interactions] == [1, 2]


def test_recording_anew_replaces_what_was_there(path: Path) -> None:
    recorded_with(path, saying('one'), saying('two'), times=2)
    recorded_with(path, saying('new'))
    assert [one.n for one in read(path).interactions] == [1]
    assert texts([replay(path, CHAT.model)]) == ['new']


def test_off_asks_and_keeps_nothing_also_inside_of_another(path: Path) -> None:
    with cassette(path, 'replay'):
        assert texts(recorded_with(path, saying('live'), mode='off')) == ['live']
    assert not path.exists()


def test_the_inner_cassette_counts(path: Path, tmp_path: Path) -> None:
    recorded_with(path, saying('inner'))
    with offline(), cassette(tmp_path / 'none.jsonl', 'replay'), cassette(path, 'replay', speed=0):
        assert texts([ask(CHAT.model)]) == ['inner']


def test_a_folder_is_looked_through_whatever_the_files_are_called(tmp_path: Path) -> None:
    for name in ('zebra', 'yak'):
        recorded_with(tmp_path / f'{name}.cassette.jsonl', saying(name))
    with offline(), cassette(tmp_path, 'replay', speed=0):
        assert texts([ask(CHAT.model)]) == ['yak']


def test_the_sync_functions_and_async_with_are_covered(path: Path) -> None:
    recorded_with(path, saying('one'))
    with offline(), cassette(path, 'replay', speed=0):
        assert model_request_sync(CHAT.model, ASKED).text == 'one'

    async def inside() -> str | None:
        async with cassette(path, 'replay', speed=0):
            return (await events_of(CHAT.model))[1].text  # type: ignore[union-attr]

    with offline():
        assert asyncio.run(inside()) == 'one'


def test_a_model_of_no_provider_passes_by(path: Path) -> None:
    with cassette(path, 'replay'):
        assert isinstance(ask('test')[1], ModelResponse)


def test_the_environment_says_mode_folder_and_speed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded_with(tmp_path / 'a.cassette.jsonl', saying('one'))
    monkeypatch.setenv('JUPYTER_STREAM_CASSETTES', str(tmp_path))
    monkeypatch.setenv('JUPYTER_STREAM_CASSETTE_MODE', 'replay')
    monkeypatch.setenv('JUPYTER_STREAM_CASSETTE_SPEED', '0')
    with offline():
        assert texts([ask(CHAT.model)]) == ['one']
    for name, value in (('MODE', 'rewind'), ('SPEED', 'fast')):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(f'JUPYTER_STREAM_CASSETTE_{name}', value)
            with pytest.raises(UserError, match=rf'JUPYTER_STREAM_CASSETTE_{name} must be .*{value}'):
                ask(CHAT.model)


# ------------------------------------------------------------------- nothing of the provider


@pytest.mark.parametrize(
    'model', ['azure:gpt', 'openrouter:a/b', 'google-cloud:gemini-2.5-flash', 'bedrock:us.amazon.nova', 'local:']
)
def test_a_model_needs_no_key_no_region_and_no_file_to_miss(
    path: Path, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr('jupyter_stream.local.weights.Packaged.path', lambda self: None)
    with pytest.raises(CassetteMiss):
        replay(path, model)


def test_what_is_missing_is_said_when_it_is_needed(path: Path) -> None:
    with offline(), models.override_allow_model_requests(True), cassette(path, 'auto'):
        model = infer_model('openai-chat:m-1')
        with pytest.raises(MissingKeyError):
            ask(model)
    with offline(), cassette(path, 'record'), pytest.raises(MissingKeyError):
        infer_model('openai-chat:m-1')


def test_no_request_is_made_where_none_is_allowed(path: Path) -> None:
    with models.override_allow_model_requests(False), pytest.raises(RuntimeError, match='not allowed'):
        recorded_with(path, saying('one'))


def test_a_file_named_by_its_address_is_not_downloaded_for_a_replay(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched: list[str] = []

    async def fetch(url: str, **_: Any) -> Fetched:
        fetched.append(url)
        return Fetched(b'%PDF-1.4 the file', 'application/pdf')

    async def download(messages: Any, wanted: Any) -> Any:
        return await downloaded(messages, wanted, fetch)

    monkeypatch.setattr('jupyter_stream.models.http.downloaded', download)

    def asked(query: str) -> Any:
        url = f'https://files.example/paper.pdf?{query}'
        return [
            ModelRequest(
                parts=[UserPromptPart(['Sum up', DocumentUrl(url, media_type='application/pdf', force_download=True)])]
            )
        ]

    answer = next(one for one in NINE if one.name == 'anthropic')
    with ScriptedServer([in_pieces(answer.body)]) as server, cassette(path, 'record'):
        events, _ = ask(answer.model_at(server.url), asked('X-Amz-Signature=12345&a=1'))
    assert len(fetched) == 1 and b'the file' in base64.b64decode(
        server.requests[0].json['messages'][0]['content'][1]['source']['data']
    )
    assert replay(path, answer.model, asked('X-Amz-Signature=67890&a=1'))[0] == events
    assert len(fetched) == 1 and b'12345' not in path.read_bytes()


# ------------------------------------------------------------------- what is not kept


def test_an_answer_with_a_known_key_goes_on_and_is_not_recorded(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = 'sk-canary-0123456789abcdef'
    monkeypatch.setenv('OPENAI_API_KEY', key)
    with pytest.warns(CassetteWarning, match='not recorded in .*: it holds the key that OPENAI_API_KEY is set to'):
        results = recorded_with(path, saying(f'It is {key}'))
    assert texts(results) == [f'It is {key}']
    assert os.listdir(path.parent) == []


def test_the_key_of_the_request_is_refused_as_well(path: Path) -> None:
    with pytest.warns(CassetteWarning, match='it holds the key of the request'):
        recorded_with(path, saying(KEY))
    assert os.listdir(path.parent) == []


def test_neither_headers_nor_accounts_are_kept(path: Path) -> None:
    organisation, account = 'org-0123456789abcdefghijABCD', '123456789012'
    said = f'{organisation} arn:aws:bedrock:us-east-1:{account}:profile/x'
    step = in_pieces((SPOKEN % f'"{said}"' + DONE).encode(), openai_organization=organisation, set_cookie='a=b')
    [(_, response)] = recorded_with(path, step)
    assert response.text == said
    text = path.read_text()
    assert all(word not in text for word in (organisation, account, 'cookie', KEY))
    assert texts([replay(path, CHAT.model)]) == [
        said.replace(organisation, f'org-{"x" * 24}').replace(account, 'x' * 12)
    ]


def test_the_gaps_are_those_that_were_recorded(path: Path) -> None:
    """Held as a ratio, and ten times as wide as on a quiet machine: what is exact is measured in benchmarks/."""
    lines = [[at, SPOKEN % f'"{at}"'] for at in range(200, 501, 100)] + [[501, DONE]]
    recorded_with(path, saying('one'))
    head = path.read_bytes().splitlines(keepends=True)[:2]
    path.write_bytes(b''.join([*head, *map(line, lines), End('complete', 501).line()]))

    async def times(speed: float) -> list[float]:
        with cassette(path, 'replay', speed=speed):
            async with model_request_stream(CHAT.model, ASKED) as stream:
                return [time.perf_counter() async for event in stream if 'content' in repr(event)]

    with offline():
        for speed in (1, 4):
            seen = asyncio.run(times(speed))
            assert seen[3] - seen[0] >= 0.3 / speed * 0.9
            assert seen[3] - seen[0] < 0.3 / speed + 1

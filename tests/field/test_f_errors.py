"""F: errors say enough: who, which status, which request, what was tried, and no more than is known."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from jupyter_stream.direct import model_request_stream
from jupyter_stream.exceptions import (
    AgentRunError,
    EmptyStream,
    FallbackExceptionGroup,
    IncompleteStream,
    ModelAPIError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelOverloadedError,
    ModelRateLimitError,
    ModelRequestTimeout,
    ModelServerError,
    StreamDecodeError,
    StreamLimitError,
)
from jupyter_stream.messages import ModelRequest, ModelResponse, TextPart
from jupyter_stream.models import Model, infer_model
from jupyter_stream.models.fallback import FallbackModel
from jupyter_stream.notebook.bundle import note_of
from jupyter_stream.notebook.errors import short_errors
from jupyter_stream.notebook.play import _mark  # pyright: ignore[reportPrivateUsage]
from jupyter_stream.settings import ModelSettings
from jupyter_stream.transport import Deadline, _http
from tests.faults.protocols import PROTOCOLS, Protocol
from tests.faults.server import Connection, ScriptedServer, Step, events, status

ASK = [ModelRequest.user_text_prompt('Hi')]
every = pytest.mark.parametrize('wire', PROTOCOLS, ids=lambda wire: wire.name)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    waits: list[float] = []

    async def sleep(self: Deadline, seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr(Deadline, 'sleep', sleep)
    return waits


def model_at(wire: Protocol, url: str) -> Model:
    return infer_model(wire.model, api_key='sk-test-0123456789abcdef', base_url=url + wire.base)


async def failure(model: Model, **settings: Any) -> tuple[Any, str]:
    """What a request ends with, and the text that had come."""
    text = ''
    with pytest.raises((AgentRunError, FallbackExceptionGroup)) as raised:
        async with model_request_stream(model, ASK, model_settings=ModelSettings(**settings)) as stream:
            try:
                async for _ in stream:
                    pass
            finally:
                text = stream.get().text or ''
    return raised.value, text


def fails(wire: Protocol, *script: Step, **settings: Any) -> tuple[Any, str, ScriptedServer]:
    with ScriptedServer(list(script)) as server:
        return *asyncio.run(failure(model_at(wire, server.url), **settings)), server


def stream(*pieces: bytes, then: Step | None = None) -> Step:
    """A 200 with the id of its request, which goes wrong later."""

    def step(connection: Connection) -> None:
        connection.head(x_request_id='req_1')
        for piece in pieces:
            connection.send(piece)
        if then is not None:
            time.sleep(0.05)
            then(connection)

    return step


# ------------------------------------------------------------------ who, which status, which request


BREAKS = {
    'incomplete': (b'', None, IncompleteStream),
    'reset': (b'', Connection.reset, ModelConnectionError),
    'malformed': (events('{"choices": ['), None, StreamDecodeError),
    'silent': (b'', Connection.hold, ModelRequestTimeout),
}


@every
@pytest.mark.parametrize('how', BREAKS)
def test_f_a_200_that_breaks_later_knows_its_request(wire: Protocol, how: str) -> None:
    more, then, kind = BREAKS[how]
    error, text, _ = fails(wire, stream(wire.begun('Hello') + more, then=then), idle_timeout=0.5)
    assert isinstance(error, kind) and text == 'Hello'
    assert (error.request_id, error.response_status, error.in_stream) == ('req_1', 200, True)
    assert error.provider_name and error.provider_name in infer_title(wire)
    assert str(error).endswith('(request id req_1)')


def infer_title(wire: Protocol) -> str:
    from jupyter_stream.providers import find

    row = find(wire.model.partition(':')[0])
    assert row is not None
    return row.title


@every
def test_f_a_limit_knows_its_request(wire: Protocol) -> None:
    error, _, _ = fails(wire, stream(wire.begun('Hello') + wire.text('x' * 2**16) * 2), max_stream_bytes=2**16)
    assert isinstance(error, StreamLimitError) and error.request_id == 'req_1'


@every
def test_f_an_empty_stream_knows_its_request(wire: Protocol) -> None:
    error, _, _ = fails(wire, stream())
    assert isinstance(error, EmptyStream)
    assert (error.request_id, error.response_status, error.provider_name) == ('req_1', 200, infer_title(wire))


@every
def test_f_a_provider_that_was_not_reached_is_named(wire: Protocol) -> None:
    error, _, _ = fails(wire, Connection.reset, max_retries=0)
    assert (error.provider_name, error.request_id, error.response_status) == (infer_title(wire), None, None)
    assert not error.in_stream


@every
def test_f_a_refusal_has_its_status(wire: Protocol) -> None:
    error, _, _ = fails(wire, status('400 No', {'error': {'message': 'no'}}, x_request_id='req_2'))
    assert (error.status_code, error.response_status, error.request_id) == (400, 400, 'req_2')
    assert not error.in_stream and str(error).count('req_2') == 1


@every
@pytest.mark.parametrize('which', [0, -1])
def test_f_an_error_inside_a_200_claims_no_status_that_nobody_sent(wire: Protocol, which: int) -> None:
    error, _, _ = fails(wire, stream(wire.begun('Hello') + wire.errors[which]))
    assert 'answered' not in str(error) and 'broke off the answer' in str(error)
    assert not any(code in str(error) for code in ('500', '529', '503'))
    assert (error.response_status, error.request_id, error.in_stream) == (200, 'req_1', True)


# ------------------------------------------------------------------ attempts


@every
def test_f_the_message_lists_the_attempts(wire: Protocol) -> None:
    script = [Connection.reset, status('503 X', {'error': {'message': 'later'}}), status('500 X', 'no', 'text/plain')]
    error, _, _ = fails(wire, *script)
    first, said, *lines = str(error).split('\n')
    assert 'answered 500' in first and said == '3 attempts were made:'
    assert [line[:3] for line in lines] == ['1. ', '2. ', '3. ']
    assert 'ModelConnectionError' in lines[0] and '503' in lines[1] and 'later' in lines[1] and '500' in lines[2]
    assert [attempt.outcome for attempt in error.attempts] == ['error'] * 3


@every
def test_f_one_attempt_needs_no_list(wire: Protocol) -> None:
    error, _, _ = fails(wire, status('400 X', {'error': {'message': 'no'}}))
    assert '\n' not in str(error) and error.attempts == ()


def test_f_a_cell_shows_the_attempts_of_a_fallback() -> None:
    wire = PROTOCOLS[0]
    with ScriptedServer([status('400 X', {'error': {'message': 'not this'}})]) as server:
        models = FallbackModel(model_at(wire, server.url), model_at(wire, server.url))
        group, _ = asyncio.run(failure(models))
    assert isinstance(group, FallbackExceptionGroup)
    with pytest.raises(FallbackExceptionGroup), short_errors():
        raise group
    [shown] = group._render_traceback_()  # type: ignore[attr-defined]
    assert shown.count('not this') == 2 and shown.startswith('FallbackExceptionGroup: All models')


@every
def test_f_a_429_whose_wait_is_beyond_the_deadline_is_raised_at_once(wire: Protocol, no_waiting: list[float]) -> None:
    error, _, server = fails(wire, status('429 X', retry_after='30'), request_timeout=20)
    assert isinstance(error, ModelRateLimitError) and error.retry_after == 30
    assert len(server.requests) == 1 and no_waiting == []


@every
def test_f_a_failure_that_leaves_no_time_is_raised_as_it_is(wire: Protocol, no_waiting: list[float]) -> None:
    error, _, _ = fails(wire, status('503 X', retry_after='50'), request_timeout=40)
    assert isinstance(error, ModelAPIError) and not isinstance(error, ModelRequestTimeout) and no_waiting == []


# ------------------------------------------------------------------ keys


@pytest.mark.parametrize(
    ('model', 'variable', 'others'),
    [
        ('openai-chat:m', 'OPENAI_API_KEY', ()),
        ('google:m', 'GEMINI_API_KEY', ('GOOGLE_API_KEY',)),
        ('google:m', 'GOOGLE_API_KEY', ('GEMINI_API_KEY',)),
        ('cohere:m', 'CO_API_KEY', ('COHERE_API_KEY',)),
        ('huggingface:a/m', 'HF_TOKEN', ('HUGGINGFACE_API_KEY',)),
    ],
)
@pytest.mark.parametrize('line', ['401 X', '403 X'])
def test_f_a_401_names_the_variable_that_was_read(
    model: str, variable: str, others: tuple[str, ...], line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in others:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, 'a-key-of-the-environment')
    with ScriptedServer([status(line, {'error': {'message': 'no'}})]) as server:
        error, _ = asyncio.run(failure(infer_model(model, base_url=server.url)))
    assert isinstance(error, ModelAuthenticationError)
    assert f'The key came from `{variable}`' in str(error) and 'a-key-of-the' not in str(error)
    assert not any(name in str(error) for name in others)


def test_f_a_key_that_is_refused_with_400_names_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('GEMINI_API_KEY', 'a-key-of-the-environment')
    body = {'error': {'code': 400, 'message': 'API key not valid.', 'details': [{'reason': 'API_KEY_INVALID'}]}}
    with ScriptedServer([status('400 X', body)]) as server:
        error, _ = asyncio.run(failure(infer_model('google:m', base_url=server.url)))
    assert isinstance(error, ModelAuthenticationError) and '`GEMINI_API_KEY`' in str(error)


def test_f_a_server_that_wants_a_key_where_none_was_sent_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv('OLLAMA_API_KEY', raising=False)
    with ScriptedServer([status('401 X', {'error': 'unauthorized'})]) as server:
        error, _ = asyncio.run(failure(infer_model('ollama:m', base_url=server.url)))
    assert 'No key was sent: set `OLLAMA_API_KEY`' in str(error)


@every
def test_f_a_401_whose_body_stalls_is_raised_soon(wire: Protocol, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _http.ERROR_BODY_SECONDS <= 5
    monkeypatch.setattr(_http, 'ERROR_BODY_SECONDS', 0.05)

    def step(connection: Connection) -> None:
        connection.send('HTTP/1.1 401 No\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{"error"')
        connection.hold()

    began = time.monotonic()
    error, _, server = fails(wire, step)
    assert isinstance(error, ModelAuthenticationError) and time.monotonic() - began < 15
    assert len(server.requests) == 1


# ------------------------------------------------------------------ words


def test_f_a_malformed_event_is_not_a_connection_that_broke() -> None:
    response = ModelResponse(parts=[TextPart('So far')], state='incomplete')
    for error, broke in ((StreamDecodeError('m', 'x'), False), (IncompleteStream('m'), True)):
        note = note_of(response, _mark(error, response), error)
        assert note and ('connection broke' in note) is broke
    assert 'connection' not in (note_of(response) or '')


PEERS = {
    'object': {'error': {'message': 'bad', 'code': 'c1', 'type': 't1', 'param': None}},
    'flat': {'message': 'bad', 'code': 'c1'},
    'quota': {'error': {'message': 'bad', 'code': 'insufficient_quota', 'type': 'insufficient_quota'}},
}


@pytest.mark.parametrize('body', PEERS.values(), ids=PEERS)
@pytest.mark.parametrize('in_stream', [False, True])
def test_f_body_code_and_type_are_the_peers(body: dict[str, Any], in_stream: bool) -> None:
    from pydantic_ai.direct import model_request_stream as peer_stream
    from pydantic_ai.exceptions import ModelAPIError as PeerError
    from pydantic_ai.messages import ModelRequest as PeerRequest

    openai = pytest.importorskip('openai')
    chat = __import__('pydantic_ai.models.openai', fromlist=['OpenAIChatModel'])
    provider = __import__('pydantic_ai.providers.openai', fromlist=['OpenAIProvider'])
    step = stream(events(body)) if in_stream else status('400 No', body)
    if in_stream and 'error' not in body:
        return

    async def peers(url: str) -> Any:
        client = openai.AsyncOpenAI(api_key='k', base_url=f'{url}/v1', max_retries=0)
        model = chat.OpenAIChatModel('m', provider=provider.OpenAIProvider(openai_client=client))
        with pytest.raises(PeerError) as raised:
            async with peer_stream(model, [PeerRequest.user_text_prompt('Hi')]) as answer:
                async for _ in answer:
                    pass
        return raised.value

    ours, _, _ = fails(PROTOCOLS[0], step, max_retries=0)
    with ScriptedServer([step]) as server:
        theirs = asyncio.run(peers(server.url))
    names = ('body', 'provider_error_code', 'provider_error_type', 'in_stream')
    assert [getattr(ours, name) for name in names] == [getattr(theirs, name) for name in names]
    assert getattr(ours, 'status_code', None) == getattr(theirs, 'status_code', None)
    assert type(ours).__name__ == type(theirs).__name__


def test_f_an_overloaded_chat_has_no_status_as_the_peers_has_none() -> None:
    wire = PROTOCOLS[0]
    error, _, _ = fails(wire, stream(wire.errors[-1]), max_retries=0)
    assert isinstance(error, ModelOverloadedError) and not isinstance(error, ModelServerError)
    assert not hasattr(error, 'status_code') and error.body == {'message': 'broke', 'type': 'overloaded_error'}

"""No key is ever seen: not in the most talkative traceback of any error, in a log, in a pickle or in a repr."""

from __future__ import annotations

import asyncio
import json
import logging
import pickle
import time
import traceback
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from IPython.core.ultratb import VerboseTB

from jupyter_stream.direct import model_request, model_request_stream_sync, model_request_sync
from jupyter_stream.exceptions import (
    IncompleteStream,
    ModelRateLimitError,
    UserError,
)
from jupyter_stream.messages import ModelRequest
from jupyter_stream.models import infer_model
from jupyter_stream.providers import find
from jupyter_stream.settings import ModelSettings

from .server import Connection, ScriptedServer, Step, events, sends, status

KEY = 'zq-UNGUESSABLE/0123+456789=abcdef'
ASK = [ModelRequest.user_text_prompt('Hi')]
PROVIDERS = (
    'openai-chat:gpt-4o',
    'openai:gpt-4o',
    'anthropic:claude-sonnet-4-5',
    'google:gemini-2.5-flash',
    'azure:gpt-4o',
    'bedrock:us.amazon.nova-lite-v1:0',
    'mistral:mistral-large-latest',
    'cohere:command-a-03-2025',
    'groq:openai/gpt-oss-120b',
    'huggingface:Qwen/Qwen3.8-27B',
)


def cut(connection: Connection) -> None:
    connection.head()
    connection.send(b': so far so good\n\n')
    time.sleep(0.03)
    connection.reset()


def begun(connection: Connection) -> None:
    connection.head()
    connection.send(b'data: {"choices": [{"delta": {"content": "Hi"}}]}\n\n')
    time.sleep(0.03)


def garbled(connection: Connection) -> None:
    connection.head()
    connection.send(b'data: {"choices": [\n\n')


def echoed(connection: Connection) -> None:
    """A server that sends back whatever it was sent, headers and all."""
    connection.head('401 Unauthorized', 'application/json', www_authenticate=f'Bearer {KEY}', x_echo=KEY)
    connection.send(json.dumps({'error': {'message': f'no: {KEY}', 'headers': KEY}}))


FAULTS: dict[str, Step] = {
    'reset': Connection.reset,
    '401': echoed,
    '429': status('429 Slow Down', {'error': {'message': KEY}}),
    'page': status('200 OK', f'<html>{KEY}</html>', 'text/html'),
    'told': sends(events({'error': {'message': KEY, 'code': 500}})),
    'cut': cut,
    'garbled': garbled,
    'silence': Connection.hold,
}
SETTINGS = ModelSettings(max_retries=1)
IMPATIENT = ModelSettings(first_event_timeout=0.2, idle_timeout=0.2, max_retries=1)
"""For a server that is silent; any other may take its time on a busy machine."""


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROVIDERS:
        provider = find(name.partition(':')[0])
        assert provider is not None
        for variable in provider.key_env:
            monkeypatch.setenv(variable, KEY)
    monkeypatch.setenv('AZURE_OPENAI_ENDPOINT', 'http://127.0.0.1:9')
    monkeypatch.setenv('AWS_REGION', 'us-east-1')


def shapes(key: str) -> tuple[str, ...]:
    return (key, key[:12], key[-12:])


def seen(text: str) -> bool:
    return any(shape in text for shape in shapes(KEY))


def family(error: BaseException | None) -> Iterator[BaseException]:
    """The error and whatever hangs on it."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def words(error: BaseException) -> str:
    """What the error says."""
    return repr(error) + str(error) + repr(vars(error))


def talkative(error: BaseException) -> str:
    """Everything that any way of printing the error shows: `%xmode Verbose`, and all locals of all frames."""
    verbose = VerboseTB(theme_name='nocolor', include_vars=True)
    said = [verbose.text(type(error), error, error.__traceback__, context=9)]
    for one in family(error):
        said += [''.join(traceback.format_exception(one)), repr(one), str(one), repr(vars(one))]
        for frame, _ in traceback.walk_tb(one.__traceback__):
            if __name__ != frame.f_globals.get('__name__'):
                said += [f'{name} = {value!r}' for name, value in frame.f_locals.items()]
    return '\n'.join(said)


def asked(how: str, name: str, url: str, settings: ModelSettings = SETTINGS) -> BaseException:
    """The error that asking ends with."""
    model = infer_model(name, base_url=url)
    try:
        if how == 'async':
            asyncio.run(model_request(model, ASK, model_settings=settings))
        elif how == 'sync':
            model_request_sync(model, ASK, model_settings=settings)
        else:
            with model_request_stream_sync(model, ASK, model_settings=settings) as stream:
                list(stream)
    except Exception as error:
        return error
    raise AssertionError('nothing went wrong')


@pytest.mark.parametrize('fault', FAULTS)
@pytest.mark.parametrize('name', PROVIDERS)
def test_no_error_shows_the_key(name: str, fault: str, no_waiting: list[float], log: StringIO) -> None:
    how = ('async', 'sync', 'stream')[(PROVIDERS.index(name) + list(FAULTS).index(fault)) % 3]
    with ScriptedServer([FAULTS[fault]]) as server:
        error = asked(how, name, server.url, IMPATIENT if fault == 'silence' else SETTINGS)
        assert server.requests and any(KEY in value for value in server.requests[0].headers.values())
    assert not seen(words(error) if fault == 'told' else talkative(error))
    assert not seen(repr(pickle.loads(pickle.dumps(error)).__dict__))
    if fault != '401':  # httpcore logs the headers of an answer, so also a key that a server sends back
        assert not seen(log.getvalue())
    assert 'httpcore' in str(logging.root.manager.loggerDict) and log.getvalue()


def test_no_refused_connection_shows_the_key(log: StringIO, no_waiting: list[float]) -> None:
    for name in PROVIDERS:
        error = asked('stream', name, 'http://127.0.0.1:9')
        assert not seen(talkative(error)), name
    assert not seen(log.getvalue())


@pytest.mark.parametrize('name', PROVIDERS)
def test_no_model_shows_the_key(name: str) -> None:
    model: Any = infer_model(name, base_url='http://127.0.0.1:9')
    assert not seen(repr(model) + str(model) + repr(vars(model)))
    with pytest.raises(TypeError, match='pickle'):
        pickle.dumps(model)


@pytest.mark.parametrize('name', ['openai-chat:gpt-4o', 'azure:gpt-4o', 'groq:openai/gpt-oss-120b'])
def test_no_stream_shows_the_key(name: str) -> None:
    with (
        ScriptedServer([begun]) as server,
        pytest.raises(IncompleteStream),
        model_request_stream_sync(infer_model(name, base_url=server.url), ASK) as stream,
    ):
        assert not seen(repr(stream) + repr(vars(stream)))
        list(stream)


@pytest.mark.parametrize('odd', [f'{KEY}\nx', f'{KEY}é', f'{KEY}\x00'])
@pytest.mark.parametrize('name', PROVIDERS)
def test_a_key_that_no_header_can_carry_is_refused_unseen(name: str, odd: str) -> None:
    with pytest.raises(UserError, match='characters') as caught:
        infer_model(name, api_key=odd, base_url='http://127.0.0.1:9')
    error = caught.value
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)][1:]
    assert not seen(repr(error) + repr([{**frame.f_locals} for frame in frames]))


def test_white_space_around_a_key_is_no_part_of_it(no_waiting: list[float]) -> None:
    with ScriptedServer([FAULTS['429']]) as server:
        model = infer_model('openai-chat:gpt-4o', api_key=f' {KEY}\n', base_url=server.url)
        with pytest.raises(ModelRateLimitError):
            model_request_sync(model, ASK, model_settings=ModelSettings(max_retries=0))
        assert server.requests[0].headers['authorization'] == f'Bearer {KEY}'

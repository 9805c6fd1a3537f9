"""The canary: a marked secret in every place where one can be put, looked for wherever something can be read.

Each case is a protocol, a place for the secrets and an outcome of the request, over a real socket; each is looked at
with every witness. What is told of a case must not hold a canary.
"""

from __future__ import annotations

import asyncio
import json
import os
import pickle
import traceback
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import nbformat
import pytest
from IPython.core.ultratb import VerboseTB
from nbclient import NotebookClient

from jupyter_stream.direct import model_request_stream, model_request_sync
from jupyter_stream.messages import (
    BinaryContent,
    ModelMessagesTypeAdapter,
    ModelRequest,
    ModelResponse,
    SystemPromptPart,
    ThinkingPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from jupyter_stream.models import infer_model
from jupyter_stream.models.instrumented import InstrumentationSettings
from jupyter_stream.models.vertex import VertexModel
from jupyter_stream.providers import find
from jupyter_stream.settings import ModelSettings
from tests.conformance import committed
from tests.faults.server import Connection, ScriptedServer, Step, sends, status
from tests.instrumented.recorder import Recorder, answering

pytestmark = pytest.mark.timeout(240)

HERE = Path(__file__).parent
MARK = 'CANARY'
"""In every secret, and nowhere else."""

KEY, PASSWORD, TOKEN, HEADER, BEARER, PROXY, AWS, SESSION, GOOGLE = (
    f'{name}-{MARK}-0123456789' for name in ('kk', 'pw', 'tk', 'hd', 'br', 'px', 'aw', 'se', 'go')
)
SECRETS = (KEY, PASSWORD, TOKEN, HEADER, BEARER, PROXY, AWS, SESSION, GOOGLE)
CODED = tuple(b64encode(f'ann:{secret}'.encode()).decode() for secret in (PASSWORD, PROXY))
ASK = [ModelRequest.user_text_prompt('Hi')]
PICTURE = BinaryContent(MARK.encode(), media_type='image/png')

PROTOCOLS = {
    'openai-chat': 'openai-chat:gpt-4o',
    'openai-responses': 'openai:gpt-4o',
    'anthropic': 'anthropic:claude-sonnet-4-5',
    'google': 'google:gemini-2.5-flash',
    'bedrock-converse': 'bedrock:us.amazon.nova-lite-v1:0',
    'mistral': 'mistral:mistral-large-latest',
    'cohere': 'cohere:command-a-03-2025',
    'groq': 'groq:openai/gpt-oss-120b',
    'huggingface': 'huggingface:Qwen/Qwen3.8-27B',
}

# ----------------------------------------------------------------- the places


def settings(**more: Any) -> ModelSettings:
    headers = {'x-team': HEADER, 'x-proxy-authorization': f'Bearer {BEARER}', 'cookie': f'session={SESSION}'}
    return ModelSettings(extra_headers=headers, max_retries=0, **more)


def located(url: str) -> str:
    """The base URL with a user, a password and a query."""
    return url.replace('://', f'://ann:{quote(PASSWORD)}@') + f'/?token={TOKEN}'


def by_arguments(name: str, url: str) -> Any:
    return infer_model(name, api_key=KEY, base_url=located(url))


def by_environment(name: str, url: str) -> Any:
    provider = find(name.partition(':')[0])
    assert provider is not None
    for variable in provider.key_env:
        os.environ[variable] = f' {KEY}\n'
    for variable in provider.base_url_env:
        os.environ[variable] = located(url)
    return infer_model(name, base_url=None if provider.base_url_env else located(url))


def by_proxy(name: str, url: str) -> Any:
    os.environ['HTTP_PROXY'] = url.replace('://', f'://ann:{PROXY}@')
    return infer_model(name, api_key=KEY, base_url='http://provider.invalid')


def by_signature(name: str, url: str) -> Any:
    os.environ.update(AWS_ACCESS_KEY_ID='AKIA0123456789ABCDEF', AWS_SECRET_ACCESS_KEY=AWS, AWS_SESSION_TOKEN=SESSION)
    return infer_model(name, base_url=url)


def by_sign_in(name: str, url: str) -> Any:
    provider = find('google-cloud')
    assert provider is not None
    credentials = SimpleNamespace(valid=True, token=GOOGLE, quota_project_id=None)
    model = name.partition(':')[2]
    return VertexModel(provider, model, base_url=url, project='p', credentials=credentials, settings=settings())


Place = Callable[[str, str], Any]
EVERYWHERE: tuple[Place, ...] = (by_arguments, by_environment, by_proxy)

# --------------------------------------------------------------- the outcomes


def known(connection: Connection) -> list[str]:
    """The secrets that a request held, as they are before they are written into its head."""
    whole = f'{connection.request.line} {connection.request.headers}'
    coded = zip((PASSWORD, PROXY), CODED, strict=True)
    return [secret for secret in SECRETS if secret in whole] + [secret for secret, code in coded if code in whole]


def echo(line: str) -> Step:
    """An error that repeats everything that was sent, in its body."""

    def step(connection: Connection) -> None:
        sent = [connection.request.line, connection.request.headers, *known(connection)]
        status(line, {'error': {'message': f'no: {sent}', 'sent': sent}})(connection)

    return step


def malformed(connection: Connection) -> None:
    sends(f'data: {{"key": "{known(connection)}"\n\n')(connection)


def page(connection: Connection) -> None:
    status('200 OK', f'<html>{known(connection)}</html>', 'text/html')(connection)


def silent(connection: Connection) -> None:
    connection.hold()


def begun(connection: Connection) -> None:
    connection.head()
    connection.send(b': so far so good\n\n')
    connection.hold()


def cut(connection: Connection) -> None:
    connection.head()
    told = known(connection)
    connection.send(f': {told}\n\ndata: {{"choices": [{{"delta": "{told}'.encode())
    connection.reset()


def completed(wire: str) -> Step:
    rows = committed.streams(wire)
    row = next(row for row in rows if row['golden']['error'] is None and row['golden']['final']['parts'])
    return sends(row['body'], head=('200 OK', row['headers']['content-type']))


OUTCOMES: dict[str, Callable[[str], Step]] = {
    'completed': completed,
    **{str(code): lambda wire, code=code: echo(f'{code} No') for code in (400, 401, 403, 404, 429, 500)},
    'bad JSON': lambda wire: malformed,
    'a page': lambda wire: page,
    'broken': lambda wire: cut,
    'no headers': lambda wire: Connection.reset,
    'refused': lambda wire: Connection.reset,
    'timeout': lambda wire: silent,
    'cancelled': lambda wire: silent,
    'cancelled later': lambda wire: begun,
    'interrupted': lambda wire: silent,
}


ALL = os.environ.get('JUPYTER_STREAM_CANARIES') == 'all'
"""Every protocol with every place and outcome, which takes minutes; else the places take turns."""

CASES = [
    (wire, place, outcome)
    for row, wire in enumerate(PROTOCOLS)
    for column, outcome in enumerate(OUTCOMES)
    for number, place in enumerate(EVERYWHERE)
    if ALL or (row + column) % len(EVERYWHERE) == number
] + [
    (wire, place, outcome)
    for wire, place in (('bedrock-converse', by_signature), ('google', by_sign_in))
    for outcome in OUTCOMES
]


async def stopped(model: Any, how: str, arrived: Callable[[], bool], found: dict[str, Any]) -> None:
    """Ask, and be cancelled when the request has arrived."""
    task = asyncio.ensure_future(streamed(model, found))
    while not arrived():
        await asyncio.sleep(0.002)
    if how == 'interrupted':
        asyncio.get_running_loop().call_soon(interrupt)
        await asyncio.sleep(0.002)
    task.cancel()
    await task


def interrupt() -> None:
    raise KeyboardInterrupt


async def streamed(model: Any, found: dict[str, Any]) -> None:
    traced = found['traced']
    async with model_request_stream(model, ASK, model_settings=settings(), instrument=traced) as stream:
        found['stream'] = stream
        async for _ in stream:
            pass


def asked(model: Any, outcome: str, arrived: Callable[[], bool], found: dict[str, Any]) -> None:
    traced = found['traced']
    if outcome in ('cancelled', 'cancelled later', 'interrupted'):
        # Not `asyncio.run`: where another test has had event loops nested, that leaves its tasks alone.
        with asyncio.Runner() as runner:
            runner.run(stopped(model, outcome, arrived, found))
    elif outcome == 'timeout':
        # Not in a variable: a verbose traceback shows those of this function, which are nobody's but its own.
        found['response'] = model_request_sync(
            model, ASK, model_settings=settings(first_event_timeout=1.5), instrument=traced
        )
    elif len(outcome) % 2:
        found['response'] = model_request_sync(model, ASK, model_settings=settings(), instrument=traced)
    else:
        asyncio.run(streamed(model, found))


# -------------------------------------------------------------- the witnesses


def family(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def verbose_traceback(error: BaseException) -> str:
    return VerboseTB(theme_name='nocolor', include_vars=True).text(type(error), error, error.__traceback__, context=9)


def all_locals(error: BaseException) -> str:
    """As `traceback` with `capture_locals` shows them, but for the frames of these tests."""
    texts: list[str] = []
    for one in family(error):
        stack = traceback.StackSummary.extract(traceback.walk_tb(one.__traceback__), capture_locals=True)
        texts += [f'{frame.line} {frame.locals}' for frame in stack if HERE not in Path(frame.filename).parents]
    return '\n'.join(texts)


ERROR_WITNESSES: dict[str, Callable[[BaseException], str]] = {
    'str': lambda error: '\n'.join(str(one) for one in family(error)),
    'repr': lambda error: '\n'.join(repr(one) for one in family(error)),
    'attributes': lambda error: '\n'.join(repr(vars(one)) for one in family(error)),
    'pickle': lambda error: pickle.dumps(error).decode('latin-1') + repr(vars(pickle.loads(pickle.dumps(error)))),
    'traceback': lambda error: ''.join(traceback.format_exception(error)),
    '%xmode Verbose': verbose_traceback,
    'capture_locals': all_locals,
}
ANSWER_WITNESSES: dict[str, Callable[[Any], str]] = {
    'repr': repr,
    'json': lambda response: ModelMessagesTypeAdapter.dump_json([response]).decode(),
    'pickle': lambda response: pickle.dumps(response).decode('latin-1'),
}
OBJECT_WITNESSES: dict[str, Callable[[Any], str]] = {
    'str': str,
    'repr': repr,
    'attributes': lambda value: repr(vars(value)),
    'base_url': lambda value: str(getattr(value, 'base_url', '')),
    'settings': lambda value: repr(getattr(value, 'settings', '')),
}


def canaries(text: str) -> list[str]:
    return [secret for secret in (*SECRETS, *CODED) if secret in text] or ([MARK] if MARK in text else [])


def told_by(witnesses: dict[str, Callable[[Any], str]], value: Any) -> dict[str, list[str]]:
    return {name: found for name, witness in witnesses.items() if (found := canaries(witness(value)))}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy that a case may write into."""
    monkeypatch.setattr(os, 'environ', os.environ.copy())
    os.environ['AWS_REGION'] = 'us-east-1'
    for name in ('NO_PROXY', 'no_proxy', 'HTTP_PROXY', 'http_proxy'):
        os.environ.pop(name, None)


looked: dict[str, int] = {'requests': 0, 'looks': 0}


@pytest.mark.parametrize(('wire', 'place', 'outcome'), CASES, ids=lambda value: getattr(value, '__name__', value))
@pytest.mark.usefixtures('environment')
def test_canary_nothing_shows_a_secret(wire: str, place: Place, outcome: str, log: StringIO) -> None:
    recorder = Recorder()
    found: dict[str, Any] = {'traced': InstrumentationSettings(**recorder.providers)}
    error: BaseException | None = None
    with ScriptedServer([OUTCOMES[outcome](wire)]) as server:
        model = place(PROTOCOLS[wire], 'http://127.0.0.1:9' if outcome == 'refused' else server.url)
        try:
            asked(model, outcome, lambda: bool(server.requests), found)
        except BaseException as raised:
            own = raised.__traceback__  # this function knows what was sent
            error = raised.with_traceback(own and own.tb_next)
        arrived = [f'{request.line} {request.headers}' for request in server.requests]
    assert outcome == 'refused' or canaries(arrived[0]), 'no secret was sent'
    told = {'model': told_by(OBJECT_WITNESSES, model), 'log': canaries(log.getvalue())}
    assert len(recorder.traced()) == 1
    told |= {'trace': canaries(recorder.everything())}
    stream = found.get('stream')
    response = found.get('response') or (stream and stream.get())
    assert (error is None) == (outcome == 'completed')
    if error is not None:
        told |= {'error': told_by(ERROR_WITNESSES, error)}
    if stream is not None:
        told |= {'stream': told_by(OBJECT_WITNESSES, stream)}
    if response is not None:
        told |= {'response': told_by(ANSWER_WITNESSES, response)}
    looked['requests'] += 1
    looked['looks'] += len(told)
    assert not any(told.values()), json.dumps({who: what for who, what in told.items() if what})


def test_canary_count(capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print(f'\ncanaries: {looked["requests"]} requests of {len(CASES)}, {looked["looks"]} objects and logs read')
    assert len(CASES) >= 170


# ------------------------------------------------------------------ the trace


SECRET_WORDS = f'quiet-{MARK}-words'


def worded(kind: str) -> Any:
    """An answer that repeats the words of the question, as a whole or as an error of either kind."""
    said = {'id': 'c', 'object': 'chat.completion.chunk', 'model': 'm'}
    call = {'index': 0, 'id': 'i', 'type': 'function', 'function': {'name': 'f', 'arguments': f'"{SECRET_WORDS}"'}}
    delta = {'content': SECRET_WORDS, 'reasoning_content': SECRET_WORDS, 'tool_calls': [call]}
    chunk = {**said, 'choices': [{'index': 0, 'delta': delta, 'finish_reason': None}]}
    last = {**said, 'choices': [{'index': 0, 'delta': {}, 'finish_reason': 'stop'}]}
    refusal = {'error': {'message': f'I will not {SECRET_WORDS}', 'type': 'invalid_request_error'}}
    streams = {'completed': [chunk, last], 'cut': [chunk], 'failed': [chunk, refusal]}
    if kind == 'refused':
        return answering(json.dumps(refusal).encode(), 'application/json', 400)
    return answering(''.join(f'data: {json.dumps(event)}\n\n' for event in streams[kind]).encode())


@pytest.mark.parametrize('kind', ['completed', 'cut', 'failed', 'refused', 'raised'])
@pytest.mark.parametrize('version', [5, 6])
def test_canary_a_trace_without_contents_holds_no_word_of_the_exchange(kind: str, version: Any) -> None:
    """Not in the messages, the instructions, the parameters, a status, nor in a recorded exception."""
    recorder = Recorder()
    traced = InstrumentationSettings(**recorder.providers, include_content=False, version=version)
    history = [
        ModelRequest([SystemPromptPart(SECRET_WORDS), UserPromptPart([SECRET_WORDS, PICTURE])]),
        ModelResponse([ThinkingPart(SECRET_WORDS), ToolCallPart('f', {'a': SECRET_WORDS}, 'i')]),
        ModelRequest([ToolReturnPart('f', {'a': SECRET_WORDS}, 'i')], instructions=SECRET_WORDS),
    ]
    own = ModelSettings(max_retries=0)

    async def ask(url: str) -> None:
        model = infer_model('openai-chat:gpt-4o', api_key=KEY, base_url=url)
        async with model_request_stream(model, history, model_settings=own, instrument=traced) as stream:
            async for _ in stream:
                if kind == 'raised':
                    raise ValueError(SECRET_WORDS)

    expected = nullcontext() if kind == 'completed' else pytest.raises(Exception)
    with worded('completed' if kind == 'raised' else kind) as url, expected as raised:
        asyncio.run(ask(url))
    # There was something to tell.
    assert raised is None or kind == 'cut' or SECRET_WORDS in str(raised.value)
    assert canaries(recorder.everything()) == []
    [span] = recorder.traced()
    assert span['status'][0] == ('UNSET' if kind == 'completed' else 'ERROR')


# --------------------------------------------------------------- the notebook

PRELUDE = """
%load_ext jupyter_stream
%xmode Verbose
import logging, os
logging.basicConfig(level=1)
from jupyter_stream import ask, aask
from jupyter_stream.direct import *
from jupyter_stream.models import *
from jupyter_stream.messages import ModelRequest
from canary_settings import headers
hi = [ModelRequest.user_text_prompt("Hi")]
"""
CELLS = (
    PRELUDE,
    '%%ask -m openai-chat:m\nHi',
    '%%ask -m openai-chat:m\nHi',
    'ask("Hi", model="openai-chat:m", model_settings=headers())',
    'await aask("Hi", model="openai-chat:m", model_settings=headers())',
    'model_request_sync("openai-chat:m", hi, model_settings=headers())',
    'await model_request("openai-chat:m", hi, model_settings=headers())',
    'model_request_sync("openai-chat:m", hi, model_settings={**headers(), "max_tokens": "x", "temperature": []})',
    'model_request_sync("openai-chat:m", [5], model_settings=headers())',
    'infer_model("openai-chat:m")',
    'vars(infer_model("openai-chat:m"))',
    'infer_model("openai-chat:")',
    'infer_model("nobody:m", api_key=os.environ["OPENAI_API_KEY"])',
)
HEADERS = f'def headers():\n    return {{"extra_headers": {{"x-team": "{HEADER}"}}, "max_retries": 0}}\n'


def test_canary_no_saved_notebook_holds_a_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / 'canary_settings.py').write_text(HEADERS)
    monkeypatch.setenv('PYTHONPATH', os.pathsep.join([str(tmp_path), os.environ.get('PYTHONPATH', '')]))
    monkeypatch.setenv('OPENAI_API_KEY', KEY)
    cells = [nbformat.v4.new_code_cell(cell) for cell in CELLS]  # type: ignore[no-untyped-call]
    notebook = nbformat.v4.new_notebook(cells=cells)  # type: ignore[no-untyped-call]
    answers = [completed('openai-chat'), echo('401 No'), echo('500 No'), echo('404 No'), cut, echo('400 No')]
    with ScriptedServer(answers) as server:
        monkeypatch.setenv('OPENAI_BASE_URL', located(server.url))
        NotebookClient(notebook, timeout=100, allow_errors=True, kernel_name='python3').execute()
        assert len(server.requests) >= 6
    saved = nbformat.writes(notebook)  # type: ignore[no-untyped-call]
    errors = [output for cell in notebook.cells for output in cell.get('outputs', ()) if output.output_type == 'error']
    assert len(errors) >= 5 and 'HTTP Request: POST' in saved
    assert canaries(saved) == [], [cell for cell in notebook.cells if canaries(json.dumps(cell))]

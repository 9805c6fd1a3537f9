"""E2: no error of a request shows the key, whatever the caller or a client of the caller's own does wrong."""

from __future__ import annotations

import asyncio
import traceback
from pathlib import Path
from typing import Any

import httpx
import pytest
from IPython.core.ultratb import VerboseTB

from jupyter_stream.direct import model_request
from jupyter_stream.exceptions import UserError
from jupyter_stream.messages import ModelRequest
from jupyter_stream.models import infer_model
from jupyter_stream.settings import ModelSettings

KEY = 'zq-UNGUESSABLE-0123456789'
HERE = Path(__file__).parent
ASK = [ModelRequest.user_text_prompt('Hi')]
PROTOCOLS = (
    'openai-chat:gpt-4o',
    'openai:gpt-4o',
    'anthropic:claude-sonnet-4-5',
    'google:gemini-2.5-flash',
    'mistral:mistral-large-latest',
    'cohere:command-a-03-2025',
    'groq:openai/gpt-oss-120b',
    'huggingface:Qwen/Qwen3.8-27B',
)


def everything(error: BaseException) -> str:
    """What the most verbose traceback shows, and more."""
    verbose = VerboseTB(theme_name='nocolor', include_vars=True)
    return verbose.text(type(error), error, error.__traceback__, context=9) + repr(vars(error)) + locals_of(error)


def locals_of(error: BaseException) -> str:
    """All locals of all frames but those of these tests."""
    text: list[str] = []
    chain: BaseException | None = error
    while chain is not None:
        frames = [frame for frame, _ in traceback.walk_tb(chain.__traceback__)]
        text += [repr(dict(frame.f_locals)) for frame in frames if Path(frame.f_code.co_filename).parent != HERE]
        chain = chain.__cause__ or chain.__context__
    return '\n'.join(text)


def ask(name: str, settings: Any, client: httpx.AsyncClient | None = None) -> BaseException:
    model = infer_model(name, api_key=KEY, base_url='http://127.0.0.1:9', http_client=client)
    try:
        asyncio.run(model_request(model, ASK, model_settings=settings))
    except BaseException as error:
        return error
    raise AssertionError('nothing went wrong')


@pytest.mark.parametrize('name', PROTOCOLS)
@pytest.mark.parametrize(
    ('headers', 'words'),
    [
        ({'x-a': 5}, "'x-a'"),
        ({'x-a': None}, "'x-a'"),
        ({'x-a': b'b'}, "'x-a'"),
        ({'x-a': 'a\nb'}, "'x-a'"),
        ({'x-a': 'é'}, "'x-a'"),
        ({'x-a': ' b'}, "'x-a'"),
        ({'anthropic-beta': 5}, "'anthropic-beta'"),
        ({'x a': 'b'}, "'x a'"),
        ({'': 'b'}, "''"),
        ({5: 'b'}, '5'),
        (['x-a'], 'list'),
        ('x-a: b', 'str'),
    ],
)
def test_e2_a_header_that_cannot_be_sent_is_a_sentence(name: str, headers: Any, words: str) -> None:
    error = ask(name, {'extra_headers': headers})
    assert type(error) is UserError
    assert words in str(error) and '`extra_headers`' in str(error)
    assert KEY not in locals_of(error)


@pytest.mark.parametrize('value', ['', 'a', 'a b\tc', 'Bearer x=~'])
def test_e2_a_header_that_can_be_sent_is_sent(value: str) -> None:
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers['x-a'])
        return httpx.Response(400)

    ask(
        PROTOCOLS[0],
        ModelSettings(extra_headers={'X-A': value}),
        httpx.AsyncClient(transport=httpx.MockTransport(answer)),
    )
    assert seen == [value]


@pytest.mark.parametrize('kind', [TypeError, RuntimeError, OSError, httpx.InvalidURL])
@pytest.mark.parametrize('name', PROTOCOLS)
def test_e2_no_frame_of_what_a_client_raises_holds_the_key(name: str, kind: type[BaseException]) -> None:
    async def hook(request: httpx.Request) -> None:
        headers = dict(request.headers)
        raise kind(f'no, {len(headers)} headers')

    transport = httpx.MockTransport(lambda request: httpx.Response(200))
    error = ask(name, None, httpx.AsyncClient(transport=transport, event_hooks={'request': [hook]}))
    assert type(error) is (UserError if kind is httpx.InvalidURL else kind)
    assert KEY not in everything(error)

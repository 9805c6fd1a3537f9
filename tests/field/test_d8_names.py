"""D8: the names that a direct request can meet are where the peer has them, so that its example runs with ours."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest

import jupyter_stream
from jupyter_stream import ModelRequest, exceptions, infer_model, models
from jupyter_stream.direct import StreamedResponseSync, model_request_stream
from jupyter_stream.exceptions import UserError
from jupyter_stream.messages import ImageUrl, ModelResponse, TextPart, VideoUrl
from jupyter_stream.models.fallback import FallbackModel
from jupyter_stream.models.function import FunctionModel
from jupyter_stream.models.test import TestModel
from jupyter_stream.models.wrapper import WrapperModel
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.providers import find
from jupyter_stream.transport.fetch import Fetched

ASK = [ModelRequest.user_text_prompt('What is the capital of France?')]

EXAMPLE = """
from PACKAGE import ModelRequest, ToolDefinition
from PACKAGE.direct import model_request_sync, model_request_stream_sync
from PACKAGE.models import ModelRequestParameters

response = model_request_sync('test', [ModelRequest.user_text_prompt('What is the capital of France?')])
print(response.parts[0].content)

tool = ToolDefinition(name='divide', description='Divide two numbers.', parameters_json_schema={'type': 'object'})
response = model_request_sync(
    'test',
    [ModelRequest.user_text_prompt('What is 123 / 456?')],
    model_request_parameters=ModelRequestParameters(function_tools=[tool], allow_text_output=True),
)
print(response.parts[0].tool_name, response.parts[0].args)

with model_request_stream_sync('test', [ModelRequest.user_text_prompt('Who was Albert Einstein?')]) as stream:
    for chunk in stream:
        print(chunk)
"""


def output(package: str) -> str:
    code = EXAMPLE.replace('PACKAGE', package)
    done = subprocess.run([sys.executable, '-W', 'ignore', '-c', code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_d8_the_example_runs_with_the_name_of_the_package_changed() -> None:
    lines = output('jupyter_stream').splitlines()
    assert lines[:2] == ['success (no tool calls)', 'divide {}']
    assert lines[2].startswith("PartStartEvent(index=0, part=TextPart(content=''")


def test_d8_it_prints_what_the_peer_prints() -> None:
    pytest.importorskip('pydantic_ai')
    assert output('jupyter_stream') == output('pydantic_ai')


def test_d8_every_name_of_our_vocabulary_that_the_peer_exports_is_at_the_top() -> None:
    peer = pytest.importorskip('pydantic_ai')
    ours = {
        name
        for module in ('messages', 'settings', 'tools', 'usage', 'exceptions', 'native_tools')
        for name in vars(__import__(f'jupyter_stream.{module}', fromlist=['_']))
    }
    assert set(peer.__all__) & ours - {'__version__'} <= set(jupyter_stream.__all__)


def test_d8_names_of_models() -> None:
    assert 'openai:gpt-5' in models.known_model_names() or len(models.known_model_names()) > 50
    assert models.parse_model_id('openai:gpt-5:x') == ('openai', 'gpt-5:x')
    assert models.parse_model_id('gpt-5') == (None, 'gpt-5')
    assert issubclass(exceptions.UnsupportedSettingWarning, UserWarning)


@pytest.mark.parametrize(
    ('data_format', 'data'),
    [('bytes', b'abc'), ('base64', 'YWJj'), ('base64_uri', 'data:image/png;base64,YWJj'), ('text', 'abc')],
)
@pytest.mark.parametrize(('type_format', 'kind'), [('mime', 'image/png'), ('extension', 'png')])
def test_d8_download_item(
    monkeypatch: pytest.MonkeyPatch, data_format: Any, data: object, type_format: Any, kind: str
) -> None:
    async def fetch(url: str, *, allow_local: bool) -> Fetched:
        assert (url, allow_local) == ('https://example.com/a.png', False)
        return Fetched(b'abc', 'image/png')

    monkeypatch.setattr('jupyter_stream.models._downloads.fetch', fetch)
    item = ImageUrl('https://example.com/a.png')
    got = asyncio.run(models.download_item(item, data_format, type_format))
    assert got == {'data': data, 'data_type': kind}


def test_d8_a_video_of_youtube_is_not_downloaded() -> None:
    with pytest.raises(UserError, match='YouTube'):
        asyncio.run(models.download_item(VideoUrl('https://youtube.com/watch?v=a')))


@pytest.mark.parametrize('model', [TestModel(), WrapperModel('test'), FallbackModel('test', 'test')], ids=repr)
def test_d8_a_model_has_a_profile_and_can_be_entered(model: Any) -> None:
    async def main() -> None:
        async with model as entered:
            assert entered is model
            async with model.request_stream(ASK, None, ModelRequestParameters(), None) as stream:
                assert [event async for event in stream]
        with pytest.raises(NotImplementedError, match='Token counting'):
            await model.count_tokens(ASK, None, ModelRequestParameters())

    asyncio.run(main())
    assert model.profile.tools


def test_d8_the_profile_of_an_http_model_is_that_of_its_name() -> None:
    assert infer_model('openai-chat:gpt-5', api_key='sk-a').profile != infer_model('cohere:c', api_key='a').profile


def test_d8_provider_factory() -> None:
    seen: list[httpx.URL] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.url)
        return httpx.Response(401)

    def factory(prefix: str) -> Any:
        provider = find(prefix)
        assert provider is not None
        return replace(provider, base_url='https://elsewhere.example/v1')

    client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    model = infer_model('openai-chat:gpt-5', factory, api_key='sk-a', http_client=client)
    with pytest.raises(exceptions.ModelAuthenticationError):
        asyncio.run(model.request(ASK, None, ModelRequestParameters()))
    assert seen == [httpx.URL('https://elsewhere.example/v1/chat/completions')]
    with pytest.raises(UserError, match='provider_factory'):
        infer_model('openai-chat:gpt-5', lambda prefix: object(), api_key='sk-a')  # type: ignore[arg-type, return-value]


class Foreign:
    """A stream of somebody else's: an async iterable with `get` and `cancel`, and nothing else of ours."""

    def __init__(self) -> None:
        self._words = iter(['one', 'two'])

    def __aiter__(self) -> Foreign:
        return self

    async def __anext__(self) -> str:
        word = next(self._words, None)
        if word is None:
            raise StopAsyncIteration
        return word

    def get(self) -> ModelResponse:
        return ModelResponse(parts=[TextPart('one two')])

    async def cancel(self) -> None:
        self._words = iter(())


def test_d8_any_stream_in_streamed_response_sync() -> None:
    @asynccontextmanager
    async def manager() -> AsyncGenerator[Any]:
        yield Foreign()

    with StreamedResponseSync(manager()) as stream:
        assert list(stream) == ['one', 'two']
        stream.cancel()
    assert stream.response.text == 'one two'
    with StreamedResponseSync(model_request_stream('test', ASK)) as ours:
        assert list(ours)
    assert ours.response.state == 'complete'


def test_d8_a_function_models_stream_takes_four_arguments() -> None:
    async def words(*_: Any) -> AsyncGenerator[str]:
        yield 'word'

    async def main() -> None:
        model = FunctionModel(stream_function=words)
        async with model.request_stream(ASK, None, ModelRequestParameters(), object()) as stream:
            assert [event async for event in stream]

    asyncio.run(main())

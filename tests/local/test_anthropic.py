"""The embedded server speaks Messages too: a server that is not ours answers through our own wire."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from jupyter_stream.direct import model_request_stream
from jupyter_stream.exceptions import ModelAuthenticationError
from jupyter_stream.local import Options, Server, find
from jupyter_stream.messages import ModelRequest, ModelResponse, PartDeltaEvent, SystemPromptPart, UserPromptPart
from jupyter_stream.models import Model, infer_model
from jupyter_stream.settings import ModelSettings

pytestmark = [pytest.mark.local_model, pytest.mark.xdist_group('embedded')]


@pytest.fixture(scope='module')
def server() -> Iterator[Server]:
    server = Server(find('default'), Options(threads=1, cache_mib=8))
    server.ensure().result(60)
    yield server
    server.stop()


def model(server: Server, key: str | None = None) -> Model:
    address = server.ensure().result(60)
    # Messages lie under `/v1/messages`, and the path of the protocol says `/v1` itself.
    base_url = address.base_url.rstrip('/').removesuffix('/v1')
    name = 'anthropic:smollm2-135m-instruct'
    return infer_model(name, api_key=key or address.key.reveal(), base_url=base_url)


async def ask(model: Model, *messages: Any, **settings: Any) -> tuple[str, ModelResponse]:
    """The text of the deltas, and the response."""
    own = ModelSettings(temperature=0, extra_headers={'connection': 'close'}, **settings)
    async with model_request_stream(model, list(messages), model_settings=own) as stream:
        deltas = [event.delta async for event in stream if isinstance(event, PartDeltaEvent)]
        return ''.join(getattr(delta, 'content_delta', '') for delta in deltas), stream.get()


def test_an_answer_streams(server: Server) -> None:
    question = ModelRequest(parts=[SystemPromptPart('Be brief.'), UserPromptPart('What is the capital of France?')])
    streamed, response = asyncio.run(ask(model(server), question, max_tokens=40))
    assert response.text and 'Paris' in response.text
    assert streamed and response.text.endswith(streamed)
    assert (response.state, response.finish_reason) == ('complete', 'stop')
    assert response.usage.input_tokens > 10 and response.usage.output_tokens > 3
    assert response.provider_response_id


def test_a_conversation_goes_on(server: Server) -> None:
    first = ModelRequest.user_text_prompt('Say hello.')
    _, answer = asyncio.run(ask(model(server), first, max_tokens=20))
    _, more = asyncio.run(ask(model(server), first, answer, ModelRequest.user_text_prompt('Again.'), max_tokens=20))
    assert more.text and more.usage.input_tokens > answer.usage.input_tokens


def test_an_answer_cut_by_its_limit_says_so(server: Server) -> None:
    _, response = asyncio.run(ask(model(server), ModelRequest.user_text_prompt('Tell a long story.'), max_tokens=5))
    assert response.finish_reason == 'length' and response.usage.output_tokens == 5


def test_a_wrong_key_is_refused(server: Server) -> None:
    with pytest.raises(ModelAuthenticationError, match='ANTHROPIC_API_KEY'):
        asyncio.run(ask(model(server, 'wrong-key-0123456789'), ModelRequest.user_text_prompt('Hi')))

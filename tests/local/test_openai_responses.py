"""The embedded server speaks the Responses API too: a real answer through that protocol's own way."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, cast

import pytest

from jupyter_stream import providers
from jupyter_stream.local import stop_all
from jupyter_stream.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    ModelResponseStreamEvent,
    PartDeltaEvent,
    TextPart,
)
from jupyter_stream.models.http import HTTPModel
from jupyter_stream.models.local import LocalModel
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.settings import ModelSettings

pytestmark = [pytest.mark.local_model, pytest.mark.xdist_group('embedded')]

FIXED = {'temperature': 0, 'max_tokens': 24}


@pytest.fixture(scope='module')
def model() -> Iterator[HTTPModel]:
    address = asyncio.run(LocalModel('default').server.address())
    row = providers.find('local')
    assert row is not None
    spoken = replace(row, wire='openai_responses', path='/responses', headers={'connection': 'close'})
    yield HTTPModel(spoken, 'smollm2-135m-instruct', api_key=address.key.reveal(), base_url=address.base_url)
    stop_all()


def ask(
    model: HTTPModel, messages: list[ModelMessage], **settings: Any
) -> tuple[list[ModelResponseStreamEvent], ModelResponse]:
    async def stream() -> tuple[list[ModelResponseStreamEvent], ModelResponse]:
        wanted = cast(ModelSettings, {**FIXED, **settings})
        async with model.request_stream(messages, wanted, ModelRequestParameters()) as stream:
            return [event async for event in stream], stream.get()

    return asyncio.run(stream())


def test_it_streams_an_answer(model: HTTPModel) -> None:
    messages: list[ModelMessage] = [ModelRequest.user_text_prompt('In one sentence: what is the capital of France?')]
    events, response = ask(model, messages)
    assert sum(isinstance(event, PartDeltaEvent) for event in events) > 3
    [part] = response.parts
    assert isinstance(part, TextPart) and 'Paris' in part.content and part.id
    assert (response.state, response.finish_reason) == ('complete', 'stop')
    assert (response.model_name, response.provider_name) == ('smollm2-135m-instruct', 'local')
    assert response.provider_response_id
    assert response.usage.input_tokens > 0
    assert response.usage.output_tokens > 0


def test_it_takes_its_answer_back(model: HTTPModel) -> None:
    first: list[ModelMessage] = [ModelRequest.user_text_prompt('Say hello.', instructions='Be brief.')]
    _, response = ask(model, first)
    # It takes an earlier answer only as the item that it was, with its id.
    history = [*first, response, ModelRequest.user_text_prompt('Again.')]
    _, again = ask(model, history, openai_send_reasoning_ids=True)
    assert again.text
    assert again.usage.input_tokens > response.usage.input_tokens + 8

"""What `direct` makes of parts that speak of a failed try, held against the peer's by running both."""

from __future__ import annotations

import asyncio
import warnings
from typing import Any

import pydantic_ai.direct
import pytest

from jupyter_stream import direct
from jupyter_stream.messages import (
    ModelRequest,
    ModelSettingsDeltaPart,
    RetryFeedbackPart,
    RetryInfo,
    RetryPromptPart,
    ToolReturnPart,
    UserPromptPart,
)
from jupyter_stream.models import infer_model
from jupyter_stream.models.concurrency import ConcurrencyLimitedModel
from jupyter_stream.models.fallback import FallbackModel
from jupyter_stream.models.test import TestModel

from .conftest import OURS, PEER, Dump

ERRORS = [
    {'type': 'int_parsing', 'loc': ('a',), 'msg': 'no integer', 'input': 'x'},
    {'type': 'missing', 'loc': ('b', 0), 'msg': 'required', 'input': {'c': 1}},
]


def prompt(m: Any, content: Any, **more: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # the peer's part is deprecated
        return m.RetryPromptPart(content, **more)


def feedback(m: Any, content: Any, cause: str) -> Any:
    return m.RetryFeedbackPart(content, retry=m.RetryInfo(cause=cause))


PARTS: dict[str, Any] = {
    'an old retry of a call': lambda m: [prompt(m, 'again', tool_name='t', tool_call_id='c')],
    'an old retry of a call with errors': lambda m: [prompt(m, ERRORS, tool_name='t', tool_call_id='c')],
    'an old retry': lambda m: [prompt(m, 'again')],
    'an old retry with errors': lambda m: [prompt(m, ERRORS)],
    'a message': lambda m: [feedback(m, 'that is wrong', 'model_retry')],
    'errors': lambda m: [feedback(m, ERRORS, 'validation_error')],
    'nothing came': lambda m: [feedback(m, 'Please return text.', 'no_output')],
    "nothing came, in somebody's words": lambda m: [feedback(m, 'Say something!', 'no_output')],
    'among others': lambda m: [
        m.ToolReturnPart('t', 'yes', 'c'),
        prompt(m, 'again', tool_name='u', tool_call_id='d'),
        m.UserPromptPart('so'),
        feedback(m, 'Please call a tool.', 'no_output'),
    ],
    'no retry at all': lambda m: [m.ToolReturnPart('t', 'yes', 'c', outcome='retried'), m.UserPromptPart('so')],
}


def seen(lib: Any, ask: Any, parts: Any, wrap: Any = lambda model: model) -> Any:
    """What a function is told, by way of `direct`."""
    told: list[Any] = []

    def function(messages: Any, info: Any) -> Any:
        told.append(Dump()([list(message.parts) for message in messages]))
        return lib.messages.ModelResponse([lib.messages.TextPart('x')])

    m = lib.messages
    calls = [m.ToolCallPart('t', {}, 'c'), m.ToolCallPart('u', {}, 'd')]
    history = [m.ModelRequest.user_text_prompt('hi'), m.ModelResponse(calls), m.ModelRequest(parts(m))]
    response = asyncio.run(ask(wrap(lib.function.FunctionModel(function)), history))
    return told, response.usage.input_tokens


@pytest.mark.parametrize('name', PARTS)
def test_a_function_is_told_what_the_peers_is_told(name: str):
    want = seen(PEER, pydantic_ai.direct.model_request, PARTS[name])
    assert seen(OURS, direct.model_request, PARTS[name]) == want
    assert seen(OURS, direct.model_request, PARTS[name], FallbackModel) == want
    assert seen(OURS, direct.model_request, PARTS[name], lambda m: ConcurrencyLimitedModel(m, 1)) == want


@pytest.mark.parametrize('name', PARTS)
def test_a_stream_says_what_the_peers_says(name: str):
    async def streamed(lib: Any, ask: Any) -> Any:
        m = lib.messages
        history = [m.ModelRequest.user_text_prompt('hi'), m.ModelRequest(PARTS[name](m))]
        tools = [lib.tools.ToolDefinition(name=tool) for tool in 'tu']
        parameters = lib.models.ModelRequestParameters(function_tools=tools)
        dump = Dump()
        async with ask(lib.test.TestModel(), history, model_request_parameters=parameters) as stream:
            return [dump(event) async for event in stream]

    got = asyncio.run(streamed(OURS, direct.model_request_stream))
    assert got == asyncio.run(streamed(PEER, pydantic_ai.direct.model_request_stream))


def test_a_wire_keeps_feedback_which_it_says_in_its_own_way():
    info = RetryInfo('model_retry')
    request = ModelRequest(
        [
            RetryPromptPart('again', tool_name='t', tool_call_id='c'),
            RetryFeedbackPart('no', retry=info),
            ModelSettingsDeltaPart(settings={}),
        ]
    )
    model = infer_model('openai-chat:gpt-5', api_key='k')
    (prepared,) = model.prepare_messages([request])
    assert [type(part) for part in prepared.parts] == [ToolReturnPart, RetryFeedbackPart]
    (prepared,) = TestModel().prepare_messages([request])
    assert [type(part) for part in prepared.parts] == [ToolReturnPart, UserPromptPart]
    assert len(request.parts) == 3


def test_messages_without_retries_are_left_alone():
    messages = [ModelRequest.user_text_prompt('hi')]
    (prepared,) = TestModel().prepare_messages(messages)
    assert prepared is messages[0]

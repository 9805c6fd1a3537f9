"""A conversation that began with one provider goes on with another: whatever stands in it can be said there."""

from __future__ import annotations

import json
from importlib import import_module
from typing import Any

import pytest

from jupyter_stream.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    NativeToolCallPart,
    NativeToolReturnPart,
    RetryPromptPart,
    SystemPromptPart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from jupyter_stream.models import ModelRequestParameters
from jupyter_stream.profiles import profile
from jupyter_stream.providers import PROVIDERS, find
from jupyter_stream.tools import ToolDefinition
from jupyter_stream.wire.base import Target

from .test_settings import MODELS

FOREIGN = 'foreign-signature'
ORIGINS = sorted(
    {row.name for row in PROVIDERS if row.wire != 'openai_chat'} | {'openrouter', 'deepseek', 'xai', 'zai'}
)


def history(origin: str) -> list[ModelMessage]:
    """A conversation with a provider that thinks, calls tools of both kinds, and is cut once."""
    said: Any = {'provider_name': origin}
    return [
        ModelRequest([SystemPromptPart('Be kind.'), UserPromptPart('Hi')], instructions='Be brief.'),
        ModelResponse(
            [
                ThinkingPart('Hm.', signature=FOREIGN, id='rs_1', **said),
                ThinkingPart('', signature=FOREIGN, id='redacted_thinking', **said),
                TextPart('Let me see.', id='msg_1', provider_details={'phase': 'commentary'}, **said),
                NativeToolCallPart('web_search', {'query': 'x'}, 'ws_1', **said),
                NativeToolReturnPart('web_search', [{'url': 'https://example.com'}], 'ws_1', **said),
                NativeToolCallPart('code_execution', '{"code": "1"}', 'ce_1', **said),
                NativeToolReturnPart('code_execution', {'stdout': '1'}, 'ce_1', **said),
                ToolCallPart('add', '{"a": 1}', 'call|odd id/1', id='fc_1', **said),
                ToolCallPart('add', {'a': 2}, 'c2', **said),
                ToolCallPart('add', None, 'c3', **said),
            ],
            model_name='a-model',
            provider_name=origin,
            provider_response_id='resp_1',
            provider_details={'finish_reason': 'tool_calls'},
        ),
        ModelRequest(
            [
                ToolReturnPart('add', {'sum': 1}, 'call|odd id/1'),
                RetryPromptPart('Try again.', tool_name='add', tool_call_id='c2'),
                ToolReturnPart('add', 'text', 'c3'),
            ]
        ),
        ModelResponse([ThinkingPart('Only thought.', signature=FOREIGN, **said)], provider_name=origin),
        ModelRequest([UserPromptPart(['Go on', 'please'])]),
        ModelResponse([TextPart('')], provider_name=origin),
        ModelResponse([], provider_name=origin, state='incomplete'),
        ModelResponse([ToolCallPart('add', '{"a": ', 'cut')], provider_name=origin, finish_reason='length'),
        ModelRequest([ToolReturnPart('add', 'no', 'cut'), UserPromptPart('And now?')]),
    ]


def encoded(model: str, messages: list[ModelMessage]) -> Any:
    prefix, _, name = model.partition(':')
    provider = find(prefix)
    assert provider is not None
    target = Target(name, provider, profile(provider, name))
    parameters = ModelRequestParameters(function_tools=[ToolDefinition(name='add')])
    return import_module(f'jupyter_stream.wire.{provider.wire}').encode(target, messages, {}, parameters)


@pytest.mark.parametrize('origin', ORIGINS)
@pytest.mark.parametrize('model', MODELS)
def test_a_history_goes_on_anywhere(model: str, origin: str) -> None:
    said = json.dumps(encoded(model, history(origin)).body)
    assert 'And now?' in said and 'Let me see.' in said


@pytest.mark.parametrize('model', MODELS)
def test_a_foreign_signature_is_not_sent(model: str) -> None:
    assert FOREIGN not in json.dumps(encoded(model, history('somebody-else')).body)

"""What a setting does in each protocol: it changes the request, or one warning names it. It never just vanishes."""

from __future__ import annotations

import warnings
from dataclasses import replace
from importlib import import_module
from typing import Any

import pytest

from jupyter_stream.exceptions import UnsupportedSettingWarning
from jupyter_stream.messages import ModelMessage, ModelRequest, ModelResponse, RetryFeedbackPart, RetryInfo, TextPart
from jupyter_stream.models import ModelRequestParameters
from jupyter_stream.profiles import profile
from jupyter_stream.providers import find
from jupyter_stream.tools import ToolDefinition
from jupyter_stream.wire.base import Target

MODELS = (
    'openai-chat:gpt-4o',
    'openai-chat:gpt-5',
    'openai:gpt-4o',
    'openai:gpt-5',
    'anthropic:claude-sonnet-4-5',
    'anthropic:claude-opus-4-8',
    'google:gemini-2.0-flash',
    'google:gemini-3-pro-preview',
    'bedrock:us.amazon.nova-lite-v1:0',
    'bedrock:us.anthropic.claude-sonnet-4-5-20250929-v1:0',
    'mistral:mistral-large-latest',
    'mistral:magistral-medium-latest',
    'cohere:command-a-03-2025',
    'groq:llama-3.3-70b-versatile',
    'groq:openai/gpt-oss-120b',
    'huggingface:Qwen/Qwen3.8-27B',
    'openrouter:openai/gpt-4o',
    'deepseek:deepseek-chat',
    'xai:grok-4',
    'ollama:qwen3',
    'zai:glm-4.7',
)
SETTINGS: dict[str, Any] = {
    'max_tokens': 77,
    'temperature': 0.3,
    'top_p': 0.4,
    'top_k': 5,
    'parallel_tool_calls': False,
    'tool_choice': 'required',
    'seed': 7,
    'presence_penalty': 0.1,
    'frequency_penalty': 0.2,
    'logit_bias': {'5': 1},
    'stop_sequences': ['X'],
    'thinking': 'high',
    'service_tier': 'flex',
    'extra_body': {'zz': 1},
    'cache': '1h',
}
TOGETHER = {name: value for name, value in SETTINGS.items() if name not in ('tool_choice', 'thinking')}


HI: list[ModelMessage] = [ModelRequest.user_text_prompt('Hi', instructions='Be brief.')]
RETRIED = [
    *HI,
    ModelResponse([TextPart('Ho')]),
    ModelRequest([RetryFeedbackPart('No.', retry=RetryInfo(cause='model_retry'))], instructions='Be brief.'),
]


def encoded(model: str, settings: Any, messages: list[ModelMessage] = HI) -> tuple[str, list[str]]:
    """The request as text, and the warnings."""
    prefix, _, name = model.partition(':')
    provider = find(prefix)
    assert provider is not None
    target = Target(name, provider, profile(provider, name))
    parameters = ModelRequestParameters(function_tools=[ToolDefinition(name='f')])
    wire = import_module(f'jupyter_stream.wire.{provider.wire}')
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        request = wire.encode(target, messages, settings, parameters)
    assert all(issubclass(one.category, UnsupportedSettingWarning) for one in caught)
    return repr(replace(request, digest=None)), [str(one.message) for one in caught]


@pytest.mark.parametrize('setting', SETTINGS)
@pytest.mark.parametrize('model', MODELS)
def test_a_setting_is_honoured_or_named_once(model: str, setting: str) -> None:
    plain, none = encoded(model, {})
    assert none == []
    request, said = encoded(model, {setting: SETTINGS[setting]})
    assert (request != plain) != bool(said), f'{setting} vanished, or was warned of and sent'
    assert all(setting in one for one in said) and len(said) <= 1


@pytest.mark.parametrize('model', MODELS)
def test_several_settings_are_named_in_one_warning(model: str) -> None:
    alone = [name for name in TOGETHER if encoded(model, {name: TOGETHER[name]})[1]]
    said = encoded(model, TOGETHER)[1]
    assert len(said) == bool(alone) and all(name in said[0] for name in alone)


@pytest.mark.parametrize('model', MODELS)
def test_not_to_think_needs_no_warning(model: str) -> None:
    assert [one for one in encoded(model, {'thinking': False})[1] if 'thinking' in one] == []


@pytest.mark.parametrize('model', MODELS)
def test_the_announcement_of_the_applications_words_is_made_or_left_out(model: str) -> None:
    made, none = encoded(model, {'framing_announcement': 'when_needed'}, RETRIED)
    left_out, no_more = encoded(model, {'framing_announcement': 'never'}, RETRIED)
    assert 'looks like an application frame' in made
    assert 'looks like an application frame' not in left_out
    assert none == no_more == []

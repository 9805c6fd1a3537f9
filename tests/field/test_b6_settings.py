"""B6: no setting is silently without effect: it has the name that the server reads, or one warning names it."""

from __future__ import annotations

import warnings
from importlib import import_module
from typing import Any

import pytest

from jupyter_stream.exceptions import UnsupportedSettingWarning
from jupyter_stream.messages import BinaryContent, ModelMessage, ModelRequest, UserPromptPart
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.profiles import profile
from jupyter_stream.providers import find
from jupyter_stream.wire.base import Target

HI: list[ModelMessage] = [ModelRequest.user_text_prompt('Hi')]
PAPER: list[ModelMessage] = [ModelRequest([UserPromptPart([BinaryContent(b'%PDF', media_type='application/pdf')])])]

NO_CITATIONS = (
    'openai-chat:gpt-5',
    'openai:gpt-5',
    'google:gemini-3-pro-preview',
    'bedrock:us.amazon.titan-text-premier-v1:0',
    'mistral:mistral-large-latest',
    'cohere:command-a-03-2025',
    'groq:llama-3.3-70b-versatile',
    'huggingface:Qwen/Qwen3.8-27B',
    'ollama:qwen3',
)


def encoded(model: str, settings: Any, messages: list[ModelMessage] = HI) -> tuple[dict[str, Any], list[str]]:
    """The body, and the warnings."""
    prefix, _, name = model.partition(':')
    provider = find(prefix)
    assert provider is not None
    target = Target(name, provider, profile(provider, name))
    wire = import_module(f'jupyter_stream.wire.{provider.wire}')
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        request = wire.encode(target, messages, settings, ModelRequestParameters())
    assert all(one.category is UnsupportedSettingWarning for one in caught)
    return request.body, [str(one.message) for one in caught]


@pytest.mark.parametrize(
    'model', ['ollama:qwen3', 'vllm:m', 'together:m', 'deepseek:deepseek-chat', 'openrouter:a/m', 'local:toy']
)
def test_b6_max_tokens_has_the_name_that_the_server_reads(model: str) -> None:
    body, _ = encoded(model, {'max_tokens': 10})
    assert body['max_tokens'] == 10
    assert 'max_completion_tokens' not in body


def test_b6_openai_itself_reads_the_newer_name() -> None:
    assert encoded('openai-chat:gpt-5', {'max_tokens': 10})[0]['max_completion_tokens'] == 10


def test_b6_what_ollama_does_not_read_is_named() -> None:
    body, said = encoded('ollama:qwen3', {'logit_bias': {'5': 1}})
    assert 'logit_bias' not in body
    assert len(said) == 1 and 'logit_bias' in said[0]


@pytest.mark.parametrize('model', NO_CITATIONS)
@pytest.mark.parametrize('setting', ['citations', 'cache'])
def test_b6_a_wish_without_effect_is_named_once(model: str, setting: str) -> None:
    value = True
    plain, none = encoded(model, {})
    assert none == []
    body, said = encoded(model, {setting: value})
    assert (body != plain) != bool(said)
    assert all(setting in one for one in said) and len(said) <= 1
    assert setting == 'cache' or said


@pytest.mark.parametrize('model', NO_CITATIONS)
def test_b6_not_to_cache_nor_to_cite_needs_no_warning(model: str) -> None:
    assert encoded(model, {'cache': False, 'citations': False})[1] == []


@pytest.mark.parametrize(
    'model', ['anthropic:claude-sonnet-4-5', 'bedrock:us.anthropic.claude-sonnet-4-5-20250929-v1:0']
)
def test_b6_a_wish_that_is_granted_is_not_named(model: str) -> None:
    plain, _ = encoded(model, {}, PAPER)
    for setting in ('citations', 'cache'):
        body, said = encoded(model, {setting: True}, PAPER)
        assert body != plain and said == []

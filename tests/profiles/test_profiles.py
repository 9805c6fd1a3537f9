"""What the table says of models."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any

import pytest

from jupyter_stream import profiles, providers
from jupyter_stream.exceptions import UnsupportedSettingWarning
from jupyter_stream.messages import ModelRequest
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.profiles import Profile, _profile
from jupyter_stream.profiles._rows import Row, Vendor
from jupyter_stream.profiles.bedrock import split
from jupyter_stream.profiles.claude import CLAUDE
from jupyter_stream.profiles.dialects import DIALECTS
from jupyter_stream.profiles.gemini import GEMINI
from jupyter_stream.profiles.open_models import OPEN_MODELS
from jupyter_stream.profiles.openai import OPENAI
from jupyter_stream.wire import protocol
from jupyter_stream.wire.base import Target


def of(name: str) -> Profile:
    prefix, _, model = name.partition(':')
    provider = providers.find(prefix)
    assert provider is not None
    return profiles.profile(provider, model)


def test_a_model_that_nothing_is_known_of_gets_the_defaults() -> None:
    assert of('sambanova:somebody/some-model') == Profile()


@pytest.mark.parametrize(
    ('name', 'field', 'value'),
    [
        ('openai-chat:gpt-4o', 'schema', 'openai_own'),
        ('openai-chat:ft:gpt-4o:me', 'schema', 'openai'),
        ('azure:gpt-4o', 'schema', 'openai'),
        ('azure:gpt-4o', 'documents', False),
        ('azure:mistral-large', 'max_tokens_key', 'max_tokens'),
        ('openai-chat:gpt-4o', 'thinks', False),
        ('openai-chat:gpt-5-chat-latest', 'thinks', False),
        ('openai-chat:gpt-5-mini', 'efforts', ('minimal', 'low', 'medium', 'high')),
        ('openai-chat:gpt-5.1', 'none_effort', True),
        ('openai-chat:gpt-5.2-pro', 'efforts', ('medium', 'high', 'xhigh')),
        ('openai-chat:o1-mini', 'system_role', 'user'),
        ('anthropic:claude-sonnet-4-5', 'schema', 'anthropic'),
        ('anthropic:claude-sonnet-4-5', 'json_schema_output', True),
        ('anthropic:claude-3-5-haiku-latest', 'json_schema_output', False),
        ('anthropic:claude-mythos-5-1', 'json_schema_output', True),
        ('anthropic:claude-x', 'thinking_tags', None),
        ('openrouter:openai/gpt-4o', 'inline_system', True),
        ('openrouter:openai/gpt-oss-120b', 'inline_system', False),
        ('openrouter:openai/gpt-oss-120b', 'schema', 'gpt_oss'),
        ('openrouter:anthropic/claude-sonnet-4.5', 'json_schema_output', True),
        ('openrouter:anthropic/claude-sonnet-4.5', 'cache_control', 'ttl'),
        ('openrouter:google/gemini-2.5-flash', 'cache_control', 'plain'),
        ('openrouter:google/gemini-2.5-flash', 'schema', 'gemini'),
        ('openrouter:meta-llama/llama-3.3-70b-instruct', 'schema', 'inline'),
        ('ollama:qwen3', 'schema', 'inline'),
        ('ollama:qwen3', 'ignore_streamed_leading_whitespace', True),
        ('ollama:glm-4.6-cloud', 'json_schema_output', False),
        ('ollama:gpt-oss:20b', 'forced_tools', False),
        ('deepseek:deepseek-reasoner', 'always_thinks', True),
        ('deepseek:deepseek-chat', 'thinks', False),
        ('together:Qwen/Qwen3-235B', 'schema', 'inline'),
        ('snowflake:openai-gpt-5', 'always_thinks', True),
        ('snowflake:llama3.3-70b', 'tools', False),
        ('cerebras:zai-glm-4.7', 'thinking_back', 'tags'),
        ('moonshotai:kimi-k3', 'max_effort', True),
        ('local:', 'one_system_message', True),
        ('groq:llama-3.3-70b-versatile', 'schema', 'inline'),
        ('groq:openai/gpt-oss-120b', 'schema', 'gpt_oss'),
        ('groq:openai/gpt-oss-120b', 'forced_tools', True),
        ('groq:moonshotai/kimi-k2-instruct', 'schema', 'plain'),
        ('groq:moonshotai/kimi-k2-instruct', 'json_schema_output', True),
        ('groq:qwen/qwen3-32b', 'none_effort', True),
        ('groq:compound-beta', 'web_search', 'always'),
        ('gateway/groq:groq/compound-mini', 'web_search', 'always'),
        ('huggingface:Qwen/Qwen3-235B-A22B', 'schema', 'inline'),
        ('huggingface:Qwen/Qwen3-235B-A22B', 'inline_system', True),
        ('huggingface:openai/gpt-oss-120b', 'inline_system', False),
        ('huggingface:moonshotai/Kimi-K3', 'thinks', False),
    ],
)
def test_peculiarities(name: str, field: str, value: object) -> None:
    assert getattr(of(name), field) == value


def test_names_are_taken_in_any_case() -> None:
    assert of('crusoe:Meta-Llama/LLAMA-3') == of('crusoe:meta-llama/llama-3')


@pytest.mark.parametrize(
    ('name', 'vendor', 'bare'),
    [
        ('us.anthropic.claude-haiku-4-5-20251001-v1:0', 'anthropic', 'claude-haiku-4-5-20251001'),
        ('us-gov.amazon.nova-pro-v1:0', 'amazon', 'nova-pro'),
        ('zai.glm-4.7', 'zai', 'glm-4.7'),
        ('openai.gpt-oss-120b-1:0', 'openai', 'gpt-oss-120b-1:0'),
        (
            'arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-opus-4-8',
            'anthropic',
            'claude-opus-4-8',
        ),
    ],
)
def test_an_id_names_the_vendor(name: str, vendor: str, bare: str) -> None:
    assert split(name) == (vendor, bare)


def test_an_applications_own_profile_says_nothing_of_its_model() -> None:
    plain = of('bedrock:arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc').converse
    assert (plain.claude, plain.tool_choice, plain.thinking) == (False, False, None)


def test_the_tables_speak_of_providers_fields_and_patterns_that_there_are() -> None:
    known = {field.name for field in fields(Profile)}
    assert set(DIALECTS) <= {row.name for row in providers.PROVIDERS}
    rows = [row for vendor in (*_profile.VENDORS, OPENAI) for row in (*vendor.families, *vendor.generations)]
    changes = [(row.pattern, change) for row in rows for change in (row.change, *row.at.values())]
    for dialect in DIALECTS.values():
        changes += [*dialect.rules, ('', dialect.changes)]
    assert all(re.compile(pattern) and set(change) <= known for pattern, change in changes)
    assert all(row.source.startswith('https://') and row.read for row in rows)


def with_row(vendor: Vendor, row: Row) -> Vendor:
    return replace(vendor, generations=(*vendor.generations, row))


@pytest.fixture
def invented(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A row more for each of three vendors; all the others stay."""
    page, reasons = 'https://example.com', {'thinks': True, 'no_sampling_while_thinking': True}
    claude = Row('claude-nova-9', {**reasons, 'claude': {'max_output': 9_000, 'adaptive': True}}, page)
    gemini = Row('gemini-9', {'gemini': {'levels': ('LOW',)}}, page)
    gpt = Row('gpt-9', {**reasons, 'efforts': ('high',), 'responses': {'phase': True}}, page)
    vendors = (OPEN_MODELS, with_row(CLAUDE, claude), with_row(GEMINI, gemini))
    monkeypatch.setattr(_profile, 'VENDORS', vendors)
    monkeypatch.setattr(_profile, 'OPENAI', with_row(OPENAI, gpt))
    _profile._profile.cache_clear()
    yield
    _profile._profile.cache_clear()


NEW = {
    'anthropic:claude-nova-9': {'max_tokens': 9_000, 'thinking': {'type': 'adaptive'}},
    'gateway/anthropic:claude-nova-9': {'max_tokens': 9_000, 'thinking': {'type': 'adaptive'}},
    'bedrock:us.anthropic.claude-nova-9': {
        'inferenceConfig': {'maxTokens': 9_000, 'temperature': 0.5},
        'additionalModelRequestFields': {'thinking': {'type': 'adaptive'}},
    },
    'openrouter:anthropic/claude-nova-9': {'temperature': None},
    'vercel:anthropic/claude-nova-9': {'reasoning_effort': 'low'},
    'openai-chat:gpt-9': {'reasoning_effort': 'high'},
    'azure:gpt-9': {'reasoning_effort': 'high'},
    'github:openai/gpt-9': {'reasoning_effort': 'high'},
    'vercel:openai/gpt-9': {'reasoning_effort': 'high'},
    'openrouter:openai/gpt-9': {'temperature': None},
    'openai-responses:gpt-9': {'reasoning': {'effort': 'high'}},
    'azure-responses:gpt-9': {'reasoning': {'effort': 'high'}},
    'bedrock-mantle:openai.gpt-9': {'reasoning': {'effort': 'high'}},
    'google:gemini-9-pro': {'thinkingConfig': {'include_thoughts': True, 'thinking_level': 'LOW'}},
    'google-cloud:gemini-9-pro': {'thinkingConfig': {'include_thoughts': True, 'thinking_level': 'LOW'}},
}
"""By model, what its body holds because of the row, where low thinking (of Gemini: high) is wanted."""


def body(name: str) -> dict[str, Any]:
    prefix, _, model = name.partition(':')
    provider = providers.find(prefix)
    assert provider is not None
    settings: Any = {'thinking': 'high' if 'gemini' in model else 'low', 'max_tokens': 99_999, 'temperature': 0.5}
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', UnsupportedSettingWarning)
        target = Target(model, provider, profiles.profile(provider, model))
        hello = [ModelRequest.user_text_prompt('hi')]
        made = protocol(provider.wire).encode(target, hello, settings, ModelRequestParameters()).body
    return made | made.get('generationConfig', {})


@pytest.mark.parametrize('name', NEW)
def test_a_new_generation_is_one_row_on_every_protocol(name: str, request: pytest.FixtureRequest) -> None:
    before = body(name)
    assert all(before.get(field) != value for field, value in NEW[name].items())
    request.getfixturevalue('invented')
    after = body(name)
    assert {field: after.get(field) for field in NEW[name]} == NEW[name]


OLD = (
    'anthropic:claude-opus-4-8',
    'bedrock:us.anthropic.claude-sonnet-4-5',
    'openai-chat:gpt-5.1',
    'google:gemini-3-pro',
)


def test_a_new_generation_changes_nothing_of_the_others(request: pytest.FixtureRequest) -> None:
    before = [of(name) for name in OLD]
    request.getfixturevalue('invented')
    assert [of(name) for name in OLD] == before
    assert of('anthropic:claude-nova-9').claude.max_output == 9_000
    assert of('azure-responses:gpt-9').responses.phase and of('openrouter:google/gemini-9-pro').gemini.levels == (
        'LOW',
    )

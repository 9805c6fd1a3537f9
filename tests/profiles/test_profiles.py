"""What the table says of models."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, replace

import pytest

from jupyter_stream import profiles, providers
from jupyter_stream.profiles import Profile, _profile
from jupyter_stream.profiles._rows import Row
from jupyter_stream.profiles.bedrock import split
from jupyter_stream.profiles.claude import CLAUDE
from jupyter_stream.profiles.dialects import DIALECTS
from jupyter_stream.profiles.gemini import GEMINI
from jupyter_stream.profiles.openai import OPENAI


def of(name: str) -> Profile:
    prefix, _, model = name.partition(':')
    provider = providers.find(prefix)
    assert provider is not None
    return profiles.profile(provider, model)


def test_a_model_that_nothing_is_known_of_gets_the_defaults() -> None:
    assert of('nebius:somebody/some-model') == Profile()


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


@pytest.fixture
def invented(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    claude = Row('claude-nova-9', {'thinks': True, 'claude': {'max_output': 7}}, 'https://example.com')
    gemini = Row('gemini-9', {'gemini': {'levels': ('LOW',)}}, 'https://example.com')
    gpt = Row('gpt-9', {'always_thinks': True, 'responses': {'phase': True}}, 'https://example.com')
    more = (replace(CLAUDE, generations=(claude,)), replace(GEMINI, generations=(gemini,)))
    monkeypatch.setattr(_profile, 'VENDORS', more)
    monkeypatch.setattr(_profile, 'OPENAI', replace(OPENAI, generations=(gpt,)))
    _profile._profile.cache_clear()
    yield
    _profile._profile.cache_clear()


@pytest.mark.usefixtures('invented')
def test_a_new_generation_is_one_row() -> None:
    for name in ('anthropic:', 'bedrock:us.anthropic.', 'openrouter:anthropic/', 'vercel:anthropic/'):
        assert of(name + 'claude-nova-9').thinks and of(name + 'claude-nova-9').claude.max_output == 7
    for name in ('google:', 'google-cloud:', 'openrouter:google/'):
        assert of(name + 'gemini-9-pro').gemini.levels == ('LOW',)
    for name in ('openai-chat:', 'openai-responses:', 'azure:', 'azure-responses:', 'bedrock-mantle:openai.'):
        assert of(name + 'gpt-9').always_thinks and of(name + 'gpt-9').responses.phase

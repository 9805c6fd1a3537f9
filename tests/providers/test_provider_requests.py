"""The request of every row of the table of providers: its address, its path, and where the key stands in it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from jupyter_stream.exceptions import ModelAuthenticationError
from jupyter_stream.messages import ModelRequest
from jupyter_stream.models import ModelRequestParameters, infer_model
from jupyter_stream.providers import PROVIDERS, find

KEY = 'dummy-key-0123456789'
BEARER = ('authorization', f'Bearer {KEY}')
VARIABLES = {
    'AZURE_OPENAI_ENDPOINT': 'https://res.openai.azure.com',
    'SNOWFLAKE_ACCOUNT': 'org-acc',
    'PYDANTIC_AI_GATEWAY_BASE_URL': 'https://gw.example/proxy',
    'AWS_REGION': 'us-east-1',
}
REQUESTS: Mapping[str, tuple[str, tuple[str, str]]] = {
    'openai-chat:gpt-5.6-sol': ('https://api.openai.com/v1/chat/completions', BEARER),
    'openai:a-model': ('https://api.openai.com/v1/responses', BEARER),
    'openai-responses:a-model': ('https://api.openai.com/v1/responses', BEARER),
    'anthropic:claude-sonnet-5-5': ('https://api.anthropic.com/v1/messages', BEARER),
    'gateway/openai:a-model': ('https://gw.example/proxy/openai/responses', BEARER),
    'gateway/openai-responses:a-model': ('https://gw.example/proxy/openai/responses', BEARER),
    'gateway/responses:a-model': ('https://gw.example/proxy/openai/responses', BEARER),
    'gateway/openai-chat:a-model': ('https://gw.example/proxy/openai/chat/completions', BEARER),
    'gateway/chat:a-model': ('https://gw.example/proxy/openai/chat/completions', BEARER),
    'gateway/google:a-model': (
        'https://gw.example/proxy/google-vertex/v1beta1/publishers/google/models/a-model:streamGenerateContent?alt=sse',
        BEARER,
    ),
    'gateway/google-cloud:a-model': (
        'https://gw.example/proxy/google-vertex/v1beta1/publishers/google/models/a-model:streamGenerateContent?alt=sse',
        BEARER,
    ),
    'gateway/anthropic:a-model': ('https://gw.example/proxy/anthropic/v1/messages', BEARER),
    'google:gemini-3-pro-preview': (
        'https://generativelanguage.googleapis.com/v1beta/models/gemini-3-pro-preview:streamGenerateContent?alt=sse',
        ('x-goog-api-key', KEY),
    ),
    'google-cloud:gemini-3-pro-preview': (
        'https://aiplatform.googleapis.com/v1beta1/publishers/google/models/gemini-3-pro-preview:streamGenerateContent?alt=sse',
        ('x-goog-api-key', KEY),
    ),
    'azure:gpt-5-mini': (
        'https://res.openai.azure.com/openai/deployments/gpt-5-mini/chat/completions?api-version=2025-01-01-preview',
        ('api-key', KEY),
    ),
    'azure-responses:a-model': (
        'https://res.openai.azure.com/openai/responses?api-version=2025-01-01-preview',
        ('api-key', KEY),
    ),
    'bedrock:global.anthropic.claude-sonnet-5-5': (
        'https://bedrock-runtime.us-east-1.amazonaws.com/model/global.anthropic.claude-sonnet-5-5/converse-stream',
        BEARER,
    ),
    'gateway/converse:a-model': ('https://gw.example/proxy/bedrock/model/a-model/converse-stream', BEARER),
    'gateway/bedrock:a-model': ('https://gw.example/proxy/bedrock/model/a-model/converse-stream', BEARER),
    'bedrock-mantle:openai.gpt-5.6-sol': ('https://bedrock-mantle.us-east-1.api.aws/openai/v1/responses', BEARER),
    'meta:muse-spark-1.3': ('https://api.meta.ai/v1/responses', BEARER),
    'deepseek:deepseek-v4-pro': ('https://api.deepseek.com/chat/completions', BEARER),
    'mistral:mistral-large-latest': ('https://api.mistral.ai/v1/chat/completions', BEARER),
    'cohere:command-a-03-2025': ('https://api.cohere.com/v2/chat', BEARER),
    'openrouter:anthropic/claude-sonnet-4.5': ('https://openrouter.ai/api/v1/chat/completions', BEARER),
    'cerebras:gpt-oss-120b': ('https://api.cerebras.ai/v1/chat/completions', BEARER),
    'zai:glm-5.3': ('https://api.z.ai/api/paas/v4/chat/completions', BEARER),
    'ollama:qwen3': ('http://localhost:11434/v1/chat/completions', BEARER),
    'crusoe:meta-llama/Llama-3.3-70B-Instruct': ('https://api.inference.crusoecloud.com/v1/chat/completions', BEARER),
    'snowflake:claude-sonnet-4-6': ('https://org-acc.snowflakecomputing.com/api/v2/cortex/v1/chat/completions', BEARER),
    'github:openai/gpt-4o': ('https://models.github.ai/inference/chat/completions', BEARER),
    'heroku:claude-4-5-sonnet': ('https://us.inference.heroku.com/v1/chat/completions', BEARER),
    'vercel:openai/gpt-4o': ('https://ai-gateway.vercel.sh/v1/chat/completions', BEARER),
    'moonshotai:kimi-k3': ('https://api.moonshot.ai/v1/chat/completions', BEARER),
    'fireworks:accounts/fireworks/models/llama-v3p3-70b-instruct': (
        'https://api.fireworks.ai/inference/v1/chat/completions',
        BEARER,
    ),
    'together:meta-llama/Llama-3.3-70B-Instruct-Turbo': ('https://api.together.xyz/v1/chat/completions', BEARER),
    'litellm:a-model': ('http://localhost:4000/chat/completions', BEARER),
    'vllm:a-model': ('http://localhost:8000/v1/chat/completions', BEARER),
    'nebius:meta-llama/Llama-3.3-70B-Instruct': ('https://api.studio.nebius.com/v1/chat/completions', BEARER),
    'ovhcloud:gpt-oss-120b': ('https://oai.endpoints.kepler.ai.cloud.ovh.net/v1/chat/completions', BEARER),
    'alibaba:qwen-max': ('https://dashscope-intl.aliyuncs.com/compatible-mode/v1/chat/completions', BEARER),
    'sambanova:Meta-Llama-3.3-70B-Instruct': ('https://api.sambanova.ai/v1/chat/completions', BEARER),
    'xai:grok-4': ('https://api.x.ai/v1/chat/completions', BEARER),
    'groq:openai/gpt-oss-120b': ('https://api.groq.com/openai/v1/chat/completions', BEARER),
    'gateway/groq:a-model': ('https://gw.example/proxy/groq/openai/v1/chat/completions', BEARER),
    'huggingface:deepseek-ai/DeepSeek-V4-Pro': ('https://router.huggingface.co/v1/chat/completions', BEARER),
}
KEYLESS = ('ollama:qwen3', 'vllm:a-model', 'litellm:a-model')


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is set but what the addresses need."""
    known = {name for row in PROVIDERS for name in (*row.key_env, *row.base_url_env, *row.optional_headers.values())}
    asked = known | {one.name for row in PROVIDERS for one in row.variables} | {'GOOGLE_CLOUD_LOCATION'}
    for name in asked & set(os.environ):
        monkeypatch.delenv(name)
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)


def request_of(name: str, **more: Any) -> httpx.Request:
    """What is sent; the answer is that the key is wrong."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        wrong = [value for value in request.headers.values() if KEY in value]
        return httpx.Response(401, json={'error': {'message': f'wrong: {wrong}'}})

    async def main() -> None:
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
            model = infer_model(name, http_client=client, **more)
            with pytest.raises(ModelAuthenticationError) as caught:
                await model.request([ModelRequest.user_text_prompt('hi')], None, ModelRequestParameters())
            assert KEY not in str(caught.value) + repr(caught.value) + repr(model) + repr(vars(model))

    asyncio.run(main())
    assert len(seen) == 1
    return seen[0]


def carriers(request: httpx.Request) -> list[tuple[str, str]]:
    """The headers that hold the key, which stands nowhere else."""
    assert KEY not in str(request.url) and KEY.encode() not in request.content
    return [(name, value) for name, value in request.headers.items() if KEY in value]


def test_every_provider_is_in_the_table() -> None:
    prefixes = {prefix for row in PROVIDERS for prefix in row.all_prefixes}
    assert {name.partition(':')[0] for name in REQUESTS} == prefixes - {'local'}


@pytest.mark.parametrize('name', REQUESTS)
def test_the_key_that_is_passed(name: str) -> None:
    url, header = REQUESTS[name]
    request = request_of(name, api_key=KEY)
    assert (request.method, str(request.url), carriers(request)) == ('POST', url, [header])


@pytest.mark.parametrize('name', REQUESTS)
def test_the_key_of_the_environment(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    provider = find(name.partition(':')[0])
    assert provider is not None
    monkeypatch.setenv(provider.key_env[0], KEY)
    url, header = REQUESTS[name]
    request = request_of(name)
    assert (str(request.url), carriers(request)) == (url, [header])


@pytest.mark.parametrize('name', KEYLESS)
def test_without_a_key_there_is_no_header_for_it(name: str) -> None:
    assert 'authorization' not in request_of(name).headers

"""C5: wherever a base URL ends, nothing is doubled and nothing is missing; a 404 says which address was asked."""

from __future__ import annotations

import asyncio

import pytest

from jupyter_stream.direct import model_request
from jupyter_stream.exceptions import ModelNotFoundError
from jupyter_stream.messages import ModelRequest
from jupyter_stream.models import infer_model
from jupyter_stream.providers import PROVIDERS, Provider, resolve
from tests.faults.server import ScriptedServer, status

KEYS = {name: 'k' for row in PROVIDERS for name in row.key_env}


def asked(prefix: str, variable: str, value: str) -> str:
    found = resolve(f'{prefix}:vendor/m', env={**KEYS, variable: value})
    return f'{found.base_url}{found.provider.path}'


@pytest.mark.parametrize(
    ('prefix', 'variable', 'value', 'address'),
    [
        ('anthropic', 'ANTHROPIC_BASE_URL', 'https://x', 'https://x/v1/messages'),
        ('anthropic', 'ANTHROPIC_BASE_URL', 'https://x/v1', 'https://x/v1/messages'),
        ('anthropic', 'ANTHROPIC_BASE_URL', 'https://x/v1//', 'https://x/v1/messages'),
        ('anthropic', 'ANTHROPIC_BASE_URL', 'https://x/v1/messages', 'https://x/v1/messages'),
        ('anthropic', 'ANTHROPIC_BASE_URL', 'https://x/anthropic/v1', 'https://x/anthropic/v1/messages'),
        ('openai-chat', 'OPENAI_BASE_URL', 'https://x', 'https://x/v1/chat/completions'),
        ('openai-chat', 'OPENAI_BASE_URL', 'https://x/', 'https://x/v1/chat/completions'),
        ('openai-chat', 'OPENAI_BASE_URL', 'https://x/v1/chat/completions', 'https://x/v1/chat/completions'),
        ('openai-chat', 'OPENAI_BASE_URL', 'https://x/v1beta/openai', 'https://x/v1beta/openai/chat/completions'),
        ('openai', 'OPENAI_BASE_URL', 'https://x', 'https://x/v1/responses'),
        ('openai', 'OPENAI_BASE_URL', 'https://x/v1/responses/', 'https://x/v1/responses'),
        ('ollama', 'OLLAMA_BASE_URL', 'http://x:1', 'http://x:1/v1/chat/completions'),
        ('vllm', 'VLLM_BASE_URL', 'http://x:1', 'http://x:1/v1/chat/completions'),
        ('litellm', 'LITELLM_BASE_URL', 'http://x:1', 'http://x:1/chat/completions'),
        ('groq', 'GROQ_BASE_URL', 'https://x/openai/v1', 'https://x/openai/v1/chat/completions'),
        ('groq', 'GROQ_BASE_URL', 'https://x/openai', 'https://x/openai/v1/chat/completions'),
        ('cohere', 'CO_BASE_URL', 'https://x/v2', 'https://x/v2/chat'),
        ('cohere', 'CO_BASE_URL', 'https://x/v1', 'https://x/v2/chat'),
        ('google', 'GOOGLE_GEMINI_BASE_URL', 'https://x/v1beta', 'https://x/v1beta/{model}:streamGenerateContent'),
        ('google', 'GOOGLE_GEMINI_BASE_URL', 'https://x/v1', 'https://x/v1beta/{model}:streamGenerateContent'),
        (
            'azure',
            'AZURE_OPENAI_ENDPOINT',
            'https://x/openai/',
            'https://x/openai/deployments/{model}/chat/completions',
        ),
    ],
)
def test_c5_where_a_base_url_ends(prefix: str, variable: str, value: str, address: str) -> None:
    assert asked(prefix, variable, value) == address


WITH_VARIABLE = [row for row in PROVIDERS if row.base_url_env and row.base_url]


@pytest.mark.parametrize('row', WITH_VARIABLE, ids=lambda row: row.title)
def test_c5_every_provider_takes_its_own_address_in_any_length(row: Provider) -> None:
    prefix, variable, right = row.all_prefixes[0], row.base_url_env[0], f'{row.base_url}{row.path}'
    origin = '/'.join(str(row.base_url).split('/')[:3])
    fixed = [segment for segment in right.removeprefix(origin).split('/') if segment and '{' not in segment]
    for size in range(len(fixed) + 1):
        if size and len(fixed[:size]) < str(row.base_url).removeprefix(origin).count('/'):
            continue  # shorter than the provider's own base URL: another path
        assert asked(prefix, variable, '/'.join([origin, *fixed[:size]])) == right


@pytest.mark.parametrize('name', ['anthropic:m', 'mistral:m', 'groq:m', 'cohere:m', 'google:m'])
def test_c5_the_same_for_an_argument(name: str) -> None:
    row = resolve(name, env=KEYS).provider
    version = row.path[: row.path.index('/', row.path.index('/v') + 1)]
    assert resolve(name, base_url=f'http://own{version}', env=KEYS).base_url == 'http://own'


@pytest.mark.parametrize('name', ['openai-chat:m', 'openai:m', 'anthropic:m', 'google:m', 'cohere:m'])
def test_c5_a_404_says_which_address_was_asked(name: str) -> None:
    async def ask(url: str) -> None:
        await model_request(infer_model(name, api_key='sk-none', base_url=url), [ModelRequest.user_text_prompt('Hi')])

    with ScriptedServer([status('404 Not Found', {'error': {'message': 'no such thing'}})]) as server:
        with pytest.raises(ModelNotFoundError) as caught:
            asyncio.run(ask(f'{server.url}/somewhere'))
        path = server.requests[0].line.split()[1].partition('?')[0]
    assert f'The address asked was {server.url}{path}:' in str(caught.value)
    assert '?' not in str(caught.value)

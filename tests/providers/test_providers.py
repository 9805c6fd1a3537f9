"""The table of providers, and what a model string means."""

from __future__ import annotations

import pickle
from importlib import import_module
from string import Formatter

import pytest

from jupyter_stream import providers
from jupyter_stream.exceptions import UserError
from jupyter_stream.providers import PROVIDERS, Provider

KEYS = {name: 'secret-key' for row in PROVIDERS for name in row.key_env}
ENV = {
    **KEYS,
    'AZURE_OPENAI_ENDPOINT': 'https://r.openai.azure.com/',
    'SNOWFLAKE_ACCOUNT': 'org-acct',
    'PYDANTIC_AI_GATEWAY_BASE_URL': 'https://gw.example/proxy',
}
SPOKEN = [row for row in PROVIDERS if row.wire == 'openai_chat']


def test_prefixes_are_unique() -> None:
    prefixes = [prefix for row in PROVIDERS for prefix in row.all_prefixes]
    assert len(prefixes) == len(set(prefixes))
    assert providers.find('openai-chat') is PROVIDERS[0]
    assert providers.find('nobody') is None


def test_every_row_speaks_a_protocol_that_there_is() -> None:
    for wire in {row.wire for row in PROVIDERS}:
        assert callable(import_module(f'jupyter_stream.wire.{wire}').encode)


@pytest.mark.parametrize('row', SPOKEN, ids=lambda row: row.all_prefixes[0])
def test_every_row_resolves(row: Provider) -> None:
    model = row.models[0] if row.models else 'vendor/model'
    found = providers.resolve(f'{row.all_prefixes[0]}:{model}', env=ENV)
    assert (found.provider.name, found.model_name) == (row.name, model)
    assert found.api_key == ('secret-key' if row.key_env else None)
    if row.base_url is not None:
        assert found.base_url is not None and found.base_url.startswith(('https://', 'http://localhost'))
        assert '{' not in found.base_url and not found.base_url.endswith('/')
    assert row.docs.startswith('https://')


@pytest.mark.parametrize('row', PROVIDERS, ids=lambda row: row.all_prefixes[0])
def test_placeholders_have_variables(row: Provider) -> None:
    texts = (row.base_url or '', *row.query.values())
    used = {name for text in texts for _, name, _, _ in Formatter().parse(text) if name}
    assert used == {variable.name for variable in row.variables}


@pytest.mark.parametrize(
    ('name', 'url'),
    [
        ('openai-chat:gpt-4o', 'https://api.openai.com/v1'),
        ('azure:gpt-4o', 'https://r.openai.azure.com/openai'),
        ('snowflake:claude-sonnet-4-6', 'https://org-acct.snowflakecomputing.com/api/v2/cortex/v1'),
        ('ollama:qwen3', 'http://localhost:11434/v1'),
        ('groq:llama-3.3-70b-versatile', 'https://api.groq.com'),
        ('huggingface:Qwen/Qwen3-32B', 'https://router.huggingface.co/v1'),
        ('local:', None),
    ],
)
def test_base_urls(name: str, url: str | None) -> None:
    assert providers.resolve(name, env=ENV).base_url == url


def test_arguments_win_over_the_environment_and_that_over_the_table() -> None:
    env = {**ENV, 'OPENAI_BASE_URL': 'http://proxy/v1/', 'HEROKU_INFERENCE_URL': 'https://eu.inference.heroku.com'}
    assert providers.resolve('openai-chat:m', env=env).base_url == 'http://proxy/v1'
    given = providers.resolve('openai-chat:m', api_key='mine', base_url='http://own/{x}/', env=env)
    assert (given.api_key, given.base_url) == ('mine', 'http://own/{x}')
    assert providers.resolve('heroku:m', env=env).base_url == 'https://eu.inference.heroku.com/v1'
    assert (
        providers.resolve('azure:m', base_url='http://own', env={'AZURE_OPENAI_API_KEY': 'k'}).base_url == 'http://own'
    )


def test_the_second_variable_of_a_key_counts_too_and_a_blank_one_does_not() -> None:
    assert providers.resolve('alibaba:m', env={'ALIBABA_API_KEY': ' ', 'DASHSCOPE_API_KEY': 'k'}).api_key == 'k'


def test_a_missing_key_names_the_variable() -> None:
    with pytest.raises(UserError, match=r'Set the `OPENAI_API_KEY` environment variable or pass `api_key=…`'):
        providers.resolve('openai-chat:gpt-4o', env={})


@pytest.mark.parametrize('account', ['evil.example/path', 'evil.example#', 'a b', 'user@host', 'x?y'])
def test_a_variable_can_not_lead_to_another_host(account: str) -> None:
    with pytest.raises(UserError, match='SNOWFLAKE_ACCOUNT'):
        providers.resolve('snowflake:m', env={**ENV, 'SNOWFLAKE_ACCOUNT': account})


def test_a_missing_part_of_an_address_names_the_variable() -> None:
    with pytest.raises(UserError, match='AZURE_OPENAI_ENDPOINT'):
        providers.resolve('azure:m', env=KEYS)
    with pytest.raises(UserError, match='must look like'):
        providers.resolve('azure:m', env={**KEYS, 'AZURE_OPENAI_ENDPOINT': 'r.openai.azure.com'})


@pytest.mark.parametrize('account', ['org-acct.snowflakecomputing.com', 'https://org-acct.snowflakecomputing.com/'])
def test_a_whole_host_is_taken_for_its_account(account: str) -> None:
    found = providers.resolve('snowflake:m', env={**ENV, 'SNOWFLAKE_ACCOUNT': account})
    assert found.base_url == 'https://org-acct.snowflakecomputing.com/api/v2/cortex/v1'


def test_headers_and_query() -> None:
    found = providers.resolve('azure:m', env={**ENV, 'OPENAI_API_VERSION': '2026-01-01'})
    assert found.provider.query == {'api-version': '2026-01-01'}
    assert found.provider.auth('k') == {'api-key': 'k'}
    found = providers.resolve('openrouter:a/b', env={**ENV, 'OPENROUTER_APP_TITLE': 'me'})
    assert found.provider.headers == {'X-Title': 'me'}
    assert found.provider.auth('k') == {'authorization': 'Bearer k'}
    assert found.provider.auth(None) == {}


@pytest.mark.parametrize(
    ('name', 'says'),
    [
        ('gpt-4o', r'Unknown model: gpt-4o\. Did you mean `openai-chat:gpt-4o`\?'),
        ('openai-chatt:my-model', r'Did you mean `openai-chat:my-model`\?'),
        ('claude-sonnet-4-5', r'Did you mean `anthropic:claude-sonnet-4-5`\?'),
        ('zzzzzzzz:q', r'^Unknown model: zzzzzzzz:q\. A model is named `provider:model`'),
        ('', r'^Unknown model: \. A model is named'),
        (':', r'^Unknown model: :\. A model is named'),
        ('openai-chat:', r'Name a model after `openai-chat:`'),
        ('openrouter:gpt-4o', r'names its models vendor/model, such as `openrouter:openai/gpt-4o`'),
    ],
)
def test_strings_that_mean_nothing(name: str, says: str) -> None:
    with pytest.raises(UserError, match=says):
        providers.resolve(name, env=ENV)


def test_no_repr_shows_the_key() -> None:
    found = providers.resolve('openai-chat:gpt-4o', env=ENV)
    assert 'secret-key' not in repr(found) + str(found) + repr(found.provider) + f'{found}'
    assert b'secret-key' not in pickle.dumps(found.provider)


def test_anthropic_by_its_address_and_by_the_gateways() -> None:
    direct = providers.resolve('anthropic:claude-sonnet-4-5', env={'ANTHROPIC_API_KEY': 'k'})
    assert direct.base_url == 'https://api.anthropic.com' and direct.provider.path == '/v1/messages'
    assert direct.provider.auth('k') == {'authorization': 'Bearer k'}
    gateway = {'PYDANTIC_AI_GATEWAY_API_KEY': 'k', 'PYDANTIC_AI_GATEWAY_BASE_URL': 'https://gateway-eu.example/proxy/'}
    found = providers.resolve('gateway/anthropic:claude-sonnet-4-5', env=gateway)
    assert found.base_url == 'https://gateway-eu.example/proxy/anthropic' and found.provider.name == 'anthropic'


@pytest.mark.parametrize(
    ('key', 'address'),
    [
        ('pylf_v1_eu_aB-c_9', 'https://gateway-eu.pydantic.dev/proxy/openai'),
        ('pylf_v2_us_x', 'https://gateway-us.pydantic.dev/proxy/openai'),
        ('pylf_v1_stagingus_x', 'https://gateway.pydantic.info/proxy/openai'),
    ],
)
def test_a_gateway_key_names_its_region(key: str, address: str) -> None:
    for env, given in (({'PYDANTIC_AI_GATEWAY_API_KEY': key}, None), ({'PAIG_API_KEY': key}, None), ({}, key)):
        assert providers.resolve('gateway/openai:gpt-5', env=env, api_key=given).base_url == address
    for name in ('PYDANTIC_AI_GATEWAY_BASE_URL', 'PAIG_BASE_URL'):
        said = {name: 'https://own.example/proxy'}
        assert providers.resolve('gateway/openai:gpt-5', env=said, api_key=key).base_url == f'{said[name]}/openai'


@pytest.mark.parametrize('key', ['pylf_v1_eu', 'pylf_v1_evil.example/_x', 'pylf_v1_e1_x', 'k'])
def test_another_key_names_no_region(key: str) -> None:
    with pytest.raises(UserError, match='PYDANTIC_AI_GATEWAY_BASE_URL'):
        providers.resolve('gateway/openai:gpt-5', env={}, api_key=key)


def test_the_gateways_region_is_not_guessed() -> None:
    with pytest.raises(UserError, match='PYDANTIC_AI_GATEWAY_BASE_URL'):
        providers.resolve('gateway/anthropic:claude-sonnet-4-5', env={'PYDANTIC_AI_GATEWAY_API_KEY': 'k'})

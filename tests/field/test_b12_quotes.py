"""B12: the quotes that a file of variables keeps around a value are not part of a key or an address."""

from __future__ import annotations

import pytest

from jupyter_stream.exceptions import UserError
from jupyter_stream.providers import PROVIDERS, Provider, resolve

OTHERS = {
    'AZURE_OPENAI_ENDPOINT': '"https://r.example"',
    'SNOWFLAKE_ACCOUNT': "'org-acct'",
    'AWS_REGION': '"us-east-1"',
}
GATEWAY = {'PYDANTIC_AI_GATEWAY_BASE_URL': "'https://gw.example/proxy'"}


@pytest.mark.parametrize('quoted', ['"sk-1"', "'sk-1'", ' "sk-1" ', '" sk-1 "', "'sk-1'\n"])
@pytest.mark.parametrize('row', [row for row in PROVIDERS if row.key_env], ids=lambda row: row.title)
def test_b12_quotes_around_a_key_are_taken_off(row: Provider, quoted: str) -> None:
    env = {**OTHERS, **GATEWAY, row.key_env[0]: quoted}
    assert resolve(f'{row.all_prefixes[0]}:vendor/m', env=env).api_key == 'sk-1'


def test_b12_quotes_inside_stay() -> None:
    assert resolve('openai:m', env={'OPENAI_API_KEY': 'a"b'}).api_key == 'a"b'
    assert resolve('openai:m', env={'OPENAI_API_KEY': '"a'}).api_key == '"a'


def test_b12_a_quoted_nothing_is_no_key() -> None:
    with pytest.raises(UserError, match='OPENAI_API_KEY'):
        resolve('openai:m', env={'OPENAI_API_KEY': '""'})


def test_b12_so_with_an_address() -> None:
    env = {'OPENAI_API_KEY': 'k', 'OPENAI_BASE_URL': '"https://x/v1"'}
    assert resolve('openai:m', env=env).base_url == 'https://x/v1'

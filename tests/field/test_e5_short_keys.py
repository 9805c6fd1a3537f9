"""E5: what is no secret is not masked: a placeholder never, a short key only where it stands alone."""

from __future__ import annotations

import pytest

from jupyter_stream.exceptions import http_error
from jupyter_stream.exceptions._bodies import scrub


@pytest.mark.parametrize('key', ['x', 'ollama', 'EMPTY', 'not-needed', 'none', 'lm-studio', 'test', 'dummy'])
def test_e5_a_placeholder_is_no_secret(key: str) -> None:
    text = f'ollama/llama3: rate_limit_exceeded ({key}), x, test, EMPTY'
    assert scrub(text, [key]) == text


@pytest.mark.parametrize('key', ['lim', 'abc', 'llama', 'rate', '123456', 'ceeded'])
def test_e5_a_short_key_is_masked_as_a_whole_word_only(key: str) -> None:
    text = f'ollama/llama3: rate_limit_exceeded, code {key}9, dabcd'
    assert scrub(text, [key]) == text
    assert scrub(f'Bad key: {key}.', [key]) == 'Bad key: ***.'
    assert scrub(f'{{"key": "{key}"}} ?key={key}&a', [key]) == '{"key": "***"} ?key=***&a'


def test_e5_a_long_key_is_masked_everywhere() -> None:
    assert scrub('xzq-UNGUESSABLEx', ['zq-UNGUESSABLE']) == 'x***x'


@pytest.mark.parametrize('key', ['x', 'ollama', 'model', 'ex'])
def test_e5_an_error_keeps_its_words(key: str) -> None:
    body = {'error': {'message': 'ollama/llama3 has exceeded', 'code': 'rate_limit_exceeded'}}
    error = http_error(429, 'ollama/llama3', body, {}, 'OpenAI', secrets=(key,))
    assert 'ollama/llama3 has exceeded' in str(error) and '***' not in str(error)
    assert error.body == body

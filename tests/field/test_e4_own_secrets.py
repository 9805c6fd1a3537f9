"""E4: values of `extra_headers`, and the user, password and query of a base URL, are secrets as the key is."""

from __future__ import annotations

import asyncio
import logging
from base64 import b64encode
from collections.abc import Iterator
from io import StringIO
from typing import Any

import httpx
import pytest

from jupyter_stream.direct import model_request, model_request_stream
from jupyter_stream.exceptions import ModelHTTPError, UserError
from jupyter_stream.exceptions._bodies import excerpt
from jupyter_stream.messages import ModelResponse
from jupyter_stream.models import infer_model
from jupyter_stream.providers import resolve
from jupyter_stream.providers._base_urls import address_of_host, settled_base_url, split_base_url
from jupyter_stream.settings import ModelSettings
from jupyter_stream.transport._endpoint import header_secrets

from .test_e2_headers import ASK, KEY, PROTOCOLS, everything

PASSWORD, TOKEN, HEADER, BEARER = 'pw-UNGUESSABLE-1', 'tok-UNGUESSABLE-2', 'hdr-UNGUESSABLE-3', 'brr-UNGUESSABLE-4'
SECRETS = (KEY, PASSWORD, TOKEN, HEADER, BEARER, b64encode(f'ann:{PASSWORD}'.encode()).decode())
URL = f'http://ann:{PASSWORD}@127.0.0.1:9/base/?token={TOKEN}&api-version=2024-10-21'
WORDS = 'no: tk-0123 it is'
ANSWER = 'data: {"choices": [{"delta": {"content": "Hi"}, "finish_reason": "stop", "index": 0}]}\n\ndata: [DONE]\n\n'


def settings() -> ModelSettings:
    """No variable of a test: a verbose traceback shows those too."""
    return ModelSettings(extra_headers={'x-team': HEADER, 'x-proxy': f'Bearer {BEARER}'}, max_retries=0)


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[StringIO]:
    said = StringIO()
    handler = logging.StreamHandler(said)
    for name in ('httpx', 'httpcore'):
        monkeypatch.setattr(logging.getLogger(name), 'level', 1)
        logging.getLogger(name).addHandler(handler)
    logging.getLogger().manager._clear_cache()  # type: ignore[attr-defined]
    yield said
    for name in ('httpx', 'httpcore'):
        logging.getLogger(name).removeHandler(handler)


def client(answer: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.MockTransport(answer))


def echo(request: httpx.Request) -> httpx.Response:
    """Whatever was sent, sent back."""
    sent = {**request.headers, 'query': request.url.query.decode(), 'whole': f'ann:{PASSWORD}', 'bare': BEARER}
    return httpx.Response(400, headers={'x-echo': HEADER}, json={'error': {'message': str(sent), 'more': sent}})


@pytest.mark.parametrize('name', PROTOCOLS)
def test_e4_they_are_sent(name: str) -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(400)

    model = infer_model(name, api_key=KEY, base_url=URL, http_client=client(answer))
    with pytest.raises(ModelHTTPError):
        asyncio.run(model_request(model, ASK, model_settings=settings()))
    url, headers = seen[0].url, seen[0].headers
    assert url.params['token'] == TOKEN and url.params['api-version'] == '2024-10-21'
    assert url.path.startswith('/base/') and not url.userinfo
    assert headers['authorization'] == f'Basic {SECRETS[-1]}'
    assert headers['x-team'] == HEADER and headers['x-proxy'] == f'Bearer {BEARER}'


@pytest.mark.parametrize('name', PROTOCOLS)
def test_e4_no_error_and_no_log_shows_them(name: str, log: StringIO) -> None:
    model = infer_model(name, api_key=KEY, base_url=URL, http_client=client(echo))
    with pytest.raises(ModelHTTPError) as caught:
        asyncio.run(model_request(model, ASK, model_settings=settings()))
    text = everything(caught.value) + log.getvalue() + repr(vars(model)) + repr(model) + str(model.base_url)
    assert [secret for secret in SECRETS if secret in text] == []
    assert '***' in str(caught.value) and 'HTTP Request: POST http://127.0.0.1:9/base/' in log.getvalue()
    assert '2024-10-21' in str(caught.value)


def test_e4_a_response_shows_where_it_came_from_without_them(log: StringIO) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={'content-type': 'text/event-stream'}, content=ANSWER)

    async def main() -> ModelResponse:
        model = infer_model('openai-chat:m', api_key=KEY, base_url=URL, http_client=client(answer))
        async with model_request_stream(model, ASK, model_settings=settings()) as stream:
            assert [secret for secret in SECRETS if secret in repr(vars(stream))] == []
            async for _ in stream:
                pass
            return stream.get()

    response = asyncio.run(main())
    assert (response.text, response.provider_url) == ('Hi', 'http://127.0.0.1:9/base')
    assert [secret for secret in SECRETS if secret in log.getvalue()] == []


def test_e4_the_users_own_authorization_wins() -> None:
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers['authorization'])
        return httpx.Response(400)

    model = infer_model('openai-chat:m', api_key=KEY, base_url=URL, http_client=client(answer))
    with pytest.raises(ModelHTTPError):
        asyncio.run(model_request(model, ASK, model_settings={'extra_headers': {'Authorization': 'Bearer mine'}}))
    assert seen == ['Bearer mine']


@pytest.mark.parametrize(
    ('given', 'parts'),
    [
        ('http://x/v1/', ('http://x/v1', '', '')),
        ('http://u:p@x:1/v1?a=b&c#d', ('http://x:1/v1', 'u:p', 'a=b&c')),
        ('http://u@x', ('http://x', 'u', '')),
        ('http://u:p@q@x/v1', ('http://x/v1', 'u:p@q', '')),
        ('http://u:p/q?r@x/v1?a=b@c', ('http://x/v1?a=b@c', 'u:p/q?r', '')),
        ('http://x:80/v1/@cf/y', ('http://x:80/v1/@cf/y', '', '')),
        ('u:p@x/v1', ('x/v1', 'u:p', '')),
        ('', ('', '', '')),
    ],
)
def test_e4_a_base_url_is_split(given: str, parts: tuple[str, str, str]) -> None:
    base_url, login, query = split_base_url(given)
    if given == 'http://u:p/q?r@x/v1?a=b@c':  # which `@` ends the password cannot be known: the last one does
        assert 'p/q' not in base_url and 'p/q' in login
    else:
        assert (base_url, login, query) == parts


def test_e4_where_a_base_url_ends_holds_with_a_login_and_a_query() -> None:
    assert settled_base_url('https://u:p@x/v1/messages?a=b', '/v1/messages') == 'https://u:p@x?a=b'
    assert settled_base_url('https://u:p@x?a', '/chat', default='https://y/v1') == 'https://u:p@x/v1?a'
    assert address_of_host('http://u:p@x:1', 'http://localhost:11434/v1') == 'http://u:p@x:1/v1'


def test_e4_what_a_model_string_means_is_shown_without_them() -> None:
    shown = repr(resolve('openai-chat:m', api_key=KEY, base_url=URL, env={}))
    assert [secret for secret in SECRETS if secret in shown] == []


@pytest.fixture
def wrong_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('AZURE_OPENAI_ENDPOINT', URL)


@pytest.mark.usefixtures('wrong_variable')
def test_e4_a_variable_that_cannot_have_them_is_refused_without_them() -> None:
    with pytest.raises(UserError, match='AZURE_OPENAI_ENDPOINT') as caught:
        infer_model('azure:m', api_key='k')
    assert [secret for secret in SECRETS if secret in everything(caught.value)] == []


@pytest.mark.parametrize('port', ['abc', '99999', '-1'])
def test_e4_a_base_url_that_makes_no_sense_is_refused_without_them(port: str) -> None:
    model = infer_model('openai-chat:m', api_key=KEY, base_url=URL.replace(':9/', f':{port}/'))
    with pytest.raises(UserError) as caught:
        asyncio.run(model_request(model, ASK, model_settings=settings()))
    assert [secret for secret in SECRETS if secret in everything(caught.value)] == []


@pytest.mark.parametrize(
    ('headers', 'secret'),
    [
        ({'x-a': 'a', 'x-debug': 'true', 'x-api-version': '1'}, []),
        ({'content-type': 'application/json', 'anthropic-beta': 'files-api-2025-04-14'}, []),
        ({'x-token': 'short'}, ['short']),
        ({'authorization': 'Token abcdef'}, ['Token abcdef', 'abcdef']),
        ({'cookie': 'a=1; session=0123456789'}, ['a=1; session=0123456789', '0123456789']),
        ({'x-team': 'a-longer-value'}, ['a-longer-value']),
    ],
)
def test_e5_short_values_of_headers_are_no_secrets(headers: dict[str, str], secret: list[str]) -> None:
    assert list(header_secrets(headers, {})) == secret


@pytest.mark.parametrize(
    ('length', 'shown'), [(4, 'no: '), (7, 'no: '), (10, 'no: '), (11, 'no: tk-0123'), (99, WORDS)]
)
def test_e4_an_excerpt_never_ends_inside_a_key(length: int, shown: str) -> None:
    assert excerpt(WORDS, length) == shown

"""C3: no proxy is ever sent a request to this machine, however its address or its name is written."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from jupyter_stream.direct import model_request
from jupyter_stream.messages import ModelRequest
from jupyter_stream.models import infer_model
from jupyter_stream.transport import proxy_for
from tests.faults.server import ScriptedServer, chat, events, sends, status

VARIABLES = ('HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY', 'SSL_CERT_FILE', 'SSL_CERT_DIR')
HELLO = sends(events(chat('Hello'), chat(finish='stop'), '[DONE]'))


def environment(monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


async def ask(base_url: str) -> str | None:
    model = infer_model('openai-chat:m', api_key='sk-none', base_url=base_url)
    response = await model_request(model, [ModelRequest.user_text_prompt('Hi')], model_settings={'max_retries': 0})
    return response.text


def asked(host: str) -> str | None:
    with ScriptedServer([HELLO]) as server:
        return asyncio.run(ask(f'http://{host}:{server.port}'))


@pytest.mark.parametrize('host', ['127.0.0.1', '127.0.0.2', 'localhost', 'LocalHost', '127.1', '0.0.0.0', '2130706433'])
def test_c3_the_proxy_is_not_reached(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedServer([status('502 Bad Gateway')]) as proxy, ScriptedServer([HELLO]) as server:
        environment(monkeypatch, HTTP_PROXY=proxy.url, ALL_PROXY=proxy.url)
        if host == '127.0.0.2':  # the server listens at 127.0.0.1 only: whether it answers does not matter here
            with pytest.raises(Exception, match='failed while connecting'):
                asyncio.run(ask(f'http://{host}:{server.port}'))
        else:
            assert asyncio.run(ask(f'http://{host}:{server.port}')) == 'Hello'
        assert proxy.requests == []


@pytest.mark.parametrize(
    'host',
    [
        '127.255.255.254', '127.0.0.1.', '127.0.1', '0x7f.1', '0', '[::1]', '[0:0:0:0:0:0:0:1]', '[::]',
        '[::ffff:127.0.0.1]', '[::ffff:7f00:2]', '[::127.0.0.1]', '[::1%25lo]', 'localhost.', 'a.localhost',
        'localhost.localdomain', 'ip6-localhost', 'ip6-loopback', 'localhost6',
    ],
)  # fmt: skip
@pytest.mark.parametrize('scheme', ['http', 'https'])
def test_c3_every_form_goes_directly(scheme: str, host: str) -> None:
    assert proxy_for(httpx.URL(f'{scheme}://{host}:1'), {'all': 'http://192.0.2.1:1'}) is None


@pytest.mark.parametrize('host', ['128.0.0.1', '10.0.0.1', 'localhost.example.com', 'notlocalhost', '[2001:db8::1]'])
def test_c3_other_hosts_go_through_the_proxy(host: str) -> None:
    assert proxy_for(httpx.URL(f'http://{host}'), {'http': 'http://192.0.2.1:1'}) == 'http://192.0.2.1:1'


def test_c3_a_proxy_is_used_where_it_is_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedServer([HELLO]) as proxy:
        environment(monkeypatch, HTTP_PROXY=proxy.url)
        assert asyncio.run(ask('http://192.0.2.7:1234/v1')) == 'Hello'
    assert proxy.requests[0].line == 'POST http://192.0.2.7:1234/v1/chat/completions HTTP/1.1'

"""C2: a proxy variable that makes no sense is named in one sentence, and only to a request that would need it."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from jupyter_stream.exceptions import UserError
from jupyter_stream.models import vertex
from jupyter_stream.transport import proxy_for

from .test_c3_loopback import ask, asked, environment

SENSELESS = [
    ('ALL_PROXY', 'socks5://u:s3cret@192.0.2.1:1080', 'socksio'),
    ('HTTPS_PROXY', 'ftp://u:s3cret@192.0.2.1', 'scheme'),
    ('HTTPS_PROXY', 'http://u:s3cret@192.0.2.1:99999', 'port'),
    ('https_proxy', 'http://192.0.2.1:port', 'port'),
    ('HTTPS_PROXY', 'http://', 'no host'),
    ('HTTPS_PROXY', 'http://[::1', 'no host'),
    ('ALL_PROXY', '192.0.2.1:99999', 'port'),
]


@pytest.fixture(autouse=True)
def without_socks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr('jupyter_stream.transport._proxies.find_spec', lambda name: None)  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]


@pytest.mark.parametrize(('variable', 'value', 'why'), SENSELESS)
def test_c2_the_error_names_the_variable_without_its_password(
    variable: str, value: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment(monkeypatch, **{variable: value})
    with pytest.raises(UserError) as caught:
        asyncio.run(ask('https://192.0.2.7/v1'))
    message = str(caught.value)
    assert f'environment variable {variable.upper()} is' in message and why in message and 'unset it' in message
    assert 's3cret' not in message and value.rpartition('@')[2] in message


@pytest.mark.parametrize(('variable', 'value', 'why'), SENSELESS)
def test_c2_a_request_to_this_machine_needs_no_variable(
    variable: str, value: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment(monkeypatch, **{variable: value, 'HTTP_PROXY': value})
    assert asked('127.0.0.1') == 'Hello'


def test_c2_nor_does_a_host_that_no_proxy_names(monkeypatch: pytest.MonkeyPatch) -> None:
    environment(monkeypatch, HTTPS_PROXY='ftp://192.0.2.1', NO_PROXY='example.com')
    assert proxy_for(httpx.URL('https://api.example.com')) is None


def test_c2_certificates_that_are_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    environment(monkeypatch, SSL_CERT_FILE='/nonexistent.pem')
    assert asked('127.0.0.1') == 'Hello'
    with pytest.raises(UserError, match='SSL_CERT_FILE'):
        asyncio.run(ask('https://192.0.2.7/v1'))


def test_c2_the_sign_in_of_google_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    environment(monkeypatch, HTTPS_PROXY='ftp://192.0.2.1')
    with pytest.raises(UserError, match='HTTPS_PROXY'):
        vertex._ask('https://oauth2.googleapis.com/token')  # pyright: ignore[reportPrivateUsage]


@pytest.mark.parametrize('value', ['http://192.0.2.1:3128', '192.0.2.1:3128', '"http://192.0.2.1:3128"'])
def test_c2_a_good_one_is_used(value: str) -> None:
    assert proxy_for(httpx.URL('https://example.com'), {'all': value}) == 'http://192.0.2.1:3128'

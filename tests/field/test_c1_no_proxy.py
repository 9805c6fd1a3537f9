"""C1: what is in NO_PROXY never breaks a request, and each form that it is written in is understood."""

from __future__ import annotations

import warnings

import httpx
import pytest

from jupyter_stream.transport import proxy_for

from .test_c3_loopback import asked, environment

PROXY = 'http://192.0.2.1:3128'
UNUSUAL = 'localhost,127.0.0.0/8,::1/128,[::1],10.0.0.0/99,http://[::,*foo*,host:99999999'


@pytest.mark.parametrize('name', ['NO_PROXY', 'no_proxy'])
def test_c1_a_request_to_this_machine_minds_no_entry(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    environment(monkeypatch, **{name: UNUSUAL, 'HTTP_PROXY': PROXY})
    assert asked('127.0.0.1') == 'Hello'


def by(url: str, excepted: str) -> str | None:
    return proxy_for(httpx.URL(url), {'http': PROXY, 'https': PROXY, 'no': excepted})


@pytest.mark.parametrize(
    ('excepted', 'url'),
    [
        ('*', 'https://example.com'),
        ('example.com', 'https://example.com/v1'),
        ('example.com', 'https://api.example.com'),
        ('.example.com', 'https://api.example.com'),
        ('*.example.com', 'https://api.example.com'),
        ('EXAMPLE.com.', 'https://Example.COM'),
        ('a.org;example.com', 'https://example.com'),
        ('a.org  example.com', 'https://example.com'),
        ('"a.org, example.com"', 'https://example.com'),
        ('example.com:443', 'https://example.com'),
        ('example.com:8080', 'http://example.com:8080'),
        ('https://example.com', 'https://example.com'),
        ('all://example.com/', 'http://example.com'),
        ('10.0.0.0/8', 'http://10.1.2.3'),
        ('10.0.0.1/8', 'http://10.1.2.3'),
        ('10.0.0.0/8:8080', 'http://10.1.2.3:8080'),
        ('10.1.2.3', 'http://10.1.2.3:8080'),
        ('2001:db8::/32', 'http://[2001:db8::1]'),
        ('[2001:db8::]/32', 'http://[2001:db8::1]'),
        ('[2001:db8::1]:8080', 'http://[2001:db8::1]:8080'),
        ('2001:db8::1', 'http://[2001:db8::1]:8080'),
    ],
)
def test_c1_the_forms_of_an_entry(excepted: str, url: str) -> None:
    assert by(url, excepted) is None


@pytest.mark.parametrize(
    ('excepted', 'url'),
    [
        ('', 'https://example.com'),
        ('example.com', 'https://badexample.com'),
        ('example.com:8080', 'https://example.com'),
        ('http://example.com', 'https://example.com'),
        ('10.0.0.0/8', 'http://11.1.2.3'),
        ('10.0.0.0/8', 'http://10.example.com'),
        ('::1/128', 'http://[2001:db8::1]'),
    ],
)
def test_c1_an_entry_names_no_other_host(excepted: str, url: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        assert by(url, excepted) == PROXY


@pytest.mark.parametrize('entry', ['10.0.0.0/99', '*foo*', 'a/b', 'host:99999999', 'u:pw@[x'])
def test_c1_an_entry_that_cannot_be_read_is_passed_over_with_a_warning(entry: str) -> None:
    with pytest.warns(UserWarning, match='NO_PROXY has the entry') as caught:
        assert by('https://example.com', f'{entry},other.org') == PROXY
    assert 'pw@' not in str(caught[0].message)
    with pytest.warns(UserWarning, match='passed over'):
        assert by('https://example.com', f'{entry},example.com') is None

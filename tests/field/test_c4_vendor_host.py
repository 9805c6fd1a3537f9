"""C4: a vendor's own variable for its server is read, in the forms that the vendor's programs read."""

from __future__ import annotations

import pytest

from jupyter_stream.providers import resolve


def address(value: str, **env: str) -> str | None:
    return resolve('ollama:qwen3', env={'OLLAMA_HOST': value, **env}).base_url


@pytest.mark.parametrize(
    ('value', 'url'),
    [
        ('192.0.2.7:11434', 'http://192.0.2.7:11434/v1'),
        ('192.0.2.7', 'http://192.0.2.7:11434/v1'),
        ('gpu.example', 'http://gpu.example:11434/v1'),
        ('gpu.example:8080', 'http://gpu.example:8080/v1'),
        ('gpu.example:8080/', 'http://gpu.example:8080/v1'),
        (':8080', 'http://127.0.0.1:8080/v1'),
        ('http://gpu.example', 'http://gpu.example:80/v1'),
        ('https://gpu.example', 'https://gpu.example:443/v1'),
        ('HTTPS://gpu.example:8443/', 'https://gpu.example:8443/v1'),
        ('https://gpu.example/ollama', 'https://gpu.example:443/ollama/v1'),
        ('http://gpu.example:11434/v1', 'http://gpu.example:11434/v1'),
        ('gpu.example/v1/', 'http://gpu.example:11434/v1'),
        ('0.0.0.0', 'http://127.0.0.1:11434/v1'),
        ('0.0.0.0:8080', 'http://127.0.0.1:8080/v1'),
        ('http://0.0.0.0:8080', 'http://127.0.0.1:8080/v1'),
        ('[::]:8080', 'http://[::1]:8080/v1'),
        ('::', 'http://[::1]:11434/v1'),
        ('[::1]', 'http://[::1]:11434/v1'),
        ('::1', 'http://[::1]:11434/v1'),
        ('[2001:db8::1]:8080', 'http://[2001:db8::1]:8080/v1'),
        ('2001:db8::1', 'http://[2001:db8::1]:11434/v1'),
        ('"192.0.2.7:11434"', 'http://192.0.2.7:11434/v1'),
        (' 192.0.2.7 ', 'http://192.0.2.7:11434/v1'),
        ('', 'http://localhost:11434/v1'),
    ],
)
def test_c4_the_forms_of_ollama_host(value: str, url: str) -> None:
    assert address(value) == url


def test_c4_a_base_url_says_more_than_a_host() -> None:
    assert address('192.0.2.7', OLLAMA_BASE_URL='http://192.0.2.8:1/v1') == 'http://192.0.2.8:1/v1'
    assert resolve('ollama:m', base_url='http://own/v1', env={'OLLAMA_HOST': '192.0.2.7'}).base_url == 'http://own/v1'

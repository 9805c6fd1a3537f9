"""The real server on the real weights, over plain HTTP: what the rest is built upon."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from jupyter_stream.local import Options, Server, find

pytestmark = [pytest.mark.local_model, pytest.mark.xdist_group('embedded')]


@pytest.fixture(scope='module')
def server() -> Iterator[Server]:
    server = Server(find('default'), Options(threads=1, max_tokens=40, sleep_after=2, cache_mib=8))
    server.ensure().result(60)
    yield server
    server.stop()


@pytest.fixture(scope='module')
def client(server: Server) -> Iterator[httpx.Client]:
    address = server.ensure().result(60)
    headers = {'authorization': f'Bearer {address.key.reveal()}', 'connection': 'close'}
    with httpx.Client(base_url=address.base_url, headers=headers, timeout=60, trust_env=False) as client:
        yield client


def body(prompt: str, **more: Any) -> dict[str, Any]:
    return {
        'messages': [{'role': 'user', 'content': prompt}],
        'temperature': 0,
        'seed': 1,
        'cache_prompt': False,
        **more,
    }


def test_it_answers_only_who_has_the_key(server: Server) -> None:
    address = server.ensure().result(60)
    for headers in ({}, {'authorization': 'Bearer wrong'}):
        answer = httpx.post(f'{address.base_url}/chat/completions', json=body('Hi'), headers=headers, trust_env=False)
        assert answer.status_code == 401


def test_no_page_of_the_web_may_read_it(client: httpx.Client) -> None:
    asked = {'origin': 'https://evil.example', 'access-control-request-method': 'POST'}
    for answer in (client.get('/models', headers=asked), client.options('/chat/completions', headers=asked)):
        assert answer.headers.get('access-control-allow-origin', '') == ''
        assert answer.headers.get('access-control-allow-credentials') != 'true'
    assert client.get(str(client.base_url).removesuffix('v1/')).status_code == 404


def test_it_hides_where_the_weights_are(client: httpx.Client) -> None:
    assert '.gguf' not in client.get('/models').text
    answer = client.post('/chat/completions', json=body('Say hi.', max_tokens=2)).json()
    assert answer['model'] == 'smollm2-135m-instruct'


def test_an_answer_without_a_limit_ends(client: httpx.Client) -> None:
    prompt = 'Write a very long story about a cat.'
    answer = client.post('/chat/completions', json=body(prompt)).json()
    assert answer['usage']['completion_tokens'] == 40
    assert answer['choices'][0]['finish_reason'] == 'length'
    answer = client.post('/chat/completions', json=body(prompt, max_tokens=50)).json()
    assert answer['usage']['completion_tokens'] == 50


def test_progress_comes_before_the_first_token(client: httpx.Client) -> None:
    asked = body('What is the capital of France?', stream=True, return_progress=True, max_tokens=8)
    with client.stream('POST', '/chat/completions', json=asked) as answer:
        assert answer.headers['connection'] == 'close'
        data = [line.removeprefix('data: ') for line in answer.iter_lines() if line]
    assert data[-1] == '[DONE]'
    chunks = [json.loads(line) for line in data[:-1]]
    first = chunks[0]
    assert first['prompt_progress']['processed'] == 0
    assert first['choices'][0]['delta'].get('content') is None
    assert any(chunk['choices'] and chunk['choices'][0]['delta'].get('content') for chunk in chunks)


def test_it_gives_its_memory_back_when_idle_and_wakes_up(server: Server, client: httpx.Client) -> None:
    before = resident(server)
    end = time.monotonic() + 15
    while resident(server) > before / 2 and time.monotonic() < end:
        time.sleep(0.1)
    assert resident(server) < before / 2
    assert client.post('/chat/completions', json=body('Hi', max_tokens=1)).status_code == 200


def resident(server: Server) -> int:
    """In pages."""
    statm = Path(f'/proc/{server.pid}/statm')
    if not statm.exists():
        pytest.skip('no /proc here')
    return int(statm.read_text().split()[1])

"""What makes two requests the same, and what is said where they are not."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from jupyter_stream.cassettes.match import Asked, difference, nearest


def asked(body: dict[str, Any], url: str = '/chat/completions', protocol: str = 'openai_chat') -> Asked:
    return Asked(protocol, url, body)


def prompt(text: str = 'Hello', **more: Any) -> dict[str, Any]:
    return {'model': 'm', 'messages': [{'role': 'user', 'content': text}], **more}


PICTURE = base64.b64encode(b'a picture' * 60).decode()

SAME = {
    'order': (prompt(temperature=0, seed=1), {'seed': 1, 'temperature': 0, **prompt()}),
    'number': (prompt(temperature=0), prompt(temperature=0.0)),
    'user': (prompt(user='ada'), prompt()),
    'streaming': (prompt(stream=True, stream_options={'include_usage': True}), prompt(stream=False)),
    'user-id': (prompt(metadata={'user_id': 'ada'}), prompt()),
    'local': (prompt(return_progress=True, cache_prompt=False), prompt()),
    'ids': (
        prompt(calls=[{'id': 'call_x', 'name': 'f'}, {'tool_call_id': 'call_x'}, {'id': 'call_y'}]),
        prompt(calls=[{'id': 'a', 'name': 'f'}, {'tool_call_id': 'a'}, {'id': 'b'}]),
    ),
}


@pytest.mark.parametrize('name', SAME)
def test_what_does_not_count(name: str) -> None:
    one, other = map(asked, SAME[name])
    assert one.digest == other.digest


DIFFERENT = {
    'text': (prompt('Hello'), prompt('Hello!')),
    'setting': (prompt(temperature=0), prompt(temperature=0.5)),
    'which-call': (
        prompt(calls=[{'id': 'x'}, {'id': 'y'}, {'tool_call_id': 'x'}]),
        prompt(calls=[{'id': 'x'}, {'id': 'y'}, {'tool_call_id': 'y'}]),
    ),
    'ids-of-the-user': (prompt(input={'id': 'order-1'}), prompt(input={'id': 'order-2'})),
    'ids-deep-inside': (prompt(input={'of': {'id': 'order-1'}}), prompt(input={'of': {'id': 'order-2'}})),
    'metadata': (prompt(metadata={'a': '1'}), prompt(metadata={'a': '2'})),
    'file': (prompt(data=PICTURE), prompt(data=base64.b64encode(b'the others' * 60).decode())),
}


@pytest.mark.parametrize('name', DIFFERENT)
def test_what_counts(name: str) -> None:
    one, other = map(asked, DIFFERENT[name])
    assert one.digest != other.digest


def test_protocol_and_address_count() -> None:
    assert len({asked(prompt(), url, name).digest for url in ('/a', '/b') for name in ('x', 'y')}) == 4


def test_who_pays_does_not_count() -> None:
    model = 'publishers/google/models/gemini:streamGenerateContent'
    assert asked({}, f'/v1/projects/mine/locations/us-east1/{model}').digest == asked({}, f'/v1/{model}').digest
    arns = [f'/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A{n}%3Aprofile%2Fx/converse-stream' for n in ('1' * 12, '2' * 12)]
    one, other = (asked({}, arn) for arn in arns)
    assert one.digest == other.digest
    assert '1' * 12 not in str(one.line(1))


@pytest.mark.parametrize('text', [PICTURE, f'data:image/png;base64,{PICTURE}'], ids=['bare', 'data-uri'])
def test_a_file_counts_by_its_digest_and_is_not_kept(text: str) -> None:
    kept = str(asked(prompt(url=text)).line(1))
    assert PICTURE[:40] not in kept and 'sha256:' in kept


def test_long_prose_is_kept_as_it_is() -> None:
    text = 'Some words and more of them. ' * 40
    assert text in str(asked(prompt(text)).line(1))


@pytest.mark.parametrize('name', [*SAME, *DIFFERENT])
def test_what_is_kept_of_a_request_finds_it_again(name: str) -> None:
    for body in {**SAME, **DIFFERENT}[name]:
        one = asked(body)
        assert Asked.of(one.line(1)).digest == one.digest


def test_the_nearest_is_the_one_with_most_in_common() -> None:
    others = [asked(prompt('Name three rivers.\nIn Asia.')), asked(prompt('Hello')), asked(prompt('x'), '/other')]
    assert nearest(asked(prompt('Name four rivers.\nIn Asia.')), others) is others[0]
    assert nearest(asked(prompt()), []) is None


def test_the_difference_shows_the_line_that_changed() -> None:
    one = asked(prompt('First line.\nName three rivers of Asia.\nLast line.'))
    other = asked(prompt('First line.\nName four rivers of Asia.\nLast line.'))
    said = difference(one, other)
    changed = [line for line in said.splitlines()[2:] if line[0] in '+-']
    assert changed == ['-Name three rivers of Asia.\\n', '+Name four rivers of Asia.\\n']


def test_a_difference_has_an_end() -> None:
    one, other = (asked(prompt('\n'.join(f'{word} {at}' for at in range(500)))) for word in ('a', 'b'))
    assert difference(one, other).endswith('more lines')

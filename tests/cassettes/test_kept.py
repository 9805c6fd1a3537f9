"""What no cassette holds, in whatever is recorded, and in each that is committed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from jupyter_stream.cassettes.file import SUFFIX, read
from jupyter_stream.cassettes.scrub import hidden, kept_headers, without_names
from tests.field.nine import KEY, NINE, Answer

from .test_replay import record

ROOT = Path(__file__).parents[2]
COMMITTED = sorted(
    path for folder in ('notebooks', 'docs', 'tests', 'jupyter_stream') for path in (ROOT / folder).rglob(f'*{SUFFIX}')
)

SECRETS = re.compile(
    r'sk-[\w-]{16}|AKIA[A-Z0-9]{16}|AIza[\w-]{30}|Bearer\s+[\w.-]{12}|authorization|x-api-key|x-goog-api-key|set-cookie'
    r'|"cookie"|org-[A-Za-wyz0-9]{16}|arn:aws[\w-]*:[\w-]*:[\w-]*:\d{12}|X-Amz-Signature=|127\.0\.0\.1:\d+',
    re.IGNORECASE,
)


@pytest.mark.parametrize('answer', NINE, ids=lambda answer: answer.name)
def test_the_canary_is_in_no_recording(tmp_path: Path, answer: Answer) -> None:
    record(tmp_path / f'a{SUFFIX}', answer)
    text = (tmp_path / f'a{SUFFIX}').read_text()
    assert KEY not in text
    assert SECRETS.findall(text) == []


def test_no_committed_cassette_holds_a_secret() -> None:
    for path in COMMITTED:
        assert SECRETS.findall(path.read_text(encoding='utf-8')) == [], path.name
        for one in read(path).interactions:
            assert kept_headers(one.answer().headers) == one.answer().headers, path.name


HIDDEN = {
    'organisation': 'for org-AbCdEfGhIjKlMnOpQrSt1234 on',
    'project': '"project_id": "my-project-1"',
    'account': 'arn:aws:bedrock:eu-west-1:123456789012:profile/p',
    'cloud': 'projects/mine-4711/locations/eu',
    'signed': 'see https://files.example/a.png?X-Amz-Date=2026&X-Amz-Signature=ab12cd\\u0026x=1 there',
}


@pytest.mark.parametrize('name', HIDDEN)
def test_what_says_who_asks_is_hidden_in_as_many_bytes(name: str) -> None:
    text = HIDDEN[name]
    found = hidden(text.encode())
    assert found != text.encode() and len(found) == len(text.encode())
    assert without_names(without_names(text)) == without_names(text) != text


@pytest.mark.parametrize(
    'text',
    ['{"id": "org-chart"}', 'cd projects/demo', 'https://example.org/?q=1', 'arn:aws:s3:::bucket', 'user-friendly'],
)
def test_ordinary_words_are_not(text: str) -> None:
    assert hidden(text.encode()) == text.encode()

"""Recorded traffic of Amazon Bedrock's Converse; see `conftest`.

The streams made by hand were read by the peer behind a base URL of their own, which stands in what it made of them; so
they are held against ours behind the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from . import recordings

STREAMS = ('bedrock-converse',)
REQUESTS = ('bedrock-converse', 'bedrock-claude')
PERMITTED: dict[str, str] = {}


@pytest.fixture(autouse=True)
def _without_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ('AWS_BEARER_TOKEN_BEDROCK', 'AWS_ENDPOINT_URL_BEDROCK_RUNTIME', 'AWS_ENDPOINT_URL'):
        monkeypatch.delenv(name, raising=False)


def test_stream(recorded_stream: Path, hold_stream: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch) -> None:
    if json.loads(recorded_stream.read_text())['kind'] == 'hand-made':
        monkeypatch.setenv('AWS_ENDPOINT_URL_BEDROCK_RUNTIME', 'https://x')
    hold_stream(recorded_stream)


def test_any_split_of_a_stream(recorded_stream: Path, hold_split: Callable[[Path], None]) -> None:
    hold_split(recorded_stream)


def test_request(recorded_request: Path, hold_request: Callable[[Path], None]) -> None:
    hold_request(recorded_request)


def test_there_are_recordings_of_both_kinds(recorded_ids: set[str]) -> None:
    kinds = {json.loads(path.read_text())['kind'] for path in recordings.found('streams', *STREAMS)}
    assert kinds == {'recorded', 'hand-made'}

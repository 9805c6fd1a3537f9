"""Recorded traffic of Amazon Bedrock's Converse; see `conftest`.

The streams made by hand were read by the peer behind a base URL of their own, which stands in what it made of them; so
they are held against ours behind the same.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from . import recordings
from .recordings import Request, Stream

STREAMS = ('bedrock-converse',)
REQUESTS = ('bedrock-converse', 'bedrock-claude')
PERMITTED: dict[str, str] = {}


@pytest.fixture(autouse=True)
def _without_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ('AWS_BEARER_TOKEN_BEDROCK', 'AWS_ENDPOINT_URL_BEDROCK_RUNTIME', 'AWS_ENDPOINT_URL'):
        monkeypatch.delenv(name, raising=False)


def test_stream(
    recorded_stream: Stream, hold_stream: Callable[[Stream], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    if recorded_stream.kind == 'hand-made':
        monkeypatch.setenv('AWS_ENDPOINT_URL_BEDROCK_RUNTIME', 'https://x')
    hold_stream(recorded_stream)


def test_any_split_of_a_stream(recorded_stream: Stream, hold_split: Callable[[Stream], None]) -> None:
    hold_split(recorded_stream)


def test_request(recorded_request: Request, hold_request: Callable[[Request], None]) -> None:
    hold_request(recorded_request)


@pytest.mark.shared
def test_there_are_recordings_of_both_kinds() -> None:
    assert {recorded.kind for recorded in recordings.streams(*STREAMS)} == {'recorded', 'hand-made'}

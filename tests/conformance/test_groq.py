"""Recorded traffic of Groq; see `conftest`."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .recordings import Request, Stream

STREAMS = REQUESTS = ('groq',)

NO_REASON = 'no finish reason ever came: an answer that may have been cut is not called complete'

PERMITTED = {
    'groq-no_finish_reason': NO_REASON,
    'groq-test_gateway_model_name_suggestion_midstream_groq_-4d7cc0e3': NO_REASON,
    'groq-test_groq_midstream_status_error-72cc974b': NO_REASON,
    'groq-test_stream_cancel-8e1fa110': NO_REASON,
    'groq-test_stream_structured-40154cd8': NO_REASON,
    'groq-test_stream_text-62a9e999': NO_REASON,
    'groq-think_tags_split': 'the tags of thinking are cut over several deltas: they are found all the same',
    'groq-reasoning_content': 'thinking in `reasoning_content` is shown; the peer drops it',
}


def test_stream(recorded_stream: Stream, hold_stream: Callable[[Stream], None]) -> None:
    hold_stream(recorded_stream)


def test_any_split_gives_the_same_events(recorded_stream: Stream, hold_split: Callable[[Stream], None]) -> None:
    hold_split(recorded_stream)


def test_request(recorded_request: Request, hold_request: Callable[[Request], None]) -> None:
    hold_request(recorded_request)


@pytest.mark.shared
def test_every_exception_is_a_recording(recorded_ids: set[str]) -> None:
    assert set(PERMITTED) <= recorded_ids

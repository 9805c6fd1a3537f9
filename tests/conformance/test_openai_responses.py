"""Recorded traffic of OpenAI's Responses API; see `conftest`."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .recordings import Request, Stream

STREAMS = REQUESTS = ('openai-responses',)

NO_END = 'the provider never said that the answer was over: it may have been cut, and is not called complete'

PERMITTED = {
    'openai-responses-no_terminal_event': NO_END,
    'openai-responses-test_openai_responses_midstream_error_http_-a756de81': NO_END,
    'openai-responses-test_openai_responses_phase_streamed_without_deltas-864a1e68': (
        'a text that comes whole, in its last event only, is the text; the peer loses it'
    ),
}


def test_stream(recorded_stream: Stream, hold_stream: Callable[[Stream], None]) -> None:
    hold_stream(recorded_stream)


def test_request(recorded_request: Request, hold_request: Callable[[Request], None]) -> None:
    hold_request(recorded_request)


def test_any_split_gives_the_same_events(recorded_stream: Stream, hold_split: Callable[[Stream], None]) -> None:
    hold_split(recorded_stream)


@pytest.mark.shared
def test_every_exception_is_a_recording(recorded_ids: set[str]) -> None:
    assert set(PERMITTED) <= recorded_ids

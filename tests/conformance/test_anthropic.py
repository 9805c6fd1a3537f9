"""Recorded traffic of Anthropic Messages, held against what the peer makes of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .recordings import Request, Stream

STREAMS = REQUESTS = ('anthropic',)

CUT_SHORT = (
    'neither a stop reason nor the end marker ever came: an answer that may have been cut is not called complete'
)

PERMITTED = {
    'anthropic-test_anthropic_streaming_request_carries_tool_addition-4ebad164': CUT_SHORT,
    'anthropic-test_gateway_model_name_suggestion_midstream_anthropic_-92841737': CUT_SHORT,
    'anthropic-test_pause_turn_streaming_continuation_stream_error-7d140b91': CUT_SHORT,
}
"""Where ours differs from the peer on purpose, by the recording's id. A recording that matches may not be here."""


def test_stream(recorded_stream: Stream, hold_stream: Callable[[Stream], None]) -> None:
    hold_stream(recorded_stream)


def test_any_split_of_a_stream(recorded_stream: Stream, hold_split: Callable[[Stream], None]) -> None:
    hold_split(recorded_stream)


def test_request(recorded_request: Request, hold_request: Callable[[Request], None]) -> None:
    hold_request(recorded_request)


@pytest.mark.shared
def test_every_exception_is_a_recording(recorded_ids: set[str]) -> None:
    assert set(PERMITTED) <= recorded_ids

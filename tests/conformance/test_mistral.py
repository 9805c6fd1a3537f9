"""Recorded traffic of Mistral; see `conftest`."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .recordings import Request, Stream

STREAMS = REQUESTS = ('mistral',)

NO_REASON = 'no finish reason ever came: an answer that may have been cut is not called complete'
NAMELESS = "a piece that goes on with a tool call without repeating its name is read; the peer's SDK refuses it"

PERMITTED = {
    'mistral-no_finish_reason': NO_REASON,
    'mistral-test_mistral_midstream_error_http_-bcde6789': NO_REASON,
    'mistral-test_stream_cancel-833301b9': NO_REASON,
    'mistral-test_stream_preserves_unset_model_settings_False_-f24e0f5c': NO_REASON,
    'mistral-test_stream_preserves_unset_model_settings_True_-2d19e167': NO_REASON,
    'mistral-test_stream_result_type_basemodel_with_default_params-10d26f76': NO_REASON,
    'mistral-test_stream_result_type_basemodel_with_required_params-0d6a95a6': NO_REASON,
    'mistral-test_stream_result_type_primitif_dict-1fdb8f09': NO_REASON,
    'mistral-test_stream_result_type_primitif_int-7f56a3f2': NO_REASON,
    'mistral-test_stream_structured_with_all_type-ffa2ce51': NO_REASON,
    'mistral-test_stream_text-d9914913': NO_REASON,
    'mistral-two_tool_calls': NAMELESS,
    'mistral-two_tool_calls_interleaved': NAMELESS,
    'mistral-think_tags': 'thinking between tags is thinking; the peer leaves the tags in the text',
    'mistral-finish_content_filter': 'a filtered answer has the finish reason content_filter; the peer knows none',
}


def test_stream(recorded_stream: Stream, hold_stream: Callable[[Stream], None]) -> None:
    hold_stream(recorded_stream)


def test_request(recorded_request: Request, hold_request: Callable[[Request], None]) -> None:
    hold_request(recorded_request)


@pytest.mark.shared
def test_every_exception_is_a_recording(recorded_ids: set[str]) -> None:
    assert set(PERMITTED) <= recorded_ids


def test_any_split_gives_the_same_events(recorded_stream: Stream, hold_split: Callable[[Stream], None]) -> None:
    hold_split(recorded_stream)

"""Recorded traffic of every provider that speaks Chat Completions, held against what the peer makes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from .recordings import Request, Stream

STREAMS = ('openai-chat',)
REQUESTS = ('openai-chat', 'azure', 'deepseek', 'cerebras', 'openrouter', 'ollama', 'zai')

NO_REASON = 'no finish reason ever came: an answer that may have been cut is not called complete'
SPLIT_TAGS = 'the tags of thinking are cut over several deltas: they are found all the same'

PERMITTED = {
    'cerebras-no_finish_reason': NO_REASON,
    'deepseek-no_finish_reason': NO_REASON,
    'openai-chat-no_finish_reason': NO_REASON,
    'zai-no_finish_reason': NO_REASON,
    'openai-chat-test_gateway_model_name_suggestion_midstream_openai-chat_-63255fe9': NO_REASON,
    'openai-chat-test_no_delta-4d66c592': NO_REASON,
    'openai-chat-test_none_delta-854ee90f': NO_REASON,
    'openai-chat-test_stream_native_output-87dc0f7b': NO_REASON,
    'openai-chat-test_stream_structured-5f6937ae': NO_REASON,
    'openai-chat-test_stream_text_empty_think_tag_and_text_before_tool_call-0bc4ac83': NO_REASON,
    'openai-chat-test_stream_tool_call_with_empty_text-c6cb367e': NO_REASON,
    'cerebras-think_tags_split': SPLIT_TAGS,
    'ollama-think_tags_split': SPLIT_TAGS,
    'openrouter-think_tags_split': SPLIT_TAGS,
    'zai-think_tags_split': SPLIT_TAGS,
    'openai-chat-cumulative_usage_added_up': 'a report of usage that has grown is a total: it is not added to the last',
    'openai-chat-test_stream_text_uses_created_timestamp_from_usage_chunk-2b0253e0': (
        'the chunk without choices says the total of the request: it is not added to what the chunks before it say'
    ),
    'cerebras-cached_and_reasoning_usage': 'the cached tokens that Cerebras reports are counted, not dropped',
    'openai-chat-test_openrouter_null_choices_streaming_raises_model_api_error-a32ffcf4': (
        'the very first chunk is the failure: it is raised on opening, where a retry or another model can still help, '
        'and there is no stream that could hold a response'
    ),
}
"""Where ours differs from the peer on purpose, by the recording's id. A recording that matches may not be here."""


def test_stream(recorded_stream: Stream, hold_stream: Callable[[Stream], None]) -> None:
    hold_stream(recorded_stream)


def test_any_split_of_a_stream(recorded_stream: Stream, hold_split: Callable[[Stream], None]) -> None:
    hold_split(recorded_stream)


def test_request(recorded_request: Request, hold_request: Callable[[Request], None]) -> None:
    hold_request(_as_ollama_reads_it(recorded_request))


def _as_ollama_reads_it(recorded: Request) -> Request:
    """The peer sends Ollama `max_completion_tokens`, which it ignores: https://github.com/ollama/ollama/issues/7125"""
    if not recorded.model.startswith('ollama:') or recorded.expected is None:
        return recorded
    body = recorded.expected['body']
    named = {'max_tokens' if name == 'max_completion_tokens' else name: value for name, value in body.items()}
    return replace(recorded, expected={**recorded.expected, 'body': named})


@pytest.mark.shared
def test_every_exception_is_a_recording(recorded_ids: set[str]) -> None:
    assert set(PERMITTED) <= recorded_ids

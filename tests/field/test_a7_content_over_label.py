"""A7: what a body is, its first bytes say and no label: a stream is a stream, a whole answer is an answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import pytest

from jupyter_stream.exceptions import ModelAPIError, ModelHTTPError
from jupyter_stream.messages import ModelResponse, TextPart, ThinkingPart, ToolCallPart

from .answers import ANSWERS, body, candidate, received, texts

CHAT: Final = {
    'id': 'c1',
    'object': 'chat.completion',
    'model': 'm',
    'choices': [
        {
            'index': 0,
            'finish_reason': 'tool_calls',
            'message': {
                'role': 'assistant',
                'content': 'Hello',
                'tool_calls': [
                    {'id': 'c1', 'type': 'function', 'function': {'name': 'f', 'arguments': '{"a": 1}'}},
                    {'id': 'c2', 'type': 'function', 'function': {'name': 'g', 'arguments': '{}'}},
                ],
            },
        }
    ],
    'usage': {'prompt_tokens': 3, 'completion_tokens': 2},
}
WHOLE: Final[Mapping[str, Any]] = {
    **dict.fromkeys(('openai-chat:m', 'groq:m', 'mistral:m', 'huggingface:m', 'openrouter:a/m'), CHAT),
    'openai-responses:m': {
        'id': 'c1',
        'object': 'response',
        'model': 'm',
        'status': 'completed',
        'output': [
            {'type': 'message', 'id': 'i', 'content': [{'type': 'output_text', 'text': 'Hello'}]},
            {'type': 'function_call', 'id': 'j', 'call_id': 'c1', 'name': 'f', 'arguments': '{"a": 1}'},
            {'type': 'function_call', 'id': 'k', 'call_id': 'c2', 'name': 'g', 'arguments': '{}'},
        ],
        'usage': {'input_tokens': 3, 'output_tokens': 2},
    },
    'anthropic:m': {
        'id': 'c1',
        'type': 'message',
        'role': 'assistant',
        'model': 'm',
        'stop_reason': 'tool_use',
        'content': [
            {'type': 'text', 'text': 'Hello'},
            {'type': 'tool_use', 'id': 'c1', 'name': 'f', 'input': {'a': 1}},
            {'type': 'tool_use', 'id': 'c2', 'name': 'g', 'input': {}},
        ],
        'usage': {'input_tokens': 3, 'output_tokens': 2},
    },
    'google:m': {
        'responseId': 'c1',
        'candidates': [
            {
                'content': {
                    'parts': [
                        {'text': 'Hello'},
                        {'functionCall': {'id': 'c1', 'name': 'f', 'args': {'a': 1}}},
                        {'functionCall': {'id': 'c2', 'name': 'g', 'args': {}}},
                    ]
                },
                'finishReason': 'STOP',
            }
        ],
        'usageMetadata': {'promptTokenCount': 3, 'candidatesTokenCount': 2},
    },
    'cohere:m': {
        'id': 'c1',
        'finish_reason': 'TOOL_CALL',
        'message': {
            'role': 'assistant',
            'content': [{'type': 'text', 'text': 'Hello'}],
            'tool_calls': CHAT['choices'][0]['message']['tool_calls'],
        },
        'usage': {'tokens': {'input_tokens': 3, 'output_tokens': 2}},
    },
    'bedrock:m': {
        'output': {
            'message': {
                'role': 'assistant',
                'content': [
                    {'text': 'Hello'},
                    {'toolUse': {'toolUseId': 'c1', 'name': 'f', 'input': {'a': 1}}},
                    {'toolUse': {'toolUseId': 'c2', 'name': 'g', 'input': {}}},
                ],
            }
        },
        'stopReason': 'tool_use',
        'usage': {'inputTokens': 3, 'outputTokens': 2},
    },
}
"""The answer of each protocol to a request for no stream: 'Hello', and two calls."""


def check(response: ModelResponse) -> None:
    assert (texts(response), response.state) == (['Hello'], 'complete')
    calls = [part for part in response.parts if isinstance(part, ToolCallPart)]
    assert [(call.tool_name, call.args_as_dict(), call.tool_call_id) for call in calls] == [
        ('f', {'a': 1}, 'c1'),
        ('g', {}, 'c2'),
    ]
    assert (response.usage.input_tokens, response.usage.output_tokens) == (3, 2)


@pytest.mark.parametrize('label', ['application/json', 'text/event-stream', 'text/plain', ''])
@pytest.mark.parametrize('before', ['', '\n\n  ', '\ufeff'])
@pytest.mark.parametrize('name', WHOLE)
def test_a7_a_whole_answer_is_an_answer(name: str, before: str, label: str) -> None:
    check(received(name, before + json.dumps(WHOLE[name], indent=1), label=label))


@pytest.mark.parametrize('name', [name for name in WHOLE if name != 'bedrock:m'])
def test_a7_a_whole_answer_in_one_event_is_one_too(name: str) -> None:
    check(received(name, [WHOLE[name]]))


@pytest.mark.parametrize('label', ['application/json', 'text/html', 'application/octet-stream', 'text/plain', ''])
@pytest.mark.parametrize('name', ANSWERS)
def test_a7_a_stream_is_one_under_any_label(name: str, label: str) -> None:
    for before in ('', ': ping\n\n', '\n'):
        assert texts(received(name, before + body(ANSWERS[name]), label=label)) == ['Hello']


def test_a7_gemini_s_chunks_in_a_list() -> None:
    chunks = [candidate('Hel'), candidate('lo', 'STOP')]
    assert texts(received('google:m', json.dumps(chunks, indent=1), label='application/json')) == ['Hello']


@pytest.mark.parametrize('name', ANSWERS)
def test_a7_events_without_the_fields_of_a_stream(name: str) -> None:
    lines = ''.join(json.dumps(event) + '\n' for event in ANSWERS[name])
    assert texts(received(name, lines, label='application/x-ndjson')) == ['Hello']


def test_a7_thinking_and_sources_of_whole_answers() -> None:
    thought = {'type': 'thinking', 'thinking': 'hm', 'signature': 's'}
    cited = {'type': 'web_search_result_location', 'url': 'http://a', 'title': 'A', 'cited_text': 'x'}
    anthropic = {**WHOLE['anthropic:m'], 'content': [thought, {'type': 'text', 'text': 'a', 'citations': [cited]}]}
    first, second = received('anthropic:m', json.dumps(anthropic)).parts
    assert isinstance(first, ThinkingPart) and (first.content, first.signature) == ('hm', 's')
    assert isinstance(second, TextPart) and second.citations
    reasoning = {'reasoningContent': {'reasoningText': {'text': 'hm', 'signature': 's'}}}
    bedrock = {**WHOLE['bedrock:m'], 'output': {'message': {'content': [reasoning, {'text': 'a'}]}}}
    first, second = received('bedrock:m', json.dumps(bedrock)).parts
    assert isinstance(first, ThinkingPart) and (first.content, first.signature) == ('hm', 's')
    message = {'tool_plan': 'plan', 'content': [{'type': 'thinking', 'thinking': 'hm'}, {'type': 'text', 'text': 'a'}]}
    parts = received('cohere:m', json.dumps({**WHOLE['cohere:m'], 'message': message})).parts
    assert [getattr(part, 'content', None) for part in parts] == ['plan', 'hm', 'a']


@pytest.mark.parametrize('label', ['application/json', 'text/event-stream'])
@pytest.mark.parametrize('name', WHOLE)
def test_a7_json_that_is_no_answer_is_shown(name: str, label: str) -> None:
    for said in ({'detail': 'no such route'}, {'message': 'out of quota'}, {'error': {'message': 'out of quota'}}):
        with pytest.raises((ModelAPIError, ModelHTTPError)) as caught:
            received(name, json.dumps(said), label=label)
        assert 'no such route' in str(caught.value) or 'out of quota' in str(caught.value)

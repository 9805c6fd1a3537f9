"""How each protocol says the same few things, so that the rows of the fault table are written once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .server import chat, events

__all__ = ('ANTHROPIC', 'GEMINI', 'OPENAI_CHAT', 'PROTOCOLS', 'RESPONSES', 'Protocol')


@dataclass(frozen=True)
class Protocol:
    """The bodies of one protocol, as bytes of its event stream.

    Attributes:
        name: for the test's id.
        model: a model string.
        base: what follows the server's address in the base URL.
        path: what follows the base URL.
        key_env: the variable that a 401 names.
        opening: what comes before the first text, and how many events that is.
        delta: a delta of text, with `%s` for the JSON of it.
        finish: what says why the answer ended.
        done: the end marker; nothing where `finish` is the end itself.
        noise: events that bring no content.
        errors: bodies of an error in mid-stream; the last one is the provider's 'overloaded'.
        ends: what says why the answer ended, by the finish reason that it means; 'new' is one that nobody knows.
        call: a tool call whose arguments are cut in the middle, as `{"a": 1`; whole where calls come whole.
    """

    name: str
    model: str
    base: str
    path: str
    key_env: str
    opening: bytes
    opening_events: int
    delta: str
    finish: bytes
    done: bytes
    noise: Mapping[str, bytes]
    errors: tuple[bytes, ...]
    ends: Mapping[str, bytes]
    call: bytes

    def text(self, *texts: str) -> bytes:
        """Deltas of text, in the middle of an answer."""
        return b''.join(events(self.delta % json.dumps(text)) for text in texts)

    def begun(self, *texts: str) -> bytes:
        """The beginning of an answer."""
        return self.opening + self.text(*texts)

    def answer(self, *texts: str) -> bytes:
        """A whole and proper answer."""
        return self.begun(*texts) + self.finish + self.done


OPENAI_CHAT = Protocol(
    name='openai-chat',
    model='openai-chat:m-1',
    base='/v1',
    path='/chat/completions',
    key_env='OPENAI_API_KEY',
    opening=b'',
    opening_events=0,
    delta='{"id": "c1", "model": "m-1", "choices": [{"index": 0, "delta": {"content": %s}, "finish_reason": null}]}',
    finish=events(chat(finish='stop')),
    done=events('[DONE]'),
    noise={
        'nothing': b'',
        'comments': b': ping\n\n',
        'empty-deltas': b'data: {"choices": [{"index": 0, "delta": {}}]}\n\n',
        'empty-text': b'data: {"choices": [{"index": 0, "delta": {"content": ""}}]}\n\n',
        'bare-bytes': b'x',
    },
    errors=(
        events({'error': {'message': 'broke', 'code': 500}}),
        events({'error': {'message': 'broke', 'type': 'overloaded_error'}}),
    ),
    ends={
        'length': events(chat(finish='length')),
        'content_filter': events(chat(finish='content_filter')),
        'new': events(chat(finish='new')),
    },
    call=events(
        chat(tool_calls=[{'index': 0, 'id': 't1', 'function': {'name': 'add', 'arguments': '{"a"'}}]),
        chat(tool_calls=[{'index': 0, 'function': {'arguments': ': 1'}}]),
    ),
)


def _named(event: Mapping[str, Any]) -> bytes:
    return f'event: {event["type"]}\n'.encode() + events(event)


def _block_delta(delta: str) -> str:
    return f'{{"type": "content_block_delta", "index": 0, "delta": {delta}}}'


def _stopped(reason: str) -> bytes:
    return _named({'type': 'message_delta', 'delta': {'stop_reason': reason}, 'usage': {'output_tokens': 2}})


_MESSAGE = {
    'id': 'msg_1',
    'type': 'message',
    'role': 'assistant',
    'model': 'claude-x',
    'content': [],
    'usage': {'input_tokens': 3, 'output_tokens': 1},
}

ANTHROPIC = Protocol(
    name='anthropic',
    model='anthropic:claude-x',
    base='',
    path='/v1/messages',
    key_env='ANTHROPIC_API_KEY',
    opening=_named({'type': 'message_start', 'message': _MESSAGE})
    + _named({'type': 'content_block_start', 'index': 0, 'content_block': {'type': 'text', 'text': ''}}),
    opening_events=2,
    delta=_block_delta('{"type": "text_delta", "text": %s}'),
    finish=_named({'type': 'content_block_stop', 'index': 0}) + _stopped('end_turn'),
    done=_named({'type': 'message_stop'}),
    noise={
        'nothing': b'',
        'comments': b': ping\n\n',
        'pings': _named({'type': 'ping'}),
        'empty-text': events(_block_delta('{"type": "text_delta", "text": ""}')),
        'bare-bytes': b'x',
    },
    errors=(
        _named({'type': 'error', 'error': {'type': 'api_error', 'message': 'broke'}}),
        _named({'type': 'error', 'error': {'type': 'overloaded_error', 'message': 'broke'}}),
    ),
    ends={'length': _stopped('max_tokens'), 'content_filter': _stopped('refusal'), 'new': _stopped('new')},
    call=_named(
        {
            'type': 'content_block_start',
            'index': 1,
            'content_block': {'type': 'tool_use', 'id': 't1', 'name': 'add', 'input': {}},
        }
    )
    + b''.join(
        events(json.loads(_block_delta(json.dumps({'type': 'input_json_delta', 'partial_json': piece}))) | {'index': 1})
        for piece in ('{"a"', ': 1')
    ),
)

_ITEM = {'id': 'msg_1', 'type': 'message', 'role': 'assistant', 'status': 'in_progress', 'content': []}
_ANSWER = {'id': 'resp_1', 'object': 'response', 'created_at': 1700000000, 'model': 'm-1', 'output': []}
_AT = '"item_id": "msg_1", "output_index": 0, "content_index": 0'


def _over(kind: str, **said: Any) -> bytes:
    return _named({'type': f'response.{kind}', 'response': {**_ANSWER, 'status': kind, **said}})


def _cut(reason: str) -> bytes:
    return _over('incomplete', incomplete_details={'reason': reason})


RESPONSES = Protocol(
    name='openai-responses',
    model='openai:m-1',
    base='/v1',
    path='/responses',
    key_env='OPENAI_API_KEY',
    opening=_named({'type': 'response.created', 'response': {**_ANSWER, 'status': 'in_progress'}})
    + _named({'type': 'response.output_item.added', 'output_index': 0, 'item': _ITEM})
    + _named(
        {
            'type': 'response.content_part.added',
            'item_id': 'msg_1',
            'output_index': 0,
            'content_index': 0,
            'part': {'type': 'output_text', 'text': '', 'annotations': []},
        }
    ),
    opening_events=3,
    delta=f'{{"type": "response.output_text.delta", {_AT}, "delta": %s}}',
    finish=_over('completed', usage={'input_tokens': 3, 'output_tokens': 2, 'total_tokens': 5}),
    done=b'',
    noise={
        'nothing': b'',
        'comments': b': ping\n\n',
        'progress': _named({'type': 'response.in_progress', 'response': {**_ANSWER, 'status': 'in_progress'}}),
        'empty-text': events(f'{{"type": "response.output_text.delta", {_AT}, "delta": ""}}'),
        'bare-bytes': b'x',
    },
    errors=(
        _named({'type': 'error', 'code': 'server_error', 'message': 'broke', 'param': None}),
        _named({'type': 'error', 'code': 'server_is_overloaded', 'message': 'broke', 'param': None}),
    ),
    ends={
        'length': _cut('max_output_tokens'),
        'content_filter': _cut('content_filter'),
        'new': _cut('new'),
    },
    call=_named(
        {
            'type': 'response.output_item.added',
            'output_index': 1,
            'item': {'id': 'fc_1', 'type': 'function_call', 'call_id': 't1', 'name': 'add', 'arguments': ''},
        }
    )
    + b''.join(
        _named(
            {
                'type': 'response.function_call_arguments.delta',
                'item_id': 'fc_1',
                'output_index': 1,
                'delta': piece,
            }
        )
        for piece in ('{"a"', ': 1')
    ),
)


def _candidate(**said: Any) -> bytes:
    return events({'candidates': [{'index': 0, **said}], 'modelVersion': 'gemini-x', 'responseId': 'r1'})


GEMINI = Protocol(
    name='gemini',
    model='google:gemini-x',
    base='',
    path='/v1beta/models/gemini-x:streamGenerateContent',
    key_env='GEMINI_API_KEY',
    opening=b'',
    opening_events=0,
    delta='{"candidates": [{"content": {"role": "model", "parts": [{"text": %s}]}}], "responseId": "r1"}',
    finish=_candidate(finishReason='STOP'),
    done=b'',
    noise={
        'nothing': b'',
        'comments': b': ping\n\n',
        'empty-candidates': events({'candidates': [], 'responseId': 'r1'}),
        'empty-text': events({'candidates': [{'content': {'parts': [{'text': ''}]}}], 'responseId': 'r1'}),
        'bare-bytes': b'x',
    },
    errors=(
        events({'error': {'code': 500, 'message': 'broke', 'status': 'INTERNAL'}}),
        events({'error': {'code': 503, 'message': 'broke: the model is overloaded', 'status': 'UNAVAILABLE'}}),
    ),
    ends={
        'length': _candidate(finishReason='MAX_TOKENS'),
        'content_filter': _candidate(finishReason='SAFETY'),
        'new': _candidate(finishReason='new'),
    },
    call=_candidate(content={'parts': [{'functionCall': {'id': 't1', 'name': 'add', 'args': {'a': 1}}}]}),
)

PROTOCOLS = (OPENAI_CHAT, ANTHROPIC, RESPONSES, GEMINI)

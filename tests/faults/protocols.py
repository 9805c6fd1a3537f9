"""How each protocol says the same few things, so that the rows of the fault table are written once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .server import chat, events

__all__ = ('ANTHROPIC', 'OPENAI_CHAT', 'PROTOCOLS', 'Protocol')


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
        done: the end marker.
        noise: events that bring no content.
        errors: bodies of an error in mid-stream; the last one is the provider's 'overloaded'.
        ends: what says why the answer ended, by the finish reason that it means; 'new' is one that nobody knows.
        call: a tool call whose arguments are cut in the middle, as `{"a": 1`.
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

PROTOCOLS = (OPENAI_CHAT, ANTHROPIC)

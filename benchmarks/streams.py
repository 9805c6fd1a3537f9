"""One long answer in the words of every wire protocol: the events as the providers send them, field by field."""

import json
import struct
from collections.abc import Callable, Iterator
from typing import Any
from zlib import crc32

Event = dict[str, Any]

WORDS = 'the quick brown fox jumps over a lazy dog and writes a long even answer about streams of small parts'.split()
CREATED = 1_760_000_000


def words(deltas: int) -> Iterator[str]:
    return (f'{WORDS[i % len(WORDS)]} ' for i in range(deltas))


# ------------------------------------------------------------------- framing


def plain(events: Iterator[Event]) -> Iterator[bytes]:
    """`data` lines alone."""
    return (f'data: {compact(event)}\n\n'.encode() for event in events)


def named(events: Iterator[Event]) -> Iterator[bytes]:
    """The type of an event on a line of its own, as well as inside it."""
    return (f'event: {event["type"]}\ndata: {compact(event)}\n\n'.encode() for event in events)


def done(frames: Iterator[bytes]) -> Iterator[bytes]:
    yield from frames
    yield b'data: [DONE]\n\n'


def binary(kind: str, payload: Event) -> bytes:
    """A frame of AWS's event-stream encoding."""
    headers = b''.join(
        struct.pack('>B', len(name)) + name + struct.pack('>BH', 7, len(value)) + value
        for name, value in (
            (b':event-type', kind.encode()),
            (b':content-type', b'application/json'),
            (b':message-type', b'event'),
        )
    )
    body = compact(payload).encode()
    prelude = struct.pack('>II', 16 + len(headers) + len(body), len(headers))
    frame = prelude + struct.pack('>I', crc32(prelude)) + headers + body
    return frame + struct.pack('>I', crc32(frame))


def compact(event: Event) -> str:
    return json.dumps(event, separators=(',', ':'))


# ----------------------------------------------------------------- protocols


def chat(deltas: int, head: Event, choice: Event, last: Event) -> Iterator[Event]:
    """Chat Completions' chunks: `head` and `choice` are what each has, `last` what the last one has besides."""

    def chunk(delta: Event, finish: str | None = None) -> Event:
        object_ = {'id': 'chatcmpl-bench', 'object': 'chat.completion.chunk', 'created': CREATED, 'model': 'bench'}
        return {**object_, **head, 'choices': [{'index': 0, 'delta': delta, **choice, 'finish_reason': finish}]}

    yield chunk({'role': 'assistant', 'content': ''})
    yield from (chunk({'content': word}) for word in words(deltas))
    yield {**chunk({}, 'stop'), **last}


def counted(deltas: int) -> Event:
    return {'prompt_tokens': 10, 'completion_tokens': deltas, 'total_tokens': deltas + 10}


def openai_chat(deltas: int) -> Iterator[bytes]:
    *events, last = chat(deltas, {'system_fingerprint': 'fp_0'}, {'logprobs': None}, {})
    return done(plain(iter([*events, last, {**last, 'choices': [], 'usage': counted(deltas)}])))


def mistral(deltas: int) -> Iterator[bytes]:
    return done(plain(chat(deltas, {}, {}, {'usage': counted(deltas)})))


def groq(deltas: int) -> Iterator[bytes]:
    last = {'x_groq': {'id': 'req_bench', 'usage': {**counted(deltas), 'prompt_time': 0.1, 'total_time': 1.5}}}
    return done(plain(chat(deltas, {'system_fingerprint': 'fp_0'}, {'logprobs': None}, last)))


def huggingface(deltas: int) -> Iterator[bytes]:
    return done(plain(chat(deltas, {'usage': None}, {'logprobs': None, 'seed': None}, {'usage': counted(deltas)})))


def openai_responses(deltas: int) -> Iterator[bytes]:
    def response(status: str, output: list[Event], usage: Event | None) -> Event:
        said = {'id': 'resp_bench', 'object': 'response', 'created_at': CREATED, 'status': status, 'error': None}
        asked = {'model': 'bench', 'parallel_tool_calls': True, 'tool_choice': 'auto', 'tools': [], 'metadata': {}}
        return {**said, 'incomplete_details': None, **asked, 'output': output, 'usage': usage}

    def item(status: str, content: list[Event]) -> Event:
        return {'id': 'msg_bench', 'type': 'message', 'status': status, 'role': 'assistant', 'content': content}

    def events() -> Iterator[Event]:
        where: Event = {'item_id': 'msg_bench', 'output_index': 0, 'content_index': 0}
        empty: Event = {'type': 'output_text', 'annotations': [], 'logprobs': [], 'text': ''}
        full = {**empty, 'text': ''.join(words(deltas))}
        usage = {'input_tokens': 10, 'input_tokens_details': {'cached_tokens': 0}, 'output_tokens': deltas}
        usage |= {'output_tokens_details': {'reasoning_tokens': 0}, 'total_tokens': deltas + 10}
        yield {'type': 'response.created', 'response': response('in_progress', [], None)}
        yield {'type': 'response.in_progress', 'response': response('in_progress', [], None)}
        yield {'type': 'response.output_item.added', 'output_index': 0, 'item': item('in_progress', [])}
        yield {'type': 'response.content_part.added', **where, 'part': empty}
        for word in words(deltas):
            yield {'type': 'response.output_text.delta', **where, 'delta': word, 'logprobs': [], 'obfuscation': 'Zq3k'}
        yield {'type': 'response.output_text.done', **where, 'text': full['text'], 'logprobs': []}
        yield {'type': 'response.content_part.done', **where, 'part': full}
        yield {'type': 'response.output_item.done', 'output_index': 0, 'item': item('completed', [full])}
        yield {'type': 'response.completed', 'response': response('completed', [item('completed', [full])], usage)}

    return named({**event, 'sequence_number': number} for number, event in enumerate(events()))


def anthropic(deltas: int) -> Iterator[bytes]:
    def events() -> Iterator[Event]:
        message = {'id': 'msg_bench', 'type': 'message', 'role': 'assistant', 'model': 'bench', 'content': []}
        message |= {'stop_reason': None, 'stop_sequence': None, 'usage': {'input_tokens': 10, 'output_tokens': 1}}
        yield {'type': 'message_start', 'message': message}
        yield {'type': 'content_block_start', 'index': 0, 'content_block': {'type': 'text', 'text': ''}}
        for word in words(deltas):
            yield {'type': 'content_block_delta', 'index': 0, 'delta': {'type': 'text_delta', 'text': word}}
        yield {'type': 'content_block_stop', 'index': 0}
        stop = {'stop_reason': 'end_turn', 'stop_sequence': None}
        yield {'type': 'message_delta', 'delta': stop, 'usage': {'output_tokens': deltas}}
        yield {'type': 'message_stop'}

    return named(events())


def google(deltas: int) -> Iterator[bytes]:
    def chunk(text: str, so_far: int) -> Event:
        usage = {'promptTokenCount': 10, 'candidatesTokenCount': so_far, 'totalTokenCount': so_far + 10}
        usage |= {'promptTokensDetails': [{'modality': 'TEXT', 'tokenCount': 10}]}
        candidate = {'content': {'parts': [{'text': text}], 'role': 'model'}, 'index': 0}
        ids = {'modelVersion': 'bench', 'responseId': 'bench'}
        return {'candidates': [candidate], 'usageMetadata': usage, **ids}

    def events() -> Iterator[Event]:
        yield from (chunk(word, number) for number, word in enumerate(words(deltas)))
        last = chunk('', deltas)
        last['candidates'][0]['finishReason'] = 'STOP'
        yield last

    return plain(events())


def cohere(deltas: int) -> Iterator[bytes]:
    def content(kind: str, content: Event) -> Event:
        return {'type': kind, 'index': 0, 'delta': {'message': {'content': content}}}

    def events() -> Iterator[Event]:
        message = {'role': 'assistant', 'content': [], 'tool_plan': '', 'tool_calls': [], 'citations': []}
        yield {'id': 'bench', 'type': 'message-start', 'delta': {'message': message}}
        yield content('content-start', {'type': 'text', 'text': ''})
        yield from (content('content-delta', {'text': word}) for word in words(deltas))
        yield {'type': 'content-end', 'index': 0}
        tokens = {'input_tokens': 10, 'output_tokens': deltas}
        delta = {'finish_reason': 'COMPLETE', 'usage': {'billed_units': tokens, 'tokens': tokens}}
        yield {'type': 'message-end', 'delta': delta}

    return named(events())


def bedrock(deltas: int) -> Iterator[bytes]:
    yield binary('messageStart', {'role': 'assistant', 'p': 'abcdefgh'})
    for word in words(deltas):
        yield binary('contentBlockDelta', {'contentBlockIndex': 0, 'delta': {'text': word}, 'p': 'abcdefghijklmnop'})
    yield binary('contentBlockStop', {'contentBlockIndex': 0, 'p': 'abc'})
    yield binary('messageStop', {'stopReason': 'end_turn', 'p': 'abcd'})
    usage = {'inputTokens': 10, 'outputTokens': deltas, 'totalTokens': deltas + 10}
    yield binary('metadata', {'usage': usage, 'metrics': {'latencyMs': 1000}, 'p': 'abcde'})


STREAMS: dict[str, Callable[[int], Iterator[bytes]]] = {
    'openai-chat': openai_chat,
    'openai-responses': openai_responses,
    'anthropic': anthropic,
    'google': google,
    'mistral': mistral,
    'cohere': cohere,
    'groq': groq,
    'huggingface': huggingface,
    'bedrock': bedrock,
}
"""How many deltas in, framed events out, by the prefix of the protocol's model strings."""

CONTENT_TYPES = {'bedrock': 'application/vnd.amazon.eventstream'}
"""Where it is not `text/event-stream`."""

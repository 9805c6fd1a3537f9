"""Answers as a server sends them, read by a model without a network; and the same through the reader of SDKs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import httpx

from jupyter_stream.direct import model_request, model_request_stream
from jupyter_stream.foreign import opened
from jupyter_stream.messages import ModelResponse, ModelResponseStreamEvent, TextPart
from jupyter_stream.models import Model, infer_model
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.settings import ModelSettings

from .test_e2_headers import ASK

Event = Mapping[str, Any]


def chunk(delta: Event | None = None, finish: str | None = None, index: int = 0, **more: Any) -> dict[str, Any]:
    """A chunk of Chat Completions."""
    return {
        'id': 'c1',
        'object': 'chat.completion.chunk',
        'model': 'm',
        'choices': [{'index': index, 'delta': delta or {}, 'finish_reason': finish}],
        **more,
    }


def reply(kind: str, **fields: Any) -> dict[str, Any]:
    """An event of Responses."""
    return {'type': f'response.{kind}', 'sequence_number': 0, **fields}


def replied(*output: Event, status: str = 'completed', **more: Any) -> dict[str, Any]:
    """The last event of Responses, with what the answer holds."""
    return reply(
        status, response={'id': 'r1', 'object': 'response', 'model': 'm', 'status': status, 'output': output, **more}
    )


def candidate(text: str = '', finish: str | None = None, **more: Any) -> dict[str, Any]:
    """A chunk of Gemini."""
    found: dict[str, Any] = {'content': {'role': 'model', 'parts': [{'text': text}] if text else []}, **more}
    return {'responseId': 'r1', 'candidates': [{**found, 'finishReason': finish} if finish else found]}


MESSAGE_START: Final = {
    'type': 'message_start',
    'message': {'id': 'm1', 'type': 'message', 'role': 'assistant', 'model': 'm', 'content': [], 'usage': {}},
}
MESSAGE_DELTA: Final = {'type': 'message_delta', 'delta': {'stop_reason': 'end_turn'}, 'usage': {'output_tokens': 1}}
MESSAGE_STOP: Final = {'type': 'message_stop'}


def block(index: int, start: Event, *deltas: Event) -> list[Event]:
    """A whole block of Anthropic's."""
    return [
        {'type': 'content_block_start', 'index': index, 'content_block': start},
        *({'type': 'content_block_delta', 'index': index, 'delta': delta} for delta in deltas),
        {'type': 'content_block_stop', 'index': index},
    ]


def text_block(index: int, *texts: str) -> list[Event]:
    """A block of text of Anthropic's."""
    return block(index, {'type': 'text', 'text': ''}, *({'type': 'text_delta', 'text': text} for text in texts))


ANSWERS: Final[Mapping[str, Sequence[Event]]] = {
    'openai-chat:m': [chunk({'content': 'Hel'}), chunk({'content': 'lo'}, 'stop')],
    'groq:m': [chunk({'content': 'Hel'}), chunk({'content': 'lo'}, 'stop')],
    'mistral:m': [chunk({'content': 'Hel'}), chunk({'content': 'lo'}, 'stop')],
    'huggingface:m': [chunk({'content': 'Hel'}), chunk({'content': 'lo'}, 'stop')],
    'openai:m': [
        reply('output_text.delta', item_id='i', output_index=0, content_index=0, delta='Hello'),
        replied(),
    ],
    'google:m': [candidate('Hel'), candidate('lo', 'STOP')],
    'anthropic:m': [MESSAGE_START, *text_block(0, 'Hello'), MESSAGE_DELTA],
    'cohere:m': [
        {'type': 'content-delta', 'index': 0, 'delta': {'message': {'content': {'text': 'Hello'}}}},
        {'type': 'message-end', 'delta': {'finish_reason': 'COMPLETE'}},
    ],
}
"""An answer 'Hello' of each protocol that sends events, whose last event says why it ended."""


def body(events: Sequence[Event]) -> str:
    """The events as they are sent."""
    return ''.join(f'data: {json.dumps(event)}\n\n' for event in events)


@asynccontextmanager
async def answering(name: str, sent: str | bytes | Sequence[Event], label: str) -> AsyncGenerator[Model]:
    """A model whose server answers with these bytes, or events, and ends the body cleanly."""
    content = sent if isinstance(sent, str | bytes) else body(sent)
    answer = httpx.Response(200, headers={'content-type': label}, content=content)
    async with httpx.AsyncClient(transport=httpx.MockTransport(lambda request: answer)) as client:
        yield infer_model(name, api_key='k-0123456789', base_url='http://127.0.0.1:9', http_client=client)


def received(
    name: str,
    sent: str | bytes | Sequence[Event],
    parameters: ModelRequestParameters | None = None,
    label: str = 'text/event-stream',
) -> ModelResponse:
    """The response of a model whose server answers with these bytes, or events, and ends the body cleanly."""

    async def ask() -> ModelResponse:
        async with answering(name, sent, label) as model:
            settings = ModelSettings(max_retries=0)
            return await model_request(model, ASK, model_settings=settings, model_request_parameters=parameters)

    return asyncio.run(ask())


def streamed(name: str, sent: str | bytes | Sequence[Event]) -> list[ModelResponseStreamEvent]:
    """The events of the answer of such a model, as they come."""

    async def read() -> list[ModelResponseStreamEvent]:
        async with answering(name, sent, 'text/event-stream') as model, model_request_stream(model, ASK) as stream:
            return [event async for event in stream]

    return asyncio.run(read())


def shown(events: Sequence[Any]) -> ModelResponse:
    """The response that the reader of an SDK's stream makes of its items."""

    async def read() -> ModelResponse:
        async with opened(iter(events)) as stream:
            async for _ in stream:
                pass
            return stream.get()

    return asyncio.run(read())


def texts(response: ModelResponse) -> list[str]:
    """The texts of a response."""
    return [part.content for part in response.parts if isinstance(part, TextPart)]

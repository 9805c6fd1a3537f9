"""A10: `wire` (bytes) and `foreign` (an SDK's chunks) read one protocol: the same cases give the same answers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from jupyter_stream.exceptions import AgentRunError
from jupyter_stream.foreign import opened
from jupyter_stream.framing.sse import SSEDecoder
from jupyter_stream.messages import ModelResponse
from jupyter_stream.models import infer_model
from tests.faults.protocols import ANTHROPIC, OPENAI_CHAT, RESPONSES, Protocol
from tests.faults.server import ScriptedServer, chat, events, sends
from tests.faults.test_row_load import NULLS
from tests.faults.test_rows import KEY, ask

SDKS = (OPENAI_CHAT, ANTHROPIC, RESPONSES)
NULL = events('null')


def cases(wire: Protocol) -> dict[str, bytes]:
    """Bodies by what is odd in them."""
    begun, end = wire.begun('Hel'), wire.finish + wire.done
    odd = events(*NULLS[wire.name])
    return {
        'proper': wire.answer('Hel', 'lo'),
        'null first': NULL + wire.answer('Hel', 'lo'),
        'null between': begun + NULL + wire.text('lo') + end,
        'null last': begun + wire.finish + NULL + wire.done,
        'null fields': wire.opening + odd + wire.text('Hel') + odd + wire.text('lo') + end,
        'an empty delta': begun + wire.text('') + wire.text('lo') + end,
        'an end by length': begun + wire.ends['length'] + wire.done,
        'an end by the filter': begun + wire.ends['content_filter'] + wire.done,
        'an unknown end': begun + wire.ends['new'] + wire.done,
        'a call': begun + wire.call + end,
        'half a character': wire.opening + events(wire.delta % r'"\ud83d"', wire.delta % r'"\ude42"') + end,
        'no end': begun,
        'an error': begun + wire.errors[0],
        'overloaded': begun + wire.errors[-1],
    }


def by_wire(wire: Protocol, body: bytes) -> tuple[ModelResponse | None, BaseException | None]:
    with ScriptedServer([sends(body)]) as server:
        outcome = asyncio.run(ask(wire, server.url))
    return outcome.response, outcome.error


async def chunks(body: bytes) -> AsyncIterator[Any]:
    for frame in SSEDecoder().feed(body):
        if frame.data != '[DONE]':
            yield json.loads(frame.data)


async def read(source: Any) -> tuple[ModelResponse | None, BaseException | None]:
    async with opened(source) as stream:
        try:
            async for _ in stream:
                pass
        except AgentRunError as error:
            return stream.get(), error
    return stream.get(), None


CASES = [pytest.param(wire, name, id=f'{wire.name}-{name}') for wire in SDKS for name in cases(wire)]


@pytest.mark.parametrize(('wire', 'name'), CASES)
def test_a10_both_readers_make_the_same_of_it(wire: Protocol, name: str) -> None:
    body = cases(wire)[name]
    (ours, error), (foreign, their_error) = by_wire(wire, body), asyncio.run(read(chunks(body)))
    assert type(error).__name__ == type(their_error).__name__
    assert ours is not None and foreign is not None
    assert foreign.parts == ours.parts
    assert (foreign.finish_reason, foreign.state) == (ours.finish_reason, ours.state)
    # That nothing was counted is noted only of a request of ours.
    counted = [(one.usage.input_tokens, one.usage.output_tokens) for one in (foreign, ours)]
    assert counted[0] == counted[1]
    if error is None:
        assert foreign.provider_details == ours.provider_details


def test_a10_the_stream_of_the_openai_sdk_that_yields_none() -> None:
    openai = pytest.importorskip('openai')
    body = NULL + events(chat('Hel')) + NULL + events(chat('lo'), chat(finish='stop'), '[DONE]')

    async def main(url: str) -> tuple[ModelResponse | None, BaseException | None]:
        async with openai.AsyncOpenAI(api_key=KEY, base_url=f'{url}/v1', max_retries=0) as client:
            stream = client.chat.completions.create(
                model='m', messages=[{'role': 'user', 'content': 'Hi'}], stream=True
            )
            return await read(stream)

    with ScriptedServer([sends(body)]) as server:
        response, error = asyncio.run(main(server.url))
    assert error is None and response is not None and (response.text, response.state) == ('Hello', 'complete')


def test_a10_a_text_that_is_none_is_no_text() -> None:
    async def pieces() -> AsyncIterator[Any]:
        for piece in (None, 'Hel', None, 'lo', None):
            yield piece

    response, error = asyncio.run(read(pieces()))
    assert error is None and response is not None and response.text == 'Hello'


def test_a10_the_models_are_those_of_the_sdks() -> None:
    assert [infer_model(wire.model, api_key=KEY).system for wire in SDKS] == ['openai', 'anthropic', 'openai']

"""Another model in mid-thread: every ordered pair of the nine protocols, over the real request and the real stream."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest

from jupyter_stream.conversation.thread import Thread
from jupyter_stream.conversation.turn import Turn
from jupyter_stream.messages import ModelResponse, ThinkingPart, ToolCallPart
from jupyter_stream.models import Model
from jupyter_stream.notebook.answer import Answer
from jupyter_stream.notebook.defaults import Defaults
from jupyter_stream.notebook.play import Player
from jupyter_stream.notebook.question import question
from jupyter_stream.notebook.threads import in_thread
from jupyter_stream.notebook.views.static import NullView
from tests.field.nine import KEY, NINE
from tests.field.nine import Answer as Recorded
from tests.field.test_b2_call_ids import _IDS

THOUGHT = 'Nobody else may know what I thought.'
SIGNATURE = 'c2lnbmVkIGJ5IG1lLCBhbmQgb25seSBieSBtZQ=='
PAIRS = [(first, second) for first in NINE for second in NINE]


@asynccontextmanager
async def model_of(recorded: Recorded, bodies: list[str]) -> AsyncGenerator[Model]:
    """A model whose server answers with the recorded stream and keeps what it was sent."""

    def answer(request: httpx.Request) -> httpx.Response:
        bodies.append(request.content.decode())
        return httpx.Response(200, headers={'content-type': recorded.content_type}, content=recorded.body)

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        yield recorded.model_at('http://127.0.0.1:9', http_client=client)


async def ask(thread: Thread, recorded: Recorded, prompt: str) -> tuple[Answer, str]:
    """Ask in the thread; returns the answer, and the body of the request."""
    bodies: list[str] = []
    async with model_of(recorded, bodies) as model:
        defaults = Defaults()
        source, stands = in_thread(None, question(prompt, defaults, model=model), defaults, thread=thread)
        answer = await Player(source, NullView(), stands).play()
    return answer, bodies[0]


def remembered(turn: Turn) -> Turn:
    """The turn as if the model had thought, signed its thought, and called a function."""
    response = turn.response
    thought = ThinkingPart(THOUGHT, signature=SIGNATURE, provider_name=response.provider_name)
    call = ToolCallPart('look', {'at': 'a rose'}, 'functions.look:0' * 5)
    return replace(turn, messages=[turn.request, replace(response, parts=[thought, *response.parts, call])], digest='')


@pytest.mark.parametrize(('first', 'second'), PAIRS, ids=[f'{one.name} then {other.name}' for one, other in PAIRS])
def test_a_thread_goes_on_with_another_model(first: Recorded, second: Recorded) -> None:
    async def run() -> tuple[Answer, str]:
        thread = Thread('main')
        await ask(thread, first, 'What is it?')
        place = thread.places[0]
        assert place.current is not None
        place.show(remembered(place.current))
        return await ask(thread, second, 'And now?')

    answer, body = asyncio.run(run())

    assert answer.text == second.text
    assert answer.state == 'complete'
    written = json.dumps(json.loads(body), ensure_ascii=False)
    assert written.index('What is it?') < written.index('And now?')
    assert first.text.split('\n')[0][:40] in json.loads(f'[{json.dumps(written)}]')[0].replace('\\n', '\n')
    if first is not second:
        assert THOUGHT not in written
        assert SIGNATURE not in written
    call_ids = _IDS.findall(written)
    assert len([one for one in set(call_ids) if call_ids.count(one) >= 2]) == 1 or second.name == 'google'
    assert 'look' in written


SIGNED = ('anthropic', 'google')


@pytest.mark.parametrize('recorded', [one for one in NINE if one.name in SIGNED], ids=SIGNED)
def test_a_signed_thought_goes_back_to_the_model_that_had_it(recorded: Recorded) -> None:
    async def run() -> str:
        thread = Thread('main')
        await ask(thread, recorded, 'What is it?')
        place = thread.places[0]
        assert place.current is not None
        place.show(remembered(place.current))
        return (await ask(thread, recorded, 'And now?'))[1]

    body = asyncio.run(run())

    assert SIGNATURE in body
    assert KEY not in body


def test_an_unsigned_thought_goes_back_to_nobody() -> None:
    async def run() -> str:
        recorded = NINE[0]
        thread = Thread('main')
        await ask(thread, recorded, 'What is it?')
        place = thread.places[0]
        assert place.current is not None
        response: Any = place.current.response
        thought = ModelResponse(parts=[ThinkingPart(THOUGHT), *response.parts], provider_name=response.provider_name)
        place.show(replace(place.current, messages=[place.current.request, thought]))
        return (await ask(thread, recorded, 'And now?'))[1]

    assert THOUGHT not in asyncio.run(run())

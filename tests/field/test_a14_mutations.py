"""A14: an answer that is wrong in any place is read right or ends in a typed error, and survives its own JSON.

`python -m tests.field.test_a14_mutations [COUNT [SEED …]]` makes as many mutations a protocol as one likes, also of the
recordings in the shared folder.
"""

from __future__ import annotations

import asyncio
import sys
import traceback
import warnings
from collections import Counter
from collections.abc import Sequence
from random import Random

import httpx
import pytest

from jupyter_stream.direct import model_request_stream
from jupyter_stream.exceptions import AgentRunError
from jupyter_stream.messages import ModelMessagesTypeAdapter, ModelRequest, ModelResponse
from jupyter_stream.models import infer_model
from jupyter_stream.settings import ModelSettings
from tests.conformance import committed, recordings, replay
from tests.conformance.recordings import WIRES, Stream

from .mutations import Mutant, mutant

COUNT = 60
"""Mutations a protocol, in the suite."""

SETTINGS = ModelSettings(max_retries=0)


async def read(changed: Mutant) -> tuple[BaseException | None, ModelResponse | None]:
    """How reading it ended, and what came of it."""
    stream = None
    server = replay.Server(200, changed.headers, changed.body)
    async with httpx.AsyncClient(transport=server) as client:
        model = infer_model(changed.model, api_key='x', http_client=client)
        asked = [ModelRequest.user_text_prompt('x')]
        parameters = replay.parameters(changed.params)
        try:
            async with model_request_stream(
                model, asked, model_settings=SETTINGS, model_request_parameters=parameters
            ) as stream:
                async for _ in stream:
                    pass
        except Exception as error:
            return error, stream and stream.get()
        return None, stream.get()


def wrong(error: BaseException | None, response: ModelResponse | None) -> str | None:
    """What is wrong with an outcome; None for nothing."""
    if error is not None and not isinstance(error, AgentRunError):
        return f'untyped {type(error).__name__}: {error}'
    if response is None:
        return None
    try:
        with warnings.catch_warnings(action='error'):
            dumped = ModelMessagesTypeAdapter.dump_json([response])
            loaded = ModelMessagesTypeAdapter.validate_json(dumped)
    except Exception as failure:
        return f'no JSON: {type(failure).__name__}: {str(failure)[:300]}'
    # As JSON, since the provider's own time is a datetime among the details, which JSON has none of.
    again = ModelMessagesTypeAdapter.dump_json(loaded)
    return None if again == dumped else f'another response: {again!r} {dumped!r}'[:800]


def failures(streams: Sequence[Stream], count: int, seed: int) -> tuple[list[str], Counter[str]]:
    """What is wrong with the outcomes of this many mutations, and how often reading ended how."""
    wire = streams[0].wire
    random, outcomes, found = Random(f'{wire} {seed}'), Counter[str](), list[str]()

    async def run() -> None:
        for number in range(count):
            changed = mutant(random, streams)
            error, response = await read(changed)
            outcomes[type(error).__name__ if error else 'read'] += 1
            if problem := wrong(error, response):
                found.append(f'{number}: {changed.origin}: {changed.done}: {problem}{_where(error)}')

    with warnings.catch_warnings(action='ignore'):
        asyncio.run(run())
    return found, outcomes


def _where(error: BaseException | None) -> str:
    frames = traceback.extract_tb(error.__traceback__) if error is not None else []
    return f' at {frames[-1].filename}:{frames[-1].lineno}' if frames else ''


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in replay.ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize('wire', WIRES)
def test_a14_a_mutated_answer_is_right_or_a_typed_error(wire: str) -> None:
    found, outcomes = failures([Stream(**row) for row in committed.streams(wire)], COUNT, 0)
    assert found == []
    assert outcomes['read'] >= COUNT // 10 and outcomes['StreamDecodeError'], outcomes


def main(arguments: list[str]) -> None:
    import os

    os.environ.update(replay.ENVIRONMENT)
    count, *seeds = [*map(int, arguments)] or [600]
    for seed in seeds or [1]:
        for wire in WIRES:
            streams = [stream for stream in recordings.streams(wire) if stream.status == 200]
            found, outcomes = failures(streams, count, seed)
            print(f'{wire}, seed {seed}: {len(found)} of {count} wrong; {dict(outcomes)}')
            print('\n'.join(f'  {line}' for line in found[:40]))


if __name__ == '__main__':
    main(sys.argv[1:])

"""The embedded model, recorded, and replayed where it is not installed."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from jupyter_stream.cassettes import cassette
from jupyter_stream.direct import model_request_stream
from jupyter_stream.local import weights
from jupyter_stream.messages import ModelRequest, UserPromptPart
from jupyter_stream.models import infer_model
from jupyter_stream.models.local import LocalModel
from jupyter_stream.transport import Endpoint

pytestmark = [pytest.mark.local_model, pytest.mark.xdist_group('embedded')]


async def events() -> list[str]:
    asked = [ModelRequest(parts=[UserPromptPart('Name the capital of France in a sentence.')])]
    async with model_request_stream('local:', asked, model_settings={'max_tokens': 24}) as stream:
        return [repr(event) async for event in stream]


def test_its_answer_is_the_same_without_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with cassette(tmp_path / 'a.cassette.jsonl', 'record'):
        recorded = asyncio.run(events())
    model = infer_model('local:')
    assert isinstance(model, LocalModel)
    model.server.stop()

    async def start(self: LocalModel) -> Endpoint:
        raise AssertionError('a replay started the server')

    monkeypatch.setattr(LocalModel, '_endpoint', start)
    monkeypatch.setattr(weights.Packaged, 'path', lambda self: None)
    monkeypatch.setattr(weights.Runtime, 'folder', lambda self: None)
    with cassette(tmp_path / 'a.cassette.jsonl', 'replay', speed=0):
        assert asyncio.run(events()) == recorded
    assert len(recorded) > 3
    text = (tmp_path / 'a.cassette.jsonl').read_text()
    assert '127.0.0.1' not in text.splitlines()[0] and '.gguf' not in text.splitlines()[0]

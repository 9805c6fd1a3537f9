"""B2: call ids of another provider are mapped where they do not fit, the same to the same."""

from __future__ import annotations

import re

import pytest

from jupyter_stream.messages import ModelMessage, ModelRequest, ModelResponse, ToolCallPart, ToolReturnPart
from jupyter_stream.providers import WireName

from .histories import prompt, target, text, turns

FITS: dict[WireName, str] = {
    'anthropic': '[a-zA-Z0-9_-]{1,64}',
    'bedrock': '[a-zA-Z0-9_-]{1,64}',
    'groq': '.{1,40}',
    'huggingface': '.{1,40}',
    'mistral': '[a-zA-Z0-9]{9}',
    'openai_chat': '.{1,40}',
    'openai_responses': '.{1,64}',
}
FOREIGN = ['functions.get:0', 'x' * 65, '']
_IDS = re.compile('"(?:id|tool_use_id|toolUseId|tool_call_id|call_id)": "([^"]*)"')


def moved(call_id: str, provider: str | None = 'elsewhere') -> list[ModelMessage]:
    call = ModelResponse([ToolCallPart('get', {}, call_id)], provider_name=provider)
    return [prompt('q'), call, ModelRequest([ToolReturnPart('get', 'a', call_id)])]


def ids(name: WireName, history: list[ModelMessage]) -> list[str]:
    return _IDS.findall(text(turns(name, history)))


@pytest.mark.parametrize('call_id', FOREIGN)
@pytest.mark.parametrize('name', FITS)
def test_b2_an_id_that_does_not_fit_is_mapped_the_same_for_call_and_return(name: WireName, call_id: str) -> None:
    call, returned = ids(name, moved(call_id))
    assert call == returned
    assert re.fullmatch(FITS[name], call)
    assert ids(name, moved(call_id)) == [call, returned]


@pytest.mark.parametrize('name', FITS)
def test_b2_different_ids_stay_different(name: WireName) -> None:
    assert len(set(ids(name, moved('functions.get:0' * 5) + moved('functions.get:1' * 5)))) == 2


@pytest.mark.parametrize('name', sorted(FITS.keys() - {'mistral'}))
def test_b2_the_ids_of_the_provider_itself_go_back_as_they_are(name: WireName) -> None:
    own = 'functions.get:0' * 5
    assert set(ids(name, moved(own, target(name).provider.name))) == {own}

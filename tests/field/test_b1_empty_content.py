"""B1: nothing empty goes over the wire: no tool return, no text of an answer, no prompt."""

from __future__ import annotations

import pytest

from jupyter_stream.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from jupyter_stream.providers import WireName
from jupyter_stream.wire.sendable import NO_OUTPUT, Takes, sendable

from .histories import PROTOCOLS, prompt, sent, strings, text, turns

BLANKS = ['', ' ', '\n\t ']


def empties(name: WireName, history: list[ModelMessage]) -> list[tuple[str, str]]:
    return [found for found in strings(sent(name, history)) if found[0] in ('text', 'content') and not found[1].strip()]


@pytest.mark.parametrize('blank', [*BLANKS, []])
@pytest.mark.parametrize('name', PROTOCOLS)
def test_b1_an_empty_tool_return_says_so(name: WireName, blank: str) -> None:
    call = ToolCallPart('sh', {'c': 'true'}, 'call00001')
    history = [prompt('q'), ModelResponse([call]), ModelRequest([ToolReturnPart('sh', blank, 'call00001')])]
    assert empties(name, history) == []
    assert NO_OUTPUT in text(turns(name, history))


@pytest.mark.parametrize('blank', BLANKS)
@pytest.mark.parametrize('name', PROTOCOLS)
def test_b1_an_empty_text_beside_a_call_is_left_out(name: WireName, blank: str) -> None:
    parts = [TextPart(blank), ToolCallPart('sh', {'c': 'ls'}, 'call00001')]
    history = [prompt('q'), ModelResponse(parts), ModelRequest([ToolReturnPart('sh', 'a', 'call00001')])]
    assert empties(name, history) == []


@pytest.mark.parametrize('blank', BLANKS)
@pytest.mark.parametrize('name', PROTOCOLS)
def test_b1_an_empty_answer_and_an_empty_prompt_are_not_sent_empty(name: WireName, blank: str) -> None:
    listed = ModelRequest([UserPromptPart([blank, 'say', blank])])
    history = [prompt('q'), ModelResponse([TextPart(blank)]), listed]
    assert empties(name, history) == []
    assert empties(name, [prompt(blank)]) == []
    assert empties(name, [ModelRequest([UserPromptPart([blank])])]) == []


def test_b1_an_empty_text_that_holds_a_signature_stays() -> None:
    signed = TextPart('', provider_name='google', provider_details={'thought_signature': 'c2ln'})
    assert sendable([prompt('q'), ModelResponse([signed]), prompt('w')], Takes(binds_text=True))[1].parts == [signed]


def test_b1_what_is_not_empty_is_the_same_object() -> None:
    history = [prompt('q'), ModelResponse([TextPart('a')]), prompt('w')]
    kept = sendable(history, Takes())
    assert all(one is other for one, other in zip(kept, history, strict=True))

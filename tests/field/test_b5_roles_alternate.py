"""B5: an answer that was stopped before its first word, then another question: the roles alternate."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from jupyter_stream.messages import ModelResponse, ModelResponsePart, TextPart, ThinkingPart
from jupyter_stream.providers import WireName

from .histories import PROTOCOLS, prompt, turns


@pytest.mark.parametrize(
    'parts', [[], [TextPart('')], [TextPart(' ')], [ThinkingPart('')], [ThinkingPart(' '), TextPart('')]]
)
@pytest.mark.parametrize('name', PROTOCOLS)
def test_b5_a_stopped_answer_leaves_no_two_turns_of_the_user(name: WireName, parts: list[ModelResponsePart]) -> None:
    said = turns(name, [prompt('q'), ModelResponse(parts, state='interrupted'), prompt('go on')])
    roles = [turn['role'] for turn in said]
    assert len(roles) == 3
    assert all(one != other for one, other in pairwise(roles))


@pytest.mark.parametrize('state', ['complete', 'interrupted'])
@pytest.mark.parametrize('provider', [None, 'openai', 'anthropic'])
@pytest.mark.parametrize('name', PROTOCOLS)
def test_b5_a_thought_alone_is_an_answer(name: WireName, provider: str | None, state: Any) -> None:
    """What is sent of a thought differs: a field, tags, or nothing, and then the answer says that there was none."""
    thought = ModelResponse([ThinkingPart('hm')], provider_name=provider, state=state)
    said = turns(name, [prompt('q'), thought, prompt('go on')])
    assert all(one['role'] != other['role'] for one, other in pairwise(said)), said

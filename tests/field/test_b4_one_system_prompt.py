"""B4: one system prompt, the newer, and it comes first."""

from __future__ import annotations

import pytest

from jupyter_stream.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    SystemPromptPart,
    TextPart,
    UserPromptPart,
)
from jupyter_stream.models import ModelRequestParameters
from jupyter_stream.notebook.question import Question
from jupyter_stream.profiles import profile
from jupyter_stream.providers import find
from jupyter_stream.wire import openai_chat
from jupyter_stream.wire.base import Target

HISTORY: list[ModelMessage] = [
    ModelRequest([SystemPromptPart('A'), UserPromptPart('q')]),
    ModelResponse([TextPart('a')]),
]


def said(system: str | None, history: list[ModelMessage]) -> list[str]:
    messages = Question('w', 'test', system, history=history).messages()
    return [f'{type(part).__name__[:4]} {part.content}' for one in messages for part in one.parts]  # type: ignore[union-attr]


def test_b4_a_newer_system_prompt_replaces_the_older_and_comes_first() -> None:
    assert said('B', HISTORY) == ['Syst B', 'User q', 'Text a', 'User w']
    assert said('B', [ModelRequest([SystemPromptPart('A')]), *HISTORY]) == ['Syst B', 'User q', 'Text a', 'User w']


def test_b4_a_system_prompt_for_a_history_without_one_comes_first() -> None:
    bare = [ModelRequest([UserPromptPart('q')]), ModelResponse([TextPart('a')])]
    assert said('B', bare) == ['Syst B', 'User q', 'Text a', 'User w']
    assert said('B', []) == ['Syst B', 'User w']


def test_b4_the_same_system_prompt_or_none_leaves_the_history_as_it_is() -> None:
    assert said('A', HISTORY) == said(None, HISTORY) == ['Syst A', 'User q', 'Text a', 'User w']


@pytest.mark.parametrize('model', ['vllm:m', 'local:toy', 'crusoe:m', 'nebius:m', 'ovhcloud:m', 'litellm:m'])
def test_b4_leading_system_prompts_are_one_for_strict_chat_templates(model: str) -> None:
    prefix, _, name = model.partition(':')
    provider = find(prefix)
    assert provider is not None
    request = ModelRequest([SystemPromptPart('A'), SystemPromptPart('B'), UserPromptPart('q')], instructions='C')
    target = Target(name, provider, profile(provider, name))
    body = openai_chat.encode(target, [request], {}, ModelRequestParameters()).body
    assert body['messages'] == [
        {'role': 'system', 'content': 'A\n\nB\n\nC'},
        {'role': 'user', 'content': 'q'},
    ]

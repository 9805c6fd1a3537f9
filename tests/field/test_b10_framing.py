"""B10: `framing_announcement` says what the application's words among the user's are, where and when the peer does."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

from tests.field.peer import bodies

MODELS = (
    'anthropic:claude-sonnet-4-6',
    'anthropic:claude-sonnet-5-5',
    'anthropic:claude-opus-4-5',
    'anthropic:claude-opus-4-8',
    'openrouter:openai/gpt-oss-120b',
    'openrouter:anthropic/claude-sonnet-4.6',
    'openrouter:anthropic/claude-haiku-5.5',
    'openrouter:google/gemini-3-pro-preview',
    'openrouter:openai/gpt-5',
    'openrouter:qwen/qwen3-32b',
    'together:Qwen/Qwen3-32B',
    'openai-chat:gpt-5',
    'openai:gpt-5',
)


def asked(v: Any) -> Any:
    return [v.ModelRequest([v.UserPromptPart('q')])]


def instructed(v: Any) -> Any:
    return [v.ModelRequest([v.UserPromptPart('q')], instructions='Be brief.')]


def prompted(v: Any) -> Any:
    return [v.ModelRequest([v.SystemPromptPart('Be kind.'), v.UserPromptPart('q')])]


def _again(v: Any, first: Any, content: str, cause: str) -> Any:
    retry = v.RetryFeedbackPart(content, retry=v.RetryInfo(cause=cause))
    instructions = first[0].instructions
    return [*first, v.ModelResponse([v.TextPart('a')]), v.ModelRequest([retry], instructions=instructions)]


HISTORIES = {
    'asked': asked,
    'instructed': instructed,
    'prompted': prompted,
    'retried': lambda v: _again(v, asked(v), 'That is wrong.', 'model_retry'),
    'instructed and retried': lambda v: _again(v, instructed(v), 'That is wrong.', 'model_retry'),
    'prompted and retried': lambda v: _again(v, prompted(v), 'That is wrong.', 'model_retry'),
    'nothing came': lambda v: _again(v, instructed(v), 'Please return text.', 'no_output'),
    'prompted and nothing came': lambda v: _again(v, prompted(v), 'Please return text.', 'no_output'),
}


def told(body: dict[str, Any]) -> dict[str, Any]:
    return {name: body[name] for name in ('system', 'instructions', 'messages', 'input') if name in body}


@pytest.mark.parametrize('wish', [None, 'always', 'when_needed', 'never'])
@pytest.mark.parametrize('history', HISTORIES)
@pytest.mark.parametrize('model', MODELS)
def test_b10_the_announcement_stands_where_the_peer_puts_it(model: str, history: str, wish: str | None) -> None:
    ours, peer = bodies(model, HISTORIES[history], {'framing_announcement': wish} if wish else {})
    assert told(ours) == told(peer)


def _called_again(v: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # the peer's part is deprecated
        retry = v.RetryPromptPart('no', tool_name='f', tool_call_id='c1')
    parts = [retry, v.SystemPromptPart('Be quick.'), v.UserPromptPart('so?')]
    return [*prompted(v), v.ModelResponse([v.ToolCallPart('f', '{}', 'c1')]), v.ModelRequest(parts)]


BESIDE: dict[str, Any] = {
    'feedback': lambda v: _beside(_again(v, instructed(v), 'That is wrong.', 'model_retry'), v),
    'nothing came': lambda v: _beside(_again(v, prompted(v), 'Please return text.', 'no_output'), v),
    'a call': _called_again,
}


def _beside(messages: Any, v: Any) -> Any:
    messages[-1].parts.append(v.SystemPromptPart('Be quick.'))
    return messages


@pytest.mark.parametrize('wish', [None, 'always', 'never'])
@pytest.mark.parametrize('history', BESIDE)
@pytest.mark.parametrize('model', MODELS)
def test_b10_a_system_prompt_beside_a_retry(model: str, history: str, wish: str | None) -> None:
    ours, peer = bodies(model, BESIDE[history], {'framing_announcement': wish} if wish else {})
    assert told(ours) == told(peer)

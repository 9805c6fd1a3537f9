"""B10: a tool that is added in mid-conversation is shown where the history adds it (Responses of OpenAI, Claude)."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_stream.exceptions import UserError
from tests.field.peer import OURS, PEER, bodies, our_request, ours, their_request


def added(v: Any) -> Any:
    delta = v.ToolAvailabilityDeltaPart(tools_added=['g', 'g', 'gone'])
    again = v.ToolAvailabilityDeltaPart(tools_added=['g'])
    return [
        v.ModelRequest([v.UserPromptPart('q')]),
        v.ModelResponse([v.TextPart('a')]),
        v.ModelRequest([v.UserPromptPart('r'), delta, again]),
    ]


TOOLS: dict[str, Any] = {
    'revealed': {'defer_loading': True},
    'there all along': {},
}


@pytest.mark.parametrize('tool', TOOLS)
@pytest.mark.parametrize('revealed', [True, False])
@pytest.mark.parametrize('model', ['openai:gpt-5', 'openai:gpt-5.6'])
def test_b10_a_later_tool_is_shown_where_it_is_added(model: str, revealed: bool, tool: str) -> None:
    def parameters(v: Any) -> Any:
        tools = [v.ToolDefinition(name='f'), v.ToolDefinition(name='g', **TOOLS[tool])]
        return v.ModelRequestParameters(function_tools=tools, revealed_tool_names={'g'} if revealed else set())

    ours, peer = bodies(model, added, parameters=parameters)
    assert (ours['input'], ours['tools']) == (peer['input'], peer['tools'])


def _early(v: Any) -> Any:
    return [v.ModelRequest([v.UserPromptPart('q'), v.ToolAvailabilityDeltaPart(tools_added=['g'])])]


def _last(*parts: Any, v: Any) -> Any:
    asked = v.ModelRequest([v.SystemPromptPart('Be kind.'), v.UserPromptPart('q')])
    return [asked, v.ModelResponse([v.TextPart('a')]), v.ModelRequest(list(parts))]


def _beside_a_system_prompt(v: Any) -> Any:
    added = v.ToolAvailabilityDeltaPart(tools_added=['g'])
    return _last(added, v.SystemPromptPart('Be brief.'), v.UserPromptPart('r'), v=v)


def _marked(v: Any) -> Any:
    added = v.ToolAvailabilityDeltaPart(tools_added=['g'])
    return _last(v.UserPromptPart('r'), added, v.UserPromptPart([v.CachePoint()]), v=v)


def _marked_in_the_middle(v: Any) -> Any:
    added = v.ToolAvailabilityDeltaPart(tools_added=['g'])
    return _last(v.UserPromptPart('r'), added, v.UserPromptPart([v.CachePoint(), 's']), v=v)


def _marked_after_a_system_prompt(v: Any) -> Any:
    return _last(v.SystemPromptPart('Be brief.'), v.UserPromptPart(['r', v.CachePoint(ttl='1h')]), v=v)


def _marked_first(v: Any) -> Any:
    return _last(v.SystemPromptPart('Be brief.'), v.UserPromptPart([v.CachePoint(), 'r']), v=v)


CLAUDES = ['claude-opus-4-8', 'claude-opus-5', 'claude-haiku-5-5']
HISTORIES = [added, _early, _beside_a_system_prompt, _marked, _marked_in_the_middle]
OF_OTHERS = [_marked_after_a_system_prompt, _marked_first]


@pytest.mark.parametrize('tool', TOOLS)
@pytest.mark.parametrize('history', [*HISTORIES, *OF_OTHERS])
@pytest.mark.parametrize('model', CLAUDES)
def test_b10_claude_is_shown_a_later_tool(model: str, history: Any, tool: str) -> None:
    def parameters(v: Any) -> Any:
        tools = [v.ToolDefinition(name='f'), v.ToolDefinition(name='g', **TOOLS[tool])]
        return v.ModelRequestParameters(function_tools=tools)

    asked = f'anthropic:{model}'
    ours, peer = bodies(asked, history, {'anthropic_cache_tool_definitions': True}, parameters)
    assert (ours['messages'], ours['tools']) == (peer['messages'], peer['tools'])
    sent = our_request(asked, history(OURS), {}, parameters(OURS))
    received = their_request(asked, history(PEER), {}, parameters(PEER))
    assert sent.headers.get('anthropic-beta') == received.headers.get('anthropic-beta')


def test_b10_an_older_claude_is_not_shown_one() -> None:
    """The peer refuses it in a direct request, and translates it in an agent."""
    with pytest.raises(UserError, match='ToolAvailabilityDeltaPart'):
        ours('anthropic:claude-opus-4-5', added(OURS), {}, None)

"""B10: a tool that is added in mid-conversation is shown where the history adds it (Responses API of OpenAI)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.field.peer import bodies


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

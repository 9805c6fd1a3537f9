"""B10: what OpenRouter can do besides Chat Completions is asked for as the peer asks for it."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_stream.exceptions import UserError
from jupyter_stream.native_tools import WebSearchTool
from jupyter_stream.parameters import ModelRequestParameters
from tests.field.peer import bodies, ours

CLAUDE, GEMINI = 'openrouter:anthropic/claude-opus-4.5', 'openrouter:google/gemini-3-pro-preview'


def asked(v: Any) -> Any:
    return [v.ModelRequest([v.UserPromptPart('q')])]


def prompted(v: Any) -> Any:
    return [v.ModelRequest([v.SystemPromptPart('Be kind.'), v.UserPromptPart('q')])]


ADVISORS: dict[str, Any] = {
    'plain': {},
    'limited': {'max_tokens': 2048},
    'with the transcript': {'provider_settings': {'openrouter': {'forward_transcript': True}}},
}


@pytest.mark.parametrize('said', ADVISORS)
def test_b10_openrouter_has_an_advisor(said: str) -> None:
    def parameters(v: Any) -> Any:
        advisor = v.AdvisorTool(model='anthropic/claude-opus-4.5', **ADVISORS[said])
        own = [v.ToolDefinition(name='f')]
        return v.ModelRequestParameters(function_tools=own, native_tools=[v.WebSearchTool(), advisor])

    body, peer = bodies(CLAUDE, asked, parameters=parameters)
    assert body['tools'] == peer['tools']


@pytest.mark.parametrize('model', [CLAUDE, GEMINI, 'openrouter:openai/gpt-5'])
def test_b10_arguments_come_as_they_are_written(model: str) -> None:
    def parameters(v: Any) -> Any:
        return v.ModelRequestParameters(function_tools=[v.ToolDefinition(name='f'), v.ToolDefinition(name='g')])

    body, peer = bodies(model, asked, {'anthropic_eager_input_streaming': True}, parameters)
    assert body['tools'] == peer['tools']


PARTS = {'lasting': [False, False], 'one varies': [False, True], 'all vary': [True, True], 'none': []}


@pytest.mark.parametrize('parts', PARTS)
@pytest.mark.parametrize('history', [asked, prompted])
@pytest.mark.parametrize('model', [CLAUDE, GEMINI])
def test_b10_the_mark_stands_after_the_last_lasting_instruction(model: str, history: Any, parts: str) -> None:
    def parameters(v: Any) -> Any:
        made = [v.InstructionPart(f'i{index}', dynamic=dynamic) for index, dynamic in enumerate(PARTS[parts])]
        return v.ModelRequestParameters(instruction_parts=made)

    body, peer = bodies(model, history, {'openrouter_cache_instructions': '1h'}, parameters)
    assert body['messages'] == peer['messages']


def test_b10_openrouter_cannot_keep_a_search_off_the_web() -> None:
    search = WebSearchTool(external_web_access=False)
    with pytest.raises(UserError, match='external_web_access'):
        ours(CLAUDE, [], {}, ModelRequestParameters(native_tools=[search]))


@pytest.mark.parametrize('access', [True, None])
def test_b10_a_search_of_the_web_is_what_openrouter_does(access: bool | None) -> None:
    def parameters(v: Any) -> Any:
        return v.ModelRequestParameters(native_tools=[v.WebSearchTool(external_web_access=access)])

    body, peer = bodies(CLAUDE, asked, parameters=parameters)
    assert body['tools'] == peer['tools']


def test_b10_an_optional_search_off_the_web_is_left_out() -> None:
    def parameters(v: Any) -> Any:
        return v.ModelRequestParameters(native_tools=[v.WebSearchTool(external_web_access=False, optional=True)])

    body, peer = bodies(CLAUDE, asked, parameters=parameters)
    assert body.get('tools') == peer.get('tools') is None

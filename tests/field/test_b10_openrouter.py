"""B10: what OpenRouter can do besides Chat Completions is asked for as the peer asks for it."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_stream.exceptions import UserError
from jupyter_stream.native_tools import WebSearchTool
from jupyter_stream.parameters import ModelRequestParameters
from tests.field.peer import OURS, bodies, ours

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


# ------------------------------------------------------------------ cache points, and the system's words

OPUS, GPT, MISTRAL = 'anthropic/claude-opus-4.8', 'openai/gpt-5.6', 'mistralai/mistral-large'


def _then(v: Any, *parts: Any, first: Any = 'q') -> Any:
    return [v.ModelRequest([v.UserPromptPart(first)]), v.ModelResponse([v.TextPart('a')]), v.ModelRequest(list(parts))]


def _called(v: Any, call_id: str, *more: Any, before: Any = ()) -> Any:
    call = v.ModelResponse([v.ToolCallPart('f', {}, call_id)])
    returned = v.ToolReturnPart('f', 'x', call_id)
    return [v.ModelRequest([v.UserPromptPart('q')]), call, v.ModelRequest([*before, returned, *more])]


CACHED: dict[str, Any] = {
    'first of its message': lambda v: _then(v, v.UserPromptPart([v.CachePoint(ttl='1h'), 'r'])),
    'behind one of an hour': lambda v: _then(
        v, v.UserPromptPart([v.CachePoint(), 'r']), first=['q', v.CachePoint(ttl='1h')]
    ),
    'behind a tool': lambda v: _called(v, 'c1', v.UserPromptPart([v.CachePoint(), 'r'])),
    'an hour behind five minutes': lambda v: _then(
        v, v.UserPromptPart(['r', v.CachePoint(ttl='1h')]), first=['q', v.CachePoint()]
    ),
    'at the end': lambda v: _then(v, v.UserPromptPart(['r', v.CachePoint()])),
    'in the middle': lambda v: _then(v, v.UserPromptPart(['r', v.CachePoint(), 's'])),
    'six of them': lambda v: _then(v, v.UserPromptPart([one for n in range(6) for one in (f'r{n}', v.CachePoint())])),
}


@pytest.mark.parametrize('settings', [{}, {'openrouter_cache_messages': True, 'openrouter_cache_instructions': True}])
@pytest.mark.parametrize('case', CACHED)
@pytest.mark.parametrize('model', [OPUS, GPT, 'google/gemini-3-pro-preview'])
def test_b10_cache_points_by_openrouter(model: str, case: str, settings: dict[str, Any]) -> None:
    body, peer = bodies(f'openrouter:{model}', CACHED[case], settings)
    assert body['messages'] == peer['messages']


@pytest.mark.parametrize('model', [CLAUDE, GEMINI])
@pytest.mark.parametrize('first', [True, False])
def test_b10_a_point_without_anything_to_mark_is_refused_by_both(model: str, first: bool) -> None:
    alone = OURS.UserPromptPart([OURS.CachePoint(), 'q'] if first else [OURS.CachePoint()])
    with pytest.raises(UserError, match='cannot come first'):
        ours(model, [OURS.ModelRequest([alone])] if first else _then(OURS, alone), {}, None)


def _talk(v: Any) -> Any:
    opening = v.ModelRequest([v.SystemPromptPart('s'), v.UserPromptPart('q')])
    later = v.ModelRequest([v.SystemPromptPart('t'), v.UserPromptPart('r')])
    return [opening, v.ModelResponse([v.TextPart('a')]), later, v.ModelResponse([v.TextPart('b')]), *_then(v)[:1]]


def _around_a_tool(v: Any) -> Any:
    return _called(v, 'c1', v.SystemPromptPart('u'), before=[v.SystemPromptPart('t')])


def _beside_a_retry(v: Any) -> Any:
    return _then(v, v.SystemPromptPart('t'), v.RetryPromptPart('no'))


@pytest.mark.parametrize('history', [_talk, _around_a_tool, _beside_a_retry])
@pytest.mark.parametrize('model', [OPUS, 'anthropic/claude-fable-5', 'anthropic/claude-opus-4.7', GPT])
@pytest.mark.filterwarnings('ignore::DeprecationWarning')
def test_b10_the_system_speaks_before_the_answer_that_it_is_meant_for(model: str, history: Any) -> None:
    body, peer = bodies(f'openrouter:{model}', history)
    assert body['messages'] == peer['messages']


@pytest.mark.parametrize('call_id', ['abcdefghi', 'call_1', 'call_long_1234567890'])
def test_b10_call_ids_of_mistral_by_openrouter(call_id: str) -> None:
    body, peer = bodies(f'openrouter:{MISTRAL}', lambda v: _called(v, call_id))
    assert body['messages'] == peer['messages']

"""What a request to Mistral holds, rule by rule; the recorded requests are in `tests/conformance`."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_stream import profiles, providers
from jupyter_stream.exceptions import UnsupportedSettingWarning, UserError
from jupyter_stream.messages import (
    AudioUrl,
    BinaryContent,
    DocumentUrl,
    ImageUrl,
    ModelRequest,
    ModelResponse,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
    VideoUrl,
)
from jupyter_stream.native_tools import WebSearchTool
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.tools import ToolDefinition
from jupyter_stream.wire.base import Target
from jupyter_stream.wire.mistral import encode, fetchable

ASK = ModelRequest.user_text_prompt('hi')
ADD = ToolDefinition(name='add', parameters_json_schema={'type': 'object', 'properties': {}})
CITY = ToolDefinition(name='city', parameters_json_schema={'type': 'object', 'properties': {}})
TWO = {'function_tools': [ADD, CITY]}


def target(model: str = 'mistral-large-latest') -> Target:
    provider = providers.find('mistral')
    assert provider is not None
    return Target(model, provider, profiles.profile(provider, model))


def body(*history: Any, model: str = 'mistral-large-latest', parameters: dict[str, Any] | None = None, **settings: Any):
    return encode(target(model), history or (ASK,), settings, ModelRequestParameters(**parameters or {})).body  # type: ignore[arg-type]


def user(*content: Any) -> list[dict[str, Any]]:
    return body(ModelRequest([UserPromptPart(list(content))]))['messages'][0]['content']


# ---------------------------------------------------------------------- settings


def test_nulls_and_defaults() -> None:
    plain = body()
    assert [plain[name] for name in ('top_p', 'stop', 'presence_penalty', 'frequency_penalty')] == [None] * 4
    assert 'n' not in plain and 'tool_choice' not in plain
    tools = body(parameters=TWO)
    assert (tools['top_p'], tools['n'], tools['tool_choice']) == (1, 1, 'auto')
    assert body(parameters=TWO, top_p=0.5)['top_p'] == 0.5


def test_settings_by_their_names() -> None:
    sent = body(seed=7, stop_sequences=['x'], mistral_prompt_cache_key='k', extra_body={'safe_prompt': True})
    assert (sent['random_seed'], sent['stop'], sent['prompt_cache_key'], sent['safe_prompt']) == (7, ['x'], 'k', True)


def test_settings_without_a_word_are_one_warning() -> None:
    with pytest.warns(UnsupportedSettingWarning, match='top_k, logit_bias') as caught:
        body(top_k=3, logit_bias={'1': 2})
    assert len(caught) == 1


@pytest.mark.parametrize(
    ('model', 'thinking', 'effort'),
    [
        ('mistral-medium-latest', True, 'high'),
        ('mistral-medium-3.5', 'low', 'high'),
        ('magistral-small-latest', False, 'none'),
        ('mistral-large-4-0', None, None),
        ('magistral-medium-2509', 'high', None),
        ('mistral-large-latest', 'high', None),
        ('mistral-medium-2505', 'high', None),
    ],
)
@pytest.mark.filterwarnings('ignore:.*they are left out. thinking')
def test_thinking_is_on_or_off_where_it_can_be_said(model: str, thinking: Any, effort: str | None) -> None:
    assert body(model=model, thinking=thinking).get('reasoning_effort') == effort


# ------------------------------------------------------------------------- tools


def test_tool_choice() -> None:
    assert body(parameters=TWO, tool_choice='required')['tool_choice'] == 'any'
    named = body(parameters=TWO, tool_choice=['add'])
    assert named['tool_choice'] == {'type': 'function', 'function': {'name': 'add'}}
    assert len(named['tools']) == 2
    none = body(parameters=TWO, tool_choice='none')
    assert 'tools' not in none and 'tool_choice' not in none and 'n' not in none


def test_native_tools_are_refused_unless_optional() -> None:
    with pytest.raises(UserError, match='WebSearchTool'):
        body(parameters={'native_tools': [WebSearchTool()]})
    assert 'tools' not in body(parameters={'native_tools': [WebSearchTool(optional=True)]})


def test_nested_schemas_are_put_inline_only_where_the_model_wants_it() -> None:
    schema = {
        '$defs': {'P': {'type': 'object', 'properties': {}}},
        'type': 'object',
        'properties': {'p': {'$ref': '#/$defs/P'}},
    }
    tools = {'function_tools': [ToolDefinition(name='t', parameters_json_schema=schema)]}
    sent = [
        body(model=model, parameters=tools)['tools'][0]['function']['parameters']
        for model in ('mistral-large-latest', 'zai-glm-5-3')
    ]
    assert ['$defs' in schema for schema in sent] == [True, False]


# ---------------------------------------------------------------------- messages


def test_files() -> None:
    pdf, png = BinaryContent(b'%', media_type='application/pdf'), BinaryContent(b'p', media_type='image/png')
    chunks = user(ImageUrl('https://e.com/a.png', vendor_metadata={'detail': 'low'}), pdf, png)
    assert chunks[0]['image_url'] == {'url': 'https://e.com/a.png', 'detail': 'low'}
    assert chunks[1] == {'type': 'document_url', 'document_url': pdf.data_uri}
    assert chunks[2] == {'type': 'image_url', 'image_url': {'url': png.data_uri}}
    text = user(BinaryContent(b'body', media_type='text/csv'))[0]['text']
    assert 'type="text/csv"' in text and '\nbody\n' in text


@pytest.mark.parametrize(
    'item',
    [
        AudioUrl('https://e.com/a.mp3'),
        VideoUrl('https://e.com/a.mp4'),
        DocumentUrl('https://e.com/a.docx'),
        BinaryContent(b'x', media_type='audio/wav'),
        ImageUrl('https://e.com/a.png', force_download=True),
        DocumentUrl('https://e.com/a.txt'),
    ],
)
def test_what_it_does_not_take(item: Any) -> None:
    with pytest.raises(UserError):
        user(item)


def test_what_has_to_be_fetched_first() -> None:
    yes = [
        ImageUrl('https://e.com/a.png', force_download=True),
        DocumentUrl('https://e.com/a.txt'),
        DocumentUrl('https://e.com/a.pdf', force_download=True),
    ]
    no = [ImageUrl('https://e.com/a.png'), DocumentUrl('https://e.com/a.pdf'), AudioUrl('https://e.com/a.mp3'), 'x']
    assert [fetchable(target(), item) for item in [*yes, *no]] == [True] * 3 + [False] * 4


def tool_turn(call_id: str, *, retried: bool = False) -> list[Any]:
    outcome: Any = 'retried' if retried else 'success'
    return [
        ASK,
        ModelResponse([ToolCallPart('add', {}, call_id)]),
        ModelRequest([ToolReturnPart('add', 'three', call_id, outcome=outcome)]),
    ]


def test_a_word_of_the_assistant_stands_between_tool_and_user() -> None:
    messages = body(*tool_turn('call_1'), ASK)['messages']
    assert [message['role'] for message in messages] == ['user', 'assistant', 'tool', 'assistant', 'user']
    assert messages[3]['content'] == [{'type': 'text', 'text': 'OK'}]


def test_an_empty_response_keeps_the_roles_alternating() -> None:
    found = body(ASK, ModelResponse([]), ASK)['messages']
    assert [message['role'] for message in found] == ['user', 'assistant', 'user']
    assert body(ASK, ModelResponse([TextPart('')]), ASK)['messages'][1]['content'] == [
        {'type': 'text', 'text': '(no answer)'}
    ]


def ids(*history: Any, model: str = 'mistral-large-latest') -> list[str]:
    messages = body(*history, model=model)['messages']
    return [message['tool_calls'][0]['id'] if message.get('tool_calls') else message['tool_call_id'] for message in
            messages if message.get('tool_calls') or message['role'] == 'tool']  # fmt: skip


def test_ids_of_calls_are_made_to_fit_where_they_are_checked_or_after_a_retry() -> None:
    assert ids(*tool_turn('call_1')) == ['call_1', 'call_1']
    assert ids(*tool_turn('call_1', retried=True)) == ['RksXkbv4v', 'RksXkbv4v']
    assert ids(*tool_turn('call_1'), model='voxtral-small-latest') == ['RksXkbv4v', 'RksXkbv4v']
    assert ids(*tool_turn('abcDEF123', retried=True)) == ['abcDEF123', 'abcDEF123']


def test_two_ids_never_become_one() -> None:
    made = ids(*tool_turn('call_1', retried=True), *tool_turn('RksXkbv4v'))
    assert made[0] == made[1] != made[2] == made[3]
    assert all(len(call_id) == 9 and call_id.isalnum() for call_id in made)

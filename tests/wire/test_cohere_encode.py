"""What a request to Cohere holds, rule by rule; the recorded requests are in `tests/conformance`."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_stream import profiles, providers
from jupyter_stream.exceptions import UnsupportedSettingWarning, UserError
from jupyter_stream.messages import (
    BinaryContent,
    ImageUrl,
    ModelRequest,
    ModelResponse,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    UserPromptPart,
)
from jupyter_stream.native_tools import WebSearchTool
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.tools import ToolDefinition
from jupyter_stream.wire.base import Target
from jupyter_stream.wire.cohere import encode, fetchable

ASK = ModelRequest.user_text_prompt('hi')
ADD = ToolDefinition(name='add', parameters_json_schema={'type': 'object', 'properties': {}})
CITY = ToolDefinition(name='city', parameters_json_schema={'type': 'object', 'properties': {}})
TWO = {'function_tools': [ADD, CITY]}
VISION, TEXT, REASONING = 'command-a-vision-07-2025', 'command-a-03-2025', 'command-a-reasoning-08-2025'


def target(model: str = TEXT) -> Target:
    provider = providers.find('cohere')
    assert provider is not None
    return Target(model, provider, profiles.profile(provider, model))


def body(*history: Any, model: str = TEXT, parameters: dict[str, Any] | None = None, **settings: Any) -> dict[str, Any]:
    made = ModelRequestParameters(**parameters or {})
    return encode(target(model), history or (ASK,), settings, made).body  # type: ignore[arg-type]


# ---------------------------------------------------------------------- settings


def test_settings_by_their_names() -> None:
    sent = body(top_p=0.5, top_k=3, stop_sequences=['x'], extra_body={'safety_mode': 'OFF'})
    assert (sent['p'], sent['k'], sent['stop_sequences'], sent['safety_mode']) == (0.5, 3, ['x'], 'OFF')


def test_settings_without_a_word_are_one_warning() -> None:
    with pytest.warns(UnsupportedSettingWarning, match='logit_bias, service_tier, parallel_tool_calls') as caught:
        body(parallel_tool_calls=False, logit_bias={'1': 2}, service_tier='flex')
    assert len(caught) == 1


@pytest.mark.filterwarnings('error')
def test_parallel_calls_are_what_it_does_anyway() -> None:
    assert 'parallel_tool_calls' not in body(parallel_tool_calls=True)


@pytest.mark.parametrize(
    ('thinking', 'sent'),
    [
        (None, None),
        (False, {'type': 'disabled'}),
        (True, {'type': 'enabled'}),
        ('medium', {'type': 'enabled', 'token_budget': 8192}),
        ('max', {'type': 'enabled', 'token_budget': 31000}),
    ],
)
@pytest.mark.filterwarnings('ignore:.*they are left out. thinking')
def test_thinking(thinking: Any, sent: Any) -> None:
    assert body(model=REASONING, thinking=thinking).get('thinking') == sent
    assert 'thinking' not in body(model=TEXT, thinking=thinking)


# ------------------------------------------------------------------------- tools


def test_tool_choice() -> None:
    assert 'tool_choice' not in body(parameters=TWO)
    assert body(parameters=TWO, tool_choice='required')['tool_choice'] == 'REQUIRED'
    none = body(parameters=TWO, tool_choice='none')
    assert (none['tool_choice'], len(none['tools'])) == ('NONE', 2)
    one = body(parameters=TWO, tool_choice=['add'])
    assert (one['tool_choice'], [tool['function']['name'] for tool in one['tools']]) == ('REQUIRED', ['add'])
    assert 'tool_choice' not in body(tool_choice='none')


def test_native_tools_are_refused_unless_optional() -> None:
    with pytest.raises(UserError, match='WebSearchTool'):
        body(parameters={'native_tools': [WebSearchTool()]})
    assert 'tools' not in body(parameters={'native_tools': [WebSearchTool(optional=True)]})


# ---------------------------------------------------------------------- messages


def test_images_only_where_the_model_sees() -> None:
    png, address = BinaryContent(b'p', media_type='image/png'), ImageUrl('https://e.com/a.png')
    asked = ModelRequest([UserPromptPart(['what?', png, address])])
    content = body(asked, model=VISION)['messages'][0]['content']
    assert [block['image_url']['url'] for block in content[1:]] == [png.data_uri, address.url]
    with pytest.raises(UserError, match='takes only text, not image/png'):
        body(asked)
    with pytest.raises(UserError, match='takes text and images, not audio/wav'):
        body(ModelRequest([UserPromptPart([BinaryContent(b'x', media_type='audio/wav')])]), model=VISION)


def test_what_has_to_be_fetched_first() -> None:
    forced = ImageUrl('https://e.com/a.png', force_download=True)
    assert fetchable(target(VISION), forced)
    assert not fetchable(target(VISION), ImageUrl('https://e.com/a.png'))
    assert not fetchable(target(TEXT), forced)
    with pytest.raises(UserError, match='by its address'):
        body(ModelRequest([UserPromptPart([forced])]), model=VISION)


def test_a_plan_goes_back_as_a_plan() -> None:
    plan = ThinkingPart('I will look.', id='tool_plan', provider_name='cohere')
    called = ModelResponse([plan, ToolCallPart('add', {}, 'a')])
    message = body(ASK, called)['messages'][1]
    assert message['tool_plan'] == 'I will look.' and 'content' not in message
    other = ModelResponse([ThinkingPart('hm', id='tool_plan', provider_name='other'), TextPart('a'), TextPart('b')])
    assert body(ASK, other)['messages'][1]['content'] == [
        {'type': 'thinking', 'thinking': 'hm'},
        {'type': 'text', 'text': 'a\n\nb'},
    ]


def test_an_empty_response_keeps_the_roles_alternating() -> None:
    found = body(ASK, ModelResponse([]), ASK)['messages']
    assert [message['role'] for message in found] == ['user', 'assistant', 'user']

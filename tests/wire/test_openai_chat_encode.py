"""What a Chat Completions request holds, rule by rule; the recorded requests are in `tests/conformance`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from jupyter_stream import profiles, providers
from jupyter_stream.exceptions import UnsupportedSettingWarning, UserError
from jupyter_stream.messages import (
    AudioUrl,
    BinaryContent,
    CachePoint,
    DocumentUrl,
    ImageUrl,
    InstructionPart,
    ModelRequest,
    ModelResponse,
    RetryFeedbackPart,
    RetryInfo,
    SystemPromptPart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolReturnPart,
    UploadedFile,
    UserPromptPart,
    VideoUrl,
)
from jupyter_stream.native_tools import CodeExecutionTool, WebSearchTool
from jupyter_stream.output import OutputObjectDefinition
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.settings import ToolOrOutput
from jupyter_stream.tools import ToolDefinition
from jupyter_stream.wire.base import Target, WireRequest
from jupyter_stream.wire.openai_chat import encode
from jupyter_stream.wire.openai_effort import effort

ASK = ModelRequest.user_text_prompt('hi')
ADD = ToolDefinition(
    name='add',
    parameters_json_schema={'type': 'object', 'properties': {'a': {'type': 'integer'}}, 'required': ['a']},
)
CITY = ToolDefinition(name='city', parameters_json_schema={'type': 'object', 'properties': {}})
ANSWER = OutputObjectDefinition({'type': 'object', 'properties': {}, 'required': []}, name='Answer')


def target(name: str) -> Target:
    prefix, _, model = name.partition(':')
    provider = providers.find(prefix)
    assert provider is not None
    return Target(model, provider, profiles.profile(provider, model))


def request(
    *history: Any, name: str = 'openai-chat:gpt-4o', parameters: dict[str, Any] | None = None, **settings: Any
) -> WireRequest:
    return encode(target(name), history or (ASK,), settings, ModelRequestParameters(**(parameters or {})))  # type: ignore[arg-type]


def body(*history: Any, **options: Any) -> dict[str, Any]:
    return request(*history, **options).body


def user(*content: Any) -> ModelRequest:
    return ModelRequest(parts=[UserPromptPart(list(content))])


def content_of(item: Any, name: str = 'openai-chat:gpt-4o') -> Any:
    [part] = body(user(item), name=name)['messages'][0]['content']
    return part


# ---------------------------------------------------------------------- settings


def test_a_bare_request() -> None:
    assert request() == WireRequest(
        '/chat/completions',
        {
            'model': 'gpt-4o',
            'stream': True,
            'stream_options': {'include_usage': True},
            'messages': [{'role': 'user', 'content': 'hi'}],
        },
    )


def test_settings_by_their_names_there() -> None:
    found = body(stop_sequences=['X'], seed=0, temperature=0.0, openai_user='u', max_tokens=5)
    assert (found['stop'], found['seed'], found['temperature'], found['user']) == (['X'], 0, 0.0, 'u')
    assert found['max_completion_tokens'] == 5
    assert body(name='deepseek:deepseek-chat', max_tokens=5)['max_tokens'] == 5


def test_a_provider_s_own_service_tier_wins() -> None:
    assert body(service_tier='flex', openai_service_tier='priority')['service_tier'] == 'priority'


def test_extra_body_has_the_last_word() -> None:
    assert body(temperature=0.1, extra_body={'temperature': 0.9, 'x': 1})['temperature'] == 0.9
    with pytest.raises(UserError, match='must be a dict'):
        body(extra_body='x')


@pytest.mark.parametrize(
    ('name', 'settings', 'dropped'),
    [
        ('openai-chat:gpt-4o', {'top_k': 5}, 'top_k'),
        ('openai-chat:gpt-5-mini', {'temperature': 0.5}, 'temperature'),
        ('cerebras:gpt-oss-120b', {'logit_bias': {'1': 1}}, 'logit_bias'),
    ],
)
def test_what_the_model_refuses_is_left_out_with_a_warning(name: str, settings: dict[str, Any], dropped: str) -> None:
    with pytest.warns(UnsupportedSettingWarning, match=dropped):
        assert dropped not in body(name=name, **settings)


def test_a_model_that_rests_takes_a_temperature() -> None:
    assert body(name='openai-chat:gpt-5.1', temperature=0.5)['temperature'] == 0.5


def test_azure_has_the_model_in_its_path() -> None:
    assert request(name='azure:gpt 4').path == '/deployments/gpt%204/chat/completions'


# ---------------------------------------------------------------------- thinking


@pytest.mark.parametrize(
    ('name', 'thinking', 'expected'),
    [
        ('openai-chat:gpt-4o', True, {}),
        ('openai-chat:gpt-5-mini', True, {'reasoning_effort': 'medium'}),
        ('openai-chat:gpt-5-mini', False, {'reasoning_effort': 'minimal'}),
        ('openai-chat:gpt-5-mini', 'max', {'reasoning_effort': 'high'}),
        ('openai-chat:gpt-5.6-sol', 'minimal', {'reasoning_effort': 'low'}),
        ('openai-chat:gpt-6-astra', 'max', {'reasoning_effort': 'xhigh'}),
        ('openai-chat:o3', 'minimal', {'reasoning_effort': 'low'}),
        ('deepseek:deepseek-reasoner', False, {}),
        ('deepseek:deepseek-v4-pro', 'max', {'reasoning_effort': 'max'}),
        ('openrouter:x/y', 'xhigh', {'reasoning': {'effort': 'high', 'enabled': True}}),
        ('openrouter:openai/o3', False, {'reasoning': {'effort': 'low'}}),
        ('zai:glm-4.6', True, {'thinking': {'type': 'enabled', 'clear_thinking': False}}),
        (
            'zai:glm-5.3',
            'medium',
            {'thinking': {'type': 'enabled', 'clear_thinking': False}, 'reasoning_effort': 'high'},
        ),
        ('cerebras:gpt-oss-120b', False, {'reasoning_effort': 'low'}),
        ('cerebras:kimi-k3', 'medium', {'reasoning_effort': 'high'}),
        ('snowflake:claude-sonnet-4-6', 'max', {'reasoning': {'effort': 'high'}, 'temperature': 1}),
        ('moonshotai:kimi-k2.6', False, {'thinking': {'type': 'disabled'}}),
        ('ollama:qwen3', 'high', {}),
    ],
)
@pytest.mark.filterwarnings('ignore:.*they are left out. thinking')
def test_how_thinking_is_asked_for(name: str, thinking: Any, expected: dict[str, Any]) -> None:
    found = body(name=name, thinking=thinking)
    plain = body(name=name)
    plain.pop('thinking', None)
    assert {key: value for key, value in found.items() if key not in plain} == expected


# ------------------------------------------------------------------------- tools


def test_a_tool_is_strict_where_its_schema_is() -> None:
    add, city = body(parameters={'function_tools': [ADD, CITY]})['tools']
    assert add['function']['strict'] is True and add['function']['description'] == ''
    assert 'strict' not in city['function']
    [lax] = body(name='ollama:llama3.2', parameters={'function_tools': [ADD]})['tools']
    assert 'strict' not in lax['function']


@pytest.mark.parametrize(
    ('choice', 'expected', 'names'),
    [
        (None, 'auto', ['add', 'city']),
        ('none', 'none', ['add', 'city']),
        ([], 'none', ['add', 'city']),
        ('required', 'required', ['add', 'city']),
        (['add'], {'type': 'function', 'function': {'name': 'add'}}, ['add', 'city']),
        (['add', 'city'], 'required', ['add', 'city']),
        (ToolOrOutput(['add']), 'auto', ['add']),
    ],
)
def test_tool_choice(choice: Any, expected: Any, names: list[str]) -> None:
    found = body(parameters={'function_tools': [ADD, CITY]}, tool_choice=choice)
    assert found['tool_choice'] == expected
    assert [tool['function']['name'] for tool in found['tools']] == names


def test_no_tools_no_choice_and_no_word_on_parallel_calls() -> None:
    assert not {'tools', 'tool_choice', 'parallel_tool_calls'} & set(body(parallel_tool_calls=False))
    assert body(parameters={'function_tools': [ADD]}, parallel_tool_calls=False)['parallel_tool_calls'] is False


def test_a_demand_that_can_not_be_met() -> None:
    with pytest.raises(UserError, match='only unknown tools'):
        body(parameters={'function_tools': [ADD]}, tool_choice=['sub'])
    with pytest.raises(UserError, match='cannot be made to call a tool'):
        body(name='cerebras:gpt-oss-120b', parameters={'function_tools': [ADD]}, tool_choice='required')
    with pytest.raises(UserError, match='cannot call tools'):
        body(name='snowflake:llama3.3-70b', parameters={'function_tools': [ADD]})
    wanted = {'output_tools': [ADD], 'output_mode': 'tool', 'allow_text_output': False}
    assert body(name='cerebras:gpt-oss-120b', parameters=wanted)['tool_choice'] == 'auto'


def test_native_tools() -> None:
    search = {'native_tools': [WebSearchTool(max_uses=2)]}
    [tool] = body(name='openrouter:x/y', parameters=search)['tools']
    assert tool == {'type': 'openrouter:web_search', 'parameters': {'search_context_size': 'medium', 'max_uses': 2}}
    found = body(name='openai-chat:gpt-4o-search-preview', parameters=search)
    assert found['web_search_options'] == {'search_context_size': 'medium'} and 'tools' not in found
    with pytest.raises(UserError, match='CodeExecutionTool'):
        body(parameters={'native_tools': [CodeExecutionTool()]})
    assert 'tools' not in body(parameters={'native_tools': [CodeExecutionTool(optional=True)]})


# ------------------------------------------------------------------------ output


def test_output_modes() -> None:
    native = {'output_mode': 'native', 'output_object': ANSWER}
    form = body(parameters=native)['response_format']
    assert (form['type'], form['json_schema']['name'], form['json_schema']['strict']) == ('json_schema', 'Answer', True)
    with pytest.raises(UserError, match='not supported'):
        body(name='deepseek:deepseek-chat', parameters=native)
    prompted = body(parameters={**native, 'output_mode': 'prompted'})
    assert prompted['response_format'] == {'type': 'json_object'}
    assert '"title": "Answer"' in prompted['messages'][0]['content']
    template = {'prompted_output_template': 'As {schema}!', 'output_mode': 'prompted', 'output_object': ANSWER}
    assert body(parameters=template)['messages'][0]['content'].endswith('!')


# ---------------------------------------------------------------------- messages


def test_instructions_follow_the_system_prompts_and_the_last_ones_count() -> None:
    history = (
        ModelRequest(parts=[SystemPromptPart('be kind'), UserPromptPart('a')], instructions='old'),
        ModelResponse(parts=[TextPart('b')]),
        ModelRequest(parts=[UserPromptPart('c')], instructions='new'),
        ModelResponse(parts=[TextPart('d')]),
        ModelRequest(parts=[UserPromptPart('e')]),
    )
    found = body(*history)['messages']
    assert [message['content'] for message in found] == ['be kind', 'new', 'a', 'b', 'c', 'd', 'e']
    [first, *_] = body(*history, name='vllm:llama')['messages']
    assert first == {'role': 'system', 'content': 'be kind\n\nnew'}
    parts = [InstructionPart('later', dynamic=True), InstructionPart('first')]
    found = body(parameters={'instruction_parts': parts})['messages']
    assert [message['content'] for message in found] == ['later', 'first', 'hi']


def test_system_prompts_as_the_user_for_models_without_the_role() -> None:
    found = body(ModelRequest(parts=[SystemPromptPart('s'), UserPromptPart('u')]), name='openai-chat:o1-mini')
    assert [message['role'] for message in found['messages']] == ['user', 'user']


def test_a_call_and_its_return() -> None:
    history = (
        ASK,
        ModelResponse(parts=[ToolCallPart('add', '{"a": 1}', 'c1')]),
        ModelRequest(parts=[ToolReturnPart('add', {'sum': 2}, 'c1')]),
    )
    _, call, result = body(*history)['messages']
    assert call['content'] is None
    assert call['tool_calls'][0]['function'] == {'name': 'add', 'arguments': '{"a":1}'}
    assert result == {'role': 'tool', 'tool_call_id': 'c1', 'content': '{"sum":2}'}


def test_files_that_a_tool_returned_go_on_as_the_user() -> None:
    image = BinaryContent(b'png', media_type='image/png', identifier='f1')
    *_, result, files = body(ModelRequest(parts=[ToolReturnPart('draw', ['here', image], 'c1')]))['messages']
    assert 'See file f1.' in result['content']
    assert [part['type'] for part in files['content']] == ['text', 'image_url', 'text']


def test_an_empty_response_keeps_the_roles_alternating() -> None:
    found = body(ASK, ModelResponse(parts=[]), ASK)['messages']
    assert [message['role'] for message in found] == ['user', 'assistant', 'user']


def test_feedback_is_explained_once_where_the_system_may_speak_in_between() -> None:
    feedback = ModelRequest(parts=[RetryFeedbackPart('too long', retry=RetryInfo('model_retry'))])
    found = body(ASK, feedback, feedback)['messages']
    assert [message['role'] for message in found] == ['user', 'system', 'user', 'user']
    found = body(ASK, feedback, name='ollama:qwen3')['messages']
    assert [message['role'] for message in found] == ['user', 'user']


def test_fixed_feedback_is_the_system_s() -> None:
    feedback = ModelRequest(parts=[RetryFeedbackPart('Please return text.', retry=RetryInfo('no_output'))])
    assert body(ASK, feedback)['messages'][1] == {'role': 'system', 'content': 'Please return text.'}
    assert body(ASK, feedback, name='ollama:qwen3')['messages'][1]['content'].startswith('<system>')


def thought(id: str | None, provider: str, **more: Any) -> ModelResponse:
    return ModelResponse(parts=[ThinkingPart('hm', id=id, provider_name=provider, **more), TextPart('ok')])


@pytest.mark.parametrize(
    ('name', 'response', 'expected'),
    [
        ('openai-chat:gpt-5', thought('reasoning', 'openai'), {'reasoning': 'hm', 'content': 'ok'}),
        ('openai-chat:gpt-5', thought('content', 'openai'), {'content': '<think>\nhm\n</think>\n\nok'}),
        ('openai-chat:gpt-5', thought('reasoning', 'other'), {'content': '<think>\nhm\n</think>\n\nok'}),
        ('deepseek:deepseek-chat', thought(None, 'other'), {'reasoning_content': 'hm', 'content': 'ok'}),
        ('openrouter:x/y', thought(None, 'openrouter'), {'content': 'ok'}),
        ('openrouter:x/y', thought(None, 'other'), {'reasoning': 'hm', 'content': 'ok'}),
        ('cerebras:zai-glm-4.7', thought('reasoning', 'cerebras'), {'content': '<think>\nhm\n</think>\n\nok'}),
    ],
)
def test_how_thinking_goes_back(name: str, response: ModelResponse, expected: dict[str, Any]) -> None:
    assert body(ASK, response, ASK, name=name)['messages'][1] == {'role': 'assistant', **expected}


def test_reasoning_details_go_back_as_they_came() -> None:
    details = {'type': 'reasoning.text', 'format': 'f', 'index': 0}
    response = thought('r1', 'openrouter', signature='s', provider_details=details)
    [entry] = body(ASK, response, name='openrouter:x/y')['messages'][1]['reasoning_details']
    assert entry == {**details, 'id': 'r1', 'text': 'hm', 'signature': 's'}


def test_a_tool_call_of_a_thinking_conversation_has_the_thinking_field() -> None:
    call = ModelResponse(parts=[ToolCallPart('add', {}, 'c1')])
    found = body(ASK, thought('reasoning_content', 'deepseek'), ASK, call, name='deepseek:deepseek-chat')
    assert found['messages'][3]['reasoning_content'] == ''
    found = body(ASK, call, name='deepseek:deepseek-reasoner')
    assert found['messages'][1]['reasoning_content'] == ''
    found = body(thought('reasoning', 'openai'), call, ASK, call, name='openai-chat:gpt-5')['messages']
    assert [message['role'] for message in found] == ['assistant', 'assistant', 'tool', 'user', 'assistant']
    assert ('reasoning' in found[1], found[4]['reasoning']) == (False, '')


# ----------------------------------------------------------------------- content


def test_images_sounds_and_documents() -> None:
    assert content_of(ImageUrl('https://x.test/a.png', vendor_metadata={'detail': 'low'})) == {
        'type': 'image_url',
        'image_url': {'url': 'https://x.test/a.png', 'detail': 'low'},
    }
    sound = BinaryContent(b'RIFF', media_type='audio/wav')
    assert content_of(sound)['input_audio'] == {'data': 'UklGRg==', 'format': 'wav'}
    assert content_of(sound, 'alibaba:qwen-omni')['input_audio']['data'].startswith('data:audio/wav;base64,')
    pdf = content_of(BinaryContent(b'%PDF', media_type='application/pdf'))
    assert pdf['file']['filename'] == 'filename.pdf'
    text = content_of(BinaryContent(b'a,b', media_type='text/csv', identifier='t1'))
    assert text['text'] == '-----BEGIN FILE id="t1" type="text/csv"-----\na,b\n-----END FILE id="t1"-----'


def test_cache_points_mark_where_they_are_understood() -> None:
    history = user('long', CachePoint(ttl='1h'), 'short')
    assert 'cache_control' not in body(history)['messages'][0]['content'][0]
    first, _ = body(history, name='openrouter:anthropic/claude-sonnet-4.5')['messages'][0]['content']
    assert first['cache_control'] == {'type': 'ephemeral', 'ttl': '1h'}
    with pytest.raises(UserError, match='cannot come first'):
        body(user(CachePoint()), name='openrouter:anthropic/claude-sonnet-4.5')


def test_cache_settings_mark_tools_instructions_and_the_last_message() -> None:
    history = ModelRequest(parts=[UserPromptPart('u')], instructions='i')
    wanted = ('openrouter_cache_instructions', 'openrouter_cache_messages', 'openrouter_cache_tool_definitions')
    found = body(
        history,
        name='openrouter:anthropic/claude-sonnet-4.5',
        parameters={'function_tools': [ADD]},
        **dict.fromkeys(wanted, True),
    )
    marks = [found['tools'][-1], *(message['content'][-1] for message in found['messages'])]
    assert [mark['cache_control']['ttl'] for mark in marks] == ['5m', '5m', '5m']


def test_videos_where_they_are_taken() -> None:
    video = content_of(VideoUrl('https://x.test/v.mp4'), 'openrouter:x/y')
    assert video == {'type': 'video_url', 'video_url': {'url': 'https://x.test/v.mp4'}}


@pytest.mark.parametrize(
    ('item', 'name', 'says'),
    [
        (VideoUrl('https://x.test/v.mp4'), 'openai-chat:gpt-4o', 'no videos'),
        (BinaryContent(b'', media_type='video/mp4'), 'openai-chat:gpt-4o', 'no videos'),
        (AudioUrl('https://x.test/a.mp3'), 'openai-chat:gpt-4o', 'by its address'),
        (DocumentUrl('https://x.test/a.pdf'), 'openai-chat:gpt-4o', 'by its address'),
        (ImageUrl('https://x.test/a.png', force_download=True), 'openai-chat:gpt-4o', 'by its address'),
        (BinaryContent(b'', media_type='application/pdf'), 'azure:gpt-4o', 'no documents'),
        (DocumentUrl('https://x.test/a.pdf'), 'azure:gpt-4o', 'no documents'),
        (BinaryContent(b'', media_type='audio/flac'), 'openai-chat:gpt-4o', 'wav or mp3'),
        (BinaryContent(b'', media_type='application/x-unknown'), 'openai-chat:gpt-4o', 'cannot be sent'),
        (UploadedFile('f1', 'anthropic', media_type='application/pdf'), 'openai-chat:gpt-4o', 'lies with'),
        (UploadedFile('f1', 'openai', media_type='image/png'), 'openai-chat:gpt-4o', 'by its id'),
    ],
)
def test_content_that_can_not_be_sent(item: Any, name: str, says: str) -> None:
    with pytest.raises(UserError, match=says):
        body(user(item), name=name)


def test_an_uploaded_file_by_its_id() -> None:
    uploaded = UploadedFile('f1', 'openai', media_type='application/pdf')
    assert content_of(uploaded) == {'type': 'file', 'file': {'file_id': 'f1'}}


def test_the_word_max_is_only_for_those_who_take_it_here() -> None:
    some = profiles.Profile(efforts=('low', 'max'))
    assert (effort('max', some), effort('max', replace(some, max_effort=True))) == ('low', 'max')

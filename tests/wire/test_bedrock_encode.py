"""What a request to Converse holds, rule by rule; the recorded requests are in `tests/conformance`."""

from __future__ import annotations

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
    ModelMessage,
    ModelRequest,
    ModelResponse,
    NativeToolCallPart,
    NativeToolReturnPart,
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
from jupyter_stream.tools import ToolDefinition
from jupyter_stream.wire.base import Target, WireRequest
from jupyter_stream.wire.bedrock import encode, fetchable

NOVA = 'us.amazon.nova-lite-v1:0'
CLAUDE = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0'
OLD_CLAUDE = 'anthropic.claude-3-7-sonnet-20250219-v1:0'
ADAPTIVE = 'global.anthropic.claude-opus-4-8'
LLAMA = 'us.meta.llama4-maverick-17b-instruct-v1:0'
MISTRAL = 'us.mistral.pixtral-large-2502-v1:0'
PALMYRA = 'us.writer.palmyra-x5-v1:0'

SCHEMA = {
    'title': 'Named',
    'type': 'object',
    'properties': {'n': {'type': 'integer', 'minimum': 1}, 'names': {'type': 'array', 'minItems': 2}},
}
ADD = ToolDefinition(name='add', description='Adds', parameters_json_schema=SCHEMA)
SUB = ToolDefinition(name='sub', parameters_json_schema=SCHEMA, strict=True)
ANSWER = ToolDefinition(name='answer', parameters_json_schema=SCHEMA, kind='output')
TOOLS: dict[str, Any] = {'function_tools': [ADD, SUB]}
ONLY_ANSWER: dict[str, Any] = {'output_tools': [ANSWER], 'output_mode': 'tool', 'allow_text_output': False}

PNG = BinaryContent(b'png', media_type='image/png', identifier='pic')
PDF = BinaryContent(b'%PDF', media_type='application/pdf', identifier='doc')
TXT = BinaryContent(b'text', media_type='text/plain', identifier='txt')
POINT = {'cachePoint': {'type': 'default', 'ttl': '5m'}}
HOUR = {'cachePoint': {'type': 'default', 'ttl': '1h'}}


def target(model: str) -> Target:
    provider = providers.find('bedrock')
    assert provider is not None
    return Target(model, provider, profiles.profile(provider, model))


def request(
    *history: ModelMessage, model: str = NOVA, parameters: dict[str, Any] | None = None, **settings: Any
) -> WireRequest:
    said: Any = settings
    asked = history or (ModelRequest.user_text_prompt('hi'),)
    return encode(target(model), asked, said, ModelRequestParameters(**parameters or {}))


def body(*history: ModelMessage, **more: Any) -> dict[str, Any]:
    return request(*history, **more).body


def user(*content: Any) -> ModelRequest:
    return ModelRequest([UserPromptPart(list(content))])


def answer(*parts: Any, **more: Any) -> ModelResponse:
    return ModelResponse(list(parts), **more)


def call(call_id: str = 'c1') -> ModelResponse:
    return answer(ToolCallPart('add', {'n': 1}, call_id))


def result(content: Any, call_id: str = 'c1', **more: Any) -> ModelRequest:
    return ModelRequest([ToolReturnPart('add', content, call_id, **more)])


def content(*items: Any, **more: Any) -> list[dict[str, Any]]:
    return body(user(*items), **more)['messages'][0]['content']


# ------------------------------------------------------------------------ address


def test_the_model_is_part_of_the_path() -> None:
    made = request()
    assert made.path == '/model/us.amazon.nova-lite-v1%3A0/converse-stream'
    assert made.headers == {'accept': 'application/vnd.amazon.eventstream'}
    assert 'modelId' not in made.body


def test_an_inference_profile_takes_the_models_place() -> None:
    made = request(bedrock_inference_profile='arn:aws:bedrock:eu-west-1:1:application-inference-profile/a')
    assert made.path == '/model/arn%3Aaws%3Abedrock%3Aeu-west-1%3A1%3Aapplication-inference-profile%2Fa/converse-stream'


def test_a_model_of_another_api_is_refused() -> None:
    with pytest.raises(UserError, match='Converse'):
        request(model='openai.gpt-5.5')


# ----------------------------------------------------------------------- settings


def test_settings_have_their_names_here() -> None:
    made = body(temperature=0.0, top_p=0.5, max_tokens=7, stop_sequences=['x'])
    assert made['inferenceConfig'] == {'temperature': 0.0, 'topP': 0.5, 'maxTokens': 7, 'stopSequences': ['x']}


@pytest.mark.parametrize(('asked', 'sent'), [(None, 64_000), (100, 100), (10**6, 64_000)])
def test_claude_may_say_all_it_can(asked: int | None, sent: int) -> None:
    settings = {} if asked is None else {'max_tokens': asked}
    assert body(model=CLAUDE, **settings)['inferenceConfig'] == {'maxTokens': sent}


def test_what_bedrock_does_not_know_is_left_out_with_one_warning() -> None:
    with pytest.warns(UnsupportedSettingWarning, match='seed, logit_bias, parallel_tool_calls') as caught:
        body(seed=1, logit_bias={'1': 2}, parallel_tool_calls=False, model=CLAUDE)
    assert len(caught) == 1


def test_models_that_take_no_sampling_get_none() -> None:
    with pytest.warns(UnsupportedSettingWarning, match='temperature'):
        assert 'temperature' not in body(model=ADAPTIVE, temperature=0.5)['inferenceConfig']


@pytest.mark.parametrize(
    ('model', 'fields'),
    [(CLAUDE, {'top_k': 5}), (NOVA, {'inferenceConfig': {'topK': 5}})],
)
def test_top_k_is_a_field_of_the_house(model: str, fields: dict[str, Any]) -> None:
    assert body(model=model, top_k=5)['additionalModelRequestFields'] == fields


def test_the_users_own_fields_win() -> None:
    own = {'inferenceConfig': {'topK': 1, 'x': 2}}
    made = body(top_k=5, bedrock_additional_model_requests_fields=own)
    assert made['additionalModelRequestFields'] == own
    assert own == {'inferenceConfig': {'topK': 1, 'x': 2}}


def test_extra_body_is_merged() -> None:
    assert body(extra_body={'serviceTier': {'type': 'flex'}})['serviceTier'] == {'type': 'flex'}
    with pytest.raises(UserError, match='extra_body'):
        body(extra_body='text')


def test_the_tier() -> None:
    assert body(service_tier='priority')['serviceTier'] == {'type': 'priority'}
    assert body(service_tier='flex', bedrock_service_tier={'type': 'reserved'})['serviceTier'] == {'type': 'reserved'}
    assert 'serviceTier' not in body(service_tier='auto')


# ----------------------------------------------------------------------- thinking


AS_IT_SEES_FIT = {'thinking': {'type': 'adaptive'}}


@pytest.mark.parametrize(
    ('model', 'thinking', 'fields'),
    [
        (CLAUDE, 'low', {'thinking': {'type': 'enabled', 'budget_tokens': 2048}}),
        (CLAUDE, False, {'thinking': {'type': 'disabled'}}),
        (ADAPTIVE, True, AS_IT_SEES_FIT),
        (ADAPTIVE, 'xhigh', {**AS_IT_SEES_FIT, 'output_config': {'effort': 'xhigh'}}),
        ('anthropic.claude-sonnet-4-6', 'xhigh', {**AS_IT_SEES_FIT, 'output_config': {'effort': 'max'}}),
        (ADAPTIVE, False, None),
        ('global.anthropic.claude-opus-5-5', False, {**AS_IT_SEES_FIT, 'output_config': {'effort': 'low'}}),
        ('global.anthropic.claude-sonnet-5-5', False, {'thinking': {'type': 'between_tools'}}),
        ('global.anthropic.claude-haiku-5-5', False, {'thinking': {'type': 'disabled'}}),
        ('openai.gpt-oss-120b-1:0', 'max', {'reasoning_effort': 'high'}),
        ('openai.gpt-oss-120b-1:0', False, {'reasoning_effort': 'low'}),
        ('deepseek.v3.2', 'low', {'reasoning_effort': 'high'}),
        ('global.zai.glm-5.3', True, {'reasoning_effort': 'max'}),
        ('qwen.qwen3-next-80b-a3b', 'minimal', {'reasoning_config': 'low'}),
        ('global.openai.gpt-5.6-sol', False, {'reasoning': {'effort': 'none'}}),
        ('global.openai.gpt-6-astra', False, {'reasoning': {'effort': 'low'}}),
        ('global.xai.grok-4.7', True, None),
        ('xai.grok-4.6', True, {'reasoning': {'effort': 'medium'}}),
        (NOVA, 'high', None),
    ],
)  # fmt: skip
@pytest.mark.filterwarnings('ignore:.*they are left out. thinking')
def test_thinking_is_asked_for_as_the_house_has_it(model: str, thinking: Any, fields: Any) -> None:
    assert body(model=model, thinking=thinking).get('additionalModelRequestFields') == fields


def test_thinking_of_the_users_own_wins() -> None:
    own = {'thinking': {'type': 'enabled', 'budget_tokens': 1}}
    assert body(model=CLAUDE, thinking='high', bedrock_additional_model_requests_fields=own)[
        'additionalModelRequestFields'
    ] == own  # fmt: skip


# -------------------------------------------------------------------------- tools


def test_a_tool_is_a_specification() -> None:
    made = body(parameters=TOOLS, model=CLAUDE)['toolConfig']
    first, second = (tool['toolSpec'] for tool in made['tools'])
    assert made['toolChoice'] == {'auto': {}}
    assert (first['name'], first['description'], 'strict' in first) == ('add', 'Adds', False)
    assert first['inputSchema']['json'] == {key: value for key, value in SCHEMA.items() if key != 'title'}
    assert ('description' in second, second['strict']) == (False, True)
    strict = second['inputSchema']['json']
    assert strict['additionalProperties'] is False
    assert strict['properties'] == {
        'n': {'type': 'integer', 'description': 'minimum=1'},
        'names': {'type': 'array', 'description': 'minItems=2'},
    }


def test_strictness_is_for_models_that_know_it() -> None:
    tools = body(parameters=TOOLS, model=OLD_CLAUDE)['toolConfig']['tools']
    assert not any('strict' in tool['toolSpec'] for tool in tools)


@pytest.mark.parametrize(
    ('pattern', 'sent'),
    [('(?=a)b', False), (r'(a)\1', False), ('[(?=]', True), (r'\\d', True), ('(?P=x)', False)],
)
def test_a_pattern_that_looks_around_is_told_in_words(pattern: str, sent: bool) -> None:
    schema = {'type': 'object', 'properties': {'s': {'type': 'string', 'pattern': pattern, 'description': 'd'}}}
    tool = ToolDefinition(name='t', parameters_json_schema=schema, strict=True)
    made = body(parameters={'function_tools': [tool]}, model=CLAUDE)['toolConfig']['tools'][0]['toolSpec']
    kept = made['inputSchema']['json']['properties']['s']
    assert (
        kept == {'type': 'string', 'description': 'd', 'pattern': pattern}
        if sent
        else kept
        == {
            'type': 'string',
            'description': f'd (pattern={pattern})',
        }
    )


@pytest.mark.parametrize(
    ('choice', 'sent', 'names'),
    [
        ('auto', {'auto': {}}, ['add', 'sub']),
        ('required', {'any': {}}, ['add', 'sub']),
        (['add'], {'tool': {'name': 'add'}}, ['add', 'sub']),
        (['sub', 'add'], {'any': {}}, ['add', 'sub']),
    ],
)
def test_a_choice_of_tools(choice: Any, sent: dict[str, Any], names: list[str]) -> None:
    made = body(parameters=TOOLS, model=CLAUDE, tool_choice=choice)['toolConfig']
    assert made['toolChoice'] == sent
    assert [tool['toolSpec']['name'] for tool in made['tools']] == names


def test_where_a_choice_is_not_known_none_is_sent_and_none_can_be_demanded() -> None:
    assert 'toolChoice' not in body(parameters=TOOLS, model=LLAMA)['toolConfig']
    with pytest.raises(UserError, match="tool_choice='auto'"):
        body(parameters=TOOLS, model=LLAMA, tool_choice='required')


def test_forbidden_tools_are_left_out() -> None:
    assert 'toolConfig' not in body(parameters=TOOLS, tool_choice='none')


def test_forbidden_tools_stay_where_one_was_called() -> None:
    history = (user('q'), call(), result('r'))
    made = body(*history, parameters=TOOLS, tool_choice='none', model=CLAUDE)
    assert 'toolChoice' not in made['toolConfig']
    assert made['additionalModelRequestFields'] == {'tool_choice': {'type': 'none'}}
    assert 'additionalModelRequestFields' not in body(*history, parameters=TOOLS, tool_choice='none')


def test_a_budget_of_thinking_and_a_forced_tool_exclude_each_other() -> None:
    made = body(parameters=ONLY_ANSWER, model=CLAUDE, thinking='low')
    assert made['toolConfig']['toolChoice'] == {'auto': {}}
    with pytest.raises(UserError, match='thinking=False'):
        body(parameters=TOOLS, model=CLAUDE, thinking='low', tool_choice='required')


def test_a_model_that_thinks_as_it_sees_fit_is_forced_only_by_the_user() -> None:
    assert body(parameters=ONLY_ANSWER, model=ADAPTIVE, thinking=True)['toolConfig']['toolChoice'] == {'auto': {}}
    forced = body(parameters=TOOLS, model=ADAPTIVE, thinking=True, tool_choice='required')
    assert forced['toolConfig']['toolChoice'] == {'any': {}}


def test_a_schema_does_what_a_tool_can_not() -> None:
    parameters = {**ONLY_ANSWER, 'output_mode': 'auto', 'output_object': OutputObjectDefinition(json_schema=SCHEMA)}
    made = body(parameters=parameters, model=CLAUDE, thinking='low')
    assert 'toolConfig' not in made
    assert made['outputConfig']['textFormat']['structure']['jsonSchema']['name'] == 'final_result'


def test_a_schema_lets_a_model_think_as_it_sees_fit() -> None:
    parameters = {**ONLY_ANSWER, 'output_mode': 'auto', 'output_object': OutputObjectDefinition(json_schema=SCHEMA)}
    assert 'outputConfig' in body(parameters=parameters, model=ADAPTIVE, thinking=True)
    assert 'outputConfig' not in body(parameters=parameters, model=ADAPTIVE)


def test_a_house_whose_models_can_not_answer_by_a_tool_while_they_think() -> None:
    with pytest.raises(UserError, match='native'):
        body(parameters=ONLY_ANSWER, model='qwen.qwen3-next-80b-a3b', thinking='high')


def test_code_runs_on_the_second_nova() -> None:
    parameters = {'native_tools': [CodeExecutionTool()]}
    made = body(parameters=parameters, model='us.amazon.nova-2-lite-v1:0')
    assert made['toolConfig']['tools'] == [{'systemTool': {'name': 'nova_code_interpreter'}}]
    with pytest.raises(UserError, match='CodeExecutionTool'):
        body(parameters=parameters)


def test_an_optional_tool_is_left_out_where_there_is_none() -> None:
    assert 'toolConfig' not in body(parameters={'native_tools': [WebSearchTool(optional=True)]})


# ------------------------------------------------------------------------ content


def test_files_go_by_value() -> None:
    assert content('look', PNG, PDF, BinaryContent(b'v', media_type='video/mp4')) == [
        {'text': 'look'},
        {'image': {'format': 'png', 'source': {'bytes': 'cG5n'}}},
        {'document': {'name': 'Document 1', 'format': 'pdf', 'source': {'bytes': 'JVBERg=='}}},
        {'video': {'format': 'mp4', 'source': {'bytes': 'dg=='}}},
    ]


def test_files_in_s3_go_by_address() -> None:
    uploaded = UploadedFile('s3://b/x.csv', 'bedrock', media_type='text/csv')
    assert content('look', ImageUrl('s3://b/i.png?bucketOwner=12'), uploaded)[1:] == [
        {'image': {'format': 'png', 'source': {'s3Location': {'uri': 's3://b/i.png', 'bucketOwner': '12'}}}},
        {'document': {'name': 'Document 1', 'format': 'csv', 'source': {'s3Location': {'uri': 's3://b/x.csv'}}}},
    ]


@pytest.mark.parametrize(
    ('part', 'wanted'),
    [
        (ImageUrl('https://x/i.png'), True),
        (DocumentUrl('https://x/d.pdf'), True),
        (VideoUrl('https://x/v.mp4'), True),
        (ImageUrl('s3://b/i.png'), False),
        (VideoUrl('https://youtu.be/x'), False),
        (AudioUrl('https://x/a.mp3'), False),
        (PNG, False),
        ('text', False),
    ],
)
def test_what_is_elsewhere_has_to_be_downloaded(part: Any, wanted: bool) -> None:
    assert fetchable(target(NOVA), part) is wanted


@pytest.mark.parametrize(
    ('item', 'words'),
    [
        (ImageUrl('https://x/i.png'), 'by its address'),
        (VideoUrl('https://youtu.be/x'), 'YouTube'),
        (AudioUrl('https://x/a.mp3'), 'sounds'),
        (BinaryContent(b'a', media_type='audio/wav'), 'audio/wav'),
        (BinaryContent(b'a', media_type='image/tiff'), 'format'),
        (BinaryContent(b'a', media_type='application/rtf'), 'rtf'),
        (UploadedFile('file-1', 'openai', media_type='image/png'), 'upload it there'),
        (UploadedFile('file-1', 'bedrock', media_type='image/png'), 's3://'),
        (UploadedFile('s3://b/a.mp3', 'bedrock', media_type='audio/mpeg'), 'sounds'),
    ],
)
def test_what_bedrock_can_not_take_is_refused(item: Any, words: str) -> None:
    with pytest.raises((UserError, ValueError), match=words):
        content('look', item)


def test_a_document_never_comes_alone() -> None:
    assert content(PDF)[0] == {'text': 'See attached document(s).'}


def test_documents_are_cited_by_claude_in_plain_answers() -> None:
    cited = content('q', TXT, PDF, PNG, model=CLAUDE, citations=True)
    assert cited[1]['document'] == {
        'name': 'Document 1',
        'format': 'txt',
        'source': {'text': 'text'},
        'citations': {'enabled': True},
    }
    assert cited[2]['document']['citations'] == {'enabled': True}
    assert 'citations' not in content('q', PDF, citations=True)[1]['document']
    assert 'citations' not in content('q', DocumentUrl('s3://b/d.pdf'), model=CLAUDE, citations=True)[1]['document']


def test_a_model_that_must_call_a_tool_can_not_cite() -> None:
    with pytest.raises(UserError, match='citations'):
        body(user('q', PDF), model=CLAUDE, citations=True, tool_choice='required', parameters=TOOLS)
    with pytest.raises(UserError, match='UTF-8'):
        content(BinaryContent(b'\xff', media_type='text/plain'), model=CLAUDE, citations=True)


# ------------------------------------------------------------------------ history


def test_what_the_system_says_comes_first() -> None:
    history = ModelRequest([SystemPromptPart('A'), UserPromptPart('hi'), SystemPromptPart('')], instructions='B')
    assert body(history)['system'] == [{'text': 'A'}, {'text': 'B'}]


def test_what_the_user_says_in_turn_is_one_message() -> None:
    assert body(user('a'), user('b'))['messages'] == [{'role': 'user', 'content': [{'text': 'a'}, {'text': 'b'}]}]


@pytest.mark.parametrize(('model', 'roles'), [(NOVA, ['user', 'assistant', 'user']), (CLAUDE, ['assistant', 'user'])])
def test_a_conversation_begins_with_the_user_where_it_must(model: str, roles: list[str]) -> None:
    made = body(answer(TextPart('a')), user('b'), model=model)['messages']
    assert [message['role'] for message in made] == roles


def test_nothing_said_is_a_period() -> None:
    assert body(ModelRequest([SystemPromptPart('S')]))['messages'] == [{'role': 'user', 'content': [{'text': '.'}]}]


def test_a_result_says_whether_the_tool_failed() -> None:
    made = body(user('q'), call(), result('bad', outcome='failed'))['messages'][2]['content']
    assert made == [{'toolResult': {'toolUseId': 'c1', 'content': [{'text': 'bad'}], 'status': 'error'}}]


def test_a_house_that_knows_no_status_gets_it_in_words() -> None:
    made = body(user('q'), call(), result('bad', outcome='failed'), model=PALMYRA)['messages'][2]['content']
    assert made == [{'toolResult': {'toolUseId': 'c1', 'content': [{'text': '{"error":"bad"}'}]}}]


def test_a_house_that_wants_json_gets_it() -> None:
    made = body(user('q'), call(), result({'a': 1}), model=MISTRAL)['messages'][2]['content']
    assert made[0]['toolResult']['content'] == [{'json': {'a': 1}}]


def test_names_of_tools_are_letters_and_digits() -> None:
    made = body(user('q'), answer(ToolCallPart('a b', {}, 'c1')), result('r'))['messages'][1]['content']
    assert made[0]['toolUse']['name'] == 'a_b'


@pytest.mark.parametrize(
    ('model', 'file', 'roles', 'kinds'),
    [
        # inside the result; beside it in the same message; after it, parted by a word of the model
        (NOVA, PNG, ['user', 'assistant', 'user'], ['toolResult']),
        (NOVA, PDF, ['user', 'assistant', 'user'], ['toolResult', 'text', 'document', 'text']),
        (MISTRAL, PNG, ['user', 'assistant', 'user', 'assistant', 'user'], ['text', 'image', 'text']),
    ],
)
def test_a_file_that_a_tool_returned_stands_where_it_may(
    model: str, file: Any, roles: list[str], kinds: list[str]
) -> None:
    made = body(user('q'), call(), result(['see', file]), model=model)['messages']
    assert [message['role'] for message in made] == roles
    assert [next(iter(block)) for block in made[-1]['content']] == kinds
    if len(roles) == 5:
        assert made[2]['content'][0]['toolResult']['content'][1] == {'text': 'See file pic.'}
        assert made[3]['content'] == [{'text': '.'}]
        assert made[4]['content'][0] == {'text': '<pyai:tool_result tool_name="add" tool_call_id="c1" file_id="pic">'}


def test_words_may_not_stand_beside_a_result_everywhere() -> None:
    history = (user('q'), call(), result('r'), user('and?'))
    assert len(body(*history)['messages']) == 3
    assert [message['role'] for message in body(*history, model=LLAMA)['messages']] == ['user', 'assistant'] * 2 + [
        'user'
    ]


def test_a_retry_without_words_of_its_own_is_the_systems() -> None:
    part = RetryFeedbackPart('Please return text.', retry=RetryInfo('no_output'))
    assert body(user('q'), answer(TextPart('a')), ModelRequest([part]))['messages'][2]['content'] == [
        {'text': '<system>Please return text.</system>'}
    ]


SIGNED = ThinkingPart('t', signature='s', provider_name='bedrock')


def thought(part: ThinkingPart, model: str, provider: str = 'bedrock', system: str | None = None) -> list[Any]:
    response = answer(part, TextPart('ok'), provider_name=provider, canonical_system=system)
    made = body(user('q'), response, user('more'), model=model)['messages']
    return [made[0]['content'][1:], made[1]['content'][:-1]]


def test_signed_thinking_goes_back_as_it_came() -> None:
    signed = {'reasoningContent': {'reasoningText': {'text': 't', 'signature': 's'}}}
    assert thought(SIGNED, CLAUDE) == [[], [signed]]
    assert thought(SIGNED, CLAUDE, system='anthropic') == [[], [signed]]
    assert thought(ThinkingPart('t', signature='s', provider_name='anthropic'), CLAUDE, 'anthropic') == [[], [signed]]


def test_redacted_thinking_goes_back_in_base64() -> None:
    part = ThinkingPart('', id='redacted_thinking', signature='s', provider_name='bedrock')
    assert thought(part, CLAUDE) == [[], [{'reasoningContent': {'redactedContent': 'cw=='}}]]


@pytest.mark.parametrize(
    'part',
    [
        ThinkingPart('t'),
        ThinkingPart('t', signature='s'),
        ThinkingPart('t', signature='s', provider_name='openai'),
    ],
)
def test_thinking_that_claude_can_not_check_is_the_users_to_tell(part: ThinkingPart) -> None:
    assert thought(part, CLAUDE) == [[{'text': '<assistant_thinking>\nt\n</assistant_thinking>'}], []]


def test_thinking_of_others_goes_back_in_tags() -> None:
    assert thought(SIGNED, NOVA) == [[], [{'text': '<think>\nt\n</think>'}]]


def test_code_that_was_run_goes_back() -> None:
    run = answer(
        NativeToolCallPart('code_execution', {'snippet': '1'}, 'k', provider_name='bedrock'),
        NativeToolReturnPart(
            'code_execution', {'stdOut': '1'}, 'k', provider_name='bedrock', provider_details={'status': 'success'}
        ),
        NativeToolCallPart('code_execution', {}, 'x', provider_name='anthropic'),
    )
    kept = body(user('q'), run, user('more'))['messages'][1]['content']
    assert [next(iter(block)) for block in kept] == ['toolUse', 'toolResult']
    assert kept[0]['toolUse']['type'] == 'server_tool_use'
    assert kept[1]['toolResult'] == {
        'toolUseId': 'k',
        'content': [{'json': {'stdOut': '1'}}],
        'type': 'nova_code_interpreter_result',
        'status': 'success',
    }


# -------------------------------------------------------------------------- cache


def test_a_cache_point_stands_behind_what_it_marks() -> None:
    assert content('a', CachePoint(), 'b', model=CLAUDE) == [{'text': 'a'}, POINT, {'text': 'b'}]


def test_models_that_know_no_cache_points_get_none() -> None:
    assert content('a', CachePoint(), 'b', model=LLAMA) == [{'text': 'a'}, {'text': 'b'}]


def test_a_cache_point_at_the_beginning_marks_what_was_said_before() -> None:
    made = body(user('a'), answer(TextPart('r')), user(CachePoint(), 'b'), model=CLAUDE)['messages']
    assert made[0]['content'] == [{'text': 'a'}, POINT]
    with pytest.raises(UserError, match='cannot come first'):
        content(CachePoint(), 'a', model=CLAUDE)


def test_two_cache_points_in_a_row_are_an_error() -> None:
    with pytest.raises(UserError, match='one after the other'):
        content('a', CachePoint(), CachePoint(), model=CLAUDE)


def test_a_cache_point_does_not_follow_a_document() -> None:
    assert [next(iter(block)) for block in content('a', TXT, CachePoint(), model=CLAUDE)] == [
        'text', 'cachePoint', 'document']  # fmt: skip
    assert [next(iter(block)) for block in content('a', PDF, CachePoint(), model=CLAUDE)] == [
        'text', 'document', 'cachePoint']  # fmt: skip
    with pytest.raises(UserError, match='documents'):
        content(TXT, CachePoint(), model=CLAUDE)


def test_the_common_cache_setting_marks_tools_instructions_and_messages() -> None:
    history = ModelRequest([SystemPromptPart('S'), UserPromptPart('hi')])
    made = body(history, model=CLAUDE, cache='1h', parameters=TOOLS)
    assert made['toolConfig']['tools'][-1] == made['system'][-1] == made['messages'][0]['content'][-1] == HOUR
    nova = body(history, cache='1h', parameters=TOOLS)
    assert nova['system'][-1] == nova['messages'][0]['content'][-1] == POINT
    assert 'toolSpec' in nova['toolConfig']['tools'][-1]


def test_instructions_that_vary_are_not_cached() -> None:
    parts = [InstructionPart(content='A', dynamic=False), InstructionPart(content='B', dynamic=True)]
    made = body(model=CLAUDE, bedrock_cache_instructions=True, parameters={'instruction_parts': parts})
    assert made['system'] == [{'text': 'A'}, {'cachePoint': {'type': 'default'}}, {'text': 'B'}]


def test_there_are_at_most_four_cache_points_and_the_oldest_goes() -> None:
    items = [item for letter in 'abcde' for item in (letter, CachePoint())]
    made = content(*items, 'f', model=CLAUDE)
    assert [next(iter(block)) for block in made].count('cachePoint') == 4
    assert 'cachePoint' not in made[1]


def test_the_points_of_the_last_message_are_the_last_to_go() -> None:
    old, new = user('a', CachePoint(), 'b'), user(*(item for one in 'cdef' for item in (one, CachePoint())))
    made = body(old, answer(TextPart('r')), new, model=CLAUDE)['messages']
    assert made[0]['content'] == [{'text': 'a'}, {'text': 'b'}]
    assert [block for block in made[2]['content'] if 'cachePoint' in block] == [POINT] * 4


def test_the_points_of_tools_and_instructions_stay() -> None:
    items = [item for letter in 'abcd' for item in (letter, CachePoint())]
    history = ModelRequest([SystemPromptPart('S'), UserPromptPart(items)])
    own = {'bedrock_cache_instructions': True, 'bedrock_cache_tool_definitions': True}
    made = body(history, model=CLAUDE, parameters=TOOLS, **own)
    assert 'cachePoint' in made['system'][-1] and 'cachePoint' in made['toolConfig']['tools'][-1]
    assert [next(iter(block)) for block in made['messages'][0]['content']].count('cachePoint') == 2


@pytest.mark.parametrize(
    ('items', 'kinds'),
    [
        # A PDF stays where it is; other documents go to the front in any case, so that the point can go last.
        (('a', PDF), ['text', 'document', 'cachePoint']),
        (('a', TXT), ['document', 'text', 'cachePoint']),
        (('a', PDF, TXT), ['text', 'cachePoint', 'document', 'document']),
    ],
)
def test_the_end_of_a_message_is_marked_as_near_to_it_as_can_be(items: tuple[Any, ...], kinds: list[str]) -> None:
    made = content(*items, model=CLAUDE, bedrock_cache_messages=True)
    assert [next(iter(block)) for block in made] == kinds


def test_what_was_thought_stands_before_a_point() -> None:
    history = (user('q', CachePoint()), answer(ThinkingPart('t'), TextPart('ok')), user('more'))
    made = body(*history, model=CLAUDE)['messages'][0]['content']
    assert [next(iter(block)) for block in made] == ['text', 'text', 'cachePoint']


def test_a_point_keeps_as_long_as_those_after_it() -> None:
    made = content('a', CachePoint(), 'b', CachePoint(ttl='1h'), 'c', CachePoint(), model=CLAUDE)
    assert [block for block in made if 'cachePoint' in block] == [HOUR, HOUR, POINT]


def test_the_points_of_tools_and_instructions_keep_as_long_as_that_of_the_messages() -> None:
    history = ModelRequest([SystemPromptPart('S'), UserPromptPart('hi')])
    short = {'bedrock_cache_instructions': '5m', 'bedrock_cache_tool_definitions': '5m'}
    made = body(history, model=CLAUDE, parameters=TOOLS, bedrock_cache_messages='1h', **short)
    assert made['toolConfig']['tools'][-1] == made['system'][-1] == made['messages'][0]['content'][-1] == HOUR
    made = body(history, model=CLAUDE, parameters=TOOLS, bedrock_cache_messages='5m', **dict.fromkeys(short, '1h'))
    assert made['toolConfig']['tools'][-1] == made['system'][-1] == HOUR
    assert made['messages'][0]['content'][-1] == POINT


def test_a_long_turn_marks_the_end_of_the_one_before() -> None:
    calls = answer(*(ToolCallPart('add', {}, f'c{index}') for index in range(10)))
    results = ModelRequest([ToolReturnPart('add', 'r', f'c{index}') for index in range(10)])
    made = body(user('q'), calls, results, model=CLAUDE, bedrock_cache_messages=True)['messages']
    assert 'cachePoint' in made[0]['content'][-1]
    assert 'cachePoint' in made[2]['content'][-1]

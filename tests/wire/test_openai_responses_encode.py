"""The Responses encoder, rule by rule."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, cast

import pytest

from jupyter_stream import profiles, providers
from jupyter_stream.exceptions import UnsupportedSettingWarning, UserError
from jupyter_stream.messages import (
    AudioUrl,
    BinaryContent,
    CachePoint,
    CompactionPart,
    DocumentUrl,
    FilePart,
    ImageUrl,
    InstructionPart,
    ModelMessage,
    ModelRequest,
    ModelResponse,
    NativeToolCallPart,
    NativeToolReturnPart,
    SystemPromptPart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolReturnPart,
    UploadedFile,
    UserPromptPart,
    VideoUrl,
)
from jupyter_stream.native_tools import (
    CodeExecutionTool,
    FileSearchTool,
    ImageGenerationTool,
    MCPServerTool,
    WebFetchTool,
    WebSearchTool,
)
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.settings import ModelSettings
from jupyter_stream.tools import ToolDefinition
from jupyter_stream.wire.base import Target, WireRequest
from jupyter_stream.wire.openai_responses import encode, fetchable

ASK: list[ModelMessage] = [ModelRequest.user_text_prompt('Hi')]
PLAIN, THINKS, NEW = 'openai:gpt-4o', 'openai:gpt-5', 'openai:gpt-5.6-sol'


def target(name: str) -> Target:
    prefix, _, model = name.partition(':')
    provider = providers.find(prefix)
    assert provider is not None
    return Target(model, provider, profiles.profile(provider, model))


def request(
    name: str, messages: Sequence[ModelMessage] | None = None, parameters: Any = None, **settings: Any
) -> WireRequest:
    wanted = cast(ModelSettings, settings)
    return encode(target(name), ASK if messages is None else messages, wanted, parameters or ModelRequestParameters())


def body(
    name: str, messages: Sequence[ModelMessage] | None = None, parameters: Any = None, **more: Any
) -> dict[str, Any]:
    return request(name, messages, parameters, **more).body


def items(name: str, *messages: ModelMessage, parameters: Any = None, **settings: Any) -> list[dict[str, Any]]:
    return body(name, list(messages), parameters, **settings)['input']


def user(*content: Any) -> ModelRequest:
    return ModelRequest([UserPromptPart(list(content))])


def answer(*parts: Any, **more: Any) -> ModelResponse:
    return ModelResponse(list(parts), provider_name='openai', **more)


def tool(name: str = 'add', **more: Any) -> ToolDefinition:
    schema = {'type': 'object', 'properties': {}, 'additionalProperties': False}
    return ToolDefinition(name=name, parameters_json_schema=schema, **more)


# ----------------------------------------------------------------------- content


def test_content_of_every_kind() -> None:
    content = items(
        PLAIN,
        user(
            'a',
            ImageUrl('http://a/b.png', vendor_metadata={'detail': 'low'}),
            BinaryContent(b'i', media_type='image/png'),
            BinaryContent(b'd', media_type='application/pdf'),
            DocumentUrl('http://a/b.pdf'),
            AudioUrl('http://a/b.mp3'),
            UploadedFile('f1', 'openai', media_type='image/png'),
            UploadedFile('f2', 'openai'),
        ),
    )[0]['content']
    assert content == [
        {'type': 'input_text', 'text': 'a'},
        {'type': 'input_image', 'detail': 'low', 'image_url': 'http://a/b.png'},
        {'type': 'input_image', 'detail': 'auto', 'image_url': 'data:image/png;base64,aQ=='},
        {'type': 'input_file', 'file_data': 'data:application/pdf;base64,ZA==', 'filename': 'filename.pdf'},
        {'type': 'input_file', 'file_url': 'http://a/b.pdf'},
        {'type': 'input_file', 'file_url': 'http://a/b.mp3'},
        {'type': 'input_image', 'detail': 'auto', 'file_id': 'f1'},
        {'type': 'input_file', 'file_id': 'f2'},
    ]


@pytest.mark.parametrize(
    'part',
    [
        VideoUrl('http://a/b.mp4'),
        BinaryContent(b'a', media_type='audio/wav'),
        UploadedFile('f', 'anthropic'),
        ImageUrl('http://a/b.png', force_download=True),
    ],
)
def test_content_that_can_not_be_sent(part: Any) -> None:
    with pytest.raises(UserError):
        items(PLAIN, user(part))


def test_only_what_the_user_wants_downloaded_is() -> None:
    assert fetchable(target(PLAIN), ImageUrl('http://a/b.png', force_download=True))
    assert not fetchable(target(PLAIN), ImageUrl('http://a/b.png'))
    assert not fetchable(target(PLAIN), BinaryContent(b'', media_type='image/png'))


def test_files_that_a_tool_returned_are_in_its_output() -> None:
    back = ToolReturnPart('add', ['see', BinaryContent(b'i', media_type='image/png')], 'c1')
    call = ToolCallPart('add', '{}', 'c1')
    output = items(PLAIN, answer(call), ModelRequest([back]), parameters=ModelRequestParameters())[1]
    assert output['type'] == 'function_call_output'
    assert [part['type'] for part in output['output']] == ['input_text', 'input_image']


# ------------------------------------------------------------------ what goes back


def test_a_response_goes_back_item_by_item_with_its_ids() -> None:
    cited = {'type': 'url_citation', 'url': 'http://a', 'title': 'A', 'start_index': 4, 'end_index': 12}
    moved = {**cited, 'start_index': 0, 'end_index': 3}
    said = answer(
        ThinkingPart('one', id='rs_1', signature='sealed', provider_name='openai'),
        ThinkingPart('two', id='rs_1', provider_name='openai'),
        TextPart(
            'see http://a',
            id='msg_1',
            provider_name='openai',
            provider_details={'citations': [cited, moved], 'phase': 'commentary'},
        ),
        ToolCallPart('add', '{"a":1}', 'call_1', id='fc_1', provider_name='openai'),
    )
    reasoning, message, call = items('openai:gpt-5.5', said)
    assert reasoning == {
        'type': 'reasoning',
        'id': 'rs_1',
        'encrypted_content': 'sealed',
        'summary': [{'type': 'summary_text', 'text': 'one'}, {'type': 'summary_text', 'text': 'two'}],
    }
    assert (message['id'], message['phase']) == ('msg_1', 'commentary')
    assert message['content'][0]['annotations'] == [cited]
    assert (call['id'], call['call_id']) == ('fc_1', 'call_1')


def test_without_ids_text_is_text_and_thinking_is_in_tags() -> None:
    said = answer(ThinkingPart('hm', id='rs_1', signature='sealed', provider_name='openai'), TextPart('ok', id='msg_1'))
    assert items(THINKS, said, openai_send_reasoning_ids=False) == [
        {'role': 'assistant', 'content': '<think>\nhm\n</think>'},
        {'role': 'assistant', 'content': 'ok'},
    ]


def test_another_providers_ids_and_seals_stay_here() -> None:
    said = ModelResponse(
        [
            ThinkingPart('hm', id='rs_1', signature='sealed', provider_name='anthropic'),
            ToolCallPart('add', '{}', 'call_1|fc_9', provider_name='anthropic'),
        ],
        provider_name='anthropic',
    )
    thinking, call = items(THINKS, said)
    assert thinking == {'role': 'assistant', 'content': '<think>\nhm\n</think>'}
    assert call == {'type': 'function_call', 'name': 'add', 'arguments': '{}', 'call_id': 'call_1'}


def test_raw_reasoning_goes_back_as_it_came() -> None:
    raw = ThinkingPart('', id='rs_1', provider_name='openai', provider_details={'raw_content': ['a', 'b']})
    [item] = items(PLAIN, answer(raw))
    assert item['content'] == [{'type': 'reasoning_text', 'text': text} for text in 'ab']


def test_native_tools_go_back_by_their_ids() -> None:
    def pair(name: str, args: Any, call_id: str) -> list[Any]:
        back = NativeToolReturnPart(name, {'status': 'failed'}, call_id, provider_name='openai')
        return [NativeToolCallPart(name, args, call_id, provider_name='openai'), back]

    said = answer(
        *pair('web_search', {'type': 'search', 'query': 'q', 'x': None}, 'ws_1'),
        *pair('file_search', {'queries': ['q']}, 'fs_1'),
        *pair('code_execution', '{"container_id":"c","code":"1"}', 'ci_1'),
        *pair('image_generation', None, 'ig_1'),
        FilePart(BinaryContent(b'i', media_type='image/png'), id='ig_1'),
        *pair('mcp_server:s', {'action': 'list_tools'}, 'ml_1'),
        *pair('mcp_server:s', {'action': 'call_tool', 'tool_name': 't', 'tool_args': {'a': 1}}, 'mc_1'),
    )
    sent = items(THINKS, said)
    assert [(item['type'], item['id'], item.get('status')) for item in sent] == [
        ('web_search_call', 'ws_1', 'failed'),
        ('file_search_call', 'fs_1', 'failed'),
        ('code_interpreter_call', 'ci_1', 'failed'),
        ('image_generation_call', 'ig_1', None),
        ('mcp_list_tools', 'ml_1', None),
        ('mcp_call', 'mc_1', None),
    ]
    assert sent[0]['action'] == {'type': 'search', 'query': 'q'}
    assert sent[5]['arguments'] == '{"a":1}'
    assert items(PLAIN, said, ModelRequest.user_text_prompt('y')) == [{'role': 'user', 'content': 'y'}]
    unstored = items(THINKS, said, openai_store=False)
    assert 'image_generation_call' not in [item['type'] for item in unstored]


def test_a_search_for_tools_goes_back_whole() -> None:
    details = {'call_id': None, 'execution': 'server', 'status': 'completed'}
    named = {'discovered_tools': [{'name': 'add'}, {'name': 'gone'}]}
    said = answer(
        NativeToolCallPart(
            'tool_search', {'queries': ['q']}, 'ts_1', id='ts_1', provider_name='openai', provider_details=details
        ),
        NativeToolReturnPart(
            'tool_search', named, 'ts_1', provider_name='openai', provider_details={**details, 'id': 'to_1'}
        ),
        NativeToolReturnPart('tool_search', named, 'ts_0', provider_name='openai'),
    )
    call, output = items(PLAIN, said, parameters=ModelRequestParameters(function_tools=[tool()]))
    assert (call['type'], call['call_id'], call['arguments']) == ('tool_search_call', None, {'queries': ['q']})
    assert [found['name'] for found in output['tools']] == ['add']
    assert 'id' not in call


def test_a_summary_stands_for_what_was_before_it() -> None:
    summary = CompactionPart(id='cmp', provider_name='openai', provider_details={'encrypted_content': 'e'})
    history = [
        ModelRequest([SystemPromptPart('Rules.'), UserPromptPart('long')]),
        answer(TextPart('a'), summary, TextPart('b')),
        ModelRequest.user_text_prompt('on'),
    ]
    assert items(PLAIN, *history) == [
        {'role': 'system', 'content': 'Rules.'},
        {'type': 'compaction', 'id': 'cmp', 'encrypted_content': 'e'},
        {'role': 'assistant', 'content': 'b'},
        {'role': 'user', 'content': 'on'},
    ]


def test_ids_of_calls_that_hold_in_one_response_only_lose_its_id() -> None:
    call = ToolCallPart('add', '{}', 'resp_1:call_0', provider_name='bedrock-mantle')
    said = ModelResponse([call], provider_name='bedrock-mantle', provider_response_id='resp_1')
    back = ModelRequest([ToolReturnPart('add', '1', 'resp_1:call_0')])
    sent = items('bedrock-mantle:openai.gpt-5.6-luna', said, back)
    assert [item['call_id'] for item in sent] == ['call_0', 'call_0']


def test_there_is_always_something_to_answer() -> None:
    instructed = ModelRequest([], instructions='Be brief.')
    assert body(PLAIN, [instructed])['input'] == [{'role': 'user', 'content': ''}]


# ------------------------------------------------------------------------ going on


def stored(*parts: Any, **more: Any) -> ModelResponse:
    """An answer to `ASK` as this library makes it when it may be gone on from."""
    digest = request(PLAIN, ASK, openai_previous_response_id='auto').digest
    assert digest is not None
    said = list(parts) or [TextPart('ok')]
    return answer(*said, provider_response_id='resp_1', history_digest=digest(said), **more)


AGAIN = ModelRequest.user_text_prompt('again')


def test_it_goes_on_from_the_last_response() -> None:
    sent = body(PLAIN, [*ASK, stored(), AGAIN], openai_previous_response_id='auto')
    assert sent['previous_response_id'] == 'resp_1'
    assert sent['input'] == [{'role': 'user', 'content': 'again'}]


def test_a_history_that_was_changed_is_sent_whole() -> None:
    edited = ModelRequest.user_text_prompt('Hello')
    said = stored()
    unsure = answer(TextPart('ok'), provider_response_id='resp_1')
    rewritten = answer(TextPart('no'), provider_response_id='resp_1', history_digest=said.history_digest)
    for history in ([edited, said], [*ASK, unsure], [*ASK, rewritten]):
        sent = body(PLAIN, [*history, AGAIN], openai_previous_response_id='auto')
        assert 'previous_response_id' not in sent
        assert len(sent['input']) == 3


def test_a_response_id_is_where_to_begin() -> None:
    assert body(PLAIN, ASK, openai_previous_response_id='resp_0')['previous_response_id'] == 'resp_0'
    sent = body(PLAIN, [*ASK, stored(), AGAIN], openai_previous_response_id='resp_0')
    assert sent['previous_response_id'] == 'resp_1'
    assert 'previous_response_id' not in body(PLAIN, ASK, openai_previous_response_id='auto')


def test_instructions_come_with_each_request_that_goes_on() -> None:
    asked = ModelRequest([UserPromptPart('Hi', timestamp=cast(Any, ASK[0].parts[0]).timestamp)], instructions='Be.')
    sent = body(PLAIN, [asked, AGAIN], openai_previous_response_id='resp_0')
    assert sent['instructions'] == 'Be.'


@pytest.mark.parametrize(('setting', 'goes_on'), [('auto', True), ('conv_1', True), ('conv_2', False)])
def test_a_conversation(setting: str, goes_on: bool) -> None:
    said = answer(TextPart('ok'), provider_details={'conversation_id': 'conv_1'})
    sent = body(PLAIN, [*ASK, said, AGAIN], openai_conversation_id=setting)
    assert sent['conversation'] == ('conv_1' if goes_on else 'conv_2')
    assert len(sent['input']) == (1 if goes_on else 3)


def test_there_is_one_way_to_go_on() -> None:
    with pytest.raises(UserError, match='not both'):
        body(PLAIN, openai_conversation_id='auto', openai_previous_response_id='auto')


def test_a_suspended_response_is_listened_to_again() -> None:
    waits = answer(provider_response_id='resp/1', state='suspended', provider_details={'last_sequence_number': 7})
    wanted = request('azure-responses:gpt-4o', [*ASK, answer()], openai_background=True)
    assert (wanted.method, wanted.body['background']) == ('POST', True)
    wanted = request(PLAIN, [*ASK, waits], openai_include_web_search_sources=True)
    assert (wanted.method, wanted.path) == ('GET', '/responses/resp%2F1')
    assert wanted.query == {
        'stream': 'true',
        'starting_after': '7',
        'include[]': ['web_search_call.action.sources'],
    }


# ------------------------------------------------------------------------ settings


def test_settings_by_their_names_there() -> None:
    sent = body(
        PLAIN,
        max_tokens=9,
        temperature=0.0,
        service_tier='auto',
        openai_service_tier='flex',
        openai_user='u',
        openai_truncation='auto',
        openai_background=True,
        openai_logprobs=True,
        openai_top_logprobs=2,
        openai_text_verbosity='low',
        extra_body={'more': 1},
    )
    expected = {
        'max_output_tokens': 9,
        'temperature': 0.0,
        'service_tier': 'flex',
        'user': 'u',
        'truncation': 'auto',
        'background': True,
        'include': ['message.output_text.logprobs'],
        'top_logprobs': 2,
        'text': {'verbosity': 'low'},
        'more': 1,
    }
    assert {name: sent[name] for name in expected} == expected


def test_what_has_no_word_here_is_left_out_with_one_warning() -> None:
    with pytest.warns(
        UnsupportedSettingWarning, match='top_k, stop_sequences, openai_transport, temperature'
    ) as caught:
        sent = body(THINKS, top_k=1, stop_sequences=['x'], temperature=0.5, openai_transport='websocket')
    assert len(caught) == 1
    assert not {'top_k', 'stop', 'temperature'} & set(sent)


def test_sampling_is_taken_while_a_model_does_not_think() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        assert body('openai:gpt-5.1', temperature=0.5)['temperature'] == 0.5
        assert body('openai:gpt-5.5', temperature=0.5, thinking=False)['temperature'] == 0.5


@pytest.mark.parametrize(
    ('name', 'settings', 'reasoning'),
    [
        (THINKS, {'thinking': 'max'}, {'effort': 'high'}),
        (NEW, {'thinking': 'max'}, {'effort': 'max', 'context': 'all_turns'}),
        ('azure-responses:gpt-5.6-sol', {'thinking': 'max'}, {'effort': 'xhigh', 'context': 'all_turns'}),
        (THINKS, {'openai_reasoning_context': 'all_turns'}, None),
        (THINKS, {'openai_reasoning_context': 'auto'}, {'context': 'auto'}),
        (THINKS, {'openai_reasoning_effort': 'low', 'thinking': 'high'}, {'effort': 'low'}),
        (THINKS, {'openai_reasoning_summary': 'auto', 'openai_reasoning_mode': 'pro'}, {'summary': 'auto'}),
        (NEW, {'openai_reasoning_mode': 'pro'}, {'mode': 'pro', 'context': 'all_turns'}),
        (PLAIN, {'thinking': 'high', 'openai_reasoning_context': 'auto'}, None),
        ('meta:muse-spark-1.3', {'thinking': False}, {'effort': 'minimal'}),
    ],
)
@pytest.mark.filterwarnings('ignore:.*they are left out. thinking')
def test_reasoning(name: str, settings: dict[str, Any], reasoning: Any) -> None:
    assert body(name, **settings).get('reasoning') == reasoning


@pytest.mark.parametrize(
    ('name', 'path'),
    [
        (PLAIN, '/responses'),
        ('azure-responses:gpt-4o', '/responses'),
        ('bedrock-mantle:openai.gpt-5.6-sol', '/openai/v1/responses'),
        ('bedrock-mantle:openai.gpt-oss-120b', '/v1/responses'),
    ],
)
def test_where_it_goes(name: str, path: str) -> None:
    assert request(name).path == path


def test_where_mantle_is() -> None:
    for variable in ('AWS_DEFAULT_REGION', 'AWS_REGION'):
        found = providers.resolve('bedrock-mantle:openai.gpt-5.6-sol', api_key='k', env={variable: 'eu-west-1'})
        assert found.base_url == 'https://bedrock-mantle.eu-west-1.api.aws'


# --------------------------------------------------------------------------- cache


def marked(item: dict[str, Any]) -> list[bool]:
    return ['prompt_cache_breakpoint' in part for part in item['content']]


def test_a_cache_point_marks_what_stands_before_it() -> None:
    sent = items(NEW, user('a', CachePoint(), 'b'), answer(TextPart('ok')), user(CachePoint(), 'c'))
    assert marked(sent[0]) == [True, True]
    assert sent[2]['content'] == [{'type': 'input_text', 'text': 'c'}]
    assert items(PLAIN, user(CachePoint(), 'a', CachePoint()))[0]['content'] == [{'type': 'input_text', 'text': 'a'}]
    with pytest.raises(UserError, match='cannot come first'):
        items(NEW, user(CachePoint(), 'a'))


@pytest.mark.parametrize(
    ('cache', 'options'),
    [
        (True, {'mode': 'implicit', 'ttl': '30m'}),
        ('5m', {'mode': 'implicit', 'ttl': '30m'}),
        ('1h', {'mode': 'implicit', 'ttl': '30m'}),
        ('12h', {'mode': 'implicit', 'ttl': '12h'}),
        ({'messages': False}, {'mode': 'implicit', 'ttl': '30m'}),
        (False, None),
    ],
)
def test_the_cache_setting(cache: Any, options: Any) -> None:
    assert body(NEW, cache=cache).get('prompt_cache_options') == options
    assert 'prompt_cache_options' not in body(PLAIN, cache=cache)


def test_instructions_are_marked_for_the_cache() -> None:
    parts = [InstructionPart('Static.'), InstructionPart('Now.', dynamic=True)]
    parameters = ModelRequestParameters(instruction_parts=parts)
    sent = body(NEW, parameters=parameters, cache={'messages': False})
    assert sent['prompt_cache_options']['mode'] == 'explicit'
    assert 'instructions' not in sent
    assert marked(sent['input'][0]) == [True]
    assert sent['input'][1] == {'role': 'system', 'content': 'Now.'}
    kept = body(NEW, parameters=parameters, openai_cache_instructions=True, openai_previous_response_id='resp_0')
    assert kept['instructions'] == 'Static.\n\nNow.'


def test_the_cache_is_asked_why_it_missed() -> None:
    history: list[ModelMessage] = [*ASK, answer(TextPart('a'), provider_response_id='resp_1'), AGAIN]
    assert body(NEW, history)['prompt_cache_options'] == {'comparison_response_id': 'resp_1'}
    assert 'prompt_cache_options' not in body(NEW, history, openai_prompt_cache_diagnostics=False)
    assert 'prompt_cache_options' not in body(PLAIN, history)


# --------------------------------------------------------------------------- tools


@pytest.mark.parametrize(
    ('choice', 'sent'),
    [
        (None, 'auto'),
        ('none', 'none'),
        ('required', 'required'),
        (['add'], {'type': 'function', 'name': 'add'}),
        (
            ['add', 'sub'],
            {
                'type': 'allowed_tools',
                'mode': 'required',
                'tools': [{'type': 'function', 'name': 'add'}, {'type': 'function', 'name': 'sub'}],
            },
        ),
    ],
)
def test_tools_are_all_sent_and_the_choice_says_which(choice: Any, sent: Any) -> None:
    parameters = ModelRequestParameters(function_tools=[tool('add'), tool('sub'), tool('mul')])
    found = body(PLAIN, parameters=parameters, tool_choice=choice, parallel_tool_calls=False)
    assert found['tool_choice'] == sent
    assert [one['name'] for one in found['tools']] == ['add', 'sub', 'mul']
    assert found['parallel_tool_calls'] is False


def test_without_tools_there_is_no_choice() -> None:
    assert not {'tools', 'tool_choice', 'parallel_tool_calls'} & set(body(PLAIN, parallel_tool_calls=True))


def test_a_model_that_can_not_be_made_to_call_is_asked() -> None:
    parameters = ModelRequestParameters(output_tools=[tool(kind='output')], output_mode='tool', allow_text_output=False)
    assert body('meta:muse-spark-1.3', parameters=parameters)['tool_choice'] == 'auto'
    with pytest.raises(UserError, match='cannot be made to call'):
        body('meta:muse-spark-1.3', parameters=ModelRequestParameters(function_tools=[tool()]), tool_choice='required')


def native(*tools: Any, name: str = PLAIN, **more: Any) -> list[dict[str, Any]]:
    return body(name, parameters=ModelRequestParameters(native_tools=list(tools), **more)).get('tools', [])


def test_native_tools() -> None:
    place = {'city': 'Paris'}
    [found] = native(WebSearchTool(user_location=cast(Any, place), allowed_domains=['a'], external_web_access=False))
    assert found == {
        'type': 'web_search',
        'search_context_size': 'medium',
        'user_location': {'type': 'approximate', 'city': 'Paris'},
        'filters': {'allowed_domains': ['a']},
        'external_web_access': False,
    }
    files = [UploadedFile('f', 'openai'), UploadedFile('g', 'anthropic')]
    assert native(CodeExecutionTool(files=files)) == [
        {'type': 'code_interpreter', 'container': {'type': 'auto', 'file_ids': ['f']}}
    ]
    assert native(FileSearchTool(file_store_ids=['v'], max_num_results=3)) == [
        {'type': 'file_search', 'vector_store_ids': ['v'], 'max_num_results': 3}
    ]
    secret = MCPServerTool(id='s', url='https://m', authorization_token='t', headers={'a': 'b'}, allowed_tools=[])
    assert native(secret) == [
        {
            'type': 'mcp',
            'server_label': 's',
            'require_approval': 'never',
            'authorization': 't',
            'allowed_tools': [],
            'headers': {'a': 'b'},
            'server_url': 'https://m',
        }
    ]
    assert native(MCPServerTool(id='s', url='x-openai-connector:gmail'))[0]['connector_id'] == 'gmail'


def test_images() -> None:
    own = {'openai': {'quality': 'high'}}
    [found] = native(ImageGenerationTool(aspect_ratio='3:2', model='gpt-image-1', provider_settings=own))
    assert (found['size'], found['quality'], found['model']) == ('1536x1024', 'high', 'gpt-image-1')
    for bad in (
        ImageGenerationTool(aspect_ratio='21:9'),
        ImageGenerationTool(size='4K'),
        ImageGenerationTool(aspect_ratio='1:1', size='1536x1024'),
    ):
        with pytest.raises(UserError, match='of the'):
            native(bad)
    assert native(allow_image_output=True) == [{'type': 'image_generation'}]
    assert len(native(CodeExecutionTool(), allow_image_output=True)) == 1


def test_a_native_tool_that_there_is_not() -> None:
    with pytest.raises(UserError, match='has no native tool WebFetchTool'):
        native(WebFetchTool())
    assert native(WebFetchTool(optional=True)) == []
    with pytest.raises(UserError, match='has no native tool'):
        native(WebSearchTool(), name='bedrock-mantle:openai.gpt-5.6-sol')


def test_the_users_own_words_for_tools_are_sent_too() -> None:
    found = body(PLAIN, openai_native_tools=[{'type': 'computer'}])
    assert (found['tools'], found['tool_choice']) == ([{'type': 'computer'}], 'auto')

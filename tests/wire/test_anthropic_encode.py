"""What a Messages request holds, rule by rule; the recorded requests are in `tests/conformance`."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_stream import profiles, providers
from jupyter_stream.exceptions import UnsupportedSettingWarning, UserError
from jupyter_stream.messages import (
    AudioUrl,
    BinaryContent,
    CachePoint,
    Citation,
    CompactionPart,
    ContentCitationAnchor,
    DocumentUrl,
    FilePart,
    ImageUrl,
    InstructionPart,
    ModelRequest,
    ModelResponse,
    NativeToolCallPart,
    NativeToolReturnPart,
    RetryFeedbackPart,
    RetryInfo,
    RetryPromptPart,
    SystemPromptPart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolReturnPart,
    UploadedFile,
    UserPromptPart,
    VideoUrl,
    WebCitationSource,
)
from jupyter_stream.native_tools import (
    AdvisorTool,
    CodeExecutionTool,
    MCPServerTool,
    MemoryTool,
    WebFetchTool,
    WebSearchTool,
    XSearchTool,
)
from jupyter_stream.output import OutputObjectDefinition
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.tools import ToolDefinition
from jupyter_stream.wire.anthropic import encode, fetchable
from jupyter_stream.wire.base import Target, WireRequest

OLD, SONNET, OPUS = 'claude-3-5-haiku-latest', 'claude-sonnet-4-5', 'claude-opus-4-8'

ASK = ModelRequest.user_text_prompt('hi')
ADD = ToolDefinition(name='add', parameters_json_schema={'type': 'object', 'title': 'Add', 'properties': {}})
CITY = ToolDefinition(name='city', parameters_json_schema={'type': 'object', 'properties': {}})
OUT = ToolDefinition(name='out', parameters_json_schema={'type': 'object', 'properties': {}}, kind='output')
FORM = OutputObjectDefinition({'type': 'object', 'properties': {'a': {'type': 'integer', 'minimum': 1}}}, name='F')


def target(model: str = SONNET) -> Target:
    provider = providers.find('anthropic')
    assert provider is not None
    return Target(model, provider, profiles.profile(provider, model))


def request(
    *history: Any, model: str = SONNET, parameters: dict[str, Any] | None = None, **settings: Any
) -> WireRequest:
    return encode(target(model), list(history) or [ASK], settings, ModelRequestParameters(**(parameters or {})))  # type: ignore[arg-type]


def body(*history: Any, **more: Any) -> dict[str, Any]:
    return request(*history, **more).body


def betas(*history: Any, **more: Any) -> list[str]:
    return request(*history, **more).headers.get('anthropic-beta', '').split(',')


def user(*content: Any) -> ModelRequest:
    return ModelRequest(parts=[UserPromptPart(content)])


def said(*parts: Any, **more: Any) -> ModelResponse:
    return ModelResponse(parts=parts, **{'provider_name': 'anthropic', **more})


def content(*history: Any, **more: Any) -> list[dict[str, Any]]:
    """The blocks of the last message."""
    return body(*history, **more)['messages'][-1]['content']


# ------------------------------------------------------------------------- settings


@pytest.mark.parametrize(
    ('model', 'tokens'),
    [(OLD, 4_096), (SONNET, 64_000), ('claude-opus-4-1', 4_096), (OPUS, 128_000), ('claude-new', 16_384)],
)
def test_an_answer_may_be_as_long_as_the_model_can_make_it(model: str, tokens: int) -> None:
    assert body(model=model)['max_tokens'] == tokens


def test_there_is_room_for_an_answer_after_thinking() -> None:
    assert body(model='claude-new', thinking='max')['max_tokens'] == 32_768 + 4_096


def test_more_than_the_model_can_write_is_not_asked_for_unless_a_beta_allows_it() -> None:
    assert body(max_tokens=10**6)['max_tokens'] == 64_000
    assert body(max_tokens=10**6, anthropic_betas=['output-300k-2026-03-24'])['max_tokens'] == 10**6


def test_settings_go_over_by_name() -> None:
    sent = body(temperature=0.0, top_p=0.5, top_k=3, stop_sequences=['X'], anthropic_metadata={'user_id': 'u'})
    assert (sent['temperature'], sent['top_p'], sent['top_k'], sent['stop_sequences']) == (0.0, 0.5, 3, ['X'])
    assert sent['metadata'] == {'user_id': 'u'} and sent['stream'] is True


def test_what_the_protocol_has_no_word_for_is_a_warning() -> None:
    with pytest.warns(UnsupportedSettingWarning, match='seed, logit_bias'):
        assert 'seed' not in body(seed=1, logit_bias={'1': 2})


def test_newer_models_take_no_sampling() -> None:
    with pytest.warns(UnsupportedSettingWarning, match='temperature, top_k'):
        sent = body(model=OPUS, temperature=0.5, top_k=2, extra_body={'top_p': 1, 'mine': 1})
    assert sent.keys().isdisjoint(('temperature', 'top_k', 'top_p')) and sent['mine'] == 1


@pytest.mark.parametrize(('tier', 'word'), [('auto', 'auto'), ('default', 'standard_only')])
def test_service_tiers(tier: str, word: str) -> None:
    assert body(service_tier=tier)['service_tier'] == word
    assert body(service_tier=tier, anthropic_service_tier='auto')['service_tier'] == 'auto'


def test_a_tier_that_is_not_there_is_a_warning() -> None:
    with pytest.warns(UnsupportedSettingWarning, match='service_tier'):
        assert 'service_tier' not in body(service_tier='flex')


def test_fast_mode_is_for_models_that_have_it() -> None:
    assert body(model=OPUS, anthropic_speed='fast')['speed'] == 'fast'
    assert betas(model=OPUS, anthropic_speed='fast') == ['fast-mode-2026-02-01']
    with pytest.warns(UnsupportedSettingWarning, match='anthropic_speed'):
        assert 'speed' not in body(anthropic_speed='fast')


def test_betas_are_one_header_whoever_asks_for_them() -> None:
    native = {'native_tools': [WebFetchTool()]}
    own = {'Anthropic-Beta': 'b, c'}
    assert betas(parameters=native, anthropic_betas=['a', 'b'], extra_headers=own) == [
        'a',
        'b',
        'c',
        'web-fetch-2025-09-10',
    ]
    assert request().headers == {}


def test_extra_body_wins_and_must_be_a_dict() -> None:
    assert body(extra_body={'model': 'other'})['model'] == 'other'
    with pytest.raises(UserError, match='extra_body'):
        request(extra_body='x')


# ------------------------------------------------------------------------- thinking


@pytest.mark.parametrize(
    ('model', 'level', 'thinking', 'word'),
    [
        (SONNET, True, {'type': 'enabled', 'budget_tokens': 10_000}, None),
        (SONNET, 'minimal', {'type': 'enabled', 'budget_tokens': 1_024}, None),
        (SONNET, False, None, None),
        ('claude-opus-4-5', 'max', {'type': 'enabled', 'budget_tokens': 32_768}, 'high'),
        ('claude-sonnet-4-6', 'xhigh', {'type': 'adaptive'}, 'max'),
        (OPUS, 'xhigh', {'type': 'adaptive'}, 'xhigh'),
        (OPUS, 'minimal', {'type': 'adaptive'}, 'low'),
        (OPUS, False, None, None),
        ('claude-opus-5', False, {'type': 'disabled'}, None),
        ('claude-sonnet-5-5', False, {'type': 'between_tools'}, None),
        ('claude-opus-5-5', False, {'type': 'adaptive'}, 'low'),
        ('claude-mythos-preview', False, None, None),
    ],
)
def test_thinking_is_a_budget_or_an_effort(model: str, level: Any, thinking: Any, word: str | None) -> None:
    sent = body(model=model, thinking=level)
    assert sent.get('thinking') == thinking
    assert sent.get('output_config', {}).get('effort') == word


def test_the_users_own_thinking_wins() -> None:
    own = {'type': 'enabled', 'budget_tokens': 2_000}
    assert body(anthropic_thinking=own, thinking='high')['thinking'] == own
    with pytest.raises(UserError, match='no budget'):
        request(model=OPUS, anthropic_thinking=own)


def test_a_top_effort_needs_thinking_on_some_models() -> None:
    assert body(model='claude-opus-5', anthropic_effort='max')['output_config'] == {'effort': 'max'}
    with pytest.raises(UserError, match="no effort 'max'"):
        request(model='claude-opus-5', anthropic_effort='max', thinking=False)


def test_what_is_left_of_a_task_budget_and_a_shortened_history_exclude_each_other() -> None:
    budget = {'type': 'tokens', 'total': 10, 'remaining': 5}
    assert body(model=OPUS, anthropic_task_budget=budget)['output_config'] == {'task_budget': budget}
    shorten = {'edits': [{'type': 'compact_20260112'}]}
    with pytest.raises(UserError, match='remaining'):
        request(model=OPUS, anthropic_task_budget=budget, anthropic_context_management=shorten)
    with pytest.raises(UserError, match='no task budgets'):
        request(anthropic_task_budget=budget)


# ---------------------------------------------------------------------------- tools

TOOLS: dict[str, Any] = {'function_tools': [ADD, CITY]}
STRUCTURED: dict[str, Any] = {'output_tools': [OUT], 'output_mode': 'tool', 'allow_text_output': False}


@pytest.mark.parametrize(
    ('choice', 'word', 'names'),
    [
        (None, {'type': 'auto'}, ['add', 'city']),
        ('none', {'type': 'none'}, ['add', 'city']),
        ('required', {'type': 'any'}, ['add', 'city']),
        (['city'], {'type': 'tool', 'name': 'city'}, ['add', 'city']),
        (['add', 'city'], {'type': 'any'}, ['add', 'city']),
    ],
)
def test_which_tool_may_be_called(choice: Any, word: dict[str, str], names: list[str]) -> None:
    sent = body(parameters=TOOLS, tool_choice=choice)
    assert sent['tool_choice'] == word and [tool['name'] for tool in sent['tools']] == names


def test_some_of_the_tools_means_that_the_others_are_left_out() -> None:
    three = {'function_tools': [ADD, CITY, ToolDefinition(name='c', parameters_json_schema={'type': 'object'})]}
    sent = body(parameters=three, tool_choice=['add', 'c'])
    assert sent['tool_choice'] == {'type': 'any'} and [tool['name'] for tool in sent['tools']] == ['add', 'c']


def test_parallel_calls() -> None:
    assert body(parameters=TOOLS, parallel_tool_calls=False)['tool_choice'] == {
        'type': 'auto',
        'disable_parallel_tool_use': True,
    }


def test_a_schema_loses_its_titles_and_says_strict_only_where_that_is_known() -> None:
    strict = ToolDefinition(name='s', parameters_json_schema={'type': 'object', 'properties': {}}, strict=True)
    [plain, held] = body(parameters={'function_tools': [ADD, strict]})['tools']
    assert plain == {'name': 'add', 'description': '', 'input_schema': {'type': 'object', 'properties': {}}}
    assert held['strict'] is True and held['input_schema']['additionalProperties'] is False
    assert 'strict' not in body(model=OLD, parameters={'function_tools': [strict]})['tools'][0]


def test_a_tool_can_not_be_forced_while_the_model_thinks() -> None:
    assert body(parameters=STRUCTURED)['tool_choice'] == {'type': 'any'}
    assert body(parameters=STRUCTURED, thinking=True)['tool_choice'] == {'type': 'auto'}
    with pytest.raises(UserError, match='thinking=False'):
        request(parameters=TOOLS, tool_choice='required', thinking=True)


def test_a_tool_is_forced_on_an_adaptive_model_only_at_the_users_wish() -> None:
    assert body(model=OPUS, parameters=STRUCTURED, thinking=True)['tool_choice'] == {'type': 'auto'}
    assert body(model=OPUS, parameters=TOOLS, thinking=True, tool_choice='required')['tool_choice'] == {'type': 'any'}
    with pytest.raises(UserError, match='cannot be made to call'):
        request(model='claude-opus-5-5', parameters=TOOLS, tool_choice='required')


@pytest.mark.parametrize(
    ('model', 'thinking', 'held'), [(SONNET, None, False), (SONNET, True, True), (OLD, True, False), (OPUS, True, True)]
)
def test_an_answer_of_any_form_is_held_to_a_schema_where_no_tool_can_be_forced(
    model: str, thinking: Any, held: bool
) -> None:
    auto = {'output_tools': [OUT], 'output_object': FORM, 'output_mode': 'auto', 'allow_text_output': False}
    sent = body(model=model, parameters=auto, **({'thinking': thinking} if thinking else {}))
    assert ('format' in sent.get('output_config', {})) is held


def test_a_native_answer_is_always_strict() -> None:
    native = {'output_mode': 'native', 'output_object': FORM}
    schema = body(parameters=native)['output_config']['format']['schema']
    assert schema['properties'] == {'a': {'type': 'integer', 'description': '{minimum: 1}'}}
    assert schema['additionalProperties'] is False
    loose = OutputObjectDefinition(FORM.json_schema, strict=False)
    with pytest.raises(UserError, match='strict'):
        request(parameters={'output_mode': 'native', 'output_object': loose})


# ---------------------------------------------------------------------- native tools


def native(*tools: Any, model: str = SONNET, **settings: Any) -> list[dict[str, Any]]:
    return body(model=model, parameters={'native_tools': list(tools)}, **settings).get('tools', [])


def test_the_version_of_a_web_tool_goes_by_the_model() -> None:
    assert [tool['type'] for tool in native(WebSearchTool(), WebFetchTool())] == [
        'web_search_20250305',
        'web_fetch_20250910',
    ]
    assert [tool['type'] for tool in native(WebSearchTool(), WebFetchTool(), model=OPUS)] == [
        'web_search_20260209',
        'web_fetch_20260209',
    ]


def test_a_web_search_by_its_limits() -> None:
    [tool] = native(WebSearchTool(max_uses=2, blocked_domains=['b'], user_location={'city': 'Paris'}))
    assert tool['max_uses'] == 2 and tool['blocked_domains'] == ['b'] and tool['allowed_domains'] is None
    assert tool['user_location'] == {'type': 'approximate', 'city': 'Paris'}


def test_what_is_to_be_cited_is_called_by_the_model_itself() -> None:
    search, fetch = native(WebSearchTool(), WebFetchTool(), model=OPUS, citations=True)
    assert search['allowed_callers'] == fetch['allowed_callers'] == ['direct']
    assert 'allowed_callers' not in native(WebSearchTool(), model=OPUS)[0]


def test_a_turn_that_has_run_code_keeps_its_container() -> None:
    ran = said(NativeToolCallPart('code_execution', {}, 's1', provider_name='anthropic'), ToolCallPart('add', {}, 'c1'))
    back = ModelRequest(parts=[ToolReturnPart('add', 'r', 'c1')])
    asked: dict[str, Any] = {
        'model': OPUS,
        'parameters': {'native_tools': [WebSearchTool()], 'function_tools': [ADD]},
        'citations': True,
    }
    assert 'allowed_callers' not in body(ASK, ran, back, **asked)['tools'][-1]
    assert body(ASK, ran, back, user('x'), **asked)['tools'][-1]['allowed_callers'] == ['direct']


def test_who_may_call_a_web_tool_can_be_said_unless_the_tools_are_replaced() -> None:
    callers = {'anthropic_web_tools_allowed_callers': ['direct']}
    assert native(WebSearchTool(), **callers)[0]['allowed_callers'] == ['direct']
    replaced = request(parameters={'native_tools': [WebSearchTool()]}, extra_body={'tools': []}, **callers)
    assert replaced.body['tools'] == []


def test_code_execution_with_files() -> None:
    own, foreign = (UploadedFile(file_id=name, provider_name=name) for name in ('anthropic', 'openai'))  # type: ignore[arg-type]
    parameters = {'native_tools': [CodeExecutionTool(files=[own, foreign])]}
    sent = request(parameters=parameters)
    assert sent.body['tools'] == [{'name': 'code_execution', 'type': 'code_execution_20260120'}]
    assert sent.body['messages'][0]['content'][1:] == [{'type': 'container_upload', 'file_id': 'anthropic'}]
    assert sent.headers == {'anthropic-beta': 'files-api-2025-04-14'}


def test_a_version_of_code_execution_must_be_there() -> None:
    version = {'anthropic_code_execution_tool_version': '20260120'}
    assert native(CodeExecutionTool(), **version)[0]['type'] == 'code_execution_20260120'
    with pytest.raises(UserError, match='20250825'):
        native(CodeExecutionTool(), model='claude-haiku-4-5', **version)


def test_the_memory_tool_takes_the_place_of_the_callers() -> None:
    memory = ToolDefinition(name='memory', parameters_json_schema={'type': 'object'})
    both = {'native_tools': [MemoryTool()], 'function_tools': [memory]}
    assert body(parameters=both)['tools'] == [{'name': 'memory', 'type': 'memory_20250818'}]
    with pytest.raises(UserError, match="named 'memory'"):
        native(MemoryTool())


def test_an_mcp_server_is_no_tool() -> None:
    server = MCPServerTool(id='docs', url='https://example.com', allowed_tools=['look'], authorization_token='t')
    sent = request(parameters={'native_tools': [server]})
    assert 'tools' not in sent.body
    assert sent.body['mcp_servers'] == [
        {
            'type': 'url',
            'name': 'docs',
            'url': 'https://example.com',
            'tool_configuration': {'enabled': True, 'allowed_tools': ['look']},
            'authorization_token': 't',
        }
    ]
    assert sent.headers == {'anthropic-beta': 'mcp-client-2025-04-04'}


def test_a_tool_that_is_not_there_is_refused_unless_it_is_optional() -> None:
    with pytest.raises(UserError, match='XSearchTool'):
        native(XSearchTool())
    with pytest.raises(UserError, match='AdvisorTool'):
        native(AdvisorTool(model=OPUS))
    assert native(XSearchTool(optional=True)) == []
    assert native(AdvisorTool(model=OPUS, max_uses=1), model=OPUS)[0]['max_uses'] == 1


# ---------------------------------------------------------------------------- content


def test_text_images_and_documents() -> None:
    png = BinaryContent(b'p', media_type='image/png')
    pdf = BinaryContent(b'd', media_type='application/pdf')
    csv = BinaryContent(b'a,b', media_type='text/csv')
    assert content(user('see', '', png, pdf, csv, ImageUrl('https://e.com/a.png'))) == [
        {'type': 'text', 'text': 'see'},
        {'type': 'image', 'source': {'type': 'base64', 'media_type': 'image/png', 'data': 'cA=='}},
        {'type': 'document', 'source': {'type': 'base64', 'media_type': 'application/pdf', 'data': 'ZA=='}},
        {'type': 'document', 'source': {'type': 'text', 'media_type': 'text/plain', 'data': 'a,b'}},
        {'type': 'image', 'source': {'type': 'url', 'url': 'https://e.com/a.png'}},
    ]


def test_uploaded_files() -> None:
    image = UploadedFile(file_id='f', provider_name='anthropic', media_type='image/png')
    assert content(user(image)) == [{'type': 'image', 'source': {'type': 'file', 'file_id': 'f'}}]
    assert betas(user(image)) == ['files-api-2025-04-14']
    with pytest.raises(UserError, match='upload it there'):
        content(user(UploadedFile(file_id='f', provider_name='openai', media_type='image/png')))


@pytest.mark.parametrize(
    'item',
    [
        AudioUrl('https://e.com/a.mp3'),
        VideoUrl('https://e.com/a.mp4'),
        BinaryContent(b'', media_type='audio/wav'),
        DocumentUrl('https://e.com/a.docx'),
    ],
)
def test_what_claude_can_not_read_is_refused(item: Any) -> None:
    assert not fetchable(target(), item)
    with pytest.raises(UserError):
        content(user(item))


@pytest.mark.parametrize(
    ('item', 'first'),
    [
        (ImageUrl('https://e.com/a.png'), False),
        (ImageUrl('https://e.com/a.png', force_download=True), True),
        (DocumentUrl('https://e.com/a.pdf'), False),
        (DocumentUrl('https://e.com/a.pdf', force_download=True), True),
        (DocumentUrl('https://e.com/a.txt'), True),
        ('text', False),
    ],
)
def test_what_has_to_be_downloaded_first(item: Any, first: bool) -> None:
    assert fetchable(target(), item) is first
    if first:
        with pytest.raises(UserError, match='by its address'):
            content(user(item))


def test_documents_are_cited_where_that_is_wanted() -> None:
    png = BinaryContent(b'p', media_type='image/png')
    document, image = content(user(BinaryContent(b'x', media_type='text/plain'), png), citations=True)
    assert document['citations'] == {'enabled': True} and 'citations' not in image
    with pytest.raises(UserError, match='Citations'):
        request(
            user(BinaryContent(b'x', media_type='text/plain')),
            parameters=TOOLS,
            citations=True,
            tool_choice='required',
        )


# ---------------------------------------------------------------------------- history


def test_a_call_and_its_return() -> None:
    call = said(TextPart('Let me see.'), ToolCallPart('add', '{"a": 1}', 'c1'))
    back = ModelRequest(parts=[ToolReturnPart('add', ['x', {'k': 1}], 'c1'), UserPromptPart('go on')])
    messages = body(ASK, call, back)['messages']
    assert messages[1]['content'][1] == {'type': 'tool_use', 'id': 'c1', 'name': 'add', 'input': {'a': 1}}
    result, more = messages[2]['content']
    assert result['content'] == [{'type': 'text', 'text': 'x'}, {'type': 'text', 'text': '{"k":1}'}]
    assert result['tool_use_id'] == 'c1' and result['is_error'] is False and more['text'] == 'go on'


def test_a_call_that_failed_or_must_be_made_again_is_an_error() -> None:
    call = said(ToolCallPart('add', {}, 'c1'))
    for part in (
        ToolReturnPart('add', 'no', 'c1', outcome='failed'),
        RetryPromptPart('no', tool_name='add', tool_call_id='c1'),
    ):
        [result] = content(ASK, call, ModelRequest(parts=[part]))
        assert result['is_error'] is True and result['content'] == [{'type': 'text', 'text': 'no'}]


def test_feedback_is_the_users_or_the_systems() -> None:
    none = RetryFeedbackPart('Please include your response in a tool call.', retry=RetryInfo('no_output'))
    history = (ASK, said(TextPart('b')), ModelRequest(parts=[none]))
    assert content(*history)[0]['text'] == f'<system>{none.content}</system>'
    assert content(*history, model='claude-sonnet-4-6')[0]['text'].startswith('<system verified>')
    assert body(*history, model=OPUS)['messages'][-1] == {
        'role': 'system',
        'content': [{'type': 'text', 'text': none.content}],
    }


def test_thinking_goes_back_as_it_came_or_as_text_of_the_user() -> None:
    own = ThinkingPart('hm', signature='s', provider_name='anthropic')
    hidden = ThinkingPart('', id='redacted_thinking', signature='d', provider_name='anthropic')
    foreign = ThinkingPart('ah', signature='s', provider_name='openai')
    messages = body(ASK, said(own, hidden, foreign, TextPart('x')), user('more'))['messages']
    assert [message['role'] for message in messages] == ['user', 'user', 'assistant', 'user']
    assert messages[1]['content'][0]['text'] == '<assistant_thinking>\nah\n</assistant_thinking>'
    assert messages[2]['content'][:2] == [
        {'type': 'thinking', 'thinking': 'hm', 'signature': 's'},
        {'type': 'redacted_thinking', 'data': 'd'},
    ]


def test_a_signature_of_the_same_system_behind_another_provider_is_understood() -> None:
    part = ThinkingPart('hm', signature='s', provider_name='bedrock')
    for system, kind in (('anthropic', 'thinking'), (None, 'text')):
        history = said(part, provider_name='bedrock', canonical_system=system), user('more')
        assert body(*history)['messages'][0]['content'][0]['type'] == kind


def test_native_calls_go_back_as_the_blocks_that_they_were() -> None:
    details = {'anthropic_tool_name': 'bash_code_execution'}
    result = {'type': 'bash_code_execution_result', 'stdout': '1'}
    search = {'anthropic_caller': {'type': 'code_execution_20260120'}}
    history = said(
        NativeToolCallPart('code_execution', '{"c": 1}', 's1', provider_name='anthropic', provider_details=details),
        NativeToolReturnPart('code_execution', result, 's1', provider_name='anthropic'),
        NativeToolCallPart('web_search', {}, 's2', provider_name='anthropic', provider_details=search),
        NativeToolReturnPart('web_search', [], 's2', provider_name='anthropic'),
        NativeToolCallPart('mcp_server:docs', {'tool_name': 't', 'tool_args': {}}, 's3', provider_name='anthropic'),
        NativeToolReturnPart('mcp_server:docs', {'content': [], 'is_error': False}, 's3', provider_name='anthropic'),
    )
    blocks = body(history, user('x'))['messages'][0]['content']
    assert [(block['type'], block.get('name')) for block in blocks] == [
        ('server_tool_use', 'bash_code_execution'),
        ('bash_code_execution_tool_result', None),
        ('server_tool_use', 'web_search'),
        ('web_search_tool_result', None),
        ('mcp_tool_use', 't'),
        ('mcp_tool_result', None),
    ]
    assert blocks[2]['caller'] == {'type': 'code_execution_20260120'} and blocks[4]['server_name'] == 'docs'


def test_advice_goes_back_only_while_there_is_an_advisor() -> None:
    asked = NativeToolCallPart('advisor', None, 's1', provider_name='anthropic')
    told = NativeToolReturnPart('advisor', {'type': 'advisor_result', 'text': 'x'}, 's1', provider_name='anthropic')
    history = ASK, said(asked, told, TextPart('b')), user('c')
    assert len(body(*history, model=OPUS)['messages'][1]['content']) == 1
    advisor = {'native_tools': [AdvisorTool(model=OPUS)]}
    assert len(body(*history, model=OPUS, parameters=advisor)['messages'][1]['content']) == 3


def test_another_providers_native_calls_and_files_stay_behind() -> None:
    image = BinaryContent(b'x', media_type='image/png')
    history = said(
        NativeToolCallPart('web_search', {}, 's1', provider_name='openai'), FilePart(image), provider_name='openai'
    )
    assert [message['role'] for message in body(ASK, history, user('x'))['messages']] == ['user', 'user']


def test_web_citations_go_back_with_an_unchanged_text() -> None:
    raw = {
        'type': 'web_search_result_location',
        'url': 'u',
        'title': 't',
        'cited_text': 'c',
        'encrypted_index': 'i',
        'more': 1,
    }
    anchor = ContentCitationAnchor(start=0, end=3)
    part = TextPart(
        'abc',
        provider_name='anthropic',
        provider_details={'citations': [raw, {'type': 'char_location'}]},
        citations=[Citation([WebCitationSource('u')], anchor=anchor)],
    )
    [block] = content(ASK, said(part))
    assert block['citations'] == [{name: value for name, value in raw.items() if name != 'more'}]
    part.citations = None
    assert 'citations' not in content(ASK, said(part))[0]
    part.citations = [Citation([WebCitationSource('u')])]
    assert 'citations' not in content(ASK, said(part))[0]
    part.citations = [Citation([WebCitationSource('u')], anchor=anchor)]
    part.content = 'abcd'
    assert 'citations' not in content(ASK, said(part))[0]


def test_a_call_without_a_result_goes_back_only_while_the_provider_can_go_on() -> None:
    call = NativeToolCallPart('web_search', {}, 's1', provider_name='anthropic')
    assert len(content(ASK, said(TextPart('b'), call, state='suspended'))) == 2
    messages = body(ASK, said(TextPart('b'), call), user('c'))['messages']
    assert [block['type'] for block in messages[1]['content']] == ['text']
    client = said(call, ToolCallPart('add', {}, 'c1')), ModelRequest(parts=[ToolReturnPart('add', 'r', 'c1')])
    assert len(body(ASK, *client)['messages'][1]['content']) == 2


def test_a_summary_stands_for_what_came_before_it() -> None:
    first = ModelRequest(parts=[SystemPromptPart('S'), UserPromptPart('long ago')])
    summary = CompactionPart('short', provider_name='anthropic', provider_details={'encrypted_content': 'e'})
    sent = request(first, said(TextPart('old'), summary, TextPart('new')), user('go on'))
    assert sent.body['system'] == 'S' and [message['role'] for message in sent.body['messages']] == [
        'assistant',
        'user',
    ]
    assert sent.body['messages'][0]['content'][0] == {
        'type': 'compaction',
        'content': 'short',
        'encrypted_content': 'e',
    }
    assert sent.body['context_management'] == {'edits': [{'type': 'compact_20260112'}]}
    assert sent.headers == {'anthropic-beta': 'compact-2026-01-12'}


def test_the_container_of_the_last_answer_is_used_again_where_code_runs() -> None:
    before = said(TextPart('b'), provider_details={'container_id': 'cont'})
    code = {'native_tools': [CodeExecutionTool()]}
    assert body(ASK, before, user('c'), parameters=code)['container'] == 'cont'
    assert 'container' not in body(ASK, before, user('c'))
    assert 'container' not in body(ASK, before, user('c'), parameters=code, anthropic_container=False)
    paused = said(TextPart('b'), state='suspended')
    assert 'container' not in body(ASK, before, user('c'), paused, parameters=code)
    assert body(anthropic_container={'id': 'mine'})['container'] == 'mine'
    assert body(anthropic_container={'id': 'mine', 'skills': []})['container'] == {'id': 'mine', 'skills': []}


# ----------------------------------------------------------------------------- system


def test_system_prompts_are_one_text_and_instructions_are_blocks() -> None:
    prompts = [SystemPromptPart('A'), SystemPromptPart('B'), UserPromptPart('x')]
    assert body(ModelRequest(parts=prompts))['system'] == 'A\n\nB'
    told = body(ModelRequest(parts=prompts, instructions='I'))['system']
    assert told == [{'type': 'text', 'text': 'A\n\nB'}, {'type': 'text', 'text': 'I'}]


def test_a_later_system_prompt_stands_where_it_is_only_if_the_model_reads_it_there() -> None:
    later = ModelRequest(parts=[SystemPromptPart('mid'), UserPromptPart('c')])
    first = ModelRequest(parts=[SystemPromptPart('S'), UserPromptPart('a')])
    assert body(first, said(TextPart('b')), later)['system'] == 'S\n\nmid'
    sent = body(first, said(TextPart('b')), later, model=OPUS)
    assert sent['system'] == 'S'
    assert [message['role'] for message in sent['messages']] == ['user', 'assistant', 'user', 'system']


def test_only_the_first_request_opens_a_conversation() -> None:
    history = ModelRequest(parts=[SystemPromptPart('S')]), ModelRequest(parts=[SystemPromptPart('T')]), ASK
    sent = body(*history, model=OPUS)
    assert sent['system'] == 'S' and sent['messages'][-1]['role'] == 'system'


def test_thinking_as_text_goes_before_what_the_system_says() -> None:
    mid = ModelRequest(parts=[UserPromptPart('a'), SystemPromptPart('mid')])
    messages = body(ASK, said(TextPart('x')), mid, said(ThinkingPart('hm'), TextPart('b')), model=OPUS)['messages']
    assert [message['role'] for message in messages[2:]] == ['user', 'user', 'system', 'assistant']


def test_a_system_message_moves_to_the_answer_that_it_is_for() -> None:
    mid = ModelRequest(parts=[SystemPromptPart('mid')])
    history = ASK, said(TextPart('b')), mid, user('x'), said(TextPart('c'))
    roles = [message['role'] for message in body(*history, user('y'), model=OPUS)['messages']]
    assert roles == ['user', 'assistant', 'user', 'system', 'assistant', 'user']


def test_a_system_message_has_a_users_turn_to_follow() -> None:
    history = ASK, said(TextPart('b')), ModelRequest(parts=[SystemPromptPart('mid')])
    messages = body(*history, model=OPUS)['messages']
    assert [message['role'] for message in messages] == ['user', 'assistant', 'user', 'system']
    assert messages[2]['content'] == [{'type': 'text', 'text': '.'}]


def test_what_the_system_says_once_is_cleared_by_the_provider() -> None:
    once = ModelRequest(parts=[UserPromptPart('a'), SystemPromptPart('now', scope='request')])
    sent = request(once, model=OPUS, anthropic_cache_messages=True)
    assert sent.body['messages'][1]['clear_at'] == 'next_user_message'
    assert 'cache_control' in sent.body['messages'][0]['content'][0]
    assert sent.headers == {'anthropic-beta': 'mid-conversation-system-clear-at-2026-08-21'}


# ------------------------------------------------------------------------------ cache


def marks(sent: dict[str, Any]) -> list[str]:
    system = sent.get('system') if isinstance(sent.get('system'), list) else []
    blocks = [*sent.get('tools', []), *(system or []), *(b for m in sent['messages'] for b in m['content'])]
    return [
        f'{block.get("text") or block.get("name")}:{block["cache_control"]["ttl"]}'
        for block in blocks
        if 'cache_control' in block
    ]


def test_the_common_cache_setting() -> None:
    told = ModelRequest(parts=[UserPromptPart('a')], instructions='I')
    sent = body(told, parameters=TOOLS, cache='1h')
    assert marks(sent) == ['city:1h', 'I:1h'] and sent['cache_control'] == {'type': 'ephemeral', 'ttl': '1h'}
    assert 'cache_control' not in body(told, cache={'messages': False})
    assert marks(body(told, cache=True, anthropic_cache_messages=True)) == ['a:5m']


def test_a_cache_point_marks_what_is_before_it() -> None:
    assert marks(body(user('a', CachePoint(), 'b'))) == ['a:5m']
    assert marks(body(ASK, said(TextPart('y')), user(CachePoint(), 'b'))) == ['y:5m']
    with pytest.raises(UserError, match='come first'):
        request(user(CachePoint(), 'b'))
    with pytest.raises(UserError, match='after content'):
        request(ASK, said(ThinkingPart('t', signature='s', provider_name='anthropic')), user(CachePoint(), 'b'))


def test_a_mark_on_a_call_that_is_left_out_stays_behind() -> None:
    call = NativeToolCallPart('web_search', {}, 's1', provider_name='anthropic')
    assert marks(body(ASK, said(TextPart('y'), call), user(CachePoint(), 'b'))) == ['y:5m']


def test_a_tool_that_is_loaded_later_is_not_cached() -> None:
    later: dict[str, Any] = {**TOOLS, 'tool_visibility': {'city': 'deferred'}}
    sent = body(parameters=later, anthropic_cache_tool_definitions=True)
    assert marks(sent) == ['add:5m'] and sent['tools'][1]['defer_loading'] is True


def test_there_are_four_marks_at_most_and_the_oldest_go() -> None:
    many = user('a', CachePoint(), 'b', CachePoint(), 'c', CachePoint(), 'd')
    sent = body(many, parameters=TOOLS, anthropic_cache_tool_definitions=True, anthropic_cache_messages=True)
    assert marks(sent) == ['city:5m', 'b:5m', 'c:5m', 'd:5m']


def test_a_mark_keeps_as_long_as_those_after_it() -> None:
    assert marks(body(user('a', CachePoint(), 'b', CachePoint(ttl='1h'), 'c', CachePoint(), 'd'))) == [
        'a:1h',
        'b:1h',
        'c:5m',
    ]


def test_marks_stand_before_the_one_that_the_provider_places() -> None:
    told = ModelRequest([UserPromptPart(['a', CachePoint(), 'b'])], instructions='I')
    ours = {'anthropic_cache_instructions': '5m', 'anthropic_cache_tool_definitions': '5m'}
    sent = body(told, parameters=TOOLS, anthropic_cache='1h', **ours)
    assert marks(sent) == ['city:1h', 'I:1h', 'a:1h'] and sent['cache_control']['ttl'] == '1h'
    sent = body(told, parameters=TOOLS, anthropic_cache='5m', **dict.fromkeys(ours, '1h'))
    assert marks(sent) == ['city:1h', 'I:1h', 'a:5m'] and sent['cache_control']['ttl'] == '5m'


def test_the_mark_that_the_provider_places_is_one_of_the_four() -> None:
    many = user('a', CachePoint(), 'b', CachePoint(), 'c', CachePoint(), 'd', CachePoint(), 'e')
    assert marks(body(many)) == ['a:5m', 'b:5m', 'c:5m', 'd:5m']
    assert marks(body(many, anthropic_cache=True)) == ['b:5m', 'c:5m', 'd:5m']


def test_the_provider_marks_nothing_that_is_marked_already() -> None:
    assert 'cache_control' not in body(user('a', CachePoint()), anthropic_cache=True)
    with pytest.raises(UserError, match='not both'):
        request(anthropic_cache=True, anthropic_cache_messages=True)


def test_instructions_that_vary_are_not_cached() -> None:
    parts = [InstructionPart('static'), InstructionPart('varies', dynamic=True)]
    assert marks(body(parameters={'instruction_parts': parts}, anthropic_cache_instructions=True)) == ['static:5m']

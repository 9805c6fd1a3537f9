"""What a Gemini request holds, rule by rule; the recorded requests are in `tests/conformance`."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from jupyter_stream import profiles, providers
from jupyter_stream.exceptions import UnsupportedSettingWarning, UserError
from jupyter_stream.messages import (
    BinaryContent,
    BinaryImage,
    CompactionPart,
    DocumentUrl,
    ImageUrl,
    InstructionPart,
    ModelRequest,
    ModelResponse,
    ModelSettingsDeltaPart,
    NativeToolCallPart,
    NativeToolReturnPart,
    RetryFeedbackPart,
    RetryInfo,
    RetryPromptPart,
    SystemPromptPart,
    TextPart,
    ThinkingPart,
    ToolAvailabilityDeltaPart,
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
    MemoryTool,
    WebSearchTool,
)
from jupyter_stream.output import OutputObjectDefinition
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.settings import ToolOrOutput
from jupyter_stream.tools import ToolDefinition
from jupyter_stream.wire.base import Target, WireRequest
from jupyter_stream.wire.gemini import encode, fetchable
from jupyter_stream.wire.schema._gemini import gemini_schema

ASK = ModelRequest.user_text_prompt('hi')
FLASH = 'google:gemini-2.5-flash'
NEWER = 'google:gemini-3-flash-preview'
CLOUD = 'google-cloud:gemini-2.5-flash'
IMAGE = 'google:gemini-3-pro-image'
ADD = ToolDefinition(name='add')
CITY = ToolDefinition(name='city')
FINAL = ToolDefinition(name='final', kind='output')
ANSWER = OutputObjectDefinition({'type': 'object', 'properties': {}}, name='Answer')
SIGNATURE = base64.b64encode(b'\xfb\xff').decode()
SENT_SIGNATURE = base64.urlsafe_b64encode(b'\xfb\xff').decode()
NO_SIGNATURE = base64.urlsafe_b64encode(b'skip_thought_signature_validator').decode()
PNG = BinaryContent(b'\xfb\xff', media_type='image/png', identifier='f1')
WAV = BinaryContent(b'w', media_type='audio/wav', identifier='f2')


def target(name: str) -> Target:
    prefix, _, model = name.partition(':')
    provider = providers.find(prefix)
    assert provider is not None
    return Target(model, provider, profiles.profile(provider, model))


def request(*history: Any, name: str = FLASH, parameters: dict[str, Any] | None = None, **settings: Any) -> WireRequest:
    return encode(target(name), history or (ASK,), settings, ModelRequestParameters(**(parameters or {})))  # type: ignore[arg-type]


def body(*history: Any, **options: Any) -> dict[str, Any]:
    return request(*history, **options).body


def config(**options: Any) -> dict[str, Any]:
    return body(**options)['generationConfig']


def turns(*history: Any, **options: Any) -> list[list[dict[str, Any]]]:
    return [turn['parts'] for turn in body(*history, **options)['contents']]


def user(*content: Any) -> ModelRequest:
    return ModelRequest(parts=[UserPromptPart(list(content))])


def part_of(item: Any, name: str = FLASH) -> Any:
    [[part]] = turns(user(item), name=name)
    return part


def answer(*parts: Any, **more: Any) -> ModelResponse:
    return ModelResponse(parts=list(parts), provider_name='google', **more)


def answered(*parts: Any, name: str = FLASH, **more: Any) -> list[dict[str, Any]]:
    return turns(ASK, answer(*parts, **more), name=name)[1]


# --------------------------------------------------------------- path and settings


def test_a_bare_request() -> None:
    assert request() == WireRequest(
        '/v1beta/models/gemini-2.5-flash:streamGenerateContent',
        {
            'contents': [{'role': 'user', 'parts': [{'text': 'hi'}]}],
            'generationConfig': {'responseModalities': ['TEXT']},
        },
        query={'alt': 'sse'},
    )


@pytest.mark.parametrize(
    ('name', 'resource'),
    [
        ('google:tunedModels/mine', 'tunedModels/mine'),
        ('google:a?b', 'models/a%3Fb'),
        ('google-cloud:gemini-2.5-pro', 'publishers/google/models/gemini-2.5-pro'),
        ('google-cloud:meta/llama', 'publishers/meta/models/llama'),
        ('google-cloud:projects/p/locations/l/endpoints/1', 'projects/p/locations/l/endpoints/1'),
    ],
)
def test_what_the_path_calls_a_model(name: str, resource: str) -> None:
    assert request(name=name).path.partition('/')[2].partition('/')[2] == f'{resource}:streamGenerateContent'


def test_settings_by_their_names_there() -> None:
    said = body(
        temperature=0,
        top_p=0.5,
        top_k=3,
        max_tokens=9,
        stop_sequences=['x'],
        presence_penalty=0.1,
        frequency_penalty=0.2,
        seed=1,
        google_video_resolution='MEDIA_RESOLUTION_LOW',
        google_labels={'a': 'b'},
        google_safety_settings=[{'category': 'C', 'threshold': 'T'}],
        extra_body={'more': 1},
    )
    assert said.pop('generationConfig') == {
        'temperature': 0,
        'topP': 0.5,
        'topK': 3,
        'maxOutputTokens': 9,
        'stopSequences': ['x'],
        'presencePenalty': 0.1,
        'frequencyPenalty': 0.2,
        'seed': 1,
        'mediaResolution': 'MEDIA_RESOLUTION_LOW',
        'responseModalities': ['TEXT'],
    }
    del said['contents']
    assert said == {'labels': {'a': 'b'}, 'safetySettings': [{'category': 'C', 'threshold': 'T'}], 'more': 1}


def test_settings_that_gemini_has_no_word_for_are_named_once() -> None:
    with pytest.warns(UnsupportedSettingWarning, match='logit_bias, parallel_tool_calls') as caught:
        body(logit_bias={'1': 2}, parallel_tool_calls=False)
    assert len(caught) == 1


def test_extra_body_must_be_a_dict() -> None:
    with pytest.raises(UserError, match='extra_body'):
        body(extra_body='x')


def test_a_cached_content_brings_its_own_tools_and_instructions() -> None:
    history = ModelRequest(parts=[SystemPromptPart('s'), UserPromptPart('hi')])
    with pytest.warns(UnsupportedSettingWarning, match='systemInstruction, tools, toolConfig'):
        said = body(history, google_cached_content='cachedContents/1', parameters={'function_tools': [ADD]})
    assert set(said) == {'contents', 'cachedContent', 'generationConfig'}


@pytest.mark.parametrize(
    ('settings', 'headers'),
    [
        ({}, {}),
        ({'service_tier': 'default'}, {}),
        ({'service_tier': 'flex'}, {'X-Vertex-AI-LLM-Shared-Request-Type': 'flex'}),
        ({'google_cloud_service_tier': 'pt_only'}, {'X-Vertex-AI-LLM-Request-Type': 'dedicated'}),
    ],
)
def test_the_service_tier_on_vertex_is_a_header(settings: dict[str, Any], headers: dict[str, str]) -> None:
    sent = request(name=CLOUD, **settings)
    assert sent.headers == headers and 'serviceTier' not in sent.body


def test_the_service_tier_elsewhere_is_in_the_body() -> None:
    assert body(service_tier='default')['serviceTier'] == 'standard'
    assert 'serviceTier' not in body(service_tier='auto')
    with pytest.raises(UserError, match='google_cloud_service_tier'):
        body(name=CLOUD, google_cloud_service_tier='gold')


@pytest.mark.parametrize(
    ('name', 'thinking', 'expected'),
    [
        (FLASH, True, {'include_thoughts': True}),
        (FLASH, 'low', {'include_thoughts': True, 'thinking_budget': 2048}),
        (FLASH, False, {'thinking_budget': 0}),
        ('google:gemini-2.5-pro', False, {'thinking_budget': 128}),
        ('google:gemini-2.0-flash', 'high', None),
        (NEWER, 'xhigh', {'include_thoughts': True, 'thinking_level': 'HIGH'}),
        (NEWER, False, {'thinking_level': 'MINIMAL'}),
        ('google:gemini-3-pro-preview', 'medium', {'include_thoughts': True, 'thinking_level': 'LOW'}),
        ('google:gemini-3.1-pro-preview', False, {'thinking_level': 'LOW'}),
        ('google-cloud:gemini-3.1-pro-preview', False, {'thinking_budget': 0}),
        ('google:gemini-3.1-flash-image', 'medium', {'include_thoughts': True, 'thinking_level': 'HIGH'}),
        ('google-cloud:gemini-3.1-flash-image', 'medium', {'include_thoughts': True, 'thinking_level': 'MEDIUM'}),
    ],
)
@pytest.mark.filterwarnings('ignore:.*they are left out. thinking')
def test_thinking_in_the_words_of_the_model(name: str, thinking: Any, expected: Any) -> None:
    assert config(name=name, thinking=thinking).get('thinkingConfig') == expected


def test_its_own_thinking_setting_wins() -> None:
    said = {'thinking_budget': 7}
    assert config(thinking='high', google_thinking_config=said)['thinkingConfig'] == said


# ------------------------------------------------------------------------- tools


def chosen(choice: Any, name: str = FLASH, **parameters: Any) -> tuple[list[str], Any]:
    given = {'function_tools': [ADD, CITY], **parameters}
    said = body(name=name, parameters=given, tool_choice=choice)
    names = [tool['name'] for tool in said['tools'][0]['functionDeclarations']]
    return names, said['toolConfig']['functionCallingConfig']


@pytest.mark.parametrize(
    ('choice', 'names', 'calling'),
    [
        (None, ['add', 'city'], {'mode': 'VALIDATED'}),
        ('none', ['add', 'city'], {'mode': 'NONE'}),
        ('required', ['add', 'city'], {'mode': 'ANY'}),
        (['add'], ['add', 'city'], {'mode': 'ANY', 'allowedFunctionNames': ['add']}),
        (ToolOrOutput(['add']), ['add'], {'mode': 'VALIDATED'}),
    ],
)
def test_which_tools_may_be_called(choice: Any, names: list[str], calling: dict[str, Any]) -> None:
    assert chosen(choice) == (names, calling)


def test_calls_are_held_to_their_schemas_unless_a_tool_says_no() -> None:
    loose = ToolDefinition(name='loose', strict=False)
    assert chosen(None, function_tools=[ADD, loose])[1] == {'mode': 'AUTO'}
    assert chosen(None, name='google:gemini-2.0-flash')[1] == {'mode': 'AUTO'}


def test_native_tools_and_their_files() -> None:
    files = FileSearchTool(file_store_ids=('s',))
    said = body(name=NEWER, parameters={'native_tools': [WebSearchTool(), files], 'function_tools': [ADD]})
    assert said['tools'][1:] == [{'googleSearch': {}}, {'fileSearch': {'file_search_store_names': ['s']}}]
    assert said['toolConfig']['includeServerSideToolInvocations'] is True
    cloud = body(name='google-cloud:gemini-3-flash-preview', parameters={'native_tools': [WebSearchTool()]})
    assert 'toolConfig' not in cloud


def test_tools_that_the_model_lacks_are_refused_unless_optional() -> None:
    with pytest.raises(UserError, match='MemoryTool'):
        body(parameters={'native_tools': [MemoryTool()]})
    assert 'tools' not in body(parameters={'native_tools': [MemoryTool(optional=True)]})
    with pytest.raises(UserError, match="'image' in its name"):
        body(parameters={'native_tools': [ImageGenerationTool()]})
    with pytest.raises(UserError, match='cannot call tools'):
        body(name=IMAGE, parameters={'function_tools': [ADD]})


def test_older_models_combine_nothing() -> None:
    with pytest.raises(UserError, match='not both'):
        body(parameters={'native_tools': [CodeExecutionTool()], 'function_tools': [ADD]})
    with pytest.raises(UserError, match='`prompted`'):
        body(parameters={'native_tools': [CodeExecutionTool()], 'output_tools': [FINAL], 'output_mode': 'tool'})
    auto = {'output_tools': [FINAL], 'output_mode': 'auto', 'output_object': ANSWER}
    said = body(parameters={'native_tools': [CodeExecutionTool()], **auto})
    assert said['tools'] == [{'codeExecution': {}}] and 'Always respond' in json.dumps(said['systemInstruction'])
    with pytest.raises(UserError, match='mode `native`'):
        body(parameters={'output_mode': 'native', 'output_object': ANSWER, 'function_tools': [ADD]})


# ------------------------------------------------------------------------ output


def test_prompted_json_without_tools_only() -> None:
    prompted = {'output_mode': 'prompted', 'output_object': ANSWER}
    assert config(parameters=prompted)['responseMimeType'] == 'application/json'
    assert 'responseMimeType' not in config(parameters={**prompted, 'function_tools': [ADD]})
    with pytest.raises(UserError, match='JSON'):
        config(name='google:gemini-2.5-flash-image', parameters=prompted)


def test_images() -> None:
    tool = ImageGenerationTool(aspect_ratio='1:1', size='2K', output_format='png')
    only = {'allow_text_output': False, 'allow_image_output': True, 'native_tools': [tool]}
    said = body(name=IMAGE, parameters=only)
    assert 'tools' not in said
    assert said['generationConfig']['responseModalities'] == ['IMAGE']
    assert said['generationConfig']['imageConfig'] == {'aspect_ratio': '1:1', 'image_size': '2K'}
    assert config(name=IMAGE)['responseModalities'] == ['TEXT', 'IMAGE']


def test_the_format_of_an_image_is_for_vertex() -> None:
    def made(**options: Any) -> Any:
        tools = {'native_tools': [ImageGenerationTool(**options)]}
        return config(name='google-cloud:gemini-3-pro-image', parameters=tools)['imageConfig']

    assert made(output_format='webp') == {'output_mime_type': 'image/webp'}
    assert made(output_compression=5) == {'output_mime_type': 'image/jpeg', 'output_compression_quality': 5}
    with pytest.raises(UserError, match='output_compression'):
        made(output_compression=5, output_format='png')
    with pytest.raises(UserError, match='1024x1024'):
        made(size='1024x1024')


# ----------------------------------------------------------------------- schemas


@pytest.mark.parametrize(
    ('schema', 'expected'),
    [
        ({'const': 1, 'title': 'T'}, {'enum': [1], 'type': 'integer'}),
        ({'const': True}, {'enum': [True], 'type': 'boolean'}),
        ({'const': 'a', 'type': 'string'}, {'enum': ['a'], 'type': 'string'}),
        ({'type': 'string', 'format': 'date'}, {'type': 'string', 'description': 'Format: date'}),
        (
            {'type': 'string', 'format': 'date', 'description': 'When'},
            {'type': 'string', 'description': 'When (format: date)'},
        ),
        ({'type': 'integer', 'exclusiveMinimum': 1, 'maximum': 3, 'examples': [2]}, {'type': 'integer', 'maximum': 3}),
        (
            {'anyOf': [{'const': 'a', 'description': 'first'}, {'const': 'b'}], 'description': 'Which'},
            {'enum': ['a', 'b'], 'type': 'string', 'description': 'Which\na: first'},
        ),
        (
            {'anyOf': [{'const': 'a'}, {'const': 1}]},
            {'anyOf': [{'enum': ['a'], 'type': 'string'}, {'enum': [1], 'type': 'integer'}]},
        ),
        *(
            ({'anyOf': [*types, {'type': 'null'}]}, {'anyOf': [*types, {'type': 'null'}]})
            for types in ([{'type': 'string'}], [{'type': 'string'}, {'type': 'integer'}])
        ),
        (
            {'$defs': {'D': {'title': 'D', 'type': 'object'}}, '$ref': '#/$defs/D'},
            {'$defs': {'D': {'type': 'object'}}, '$ref': '#/$defs/D'},
        ),
    ],
)
def test_schemas(schema: dict[str, Any], expected: dict[str, Any]) -> None:
    before = json.dumps(schema)
    assert gemini_schema(schema) == expected
    assert json.dumps(schema) == before


def test_a_malformed_schema_names_its_tool() -> None:
    broken = ToolDefinition(name='broken', parameters_json_schema={'type': 'object', 'properties': {'a': 1}})
    with pytest.raises(UserError, match="Tool 'broken'"):
        body(parameters={'function_tools': [broken]})


# ----------------------------------------------------------------------- history


def test_system_prompts_and_instructions_in_order() -> None:
    history = ModelRequest(parts=[SystemPromptPart('one'), UserPromptPart('hi')])
    parts = [InstructionPart(content='two'), InstructionPart(content='three', dynamic=True)]
    said = body(history, parameters={'instruction_parts': parts})
    assert said['systemInstruction'] == {'role': 'user', 'parts': [{'text': text} for text in ('one', 'two', 'three')]}


def test_the_first_turn_is_the_users() -> None:
    assert turns(answer(TextPart('a'))) == [[{'text': ''}], [{'text': 'a'}]]


def test_nothing_follows_a_function_response_in_its_turn() -> None:
    returns = [ToolReturnPart('f', 1, 'c1'), ToolReturnPart('g', 'x', 'c2')]
    first, second = turns(ModelRequest(parts=[*returns, UserPromptPart('go on')]))
    assert [part['functionResponse']['id'] for part in first] == ['c1', 'c2']
    assert second == [{'text': 'go on'}]


@pytest.mark.parametrize(
    ('content', 'more', 'response'),
    [
        ({'a': 1}, {}, {'a': 1}),
        ('x', {}, {'return_value': 'x'}),
        (['x', 'y'], {'outcome': 'failed'}, {'error': '["x","y"]'}),
        ({'a': [{'$ref': '#/x'}]}, {}, {'output': '{"a":[{"$ref":"#/x"}]}'}),
    ],
)
def test_function_responses(content: Any, more: dict[str, Any], response: dict[str, Any]) -> None:
    [[part]] = turns(ModelRequest(parts=[ToolReturnPart('f', content, 'c1', **more)]))
    assert part == {'functionResponse': {'name': 'f', 'response': response, 'id': 'c1'}}


def test_the_files_of_a_tool_go_inside_where_they_can() -> None:
    history = ModelRequest(parts=[ToolReturnPart('f', ['see', PNG, WAV], 'c1'), UserPromptPart('and?')])
    [[part], shown] = turns(history, name=NEWER)
    assert part['functionResponse']['parts'] == [{'inline_data': {'data': '-_8=', 'mime_type': 'image/png'}}]
    assert part['functionResponse']['response'] == {'output': [{'return_value': 'see'}, 'See file f2.']}
    opening, file, closing, said = shown
    assert opening == {'text': '<pyai:tool_result tool_name="f" tool_call_id="c1" file_id="f2">'}
    assert (file, closing) == (
        {'inlineData': {'data': 'dw==', 'mime_type': 'audio/wav'}},
        {'text': '</pyai:tool_result>'},
    )
    assert said == {'text': 'and?'}
    [[older], _] = turns(history)
    assert 'parts' not in older['functionResponse']


def test_retries() -> None:
    feedback = RetryFeedbackPart('Please return text.', retry=RetryInfo('no_output'))
    asked = RetryPromptPart('Bad city', tool_name='f', tool_call_id='c1')
    [[response], [said]] = turns(ModelRequest(parts=[asked, feedback]))
    assert response['functionResponse']['response'] == {'error': 'Bad city'}
    assert said == {'text': '<system>Please return text.</system>'}


def test_parts_that_can_not_be_said() -> None:
    settings = ModelSettingsDeltaPart(settings={'thinking': 'low'})
    assert turns(ModelRequest(parts=[settings, UserPromptPart('hi')])) == [[{'text': 'hi'}]]
    with pytest.raises(UserError, match='ToolAvailabilityDeltaPart'):
        turns(ModelRequest(parts=[ToolAvailabilityDeltaPart(tools_added=['x'])]))


# ----------------------------------------------------------------------- answers


def test_a_signature_goes_back_with_its_part_and_a_thoughts_with_the_next() -> None:
    details = {'thought_signature': SIGNATURE}
    found = answered(
        ThinkingPart('hm', signature=SIGNATURE, provider_name='google'),
        TextPart('a'),
        TextPart('b', provider_name='google', provider_details=details),
        TextPart('c'),
    )
    assert [part.get('thoughtSignature') for part in found] == [None, SENT_SIGNATURE, SENT_SIGNATURE, None]


@pytest.mark.parametrize(
    ('more', 'name', 'goes'),
    [
        ({'canonical_system': 'google'}, FLASH, True),
        ({'canonical_system': 'google'}, CLOUD, False),
        ({'canonical_system': 'google-cloud'}, FLASH, False),
        ({}, FLASH, True),
    ],
)
def test_signatures_go_to_the_address_that_issued_them(more: dict[str, Any], name: str, goes: bool) -> None:
    part = TextPart('a', provider_name='google', provider_details={'thought_signature': SIGNATURE})
    assert ('thoughtSignature' in answered(part, name=name, **more)[0]) is goes


def test_the_first_call_of_a_turn_has_a_signature_in_any_case() -> None:
    own = {'provider_name': 'google', 'provider_details': {'thought_signature': SIGNATURE}}
    first, second = answered(ToolCallPart('f', '{"a":1}', 'c1'), ToolCallPart('g', None, 'c2'))
    assert first == {'functionCall': {'name': 'f', 'args': {'a': 1}, 'id': 'c1'}, 'thoughtSignature': NO_SIGNATURE}
    assert second == {'functionCall': {'name': 'g', 'args': {}, 'id': 'c2'}}
    assert answered(ToolCallPart('f', {}, 'c1', **own))[0]['thoughtSignature'] == SENT_SIGNATURE


def test_a_damaged_signature_is_named() -> None:
    with pytest.raises(UserError, match='damaged'):
        answered(ThinkingPart('', signature='x', provider_name='google'), TextPart('a'))


def test_native_tools_go_back_where_they_are_known() -> None:
    own = {'provider_name': 'google'}
    code = NativeToolCallPart('code_execution', {'code': '1'}, 'pyd_ai_1', **own)  # type: ignore[arg-type]
    result = NativeToolReturnPart('code_execution', {'outcome': 'OUTCOME_OK'}, 'pyd_ai_1', **own)  # type: ignore[arg-type]
    search = NativeToolCallPart('web_search', {'queries': ['a']}, 't1', **own)  # type: ignore[arg-type]
    found = NativeToolReturnPart('web_search', {'x': 1, 'sources': []}, 't1', **own)  # type: ignore[arg-type]
    files = NativeToolReturnPart('file_search', [1], 't2', **own)  # type: ignore[arg-type]
    invented = NativeToolCallPart('web_search', {}, 'pyd_ai_2', **own)  # type: ignore[arg-type]
    media = NativeToolCallPart('media_processing', None, 't3', **own)  # type: ignore[arg-type]
    foreign = NativeToolCallPart('web_search', {}, 't4', provider_name='openai')
    parts = [code, result, search, found, files, invented, media, foreign, CompactionPart('c')]
    executed = [{'executableCode': {'code': '1'}}, {'codeExecutionResult': {'outcome': 'OUTCOME_OK'}}]
    invoked = {'id': 't1', 'tool_type': 'GOOGLE_SEARCH_WEB'}
    assert answered(*parts, name=NEWER) == [
        *executed,
        {'toolCall': {**invoked, 'args': {'queries': ['a']}}},
        {'toolResponse': {**invoked, 'response': {'x': 1}}},
        {'toolResponse': {'id': 't2', 'tool_type': 'FILE_SEARCH', 'response': {'result': [1]}}},
    ]
    assert answered(*parts) == executed


def test_an_answer_that_never_began_is_told_as_none() -> None:
    assert turns(ASK, answer(ThinkingPart('')), ASK) == [[{'text': 'hi'}], [{'text': '(no answer)'}], [{'text': 'hi'}]]


# ------------------------------------------------------------------------- files


def test_bytes_are_base64_for_urls() -> None:
    assert part_of(PNG) == {'inlineData': {'data': '-_8=', 'mime_type': 'image/png'}}


def test_what_is_said_of_a_file_goes_beside_it() -> None:
    said = {'media_resolution': 'HIGH', 'media_processing': 'x', 'fps': 2}
    film = BinaryContent(b'v', media_type='video/mp4', vendor_metadata=said)
    part = part_of(film)
    assert (part['mediaResolution'], part['mediaProcessing'], part['videoMetadata']) == ('HIGH', 'x', {'fps': 2})
    address = 'https://generativelanguage.googleapis.com/v1beta/files/1'
    page = DocumentUrl(address, vendor_metadata=said, media_type='application/pdf')
    assert 'videoMetadata' not in part_of(page)
    assert said == {'media_resolution': 'HIGH', 'media_processing': 'x', 'fps': 2}
    with pytest.raises(UserError, match='pass media_type'):
        part_of(DocumentUrl(address))


YOUTUBE = VideoUrl('https://youtu.be/x')
FILES_API = ImageUrl('https://generativelanguage.googleapis.com/v1beta/files/1', media_type='image/png')
BUCKET = VideoUrl('gs://b/v.mp4')
WEB = ImageUrl('https://x.test/a.png')
FORCED = ImageUrl('https://x.test/a.png', force_download=True)


@pytest.mark.parametrize(
    ('url', 'on_gemini', 'on_vertex'),
    [
        (YOUTUBE, False, False),
        (FILES_API, False, False),
        (BUCKET, True, False),
        (WEB, True, False),
        (FORCED, True, True),
        (PNG, False, False),
    ],
)
def test_which_urls_are_to_be_downloaded(url: Any, on_gemini: bool, on_vertex: bool) -> None:
    assert (fetchable(target(FLASH), url), fetchable(target(CLOUD), url)) == (on_gemini, on_vertex)
    if on_gemini:
        with pytest.raises(UserError, match='downloaded'):
            part_of(url)
    elif url is not PNG:
        assert part_of(url)['fileData']['file_uri'] == url.url


def test_uploaded_files_are_the_providers_own() -> None:
    https, bucket = 'https://generativelanguage.googleapis.com/v1beta/files/1', 'gs://b/a.pdf'
    file = UploadedFile(https, 'google', media_type='application/pdf')
    assert part_of(file) == {'fileData': {'file_uri': https, 'mime_type': 'application/pdf'}}
    assert part_of(UploadedFile(bucket, 'google-cloud'), name=CLOUD)['fileData']['file_uri'] == bucket
    with pytest.raises(UserError, match='lies with'):
        part_of(UploadedFile('f', 'openai'))
    with pytest.raises(UserError, match='begins with'):
        part_of(UploadedFile(bucket, 'google'))


def test_images_in_the_history_go_back() -> None:
    from jupyter_stream.messages import FilePart

    [part] = answered(FilePart(BinaryImage(b'\xfb\xff', media_type='image/png')))
    assert part == {'inlineData': {'data': '-_8=', 'mime_type': 'image/png'}}

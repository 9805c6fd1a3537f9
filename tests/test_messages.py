"""Messages behave, look and save as those of pydantic_ai: what one writes, the other reads and writes the same."""

import json
import pickle
import warnings
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pydantic_ai.messages as peer
import pydantic_ai.usage as peer_usage
import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from jupyter_stream import messages as ours
from jupyter_stream import usage as our_usage
from jupyter_stream.exceptions import UnexpectedModelBehavior, UserError

T = datetime(2026, 1, 2, 3, 4, 5, 600000, tzinfo=UTC)
ERRORS = [
    {'type': 'missing', 'loc': ('a',), 'msg': 'Field required', 'input': {'b': '<x>'}},
    {'type': 'int_parsing', 'loc': ('c', 0, 'd'), 'msg': 'no int', 'input': 'é', 'ctx': {'error': 'e'}},
    {'type': 'missing', 'loc': ('e',), 'msg': 'Field required', 'input': {'b': '<x>'}},
]


def user_contents(m):
    return {
        'text': 'plain',
        'tagged': m.TextContent('tagged', metadata={'k': [1]}),
        'structured': m.StructuredContent({'a': '<b>&'}, tag='state', description='The state'),
        'image': m.ImageUrl('https://x.org/a.png'),
        'image-all': m.ImageUrl(
            'https://x.org/a', media_type='image/webp', identifier='me', force_download=True, vendor_metadata={'d': 1}
        ),
        'image-untold': m.ImageUrl('https://x.org/a'),
        'audio': m.AudioUrl('https://x.org/a.wav'),
        'video': m.VideoUrl('https://youtu.be/xyz', force_download='allow-local'),
        'document': m.DocumentUrl('https://x.org/a.docx'),
        'binary': m.BinaryContent(b'\xff\xfe\x00', media_type='application/pdf', identifier='doc'),
        'binary-image': m.BinaryContent(b'\xfb\xff', media_type='image/png'),
        'binary-audio': m.BinaryAudio(b'\xfb\xff', media_type='audio/wav'),
        'uploaded': m.UploadedFile('file-1', 'openai'),
        'uploaded-s3': m.UploadedFile('s3://b/k.pdf', 'bedrock', media_type='application/pdf', identifier='k'),
        'cache': m.CachePoint(ttl='1h'),
    }


def tool_contents(m):
    image = m.ImageUrl('https://x.org/a.png', force_download=True)
    return {
        'none': None,
        'text': 'done',
        'number': 3,
        'list': [1, 'two', None],
        'object': {'a': {'b': [1.5, True]}},
        'date': T,
        'dates': [T],
        'file': image,
        'binary': m.BinaryContent(b'\xff', media_type='image/png'),
        'file-in-list': ['see', image, {'n': 1}],
        'file-in-object': {'a': [image, m.UploadedFile('file-1', 'openai')], 'b': 1},
        'bytes-in-object': {'a': m.BinaryContent(b'\xff\xfe', media_type='application/pdf')},
        'looks-like-a-file': {'kind': 'image-url', 'url': 'https://x.org/a.png'},
        'untold-file': [m.DocumentUrl('https://x.org/a')],
        'tagged-text': [m.TextContent('t', metadata=1)],
    }


def request_parts(m):
    parts = {
        'system': m.SystemPromptPart('be brief', timestamp=T),
        'system-all': m.SystemPromptPart(
            's', timestamp=T, dynamic_ref='r', context_id='c', scope='request', metadata={'a': 1}
        ),
        'user': m.UserPromptPart('héllo\ud83d\ude00'.encode('utf-16', 'surrogatepass').decode('utf-16'), timestamp=T),
        'speech': m.SpeechPart(
            speaker='user',
            transcript='hi',
            audio=m.BinaryContent(b'\x00', media_type='audio/wav'),
            timestamps=[m.SpeechTimestamp(text='hi', start_ms=0, duration_ms=5)],
        ),
        'retry-feedback': m.RetryFeedbackPart(
            'again', retry=m.RetryInfo('model_retry', attempt=1, max_retries=2), timestamp=T
        ),
        'retry-errors': m.RetryFeedbackPart(deepcopy(ERRORS), retry=m.RetryInfo('validation_error'), timestamp=T),
        'availability': m.ToolAvailabilityDeltaPart(tools_added=['a'], tool_call_id='t'),
        'capability': m.CapabilityLoadDeltaPart(loaded=['a']),
        'settings': m.ModelSettingsDeltaPart(settings={'thinking': 'high'}, top_level=True),
        'instruction': m.InstructionDeltaPart(
            id=m.InstructionId(m.ToolsetInstructionSource('t'), name='n'), content='x', base_hash='h'
        ),
        'withdrawn': m.InstructionDeltaPart(id=m.InstructionId(m.AgentInstructionSource()), content=None),
        'baseline': m.InstructionBaselinePart(
            instructions=[
                m.InstructionPart('do', dynamic=True, id=m.InstructionId(m.RunInstructionSource(), name='r')),
                m.InstructionDigest(id=m.InstructionId(m.CapabilityInstructionSource('c')), content_hash='h'),
            ]
        ),
        'compaction': m.CompactionPart('before', metadata={'a': 1}),
        'tool-retried': m.ToolReturnPart(
            'f', 'bad', 'id', timestamp=T, outcome='retried', retry=m.RetryInfo('validation_error', attempt=1)
        ),
        'tool-kind': m.ToolReturnPart('f', 'x', 'id', timestamp=T, tool_kind='inventory.lookup', metadata=[1]),
    }
    for name, item in user_contents(m).items():
        parts[f'user-{name}'] = m.UserPromptPart([item, 'after'], timestamp=T)
    for name, content in tool_contents(m).items():
        parts[f'tool-{name}'] = m.ToolReturnPart('f', content, 'id', timestamp=T)
    return parts


def response_parts(m):
    provider = {'id': 'i', 'provider_name': 'p', 'provider_details': {'k': [None]}}
    web = m.WebCitationSource('https://x.org', title='t', excerpts=['e'])
    return {
        'text': m.TextPart('héllo'),
        'text-all': m.TextPart(
            'x',
            **provider,
            citations=[
                m.Citation([web], anchor=m.ContentCitationAnchor(start=0, end=1)),
                m.Citation([m.DocumentCitationSource(document_id='d')], anchor=m.MarkerCitationAnchor(start=0, end=1)),
            ],
        ),
        'thinking': m.ThinkingPart('hm', signature='s', **provider),
        'tool-call': m.ToolCallPart('f', {'a': 1}, 'id', **provider),
        'tool-call-text': m.ToolCallPart('f', '{"a":', 'id'),
        'tool-call-kind': m.ToolCallPart('f', None, 'id', tool_kind='inventory.lookup'),
        'native-call': m.NativeToolCallPart('web_search', {'q': 'x'}, 'id', **provider),
        'native-return': m.NativeToolReturnPart(
            'web_search', [{'url': 'u'}], 'id', timestamp=T, provider_name='p', provider_details={'a': 1}
        ),
        'compaction': m.CompactionPart('before', **provider),
        'file': m.FilePart(m.BinaryImage(b'\xff\xfe', media_type='image/png'), **provider),
        'speech': m.SpeechPart(speaker='assistant', transcript='hi', interrupted_at_ms=5, **provider),
    }


def responses(m, u):
    usage = u.RequestUsage(input_tokens=3, output_tokens=4, details={'a': 1}, cost=Decimal('0.01'), web_searches=2)
    attempt = m.ModelRequestAttempt(
        model_name='m',
        outcome='error',
        error='E',
        timestamp=T,
        duration=timedelta(seconds=1.5),
        usage=u.RequestUsage(input_tokens=3),
    )
    return {
        'empty': m.ModelResponse([], timestamp=T),
        'all': m.ModelResponse(
            [m.TextPart('a')],
            usage=usage,
            model_name='m',
            model_id='p:m',
            timestamp=T,
            provider_name='p',
            provider_url='https://p',
            canonical_system='p',
            provider_details={'timestamp': T},
            provider_response_id='r',
            finish_reason='stop',
            run_id='run',
            conversation_id='c',
            metadata={'a': 1},
            workspace_ref=m.WorkspaceRef(provider='p', id='w'),
            history_digest='h',
            failed_attempts=[attempt],
            state='interrupted',
        ),
        'unmeasured': m.ModelResponse([], usage=u.RequestUsage(unmeasured_requests=1), timestamp=T),
    }


def messages(m, u):
    requests = {f'request-{name}': m.ModelRequest([part], timestamp=T) for name, part in request_parts(m).items()}
    answers = {f'response-{name}': m.ModelResponse([part], timestamp=T) for name, part in response_parts(m).items()}
    whole = m.ModelRequest(
        [], timestamp=T, instructions='i', run_id='r', conversation_id='c', metadata={'a': 1}, state='interrupted'
    )
    return {**requests, **answers, **responses(m, u), 'request': whole}


OURS, PEERS = messages(ours, our_usage), messages(peer, peer_usage)

NOT_A_FIXPOINT = {
    # A date is saved as text beside an (empty) list of files; loaded, it is text, which has none: so at the peer too.
    'request-tool-date',
}
load, dump = ours.ModelMessagesTypeAdapter.validate_json, ours.ModelMessagesTypeAdapter.dump_json
peer_load, peer_dump = peer.ModelMessagesTypeAdapter.validate_json, peer.ModelMessagesTypeAdapter.dump_json


@pytest.mark.parametrize('name', PEERS)
def test_what_the_peer_saves_loads_and_saves_the_same(name):
    saved = peer_dump([PEERS[name]])
    assert dump(load(saved)) == peer_dump(peer_load(saved))
    assert (dump(load(saved)) == saved) is (name not in NOT_A_FIXPOINT)


@pytest.mark.parametrize('name', PEERS)
def test_what_we_save_the_peer_loads_and_saves_the_same(name):
    saved = dump([OURS[name]])
    assert peer_dump(peer_load(saved)) == dump(load(saved))


@pytest.mark.parametrize('name', PEERS)
def test_both_save_the_same(name):
    assert dump([OURS[name]]) == peer_dump([PEERS[name]])


@pytest.mark.parametrize('name', PEERS)
def test_reprs_are_the_peers_before_and_after_loading(name):
    assert repr(OURS[name]) == repr(PEERS[name])
    saved = peer_dump([PEERS[name]])
    assert repr(load(saved)) == repr(peer_load(saved))


@pytest.mark.parametrize('name', PEERS)
def test_loading_is_loading_from_python_values_too(name):
    as_python = peer.ModelMessagesTypeAdapter.dump_python([PEERS[name]], mode='json')
    assert ours.ModelMessagesTypeAdapter.dump_python([OURS[name]], mode='json') == as_python
    assert dump(ours.ModelMessagesTypeAdapter.validate_python(as_python)) == dump(load(peer_dump([PEERS[name]])))


@pytest.mark.parametrize('name', PEERS)
def test_a_message_is_equal_to_what_it_was_saved_from(name):
    (loaded,) = load(dump([OURS[name]]))
    (again,) = load(dump([loaded]))
    assert again == loaded
    assert pickle.loads(pickle.dumps(OURS[name])) == OURS[name] == deepcopy(OURS[name])


def test_the_extra_counts_of_an_attempt_are_kept():
    # The peer loses them here: it saves a usage inside an attempt by its known fields only.
    (loaded,) = load(dump([attempted(our_usage.RequestUsage(web_searches=2))]))
    assert loaded.failed_attempts[0].usage.web_searches == 2


def attempted(usage):
    attempt = ours.ModelRequestAttempt(
        model_name='m', outcome='rejected', timestamp=T, duration=timedelta(1), usage=usage
    )
    return ours.ModelResponse([], timestamp=T, failed_attempts=[attempt])


OLD = {
    'vendor names': '[{"kind":"response","parts":[],"vendor_details":{"a":1},"vendor_id":"v",'
    '"timestamp":"2026-01-02T03:04:05Z","usage":{"request_tokens":3,"response_tokens":4,"details":null}}]',
    'null tokens': '[{"kind":"response","parts":[],"timestamp":"2026-01-02T03:04:05Z",'
    '"usage":{"requests":1,"request_tokens":null,"response_tokens":null,"total_tokens":null}}]',
    'tools added': '[{"kind":"request","parts":[{"part_kind":"tool-availability-delta","added":["a"]}]}]',
    'baseline without kinds': '[{"kind":"request","parts":[{"part_kind":"instruction-baseline",'
    '"instructions":[{"content":"x","id":"newer:thing"}]}]}]',
    'unknown keys': '[{"kind":"response","timestamp":"2026-01-02T03:04:05Z","new":1,'
    '"parts":[{"part_kind":"text","content":"x","new":1}]}]',
    'unrecorded web file': '[{"kind":"request","parts":[{"part_kind":"tool-return","tool_name":"f","tool_call_id":"i",'
    '"timestamp":"2026-01-02T03:04:05Z","content":[{"kind":"image-url","url":"https://x/a.png",'
    '"media_type":"image/png","force_download":"allow-local"}]}]}]',
    'unrecorded local file': '[{"kind":"request","parts":[{"part_kind":"tool-return","tool_name":"f",'
    '"tool_call_id":"i","timestamp":"2026-01-02T03:04:05Z",'
    '"content":[{"kind":"image-url","url":"gs://x/a.png","media_type":"image/png"}]}]}]',
    'forged file': '[{"kind":"request","parts":[{"part_kind":"tool-return","tool_name":"f","tool_call_id":"i",'
    '"timestamp":"2026-01-02T03:04:05Z","content_file_digests":[],'
    '"content":[{"kind":"image-url","url":"https://x/a.png","media_type":"image/png"}]}]}]',
    **{
        f'retry, {what}, {of}': json.dumps(
            [
                {
                    'kind': 'request',
                    'parts': [
                        {
                            'part_kind': 'retry-prompt',
                            'content': content,
                            'tool_name': tool,
                            'tool_call_id': 'i',
                            'timestamp': '2026-01-02T03:04:05Z',
                        }
                    ],
                }
            ]
        )
        for what, content in (('text', 'again'), ('errors', ERRORS))
        for of, tool in (('of a tool', 'f'), ('of an answer', None))
    },
}


@pytest.mark.parametrize('name', OLD)
def test_old_and_odd_histories_become_what_they_become_at_the_peer(name):
    assert dump(load(OLD[name])) == peer_dump(peer_load(OLD[name]))
    assert repr(load(OLD[name])) == repr(peer_load(OLD[name]))


def test_typed_tool_parts_of_an_agent_are_plain_parts_here_with_the_same_json():
    history = [
        peer.ModelResponse(
            [
                peer.ToolSearchCallPart(args={'queries': ['q']}, tool_call_id='i'),
                peer.NativeToolSearchCallPart(args={'queries': ['q']}, tool_call_id='n'),
                peer.NativeToolSearchReturnPart(content={'discovered_tools': []}, tool_call_id='n', timestamp=T),
            ],
            timestamp=T,
        ),
        peer.ModelRequest(
            [peer.ToolSearchReturnPart(content={'discovered_tools': [{'name': 'a'}]}, tool_call_id='i', timestamp=T)]
        ),
    ]
    saved = peer_dump(history)
    loaded = load(saved)
    assert dump(loaded) == saved
    assert [type(part) for part in loaded[0].parts] == [
        ours.ToolCallPart,
        ours.NativeToolCallPart,
        ours.NativeToolReturnPart,
    ]


def test_an_old_retry_still_in_memory_is_saved_as_what_it_is():
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        theirs = peer_dump([peer.ModelRequest([peer.RetryPromptPart('x', tool_call_id='i', timestamp=T)])])
    assert dump([ours.ModelRequest([ours.RetryPromptPart('x', tool_call_id='i', timestamp=T)])]) == theirs


@pytest.mark.parametrize('broken', ['{', '[{"kind":"x"}]', '[{"kind":"request","parts":[{"part_kind":"x"}]}]'])
def test_a_broken_history_is_a_validation_error(broken):
    with pytest.raises(ValidationError):
        load(broken)


def test_the_adapter_has_the_rest_of_an_adapter():
    assert ours.ModelMessagesTypeAdapter.json_schema(mode='serialization')['type'] == 'array'
    assert ours.ModelMessagesTypeAdapter.json_schema()['type'] == 'array'
    assert ours.ModelMessagesTypeAdapter.validate_strings is not None

    class Saved(BaseModel):
        history: list[ours.ModelMessage]

    assert Saved.model_validate({'history': []}).history == []


def same(call, theirs, mine):
    """What `call` gives, or the kind of error that it raises, is the same for both."""
    outcomes = []
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        for thing in (theirs, mine):
            try:
                outcomes.append(repr(call(thing)))
            except Exception as error:
                outcomes.append(type(error).__name__)
    assert outcomes[0] == outcomes[1]


@pytest.mark.parametrize('name', user_contents(ours))
@pytest.mark.parametrize(
    'attribute',
    ['media_type', 'identifier', 'format', 'is_image', 'is_document', 'is_audio', 'is_video', 'data_uri', 'content'],
)
def test_content_says_the_same_of_itself(name, attribute):
    same(lambda item: getattr(item, attribute), user_contents(peer)[name], user_contents(ours)[name])


EXTENSIONS = ['txt', 'md', 'csv', 'html', 'json', 'yaml', 'toml', 'xml', 'pdf', 'doc', 'xlsx', 'pptx', 'odt', 'rtf']
EXTENSIONS += ['png', 'jpg', 'gif', 'webp', 'svg', 'mp3', 'wav', 'oga', 'flac', 'aac', 'mkv', 'mp4', 'wmv', 'nope', '']


@pytest.mark.parametrize('extension', EXTENSIONS)
@pytest.mark.parametrize('attribute', ['media_type', 'format'])
@pytest.mark.parametrize('kind', ['ImageUrl', 'AudioUrl', 'VideoUrl', 'DocumentUrl'])
def test_media_types_are_guessed_alike(extension, attribute, kind):
    url = f'https://x.org/file.{extension}?v=1'
    same(lambda m: getattr(getattr(m, kind)(url), attribute), peer, ours)


@pytest.mark.parametrize(
    'media_type', ['text/plain; charset=utf-8', 'application/ld+json', 'application/epub+zip', 'x/y']
)
@pytest.mark.parametrize('attribute', ['format', 'is_document'])
def test_bytes_are_judged_alike(media_type, attribute):
    same(lambda m: getattr(m.BinaryContent(b'', media_type=media_type), attribute), peer, ours)


def test_bytes_from_a_path_and_a_data_uri(tmp_path):
    path = tmp_path / 'a.png'
    path.write_bytes(b'\x89PNG')
    image = ours.BinaryContent.from_path(path)
    assert image == ours.BinaryImage(b'\x89PNG', media_type='image/png')
    assert ours.BinaryContent.from_data_uri(image.data_uri) == image
    with pytest.raises(FileNotFoundError):
        ours.BinaryContent.from_path(tmp_path / 'none')
    for wrong in ('http://x', 'data:text/plain,x'):
        with pytest.raises(ValueError, match='data URI'):
            ours.BinaryContent.from_data_uri(wrong)
    with pytest.raises(ValueError, match='image/'):
        ours.BinaryImage(b'', media_type='text/plain')


@pytest.mark.parametrize('content', [b'bytes', {'a': 1}, 3, ['ok', 3], [b'x'], None])
def test_a_prompt_that_is_no_prompt_is_refused_where_it_is_made(content):
    with pytest.raises(ValueError, match='make it text first'):
        ours.UserPromptPart(content)


def test_citations_are_checked():
    with pytest.raises(ValueError, match='at least one source'):
        ours.Citation([])
    for start, end in ((-1, 2), (3, 3)):
        with pytest.raises(ValueError, match='0 <= start < end'):
            ours.ContentCitationAnchor(start=start, end=end)


def test_a_part_of_the_wrong_speaker_is_refused():
    with pytest.raises(ValueError, match="speaker='user'"):
        ours.ModelRequest([ours.SpeechPart(speaker='assistant')])
    with pytest.raises(ValueError, match='ModelResponse'):
        ours.ModelRequest([ours.CompactionPart('x', provider_name='p')])


@pytest.mark.parametrize('name', tool_contents(ours))
@pytest.mark.parametrize('outcome', ['success', 'failed', 'retried'])
@pytest.mark.parametrize(
    'call',
    [
        lambda part: part.model_response_str(),
        lambda part: part.model_response_str(wrap_if_error=False),
        lambda part: part.model_response_object(),
        lambda part: part.model_response_object(wrap_if_error=False),
        lambda part: part.content_items(),
        lambda part: part.content_items(mode='str'),
        lambda part: part.content_items(mode='jsonable', wrap_if_error=False),
        lambda part: part.model_response_str_and_user_content(),
        lambda part: part.files,
        lambda part: part.has_content(),
    ],
)
def test_the_model_is_told_the_same_of_what_a_tool_returned(name, outcome, call):
    made = [m.ToolReturnPart('f', tool_contents(m)[name], 'i"d', timestamp=T, outcome=outcome) for m in (peer, ours)]
    same(call, *made)


ARGS = [None, '', '{}', {}, {'a': 'é', 'b': [T]}, '{"a": 1}', '{"a":', '[1]', '"x"', 'null', '{"a": NaN}']


@pytest.mark.parametrize('args', ARGS, ids=repr)
@pytest.mark.parametrize(
    'call',
    [
        lambda part: part.args_as_dict(),
        lambda part: part.args_as_dict(raise_if_invalid=True),
        lambda part: part.args_as_json_str(),
        lambda part: part.has_content(),
    ],
)
def test_arguments_are_read_alike(args, call):
    same(call, peer.ToolCallPart('f', args), ours.ToolCallPart('f', args))


@pytest.mark.parametrize('content', ['again', [], ERRORS[:1], ERRORS], ids=['text', 'none', 'one', 'three'])
@pytest.mark.parametrize('tool', ['f', None])
def test_an_old_retry_tells_the_model_the_same(content, tool):
    same(lambda m: m.RetryPromptPart(deepcopy(content), tool_name=tool).model_response(), peer, ours)


@pytest.mark.parametrize(
    'content', ['again', 'Please return text or call a tool.', ERRORS], ids=['text', 'own', 'errors']
)
@pytest.mark.parametrize('cause', ['validation_error', 'no_output', 'model_retry'])
def test_feedback_tells_the_model_the_same(content, cause):
    same(lambda m: m.RetryFeedbackPart(deepcopy(content), retry=m.RetryInfo(cause)).model_response(), peer, ours)


def test_a_validation_error_becomes_a_retry():
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(int).validate_python('x')
    part = ours.RetryPromptPart.from_error(caught.value, tool_name='f', tool_call_id='i')
    assert (part.tool_name, part.tool_call_id) == ('f', 'i') and part.content[0]['type'] == 'int_parsing'


def test_instructions_are_joined_and_sorted_alike():
    def both(m):
        parts = [m.InstructionPart(' a', dynamic=True), m.InstructionPart('b'), m.InstructionPart('')]
        return m.InstructionPart.join(parts), m.InstructionPart.sorted(parts), m.InstructionPart.join([])

    same(both, peer, ours)


PARTS_OF_AN_ANSWER = [
    [],
    ['text'],
    ['text', 'text'],
    ['text', 'thinking', 'text', 'speech'],
    ['file', 'tool-call', 'native-call', 'native-return', 'native-call'],
]


@pytest.mark.parametrize('names', PARTS_OF_AN_ANSWER, ids='+'.join)
@pytest.mark.parametrize('attribute', ['text', 'thinking', 'files', 'images', 'tool_calls', 'native_tool_calls'])
def test_an_answer_says_the_same_of_itself(names, attribute):
    made = [m.ModelResponse([response_parts(m)[name] for name in names], timestamp=T) for m in (peer, ours)]
    same(lambda response: getattr(response, attribute), *made)


def test_the_price_without_its_package_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__('sys').modules, 'genai_prices', None)
    with pytest.raises(UserError, match=r'pip install "jupyter-stream\[prices\]"'):
        ours.ModelResponse([], model_name='gpt-4o').cost()
    with pytest.raises(UserError, match='model_name'):
        ours.ModelResponse([]).cost()
    with pytest.raises(ValueError, match='did not say'):
        ours.ModelResponse([], model_name='m', usage=our_usage.RequestUsage(unmeasured_requests=1)).cost()


def test_a_price():
    response = ours.ModelResponse(
        [], model_name='gpt-4o', provider_name='openai', usage=our_usage.RequestUsage(input_tokens=1_000_000)
    )
    assert response.cost().total_price == Decimal('2.5')


def deltas(m):
    return {
        'text': m.TextPartDelta('b'),
        'text-all': m.TextPartDelta(
            'b', provider_name='q', provider_details={'z': 1}, citations_delta=[m.Citation([m.WebCitationSource('u')])]
        ),
        'thinking': m.ThinkingPartDelta(content_delta='b'),
        'thinking-all': m.ThinkingPartDelta(
            content_delta='b', signature_delta='t', provider_name='q', provider_details={'z': 1}
        ),
        'thinking-function': m.ThinkingPartDelta(
            content_delta='', provider_details=lambda old: {**(old or {}), 'f': len(old or {})}
        ),
        'thinking-nothing': m.ThinkingPartDelta(),
        'call-text': m.ToolCallPartDelta(args_delta='1}'),
        'call-object': m.ToolCallPartDelta(args_delta={'b': 2}),
        'call-name': m.ToolCallPartDelta(tool_name_delta='g', tool_call_id='new'),
        'call-all': m.ToolCallPartDelta(
            tool_name_delta='g', args_delta='1', tool_call_id='n', provider_name='q', provider_details={'z': 1}
        ),
        'speech': m.SpeechPartDelta(
            transcript_delta='!', audio_chunk=b'1', timestamps=[m.SpeechTimestamp(text='!', start_ms=1, duration_ms=1)]
        ),
        'speech-whole': m.SpeechPartDelta(transcript='whole'),
    }


def targets(m):
    named = {name: part for name, part in deltas(m).items() if not name.startswith('text')}
    audio = m.SpeechPart(speaker='assistant', audio=m.BinaryContent(b'0', media_type='audio/wav'))
    return {**response_parts(m), **{f'delta-{name}': part for name, part in named.items()}, 'speech-audio': audio}


@pytest.mark.parametrize('delta', deltas(ours))
@pytest.mark.parametrize('target', targets(ours))
def test_deltas_apply_alike(delta, target):
    same(lambda m: called(deltas(m)[delta].apply(targets(m)[target])), peer, ours)


def called(result):
    """The result, with a function in its details replaced by what it makes, and without a made-up id."""
    details = getattr(result, 'provider_details', None)
    if callable(details):
        result.provider_details = details({'old': 1})
    if str(getattr(result, 'tool_call_id', '')).startswith('pyd_ai_'):
        result.tool_call_id = 'made'
    return result


def test_a_delta_leaves_the_part_as_it_was():
    part = ours.TextPart('a')
    assert ours.TextPartDelta('b').apply(part) == ours.TextPart('ab') and part == ours.TextPart('a')


def test_mixed_arguments_are_refused():
    with pytest.raises(UnexpectedModelBehavior, match='both as text and as an object'):
        ours.ToolCallPartDelta(args_delta='x').apply(ours.ToolCallPart('f', {'a': 1}))


def events(m):
    started = {name: m.PartStartEvent(index=1, part=part) for name, part in response_parts(m).items()}
    grown = {f'delta-{name}': m.PartDeltaEvent(index=0, delta=delta) for name, delta in deltas(m).items()}
    ended = m.PartEndEvent(index=0, part=m.TextPart('x'), next_part_kind='text', canonical_system='p')
    return {**started, **grown, 'end': ended, 'final': m.FinalResultEvent(tool_name=None, tool_call_id=None)}


@pytest.mark.parametrize('name', events(ours))
def test_events_are_saved_alike(name):
    mine, theirs = TypeAdapter(ours.ModelResponseStreamEvent), TypeAdapter(peer.ModelResponseStreamEvent)
    saved = theirs.dump_json(events(peer)[name])
    assert json.loads(mine.dump_json(events(ours)[name])) == json.loads(saved)
    assert repr(mine.validate_json(saved)) == repr(theirs.validate_json(saved))


def test_events_carry_nothing_else():
    with pytest.raises(AttributeError):
        ours.PartDeltaEvent(index=0, delta=ours.TextPartDelta('x')).more = 1

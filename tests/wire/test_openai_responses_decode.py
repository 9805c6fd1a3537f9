"""The Responses decoder, rule by rule. Events are written as they come; `said`, `created` and `completed` make some."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from jupyter_stream import profiles, providers
from jupyter_stream.exceptions import (
    EmptyStream,
    IncompleteStream,
    ModelAPIError,
    ModelServerError,
    StreamDecodeError,
    UnexpectedModelBehavior,
)
from jupyter_stream.framing.sse import Frame
from jupyter_stream.messages import (
    CompactionPart,
    FilePart,
    MarkerCitationAnchor,
    NativeToolCallPart,
    NativeToolReturnPart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    WebCitationSource,
)
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.wire.base import Target
from jupyter_stream.wire.openai_responses import Decoder

Event = dict[str, Any]


def decoder(name: str = 'openai:gpt-5', **settings: Any) -> Decoder:
    prefix, _, model = name.partition(':')
    provider = providers.find(prefix)
    assert provider is not None
    target = Target(model, provider, profiles.profile(provider, model))
    return Decoder(target, ModelRequestParameters(), settings)  # type: ignore[arg-type]


def snapshot(status: str, **more: Any) -> Event:
    return {'id': 'resp_1', 'model': 'm-1', 'created_at': 1_700_000_000, 'status': status, 'output': [], **more}


def created(status: str = 'in_progress', **more: Any) -> Event:
    return {'type': 'response.created', 'sequence_number': 0, 'response': snapshot(status, **more)}


def completed(status: str = 'completed', **more: Any) -> Event:
    return {'type': f'response.{status}', 'response': snapshot(status, **more)}


def said(delta: Any, item_id: str = 'msg_1', index: int = 0, **more: Any) -> Event:
    return {
        'type': 'response.output_text.delta',
        'item_id': item_id,
        'content_index': index,
        'delta': delta,
        **more,
    }


def text_done(text: str, item_id: str = 'msg_1', **more: Any) -> Event:
    return {'type': 'response.output_text.done', 'item_id': item_id, 'content_index': 0, 'text': text, **more}


def annotated(annotation: Any) -> Event:
    kind = 'response.output_text.annotation.added'
    return {'type': kind, 'item_id': 'msg_1', 'content_index': 0, 'annotation': annotation}


def item(step: str, kind: str, item_id: str, **more: Any) -> Event:
    return {'type': f'response.output_item.{step}', 'item': {'id': item_id, 'type': kind, **more}}


def about(kind: str, item_id: str, **more: Any) -> Event:
    return {'type': f'response.{kind}', 'item_id': item_id, **more}


def frames(*events: Any) -> list[Frame]:
    return [Frame(None, event if isinstance(event, str) else json.dumps(event)) for event in events]


def run(reader: Decoder, *events: Any) -> list[Any]:
    found = [event for frame in frames(*events) for event in reader.feed(frame)]
    return found + reader.close()


def parts(*events: Any, name: str = 'openai:gpt-5', **settings: Any) -> list[Any]:
    reader = decoder(name, **settings)
    run(reader, created(), *events, completed())
    return reader.parts.parts()


def own(part: type, *args: Any, **more: Any) -> Any:
    return part(*args, provider_name='openai', **more)


# -------------------------------------------------------------------------- text


def test_text_is_a_part_for_each_content_of_each_item() -> None:
    found = parts(said('a'), said('b'), said('c', index=1), said('d', 'msg_2'), said('e'))
    assert found == [
        own(TextPart, 'abe', id='msg_1'),
        own(TextPart, 'c', id='msg_1'),
        own(TextPart, 'd', id='msg_2'),
    ]


def test_tags_in_a_text_are_text_and_null_is_nothing() -> None:
    assert parts(said(None), said('<think>'), said(None), said('x</think>')) == [
        own(TextPart, '<think>x</think>', id='msg_1')
    ]


def test_a_text_that_comes_only_whole_is_not_lost() -> None:
    assert parts(text_done('Paris.')) == [own(TextPart, 'Paris.', id='msg_1')]
    assert parts(text_done('')) == []


def test_the_phase_of_a_message_is_with_its_first_piece() -> None:
    reader = decoder()
    phased = item('added', 'message', 'msg_1', phase='commentary')
    events = run(reader, created(), phased, said('a'), said('b'), completed())
    assert events[0].part.provider_details == {'phase': 'commentary'}
    assert events[2].delta.provider_details is None
    assert reader.parts.parts()[0].provider_details == {'phase': 'commentary'}  # type: ignore[union-attr]


URL = {'type': 'url_citation', 'url': 'http://a', 'title': 'A', 'start_index': 4, 'end_index': 8}
FILE = {'type': 'file_citation', 'file_id': 'f', 'filename': 'n.txt', 'index': 1}


def test_citations_are_put_on_the_text_that_they_count() -> None:
    odd = {'type': 'url_citation', 'url': 'http://b'}, {'type': 'container_file_citation'}, None
    notes = [annotated(note) for note in (URL, FILE, *odd)]
    [part] = parts(said('see http://a'), *notes, text_done('see http://a'))
    web, document = part.citations
    assert web.sources == [WebCitationSource('http://a', title='A')]
    assert web.anchor == MarkerCitationAnchor(start=4, end=8)
    assert document.sources[0].document_id == 'f'
    assert part.provider_details == {'citations': [URL, FILE]}
    [whole] = parts(said('see'), *notes, text_done('see http://a'))
    assert (whole.content, whole.citations) == (part.content, part.citations)
    [other] = parts(said('look'), *notes, text_done('see http://a'))
    assert (other.citations, other.provider_details) == (None, None)


def test_annotations_as_they_came_are_kept_when_asked_for() -> None:
    [part] = parts(said('x'), annotated({'type': 'new'}), text_done('x'), openai_include_raw_annotations=True)
    assert part.provider_details == {'annotations': [{'type': 'new'}]}


def test_log_probabilities() -> None:
    chance = {'token': 'x', 'logprob': -0.5, 'top_logprobs': [{'token': 'y', 'logprob': -1.0}]}
    [part] = parts(said('x'), text_done('x', logprobs=[chance]))
    assert part.provider_details['logprobs'] == [
        {
            'token': 'x',
            'bytes': None,
            'logprob': -0.5,
            'top_logprobs': [{'token': 'y', 'bytes': None, 'logprob': -1.0}],
        }
    ]


# ---------------------------------------------------------------------- thinking


def summary(text: str, index: int = 0) -> Event:
    return about('reasoning_summary_text.delta', 'rs_1', summary_index=index, delta=text)


def test_summaries_and_their_signature() -> None:
    began = about('reasoning_summary_part.added', 'rs_1', summary_index=0, part={'text': ''})
    done = item('done', 'reasoning', 'rs_1', encrypted_content='sealed')
    assert parts(began, summary('a'), summary('b'), summary('c', 1), done) == [
        own(ThinkingPart, 'ab', id='rs_1', signature='sealed'),
        own(ThinkingPart, 'c', id='rs_1'),
    ]


def test_reasoning_itself_is_kept_raw() -> None:
    raw = [
        about('reasoning_text.delta', 'rs_1', content_index=index, delta=delta)
        for index, delta in ((0, 'a'), (0, 'b'), (1, 'c'))
    ]
    [part] = parts(*raw)
    assert part.provider_details == {'raw_content': ['ab', 'c']}


# ------------------------------------------------------------------------- calls


def call(arguments: str = '', step: str = 'added', **more: Any) -> Event:
    return item(step, 'function_call', 'fc_1', name='add', call_id='call_1', arguments=arguments, **more)


def args(delta: str) -> Event:
    return about('function_call_arguments.delta', 'fc_1', delta=delta)


def args_done(arguments: str) -> Event:
    return about('function_call_arguments.done', 'fc_1', arguments=arguments)


def called(arguments: str, call_id: str = 'call_1', **more: Any) -> ToolCallPart:
    return own(ToolCallPart, 'add', arguments, call_id, id='fc_1', **more)


WHOLE = '{"a":1}'


@pytest.mark.parametrize(
    'events',
    [
        (call(), args('{"a"'), args(':1}'), args_done(WHOLE), call(WHOLE, 'done')),
        (call(), args_done(WHOLE)),
        (call(), args('{"a"'), call(WHOLE, 'done')),
        (call(WHOLE, 'done'), args('}')),
        (call(WHOLE), args_done(WHOLE), args('}')),
    ],
    ids=['streamed', 'only at the end', 'the rest at the end', 'whole', 'whole at the beginning'],
)
def test_the_arguments_of_a_call(events: tuple[Event, ...]) -> None:
    assert parts(*events) == [called(WHOLE)]


def test_what_has_streamed_otherwise_than_the_end_says_stays() -> None:
    assert parts(call(), args('{"b":1}'), args_done(WHOLE)) == [called('{"b":1}')]


def test_arguments_that_were_cut_are_kept_as_they_are() -> None:
    reader = decoder()
    run(reader, created(), call(), args('{"a"'), completed('incomplete', incomplete_details=REACHED))
    assert (reader.parts.parts(), reader.finish_reason) == ([called('{"a"')], 'length')


REACHED = {'reason': 'max_output_tokens'}


def test_the_namespace_of_a_call_is_kept() -> None:
    assert parts(call('{}', namespace='ns')) == [called('{}', provider_details={'namespace': 'ns'})]


def test_ids_that_are_unique_in_a_response_only_get_its_id() -> None:
    [part] = parts(call('{}'), name='bedrock-mantle:openai.gpt-5.6-sol')
    assert part.tool_call_id == 'resp_1:call_1'
    [part] = parts(call('{}'), name='bedrock-mantle:openai.gpt-oss-120b')
    assert part.tool_call_id == 'call_1'


def test_a_call_whose_item_has_no_id_is_known_by_its_own() -> None:
    begun = {'type': 'response.output_item.added', 'item': {**call()['item'], 'id': None}}
    delta = {**args('{}'), 'item_id': 'call_1'}
    assert parts(begun, delta) == [own(ToolCallPart, 'add', '{}', 'call_1')]


# ------------------------------------------------------------------ native tools


def native(tool: str, args: Any, item_id: str, **more: Any) -> NativeToolCallPart:
    return own(NativeToolCallPart, tool, args, item_id, **more)


def test_web_search() -> None:
    action = {'type': 'search', 'query': 'q', 'sources': [{'url': 'u'}], 'other': None}
    done = item('done', 'web_search_call', 'ws_1', status='completed', action=action)
    begun, back = parts(item('added', 'web_search_call', 'ws_1', status='in_progress'), done)
    assert begun == native('web_search', {'type': 'search', 'query': 'q'}, 'ws_1', id='ws_1')
    assert isinstance(back, NativeToolReturnPart)
    assert back.content == {'status': 'completed', 'sources': [{'url': 'u'}]}


def test_file_search() -> None:
    done = item('done', 'file_search_call', 'fs_1', status='completed', queries=['q'], results=[{'file_id': 'f'}])
    begun, back = parts(item('added', 'file_search_call', 'fs_1', status='searching', queries=[]), done)
    assert begun.args == {'queries': ['q']}
    assert back.content == {'status': 'completed', 'results': [{'file_id': 'f'}]}


def code(step: str, **more: Any) -> Event:
    return item(step, 'code_interpreter_call', 'ci_1', container_id='c1', **more)


@pytest.mark.parametrize('streams', [True, False])
def test_code_and_what_came_of_it(streams: bool) -> None:
    deltas = [about('code_interpreter_call_code.delta', 'ci_1', delta=delta) for delta in ('print("', 'é")\n')]
    picture = 'data:image/png;base64,' + base64.b64encode(b'png').decode()
    outputs = [{'type': 'logs', 'logs': 'é'}, {'type': 'image', 'url': picture}, {'type': 'image', 'url': 'http://x'}]
    begun, file, back = parts(
        code('added', code=''),
        *(deltas if streams else ()),
        about('code_interpreter_call_code.done', 'ci_1', code='print("é")\n'),
        code('done', status='completed', outputs=outputs),
    )
    assert begun.args_as_dict() == {'container_id': 'c1', 'code': 'print("é")\n'}
    assert isinstance(file, FilePart) and file.content.data == b'png'
    assert back.content == {'status': 'completed', 'logs': ['é']}


def test_an_image_grows_in_its_place() -> None:
    partial = about('image_generation_call.partial_image', 'ig_1', partial_image_b64=base64.b64encode(b'1').decode())
    done = item('done', 'image_generation_call', 'ig_1', status='generating', result='Mg==', output_format='webp')
    begun, file, back = parts(item('added', 'image_generation_call', 'ig_1', status='in_progress'), partial, done)
    assert begun == native('image_generation', None, 'ig_1')
    assert (file.content.data, file.content.media_type) == (b'2', 'image/webp')
    assert back.content == {'status': 'completed'}


@pytest.mark.parametrize('streams', [True, False])
def test_a_call_of_an_mcp_server(streams: bool) -> None:
    said = {'server_label': 's', 'name': 't'}
    delta = about('mcp_call_arguments.delta', 'mcp_1', delta=WHOLE)
    begun, back = parts(
        item('added', 'mcp_call', 'mcp_1', arguments='', **said),
        *([delta] if streams else []),
        about('mcp_call_arguments.done', 'mcp_1', arguments=WHOLE),
        item('done', 'mcp_call', 'mcp_1', arguments=WHOLE, output='done', **said),
    )
    assert begun.tool_name == 'mcp_server:s'
    assert begun.args_as_dict() == {'action': 'call_tool', 'tool_name': 't', 'tool_args': {'a': 1}}
    assert back.content == {'output': 'done', 'error': None}


def test_tools_of_an_mcp_server_that_only_the_response_lists() -> None:
    listed = {'id': 'mcpl_1', 'type': 'mcp_list_tools', 'server_label': 's', 'tools': [{'name': 't'}]}
    reader = decoder()
    run(reader, created(), item('added', 'mcp_list_tools', 'mcpl_1', server_label='s'), completed(output=[listed]))
    begun, back = reader.parts.parts()
    assert isinstance(begun, NativeToolCallPart) and begun.args == {'action': 'list_tools'}
    assert isinstance(back, NativeToolReturnPart) and back.content['tools'][0]['name'] == 't'


def search(step: str, item_id: str, **more: Any) -> Event:
    return item(step, 'tool_search_call', item_id, **{'execution': 'server', 'status': step, **more})


def test_searches_for_tools_find_their_results_in_order() -> None:
    output = {'type': 'tool_search_output', 'execution': 'server', 'tools': [{'type': 'function', 'name': 'add'}]}
    found = parts(
        search('added', 'ts_1'),
        search('added', 'ts_2'),
        search('done', 'ts_1', arguments={'paths': ['a', 1]}),
        {'type': 'response.output_item.done', 'item': {'id': 'o1', **output}},
        {'type': 'response.output_item.done', 'item': {'id': 'o2', **output}},
        {'type': 'response.output_item.done', 'item': {'id': 'o3', **output, 'call_id': 'given'}},
        {'type': 'response.output_item.done', 'item': {'id': 'o4', **output, 'execution': 'client'}},
    )
    assert found[0].args == {'queries': ['a']}
    assert [part.tool_call_id for part in found[2:]] == ['ts_1', 'ts_2', 'given']
    assert found[2].content == {'discovered_tools': [{'name': 'add'}]}


def test_a_search_that_the_caller_makes_is_a_call() -> None:
    done = search('done', 'ts_1', execution='client', call_id='c2', arguments={'queries': ['q']})
    [part] = parts(search('added', 'ts_1', execution='client', call_id='c1'), done)
    assert isinstance(part, ToolCallPart)
    assert (part.tool_name, part.tool_call_id, part.args) == ('search_tools', 'c2', '{"queries":["q"]}')


def test_a_search_for_nothing_known_is_an_error() -> None:
    with pytest.raises(UnexpectedModelBehavior, match='malformed search for tools'):
        parts(search('added', 'ts_1'), search('done', 'ts_1', arguments={'regex': 'x'}))


def test_a_summary_of_what_was_before() -> None:
    [part] = parts(item('added', 'compaction', 'cmp_1'), item('done', 'compaction', 'cmp_1', encrypted_content='e'))
    assert isinstance(part, CompactionPart)
    assert part.provider_details is not None and part.provider_details['encrypted_content'] == 'e'


# ---------------------------------------------------------------------- response


def test_what_the_response_says_of_itself() -> None:
    reader = decoder()
    usage = {
        'input_tokens': 10,
        'input_tokens_details': {'cached_tokens': 4, 'cache_write_tokens': 2},
        'output_tokens': 5,
        'output_tokens_details': {'reasoning_tokens': 3},
        'total_tokens': 15,
    }
    more = {'service_tier': 'default', 'prompt_cache_diagnostics': {'type': 'cache_hit'}, 'conversation': {'id': 'c1'}}
    searched = [{'type': 'web_search_call', 'action': {'type': kind}} for kind in ('search', 'open_page')]
    run(reader, created(service_tier='auto'), said('x'), completed(usage=usage, output=searched, **more))
    assert (reader.model_name, reader.provider_response_id, reader.finish_reason) == ('m-1', 'resp_1', 'stop')
    details = reader.provider_details or {}
    assert details.pop('timestamp').year == 2023
    assert details == {
        'service_tier': 'default',
        'prompt_cache_diagnostics': {'type': 'cache_hit'},
        'conversation_id': 'c1',
        'finish_reason': 'completed',
    }
    counted = reader.usage
    assert (counted.input_tokens, counted.cache_read_tokens, counted.cache_write_tokens) == (10, 4, 2)
    assert (counted.output_tokens, counted.output_reasoning_tokens) == (5, 3)
    assert counted.details == {'reasoning_tokens': 3, 'web_search_requests': 1}


@pytest.mark.parametrize(
    ('reason', 'means'), [('max_output_tokens', 'length'), ('content_filter', 'content_filter'), ('brand_new', None)]
)
def test_why_an_answer_is_not_whole(reason: str, means: str | None) -> None:
    reader = decoder()
    run(reader, created(), said('x'), completed('incomplete', incomplete_details={'reason': reason}))
    assert reader.finish_reason == means
    assert reader.provider_details is not None and reader.provider_details['finish_reason'] == reason


@pytest.mark.parametrize('whole', [True, False])
def test_a_refusal_is_a_reason_and_no_text(whole: bool) -> None:
    reader = decoder()
    deltas = [about('refusal.delta', 'msg_1', delta=delta) for delta in ('I ', 'can not')]
    run(reader, created(), *deltas, *([about('refusal.done', 'msg_1', refusal='No.')] if whole else []), completed())
    assert (reader.parts.parts(), reader.finish_reason) == ([], 'content_filter')
    assert reader.provider_details is not None
    assert reader.provider_details['refusal'] == ('No.' if whole else 'I can not')
    assert 'finish_reason' not in reader.provider_details


def test_an_answer_in_the_background_may_stop_and_waits() -> None:
    reader = decoder()
    run(reader, created('queued', background=True), said('x', sequence_number=6), said('y', sequence_number=7))
    assert reader.suspended
    details = reader.provider_details or {}
    assert (details['background'], details['last_sequence_number']) == (True, 7)
    reader = decoder()
    run(reader, created('queued', background=True), said('x'), completed(background=True))
    assert not reader.suspended


# -------------------------------------------------------------------- odd streams


@pytest.mark.parametrize('events', [(), ('[DONE]',), ({'type': 'ping'},), ('null',)])
def test_nothing_at_all_is_an_empty_stream(events: tuple[Any, ...]) -> None:
    with pytest.raises(EmptyStream):
        run(decoder(), *events)


@pytest.mark.parametrize('end', [(), ('[DONE]',)])
def test_an_answer_without_its_end_is_incomplete(end: tuple[Any, ...]) -> None:
    reader = decoder()
    with pytest.raises(IncompleteStream):
        run(reader, created(), said('x'), *end)
    assert reader.finish_reason is None


def test_what_follows_the_end_is_not_read() -> None:
    reader = decoder()
    run(reader, created(), said('x'), completed(), said('y'), '{broken')
    assert reader.parts.parts() == [own(TextPart, 'x', id='msg_1')]
    assert reader.terminal


def test_unknown_events_are_passed_over() -> None:
    unknown = Frame('response.brand_new', 'no JSON')
    reader = decoder()
    assert reader.feed(unknown) == []
    assert run(reader, created(), {'type': 'response.brand_new.thing', 'item_id': 3}, said('x'), completed())


@pytest.mark.parametrize('bad', ['{broken', '[1]', json.dumps({'type': 'response.created', 'response': None})])
def test_what_is_no_event_is_a_decode_error_with_its_number(bad: str) -> None:
    reader = decoder()
    [first] = frames(created())
    reader.feed(first)
    with pytest.raises(StreamDecodeError) as caught:
        reader.feed(Frame(None, bad))
    assert caught.value.offset == 2


def test_a_piece_of_another_type_is_a_decode_error() -> None:
    with pytest.raises(StreamDecodeError):
        run(decoder(), created(), said('x'), said(5))


@pytest.mark.parametrize(
    'event',
    [
        {'type': 'error', 'code': 'server_error', 'message': 'boom', 'param': None},
        {'type': 'error', 'error': {'type': 'server_error', 'message': 'boom'}},
        {'error': {'code': 'server_error', 'message': 'boom'}},
        {'type': 'response.failed', 'response': snapshot('failed', error={'code': 'server_error', 'message': 'boom'})},
    ],
)
def test_an_error_is_raised_as_its_kind(event: Event) -> None:
    reader = decoder()
    with pytest.raises(ModelServerError) as caught:
        run(reader, created(), said('x'), event)
    assert caught.value.in_stream
    assert 'boom' in str(caught.value)
    assert reader.parts.parts() == [own(TextPart, 'x', id='msg_1')]


def test_an_error_event_may_be_plain_text() -> None:
    with pytest.raises(ModelAPIError, match='too hot'):
        decoder().feed(Frame('error', 'too hot'))


def test_a_failure_without_a_reason_is_the_reason() -> None:
    reader = decoder()
    run(reader, created(), completed('failed'))
    assert reader.finish_reason == 'error'

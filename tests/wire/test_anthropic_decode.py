"""The Messages decoder, rule by rule. Blocks are written as their start and deltas; `answer` wraps them."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_stream import profiles, providers
from jupyter_stream.exceptions import (
    AgentRunError,
    EmptyStream,
    IncompleteStream,
    ModelAPIError,
    ModelOverloadedError,
    StreamDecodeError,
)
from jupyter_stream.framing.sse import Frame
from jupyter_stream.messages import (
    CompactionPart,
    ContentCitationAnchor,
    DocumentCitationSource,
    NativeToolCallPart,
    NativeToolReturnPart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    WebCitationSource,
)
from jupyter_stream.native_tools import (
    AbstractNativeTool,
    CodeExecutionTool,
    MCPServerTool,
    MemoryTool,
    WebFetchTool,
    WebSearchTool,
)
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.tools import ToolDefinition
from jupyter_stream.wire.anthropic import Decoder, Framing
from jupyter_stream.wire.base import Target

Raw = dict[str, Any]

FIELDS = ('message', 'index', 'content_block', 'delta', 'usage', 'type', 'text', 'id', 'name', 'input', 'citation')
TYPES = ('message_start', 'content_block_start', 'content_block_delta', 'content_block_stop', 'message_delta', 'error')

START = {
    'type': 'message_start',
    'message': {'id': 'msg_1', 'model': 'claude-x', 'usage': {'input_tokens': 3, 'output_tokens': 1}},
}
STOP = {'type': 'message_stop'}


def decoder(*native: AbstractNativeTool, model: str = 'claude-sonnet-4-5', **parameters: Any) -> Decoder:
    provider = providers.find('anthropic')
    assert provider is not None
    target = Target(model, provider, profiles.profile(provider, model))
    return Decoder(target, ModelRequestParameters(native_tools=list(native), **parameters), {})


def block(index: int, start: Raw, *deltas: Raw) -> list[Raw]:
    return [
        {'type': 'content_block_start', 'index': index, 'content_block': start},
        *({'type': 'content_block_delta', 'index': index, 'delta': delta} for delta in deltas),
        {'type': 'content_block_stop', 'index': index},
    ]


def text(index: int, *texts: str) -> list[Raw]:
    return block(index, {'type': 'text', 'text': ''}, *({'type': 'text_delta', 'text': one} for one in texts))


def pieces(*texts: str) -> list[Raw]:
    return [{'type': 'input_json_delta', 'partial_json': one} for one in texts]


def settled(reason: str | None = 'end_turn', **more: Any) -> Raw:
    return {'type': 'message_delta', 'delta': {'stop_reason': reason, **more}, 'usage': {'output_tokens': 9}}


def frames(*events: Any) -> list[Frame]:
    return [Frame(None, event if isinstance(event, str) else json.dumps(event)) for event in events]


def run(reader: Decoder, *events: Any) -> list[Any]:
    return [event for frame in frames(*events) for event in reader.feed(frame)] + reader.close()


def answer(reader: Decoder, *blocks: list[Raw], end: Raw | None = None) -> list[Any]:
    """The parts of a whole answer of these blocks."""
    run(reader, START, *(event for events in blocks for event in events), end or settled(), STOP)
    return reader.parts.parts()


# ------------------------------------------------------------------ text, thinking


def test_text_comes_block_by_block() -> None:
    assert answer(decoder(), text(0, 'Hel', 'lo'), text(1, '!')) == [TextPart('Hello'), TextPart('!')]


def test_text_in_the_start_of_a_block_counts() -> None:
    start = {'type': 'text', 'text': 'He'}
    assert answer(decoder(), block(0, start, {'type': 'text_delta', 'text': 'llo'})) == [TextPart('Hello')]


def test_an_empty_block_is_no_part() -> None:
    assert answer(decoder(), text(0), text(1, 'x')) == [TextPart('x')]


def test_tags_in_text_are_text() -> None:
    assert answer(decoder(), text(0, '<think>', 'x', '</think>')) == [TextPart('<think>x</think>')]


def test_thinking_has_a_signature() -> None:
    thought = block(
        0,
        {'type': 'thinking', 'thinking': '', 'signature': ''},
        {'type': 'thinking_delta', 'thinking': 'hm'},
        {'type': 'signature_delta', 'signature': 'sig'},
    )
    assert answer(decoder(), thought) == [ThinkingPart('hm', signature='sig', provider_name='anthropic')]


def test_redacted_thinking_is_kept_closed() -> None:
    [part] = answer(decoder(), block(0, {'type': 'redacted_thinking', 'data': 'XX'}))
    assert part == ThinkingPart('', id='redacted_thinking', signature='XX', provider_name='anthropic')


def test_a_surrogate_pair_over_two_deltas_is_one_character() -> None:
    reader = decoder()
    halves = [
        f'{{"type": "content_block_delta", "index": 0, "delta": {{"type": "text_delta", "text": "{half}"}}}}'
        for half in (r'\ud83d', r'\ude42', r'\ud83d')
    ]
    run(reader, START, *halves, settled())
    assert reader.parts.parts() == [TextPart('🙂\ufffd')]


# ----------------------------------------------------------------------------- tools


def test_arguments_come_in_pieces() -> None:
    call = block(0, {'type': 'tool_use', 'id': 't1', 'name': 'add', 'input': {}}, *pieces('', '{"a":', '1}'))
    assert answer(decoder(), call, end=settled('tool_use')) == [ToolCallPart('add', '{"a":1}', 't1')]


def test_arguments_cut_by_length_are_kept_raw() -> None:
    call = block(0, {'type': 'tool_use', 'id': 't1', 'name': 'add', 'input': {}}, *pieces('{"a": 1'))
    reader = decoder()
    assert answer(reader, call, end=settled('max_tokens')) == [ToolCallPart('add', '{"a": 1', 't1')]
    assert reader.finish_reason == 'length'


def test_a_call_without_arguments_has_none() -> None:
    [part] = answer(decoder(), block(0, {'type': 'tool_use', 'id': 't1', 'name': 'now', 'input': {}}))
    assert part.args is None


def test_interleaved_blocks_are_told_apart_by_index() -> None:
    reader = decoder()
    begin = [text(0)[0], block(1, {'type': 'tool_use', 'id': 't1', 'name': 'add', 'input': {}})[0]]
    deltas = [text(0, 'a')[1], block(1, {}, *pieces('{}'))[1], text(0, 'b')[1]]
    run(reader, START, *begin, *deltas, settled())
    # A text without words is no part yet.
    assert reader.parts.parts() == [ToolCallPart('add', '{}', 't1'), TextPart('ab')]


SEARCH = block(
    0, {'type': 'server_tool_use', 'id': 's1', 'name': 'web_search', 'input': {}}, *pieces('{"query":', ' "x"}')
)
FOUND = block(
    1, {'type': 'web_search_tool_result', 'tool_use_id': 's1', 'content': [{'type': 'web_search_result', 'url': 'u'}]}
)


def test_a_native_call_and_its_return() -> None:
    call, result = answer(decoder(WebSearchTool()), SEARCH, FOUND)
    assert call == NativeToolCallPart('web_search', '{"query": "x"}', 's1', provider_name='anthropic')
    assert isinstance(result, NativeToolReturnPart)
    assert (result.tool_name, result.tool_call_id) == ('web_search', 's1')
    assert result.content == [{'type': 'web_search_result', 'url': 'u'}]


def test_a_native_call_that_was_not_allowed_is_passed_over() -> None:
    assert answer(decoder(), SEARCH, text(2, 'x')) == [TextPart('x')]


def test_code_runs_under_three_names_and_wherever_a_web_tool_may_call_it() -> None:
    names = ('code_execution', 'bash_code_execution', 'text_editor_code_execution')
    calls = [
        block(i, {'type': 'server_tool_use', 'id': 's', 'name': name, 'input': {}}) for i, name in enumerate(names)
    ]
    parts = answer(decoder(CodeExecutionTool()), *calls)
    assert [part.tool_name for part in parts] == ['code_execution'] * 3
    details = [(part.provider_details or {}).get('anthropic_tool_name') for part in parts]
    assert details == [None, 'bash_code_execution', 'text_editor_code_execution']
    assert len(answer(decoder(WebFetchTool(), model='claude-opus-4-8'), *calls)) == 3
    assert answer(decoder(WebFetchTool()), *calls) == []


def test_who_called_a_tool_is_kept_unless_it_was_the_model() -> None:
    def called_by(kind: str) -> Any:
        start = {'type': 'server_tool_use', 'id': 's', 'name': 'web_search', 'input': {'query': 'x'}}
        [part] = answer(decoder(WebSearchTool()), block(0, {**start, 'caller': {'type': kind}}))
        return part.provider_details

    assert called_by('direct') is None
    assert called_by('code_execution_20260120') == {'anthropic_caller': {'type': 'code_execution_20260120'}}


def test_memory_is_a_tool_of_the_caller() -> None:
    tool = ToolDefinition(name='memory', parameters_json_schema={'type': 'object'})
    call = block(0, {'type': 'tool_use', 'id': 't1', 'name': 'memory', 'input': {}}, *pieces('{}'))
    assert answer(decoder(MemoryTool(), function_tools=[tool]), call) == [ToolCallPart('memory', '{}', 't1')]


def test_the_arguments_of_an_mcp_call_are_one_of_its_arguments() -> None:
    start = {'type': 'mcp_tool_use', 'id': 'm1', 'name': 'look', 'server_name': 'docs', 'input': {}}
    result = {'type': 'mcp_tool_result', 'tool_use_id': 'm1', 'content': [], 'is_error': False}
    reader = decoder(MCPServerTool(id='docs', url='https://example.com'))
    call, returned = answer(reader, block(0, start, *pieces('', '{"a":', '1}')), block(1, result))
    assert call.tool_name == returned.tool_name == 'mcp_server:docs'
    assert call.args_as_dict() == {'action': 'call_tool', 'tool_name': 'look', 'tool_args': {'a': 1}}
    assert returned.content == {'content': [], 'is_error': False}


# ------------------------------------------------------------------------- citations


def cited(**raw: Any) -> Raw:
    return {'type': 'citations_delta', 'citation': raw}


def test_a_citation_covers_the_whole_block() -> None:
    web = cited(type='web_search_result_location', url='https://e.com', title='E', cited_text='q', encrypted_index='i')
    start, delta = {'type': 'text', 'text': ''}, {'type': 'text_delta', 'text': 'abc'}
    [part] = answer(decoder(), block(0, start, web, delta))
    [citation] = part.citations
    assert citation.sources == [WebCitationSource('https://e.com', title='E', excerpts=['q'])]
    assert citation.anchor == ContentCitationAnchor(start=0, end=3)
    assert part.provider_details == {'citations': [web['citation']]}


def test_a_fetched_page_is_cited_by_its_address_and_a_document_by_its_title() -> None:
    source = {'type': 'text', 'media_type': 'text/plain', 'data': 'hello world'}
    page = {'type': 'web_fetch_result', 'url': 'https://e.com', 'content': {'type': 'document', 'source': source}}
    fetched = block(0, {'type': 'web_fetch_tool_result', 'tool_use_id': 's1', 'content': page})

    def quoting(words: str) -> Raw:
        where = {'start_char_index': 0, 'end_char_index': 5, 'document_title': 'T', 'file_id': 'f'}
        return cited(type='char_location', cited_text=words, **where)

    start, delta = {'type': 'text', 'text': ''}, {'type': 'text_delta', 'text': 'x'}
    blocks = [block(i, start, delta, quoting(words)) for i, words in enumerate(('hello', 'other'), 1)]
    _, one, other = answer(decoder(WebFetchTool()), fetched, *blocks)
    assert one.citations[0].sources == [WebCitationSource('https://e.com', title='T', excerpts=['hello'])]
    assert other.citations[0].sources == [DocumentCitationSource(document_id='f', title='T', excerpts=['other'])]


def test_a_quotation_that_stands_on_two_pages_is_no_ones() -> None:
    def fetched(index: int, url: str) -> list[Raw]:
        source = {'type': 'text', 'media_type': 'text/plain', 'data': 'same'}
        page = {'type': 'web_fetch_result', 'url': url, 'content': {'type': 'document', 'source': source}}
        return block(index, {'type': 'web_fetch_tool_result', 'tool_use_id': 's1', 'content': page})

    quote = cited(type='char_location', cited_text='same', start_char_index=0, end_char_index=4, document_title='T')
    blocks = [fetched(0, 'https://a.com'), fetched(1, 'https://b.com'), block(2, {'type': 'text', 'text': 'x'}, quote)]
    *_, part = answer(decoder(WebFetchTool()), *blocks)
    assert part.citations[0].sources == [DocumentCitationSource(title='T', excerpts=['same'])]


def test_a_citation_of_a_type_that_is_not_known_is_passed_over() -> None:
    [part] = answer(decoder(), block(0, {'type': 'text', 'text': 'x'}, cited(type='new', url='u')))
    assert part == TextPart('x')


# ------------------------------------------------------------------------- the message


@pytest.mark.parametrize(
    ('reason', 'means'),
    [
        ('end_turn', 'stop'),
        ('stop_sequence', 'stop'),
        ('tool_use', 'tool_call'),
        ('max_tokens', 'length'),
        ('model_context_window_exceeded', 'length'),
        ('refusal', 'content_filter'),
        ('something_new', None),
    ],
)
def test_why_it_stopped(reason: str, means: str | None) -> None:
    reader = decoder()
    answer(reader, text(0, 'x'), end=settled(reason))
    assert reader.finish_reason == means and reader.provider_details == {'finish_reason': reason}
    assert not reader.suspended


def test_a_pause_suspends_the_answer() -> None:
    reader = decoder()
    answer(reader, text(0, 'x'), end=settled('pause_turn'))
    assert reader.suspended and reader.finish_reason is None


def test_what_the_message_says_of_itself() -> None:
    reader = decoder()
    answer(reader, text(0, 'x'), end=settled(container={'id': 'cont_1', 'expires_at': 'then'}))
    assert (reader.model_name, reader.provider_response_id) == ('claude-x', 'msg_1')
    assert reader.provider_details == {'finish_reason': 'end_turn', 'container_id': 'cont_1'}


def test_usage_is_cumulative_and_counts_what_was_cached() -> None:
    reader = decoder()
    first = {'input_tokens': 10, 'output_tokens': 1, 'cache_creation_input_tokens': 100, 'cache_read_input_tokens': 5}
    hour = {'cache_creation': {'ephemeral_1h_input_tokens': 60}}
    start = {'type': 'message_start', 'message': {'id': 'm', 'model': 'c', 'usage': {**first, **hour}}}
    run(reader, start, *text(0, 'x'), settled())
    usage = reader.usage
    assert (usage.input_tokens, usage.output_tokens) == (115, 9)
    assert (usage.cache_write_tokens, usage.cache_write_1h_tokens, usage.cache_read_tokens) == (100, 60, 5)


def test_the_tokens_of_a_compaction_belong_to_the_request_and_the_advisors_do_not() -> None:
    reader = decoder()
    more = [
        {'type': 'compaction', 'input_tokens': 7, 'output_tokens': 8},
        {'type': 'advisor_message', 'input_tokens': 100, 'output_tokens': 100},
    ]
    run(reader, START, *text(0, 'x'), {**settled(), 'usage': {'output_tokens': 9, 'iterations': more}})
    assert (reader.usage.input_tokens, reader.usage.output_tokens) == (10, 17)
    assert reader.usage.details['advisor_input_tokens'] == 100


def test_a_compaction_is_replaced_by_its_delta() -> None:
    start = {'type': 'compaction', 'content': None}
    delta = {'type': 'compaction_delta', 'content': 'short', 'encrypted_content': 'e'}
    [part] = answer(decoder(), block(0, start, delta))
    assert part == CompactionPart('short', provider_name='anthropic', provider_details={'encrypted_content': 'e'})


# ------------------------------------------------------------------------ how it ends


def test_after_the_end_marker_nothing_is_read() -> None:
    reader = decoder()
    run(reader, START, *text(0, 'x'), settled(), STOP, *text(1, 'more'))
    assert reader.terminal and reader.parts.parts() == [TextPart('x')]


def test_a_stop_reason_without_the_end_marker_is_enough() -> None:
    reader = decoder()
    run(reader, START, *text(0, 'x'), settled())
    assert reader.complete


@pytest.mark.parametrize('end', [(), (STOP,), (settled(None), STOP)])
def test_without_a_stop_reason_it_is_incomplete(end: tuple[Raw, ...]) -> None:
    with pytest.raises(IncompleteStream):
        run(decoder(), START, *text(0, 'x'), *end)


@pytest.mark.parametrize('events', [(), (STOP,), ({'type': 'ping'},)])
def test_nothing_is_an_empty_stream(events: tuple[Raw, ...]) -> None:
    with pytest.raises(EmptyStream):
        run(decoder(), *events)


def test_no_words_at_all_can_be_an_answer() -> None:
    reader = decoder()
    assert run(reader, START, settled(), STOP) == []


@pytest.mark.parametrize(
    'event',
    [
        'null',
        {'type': 'content_block_delta', 'delta': None},
        {'type': 'ping'},
        {'type': 'brand_new'},
        {},
        *block(0, {'type': 'fancy'}),
    ],
)
def test_what_is_not_known_is_passed_over(event: Any) -> None:
    reader = decoder()
    run(reader, START, event, *text(1, 'x'), settled())
    assert reader.parts.parts() == [TextPart('x')]


def test_what_belongs_to_a_block_that_is_not_known_is_passed_over_too() -> None:
    fancy = block(0, {'type': 'fancy'}, {'type': 'text_delta', 'text': 'secret'})
    assert answer(decoder(), fancy, text(1, 'x')) == [TextPart('x')]


def test_an_error_is_typed() -> None:
    error = {'type': 'error', 'error': {'type': 'overloaded_error', 'message': 'Overloaded'}}
    with pytest.raises(ModelOverloadedError, match='Overloaded') as caught:
        run(decoder(), START, error)
    assert caught.value.in_stream


def test_an_error_event_need_not_be_json() -> None:
    with pytest.raises(ModelAPIError, match='it broke'):
        decoder().feed(Frame('error', 'it broke'))


@pytest.mark.parametrize(
    'event',
    [
        '{"type": "content_block_del',
        '[1]',
        {'type': 'content_block_delta', 'index': 0, 'delta': {'type': 'text_delta'}},
        {'type': 'content_block_delta', 'index': 0, 'delta': {'type': 'text_delta', 'text': 5}},
        {'type': ['message_stop']},
        {'type': 'content_block_start', 'index': 0, 'content_block': {'type': 'tool_use'}},
    ],
)
def test_what_is_malformed_is_named_by_its_place(event: Any) -> None:
    reader = decoder()
    with pytest.raises(StreamDecodeError, match='Event 2'):
        run(reader, START, event)
    assert reader.offset == 2


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from(['', 'x', 'text', 'tool_use', 'text_delta']),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(['type', *FIELDS]), VALUES | st.sampled_from(TYPES)), max_size=5))
def test_whatever_comes_an_error_is_typed(events: list[Raw]) -> None:
    with suppress(AgentRunError):
        run(decoder(WebSearchTool()), START, *events)


def test_the_framing_is_that_of_server_sent_events() -> None:
    [frame] = Framing().feed(b'event: ping\ndata: {"type": "ping"}\n\n')
    assert (frame.event, frame.data) == ('ping', '{"type": "ping"}')

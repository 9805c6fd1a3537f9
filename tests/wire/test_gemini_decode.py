"""The Gemini decoder, rule by rule. Chunks are written as the parts of their candidate."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_stream import profiles, providers
from jupyter_stream.exceptions import (
    EmptyStream,
    IncompleteStream,
    ModelAPIError,
    ModelHTTPError,
    StreamDecodeError,
    UnexpectedModelBehavior,
)
from jupyter_stream.framing.sse import Frame
from jupyter_stream.messages import BinaryImage, FilePart, PartStartEvent, TextPart, ThinkingPart
from jupyter_stream.native_tools import FileSearchTool
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.wire.base import Target
from jupyter_stream.wire.gemini import Decoder, Framing

SIGNATURE = base64.b64encode(b'\xfb\xffsign').decode()
IN_URLS = base64.urlsafe_b64encode(b'\xfb\xffsign').decode().rstrip('=')


def decoder(name: str = 'google:gemini-2.5-flash', **parameters: Any) -> Decoder:
    prefix, _, model = name.partition(':')
    provider = providers.find(prefix)
    assert provider is not None
    target = Target(model, provider, profiles.profile(provider, model))
    return Decoder(target, ModelRequestParameters(**parameters), {})


def chunk(*parts: dict[str, Any], reason: str | None = None, **more: Any) -> dict[str, Any]:
    candidate: dict[str, Any] = {'content': {'parts': list(parts), 'role': 'model'}, 'index': 0}
    if reason:
        candidate['finishReason'] = reason
    for key in ('groundingMetadata', 'urlContextMetadata', 'safetyRatings'):
        if key in more:
            candidate[key] = more.pop(key)
    return {'candidates': [candidate], 'modelVersion': 'gemini-x', 'responseId': 'r1', **more}


def said(text: str, **more: Any) -> dict[str, Any]:
    return chunk({'text': text, **more})


STOP = chunk(reason='STOP')


def run(reader: Decoder, *chunks: Any) -> list[Any]:
    frames = [Frame(None, item if isinstance(item, str) else json.dumps(item)) for item in chunks]
    return [event for frame in frames for event in reader.feed(frame)] + reader.close()


def parts(*chunks: Any, **options: Any) -> list[Any]:
    reader = decoder(**options)
    run(reader, *chunks, STOP)
    return reader.parts.parts()


def kinds(found: Sequence[Any]) -> list[str]:
    return [f'{part.part_kind}:{part.tool_name}' if hasattr(part, 'tool_name') else part.part_kind for part in found]


# -------------------------------------------------------------- text and thinking


def test_text_is_one_part_and_what_comes_between_begins_another() -> None:
    call = {'functionCall': {'name': 'f', 'args': {}}}
    found = parts(said('a'), said('b'), chunk(call), said('c'), said('hm', thought=True), said('d'))
    assert kinds(found) == ['text', 'tool-call:f', 'text', 'thinking', 'text']
    assert [part.content for part in found if isinstance(part, TextPart)] == ['ab', 'c', 'd']


def test_thoughts_that_follow_one_another_are_one_part() -> None:
    assert parts(said('a', thought=True), said('b', thought=True)) == [ThinkingPart('ab')]


def test_empty_text_is_nothing() -> None:
    assert parts(said('')) == []


def test_tags_in_text_are_text() -> None:
    assert parts(said('<think>')) == [TextPart('<think>')]


@pytest.mark.parametrize('spelt', [SIGNATURE, IN_URLS])
def test_a_signature_is_kept_on_its_part_in_plain_base64(spelt: str) -> None:
    details = {'thought_signature': SIGNATURE}
    [text] = parts(said('a'), said('', thoughtSignature=spelt))
    assert text == TextPart('a', provider_name='google', provider_details=details)
    [thought] = parts(said('', thought=True, thoughtSignature=spelt))
    assert thought == ThinkingPart('', provider_name='google', provider_details=details)
    [call] = parts(chunk({'functionCall': {'name': 'f', 'id': 'c1'}, 'thoughtSignature': spelt}))
    assert (call.tool_call_id, call.provider_details) == ('c1', details)


def test_a_bare_signature_and_an_echo_do_not_interrupt_a_text() -> None:
    found = parts(said('a'), chunk({'thoughtSignature': SIGNATURE}, {'functionResponse': {'name': 'f'}}), said('b'))
    assert found == [TextPart('ab')]


def test_an_image_is_a_file_but_not_while_it_is_a_draft() -> None:
    blob = {'mimeType': 'image/png', 'data': base64.urlsafe_b64encode(b'\xfb\xff').decode()}
    assert parts(chunk({'inlineData': blob, 'thought': True})) == []
    assert parts(chunk({'inlineData': blob})) == [FilePart(BinaryImage(b'\xfb\xff', media_type='image/png'))]


def test_the_plain_way_notices_what_is_new_in_a_chunk() -> None:
    reader = decoder()
    refused = {'index': 0, 'finishReason': 'SAFETY'}
    counted = said('b') | {'usageMetadata': {'promptTokenCount': 3, 'trafficType': 'ON_DEMAND'}}
    last = {'candidates': [refused], 'responseId': 'r2'}
    run(reader, said('a'), counted, said('c'), said('d') | {'responseId': 'r2'}, STOP | last)
    assert (reader.usage.input_tokens, reader.provider_response_id, reader.finish_reason) == (3, 'r2', 'content_filter')
    assert reader.provider_details == {'traffic_type': 'ON_DEMAND', 'finish_reason': 'SAFETY'}
    assert reader.parts.parts() == [TextPart('abcd')]


# ----------------------------------------------------------------- tools that ran


def test_code_and_its_result_have_one_id() -> None:
    call, result = parts(
        chunk({'executableCode': {'language': 'PYTHON', 'code': 'print(1)'}}),
        chunk({'codeExecutionResult': {'outcome': 'OUTCOME_OK', 'output': '1\n'}}),
    )
    assert (call.tool_name, call.args) == ('code_execution', {'language': 'PYTHON', 'code': 'print(1)'})
    assert result.content == {'outcome': 'OUTCOME_OK', 'output': '1\n'}
    assert result.tool_call_id == call.tool_call_id


CONTEXT = {'groundingChunks': [{'retrievedContext': {'text': 'Paris.', 'documentName': 'd', 'fileSearchStore': 's'}}]}
FOUND = [{'text': 'Paris.', 'document_name': 'd', 'file_search_store': 's'}]


def test_code_that_searches_files_is_a_file_search_if_there_is_one() -> None:
    code = chunk({'executableCode': {'language': 'PYTHON', 'code': r"print(file_search.query(query='it\'s'))"}})
    end = chunk(reason='STOP', groundingMetadata=CONTEXT)
    call, result = parts(code, end, native_tools=[FileSearchTool(file_store_ids=['s'])])
    assert (call.tool_name, call.args, result.content) == ('file_search', {'query': "it's"}, FOUND)
    assert result.tool_call_id == call.tool_call_id
    assert kinds(parts(code))[0] == 'builtin-tool-call:code_execution'


def test_a_file_search_that_only_the_metadata_tells_of() -> None:
    call, result = parts(chunk(reason='STOP', groundingMetadata=CONTEXT))
    assert (call.tool_name, call.args, result.content) == ('file_search', {}, FOUND)


SEARCHED = {
    'webSearchQueries': ['a', 'a', ' '],
    'groundingChunks': [{'web': {'uri': 'https://x.test', 'title': 'X'}}],
}
SOURCE = {'domain': None, 'title': 'X', 'uri': 'https://x.test'}


def test_web_search_from_the_metadata_comes_after_the_text() -> None:
    found = parts(said('a'), chunk(reason='STOP', groundingMetadata=SEARCHED))
    assert kinds(found) == ['text', 'builtin-tool-call:web_search', 'builtin-tool-return:web_search']
    assert found[1].args == {'queries': ['a', 'a', ' ']} and found[2].content == [SOURCE]


def test_a_search_told_by_parts_is_filled_at_the_end_and_not_told_twice() -> None:
    invoked = {'toolType': 'GOOGLE_SEARCH_WEB', 'id': 't1'}
    reader = decoder('google:gemini-3-flash-preview')
    events = run(
        reader,
        chunk({'toolCall': {**invoked, 'args': {'queries': ['a']}}}),
        chunk({'toolResponse': {**invoked, 'response': {'search_suggestions': 's'}}}),
        said('answer'),
        chunk(reason='STOP', groundingMetadata=SEARCHED),
    )
    call, result, text = reader.parts.parts()
    assert kinds([call, result, text]) == ['builtin-tool-call:web_search', 'builtin-tool-return:web_search', 'text']
    assert (call.args, result.content) == ({'queries': ['a']}, {'search_suggestions': 's', 'sources': [SOURCE]})  # type: ignore[union-attr]
    starts = [event.index for event in events if isinstance(event, PartStartEvent)]
    assert starts == [0, 2, 1]  # the return is announced when it is complete


def test_only_the_last_web_search_gets_the_sources() -> None:
    answers = [chunk({'toolResponse': {'toolType': 'GOOGLE_SEARCH_WEB', 'id': name, 'response': {}}}) for name in 'ab']
    first, second = parts(*answers, chunk(reason='STOP', groundingMetadata=SEARCHED))
    assert (first.content, second.content) == ({}, {'sources': [SOURCE]})


def test_an_empty_file_search_is_filled_from_the_metadata() -> None:
    invoked = {'toolType': 'FILE_SEARCH', 'id': 't1'}
    call, result = parts(
        chunk({'toolCall': {**invoked, 'args': {}}}, {'toolResponse': invoked}),
        chunk(reason='STOP', groundingMetadata=CONTEXT),
    )
    assert (call.tool_call_id, result.tool_call_id, result.content) == ('t1', 't1', FOUND)


@pytest.mark.parametrize(('call_id', 'return_id'), [('c', None), (None, 'r'), (None, None)])
def test_a_step_over_media_has_one_id(call_id: str | None, return_id: str | None) -> None:
    def step(key: str, name: str | None) -> dict[str, Any]:
        return chunk({key: {'id': name} if name else {'toolType': 'MEDIA_PROCESSING'}})

    call, result = parts(step('toolCall', call_id), step('toolResponse', return_id))
    assert (call.tool_name, result.tool_name) == ('media_processing', 'media_processing')
    assert call.tool_call_id == result.tool_call_id == (call_id or return_id or call.tool_call_id)


def test_a_tool_that_is_not_known_is_called_by_its_name() -> None:
    [call] = parts(chunk({'toolCall': {'toolType': 'NEW_THING', 'id': 't'}}))
    assert call.tool_name == 'new_thing'
    with pytest.raises(UnexpectedModelBehavior, match='which'):
        parts(chunk({'toolCall': {'id': 't', 'args': {'a': 1}}}))


def test_pages_that_were_read_come_first() -> None:
    pages = {'urlMetadata': [{'retrievedUrl': 'https://x.test', 'urlRetrievalStatus': 'OK'}, {}]}
    call, result, text = parts(chunk({'text': 'a'}, urlContextMetadata=pages))
    assert (call.tool_name, call.args, text) == ('web_fetch', {'urls': ['https://x.test']}, TextPart('a'))
    none = {'retrieved_url': None, 'url_retrieval_status': None}
    assert result.content == [{'retrieved_url': 'https://x.test', 'url_retrieval_status': 'OK'}, none]


# --------------------------------------------------------------------- citations


def cited(*texts: str, sources: Sequence[dict[str, Any]] = SEARCHED['groundingChunks'], **segment: Any) -> list[Any]:  # type: ignore[assignment]
    support = {'segment': segment, 'groundingChunkIndices': list(range(len(sources)))}
    grounding = {'groundingChunks': list(sources), 'groundingSupports': [support]}
    pieces = [piece for text in texts for piece in (said('.', thought=True), said(text))]
    found = parts(*pieces, chunk(reason='STOP', groundingMetadata=grounding))
    return [part for part in found if isinstance(part, TextPart)]


def where(part: Any) -> tuple[int, int] | None:
    [citation] = part.citations
    return (citation.anchor.start, citation.anchor.end) if citation.anchor else None


def test_offsets_are_of_bytes() -> None:
    [text] = cited('é ab', startIndex=3, endIndex=5, text='ab')
    assert where(text) == (2, 4)
    assert text.citations[0].sources[0].url == 'https://x.test'
    assert text.provider_details['citations'][0]['segment'] == {'start_index': 3, 'end_index': 5, 'text': 'ab'}


def test_offsets_go_on_over_the_texts() -> None:
    first, second = cited('abc', 'def', startIndex=4, endIndex=6, text='ef')
    assert first.citations is None and where(second) == (1, 3)


@pytest.mark.parametrize(
    ('texts', 'segment', 'place'),
    [
        (('abab c',), {'endIndex': 9, 'text': 'c'}, (5, 6)),
        (('abab',), {'endIndex': 9, 'text': 'ab'}, None),
        (('ab',), {'endIndex': 9, 'text': 'x'}, None),
        (('ab', 'cd'), {'endIndex': 9, 'text': 'cd'}, (0, 2)),
        (('ab', 'ab'), {'endIndex': 9, 'text': 'ab', 'partIndex': 1}, (0, 2)),
    ],
)
def test_words_help_where_offsets_are_wrong(
    texts: tuple[str, ...], segment: dict[str, Any], place: tuple[int, int] | None
) -> None:
    assert where(cited(*texts, **segment)[-1]) == place


def test_what_supports_nothing_is_left_out() -> None:
    assert cited('ab', 'ab', endIndex=9, text='ab')[0].citations is None
    assert cited('ab', startIndex=0, text='ab')[0].citations is None
    assert cited('ab', sources=[{}], endIndex=2, text='ab')[0].citations is None


def test_kinds_of_sources() -> None:
    [text] = cited(
        'ab',
        sources=[
            {'maps': {'uri': 'https://m.test', 'title': 'M', 'text': 'there'}},
            {'image': {'sourceUri': 'https://i.test'}},
            {'retrievedContext': {'documentName': 'd', 'text': 't', 'ragChunk': {'text': 'u'}}},
        ],
        endIndex=2,
        text='ab',
    )
    place, image, document = text.citations[0].sources
    assert (place.url, place.excerpts, image.url) == ('https://m.test', ['there'], 'https://i.test')
    assert (document.document_id, document.excerpts) == ('d', ['t', 'u'])


# ------------------------------------------------------------------------- usage


def test_counts_replace_one_another_and_those_left_out_stay() -> None:
    reader = decoder()
    first = {
        'promptTokenCount': 10,
        'cachedContentTokenCount': 4,
        'toolUsePromptTokenCount': 5,
        'candidatesTokenCount': 1,
        'promptTokensDetails': [{'modality': 'TEXT', 'tokenCount': 7}, {'modality': 'AUDIO', 'tokenCount': 3}],
        'toolUsePromptTokensDetails': [{'modality': 'TEXT', 'tokenCount': 5}],
    }
    last = {'promptTokenCount': 10, 'cachedContentTokenCount': 0, 'candidatesTokenCount': 6, 'thoughtsTokenCount': 2}
    run(reader, said('a') | {'usageMetadata': first}, said('b') | {'usageMetadata': last}, STOP)
    usage = reader.usage
    assert (usage.input_tokens, usage.cache_read_tokens, usage.input_audio_tokens) == (15, 4, 3)
    assert (usage.output_tokens, usage.output_reasoning_tokens, usage.input_text_tokens) == (8, 2, 12)  # type: ignore[attr-defined]
    assert usage.details == {
        'cached_content_tokens': 4,
        'tool_use_prompt_tokens': 5,
        'thoughts_tokens': 2,
        'text_prompt_tokens': 7,
        'audio_prompt_tokens': 3,
        'text_tool_use_prompt_tokens': 5,
    }


@pytest.mark.parametrize(('name', 'billed'), [('google:gemini-2.5-flash', 1), ('google:gemini-3-flash-preview', 2)])
def test_searches_are_billed_by_prompt_or_by_query(name: str, billed: int) -> None:
    reader = decoder(name)
    grounding = SEARCHED | {'webSearchQueries': ['a', 'b', 'b']}
    run(reader, said('a'), chunk(reason='STOP', groundingMetadata=grounding))
    assert reader.usage.details == {'web_search_requests': 2}
    assert reader.usage.web_searches == billed  # type: ignore[attr-defined]


# ------------------------------------------------------------------ the end of it


@pytest.mark.parametrize(
    ('raw', 'reason'),
    [('MAX_TOKENS', 'length'), ('SAFETY', 'content_filter'), ('MALFORMED_FUNCTION_CALL', 'error'), ('NEW', None)],
)
def test_finish_reasons_are_kept_raw_too(raw: str, reason: str | None) -> None:
    reader = decoder()
    ratings = [{'category': 'HARM', 'probability': 'HIGH'}]
    run(reader, said('a'), chunk(reason=raw, safetyRatings=ratings))
    assert reader.complete and reader.finish_reason == reason
    assert reader.provider_details == {'finish_reason': raw, 'safety_ratings': ratings}


def test_a_refused_prompt_is_a_content_filter_and_no_error() -> None:
    reader = decoder()
    feedback = {'blockReason': 'PROHIBITED_CONTENT', 'blockReasonMessage': 'no'}
    assert run(reader, {'promptFeedback': feedback, 'responseId': 'r1'}) == []
    assert (reader.finish_reason, reader.provider_response_id) == ('content_filter', 'r1')
    assert reader.provider_details == {'block_reason': 'PROHIBITED_CONTENT', 'block_reason_message': 'no'}


def test_no_finish_reason_is_incomplete_and_the_text_stays() -> None:
    reader = decoder()
    with pytest.raises(IncompleteStream):
        run(reader, said('half'))
    assert reader.parts.parts() == [TextPart('half')] and reader.finish_reason is None


@pytest.mark.parametrize('chunks', [(), ('null',), ({'usageMetadata': {'promptTokenCount': 1}},)])
def test_nothing_is_empty(chunks: tuple[Any, ...]) -> None:
    with pytest.raises(EmptyStream):
        run(decoder(), *chunks)


def test_what_comes_after_the_finish_reason_is_read() -> None:
    reader = decoder()
    run(reader, said('a'), STOP, {'candidates': [], 'usageMetadata': {'promptTokenCount': 3}})
    assert reader.usage.input_tokens == 3


def test_the_first_chunk_names_the_model_and_the_moment() -> None:
    reader = decoder()
    run(reader, said('a') | {'createTime': '2026-01-02T03:04:05.123456789Z'}, STOP | {'modelVersion': 'other'})
    assert reader.model_name == 'gemini-x'
    assert reader.provider_details is not None
    assert reader.provider_details['timestamp'].isoformat() == '2026-01-02T03:04:05.123456+00:00'


# ------------------------------------------------------------------------ errors


def test_an_error_in_the_stream_is_typed_and_keeps_what_came() -> None:
    reader = decoder()
    with pytest.raises(ModelHTTPError, match='overloaded') as caught:
        run(reader, said('a'), {'error': {'code': 503, 'message': 'overloaded', 'status': 'UNAVAILABLE'}})
    assert (caught.value.status_code, caught.value.in_stream) == (503, True)
    assert reader.parts.parts() == [TextPart('a')]


@pytest.mark.parametrize('data', ['{"message": "it broke"}', 'it broke'])
def test_an_error_event_without_an_error_key_or_as_text(data: str) -> None:
    with pytest.raises(ModelAPIError, match='it broke'):
        decoder().feed(Frame('error', data))


def test_an_event_of_another_name_that_is_no_json_is_ignored() -> None:
    assert decoder().feed(Frame('ping', 'hello')) == []


@pytest.mark.parametrize(
    'data', ['{"candidates":', '[1]', '"text"', '{"candidates": 5}', '{"candidates": [{"content": {"parts": ["x"]}}]}']
)
def test_malformed_events_are_typed_and_numbered(data: str) -> None:
    reader = decoder()
    reader.feed(Frame(None, json.dumps(said('a'))))
    with pytest.raises(StreamDecodeError) as caught:
        reader.feed(Frame(None, data))
    assert caught.value.offset == 2


# ------------------------------------------------------------- however it is cut

BODY = ''.join(
    f'data: {json.dumps(item, ensure_ascii=False)}\r\n\r\n'
    for item in (
        said('h\u00e9', thought=True),
        said('\U0001f389 one\u2028'),
        said('two', thoughtSignature=SIGNATURE),
        said('three') | {'usageMetadata': {'promptTokenCount': 3}},
        chunk({'functionCall': {'name': 'add', 'args': {'a': 1}, 'id': 'c1'}}),
        chunk(reason='STOP', usageMetadata={'promptTokenCount': 3, 'candidatesTokenCount': 2}),
    )
).encode()


def events_of(cuts: Sequence[int]) -> list[Any]:
    framing, reader = Framing(), decoder()
    edges = [0, *sorted(cuts), len(BODY)]
    found = [frame for start, end in pairwise(edges) for frame in framing.feed(BODY[start:end])]
    events = [event for frame in [*found, *framing.close()] for event in reader.feed(frame)]
    return [*events, *reader.close(), reader.usage]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, len(BODY)), max_size=40))
def test_any_split_of_the_bytes_gives_the_same_events(cuts: list[int]) -> None:
    assert events_of(cuts) == events_of([])

"""The Chat Completions decoder, rule by rule. Chunks are written as their deltas; `answer` wraps them."""

from __future__ import annotations

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
    ModelOverloadedError,
    ModelRequestRejectedError,
    StreamDecodeError,
)
from jupyter_stream.framing.sse import Frame
from jupyter_stream.messages import FinalResultEvent, PartDeltaEvent, PartStartEvent, TextPart, ThinkingPart
from jupyter_stream.output import OutputObjectDefinition
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.tools import ToolDefinition
from jupyter_stream.wire.base import Target
from jupyter_stream.wire.openai_chat import Decoder, Framing

STOP = {'choices': [{'index': 0, 'delta': {}, 'finish_reason': 'stop'}]}
DONE = '[DONE]'


def decoder(
    name: str = 'openai-chat:gpt-4o', parameters: ModelRequestParameters | None = None, **settings: Any
) -> Decoder:
    prefix, _, model = name.partition(':')
    provider = providers.find(prefix)
    assert provider is not None
    target = Target(model, provider, profiles.profile(provider, model))
    return Decoder(target, parameters or ModelRequestParameters(), settings)  # type: ignore[arg-type]


def chunk(delta: dict[str, Any] | None = None, reason: str | None = None, **more: Any) -> dict[str, Any]:
    choice = {'index': 0, 'delta': delta, 'finish_reason': reason, 'logprobs': more.pop('logprobs', None)}
    return {'id': 'c1', 'model': 'm-1', 'created': 1_700_000_000, 'choices': [choice], **more}


def said(content: Any) -> dict[str, Any]:
    return chunk({'content': content})


def piece(
    name: str | None = None, args: Any = None, *, id: str | None = None, index: int | None = None
) -> dict[str, Any]:
    call: dict[str, Any] = {'function': {'name': name, 'arguments': args}}
    call |= {key: value for key, value in (('id', id), ('index', index)) if value is not None}
    return chunk({'tool_calls': [call]})


def frames(*chunks: Any) -> list[Frame]:
    return [Frame(None, item if isinstance(item, str) else json.dumps(item)) for item in chunks]


def run(reader: Decoder, *chunks: Any) -> list[Any]:
    events = [event for frame in frames(*chunks) for event in reader.feed(frame)]
    return events + reader.close()


def parts(*chunks: Any, name: str = 'openai-chat:gpt-4o', **settings: Any) -> list[Any]:
    reader = decoder(name, **settings)
    run(reader, *chunks, STOP, DONE)
    return reader.parts.parts()


# -------------------------------------------------------------------------- text


def test_text_deltas_are_one_part_and_empty_ones_are_nothing() -> None:
    reader = decoder()
    events = run(reader, said(''), said('Hello'), said(' world'), STOP, DONE)
    assert [type(event).__name__ for event in events] == [
        'PartStartEvent',
        'FinalResultEvent',
        'PartDeltaEvent',
        'PartEndEvent',
    ]
    assert reader.parts.parts() == [TextPart('Hello world')]
    assert (reader.finish_reason, reader.provider_response_id, reader.model_name) == ('stop', 'c1', 'm-1')


def test_content_may_be_a_list_of_parts() -> None:
    assert parts(said([{'type': 'text', 'text': 'a'}, 'b', {'type': 'reference', 'text': 'x'}])) == [TextPart('ab')]


def test_a_surrogate_pair_cut_in_two_is_joined() -> None:
    raw = '{"choices":[{"delta":{"content":"\\ud83c"}}]}', '{"choices":[{"delta":{"content":"\\udf89"}}]}'
    assert ''.join(part.content for part in parts(*raw)) == '\U0001f389'


def test_the_plain_way_notices_what_is_new_in_a_chunk() -> None:
    reader = decoder()
    tier, none = {'service_tier': 'default'}, {'moderation': None}
    run(reader, said('a') | tier, said('b') | tier, said('c') | {'service_tier': 'flex'}, STOP)
    assert reader.provider_details is not None and reader.provider_details['service_tier'] == 'flex'
    reader, judged = decoder(), {'input': {'type': 'moderation_results', 'results': []}}
    run(reader, said('a') | none, said('b') | none, said('c') | {'moderation': judged}, STOP)
    assert reader.provider_details is not None and reader.provider_details['moderation'] == judged
    reader = decoder()
    run(reader, said('a'), said('b') | {'usage': {'prompt_tokens': 3}}, said('c') | {'id': 'c2'}, STOP)
    assert (reader.usage.input_tokens, reader.provider_response_id) == (3, 'c2')


# ---------------------------------------------------------------------- thinking


@pytest.mark.parametrize('field', ['reasoning', 'reasoning_content'])
def test_thinking_fields(field: str) -> None:
    thought, text = parts(chunk({field: 'h'}), chunk({field: 'm'}), said('answer'))
    assert thought == ThinkingPart('hm', id=field, provider_name='openai')
    assert text == TextPart('answer')


def test_thinking_that_interrupts_text_begins_new_parts() -> None:
    found = parts(chunk({'reasoning': 'a'}), said('B'), chunk({'reasoning': 'c'}), said('D'))
    assert [part.content for part in found] == ['a', 'B', 'c', 'D']


@pytest.mark.parametrize(
    'pieces', [('<think>', 'hm', '</think>', 'a'), ('<th', 'ink>h', 'm</thi', 'nk>a'), ('<think>hm</think>a',)]
)
def test_tags_wherever_they_are_cut(pieces: Sequence[str]) -> None:
    found = parts(*map(said, pieces), name='deepseek:deepseek-reasoner')
    assert found == [ThinkingPart('hm', id='content', provider_name='deepseek'), TextPart('a')]


def test_leading_white_space_is_dropped_where_it_is_noise() -> None:
    assert parts(said('\n\n'), said('Hi'), name='ollama:qwen3') == [TextPart('Hi')]
    assert parts(said('\n\n'), said('Hi')) == [TextPart('\n\nHi')]


def test_white_space_between_thinking_and_the_rest_of_a_text_is_kept() -> None:
    found = parts(said('a'), chunk({'reasoning': 'r'}), said('\n'), said('b'), name='ollama:qwen3')
    assert [part.content for part in found] == ['a', 'r', '\nb']


def test_reasoning_details_of_one_index_are_one_part() -> None:
    def detail(**fields: Any) -> dict[str, Any]:
        return chunk({'reasoning_details': [{'type': 'reasoning.text', 'format': 'f', 'index': 0, **fields}]})

    [part] = parts(detail(text='th'), detail(text='ink'), detail(signature='s'), name='openrouter:openai/gpt-4o')
    assert (part.content, part.signature) == ('think', 's')
    assert part.provider_details == {'format': 'f', 'index': 0, 'type': 'reasoning.text'}


# ------------------------------------------------------------------------- tools


def test_a_call_in_pieces() -> None:
    [call] = parts(piece('add', '', id='c', index=0), piece(None, '{"a"', index=0), piece(None, ':1}', index=0))
    assert (call.tool_name, call.args, call.tool_call_id) == ('add', '{"a":1}', 'c')


def test_two_calls_interleaved() -> None:
    calls = parts(
        piece('a', '', id='1', index=0),
        piece('b', '', id='2', index=1),
        piece(None, '{}', index=0),
        piece(None, '[]', index=1),
    )
    assert [(call.tool_name, call.args) for call in calls] == [('a', '{}'), ('b', '[]')]


def test_pieces_without_an_index_go_by_their_id_and_then_to_the_last() -> None:
    calls = parts(
        piece('a', '{', id='1'),
        piece('b', '[', id='2'),
        piece(None, '}', id='1'),
        piece(None, ']', id='2'),
        piece('c', '{'),
        piece(None, '}'),
    )
    assert [(call.tool_name, call.args) for call in calls] == [('a', '{}'), ('b', '[]'), ('c', '{}')]


def test_calls_that_all_have_the_same_index() -> None:
    calls = parts(piece('a', '{}', id='1', index=0), piece('b', '{}', id='2', index=0))
    assert [call.tool_call_id for call in calls] == ['1', '2']


def test_arguments_cut_by_the_limit_stay_as_they_are() -> None:
    reader = decoder()
    run(reader, piece('a', '{"x": "unfin', id='1', index=0), chunk({}, 'length'), DONE)
    [call] = reader.parts.parts()
    assert (call.args, reader.finish_reason) == ('{"x": "unfin', 'length')  # type: ignore[union-attr]


def test_an_output_tool_is_the_result_only_in_the_mode_for_it() -> None:
    tool = ToolDefinition(name='final', kind='output')
    for mode, expected in (('tool', ['final']), ('text', [])):
        reader = decoder(parameters=ModelRequestParameters(output_tools=[tool], output_mode=mode))  # type: ignore[arg-type]
        events = run(reader, piece('final', '{}', id='1', index=0), STOP)
        assert [event.tool_name for event in events if isinstance(event, FinalResultEvent)] == expected


# ------------------------------------------------------------------ the end of it


def test_a_finish_reason_without_done_is_fine() -> None:
    reader = decoder()
    run(reader, said('a'), STOP)
    assert (reader.complete, reader.terminal) == (True, False)


@pytest.mark.parametrize('end', [(), (DONE,)])
def test_no_finish_reason_is_incomplete_and_the_text_stays(end: tuple[str, ...]) -> None:
    reader = decoder()
    with pytest.raises(IncompleteStream):
        run(reader, said('half'), *end)
    assert reader.parts.parts() == [TextPart('half')]
    assert reader.finish_reason is None


def test_servers_that_send_no_finish_reason_must_send_done() -> None:
    reader = decoder('snowflake:claude-sonnet-4-6')
    run(reader, said('4'), DONE)
    assert reader.finish_reason == 'stop'
    with pytest.raises(IncompleteStream):
        run(decoder('snowflake:claude-sonnet-4-6'), said('4'))


@pytest.mark.parametrize('chunks', [(), (DONE,)])
def test_nothing_is_empty(chunks: tuple[str, ...]) -> None:
    with pytest.raises(EmptyStream):
        run(decoder(), *chunks)


def test_usage_after_the_finish_reason_is_read_and_chunks_after_done_are_not() -> None:
    reader = decoder()
    usage = {'choices': [], 'usage': {'prompt_tokens': 3, 'completion_tokens': 2}}
    run(reader, said('a'), STOP, usage, DONE, said('more'), usage)
    assert (reader.usage.input_tokens, reader.usage.output_tokens) == (3, 2)
    assert reader.parts.parts() == [TextPart('a')]


def test_null_data_choices_and_delta_are_passed_over() -> None:
    assert parts('null', {'choices': None}, chunk(None), said('a')) == [TextPart('a')]


def test_an_unknown_finish_reason_is_kept_raw() -> None:
    reader = decoder()
    run(reader, said('a'), chunk({}, 'guardrail'))
    assert reader.complete and reader.finish_reason is None
    assert reader.provider_details is not None and reader.provider_details['finish_reason'] == 'guardrail'


def test_finish_reasons_of_a_provider() -> None:
    reader = decoder('zai:glm-4.6')
    run(reader, said('a'), chunk({}, 'sensitive'))
    assert reader.finish_reason == 'content_filter'


def test_a_refusal_is_a_content_filter_and_no_error() -> None:
    reader = decoder()
    run(reader, chunk({'refusal': 'I '}), chunk({'refusal': "can't"}), STOP)
    assert reader.finish_reason == 'content_filter'
    assert reader.provider_details is not None and reader.provider_details['refusal'] == "I can't"
    assert 'finish_reason' not in reader.provider_details


# ------------------------------------------------------------------------ errors


def test_an_error_in_the_stream_is_typed_and_keeps_what_came() -> None:
    reader = decoder()
    with pytest.raises(ModelOverloadedError) as caught:
        run(reader, said('a'), {'error': {'type': 'overloaded_error', 'message': 'too much'}})
    assert caught.value.in_stream and 'too much' in str(caught.value)
    assert reader.parts.parts() == [TextPart('a')]


def test_a_status_in_an_error_counts() -> None:
    with pytest.raises(ModelRequestRejectedError):
        run(decoder('openrouter:openai/gpt-4o'), {'error': {'code': 400, 'message': 'no'}, 'choices': []})


@pytest.mark.parametrize('data', ['{"message": "it broke"}', 'it broke'])
def test_an_error_event_without_an_error_key_or_as_text(data: str) -> None:
    with pytest.raises(ModelAPIError, match='it broke'):
        decoder().feed(Frame('error', data))


def test_unknown_events_are_ignored() -> None:
    reader = decoder()
    assert [reader.feed(Frame('ping', data)) for data in ('{"x": 1}', 'hello', 'null')] == [[], [], []]
    assert len(reader.feed(Frame('completion.chunk', json.dumps(said('a'))))) == 2


@pytest.mark.parametrize('data', ['{"choices":', '[1]', '"text"', '{"choices": 5}', '{"choices": [{"delta": "x"}]}'])
def test_malformed_events_are_typed_and_numbered(data: str) -> None:
    reader = decoder()
    reader.feed(Frame(None, json.dumps(said('a'))))
    with pytest.raises(StreamDecodeError) as caught:
        reader.feed(Frame(None, data))
    assert caught.value.offset == 2


def test_null_choices_are_a_failure_of_openrouter() -> None:
    with pytest.raises(ModelAPIError, match='without choices'):
        run(decoder('openrouter:openai/gpt-4o'), {'choices': None})


# ------------------------------------------------------------- usage and details


def test_usage_by_kind_with_the_rest_in_the_details() -> None:
    reader = decoder()
    raw = {
        'prompt_tokens': 100,
        'completion_tokens': 50,
        'prompt_tokens_details': {'cached_tokens': 64, 'cache_write_tokens': 8, 'audio_tokens': 1},
        'completion_tokens_details': {'reasoning_tokens': 32, 'audio_tokens': 2, 'accepted_prediction_tokens': None},
        'prompt_cache_miss_tokens': 36,
        'cost': 1,
    }
    run(reader, said('a'), STOP | {'usage': raw})
    usage = reader.usage
    assert (usage.input_tokens, usage.output_tokens, usage.output_reasoning_tokens) == (100, 50, 32)
    assert (usage.cache_read_tokens, usage.cache_write_tokens) == (64, 8)
    assert (usage.input_audio_tokens, usage.output_audio_tokens) == (1, 2)
    assert usage.details == {'prompt_cache_miss_tokens': 36, 'reasoning_tokens': 32, 'audio_tokens': 2}


@pytest.mark.parametrize(
    ('name', 'given'),
    [
        ('openai-chat:gpt-4o', {}),
        ('openai-chat:gpt-4o', {'openai_continuous_usage_stats': True}),
        ('xai:grok-4', {}),
    ],
)
def test_usage_is_what_was_counted_last(name: str, given: dict[str, Any]) -> None:
    reader = decoder(name, **given)
    run(reader, *(said('a') | {'usage': {'completion_tokens': count}} for count in (1, 2)), STOP)
    assert reader.usage.output_tokens == 2


def test_log_probabilities_are_collected() -> None:
    reader = decoder()
    tokens = [{'token': letter, 'bytes': [ord(letter)], 'logprob': -0.1} for letter in 'abc']
    chances = [{**token, 'top_logprobs': [token]} for token in tokens]
    run(reader, *(chunk({'content': one['token']}, logprobs={'content': [one]}) for one in chances), STOP)
    assert reader.parts.parts() == [TextPart('abc')]
    assert reader.provider_details is not None
    assert reader.provider_details['logprobs'] == chances, 'also those of chunks that are like the one before'


def test_citations_go_on_the_text() -> None:
    cited = {'url': 'https://x.test', 'title': 'X', 'start_index': 0, 'end_index': 3}
    note = {'type': 'url_citation', 'url_citation': cited}
    [text] = parts(said('abc'), chunk({'annotations': [note, {'type': 'file'}]}))
    [citation] = text.citations
    assert citation.sources[0].url == 'https://x.test' and (citation.anchor.start, citation.anchor.end) == (0, 3)
    assert text.provider_details == {'citations': [note]}


def test_openrouter_names_who_answered_and_what_it_cost() -> None:
    reader = decoder('openrouter:openai/gpt-4o')
    run(reader, said('a') | {'provider': 'X'}, STOP | {'provider': 'X', 'usage': {'cost': 0.5, 'is_byok': False}})
    assert reader.provider_details is not None
    assert reader.provider_details['downstream_provider'] == 'X'
    assert (reader.provider_details['cost'], reader.provider_details['is_byok']) == (0.5, False)


def test_a_native_output_is_plain_text() -> None:
    output = OutputObjectDefinition({'type': 'object'})
    reader = decoder(parameters=ModelRequestParameters(output_mode='native', output_object=output))
    run(reader, said('{}'), STOP)
    assert reader.parts.parts() == [TextPart('{}')]


# ------------------------------------------------------------- however it is cut

BODY = ''.join(
    f'data: {item if isinstance(item, str) else json.dumps(item, ensure_ascii=False)}\r\n\r\n'
    for item in (
        said('<think>'),
        said('h\u00e9'),
        said('</think>'),
        said('\U0001f389 one\u2028'),
        chunk({'reasoning': 'again'}),
        said('two'),
        piece('add', '{"a"', id='1', index=0),
        piece(None, ': 1}', index=0),
        chunk({}, 'tool_calls'),
        {'choices': [], 'usage': {'prompt_tokens': 3, 'completion_tokens': 2}},
        DONE,
    )
).encode()


def events_of(cuts: Sequence[int]) -> list[Any]:
    framing, reader = Framing(), decoder()
    edges = [0, *sorted(cuts), len(BODY)]
    found = [frame for start, end in pairwise(edges) for frame in framing.feed(BODY[start:end])]
    events = [event for frame in [*found, *framing.close()] for event in reader.feed(frame)]
    return events + reader.close()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, len(BODY)), max_size=40))
def test_any_split_of_the_bytes_gives_the_same_events(cuts: list[int]) -> None:
    assert events_of(cuts) == events_of([])


def test_events_are_starts_and_deltas_of_the_right_parts() -> None:
    events = events_of(range(len(BODY)))
    starts = [event.part.part_kind for event in events if isinstance(event, PartStartEvent)]
    assert starts == ['thinking', 'text', 'thinking', 'text', 'tool-call']
    assert all(event.index < 5 for event in events if isinstance(event, PartDeltaEvent))

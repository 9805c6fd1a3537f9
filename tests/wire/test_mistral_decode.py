"""Mistral's decoder where it differs from that of Chat Completions."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jupyter_stream import profiles, providers
from jupyter_stream.exceptions import EmptyStream, IncompleteStream, ModelAPIError, ModelContextWindowExceededError
from jupyter_stream.framing.sse import Frame
from jupyter_stream.messages import PartStartEvent, TextPart, ThinkingPart, ToolCallPart
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.tools import ToolDefinition
from jupyter_stream.wire.base import Target
from jupyter_stream.wire.mistral import Decoder

SCHEMA = {
    'type': 'object',
    'properties': {
        'n': {'type': 'integer'},
        'names': {'type': 'array', 'items': {'type': 'string'}},
    },
    'required': ['n'],
}
ANSWER = ToolDefinition(name='answer', parameters_json_schema=SCHEMA, kind='output')
DONE = '[DONE]'


def chunk(delta: dict[str, Any] | None = None, reason: str | None = None, **more: Any) -> dict[str, Any]:
    choices = [{'index': 0, 'delta': delta or {}, 'finish_reason': reason}]
    return {'id': 'c1', 'model': 'm-1', 'created': 1_700_000_000, 'choices': choices, **more}


def said(content: Any) -> dict[str, Any]:
    return chunk({'content': content})


def thought(*texts: str) -> dict[str, Any]:
    return {'type': 'thinking', 'thinking': [{'type': 'text', 'text': text} for text in texts]}


STOP = chunk(reason='stop')


def run(*chunks: Any, tools: tuple[ToolDefinition, ...] = (), mode: Any = 'text') -> tuple[Decoder, list[Any]]:
    provider = providers.find('mistral')
    assert provider is not None
    target = Target('mistral-large-latest', provider, profiles.profile(provider, 'mistral-large-latest'))
    parameters = ModelRequestParameters(output_tools=list(tools), output_mode=mode)
    decoder = Decoder(target, parameters, {})
    events: list[Any] = []
    for item in chunks:
        events += decoder.feed(Frame(None, item if isinstance(item, str) else json.dumps(item)))
    return decoder, events + decoder.close()


def parts(*chunks: Any, **more: Any) -> list[Any]:
    return run(*chunks, STOP, DONE, **more)[0].parts.parts()


# ---------------------------------------------------------------------- content


def test_thinking_comes_inside_the_content() -> None:
    assert parts(said([thought('h', 'm')]), said([thought('m'), {'type': 'text', 'text': 'Hi'}]), said('!')) == [
        ThinkingPart('hmm'),
        TextPart('Hi!'),
    ]


def test_chunks_of_other_kinds_are_passed_over() -> None:
    assert parts(said([{'type': 'reference', 'reference_ids': [1]}, {'type': 'new'}, 'x'])) == [TextPart('x')]


def test_text_goes_on_in_the_same_part_after_a_call() -> None:
    call = {'index': 0, 'id': 'a', 'function': {'name': 'f', 'arguments': '{}'}}
    found = parts(said('one '), chunk({'tool_calls': [call]}), said('two'))
    assert [getattr(part, 'content', None) for part in found] == ['one two', None]


def test_thinking_between_tags_is_found() -> None:
    assert [part.content for part in parts(said('<thi'), said('nk>hm</think>Hi'))] == ['hm', 'Hi']


def test_a_call_goes_on_without_name_and_with_the_id_null() -> None:
    first = {'index': 0, 'id': 'abc', 'function': {'name': 'f', 'arguments': '{"x"'}}
    pieces = [
        {'index': 0, 'id': 'null', 'function': {'name': '', 'arguments': ': 1'}},
        {'index': 0, 'function': {'arguments': '}'}},
    ]
    found = parts(*(chunk({'tool_calls': [piece]}) for piece in [first, *pieces]))
    assert found == [ToolCallPart('f', '{"x": 1}', 'abc')]


@pytest.mark.parametrize(
    ('raw', 'reason'),
    [('model_length', 'length'), ('error', 'error'), ('tool_calls', 'tool_call'), ('novel', None)],
)
def test_finish_reasons(raw: str, reason: str | None) -> None:
    decoder, _ = run(said('x'), chunk(reason=raw), DONE)
    assert decoder.finish_reason == reason
    assert decoder.provider_details is not None and decoder.provider_details['finish_reason'] == raw


# ------------------------------------------------------------------------ faults


def test_an_error_object_is_an_error() -> None:
    error = {'object': 'error', 'message': 'Prompt too large', 'type': 'invalid_request_prompt', 'code': '3051'}
    with pytest.raises(ModelContextWindowExceededError, match='Prompt too large'):
        run(said('x'), error)
    with pytest.raises(ModelAPIError, match='no luck') as caught:
        run(said('x'), {'error': {'message': 'no luck'}})
    assert caught.value.in_stream


def test_a_cut_answer_is_not_complete() -> None:
    with pytest.raises(IncompleteStream):
        run(said('x'), DONE)
    with pytest.raises(EmptyStream):
        run(DONE)


# ---------------------------------------------------------------- text as output


def output(*texts: str) -> list[Any]:
    return parts(*map(said, texts), tools=(ANSWER,), mode='tool')


def test_text_that_is_the_arguments_of_an_output_tool_is_its_call() -> None:
    decoder, events = run(said('{"n": 1, "na'), said('mes": ["a'), said('b"]}'), STOP, tools=(ANSWER,), mode='tool')
    [call] = decoder.parts.parts()
    assert (call.tool_name, call.args) == ('answer', {'n': 1, 'names': ['ab']})
    starts = [event.part for event in events if isinstance(event, PartStartEvent)]
    assert [part.args for part in starts] == [{'n': 1}, {'n': 1, 'names': ['a']}, {'n': 1, 'names': ['ab']}]
    assert len({part.tool_call_id for part in starts}) == 1


def test_a_number_is_not_shown_before_it_has_ended() -> None:
    _, events = run(said('{"n": 1'), said('2'), said('}'), STOP, tools=(ANSWER,), mode='tool')
    assert [event.part.args for event in events if isinstance(event, PartStartEvent)] == [{'n': 12}]


@pytest.mark.parametrize(
    'texts',
    [
        ('Hello', ' world'),
        ('\n', 'Hello'),
        ('{curly}', ' text'),
        ('12 monkeys',),
        ('{"n": "one"}',),
        ('{"n": true}',),
        ('{"m": 1}',),
        ('{"m"',),
        ('[{"n": 1}]',),
    ],
)
def test_any_other_text_is_text(texts: tuple[str, ...]) -> None:
    assert output(*texts) == [TextPart(''.join(texts))]


def test_text_after_the_call_is_kept() -> None:
    call, text = output('{"n": 1}', '\n\nHope', ' this helps')
    assert (call.args, text.content) == ({'n': 1}, 'Hope this helps')


def test_a_cut_call_keeps_its_raw_text() -> None:
    [call] = output('{"n": 1, "names": ["a')
    assert call.args == '{"n": 1, "names": ["a'


def test_a_long_call_is_not_looked_at_for_every_delta() -> None:
    pieces = ['{"n": 1, "names": ["', *['abcd'] * 20_000, '"]}']
    decoder, events = run(*map(said, pieces), STOP, tools=(ANSWER,), mode='tool')
    [call] = decoder.parts.parts()
    assert len(call.args['names'][0]) == 80_000
    assert len(events) < 3_000


def test_without_output_tools_in_play_json_is_text() -> None:
    assert parts(said('{"n": 1}'), tools=(ANSWER,), mode='text') == [TextPart('{"n": 1}')]

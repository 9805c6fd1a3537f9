"""Cohere's decoder, rule by rule. Events are written as their data; `feed` adds the names."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jupyter_stream import profiles, providers
from jupyter_stream.exceptions import (
    EmptyStream,
    IncompleteStream,
    ModelAPIError,
    ModelContextWindowExceededError,
    StreamDecodeError,
)
from jupyter_stream.framing.sse import Frame
from jupyter_stream.messages import (
    Citation,
    ContentCitationAnchor,
    DocumentCitationSource,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    WebCitationSource,
)
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.wire.base import Target
from jupyter_stream.wire.cohere import Decoder


def event(kind: str, index: int | None = None, **message: Any) -> dict[str, Any]:
    found: dict[str, Any] = {'type': kind, 'delta': {'message': message}}
    return found if index is None else {**found, 'index': index}


def said(text: str, index: int = 0) -> dict[str, Any]:
    return event('content-delta', index, content={'text': text})


def end(reason: str = 'COMPLETE', **delta: Any) -> dict[str, Any]:
    return {'type': 'message-end', 'delta': {'finish_reason': reason, **delta}}


START = {**event('message-start', role='assistant', content=[], tool_plan='', tool_calls=[]), 'id': 'c1'}
STOP = end()


def run(*events: Any, name: str | None = 'x') -> Decoder:
    """`name` None leaves the names of the events out; a string among the events is data as it is."""
    provider = providers.find('cohere')
    assert provider is not None
    target = Target('command-a-03-2025', provider, profiles.profile(provider, 'command-a-03-2025'))
    decoder = Decoder(target, ModelRequestParameters(), {})
    for item in events:
        if isinstance(item, str):
            decoder.feed(Frame(name if name != 'x' else 'content-delta', item))
        else:
            decoder.feed(Frame(item.get('type') if name else None, json.dumps(item)))
    decoder.close()
    return decoder


def parts(*events: Any, **more: Any) -> list[Any]:
    return run(START, *events, STOP, **more).parts.parts()


# ------------------------------------------------------------------------- parts


@pytest.mark.parametrize('name', ['x', None])
def test_text_and_thinking_by_their_blocks(name: str | None) -> None:
    thoughts = [event('content-delta', 0, content={'thinking': text}) for text in ('h', 'm')]
    begins = event('content-start', 0, content={'type': 'thinking', 'thinking': ''})
    found = parts(begins, *thoughts, said('Hi', 1), said('!', 1), said('Bye', 2), name=name)
    assert found == [ThinkingPart('hm'), TextPart('Hi!'), TextPart('Bye')]


def test_a_tag_in_a_text_is_only_text() -> None:
    assert parts(said('<think>x</think>')) == [TextPart('<think>x</think>')]


def call(index: int, call_id: str, name: str, args: str = '') -> dict[str, Any]:
    function = {'name': name, 'arguments': args}
    return event('tool-call-start', index, tool_calls={'id': call_id, 'type': 'function', 'function': function})


def more(index: int, args: str) -> dict[str, Any]:
    return event('tool-call-delta', index, tool_calls={'function': {'arguments': args}})


def test_tool_calls_by_their_index() -> None:
    found = parts(call(0, 'a', 'f'), call(1, 'b', 'g', '{'), more(0, '{}'), more(1, '}'))
    assert found == [ToolCallPart('f', '{}', 'a'), ToolCallPart('g', '{}', 'b')]


def test_a_call_without_arguments_has_none() -> None:
    assert parts(call(0, 'a', 'f')) == [ToolCallPart('f', None, 'a')]


def test_the_plan_is_thinking() -> None:
    plan = [event('tool-plan-delta', tool_plan=text) for text in ('I will ', 'look.')]
    thought, _ = parts(*plan, call(0, 'a', 'f'))
    assert thought == ThinkingPart('I will look.', id='tool_plan', provider_name='cohere')


# --------------------------------------------------------------------- citations


def citation(*sources: Any, **more: Any) -> dict[str, Any]:
    return event('citation-start', 0, citations={'start': 0, 'end': 2, 'text': 'Hi', 'sources': list(sources), **more})


DOCUMENT = {'type': 'document', 'id': 'doc:0', 'document': {'id': 'doc:0', 'title': 'T', 'text': 'body'}}
PAGE = {'type': 'tool', 'id': 'web:1', 'tool_output': {'url': 'https://e.com', 'snippet': 'short'}}


def test_citations_are_put_on_their_text() -> None:
    first, second = parts(said('Hi', 0), said('Ho', 1), citation(DOCUMENT, PAGE, content_index=0), citation(PAGE))
    anchor = ContentCitationAnchor(start=0, end=2)
    document = DocumentCitationSource(document_id='doc:0', title='T', excerpts=['body'])
    page = WebCitationSource('https://e.com', excerpts=['short'])
    assert first.citations == [Citation([document, page], anchor=anchor)]
    assert second.citations == [Citation([page], anchor=anchor)]


@pytest.mark.parametrize(
    'cited',
    [citation(), citation(DOCUMENT, type='PLAN'), event('citation-start', 0, citations=None), event('citation-end', 0)],
)
def test_what_cites_no_text_is_passed_over(cited: Any) -> None:
    assert parts(said('Hi'), cited) == [TextPart('Hi')]


def test_a_citation_without_a_place_is_of_the_whole_text() -> None:
    [text] = parts(said('Hi'), citation(DOCUMENT, start=3, end=3))
    assert text.citations[0].anchor is None


# --------------------------------------------------------------------------- end


@pytest.mark.parametrize(
    ('raw', 'reason'),
    [('COMPLETE', 'stop'), ('MAX_TOKENS', 'length'), ('TOOL_CALL', 'tool_call'), ('ERROR', 'error'), ('NOVEL', None)],
)
def test_finish_reasons(raw: str, reason: str | None) -> None:
    decoder = run(START, said('Hi'), end(raw))
    assert (decoder.finish_reason, decoder.provider_details) == (reason, {'finish_reason': raw})
    assert decoder.provider_response_id == 'c1'


def test_usage() -> None:
    usage = {
        'billed_units': {'input_tokens': 3.0, 'output_tokens': 2.0, 'search_units': 0},
        'tokens': {'input_tokens': 33.0, 'output_tokens': 4.0},
        'cached_tokens': 30.0,
    }
    found = run(START, said('Hi'), end(usage=usage)).usage
    assert (found.input_tokens, found.output_tokens, found.cache_read_tokens) == (33, 4, 30)
    assert found.details == {'input_tokens': 3, 'output_tokens': 2}


def test_nothing_is_read_after_the_end() -> None:
    assert run(START, said('Hi'), STOP, said(' there')).parts.parts() == [TextPart('Hi')]
    assert run(START, said('Hi'), STOP, '[DONE]').terminal


# ------------------------------------------------------------------------ faults


@pytest.mark.parametrize(
    'error',
    [
        {'type': 'error', 'message': 'no luck'},
        {'message': 'no luck'},
        {'error': {'message': 'no luck'}},
        end('ERROR', error='no luck'),
    ],
)
def test_an_error_is_an_error(error: dict[str, Any]) -> None:
    with pytest.raises(ModelAPIError, match='no luck') as caught:
        run(START, said('Hi'), error)
    assert caught.value.in_stream


def test_too_long_a_prompt_is_known_by_its_message() -> None:
    with pytest.raises(ModelContextWindowExceededError):
        run(START, {'type': 'error', 'message': 'too many tokens: size limit exceeded by 5 tokens'})


def test_an_error_in_plain_text() -> None:
    with pytest.raises(ModelAPIError, match='no luck'):
        run(START, 'no luck', name='error')


@pytest.mark.parametrize(
    'data', ['{"type": "content-del', '[1]', '{"type": "content-delta", "delta": 3}', '{"type": [1]}']
)
def test_a_broken_event_is_a_decode_error(data: str) -> None:
    with pytest.raises(StreamDecodeError) as caught:
        run(START, data)
    assert caught.value.offset == 2


def test_events_that_are_not_known_are_passed_over() -> None:
    assert parts({'type': 'novel', 'delta': 3}, said('Hi')) == [TextPart('Hi')]
    with pytest.raises(EmptyStream):  # and not a decode error
        run('no JSON', name='novel')


def test_a_cut_answer_is_not_complete() -> None:
    with pytest.raises(IncompleteStream):
        run(START, said('Hi'))
    with pytest.raises(IncompleteStream):
        run(START, said('Hi'), '[DONE]')


@pytest.mark.parametrize('events', [(), ('[DONE]',), (STOP,)])
def test_an_empty_answer(events: tuple[Any, ...]) -> None:
    with pytest.raises(EmptyStream):
        run(*events)

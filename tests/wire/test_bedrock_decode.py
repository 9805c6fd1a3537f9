"""Converse's decoder, rule by rule; the recorded streams are in `tests/conformance`."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest

from jupyter_stream import profiles, providers
from jupyter_stream.exceptions import (
    EmptyStream,
    IncompleteStream,
    ModelAPIError,
    ModelContextWindowExceededError,
    ModelHTTPError,
    ModelRateLimitError,
    ModelServerError,
    ModelUnavailableError,
    StreamDecodeError,
)
from jupyter_stream.framing.eventstream import Frame
from jupyter_stream.messages import (
    ContentCitationAnchor,
    DocumentCitationSource,
    FinalResultEvent,
    NativeToolCallPart,
    NativeToolReturnPart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    WebCitationSource,
)
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.wire.base import Target
from jupyter_stream.wire.bedrock import Decoder

MODEL = 'us.amazon.nova-lite-v1:0'


def frame(kind: str, event: Any, **headers: str) -> Frame:
    payload = event if isinstance(event, bytes) else json.dumps(event).encode()
    return Frame({':message-type': 'event', ':event-type': kind, **headers}, payload)


def block(index: int, **start: Any) -> Frame:
    return frame('contentBlockStart', {'contentBlockIndex': index, 'start': start})


def delta(index: int, **said: Any) -> Frame:
    return frame('contentBlockDelta', {'contentBlockIndex': index, 'delta': said})


def end(index: int) -> Frame:
    return frame('contentBlockStop', {'contentBlockIndex': index})


def stop(reason: str = 'end_turn', **more: Any) -> Frame:
    return frame('messageStop', {'stopReason': reason, **more})


def raised(kind: str, message: str) -> Frame:
    return Frame({':message-type': 'exception', ':exception-type': kind}, json.dumps({'message': message}).encode())


START = frame('messageStart', {'role': 'assistant'})
USAGE = frame('metadata', {'usage': {'inputTokens': 3, 'outputTokens': 2, 'totalTokens': 5}})


def decoder(model: str = MODEL) -> Decoder:
    provider = providers.find('bedrock')
    assert provider is not None
    return Decoder(Target(model, provider, profiles.profile(provider, model)), ModelRequestParameters(), {})


def run(*frames: Frame, model: str = MODEL) -> tuple[Decoder, list[Any]]:
    one = decoder(model)
    events = [event for part in frames for event in one.feed(part)]
    return one, events + one.close()


def parts(*frames: Frame) -> list[Any]:
    return run(START, *frames, stop(), USAGE)[0].parts.parts()


# ------------------------------------------------------------------------ parts


def test_text_needs_no_start() -> None:
    assert parts(delta(0, text='Hel'), delta(0, text='lo'), end(0)) == [TextPart('Hello')]


def test_each_block_is_a_part() -> None:
    assert parts(delta(0, text='A'), end(0), delta(1, text='B'), end(1)) == [TextPart('A'), TextPart('B')]


def test_half_a_surrogate_pair_waits_for_the_other() -> None:
    halves = [frame('contentBlockDelta', b'{"contentBlockIndex":0,"delta":{"text":"\\u%s"}}' % half)
              for half in (b'd83c', b'df89')]  # fmt: skip
    assert parts(*halves) == [TextPart('🎉')]


def test_bytes_that_are_no_utf8_are_replaced() -> None:
    assert parts(frame('contentBlockDelta', b'{"contentBlockIndex":0,"delta":{"text":"a\xff"}}')) == [
        TextPart('a\ufffd')
    ]


def test_a_tool_call_grows() -> None:
    pieces = [delta(0, toolUse={'input': piece}) for piece in ('{"x"', ':1}')]
    [call] = parts(block(0, toolUse={'toolUseId': 'c1', 'name': 'add'}), *pieces, end(0))
    assert (call, call.args) == (ToolCallPart('add', '{"x":1}', 'c1'), '{"x":1}')


def test_thinking_is_signed_at_its_end() -> None:
    pieces = [{'text': 'I '}, {'text': 'think'}, {'signature': 'sig'}]
    assert parts(*(delta(0, reasoningContent=piece) for piece in pieces)) == [
        ThinkingPart('I think', signature='sig', provider_name='bedrock')
    ]


def test_thinking_without_a_signature_belongs_to_no_provider() -> None:
    assert parts(delta(0, reasoningContent={'text': 'hm'})) == [ThinkingPart('hm')]


def test_redacted_thinking_is_a_signature() -> None:
    redacted = b64encode(b'secret').decode()
    assert parts(delta(0, reasoningContent={'redactedContent': redacted})) == [
        ThinkingPart('', id='redacted_content', signature='secret', provider_name='bedrock')
    ]


def test_thinking_with_nothing_in_it_is_passed_over() -> None:
    assert parts(delta(0, reasoningContent={}), delta(1, text='Hi')) == [TextPart('Hi')]


def test_code_that_the_provider_runs() -> None:
    call, result = parts(
        block(0, toolUse={'toolUseId': 'c1', 'name': 'nova_code_interpreter', 'type': 'server_tool_use'}),
        delta(0, toolUse={'input': '{"snippet":"1"}'}),
        end(0),
        block(1, toolResult={'toolUseId': 'c1', 'type': 'nova_code_interpreter_result', 'status': 'success'}),
        delta(1, toolResult=[{'json': {'stdOut': '1'}}]),
        end(1),
    )
    assert isinstance(call, NativeToolCallPart)
    assert isinstance(result, NativeToolReturnPart)
    assert (call.tool_name, call.args, call.provider_name) == ('code_execution', '{"snippet":"1"}', 'bedrock')
    assert (result.tool_call_id, result.content) == ('c1', {'stdOut': '1'})
    assert result.provider_details == {'status': 'success'}


def test_a_tool_of_the_provider_that_is_not_known_is_passed_over() -> None:
    assert parts(
        block(0, toolUse={'toolUseId': 'c1', 'name': 'new_tool', 'type': 'server_tool_use'}),
        delta(0, toolUse={'input': '{}'}),
        end(0),
        block(1, toolResult={'toolUseId': 'c1', 'type': 'new_tool_result'}),
        delta(1, toolResult=[{'json': {}}]),
        end(1),
        delta(2, text='Hi'),
    ) == [TextPart('Hi')]


def test_citations_are_of_their_whole_block() -> None:
    web = {'title': 'W', 'location': {'web': {'url': 'https://w'}}, 'sourceContent': [{'text': 'said'}]}
    page = {'title': 'D', 'location': {'documentPage': {'documentIndex': 0, 'start': 1, 'end': 1}}}
    [part] = parts(delta(0, text='So it is'), delta(0, citation=web), delta(0, citation=page), end(0))
    [citation] = part.citations
    assert citation.sources == [
        WebCitationSource(url='https://w', title='W', excerpts=['said']),
        DocumentCitationSource(title='D'),
    ]
    assert citation.anchor == ContentCitationAnchor(start=0, end=8)
    assert part.provider_details == {'citations': [web, page]}


def test_a_citation_that_says_nothing_is_none() -> None:
    assert parts(delta(0, text='x'), delta(0, citation={}), end(0)) == [TextPart('x')]


def test_the_first_text_is_the_result() -> None:
    _, events = run(START, delta(0, text='Hi'), stop(), USAGE)
    assert [type(event) for event in events].count(FinalResultEvent) == 1


# ------------------------------------------------------------------ the message


@pytest.mark.parametrize(
    ('reason', 'meant'),
    [
        ('end_turn', 'stop'),
        ('tool_use', 'tool_call'),
        ('max_tokens', 'length'),
        ('guardrail_intervened', 'content_filter'),
        ('malformed_tool_use', 'error'),
        ('brand_new', None),
    ],
)
def test_the_reason_is_kept_as_it_came(reason: str, meant: str | None) -> None:
    one, _ = run(START, delta(0, text='Hi'), stop(reason), USAGE)
    assert (one.finish_reason, one.provider_details) == (meant, {'finish_reason': reason})


def test_what_the_cache_did_belongs_to_the_input() -> None:
    usage = {
        'inputTokens': 3,
        'outputTokens': 2,
        'totalTokens': 35,
        'cacheReadInputTokens': 20,
        'cacheWriteInputTokens': 10,
        'cacheDetails': [{'ttl': '1h', 'inputTokens': 4}, {'ttl': '5m', 'inputTokens': 6}],
        'newTokens': 7,
    }
    counted = run(START, delta(0, text='Hi'), stop(), frame('metadata', {'usage': usage}))[0].usage
    assert (counted.input_tokens, counted.cache_read_tokens, counted.cache_write_tokens) == (33, 20, 10)
    assert (counted.cache_write_1h_tokens, counted.output_tokens, counted.details) == (4, 2, {'newTokens': 7})


def test_what_was_asked_for_beyond_the_answer_is_kept() -> None:
    metadata = frame('metadata', {'trace': {'guardrail': {}}})
    one, _ = run(START, delta(0, text='Hi'), stop(additionalModelResponseFields={'/x': 1}), metadata)
    assert one.provider_details == {
        'finish_reason': 'end_turn',
        'additional_model_response_fields': {'/x': 1},
        'trace': {'guardrail': {}},
    }


# ---------------------------------------------------------------------- the end


def test_usage_after_the_reason_ends_the_reading() -> None:
    one = decoder()
    for part in (START, delta(0, text='Hi'), stop()):
        one.feed(part)
        assert not one.terminal
    one.feed(USAGE)
    assert one.terminal
    assert one.feed(delta(0, text='later')) == []


def test_usage_may_come_before_the_reason() -> None:
    one, _ = run(START, delta(0, text='Hi'), USAGE, stop())
    assert one.terminal
    assert one.usage.output_tokens == 2


def test_a_reason_without_usage_is_an_end() -> None:
    assert run(START, delta(0, text='Hi'), stop())[0].complete


@pytest.mark.parametrize('rest', [(), (end(0),), (USAGE,)])
def test_no_reason_is_no_end(rest: tuple[Frame, ...]) -> None:
    with pytest.raises(IncompleteStream):
        run(START, delta(0, text='Hi'), *rest)


@pytest.mark.parametrize('frames', [(), (stop(),), (stop(), USAGE)])
def test_an_answer_without_anything_is_empty(frames: tuple[Frame, ...]) -> None:
    with pytest.raises(EmptyStream):
        run(*frames)


# ----------------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ('kind', 'status', 'error'),
    [
        ('throttlingException', 429, ModelRateLimitError),
        ('serviceUnavailableException', 503, ModelUnavailableError),
        ('internalServerException', 500, ModelServerError),
        ('modelStreamErrorException', 424, ModelHTTPError),
        ('modelTimeoutException', 408, ModelHTTPError),
    ],
)
def test_an_exception_is_what_it_would_have_been_before_the_stream(
    kind: str, status: int, error: type[ModelAPIError]
) -> None:
    with pytest.raises(error, match='wait a bit') as caught:
        run(START, raised(kind, 'wait a bit'))
    failure: Any = caught.value
    assert (failure.status_code, failure.in_stream, failure.provider_error_code) == (status, True, kind)


def test_too_long_a_prompt_is_named() -> None:
    with pytest.raises(ModelContextWindowExceededError):
        run(raised('validationException', 'Input is too long for requested model.'))


def test_an_exception_that_is_not_known_is_told() -> None:
    with pytest.raises(ModelAPIError, match='odd') as caught:
        run(START, raised('newException', 'odd'))
    assert (caught.value.provider_error_code, caught.value.in_stream) == ('newException', True)


def test_an_error_stands_in_the_headers() -> None:
    headers = {':message-type': 'error', ':error-code': 'InternalError', ':error-message': 'broke'}
    with pytest.raises(ModelAPIError, match='broke') as caught:
        run(START, Frame(dict(headers), b''))
    assert caught.value.provider_error_code == 'InternalError'


@pytest.mark.parametrize('payload', [b'no json', b'"no json"', b''])
def test_an_exception_that_is_no_json_object_is_told(payload: bytes) -> None:
    headers = {':message-type': 'exception', ':exception-type': 'throttlingException'}
    with pytest.raises(ModelRateLimitError) as caught:
        run(Frame(dict(headers), payload))
    assert payload.decode() in str(caught.value)


def test_an_unknown_event_is_ignored() -> None:
    assert parts(frame('brandNew', b'\x00'), delta(0, text='Hi')) == [TextPart('Hi')]


@pytest.mark.parametrize('payload', [b'{', b'[]', b'null', b'{"contentBlockIndex":0}', b'{"delta":{"text":"Hi"}}'])
def test_a_malformed_event_is_an_error_with_its_number(payload: bytes) -> None:
    with pytest.raises(StreamDecodeError) as caught:
        run(START, frame('contentBlockDelta', payload))
    assert caught.value.offset == 2

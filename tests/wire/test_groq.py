"""Groq where it differs from Chat Completions; the recordings are in `tests/conformance`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jupyter_stream import profiles, providers
from jupyter_stream.exceptions import (
    IncompleteStream,
    ModelAPIError,
    ModelRequestRejectedError,
    UnsupportedSettingWarning,
    UserError,
)
from jupyter_stream.framing.sse import Frame
from jupyter_stream.messages import (
    BinaryContent,
    DocumentUrl,
    ImageUrl,
    ModelRequest,
    ModelResponse,
    NativeToolCallPart,
    NativeToolReturnPart,
    PartStartEvent,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    UserPromptPart,
)
from jupyter_stream.native_tools import CodeExecutionTool, WebSearchTool
from jupyter_stream.output import OutputObjectDefinition
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.tools import ToolDefinition
from jupyter_stream.wire.base import Target
from jupyter_stream.wire.groq import Decoder, encode, fetchable

LLAMA, GPT_OSS, QWEN, COMPOUND = 'llama-3.3-70b-versatile', 'openai/gpt-oss-120b', 'qwen/qwen3-32b', 'groq/compound'
ASK = ModelRequest.user_text_prompt('hi')
ADD = ToolDefinition(name='add', parameters_json_schema={'type': 'object', 'properties': {}}, strict=True)
ANSWER = OutputObjectDefinition({'type': 'object', 'properties': {}, 'required': []}, name='Answer')


def target(model: str = LLAMA) -> Target:
    provider = providers.find('groq')
    assert provider is not None
    return Target(model, provider, profiles.profile(provider, model))


# ------------------------------------------------------------------------ decode


def chunk(delta: dict[str, Any] | None = None, reason: str | None = None, **more: Any) -> dict[str, Any]:
    choices = [{'index': 0, 'delta': delta or {}, 'finish_reason': reason}]
    return {'id': 'c1', 'model': 'm-1', 'created': 1_700_000_000, 'choices': choices, **more}


def said(content: str) -> dict[str, Any]:
    return chunk({'content': content})


def thought(content: str, field: str = 'reasoning') -> dict[str, Any]:
    return chunk({field: content})


def refused(generation: str, **more: Any) -> dict[str, Any]:
    error = {'message': 'no', 'type': 'invalid_request_error', 'code': 'tool_use_failed'}
    return {'error': {**error, 'failed_generation': generation, **more}}


STOP = chunk(reason='stop')


def run(*chunks: Any) -> tuple[Decoder, list[Any]]:
    decoder, events = Decoder(target(), ModelRequestParameters(), {}), list[Any]()
    for item in chunks:
        frame = item if isinstance(item, Frame) else Frame(None, json.dumps(item))
        events += decoder.feed(frame)
    return decoder, events + decoder.close()


def parts(*chunks: Any) -> list[Any]:
    return run(*chunks)[0].parts.parts()


@pytest.mark.parametrize('field', ['reasoning', 'reasoning_content'])
def test_each_stretch_of_thinking_is_a_part_and_all_text_is_one(field: str) -> None:
    found = parts(thought('a', field), thought('b', field), said('C'), thought('d', field), said('E'), STOP)
    assert found == [ThinkingPart('ab'), TextPart('CE'), ThinkingPart('d')]


def test_text_ends_a_stretch_of_thinking_also_where_it_is_no_new_part() -> None:
    found = parts(said('A'), thought('b'), said('C'), thought('d'), STOP)
    assert found == [TextPart('AC'), ThinkingPart('b'), ThinkingPart('d')]


def test_thinking_in_tags_has_no_id() -> None:
    assert parts(said('<think>hm</think>ok'), STOP) == [ThinkingPart('hm'), TextPart('ok')]


def test_usage_is_what_groq_says_of_it() -> None:
    counts = {'prompt_tokens': 3, 'completion_tokens': 2, 'total_tokens': 5, 'queue_time': 0.05}
    details = {'prompt_tokens_details': {'cached_tokens': 1}, 'completion_tokens_details': {'reasoning_tokens': 1}}
    usage = run(said('a'), chunk(reason='stop', usage=counts, x_groq={'id': 'r', 'usage': {**counts, **details}}))[
        0
    ].usage
    assert (usage.input_tokens, usage.output_tokens, usage.cache_read_tokens) == (3, 2, 1)
    assert (usage.output_reasoning_tokens, usage.details) == (1, {'reasoning_tokens': 1})


def test_usage_on_a_chunk_that_looks_like_plain_text() -> None:
    none, some = {'x_groq': None}, {'x_groq': {'usage': {'prompt_tokens': 3}}}
    decoder = run(said('a') | none, said('b') | none, said('c') | some, STOP | none)[0]
    assert decoder.usage.input_tokens == 3
    assert decoder.parts.parts() == [TextPart('abc')]


def test_groq_says_why_it_stops() -> None:
    with pytest.raises(ModelAPIError, match='over capacity') as caught:
        run(said('a'), chunk(x_groq={'error': 'over capacity'}))
    assert caught.value.in_stream


# ------------------------------------------------------------- searches, refusals


def search(index: int = 0, **more: Any) -> dict[str, Any]:
    tool = {'index': index, 'type': 'search', 'arguments': '{"query": "q"}', **more}
    return chunk({'executed_tools': [tool]})


def test_a_search_is_told_when_it_begins_and_when_it_has_found_something() -> None:
    call, found, text = parts(search(), search(output='r'), said('Hi'), STOP)
    assert isinstance(call, NativeToolCallPart) and isinstance(found, NativeToolReturnPart)
    assert (call.tool_name, call.args, call.provider_name) == ('web_search', {'query': 'q'}, 'groq')
    assert (found.tool_name, found.content, found.provider_name) == ('web_search', 'r', 'groq')
    assert call.tool_call_id == found.tool_call_id
    assert text == TextPart('Hi')


def test_results_win_over_the_output_and_have_all_their_fields() -> None:
    page = {'title': 'T', 'url': 'https://example.com', 'content': ''}
    found = parts(search(output='r', search_results={'results': [page]}), STOP)
    assert [type(part) for part in found] == [NativeToolCallPart, NativeToolReturnPart]
    assert found[1].content == {'images': None, 'results': [{**page, 'score': None}]}


def test_searches_are_told_apart_and_a_repeated_call_is_not_told_again() -> None:
    events = run(search(0), search(1), search(0), search(1, output='b'), search(0, output='a'), STOP)[1]
    started: list[Any] = [event.part for event in events if isinstance(event, PartStartEvent)]
    first, second, two, one = started
    assert (two.tool_call_id, two.content) == (second.tool_call_id, 'b')
    assert (one.tool_call_id, one.content) == (first.tool_call_id, 'a')


def test_arguments_that_are_no_object_are_kept_and_renewed() -> None:
    call = parts(search(arguments='{"que'), search(arguments='{"query": 1}'), STOP)[0]
    assert call.args == {'query': 1}
    assert parts(search(arguments='{"que'), STOP)[0].args == '{"que'


def test_other_tools_of_a_compound_model_are_passed_over() -> None:
    assert parts(search(type='python', output='4'), said('4'), STOP) == [TextPart('4')]


@pytest.mark.parametrize('event', [None, 'error'])
def test_a_refused_call_is_what_the_model_said(event: str | None) -> None:
    error = Frame(event, json.dumps(refused('{"name": "add", "arguments": {"x": 1}}', status_code=400)))
    decoder = run(thought('hm'), error, said('never'))[0]
    thinking, call = decoder.parts.parts()
    assert thinking == ThinkingPart('hm')
    assert isinstance(call, ToolCallPart) and (call.tool_name, call.args) == ('add', {'x': 1})
    assert (decoder.terminal, decoder.finish_reason) == (True, None)


@pytest.mark.parametrize('generation', ['maybe', '{"name": 1, "arguments": {}}', '[1]'])
def test_a_refused_text_is_text(generation: str) -> None:
    assert parts(refused(generation)) == [TextPart(generation)]


def test_a_refused_call_after_text_that_came_already() -> None:
    assert parts(said('maybe'), refused('')) == [TextPart('maybe')]


def test_a_refusal_of_nothing_and_other_errors_are_errors() -> None:
    for error in (refused(''), refused('x', code='other'), refused('x', failed_generation=None)):
        with pytest.raises(ModelRequestRejectedError):
            run(error)


def test_an_answer_without_a_finish_reason_is_incomplete() -> None:
    with pytest.raises(IncompleteStream):
        run(said('a'))


# ------------------------------------------------------------------------ encode


def body(*history: Any, model: str = LLAMA, parameters: Any = None, **settings: Any) -> Any:
    wanted = ModelRequestParameters(**(parameters or {}))
    return encode(target(model), history or [ASK], settings, wanted).body  # type: ignore[arg-type]


def test_the_path_and_a_plain_body() -> None:
    request = encode(target(), [ASK], {'max_tokens': 9}, ModelRequestParameters())
    assert request.path == '/openai/v1/chat/completions'
    messages = [{'role': 'user', 'content': 'hi'}]
    assert request.body == {'model': LLAMA, 'stream': True, 'n': 1, 'max_tokens': 9, 'messages': messages}


def test_settings_of_others_say_nothing_and_those_groq_lacks_are_warned_of() -> None:
    assert 'user' not in body(openai_user='me')
    with pytest.warns(UnsupportedSettingWarning, match='top_k, service_tier'):
        assert 'service_tier' not in body(top_k=1, service_tier='flex')
    assert body(extra_body={'n': 2})['n'] == 2


def test_tools_are_never_strict_but_the_answer_can_be() -> None:
    strict = body(model=GPT_OSS, parameters={'function_tools': [ADD]})['tools'][0]['function']
    assert 'strict' not in strict
    form = body(model=GPT_OSS, parameters={'output_mode': 'native', 'output_object': ANSWER})['response_format']
    assert 'strict' in form['json_schema']


def test_the_json_mode_does_not_go_with_tools() -> None:
    prompted = {'output_mode': 'prompted', 'output_object': ANSWER}
    assert body(model=GPT_OSS, parameters=prompted)['response_format'] == {'type': 'json_object'}
    assert 'response_format' not in body(model=GPT_OSS, parameters={**prompted, 'function_tools': [ADD]})


def test_a_message_without_text_has_no_content() -> None:
    call = ModelResponse(parts=[ToolCallPart('add', '{}', tool_call_id='a')])
    assert 'content' not in body(ASK, call)['messages'][1]


def test_images_and_no_other_file() -> None:
    image = ImageUrl('https://example.com/a.png')
    [message] = body(ModelRequest(parts=[UserPromptPart([image])]))['messages']
    assert message['content'] == [{'type': 'image_url', 'image_url': {'url': image.url}}]
    forced = ImageUrl(image.url, force_download=True)
    assert [fetchable(target(), part) for part in (image, forced, 'text')] == [False, True, False]
    for refused_file in (DocumentUrl('https://example.com/a.pdf'), BinaryContent(b'x', media_type='text/plain')):
        with pytest.raises(UserError, match='no files but images'):
            body(ModelRequest(parts=[UserPromptPart([refused_file])]))


@pytest.mark.parametrize(
    ('model', 'thinking', 'words'),
    [
        (GPT_OSS, True, ('parsed', 'medium')),
        (GPT_OSS, 'minimal', ('parsed', 'low')),
        (GPT_OSS, 'xhigh', ('parsed', 'high')),
        (GPT_OSS, False, ('hidden', 'low')),
        (QWEN, 'high', ('parsed', None)),
        (QWEN, False, (None, 'none')),
        ('deepseek-r1-distill-llama-70b', 'high', ('parsed', None)),
        ('deepseek-r1-distill-llama-70b', False, (None, None)),
        (LLAMA, 'high', (None, None)),
    ],
)
@pytest.mark.filterwarnings('ignore:.*they are left out. thinking')
def test_thinking(model: str, thinking: Any, words: tuple[str | None, str | None]) -> None:
    found = body(model=model, thinking=thinking)
    assert (found.get('reasoning_format'), found.get('reasoning_effort')) == words


def test_groqs_own_words_for_thinking() -> None:
    own = {'groq_reasoning_format': 'raw', 'groq_reasoning_effort': 'default'}
    found = body(model=QWEN, thinking=True, **own)
    assert (found['reasoning_format'], found['reasoning_effort']) == ('raw', 'default')
    with pytest.warns(UnsupportedSettingWarning, match='groq_reasoning_effort'):
        assert body(model=QWEN, thinking=False, **own)['reasoning_effort'] == 'none'


def test_a_compound_model_searches_where_it_may() -> None:
    def settings(**more: Any) -> Any:
        return body(model=COMPOUND, parameters={'native_tools': [WebSearchTool(**more)]})

    assert settings(allowed_domains=['a.org'], blocked_domains=['b.org'])['search_settings'] == {
        'include_domains': ['a.org'],
        'exclude_domains': ['b.org'],
    }
    assert not {'tools', 'search_settings'} & set(settings())
    with pytest.raises(UserError, match='max_uses'):
        settings(max_uses=1)


def test_native_tools_that_a_model_lacks() -> None:
    for model, tool in ((LLAMA, WebSearchTool()), (COMPOUND, CodeExecutionTool())):
        with pytest.raises(UserError, match='no native tool'):
            body(model=model, parameters={'native_tools': [tool]})

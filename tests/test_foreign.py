"""Streams of other libraries: what is read from them, what the response says, and what becomes of odd ones."""

from __future__ import annotations

import asyncio
import functools
import json
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest

from jupyter_stream import foreign, model_request_stream, model_request_stream_sync
from jupyter_stream.exceptions import IncompleteStream, UserError
from jupyter_stream.foreign import opened
from jupyter_stream.framing.sse import SSEDecoder
from jupyter_stream.messages import (
    ModelMessagesTypeAdapter,
    ModelRequest,
    ModelResponse,
    NativeToolReturnPart,
    PartDeltaEvent,
    PartEndEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
    ThinkingPart,
    ThinkingPartDelta,
    ToolCallPart,
    ToolCallPartDelta,
)
from jupyter_stream.models.function import FunctionModel
from jupyter_stream.models.test import TestModel
from jupyter_stream.profiles import profile
from jupyter_stream.providers import find
from jupyter_stream.wire.base import Target

from .conformance import recordings
from .conformance.recordings import Stream

ASKED = [ModelRequest.user_text_prompt('Hello?')]


def on_a_loop(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """A test that awaits, as a plain one."""

    @functools.wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        asyncio.run(test(*args, **kwargs))

    return run


async def each(items: Any) -> AsyncIterator[Any]:
    for item in items:
        yield item


async def read(source: Any) -> tuple[list[Any], ModelResponse]:
    async with opened(source) as stream:
        events = [event async for event in stream]
    return events, stream.get()


def objects(value: Any) -> Any:
    """JSON values as the objects of an SDK that nobody has heard of."""
    if isinstance(value, dict):
        return SimpleNamespace(**{name: objects(item) for name, item in value.items()})
    return [objects(item) for item in value] if isinstance(value, list) else value


# ------------------------------------------------------------------ recorded traffic


ROWS = {'openai-chat': 'openai-chat', 'openai-responses': 'openai', 'anthropic': 'anthropic'}


def sdk_types(wire: str) -> Any:
    if wire == 'anthropic':
        return pytest.importorskip('anthropic').types.RawMessageStreamEvent
    pytest.importorskip('openai')
    if wire == 'openai-chat':
        return import_module('openai.types.chat').ChatCompletionChunk
    return import_module('openai.types.responses').ResponseStreamEvent


def sdk_objects(wire: str, chunks: list[Any]) -> list[Any]:
    """The objects that the vendor's SDK makes of these."""
    models = pytest.importorskip(f'{wire.partition("-")[0]}._models')
    return [models.construct_type(type_=sdk_types(wire), value=chunk) for chunk in chunks]


def chunks_of(recorded: Stream) -> list[Any]:
    frames = SSEDecoder().feed(recorded.body)
    return [json.loads(frame.data) for frame in frames if frame.data.startswith('{')]


def decoded(wire: str, chunks: list[Any], body: bytes) -> tuple[list[Any], Any]:
    """What our own decoder makes of the bytes."""
    model = foreign._model(chunks[0]) or ''
    row = find(ROWS[wire])
    assert row is not None
    module = import_module(f'jupyter_stream.wire.{wire.replace("-", "_")}')
    decoder = module.Decoder(Target(model, row, profile(row, model)), foreign._SERVER_TOOLS, {})
    frames = SSEDecoder().feed(body)
    events = [event for frame in frames for event in decoder.feed(frame)]
    return [*events, *decoder.close()], decoder


def same(one: Any, other: Any) -> bool:
    """Whether two lists of events are the same but for ids and times that are made here."""
    return [timeless(event) for event in one] == [timeless(event) for event in other]


def timeless(event: Any) -> Any:
    part = getattr(event, 'part', None)
    if hasattr(part, 'timestamp'):
        part.timestamp = None
    if str(getattr(part, 'tool_call_id', '')).startswith('pyd_ai_'):
        part.tool_call_id = ''
    delta = getattr(event, 'delta', None)
    if str(getattr(delta, 'tool_call_id', '')).startswith('pyd_ai_'):
        delta.tool_call_id = ''  # type: ignore[union-attr]
    if callable(getattr(delta, 'provider_details', None)):
        delta.provider_details = None  # type: ignore[union-attr]
    return event


def held(recorded: Stream, form: Callable[[str, list[Any]], list[Any]]) -> None:
    wire, chunks = recorded.wire, chunks_of(recorded)
    try:
        events, decoder = decoded(wire, chunks, recorded.body)
    except Exception as failure:
        with pytest.raises(type(failure)):
            asyncio.run(read(each(form(wire, chunks))))
        return
    got, response = asyncio.run(read(each(form(wire, chunks))))
    assert same(got, events)
    assert (response.usage, response.finish_reason) == (decoder.usage, decoder.finish_reason)
    assert (response.model_name or '', response.provider_details) == (decoder.model_name, decoder.provider_details)
    assert response.provider_response_id == decoder.provider_response_id


def begun(param: Any) -> bool:
    """Whether it does not begin with an error: that an SDK raises, and gives no stream."""
    recorded = param.values[0]
    chunks = recorded and chunks_of(recorded)
    return not recorded or bool(chunks and foreign._kind(chunks[0]) == recorded.wire.replace('-', '_'))


RECORDED = [param for param in recordings.stream_params(*ROWS) if begun(param)]


@pytest.mark.parametrize('recorded', RECORDED)
def test_chunks_as_dicts_say_what_the_bytes_say(recorded: Stream) -> None:
    held(recorded, lambda wire, chunks: chunks)


@pytest.mark.parametrize('recorded', RECORDED)
def test_chunks_as_an_sdks_objects_say_what_the_bytes_say(recorded: Stream) -> None:
    held(recorded, sdk_objects)


@pytest.mark.parametrize('recorded', recordings.stream_params('anthropic'))
def test_events_as_anybodys_objects_say_what_the_bytes_say(recorded: Stream) -> None:
    held(recorded, lambda wire, chunks: [objects(chunk) for chunk in chunks])


def client_of(sdk: str, name: str, kind: str, **options: Any) -> Any:
    """The vendor's own client, which is answered with a recording."""
    module, httpx2 = pytest.importorskip(sdk), pytest.importorskip('httpx2')
    body = recordings.stream(name).body
    answer = httpx2.Response(200, content=body, headers={'content-type': 'text/event-stream'})
    http = getattr(httpx2, 'AsyncClient' if kind.startswith('Async') else 'Client')
    transport = httpx2.MockTransport(lambda request: answer)
    return getattr(module, kind)(api_key='k', http_client=http(transport=transport), **options)


def openai_client(name: str, kind: str = 'AsyncOpenAI', **options: Any) -> Any:
    return client_of('openai', name, kind, **options)


CHAT: dict[str, Any] = {'model': 'm', 'messages': [{'role': 'user', 'content': 'Hi'}]}
CHAT_RECORDING = 'openai-chat-cached_and_reasoning_usage'


@pytest.mark.parametrize(
    'ask',
    [
        lambda: openai_client(CHAT_RECORDING).chat.completions.create(**CHAT, stream=True),
        lambda: openai_client(CHAT_RECORDING).chat.completions.stream(**CHAT),
        lambda: openai_client(CHAT_RECORDING, 'OpenAI').chat.completions.create(**CHAT, stream=True),
        lambda: openai_client(CHAT_RECORDING, 'OpenAI').chat.completions.stream(**CHAT),
    ],
    ids=['a coroutine', 'the helper', 'synchronous', 'the synchronous helper'],
)
@on_a_loop
async def test_the_chat_streams_of_the_openai_sdk(ask: Callable[[], Any]) -> None:
    _, response = await read(ask())
    assert (response.text, response.state, response.finish_reason) == ('Hi', 'complete', 'stop')
    assert (response.model_name, response.usage.input_tokens, response.usage.output_tokens) == ('m-1', 100, 50)


@pytest.mark.parametrize('method', ['create', 'stream'])
@on_a_loop
async def test_the_responses_streams_of_the_openai_sdk(method: str) -> None:
    responses = openai_client('openai-responses-code_interpreter').responses
    more = {'stream': True} if method == 'create' else {}
    _, response = await read(getattr(responses, method)(model='m', input='Hi', **more))
    assert [part.part_kind for part in response.parts] == ['builtin-tool-call', 'builtin-tool-return', 'text']
    assert (response.text, response.state) == ('Hi', 'complete')


@on_a_loop
async def test_who_answers_is_known_by_the_address_which_shows_no_key() -> None:
    client = openai_client(CHAT_RECORDING, base_url='https://openrouter.ai/api/v1')
    _, response = await read(client.chat.completions.create(**CHAT, stream=True, extra_query={'key': 'secret'}))
    assert (response.provider_name, response.provider_url) == ('openrouter', 'https://openrouter.ai/api/v1')
    client = openai_client(CHAT_RECORDING, base_url='http://user:secret@localhost:9999/v1')
    _, response = await read(client.chat.completions.create(**CHAT, stream=True))
    assert (response.provider_name, response.provider_url) == ('openai', 'http://localhost:9999/v1')


@pytest.mark.parametrize('kind', ['AsyncAnthropic', 'Anthropic'])
@pytest.mark.parametrize('method', ['create', 'stream'])
@on_a_loop
async def test_the_streams_of_the_anthropic_sdk(kind: str, method: str) -> None:
    messages = client_of('anthropic', 'anthropic-tool_use', kind).messages
    more = {'stream': True} if method == 'create' else {}
    _, response = await read(getattr(messages, method)(**CHAT, max_tokens=9, **more))
    assert [part.part_kind for part in response.parts] == ['text', 'tool-call']
    assert response.tool_calls[0].args == '{"x":1}'
    assert (response.text, response.state, response.finish_reason) == ('Let me.', 'complete', 'tool_call')
    assert (response.model_name, response.provider_name) == ('claude-x', 'anthropic')


@on_a_loop
async def test_the_helper_of_the_anthropic_sdk_says_things_twice_and_they_are_shown_once() -> None:
    raw: list[Any] = [
        {'type': 'message_start', 'message': {'id': 'm1', 'model': 'claude-x', 'usage': {'input_tokens': 3}}},
        {'type': 'content_block_start', 'index': 0, 'content_block': {'type': 'text', 'text': ''}},
        {'type': 'content_block_delta', 'index': 0, 'delta': {'type': 'text_delta', 'text': 'Hel'}},
        {'type': 'text', 'text': 'Hel', 'snapshot': 'Hel'},
        {'type': 'content_block_delta', 'index': 0, 'delta': {'type': 'text_delta', 'text': 'lo'}},
        {'type': 'text', 'text': 'lo', 'snapshot': 'Hello'},
        {'type': 'content_block_stop', 'index': 0, 'content_block': {'type': 'text', 'text': 'Hello'}},
        {'type': 'message_delta', 'delta': {'stop_reason': 'end_turn'}, 'usage': {'output_tokens': 2}},
        {'type': 'message_stop', 'message': {'id': 'm1', 'content': [{'type': 'text', 'text': 'Hello'}]}},
    ]
    for items in (raw, [objects(item) for item in raw]):
        events, response = await read(each(items))
        assert [event.event_kind for event in events] == ['part_start', 'final_result', 'part_delta', 'part_end']
        assert (response.text, response.finish_reason, response.model_name) == ('Hello', 'stop', 'claude-x')
        assert (response.provider_name, response.usage.total_tokens) == ('anthropic', 5)


@pytest.mark.parametrize('make', [dict, objects], ids=['dict', 'object'])
@on_a_loop
async def test_the_answer_so_far_is_not_written_out_again_with_every_event(make: Callable[[Any], Any]) -> None:
    written: list[str] = []
    dumps = json.dumps

    def watched(value: Any, **options: Any) -> str:
        written.append(dumps(value, **options))
        return written[-1]

    delta = {'index': 0, 'delta': {'content': 'Hello'}, 'finish_reason': 'stop'}
    chunk = {'id': 'c', 'object': 'chat.completion.chunk', 'model': 'm', 'choices': [delta], 'snapshot': 'so far'}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json, 'dumps', watched)
        _, response = await read(each([make(chunk)]))
    assert response.text == 'Hello'
    assert written and not any('so far' in text for text in written)


@on_a_loop
async def test_a_stream_of_chunks_without_its_end_is_not_complete() -> None:
    cut = [{'choices': [{'index': 0, 'delta': {'content': 'half'}}], 'model': 'm'}]
    async with opened(each(cut)) as stream:
        with pytest.raises(IncompleteStream):
            [event async for event in stream]
    assert (stream.get().text, stream.get().state) == ('half', 'incomplete')


# ------------------------------------------------------------------ our own


@on_a_loop
async def test_our_own_stream_is_itself() -> None:
    async with model_request_stream(TestModel(), ASKED) as ours, opened(ours) as stream:
        assert stream is ours


@on_a_loop
async def test_a_stream_that_was_not_entered_is_entered_and_left() -> None:
    events, response = await read(model_request_stream(TestModel(), ASKED))
    assert isinstance(events[0], PartStartEvent)
    assert (response.text, response.model_name, response.state) == ('success (no tool calls)', 'test', 'complete')


async def words(messages: Any, info: Any) -> AsyncIterator[str]:
    for word in ('one ', 'two'):
        yield word


@pytest.mark.parametrize(
    ('model', 'enter'),
    [(TestModel(), False), (TestModel(), True), (FunctionModel(stream_function=words), False)],
    ids=['any', 'any, entered', 'bound to a loop'],  # Such a one, entered here, can be used only here.
)
@on_a_loop
async def test_a_synchronous_stream_of_ours_is_read_in_a_thread(model: Any, enter: bool) -> None:
    stream = model_request_stream_sync(model, ASKED)
    if not enter:
        _, response = await read(stream)
    else:
        with stream:
            _, response = await read(stream)
    assert response.text in ('success (no tool calls)', 'one two')
    assert (response.state, response.model_name) == ('complete', model.model_name)


@on_a_loop
async def test_our_events_pass_as_they_are_and_make_a_response() -> None:
    given = [
        PartStartEvent(index=0, part=ThinkingPart('Hm')),
        PartDeltaEvent(index=0, delta=ThinkingPartDelta(content_delta='.', signature_delta='s')),
        PartStartEvent(index=1, part=TextPart('a')),
        PartDeltaEvent(index=1, delta=TextPartDelta('b')),
        PartStartEvent(index=2, part=ToolCallPart('f', '{', 'c1')),
        PartDeltaEvent(index=2, delta=ToolCallPartDelta(args_delta='}')),
        PartDeltaEvent(index=7, delta=TextPartDelta('of a part that never began')),
    ]
    events, response = await read(each(given))
    assert all(one is other for one, other in zip(events, given, strict=True))
    assert response.parts == [ThinkingPart('Hm.', signature='s'), TextPart('ab'), ToolCallPart('f', '{}', 'c1')]
    assert (response.state, response.model_name) == ('complete', None)


def test_a_part_that_grows_by_many_deltas_is_joined_once() -> None:
    reader = foreign._EventReader()
    reader.feed(PartStartEvent(index=0, part=TextPart('')))
    start = reader.parts._places[0].part  # type: ignore[attr-defined]
    for _ in range(1000):
        reader.feed(PartDeltaEvent(index=0, delta=TextPartDelta('x')))
    assert reader.parts._places[0].part is start  # type: ignore[attr-defined]
    assert reader.parts.parts() == [TextPart('x' * 1000)]


# ------------------------------------------------------------------ pydantic_ai


def pydantic_agent() -> Any:
    """An agent whose model calls a tool and then answers."""
    pydantic_ai = pytest.importorskip('pydantic_ai')
    function = import_module('pydantic_ai.models.function')
    messages = import_module('pydantic_ai.messages')

    async def model(history: Any, info: Any) -> AsyncIterator[Any]:
        if isinstance(history[-1].parts[-1], messages.ToolReturnPart):
            yield 'It is '
            yield 'warm.'
        else:
            yield {0: function.DeltaToolCall(name='weather', json_args='{"city": ', tool_call_id='c1')}
            yield {0: function.DeltaToolCall(json_args='"Paris"}')}

    agent = pydantic_ai.Agent(function.FunctionModel(stream_function=model))

    @agent.tool_plain
    def weather(city: str) -> dict[str, int]:
        return {'degrees': 25}

    return agent


@on_a_loop
async def test_an_agents_events_show_its_tools_results_and_go_on_counting() -> None:
    events, response = await read(pydantic_agent().run_stream_events('How warm is it?'))
    assert all(type(event).__module__.startswith('jupyter_stream.') for event in events)
    call, returned, text = response.parts
    assert isinstance(call, ToolCallPart)
    assert (call.tool_name, call.args) == ('weather', '{"city": "Paris"}')
    assert isinstance(returned, NativeToolReturnPart)
    assert (returned.tool_name, returned.content, returned.tool_call_id) == ('weather', {'degrees': 25}, 'c1')
    assert text == TextPart('It is warm.')
    assert response.usage.output_tokens > 0
    assert response.model_name
    [again] = ModelMessagesTypeAdapter.validate_json(ModelMessagesTypeAdapter.dump_json([response]))
    assert again == response


@on_a_loop
async def test_an_agents_stream_keeps_its_own_response() -> None:
    agent = pydantic_agent()
    texts: list[str | None] = []
    async with agent.iter('How warm is it?') as run:
        async for node in run:
            if agent.is_model_request_node(node):
                async with node.stream(run.ctx) as stream:
                    _, response = await read(stream)
                    assert isinstance(response, ModelResponse)
                    texts.append(response.text)
    assert texts == [None, 'It is warm.']


@on_a_loop
async def test_a_stream_of_the_peers_direct_requests_gives_our_response() -> None:
    direct = pytest.importorskip('pydantic_ai.direct')
    peer = import_module('pydantic_ai.messages')
    test = import_module('pydantic_ai.models.test')
    asked = [peer.ModelRequest.user_text_prompt('Hello?')]
    events, response = await read(direct.model_request_stream(test.TestModel(), asked))
    assert [event.event_kind for event in events][:2] == ['part_start', 'final_result']
    assert isinstance(response, ModelResponse)
    assert (response.text, response.model_name, response.state) == ('success (no tool calls)', 'test', 'complete')
    assert response.usage.output_tokens > 0


@on_a_loop
async def test_every_kind_of_part_of_the_peer_becomes_ours() -> None:
    peer = pytest.importorskip('pydantic_ai.messages')
    theirs = [
        peer.TextPart('a'),
        peer.ThinkingPart('b', signature='s'),
        peer.ToolCallPart('f', {'x': 1}, 'c1'),
        peer.FilePart(peer.BinaryContent(b'\x89PNG\xff', media_type='image/png')),
    ]
    events, response = await read(each([peer.PartStartEvent(index=i, part=part) for i, part in enumerate(theirs)]))
    assert [type(part).__name__ for part in response.parts] == [type(part).__name__ for part in theirs]
    assert response.files[0].data == b'\x89PNG\xff'
    assert [event.part for event in events] == response.parts


@on_a_loop
async def test_events_as_dicts_are_events() -> None:
    items = [
        {'event_kind': 'part_start', 'index': 0, 'part': {'part_kind': 'text', 'content': 'a'}},
        {'event_kind': 'part_delta', 'index': 0, 'delta': {'part_delta_kind': 'text', 'content_delta': 'b'}},
        {'event_kind': 'something_new'},
    ]
    events, response = await read(each(items))
    assert [type(event) for event in events] == [PartStartEvent, PartDeltaEvent]
    assert response.text == 'ab'


@on_a_loop
async def test_a_next_answer_without_a_tool_between_does_not_replace_the_first() -> None:
    one = [PartStartEvent(index=0, part=TextPart('a')), PartEndEvent(index=0, part=TextPart('a'))]
    other = [PartStartEvent(index=0, part=TextPart('b')), PartDeltaEvent(index=0, delta=TextPartDelta('c'))]
    events, response = await read(each([*one, *other]))
    assert [event.index for event in events] == [0, 0, 1, 1]
    assert response.parts == [TextPart('a'), TextPart('bc')]


# ------------------------------------------------------------------ texts, and other iterables


@on_a_loop
async def test_pieces_of_text_are_one_text() -> None:
    events, response = await read(each(['', 'Hel', 'lo']))
    assert [event.event_kind for event in events] == ['part_start', 'final_result', 'part_delta', 'part_end']
    assert response.parts == [TextPart('Hello')]


@on_a_loop
async def test_a_list_is_a_stream_and_so_is_a_generator() -> None:
    assert (await read(['a', 'b']))[1].text == 'ab'
    assert (await read(word for word in ('a', 'b')))[1].text == 'ab'


@on_a_loop
async def test_a_synchronous_iterator_leaves_the_loop_free_and_stays_in_one_thread() -> None:
    threads, freed = set[int](), threading.Event()

    def slow() -> Iterator[str]:
        for word in ('a', 'b'):
            threads.add(threading.get_ident())
            assert freed.wait(10)
            yield word

    asyncio.get_running_loop().call_later(0.05, freed.set)
    assert (await read(slow()))[1].text == 'ab'
    assert len(threads) == 1
    assert threads != {threading.get_ident()}


@on_a_loop
async def test_an_error_of_the_stream_comes_after_what_had_come() -> None:
    async def failing() -> AsyncIterator[str]:
        yield 'half'
        raise ZeroDivisionError

    async with opened(failing()) as stream:
        seen = [await anext(stream)]
        with pytest.raises(ZeroDivisionError):
            [event async for event in stream]
    assert seen[0].part == TextPart('half')
    assert stream.get().state == 'incomplete'


@on_a_loop
async def test_a_stream_that_is_left_early_is_closed() -> None:
    closed: list[str] = []

    async def endless() -> AsyncIterator[str]:
        try:
            while True:
                yield 'x'
        finally:
            closed.append('generator')

    async with opened(endless()) as stream:
        await anext(stream)
        await stream.cancel()
    assert closed == ['generator']
    assert (stream.get().state, stream.get().text) == ('interrupted', 'x')


@on_a_loop
async def test_context_managers_are_entered_and_left_whatever_happens() -> None:
    log: list[str] = []

    @asynccontextmanager
    async def manager() -> AsyncIterator[Any]:
        log.append('in')
        try:
            yield each(['a'])
        finally:
            log.append('out')

    @contextmanager
    def plain() -> Iterator[Any]:
        log.append('in')
        try:
            yield iter(['a'])
        finally:
            log.append('out')

    for source in (manager(), plain()):
        async with opened(source) as stream:
            await anext(stream)
    assert log == ['in', 'out'] * 2


@on_a_loop
async def test_a_cancelled_reader_does_not_wait_for_a_synchronous_stream_that_hangs() -> None:
    hang = threading.Event()

    class Hanging:
        closed = False

        def __iter__(self) -> Iterator[str]:
            return self

        def __next__(self) -> str:
            assert hang.wait(10)
            raise StopIteration

        def close(self) -> None:
            self.closed = True
            hang.set()

    source = Hanging()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1), opened(source) as stream:
            [event async for event in stream]
    assert source.closed


# ------------------------------------------------------------------ what is no stream


@pytest.mark.parametrize(
    ('source', 'what'),
    [('a text', 'A `str`'), ({'a': 1}, 'A `dict`'), (5, 'An `int`'), (None, 'A `NoneType`'), (b'x', 'A `bytes`')],
)
@on_a_loop
async def test_what_is_no_stream_is_named(source: Any, what: str) -> None:
    with pytest.raises(UserError, match=f'^{what} is no stream. What is understood: events of jupyter_stream'):
        await read(source)


@on_a_loop
async def test_a_whole_answer_of_an_sdk_is_no_stream() -> None:
    chat = pytest.importorskip('openai.types.chat')
    answer = chat.ChatCompletion.model_construct(id='1', choices=[], object='chat.completion')
    with pytest.raises(UserError, match=r'^A `ChatCompletion` of openai is no stream'):
        await read(answer)


@pytest.mark.parametrize(
    ('items', 'what'),
    [
        ([5], 'An `int` in the stream'),
        ([{}], 'A `dict` in the stream'),
        ([{'type': 'thread.created'}], "A `dict` of type 'thread.created' in the stream"),
        (['a', 5], 'An `int` in the stream'),
        ([b'data: {}'], 'A `bytes` in the stream'),
        ([{'choices': []}, 5], 'An `int` in the stream'),
        ([PartStartEvent(index=0, part=TextPart('a')), 'b'], 'A `str` in the stream'),
    ],
)
@on_a_loop
async def test_an_item_that_nobody_understands_is_named(items: list[Any], what: str) -> None:
    with pytest.raises(UserError, match=f'^{what} says nothing that can be shown. What is understood: '):
        await read(each(items))


@on_a_loop
async def test_an_event_that_is_not_made_like_one_says_where() -> None:
    with pytest.raises(
        UserError,
        match=r"^An event 'part_start' in the stream cannot be read: its '.*index' is wrong \(Field required\)\.",
    ):
        await read(each([{'event_kind': 'part_start', 'part': {'part_kind': 'text', 'content': 'a'}}]))

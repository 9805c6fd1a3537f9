"""`FunctionModel` held against the peer's: what the function is told, and what becomes of what it says."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

import pydantic_ai.models.function
import pytest

from jupyter_stream.exceptions import IncompleteStream, UnexpectedModelBehavior, UserError
from jupyter_stream.messages import (
    InstructionPart,
    ModelMessage,
    ModelRequest,
    ModelResponse,
    TextPart,
)
from jupyter_stream.models import ModelRequestParameters
from jupyter_stream.models.function import (
    AgentInfo,
    DeltaThinkingPart,
    DeltaToolCall,
    FunctionModel,
    FunctionStreamedResponse,
)
from jupyter_stream.output import OutputObjectDefinition
from jupyter_stream.settings import ModelSettings
from jupyter_stream.usage import RequestUsage

Same = Callable[..., dict[str, Any]]
Items = Callable[[Any], list[Any]]

HISTORY: list[ModelMessage] = [ModelRequest.user_text_prompt('hi', instructions='Be kind.')]
PLAIN = ModelRequestParameters()


def yields(items: Items) -> Callable[[Any], Any]:
    """Makes a model of either library that streams `items(lib)`."""

    def make(lib: Any) -> Any:
        async def stream(messages: Any, info: Any) -> AsyncIterator[Any]:
            for item in items(lib):
                yield item

        return lib.function.FunctionModel(stream_function=stream)

    return make


def tool(lib: Any, *args: Any, **kwargs: Any) -> Any:
    return lib.function.DeltaToolCall(*args, **kwargs)


def thought(lib: Any, **kwargs: Any) -> Any:
    return lib.function.DeltaThinkingPart(**kwargs)


def native(lib: Any) -> list[Any]:
    call = lib.messages.NativeToolCallPart('web_search', {'query': 'a b'}, 'n1', provider_name='function')
    back = lib.messages.NativeToolReturnPart('web_search', [{'title': 'x y'}], 'n1', provider_name='function')
    return [{0: call}, {1: back}]


STREAMS: dict[str, Items] = {
    'text': lambda lib: ['Hello, ', 'wor', 'ld. How are you?'],
    'empty text': lambda lib: ['', 'a', '', '  '],
    'nothing said': lambda lib: [{}],
    'nothing in between': lambda lib: ['a', {}, None, 'b'],
    'tool call': lambda lib: [{0: tool(lib, 'weather', '{"ci')}, {0: tool(lib, json_args='ty": "Rome"}')}],
    'tool call id': lambda lib: [
        {0: tool(lib, 'weather', '{}', tool_call_id='c1')},
        {0: tool(lib, None, '', tool_call_id='c2')},
    ],
    'nameless first': lambda lib: [{0: tool(lib, None, '{"a"')}, {0: tool(lib, 'we')}, {0: tool(lib, 'ather', ': 1}')}],
    'tool call without arguments': lambda lib: [{0: tool(lib, 'weather')}],
    'two calls at once': lambda lib: [
        {0: tool(lib, 'weather', '{'), 1: tool(lib, 'clock', '{')},
        {1: tool(lib, None, '}'), 0: tool(lib, None, '}')},
    ],
    'output tool': lambda lib: [{0: tool(lib, 'answer', '{"name":')}, {0: tool(lib, None, '"Ada"}')}],
    'thinking': lambda lib: [{0: thought(lib, content='Let me')}, {0: thought(lib, content=' see')}, 'Yes.'],
    'signed thinking': lambda lib: [
        {0: thought(lib, content='x')},
        {0: thought(lib, signature='s1')},
        {1: thought(lib, signature='s')},
    ],
    'text, thinking, call': lambda lib: ['a', {5: thought(lib, content='b')}, {7: tool(lib, 'weather', '{}')}, 'c'],
    'native tools': lambda lib: [*native(lib), 'Found it.'],
    'native call replaced': lambda lib: [native(lib)[0], native(lib)[0]],
    'tags are text here': lambda lib: ['<think>', 'a', '</think>', 'b'],
}
TOOLS = {
    'function_tools': [{'name': 'weather'}, {'name': 'clock', 'kind': 'external'}],
    'output_tools': [{'name': 'answer', 'kind': 'output'}],
    'output_mode': 'tool',
}


@pytest.mark.parametrize(
    'parameters', [{}, TOOLS, {**TOOLS, 'allow_text_output': False}], ids=['plain', 'tools', 'no text']
)
@pytest.mark.parametrize('items', STREAMS.values(), ids=STREAMS)
def test_streams_are_the_peers(same: Same, items: Items, parameters: dict[str, Any]):
    found = same(yields(items), **parameters)
    assert 'streamed' in found


@pytest.mark.parametrize(
    'parts',
    [
        lambda m: [m.TextPart('Hello, world.')],
        lambda m: [m.ThinkingPart('a b c'), m.TextPart('d')],
        lambda m: [
            m.ToolCallPart('weather', {'city': 'Rome'}),
            m.ToolCallPart('clock', '{"a": 1}'),
            m.ToolCallPart('x'),
        ],
        lambda m: [
            m.NativeToolCallPart('web_search', {'q': 1}, 'n'),
            m.NativeToolReturnPart('web_search', {'a': [1]}, 'n'),
        ],
        lambda m: [m.FilePart(m.BinaryContent(b'123', media_type='image/png'))],
        lambda m: [],
    ],
    ids=['text', 'thinking', 'calls', 'native', 'file', 'none'],
)
@pytest.mark.parametrize('kind', ['plain', 'async', 'plain that returns an awaitable', 'object'])
def test_whole_responses_are_the_peers(same: Same, parts: Callable[[Any], list[Any]], kind: str):
    def make(lib: Any) -> Any:
        def plain(messages: Any, info: Any) -> Any:
            return lib.messages.ModelResponse(parts(lib.messages))

        async def awaited(messages: Any, info: Any) -> Any:
            return plain(messages, info)

        class Callable_:
            async def __call__(self, messages: Any, info: Any) -> Any:
                return plain(messages, info)

        function = {
            'plain': plain,
            'async': awaited,
            'plain that returns an awaitable': lambda messages, info: awaited(messages, info),
            'object': Callable_(),
        }[kind]
        return lib.function.FunctionModel(function, stream_function=lambda messages, info: one_item())

    assert 'whole' in same(make)


async def one_item() -> AsyncIterator[str]:
    yield 'x'


def test_a_functions_own_usage_and_name(same: Same):
    def make(lib: Any) -> Any:
        def function(messages: Any, info: Any) -> Any:
            usage = type(lib.messages.ModelResponse([]).usage)(input_tokens=3)
            return lib.messages.ModelResponse(
                [], usage=usage, model_name='mine', finish_reason='length', provider_name='p'
            )

        return lib.function.FunctionModel(function, stream_function=lambda m, i: one_item(), model_name='named')

    whole = same(make)['whole']
    assert (whole['model_name'], whole['usage'], whole['finish_reason']) == ('named', {'usage': (3, 0, 0)}, 'length')


def told(lib: Any, seen: list[Any]) -> Any:
    def function(messages: Any, info: Any) -> Any:
        seen.append((messages, info))
        return lib.ModelResponse([lib.TextPart('x')])

    return function


@pytest.mark.parametrize(
    ('own', 'given', 'seen'),
    [
        (None, None, None),
        ({'temperature': 1.0}, {'seed': 2}, {'temperature': 1.0, 'seed': 2}),
        ({'temperature': 1.0}, {'temperature': 0.0}, {'temperature': 0.0}),
        ({'thinking': True}, {'cache': True}, None),
    ],
)
def test_a_function_is_told_the_merged_settings(own: Any, given: Any, seen: Any):
    for lib, module in (
        (jupyter_lib(), FunctionModel),
        (pydantic_ai.messages, pydantic_ai.models.function.FunctionModel),
    ):
        infos: list[Any] = []
        model: Any = module(told(lib, infos), settings=own)
        asyncio.run(model.request([lib.ModelRequest.user_text_prompt('hi')], given, parameters_for(lib)))
        assert infos[0][1].model_settings == seen


def jupyter_lib() -> Any:
    import jupyter_stream.messages

    return jupyter_stream.messages


def parameters_for(lib: Any) -> Any:
    return PLAIN if lib is not pydantic_ai.messages else pydantic_ai.models.ModelRequestParameters()


def info_of(parameters: ModelRequestParameters, history: list[ModelMessage] = HISTORY) -> AgentInfo:
    infos: list[Any] = []
    asyncio.run(FunctionModel(told(jupyter_lib(), infos)).request(tuple(history), None, parameters))
    assert infos[0][0] == history and isinstance(infos[0][0], list)
    return infos[0][1]


def test_a_function_is_told_the_instructions():
    schema = OutputObjectDefinition(json_schema={'type': 'object'}, name='Person')
    parts = [InstructionPart('now', dynamic=True), InstructionPart('always')]
    assert info_of(PLAIN).instructions == 'Be kind.'
    assert info_of(PLAIN, [ModelRequest.user_text_prompt('hi')]).instructions is None
    assert info_of(ModelRequestParameters(instruction_parts=parts)).instructions == 'now\n\nalways'
    assert info_of(ModelRequestParameters(instruction_parts=[])).instructions is None
    prompted = info_of(ModelRequestParameters(output_mode='prompted', output_object=schema)).instructions
    assert prompted and prompted.startswith('Be kind.') and '"title": "Person"' in prompted


def test_a_function_is_told_the_parameters_that_apply():
    info = info_of(ModelRequestParameters(output_mode='auto'))
    assert (info.allow_text_output, info.model_request_parameters.output_mode) == (False, 'tool')
    assert info.model_request_parameters.tool_visibility == {}
    with pytest.raises(UserError, match='Image output'):
        info_of(ModelRequestParameters(allow_image_output=True))


def plain(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
    return ModelResponse([TextPart(threading.current_thread().name)])


async def awaited(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
    return plain(messages, info)


async def streamed(messages: list[ModelMessage], info: AgentInfo) -> AsyncIterator[str]:
    yield 'x'


class Partly:
    async def __call__(self, messages: list[ModelMessage], info: AgentInfo, more: int = 0) -> ModelResponse:
        return plain(messages, info)


def test_names_and_repr_are_the_peers():
    peer = pydantic_ai.models.function.FunctionModel
    for args in (
        {'function': plain},
        {'stream_function': streamed},
        {'function': Partly(), 'stream_function': streamed},
    ):
        ours, theirs = FunctionModel(**args), peer(**args)
        assert (ours.model_name, ours.system, ours.model_id) == (theirs.model_name, theirs.system, theirs.model_id)
        assert repr(ours) == repr(theirs).replace(f', profile={theirs._profile!r}', '')
    for ours, theirs in (
        (DeltaToolCall, pydantic_ai.models.function.DeltaToolCall),
        (DeltaThinkingPart, pydantic_ai.models.function.DeltaThinkingPart),
    ):
        assert repr(ours()) == repr(theirs())
    assert repr(info_of(PLAIN)).startswith('AgentInfo(function_tools=[], allow_text_output=True, output_tools=[]')
    assert FunctionModel(plain) == FunctionModel(plain) != FunctionModel(awaited)


def test_only_async_functions_bind_a_model_to_a_loop():
    bound = [awaited, Partly(), partial(Partly(), more=1), partial(partial(awaited))]
    assert [FunctionModel(function).loop_bound for function in (plain, partial(plain), *bound)] == [False] * 2 + [
        True
    ] * 4
    assert FunctionModel(stream_function=streamed).loop_bound
    assert FunctionModel(plain, stream_function=streamed).loop_bound


def test_a_plain_function_does_not_stop_the_loop():
    def thread_of(function: Any) -> str | None:
        return asyncio.run(FunctionModel(function).request(HISTORY, None, PLAIN)).text

    assert thread_of(awaited) == threading.current_thread().name != thread_of(plain)


def test_the_functions_response_is_left_alone():
    mine = ModelResponse([TextPart('x')])
    got = asyncio.run(FunctionModel(lambda m, i: mine, model_name='named').request(HISTORY, None, PLAIN))
    assert (mine.model_name, mine.usage) == (None, RequestUsage())
    assert (got.model_name, got.usage) == ('named', RequestUsage(input_tokens=51, output_tokens=1))


# ------------------------------------------------------------------ wrong use


def stream_of(*items: Any, settings: ModelSettings | None = None) -> FunctionModel:
    async def stream(messages: list[ModelMessage], info: AgentInfo) -> AsyncIterator[Any]:
        for item in items:
            if isinstance(item, Exception):
                raise item
            yield item

    return FunctionModel(stream_function=stream)


async def drained(model: FunctionModel) -> ModelResponse:
    async with model.request_stream(HISTORY, None, PLAIN) as stream:
        async for _ in stream:
            pass
        return stream.get()


@pytest.mark.parametrize(
    ('model', 'error', 'sentence'),
    [
        (stream_of(), ValueError, 'must yield at least one'),
        (stream_of(KeyError('mine')), KeyError, 'mine'),
        (stream_of('a', KeyError('mine')), KeyError, 'mine'),
        (stream_of('a', 3), UserError, 'must yield texts or dicts of deltas, not 3'),
        (stream_of({0: 'text'}), UserError, "not of 'text'"),
        (stream_of({0: DeltaThinkingPart()}), UnexpectedModelBehavior, 'thinking'),
        (FunctionModel(plain), UserError, 'must receive a `stream_function`'),
        (FunctionModel(stream_function=awaited), UserError, 'must be an async generator function'),  # type: ignore[arg-type]
        (FunctionModel(stream_function=lambda m, i: ['a']), UserError, r"it returned \['a'\]"),  # type: ignore[arg-type]
    ],
)
def test_errors_of_a_stream(model: FunctionModel, error: type[Exception], sentence: str):
    with pytest.raises(error, match=sentence):
        asyncio.run(drained(model))


def test_errors_of_a_whole_response():
    with pytest.raises(TypeError, match='Either `function` or `stream_function`'):
        FunctionModel()
    with pytest.raises(UserError, match='must receive a `function`'):
        asyncio.run(FunctionModel(stream_function=streamed).request(HISTORY, None, PLAIN))
    with pytest.raises(UserError, match="must return a `ModelResponse`, not 'text'"):
        asyncio.run(FunctionModel(lambda m, i: 'text').request(HISTORY, None, PLAIN))  # type: ignore[arg-type,return-value]


def test_an_error_before_the_first_item_is_raised_on_entering():
    async def run() -> str:
        try:
            async with stream_of(KeyError('early')).request_stream(HISTORY, None, PLAIN):
                return 'inside'
        except KeyError:
            return 'entering'

    assert asyncio.run(run()) == 'entering'


def test_what_had_come_before_an_error_stays():
    async def run() -> ModelResponse:
        async with stream_of('a', 'b', KeyError('x')).request_stream(HISTORY, None, PLAIN) as stream:
            with pytest.raises(KeyError):
                async for _ in stream:
                    pass
            return stream.get()

    response = asyncio.run(run())
    assert (response.text, response.state) == ('ab', 'incomplete')


# ------------------------------------------------------------------- stopping


class Endless:
    """A stream function that says two things and then waits for ever; it notes how it ended."""

    def __init__(self) -> None:
        self.ended = ''

    async def __call__(self, messages: list[ModelMessage], info: AgentInfo) -> AsyncIterator[str]:
        try:
            yield 'a'
            yield 'b'
            await asyncio.Event().wait()
        except BaseException as error:
            self.ended = type(error).__name__
            raise


async def read(stream: Any) -> int:
    seen = 0
    async for _ in stream:
        seen += 1
    return seen


@pytest.mark.timeout(10)
def test_cancelling_from_another_task_ends_a_function_that_waits():
    function = Endless()

    async def run() -> tuple[int, ModelResponse]:
        async with FunctionModel(stream_function=function).request_stream(HISTORY, None, PLAIN) as stream:
            reading = asyncio.create_task(read(stream))
            await asyncio.sleep(0.02)
            await stream.cancel()
            await stream.cancel()
            return await reading, stream.get()

    seen, response = asyncio.run(run())
    assert (seen, response.text, response.state, function.ended) == (3, 'ab', 'interrupted', 'CancelledError')


def test_cancelling_inside_the_loop_ends_it():
    async def run() -> tuple[int, ModelResponse]:
        seen = 0
        async with stream_of(*'abcdef').request_stream(HISTORY, None, PLAIN) as stream:
            async for event in stream:
                seen += 1
                if event.event_kind == 'part_delta':
                    await stream.cancel()
            return seen, stream.get()

    seen, response = asyncio.run(run())
    assert (seen, response.text, response.state) == (3, 'ab', 'interrupted')


@pytest.mark.parametrize('take', [0, 1, 2])
def test_leaving_early_closes_the_function(take: int):
    function = Endless()

    async def run() -> ModelResponse:
        async with FunctionModel(stream_function=function).request_stream(HISTORY, None, PLAIN) as stream:
            for _ in range(take):
                await anext(stream.__aiter__())
        return stream.get()

    assert asyncio.run(run()).state == 'incomplete'
    assert function.ended == 'GeneratorExit'


@pytest.mark.timeout(10)
@pytest.mark.parametrize('turns', [0, 1, 2])
def test_leaving_after_a_cancel_is_fine_at_any_moment(turns: int):
    function = Endless()

    async def run() -> int:
        async with FunctionModel(stream_function=function).request_stream(HISTORY, None, PLAIN) as stream:
            reading = asyncio.create_task(read(stream))
            await asyncio.sleep(0.02)
            await stream.cancel()
            for _ in range(turns):
                await asyncio.sleep(0)
        return await reading

    assert asyncio.run(run()) == 3
    assert function.ended == 'CancelledError'


@pytest.mark.timeout(10)
def test_leaving_while_another_task_reads_ends_that_with_an_error():
    function = Endless()

    async def run() -> ModelResponse:
        async with FunctionModel(stream_function=function).request_stream(HISTORY, None, PLAIN) as stream:
            reading = asyncio.create_task(read(stream))
            await asyncio.sleep(0.02)
        with pytest.raises(IncompleteStream, match='still read it'):
            await reading
        return stream.get()

    assert asyncio.run(run()).state == 'incomplete'
    assert function.ended == 'CancelledError'


@pytest.mark.timeout(10)
def test_cancelling_the_reading_task_is_not_swallowed():
    function = Endless()

    async def run() -> bool:
        async def ask() -> None:
            await drained(FunctionModel(stream_function=function))

        task = asyncio.create_task(ask())
        await asyncio.sleep(0.02)
        task.cancel()
        await asyncio.wait([task])
        return task.cancelled()

    assert asyncio.run(run())
    assert function.ended == 'CancelledError'


def test_a_timeout_of_the_functions_own_is_an_error():
    with pytest.raises(TimeoutError, match='mine'):
        asyncio.run(drained(stream_of('a', TimeoutError('mine'))))


def test_any_async_iterator_will_do():
    class Letters:
        def __init__(self) -> None:
            self.left = list('ab')

        def __aiter__(self) -> Letters:
            return self

        async def __anext__(self) -> str:
            if not self.left:
                raise StopAsyncIteration
            return self.left.pop(0)

    assert asyncio.run(drained(FunctionModel(stream_function=lambda m, i: Letters()))).text == 'ab'


def test_the_stream_tells_its_model():
    async def run() -> tuple[Any, ...]:
        async with stream_of('a').request_stream(HISTORY, None, PLAIN) as stream:
            assert isinstance(stream, FunctionStreamedResponse)
            return stream.model_name, stream.provider_name, stream.provider_url, stream.finish_reason

    assert asyncio.run(run()) == ('function::stream', None, None, None)

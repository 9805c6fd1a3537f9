"""D5: a table of bad calls, run for every public function: right, or one typed sentence before anything is sent."""

from __future__ import annotations

import asyncio
import json
import math
import re
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, get_type_hints

import httpx
import pytest
from IPython.core.interactiveshell import InteractiveShell
from pydantic import TypeAdapter, ValidationError

from jupyter_stream import aask, ask, explore, show
from jupyter_stream.direct import (
    model_request,
    model_request_stream,
    model_request_stream_sync,
    model_request_sync,
)
from jupyter_stream.exceptions import UserError
from jupyter_stream.messages import (
    InstructionPart,
    ModelRequest,
    ModelResponse,
    SystemPromptPart,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from jupyter_stream.models import infer_model
from jupyter_stream.models.function import FunctionModel
from jupyter_stream.models.test import TestModel
from jupyter_stream.notebook.magics import AskMagics
from jupyter_stream.output import OutputObjectDefinition
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.settings import CacheRetention, ModelSettings
from jupyter_stream.tools import ToolDefinition

HALF = 'half \ud83d'
ASK = [ModelRequest.user_text_prompt('Hi')]
PROTOCOLS = (
    'openai-chat:gpt-4o',
    'openai:gpt-5',
    'anthropic:claude-sonnet-4-5',
    'google:gemini-2.5-flash',
    'mistral:mistral-large-latest',
    'cohere:command-a-03-2025',
    'groq:openai/gpt-oss-120b',
    'huggingface:Qwen/Qwen3.8-27B',
)


@dataclass
class Server:
    """Counts requests, and answers each with one word."""

    bodies: list[bytes] = field(default_factory=list[bytes])

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.bodies.append(request.content)
        if not request.url.path.endswith('/chat/completions'):
            return httpx.Response(400, json={'error': {'message': 'no'}})
        choice = {'index': 0, 'delta': {'content': 'word'}, 'finish_reason': 'stop'}
        text = f'data: {json.dumps({"choices": [choice]})}\n\ndata: [DONE]\n\n'
        return httpx.Response(200, headers={'content-type': 'text/event-stream'}, text=text)

    def model(self, name: str = PROTOCOLS[0]) -> Any:
        client = httpx.AsyncClient(transport=httpx.MockTransport(self.answer))
        return infer_model(name, api_key='sk-secret-secret', base_url='http://127.0.0.1:9', http_client=client)


# ------------------------------------------------------------------ the functions

Call = Callable[..., object]


pytestmark = pytest.mark.filterwarnings('ignore::jupyter_stream.exceptions.UnsupportedSettingWarning')


def named(value: object) -> str:
    """The name of a case, the same in every process."""
    return re.sub(' at 0x[0-9a-f]+', '', repr(value))


def request(model: Any, messages: Any, settings: Any = None, parameters: Any = None, **more: Any) -> object:
    more |= {'model_settings': settings, 'model_request_parameters': parameters}
    return asyncio.run(model_request(model, messages, **more))


def request_sync(model: Any, messages: Any, settings: Any = None, parameters: Any = None, **more: Any) -> object:
    more |= {'model_settings': settings, 'model_request_parameters': parameters}
    return model_request_sync(model, messages, **more)


def stream(model: Any, messages: Any, settings: Any = None, parameters: Any = None, **more: Any) -> object:
    async def main() -> object:
        given = {'model_settings': settings, 'model_request_parameters': parameters, **more}
        async with model_request_stream(model, messages, **given) as opened:
            return [event async for event in opened]

    return asyncio.run(main())


def stream_sync(model: Any, messages: Any, settings: Any = None, parameters: Any = None, **more: Any) -> object:
    more |= {'model_settings': settings, 'model_request_parameters': parameters}
    with model_request_stream_sync(model, messages, **more) as opened:
        return list(opened)


def asked(model: Any, messages: Any, settings: Any = None, **more: Any) -> object:
    return ask('Hi', model=model, messages=messages, model_settings=settings, display=False, **more)


def aasked(model: Any, messages: Any, settings: Any = None, **more: Any) -> object:
    return asyncio.run(aask('Hi', model=model, messages=messages, model_settings=settings, display=False, **more))


DIRECT: Mapping[str, Call] = {
    'model_request': request,
    'model_request_sync': request_sync,
    'model_request_stream': stream,
    'model_request_stream_sync': stream_sync,
}
ALL: Mapping[str, Call] = {**DIRECT, 'ask': asked, 'aask': aasked}


def outcome(call: Callable[[Server], object]) -> str:
    """'right', where one request was sent; 'refused', where a sentence was said before that; else what is wrong."""
    server = Server()
    try:
        call(server)
    except (UserError, RuntimeError) as error:
        if not server.bodies:
            return 'refused' if _is_sentence(str(error)) else f'no sentence: {error}'
        if 'answered 400' not in str(error):
            return f'{type(error).__name__} after it was sent: {error}'
    except Exception as error:
        return f'{type(error).__name__}: {error}'
    for body in server.bodies:
        json.loads(body.decode(), parse_constant=_no_number)
    return 'right'


def _is_sentence(text: str) -> bool:
    return text.endswith(('.', '?')) and '\n' not in text and len(text) < 300 and ' object at 0x' not in text


def _no_number(name: str) -> None:
    raise AssertionError(f'{name} is no JSON')


def refused(calls: Mapping[str, Callable[[Server], object]]) -> dict[str, str]:
    """The calls that are not refused, and what happens instead."""
    outcomes = {name: outcome(call) for name, call in calls.items()}
    return {name: said for name, said in outcomes.items() if said != 'refused'}


# ------------------------------------------------------------------ messages

MESSAGES: Mapping[str, Any] = {
    'a text': lambda: 'hi',
    'None': lambda: None,
    'a dict in a list': lambda: [{}],
    'a dict': dict,
    'a generator': lambda: (one for one in ASK),
    'a lone request': lambda: ASK[0],
    'a lone response': lambda: ModelResponse(parts=[TextPart('a')]),
    'a number': lambda: 5,
    'bytes': lambda: b'hi',
    'texts': lambda: ['hi'],
    'a set': lambda: {'hi'},
    'the class': lambda: ModelRequest,
    'the class in a list': lambda: [ModelRequest],
    'None in a list': lambda: [None],
    'a part in a list': lambda: [UserPromptPart('hi')],
    'a list in a list': lambda: [ASK],
    'parts of text': lambda: [ModelRequest(parts='hi')],  # type: ignore[arg-type]
    'parts of None': lambda: [ModelRequest(parts=[None])],  # type: ignore[list-item]
    'a part of a response': lambda: [ModelRequest(parts=[TextPart('a')])],  # type: ignore[list-item]
    'a part of a request': lambda: [ModelResponse(parts=[UserPromptPart('a')]), *ASK],  # type: ignore[list-item]
    'a system prompt of bytes': lambda: [ModelRequest(parts=[SystemPromptPart(b'a')])],  # type: ignore[arg-type]
    'a text of None': lambda: [ModelResponse(parts=[TextPart(None)]), *ASK],  # type: ignore[arg-type]
    'a tool name of 5': lambda: [ModelResponse(parts=[ToolCallPart(5)]), *ASK],  # type: ignore[arg-type]
    'arguments of 5': lambda: [ModelResponse(parts=[ToolCallPart('a', 5)]), *ASK],  # type: ignore[arg-type]
    'an id of None': lambda: [ModelRequest(parts=[ToolReturnPart('a', 'b', None)])],  # type: ignore[arg-type]
    'half a character': lambda: [ModelRequest.user_text_prompt(HALF)],
    'half a character in a list': lambda: [ModelRequest(parts=[UserPromptPart(['a', HALF])])],
    'half a character before': lambda: [ModelResponse(parts=[TextPart(HALF)]), *ASK],
    'half a character in arguments': lambda: [ModelResponse(parts=[ToolCallPart('a', {'b': HALF}, 'c')]), *ASK],
    'half a character in a result': lambda: [
        ModelResponse(parts=[ToolCallPart('a', {}, 'c')]),
        ModelRequest(parts=[ToolReturnPart('a', {'b': HALF}, 'c')]),
    ],
    'a result that is an object': lambda: [
        ModelResponse(parts=[ToolCallPart('a', {}, 'c')]),
        ModelRequest(parts=[ToolReturnPart('a', object(), 'c')]),
    ],
}
EMPTY: Mapping[str, Any] = {'nothing': list, 'nothing in it': lambda: [ModelRequest(parts=[])]}


@pytest.mark.parametrize('name', ALL)
def test_d5_messages_that_are_none(name: str) -> None:
    table = {**MESSAGES, **(EMPTY if name in DIRECT else {})}
    assert not refused({what: lambda server, of=of: ALL[name](server.model(), of()) for what, of in table.items()})


# ------------------------------------------------------------------ settings

VALUES: Sequence[Any] = (
    *('lots', '2', '', b'x', HALF, object(), print, int),
    *(True, False, 0, 1, -1, 5, 10**30, 0.5, -0.5, 1.5, math.nan, math.inf, -math.inf, 1j),
    *([], ['a'], [5], [None], [HALF], (), ('a',), {'a'}, {}, {'a': 1}, {'a': 'b'}, {5: 5}, {'a': math.nan}),
)


def fits(hint: Any, value: Any) -> bool:
    """Whether pydantic, asked strictly, takes the value for one of this type."""
    try:
        TypeAdapter(hint).validate_python(value, strict=True)
    except ValidationError:
        return False
    return not (isinstance(value, float) and math.isnan(value))


def settings() -> list[tuple[str, Any, bool]]:
    """Every setting with every value, and whether the value must be refused.

    Looser here than by its annotation: a list may be any sequence, an unknown key of a dict is somebody else's, and the
    ids of tokens may be numbers.
    """
    hints = {**get_type_hints(ModelSettings), 'cache': bool | CacheRetention}
    return [
        (name, value, not isinstance(value, tuple | dict) and not fits(hint, value))
        for name, hint in hints.items()
        for value in VALUES
    ]


@pytest.mark.parametrize('name', ALL)
def test_d5_each_setting_with_each_value(name: str) -> None:
    wrong = {
        f'{setting}={value!r}, must be refused: {must}': said
        for setting, value, must in settings()
        for said in [outcome(lambda server, s=setting, v=value: ALL[name](server.model(), ASK, {s: v}))]
        if said != 'refused' and (must or said != 'right')
    }
    assert not wrong


@pytest.mark.parametrize('protocol', PROTOCOLS)
def test_d5_settings_in_each_protocol(protocol: str) -> None:
    wrong = {
        f'{setting}={value!r}': said
        for setting, value, must in settings()
        for said in [outcome(lambda server, s=setting, v=value: request(server.model(protocol), ASK, {s: v}))]
        if said != 'refused' and (must or said != 'right')
    }
    assert not wrong


RANGES: Sequence[Any] = (
    {'max_tokens': 0},
    {'max_tokens': -1},
    {'max_retries': -1},
    {'temperature': -0.1},
    {'temperature': math.inf},
    {'top_p': 1.1},
    {'top_p': -0.1},
    {'presence_penalty': math.inf},
    {'frequency_penalty': -math.inf},
    {'timeout': 0},
    {'timeout': -1},
    {'timeout': math.nan},
    {'timeout': '5'},
    {'timeout': True},
    {'request_timeout': -1},
    {'first_event_timeout': 0},
    {'idle_timeout': -0.5},
    {'cache': {'retention': '2d'}},
    {'cache': {'messages': 'yes'}},
    {'tool_choice': ['unknown']},
    {'extra_body': 5},
    {'extra_body': {'a': math.nan}},
    {'extra_body': {'a': object()}},
    {'extra_body': {'a': HALF}},
    {'extra_headers': {'x-a': 5}},
    {'logit_bias': {'5': 'a'}},
    {5: 5},
)
TYPES: Sequence[Any] = (
    5,
    'temperature',
    b'',
    ['temperature'],
    [('temperature', 1)],
    {'temperature'},
    ModelSettings,
    0.5,
)
VENDOR: Sequence[Mapping[str, Any]] = (
    {'openai_reasoning_effort': 5},
    {'openai_store': 'yes'},
    {'openai_top_logprobs': True},
    {'openai_user': b'me'},
    {'openai_prediction': 'x'},
    {'anthropic_thinking': 'lots'},
    {'anthropic_betas': 'one'},
    {'anthropic_cache': 5},
    {'anthropic_metadata': 5},
    {'google_thinking_config': True},
    {'google_safety_settings': {}},
    {'google_labels': {'a': 5}},
    {'groq_reasoning_format': 5},
    {'bedrock_guardrail_config': 'x'},
    {'openrouter_models': 'x'},
    {'openrouter_provider': 5},
    {'cerebras_disable_reasoning': 1},
    {'mistral_prompt_cache_key': 5},
)


@pytest.mark.parametrize('name', ALL)
def test_d5_settings_out_of_their_range_or_type(name: str) -> None:
    table = {repr(value): value for value in (*RANGES, *TYPES, *VENDOR)}
    assert not refused(
        {what: lambda server, value=value: ALL[name](server.model(), ASK, value) for what, value in table.items()}
    )


@pytest.mark.parametrize(
    'value', [*(one for one in RANGES[:20] if 'tool_choice' not in one), *TYPES, *VENDOR], ids=named
)
def test_d5_a_models_own_settings(value: Any) -> None:
    for make in (
        lambda: TestModel(settings=value),
        lambda: FunctionModel(lambda *_: ModelResponse([]), settings=value),
    ):
        with pytest.raises(UserError, match=r'setting'):
            make()


@pytest.mark.parametrize(
    'value',
    [
        None,
        {},
        {'temperature': 1, 'max_tokens': 1, 'max_retries': 0, 'top_p': 1.0, 'seed': -5},
        {'timeout': httpx.Timeout(5), 'request_timeout': math.inf, 'idle_timeout': 1},
        {'timeout': 5, 'stop_sequences': ('a', 'b'), 'logit_bias': {50256: -100}},
        {'temperature': None, 'max_tokens': None, 'thinking': None, 'tool_choice': None},
        {'thinking': True, 'cache': {'retention': '1h'}, 'of_somebody_else': object()},
    ],
)
@pytest.mark.parametrize('name', ALL)
def test_d5_what_is_right_is_sent(name: str, value: Any) -> None:
    assert outcome(lambda server: ALL[name](server.model(), ASK, value)) == 'right'
    assert outcome(lambda server: ALL[name](server.model(), (*ASK, ModelResponse([TextPart('a')]), *ASK), value)) == (
        'right'
    )


# ------------------------------------------------------------------ request parameters


def tool(name: Any = 'a', **more: Any) -> ToolDefinition:
    return ToolDefinition(name=name, **more)


def of(**fields: Any) -> Callable[[], ModelRequestParameters]:
    return lambda: ModelRequestParameters(**fields)


PARAMETERS: Mapping[str, Callable[[], Any]] = {
    'a number': lambda: 5,
    'a dict': lambda: {'function_tools': []},
    'a list': list,
    'a text': lambda: 'text',
    'the class': lambda: ModelRequestParameters,
    'two tools of one name': of(function_tools=[tool(), tool()]),
    'a function and an output tool of one name': of(
        function_tools=[tool()], output_tools=[tool(kind='output')], output_mode='tool'
    ),
    'a lone tool': of(function_tools=tool()),
    'tools of None': of(function_tools=None),
    'a tool of None': of(function_tools=[None]),
    'a function as a tool': of(function_tools=[print]),
    'a tool as a dict': of(function_tools=[{'name': 'a'}]),
    'a tool without a name': of(function_tools=[tool('')]),
    'a tool named 5': of(function_tools=[tool(5)]),
    'a tool named half a character': of(function_tools=[tool(HALF)]),
    'a tool described by 5': of(function_tools=[tool(description=5)]),
    'a tool described by half a character': of(function_tools=[tool(description=HALF)]),
    'a schema of text': of(function_tools=[tool(parameters_json_schema='{}')]),
    'a schema of None': of(function_tools=[tool(parameters_json_schema=None)]),
    'a schema with an object in it': of(function_tools=[tool(parameters_json_schema={'default': object()})]),
    'a schema with half a character in it': of(function_tools=[tool(parameters_json_schema={'description': HALF})]),
    'a schema with NaN in it': of(function_tools=[tool(parameters_json_schema={'default': math.nan})]),
    'strict of text': of(function_tools=[tool(strict='yes')]),
    'a kind of text': of(function_tools=[tool(kind='lots')]),
    'native tools of text': of(native_tools='web_search'),
    'a native tool of text': of(native_tools=['web_search']),
    'an unknown output mode': of(output_mode='json'),
    'no output mode': of(output_mode=None),
    'an output object of a dict': of(output_object={'type': 'object'}, output_mode='native'),
    'an output object of text': of(output_object=OutputObjectDefinition(json_schema='x'), output_mode='native'),  # type: ignore[arg-type]
    'text output of text': of(allow_text_output='yes'),
    'instructions of text': of(instruction_parts='be brief'),
    'instructions of texts': of(instruction_parts=['be brief']),
    'an instruction of 5': of(instruction_parts=[InstructionPart(5)]),  # type: ignore[arg-type]
    'an instruction of half a character': of(instruction_parts=[InstructionPart(HALF)]),
    'thinking lots': of(thinking='lots'),
}


@pytest.mark.parametrize('name', DIRECT)
def test_d5_request_parameters_that_are_none(name: str) -> None:
    assert not refused(
        {what: lambda server, of=of: DIRECT[name](server.model(), ASK, None, of()) for what, of in PARAMETERS.items()}
    )


# ------------------------------------------------------------------ the model, and the rest

MODELS: Sequence[Any] = (
    *(5, None, b'test', '', ' ', 'nope', 'openai-chat:', ':gpt-4o', 'openai', [], {}, object(), print),
    *(TestModel, FunctionModel, HALF, f'openai-chat:{HALF}', f'google:{HALF}', ('test',), 'test:a'),
)


@pytest.mark.parametrize('name', ALL)
def test_d5_models_that_are_none(name: str) -> None:
    calls = {repr(model)[:40]: model for model in MODELS if model is not None or name in DIRECT}
    assert not refused({what: lambda _, model=model: ALL[name](model, ASK) for what, model in calls.items()})


@pytest.mark.parametrize('name', ALL)
def test_d5_an_unknown_keyword_is_pythons_own_error(name: str) -> None:
    with pytest.raises(TypeError, match=r"unexpected keyword argument 'temprature'"):
        ALL[name](Server().model(), ASK, temprature=1)


@pytest.mark.parametrize('instrument', [5, 'yes', object()])
@pytest.mark.parametrize('name', DIRECT)
def test_d5_instrument(name: str, instrument: Any) -> None:
    assert outcome(lambda server: DIRECT[name](server.model(), ASK, instrument=instrument)) == 'refused'


@pytest.mark.parametrize(
    'arguments',
    [
        {'api_key': 5},
        {'api_key': b'k'},
        {'base_url': 5},
        {'base_url': HALF},
        {'http_client': 5},
        {'http_client': httpx},
    ],
    ids=named,
)
@pytest.mark.parametrize('protocol', PROTOCOLS)
def test_d5_infer_model(protocol: str, arguments: Any) -> None:
    with pytest.raises(UserError) as refusal:
        infer_model(protocol, **{'api_key': 'sk-a', **arguments})
    assert _is_sentence(str(refusal.value))


@pytest.mark.parametrize('name', ['ask', 'aask'])
def test_d5_prompts_and_options_of_ask(name: str) -> None:
    prompts: list[Any] = [5, None, b'hi', b'', [], [5], [None], [b'a'], '', ' \n', ['', ' '], {'a': 1}, {}, str, print]
    prompts += [(one for one in 'ab'), HALF, [HALF], ASK, ASK[0], math.nan]
    options: list[dict[str, Any]] = [{'system': value} for value in (5, b'a', [], HALF, str, True)]
    options += [{'temperature': value} for value in ('x', math.nan, math.inf, -1, True, b'1', [], 1j)]
    options += [{'max_tokens': value} for value in ('x', math.nan, 0, -1, True, 1.5, [])]

    def call(server: Server, prompt: Any, **more: Any) -> object:
        arguments = {'model': server.model(), 'display': False, **more}
        return ask(prompt, **arguments) if name == 'ask' else asyncio.run(aask(prompt, **arguments))

    calls = {repr(prompt)[:40]: lambda server, prompt=prompt: call(server, prompt) for prompt in prompts}
    calls |= {repr(more): lambda server, more=more: call(server, 'Hi', **more) for more in options}
    assert not refused(calls)


@pytest.mark.parametrize(
    'arguments',
    [
        *({'model': value} for value in (5, b'', TestModel, [])),
        *({'models': value} for value in (5, 'ab', [5], None, b'a', [TestModel])),
        *({'system': value} for value in (5, b'a', ['a'])),
        *({'prompt': value} for value in (5, None, b'a')),
        *({'model_settings': value} for value in (5, 'a', [1], {'temperature': 'x'}, {'max_tokens': -1}, {5: 5})),
    ],
    ids=named,
)
def test_d5_explore(arguments: Any) -> None:
    assert outcome(lambda _: explore(**arguments)) == 'refused'


@pytest.mark.parametrize('stream', [5, None, 'hi', b'hi', {}, object(), str, TestModel, print, [5], [{}]], ids=named)
def test_d5_show(stream: Any) -> None:
    assert outcome(lambda _: asyncio.run(show(stream))) == 'refused'


@pytest.mark.parametrize('arguments', [{'title': 5}, {'title': b'a'}, {'model_settings': 5}, {'model_settings': 'a'}])
def test_d5_show_with(arguments: Any) -> None:
    assert outcome(lambda _: asyncio.run(show(['a'], **arguments))) == 'refused'


@pytest.mark.parametrize(
    'line',
    [
        *('', '  ', '-t nan hi', '-t inf hi', '-t x hi', '-t', '-t hi', '--max-tokens 0 hi', '--max-tokens -1 hi'),
        *('--max-tokens 1.5 hi', '-m "" hi', '-m nope hi', '-m unknown:x hi', '-m openai-chat: hi', '-o 5 hi'),
        *('-o class hi', '--bogus hi', '--temprature=1 hi', '-t -1 hi', HALF, f'-s "{HALF}" hi'),
        *('-m kind hi', '-m number hi'),
    ],
)
def test_d5_the_magic(line: str) -> None:
    shell = InteractiveShell()
    shell.user_ns |= {'kind': TestModel, 'number': 5, 'fine': TestModel()}
    magics = AskMagics(shell)
    magics.model = 'fine'
    assert outcome(lambda _: magics.answer_now(line)) == 'refused'


# ------------------------------------------------------------------ the stream itself


def test_d5_a_stream_that_was_never_entered_cannot_be_left() -> None:
    stream = model_request_stream('test', ASK)
    with pytest.raises(RuntimeError, match=r'never entered'):
        asyncio.run(stream.__aexit__(None, None, None))  # type: ignore[arg-type]


def test_d5_the_checks_cost_nothing_per_delta() -> None:
    async def words(*_: Any) -> AsyncIterator[str]:
        for _word in range(200):
            yield 'word '

    checks: list[str] = []

    def note(frame: Any, event: str, _: Any) -> None:
        if event == 'call' and '/checks/' in frame.f_code.co_filename.replace('\\', '/'):
            checks.append(frame.f_code.co_name)

    async def main() -> None:
        async with model_request_stream(FunctionModel(stream_function=words), ASK, model_settings={}) as stream:
            sys.setprofile(note)
            try:
                assert len([event async for event in stream]) > 200
            finally:
                sys.setprofile(None)

    asyncio.run(main())
    assert checks == []


def test_d5_the_table_is_long() -> None:
    """Calls that the tables above make, without those of the settings in each protocol."""
    rows = len(MESSAGES) + len(RANGES) + len(TYPES) + len(VENDOR) + sum(row[2] for row in settings())
    assert rows * len(ALL) + (len(PARAMETERS) + len(EMPTY)) * len(DIRECT) + len(MODELS) * len(ALL) > 2000

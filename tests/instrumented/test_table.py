"""Protocols, endings, versions, options: spans and metrics are the peer's, attribute by attribute, of the same bytes.

What is meant to differ is written out: the words and modules of errors, who says so (the scope), and what the peer
takes for a whole answer where its end never came.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

from tests.framing.test_eventstream import frame

from .cases import MODELS, OURS, PEER, Answer, Case, kind_of, recorded, sent
from .recorder import Recorder

Span = dict[str, Any]

QUICK = ('openai-chat', 'openai-responses', 'anthropic')


def of_all(protocols: Iterable[str]) -> list[Any]:
    """The protocols as parameters.

    The SDKs of some are in the dependency group `traces`, and take seconds to import: `make test-traces`, in which each
    is imported by one worker only.
    """
    marks = {name: [pytest.mark.slow, pytest.mark.xdist_group(name)] for name in MODELS if name not in QUICK}
    return [pytest.param(name, marks=marks.get(name, ())) for name in protocols]


PROTOCOLS = of_all(MODELS)
OPTIONS = [
    {},
    {'version': 6},
    {'include_content': False},
    {'include_binary_content': False},
    {'include_model_request_parameters': False},
    {'include_content': False, 'version': 6, 'include_model_request_parameters': False},
]


def named(options: dict[str, Any]) -> str:
    """The options in the id of a test."""
    return '+'.join(f'{name}={value}' for name, value in options.items()) or 'usual'


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        'AWS_ACCESS_KEY_ID': 'none',
        'AWS_SECRET_ACCESS_KEY': 'none',
        'AWS_DEFAULT_REGION': 'us-east-1',
    }.items():
        monkeypatch.setenv(name, value)


def whole(protocol: str) -> Answer:
    return Answer(b''.join(sent(protocol)), kind_of(protocol))


SCHEMAS_MARKED = ('mistral', 'cohere')
"""Whose schemas we mark as strict where they can be; the peer leaves the mark out, and neither sends it."""


def unmarked(span: Span) -> Span:
    """A span without the marks `strict` in its parameters."""
    parameters = span['attributes'].get('model_request_parameters') or {}
    for tool in (*parameters.get('function_tools', ()), *parameters.get('output_tools', ())):
        del tool['strict']
    return span


def worded(span: Span) -> Span:
    """A span without the words of its error, which are each library's own."""
    status, description = span['status']
    kind = description.partition(':')[0] if description else None
    events = [
        (name, {key: value for key, value in said.items() if key != 'exception.message'})
        for name, said in span['events']
    ]
    return span | {'status': (status, kind), 'events': events}


def both(
    protocol: str, answer: Answer, case: Case
) -> tuple[tuple[Recorder, BaseException | None], tuple[Recorder, BaseException | None]]:
    return recorded(OURS, protocol, answer, case), recorded(PEER, protocol, answer, case)


def same(protocol: str, answer: Answer, case: Case) -> tuple[Recorder, BaseException | None]:
    """Both record the same, and end alike. Returns ours."""
    (ours, error), (theirs, other) = both(protocol, answer, case)
    assert type(error).__name__ == type(other).__name__, (error, other)
    mine, peers = ([worded(span) for span in recorder.traced()] for recorder in (ours, theirs))
    if protocol in SCHEMAS_MARKED:
        mine, peers = list(map(unmarked, mine)), list(map(unmarked, peers))
    assert mine == peers
    assert ours.metrics() == theirs.metrics()
    return ours, error


# ------------------------------------------------------------------------- requests


def tools(lib: Any) -> Any:
    schema = {
        'type': 'object',
        'properties': {'city': {'type': 'string', 'title': 'City'}, 'days': {'type': 'integer', 'default': 1}},
        'required': ['city'],
    }
    weather = lib.tools.ToolDefinition(
        name='weather', description='The weather of a city', parameters_json_schema=schema, metadata={'a': 1}
    )
    final = lib.tools.ToolDefinition(name='final', parameters_json_schema=schema, kind='output')
    return lib.models.ModelRequestParameters(
        function_tools=[weather], output_tools=[final], output_mode='tool', allow_text_output=True
    )


def only_functions(lib: Any) -> Any:
    return lib.models.ModelRequestParameters(function_tools=tools(lib).function_tools)


PIXEL = bytes.fromhex('89504e470d0a1a0a0000000d49484452')


def long_history(lib: Any) -> list[Any]:
    """What an exchange with a tool and a picture holds."""
    m = lib.messages
    return [
        m.ModelRequest(
            parts=[
                m.SystemPromptPart('Be brief.'),
                m.UserPromptPart(['Look:', m.BinaryContent(PIXEL, media_type='image/png'), 'and tell.']),
            ],
            instructions='Say nothing of the weather.',
        ),
        m.ModelResponse(
            parts=[m.TextPart('I ask.'), m.ToolCallPart('weather', {'city': 'Paris'}, 'call-1')],
            finish_reason='tool_call',
        ),
        m.ModelRequest(parts=[m.ToolReturnPart('weather', {'sky': 'blue'}, 'call-1')]),
        m.ModelResponse(parts=[m.ToolCallPart('weather', '{"city": "Rome"}', 'call-2')]),
        m.ModelRequest(
            parts=[m.ToolReturnPart('weather', 'No such city', 'call-2', outcome='failed'), m.UserPromptPart('So?')],
            instructions='Be kind.',
        ),
    ]


def text_history(lib: Any) -> list[Any]:
    """The same for those that take no pictures here."""
    first, *rest = long_history(lib)
    first.parts[1].content = 'Look and tell.'
    return [first, *rest]


@pytest.mark.parametrize('options', OPTIONS, ids=named)
@pytest.mark.parametrize('protocol', PROTOCOLS)
def test_a_completed_stream(protocol: str, options: dict[str, Any]) -> None:
    pictures = protocol not in ('cohere', 'huggingface', 'groq', 'mistral')
    case = Case(
        history=long_history if pictures else text_history,
        settings={'temperature': 0.5, 'max_tokens': 100, 'top_p': 0.9, 'seed': 3},
        # The peer's reading of a text beside Mistral's output tools ends in a bare ValueError.
        parameters=tools if protocol != 'mistral' else only_functions,
        options=options,
    )
    ours, error = same(protocol, whole(protocol), case)
    assert error is None
    [span] = ours.traced()
    assert span['name'] == f'chat {MODELS[protocol]}'
    assert span['kind'] == 'CLIENT'
    assert span['attributes']['server.address'] == '127.0.0.1'
    assert set(ours.metrics()) >= {'gen_ai.client.token.usage', 'gen_ai.client.operation.time_to_first_chunk'}


def test_of_a_model_with_a_price_the_cost_is_recorded() -> None:
    ours, _ = same('openai-chat', whole('openai-chat'), Case())
    assert ours.traced()[0]['attributes']['operation.cost'] > 0
    assert ours.metrics()['operation.cost']['points'][0]['sum'] > 0


# -------------------------------------------------------------------------- endings


def begun(protocol: str) -> Answer:
    """The first word of an answer that goes on."""
    events = sent(protocol)
    first = next(index for index, event in enumerate(events) if b'the ' in event)
    return Answer(b''.join(events[: first + 1]), kind_of(protocol), holds=True)


async def leave(stream: Any) -> None:
    async for _ in stream:
        break


async def cancel(stream: Any) -> None:
    """What a Stop button does."""
    async for _ in stream:
        await stream.cancel()
        break


async def be_cancelled(stream: Any) -> None:
    await leave(stream)
    raise asyncio.CancelledError


async def fail(stream: Any) -> None:
    await leave(stream)
    raise KeyError('of the one who reads')


async def be_interrupted(stream: Any) -> None:
    await leave(stream)
    raise KeyboardInterrupt


@pytest.mark.parametrize('options', [{}, {'version': 6, 'include_content': False}], ids=named)
@pytest.mark.parametrize('read', [leave, cancel, be_cancelled, fail, be_interrupted], ids=lambda read: read.__name__)
@pytest.mark.parametrize('protocol', PROTOCOLS)
def test_a_stream_that_its_reader_ends(protocol: str, read: Callable[[Any], Any], options: dict[str, Any]) -> None:
    case = Case(read=read, options=options)
    ours, error = same(protocol, begun(protocol), case)
    [span] = ours.traced()
    assert span['status'][0] == ('ERROR' if read is fail else 'UNSET')
    assert len(span['events']) == (1 if read is fail else 0)
    assert 'gen_ai.output.messages' in span['attributes']


REFUSAL = {'error': {'message': 'You may not', 'type': 'invalid_request_error', 'code': 'no'}, 'message': 'You may not'}


@pytest.mark.parametrize(('status', 'include_content'), [(400, True), (500, False)])
@pytest.mark.parametrize('protocol', PROTOCOLS)
def test_a_request_that_the_provider_refuses(protocol: str, status: int, include_content: bool) -> None:
    answer = Answer(json.dumps(REFUSAL).encode(), 'application/json', status)
    case = Case(options={'include_content': include_content})
    (ours, error), (theirs, other) = both(protocol, answer, case)
    assert error is not None
    assert other is not None
    [mine], [peers] = ours.traced(), theirs.traced()
    # Ours are finer: a ModelServerError is a ModelHTTPError.
    assert type(other).__name__ in {kind.__name__ for kind in type(error).__mro__}
    assert mine['events'][0][1].pop('exception.type') == type(error).__name__
    assert peers['events'][0][1].pop('exception.type') == type(other).__name__
    mine, peers = worded(mine), worded(peers)
    assert mine.pop('status') == ('ERROR', type(error).__name__ if include_content else None)
    assert peers.pop('status') == ('ERROR', type(other).__name__ if include_content else None)
    assert mine == peers
    assert ours.metrics() == theirs.metrics() == {}


BROKEN: dict[str, bytes] = {
    'openai-chat': b'data: {"error": {"message": "Overloaded", "type": "server_error", "code": null}}\n\n',
    'openai-responses': b'event: error\ndata: {"type": "error", "sequence_number": 9, "code": "server_error",'
    b' "message": "Overloaded", "param": null}\n\n',
    'anthropic': b'event: error\ndata: {"type": "error", "error": {"type": "overloaded_error", "message": "O"}}\n\n',
    'google': b'data: {"error": {"code": 503, "message": "Overloaded", "status": "UNAVAILABLE"}}\n\n',
    'mistral': b'data: {"object": "error", "message": "Overloaded", "type": "server_error", "code": 503}\n\n',
    'groq': b'event: error\ndata: {"error": {"message": "Overloaded", "type": "server_error"}}\n\n',
    'huggingface': b'data: {"error": {"message": "Overloaded", "type": "server_error"}}\n\n',
    'bedrock': frame(
        {':message-type': 'exception', ':exception-type': 'throttlingException'}, b'{"message": "Overloaded"}'
    ),
}
"""Without Cohere: the peer passes over its errors, and calls the answer whole."""


@pytest.mark.parametrize('include_content', [True, False])
@pytest.mark.parametrize('protocol', of_all(BROKEN))
def test_a_stream_that_fails(protocol: str, include_content: bool) -> None:
    events = sent(protocol)
    answer = Answer(b''.join([*events[: len(events) // 2], BROKEN[protocol]]), kind_of(protocol))
    (ours, error), (theirs, other) = both(protocol, answer, Case(options={'include_content': include_content}))
    assert error is not None
    assert other is not None
    [mine], [peers] = ours.traced(), theirs.traced()
    assert mine['status'][0] == peers['status'][0] == 'ERROR'
    assert [name for name, _ in mine['events']] == [name for name, _ in peers['events']] == ['exception']
    assert mine['events'][0][1].keys() == peers['events'][0][1].keys()
    assert mine['attributes'] == peers['attributes']
    assert ours.metrics() == theirs.metrics()


@pytest.mark.parametrize('protocol', PROTOCOLS)
def test_a_cut_stream_is_an_error_here_and_a_whole_answer_there(protocol: str) -> None:
    """The peer's attributes but for what it takes for the end: it calls a cut answer complete."""
    events = sent(protocol)
    answer = Answer(b''.join(events[: len(events) // 2]), kind_of(protocol))
    (ours, error), (theirs, _) = both(protocol, answer, Case())
    assert type(error).__name__ == 'IncompleteStream'
    [mine], [peers] = ours.traced(), theirs.traced()
    assert mine['status'][0] == 'ERROR'
    assert mine['status'][1].startswith('IncompleteStream: ')
    assert mine['events'][0][1]['exception.type'] == 'IncompleteStream'
    invented = {'gen_ai.response.finish_reasons', 'operation.cost'}
    for span in (mine, peers):
        span['attributes'] = {key: value for key, value in span['attributes'].items() if key not in invented}
        span['attributes']['gen_ai.output.messages'][0].pop('finish_reason', None)
    assert mine['attributes'] == peers['attributes']
    name = 'gen_ai.client.operation.time_to_first_chunk'
    assert ours.metrics()[name] == theirs.metrics()[name]


# ---------------------------------------------------------------- whole and synchronous

WHOLE = {
    'openai-chat': {
        'id': 'c1',
        'object': 'chat.completion',
        'created': 1_760_000_000,
        'model': 'gpt-4o',
        'choices': [{'index': 0, 'message': {'role': 'assistant', 'content': 'Paris'}, 'finish_reason': 'stop'}],
        'usage': {'prompt_tokens': 10, 'completion_tokens': 5, 'total_tokens': 15},
    },
    'anthropic': {
        'id': 'm1',
        'type': 'message',
        'role': 'assistant',
        'model': 'claude-sonnet-4-5',
        'content': [{'type': 'text', 'text': 'Paris'}],
        'stop_reason': 'end_turn',
        'stop_sequence': None,
        'usage': {'input_tokens': 10, 'output_tokens': 5},
    },
}


@pytest.mark.parametrize('way', ['whole', 'whole_sync'])
@pytest.mark.parametrize('protocol', WHOLE)
def test_a_whole_answer_has_no_time_to_its_first_chunk(protocol: str, way: str) -> None:
    answer = Answer(json.dumps(WHOLE[protocol]).encode(), 'application/json')
    # Without a limit, the peer streams from Anthropic and adds up.
    ours, error = same(protocol, answer, Case(way=way, settings={'max_tokens': 100}))
    assert error is None
    assert 'gen_ai.client.operation.time_to_first_chunk' not in ours.traced()[0]['attributes']
    assert set(ours.metrics()) == {'gen_ai.client.token.usage', 'operation.cost'}


@pytest.mark.parametrize('protocol', QUICK)
def test_a_stream_from_synchronous_code(protocol: str) -> None:
    ours, error = same(protocol, whole(protocol), Case(way='stream_sync', parameters=tools))
    assert error is None
    assert ours.traced()[0]['status'] == ('UNSET', None)


def test_a_span_that_is_sampled_out_still_counts() -> None:
    ours, _ = same('openai-chat', whole('openai-chat'), Case(recorder=lambda: Recorder(ALWAYS_OFF)))
    assert ours.traced() == []
    assert ours.metrics()['gen_ai.client.token.usage']['points']


# ------------------------------------------------------------------- forms of an answer


def native(lib: Any) -> Any:
    from jupyter_stream.output import OutputObjectDefinition as Ours

    kind = Ours if lib is OURS else __import__('pydantic_ai._output', fromlist=['x']).OutputObjectDefinition
    schema = {'type': 'object', 'properties': {'city': {'type': 'string'}}, 'required': ['city']}
    return kind(json_schema=schema, name='City', description='A city')


FORMS: dict[str, Callable[[Any], Any]] = {
    'native': lambda lib: lib.models.ModelRequestParameters(
        output_mode='native', output_object=native(lib), allow_text_output=True
    ),
    'prompted': lambda lib: lib.models.ModelRequestParameters(
        output_mode='prompted', output_object=native(lib), allow_text_output=True
    ),
    'instructions': lambda lib: lib.models.ModelRequestParameters(
        instruction_parts=[lib.messages.InstructionPart('Be kind.'), lib.messages.InstructionPart('Be', dynamic=True)]
    ),
}


@pytest.mark.parametrize('include_content', [True, False])
@pytest.mark.parametrize('form', FORMS)
@pytest.mark.parametrize('protocol', QUICK)
def test_the_parameters_are_recorded_as_the_model_takes_them(protocol: str, form: str, include_content: bool) -> None:
    case = Case(parameters=FORMS[form], options={'include_content': include_content}, settings={'thinking': 'low'})
    same(protocol, whole(protocol), case)


def test_what_the_model_cannot_do_is_an_error_on_the_span() -> None:
    case = Case(parameters=lambda lib: lib.models.ModelRequestParameters(allow_image_output=True))
    ours, error = same('anthropic', whole('anthropic'), case)
    assert type(error).__name__ == 'UserError'
    assert ours.traced()[0]['status'][0] == 'ERROR'

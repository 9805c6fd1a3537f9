"""`instrument=…`: what it takes, what it needs, and where spans go that more than one model or a wait is behind."""

from __future__ import annotations

import asyncio
import copy
import re
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, get_args, get_type_hints

import pydantic_ai.concurrency
import pydantic_ai.exceptions
import pydantic_ai.models.concurrency
import pydantic_ai.models.fallback
import pydantic_ai.models.function
import pydantic_ai.models.test
import pytest
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

import jupyter_stream.concurrency
import jupyter_stream.exceptions
import jupyter_stream.models.concurrency
import jupyter_stream.models.fallback
import jupyter_stream.models.function
import jupyter_stream.models.test
from jupyter_stream.direct import model_request_sync
from jupyter_stream.exceptions import UserError
from jupyter_stream.messages import ModelRequest, ModelResponse, TextPart, ThinkingPart, ToolCallPart
from jupyter_stream.models.instrumented import (
    InstrumentationSettings,
    InstrumentationVersion,
    InstrumentedModel,
    instrument_all,
    instrument_model,
    settings_of,
)
from jupyter_stream.models.test import TestModel as Test

from .cases import OURS, PEER
from .recorder import Recorder

ASK = [ModelRequest.user_text_prompt('Hi')]
LIBRARIES: dict[str, tuple[Any, Any]] = {'ours': (jupyter_stream, OURS), 'peer': (pydantic_ai, PEER)}


# ------------------------------------------------------------------------ the switch


@pytest.fixture
def restored() -> Iterator[None]:
    yield
    instrument_all(False)


@pytest.mark.usefixtures('restored')
def test_none_means_what_was_said_for_all() -> None:
    assert settings_of(None) is None
    settings = InstrumentationSettings()
    instrument_all(settings)
    assert settings_of(None) is settings
    assert settings_of(False) is None
    instrument_all()
    assert isinstance(settings_of(None), InstrumentationSettings)


def test_a_model_is_wrapped_once_or_not_at_all() -> None:
    model = Test()
    assert instrument_model(model, False) is model
    wrapped = instrument_model(model, True)
    assert isinstance(wrapped, InstrumentedModel)
    assert instrument_model(wrapped, True) is wrapped
    assert wrapped.model_id == model.model_id


def verdict(lib: Any, version: Any) -> str:
    """What becomes of settings of this version: they are 'taken', 'deprecated' or 'refused'."""
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter('always')
        try:
            settings = lib.instrumented.InstrumentationSettings(version=version)
        except (ValueError, UserError):
            return 'refused'
    assert settings.version == version
    return 'deprecated' if warned else 'taken'


@pytest.mark.parametrize('version', [*range(-1, 9), '5', 5.0, None, True])
def test_what_the_peer_takes_is_taken_and_what_it_deprecates_is_not(version: Any) -> None:
    assert verdict(OURS, version) == verdict(PEER, version).replace('deprecated', 'refused')


def test_the_versions_are_those_that_the_peer_names_and_does_not_deprecate() -> None:
    named = get_args(get_type_hints(PEER.instrumented.InstrumentationSettings.__init__)['version'])
    verdicts = {version: verdict(PEER, version) for version in named}
    assert verdicts == {2: 'deprecated', 3: 'deprecated', 4: 'deprecated', 5: 'taken', 6: 'taken'}
    assert [version for version in named if verdicts[version] == 'taken'] == [*get_args(InstrumentationVersion)]
    assert OURS.instrumented.InstrumentationSettings().version == PEER.instrumented.InstrumentationSettings().version


@pytest.mark.parametrize('version', [1, 2, 4, 7, '5'])
def test_a_version_that_there_is_not_is_a_sentence(version: Any) -> None:
    sentence = f'`version` is {version!r}, and there are 5 and 6 (`pydantic_ai` calls its 2, 3 and 4 deprecated): '
    with pytest.raises(UserError, match=re.escape(sentence)):
        InstrumentationSettings(version=version)


def test_a_deep_copy_records_to_the_same_place() -> None:
    settings = InstrumentationSettings(**Recorder().providers)
    assert copy.deepcopy({'instrument': settings})['instrument'] is settings


def test_who_says_so_is_this_library() -> None:
    recorder = Recorder()
    model_request_sync('test', ASK, instrument=InstrumentationSettings(**recorder.providers))
    [span] = recorder.spans.get_finished_spans()
    assert span.instrumentation_scope is not None
    assert span.instrumentation_scope.name == 'jupyter-stream'


def test_other_attributes_are_on_the_span() -> None:
    recorder = Recorder()
    settings = InstrumentationSettings(**recorder.providers)
    model_request_sync(InstrumentedModel('test', settings, attributes={'jupyter.cell.id': 'c-1'}), ASK)
    assert recorder.traced()[0]['attributes']['jupyter.cell.id'] == 'c-1'


WITHOUT = """
import sys
sys.modules['opentelemetry'] = sys.modules['opentelemetry.trace'] = sys.modules['opentelemetry.metrics'] = None
from jupyter_stream.direct import model_request_sync
from jupyter_stream.exceptions import UserError
from jupyter_stream.messages import ModelRequest
ask = [ModelRequest.user_text_prompt('Hi')]
print(model_request_sync('test', ask).text)
try:
    model_request_sync('test', ask, instrument=True)
except UserError as error:
    print(error)
"""


def test_without_opentelemetry_it_says_which_to_install() -> None:
    said = subprocess.run([sys.executable, '-c', WITHOUT], capture_output=True, text=True, check=True).stdout
    assert said.splitlines() == [
        'success (no tool calls)',
        (
            'Tracing needs the package opentelemetry-api, which is not installed: run '
            '`pip install "jupyter-stream[otel]"`, or leave `instrument` off.'
        ),
    ]


def test_without_instrument_nothing_of_opentelemetry_is_loaded() -> None:
    code = (
        'import sys; from jupyter_stream import ModelRequest, model_request_sync, ConcurrencyLimitedModel;'
        'from jupyter_stream.models.instrumented import InstrumentationSettings;'
        'from jupyter_stream.models.fallback import FallbackModel;'
        'model = FallbackModel(ConcurrencyLimitedModel("test", 1));'
        'model_request_sync(model, [ModelRequest.user_text_prompt("Hi")]);'
        'print([name for name in sys.modules if name.startswith("opentelemetry")])'
    )
    assert subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True).stdout == '[]\n'


@pytest.mark.parametrize('include_content', [True, False])
def test_an_answer_as_an_event_of_the_old_conventions(include_content: bool) -> None:
    settings = InstrumentationSettings(include_content=include_content)
    [event] = ModelResponse([TextPart('Paris')]).otel_events(settings)
    assert event.attributes == {'event.name': 'gen_ai.assistant.message'}
    said = 'Paris' if include_content else [{'kind': 'text'}]
    assert event.body == {'role': 'assistant', 'content': said}
    [event] = ModelResponse([ThinkingPart('Hm'), ToolCallPart('f', '{}', 'i')]).otel_events(settings)
    assert [item['kind'] for item in event.body['content']] == ['thinking']
    assert ('text' in event.body['content'][0]) == include_content
    [call] = event.body['tool_calls']
    assert call['function'] == {'name': 'f', **({'arguments': '{}'} if include_content else {})}


# -------------------------------------------------------------- several models, and waits


def both(run: Any) -> list[dict[str, Any]]:
    """The spans of one scenario, which are the same of both libraries."""
    found = {}
    for name, (library, lib) in LIBRARIES.items():
        recorder = Recorder()
        run(library, lib, recorder)
        found[name] = recorder.traced()
        for span in found[name]:
            for _, said in span['events']:
                said.pop('exception.message', None)
            span['status'] = span['status'][0]
    assert found['ours'] == found['peer']
    return found['ours']


@pytest.mark.parametrize('include_content', [True, False])
@pytest.mark.parametrize('streamed', [True, False])
def test_of_several_models_the_span_names_the_one_that_answered(streamed: bool, include_content: bool) -> None:
    def run(library: Any, lib: Any, recorder: Recorder) -> None:
        function = library.models.function

        def broken(messages: Any, info: Any) -> Any:
            raise library.exceptions.ModelHTTPError(500, 'm', 'no')

        async def broken_stream(messages: Any, info: Any) -> Any:
            raise library.exceptions.ModelHTTPError(500, 'm', 'no')
            yield ''

        first = function.FunctionModel(broken, stream_function=broken_stream, model_name='first')
        model = library.models.fallback.FallbackModel(first, library.models.test.TestModel())
        options = {
            'instrument': lib.instrumented.InstrumentationSettings(
                **recorder.providers, include_content=include_content
            ),
            'model_request_parameters': lib.models.ModelRequestParameters(
                instruction_parts=[lib.messages.InstructionPart('Be kind.')]
            ),
        }
        ask = [lib.messages.ModelRequest.user_text_prompt('Hi')]

        async def main() -> None:
            if not streamed:
                await lib.direct.model_request(model, ask, **options)
                return
            async with lib.direct.model_request_stream(model, ask, **options) as stream:
                async for _ in stream:
                    pass

        asyncio.run(main())

    attempt, chat = both(run)
    assert (attempt['name'], attempt['parent'], attempt['status']) == (
        'model request attempt first',
        chat['name'],
        'ERROR',
    )
    assert chat['name'] == 'chat test'
    assert chat['status'] == 'UNSET'


@pytest.mark.parametrize('name', [None, 'pool'])
def test_a_wait_for_a_place_is_a_span(name: str | None) -> None:
    def run(library: Any, lib: Any, recorder: Recorder) -> None:
        tracer = recorder.tracer_provider.get_tracer('t')
        limiter = library.concurrency.ConcurrencyLimiter(1, max_queued=3, name=name, tracer=tracer)

        async def main() -> None:
            await limiter.acquire('model:a')
            waits = asyncio.ensure_future(limiter.acquire('model:b'))
            await asyncio.sleep(0.01)
            limiter.release()
            await waits
            gives_up = asyncio.ensure_future(limiter.acquire('model:c'))
            await asyncio.sleep(0.01)
            gives_up.cancel()
            await asyncio.gather(gives_up, return_exceptions=True)

        asyncio.run(main())

    spans = both(run)
    assert [span['name'] for span in spans] == [
        f'waiting for {name or source} concurrency' for source in ('model:b', 'model:c')
    ]


# ------------------------------------------------------------------------- a backend


def test_a_collector_that_speaks_otlp_gets_the_span() -> None:
    """Over HTTP, on loopback, by the SDK's own exporter."""
    received: list[ExportTraceServiceRequest] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers['content-length']))
            received.append(ExportTraceServiceRequest.FromString(body))
            self.send_response(200)
            self.send_header('content-type', 'application/x-protobuf')
            self.send_header('content-length', '0')
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = HTTPServer(('127.0.0.1', 0), Collector)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        provider = TracerProvider()
        address = f'http://127.0.0.1:{server.server_address[1]}/v1/traces'
        provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(address)))
        model_request_sync('test', ASK, instrument=InstrumentationSettings(tracer_provider=provider))
        provider.shutdown()
    finally:
        server.shutdown()
        server.server_close()
    [request] = received
    [scope] = request.resource_spans[0].scope_spans
    [span] = scope.spans
    said = {item.key: item.value.string_value for item in span.attributes}
    assert scope.scope.name == 'jupyter-stream'
    assert span.name == 'chat test'
    assert said['gen_ai.operation.name'] == 'chat'
    assert '"content":"Hi"' in said['gen_ai.input.messages']

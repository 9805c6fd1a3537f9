"""Logfire as its user sets it up: `logfire.configure()` in a script, then `instrument=True`, and nothing else.

In a process of its own, since Logfire configures the whole process; with the peer in the same one, to compare.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

ERROR = 17
"""Logfire's number of the level."""

# Logfire is in the dependency group `traces`.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group('logfire')]

SCRIPT = """
import io, json, sys
import logfire
from logfire.testing import TestExporter
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

spans, reader, console = TestExporter(), InMemoryMetricReader(), io.StringIO()
logfire.configure(
    send_to_logfire=False,
    console=logfire.ConsoleOptions(output=console, colors='never'),
    additional_span_processors=[SimpleSpanProcessor(spans)],
    metrics=logfire.MetricsOptions(additional_readers=[reader]),
)

def ask(direct, messages, models, function):
    question = [messages.ModelRequest.user_text_prompt('What is the password?')]
    tool = models.ToolDefinition(name='weather', parameters_json_schema={'type': 'object', 'properties': {}})
    parameters = models.ModelRequestParameters(function_tools=[tool])

    async def broken(messages, info):
        yield 'half'
        raise RuntimeError('gone')

    with logfire.span('a day'):
        direct.model_request_sync('test', question, model_request_parameters=parameters, instrument=True)
        with direct.model_request_stream_sync('test', question, instrument=True) as stream:
            list(stream)
        try:
            failing = function.FunctionModel(stream_function=broken, model_name='broken')
            with direct.model_request_stream_sync(failing, question, instrument=True) as stream:
                list(stream)
        except RuntimeError:
            pass

import jupyter_stream.direct, jupyter_stream.messages, jupyter_stream.models.function, jupyter_stream.tools
import pydantic_ai.direct, pydantic_ai.messages, pydantic_ai.models.function, pydantic_ai.tools

found = {}
for library in (jupyter_stream, pydantic_ai):
    library.models.ToolDefinition = library.tools.ToolDefinition
    ask(library.direct, library.messages, library.models, library.models.function)
    found[library.__name__] = spans.exported_spans_as_dict(parse_json_attributes=True)
    spans.clear()
scopes = [scope for resource in reader.get_metrics_data().resource_metrics for scope in resource.scope_metrics]
metrics = {scope.scope.name: sorted(metric.name for metric in scope.metrics) for scope in scopes}
print(json.dumps({'spans': found, 'metrics': metrics, 'console': console.getvalue()}))
"""


@pytest.fixture(scope='module')
def logged(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    script = tmp_path_factory.mktemp('logfire') / 'day.py'  # Logfire reads the source of who calls it
    script.write_text(SCRIPT)
    run = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def compared(span: dict[str, Any]) -> dict[str, Any]:
    """A span without what differs with every run, and without the lines and modules of whoever raised an error."""
    attributes = {name: value for name, value in span['attributes'].items() if not name.startswith('code.')}
    if (seconds := 'gen_ai.client.operation.time_to_first_chunk') in attributes:
        attributes[seconds] = attributes[seconds] >= 0
    attributes.pop('logfire.exception.fingerprint', None)
    events = [(event['name'], event['attributes']['exception.type']) for event in span.get('events', ())]
    return {'name': span['name'], 'attributes': attributes, 'events': events}


def test_logfire_gets_the_spans_of_the_peer(logged: dict[str, Any]) -> None:
    ours, peers = ([compared(span) for span in logged['spans'][name]] for name in ('jupyter_stream', 'pydantic_ai'))
    assert ours == peers
    assert [span['name'] for span in ours] == ['chat test', 'chat test', 'chat broken', 'a day']


def test_they_are_below_the_span_around_them(logged: dict[str, Any]) -> None:
    *chats, day = logged['spans']['jupyter_stream']
    assert {chat['parent']['span_id'] for chat in chats} == {day['context']['span_id']}


def test_logfire_shows_the_conversation_as_such(logged: dict[str, Any]) -> None:
    whole, streamed, failed, _ = (span['attributes'] for span in logged['spans']['jupyter_stream'])
    [asked] = whole['gen_ai.input.messages']
    assert asked == {'role': 'user', 'parts': [{'type': 'text', 'content': 'What is the password?'}]}
    assert [part['type'] for part in whole['gen_ai.output.messages'][0]['parts']] == ['tool_call']
    assert streamed['gen_ai.output.messages'][0]['parts'][0]['type'] == 'text'
    assert failed['gen_ai.output.messages'][0]['parts'] == [{'type': 'text', 'content': 'half'}]
    assert failed['logfire.level_num'] == ERROR
    schema = whole['logfire.json_schema']['properties']
    assert schema.keys() >= {'gen_ai.input.messages', 'gen_ai.output.messages', 'model_request_parameters'}


def test_the_console_has_a_line_for_each_request(logged: dict[str, Any]) -> None:
    lines = [line.partition(' ')[2] for line in logged['console'].splitlines()]
    day = ['a day', '  chat test', '  chat test', '  chat broken']
    assert lines == [*day, *day]  # ours, and the peer's


def test_the_metrics_come_too(logged: dict[str, Any]) -> None:
    assert logged['metrics']['jupyter-stream'] == logged['metrics']['pydantic-ai']
    assert 'gen_ai.client.token.usage' in logged['metrics']['jupyter-stream']

"""`%config AskMagics.instrument` in a real kernel: the span of a question says which cell asked."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .kernels import Kernel
from .test_explore import wait

pytestmark = pytest.mark.timeout(120)

RECORDING = """
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from jupyter_stream import aask, ask, explore
from jupyter_stream.models.instrumented import InstrumentationSettings
spans, provider = InMemorySpanExporter(), TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(spans))
settings = InstrumentationSettings(tracer_provider=provider)
%config AskMagics.instrument = settings

def taken():
    found = [{'name': span.name, **dict(span.attributes)} for span in spans.get_finished_spans()]
    spans.clear()
    return found
"""


@pytest.fixture(scope='module')
def recording(kernel: Kernel) -> Kernel:
    outcome = kernel.run(RECORDING)
    assert outcome.reply is not None
    assert outcome.reply['status'] == 'ok', outcome.messages
    return kernel


def spans_of(kernel: Kernel, *sent: str) -> list[dict[str, Any]]:
    """The spans of these cells, in the order of their ends."""
    for outcome in kernel.finish(*sent).values():
        assert outcome.reply is not None
        assert outcome.reply['status'] == 'ok', outcome.messages
    (printed,) = kernel.run('import json; print(json.dumps(taken()))').of('stream')
    return json.loads(printed['content']['text'])


@pytest.mark.parametrize(
    'code',
    [
        '%%ask -m hello\nHi',
        '%ask -m hello Hi',
        '_ = ask("Hi", model=hello)',
        '_ = await aask("Hi", model=hello)',
    ],
)
def test_the_span_of_a_question_has_the_id_of_its_cell(recording: Kernel, code: str) -> None:
    [span] = spans_of(recording, recording.send_from('c0ffee-42', code))
    assert span['jupyter.cell.id'] == 'c0ffee-42'
    assert span['name'] == 'chat function::say_hello'
    assert json.loads(span['gen_ai.output.messages'])[0]['parts'] == [{'type': 'text', 'content': 'Hello **world**.'}]


def test_each_cell_has_its_own(recording: Kernel) -> None:
    sent = [recording.send_from(cell, '%%ask -m hello\nHi') for cell in ('one', 'two')]
    assert [span['jupyter.cell.id'] for span in spans_of(recording, *sent)] == ['one', 'two']


def test_where_the_front_end_sends_no_id_there_is_none(recording: Kernel) -> None:
    [span] = spans_of(recording, recording.send('%%ask -m hello\nHi'))
    assert 'jupyter.cell.id' not in span


def test_what_is_switched_off_is_not_recorded(recording: Kernel) -> None:
    recording.run('%config AskMagics.instrument = None')
    try:
        assert spans_of(recording, recording.send_from('c', '%%ask -m hello\nHi')) == []
    finally:
        recording.run('%config AskMagics.instrument = settings')


# ------------------------------------------------------------------ the explorer

WORDS = {'type': 'text', 'content': 'Hello **world**.'}


@pytest.mark.parametrize(
    ('argument', 'parts'),
    [
        ('', [[WORDS]]),
        ('instrument=None', [[WORDS]]),
        ('instrument=own', [[{'type': 'text'}]]),
        ('instrument=False', []),
    ],
)
@pytest.mark.parametrize('run', ['ex.run("Hi?")', 'await ex.arun("Hi?")', 'ex.press_run()'])
def test_an_explorer_records_as_the_magics_do_or_as_it_is_told(
    recording: Kernel, run: str, argument: str, parts: list[Any]
) -> None:
    recording.run(
        'own = InstrumentationSettings(tracer_provider=provider, include_content=False)\n'
        f'ex = explore(hello, prompt="Hi?", {argument})'
    )
    sent = recording.send(f'_ = {run}')
    recording.finish(sent)
    wait(recording, 'bool(ex.runs) and not ex.runs[0].running')
    spans = spans_of(recording)
    assert [json.loads(span['gen_ai.output.messages'])[0]['parts'] for span in spans] == parts

"""`%ask --trace`: the moments of the last answers, as rows with bars."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_stream import ask
from jupyter_stream.messages import ModelResponse
from jupyter_stream.models import Model, infer_model
from jupyter_stream.notebook.defaults import Defaults
from jupyter_stream.notebook.options import OptionError, parse
from jupyter_stream.notebook.play import Player
from jupyter_stream.notebook.question import question
from jupyter_stream.notebook.views.static import NullView
from jupyter_stream.notebook.waterfall import bundle, traced
from jupyter_stream.stream.marks import Marks, PartMark
from tests.faults.server import Connection, KeepAliveServer, chat, events

BUSY = Marks(
    began=100.1,
    connected=100.2,
    answered=100.5,
    last=102.5,
    parts=[
        PartMark('thinking', '', 101.0, 101.5),
        PartMark('tool-call', 'weather', 101.5, 102.0),
        PartMark('text', '', 102.0, 102.5),
    ],
)


def trace(marks: Marks | None = BUSY, title: str = 'test:test', **response: Any) -> Any:
    return traced(title, ModelResponse(parts=[], **response), 100.0, marks, 103.0)


def test_each_moment_is_a_row_from_the_one_before_it() -> None:
    rows = {step.name: (round(step.start, 3), round(step.end, 3)) for step in trace().steps}
    assert rows == {
        'prepare': (0.0, 0.1),
        'connect': (0.1, 0.2),
        'first byte': (0.2, 0.5),
        'first token': (0.5, 1.0),
        'thinking': (1.0, 1.5),
        'tool call weather': (1.5, 2.0),
        'last token': (1.0, 2.5),
        'end': (2.5, 3.0),
    }


def test_what_has_not_happened_has_no_row() -> None:
    assert [step.name for step in trace(None, state='incomplete').steps] == ['no answer']
    assert [step.name for step in trace(Marks(began=100.0)).steps] == ['prepare', 'end']


def test_the_html_is_a_table_whose_bars_are_left_out_by_screen_readers() -> None:
    html = bundle([trace()])['text/html']
    assert '<caption' in html
    assert html.count('<th scope="row"') == 8
    assert html.count('<td aria-hidden="true"><svg') == 8
    assert '>500 ms<' in html
    assert 'currentColor' in html
    assert not re.search(r'<(script|style|a|img)\b|\bon\w+=|#[0-9a-f]{3,6}\b', html)


def test_the_plain_text_says_the_same() -> None:
    text = bundle([trace()])['text/plain']
    assert text.startswith('test:test, complete, 3.00 s, asked at ')
    assert re.search(r'^tool call weather +1\.50 s +500 ms +█+$', text, re.MULTILINE)


@pytest.mark.parametrize('name', ['<img src=x onerror=alert(1)>', '"><script>', '\u202eevil', 'a\nb'])
def test_names_of_others_are_harmless(name: str) -> None:
    marks = Marks(began=100.0, parts=[PartMark('tool-call', name, 101.0, 102.0)])
    html = bundle([trace(marks, title=name)])['text/html']
    assert '<img' not in html
    assert '<script' not in html
    assert '\u202e' not in html


def test_without_a_question_there_is_a_sentence() -> None:
    assert 'No question' in bundle([])['text/plain']


def test_trace_is_an_option_without_a_value() -> None:
    options, rest = parse('--trace why?')
    assert (options.trace, rest) == (True, 'why?')
    assert parse('why?')[0].trace is False
    with pytest.raises(OptionError, match='takes no value'):
        parse('--trace=3 why?')


def test_the_magic_shows_the_last_answers_and_asks_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    from jupyter_stream.notebook.kernel import state

    state.traces.clear()
    shell: Any = InteractiveShell.instance()
    shell.run_line_magic('load_ext', 'jupyter_stream')
    try:
        shell.run_cell('%ask --trace')
        assert 'No question' in capsys.readouterr().out
        shell.run_cell('%ask -m test Hi')
        shell.run_cell('%ask --trace -m test And?')
        said = capsys.readouterr().out
        assert said.count('first token') == 1
        shell.run_cell('%ask --trace')
        assert capsys.readouterr().out.count('first token') == 2
        assert len(state.traces) == 2
    finally:
        shell.run_line_magic('unload_ext', 'jupyter_stream')
        InteractiveShell.clear_instance()


# ------------------------------------------------------------------ over real HTTP

PAUSE = 0.1
"""Seconds, at the least, that the server lets pass before its head and before each event."""

CALL = {'index': 0, 'id': 'call-1', 'function': {'name': 'weather', 'arguments': '{"city":'}}
MORE = {'index': 0, 'function': {'arguments': '"Paris"}'}}


def answer_slowly(connection: Connection) -> None:
    """Two words and a tool call, on a connection that stays."""
    time.sleep(PAUSE)
    connection.send('HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n')
    for data in (chat('I '), chat('look'), chat(tool_calls=[CALL]), chat(tool_calls=[MORE]), chat(finish='tool_calls')):
        time.sleep(PAUSE)
        event = events(data)
        connection.send(b'%x\r\n%b\r\n' % (len(event), event))
    event = events('[DONE]')
    connection.send(b'%x\r\n%b\r\n0\r\n\r\n' % (len(event), event))


@pytest.fixture
def server() -> Iterator[KeepAliveServer]:
    with KeepAliveServer([answer_slowly]) as server:
        yield server


def asked_at(server: KeepAliveServer) -> Model:
    return infer_model('openai-chat:m-1', api_key='k', base_url=f'{server.url}/v1')


ROWS = ['prepare', 'connect', 'first byte', 'first token', 'last token', 'tool call weather', 'end']


def test_over_http_each_moment_is_in_its_order_and_not_before_its_time(server: KeepAliveServer) -> None:
    from jupyter_stream.notebook.kernel import state

    ask('Hi', model=asked_at(server), display=False)
    steps = state.traces[-1].steps
    assert [step.name for step in steps] == ROWS
    row = {step.name: step for step in steps}
    waits = ['prepare', 'connect', 'first byte', 'first token', 'last token', 'end']
    assert [row[name].start for name in waits] == [0.0, *(row[name].end for name in waits[:-1])]
    assert row['connect'].end > row['connect'].start
    # The server lets so many pauses pass before each, whatever the machine adds.
    assert row['first byte'].end >= PAUSE
    assert row['first token'].end >= 2 * PAUSE
    assert row['tool call weather'].start >= 4 * PAUSE
    assert row['last token'].end >= 5 * PAUSE
    assert row['end'].end >= 6 * PAUSE


class SlowlyShown(NullView):
    """A view that takes its time to appear."""

    def start(self, title: str, settings: Any = None) -> None:
        time.sleep(PAUSE)


def test_what_it_takes_to_show_the_answer_is_part_of_the_preparation() -> None:
    """Else the answer says of itself that its first token came later than the trace says."""
    from jupyter_stream.notebook.kernel import state

    Player(question('Hi', Defaults(model='test')), SlowlyShown()).run()
    prepare, *_ = state.traces[-1].steps
    assert prepare.end - prepare.start >= PAUSE


def test_a_connection_that_is_used_again_has_no_row(server: KeepAliveServer) -> None:
    from jupyter_stream.notebook.kernel import state

    model = asked_at(server)
    for _ in range(2):
        ask('Hi', model=model, display=False)
    assert server.connections == 1
    assert [step.name for step in state.traces[-2].steps] == ROWS
    assert [step.name for step in state.traces[-1].steps] == [name for name in ROWS if name != 'connect']


def test_the_magic_shows_the_rows_of_a_request_over_http(
    server: KeepAliveServer, capsys: pytest.CaptureFixture[str]
) -> None:
    shell: Any = InteractiveShell.instance()
    shell.run_line_magic('load_ext', 'jupyter_stream')
    try:
        shell.user_ns['slow'] = asked_at(server)
        shell.run_cell('%ask --trace -m slow Hi')
        lines = capsys.readouterr().out.splitlines()
        heading = next(index for index, line in enumerate(lines) if 'asked at' in line)
        shown = [re.split(r'  +', line)[0] for line in lines[heading + 1 :] if line.strip()]
        assert shown == ROWS
    finally:
        shell.run_line_magic('unload_ext', 'jupyter_stream')
        InteractiveShell.clear_instance()


def test_where_nobody_listens_there_is_no_answer() -> None:
    from jupyter_stream.exceptions import ModelConnectionError
    from jupyter_stream.notebook.kernel import state

    with KeepAliveServer([]) as server:
        gone = asked_at(server)
    with pytest.raises(ModelConnectionError):
        ask('Hi', model=gone, model_settings={'max_retries': 0}, display=False)
    assert [step.name for step in state.traces[-1].steps] == ['no answer']

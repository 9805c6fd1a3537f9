"""Cassettes in a notebook: settings, one cell's option, threads, cells that run again, the marks of a replay."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_stream import RecordedModel, aask, ask, cassette, explore, model_request_stream, prices, show
from jupyter_stream.cassettes.deck import Numbers
from jupyter_stream.cassettes.file import read
from jupyter_stream.exceptions import CassetteMiss, UserError
from jupyter_stream.messages import ModelRequest, ModelResponse
from jupyter_stream.models.instrumented import InstrumentedModel
from jupyter_stream.notebook.bundle import final_bundle
from jupyter_stream.notebook.options import OptionError, parse
from jupyter_stream.notebook.views.footer import Times, footer_of
from tests.faults.server import ScriptedServer

from .test_replay import CHAT, DONE, in_pieces, offline, saying


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('JUPYTER_STREAM_CASSETTE_SPEED', '0')
    monkeypatch.delenv('JPY_SESSION_NAME', raising=False)
    monkeypatch.setattr('jupyter_stream.cassettes.session._numbers', {})
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    shell.run_line_magic('load_ext', 'jupyter_stream')
    yield shell
    shell.run_line_magic('unload_ext', 'jupyter_stream')
    InteractiveShell.clear_instance()


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer([saying('one'), saying('two'), saying('three')]) as server:
        yield server


def run(shell: InteractiveShell, cell: str) -> None:
    shell.run_cell(cell).raise_error()


def test_config_records_and_replays_beside_the_notebook(
    shell: InteractiveShell, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shell.user_ns['chat'] = CHAT.model_at(server.url)
    run(shell, "%config AskMagics.cassette = 'record'")
    run(shell, '%%ask -m chat --fresh -o first\nHello')
    assert [path.name for path in tmp_path.glob('*.jsonl')] == ['answers.cassette.jsonl']
    monkeypatch.setattr('jupyter_stream.cassettes.session._numbers', {})
    run(shell, "%config AskMagics.cassette = 'replay'")
    with offline():
        run(shell, '%%ask -m chat --fresh -o second\nHello')
    first, second = shell.user_ns['first'], shell.user_ns['second']
    assert (first.text, first.replayed, second.text, second.replayed) == ('one', False, 'one', True)


def test_the_folder_is_a_setting_and_the_file_is_called_like_the_notebook(
    shell: InteractiveShell, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / 'tutorial.ipynb').write_text('{}')
    monkeypatch.setenv('JPY_SESSION_NAME', str(tmp_path / 'tutorial.ipynb'))
    magics = shell.magics_manager.registry['AskMagics']
    magics.cassette, magics.cassettes = 'record', str(tmp_path / 'tapes')
    ask('Hello', model=CHAT.model_at(server.url), display=False)
    assert (tmp_path / 'tapes' / 'tutorial.cassette.jsonl').exists()
    monkeypatch.delenv('JPY_SESSION_NAME')  # whoever runs it elsewhere does not know the name
    monkeypatch.setattr('jupyter_stream.cassettes.session._numbers', {})
    magics.cassette = 'replay'
    with offline():
        assert ask('Hello', model=CHAT.model, display=False).text == 'one'


def test_one_cell_has_a_mode_of_its_own(shell: InteractiveShell, server: ScriptedServer) -> None:
    shell.user_ns['chat'] = CHAT.model_at(server.url)
    run(shell, '%%ask -m chat --fresh --cassette record -o first\nHello')
    run(shell, '%%ask -m chat --fresh --cassette off -o second\nHello')
    assert [shell.user_ns[name].text for name in ('first', 'second')] == ['one', 'two']
    assert len(read(Path('answers.cassette.jsonl').absolute()).interactions) == 1
    with offline(), pytest.raises(CassetteMiss):
        run(shell, '%%ask -m chat --fresh --cassette replay\nWhat else?')


def test_the_option_takes_a_mode_and_nothing_else() -> None:
    assert parse('--cassette auto Hello')[0].cassette == 'auto'
    with pytest.raises(OptionError, match='--cassette needs replay, record, auto or off'):
        parse('--cassette rewind Hello')


def test_the_turns_of_a_thread_find_their_recordings(
    shell: InteractiveShell, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / 'thread.cassette.jsonl'
    with cassette(path, 'record'):
        before = [ask(text, model=CHAT.model_at(server.url), thread='a', display=False) for text in ('1?', '2?', '3?')]
    with offline(), cassette(path, 'replay'):
        after = [ask(text, model=CHAT.model, thread='b', display=False) for text in ('1?', '2?', '3?')]
    assert [answer.text for answer in after] == [answer.text for answer in before] == ['one', 'two', 'three']


def test_await_in_a_cell_is_covered(shell: InteractiveShell, server: ScriptedServer, tmp_path: Path) -> None:
    path = tmp_path / 'a.cassette.jsonl'

    async def cell(model: Any, mode: Any) -> str:
        async with cassette(path, mode):
            return (await aask('Hello', model=model, display=False)).text

    assert asyncio.run(cell(CHAT.model_at(server.url), 'record')) == 'one'
    with offline():
        assert asyncio.run(cell(CHAT.model, 'replay')) == 'one'


def test_show_explore_and_typed_answers_are_covered(shell: InteractiveShell, tmp_path: Path) -> None:
    path = tmp_path / 'all.cassette.jsonl'

    async def shown(model: Any) -> str:
        async with model_request_stream(model, [ModelRequest.user_text_prompt('Show!')]) as stream:
            return (await show(stream)).text or ''

    def said(model: Any) -> list[Any]:
        run = explore(model).run('Explore!')
        assert run.answer is not None
        return [
            run.answer.text,
            asyncio.run(shown(model)),
            ask('How many?', model=model, as_=int, display=False).value,
        ]

    call = {'index': 0, 'id': 'c', 'function': {'name': 'final_result', 'arguments': '{"response": 3}'}}
    typed = f'data: {json.dumps({"choices": [{"index": 0, "delta": {"tool_calls": [call]}}]})}\n\n'
    answers = [saying('explored'), saying('shown'), in_pieces((typed + DONE).encode())]
    with ScriptedServer(answers) as server, cassette(path, 'record'):
        before = said(CHAT.model_at(server.url))
    with offline(), cassette(path, 'replay'):
        assert said(CHAT.model) == before == ['explored', 'shown', 3]


# ------------------------------------------------------------------- a wrapper


def test_a_recorded_model_has_a_cassette_of_its_own(server: ScriptedServer, tmp_path: Path) -> None:
    path = tmp_path / 'a.cassette.jsonl'
    live = RecordedModel(CHAT.model_at(server.url), path, 'record')
    assert [ask('Hello', model=live, display=False).text for _ in range(2)] == ['one', 'two']
    again = RecordedModel(CHAT.model, path, 'replay', speed=0)
    with offline(), cassette(tmp_path / 'other.jsonl', 'replay'):
        assert [ask('Hello', model=again, display=False).text for _ in range(2)] == ['one', 'two']
        with pytest.raises(CassetteMiss):
            ask('Hello', model=again, display=False)
    assert len(server.requests) == 2


def test_a_recorded_model_refuses_what_is_no_mode(tmp_path: Path) -> None:
    with pytest.raises(UserError, match='`mode` must be one of replay, record, auto, off'):
        RecordedModel('test', tmp_path, 'rewind')  # type: ignore[arg-type]
    with pytest.raises(UserError, match='`speed` must be a number from 0'):
        RecordedModel('test', tmp_path, speed=-1)


def test_a_model_around_an_http_model_is_recorded(server: ScriptedServer, tmp_path: Path) -> None:
    with cassette(tmp_path / 'a.cassette.jsonl', 'record'):
        ask('Hello', model=InstrumentedModel(CHAT.model_at(server.url)), display=False)
    with offline(), cassette(tmp_path, 'replay'):
        assert ask('Hello', model=CHAT.model, display=False).replayed


# ------------------------------------------------------------------- a replay says that it is one


REPLAYED = ModelResponse(parts=[], model_name='gpt-4o', metadata={'replayed': True})


def test_the_muted_line_says_replayed_and_no_rate() -> None:
    assert footer_of(REPLAYED, Times(0.0, 0.1, 3.0), '$0') == ['$0', 'replayed']


def test_the_notebooks_metadata_says_it() -> None:
    assert final_bundle(REPLAYED)[1]['jupyter_stream']['replayed'] is True
    assert 'replayed' not in final_bundle(ModelResponse(parts=[]))[1]['jupyter_stream']


def test_a_replay_costs_nothing() -> None:
    found = prices.estimate(REPLAYED)
    assert found and found.dollars == Decimal(0)


# ------------------------------------------------------------------- cells that run again


def test_a_cell_that_runs_again_counts_anew() -> None:
    numbers = Numbers()
    assert [numbers.take('d', ('a', 1)), numbers.take('d', ('b', 2)), numbers.take('d', ('b', 2))] == [1, 2, 3]
    assert [numbers.take('d', ('a', 3)), numbers.take('d', ('b', 4))] == [1, 2]


def test_what_a_cell_asked_before_it_was_changed_counts_no_more() -> None:
    numbers = Numbers()
    assert numbers.take('old', ('a', 1)) == 1
    assert numbers.take('new', ('a', 2)) == 1
    assert numbers.take('old', ('b', 3)) == 1


def test_without_cells_each_request_counts() -> None:
    numbers = Numbers()
    assert [numbers.take('d') for _ in range(3)] == [1, 2, 3]
    numbers.give_back('d', 2)
    assert numbers.take('d') == 2

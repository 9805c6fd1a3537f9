"""The pytest plugin: notebooks with their answers from cassettes, under everything that runs notebooks.

Each test that starts kernels is a process of its own, as for a user; they share one notebook that was recorded once.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import nbformat
import pytest

from jupyter_stream.cassettes.file import read
from jupyter_stream.pytest_plugin import OPTION
from tests.faults.server import Connection, ScriptedServer

CELLS = [
    '%load_ext jupyter_stream\nfrom jupyter_stream import ask',
    '%%ask -t 0\nWhat is the capital of France?',
    '%%ask -o second\nAnd of Italy?',
    'print(second.messages[-2].parts[0].timestamp, len(In))',
    # What a front end changes in place, clears, and puts elsewhere.
    "place = display('a', display_id=True)\nplace.update('b')",
    "from IPython.display import clear_output\nprint('gone')\nclear_output(wait=True)\nprint('stays')",
    'import ipywidgets\nwith ipywidgets.Output():\n    print("inside")\nipywidgets.IntSlider(3)',
]
"""A notebook that asks twice in a thread, and shows what is pinned."""

SHOWN = [
    [],
    ['Answer to 1 messages.\n\n— gpt-5-mini'],
    ['Answer to 3 messages.\n\n— gpt-5-mini'],
    ['2026-01-01 00:00:00+00:00 5\n'],
    ["'b'"],
    ['stays\n'],
    ['IntSlider(value=3)'],
]
pytest_plugins = ('pytester',)
pytestmark = pytest.mark.timeout(300)  # kernels start

SETUP = {'OPENAI_API_KEY': 'sk-a-key-that-nobody-may-see', 'JUPYTER_STREAM_MODEL': 'openai-chat:gpt-5-mini'}
OFFLINE = {'JUPYTER_STREAM_MODEL': 'openai-chat:gpt-5-mini', 'OPENAI_BASE_URL': 'http://127.0.0.1:9'}


def answer(connection: Connection) -> None:
    """Says how many messages it was sent, in pieces."""
    connection.head()
    words = f'Answer to {len(connection.request.json["messages"])} messages.'.split(' ')
    for at, word in enumerate(words):
        delta = {'choices': [{'index': 0, 'delta': {'content': f' {word}' if at else word}}]}
        connection.send(f'data: {json.dumps(delta)}\n\n')
    end = {'choices': [{'index': 0, 'delta': {}, 'finish_reason': 'stop'}], 'usage': None}
    connection.send(f'data: {json.dumps(end)}\n\ndata: [DONE]\n\n')


def notebook(*sources: str) -> Any:
    metadata = {'kernelspec': {'name': 'python3', 'display_name': 'Python 3', 'language': 'python'}}
    cells = [nbformat.v4.new_code_cell(source, id=f'cell-{at}') for at, source in enumerate(sources)]
    return nbformat.v4.new_notebook(cells=cells, metadata=metadata)


@dataclass
class Place:
    """A folder, and commands that run in it without anything of the user's."""

    folder: Path

    def run(self, *arguments: str, module: str = 'pytest', cwd: Path | None = None, **environ: str) -> tuple[int, str]:
        """What a command ends with, and what it prints."""
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(('JUPYTER_STREAM_', 'OPENAI_'))
        }
        own = dict.fromkeys(('IPYTHONDIR', 'JUPYTER_RUNTIME_DIR', 'JUPYTER_CONFIG_DIR'), str(self.folder / 'home'))
        done = subprocess.run(
            [sys.executable, '-m', module, *arguments],
            cwd=cwd or self.folder,
            env={**kept, **own, 'PYTHONWARNINGS': 'ignore', **environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=280,
        )
        return done.returncode, done.stdout

    def pytest(self, *arguments: str, **environ: str) -> tuple[int, str]:
        """pytest with our plugin and those of the runners; the others cost more time than the tests."""
        plugins = ('jupyter_stream.pytest_plugin', 'nbval.plugin', 'nbmake.pytest_plugin', 'xdist.plugin')
        named = [word for plugin in plugins for word in ('-p', plugin)]
        environ |= {'PYTEST_DISABLE_PLUGIN_AUTOLOAD': '1'}
        return self.run('-q', '-p', 'no:cacheprovider', *named, *arguments, **environ)


@pytest.fixture(scope='session')
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A notebook that was run and recorded by the command."""
    place = Place(tmp_path_factory.mktemp('recorded'))
    nbformat.write(notebook(*CELLS), place.folder / 'tour.ipynb')
    with ScriptedServer([answer]) as server:
        environ = {**SETUP, 'OPENAI_BASE_URL': server.url, 'JUPYTER_STREAM_VIEW': 'markdown'}
        code, said = place.run('record', 'tour.ipynb', module='jupyter_stream.cassettes', **environ)
    assert code == 0, said
    assert len(server.requests) == 2
    return place


def test_a_recorded_notebook_has_plain_outputs_and_a_cassette_beside_it(recorded: Place) -> None:
    book = nbformat.read(recorded.folder / 'tour.ipynb', as_version=4)
    texts = [[out.get('data', {}).get('text/plain') or out.get('text') for out in cell.outputs] for cell in book.cells]

    assert texts == SHOWN
    assert set(book.metadata) == {'kernelspec', 'language_info'}
    assert len(read(recorded.folder / 'tour.cassette.jsonl').interactions) == 2
    assert sorted(path.name for path in recorded.folder.iterdir() if path.is_file()) == [
        'tour.cassette.jsonl',
        'tour.ipynb',
    ]
    assert SETUP['OPENAI_API_KEY'] not in (recorded.folder / 'tour.cassette.jsonl').read_text()


def test_strict_nbval_passes_offline_and_a_changed_prompt_is_a_miss(recorded: Place, tmp_path: Path) -> None:
    """Two notebooks at once, by pytest-xdist: each has a kernel of its own, with its own environment."""
    place = Place(shutil.copytree(recorded.folder, tmp_path / 'copy'))
    changed = nbformat.read(place.folder / 'tour.ipynb', as_version=4)
    changed.cells = changed.cells[:2]
    changed.cells[1].source = changed.cells[1].source.replace('France', 'Spain')
    nbformat.write(changed, place.folder / 'changed.ipynb')

    code, said = place.pytest('--nbval', '.', '-n', '2', '--dist', 'loadscope', '-rA', **OFFLINE)

    assert code == 1, said
    assert set(re.findall(r'^(PASSED|FAILED) (\S+ \d)', said, re.MULTILINE)) == {
        *(('PASSED', f'tour.ipynb::Cell {at}') for at in range(len(CELLS))),
        ('PASSED', 'changed.ipynb::Cell 0'),
        ('FAILED', 'changed.ipynb::Cell 1'),
    }
    assert 'CassetteMiss' in said
    assert 'capital of France?' in said and 'capital of Spain?' in said


def test_nbmake_finds_cassettes_in_the_folder_of_the_environment(recorded: Place, tmp_path: Path) -> None:
    place = Place(tmp_path)
    shutil.copy(recorded.folder / 'tour.ipynb', place.folder / 'renamed.ipynb')

    code, said = place.pytest('--nbmake', '.', JUPYTER_STREAM_CASSETTES=str(recorded.folder), **OFFLINE)

    assert code == 0, said
    assert '1 passed' in said


CACHED = """
import json, os
from jupyter_cache import get_cache
from jupyter_cache.executors import load_executor

cache = get_cache('cache')
cache.add_nb_to_project(os.environ['NOTEBOOK'])
result = load_executor('temp-serial', cache).run_and_cache()
assert not result.errored and not result.excepted, result
book = cache.get_cache_bundle(1).nb
shown = [[out.get('data', {}).get('text/plain') or out.get('text') for out in cell.outputs] for cell in book.cells]
print(json.dumps(shown))
"""
"""Runs a notebook as Jupyter Book does: a copy, alone in a temporary folder."""


def test_jupyter_cache_runs_it_in_a_folder_of_its_own(recorded: Place, tmp_path: Path) -> None:
    place = Place(tmp_path)
    (place.folder / 'run_cached.py').write_text(CACHED)
    environ = {
        'JUPYTER_STREAM_CASSETTES': str(recorded.folder),
        'JUPYTER_STREAM_CASSETTE_MODE': 'replay',
        'JUPYTER_STREAM_CASSETTE_SPEED': '0',
        'NOTEBOOK': str(recorded.folder / 'tour.ipynb'),
        **OFFLINE,
    }

    code, said = place.run(module='run_cached', **environ)

    assert code == 0, said
    assert json.loads(said.splitlines()[-1])[:3] == SHOWN[:3]


# ------------------------------------------------------------------ without notebooks

ASKS = """
import pytest
from jupyter_stream import model_request_sync
from jupyter_stream.messages import ModelRequest, UserPromptPart

def asked(prompt):
    return model_request_sync('openai-chat:gpt-5-mini', [ModelRequest(parts=[UserPromptPart(prompt)])]).text

def test_one(cassette):
    assert asked('Hello') == 'Answer to 1 messages.'

class TestMore:
    @pytest.mark.parametrize('name', ['a/b', 'a-b'])
    def test_two(self, cassette, name):
        assert asked(name) == 'Answer to 1 messages.'
"""


def test_a_test_has_a_cassette_of_its_own_and_asks_nobody_without_it(tmp_path: Path) -> None:
    place = Place(tmp_path)
    (tmp_path / 'test_asks.py').write_text(ASKS)
    with ScriptedServer([answer]) as server:
        environ = {**SETUP, 'OPENAI_BASE_URL': server.url}
        code, said = place.pytest(OPTION, 'record', **environ)
        assert code == 0, said
        assert len(server.requests) == 3

        (tmp_path / 'test_asks.py').write_text(ASKS + '\n\ndef test_new(cassette):\n    asked("New?")\n')
        code, said = place.pytest(OPENAI_BASE_URL=server.url)

        assert '1 failed, 3 passed' in said
        assert 'CassetteMiss' in said
        assert len(server.requests) == 3

    names = [path.name for path in (tmp_path / 'cassettes' / 'test_asks').iterdir()]
    assert sorted(re.sub('-[0-9a-f]{8}', '-#', name) for name in names) == [
        'TestMore.test_two-a-b-#.cassette.jsonl',
        'TestMore.test_two-a-b-#.cassette.jsonl',
        'test_one.cassette.jsonl',
    ]


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project with a test that looks at its mode."""
    pytester.makepyfile(test_mode='def test_mode(cassette):\n    assert cassette.mode == "auto"\n')
    return pytester


def run(project: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """pytest in this process, where the plugin is loaded since it is installed."""
    return project.runpytest_inprocess('-p', 'no:cacheprovider', *arguments)


@pytest.mark.parametrize('where', ['option', 'environment', 'ini'])
def test_the_mode_is_said_by_option_environment_or_ini(
    where: str, project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    if where == 'ini':
        project.makeini('[pytest]\njupyter_stream_cassette = auto\n')
    elif where == 'environment':
        monkeypatch.setenv('JUPYTER_STREAM_CASSETTE_MODE', 'auto')

    run(project, *([OPTION, 'auto'] if where == 'option' else [])).assert_outcomes(passed=1)


def test_a_mode_that_there_is_not_is_said(project: pytest.Pytester) -> None:
    result = run(project, OPTION, 'rewind')

    result.stdout.fnmatch_lines(['*--jupyter-stream-cassette must be one of replay, record, auto, off, not *rewind*'])


# ------------------------------------------------------------------ asleep


def test_the_plugin_comes_with_the_package() -> None:
    assert [point.value for point in entry_points(group='pytest11', name='jupyter_stream')] == [
        'jupyter_stream.pytest_plugin'
    ]


@pytest.mark.parametrize('given', [['-p', 'jupyter_stream.pytest_plugin'], []], ids=['on', 'off'])
def test_a_project_that_does_not_use_it_loads_nothing_else(given: list[str], tmp_path: Path) -> None:
    (tmp_path / 'test_nothing.py').write_text(
        'import sys\n'
        'def test_nothing(request):\n'
        '    print([name for name in sys.modules if name.startswith("jupyter_stream")])\n'
        '    print("httpx" in sys.modules, "pydantic" in sys.modules)\n'
    )
    environ = {'PYTEST_DISABLE_PLUGIN_AUTOLOAD': '1'}
    code, said = Place(tmp_path).run('-q', '-s', '-p', 'no:cacheprovider', *given, **environ)

    assert code == 0, said
    assert said.splitlines()[:2] == [
        str(['jupyter_stream', 'jupyter_stream.pytest_plugin'] if given else []),
        'False False',
    ]

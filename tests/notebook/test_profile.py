"""`python -m jupyter_stream enable`: what it writes into an IPython profile, and that kernels then know `%%ask`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from jupyter_client.manager import KernelManager

from jupyter_stream.__main__ import main

OWN = 'c = get_config()\nc.InteractiveShellApp.exec_lines = ["mine = 1"]\n'


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """IPython's folder, of this test only."""
    folder = tmp_path / 'ipython'
    folder.mkdir()
    monkeypatch.setenv('IPYTHONDIR', str(folder))
    return folder


@pytest.fixture
def file(home: Path) -> Path:
    """The configuration of the default profile."""
    (home / 'profile_default').mkdir()
    return home / 'profile_default' / 'ipython_config.py'


def said(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert main(arguments) == code
    out, err = capsys.readouterr()
    sentence = out if code == 0 else err
    assert sentence.count('\n') == 1
    return sentence


def in_a_kernel(home: Path, cell: str, *, at: Path) -> tuple[str, str]:
    """The status of a cell in a new kernel, and what it prints or why it fails."""
    manager = KernelManager(connection_file=str(home / 'kernel.json'))
    assert manager.kernel_spec
    manager.kernel_spec.argv = [sys.executable, '-m', 'ipykernel_launcher', '-f', '{connection_file}']
    manager.start_kernel(env={**os.environ, 'JUPYTER_RUNTIME_DIR': str(home)}, cwd=str(at))
    client = manager.client()
    client.start_channels()
    printed: list[str] = []
    try:
        client.wait_for_ready(timeout=120)
        reply = client.execute_interactive(
            cell, timeout=120, output_hook=lambda message: printed.append(message['content'].get('text', ''))
        )['content']
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    return reply['status'], ''.join(printed) + reply.get('evalue', '')


ASK = 'from jupyter_stream.models.test import TestModel; model = TestModel()\n%ask -m model hi'


@pytest.mark.timeout(300)
def test_every_new_kernel_knows_the_magic(home: Path, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(OWN)
    assert str(file) in said(capsys, 'enable')
    status, text = in_a_kernel(home, f'print(mine)\n{ASK}', at=home)
    assert (status, text.split()[0]) == ('ok', '1')


@pytest.mark.parametrize('own', ['', OWN, OWN.rstrip('\n'), OWN.replace('\n', '\r\n'), '# é\n'])
def test_what_users_wrote_stays(file: Path, capsys: pytest.CaptureFixture[str], own: str) -> None:
    if own:
        file.write_bytes(own.encode())
    assert str(file) in said(capsys, 'enable')
    assert file.read_bytes().startswith(own.encode())
    assert str(file) in said(capsys, 'disable')
    assert (file.read_bytes().decode() if file.exists() else '') == own
    assert file.exists() == bool(own)


@pytest.mark.parametrize('named', ["['autoreload']", '[]'])
def test_other_extensions_stay(file: Path, capsys: pytest.CaptureFixture[str], named: str) -> None:
    file.write_text(f'c.InteractiveShellApp.extensions = {named}\n')
    said(capsys, 'enable')
    code = f'import traitlets.config as t; a = t.Application(); a.load_config_file({str(file)!r}); print(a.config)'
    ran = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True).stdout
    assert ('autoreload' in ran) == ('autoreload' in named)
    assert 'jupyter_stream' in ran


def test_twice_is_once(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, 'enable')
    once = file.read_text()
    assert said(capsys, 'enable').startswith('Nothing to do')
    assert file.read_text() == once
    said(capsys, 'disable')
    assert said(capsys, 'disable').startswith('Nothing to do')


def test_status_says_which(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, 'status').startswith('Not enabled')
    assert not file.exists()
    said(capsys, 'enable')
    assert said(capsys, 'status') == f'Enabled: {file} loads jupyter_stream in every new kernel.\n'


def test_line_ends_of_another_editor(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(OWN)
    said(capsys, 'enable')
    file.write_bytes(file.read_bytes().replace(b'\n', b'\r\n'))
    said(capsys, 'disable')
    assert file.read_bytes() == OWN.replace('\n', '\r\n').encode()


def test_lines_of_the_users_own_are_left_to_them(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = "c.InteractiveShellApp.extensions = ['jupyter_stream']\n"
    file.write_text(own)
    assert said(capsys, 'enable').startswith('Nothing to do')
    assert 'did not write' in said(capsys, 'disable', code=1)
    assert file.read_text() == own


def test_a_configuration_in_json_that_overrules_is_named(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = file.with_suffix('.json')
    other.write_text(json.dumps({'InteractiveShellApp': {'extensions': ['autoreload']}}))
    assert str(other) in said(capsys, 'enable', code=1)
    assert not file.exists()
    other.write_text(json.dumps({'InteractiveShellApp': {'extensions': ['jupyter_stream']}}))
    assert str(other) in said(capsys, 'status')


def test_a_configuration_that_does_not_run_is_left_as_it_is(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text('c.InteractiveShellApp.exec_lines = [\n')
    assert 'cannot run it' in said(capsys, 'enable', code=1)
    assert file.read_text() == 'c.InteractiveShellApp.exec_lines = [\n'


def test_a_file_that_is_not_text_is_a_sentence(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_bytes(b'\xff\xfe')
    assert 'cannot be read' in said(capsys, 'enable', code=1)


def test_a_profile_by_its_name(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert 'ipython profile create work' in said(capsys, 'enable', '--profile', 'work', code=1)
    (home / 'profile_work').mkdir()
    assert str(home / 'profile_work' / 'ipython_config.py') in said(capsys, 'enable', '--profile', 'work')
    assert not (home / 'profile_default').exists()


def test_the_first_profile_is_made(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, 'enable')
    assert (home / 'profile_default' / 'ipython_config.py').is_file()


def test_an_environment_without_the_package_is_left_alone(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, 'enable')
    code = (
        'import importlib.util as u; u.find_spec = lambda name: None; import traitlets.config as t;'
        f'a = t.Application(); a.load_config_file({str(file)!r}); print(a.config.InteractiveShellApp.extensions)'
    )
    ran = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True).stdout
    assert 'jupyter_stream' not in ran

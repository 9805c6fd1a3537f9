"""nbclient, nbval and papermill give the same history as a page does on Run All."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import papermill
import pytest
from nbclient import NotebookClient

from tests.threads.page import LOAD, Page

CELLS = [
    LOAD,
    '%%ask\nOne?',
    '%%ask -T letters\nA?',
    '%%ask\nTwo?',
    '%%ask --fork main -T other\nWhat if?',
    '%%ask -T letters\nB?',
    '%%ask --fresh\nAlone?',
    '%%ask\nThree?',
    'import json\nprint(json.dumps(seen))',
]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the user's own settings counts, nor a view that a user set."""
    for name in ('IPYTHONDIR', 'JUPYTER_RUNTIME_DIR', 'JUPYTER_CONFIG_DIR'):
        monkeypatch.setenv(name, str(tmp_path / 'home'))
    monkeypatch.delenv('JUPYTER_STREAM_VIEW', raising=False)


@pytest.fixture
def expected(page: Page) -> list[list[str]]:
    """What the model is sent, question by question, when a page runs all its cells."""
    for source in CELLS[1:-1]:
        page.add(source)
    for cell in page.cells[1:]:
        page.run(cell)
        assert not cell.error, cell.error
    return page.value('seen')


def notebook() -> Any:
    """The notebook, as its author saves it before it has run."""
    cells = [nbformat.v4.new_code_cell(source) for source in CELLS]
    metadata = {'kernelspec': {'name': 'python3', 'display_name': 'Python 3', 'language': 'python'}}
    return nbformat.v4.new_notebook(cells=cells, metadata=metadata)


def printed(executed: Any) -> list[list[str]]:
    """What the last cell has printed."""
    return json.loads(executed.cells[-1].outputs[0]['text'])


def test_nbclient(expected: list[list[str]], tmp_path: Path) -> None:
    book = notebook()
    NotebookClient(book, timeout=120, resources={'metadata': {'path': str(tmp_path)}}).execute()

    assert printed(book) == expected


def test_papermill(expected: list[list[str]], tmp_path: Path) -> None:
    given, made = tmp_path / 'given.ipynb', tmp_path / 'made.ipynb'
    nbformat.write(notebook(), given)
    papermill.execute_notebook(str(given), str(made), cwd=str(tmp_path), progress_bar=False)

    assert printed(nbformat.read(made, as_version=4)) == expected


def test_nbval(expected: list[list[str]], tmp_path: Path) -> None:
    book = notebook()
    NotebookClient(book, timeout=120, resources={'metadata': {'path': str(tmp_path)}}).execute()
    book.cells[-1].outputs[0]['text'] = json.dumps(expected) + '\n'  # what the page was sent is the standard
    path = tmp_path / 'notebook.ipynb'
    nbformat.write(book, path)
    command = [sys.executable, '-m', 'pytest', '--nbval', '-q', '-p', 'no:cacheprovider', '-p', 'no:xdist', str(path)]
    done = subprocess.run(command, cwd=tmp_path, env=os.environ, capture_output=True, text=True, timeout=180)

    assert done.returncode == 0, done.stdout
    assert f'{len(CELLS)} passed' in done.stdout

"""One JupyterLab and one Chromium for all tests of this folder; a notebook of its own for each."""

import runpy
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from .rig import CHROMIUM_FLAGS, Lab, Notebook, Server

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope='package')
def browser() -> Iterator[Browser]:
    path = runpy.run_path(str(ROOT / 'tools' / 'chromium.py'))['find']()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS, headless=True)
        yield browser
        browser.close()


@pytest.fixture(scope='package')
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp('lab'))
    yield server
    server.close()


@pytest.fixture(scope='package')
def lab(server: Server, browser: Browser) -> Lab:
    return Lab(server, browser, ROOT / 'build' / 'screenshots')


@pytest.fixture
def notebook(lab: Lab, request: pytest.FixtureRequest) -> Iterator[Callable[[Sequence[str]], Notebook]]:
    """A function that opens a new notebook of the given code cells; all are closed, with their kernels, afterwards."""
    opened: list[Notebook] = []

    def open_new(cells: Sequence[str]) -> Notebook:
        path = lab.write(f'{request.node.name}-{len(opened)}.ipynb', cells)
        opened.append(lab.open(path))
        return opened[-1]

    yield open_new
    for one in opened:
        one.close()

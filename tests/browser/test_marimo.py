"""marimo: an answer grows as Markdown in its editor, and an interrupt keeps what came."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page

from .rig import until
from .servers import page_of, screenshot, served

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

SETUP = """
import asyncio
from pathlib import Path
from jupyter_stream import aask, ask, explore, show
from jupyter_stream.direct import model_request_stream
from jupyter_stream.messages import ModelRequest
from jupyter_stream.models.function import FunctionModel

SAID = 'You asked: *{}* It is **so**, as $x^2$ says. <img src=x onerror="window.scripted = 1">'

async def words(messages, info):
    asked = messages[-1].parts[-1].content
    for number, word in enumerate(SAID.format(asked).split(' ')):
        while number == 5 and not Path(asked).exists():  # until the test has seen the beginning
            await asyncio.sleep(0.02)
        yield word + ' '

async def endless(messages, info):
    yield 'A **bold** beginning '
    for number in range(100_000):
        yield f'word{number} '
        await asyncio.sleep(0.01)

guide, never = (FunctionModel(stream_function=f) for f in (words, endless))
"""
ENDLESS = {
    'aask': "await aask('go on', model=never)",
}


def notebook(cells: list[str]) -> str:
    """The source of a notebook of these cells, as `marimo` writes it; each is run after those before it."""
    lines = ['import marimo', 'app = marimo.App()']
    for number, cell in enumerate([SETUP, *cells]):
        needs = 'Path, SAID, aask, ask, asyncio, explore, guide, model_request_stream, never, show, ModelRequest'
        lines += ['@app.cell', f'{"async " if "await" in cell and number else ""}def _({needs if number else ""}):']
        lines += [f'    {line}' for line in cell.strip().splitlines()]
        lines += ['    return', ''] if number else [f'    return {needs}', '']
    return '\n'.join(lines)


class Marimo:
    """A page on a marimo server."""

    def __init__(self, page: Page, folder: Path) -> None:
        self.page = page
        self.folder = folder

    def output(self, number: int) -> Locator:
        """The output of a cell, counted among those that show one."""
        return self.page.locator('.output-area').nth(number)

    def text(self, number: int) -> str:
        return self.output(number).inner_text() if self.page.locator('.output-area').count() > number else ''


def opened(browser: Browser, folder: Path, mode: str) -> Iterator[Marimo]:
    errors: list[str] = []
    (folder / '.marimo.toml').write_text('[runtime]\nauto_instantiate = true\n')  # the editor runs all cells at once
    arguments = (mode, 'notebook.py', '--headless', '--no-token', *(['--skip-update-check'] if mode == 'edit' else []))
    with served(folder, 'marimo', *arguments) as url, page_of(browser, url, errors) as page:
        yield Marimo(page, folder)
        assert errors == []


@pytest.mark.parametrize('way', ENDLESS)
def test_an_interrupt_keeps_what_came(browser: Browser, tmp_path: Path, way: str) -> None:
    (tmp_path / 'notebook.py').write_text(notebook([ENDLESS[way]]))
    for marimo in opened(browser, tmp_path, 'edit'):
        until(lambda: 'word20' in marimo.text(0), 'the answer grows', 30)  # noqa: B023
        marimo.page.get_by_test_id('interrupt-button').click()
        until(lambda: 'Stopped. What came is kept.' in marimo.text(0), 'it is marked')  # noqa: B023
        assert marimo.output(0).locator('strong').all_inner_texts() == ['bold']
        assert 'word20' in marimo.text(0)
        screenshot(marimo.page, f'marimo-interrupted-{way}')

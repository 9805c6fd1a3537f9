"""Voila: answers are on the page as Markdown when it opens, and an explorer is there and works."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Browser, Locator, Page

from .rig import until
from .servers import page_of, screenshot, served

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

SETUP = """
import asyncio
from jupyter_stream import aask, ask, explore
from jupyter_stream.models.function import FunctionModel

async def guide(messages, info):
    asked = messages[-1].parts[-1].content
    for word in f'You asked: *{asked}* Short waves are scattered **more**, as $x^2$ says.'.split():
        yield word + ' '
        await asyncio.sleep(0.05)

async def endless(messages, info):
    for number in range(100_000):
        yield f'word{number} '
        await asyncio.sleep(0.01)

guide, endless = (FunctionModel(stream_function=f) for f in (guide, endless))
answer = ask('Why is the sky blue?', model=guide)
"""
CELLS = [SETUP, 'await aask("And the sea?", model=guide)', 'ex = explore(guide, models=[endless])\nex', 'answer']
ANSWER = 'Short waves are scattered more, as'


@pytest.fixture(scope='module')
def page(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    folder = tmp_path_factory.mktemp('voila')
    write(folder / 'page.ipynb')
    errors: list[str] = []
    arguments = ('page.ipynb', '--no-browser', '--Voila.ip=127.0.0.1', '--Voila.port_retries=0')
    with served(folder, 'voila', *arguments) as url, page_of(browser, url, errors) as page:
        page.locator('.jpt').first.wait_for(timeout=60_000)
        yield page
        assert errors == []


def write(path: Path) -> None:
    kernel = {'name': 'python3', 'display_name': 'Python 3 (ipykernel)', 'language': 'python'}
    cells = [nbformat.v4.new_code_cell(source) for source in CELLS]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={'kernelspec': kernel}), path)


def answers(page: Page) -> Locator:
    """The outputs that are Markdown."""
    return page.locator('.jp-RenderedMarkdown:not(.jps-view)')


def press(page: Page, name: str) -> None:
    page.locator('button.jupyter-button', has_text=name).click()


def test_answers_are_markdown_when_the_page_opens(page: Page) -> None:
    assert answers(page).count() == 3, 'one a cell that asks, and one where the answer is the value of another cell'
    for index, asked in enumerate(['Why is the sky blue?', 'And the sea?', 'Why is the sky blue?']):
        one = answers(page).nth(index)
        assert one.locator('em').all_inner_texts() == [asked]
        assert one.locator('strong').all_inner_texts() == ['more']
        assert ANSWER in one.inner_text()
    until(lambda: answers(page).first.locator('mjx-container, .MathJax').count(), 'the formula is set')


def test_the_explorer_is_there_once_answers_and_can_be_stopped(page: Page) -> None:
    assert page.locator('.jpt-explorer').count() == 1
    assert 'Nothing here shows widgets' not in page.inner_text('body')
    assert 'No run yet' not in page.inner_text('body'), 'nothing is left that cannot be updated'
    page.get_by_placeholder('What do you want to ask?').fill('Why is grass green?')
    press(page, 'Run')
    view = page.locator('.jps-view').first
    lengths: set[int] = set()

    def over() -> bool:
        lengths.add(len(view.inner_text()) if view.count() else 0)
        return 'run 1: done in' in page.inner_text('.jpt-explorer')

    until(over, 'the run is over', every=0.03)
    until(lambda: ANSWER in view.inner_text(), 'the whole answer is shown')
    assert len(lengths) >= 5, 'the answer grew'
    assert view.locator('em').first.inner_text() == 'Why is grass green?'
    until(lambda: page.locator('.jpt-row').count() >= 15, 'its events are listed')
    assert page.locator('.jpt-curve').count() == 1
    screenshot(page, 'voila')

    field = page.get_by_placeholder('provider:model')
    field.fill('function:function::endless')
    field.press('Tab')
    press(page, 'Run')
    until(lambda: 'word20' in page.locator('.jps-view').first.inner_text(), 'the second answer grows')
    press(page, 'Stop')
    until(lambda: 'run 2: stopped after' in page.inner_text('.jpt-explorer'), 'it says that it was stopped')
    until(lambda: 'nterrupted' in page.locator('.jps-view').first.inner_text(), 'the answer is marked')
    page.get_by_label('runs', exact=True).select_option(index=0)
    until(lambda: ANSWER in page.locator('.jps-view').first.inner_text(), 'the first answer is back')

"""Voila: answers are on the page as Markdown when it opens, and an explorer is there and works."""

from __future__ import annotations

import re
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
from pathlib import Path
from jupyter_stream import aask, ask, explore
from jupyter_stream.models.function import FunctionModel

async def guide(messages, info):
    asked = messages[-1].parts[-1].content
    text = f'You asked: *{asked}* Short waves are scattered **more**, as $x^2$ says.'
    for number, word in enumerate(text.split()):
        while held(number):
            await asyncio.sleep(0.02)
        yield word + ' '

def held(number):
    words = Path('words')  # how many words may come, if there is one
    return words.exists() and number >= int(words.read_text() or 0)

async def endless(messages, info):
    for number in range(100_000):
        yield f'word{number} '
        await asyncio.sleep(0.01)

guide, endless = (FunctionModel(stream_function=f) for f in (guide, endless))
answer = ask('Why is the sky blue?', model=guide)
"""
CELLS = [SETUP, 'await aask("And the sea?", model=guide)', 'ex = explore(guide, models=[endless])\nex', 'answer']
ANSWER = 'Short waves are scattered more, as'
BYLINE = re.compile(r'— guide · \d+ tokens in, \d+ out')


@pytest.fixture(scope='module')
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp('voila')


@pytest.fixture(scope='module')
def page(browser: Browser, folder: Path) -> Iterator[Page]:
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
        *said, byline = one.locator('em').all_inner_texts()
        assert said == [asked]
        assert BYLINE.fullmatch(byline)
        assert one.locator('strong').all_inner_texts() == ['more']
        assert ANSWER in one.inner_text()
    until(lambda: answers(page).first.locator('mjx-container, .MathJax').count(), 'the formula is set')


def test_the_explorer_is_there_once_answers_and_can_be_stopped(page: Page, folder: Path) -> None:
    assert page.locator('.jpt-explorer').count() == 1
    assert 'Nothing here shows widgets' not in page.inner_text('body')
    assert 'No run yet' not in page.inner_text('body'), 'nothing is left that cannot be updated'
    page.get_by_placeholder('What do you want to ask?').fill('Why is grass green?')
    words, view = folder / 'words', page.locator('.jps-view').first
    words.write_text('0')
    press(page, 'Run')
    for count, last in ((2, 'asked:'), (6, 'green?'), (8, 'waves'), (10, 'scattered'), (11, 'more')):
        assert not (view.count() and last in view.inner_text()), 'it has not come'
        words.write_text(str(count))
        until(lambda last=last: view.count() and last in view.inner_text(), f'the answer has grown to {last!r}')
    words.write_text('99')
    until(lambda: 'run 1: done in' in page.inner_text('.jpt-explorer'), 'the run is over')
    until(lambda: ANSWER in view.inner_text(), 'the whole answer is shown')
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
    mark = 'Stopped. What came is kept.'
    until(lambda: mark in page.locator('.jps-view').first.inner_text(), 'the answer is marked')
    page.get_by_label('runs', exact=True).select_option(index=0)
    until(lambda: ANSWER in page.locator('.jps-view').first.inner_text(), 'the first answer is back')

"""The explorer in a real JupyterLab: its fields and buttons, the timeline, and what is left in the file."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from .rig import Lab, Notebook, until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

SETUP = """
import asyncio
from jupyter_stream import explore
from jupyter_stream.exceptions import ModelAPIError
from jupyter_stream.models.function import FunctionModel

async def guide(messages, info):
    await asyncio.sleep(0.3)
    for number in range(30):
        yield f'**word{number}** '
        await asyncio.sleep(0.6 if number == 10 else 0.02)

async def endless(messages, info):
    for number in range(100_000):
        yield f'word{number} '
        await asyncio.sleep(0.001)

async def hostile(messages, info):
    yield '<img src=x onerror="window.scripted = 1"> '
    yield '<script>window.scripted = 2</script>'
    raise ModelAPIError('m', '<b onclick="window.scripted = 3">It broke</b>')

guide, endless, hostile = (FunctionModel(stream_function=f) for f in (guide, endless, hostile))
"""
OPEN = 'ex = explore(guide, models=[endless, hostile], prompt="Why?")'


class Panel:
    """The explorer below a cell, as a person has it before them."""

    def __init__(self, book: Notebook) -> None:
        book.run(0)
        book.run(1)
        self.page = book.page
        self.page.locator('.jpt').wait_for()
        book.reveal(1)

    def press(self, name: str) -> None:
        self.page.locator('.jp-OutputArea button.jupyter-button', has_text=name).click()

    def choose(self, model: str) -> None:
        field = self.page.get_by_placeholder('provider:model')
        field.fill(model)
        field.press('Tab')

    def wait(self, words: str) -> None:
        until(lambda: words in self.said, f'the panel says {words!r}')

    @property
    def said(self) -> str:
        return self.page.locator('.jp-OutputArea [role=status], .jp-OutputArea [role=alert]').first.inner_text()

    @property
    def answer(self) -> str:
        return self.page.locator('.jps-view').first.inner_text()

    @property
    def summary(self) -> str:
        return self.page.locator('.jpt-plot').get_attribute('aria-label') or ''


@pytest.fixture
def panel(notebook: Callable[[Sequence[str]], Notebook]) -> Panel:
    return Panel(notebook([SETUP, OPEN, 'print(mine.text)']))


def test_a_run_shows_its_answer_its_timeline_and_its_events(panel: Panel, lab: Lab) -> None:
    panel.press('Run')
    panel.wait('run 1: done in')
    assert panel.page.locator('.jps-view strong').count() == 30
    assert '30 pieces of text' in panel.summary
    silence = re.search(r'the longest silence was ([\d.]+) s', panel.summary)
    assert silence is not None
    assert float(silence[1]) >= 0.6
    assert panel.page.locator('.jpt-first').count() == 1
    assert panel.page.locator('.jpt-gap').count() == 1
    assert panel.page.locator('.jpt-row').count() == 32
    lab.screenshot('explorer-light')


def test_the_timeline_can_be_read_with_the_mouse_and_the_keyboard(panel: Panel) -> None:
    panel.press('Run')
    panel.wait('run 1: done in')
    plot, head = panel.page.locator('.jpt-plot'), panel.page.locator('.jpt-head')
    plot.hover()
    until(lambda: head.inner_text().startswith('at '), 'what is pointed at is told')
    plot.focus()
    plot.press('End')
    until(lambda: 'characters 320' in head.inner_text(), 'the last piece is told')
    plot.press('Escape')
    until(lambda: head.inner_text().startswith('first text after '), 'the figures are back')


def test_a_stop_keeps_what_came_while_the_kernel_stays_free(panel: Panel) -> None:
    panel.choose('function:function::endless')
    panel.press('Run')
    until(lambda: panel.page.locator('.jpt-row').count() > 300, 'events are listed')
    panel.press('Stop')
    panel.wait('run 1: stopped after')
    until(lambda: 'nterrupted' in panel.answer, 'the answer is marked')
    assert panel.page.locator('.jpt-row').count() <= 500


def test_runs_can_be_looked_at_again_and_kept(panel: Panel, lab: Lab) -> None:
    page = panel.page
    panel.press('Run')
    panel.wait('run 1: done in')
    first = panel.summary
    panel.choose('function:function::hostile')
    panel.press('Run')
    panel.wait('ModelAPIError: <b onclick="window.scripted = 3">It broke</b>')
    until(lambda: '<img src=x' in panel.answer, 'the tags are shown as they are')
    assert page.evaluate('window.scripted') is None
    page.locator('.jp-OutputArea select').select_option(index=0)
    panel.wait('run 1: done in')
    until(lambda: panel.summary == first, 'the timeline is that of the first run')
    until(lambda: page.locator('.jps-view strong').count() == 30, 'the answer is that of the first run')
    name = page.get_by_placeholder('a variable')
    name.fill('mine')
    name.press('Tab')
    panel.press('Keep')
    panel.wait('The answer is in mine.')


def test_what_is_kept_is_a_variable_and_the_file_has_a_summary(
    notebook: Callable[[Sequence[str]], Notebook], lab: Lab
) -> None:
    book = notebook([SETUP, OPEN, 'print(ex.answer.text)'])
    panel = Panel(book)
    panel.press('Run')
    panel.wait('run 1: done in')
    book.run(2)
    assert '**word29**' in book.text(2)
    saved: Any = book.save().cells[1].outputs
    assert len(saved) == 2
    text = saved[1]['data']['text/markdown']
    assert '| prompt | `Why?` |' in text
    assert '| answer | `**word0** **word1** ' in text
    assert 'first text after' in text
    assert set(saved[1]['data']) == {'text/markdown', 'text/plain'}


def test_it_is_legible_in_the_dark(panel: Panel, lab: Lab) -> None:
    change = "theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})"
    panel.page.evaluate(change, 'JupyterLab Dark')
    try:
        panel.press('Run')
        panel.wait('run 1: done in')
        until(lambda: panel.page.evaluate("document.body.dataset.jpThemeLight === 'false'"), 'the theme is dark')
        colours = panel.page.evaluate(
            """() => [['.jpt', 'color'], ['.jpt-plot text', 'fill'], ['.jpt-row > :last-child', 'color']].map(
                ([selector, name]) => getComputedStyle(document.querySelector(selector))[name])"""
        )
        for colour in colours:  # light letters
            red = float(colour.split('(')[1].split(',')[0])
            assert red > 150, colours
        lab.screenshot('explorer-dark')
    finally:
        panel.page.evaluate(change, 'JupyterLab Light')

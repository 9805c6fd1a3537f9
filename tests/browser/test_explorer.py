"""The explorer in a real JupyterLab: its fields and buttons, the timeline, and what is left in the file."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from .rig import Lab, Notebook, until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

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
        self.book = book
        self.page = book.page
        self.page.locator('.jpt').wait_for()
        book.reveal(1)

    def press(self, name: str) -> None:
        self.page.locator('.jp-OutputArea button.jupyter-button', has_text=name).first.click()

    def choose(self, model: str) -> None:
        field = self.page.get_by_placeholder('provider:model')
        field.fill(model)
        field.press('Tab')

    def wait(self, words: str) -> None:
        until(lambda: words in self.said, f'the panel says {words!r}')

    @property
    def said(self) -> str:
        return self.page.locator('.jpt-explorer [role=status]').first.inner_text()

    @property
    def runs(self) -> Locator:
        """The list of runs."""
        return self.page.get_by_label('runs', exact=True)

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
    until(lambda: 'Stopped. What came is kept.' in panel.answer, 'the answer is marked')
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
    panel.runs.select_option(index=0)
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
    (output,) = saved
    assert set(output['data']) == {'text/markdown', 'text/plain'}
    text = output['data']['text/markdown']
    assert '\n> Why?\n' in text
    assert '\n**word0** **word1** ' in text
    assert '· first text ' in text
    assert 'word0' in panel.answer, 'and the explorer is still there'
    until(lambda: panel.page.locator('.jp-OutputArea-child > .jp-RenderedMarkdown').count(), 'the text is in the page')
    assert not panel.page.locator('.jp-OutputArea-child > .jp-RenderedMarkdown').is_visible(), 'and is not seen twice'


def test_ctrl_enter_in_the_prompt_runs_it_and_not_the_cell(panel: Panel, lab: Lab) -> None:
    page = panel.page
    field = page.get_by_label('prompt (Ctrl+Enter runs)')
    for number, (keys, prompt) in enumerate([('Control+Enter', 'One?'), ('Meta+Enter', 'Two?')], 1):
        field.fill('')
        field.press_sequentially(prompt)
        field.press(keys)
        panel.wait(f'run {number}: done in')
        expect(field).to_have_value(prompt)
    assert page.locator('.jpt-explorer').count() == 1, 'the cell was not run again'
    panel.runs.select_option(index=0)
    expect(field).to_have_value('One?')


def test_the_fields_follow_the_run_and_an_edit_is_kept(panel: Panel) -> None:
    page = panel.page
    prompt, seed = page.get_by_placeholder('What do you want to ask?'), page.get_by_label('seed')
    seed.fill('7')
    panel.press('Run')
    panel.wait('run 1: done in')
    prompt.fill('Something else, half writ')
    seed.fill('')
    panel.runs.select_option(index=0)  # it is chosen already, and nothing happens
    expect(prompt).to_have_value('Something else, half writ')
    panel.choose('function:function::hostile')
    panel.press('Run')
    panel.wait('run 2: failed after')
    prompt.fill('Not to be lost')
    panel.runs.select_option(index=0)
    expect(prompt).to_have_value('Why?')
    expect(seed).to_have_value('7')
    expect(page.get_by_placeholder('provider:model')).to_have_value('function:function::guide')
    panel.runs.select_option(label='not asked yet · Not to be lost')
    expect(prompt).to_have_value('Not to be lost')
    panel.wait('not asked yet')


def test_two_runs_stand_side_by_side(panel: Panel, lab: Lab) -> None:
    page = panel.page
    panel.press('Run')
    panel.wait('run 1: done in')
    page.get_by_label('seed').fill('5')
    panel.press('Run')
    panel.wait('run 2: done in')
    page.get_by_label('compare with').select_option(index=1)
    answers = page.locator('.jpt-answer .jps-view')
    until(lambda: [view.locator('strong').count() for view in answers.all()] == [30, 30], 'both answers are shown')
    one, other = (answers.nth(n).bounding_box() for n in (0, 1))
    assert one is not None and other is not None
    assert one['x'] + one['width'] <= other['x'], 'one beside the other'
    assert abs(one['width'] - other['width']) < 2
    table = page.get_by_role('table', name='Run 2 beside run 1')
    expect(table.get_by_role('row', name='seed 5 –')).to_be_visible()
    expect(table.get_by_role('row', name='state complete complete')).to_be_visible()
    assert table.get_by_role('row', name='prompt').count() == 0
    lab.screenshot('explorer-two')


def test_run_and_stop_hand_the_focus_to_each_other(panel: Panel) -> None:
    page = panel.page
    panel.choose('function:function::endless')
    run, stop = page.locator('.jpt-run'), page.locator('.jpt-stop')
    run.focus()
    page.keyboard.press('Enter')
    until(lambda: panel.page.locator('.jpt-row').count() > 20, 'it runs')
    expect(stop).to_be_focused()
    page.keyboard.press('Enter')
    panel.wait('run 1: stopped after')
    expect(run).to_be_focused()


def test_it_is_opened_again_by_its_name_and_goes_with_its_output(
    notebook: Callable[[Sequence[str]], Notebook], lab: Lab
) -> None:
    book = notebook([SETUP, OPEN, 'ex'])
    panel = Panel(book)
    panel.press('Run')
    panel.wait('run 1: done in')
    book.run(2)
    until(lambda: panel.page.locator('.jpt-host .jps-view').count() == 2, 'it is there twice')
    panel.press('Run')
    panel.wait('run 2: done in')
    for index in (1, 2):
        until(lambda at=index: '**Run 2**' in str(book.outputs(at)), 'both outputs have the text')
        assert 'widget-view' not in str(book.outputs(index))
    assert panel.page.locator('.jpt-host .jps-view').count() == 2
    book.js("app.commands.execute('notebook:clear-all-cell-outputs');")
    until(lambda: not panel.page.locator('.jpt-explorer').count(), 'it goes with its output')
    assert lab.errors == []


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

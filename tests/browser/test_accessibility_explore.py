"""What axe-core finds on the explorer: open, running, failed, with two runs beside each other, and as it is saved; in
light and dark, at 200 % and on a page of 420 px.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from .axe import violations
from .rig import Lab, Notebook, until
from .test_explorer import OPEN, SETUP, Panel

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

THEME = "theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})"
# A page of 1,100 px at 200 % has 550 px to lay out in.
PAGES = {
    'light': ('JupyterLab Light', 1100, 900),
    'dark': ('JupyterLab Dark', 1100, 900),
    '200 %': ('JupyterLab Light', 550, 450),
    '420 px': ('JupyterLab Light', 420, 900),
    'dark, 420 px': ('JupyterLab Dark', 420, 900),
}


@pytest.fixture
def panel(notebook: Callable[[Sequence[str]], Notebook]) -> Panel:
    # An endless answer that leaves the page the time to be looked at.
    setup = SETUP.replace('asyncio.sleep(0.001)', 'asyncio.sleep(0.05)')
    panel = Panel(notebook([setup, OPEN, 'ex.runs[0]']))
    until(lambda: panel.page.locator('.jpt-host').count(), 'it is beside its output')
    return panel


def on_all_pages(panel: Panel, what: str) -> list[str]:
    """What is found on each of the pages, with the page's name."""
    page, found = panel.page, list[str]()
    try:
        for name, (theme, width, height) in PAGES.items():
            page.evaluate(THEME, theme)
            light = 'true' if theme.endswith('Light') else 'false'
            page.wait_for_function('light => document.body.dataset.jpThemeLight === light', arg=light)
            page.set_viewport_size({'width': width, 'height': height})
            page.evaluate('() => new Promise(then => requestAnimationFrame(() => requestAnimationFrame(then)))')
            found += [f'{name}: {line}' for line in violations(page, what)]
    finally:
        page.evaluate(THEME, 'JupyterLab Light')
        page.set_viewport_size({'width': 1100, 'height': 900})
    return found


def test_the_open_explorer_and_one_that_runs(panel: Panel) -> None:
    assert on_all_pages(panel, '.jpt-explorer') == []
    panel.choose('function:function::endless')
    panel.press('Run')
    until(lambda: panel.page.locator('.jpt-row').count() > 10, 'it runs')
    running = violations(panel.page, '.jpt-explorer')
    panel.press('Stop')
    panel.wait('run 1: stopped after')
    assert running == []
    assert on_all_pages(panel, '.jpt-explorer') == []


def test_two_runs_of_which_one_failed(panel: Panel, lab: Lab) -> None:
    panel.press('Run')
    panel.wait('run 1: done in')
    panel.choose('function:function::hostile')
    panel.press('Run')
    panel.wait('run 2: failed after')
    panel.page.get_by_label('compare with').select_option(index=1)
    until(lambda: panel.page.locator('.jpt-answer .jps-view').count() == 2, 'both are shown')
    assert on_all_pages(panel, '.jpt-explorer') == []


def test_what_is_saved_and_a_run_by_itself(
    panel: Panel, notebook: Callable[[Sequence[str]], Notebook], lab: Lab
) -> None:
    panel.press('Run')
    panel.wait('run 1: done in')
    panel.book.run(2)
    assert panel.book.text(2).startswith('run')
    path = panel.book.path
    panel.book.save()
    lab.load()
    book = lab.open(path, kernel=False)
    until(lambda: 'Run 1' in book.text(1), 'the text is shown')
    assert on_all_pages(panel, '.jp-OutputArea .jp-RenderedMarkdown') == []

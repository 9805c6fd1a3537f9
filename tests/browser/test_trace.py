"""`%ask --trace` in a real JupyterLab: a table with bars that can be read in light and in dark."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from tests.faults.server import KeepAliveServer
from tests.notebook.test_waterfall import ROWS, answer_slowly

from .rig import Lab, Notebook

pytestmark = pytest.mark.browser

ASK = """
%load_ext jupyter_stream
from jupyter_stream.models import infer_model
slow = infer_model('openai-chat:m-1', api_key='k', base_url='{url}/v1')
"""


@pytest.mark.parametrize('theme', ['JupyterLab Light', 'JupyterLab Dark'])
def test_the_waterfall_is_readable(notebook: Callable[[Sequence[str]], Notebook], lab: Lab, theme: str) -> None:
    with KeepAliveServer([answer_slowly]) as server:
        show_a_trace(notebook, lab, theme, server.url)


def show_a_trace(notebook: Callable[[Sequence[str]], Notebook], lab: Lab, theme: str, url: str) -> None:
    opened = notebook([ASK.format(url=url), '%%ask -m slow\nWhat is the weather in Paris?', '%ask --trace'])
    opened.page.evaluate('(theme) => window.jupyterapp.commands.execute("apputils:change-theme", {theme})', theme)
    opened.run_all()
    opened.wait_idle()
    table = opened.page.locator('.jp-OutputArea-output table').last
    table.scroll_into_view_if_needed()
    assert table.locator('th[scope=row]').all_inner_texts() == ROWS
    bars = table.locator('rect').all()
    widths = [bar.bounding_box() for bar in bars]
    assert all(box and box['width'] >= 1 for box in widths)
    fill = bars[0].evaluate('bar => getComputedStyle(bar).fill')
    ink = table.evaluate('table => getComputedStyle(table).color')
    assert fill == ink  # the colour of the text, on whatever ground
    table.locator('tr').last.scroll_into_view_if_needed()
    lab.screenshot(f'instrument-waterfall-{theme.rpartition(" ")[2].lower()}')
    opened.page.evaluate(
        '() => window.jupyterapp.commands.execute("apputils:change-theme", {theme: "JupyterLab Light"})'
    )

"""`%ask --trace` in a real JupyterLab: a table with bars that can be read in light and in dark."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from .rig import Lab, Notebook

pytestmark = pytest.mark.browser

ASK = """
%load_ext jupyter_stream
import time
from jupyter_stream.models.function import DeltaToolCall, FunctionModel

async def answer(messages, info):
    import asyncio
    await asyncio.sleep(0.4)
    yield 'I look '
    await asyncio.sleep(0.3)
    yield 'it up.'
    yield {1: DeltaToolCall(name='weather', json_args='{"city": ')}
    await asyncio.sleep(0.5)
    yield {1: DeltaToolCall(json_args='"Paris"}')}

slow = FunctionModel(stream_function=answer)
"""


@pytest.mark.parametrize('theme', ['JupyterLab Light', 'JupyterLab Dark'])
def test_the_waterfall_is_readable(notebook: Callable[[Sequence[str]], Notebook], lab: Lab, theme: str) -> None:
    opened = notebook([ASK, '%%ask -m slow\nWhat is the weather in Paris?', '%ask --trace'])
    opened.page.evaluate('(theme) => window.jupyterapp.commands.execute("apputils:change-theme", {theme})', theme)
    opened.run_all()
    opened.wait_idle()
    table = opened.page.locator('.jp-OutputArea-output table').last
    table.scroll_into_view_if_needed()
    assert table.locator('th[scope=row]').all_inner_texts() == [
        'prepare',
        'first token',
        'last token',
        'tool call weather',
        'end',
    ]
    bars = table.locator('rect').all()
    widths = [bar.bounding_box() for bar in bars]
    assert all(box and box['width'] >= 1 for box in widths)
    fill = bars[0].evaluate('bar => getComputedStyle(bar).fill')
    ink = table.evaluate('table => getComputedStyle(table).color')
    assert fill == ink  # the colour of the text, on whatever ground
    lab.screenshot(f'instrument-waterfall-{theme.rpartition(" ")[2].lower()}')
    opened.page.evaluate(
        '() => window.jupyterapp.commands.execute("apputils:change-theme", {theme: "JupyterLab Light"})'
    )

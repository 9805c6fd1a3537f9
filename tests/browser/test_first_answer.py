"""The first answer of a page, for which the core of the front end has still to travel: what is seen, frame by frame."""

import re
from collections.abc import Iterator
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from .rig import Classic, Lab, Notebook, Server

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]
SETUP = """
%load_ext jupyter_stream
import asyncio, re
from pathlib import Path
from jupyter_stream.models.function import FunctionModel
from jupyter_stream.notebook.kernel import KernelState

async def gate(name):
    while not Path(name).exists():
        await asyncio.sleep(0.02)

def load_frontend(state, load=KernelState.load_frontend):
    async def load_later():
        await gate('core')
        load(state)

    asyncio.ensure_future(load_later())

KernelState.load_frontend = load_frontend

async def answer(messages, info):
    await gate('answer')
    for piece in re.findall(r'.{1,5}', 'A **late** answer, `with` words and *more* of them.'):
        yield piece
        await asyncio.sleep(0.05)

model = FunctionModel(stream_function=answer)
"""
CELLS = [SETUP, '%%ask -m model\nWell?']
ANSWER = 'A late answer, with words and more of them.'

# What the output shows in each frame, where that is another thing than in the frame before.
RECORD = """
const area = cells[args[0]].outputArea.node;
const frames = window.frames_seen = [];
window.recording = true;
const words = () => {
    const walker = document.createTreeWalker(area, NodeFilter.SHOW_TEXT), range = document.createRange();
    while (walker.nextNode()) if (walker.currentNode.data.startsWith('Asking')) {
        range.selectNodeContents(walker.currentNode);
        const {left, bottom} = range.getBoundingClientRect();
        const {color, fontSize} = getComputedStyle(walker.currentNode.parentElement);
        return {left, bottom: bottom - area.getBoundingClientRect().top, color, fontSize};
    }
    return null;
};
const look = () => {
    if (!window.recording) return;
    const frame = {text: area.innerText.trim(), height: area.getBoundingClientRect().height, words: words()};
    if (JSON.stringify(frame) !== JSON.stringify(frames.at(-1))) frames.push(frame);
    requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""


@pytest.fixture(params=[Lab, Classic], ids=['JupyterLab', 'Notebook 7'])
def notebook(server: Server, browser: Browser, request: pytest.FixtureRequest) -> Iterator[Notebook]:
    """A notebook in a page and with a kernel that have seen no answer yet; the core is on its way until it may come."""
    for gate in ('core', 'answer'):
        (server.work / gate).unlink(missing_ok=True)
    app = request.param(server, browser, ROOT / 'build' / 'screenshots')
    notebook = app.open(app.write(f'first-{request.param.__name__}.ipynb', CELLS))
    notebook.run(0)
    yield notebook
    app.page.context.close()
    server.stop_kernels()


def form_of(text: str) -> str:
    """In which form a frame shows the answer; the text itself, where it is in none that is wanted."""
    if text == 'Asking answer…':
        return 'waiting'
    if re.fullmatch(r'Asking answer…\s+\d+\.\d s\s+Stop', text):
        return 'waiting, counted'
    first, *rest = re.split(r'\s*\n\s*', text)
    if first and ANSWER.startswith(first):
        return 'growing' if rest in ([], ['Stop']) else 'whole' if first == ANSWER else text
    return text


def test_nothing_is_seen_but_one_waiting_line_and_the_answer(notebook: Notebook, server: Server) -> None:
    notebook.js(RECORD, 1)
    notebook.start(1)
    notebook.until_text(1, 'Asking')
    (server.work / 'core').touch()
    notebook.until_text(1, 'Stop')
    (server.work / 'answer').touch()
    notebook.wait_end(1)
    notebook.until_text(1, 'first token')
    frames: list[dict[str, Any]] = notebook.js('window.recording = false; return window.frames_seen;')
    forms = [form for form, _ in groupby(form_of(frame['text']) for frame in frames)]
    assert forms == ['', 'waiting', 'waiting, counted', 'growing', 'whole']
    assert all(after['height'] >= before['height'] - 1 for before, after in pairwise(frames)), 'it never shrinks'
    plain, counted = (
        next(frame['words'] for frame in frames if form_of(frame['text']) == form)
        for form in ('waiting', 'waiting, counted')
    )
    assert abs(plain['left'] - counted['left']) <= 1 and abs(plain['bottom'] - counted['bottom']) <= 1
    assert (plain['color'], plain['fontSize']) == (counted['color'], counted['fontSize'])

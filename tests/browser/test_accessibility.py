"""The answer for those who use a keyboard or a screen reader: axe-core, the focus, and what is announced."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from .axe import violations
from .rig import Classic, Lab, Server, until
from .test_live_view import CLOSED, SCHEMA, Book, open_gates, shot_name

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]

HEARD = """const lines = [...document.querySelectorAll('.jps-voice > p')].map(line => line.textContent);
    document.querySelector('.jps-voice')?.replaceChildren();
    return lines;"""

FOCUS = """const active = document.activeElement, area = cells[args[0]].outputArea.node;
    return area.contains(active) && {tag: active.localName, text: active.innerText, label: active.ariaLabel};"""


@pytest.fixture(scope='module', params=['JupyterLab', 'Notebook 7'])
def book(server: Server, browser: Browser, request: pytest.FixtureRequest) -> Iterator[Book]:
    kind = {'JupyterLab': Lab, 'Notebook 7': Classic}[request.param]
    app = kind(server, browser, ROOT / 'build' / 'screenshots')
    book = Book(app, f'accessible-{kind.__name__.lower()}.ipynb')
    book.run('late')
    yield book
    assert [error for error in app.errors if error not in (SCHEMA, CLOSED)] == []
    app.page.context.close()
    server.stop_kernels()


def settled(book: Book, name: str) -> None:
    """The Markdown has taken the view's place."""
    book.until(name, '.jps-left')
    until(lambda: not book.has(name, '.jps-cover'), 'the view has gone')


def stop_by_keyboard(book: Book, name: str) -> None:
    book.start(name)
    until(lambda: 'word9' in book.text(name), 'it has begun')
    book.js("cells[args[0]].outputArea.node.querySelector('.jps-stop').focus();", name)
    book.page.keyboard.press('Enter')
    book.ended(name)
    settled(book, name)


# ------------------------------------------------------------------ axe-core


def look(book: Book, server: Server) -> list[str]:
    """What axe-core finds on an answer that grows, and on one that is finished, stopped, failed; each in its turn."""
    found: list[str] = []
    open_gates(server, 'before the code', 'in the code')
    book.start('gated')
    book.until('gated', '.jps-view blockquote')
    found += violations(book.page, '.jps-view')
    open_gates(server, 'before the code', 'in the code', 'before the end')
    book.ended('gated')
    settled(book, 'gated')
    book.start('thinking')
    book.until('thinking', '.jps-view details[open]')
    found += violations(book.page, '.jps-view')
    book.ended('thinking')
    settled(book, 'thinking')
    book.js("cells[args[0]].outputArea.node.querySelector('summary').click();", 'thinking')
    stop_by_keyboard(book, 'endless')
    book.run('failing')
    settled(book, 'failing')
    return [*found, *violations(book.page, '.jps-heir'), *violations(book.page, '.jps-voice')]


THEME = "await app.commands.execute('apputils:change-theme', {theme: args[1]});"


@pytest.mark.parametrize('theme', ['JupyterLab Light', 'JupyterLab Dark'])
def test_axe_finds_nothing(book: Book, server: Server, theme: str) -> None:
    book.js(THEME, 'gated', theme)
    try:
        assert look(book, server) == []
        book.shot(shot_name(book, f'accessible-{theme.split()[1].lower()}'), 'thinking')
    finally:
        book.js(THEME, 'gated', 'JupyterLab Light')


@pytest.mark.parametrize(('name', 'width', 'zoom'), [('zoomed', 1100, 2), ('narrow', 420, 1)])
def test_axe_finds_nothing_on_little_room(book: Book, server: Server, name: str, width: int, zoom: int) -> None:
    # To a page, a zoom of 200 % is a window of half the size, with two pixels for one.
    book.page.set_viewport_size({'width': width // zoom, 'height': 900 // zoom})
    session = book.page.context.new_cdp_session(book.page)
    metrics: dict[str, Any] = {'width': width // zoom, 'height': 900 // zoom, 'mobile': False}
    session.send('Emulation.setDeviceMetricsOverride', {**metrics, 'deviceScaleFactor': zoom})
    try:
        assert look(book, server) == []
        overlap = book.js(
            """const line = cells[args[0]].outputArea.node.querySelector('.jps-left');
            return line.previousElementSibling.getBoundingClientRect().bottom - line.getBoundingClientRect().top;""",
            'failing',
        )
        assert overlap <= 0, 'the last line lies over the end of the answer'
        book.shot(shot_name(book, f'accessible-{name}'), 'gated')
    finally:
        session.send('Emulation.clearDeviceMetricsOverride')
        book.page.set_viewport_size({'width': 1100, 'height': 900})


# ------------------------------------------------------------------ the focus


def tab(book: Book, cell: str) -> dict[str, Any] | None:
    """Where the focus is in a cell's output after Tab; None where it has left it."""
    book.page.keyboard.press('Tab')
    return book.js(FOCUS, cell)


def test_who_stops_by_keyboard_stays_at_the_answer(book: Book) -> None:
    stop_by_keyboard(book, 'endless')
    focus = book.js(FOCUS, 'endless')
    assert focus and focus['tag'] == 'div' and focus['label'] == 'Answer' and 'word9' in focus['text']
    # On the way stand, where the cell or others have asked before, the turns it was asked with and the former answers.
    passed = []
    while (focus := tab(book, 'endless')) and (focus['text'].startswith('with ') or focus['label'].endswith(' answer')):
        passed.append(focus['label'] or focus['text'])
        if focus['label'] == 'Copy the answer':
            break
    assert passed and passed[-1] == 'Copy the answer', f'and goes on from there, not to {focus}'


def test_the_focus_stays_on_a_link(book: Book, server: Server) -> None:
    open_gates(server, 'before the code', 'in the code')
    book.start('gated')
    book.until('gated', '.jps-view blockquote')
    book.js("cells[args[0]].outputArea.node.querySelector('.jps-view a').focus();", 'gated')
    open_gates(server, 'before the code', 'in the code', 'before the end')
    book.ended('gated')
    settled(book, 'gated')
    focus = book.js(FOCUS, 'gated')
    assert focus and focus['tag'] == 'a' and focus['text'] == 'link'


# ------------------------------------------------------------------ what is announced


def test_what_is_announced(book: Book) -> None:
    book.js(HEARD, 'late')
    book.run('late')
    settled(book, 'late')
    first, last = book.js(HEARD, 'late')
    assert first.endswith(' answers.') and last == 'The answer is complete.'
    book.run('failing')
    settled(book, 'failing')
    first, last = book.js(HEARD, 'failing')
    assert first.endswith(' answers.') and re.match('[A-Z]', last) and 'complete.' not in last.replace('incomplete', '')


def run_source(book: Book, source: str) -> None:
    """Run this in the cell that tests write themselves."""
    book.notebook.js('cells[args[0]].model.sharedModel.setSource(args[1]);', book.cell['check'], source)
    book.run('check')


def test_an_error_before_the_first_word_is_announced(book: Book) -> None:
    book.js(HEARD, 'late')
    source = (
        'async def refuse(messages, info):\n'
        '    await asyncio.sleep(1)\n'
        "    raise ValueError('No.')\n"
        "    yield ''\n"
        "await aask('Well?', model=FunctionModel(stream_function=refuse));"
    )
    run_source(book, source)
    heard: list[str] = []
    until(lambda: heard.extend(book.js(HEARD, 'check')) or heard, 'it is announced', instead=lambda: heard)
    assert len(heard) == 1 and 'error' in heard[0]


def test_a_note_on_the_model_does_not_hide_that_the_answer_is_complete(book: Book) -> None:
    book.js(HEARD, 'late')
    source = (
        'from contextlib import asynccontextmanager\n'
        'from jupyter_stream.models.wrapper import WrapperModel\n'
        'class Toy(WrapperModel):\n'
        '    @asynccontextmanager\n'
        '    async def request_stream(self, *args, **kwargs):\n'
        '        async with super().request_stream(*args, **kwargs) as stream:\n'
        "            stream.metadata = {'note': '◇ A toy.'}\n"
        '            yield stream\n'
        "await aask('Well?', model=Toy(late));"
    )
    run_source(book, source)
    settled(book, 'check')
    assert book.js(HEARD, 'check')[-1] == 'The answer is complete. A toy.'

"""Threads on a page, in a real JupyterLab and a real Notebook 7: what the cells show, and what the next one sends."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.threads.page import LOAD

from .axe import violations
from .rig import Classic, Lab, Notebook, Server, until
from .test_live_view import CLOSED, SCHEMA

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]

STALE = '↻'

# A busy machine shows a view later than an answer that is over at once usually waits for it; and the first answer of a
# kernel, which is asked outside of threads here, waits until the page has the front end.
SETUP = f"""{LOAD}
import asyncio
from jupyter_stream import aask
from jupyter_stream.notebook import kernel, shell
from jupyter_stream.notebook.views import widget
widget.MOUNTING = widget.PATIENCE = 60
async def patient(messages, info):
    while not kernel.state.front_ends.known(shell.session_of(shell.current_shell())):
        await asyncio.sleep(0.02)
    yield 'Here I am.'
await aask('Are you there?', model=FunctionModel(stream_function=patient));
"""

ASK = ('%%ask\nOne?', '%%ask\nTwo?', '%%ask\nThree?', '%%ask\nFour?')


class Pages:
    """The notebooks of a test: a function that opens one."""

    def __init__(self, app: Lab, server: Server, browser: Browser, name: str) -> None:
        self.app = app
        self._server = server
        self._browser = browser
        self._name = name
        self._count = 0

    def open(self, *cells: str) -> 'Threads':
        """Open a notebook of these cells, after the one that sets up the model, and run that."""
        path = self.app.write(f'{self._name}-{self._count}.ipynb', [SETUP, *cells])
        self._count += 1
        return Threads(self.app, self.app.open(path), setup=True)

    def another(self) -> Lab:
        """One more page of the same front end."""
        return type(self.app)(self._server, self._browser, ROOT / 'build' / 'screenshots')


class Threads:
    """A notebook whose cells ask."""

    def __init__(self, app: Lab, notebook: Notebook, *, setup: bool = False) -> None:
        self.app = app
        self.notebook = notebook
        if setup:
            notebook.run(0)

    def ask(self, *cells: int) -> None:
        """Run cells to their ends, until their lines stand below them."""
        for cell in cells:
            self.run(cell)
            self.settled(cell)

    def run(self, cell: int) -> None:
        """Run a cell to its end, in the notebook that is on top."""
        self.notebook.js('app.shell.activateById(panel.id);')
        until(lambda: self.notebook.js('return app.shell.currentWidget === panel;'), 'the notebook is on top')
        self.notebook.reveal(cell)
        self.notebook.run(cell)

    def settled(self, cell: int) -> None:
        self.until(lambda: self.has(cell, '.jps-left') and not self.has(cell, '.jps-cover'), cell, 'its line')

    def until(self, read: Callable[[], Any], cell: int, what: str) -> None:
        until(read, f'{what} below cell {cell}', instead=lambda: self.notebook.html(cell))

    def has(self, cell: int, selector: str) -> bool:
        return self.notebook.js('return !!cells[args[0]].outputArea.node.querySelector(args[1]);', cell, selector)

    def text(self, cell: int) -> str:
        return self.notebook.text(cell)

    def line(self, cell: int) -> str:
        """What the line below an answer says, without what is shown to who points at it."""
        return self.notebook.js(
            'return cells[args[0]].outputArea.node.querySelector(".jps-left")?.innerText.replaceAll("\\n", " ") ?? "";',
            cell,
        )

    def says(self, cell: int, *words: str) -> None:
        """Wait until an answer and its line say these words."""
        self.until(lambda: all(word in f'{self.text(cell)} {self.line(cell)}' for word in words), cell, str(words))

    def stale(self, *cells: int) -> None:
        """Wait until these answers are marked, and no others are, and each has its line."""
        asking = range(1, self.notebook.js('return cells.length;'))
        marked = lambda: tuple(cell for cell in asking if STALE in self.text(cell))  # noqa: E731
        until(lambda: marked() == cells, f'{cells} are stale', instead=marked)
        for cell in cells:
            self.settled(cell)

    def press(self, cell: int, label: str) -> None:
        """Press a button of the line below an answer."""
        found = 'cells[args[0]].outputArea.node.querySelector(`.jps-left [aria-label="${args[1]}"]`)'
        self.notebook.js(f'const button = {found}; button.focus(); button.click();', cell, label)

    def focus(self) -> str | None:
        return self.notebook.js('return document.activeElement?.ariaLabel;')

    def value(self, expression: str) -> Any:
        """The value of an expression in the kernel, by way of JSON, without running a cell."""
        found = self.notebook.js(
            """const future = panel.sessionContext.session.kernel.requestExecute(
                {code: '', silent: true, store_history: false, user_expressions: {value: args[0]}});
            return (await future.done).content.user_expressions.value;""",
            f"__import__('json').dumps({expression})",
        )
        assert found['status'] == 'ok', found
        return json.loads(eval(found['data']['text/plain']))

    @property
    def sent(self) -> list[str]:
        """The texts that the model was sent last."""
        return self.value('seen[-1]')

    def command(self, name: str, cell: int) -> None:
        self.notebook.js(
            """app.shell.activateById(panel.id);
            panel.content.activeCellIndex = args[1];
            panel.content.deselectAll();
            panel.content.mode = 'command';
            await app.commands.execute(args[0]);""",
            name,
            cell,
        )

    def write(self, cell: int, source: str) -> None:
        self.notebook.js('cells[args[0]].model.sharedModel.setSource(args[1]);', cell, source)

    def shot(self, name: str, cell: int) -> None:
        self.notebook.reveal(cell)
        self.app.screenshot(f'threads-{name}' if type(self.app) is Lab else f'threads-{name}-notebook7')


@pytest.fixture(scope='module', params=['JupyterLab', 'Notebook 7'])
def app(server: Server, browser: Browser, request: pytest.FixtureRequest) -> Iterator[Lab]:
    kind = {'JupyterLab': Lab, 'Notebook 7': Classic}[request.param]
    app = kind(server, browser, ROOT / 'build' / 'screenshots')
    yield app
    assert [error for error in app.errors if error not in (SCHEMA, CLOSED)] == []
    app.page.context.close()


@pytest.fixture
def pages(app: Lab, server: Server, browser: Browser, request: pytest.FixtureRequest) -> Iterator[Pages]:
    name = ''.join(char if char.isalnum() else '-' for char in request.node.name)
    yield Pages(app, server, browser, name)
    server.stop_kernels()


# ------------------------------------------------------------------ run again


def test_a_middle_cell_that_runs_again_marks_the_later_ones(pages: Pages) -> None:
    book = pages.open(*ASK)
    book.ask(1, 2, 3, 4)
    assert book.sent[-3:] == ['Three?', 'answer 3 to Three?', 'Four?']
    assert 'with [2] [3] [4]' in book.line(4)
    book.ask(2)
    book.stale(3, 4)
    assert book.sent == ['One?', 'answer 1 to One?', 'Two?']
    assert 'with [2] [3]' in book.line(3), 'the line of an answer that is drawn anew stays'
    assert '2/2' in book.line(2)
    book.shot('stale', 3)
    book.ask(3)
    book.stale(4)
    book.ask(4)
    book.stale()


def test_an_answer_is_taken_back(pages: Pages) -> None:
    book = pages.open(*ASK)
    book.ask(1, 2)
    assert '/' not in book.line(1)
    book.ask(1)
    book.says(1, 'answer 3 to One?', '2/2')
    book.stale(2)
    book.shot('pager', 1)

    book.press(1, 'Next answer')
    book.press(1, 'Former answer')
    book.says(1, 'answer 1 to One?', '1/2')
    assert 'answer 3' not in book.text(1)
    book.stale()
    until(lambda: book.focus() == 'Former answer', 'the focus stays on the button', instead=book.focus)

    book.ask(3)
    assert book.sent == ['One?', 'answer 1 to One?', 'Two?', 'answer 2 to Two?', 'Three?']

    book.press(1, 'Next answer')
    book.says(1, 'answer 3 to One?', '2/2')
    book.stale(2, 3)
    number = book.notebook.js('return cells[1].model.executionCount;')
    book.write(4, f'%ask --versions {number}:1')
    book.run(4)
    book.says(1, 'answer 1 to One?', '1/2')
    book.stale()
    book.shot('versions', 4)
    assert book.notebook.outputs(1)[0]['data']['text/plain'].startswith('answer 1 to One?')


# ------------------------------------------------------------------ deleted, restored


def test_a_deleted_cell_is_not_sent_until_it_is_back(pages: Pages) -> None:
    book = pages.open(*ASK)
    book.ask(1, 2)
    book.command('notebook:delete-cell', 1)
    book.ask(2)
    book.stale(1)
    assert book.sent == ['Two?', 'answer 2 to Two?', 'Three?']
    book.command('notebook:undo-cell-action', 1)
    until(lambda: book.notebook.js('return cells.length;') == 5, 'the cell is back')
    book.ask(1)
    assert book.sent == ['One?'], 'where it was'
    book.stale(2, 3)
    book.ask(4)
    assert book.sent[:4] == ['One?', 'answer 4 to One?', 'Two?', 'answer 2 to Two?']


def restarted(book: Threads) -> None:
    """Restart the kernel, and run the cell that sets up the model."""
    book.notebook.js('await panel.sessionContext.session.kernel.restart();')
    book.notebook.wait_idle()
    book.run(0)


RESTORED = ['One?', 'answer 1 to One?', 'Two?', 'answer 2 to Two?', 'Three?']


def test_a_restarted_kernel_goes_on_from_the_saved_notebook(pages: Pages) -> None:
    book = pages.open(*ASK, '%ask --history')
    book.ask(1, 2)
    book.ask(1)
    book.press(1, 'Former answer')
    book.says(1, '1/2')
    book.notebook.save()
    restarted(book)
    until(lambda: '1/2' not in book.line(1), 'nobody is there to turn to another answer', instead=lambda: book.line(1))

    book.ask(3)
    assert book.sent == RESTORED
    book.says(3, '2 earlier turns restored')
    book.shot('restored', 3)
    book.ask(4)
    assert 'restored' not in book.line(4)
    book.run(5)
    book.shot('history', 5)
    assert 'Thread main: 4 turns' in book.text(5)


def test_a_notebook_that_was_saved_is_opened_again(pages: Pages) -> None:
    book = pages.open(*ASK)
    book.ask(1, 2)
    book.notebook.save()
    book.notebook.close()
    again = Threads(book.app, book.app.open(book.notebook.path), setup=True)
    again.ask(3)
    assert again.sent == RESTORED
    again.says(3, '2 earlier turns restored')
    again.ask(1)
    again.says(1, '2/2')
    again.press(1, 'Former answer')
    again.says(1, 'answer 1 to One?', '1/2')


# ------------------------------------------------------------------ two notebooks, one kernel


def test_two_notebooks_of_one_kernel_do_not_mix(pages: Pages) -> None:
    first = pages.open(*ASK)
    first.ask(1)
    app = first.app if type(first.app) is Lab else pages.another()
    path = app.write(f'other-{first.notebook.path.name}', ['kernel', *ASK])
    other = Threads(app, app.open(path))
    other.notebook.js(
        'await panel.sessionContext.changeKernel({id: args[0]});',
        first.notebook.js('return panel.sessionContext.session.kernel.id;'),
    )
    # JupyterLab lets only the first notebook of a kernel in a window have widgets; the second one says nothing.
    both = [first.notebook.path.name, *([path.name] if app is not first.app else [])]
    paths = 'sorted(kernel.state.front_ends._paths.values())'
    until(
        lambda: first.value(paths) == sorted(both), 'each page says what it shows', instead=lambda: first.value(paths)
    )

    other.run(2)
    assert first.sent == ['Two?']
    first.ask(3)
    assert first.sent == ['One?', 'answer 1 to One?', 'Three?']
    other.run(4)
    assert first.sent == ['Two?', 'answer 2 to Two?', 'Four?']
    if app is not first.app:
        app.page.context.close()


def test_a_page_that_is_loaded_again_goes_on(pages: Pages) -> None:
    book = pages.open(*ASK)
    book.ask(1, 2)
    book.notebook.save()
    book.app.page.reload()
    book.app.load()
    again = Threads(book.app, book.app.open(book.notebook.path))
    pages_seen = 'len(kernel.state.front_ends._paths)'
    until(lambda: again.value(pages_seen) == 2, 'it says what it shows', instead=lambda: again.value(pages_seen))
    again.ask(3)
    assert again.sent == RESTORED
    assert 'restored' not in again.line(3), 'the kernel knew'


# ------------------------------------------------------------------ for those who use a keyboard or a screen reader


def test_the_line_can_be_used_by_everybody(pages: Pages) -> None:
    book = pages.open(*ASK)
    book.ask(1, 2)
    book.ask(2)
    book.says(2, '2/2')
    assert violations(book.app.page, '.jps-heir') == []

    line = 'cells[2].outputArea.node.querySelector(".jps-left")'
    shown = (
        f'const lines = {line}.querySelector(".jps-lines"); return lines.matches(":popover-open") && lines.innerText;'
    )
    book.shot('line', 2)
    book.notebook.js(f'{line}.querySelector(".jps-words").focus();')
    assert book.notebook.js(shown) == '[2] One?'
    assert violations(book.app.page, '.jps-left') == []
    book.shot('lines', 2)
    assert book.notebook.js(shown), 'also where the page is scrolled'
    book.app.page.keyboard.press('Escape')
    assert book.notebook.js(shown) is False
    book.app.page.keyboard.press('Tab')
    assert book.focus() == 'Former answer'
    book.app.page.keyboard.press('Enter')
    book.says(2, 'answer 2 to Two?', '1/2')
    until(lambda: book.focus() == 'Former answer', 'the focus stays', instead=book.focus)
    book.app.page.keyboard.press('Tab')
    book.app.page.keyboard.press('Enter')
    book.says(2, 'answer 3 to Two?', '2/2')
    heard = "return [...document.querySelectorAll('.jps-voice > p')].map(line => line.textContent);"
    assert {'Answer 1 of 2.', 'Answer 2 of 2.'} <= set(book.notebook.js(heard))

    book.notebook.js(f'{line}.scrollIntoView();')
    book.app.page.locator('.jps-left .jps-words').last.hover()
    until(lambda: book.notebook.js(shown) == '[2] One?', 'the lines are shown to who points at the words')

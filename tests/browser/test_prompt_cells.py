"""A cell that begins with `%%ask` is edited as prose, in JupyterLab and in Notebook 7, and only as long as it does."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from .conftest import ROOT
from .rig import Classic, Lab, Notebook, Server, until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

PROSE = 'text/x-ipythongfm'
# Notebook 7.6 says this whenever it opens a notebook, also without the extension.
NOTEBOOKS_OWN = "Cannot read properties of undefined (reading 'schema')"
LOAD = '%load_ext jupyter_stream\ndata_print = 1'
LONG = "It's a long line, and what's in it wants to be read as prose. " * 6
STORED = f'\n# a note\n%%ask -t 0\n{LONG}\n\n```python\ndef f(): return "code"\n```\n'


@pytest.fixture(scope='module', params=[Lab, Classic], ids=['lab', 'notebook'])
def page(request: pytest.FixtureRequest, server: Server, browser: Browser) -> Lab:
    lab = request.param(server, browser, ROOT / 'build' / 'screenshots')
    lab.console = []
    lab.page.on('console', lambda message: lab.console.append(message.text) if message.type == 'error' else None)
    return lab


class Editor:
    """The editor of one cell, typed into with the keyboard."""

    def __init__(self, book: Notebook, index: int):
        self.book, self.index, self.keyboard = book, index, book.page.keyboard
        self.book.js(
            """panel.content.activeCellIndex = args[0];
            panel.content.mode = 'edit';
            await cells[args[0]].ready;
            cells[args[0]].editor.focus();""",
            index,
        )

    def js(self, body: str) -> Any:
        return self.book.js(f'const cell = cells[args[0]], view = cell.editor.editor; {body}', self.index)

    @property
    def text(self) -> str:
        return self.js('return cell.model.sharedModel.getSource();')

    def type(self, text: str) -> None:
        for key in text:
            self.keyboard.press('Enter' if key == '\n' else key)

    def is_prose(self) -> bool:
        """Whether it wraps and is read as Markdown, both at once."""
        return self.js(
            f"return cell.model.mimeType === '{PROSE}' && view.lineWrapping"
            " && view.state.languageDataAt('commentTokens', view.state.doc.length)[0]?.block?.open === '<!--';"
        )

    def is_python(self) -> bool:
        return self.js(
            "return cell.model.mimeType === 'text/x-ipython' && !view.lineWrapping"
            " && view.state.languageDataAt('commentTokens', view.state.doc.length)[0]?.line === '#';"
        )

    def colours(self, words: str) -> set[str]:
        """The colours in which the words are drawn, character by character."""
        return set(
            self.js(
                f"""const words = {json.dumps(words)}, at = view.state.doc.toString().indexOf(words), found = [];
                for (let place = at; place < at + words.length; place++) {{
                    const {{node}} = view.domAtPos(place, 1);
                    const element = node.nodeType === 3 ? node.parentElement : node;
                    found.push(getComputedStyle(element).color);
                }}
                return found;"""
            )
        )


@pytest.fixture
def book(page: Lab, request: pytest.FixtureRequest) -> Iterator[Callable[..., Notebook]]:
    opened: list[Notebook] = []
    page.errors.clear()  # closing the last test's kernel cancels what the completer asked it, and Lab says so
    page.console.clear()

    def open_new(*cells: str) -> Notebook:
        path = page.write(f'{request.node.name.replace("[", "-").rstrip("]")}.ipynb', [LOAD, *cells])
        opened.append(page.open(path))
        opened[-1].run(0)
        opened[-1].wait_idle()
        return opened[-1]

    yield open_new
    console, errors = list(page.console), [error for error in page.errors if error != NOTEBOOKS_OWN]
    for one in opened:
        one.close()
    assert console == []
    assert errors == []


def test_a_stored_prompt_is_prose_when_it_is_opened(page: Lab, book: Callable[..., Notebook]) -> None:
    notebook = book(STORED, 'x = "it"', '%%time\nx = 1')
    before = notebook.saved()
    stored = Editor(notebook, 1)
    until(stored.is_prose, 'the stored prompt is prose')
    until(lambda: len(stored.colours('def f')) > 1, 'code in a fence is coloured')
    assert len(stored.colours(LONG[:60])) == 1, 'an apostrophe begins no string'
    assert stored.js(
        "return view.contentDOM.querySelector('.cm-line:nth-child(4)').offsetHeight > 2 * view.defaultLineHeight"
    )
    assert stored.colours('%%ask') != stored.colours('-t 0')
    until(Editor(notebook, 2).is_python, 'other cells are Python')
    until(Editor(notebook, 3).is_python, 'other magics are Python')
    after = notebook.save()
    assert [cell.source for cell in after.cells] == [cell.source for cell in before.cells]
    assert [cell.metadata for cell in after.cells[1:]] == [cell.metadata for cell in before.cells[1:]]
    assert after.metadata.get('language_info', {}).get('mimetype') == 'text/x-python'


def test_opening_a_prompt_changes_nothing(page: Lab, book: Callable[..., Notebook]) -> None:
    notebook = book(STORED)
    notebook.save()
    cell = Editor(notebook, 1)
    until(cell.is_prose, 'it is prose')
    assert not notebook.js('return panel.context.model.dirty;')


def test_it_switches_as_one_types_and_undo_goes_on(page: Lab, book: Callable[..., Notebook]) -> None:
    cell = Editor(book(''), 1)
    cell.type('%%as')
    until(cell.is_python, 'a beginning of the magic is Python')
    cell.type('k')
    until(cell.is_prose, 'it is prose with its last letter')
    cell.keyboard.press('Backspace')
    until(cell.is_python, 'without it, it is Python again')
    cell.type('k')
    until(cell.is_prose, 'and prose once more')
    cell.type("\nit's")
    assert cell.text == "%%ask\nit's"
    while cell.text:
        before = cell.text
        cell.keyboard.press('Control+z')
        assert cell.text != before, 'each undo takes something back'
    until(cell.is_python, 'an empty cell is Python')
    for _ in range(20):
        cell.keyboard.press('Control+Shift+z')
    assert cell.text == "%%ask\nit's"
    until(cell.is_prose, 'redone it is prose')


def test_enter_keeps_the_column_and_nothing_is_closed_by_itself(page: Lab, book: Callable[..., Notebook]) -> None:
    cell = Editor(book('', ''), 1)
    cell.js("cell.editor.setOption('autoClosingBrackets', true);")
    cell.type('%%ask\nDo this:\nand (that "then')
    assert cell.text == '%%ask\nDo this:\nand (that "then'
    cell.type('\n  indented:\nstays')
    assert cell.text.endswith('\n  indented:\n  stays')
    python = Editor(cell.book, 2)
    python.js("cell.editor.setOption('autoClosingBrackets', true);")
    python.type('if f(')
    assert python.text == 'if f()'


def test_completion_in_prose_never_opens(page: Lab, book: Callable[..., Notebook]) -> None:
    notebook = book('%%ask\ndata_print data\n```python\ndata_printer = data_print\n```', 'data_pr')
    cell = Editor(notebook, 1)
    cell.keyboard.press('Control+End')
    cell.type('\ndata pr')
    cell.keyboard.press('Tab')
    assert completer(page.page) == []
    assert cell.text.endswith('\ndata pr    ')
    for _ in range(4):
        cell.keyboard.press('Backspace')
    cell.type('\n')
    assert cell.text.endswith('\ndata pr\n')
    other = Editor(notebook, 2)
    other.keyboard.press('End')
    other.keyboard.press('Tab')
    offers(page, 'data_print')


def test_continuous_completion_leaves_prose_alone(page: Lab, book: Callable[..., Notebook]) -> None:
    settings = ['@jupyterlab/completer-extension:manager', 'autoCompletion']
    cell = Editor(book('%%ask\ndata_print data_printer'), 1)
    page.page.evaluate(SET, [*settings, True])
    try:
        cell.keyboard.press('Control+End')
        cell.type('\ndata pr\nde\nwh\n')
        assert completer(page.page) == []
        assert cell.text.endswith('\ndata pr\nde\nwh\n')
    finally:
        page.page.evaluate(SET, [*settings, False])


SET = """async ([plugin, key, value]) => {
    const settings = await window.jupyterapp.serviceManager.settings.fetch(plugin);
    const raw = JSON.parse(settings.raw.trim() || '{}');
    raw[key] = value;
    await window.jupyterapp.serviceManager.settings.save(plugin, JSON.stringify(raw));
}"""


def completer(page: Page) -> list[str]:
    """What an open completer offers."""
    return page.evaluate(
        """[...document.querySelectorAll('.jp-Completer:not(.lm-mod-hidden) .jp-Completer-item')]
            .map(item => item.innerText.trim())"""
    )


def test_tab_completes_the_first_line(page: Lab, book: Callable[..., Notebook]) -> None:
    cell = Editor(book(''), 1)
    cell.type('%%ask --mo')
    cell.keyboard.press('Tab')
    offers(page, '--model')
    cell.keyboard.press('Enter')
    assert cell.text == '%%ask --model'
    cell.type(' anthr')
    cell.keyboard.press('Tab')
    offers(page, 'anthropic:')
    cell.keyboard.press('Enter')
    assert cell.text == '%%ask --model anthropic:'
    cell.keyboard.press('Tab')
    offers(page, 'anthropic:claude-')
    cell.keyboard.press('Escape')


def offers(page: Lab, word: str) -> None:
    until(lambda: any(word in one for one in completer(page.page)), f'{word} is offered')


def test_a_console_has_it_too(server: Server, browser: Browser) -> None:
    lab = Lab(server, browser, ROOT / 'build' / 'screenshots')
    found = lab.page.evaluate(
        """async () => {
            const app = window.jupyterapp;
            const panel = await app.commands.execute('console:create', {kernelPreference: {name: 'python3'}});
            await panel.sessionContext.ready;
            await panel.sessionContext.session.kernel.info;
            const {model, editor} = panel.console.promptCell;
            const types = [];
            for (const text of ['x = 1', "%%ask\\nit's", 'x = 2']) {
                model.sharedModel.setSource(text);
                await new Promise(requestAnimationFrame);
                types.push(model.mimeType);
            }
            await panel.sessionContext.shutdown();
            panel.dispose();
            return types;
        }"""
    )
    assert found == ['text/x-ipython', PROSE, 'text/x-ipython']
    assert lab.errors == []
    lab.page.close()

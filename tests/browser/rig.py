"""A real JupyterLab and a real Chromium, driven without a click.

`Server` is a JupyterLab of its own (config, data, runtime, settings and workspaces in one folder, a free port, no
token). `Lab` is one page on it; `Lab.open` gives a `Notebook`, which runs cells through Lab's own commands and reads
what a person would see (the DOM) and what will be saved (the notebook's model).
"""

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import nbformat
from playwright.sync_api import Browser, BrowserContext, Page

T = TypeVar('T')

CHROMIUM_FLAGS = [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--disable-dev-shm-usage',
]

# Cells out of sight are else taken out of the page, and a first start asks about news and updates.
LAB_SETTINGS = {
    '@jupyterlab/notebook-extension/tracker': {
        'windowingMode': 'none',
        'kernelShutdown': False,
        'maxNumberOutputs': 1000,
    },
    '@jupyterlab/apputils-extension/notification': {
        'fetchNews': 'false',
        'checkForUpdates': False,
        'doNotDisturbMode': True,
    },
    '@jupyterlab/docmanager-extension/plugin': {'autosave': False},
    # A busy machine may complete later than within the usual second; what comes later is dropped.
    '@jupyterlab/completer-extension/manager': {'providerTimeout': 60_000},
}

# The text of the outputs, without the prompt at their left.
SHOWN = """const shown = area => [...area.querySelectorAll('.jp-OutputArea-output')]
    .map(node => node.innerText.trim()).join('\\n').trim();
"""


def until(
    read: Callable[[], T], what: str, timeout: float = 30, every: float = 0.05, instead: Callable[[], object] = str
) -> T:
    """Returns the first truthy value of `read`, asked every `every` seconds; fails after `timeout` seconds.

    The failure tells what there is instead.
    """
    end = time.monotonic() + timeout
    while not (value := read()):
        assert time.monotonic() < end, f'not within {timeout} s: {what} {instead()}'
        time.sleep(every)
    return value


@contextmanager
def tasks(page: Page) -> Iterator[list[float]]:
    """Gives a list that holds, after the block, the CPU seconds of each task of the page's main thread, longest first.

    Of its CPU, not of the clock, so that neighbours on the same core change nothing.
    """
    browser, found = page.context.browser, list[float]()
    assert browser
    browser.start_tracing(page=page, categories=['toplevel'])
    try:
        yield found
    finally:
        events = json.loads(browser.stop_tracing())['traceEvents']
    named = [event for event in events if event['name'] == 'thread_name']
    mains = {(one['pid'], one['tid']) for one in named if one['args']['name'] == 'CrRendererMain'}
    found += [
        event.get('tdur', event['dur']) / 1e6
        for event in events
        if event['ph'] == 'X' and event['name'].endswith('RunTask') and (event['pid'], event['tid']) in mains
    ]
    found.sort(reverse=True)


class Server:
    """A JupyterLab process on the notebooks in `folder / 'work'`; `options` are more of its command line."""

    def __init__(self, folder: Path, options: Sequence[str] = ()):
        self.work = folder / 'work'
        self.work.mkdir(parents=True)
        self._write_settings(folder / 'settings')
        self._log = (folder / 'server.log').open('wb')
        runtime = folder / 'runtime'
        names = {'CONFIG_DIR': 'config', 'DATA_DIR': 'data', 'RUNTIME_DIR': 'runtime'}
        env = os.environ | {f'JUPYTER_{name}': str(folder / sub) for name, sub in names.items()}
        env |= {'IPYTHONDIR': str(folder / 'ipython'), 'HOME': str(folder)}
        env |= {'JUPYTERLAB_SETTINGS_DIR': str(folder / 'settings')}
        env |= {'JUPYTERLAB_WORKSPACES_DIR': str(folder / 'workspaces')}
        self._process = subprocess.Popen(
            [
                *(sys.executable, '-m', 'jupyterlab', '--no-browser', '--allow-root', '--ip=127.0.0.1'),
                *('--ServerApp.port=0', '--IdentityProvider.token=', '--ServerApp.disable_check_xsrf=True'),
                *('--LabApp.expose_app_in_browser=True', '--LabApp.news_url='),
                '--JupyterNotebookApp.expose_app_in_browser=True',
                f'--ServerApp.root_dir={self.work}',
                *options,
            ],
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        try:
            self.url = until(lambda: self._address(runtime), 'JupyterLab has started', timeout=180)
        except AssertionError:
            self._process.kill()
            raise

    def _write_settings(self, folder: Path) -> None:
        for name, values in LAB_SETTINGS.items():
            path = folder / f'{name}.jupyterlab-settings'
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(values))

    def _address(self, runtime: Path) -> str | None:
        assert self._process.poll() is None, Path(self._log.name).read_text()
        for path in runtime.glob('jpserver-*.json'):
            try:
                url = json.loads(path.read_text())['url'].rstrip('/')
            except ValueError:  # it is just being written
                continue
            if self._answers(url):
                return url
        return None

    @staticmethod
    def _answers(url: str) -> bool:
        try:
            return urllib.request.urlopen(f'{url}/api/status', timeout=5).status == 200
        except OSError:
            return False

    def api(self, path: str, method: str = 'GET') -> Any:
        """Returns the JSON that the server's REST address answers, None when it answers nothing."""
        request = urllib.request.Request(f'{self.url}/api/{path}', method=method)
        body = urllib.request.urlopen(request, timeout=20).read()
        return json.loads(body) if body else None

    def stop_kernels(self) -> None:
        for kernel in self.api('kernels'):  # and with each the sessions that use it, which may be several
            self.api(f'kernels/{kernel["id"]}', 'DELETE')
        until(lambda: not self.api('kernels'), 'no kernel is left')

    def close(self) -> None:
        self.stop_kernels()
        self._process.terminate()
        self._process.wait(60)
        self._log.close()


@dataclass
class Sample:
    """What a cell's output area showed `at` seconds after the cell was run."""

    at: float
    text: str


class Notebook:
    """One notebook, open in `page`; a cell is named by its index."""

    def __init__(self, page: Page, path: Path):
        self.page = page
        self.path = path

    def js(self, body: str, *args: Any) -> Any:
        """Runs `body` with `panel` (Lab's notebook panel), `cells`, `app` and `args` at hand; returns its value."""
        return self.page.evaluate(
            """async ({body, name, args}) => {
                const app = window.jupyterapp;
                const panel = [...app.shell.widgets('main')].find(w => w.context?.path === name);
                const cells = panel.content.widgets;
                const run = new (Object.getPrototypeOf(async function(){}).constructor)(
                    'app', 'panel', 'cells', 'args', body);
                return await run(app, panel, cells, args);
            }""",
            {'body': body, 'name': self.path.name, 'args': args},
        )

    def start(self, index: int) -> None:
        """Runs the cell as Shift-Enter would, without waiting for its end."""
        self.js(
            """panel.content.activeCellIndex = args[0];
            panel.content.deselectAll();
            app.shell.activateById(panel.id);
            window.ended = false;
            app.commands.execute('notebook:run-cell').finally(() => { window.ended = true; });""",
            index,
        )

    def wait_end(self, index: int, timeout: float = 60) -> None:
        """Waits for the end of the cell that was started last."""
        until(lambda: self.js('return window.ended;'), f'cell {index} has run', timeout)

    def run(self, index: int, timeout: float = 60) -> None:
        """Runs the cell to its end."""
        self.start(index)
        self.wait_end(index, timeout)

    def run_all(self) -> None:
        """Starts Run All Cells, without waiting for its end."""
        self.js("app.shell.activateById(panel.id); void app.commands.execute('notebook:run-all-cells');")

    def interrupt(self) -> None:
        self.js('await panel.sessionContext.session.kernel.interrupt();')

    def wait_idle(self, timeout: float = 60) -> None:
        """Waits until nothing runs or waits to run."""
        until(
            lambda: self.js(
                """return panel.sessionContext.session.kernel.status === 'idle'
                    && cells.every(cell => !(cell.model.executionState || '').match(/running|scheduled/))
                    && ![...panel.node.querySelectorAll('.jp-InputPrompt')].some(p => p.textContent.includes('*'));"""
            ),
            'the kernel is idle',
            timeout,
        )

    def until_text(self, index: int, text: str, timeout: float = 30) -> None:
        """Waits until `text` can be read below the cell."""
        until(lambda: text in self.text(index), f'{text!r} is below cell {index}', timeout)

    def reveal(self, index: int) -> None:
        """Scrolls the cell into sight."""
        self.js("cells[args[0]].node.scrollIntoView({block: 'center'});", index)

    def outputs(self, index: int) -> list[dict[str, Any]]:
        """The cell's outputs, as they would be saved now."""
        return self.js('return cells[args[0]].model.outputs.toJSON();', index)

    def text(self, index: int) -> str:
        """What a person reads below the cell."""
        return self.js(f'{SHOWN} return shown(cells[args[0]].outputArea.node);', index)

    def html(self, index: int) -> str:
        return self.js('return cells[args[0]].outputArea?.node.innerHTML ?? "";', index)

    def watch(self, index: int, timeout: float = 60) -> list[Sample]:
        """Runs the cell to its end; returns a sample for each change of the text below it, timed in the page."""
        self.js(
            f'{SHOWN}'
            """const area = cells[args[0]].outputArea.node;
            const samples = window.samples = [];
            const look = () => {
                const text = shown(area);
                if (text !== (samples.at(-1)?.text ?? '')) samples.push({at: performance.now(), text});
            };
            window.observer?.disconnect();
            panel.content.activeCellIndex = args[0];
            app.shell.activateById(panel.id);
            app.commands.execute('notebook:clear-cell-output');
            await new Promise(requestAnimationFrame);
            window.observer = new MutationObserver(look);
            window.observer.observe(area, {childList: true, subtree: true, characterData: true});
            window.began = performance.now();
            window.ended = false;
            app.commands.execute('notebook:run-cell').finally(() => { window.ended = true; });""",
            index,
        )
        self.wait_end(index, timeout)
        self.page.wait_for_timeout(200)
        samples = self.js('window.observer.disconnect(); return window.samples;')
        began = self.js('return window.began;')
        return [Sample((sample['at'] - began) / 1000, sample['text']) for sample in samples]

    def save(self) -> nbformat.NotebookNode:
        """Saves through Lab; returns the file as it is then on disk."""
        self.js('await panel.context.save();')
        return self.saved()

    def saved(self) -> nbformat.NotebookNode:
        return nbformat.read(self.path, as_version=4)

    def close(self) -> None:
        self.js(
            """if (panel.sessionContext.session) await panel.sessionContext.shutdown();
            await panel.context.save().catch(() => {});
            panel.dispose();"""
        )


class Lab:
    """One page of Chromium on `server`."""

    def __init__(
        self,
        server: Server,
        browser: Browser,
        screenshots: Path,
        prepare: Callable[[BrowserContext], None] | None = None,
    ):
        self.server = server
        context = browser.new_context(viewport={'width': 1100, 'height': 900})
        if prepare:
            prepare(context)
        self.page = context.new_page()
        self.errors: list[str] = []
        self._screenshots = screenshots
        self.page.on('pageerror', lambda error: self.errors.append(str(error)))
        self.load()

    def load(self) -> None:
        """Loads the page anew, with nothing open."""
        self.page.goto(f'{self.server.url}/lab?reset')
        self.page.wait_for_function('window.jupyterapp?.shell', timeout=60_000)
        self.page.evaluate(
            """async () => {
                await window.jupyterapp.restored;
                if (!window.jupyterapp.shell.leftCollapsed) window.jupyterapp.shell.collapseLeft();
            }"""
        )

    def write(self, name: str, cells: Sequence[str]) -> Path:
        """Writes a notebook of these code cells; returns its path, which `open` takes."""
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(source) for source in cells],
            metadata={'kernelspec': {'name': 'python3', 'display_name': 'Python 3 (ipykernel)', 'language': 'python'}},
        )
        path = self.server.work / name
        nbformat.write(notebook, path)
        return path

    def open(self, path: Path, *, kernel: bool = True, busy: bool = False) -> Notebook:
        """Opens the notebook, with a kernel of its own or, on request, with none; `busy` if it runs a cell already, so
        that it says nothing of itself.
        """
        preference = {} if kernel else {'shouldStart': False, 'autoStartDefault': False, 'canStart': True}
        self.page.evaluate(
            """async ({path, preference}) => {
                await window.jupyterapp.commands.execute('docmanager:open',
                    {path, factory: 'Notebook', kernelPreference: preference});
            }""",
            {'path': path.name, 'preference': preference},
        )
        return self._ready(path, kernel, busy)

    def _ready(self, path: Path, kernel: bool, busy: bool) -> Notebook:
        """The notebook that is being opened, once it can be used."""
        book = Notebook(self.page, path)
        book.js(
            """const [kernel, busy] = args;
            await panel.context.ready;
            await panel.revealed;
            if (kernel) await panel.sessionContext.ready;
            if (kernel && !busy) await panel.sessionContext.session.kernel.info;""",
            kernel,
            busy,
        )
        return book

    def screenshot(self, name: str) -> Path:
        """Keeps what the page shows as a picture; returns its path."""
        self._screenshots.mkdir(parents=True, exist_ok=True)
        path = self._screenshots / f'{name}.png'
        self.page.screenshot(path=path)
        return path


class Classic(Lab):
    """One page of Chromium on Notebook 7 of the same server: it shows one notebook at a time."""

    def load(self) -> None:
        """Nothing is there before a notebook is opened."""

    def open(self, path: Path, *, kernel: bool = True, busy: bool = False) -> Notebook:
        assert kernel, 'Notebook 7 starts a kernel with every notebook'
        self.page.goto(f'{self.server.url}/notebooks/{path.name}')
        self.page.wait_for_function('window.jupyterapp?.shell?.currentWidget?.context', timeout=60_000)
        return self._ready(path, kernel, busy)

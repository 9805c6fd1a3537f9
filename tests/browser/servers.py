"""Servers of other front ends than JupyterLab, each a process of its own, and pages of Chromium on them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, Route

from .rig import until

SCREENSHOTS = Path(__file__).resolve().parents[2] / 'build' / 'screenshots'


def free_port() -> int:
    with socket.socket() as asked:
        asked.bind(('127.0.0.1', 0))
        return asked.getsockname()[1]


@contextmanager
def served(folder: Path, module: str, *arguments: str) -> Iterator[str]:
    """Runs `python -m module arguments… --port=N` in the folder, with settings of its own; gives its address."""
    port = free_port()
    log = folder / f'{module}.log'
    with log.open('wb') as out:
        process = subprocess.Popen(
            [sys.executable, '-m', module, *arguments, f'--port={port}'],
            cwd=folder,
            env=environment(folder),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        try:
            until(lambda: listens(process, port), f'{module} has started', timeout=60, instead=log.read_text)
            yield f'http://127.0.0.1:{port}'
        finally:
            process.terminate()
            process.wait(60)


def environment(folder: Path) -> dict[str, str]:
    own = {f'JUPYTER_{name}_DIR': str(folder / name.lower()) for name in ('CONFIG', 'DATA', 'RUNTIME')}
    own |= {f'XDG_{name}_HOME': str(folder / name.lower()) for name in ('CONFIG', 'DATA', 'STATE', 'CACHE')}
    root = str(Path(__file__).resolve().parents[2])
    return os.environ | own | {'HOME': str(folder), 'IPYTHONDIR': str(folder / 'ipython'), 'PYTHONPATH': root}


def listens(process: subprocess.Popen[bytes], port: int) -> bool:
    assert process.poll() is None, 'the server has ended'
    try:
        socket.create_connection(('127.0.0.1', port), timeout=5).close()
    except OSError:
        return False
    return True


@contextmanager
def page_of(browser: Browser, url: str, errors: list[str]) -> Iterator[Page]:
    """A page that reaches the server alone; `errors` gets what its scripts throw."""

    def pass_local(route: Route) -> None:
        local = route.request.url.startswith((url, 'data:', 'blob:'))
        route.continue_() if local else route.abort()

    context = browser.new_context(viewport={'width': 1100, 'height': 900})
    context.route('**/*', pass_local)
    page = context.new_page()
    page.on('pageerror', lambda error: errors.append(str(error)))
    page.goto(url, wait_until='domcontentloaded')
    yield page
    context.close()


def screenshot(page: Page, name: str) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f'{name}.png')

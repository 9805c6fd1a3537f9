"""From nothing but a wheel to a first answer: each step timed, in a fresh environment.

    python benchmarks/first_answer.py [--wheel FILE]

A new virtual environment; `pip install 'WHEEL[local]'`, with pip's cache as it is; the weights, by the command that the
README names; a kernel of that environment; then the README's first two cells, pasted into it. The wheel is built from
this folder, which is not timed, unless one is named.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jupyter_client.manager import KernelManager

ROOT = Path(__file__).parents[1]
CELLS = re.findall(r'^```python\n(.*?)^```', (ROOT / 'README.md').read_text(), re.MULTILINE | re.DOTALL)[:2]
ANSWER = 'jupyter_stream'  # the key of an answer's own metadata


class Steps:
    """What each step took, in order: seconds, and the processor seconds of the programs that it ran to their end."""

    def __init__(self) -> None:
        self.took: dict[str, tuple[float, float]] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        began, used = time.monotonic(), processor()
        yield
        self.took[name] = time.monotonic() - began, processor() - used
        print(f'{name}: {self.took[name][0]:.1f} s', file=sys.stderr)

    def report(self) -> None:
        print('| step | seconds | of a processor |\n| --- | ---: | ---: |')
        for name, (seconds, used) in self.took.items():
            print(f'| {name} | {seconds:.1f} | {f"{used:.1f}" if used else "–"} |')
        print(f'| all | {sum(seconds for seconds, _ in self.took.values()):.1f} | |')


def processor() -> float:
    """Processor seconds of all programs that this one has run to their end."""
    times = os.times()
    return times.children_user + times.children_system


def run(*command: object) -> None:
    subprocess.run([str(word) for word in command], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def built(folder: Path) -> Path:
    """Builds the wheel in `folder`; returns its path."""
    run(sys.executable, '-m', 'uv', 'build', '--quiet', '--wheel', '--out-dir', folder, ROOT)
    return next(folder.glob('*.whl'))


def ask(python: Path, folder: Path, steps: Steps) -> str:
    """Runs the README's first cells in a kernel of that environment; returns the answer."""
    manager = KernelManager(kernel_name='python3')
    assert manager.kernel_spec
    manager.kernel_spec.argv[0] = str(python)
    with steps.step('the kernel starts'):
        manager.start_kernel(cwd=str(folder))
        client = manager.client()
        client.start_channels()
        client.wait_for_ready(timeout=180)
    try:
        with steps.step('`%load_ext jupyter_stream`'):
            client.execute_interactive(CELLS[0], timeout=180)
        return _answered(client, steps)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def _answered(client: Any, steps: Steps) -> str:
    shown: list[str] = []

    def look(message: dict[str, Any]) -> None:
        if ANSWER in message['content'].get('metadata', {}):
            shown.append(message['content']['data']['text/plain'])

    with steps.step('`%%ask`, to the end of the answer'):
        client.execute_interactive(CELLS[1], output_hook=look, timeout=300)
    return shown[-1] if shown else ''


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--wheel', type=Path, help='a wheel that is there already')
    options = parser.parse_args()
    steps = Steps()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wheel = options.wheel.resolve() if options.wheel else built(folder)
        python = folder / 'venv' / 'bin' / 'python'
        with steps.step('a virtual environment'):
            run(sys.executable, '-m', 'venv', folder / 'venv')
        with steps.step("`pip install 'jupyter-stream[local]'`"):
            run(python, '-m', 'pip', 'install', '--quiet', f'{wheel}[local]')
        with steps.step('`python -m jupyter_stream.local install`'):
            run(python, '-m', 'jupyter_stream.local', 'install')
        answer = ask(python, folder, steps)
    steps.report()
    print(f'\n{answer}')
    if not answer.strip():
        sys.exit('No answer came.')


if __name__ == '__main__':
    main()

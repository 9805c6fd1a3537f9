"""`make demo`: runs the quickstart in a real kernel and prints its answers as they come.

Writes build/01-quickstart.ipynb and build/01-quickstart.html. Exits with 1 when a cell fails, when an answer is empty
or when there is none.
"""

import html
import os
import re
import shutil
import sys
from pathlib import Path
from typing import Any, TextIO

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbconvert import HTMLExporter
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parents[1]
NAME = '01-quickstart'
ANSWER = 'jupyter_stream'  # the key of an answer's own metadata
CLOSING = '*_`~$|>)] \n'
DIM, PLAIN = '\x1b[2m', '\x1b[0m'


class Growing:
    """Text that grows on a terminal: only what is new is printed.

    A growing answer ends with what closes its open Markdown (`**`, a fence), and its last state may be spaced
    otherwise: so marks at the end wait until more comes, and white space is no difference.
    """

    def __init__(self, out: TextIO):
        self._out = out
        self._shown = ''
        self._whole = ''

    def show(self, text: str) -> None:
        """Prints what `text` has beyond what was shown; all of it, instead or on a new line, if it is another text."""
        self._whole = text
        self._print(text.rstrip(CLOSING))

    def end(self) -> None:
        """Prints what was held back."""
        self._print(self._whole.rstrip())
        if self._shown:
            self._out.write('\n\n')

    def _print(self, text: str) -> None:
        at = end_of(self._shown, text)
        if at is None and end_of(text, self._shown) is not None:
            return  # it shrank, as when a note about waiting goes
        self._out.write(text[at:] if at is not None else f'{self._afresh()}{text}')
        self._out.flush()
        self._shown = text

    def _afresh(self) -> str:
        return '\r\x1b[K' if self._out.isatty() and '\n' not in self._shown else '\n'


def end_of(start: str, text: str) -> int | None:
    """Returns where `start` ends in `text`, which begins with it but for white space; None if it doesn't."""
    at = 0
    for char in start:
        if char.isspace():
            continue
        while at < len(text) and text[at].isspace():
            at += 1
        if at == len(text) or text[at] != char:
            return None
        at += 1
    return at


def shown_text(outputs: list[NotebookNode]) -> str:
    """Returns what a cell shows, as text."""
    texts = [out.text if out.output_type == 'stream' else readable(out.get('data', {})) for out in outputs]
    return '\n\n'.join(text.strip('\n') for text in texts if text.strip())


def readable(data: dict[str, str]) -> str:
    """Returns the Markdown, which an answer has from its first moment, without what makes it harmless to a page."""
    markdown = data.get('text/markdown')
    return html.unescape(re.sub('</?span>', '', markdown)) if markdown else data.get('text/plain', '')


class LiveClient(NotebookClient):
    """Runs a notebook as a person's front end does, and prints each cell as it grows."""

    growing: Growing | None = None

    async def async_start_new_kernel_client(self) -> Any:
        client = await super().async_start_new_kernel_client()
        client.allow_stdin = True  # says that somebody is watching, so answers stream
        return client

    async def async_execute_cell(self, cell: NotebookNode, cell_index: int, *args: Any, **kwargs: Any) -> NotebookNode:
        self.growing = Growing(sys.stdout)
        introduce(cell)
        try:
            return await super().async_execute_cell(cell, cell_index, *args, **kwargs)
        finally:
            self.growing.end()

    def process_message(self, msg: dict[str, Any], cell: NotebookNode, cell_index: int) -> NotebookNode | None:
        output = super().process_message(msg, cell, cell_index)
        if self.growing and cell.outputs:
            self.growing.show(shown_text(cell.outputs))
        return output


def introduce(cell: NotebookNode) -> None:
    """Prints a cell's text, or its code in a paler colour."""
    dim, plain = (DIM, PLAIN) if sys.stdout.isatty() else ('', '')
    if cell.cell_type == 'markdown':
        print(f'{cell.source}\n')
    elif cell.cell_type == 'code':
        print(f'{dim}{cell.source}{plain}\n', flush=True)


def answers(notebook: NotebookNode) -> list[str]:
    """Returns the text of each answer in the notebook."""
    outputs = [output for cell in notebook.cells for output in cell.get('outputs', [])]
    return [str(output.data.get('text/plain', '')) for output in outputs if ANSWER in output.get('metadata', {})]


def run(notebook: NotebookNode) -> str | None:
    """Runs the notebook in place; returns what went wrong, or None."""
    os.environ.pop('JUPYTER_STREAM_MODEL', None)  # the quickstart speaks of the embedded model
    os.environ['JUPYTER_STREAM_VIEW'] = 'markdown'  # a terminal shows no widgets, but a text that grows
    quiet = ['--IPKernelApp.log_level=ERROR']
    place = {'metadata': {'path': str(ROOT / 'notebooks')}}
    try:
        LiveClient(notebook, timeout=300, resources=place, extra_arguments=quiet, coalesce_streams=True).execute()
    except CellExecutionError as error:
        return f'A cell failed: {error.ename}: {error.evalue}'
    texts = answers(notebook)
    if not texts:
        return 'The notebook showed no answer.'
    empty = sum(not text.strip() for text in texts)
    return f'{empty} of {len(texts)} answers are empty.' if empty else None


def write(notebook: NotebookNode, folder: Path) -> Path:
    """Writes the notebook and its page into `folder`; returns the page's path."""
    folder.mkdir(exist_ok=True)
    nbformat.write(notebook, folder / f'{NAME}.ipynb')
    page = folder / f'{NAME}.html'
    page.write_text(HTMLExporter().from_notebook_node(notebook)[0])
    return page


def main() -> int:
    notebook = nbformat.read(ROOT / 'notebooks' / f'{NAME}.ipynb', as_version=4)
    problem = run(notebook)
    page = write(notebook, ROOT / 'build')
    print('─' * min(80, shutil.get_terminal_size().columns))
    print(f'The notebook as it ran:  {page.with_suffix(".ipynb").relative_to(ROOT)}')
    print(f'The same as a page:      {page.relative_to(ROOT)}')
    print('To run it yourself:      make lab')
    if problem:
        print(problem, file=sys.stderr)
    return bool(problem)


if __name__ == '__main__':
    sys.exit(main())

"""A notebook's page before a real kernel: cells with ids, and what a front end tells of them when one runs.

It keeps outputs as JupyterLab does, and writes the file that JupyterLab would write.
"""

from __future__ import annotations

import json
import os
import sys
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty
from typing import Any

from jupyter_client.manager import KernelManager
from jupyter_client.session import Session

LOAD = """
%load_ext jupyter_stream
from jupyter_stream.models.function import FunctionModel
from jupyter_stream.messages import ModelRequest, TextPart
seen = []
def words(messages):
    said = []
    for message in messages:
        for part in message.parts:
            if part.part_kind in ('user-prompt', 'text'):
                said.append(part.content)
    return said
async def answer(messages, info):
    seen.append(words(messages))
    yield f'answer {len(seen)} to '
    yield words(messages)[-1]
model = FunctionModel(stream_function=answer)
%config AskMagics.model = 'model'
"""
"""What a kernel needs to answer: a model that numbers its answers, and notes what it was sent."""

FORGET = """
from jupyter_stream.notebook import kernel
kernel.state = kernel.KernelState()
get_ipython().config.pop('AskMagics', None)
if 'AskMagics' in get_ipython().magics_manager.registry:
    %unload_ext jupyter_stream
"""
"""What makes a kernel forget that anybody asked."""


@dataclass(eq=False)
class Cell:
    """A code cell."""

    source: str
    id: str = field(default_factory=lambda: uuid.uuid4().hex[:8])
    outputs: list[dict[str, Any]] = field(default_factory=list)
    number: int | None = None

    @property
    def plain(self) -> str:
        """The plain text of what it shows."""
        return '\n'.join(output.get('data', {}).get('text/plain', '') for output in self.outputs)

    @property
    def markdown(self) -> str:
        """The Markdown of what it shows."""
        return '\n'.join(output.get('data', {}).get('text/markdown', '') for output in self.outputs)

    @property
    def error(self) -> str:
        """Its error, as it is shown; '' for none."""
        return '\n'.join('\n'.join(output['traceback']) for output in self.outputs if 'traceback' in output)

    @property
    def turn(self) -> dict[str, Any]:
        """What its output keeps of its turn."""
        return self.outputs[-1]['metadata']['jupyter_stream']['turn']


class Kernel:
    """A kernel in a process of its own, for one notebook's file."""

    def __init__(self, folder: Path, path: Path | None = None, environ: dict[str, str] | None = None) -> None:
        folders = {name: str(folder) for name in ('IPYTHONDIR', 'JUPYTER_RUNTIME_DIR', 'JUPYTER_CONFIG_DIR')}
        named = {} if path is None else {'JPY_SESSION_NAME': str(path)}
        self.manager = KernelManager(connection_file=str(folder / f'kernel-{uuid.uuid4().hex[:8]}.json'))
        self.manager.kernel_spec.argv = [sys.executable, '-m', 'ipykernel_launcher', '-f', '{connection_file}']
        self.manager.start_kernel(env={**os.environ, **folders, **named, **(environ or {})}, cwd=str(folder))
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    def restart(self) -> None:
        """Press Restart."""
        self.manager.restart_kernel(now=True)
        self.client.stop_channels()
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    def stop(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


class Page:
    """A page that shows one notebook.

    Args:
        kernel: the kernel that it uses.
        tells: whether it tells the kernel of its cells, as JupyterLab does; nbclient and terminals do not.
        path: the notebook's file.
    """

    def __init__(self, kernel: Kernel, *, tells: bool = True, path: Path | None = None) -> None:
        self.kernel = kernel
        self.path = path
        self.cells: list[Cell] = []
        self._tells = tells
        self._deleted: list[str] = []
        self._session = Session()
        self._session.key = kernel.client.session.key
        self._displays: dict[str, tuple[Cell, int]] = {}
        self._comms: dict[str, str] = {}

    # ------------------------------------------------------------------ what a reader does

    def add(self, source: str, at: int | None = None) -> Cell:
        """Add a cell, at the end or at a place."""
        cell = Cell(source)
        self.cells.insert(len(self.cells) if at is None else at, cell)
        return cell

    def ask(self, prompt: str, options: str = '') -> Cell:
        """Add a cell that asks, at the end, and run it; it must not fail."""
        cell = self.add(f'%%ask {options}'.rstrip() + f'\n{prompt}')
        self.run(cell)
        assert not cell.error, cell.error
        return cell

    def delete(self, cell: Cell) -> int:
        """Delete a cell; returns where it was, for `undo`."""
        at = self.cells.index(cell)
        self.cells.remove(cell)
        self._deleted.append(cell.id)
        return at

    def undo(self, cell: Cell, at: int) -> None:
        """Undo the deletion: the same id again, and nobody is told that it was deleted unless somebody was already."""
        self.cells.insert(at, cell)
        if cell.id in self._deleted:
            self._deleted.remove(cell.id)

    def copy(self, cell: Cell) -> Cell:
        """Copy a cell and paste it below: a new id."""
        at = self.cells.index(cell)
        return self.add(cell.source, at + 1)

    def cut_and_paste(self, cell: Cell, at: int) -> None:
        """Cut a cell and paste it elsewhere: the same id, which is told as deleted too."""
        self.cells.remove(cell)
        self.cells.insert(at, cell)
        self._deleted.append(cell.id)

    def split(self, cell: Cell, first: str) -> Cell:
        """Split a cell behind `first`: the new first half has a new id, the second keeps the old one."""
        assert cell.source.startswith(first)
        new = Cell(first)
        cell.source = cell.source[len(first) :].lstrip('\n')
        self.cells.insert(self.cells.index(cell), new)
        return new

    def merge(self, *cells: Cell) -> Cell:
        """Merge cells: a new id, and both old ones are gone without a word."""
        at = self.cells.index(cells[0])
        for cell in cells:
            self.cells.remove(cell)
        return self.add('\n\n'.join(cell.source for cell in cells), at)

    def reload(self) -> None:
        """Load the page again: the same cells in another session, and displays cannot be updated any more."""
        self._session = Session()
        self._session.key = self.kernel.client.session.key
        self._displays.clear()

    def save(self) -> None:
        """Write the notebook's file."""
        assert self.path is not None
        self.path.write_text(json.dumps(self.notebook()), encoding='utf-8')

    def open_copy(self, path: Path) -> None:
        """Save under another name."""
        self.path = path
        self.save()

    def notebook(self) -> dict[str, Any]:
        """The notebook's JSON."""
        cells = [
            {
                'cell_type': 'code',
                'id': cell.id,
                'metadata': {},
                'source': cell.source.splitlines(keepends=True),
                'execution_count': cell.number,
                'outputs': [_saved(output) for output in cell.outputs],
            }
            for cell in self.cells
        ]
        return {'cells': cells, 'metadata': {}, 'nbformat': 4, 'nbformat_minor': 5}

    # ------------------------------------------------------------------ running

    def run(self, cell: Cell, *, interrupt: str = '') -> Cell:
        """Run a cell and wait for its end; `interrupt` presses Stop when the cell shows that text."""
        client = self.kernel.client
        content = {
            'code': cell.source,
            'silent': False,
            'store_history': True,
            'user_expressions': {},
            'allow_stdin': True,
            'stop_on_error': True,
        }
        told = {'cellId': cell.id, 'deletedCells': self._deleted, 'trusted': True} if self._tells else {}
        message = self._session.msg('execute_request', content, metadata=told)
        self._deleted = []
        cell.outputs = []
        self._session.send(client.shell_channel.socket, message)
        self._wait(cell, message['header']['msg_id'], interrupt)
        return cell

    def run_all(self) -> None:
        """Run all cells."""
        for cell in list(self.cells):
            self.run(cell)

    def value(self, expression: str) -> Any:
        """The value of an expression in the kernel, by way of JSON, without running a cell."""
        content = {
            'code': '',
            'silent': True,
            'store_history': False,
            'user_expressions': {'value': f"__import__('json').dumps({expression})"},
            'allow_stdin': False,
            'stop_on_error': False,
        }
        message = self._session.msg('execute_request', content)
        self._session.send(self.kernel.client.shell_channel.socket, message)
        reply = self._wait(Cell(''), message['header']['msg_id'])
        found = reply['user_expressions']['value']
        assert found['status'] == 'ok', found
        return json.loads(
            found['data']['text/plain'][1:-1].encode().decode('unicode_escape').encode('latin-1').decode()
        )

    @property
    def sent(self) -> list[str]:
        """The texts that the model was sent last, of its user and of itself."""
        return self.value('seen[-1]')

    def hello(self, path: str) -> None:
        """Say to the kernel which notebook this page shows, as the front end does when it has the core."""
        loader = self.value("__import__('jupyter_stream.notebook.kernel', fromlist=['state']).state._loader.model_id")
        content = {'comm_id': loader, 'data': {'method': 'custom', 'content': {'kind': 'hello', 'path': path}}}
        message = self._session.msg('comm_msg', content)
        self._session.send(self.kernel.client.shell_channel.socket, message)

    def _wait(self, cell: Cell, request: str, interrupt: str = '') -> dict[str, Any]:
        client, reply, idle, cleared = self.kernel.client, None, False, False
        deadline = time.monotonic() + 60
        while reply is None or not idle:
            assert time.monotonic() < deadline, 'the kernel does not answer'
            for channel in (client.iopub_channel, client.shell_channel):
                try:
                    message = channel.get_msg(timeout=0.02)
                except Empty:
                    continue
                kind, content = message['msg_type'], message['content']
                own = message['parent_header'].get('msg_id') == request
                if kind == 'execute_reply' and own:
                    reply = content
                elif kind == 'status' and own:
                    idle = idle or content['execution_state'] == 'idle'
                elif kind == 'execute_input' and own:
                    cell.number = content['execution_count']
                elif kind == 'clear_output' and own:
                    cleared = True
                elif kind == 'update_display_data':
                    self._update(content)
                elif kind in ('display_data', 'execute_result', 'error', 'stream') and own:
                    if cleared:
                        cell.outputs, cleared = [], False
                    self._show(cell, kind, content)
                if interrupt and own and interrupt in f'{cell.plain}{cell.markdown}':
                    self.kernel.manager.interrupt_kernel()
                    interrupt = ''
        return reply

    def _show(self, cell: Cell, kind: str, content: dict[str, Any]) -> None:
        cell.outputs.append({'output_type': kind, **content})
        display = content.get('transient', {}).get('display_id')
        if display:
            self._displays[display] = (cell, len(cell.outputs) - 1)

    def _update(self, content: dict[str, Any]) -> None:
        cell, at = self._displays.get(content['transient']['display_id'], (None, 0))
        if cell is not None and at < len(cell.outputs):
            cell.outputs[at] |= {'data': content['data'], 'metadata': content['metadata']}


def _saved(output: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in output.items() if name != 'transient'}

"""A real kernel, spoken to as JupyterLab does, and what comes back of a cell."""

from __future__ import annotations

import time
from collections.abc import Callable
from queue import Empty
from typing import Any

KEY = 'sk-a-key-that-nobody-may-see'

HELLO = 'Hello **world**.\n\n*— say_hello · 50 tokens in, 5 out*'
"""What a cell that asks `hello` shows."""

PRELUDE = """
%load_ext jupyter_stream
import asyncio, time
from jupyter_stream.models.function import FunctionModel
async def say_hello(messages, info):
    for word in ['Hello', ' ', '**world**', '.']:
        yield word
        await asyncio.sleep(0.01)
async def go_on(messages, info):
    for n in range(2000):
        yield f'word{n} '
        await asyncio.sleep(0.02)
async def fail(messages, info):
    from jupyter_stream.exceptions import ModelAPIError
    yield 'half an ans'
    raise ModelAPIError('fail', 'The provider went away.')
async def be_late(messages, info):
    await asyncio.sleep(0.4)
    yield 'late'
async def take_a_second(messages, info):
    for n in range(20):
        yield 'a '
        await asyncio.sleep(0.05)
functions = say_hello, go_on, fail, be_late, take_a_second
hello, endless, failing, late, slow = (FunctionModel(stream_function=f) for f in functions)
"""


class Kernel:
    """A kernel and a client of it."""

    def __init__(self, manager: Any, client: Any) -> None:
        self.manager = manager
        self.client = client

    def send(self, code: str) -> str:
        return self.client.execute(code, stop_on_error=True)

    def send_from(self, cell: str, code: str) -> str:
        """`send`, with the id of the cell in its notebook, as JupyterLab, Notebook and VS Code send it."""
        content = {'code': code, 'silent': False, 'store_history': True, 'user_expressions': {}, 'stop_on_error': True}
        message = self.client.session.msg('execute_request', content, metadata={'cellId': cell})
        self.client.shell_channel.send(message)
        return message['header']['msg_id']

    def finish(self, *ids: str, watch: Callable[[dict[str, Any]], None] = lambda m: None) -> dict[str, Outcome]:
        """Wait for the cells to end; each message of theirs, or of a comm, is shown to `watch` as it comes."""
        found = {msg_id: Outcome() for msg_id in ids}
        deadline = time.monotonic() + 60
        while any(o.reply is None or not o.idle for o in found.values()):
            assert time.monotonic() < deadline, 'the kernel does not answer'
            for channel in (self.client.iopub_channel, self.client.shell_channel):
                try:
                    message = channel.get_msg(timeout=0.02)
                except Empty:
                    continue
                outcome = found.get(message['parent_header'].get('msg_id'))
                if outcome is not None:
                    outcome.take(message)
                # A comm's messages are for whoever has the comm, whichever request they answer.
                if outcome is not None or message['msg_type'] == 'comm_msg':
                    watch(message)
        return found

    def run(self, code: str, watch: Callable[[dict[str, Any]], None] = lambda m: None) -> Outcome:
        msg_id = self.send(code)
        return self.finish(msg_id, watch=watch)[msg_id]

    def value(self, expression: str) -> str:
        """The repr of an expression in the kernel."""
        outcome = self.run(f'print(repr(({expression})), end="")')
        assert outcome.reply is not None
        assert outcome.reply['status'] == 'ok', outcome.messages
        return ''.join(m['content']['text'] for m in outcome.of('stream'))


class Outcome:
    """What came back of one cell."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.reply: dict[str, Any] | None = None
        self.idle = False

    def take(self, message: dict[str, Any]) -> None:
        if message['msg_type'] == 'execute_reply':
            self.reply = message['content']
        elif message['msg_type'] == 'status':
            self.idle = self.idle or message['content']['execution_state'] == 'idle'
        else:
            self.messages.append(message)

    def of(self, *kinds: str) -> list[dict[str, Any]]:
        return [m for m in self.messages if m['msg_type'] in kinds]

    def outputs(self) -> list[dict[str, Any]]:
        """The outputs that a notebook would hold now."""
        shown: dict[Any, dict[str, Any]] = {}
        clear = False
        for message in self.messages:
            kind, content = message['msg_type'], message['content']
            if kind == 'clear_output':
                clear = True
                continue
            if kind not in {'display_data', 'update_display_data', 'execute_result', 'error', 'stream'}:
                continue
            if clear:
                shown, clear = {}, False
            key = content.get('transient', {}).get('display_id') or len(shown)
            if kind == 'update_display_data' and key not in shown:
                continue
            shown[key] = {'kind': kind, **content}
        return list(shown.values())

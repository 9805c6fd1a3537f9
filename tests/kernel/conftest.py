"""A real kernel to run cells in, and a real server that streams slowly and notices when it is left."""

import os
import select
import socket
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from jupyter_client.manager import KernelManager


@dataclass
class Reply:
    """What came of a cell: the reply's status and error, and what the cell printed and displayed, in order."""

    status: str = ''
    ename: str = ''
    traceback: list[str] = field(default_factory=list)
    stdout: str = ''
    displayed: list[dict[str, Any]] = field(default_factory=list)
    ended: float = 0.0
    """When it had ended, on the test's monotonic clock."""
    idle: bool = False


class Kernel:
    """An ipykernel in a process of its own, driven as a notebook drives it: cells are sent, and may queue."""

    def __init__(self, folder: Path) -> None:
        folders = {name: str(folder) for name in ('IPYTHONDIR', 'JUPYTER_RUNTIME_DIR', 'JUPYTER_CONFIG_DIR')}
        self.manager = KernelManager(connection_file=str(folder / 'kernel.json'))
        self.manager.kernel_spec.argv = [sys.executable, '-m', 'ipykernel_launcher', '-f', '{connection_file}']
        self.manager.start_kernel(env={**os.environ, **folders}, cwd=str(folder))
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)
        self.replies: dict[str, Reply] = {}

    def send(self, code: str) -> str:
        """Queue a cell; returns what `wait` wants."""
        sent = self.client.execute(code)
        self.replies[sent] = Reply()
        return sent

    def run(self, code: str, timeout: float = 20) -> Reply:
        return self.wait(self.send(code), timeout)

    def send_comm(self, target: str, data: dict[str, Any]) -> None:
        """Open a comm, as a widget in the page does."""
        content = {'comm_id': uuid.uuid4().hex, 'target_name': target, 'data': data}
        self.client.shell_channel.send(self.client.session.msg('comm_open', content))

    def interrupt(self) -> float:
        """Press Stop; returns when, on the monotonic clock."""
        now = time.monotonic()
        self.manager.interrupt_kernel()
        return now

    def wait(self, sent: str, timeout: float = 20) -> Reply:
        reply = self.replies[sent]
        deadline = time.monotonic() + timeout
        while not (reply.idle and reply.status):
            assert time.monotonic() < deadline, f'The cell has not ended: {reply}'
            self._read()
        return reply

    def wait_for(self, sent: str, text: str, timeout: float = 20) -> None:
        """Until a cell that runs has printed `text`."""
        deadline = time.monotonic() + timeout
        while text not in self.replies[sent].stdout:
            assert time.monotonic() < deadline, f'{text!r} was not printed: {self.replies[sent]}'
            self._read()

    def _read(self) -> None:
        channels = self.client.iopub_channel, self.client.shell_channel
        for channel, handle in zip(channels, (self._published, self._replied), strict=True):
            with suppress(Empty):
                message = channel.get_msg(timeout=0.005)
                if reply := self.replies.get(message['parent_header'].get('msg_id', '')):
                    handle(reply, message['header']['msg_type'], message['content'])

    @staticmethod
    def _published(reply: Reply, kind: str, content: dict[str, Any]) -> None:
        if kind == 'stream':
            reply.stdout += content['text']
        elif kind in ('display_data', 'update_display_data', 'execute_result'):
            reply.displayed.append(content['data'])
        elif kind == 'status':
            reply.idle = content['execution_state'] == 'idle'

    @staticmethod
    def _replied(reply: Reply, kind: str, content: dict[str, Any]) -> None:
        reply.status = content['status']
        reply.ename = content.get('ename', '')
        reply.traceback = content.get('traceback', [])
        reply.ended = time.monotonic()

    def stop(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


class SlowServer:
    """Answers each POST with a chat completion that never ends, until it is left: a delta every 20 ms.

    After `pauses_after` deltas no more come: from then on the other side surely waits.
    """

    DELTA = b'data: {"choices":[{"index":0,"delta":{"content":"w%d "}}],"model":"slow"}\n\n'
    HEADERS = b'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n'

    def __init__(self) -> None:
        self.pauses_after = sys.maxsize
        self.opened = 0
        """How many requests have come."""
        self.closed: list[float] = []
        """When each connection was closed by the other side, on the monotonic clock."""
        self._stop = threading.Event()
        self._socket = socket.create_server(('127.0.0.1', 0))
        self.port: int = self._socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while not self._stop.is_set():
            with suppress(OSError):
                connection, _ = self._socket.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            request = b''
            while b'\r\n\r\n' not in request:
                request += connection.recv(65536)
            self.opened += 1
            connection.sendall(self.HEADERS)
            count = 0
            while not self._left(connection, 0.02):
                if count < self.pauses_after:
                    connection.sendall(self.DELTA % count)
                count += 1
        self.closed.append(time.monotonic())

    @staticmethod
    def _left(connection: socket.socket, seconds: float) -> bool:
        """Whether the other side closes the connection within `seconds`; the rest of its request is read away."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if select.select([connection], [], [], left)[0] and not connection.recv(65536):
                return True
        return False

    def wait_opened(self, count: int, timeout: float = 10) -> None:
        """Until the `count`-th request has come."""
        deadline = time.monotonic() + timeout
        while self.opened < count:
            assert time.monotonic() < deadline, 'The request has not come.'
            time.sleep(0.001)

    def wait_closed(self, count: int, timeout: float = 5) -> float:
        """When the `count`-th connection was closed."""
        deadline = time.monotonic() + timeout
        while len(self.closed) < count:
            assert time.monotonic() < deadline, 'The connection was not closed.'
            time.sleep(0.001)
        return self.closed[count - 1]

    def stop(self) -> None:
        self._stop.set()
        self._socket.close()


@pytest.fixture(scope='session')
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    kernel = Kernel(tmp_path_factory.mktemp('kernel'))
    yield kernel
    kernel.stop()


@pytest.fixture
def slow_server() -> Iterator[SlowServer]:
    server = SlowServer()
    yield server
    server.stop()

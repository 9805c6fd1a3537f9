"""A server on a raw socket that does to its clients what is written: real bytes, real resets, real silence.

Each connection is answered by the next step of a script, the last step again and again. A step is a function of a
`Connection`, called once the request has been read whole.
"""

from __future__ import annotations

import json
import select
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self

Step = Callable[['Connection'], None]


@dataclass
class Request:
    """What a client sent."""

    line: str
    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Connection:
    """One client, after its request was read."""

    def __init__(self, sock: socket.socket, request: Request, server: ScriptedServer) -> None:
        self.sock = sock
        self.request = request
        self.server = server

    def send(self, data: bytes | str) -> None:
        self.sock.sendall(data.encode() if isinstance(data, str) else data)

    def head(self, status: str = '200 OK', content_type: str | None = 'text/event-stream', **headers: str) -> None:
        """Status line and headers; without a length, so that the body ends with the connection."""
        lines = [f'HTTP/1.1 {status}', 'connection: close']
        lines += [f'content-type: {content_type}'] if content_type else []
        lines += [f'{name.replace("_", "-")}: {value}' for name, value in headers.items()]
        self.send('\r\n'.join([*lines, '', '']))

    def reset(self) -> None:
        """Close with an RST instead of a FIN."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        self.sock.close()

    def hold(self, seconds: float = 30.0) -> None:
        """Say nothing until the client goes away, and note when it did."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self.server.stopping.is_set():
            readable, _, _ = select.select([self.sock], [], [], 0.005)
            if readable:
                try:
                    gone = not self.sock.recv(4096)
                except OSError:
                    gone = True
                if gone:
                    self.server.client_left.append(time.monotonic())
                    return


@dataclass
class ScriptedServer:
    """Use it as a context manager; `url` is its base URL."""

    script: list[Step]
    requests: list[Request] = field(default_factory=list)
    client_left: list[float] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._listener = socket.create_server(('127.0.0.1', 0), backlog=512)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    @property
    def url(self) -> str:
        return f'http://127.0.0.1:{self.port}'

    def wait_until_left(self, timeout: float = 5.0) -> float:
        """When the client went away, on the monotonic clock."""
        until = time.monotonic() + timeout
        while not self.client_left:
            assert time.monotonic() < until, 'the client never closed its connection'
            time.sleep(0.005)
        return self.client_left[0]

    def _serve(self) -> None:
        count = 0
        while not self.stopping.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            step = self.script[min(count, len(self.script) - 1)]
            count += 1
            threading.Thread(target=self._answer, args=(sock, step), daemon=True).start()

    def _answer(self, sock: socket.socket, step: Step) -> None:
        try:
            step(Connection(sock, self._read(sock), self))
        except OSError:
            pass  # the client went away in the middle: its own affair
        finally:
            sock.close()

    def _read(self, sock: socket.socket) -> Request:
        data = b''
        while b'\r\n\r\n' not in data:
            data += sock.recv(65536) or _gone()
        head, _, body = data.partition(b'\r\n\r\n')
        line, *lines = head.decode('latin-1').split('\r\n')
        headers = {name.lower(): value for name, _, value in (one.partition(': ') for one in lines)}
        while len(body) < int(headers.get('content-length', 0)):
            body += sock.recv(65536) or _gone()
        request = Request(line, headers, body, time.monotonic())
        self.requests.append(request)
        return request


@dataclass
class KeepAliveServer(ScriptedServer):
    """Answers as many requests on a connection as the client sends; each gets the next step of the script.

    `connections` says how many there were. A step has to say where its body ends: see `whole`.
    """

    connections: int = 0

    def _answer(self, sock: socket.socket, step: Step) -> None:
        self.connections += 1
        with sock, suppress(OSError):  # the client has left: nobody else ends a connection
            while True:
                request = self._read(sock)
                self.script[min(len(self.requests), len(self.script)) - 1](Connection(sock, request, self))


def whole(body: bytes, *, pause: float = 0.0, content_type: str = 'text/event-stream', line: str = '200 OK') -> Step:
    """A step: a body in chunks on a connection that stays; its end comes after a pause."""

    def step(connection: Connection) -> None:
        head = f'HTTP/1.1 {line}\r\ncontent-type: {content_type}\r\ntransfer-encoding: chunked\r\n\r\n'
        connection.send(head.encode() + b'%x\r\n%b\r\n' % (len(body), body) + (b'' if pause else b'0\r\n\r\n'))
        if pause:
            time.sleep(pause)
            connection.send(b'0\r\n\r\n')

    return step


def _gone() -> bytes:
    raise ConnectionError('the client went away')


def events(*data: Any) -> bytes:
    """Server-sent events with these payloads; what is not text is written as JSON."""
    return b''.join(b'data: ' + (one if isinstance(one, str) else json.dumps(one)).encode() + b'\n\n' for one in data)


def chat(text: str | None = None, finish: str | None = None, **delta: Any) -> dict[str, Any]:
    """A chunk of OpenAI Chat Completions."""
    content = {'content': text} if text is not None else {}
    choice = {'index': 0, 'delta': {**content, **delta}, 'finish_reason': finish}
    return {'id': 'c1', 'object': 'chat.completion.chunk', 'created': 1700000000, 'model': 'm-1', 'choices': [choice]}


def sends(*pieces: bytes | str, pause: float = 0.0, head: Iterable[str] = ('200 OK', 'text/event-stream')) -> Step:
    """A step: the head, then the pieces, then the end of the connection."""

    def step(connection: Connection) -> None:
        connection.head(*head)
        for piece in pieces:
            connection.send(piece)
            if pause:
                time.sleep(pause)

    return step


def status(line: str, body: Any = '', content_type: str = 'application/json', **headers: str) -> Step:
    """A step: an answer with this status and body."""

    def step(connection: Connection) -> None:
        connection.head(line, content_type, **headers)
        connection.send(body if isinstance(body, str) else json.dumps(body))

    return step

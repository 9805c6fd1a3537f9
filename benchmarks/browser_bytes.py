"""What travels to the browser for one answer: every message of a running cell, as it goes over the websocket.

    python benchmarks/browser_bytes.py [--bytes 32768] [--rate 1000]

A real JupyterLab server and a real kernel; this program stands where the browser would, one without widgets (what
travels to one with widgets is in browser.py). The answer is Markdown, comes in deltas of a few characters, so many a
second, and is shown in three ways in one run:

- `%%ask`, whose cell holds nothing but the answer;
- `await aask(…)`, whose cell may show other things too, so that its one display can't be split;
- `update_display(Markdown(all))` for each delta, the usual way.

Bytes are those of the websocket's text frames (Jupyter's JSON protocol), envelopes included. `growth` is what comes
while the answer grows, `final` the last message, which holds the whole answer for the saved notebook, `other` the
kernel's own (busy, idle, the echo of the input). Writes build/browser_bytes.json.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import websocket

BUNDLE = 'jupyter_stream'
SILENCE = 5.0  # seconds

SOURCE = """
import asyncio, time
SECTION = '''## Section {n}

A stream is read as it comes: part {n} of this answer has *some* emphasis, `a little code` and a sentence or two that
go on for as long as sentences in such answers do, so that a paragraph is a paragraph.

1. The first point, with a [link](https://example.org/{n}).
2. The second point, which is a bit longer than the first one was.

```python
def section_{n}(value):
    return [value * {n} for _ in range({n})]
```

'''
TEXT = ''.join(SECTION.format(n=n) for n in range(1, 400))[:@SIZE@]
PIECE = 4
RATE = @RATE@

async def deltas(text=TEXT):
    began = time.perf_counter()
    for i, at in enumerate(range(0, len(text), PIECE)):
        yield text[at:at + PIECE]
        ahead = began + (i + 1) / RATE - time.perf_counter()
        if ahead > 0:
            await asyncio.sleep(ahead)
"""

SETUP = """
%load_ext jupyter_stream
%config AskMagics.view = 'markdown'
from jupyter_stream import aask
from jupyter_stream.models.function import FunctionModel

async def stream(messages, info):
    async for piece in deltas():
        yield piece

writer = FunctionModel(stream_function=stream)
"""

CELL = """%%ask -m writer -o answer
Write a long answer.
"""

CALL = """answer = await aask('Write a long answer.', model=writer)
"""

CHECK = 'assert answer.text == TEXT'

USUAL = """
from IPython.display import Markdown, display
handle = display(Markdown(''), display_id=True)
text = ''
async for piece in deltas():
    text += piece
    handle.update(Markdown(text))
"""


@dataclass
class Traffic:
    """Bytes and messages of one cell, by what they are for."""

    bytes: dict[str, int] = field(default_factory=lambda: {'growth': 0, 'final': 0, 'other': 0})
    messages: dict[str, int] = field(default_factory=lambda: {'growth': 0, 'final': 0, 'other': 0})
    seconds: float = 0.0

    def add(self, kind: str, size: int) -> None:
        self.bytes[kind] += size
        self.messages[kind] += 1

    @property
    def total(self) -> int:
        return sum(self.bytes.values())


class Front:
    """A front end's end of the kernel's websocket."""

    def __init__(self, url: str):
        request = urllib.request.Request(f'{url}/api/kernels', data=b'{"name": "python3"}', method='POST')
        kernel = json.loads(urllib.request.urlopen(request).read())['id']
        self._session = uuid.uuid4().hex
        address = f'{url.replace("http", "ws", 1)}/api/kernels/{kernel}/channels?session_id={self._session}'
        self._socket = websocket.create_connection(address, timeout=60)

    def run(self, code: str) -> Traffic:
        """Runs the cell; returns what came for it.

        A kernel that floods its socket loses messages, the last ones first and 'idle' among them: so the reply and
        then a silence end it too.

        Raises:
            SystemExit: the cell failed.
        """
        traffic, began = Traffic(), time.monotonic()
        parent = self._execute(code)
        self._socket.settimeout(60)
        for frame in self._frames():
            message = json.loads(frame)
            if message['parent_header'].get('msg_id') != parent:
                continue
            if message['channel'] == 'shell':
                failed(message['content'])
                self._socket.settimeout(SILENCE)
                continue
            traffic.add(purpose(message), len(frame.encode() if isinstance(frame, str) else frame))
            traffic.seconds = time.monotonic() - began
            if message['msg_type'] == 'status' and message['content']['execution_state'] == 'idle':
                break
        return traffic

    def _frames(self) -> Iterator[str | bytes]:
        with suppress(websocket.WebSocketTimeoutException):
            while True:
                yield self._socket.recv()

    def _execute(self, code: str) -> str:
        name = uuid.uuid4().hex
        header = {'msg_id': name, 'msg_type': 'execute_request', 'username': 'bench', 'session': self._session}
        header |= {'version': '5.3', 'date': '2026-01-01T00:00:00Z'}
        content = {'code': code, 'silent': False, 'store_history': True, 'allow_stdin': True}
        content |= {'user_expressions': {}, 'stop_on_error': True}
        message = {'header': header, 'parent_header': {}, 'metadata': {}, 'content': content, 'channel': 'shell'}
        self._socket.send(json.dumps(message))
        return name

    def close(self) -> None:
        self._socket.close()


def failed(reply: dict[str, Any]) -> None:
    if reply['status'] != 'ok':
        raise SystemExit('\n'.join(reply.get('traceback', [reply['status']])))


def purpose(message: dict[str, Any]) -> str:
    """Returns 'growth', 'final' or 'other'."""
    if message['msg_type'] in {'status', 'execute_input', 'execute_reply'}:
        return 'other'
    return 'final' if BUNDLE in message['content'].get('metadata', {}) else 'growth'


def start_server(folder: str) -> tuple[subprocess.Popen[bytes], str]:
    """Starts JupyterLab's server in `folder`; returns it and its URL, once it answers."""
    env = {**os.environ, 'JUPYTER_RUNTIME_DIR': folder, 'JUPYTER_CONFIG_DIR': folder, 'JUPYTER_DATA_DIR': folder}
    options = ['--no-browser', '--allow-root', '--ip=127.0.0.1', '--ServerApp.port=0', '--IdentityProvider.token=']
    # The server would throw the usual way's messages away: they come faster than it lets pass.
    options += ['--ServerApp.disable_check_xsrf=True', '--ZMQChannelsWebsocketConnection.limit_rate=False']
    command = [sys.executable, '-m', 'jupyterlab', *options, f'--ServerApp.root_dir={folder}']
    server = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(300):
        time.sleep(0.1)
        for path in Path(folder).glob('jpserver-*.json'):
            url = json.loads(path.read_text())['url'].rstrip('/')
            try:
                urllib.request.urlopen(f'{url}/api/status', timeout=5)
            except OSError:
                continue
            return server, url
    raise SystemExit('JupyterLab did not start within 30 s.')


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--bytes', type=int, default=32 * 1024)
    parser.add_argument('--rate', type=int, default=1000, help='deltas a second')
    options = parser.parse_args()
    setup = SOURCE.replace('@SIZE@', str(options.bytes)).replace('@RATE@', str(options.rate))
    with tempfile.TemporaryDirectory() as folder:
        server, url = start_server(folder)
        try:
            front = Front(url)
            front.run(setup)
            front.run(SETUP)
            rows: dict[str, Traffic] = {}
            for name, code in {'`%%ask`': CELL, '`await aask(…)`': CALL}.items():
                rows[name] = front.run(code)
                front.run(CHECK)
            rows['`update_display(Markdown(all))`'] = front.run(USUAL)
            front.close()
        finally:
            server.terminate()
            server.wait(30)
    report(rows, options.bytes, options.rate)


def report(rows: dict[str, Traffic], size: int, rate: int) -> None:
    print(f'an answer of {size} bytes in {-(-size // 4)} deltas, {rate} a second; bytes, and times the text\n')
    print('| way | growth | final | other | total | messages | seconds |')
    print('| --- | ---: | ---: | ---: | ---: | ---: | ---: |')
    for name, row in rows.items():
        sizes = [*row.bytes.values(), row.total]
        parts = ' | '.join(f'{value:,} ({value / size:.2f})' for value in sizes)
        print(f'| {name} | {parts} | {sum(row.messages.values()):,} | {row.seconds:.1f} |')
    values = {name: {'bytes': row.bytes, 'messages': row.messages, 'total': row.total} for name, row in rows.items()}
    out = Path(__file__).parents[1] / 'build' / 'browser_bytes.json'
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps({'answer': size, 'rate': rate, 'ways': values}, indent=2) + '\n')


if __name__ == '__main__':
    main()

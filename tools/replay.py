"""A server on this machine that gives answers written beforehand, at the pace of a hosted model.

    python tools/replay.py ANSWER.md … [--rate 60] [--wait 0.3] [--key KEY] [--model NAME]

It speaks OpenAI's Chat Completions. The first request is answered with the text of the first file, and so on, the last
file again and again: `rate` tokens a second after `wait` seconds, or, where no stream is asked for, all of it after the
time that the stream would take. Where a key is named, a request without it is answered by 401. Its first line is
its base URL; from then on it prints a line of JSON, with the time, for each request that comes, ends, or is left by its
client. It ends with its standard input.

The picture in the README, the comparison with other ways to ask, and the tests of the README's cells run against it.
"""

from __future__ import annotations

import argparse
import json
import re
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

TOKEN = re.compile(r'\s*\w{1,8}|\s*[^\w\s]{1,2}|\s+')
"""About what a model's tokenizer takes for one token of English or code."""


@dataclass
class Replay:
    """A running server, seen from outside: its address, and what it has said so far."""

    url: str
    events: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def of(self, kind: str) -> list[dict[str, Any]]:
        """What happened: `asked` (with the request's body), `done` and `left` (with how many tokens had been sent)."""
        return [event for event in self.events if event['event'] == kind]


@contextmanager
def replaying(*answers: Path, **options: object) -> Iterator[Replay]:
    """Runs this file as a process of its own; options are those of the command line."""
    command = [sys.executable, __file__, *map(str, answers)]
    command += [f'--{name}={value}' for name, value in options.items()]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin and process.stdout
    server = Replay(process.stdout.readline().strip())
    reader = threading.Thread(target=_collect, args=(process, server), daemon=True)
    reader.start()
    try:
        yield server
    finally:
        process.stdin.close()
        process.wait(20)
        reader.join(20)
        process.stdout.close()


def _collect(process: subprocess.Popen[str], server: Replay) -> None:
    for line in process.stdout or ():
        server.events.append(json.loads(line))


def tokens(text: str) -> list[str]:
    """Cuts the text where a tokenizer would, more or less; joined again, they are the text."""
    return TOKEN.findall(text)


class Handler(BaseHTTPRequestHandler):
    """Answers each POST, whatever its path is."""

    protocol_version = 'HTTP/1.1'
    options: argparse.Namespace

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get('content-length', 0))))
        if self.options.key and self.headers.get('authorization') != f'Bearer {self.options.key}':
            self._reply(401, {'error': {'message': 'This is not the key.', 'type': 'invalid_request_error'}})
            return
        self._say('asked', body=body)
        pieces = tokens(self._next().read_text(encoding='utf-8'))
        if body.get('stream'):
            self._stream(pieces)
        else:
            self._whole(pieces)

    def _next(self) -> Path:
        answers = self.options.answers
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def _stream(self, pieces: list[str]) -> None:
        self._head(200, {'content-type': 'text/event-stream', 'transfer-encoding': 'chunked'})
        chunks = [self._chunk({'role': 'assistant', 'content': ''})]
        chunks += [self._chunk({'content': piece}) for piece in pieces]
        chunks.append(self._chunk({}, 'stop', len(pieces)))
        sent = 0
        try:
            began = time.monotonic() + self.options.wait
            for sent, chunk in enumerate(chunks):
                time.sleep(max(0, began + sent / self.options.rate - time.monotonic()))
                self._event(json.dumps(chunk))
            self._event('[DONE]')
            self.wfile.write(b'0\r\n\r\n')
            self._say('done', sent=len(pieces))
        except OSError:
            self.close_connection = True
            self._say('left', sent=sent)

    def _whole(self, pieces: list[str]) -> None:
        if self._left_within(self.options.wait + len(pieces) / self.options.rate):
            self.close_connection = True
            self._say('left', sent=0)
        else:
            self._reply(200, self._completion(pieces))
            self._say('done', sent=len(pieces))

    def _left_within(self, seconds: float) -> bool:
        """Waits; returns at once where the client closes its side in the meantime, as it sends nothing more."""
        readable, _, _ = select.select([self.connection], [], [], seconds)
        return bool(readable) and not self.connection.recv(1, socket.MSG_PEEK)

    def _event(self, data: str) -> None:
        event = f'data: {data}\n\n'.encode()
        self.wfile.write(b'%x\r\n%s\r\n' % (len(event), event))

    def _chunk(self, delta: dict[str, Any], end: str | None = None, count: int | None = None) -> dict[str, Any]:
        choice = {'index': 0, 'delta': delta, 'finish_reason': end}
        usage = {} if count is None else {'usage': self._usage(count)}
        return self._about('chat.completion.chunk') | {'choices': [choice]} | usage

    def _completion(self, pieces: list[str]) -> dict[str, Any]:
        message = {'role': 'assistant', 'content': ''.join(pieces)}
        choices = [{'index': 0, 'message': message, 'finish_reason': 'stop'}]
        return self._about('chat.completion') | {'choices': choices, 'usage': self._usage(len(pieces))}

    def _about(self, kind: str) -> dict[str, Any]:
        return {'id': 'replay', 'object': kind, 'created': 0, 'model': self.options.model}

    @staticmethod
    def _usage(count: int) -> dict[str, int]:
        return {'prompt_tokens': 24, 'completion_tokens': count, 'total_tokens': 24 + count}

    def _reply(self, status: int, content: dict[str, Any]) -> None:
        data = json.dumps(content).encode()
        self._head(status, {'content-type': 'application/json', 'content-length': str(len(data))})
        self.wfile.write(data)

    def _head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _say(self, event: str, **facts: object) -> None:
        print(json.dumps({'event': event, 'at': time.time(), **facts}), flush=True)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: a request is said by `_say`."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('answers', type=Path, nargs='+', help='files of Markdown')
    parser.add_argument('--rate', type=float, default=60, help='tokens a second')
    parser.add_argument('--wait', type=float, default=0.3, help='seconds before the first token')
    parser.add_argument('--key', default='', help='the one key that is accepted; any, without it')
    parser.add_argument('--model', default='replay', help='the name that it answers with')
    Handler.options = parser.parse_args()
    server = ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    server.daemon_threads = True
    print(f'http://127.0.0.1:{server.server_address[1]}/v1', flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()


if __name__ == '__main__':
    main()

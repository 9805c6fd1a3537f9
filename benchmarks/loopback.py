"""A server that answers each request with one long stream: raw sockets, one process, loopback.

    python loopback.py DELTAS TOGETHER    prints its address on a line, ends with its standard input

The first segment of a request's path says which wire protocol it is answered in. So many events travel together in an
HTTP chunk: one, as from a provider that sends each at once; more, as from a proxy that gathers them.
"""

import socket
import sys
import threading
from collections.abc import Mapping

from streams import CONTENT_TYPES, STREAMS


def response(protocol: str, deltas: int, together: int) -> bytes:
    """Returns the whole HTTP response."""
    events = list(STREAMS[protocol](deltas))
    chunks = [b''.join(events[at : at + together]) for at in range(0, len(events), together)]
    kind = CONTENT_TYPES.get(protocol, 'text/event-stream')
    head = f'HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ntransfer-encoding: chunked\r\n\r\n'.encode()
    return head + b''.join(b'%x\r\n%s\r\n' % (len(chunk), chunk) for chunk in chunks) + b'0\r\n\r\n'


def read_request(connection: socket.socket) -> str | None:
    """Reads one request to its end; returns the protocol that it asks for, None when the client has gone."""
    data = b''
    while b'\r\n\r\n' not in data:
        if not (more := connection.recv(65536)):
            return None
        data += more
    head, _, body = data.partition(b'\r\n\r\n')
    first, *lines = head.split(b'\r\n')
    fields = dict(line.lower().split(b': ', 1) for line in lines)
    if b'content-length' in fields:
        missing = int(fields[b'content-length']) - len(body)
        while missing > 0:
            missing -= len(connection.recv(missing))
    else:
        while not body.endswith(b'0\r\n\r\n'):
            body += connection.recv(65536)
    return first.split()[1].split(b'/')[1].decode()


def serve(connection: socket.socket, answers: Mapping[str, bytes]) -> None:
    with connection:
        while protocol := read_request(connection):
            connection.sendall(answers[protocol])


def main() -> None:
    deltas, together = map(int, sys.argv[1:])
    answers = {protocol: response(protocol, deltas, together) for protocol in STREAMS}
    listener = socket.create_server(('127.0.0.1', 0))
    print(f'http://127.0.0.1:{listener.getsockname()[1]}', flush=True)
    threading.Thread(target=accept, args=(listener, answers), daemon=True).start()
    sys.stdin.read()


def accept(listener: socket.socket, answers: Mapping[str, bytes]) -> None:
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection, answers), daemon=True).start()


if __name__ == '__main__':
    main()

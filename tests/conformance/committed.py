"""The form of the data in `data/`: written by `tools/conformance_data.py`, read by the tests, made to be reviewed.

Streams are a text file for each protocol. A line's first character says what it holds:

    = the id of a stream, which begins here
    @ its model, and the parameters of the request where they are not the usual ones
    < a line of the response's body, as it is
    * an event of an AWS event stream, the only body that is not text: its name and its payload
    > an event that must come of it; what is not compared, and what is empty, is left out
    . the final response; its parts are those of the `part_end` events where it has none of its own
    ! the status of the error that reading it must end with, if it must, or `null` for one without a status

Everything else is JSON, one object a line.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any
from zlib import crc32

DATA = Path(__file__).parent / 'data'

EVENT_STREAM = 'application/vnd.amazon.eventstream'
SERVER_SENT_EVENTS = 'text/event-stream'


def as_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def lines_of(name: str) -> list[str]:
    """The lines of a file in `data/`; one that is missing is an error and no reason to skip."""
    return (DATA / name).read_text(encoding='utf-8').split('\n')[:-1]


@cache
def rows(name: str) -> list[Any]:
    """The objects of a file in `data/` that has one a line."""
    return [json.loads(line) for line in lines_of(name)]


# ------------------------------------------------------------------ streams


@cache
def streams(wire: str) -> list[dict[str, Any]]:
    """The streams of a protocol, in the form of those beside the project, and with their `body`."""
    marked = [(line[0], line[2:]) for line in lines_of(f'streams/{wire}.txt')]
    starts = [at for at, (mark, _) in enumerate(marked) if mark == '=']
    ends = [*starts[1:], len(marked)]
    return [_stream(wire, marked[start:end]) for start, end in zip(starts, ends, strict=True)]


def _stream(wire: str, marked: list[tuple[str, str]]) -> dict[str, Any]:
    found: dict[str, list[str]] = {mark: [] for mark in '=@<*>.!'}
    for mark, text in marked:
        found[mark].append(text)
    events = [json.loads(text) for text in found['>']]
    ended = [event['part'] for event in events if event['event_kind'] == 'part_end']
    final = {'parts': ended} | json.loads(found['.'][0])
    error = {'status_code': json.loads(found['!'][0])} if found['!'] else None
    packed = bool(found['*'])
    return {
        'id': found['='][0],
        'kind': 'hand-made',
        'wire': wire,
        'params': {},
        'status': 200,
        'headers': {'content-type': EVENT_STREAM if packed else SERVER_SENT_EVENTS},
        'body': b''.join(map(event_frame, found['*'])) or ''.join(f'{line}\n' for line in found['<']).encode(),
        'golden': {'events': events, 'final': final, 'error': error},
    } | json.loads(found['@'][0])


def stream_lines(row: dict[str, Any]) -> Iterator[str]:
    """The lines of a stream in the form that `compare.compared` gives, with its `body` as lines that are marked."""
    golden = row['golden']
    final = dict(golden['final'])
    if final['parts'] == [event['part'] for event in golden['events'] if event['event_kind'] == 'part_end']:
        del final['parts']
    yield f'= {row["id"]}'
    yield f'@ {as_json({name: row[name] for name in ("model", "params") if row[name]})}'
    yield from row['body']
    yield from (f'> {as_json(event)}' for event in golden['events'])
    yield f'. {as_json(final)}'
    if golden['error']:
        yield f'! {as_json(golden["error"].get("status_code"))}'


def text_lines(body: bytes) -> list[str]:
    return [f'< {line}' if line else '<' for line in body.decode().split('\n')[:-1]]


def event_frame(text: str) -> bytes:
    """The frame of an event of AWS' event streams, from its name and its payload, which a space divides."""
    name, payload = text.split(' ', 1)
    told = {':message-type': 'event', ':event-type': name, ':content-type': 'application/json'}
    headers = b''.join(_sized('B', key) + b'\x07' + _sized('>H', value) for key, value in told.items())
    data = payload.encode()
    prelude = struct.pack('>II', 16 + len(headers) + len(data), len(headers))
    frame = prelude + struct.pack('>I', crc32(prelude)) + headers + data
    return frame + struct.pack('>I', crc32(frame))


def _sized(size: str, text: str) -> bytes:
    return struct.pack(size, len(text.encode())) + text.encode()


# ------------------------------------------------------------------ requests


@cache
def requests(protocol: str) -> list[dict[str, Any]]:
    """The requests of a protocol, in the form of those beside the project; what protocols share is in `inputs`."""
    inputs = {row['case']: row for row in rows('requests/inputs.jsonl')}
    head, *found = rows(f'requests/{protocol}.jsonl')
    return [_request(protocol, head, inputs.get(row['case'], {}) | row) for row in found]


def _request(protocol: str, head: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    model = row.get('model', head['model'])
    request = None if row.get('refused') else {'path': head['paths'][model], 'body': row['body']}
    return {'protocol': protocol, 'params': {}, 'settings': {}} | row | {'model': model, 'request': request}


def written(name: str, lines: Iterable[str], folder: Path = DATA) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(''.join(f'{line}\n' for line in lines), encoding='utf-8', newline='\n')

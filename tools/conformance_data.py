"""Makes `tests/conformance/data` anew from the folder of shared data: what is our own of it, in its compact form.

    python -m tools.conformance_data FOLDER [--out DIRECTORY]

FOLDER is the one that holds `streams`, `requests`, `injection.json` and the others. That what was written says the same
is tested in `tests/conformance/test_data.py`.
"""

from __future__ import annotations

import argparse
import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jupyter_stream.framing.eventstream import EventStreamDecoder
from tests.conformance import committed, recordings
from tests.conformance.committed import as_json, written
from tests.conformance.compare import compared

USUAL: dict[str, Any] = {'allow_text_output': True, 'output_mode': 'text'}
"""Parameters that are left out, beside empty ones."""

UNUSED = ('source', 'goal', 'test', 'note', 'suite_error', 'error_kind', 'same_bytes_as')
"""Of payloads, addresses and frames: what no test compares."""


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or '').splitlines()[0])
    parser.add_argument('folder', type=Path)
    parser.add_argument('--out', type=Path, default=committed.DATA)
    given = parser.parse_args(arguments)
    for write in (write_streams, write_requests, write_rows):
        write(given.folder, given.out)


def grouped(rows: list[dict[str, Any]], name: str) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    for group in sorted({row[name] for row in rows}):
        yield group, [row for row in rows if row[name] == group]


def pruned(value: Any) -> Any:
    """The value without what is None; what a reader makes of it is the same."""
    if isinstance(value, dict):
        return {name: pruned(item) for name, item in value.items() if item is not None}
    return [pruned(item) for item in value] if isinstance(value, list) else value


def parameters(params: dict[str, Any]) -> dict[str, Any]:
    return {name: item for name, item in pruned(params).items() if item != [] and USUAL.get(name) != item}


# ------------------------------------------------------------------ streams


def write_streams(folder: Path, out: Path) -> None:
    paths = {path: json.loads(path.read_text()) for path in sorted((folder / 'streams').glob('*.json'))}
    found = [stream_row(path, row) for path, row in paths.items() if row['kind'] == 'hand-made']
    for wire, rows in grouped(found, 'wire'):
        lines = (line for row in rows for line in committed.stream_lines(row))
        written(f'streams/{wire}.txt', lines, out)


def stream_row(path: Path, row: dict[str, Any]) -> dict[str, Any]:
    golden = row['golden']
    body = path.with_suffix('.bin').read_bytes()
    told = compared(golden['events'], golden['final']) | {'error': golden['error']}
    return row | {'params': parameters(row['params']), 'golden': told, 'body': body_lines(row, body)}


def body_lines(row: dict[str, Any], body: bytes) -> list[str]:
    if row['headers']['content-type'] != committed.EVENT_STREAM:
        return committed.text_lines(body)
    frames = EventStreamDecoder().feed(body)
    texts = [f'{frame.headers[":event-type"]} {bytes(frame.payload).decode()}' for frame in frames]
    assert b''.join(map(committed.event_frame, texts)) == body, row['id']
    return [f'* {text}' for text in texts]


# ------------------------------------------------------------------ requests


def write_requests(folder: Path, out: Path) -> None:
    found = [json.loads(path.read_text()) for path in sorted((folder / 'requests').glob('*.json'))]
    inputs = {case: given(rows[0]) for case, rows in grouped(found, 'case')}
    written('requests/inputs.jsonl', (as_json({'case': case} | row) for case, row in inputs.items()), out)
    for protocol, rows in grouped(found, 'protocol'):
        written(f'requests/{protocol}.jsonl', request_lines(rows, inputs), out)


def given(row: dict[str, Any]) -> dict[str, Any]:
    """What a request is made of."""
    made = {'messages': pruned(row['messages']), 'settings': row['settings'], 'params': parameters(row['params'])}
    return {name: item for name, item in made.items() if item or name == 'messages'}


def request_lines(rows: list[dict[str, Any]], inputs: dict[str, Any]) -> Iterator[str]:
    """First the path of each model, then a line a request: what is special in its input, and the body if it is sent."""
    paths = {row['model']: row['request']['path'] for row in rows if not row['error']}
    usual = rows[0]['model']
    yield as_json({'model': usual, 'paths': paths})
    for row in rows:
        own = {name: item for name, item in given(row).items() if inputs[row['case']].get(name) != item}
        model = {} if row['model'] == usual else {'model': row['model']}
        body = {'refused': True} if row['error'] else {'body': row['request']['body']}
        yield as_json({'case': row['case']} | model | own | body)


# ------------------------------------------------------------------ payloads, addresses, frames


def write_rows(folder: Path, out: Path) -> None:
    for source, name in (
        ('injection.json', 'payloads.jsonl'),
        ('urls.json', 'addresses.jsonl'),
        ('sse.json', 'sse.jsonl'),
        ('eventstream.json', 'eventstream.jsonl'),
    ):
        rows = [row for row in json.loads((folder / source).read_text()) if recordings.is_own(row)]
        # Escaped, since a character that turns the direction of text would turn it in a diff, too.
        written(name, (json.dumps(slim(row)) for row in rows), out)


def slim(row: dict[str, Any]) -> dict[str, Any]:
    """The row without what is not used, and its bytes as text where they are text."""
    slimmer = {name: item for name, item in pruned(row).items() if name not in UNUSED}
    if raw := base64.b64decode(slimmer.get('input_base64', '')):
        try:
            slimmer['input'] = raw.decode()
            del slimmer['input_base64']
        except UnicodeDecodeError:
            pass
    return slimmer


if __name__ == '__main__':
    main()

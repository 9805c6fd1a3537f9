"""What ours is held against: the data that are committed here, and, where there is one, those of the shared folder.

Committed in `data/` are the streams made by hand, the requests, and our own payloads, addresses and frames. What was
recorded from providers or published by others is not part of the project: it is looked for in `shared` beside the
checkout, or in the folder that `JUPYTER_STREAM_SHARED` names. Without it the tests that need it are left out, and say
so. Everything is read once a process, when it is first asked for.
"""

from __future__ import annotations

import base64
import json
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from . import committed

SHARED = Path(os.environ.get('JUPYTER_STREAM_SHARED') or Path(__file__).parents[3] / 'shared')
DATA = SHARED / 'conformance'
NEEDED = ('streams', 'requests', 'sse.json', 'eventstream.json', 'injection.json', 'urls.json')

WIRES = (
    'anthropic', 'bedrock-converse', 'cohere', 'google', 'groq', 'huggingface', 'mistral', 'openai-chat',
    'openai-responses',
)  # fmt: skip
"""The protocols of streams. That a file of one is missing is an error."""

OF_THE_CONNECTION = ('content-length', 'transfer-encoding', 'content-encoding', 'connection')
"""Headers that are true only of the connection by which an answer once came."""


@cache
def missing() -> str | None:
    """Says what of the shared folder is not there, or None where all of it is."""
    lost = [name for name in NEEDED if not (DATA / name).exists()]
    return (
        f'{", ".join(lost)}: not in {DATA}; set JUPYTER_STREAM_SHARED to the folder that holds `conformance`'
        if lost
        else None
    )


@dataclass(frozen=True)
class Stream:
    """A response of a provider, and what the peer makes of it."""

    id: str
    kind: str
    """`hand-made`, `recorded` or `synthetic`."""
    wire: str
    model: str
    params: dict[str, Any]
    status: int
    headers: dict[str, str]
    body: bytes
    golden: dict[str, Any]
    """`events`, the `final` response, and the `error` that reading ended with, or None."""


@dataclass(frozen=True)
class Request:
    """Messages, settings and parameters, and the request that the peer makes of them."""

    id: str
    model: str
    messages: list[Any]
    settings: dict[str, Any]
    params: dict[str, Any]
    expected: dict[str, Any] | None
    """The `path` and the `body`; None where the peer refuses."""


# ------------------------------------------------------------------ streams and requests


def streams(*wires: str) -> list[Stream]:
    """The streams of these protocols, ordered by id."""
    own = [Stream(**row) for wire in wires for row in committed.streams(wire)]
    return sorted([*own, *(stream for stream in _shared_streams() if stream.wire in wires)], key=lambda row: row.id)


@cache
def _shared_streams() -> list[Stream]:
    """The streams that are not committed."""
    if missing():
        return []
    found = ((path, json.loads(path.read_text())) for path in sorted((DATA / 'streams').glob('*.json')))
    return [shared_stream(path, row) for path, row in found if row['kind'] != 'hand-made']


def shared_stream(path: Path, row: dict[str, Any]) -> Stream:
    headers = {name: value for name, value in row['headers'].items() if name.lower() not in OF_THE_CONNECTION}
    return Stream(**row | {'headers': headers, 'body': path.with_suffix('.bin').read_bytes()})


def stream(ident: str) -> Stream:
    """The committed stream with this id."""
    return next(Stream(**row) for wire in WIRES for row in committed.streams(wire) if row['id'] == ident)


def requests(*protocols: str) -> list[Request]:
    """The requests of these protocols, ordered by id; all of them are committed."""
    found = [row for protocol in protocols for row in committed.requests(protocol)]
    return sorted((_request(row) for row in found), key=lambda request: request.id)


def _request(row: dict[str, Any]) -> Request:
    ident = f'{row["case"]}.{row["protocol"]}'
    return Request(ident, row['model'], row['messages'], row['settings'], row['params'], row['request'])


def stream_params(*wires: str) -> list[Any]:
    """A test parameter for each of the streams, and where the shared ones are missing one that is left out."""
    found = [pytest.param(stream, id=stream.id) for stream in streams(*wires)]
    rest = pytest.param(None, id='those of the shared folder', marks=pytest.mark.shared)
    return [*found, rest] if missing() else found


def request_params(*protocols: str) -> list[Any]:
    return [pytest.param(request, id=request.id) for request in requests(*protocols)]


# ------------------------------------------------------------------ payloads, addresses, frames


def payloads() -> list[dict[str, Any]]:
    """Texts of which nothing may run or call home when a notebook shows them: our own, then the published ones.

    Each has a `name`, a `kind` (`html`, `markdown`, `math`, `text`, `ansi`, `mime`, `stream` or `pathological`) and the
    `payload`. One of a stream has also `deltas`, the pieces that the payload comes in, one of a file its `mime` type; a
    pathological one, which only the published ones are, has a Python expression that makes it, `payload_python`, and
    None as its payload.
    """
    return [*committed.rows('payloads.jsonl'), *published('injection.json')]


def addresses(*expectations: str) -> list[dict[str, Any]]:
    """The addresses and URLs, as `value`, of which one of these is to be expected, their `expect`."""
    found = [*committed.rows('addresses.jsonl'), *published('urls.json')]
    return [row for row in found if row['expect'] in expectations]


def event_sources() -> list[dict[str, Any]]:
    """Our own server-sent events: `name`, the bytes (see `bytes_of`), and the events that are `expected`."""
    return committed.rows('sse.jsonl')


def event_streams() -> list[dict[str, Any]]:
    """Our own AWS event streams: `name`, the bytes (see `bytes_of`), what is `expected` (`ok` or `error`), `frames`."""
    return committed.rows('eventstream.jsonl')


def bytes_of(row: dict[str, Any]) -> bytes:
    """The bytes of a case of framing, which stand in it as `input` where they are text, else as `input_base64`."""
    return row['input'].encode() if 'input' in row else base64.b64decode(row['input_base64'])


def is_own(row: dict[str, Any]) -> bool:
    """Whether a row of the shared folder is our own, and so committed here."""
    return row['source'].startswith('derived')


@cache
def published(name: str) -> list[dict[str, Any]]:
    """The rows of a file of the shared folder that others published; none where it is missing."""
    return [] if missing() else [row for row in json.loads((DATA / name).read_text()) if not is_own(row)]

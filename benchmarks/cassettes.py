"""What a cassette costs: a delta of a recorded stream, a look-up in 100 MB, and how true the gaps of a replay are.

    python benchmarks/cassettes.py [--deltas 20000] [--rounds 5] [--megabytes 100]

- processor time of one long stream of Chat Completions, read to its end by `jupyter_stream.direct`, without a cassette,
  while it is recorded, and while it is replayed at once; they take turns, and the cheapest round of each counts;
- a cassette of so many megabytes: the first look-up, which reads its index; the next ones; and a miss, which looks for
  the nearest request in all of them;
- the gaps of a replay at recorded speed: 200 pieces, 10 ms apart.

Writes build/cassettes.json.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import nullcontext, suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

from jupyter_stream.cassettes import Asked, cassette
from jupyter_stream.cassettes.file import End, chunk_line, line
from jupyter_stream.direct import model_request_stream
from jupyter_stream.exceptions import CassetteMiss
from jupyter_stream.messages import ModelRequest, UserPromptPart
from jupyter_stream.models import infer_model

HERE = Path(__file__).parent
ASKED = [ModelRequest(parts=[UserPromptPart('Hello')])]
PIECE = b'data: {"id":"c","model":"m","choices":[{"index":0,"delta":{"content":"some words "}}]}\n\n'
DONE = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
HEAD = {'status': 200, 'headers': {'content-type': 'text/event-stream'}}


async def read(model: Any) -> list[float]:
    """When each event came, in seconds."""
    async with model_request_stream(model, ASKED) as stream:
        return [time.perf_counter() async for _ in stream]


async def per_delta(server: str, deltas: int, rounds: int, folder: Path) -> dict[str, float]:
    """Microseconds of processor time for a delta."""
    model = infer_model('openai-chat:m', api_key='sk-benchmark', base_url=f'{server}/openai-chat')
    path = folder / 'delta.cassette.jsonl'
    ways: dict[str, Callable[[], Any]] = {
        'no cassette': nullcontext,
        'recorded': lambda: cassette(path, 'record'),
        'replayed at once': lambda: cassette(path, 'replay', speed=0),
    }

    async def once(way: Callable[[], Any]) -> float:
        began = time.process_time()
        with way():
            await read(model)
        return time.process_time() - began

    best = dict.fromkeys(ways, float('inf'))
    for turn in range(rounds + 1):  # the first loads what is loaded once
        for name, way in ways.items():
            took = await once(way)
            best[name] = min(best[name], took) if turn else best[name]
    return {name: took / deltas * 1e6 for name, took in best.items()}


def asked(number: int) -> Asked:
    return Asked('openai_chat', '/chat/completions', {'messages': [{'role': 'user', 'content': f'Question {number}'}]})


def large(path: Path, megabytes: int) -> int:
    """Write a cassette of that size; returns how many interactions it has."""
    answer = line(HEAD) + b''.join(chunk_line(at * 10, PIECE) for at in range(900)) + End('complete', 9000).line()
    count = megabytes * 2**20 // (len(answer) + 250)
    with path.open('wb') as file:
        for number in range(count):
            file.write(line(asked(number).line(1)) + answer)
    return count


def look_ups(folder: Path, megabytes: int) -> dict[str, float]:
    """Milliseconds."""
    path = folder / 'large.cassette.jsonl'
    count = large(path, megabytes)
    deck = cassette(path, 'replay').deck()

    def timed(number: int) -> float:
        began = time.perf_counter()
        with suppress(CassetteMiss):
            deck.tape(asked(number))
        return (time.perf_counter() - began) * 1000

    found = {'interactions': float(count), 'first look-up': timed(count // 2)}
    found['next look-ups'] = statistics.median(timed(number) for number in range(0, count - 1, max(1, count // 50)))
    return {**found, 'a miss': timed(count + 1)}


async def gaps(folder: Path) -> dict[str, float]:
    """How far the gaps of a replay are from those recorded, in milliseconds."""
    path = folder / 'gaps.cassette.jsonl'
    model = infer_model('openai-chat:m', api_key='sk-benchmark')
    body = {'messages': [{'role': 'user', 'content': 'Hello'}], 'model': 'm'}
    pieces = [chunk_line(at * 10, PIECE) for at in range(5, 205)] + [chunk_line(2060, DONE)]
    request = line(Asked('openai_chat', '/chat/completions', body).line(1))
    path.write_bytes(request + line(HEAD) + b''.join(pieces) + End('complete', 2061).line())
    with cassette(path, 'replay'):
        times = (await read(model))[2:200]
    off = [abs((later - before) * 1000 - 10) for before, later in pairwise(times)]
    return {'median': statistics.median(off), 'largest': max(off)}


async def measure(server: str, options: argparse.Namespace) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        return {
            'µs a delta': await per_delta(server, options.deltas, options.rounds, folder),
            f'ms in {options.megabytes} MB': look_ups(folder, options.megabytes),
            'ms that a gap is off': await gaps(folder),
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--deltas', type=int, default=20_000)
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--megabytes', type=int, default=100)
    options = parser.parse_args()
    os.environ['NO_PROXY'] = '127.0.0.1'
    command = [sys.executable, str(HERE / 'loopback.py'), str(options.deltas), '1']
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        results = asyncio.run(measure(server.stdout.readline().strip(), options))
    for title, rows in results.items():
        print(f'{title}:', ', '.join(f'{name} {value:,.2f}' for name, value in rows.items()))
    out = HERE.parent / 'build' / 'cassettes.json'
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps({'deltas': options.deltas, **results}, indent=2, ensure_ascii=False) + '\n')


if __name__ == '__main__':
    main()

"""What a delta costs: processor time of one long stream in each wire protocol, read to its end by five clients.

    python benchmarks/cost_per_delta.py [--deltas 20000] [--rounds 5] [--together 1] [--only PROTOCOL …] [--quick]

- `httpx + json`: the floor, a loop over httpx' lines with one `json.loads` each and nothing else (for Bedrock's binary
  frames, a loop that cuts them apart);
- `jupyter_stream.direct`: every event iterated, then the response;
- `instrument=…`: the same with a span and metrics, by an SDK that sends them nowhere;
- `pydantic_ai.direct`: as the second, with the peer;
- the vendor's own SDK, every event iterated.

All run in one process and take turns; the cheapest round of each counts, so that a busy machine slows all alike. The
last two are read in two rounds only. What is not installed is left out. Writes build/cost_per_delta.json; `--quick`
leaves the last two out and writes nothing.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from clients import WAYS, Read, base_url
from streams import STREAMS

HERE = Path(__file__).parent
AIM = 2.0
"""Times the floor that a delta of ours may cost."""

DEAR = ('pydantic_ai.direct', "the vendor's SDK")
DEAR_ROUNDS = 2


def clients(server: str, protocol: str, ways: Sequence[str]) -> dict[str, Read]:
    """Returns the clients that are installed, by their names."""
    found: dict[str, Read] = {}
    for way in ways:
        try:
            found[way] = WAYS[way](protocol, base_url(server, protocol))
        except ImportError as missing:
            print(f'{protocol}: {way} is left out: {missing}', file=sys.stderr)
    return found


async def measure_all(server: str, options: argparse.Namespace) -> dict[str, dict[str, float]]:
    ways = [way for way in WAYS if not (options.quick and way in DEAR)]
    return {protocol: await measure(server, protocol, ways, options.rounds) for protocol in options.only}


async def measure(server: str, protocol: str, ways: Sequence[str], rounds: int) -> dict[str, float]:
    """Returns each client's least processor time in seconds."""
    ready = clients(server, protocol, ways)
    lengths = {name: await client() for name, client in ready.items()}  # imports and caches are not a delta's cost
    if len(set(lengths.values())) != 1:
        raise SystemExit(f'{protocol}: the clients read different answers: {lengths} characters.')
    best = dict.fromkeys(ready, float('inf'))
    for turn in range(rounds):
        for name, client in ready.items():
            if name in DEAR and turn >= DEAR_ROUNDS:
                continue
            began = time.process_time()
            await client()
            best[name] = min(best[name], time.process_time() - began)
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--deltas', type=int, default=20_000)
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--together', type=int, default=1, help='events in an HTTP chunk')
    parser.add_argument('--only', nargs='+', choices=STREAMS, default=list(STREAMS), metavar='PROTOCOL')
    parser.add_argument('--quick', action='store_true', help='the floor and jupyter_stream alone')
    options = parser.parse_args()
    os.environ['NO_PROXY'] = '127.0.0.1'
    command = [sys.executable, str(HERE / 'loopback.py'), str(options.deltas), str(options.together)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        results = asyncio.run(measure_all(server.stdout.readline().strip(), options))
    rows = {protocol: row(best, options.deltas) for protocol, best in results.items()}
    report(rows, options.deltas, options.together)
    if not options.quick:
        out = HERE.parent / 'build' / 'cost_per_delta.json'
        out.parent.mkdir(exist_ok=True)
        found = {'deltas': options.deltas, 'together': options.together, 'protocols': rows}
        out.write_text(json.dumps(found, indent=2) + '\n')


def report(rows: dict[str, dict[str, dict[str, float]]], deltas: int, together: int) -> None:
    print(
        f'{deltas} deltas, {together} in an HTTP chunk; µs of processor time a delta, in brackets: times httpx + json\n'
    )
    print(f'| protocol | {" | ".join(WAYS)} |')
    print(f'| --- {"| ---: " * len(WAYS)}|')
    for protocol, clients in rows.items():
        cells = (f'{clients[way]["us"]} ({clients[way]["ratio"]})' if way in clients else '–' for way in WAYS)
        print(f'| {protocol} | {" | ".join(cells)} |')
    over = [protocol for protocol, clients in rows.items() if clients['jupyter_stream.direct']['ratio'] > AIM]
    print(f'\nOver {AIM} times the floor: {", ".join(over) or "none"}.')


def row(best: dict[str, float], deltas: int) -> dict[str, dict[str, float]]:
    floor = best['httpx + json']
    return {
        way: {'us': round(seconds / deltas * 1e6, 1), 'ratio': round(seconds / floor, 2)}
        for way, seconds in best.items()
    }


if __name__ == '__main__':
    main()

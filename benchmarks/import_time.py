"""How long until a first request is ready to be sent: imports of a fresh process, the OpenAI protocol in use.

    python benchmarks/import_time.py [--rounds 9]

Each process imports `model_request_stream`, makes a model of OpenAI's chat protocol and writes one request for it,
without sending it; the time is from the interpreter's first statement to the written request. The two take turns, so
that a busy machine slows both alike; the middle one of the rounds counts, and the quickest is told too. The first round
is left out: it fills the caches of the file system and of compiled files.
Writes build/import_time.json.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

AIM = 0.4
"""Times the peer's time that ours may take."""

CLOCK = """
import time
began = time.perf_counter(), time.process_time()
{}
print(time.perf_counter() - began[0], time.process_time() - began[1])
"""

OURS = """
from jupyter_stream.direct import model_request_stream
from jupyter_stream.messages import ModelRequest
from jupyter_stream.models import ModelRequestParameters, infer_model
from jupyter_stream.wire import openai_chat

model = infer_model('openai-chat:gpt-5-mini', api_key='none')
messages = [ModelRequest.user_text_prompt('Hello')]
request = openai_chat.encode(model.target, messages, {}, ModelRequestParameters())
assert request.body['messages'] == [{'role': 'user', 'content': 'Hello'}]
"""

PEER = """
import asyncio
from pydantic_ai.direct import model_request_stream
from pydantic_ai.messages import ModelRequest
from pydantic_ai.models import ModelRequestParameters, infer_model

model = infer_model('openai-chat:gpt-5-mini')
messages = [ModelRequest.user_text_prompt('Hello')]
mapped = asyncio.run(model._map_messages(messages, ModelRequestParameters()))
assert mapped == [{'role': 'user', 'content': 'Hello'}], mapped
"""

PROGRAMS = {'jupyter_stream.direct': OURS, 'pydantic_ai.direct': PEER}


def seconds(program: str) -> tuple[float, float]:
    """Returns the time on the wall and the processor time of one fresh process."""
    # A source tree in the current directory or in PYTHONPATH would change what is found where.
    env = {**os.environ, 'OPENAI_API_KEY': 'none'}
    run = subprocess.run(
        [sys.executable, '-P', '-c', CLOCK.format(program)], env=env, text=True, capture_output=True, check=False
    )
    if run.returncode:
        raise SystemExit(run.stderr)
    wall, processor = map(float, run.stdout.split())
    return wall, processor


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--rounds', type=int, default=9)
    options = parser.parse_args()
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in PROGRAMS}
    for turn in range(options.rounds + 1):
        for name, program in PROGRAMS.items():
            taken = seconds(program)
            if turn:
                times[name].append(taken)
    report(times)


def report(times: dict[str, list[tuple[float, float]]]) -> None:
    rows = {name: row(taken) for name, taken in times.items()}
    print('| first request ready | seconds (middle) | quickest | processor time (middle) |')
    print('| --- | ---: | ---: | ---: |')
    for name, values in rows.items():
        print(f'| {name} | {" | ".join(f"{value:.2f}" for value in values.values())} |')
    mine, theirs = rows.values()
    ratios = {key: round(mine[key] / theirs[key], 2) for key in mine}
    print(f'| ratio | {" | ".join(f"{value:.2f}" for value in ratios.values())} |')
    print(f'\nThe aim is a ratio of at most {AIM}: {"met" if ratios["middle"] <= AIM else "missed"}.')
    out = Path(__file__).parents[1] / 'build' / 'import_time.json'
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps({**rows, 'ratio': ratios}, indent=2) + '\n')


def row(taken: list[tuple[float, float]]) -> dict[str, float]:
    walls, processors = zip(*taken, strict=True)
    return {'middle': statistics.median(walls), 'quickest': min(walls), 'processor': statistics.median(processors)}


if __name__ == '__main__':
    main()

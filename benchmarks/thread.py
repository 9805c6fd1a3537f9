"""What a long thread costs before the next question leaves: time and memory, beside encoding its history.

    python benchmarks/thread.py [--turns 1000]

A thread of so many turns of 100 words each, asked in one process without a network. Measured is all that happens from
the question to the point where the request would be encoded: the place in the thread, the turns before it, the window,
the digests, the check of the messages; at the first turn and at the last. Beside it: encoding the same messages as the
body of a Chat Completions request, which is what a request costs anyway. Best of five. Writes build/thread.json.
"""

import argparse
import json
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jupyter_stream.conversation.cells import CellKey
from jupyter_stream.conversation.thread import Thread
from jupyter_stream.conversation.turn import Turn, prefix_of
from jupyter_stream.messages import ModelRequest, ModelResponse, TextPart, UserPromptPart
from jupyter_stream.models.test import TestModel
from jupyter_stream.notebook.defaults import Defaults
from jupyter_stream.notebook.question import question
from jupyter_stream.notebook.threads import in_thread
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.profiles import profile
from jupyter_stream.providers import PROVIDERS
from jupyter_stream.usage import RequestUsage
from jupyter_stream.wire import protocol
from jupyter_stream.wire.base import Target

WORDS = 'So many words are about what a short answer has, give or take a few. ' * 7
RUNS = 5


def thread_of(count: int) -> Thread:
    """A thread of so many turns."""
    thread = Thread('main')
    for number in range(count):
        place = thread.place_of(CellKey(f'cell {number}'), f'%%ask\nQuestion {number}?')
        before = thread.before(place)
        usage = RequestUsage(input_tokens=120 * number + 20, output_tokens=100)
        messages = [
            ModelRequest(parts=[UserPromptPart(f'Question {number}?')]),
            ModelResponse(parts=[TextPart(f'{number}. {WORDS}')], usage=usage, model_name='test'),
        ]
        place.show(Turn(messages, model='test:test', number=number, prefix=prefix_of(before), sent=before))
    return thread


def measured(do: Callable[[], Any]) -> tuple[float, int]:
    """Seconds, the best of some runs, and the most bytes that it held beyond what was there."""
    times: list[float] = []
    for _ in range(RUNS):
        began = time.perf_counter()
        do()
        times.append(time.perf_counter() - began)
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    do()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return min(times), most - before


def ask(thread: Thread) -> list[Any]:
    """All that is done before the request is encoded. The place that it makes is taken away again."""
    defaults = Defaults()
    source, _ = in_thread(None, question('And now?', defaults, model=TestModel()), defaults, thread=thread)
    messages = source.messages()
    thread.places.pop()
    return messages


def encode(messages: list[Any]) -> bytes:
    """The body of a request with these messages."""
    row = next(row for row in PROVIDERS if row.wire == 'openai_chat')
    target = Target('a-model', row, profile(row, 'a-model'))
    body = protocol('openai_chat').encode(target, messages, {}, ModelRequestParameters()).body
    return json.dumps(body, ensure_ascii=False).encode()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--turns', type=int, default=1000)
    count = parser.parse_args().turns
    rows: dict[str, tuple[float, int]] = {}
    empty, long = thread_of(0), thread_of(count)
    rows['the first question'] = measured(lambda: ask(empty))
    rows[f'the one after {count:,} turns'] = measured(lambda: ask(long))
    messages = ask(long)
    rows['encoding its history'] = measured(lambda: encode(messages))
    print('| what | time | memory |')
    print('| --- | ---: | ---: |')
    for name, (seconds, size) in rows.items():
        print(f'| {name} | {1000 * seconds:.2f} ms | {size / 1024:,.0f} KiB |')
    path = Path('build/thread.json')
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(rows, indent=1))


if __name__ == '__main__':
    main()

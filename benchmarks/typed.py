"""What it costs to show an answer of a type while it comes: 1,000 objects in 127 kB of JSON, four characters a delta.

    python benchmarks/typed.py

Measured is the time that `Growing` takes in all, without and with a validation of each row; beside it, in the same
process, parsing the text so far again at each delta, with `pydantic_core.from_json` and with a validation of the whole.
The second grows with the square of the length: it is measured at every 25th delta, and multiplied. Seconds
of the processor, best of three. Writes build/typed.json.
"""

import json
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import from_json
from typing_extensions import TypedDict

from jupyter_stream.typed.growing import Growing
from jupyter_stream.typed.wanted import Typed

ROWS, PIECE, RUNS, EVERY = 1000, 4, 3, 25


class Item(BaseModel):
    """A row of the answer."""

    id: int
    name: str
    mass: float
    kind: str
    note: str
    known: bool


class Answer(TypedDict):
    """The answer as a provider is asked for it."""

    response: list[Item]


def text() -> str:
    """The JSON of the answer, as a provider sends it."""
    items = [
        Item(
            id=n,
            name=f'Object number {n}',
            mass=n * 1.5,
            kind='planet',
            note='a note of a few words more',
            known=n % 2 == 0,
        )
        for n in range(ROWS)
    ]
    return json.dumps({'response': [item.model_dump() for item in items]}, separators=(', ', ': '))


def grown(deltas: list[str], make: Callable[[], Growing]) -> int:
    """The count of rows, each looked at as it comes."""
    growing, seen = make(), 0
    for delta in deltas:
        growing.feed(delta)
        seen = len(growing.rows)
    return seen


def parsed_again(whole: str) -> None:
    for end in range(PIECE * EVERY, len(whole) + 1, PIECE * EVERY):
        from_json(whole[:end], allow_partial='trailing-strings')


def validated_again(whole: str) -> None:
    adapter = TypeAdapter(Answer)
    for end in range(PIECE * EVERY, len(whole) + 1, PIECE * EVERY):
        with suppress(ValidationError):
            adapter.validate_json(whole[:end], experimental_allow_partial='trailing-strings')


def best(do: Callable[[], object]) -> float:
    """Seconds of the processor, the best of some runs."""
    times: list[float] = []
    for _ in range(RUNS):
        began = time.process_time()
        do()
        times.append(time.process_time() - began)
    return min(times)


def main() -> None:
    whole = text()
    deltas = [whole[at : at + PIECE] for at in range(0, len(whole), PIECE)]
    typed = Typed(list[Item])
    assert grown(deltas, typed.growing) == ROWS
    found = {
        'growing': best(lambda: grown(deltas, Growing)),
        'growing, each row validated': best(lambda: grown(deltas, typed.growing)),
        'parsed again at each delta': best(lambda: parsed_again(whole)) * EVERY,
        'validated again at each delta': best(lambda: validated_again(whole)) * EVERY,
    }
    print(f'{ROWS:,} rows, {len(whole):,} characters, {len(deltas):,} deltas\n')
    print('| way | seconds | times |\n| --- | ---: | ---: |')
    for way, seconds in found.items():
        print(f'| {way} | {seconds:.2f} | {seconds / found["growing, each row validated"]:.1f} |')
    Path('build').mkdir(exist_ok=True)
    Path('build/typed.json').write_text(json.dumps(found, indent=1), encoding='utf-8')


if __name__ == '__main__':
    main()

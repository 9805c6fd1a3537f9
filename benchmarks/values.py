"""What values become in a prompt: the size of their content, its tokens, and how long it takes.

    python benchmarks/values.py [--rounds 3]

The values are those of the table that is tested (tests/content/values.py). Tokens are estimated: 3.5 characters each,
and of a picture its pixels by 750. The time is the processor's, the middle one of some rounds after one that is not
counted; making the value does not belong to it. A value that is refused has the time until its error.
Writes build/values.json.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from jupyter_stream.content import ContentError, content_of
from jupyter_stream.content.pictures import pixels
from jupyter_stream.messages import BinaryContent

ROOT = Path(__file__).parents[1]
CHARACTERS = 3.5
PIXELS = 750


def wait(awaitable: Any) -> Any:
    async def result() -> Any:
        return await awaitable

    return asyncio.run(result())


def content(value: Any) -> Sequence[Any] | None:
    """The content; None where the value is refused."""
    try:
        return content_of(value, name='value', wait=wait)
    except ContentError:
        return None


def seconds(run: Callable[[], object], rounds: int) -> float:
    def once() -> float:
        began = time.process_time()
        run()
        return time.process_time() - began

    return statistics.median([once() for _ in range(rounds + 1)][1:])


def tokens(parts: Sequence[Any]) -> int:
    return round(sum(_tokens(part) for part in parts))


def _tokens(part: Any) -> float:
    if isinstance(part, str):
        return len(part) / CHARACTERS
    size = pixels(part.data) if isinstance(part, BinaryContent) else None
    return size[0] * size[1] / PIXELS if size else 0


def measured(row: Any, folder: Path, rounds: int) -> dict[str, Any]:
    value = row.make(folder)
    parts = content(value)
    files = [part for part in parts or () if not isinstance(part, str)]
    return {
        'value': row.name,
        'characters': None if parts is None else sum(len(part) for part in parts if isinstance(part, str)),
        'files': ' '.join(file.media_type for file in files),
        'kilobytes': round(sum(len(file.data) for file in files if isinstance(file, BinaryContent)) / 1e3, 1),
        'tokens': None if parts is None else tokens(parts),
        'milliseconds': round(1e3 * seconds(lambda: content(value), rounds), 2),
    }


def shown(row: dict[str, Any]) -> str:
    files = f'{row["files"]} ({row["kilobytes"]} kB)' if row['files'] else '–'
    said = 'refused | – | –' if row['characters'] is None else f'{row["characters"]:,} | {files} | {row["tokens"]:,}'
    return f'| {row["value"]} | {said} | {row["milliseconds"]:,} |'


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--rounds', type=int, default=3)
    rounds = parser.parse_args().rounds
    warnings.simplefilter('ignore')
    sys.path.insert(0, str(ROOT / 'tests'))
    table = import_module('content.values').TABLE
    print('| value | characters | files | tokens | ms |\n| --- | ---: | --- | ---: | ---: |')
    rows: list[dict[str, Any]] = []
    for number, row in enumerate(table):
        with tempfile.TemporaryDirectory(prefix=f'{number}-') as folder:
            rows.append(measured(row, Path(folder), rounds))
        print(shown(rows[-1]), flush=True)
    build = ROOT / 'build'
    build.mkdir(exist_ok=True)
    (build / 'values.json').write_text(json.dumps(rows, indent=1))


if __name__ == '__main__':
    main()

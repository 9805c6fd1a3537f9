"""What `python -m jupyter_stream.cassettes` prints: tables, answers, and what a new recording changed. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher, unified_diff
from typing import TYPE_CHECKING

from jupyter_stream.recordings.reading import read_out

if TYPE_CHECKING:
    from jupyter_stream.cassettes.file import Interaction
    from jupyter_stream.recordings.reading import Reading

__all__ = ('Change', 'changes', 'described', 'row', 'table', 'title')

_HEADS = ('', 'model', 'first words', 'chunks', 'bytes', 'ms', '')
_RIGHT = frozenset({0, 3, 4, 5})
_WORDS = 48
_MODEL = 32
_ALIKE = 0.6


def table(rows: Iterable[Sequence[str]]) -> str:
    """Columns under their heads, as wide as they need to be."""
    cells = [_HEADS, *rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return '\n'.join(_line(line, widths) for line in cells)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (
        cell.rjust(width) if at in _RIGHT else cell.ljust(width)
        for at, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return '  '.join(padded).rstrip()


def row(number: int, reading: Reading, n: int = 1) -> tuple[str, ...]:
    """One recording in a table: its number, and what is unusual about it in the last column."""
    unusual = [
        f'again ({n})' if n > 1 else '',
        str(reading.status) if reading.status != 200 else '',
        reading.end if reading.end != 'complete' else '',
    ]
    return (
        str(number),
        _short(reading.model, _MODEL),
        _short(reading.prompt, _WORDS),
        str(reading.chunks),
        str(reading.size),
        f'{reading.ms:.0f}',
        ', '.join(filter(None, unusual)),
    )


def title(number: int, reading: Reading) -> str:
    """A recording in one line."""
    return f'{number}. {reading.model}: {_short(reading.prompt, _WORDS)}'


def described(number: int, reading: Reading) -> str:
    """A recording whole: what was said, and what came back."""
    chunks = f'{reading.chunks} chunk{"" if reading.chunks == 1 else "s"}'
    facts = f'{reading.status}, {reading.end}, {chunks}, {reading.size} bytes, {reading.ms:.0f} ms'
    said = [f'{who}:\n{_indented(text)}' for who, text in reading.said]
    return '\n'.join([f'{number}. {reading.model} ({facts})', *said, f'answer:\n{_indented(reading.answer)}'])


def _short(text: str, width: int) -> str:
    text = ' '.join(text.split())
    return text if len(text) <= width else f'{text[: width - 1]}…'


def _indented(text: str) -> str:
    return '\n'.join(f'    {line}'.rstrip() for line in text.splitlines())


# ------------------------------------------------------------------ what changed


@dataclass(frozen=True)
class Change:
    """A recording before and after; one of them is None where it is new, or gone."""

    before: tuple[int, Reading] | None
    after: tuple[int, Reading] | None

    def __str__(self) -> str:
        """A line that says which one, and under it what differs."""
        shown = self.after or self.before
        assert shown
        kind = 'gone' if self.after is None else 'new' if self.before is None else 'changed'
        return '\n'.join([f'{kind}: {title(*shown)}', *self._lines()])

    def _lines(self) -> Iterator[str]:
        before, after = (side[1] if side else None for side in (self.before, self.after))
        if before and after:
            yield from _difference('model', [before.model], [after.model])
            yield from _difference('settings', [*before.settings], [*after.settings])
        yield from _difference('request', _conversation(before), _conversation(after))
        yield from _difference('answer', _answer(before), _answer(after))


def changes(before: Sequence[Interaction], after: Sequence[Interaction]) -> list[Change]:
    """What differs between two recordings of the same things, in the order of the later one.

    The same request is held beside itself; a request that is new beside the one gone that is most like it.
    """
    olds = {(each.digest, each.n): (number, read_out(each)) for number, each in enumerate(before, 1)}
    news = {(each.digest, each.n): (number, read_out(each)) for number, each in enumerate(after, 1)}
    gone = [found for key, found in olds.items() if key not in news]
    changed: list[Change] = []
    for key, new in news.items():
        if (old := olds.get(key)) is None:
            changed.append(Change(_taken(gone, new[1]), new))
        elif _outcome(old[1]) != _outcome(new[1]):
            changed.append(Change(old, new))
    return [*changed, *(Change(old, None) for old in gone)]


def _taken(gone: list[tuple[int, Reading]], new: Reading) -> tuple[int, Reading] | None:
    """What a new request was before, taken out of those that are gone; None where none is like it."""
    words = '\n'.join(_conversation(new))
    likeness = [SequenceMatcher(None, '\n'.join(_conversation(old)), words).ratio() for _, old in gone]
    best = max(likeness, default=0.0)
    return gone.pop(likeness.index(best)) if best > _ALIKE else None


def _outcome(reading: Reading) -> tuple[str, int, str]:
    """What counts of an answer: not the pieces and the times, which differ with every run."""
    return reading.answer, reading.status, reading.end


def _conversation(reading: Reading | None) -> list[str]:
    return [f'{who}: {line}' for who, text in reading.said for line in text.splitlines()] if reading else []


def _answer(reading: Reading | None) -> list[str]:
    return reading.answer.splitlines() if reading else []


def _difference(name: str, before: list[str], after: list[str]) -> Iterator[str]:
    if before == after:
        return
    yield f'  {name}'
    lines = list(unified_diff(before, after, lineterm='', n=0))
    for line in lines[2:]:
        yield f'    {line}'

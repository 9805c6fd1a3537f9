"""What no human writes: a passage with so many marks, or so long, that a notebook's own renderer freezes on it.

JupyterLab's renderer (marked 17 in Lab 4.6, measured in Chromium) takes, for one passage of `n` characters with `m`
marks, about 2.5 ns times `m * n`, as it copies the passage for each mark, and for `o` openers of emphasis that nothing
closes 0.27 us times `o * o` more: a second for 5 kB of `*a *a *a`, minutes for 100 kB. Code costs it next to nothing,
so such a passage is shown as code, where every character stands as it is. The rest of a text is linear for it.

Before it reads Markdown, code or not, a notebook looks on each line for the end of each run of backticks, and of each
shorter run within: 2 ns times `n * n / 2` times the line for a run of `n`, 87 s for 50 kB of runs that grow. Such runs
are kept apart by a character that is not seen, in code alone: a passage with too many is shown as code first.

Of the layout of a line of code, what changes from one font or direction to another costs 2.5 ns times the changes
times the line: 3 s for 25,000 letters with an accent on each. Of such a line only the beginning is shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

__all__ = ('LONGEST', 'Bounds', 'code_lines', 'is_endless', 'passages', 'shortened', 'tilde_fence')

LONGEST = 200_000
"""Characters of a passage or a line: the layout of more takes too long (a line of 1 MB 120 ms, of 5 MB 1.5 s)."""

_SHOWN = 50_000
"""Characters that are shown of a passage that no human wrote; the text of the answer has all of them."""

_HIGHLIGHTED = 100_000
"""Characters of a block of code that is still highlighted: 100 kB of Python take 0.8 s, of JSON 3 s, plain 40 ms."""

_SMALL = 5_000_000
"""Work (see `_work`) that is always allowed: 15 ms. A paragraph of 5 kB with 200 marks has a fifth of it."""

_MOST = 20_000_000
"""What all passages of one text with more than that may have together."""

_GAP = '\u200b'
"""A character that is not seen and, unlike a word joiner, costs the layout nothing."""

_BEGINNING = 1000
"""Characters of a line of code that is always shown."""

_LITTLE = 2000
"""Work of the backticks of one line of code that is not counted, as there are more characters to show than that."""

_LONGEST_FENCE = 60
"""Backticks of a fence that may stay: those cannot be kept apart."""

_OPEN = 1000
_MARKS = ('*', '_', '~', '`', '[', ']', '\\', '<', '$', '&', '@', '://', 'www.', '  \n')
_FOUR = re.compile('`{4}(?=`)')
_TICKS = re.compile('`{2,}')
_OTHERS = re.compile('[^\x00-\u024f\u200b]+')
_RUN = re.compile(r'(\\.)|([*_~])\2*', re.DOTALL)
_TABLE_RULE = re.compile(r'[ >]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*')
_LEFT_OUT = re.compile(r' ⋯ (\d{1,3}(?:,\d{3})*) more characters$', re.MULTILINE)
_CELL = re.compile(r'(?<!\\)\|')


class Bounds:
    """Says of the passages of one text, in turn, which are beyond what may be rendered."""

    def __init__(self) -> None:
        self._left = _MOST
        self._left_in_code = _SMALL

    def exceeded_by(self, passage: str) -> bool:
        """Whether this one is; O(its length)."""
        work = _work(passage)
        if work <= _SMALL:
            return len(passage) > LONGEST
        if work > self._left or len(passage) > LONGEST:
            return True
        self._left -= work
        return False

    def limit_code(self, code: list[str]) -> list[str]:
        """The lines of a block of code, without what a page cannot bear."""
        return [self._split_backticks(self._shortened_line(line)) for line in code]

    def _shortened_line(self, line: str) -> str:
        if len(line) <= _BEGINNING or line.isascii():
            return line
        work = len(_OTHERS.findall(line)) * len(line)
        if work > self._left_in_code:
            return _cut(line, _BEGINNING, ' ')
        self._left_in_code -= work
        return line

    def _split_backticks(self, line: str) -> str:
        work = _work_of_ticks(line) if '``' in line else 0
        if work <= _LITTLE:
            return line
        if work > self._left_in_code:
            return _FOUR.sub(f'````{_GAP}', line)
        self._left_in_code -= work
        return line

    @staticmethod
    def surely_within(text: str) -> bool:
        """Whether no passage of this text can be beyond, whatever came before."""
        return _work(text) <= _SMALL and len(text) <= LONGEST


def _work(text: str) -> int:
    marks = sum(map(text.count, _MARKS))
    work = marks * len(text)
    if '``' in text:
        work += sum(_work_of_ticks(line) for line in text.split('\n') if '``' in line)
    if work > _MOST or marks < 70:
        return work
    return work + _OPEN * _most_open(text) ** 2


def _work_of_ticks(line: str) -> int:
    return sum((run.end() - run.start()) ** 2 for run in _TICKS.finditer(line)) * len(line) // 2


def _most_open(text: str) -> int:
    """How many marks of emphasis are open at a time, at the most."""
    is_open = dict.fromkeys('*_~', 0)
    now = most = 0
    for run in _RUN.finditer(text):
        mark = run[2]
        if not mark:
            continue
        before, after = text[run.start() - 1 : run.start()], text[run.end() : run.end() + 1]
        within = mark == '_' and (before.isalnum() and after.isalnum())
        width = min(run.end() - run.start(), 3)
        if within:
            continue
        if is_open[mark] and before.strip():
            width = -min(width, is_open[mark])
        elif not after.strip():
            continue
        is_open[mark] += width
        now += width
        most = max(most, now)
    return most


# ------------------------------------------------------------------ passages


def passages(lines: list[str], starts: Iterable[int]) -> Iterator[tuple[int, int]]:
    """The lines that are read together, as (first, last + 1): a paragraph, an item, a row of a table.

    Args:
        lines: lines of text without blocks of code.
        starts: where a blank line is, or an item begins.
    """
    bounds = sorted({0, *starts, len(lines)})
    for first, end in pairwise(bounds):
        rule = next((at for at in range(first + 1, end) if _is_table(lines[at - 1], lines[at])), end)
        yield first, min(rule + 1, end)
        yield from ((row, row + 1) for row in range(rule + 1, end))


def _is_table(head: str, rule: str) -> bool:
    if '|' not in head or not _TABLE_RULE.fullmatch(rule):
        return False
    return len(_CELL.findall(head.strip(' >\t|'))) == rule.strip(' >\t|').count('|')


# ------------------------------------------------------------------ what is shown instead


def shortened(text: str) -> str:
    """The text without the ends of lines that are longer than `LONGEST`."""
    if len(text) <= LONGEST:
        return text
    return '\n'.join(_cut(line, LONGEST, ' ') for line in text.split('\n'))


def code_lines(lines: list[str]) -> tuple[str, list[str]]:
    """A fence, and between two of it the lines as they are, as far as they are shown."""
    shown = _cut('\n'.join(lines), _SHOWN, '\n')
    return _tildes(shown), shown.split('\n')


def tilde_fence(run: str, code: list[str]) -> str:
    """A fence for this code in the place of `run`: the same, unless that has too many backticks."""
    return run if run[0] == '~' or len(run) <= _LONGEST_FENCE else _tildes('\n'.join(code))


def _tildes(code: str) -> str:
    return '~' * max(3, 1 + max(map(len, re.findall('~+', code)), default=0))


def _cut(text: str, size: int, gap: str) -> str:
    if len(text) <= size:
        return text
    left_out = len(text) - size + sum(int(note[1].replace(',', '')) - len(note[0]) for note in _LEFT_OUT.finditer(text))
    return f'{text[:size]}{gap}⋯ {left_out:,} more characters'


def is_endless(code: list[str]) -> bool:
    """Whether these lines of code are too long to be highlighted."""
    return sum(map(len, code)) > _HIGHLIGHTED

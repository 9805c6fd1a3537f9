"""Cuts a growing Markdown text where nothing that still comes can change what is before the cut."""

from __future__ import annotations

import re

from .lines import Fence, Line, LineReader

__all__ = ('BlockSplitter',)

_ROW_RULE = re.compile(r'[ >]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-*:?[ \t]*)*$')
_MARKS = re.compile(r'[^ >\t]')


class BlockSplitter:
    """Deltas in, finished top-level blocks out. O(1) a delta, amortised; the lines are read once.

    A block that grows over `limit` characters is cut as well, where it still reads right: a fence at a line
    (closed, and opened again with the same info string), a list before an item, a table before a row (the
    header is repeated). So the pieces show the text; only without such cuts do they add up to it.
    """

    def __init__(self, limit: int = 4096) -> None:
        self._limit = limit
        self._reader = LineReader()
        self._lines: list[str] = []
        self._tail: list[str] = []
        self._size = 0
        self._depth = 0
        self._blank = False
        self._maths = False
        self._table: int | None = None
        self._opener = ''

    @property
    def open(self) -> str:
        """What is not finished. Joins it: O(its length)."""
        return ''.join(self._lines) + ''.join(self._tail)

    @property
    def open_size(self) -> int:
        """The length of `open`, O(1)."""
        return self._size

    def feed(self, text: str) -> list[str]:
        """Take more text; the blocks that it finishes."""
        finished: list[str] = []
        *whole, rest = text.split('\n')
        for line in whole:
            raw = ''.join([*self._tail, line])
            self._tail.clear()
            self._size += len(line) - len(raw)
            self._take(raw, finished)
        if rest:
            self._tail.append(rest)
            self._size += len(rest)
        return finished

    def close(self) -> list[str]:
        """The text is at its end: what is left is finished."""
        finished: list[str] = []
        rest = ''.join(self._tail)
        if rest and self._ends_before(self._reader.read(rest.rstrip('\r'))):
            self._tail.clear()
            self._finish(finished)
            self._tail.append(rest)
        if self.open:
            finished.append(self.open)
        self.__init__(self._limit)
        return finished

    def _take(self, raw: str, finished: list[str]) -> None:
        line = self._reader.read(raw.rstrip('\r'))
        if self._ends_before(line) or (self._size > self._limit and self._may_cut(line, raw)):
            self._finish(finished)
        elif self._size > self._limit and line.kind in ('code', 'text'):
            self._repeat(line, raw, finished)
        self._append(raw)
        self._note(line, raw)
        if line.kind == 'close' and not line.depth:
            self._finish(finished)

    def _append(self, raw: str) -> None:
        self._lines.append(raw + '\n')
        self._size += len(raw) + 1

    def _note(self, line: Line, raw: str) -> None:
        self._blank = line.kind == 'blank'
        self._depth = max(self._depth, line.depth)
        if line.kind == 'open':
            self._opener = raw
        if line.kind == 'text':
            dollars = raw.count('$$') % 2 == 1
            self._maths = (self._maths != dollars or '\\[' in raw) and '\\]' not in raw
            if self._table is None and '-' in raw and '|' in raw and len(self._lines) > 1 and _ROW_RULE.match(raw):
                self._table = len(self._lines) - 2
        elif line.kind == 'blank':
            self._table = None

    def _ends_before(self, line: Line) -> bool:
        """Whether all that is open is finished now that this line has come."""
        if not self._lines or line.kind in ('blank', 'code', 'close'):
            return False
        if line.kind == 'open' and not line.depth:
            return True
        maths = self._maths and self._size < 2 * self._limit
        return self._blank and not maths and (line.depth == 0 or self._depth == 0)

    def _may_cut(self, line: Line, raw: str) -> bool:
        """Whether a long list may be cut before this line: an item that is no deeper than a list may begin."""
        return line.item and line.kind == 'text' and bool(raw[:4].strip())

    def _repeat(self, line: Line, raw: str, finished: list[str]) -> None:
        """Cut a long fence or table before this line; its head is written again."""
        if line.fence:
            self._cut_fence(line.fence, finished)
        elif self._table is not None and '|' in raw:
            head = self._lines[self._table : self._table + 2]
            self._finish(finished)
            self._restart(head)
            self._table = 0

    def _cut_fence(self, fence: Fence, finished: list[str]) -> None:
        at = self._opener.find(fence.run)
        prefix = _MARKS.sub(' ', self._opener[:at])
        self._append(prefix + fence.run)
        self._finish(finished)
        self._opener = (prefix if '>' in prefix else '') + self._opener[at:]
        self._restart([self._opener + '\n'])

    def _restart(self, head: list[str]) -> None:
        self._lines = list(head)
        self._size += sum(map(len, head))

    def _finish(self, finished: list[str]) -> None:
        block = ''.join(self._lines)
        self._lines = []
        self._size = sum(map(len, self._tail))
        self._depth, self._blank, self._maths, self._table = 0, False, False, None
        if block.strip():
            finished.append(block)

"""The lines of a Markdown text and what each one is: text, code, a fence, or nothing.

Only the block structure that decides where code begins and ends: quotes, list items, fences, indented
code (CommonMark 0.31, sections 4 and 5). Incremental, one line at a time, no look-ahead.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

__all__ = ('Fence', 'Line', 'LineReader')

Kind = Literal['text', 'blank', 'open', 'code', 'close', 'indented']

_QUOTE = -1
_DEEPEST = 20
"""No line is in more containers: each costs time on every line that follows, in a browser far more than here."""

_MARKER = re.compile(r'([-+*]|(\d{1,9})[.)])( +|$)')
_CONTAINER = re.compile(r'>|(?:[-+*]|\d{1,9}[.)])(?: |$)')
_BREAK = re.compile(r'([-*_])(?: *\1){2,} *$')
_FENCE = re.compile(r'(`{3,}(?=[^`]*$)|~{3,})(.*)$', re.DOTALL)


@dataclass(slots=True)
class Fence:
    """An open fence: its characters, the white space before it, its info string, how deep in containers it is."""

    run: str
    indent: int
    info: str
    depth: int


@dataclass(slots=True)
class Line:
    """One line: what it is, how many containers it is in, and the fence it opens, fills or closes.

    `too_deep` characters at its end (of the line with its tabs expanded) begin with the marker of one more container
    than there may be; the line is read as if that marker were text.
    """

    kind: Kind
    depth: int
    fence: Fence | None = None
    item: bool = False
    too_deep: int = 0


class LineReader:
    """Says what each line is, given the ones before it."""

    def __init__(self) -> None:
        self._containers: list[int] = []
        self._paragraph = False
        self._too_deep = 0
        self._nothing: Line | None = None
        self.fence: Fence | None = None

    def read(self, raw: str) -> Line:
        """What this line (without its line break) is."""
        if raw:
            self._nothing = None
        elif self._nothing:
            return self._nothing
        self._too_deep = 0
        line = raw.expandtabs(4) if '\t' in raw else raw
        rest, depth = self._inside(line)
        if self.fence:
            if depth == len(self._containers):
                return self._fenced(rest, self.fence)
            self.fence = None
        if not rest.strip():
            self._paragraph = False
            self._containers = self._containers[:depth]
            nothing = self._line('blank')
            if not raw:
                self._nothing = nothing  # one more empty line behind it changes nothing
            return nothing
        return self._leaf(*self._opened(rest, depth))

    def _line(self, kind: Kind, fence: Fence | None = None, item: bool = False) -> Line:
        return Line(kind, len(self._containers), fence, item, self._too_deep)

    def _inside(self, line: str) -> tuple[str, int]:
        """What is left of the line inside of the containers that go on, and how many those are."""
        rest = line
        for depth, container in enumerate(self._containers):
            stripped = rest.lstrip(' ')
            indent = len(rest) - len(stripped)
            if container == _QUOTE:
                if indent > 3 or not stripped.startswith('>'):
                    return rest, depth
                rest = stripped[2:] if stripped[1:2] == ' ' else stripped[1:]
            elif not stripped:
                rest = ''
            elif indent >= container:
                rest = rest[container:]
            else:
                return rest, depth
        return rest, len(self._containers)

    def _fenced(self, rest: str, fence: Fence) -> Line:
        stripped = rest.strip(' ')
        closes = (
            len(rest) - len(rest.lstrip(' ')) <= 3
            and len(stripped) >= len(fence.run)
            and not stripped.strip(fence.run[0])
        )
        if closes:
            self.fence = None
        return self._line('close' if closes else 'code', fence)

    def _opened(self, rest: str, depth: int) -> tuple[str, int, bool]:
        """Open the containers that begin on this line: what is left, how many go on, whether one began."""
        began = False
        while True:
            stripped = rest.lstrip(' ')
            indent = len(rest) - len(stripped)
            if indent > 3 or not stripped:
                return rest, depth, began
            if depth == _DEEPEST:
                self._too_deep = len(stripped) if _CONTAINER.match(stripped) and not _is_break(stripped) else 0
                return rest, depth, began
            if stripped[0] == '>':
                self._begin(depth, _QUOTE)
                rest = stripped[2:] if stripped[1:2] == ' ' else stripped[1:]
            else:
                marker = _MARKER.match(stripped)
                if not marker or _is_break(stripped) or (not began and self._keeps(marker, depth, stripped)):
                    return rest, depth, began
                spaces = len(marker[3])
                taken = len(marker[1]) + (spaces if spaces <= 4 and stripped[marker.end() :] else 1)
                self._begin(depth, indent + taken)
                rest = stripped[taken:]
            depth += 1
            began = True

    def _begin(self, depth: int, container: int) -> None:
        self._containers = [*self._containers[:depth], container]
        self._paragraph = False

    def _keeps(self, marker: re.Match[str], depth: int, stripped: str) -> bool:
        """Whether the paragraph goes on in spite of a marker: an empty item or a number but 1 does not end it."""
        goes_on = self._paragraph and depth == len(self._containers)
        return goes_on and (not stripped[marker.end() :].strip() or marker[2] not in (None, '1'))

    def _leaf(self, rest: str, depth: int, began: bool) -> Line:
        stripped = rest.lstrip(' ')
        indent = len(rest) - len(stripped)
        lazy = self._paragraph and not began
        opener = _FENCE.match(stripped) if indent <= 3 else None
        if opener:
            self._containers = self._containers[:depth]
            self._paragraph = False
            self.fence = Fence(opener[1], indent, opener[2].strip(), depth)
            return self._line('open', self.fence, began)
        if indent > 3 and not lazy:
            self._containers = self._containers[:depth]
            return self._line('indented', item=began)
        ends = indent <= 3 and (stripped[:1] == '#' or _is_break(stripped))
        if not lazy or ends:
            self._containers = self._containers[:depth]
        self._paragraph = bool(stripped) and not ends
        return self._line('text' if stripped else 'blank', item=began)


def _is_break(stripped: str) -> bool:
    """Whether the line, without the white space before it, is a thematic break."""
    return stripped.rstrip(' ').endswith(stripped[:1]) and _BREAK.match(stripped) is not None

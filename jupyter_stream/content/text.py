"""Cutting text to a size, always with a word on what is missing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from reprlib import Repr
from typing import Any, Final

__all__ = ('cell', 'cut', 'cut_lines', 'dotted', 'one_line', 'short_repr', 'size_of', 'without_address', 'without_ansi')

MEGABYTE: Final = 1_000_000
"""Characters of text that a user has given as text, in a string or a file, at most."""

_ANSI: Final = re.compile(r'\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])')
_ADDRESS: Final = re.compile(r' at 0x[0-9a-fA-F]{6,16}')


def cut(text: str, characters: int) -> str:
    """The beginning of a text, and how much more of it there is.

    >>> print(cut('abcdefgh', 3))
    abc
    … 5 more characters
    """
    if len(text) <= characters:
        return text
    return f'{text[:characters]}\n… {len(text) - characters:,} more characters'


def cut_lines(lines: Sequence[str], most: int) -> list[str]:
    """The lines without their middle, where they are too many.

    >>> cut_lines(['a', 'b', 'c', 'd', 'e'], 3)
    ['a', '… 3 more lines', 'e']
    """
    if len(lines) <= most:
        return list(lines)
    tail = (most - 1) // 2
    head = most - 1 - tail
    return [*lines[:head], f'… {len(lines) - head - tail:,} more lines', *lines[len(lines) - tail :]]


def one_line(text: str, characters: int) -> str:
    """The text in one line, cut."""
    # A text of megabytes is not split into words for the sake of its first ones.
    return dotted(
        ' '.join(text[: 4 * characters].split()) if len(text) > characters else ' '.join(text.split()), characters
    )


def dotted(text: str, characters: int) -> str:
    """The text, or its beginning with three dots."""
    return text if len(text) <= characters else f'{text[: characters - 1]}…'


def short_repr(value: Any, characters: int) -> str:
    """A repr in one line; of a large container, or of one in itself, only its beginning is read."""
    short = Repr()
    short.maxlevel = 3
    short.maxstring = short.maxother = short.maxlong = characters
    short.maxlist = short.maxtuple = short.maxdict = short.maxset = short.maxdeque = short.maxarray = 6
    return one_line(without_address(short.repr(value)), characters)


def without_address(text: str) -> str:
    """The text without addresses in memory, which differ in each run, and so would the request.

    >>> without_address('<Thing object at 0x7f547c204280>')
    '<Thing object>'
    """
    return _ADDRESS.sub('', text)


def cell(value: Any, characters: int) -> str:
    """A value in a cell of a Markdown table."""
    return dotted(_in_cell(value, characters).replace('|', '\\|'), characters)


def _in_cell(value: Any, characters: int) -> str:
    if value is None or type(value).__name__ in ('NAType', 'NaTType'):
        return 'null'
    if isinstance(value, str):
        return one_line(value, characters)
    if isinstance(value, float):
        return 'null' if value != value else f'{value:.6g}'
    if isinstance(value, bytes | list | tuple | dict | set):
        return short_repr(value, characters)
    return one_line(without_address(str(value)), characters)


def without_ansi(text: str) -> str:
    """The text without the codes by which a terminal colours it."""
    return _ANSI.sub('', text)


def size_of(count: int) -> str:
    """A number of bytes as people say it.

    >>> size_of(1_234_567)
    '1.2 MB'
    """
    for unit, limit in (('bytes', 1e3), ('kB', 1e6), ('MB', 1e9)):
        if count < limit:
            return f'{count:,} bytes' if unit == 'bytes' else f'{count / limit * 1e3:.1f} {unit}'
    return f'{count / 1e9:.1f} GB'

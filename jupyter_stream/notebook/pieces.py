"""Pieces of Markdown around text that anybody may have written: fences and code that the text cannot end."""

from __future__ import annotations

import re
from typing import Final

from jupyter_stream.notebook.markdown import repair, sanitize
from jupyter_stream.notebook.markdown.lines import LineReader
from jupyter_stream.notebook.markdown.sanitizer import visible
from jupyter_stream.notebook.markdown.unfinished import whole_table

__all__ = ('PICTURES', 'closed', 'code', 'counted', 'escaped', 'fenced', 'shortened')

PICTURES: Final = frozenset({'image/png', 'image/jpeg', 'image/gif', 'image/webp'})
"""The kinds of pictures that every viewer of notebooks shows."""


def closed(text: str) -> str:
    """The text with its last fence closed (what follows must not become part of it), and a table that has begun."""
    reader = LineReader()
    for line in text.split('\n'):
        reader.read(line)
    return repair(text) if reader.fence else whole_table(text)


def fenced(text: str, info: str = 'json') -> str:
    """The text in a fenced block, harmless; `info` names its language."""
    run = _backticks(text, 3)
    return sanitize(f'{run}{info}\n{text}\n{run}')


def code(text: str) -> str:
    """The text as inline code, in one line. Not yet harmless to viewers that read HTML in it."""
    text = ' '.join(visible(text).split('\n')) or ' '
    run = _backticks(text, 1)
    space = ' ' if text[0] == '`' or text[-1] == '`' else ''
    return f'{run}{space}{text}{space}{run}'


def counted(count: int, noun: str) -> str:
    """So many of something, in words: '1 turn', '2 turns'."""
    return f'{count} {noun}{"" if count == 1 else "s"}'


# An opening bracket is no mark where no bracket closes; with a backslash before it a notebook would see a formula.
_MARKS: Final = re.compile(r'[`*\]<>~|$&#]|(?<![^\W_])_|_(?![^\W_])')


def escaped(text: str) -> str:
    """Text as Markdown in which nothing of it is a mark."""
    return '&#92;'.join(_MARKS.sub(r'\\\g<0>', piece) for piece in text.split('\\'))


def shortened(text: str, longest: int) -> str:
    """The text, or its beginning and an ellipsis: at most so many characters."""
    return text if len(text) <= longest else f'{text[: longest - 1]}…'


def _backticks(text: str, least: int) -> str:
    """A run of backticks that is longer than all in the text."""
    longest = max((len(run) for run in re.findall('`+', text)), default=0)
    return '`' * max(least, longest + 1)

"""Closes what a growing text has opened and not closed yet, so that half a construct does not flicker."""

from __future__ import annotations

import re

from .lines import LineReader

__all__ = ('repair', 'whole_table')

_HALF_LINK = re.compile(r'!?\[([^\[\]\n]*)\]\([^()\n]*$')
_HALF_LABEL = re.compile(r'!?\[([^\[\]\n]*)$')
_HALF_TAG = re.compile(r'<[A-Za-z/!][^<>\n]*$')
_HALF_RULE = re.compile(r'\n[ >]*(?:-+|=+|[*_]+|\d{1,9}|#+)[ \t]*$')
_HALF_FENCE = re.compile(r'\n[ >]*(?:`+|~+)$')
_RUN = re.compile(r'\\.|`+', re.DOTALL)
_EMPHASIS = re.compile(r'\\.|\*{1,3}|~~|(?<![^\W_])_{1,2}|_{1,2}(?![^\W_])', re.DOTALL)
_FORMULA = re.compile(r'\\[()\[\]]|\$\$|\\.', re.DOTALL)
_LONGEST = 20_000
"""Characters of a paragraph over which its end is not healed: a text without breaks would be read again and again."""

_CLOSERS = {'$$': '$$', '\\[': '\\]', '\\(': '\\)'}


def repair(text: str) -> str:
    """The text with its unfinished end closed: a fence, code, a formula, emphasis; half a link is its label.

    Only for showing a text that still grows. A text with nothing open comes out as it is. Linear.
    """
    reader = LineReader()
    for line in text.split('\n'):
        reader.read(line)
    if reader.fence:
        return _fenced(_HALF_FENCE.sub('', text), reader.fence.run)
    text = _HALF_RULE.sub('', text)
    at = max(text.rfind('\n\n'), 0)
    if len(text) - at > _LONGEST:
        return text
    return text[:at] + _paragraph(text[at:])


_DELIMITERS = re.compile(r'\|?[ \t]*:?-[ \t:|-]*')
_BEGUN = re.compile(r'\|[ \t:|-]*')
_HEADING = re.compile(r'\|(?:[ \t]+\S.*|(?:[^|\s][^|]*\|){2,}[^|]*)')
"""Cells set off by spaces, or two whole ones: `|x| = 3` is none."""

_PIPE = re.compile(r'(?<!\\)\|')


def whole_table(text: str) -> str:
    """The text with the row of dashes below a table's heading, where it ends in that row, or in the heading: without it
    the table would be lines of pipes. The first pipe of one, with nothing behind it, is left out. O(rows of the table).
    """
    before, newline, last = text.rstrip().rpartition('\n')
    row, indent = _unindented(last)
    if row[:1] != '|' or _in_table(before):
        return text
    heading, _ = _unindented(before.rpartition('\n')[2])
    if heading[:1] == '|':
        rule = _rule(heading, row) if _BEGUN.fullmatch(row) else ''
        return f'{before}\n{indent}{rule}' if rule else text
    if row == '|':
        return before
    if not _HEADING.fullmatch(row) or _DELIMITERS.fullmatch(row):
        return text
    row += '' if _PIPE.fullmatch(row, len(row) - 1) else ' |'
    return f'{before}{newline}{indent}{row}\n{indent}{_rule(row, "|")}'


def _unindented(line: str) -> tuple[str, str]:
    """What stands on a line in quotes or items, and the marks of those."""
    indent = line[: len(line) - len(line.lstrip(' \t>'))]
    return line[len(indent) :].rstrip(), indent


def _in_table(text: str) -> bool:
    """Whether a row that follows belongs to a table: there is a row of dashes above, and only rows in between."""
    for line in map(_unindented, reversed(text.split('\n'))):
        if '|' not in line[0]:
            return False
        if _DELIMITERS.fullmatch(line[0]):
            return True
    return False


def _rule(heading: str, begun: str) -> str:
    """The row of dashes below a heading, as it was begun; '' where it has more cells than the heading."""
    columns, marks = len(_cells(heading)), [mark.strip() for mark in _cells(begun)]
    if len(marks) > columns:
        return ''
    marks = [mark if re.fullmatch(':?-+:?', mark) else '---' for mark in marks] + ['---'] * (columns - len(marks))
    return f'| {" | ".join(marks)} |'


def _cells(row: str) -> list[str]:
    """The cells of a row that begins with a pipe, and need not end with one."""
    cells = _PIPE.split(row)[1:]
    return cells if cells[-1].strip() else cells[:-1]


def _fenced(text: str, run: str) -> str:
    opener = next((line for line in reversed(text.split('\n')) if run in line), '')
    prefix = opener[: opener.find(run)] if opener else ''
    return f'{text.rstrip(chr(10))}\n{re.sub("[^ >]", " ", prefix)}{run}'


def _paragraph(text: str) -> str:
    code = _open_code(text)
    if code is not None:
        return text[:code] if not text[code:].strip('` \n') else text + _run_at(text, code)
    formula = _open_formula(text)
    if formula:
        return text + ('\n' if formula == '$$' and '\n' in text.rsplit('$$', 1)[-1] else '') + formula
    text = _HALF_TAG.sub('', _HALF_LABEL.sub(r'\1', _HALF_LINK.sub(r'\1', text)))
    return _emphasis(text)


def _run_at(text: str, at: int) -> str:
    run = re.compile('`+').match(text, at)
    return run[0] if run else ''


def _open_code(text: str) -> int | None:
    """Where code begins that has no end yet."""
    start: tuple[int, str] | None = None
    for run in _RUN.finditer(text):
        if run[0][0] == '\\':
            continue
        if start is None:
            start = run.start(), run[0]
        elif run[0] == start[1]:
            start = None
    return None if start is None else start[0]


def _open_formula(text: str) -> str:
    """The end that the formula at the end of the text is waiting for; '' when there is none."""
    waiting = ''
    for mark in _FORMULA.findall(text):
        if mark == waiting:
            waiting = ''
        elif not waiting:
            waiting = _CLOSERS.get(mark, '')
    return waiting


def _emphasis(text: str) -> str:
    """Close emphasis that has words in it; drop marks at the very end that have none yet."""
    waiting: list[tuple[str, int]] = []
    for mark in _EMPHASIS.finditer(text):
        sign, after = mark[0], text[mark.end() : mark.end() + 1]
        if sign[0] == '\\':
            continue
        if waiting and waiting[-1][0] == sign:
            waiting.pop()
        elif after and not after.isspace():
            waiting.append((sign, mark.start()))
        elif not after and not text[: mark.start()].endswith(('\n', ' ')) and waiting:
            return text[: mark.start()] + ''.join(sign for sign, _ in reversed(waiting))
        elif not after:
            text = text[: mark.start()]
    closers = ''.join(sign for sign, _ in reversed(waiting))
    return text.rstrip() + closers if closers else text

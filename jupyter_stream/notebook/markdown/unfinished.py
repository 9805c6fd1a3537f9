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


_HALF_ROW = re.compile(r'(?:^|\n\n)( {0,3}\|[^\n]*)\n {0,3}\|[ \t:|-]*$')


def whole_table(text: str) -> str:
    """The text with the row below a table's heading made whole, where the text ends within it: else it is no table."""
    cut = _HALF_ROW.search(text)
    if cut is None:
        return text
    columns = len(re.findall(r'(?<!\\)\|', cut[1].strip().removesuffix('|')))
    begun = text[cut.end(1) + 1 :].strip().strip('|').split('|')
    marks = [mark if re.fullmatch(r':?-+:?', mark) else '---' for mark in map(str.strip, begun)]
    row = (marks + ['---'] * columns)[:columns]
    return f'{text[: cut.end(1)]}\n| {" | ".join(row)} |' if len(begun) <= columns else text


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

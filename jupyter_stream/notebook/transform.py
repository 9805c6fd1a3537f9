"""Cell text in, cell text out: `%ask` and `%%ask` as calls, so that the prompt arrives to the letter.

IPython's own rules would read `%ask what is this?` as a request for help, refuse a `%%ask` whose body
is empty, and take `>>> ` off the lines of a body. They also cannot await. So this pure function runs
before them and writes the call itself. All other magics, and `%ask?`, are left to IPython.

Nothing here knows a shell; `notebook.magics` says whether the cell may await.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ('before_cursor', 'questions', 'transform')

# The instance is looked up in the shell at run time: it needs no name in the user's namespace.
_MAGICS = "get_ipython().magics_manager.registry['AskMagics']"

# Notes above a cell's magic are the reader's; IPython itself leaves out nothing but blank lines.
_ABOVE = r'(?:[^\S\n]*(?:#[^\n]*)?\n)*'
_CELL = re.compile(rf'{_ABOVE}(?P<magic>%%ask)(?:[ \t](?P<line>[^\n]*))?(?P<end>\n|\Z)')
_OTHER_CELL = re.compile(rf'{_ABOVE}\s*%%')
_LINE = re.compile(
    r'(?P<indent>[ \t]*)(?P<target>[^\W\d][\w.\[\]\'"]*[ \t]*=[ \t]*)?'
    r'(?P<magic>%ask)(?:[ \t](?P<line>[^\n]*))?(?P<end>\n|\Z)'
)
# What IPython turns into a call by itself; its text is not Python and must not be read as such.
_ESCAPED = re.compile(r'[ \t]*(?:[^\W\d][\w.\[\]\'"]*[ \t]*=[ \t]*)?[%!?](?:[^\n]*\\\n)*[^\n]*(?:\n|\Z)')
_LEXEME = re.compile(
    r'#[^\n]*'
    r'|"""(?:[^\\]|\\.)*?(?:"""|\Z)'
    r"|'''(?:[^\\]|\\.)*?(?:'''|\Z)"
    r'|"(?:[^"\\\n]|\\.)*"?'
    r"|'(?:[^'\\\n]|\\.)*'?"
    r'|\\\n'
    r'|[()\[\]{}\n]',
    re.DOTALL,
)
_DEPTH = {'(': 1, '[': 1, '{': 1, ')': -1, ']': -1, '}': -1}


def transform(lines: list[str], *, awaits: bool) -> list[str]:
    """The cell with `%%ask`, or its lines `%ask …` and `name = %ask …`, written as calls.

    Args:
        lines: The cell's lines with their line ends.
        awaits: Whether this cell can be a coroutine. Then calls at the margin are awaited;
            indented ones (which may stand in a plain function) never are.
    """
    text = ''.join(lines)
    if '%ask' not in text:
        return lines
    changed = _cell(text, awaits)
    if changed is None or changed == text:
        return lines
    return changed.splitlines(keepends=True)


def questions(text: str) -> list[tuple[str, str | None]]:
    """The questions of a cell, in their order: of each the line behind the magic, and the body of a `%%ask`."""
    if found := _CELL.match(text):
        return [((found['line'] or '').removesuffix('\r'), text[found.end() :])]
    if '%ask' not in text or _OTHER_CELL.match(text):
        return []
    lines = (_LINE.match(text, start) for start, _ in _statements(text))
    return [((line['line'] or '').removesuffix('\r'), None) for line in lines if line and not _continued(line)]


def before_cursor(text: str, cursor: int) -> str | None:
    """What stands between the `%ask` or `%%ask` of a question and the cursor in it, the cell's body included.

    None where the cursor is in no question, or still in the magic's name. `cursor` counts characters from 0.
    """
    found = _CELL.match(text) or _line_at(text, cursor)
    return text[found.end('magic') : cursor] or None if found else None


def _line_at(text: str, cursor: int) -> re.Match[str] | None:
    if '%ask' not in text or _OTHER_CELL.match(text):
        return None
    lines = (_LINE.match(text, start) for start, _ in _statements(text))
    return next((line for line in lines if line and line.start() <= cursor <= line.start('end')), None)


def _cell(text: str, awaits: bool) -> str | None:
    if found := _CELL.match(text):
        return _whole(found['line'] or '', text[found.end() :], awaits)
    if _OTHER_CELL.match(text):
        return None
    return ''.join(_lines(text, awaits))


def _whole(line: str, body: str, awaits: bool) -> str:
    """A `%%ask` cell as one call. IPython refuses an empty body, so a prompt on the line alone is a line magic."""
    line = line.removesuffix('\r')
    if awaits:
        return f'await {_MAGICS}.foreground({line!r}, {body!r})\n'
    if body:
        return f"get_ipython().run_cell_magic('ask', {line!r}, {body!r})\n"
    return f"get_ipython().run_line_magic('ask', {line!r})\n"


def _lines(text: str, awaits: bool) -> Iterator[str]:
    statements = list(_statements(text))
    alone = sum(not text[start:end].isspace() for start, end in statements) == 1
    for start, end in statements:
        found = _LINE.match(text, start)
        yield _call(found, awaits, alone) if found and not _continued(found) else text[start:end]


def _continued(found: re.Match[str]) -> bool:
    """Whether a backslash joins the next line to this one, as it does in all of IPython's line magics."""
    return (found['line'] or '').endswith('\\')


def _call(found: re.Match[str], awaits: bool, alone: bool) -> str:
    """The line as a call. Alone in a cell that awaits, it is a `%%ask` with an empty body."""
    line = (found['line'] or '').removesuffix('\r')
    indent, target = found['indent'], found['target'] or ''
    if awaits and not indent:
        arguments = f'{line!r}, {""!r}' if alone else repr(line)
        call = f'await {_MAGICS}.{"answer" if target else "foreground"}({arguments})'
    elif target:
        call = f'{_MAGICS}.answer_now({line!r})'
    else:
        call = f"get_ipython().run_line_magic('ask', {line!r})"
    return f'{indent}{target}{call}\n'


def _statements(text: str) -> Iterator[tuple[int, int]]:
    """The logical lines of a cell, so that a `%ask` inside a string or a bracket is not taken for ours.

    A scanner of its own because Python's tokenizer stops at a magic's text, differently in each version.
    """
    start = 0
    while start < len(text):
        found = _LINE.match(text, start) or _ESCAPED.match(text, start)
        end = found.end() if found else _end_of_statement(text, start)
        yield start, end
        start = end


def _end_of_statement(text: str, start: int) -> int:
    depth = 0
    for lexeme in _LEXEME.finditer(text, start):
        token = lexeme.group()
        if token == '\n' and depth <= 0:
            return lexeme.end()
        depth = max(0, depth + _DEPTH.get(token, 0))
    return len(text)

"""`{{ expression }}` in a prompt: the text cut into what stands there to the letter and what is to be evaluated.

Nothing else in a prompt means anything: single braces, dollars and backslashes stay as they are, and `\\{{` gives `{{`.
Where an expression ends is Python's to say, since it may hold braces itself: it ends at the first `}}` at which what
stands before it can be compiled.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from jupyter_stream.content.pieces import ContentError

if TYPE_CHECKING:
    from types import CodeType

    from jupyter_stream.messages import UserContent

__all__ = ('LITERALLY', 'Expression', 'Filled', 'TemplateError', 'begun', 'joined', 'names_in_braces', 'split')

_OPENING: Final = re.compile(r'\\?\{\{')
_CLOSING: Final = re.compile(r'(?=\}\})')

_TRIES: Final = 200
"""Ends of one expression that are tried: dicts in dicts have many, a text that is no expression may have thousands."""

_LONGEST: Final = 10_000
"""Characters of an expression."""

_SHOWN: Final = 60
"""Characters of an expression in an error."""

LITERALLY: Final = r'Write \{{ for braces that are to stay, or ask with --raw, which leaves all of them alone.'

_NAME: Final = re.compile(r'(?<![\w{}^\\$])\{([^\W\d]\w*)\}(?!\})')
"""A name in single braces, as in an f-string. After a letter, `^`, `_` or a brace it is LaTeX."""


class TemplateError(ContentError):
    """An expression in a prompt cannot be read, or has failed; nothing was sent.

    Attributes:
        line: The line of the prompt, from 1.
        column: The column in it, from 1.
    """

    line: int = 1
    column: int = 1

    @classmethod
    def at(cls, place: Expression, prompt: str, said: str) -> TemplateError:
        """The error of an expression of this prompt, with the line that it stands in and a mark below it."""
        error = cls(f'Line {place.line} of the prompt, column {place.column}: {said}\n\n{_marked(place, prompt)}')
        error.line, error.column = place.line, place.column
        return error


@dataclass(frozen=True, slots=True)
class Expression:
    """What stands between `{{` and `}}`.

    Attributes:
        source: The Python expression, without the white space around it.
        line: The line of the prompt in which its `{{` stands, from 1.
        column: The column of its `{{`, from 1.
        code: The expression, compiled.
    """

    source: str
    line: int
    column: int
    code: CodeType

    @property
    def short(self) -> str:
        """The expression in one line, for an error."""
        return _short(self.source)


def split(prompt: str) -> list[str | Expression]:
    r"""The texts and the expressions of a prompt, in their order; no text is empty.

    Raises:
        TemplateError: what stands between `{{` and `}}` is no Python expression, or `}}` is missing.

    >>> [piece if isinstance(piece, str) else piece.source for piece in split(r'a {b} {{ {1: 2}[1] }} \{{ c }}')]
    ['a {b} ', '{1: 2}[1]', ' {{ c }}']
    """
    return list(_pieces(prompt))


def _pieces(prompt: str) -> Iterator[str | Expression]:
    text, at = '', 0
    while found := _OPENING.search(prompt, at):
        text += prompt[at : found.start()]
        at = found.end()
        if found[0] != '{{':
            text += '{{'
            continue
        code, end = _compiled(prompt, at)
        place = Expression(prompt[at:end].strip(), *_place(prompt, found.start()), code)  # pyright: ignore[reportArgumentType]
        if code is None:
            raise TemplateError.at(place, prompt, _no_expression(prompt, at))
        if text:
            yield text
        yield place
        text, at = '', end + 2
    if text := text + prompt[at:]:
        yield text


def begun(prompt: str) -> int | None:
    """Where an expression begins that has not ended; None where none is open.

    >>> begun('What is {{ a }} and {{ df.he')
    22
    """
    at = 0
    while found := _OPENING.search(prompt, at):
        at = found.end()
        if found[0] != '{{':
            continue
        code, end = _compiled(prompt, at)
        if code is None:
            end = prompt.find('}}', at)
        if end < 0:
            return at
        at = end + 2
    return None


def names_in_braces(text: str) -> list[str]:
    r"""The names that stand in single braces, as they would in an f-string, each once.

    >>> names_in_braces(r'{a} and {a}, {{b}}, \frac{c}{d}, {1}')
    ['a']
    """
    return list(dict.fromkeys(_NAME.findall(text)))


# ------------------------------------------------------------------ a prompt whose expressions have values


@dataclass(frozen=True, slots=True, eq=False)
class Filled:
    """A prompt as it was written, and what its expressions gave.

    Attributes:
        written: The prompt as it was written.
        values: The content of each expression, in their order.
        before: Content that stands above the prompt.
        is_raw: Whether the prompt is sent as it was written; then it has no expressions.
    """

    written: str
    values: Sequence[Sequence[UserContent]] = ()
    before: Sequence[UserContent] = ()
    is_raw: bool = False

    def content(self) -> str | list[UserContent]:
        """The prompt as it is sent: a text if it is nothing else.

        Raises:
            TemplateError: what was written is no template.
            ValueError: it has more expressions than there are values, or fewer.
        """
        pieces = [self.written] if self.is_raw else split(self.written)
        if sum(isinstance(piece, Expression) for piece in pieces) != len(self.values):
            raise ValueError('The prompt has another number of expressions than there are values.')
        values = iter(self.values)
        filled = [content for piece in pieces for content in ([piece] if isinstance(piece, str) else next(values))]
        return joined([*self.before, *filled])


def joined(content: Sequence[UserContent]) -> str | list[UserContent]:
    """The content with texts that stand next to each other made one; a text if it is nothing else."""
    pieces: list[Any] = []
    for item in content:
        if isinstance(item, str) and pieces and isinstance(pieces[-1], str):
            pieces[-1] += item
        elif item != '':
            pieces.append(item)
    return pieces[0] if len(pieces) == 1 and isinstance(pieces[0], str) else pieces or ''


# ------------------------------------------------------------------ inside


def _compiled(prompt: str, start: int) -> tuple[CodeType | None, int]:
    """The expression that begins there and where it ends; None, and the end of what was tried, where there is none."""
    for tried, found in enumerate(_CLOSING.finditer(prompt, start)):
        code = _code(prompt[start : found.start()])
        if code is not None:
            return code, found.start()
        if tried > _TRIES or found.start() - start > _LONGEST:
            break
    return None, -1


def _code(source: str) -> CodeType | None:
    try:
        return _compile(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # Python's words for what it cannot read
        return None


def _compile(source: str) -> CodeType:
    """The expression, compiled; over several lines it needs no brackets of its own."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter('ignore', SyntaxWarning)
        try:
            return compile(source.strip(), '<prompt>', 'eval')
        except SyntaxError:
            if '\n' not in source.strip():
                raise
        tree = ast.parse(f'(\n{source}\n)', '<prompt>', 'eval')
        return compile(tree, '<prompt>', 'eval')


def _place(prompt: str, at: int) -> tuple[int, int]:
    """Line and column, from 1."""
    return prompt.count('\n', 0, at) + 1, at - prompt.rfind('\n', 0, at)


def _no_expression(prompt: str, start: int) -> str:
    end = prompt.find('}}', start)
    if end < 0:
        return f'{{{{ begins an expression that no }}}} ends. {LITERALLY}'
    inside = prompt[start:end]
    if not inside.strip():
        return f'between {{{{ and }}}} stands nothing. {LITERALLY}'
    return f'`{_short(inside)}` is no Python expression ({_why(inside)}). {LITERALLY}'


def _why(source: str) -> str:
    try:
        _compile(source)
    except SyntaxError as error:
        return error.msg
    except (ValueError, RecursionError, MemoryError) as error:
        return str(error) or type(error).__name__
    return 'invalid syntax'


def _short(source: str) -> str:
    flat = ' '.join(source.split())
    return flat if len(flat) <= _SHOWN else f'{flat[: _SHOWN - 1]}…'


def _marked(place: Expression, prompt: str) -> str:
    """The line of the prompt, and below it a mark."""
    line = prompt.split('\n')[place.line - 1].replace('\t', ' ').rstrip('\r')
    first = max(0, place.column - 1 - _SHOWN)
    shown = line[first : place.column - 1 + _SHOWN]
    return f'    {shown}\n    {" " * (place.column - 1 - first)}^'

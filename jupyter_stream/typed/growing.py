"""The JSON text of an answer while it comes, as plain data that grows with it.

Each character is looked at once: what is closed is put into its place in one tree and never parsed again. Parsing the
text anew at every delta would take time quadratic in its length. Nothing half is shown: a number, `true` or a word of
a closed set of words (an enum, a `Literal`, a date) appears when it is closed, free text as it grows.

What is here is never validated, but for rows: each element of the list that is the answer is validated once, when it is
closed. A bad one is marked, and the rest goes on. Text that is no JSON at all ends the growing, not the answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias, cast

from pydantic_core import from_json

from jupyter_stream.typed.layout import Layout, layout_of

__all__ = ('Check', 'Growing', 'Row')

Check: TypeAlias = Callable[[str], tuple[Any, str | None]]
"""The JSON text of an element to the validated value and None, or to None and what is wrong, in words."""


@dataclass(frozen=True, slots=True)
class Row:
    """A closed element of the list that is the answer.

    Attributes:
        data: The element as plain data.
        error: What is wrong with it, in words; None where nothing is, or nobody looked.
        value: The element as an object of its type; None where it is not valid, or nobody looked.
    """

    data: Any
    error: str | None = None
    value: Any = None


_State: TypeAlias = Callable[[str, int], int]
"""Reads on in a piece of text from a position, which is not its end, and says where the next state goes on."""

_SPACES: Final = frozenset(' \t\r\n')
_SPACE: Final = re.compile(r'[ \t\r\n]*')
_STRING: Final = re.compile(r'(?:[^"\\]+|\\.)*', re.DOTALL)
_SCALAR: Final = re.compile(r'[-+.\w]*', re.ASCII)
_SCALAR_STARTS: Final = frozenset('-0123456789tfnNI')
_LONGEST_SCALAR: Final = 5000

# Prose before the JSON: an object may begin anywhere in it, a list only at its start or in a fence ('see [1]' is none).
_START: Final = re.compile(r'\{|(?:\A|```[\w-]*\s)\s*\[')
_PROSE_KEPT: Final = 32

# The longest part of a string's source that can be decoded: neither an escape nor a pair of surrogates is cut.
_DECODABLE: Final = re.compile(
    r'(?:[^\\]+|\\[^u]|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u(?![dD][89abAB])[0-9a-fA-F]{4})*',
    re.DOTALL,
)


class Growing:
    """The data in a growing text. What its attributes return is the data itself, and grows on: copy what must not.

    Args:
        schema: The JSON schema of the answer, which says beforehand how it is laid out and which texts are free.
            Without it every text is free, and a list, or an object with a list as its one field, shows rows.
        check: Validates the JSON text of one row; without it rows are not validated.
    """

    def __init__(self, schema: dict[str, Any] | None = None, check: Check | None = None) -> None:
        self._layout: Layout | None = None if schema is None else layout_of(schema)
        self._check = check
        self._pieces: list[str] = []
        self._prose = ''
        self._start_over()
        self._state: _State = self._find

    # ------------------------------------------------------------------ what is there

    @property
    def kind(self) -> Literal['object', 'rows', 'value']:
        """How the answer is laid out: as the fields of an object, as rows, or as one value."""
        if self._layout is not None:
            return self._layout.kind
        whole = self._root is self._list or len(_fields(self._root)) == 1
        return 'rows' if self._list is not None and whole else 'object'

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the fields of the object, or of an object among the rows, as the schema has them."""
        return self._layout.columns if self._layout is not None else ()

    @property
    def schema(self) -> dict[str, Any] | None:
        """The JSON schema of the answer, where it is known."""
        return None if self._layout is None else dict(self._layout.schema)

    @property
    def data(self) -> Any:
        """All that has come, as plain data; None before anything has."""
        self._expose()
        return self._root

    @property
    def fields(self) -> dict[str, Any]:
        """The fields of the object that have come; strings that are still open as far as they go."""
        return _fields(self._under())

    @property
    def rows(self) -> list[Row]:
        """The closed elements of the list, in order; each is appended once."""
        return self._rows

    @property
    def open_row(self) -> Any:
        """The element behind the last row, as far as it has come; None where none has begun."""
        self._expose()
        return self._list[-1] if self._list and len(self._list) > len(self._rows) else None

    @property
    def value(self) -> Any:
        """The answer itself: what is in the field `response` where it was asked for in one; None before it came."""
        return self._under()

    @property
    def text(self) -> str:
        """The JSON text, without what stands before or behind it."""
        return self._cut(self._began, self._ended) if self._began else ''

    @property
    def has_begun(self) -> bool:
        """Whether JSON has come, and not only prose."""
        return self._began is not None

    @property
    def source(self) -> str:
        """All text that came."""
        return ''.join(self._pieces)

    @property
    def is_closed(self) -> bool:
        """Whether the JSON text is complete."""
        return self._ended is not None

    @property
    def is_broken(self) -> bool:
        """Whether the text stopped being JSON, so that nothing grows any more."""
        return self._state == self._ignore and not self.is_closed

    # ------------------------------------------------------------------ what comes

    def feed(self, text: str) -> None:
        """Take the next piece of the answer's text."""
        self._pieces.append(text)
        at, end = 0, len(text)
        while at < end:
            at = self._state(text, at)

    def _start_over(self) -> None:
        self._root: Any = None
        self._stack: list[Any] = []  # the open objects and lists, outermost first
        self._keys: list[str | None] = []  # the field that comes in each of them; None in a list
        self._list: list[Any] | None = None  # the list whose elements are rows; one of them in the tree
        self._rows: list[Row] = []
        self._source: list[str] = []  # of the open string, key or scalar: what is not decoded yet
        self._decoded: list[str] = []  # of the open string: what is
        self._escape = False  # the last character of the open string was a backslash
        self._is_key = False
        self._exposed = False  # the open string stands in its place already
        self._began: tuple[int, int] | None = None  # where the JSON begins: a piece and a place in it
        self._ended: tuple[int, int] | None = None
        self._row_began = (0, 0)

    def _find(self, text: str, at: int) -> int:
        """Prose, before the JSON begins."""
        prose = self._prose + text[at:]
        found = _START.search(prose)
        if found is None:
            tail = prose[-_PROSE_KEPT:]
            self._prose = tail if len(tail) == len(prose) else f'.{tail}'  # what begins it is no start of the answer
            return len(text)
        at = len(text) - (len(prose) - found.end())
        self._start_over()
        self._began = (len(self._pieces) - 1, at - 1)
        self._prose = '.'
        self._open({} if text[at - 1] == '{' else [])
        return at

    def _value(self, text: str, at: int) -> int:
        """A value, and no closing bracket."""
        char = text[at]
        if char in _SPACES:
            return _behind_space(text, at)
        if self._stack[-1] is self._list:
            self._row_began = (len(self._pieces) - 1, at)
        if char == '"':
            self._state = self._string
        elif char == '{':
            self._open({})
        elif char == '[':
            self._open([])
        elif char in _SCALAR_STARTS:
            self._state = self._scalar
            return at
        else:
            return self._break(text, at)
        return at + 1

    def _first_value(self, text: str, at: int) -> int:
        """A value, or the end of an empty list."""
        if text[at] == ']':
            return self._close(at + 1)
        if text[at] in _SPACES:
            return _behind_space(text, at)
        self._state = self._value
        return at

    def _key(self, text: str, at: int) -> int:
        if text[at] == '"':
            self._is_key = True
            self._state = self._string
            return at + 1
        return self._space(text, at)

    def _first_key(self, text: str, at: int) -> int:
        """A key, or the end of an empty object."""
        return self._close(at + 1) if text[at] == '}' else self._key(text, at)

    def _colon(self, text: str, at: int) -> int:
        if text[at] == ':':
            self._state = self._value
            return at + 1
        return self._space(text, at)

    def _next(self, text: str, at: int) -> int:
        """Behind a value: a comma, or the end of the object or list."""
        char, in_object = text[at], self._keys[-1] is not None
        if char == ',':
            self._state = self._key if in_object else self._value
            return at + 1
        if char == ('}' if in_object else ']'):
            return self._close(at + 1)
        return self._space(text, at)

    def _space(self, text: str, at: int) -> int:
        """White space; anything else is an error."""
        return _behind_space(text, at) if text[at] in _SPACES else self._break(text, at)

    def _string(self, text: str, at: int) -> int:
        start = at
        if self._escape:
            self._escape = False
            at += 1
        found = _STRING.match(text, at)
        at = found.end() if found else at
        if at < len(text) and text[at] == '"':
            self._source.append(text[start:at])
            self._close_string(at + 1)
            return at + 1
        self._escape = at < len(text)  # it stopped at a backslash that is the last character
        self._source.append(text[start:])
        return len(text)

    def _close_string(self, at: int) -> None:
        value = ''.join((*self._decoded, _decode(''.join(self._source))))
        self._source, self._decoded = [], []
        if self._is_key:
            self._is_key = False
            self._keys[-1] = value
            self._state = self._colon
        else:
            self._put(value, at)

    def _scalar(self, text: str, at: int) -> int:
        """A number, `true`, `false` or `null`; only what comes behind it says that it is closed."""
        found = _SCALAR.match(text, at)
        end = found.end() if found else at
        self._source.append(text[at:end])
        if end == len(text):
            return end if len(self._source) < _LONGEST_SCALAR else self._break(text, end)
        source, self._source = ''.join(self._source), []
        try:
            self._put(from_json(source), end)
        except ValueError:
            return self._break(text, end)
        return end

    # ------------------------------------------------------------------ the tree

    def _open(self, container: Any) -> None:
        if isinstance(container, list) and self._list is None and self._is_answer():
            self._list = cast('list[Any]', container)
        if self._stack:
            self._place(container)
        else:
            self._root = container
        self._stack.append(container)
        self._keys.append('' if isinstance(container, dict) else None)
        self._state = self._first_key if isinstance(container, dict) else self._first_value

    def _is_answer(self) -> bool:
        """Whether the list that opens here is the one whose elements are rows."""
        if not self._stack:
            return self._layout is None or self._layout.kind == 'rows'
        if self._layout is None:
            return len(self._stack) == 1 and self._root == {}
        return self._layout.kind == 'rows' and tuple(self._keys) == self._layout.under

    def _place(self, value: Any) -> None:
        container, key = self._stack[-1], self._keys[-1]
        if key is not None:
            container[key] = value
        elif self._exposed:
            container[-1] = value
        else:
            container.append(value)

    def _put(self, value: Any, at: int) -> None:
        """A closed text, number or word, which ends at this place of the last piece."""
        self._place(value)
        self._exposed = False
        self._state = self._next
        if self._stack[-1] is self._list:
            self._close_row(at)

    def _close(self, at: int) -> int:
        self._stack.pop()
        self._keys.pop()
        if not self._stack:
            self._ended = (len(self._pieces) - 1, at)
            # `{}` in prose is no answer while another may come.
            self._state = self._ignore if self._root else self._find
            return at
        self._state = self._next
        if self._stack[-1] is self._list:
            self._close_row(at)
        return at

    def _close_row(self, at: int) -> None:
        data = self._stack[-1][-1]
        if self._check is None:
            self._rows.append(Row(data))
            return
        value, error = self._check(self._cut(self._row_began, (len(self._pieces) - 1, at)))
        self._rows.append(Row(data, error, value))

    def _break(self, text: str, at: int) -> int:
        """This is no JSON: where nothing has come yet it was prose, else it ends here."""
        if not self._root:
            self._start_over()
            self._state = self._find
            return at
        self._state = self._ignore
        return len(text)

    def _ignore(self, text: str, at: int) -> int:
        """What stands behind the JSON."""
        return len(text)

    # ------------------------------------------------------------------ what is read

    def _expose(self) -> None:
        """Put the string that is open into its place, where its text is free."""
        if self._state != self._string or self._is_key or not self._is_free():
            return
        source = ''.join(self._source)
        found = _DECODABLE.match(source)
        end = found.end() if found else 0
        self._decoded = [''.join((*self._decoded, _decode(source[:end])))]
        self._source = [source[end:]]
        self._place(self._decoded[0])
        self._exposed = self._keys[-1] is None

    def _is_free(self) -> bool:
        return self._layout is None or self._layout.is_free(tuple(self._keys))

    def _under(self) -> Any:
        """The answer in its wrapping; None before it came."""
        self._expose()
        found: Any = self._root
        for key in self._layout.under if self._layout else ():
            if not isinstance(found, dict):
                return found
            found = _fields(found).get(key)
        return found

    def _cut(self, start: tuple[int, int], end: tuple[int, int] | None) -> str:
        """The text between two places."""
        (first, at), (last, to) = start, end or (len(self._pieces) - 1, len(self._pieces[-1]))
        if first == last:
            return self._pieces[first][at:to]
        return ''.join((self._pieces[first][at:], *self._pieces[first + 1 : last], self._pieces[last][:to]))


def _fields(data: Any) -> dict[str, Any]:
    """The fields of an object; none where the data is no object."""
    return cast('dict[str, Any]', data) if isinstance(data, dict) else {}


def _behind_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _decode(source: str) -> str:
    """The text that the source of a JSON string stands for; the source itself where it is not valid."""
    if '\\' not in source:
        return source
    try:
        return from_json(f'"{source}"')
    except ValueError:
        return source

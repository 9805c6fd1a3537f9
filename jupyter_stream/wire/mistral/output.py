"""Text that is the arguments of an output tool.

Mistral's models sometimes write the JSON that they should call a tool with as their answer. It is shown as that call,
again and again while it grows, as soon as it has what the tool requires. Any other text is text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from pydantic_core import from_json

from jupyter_stream.tools import ToolDefinition

__all__ = ('Call', 'OutputText')

_EVERY: Final = 4096
_SHARE: Final = 16
"""Up to so many characters every delta is looked at; beyond, only growth by a share, so that the cost is linear."""

_DECODER: Final = json.JSONDecoder()
_BEGINS_OBJECT: Final = re.compile(r'\s*(\{\s*(["}]|$)|$)')

_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    'string': (str,),
    'integer': (int,),
    'number': (int, float),
    'boolean': (bool,),
    'array': (list,),
    'object': (dict,),
    'null': (type(None),),
}


Call = tuple[str, dict[str, Any] | str]
"""A tool's name and arguments; these are a string where they are no JSON."""


class OutputText:
    """Reads an answer's text while it may be the call of one of these tools.

    Attributes:
        call: the call so far, None while there is none.
    """

    def __init__(self, tools: Sequence[ToolDefinition]) -> None:
        self.call: Call | None = None
        self._tools = tools
        self._pieces: list[str] = []
        self._length = 0
        self._next = 0
        self._is_text = False

    def feed(self, content: str) -> str:
        """Take another piece of the text; returns what turned out to be only text."""
        if self._is_text:
            return content
        self._pieces.append(content)
        self._length += len(content)
        if self._length < self._next:
            return ''
        self._next = self._length + self._length // _SHARE if self._length > _EVERY else 0
        return self._look(''.join(self._pieces))

    def close(self) -> str:
        """The text is whole; returns what of it is only text."""
        text = ''.join(self._pieces)
        if self._is_text or not text:
            return ''
        start = len(text) - len(text.lstrip())
        try:
            value, end = _DECODER.raw_decode(text, start)
        except (ValueError, RecursionError):
            return self._broken(text)
        self._settle(value)
        if self.call is None:
            return text
        self.call = (self.call[0], value)  # all that came, even if the last of it is not what the tool wants
        return text[end:].lstrip()

    def _look(self, text: str) -> str:
        """Look at the text so far, if it is the beginning of an object; any other is only text."""
        self._pieces = [text]
        if _BEGINS_OBJECT.match(text) is None:
            self._is_text = True
            return text
        value = _read(text)
        if value is not None and not _ends_in_a_number(text, value):
            self._settle(value)
        return ''

    def _settle(self, value: Any) -> None:
        if isinstance(value, dict) and value:
            arguments = cast('dict[str, Any]', value)
            fitting = (tool.name for tool in self._tools if _fits(arguments, tool.parameters_json_schema))
            if (name := next(fitting, None)) is not None:
                self.call = (name, arguments)

    def _broken(self, text: str) -> str:
        """It ends in the middle: arguments that were cut are kept as they came."""
        if self.call is None:
            return text
        self.call = (self.call[0], text)
        return ''


def _read(text: str) -> Any:
    """What stands in the beginning of a JSON text; None for nothing."""
    try:
        return from_json(text, allow_partial='trailing-strings')
    except ValueError:
        return None


def _ends_in_a_number(text: str, value: Any) -> bool:
    """Whether what comes next can still change the last number: a letter there is no part of it, but of a string."""
    return text[-1] in '0123456789.eE+-' and _read(text + 'x') in (None, value)


def _fits(value: Mapping[str, Any], schema: Mapping[str, Any]) -> bool:
    """Whether an object has all that a schema requires, each of its type."""
    properties = cast('Mapping[str, Any]', schema.get('properties') or {})
    return all(
        name in value and _is_a(value[name], properties.get(name) or {}) for name in schema.get('required') or ()
    )


def _is_a(value: Any, schema: Mapping[str, Any]) -> bool:
    kind = schema.get('type')
    if not isinstance(kind, str) or kind not in _TYPES:
        return True
    if isinstance(value, bool) and kind != 'boolean':
        return False
    if kind == 'integer' and isinstance(value, float):
        return value.is_integer()
    if not isinstance(value, _TYPES[kind]):
        return False
    if isinstance(value, list):
        items = schema.get('items')
        of = cast('dict[str, Any]', items if isinstance(items, dict) else {})
        return all(_is_a(item, of) for item in cast('list[Any]', value))
    return _fits(cast('dict[str, Any]', value), schema) if isinstance(value, dict) else True

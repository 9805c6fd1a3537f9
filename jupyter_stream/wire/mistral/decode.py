"""Chunks of Mistral's stream to parts: https://docs.mistral.ai/api/endpoint/chat

What differs from Chat Completions: thinking comes as chunks inside the content, all text is one part and all thinking
another, an error is a chunk that says so, and where there are output tools a text may be the arguments of one.

Mistral's models sometimes write the JSON that they should call a tool with as their answer. It is shown as that call,
again and again while it grows, as soon as it has what the tool requires. Any other text is text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, cast

from pydantic_core import from_json

from jupyter_stream.messages import ModelResponseStreamEvent, ToolCallPart
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.settings import ModelSettings
from jupyter_stream.stream.parts import generate_tool_call_id
from jupyter_stream.tools import ToolDefinition
from jupyter_stream.wire import base
from jupyter_stream.wire.openai_chat import Decoder as ChatDecoder

__all__ = ('Decoder',)

_NO_ID: Final = ('null', '')
"""What stands in place of an id in a piece that goes on with a call."""


class Decoder(ChatDecoder):
    """Reads one answer."""

    bare_errors = False

    def __init__(self, target: base.Target, parameters: ModelRequestParameters, settings: ModelSettings) -> None:
        super().__init__(target, parameters, settings)
        output_tools = self.parameters.output_tools
        self._output = _OutputText(output_tools) if output_tools else None
        self._output_id = generate_tool_call_id()
        self._shown: _Call | None = None

    def _read(self, chunk: dict[str, Any]) -> None:
        if 'choices' not in chunk and chunk.get('message'):
            raise self._error(chunk)
        super()._read(chunk)

    def _thinking(self, delta: dict[str, Any]) -> None:
        content = delta.get('content')
        if isinstance(content, list):
            for thought in _thoughts(cast('list[Any]', content)):
                self.parts.thinking('thinking', thought)

    def _leave_text(self, *, awaits_text: bool) -> None:
        """Text goes on in the same part, whatever came in between."""

    def _tool_call(self, call: dict[str, Any]) -> None:
        function = cast('dict[str, Any]', call.get('function') or {})
        call_id = None if call.get('id') in _NO_ID else call.get('id')
        super()._tool_call({**call, 'id': call_id, 'function': {**function, 'name': function.get('name') or None}})

    # ---------------------------------------------------------- text as output

    def _text(self, content: str) -> None:
        super()._text(content) if self._output is None else self._show(self._output, self._output.feed(content))

    def close(self) -> list[ModelResponseStreamEvent]:
        """See `base.Decoder.close`."""
        if self._output is not None:
            self._show(self._output, self._output.close())
        return super().close()

    def _show(self, output: _OutputText, text: str) -> None:
        if output.call != self._shown:
            self._shown = output.call
            name, args = cast(_Call, output.call)
            self.parts.part('output', ToolCallPart(name, args, self._output_id))
        if text:
            super()._text(text)


def _thoughts(content: list[Any]) -> Iterator[str]:
    for chunk in content:
        if isinstance(chunk, dict) and cast('dict[str, Any]', chunk).get('type') == 'thinking':
            for thought in cast('dict[str, Any]', chunk).get('thinking') or ():
                if thought.get('type') == 'text':
                    yield thought.get('text') or ''


# ---------------------------------------------------------------- text that is the arguments of an output tool

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


_Call = tuple[str, dict[str, Any] | str]
"""A tool's name and arguments; these are a string where they are no JSON."""


class _OutputText:
    """Reads an answer's text while it may be the call of one of these tools.

    Attributes:
        call: the call so far, None while there is none.
    """

    def __init__(self, tools: Sequence[ToolDefinition]) -> None:
        self.call: _Call | None = None
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

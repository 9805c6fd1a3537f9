"""What all decoders of JSON events do with one."""

from __future__ import annotations

import json
import re
from abc import abstractmethod
from collections.abc import Container, Hashable
from dataclasses import replace
from typing import Any, Final, cast

from pydantic_core import from_json

from jupyter_stream.exceptions import ModelAPIError, stream_error
from jupyter_stream.framing.sse import Frame
from jupyter_stream.messages import ModelResponseStreamEvent
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.wire import base

__all__ = ('UNNAMED', 'WRONG_TYPE', 'Blocks', 'EventDecoder', 'NamePieces', 'first_of', 'parsed')

UNNAMED: Final = frozenset({None, 'message'})
"""The names of an event that has none."""

_LONE: Final = re.compile('[\ud800-\udfff]')

_GROWING: Final = frozenset(
    {'arguments', 'content', 'delta', 'input', 'partial_json', 'reasoning', 'reasoning_content', 'refusal', 'summary',
     'text', 'thinking', 'tool_plan'}
)  # fmt: skip
"""The fields whose text comes in pieces; `parts` joins them and replaces what stays alone."""

WRONG_TYPE: Final = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What reading a field raises whose type is not the protocol's."""


def parsed(data: str) -> Any:
    """The JSON value that an event holds; ValueError or RecursionError when it holds none."""
    try:
        return from_json(data)  # in half the time of the standard library
    except ValueError:
        return _encodable(json.loads(data))  # which also takes half a surrogate pair


def first_of(choices: Any) -> dict[str, Any] | None:
    """The one of several answers that is read: that of index 0, or without an index. None where it is not there."""
    return next((choice for choice in choices or () if not choice.get('index')), None)


def _lines(data: str) -> list[str]:
    """The lines of an event's data where each is an event, as the first one shows; none for any other data."""
    lines = [line for line in data.split('\n') if line.strip()]
    try:
        is_event = len(lines) > 1 and isinstance(parsed(lines[0]), dict)
    except (ValueError, RecursionError):
        return []
    return lines if is_event else []


def _objects(value: Any) -> list[str]:
    """The events of a list of them, as text once more; none for any other value."""
    objects = cast('list[Any]', value) if isinstance(value, list) else []
    return [json.dumps(each) for each in objects] if all(isinstance(each, dict) for each in objects) else []


def _encodable(value: Any, grows: bool = False) -> Any:
    """The value without half characters, but where the other half may come with the next event."""
    if isinstance(value, str):
        return value if grows else _LONE.sub('\ufffd', value)
    if isinstance(value, dict):
        items = cast('dict[str, Any]', value).items()
        return {_encodable(key): _encodable(item, key in _GROWING) for key, item in items}
    if isinstance(value, list):
        return [_encodable(item) for item in cast('list[Any]', value)]
    return value


class EventDecoder(base.Decoder):
    """Reads server-sent events with a JSON object in each; a protocol says in `_event` what an object means.

    Anything but an object is the provider's error in an event named so, nothing in an event that the protocol does not
    know, and malformed in all others.
    """

    _names: Container[str | None] = UNNAMED
    """The events that the protocol knows by name."""

    @abstractmethod
    def _event(self, event: dict[str, Any], frame: Frame, /) -> None:
        """Read an object. Whatever of `WRONG_TYPE` it raises says that the event is malformed."""

    def feed(self, frame: Frame) -> list[ModelResponseStreamEvent]:
        """See `base.Decoder.feed`."""
        self.offset += 1
        if self.terminal:
            return []
        try:
            event: dict[str, Any] = parsed(frame.data)
        except (ValueError, RecursionError):
            lines = _lines(frame.data)
            return self._several(frame, lines) if lines else self._no_object(frame, frame.data, 'is not JSON')
        if type(event) is not dict:
            objects = _objects(event)
            return self._several(frame, objects) if objects else self._no_object(frame, event, 'is not a JSON object')
        try:
            self._event(event, frame)
        except WRONG_TYPE as error:
            raise self._malformed(frame.data, 'has a field of the wrong type') from error
        return self.parts.take()

    def _several(self, frame: Frame, data: list[str]) -> list[ModelResponseStreamEvent]:
        """Read the events that a server has put into one: it ended each with one line end, or sent a list of them."""
        self.offset -= 1
        return [event for each in data for event in self.feed(replace(frame, data=each))]

    def _no_object(self, frame: Frame, said: Any, what: str) -> list[ModelResponseStreamEvent]:
        if frame.data.strip() == self.end_marker:
            self.terminal = True
        elif frame.event == 'error':
            raise self._error(said)
        elif said is not None and frame.event in self._names:
            raise self._malformed(frame.data, what)
        return []

    def _error(self, body: Any) -> ModelAPIError:
        return stream_error(self.model_name, body, self.target.provider.title, bare=self.bare_errors)


class Blocks:
    """The keys of the blocks of an answer, by their index: an index that comes again stands for another block."""

    def __init__(self) -> None:
        self._keys: dict[Any, int] = {}
        self._begun = 0

    def begin(self, index: Any) -> int:
        """The key of a block that begins."""
        self._begun += 1
        self._keys[index] = self._begun
        return self._begun

    def key(self, index: Any) -> int:
        """The key of the open block of this index; of a new one where a server keeps its start to itself."""
        key = self._keys.get(index)
        return self.begin(index) if key is None else key

    def end(self, index: Any) -> int | None:
        """The key of the block that ends here; None where none is open."""
        return self._keys.pop(index, None)


class NamePieces:
    """What is new in each name that a server gives to a call: most send it once, some again, some in pieces."""

    def __init__(self, parameters: ModelRequestParameters) -> None:
        self._tools = parameters.tool_defs
        self._names: dict[Hashable, str] = {}

    def piece(self, key: Hashable, name: str | None) -> str | None:
        """What `name` adds to the name of this call: nothing where it is that name once more."""
        if not name:
            return name
        known = self._names.get(key, '')
        if known and name.startswith(known) and known + name not in self._tools:
            name = name.removeprefix(known) or None
        self._names[key] = known + (name or '')
        return name

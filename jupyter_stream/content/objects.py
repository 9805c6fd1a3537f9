"""Dataclasses, pydantic models, mappings and sequences as JSON, cut by depth, by length and by the budget.

However large a value is, only what is shown of it is read.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Collection, ItemsView, Iterator, KeysView, Mapping, Sequence, ValuesView
from dataclasses import dataclass, fields, is_dataclass
from itertools import islice
from typing import Any, Final, cast

from jupyter_stream.content.pieces import Hints, Shown, class_of
from jupyter_stream.content.text import cut, dotted, short_repr, without_address

__all__ = ('COLLECTIONS', 'structure')

_LIMITS: Final = ((100, 8, 2_000), (50, 6, 500), (20, 5, 200), (10, 4, 120), (6, 3, 80), (4, 3, 60), (3, 2, 40))
"""Items of a container, depth, characters of a text: the first with which the whole fits."""

COLLECTIONS: Final = (list, tuple, set, frozenset, deque, KeysView, ValuesView, ItemsView)
"""What is read item by item, besides sequences of other types inside of them."""

_ITEMS: Final = 3_000
"""Items that are read at most for one form."""

_SORTED: Final = 100_000
_WIDTH: Final = 100


def structure(value: Any, hints: Hints) -> Shown:
    """The value as JSON of at most the budget's size."""
    for length, depth, characters in _LIMITS[:-1]:
        try:
            text = _json(_Walk(length, characters, hints.characters).data(value, depth))
        except _TooLarge:
            continue
        if len(text) <= hints.characters:
            return Shown(text)
    length, depth, characters = _LIMITS[-1]
    return Shown(cut(_json(_Walk(length, characters).data(value, depth)), hints.characters))


class _TooLarge(Exception):
    """What was read so far is more than there is room for."""


def _json(data: Any, indent: str = '') -> str:
    """As JSON, in one line where that is short or holds nothing nested."""
    flat = json.dumps(data, ensure_ascii=False)
    inner: Any = data.values() if hasattr(data, 'values') else data
    if len(flat) + len(indent) <= _WIDTH or not any(isinstance(item, dict | list) for item in inner):
        return flat
    deeper = f'{indent} '
    if isinstance(data, dict):
        pairs = cast('dict[str, Any]', data).items()
        lines = [f'{deeper}{json.dumps(key, ensure_ascii=False)}: {_json(item, deeper)}' for key, item in pairs]
        return '{\n' + ',\n'.join(lines) + f'\n{indent}}}'
    return '[\n' + ',\n'.join(f'{deeper}{_json(item, deeper)}' for item in inner) + f'\n{indent}]'


@dataclass(slots=True)
class _Walk:
    """Makes plain data of a value.

    Attributes:
        length: How many items of a container are read.
        characters: How much of a text.
        room: How many characters there is still room for; None where less is read instead of nothing.
        left: How many items may still be read in all.
    """

    length: int
    characters: int
    room: int | None = None
    left: int = _ITEMS

    def data(self, value: Any, depth: int) -> Any:
        """The value as JSON has it.

        Raises:
            _TooLarge: there is a room, and it is full.
        """
        self.left -= 1
        data = self._data(value, depth)
        if self.room is not None:
            self.room -= len(data) + 2 if isinstance(data, str) else 1
            if self.room < 0:
                raise _TooLarge
        return data

    def _data(self, value: Any, depth: int) -> Any:
        if value is None or isinstance(value, bool | int | float):
            return value if not isinstance(value, float) or abs(value) < float('inf') else str(value)
        if isinstance(value, str):
            return _text(value, self.characters)
        pairs = _pairs_of(value)
        if pairs is not None:
            return self._mapping(pairs, _length_of(value), depth)
        if isinstance(value, COLLECTIONS) or _is_sequence(value):
            return self._sequence(cast('Collection[Any]', value), depth)
        if _says_itself(value):
            return _text(without_address(str(value)), self.characters)
        return short_repr(value, self.characters)

    def _mapping(self, pairs: Iterator[tuple[Any, Any]], count: int | None, depth: int) -> Any:
        if depth <= 0 or self.left <= 0:
            return '{…}'
        found = {_key(key): self.data(item, depth - 1) for key, item in islice(pairs, self.length)}
        if more := _more(count, self.length):
            found['…'] = more
        return found

    def _sequence(self, items: Collection[Any], depth: int) -> Any:
        if not len(items):
            return []
        if depth <= 0 or self.left <= 0:
            return f'[… {len(items):,} items]'
        found = [self.data(item, depth - 1) for item in islice(_ordered(items), self.length)]
        if more := _more(len(items), self.length):
            found.append(f'… {more}')
        return found


def _ordered(items: Collection[Any]) -> Collection[Any]:
    """The items of a set in an order that is the same in each run, where they have one and are not too many."""
    if not isinstance(items, set | frozenset) or len(items) > _SORTED:
        return items
    try:
        return sorted(items)
    except TypeError:
        return items


def _text(text: str, characters: int) -> str:
    return text if len(text) <= characters else f'{text[:characters]}… {len(text) - characters:,} more characters'


def _more(count: int | None, length: int) -> str:
    return f'{count - length:,} more' if count is not None and count > length else ''


def _key(key: Any) -> str:
    return dotted(key, _WIDTH) if isinstance(key, str) else short_repr(key, _WIDTH)


def _is_sequence(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray | memoryview | range)


def _says_itself(value: Any) -> bool:
    """Whether a text of it is what a reader wants, as of a date, a path, a secret, rather than its repr."""
    return type(value).__str__ is not object.__str__ and not isinstance(value, bytes | bytearray)


def _length_of(value: Any) -> int | None:
    return len(cast('Mapping[Any, Any]', value)) if isinstance(value, Mapping) else None


def _pairs_of(value: Any) -> Iterator[tuple[Any, Any]] | None:
    """Names and values of what has such; None for what has none.

    A field that says that it is not to be shown, or not to be written, is left out.
    """
    cls = class_of(value)
    if isinstance(value, Mapping):
        return iter(cast('Mapping[Any, Any]', value).items())
    if hasattr(cls, 'model_fields') and hasattr(cls, '__pydantic_serializer__'):
        return _of_model(value)
    if is_dataclass(cls):
        return ((field.name, getattr(value, field.name, None)) for field in fields(cls) if field.repr)
    if hasattr(cls, '__attrs_attrs__'):
        return ((field.name, getattr(value, field.name, None)) for field in cls.__attrs_attrs__ if field.repr)
    if isinstance(value, tuple) and hasattr(cls, '_fields'):
        return zip(cls._fields, cast('tuple[Any, ...]', value), strict=True)
    return None


def _of_model(value: Any) -> Iterator[tuple[str, Any]]:
    """The fields of a pydantic model; one that has serializers of its own writes itself by them."""
    cls = class_of(value)
    hidden = {name for name, field in cls.model_fields.items() if not field.repr or field.exclude}
    own = getattr(cls, '__pydantic_decorators__', None)
    if own is not None and (own.field_serializers or own.model_serializers):
        dumped = value.model_dump(mode='json', exclude=hidden)
        yield from dumped.items() if isinstance(dumped, dict) else [('value', dumped)]
        return
    for name in (*cls.model_fields, *getattr(cls, 'model_computed_fields', ()), *(value.model_extra or ())):
        if name not in hidden:
            yield name, getattr(value, name, None)

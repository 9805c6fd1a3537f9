"""Whether a value fits an annotation, and if not, where and why, in words.

The annotations of the vocabulary are the table: a dataclass is checked field by field, a TypedDict key by key. Each
annotation is compiled once into a function of the value. Looser than a type checker where Python's libraries are: any
sequence is a list, an int is a float; stricter in one thing: a bool is no number.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cache
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Final,
    Literal,
    TypeAlias,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

if sys.version_info >= (3, 12):
    from typing import is_typeddict
else:
    from typing_extensions import is_typeddict  # knows those of the settings too

__all__ = ('Check', 'Misfit', 'check_for', 'kind_of')


@dataclass(frozen=True, slots=True)
class Misfit:
    """Why a value does not fit.

    Attributes:
        path: where in the value, as code: '[0].parts'; '' for the value itself.
        wanted: what it could be, in words, as ('a text', 'a list'); empty where `problem` says all.
        problem: the rest of a sentence that begins with the place: 'must be a text or a list, not 5'.
    """

    path: str
    wanted: tuple[str, ...]
    problem: str

    def inside(self, step: str) -> Misfit:
        """The same seen from the value that holds it under `step`."""
        return replace(self, path=step + self.path)


Check: TypeAlias = Callable[[Any], Misfit | None]

_SHOWN: Final = 40
_MOST: Final = 10
_NAMED: Final = 3
"""Of more alternatives than `_MOST` so many are named: a part of a request may be one of twelve."""


def kind_of(value: object) -> str:
    """A value as an error names it: numbers as they are, of others the type alone, as they may be long, or secret."""
    if value is None or isinstance(value, bool | int | float):
        return repr(value)
    return f'the class {value.__name__}' if isinstance(value, type) else _one(cast(Any, type(value)))


@cache
def check_for(hint: Any) -> Check:
    """The check of an annotation, as `get_type_hints` gives it."""
    origin = get_origin(hint)
    if origin is Annotated:
        return check_for(get_args(hint)[0])
    if origin in (Union, UnionType):
        return _union(get_args(hint))
    if origin is Literal:
        return _literal(get_args(hint))
    if origin is not None and issubclass(origin, Mapping):
        return _mapping(*map(check_for, get_args(hint)))
    if origin is not None and issubclass(origin, Sequence | Set):
        return _collection(check_for(get_args(hint)[0]), Set if issubclass(origin, Set) else Sequence)
    if hint in (Any, object) or not isinstance(hint, type):
        return _anything
    if is_typeddict(hint):
        return _typed_dict({name: check_for(kind) for name, kind in get_type_hints(hint).items()})
    return _SIMPLE.get(hint) or _instance(hint)


def _must_be(value: object, *wanted: str) -> Misfit:
    """A text is shown where it was to be one of several."""
    words = isinstance(value, str) and len(value) < _SHOWN and any(one[0] == "'" for one in wanted)
    return Misfit('', wanted, f'must be {_either(wanted)}, not {repr(value) if words else kind_of(value)}')


def _anything(value: object) -> None:
    return None


def _truth(value: object) -> Misfit | None:
    return None if isinstance(value, bool) else _must_be(value, 'True', 'False')


def _whole(value: object) -> Misfit | None:
    return None if isinstance(value, int) and not isinstance(value, bool) else _must_be(value, 'a whole number')


def _number(value: object) -> Misfit | None:
    fits = isinstance(value, int | float) and not isinstance(value, bool) and not math.isnan(value)
    return None if fits else _must_be(value, 'a number')


def _text(value: object) -> Misfit | None:
    if not isinstance(value, str):
        return _must_be(value, 'a text')
    if value.isascii():
        return None
    try:
        value.encode()
    except UnicodeEncodeError as error:
        half = f'U+{ord(value[error.start]):04X} at index {error.start}'
        problem = f'holds half a character (the lone surrogate {half}), which cannot be sent: take it out'
        return Misfit('', (), problem)
    return None


def _nothing(value: object) -> Misfit | None:
    return None if value is None else _must_be(value, 'None')


_SIMPLE: Final[Mapping[Any, Check]] = {bool: _truth, int: _whole, float: _number, str: _text, NoneType: _nothing}


def _literal(allowed: tuple[Any, ...]) -> Check:
    def check(value: object) -> Misfit | None:
        fits = any(type(value) is type(one) and value == one for one in allowed)
        return None if fits else _must_be(value, *map(repr, allowed))

    return check


def _union(members: tuple[Any, ...]) -> Check:
    checks = [check_for(member) for member in members]
    by_type = {member: fits for member, fits in zip(members, checks, strict=True) if isinstance(member, type)}

    def check(value: object) -> Misfit | None:
        if (known := by_type.get(type(value))) is not None:  # the usual case, and quick
            return known(value)
        misfits: list[Misfit] = []
        for fits in checks:
            misfit = fits(value)
            if misfit is None:
                return None
            misfits.append(misfit)
        # One that fitted further than the others is what was meant.
        meant = next((one for one in misfits if one.path or not one.wanted), None)
        if meant is not None:
            return meant
        return _must_be(value, *dict.fromkeys(word for one in misfits for word in one.wanted if word != 'None'))

    return check


def _collection(item: Check, kind: type[Any]) -> Check:
    wanted = 'a set' if kind is Set else 'a list'

    def check(value: Any) -> Misfit | None:
        if not isinstance(value, kind) or isinstance(value, str | bytes | bytearray | memoryview):
            return _must_be(cast(object, value), wanted)
        for index, one in enumerate(value):
            misfit = item(one)
            if misfit is not None:
                return misfit.inside(f'[{index}]')
        return None

    return check


def _mapping(name: Check, item: Check) -> Check:
    def check(value: Any) -> Misfit | None:
        if not isinstance(value, Mapping):
            return _must_be(value, 'a dict')
        for key, one in cast(Mapping[Any, Any], value).items():
            misfit = name(key) or item(one)
            if misfit is not None:
                return misfit.inside(f'[{key!r:.{_SHOWN}}]')
        return None

    return check


def _typed_dict(keys: Mapping[str, Check]) -> Check:
    """None is an absent key. Keys that the annotation does not know are somebody else's."""

    def check(value: Any) -> Misfit | None:
        if not isinstance(value, Mapping):
            return _must_be(value, 'a dict')
        for key, one in cast(Mapping[Any, Any], value).items():
            misfit = None if one is None or key not in keys else keys[key](one)
            if misfit is not None:
                return misfit.inside(f'[{key!r}]')
        return None

    return check


def _instance(kind: type[Any]) -> Check:
    wanted = _one(kind)

    def check(value: Any) -> Misfit | None:
        if not isinstance(value, kind):
            return _must_be(value, wanted)
        for name, fits, optional in _fields(cast(Any, type(value))):
            one = getattr(value, name, None)
            misfit = None if one is None and optional else fits(one)
            if misfit is not None:
                return misfit.inside(f'.{name}')
        return None

    return check


@cache
def _fields(kind: type[Any]) -> tuple[tuple[str, Check, bool], ...]:
    """The public fields of a dataclass, their checks, and whether they may be None.

    A subclass made elsewhere is checked as what it extends: its own annotations may not even resolve.
    """
    home = __name__.partition('.')[0]
    ours = next((base for base in kind.__mro__ if base.__module__.partition('.')[0] == home), None)
    if ours is None or not is_dataclass(ours):
        return ()
    hints = get_type_hints(ours)
    names = [field.name for field in fields(ours) if not field.name.startswith('_')]
    checks = {name: check_for(hints[name]) for name in names}
    return tuple(
        (name, check, NoneType in get_args(hints[name])) for name, check in checks.items() if check is not _anything
    )


def _one(kind: type[Any]) -> str:
    return f'{"an" if kind.__name__[0] in "aeioAEIO" else "a"} {kind.__name__}'


def _either(words: Sequence[str]) -> str:
    """'a, b or c'; of very many the first ones."""
    if len(words) > _MOST:
        words = [*words[:_NAMED], 'the like']
    return words[0] if len(words) == 1 else f'{", ".join(words[:-1])} or {words[-1]}'

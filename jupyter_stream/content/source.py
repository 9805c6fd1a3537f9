"""Functions, classes and modules: signature, docstring and source."""

from __future__ import annotations

import ast
import functools
import inspect
import linecache
from collections.abc import Iterator
from types import ModuleType
from typing import Any, Final

from jupyter_stream.content.errors import is_library
from jupyter_stream.content.pieces import Hints, Shown
from jupyter_stream.content.text import cut, cut_lines, dotted, short_repr

__all__ = ('code', 'module')

LINES: Final = 200

_LINE: Final = 300
_NAMES: Final = 100
_ARGUMENTS: Final = 200


def code(value: Any, hints: Hints) -> Shown:
    """A function, a method, a class or a partial: its source, or else what is known of it."""
    if isinstance(value, functools.partial):
        inner = code(value.func, hints)  # pyright: ignore[reportUnknownArgumentType, reportUnknownMemberType]
        given = [
            *(short_repr(item, 80) for item in value.args),
            *(f'{k}={short_repr(v, 80)}' for k, v in value.keywords.items()),
        ]
        return Shown(f'partial, called with {dotted(", ".join(given), _ARGUMENTS)}, of:\n{inner.text}')
    source = _source(value)
    return Shown(_cut(source)) if source else Shown(cut('\n'.join(_known(value)), hints.characters))


def module(value: ModuleType, hints: Hints) -> Shown:
    """A module: the source of the user's own, of a library what it is for and the names that it has."""
    filename = getattr(value, '__file__', None)
    if filename and not is_library(filename) and (source := _source(value)):
        return Shown(_cut(source))
    return Shown(cut('\n'.join(_contents(value)), hints.characters))


def _cut(source: str) -> str:
    lines = [dotted(line, _LINE) for line in source.rstrip().split('\n')]
    return '\n'.join(cut_lines(lines, LINES))


def _source(value: Any) -> str | None:
    """The source, without the indentation of where it stands; None where there is none, as of what is written in C."""
    try:
        return inspect.cleandoc(f'\n{inspect.getsource(value)}')
    except (OSError, TypeError):
        return _class_in_a_cell(value) if isinstance(value, type) else None


def _class_in_a_cell(cls: type) -> str | None:
    """The source of a class of a cell, which `inspect` does not find: the last of that name among the cells."""
    for entry in reversed(list(linecache.cache.values())):
        if len(entry) < 3:  # not read yet
            continue
        text = ''.join(entry[2])
        if f'class {cls.__name__}' in text and (found := _class_in(text, cls)):
            return found
    return None


def _class_in(text: str, cls: type) -> str | None:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):  # a magic in the cell
        return None
    found = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == cls.__name__]
    if not found or cls.__module__ != '__main__':
        return None
    first = min([found[-1].lineno, *(one.lineno for one in found[-1].decorator_list)])
    return '\n'.join(text.split('\n')[first - 1 : found[-1].end_lineno])


def _known(value: Any) -> Iterator[str]:
    kind = 'class' if isinstance(value, type) else 'function'
    name = getattr(value, '__qualname__', None) or type(value).__name__
    try:
        signature = str(inspect.signature(value))
    except (TypeError, ValueError):
        signature = '(…)'
    yield f'{kind} {name}{signature}'
    if document := inspect.getdoc(value):
        yield document


def _contents(value: ModuleType) -> Iterator[str]:
    version = getattr(value, '__version__', None)
    yield f'module {value.__name__}{f" {version}" if isinstance(version, str) else ""}'
    names = [name for name in getattr(value, '__all__', None) or vars(value) if not name.startswith('_')]
    if names:
        more = f', … {len(names) - _NAMES:,} more' if len(names) > _NAMES else ''
        yield f'names: {", ".join(sorted(names)[:_NAMES])}{more}'
    if document := inspect.getdoc(value):
        yield document

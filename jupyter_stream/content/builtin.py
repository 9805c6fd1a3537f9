"""Values of Python itself, of this library's messages, and of the types that users define."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import is_dataclass
from datetime import date, time, timedelta, tzinfo
from enum import Enum
from io import BytesIO, IOBase, StringIO
from numbers import Number
from os import PathLike
from types import (
    BuiltinMethodType,
    FunctionType,
    GenericAlias,
    MethodDescriptorType,
    MethodType,
    ModuleType,
    TracebackType,
    UnionType,
    WrapperDescriptorType,
)
from typing import Any, Final
from uuid import UUID

from jupyter_stream.content.errors import exception
from jupyter_stream.content.files import address, path, raw
from jupyter_stream.content.objects import COLLECTIONS, structure
from jupyter_stream.content.pieces import ContentError, Hints, Shown, class_of
from jupyter_stream.content.source import code, module
from jupyter_stream.content.text import MEGABYTE, cut

__all__ = ('builtin',)

_SHORT: Final = 200
"""Characters up to which a text of one line stands in the prompt as it is: a name, a number, a word to translate."""

_URLS: Final = ('pydantic', 'yarl', 'httpx', 'urllib', 'rfc3986', 'furl')
_LONGEST_URL: Final = 4_000

Read = Callable[[Any, Hints], Shown | None]


def builtin(value: Any, hints: Hints) -> Shown | None:
    """By its type what a value is to a model; None for one that is of no kind known here."""
    cls = class_of(value)
    if cls.__module__.partition('.')[0] == 'unittest':  # a mock, which says that it is everything
        return None
    for types, read in _BY_TYPE:
        # By its type, not by what it says of its class.
        if issubclass(cls, types):
            return read(value, hints)
    if (url := _url_of(value)) is not None:
        return address(url, hints) or Shown(url, is_plain=True)
    return structure(value, hints) if _has_fields(value) else None


def text(value: str, hints: Hints) -> Shown:
    """A text, whole up to a megabyte: the user wants it to be read. A short line stands in the prompt as it is."""
    is_url = len(value) <= _LONGEST_URL and value.startswith(('https://', 'http://')) and len(value.split()) == 1
    found = address(value, hints) if is_url else None
    return found or Shown(cut(value, MEGABYTE), is_plain=len(value) <= _SHORT and len(value.splitlines()) <= 1)


def _plain(value: Any, hints: Hints) -> Shown:
    said = str(value)
    return Shown(cut(said, hints.characters), is_plain=len(said) <= _SHORT and '\n' not in said)


def _awaited(value: Any, hints: Hints) -> Shown:
    raise ContentError('it has no value yet; await it first.')


def _used_up(value: Any, hints: Hints) -> Shown:
    raise ContentError('reading it would use it up; put in what it gives, such as `list(…)` of it.')


def _open_file(value: Any, hints: Hints) -> Shown:
    raise ContentError('it is an open file, and reading it would move it; put in its text (`.read()`) or its path.')


def _in_memory(value: StringIO | BytesIO, hints: Hints) -> Shown:
    held = value.getvalue()
    return text(held, hints) if isinstance(held, str) else raw(held, hints)


def _trace(value: TracebackType, hints: Hints) -> Shown:
    raise ContentError('it is the traceback of an error; put in the error itself.')


def _file(value: Any, hints: Hints) -> Shown:
    where = getattr(value, 'url', None) or getattr(value, 'file_id', '')
    return Shown(str(where), [value])


def _said(value: Any, hints: Hints) -> Shown:
    return Shown(cut(value.text or '', MEGABYTE))


def _has_fields(value: Any) -> bool:
    cls = class_of(value)
    return is_dataclass(cls) or hasattr(cls, '__attrs_attrs__') or hasattr(cls, 'model_fields')


def _url_of(value: Any) -> str | None:
    """The text of a URL object of one of the libraries that have one."""
    cls = class_of(value)
    if cls.__module__.partition('.')[0] not in _URLS or isinstance(value, type):
        return None
    is_url = cls.__name__.endswith(('Url', 'URL')) or cls.__name__ in ('ParseResult', 'SplitResult', 'furl')
    if not is_url:
        return None
    return value.geturl() if hasattr(value, 'geturl') else str(value)


def _messages() -> list[tuple[tuple[type, ...], Read]]:
    from jupyter_stream.messages import MULTI_MODAL_CONTENT_TYPES, ModelResponse, TextContent

    return [
        (MULTI_MODAL_CONTENT_TYPES, _file),
        ((TextContent,), lambda value, hints: text(value.content, hints)),
        ((ModelResponse,), _said),
    ]


_CODE: Final[Any] = (
    type,
    GenericAlias,
    UnionType,
    functools.partial,
    MethodDescriptorType,
    BuiltinMethodType,
    FunctionType,
    MethodType,
    WrapperDescriptorType,
    staticmethod,
    classmethod,
    property,
)

_PLAIN: Final = (type(None), Number, Enum, date, time, timedelta, tzinfo, UUID, range, slice)


def _code(value: Any, hints: Hints) -> Shown:
    return _plain(value, hints) if isinstance(value, GenericAlias | UnionType) else code(value, hints)


_BY_TYPE: Final[list[tuple[tuple[type, ...], Read]]] = [
    *_messages(),
    (_PLAIN, _plain),
    ((str,), text),
    ((bytes, bytearray, memoryview), raw),
    ((BaseException,), exception),
    ((TracebackType,), _trace),
    ((StringIO, BytesIO), _in_memory),
    ((IOBase,), _open_file),
    ((PathLike,), path),
    ((ModuleType,), module),
    (_CODE, _code),
    ((Awaitable, AsyncIterator), _awaited),
    ((Iterator,), _used_up),
    ((Mapping, *COLLECTIONS), structure),
]

"""Exceptions: type, message, and the user's own frames with the lines around them; of libraries only where it ended."""

from __future__ import annotations

import linecache
import os
import sysconfig
import traceback
from collections.abc import Iterator
from functools import cache
from itertools import groupby, islice
from types import TracebackType
from typing import Any, Final

from jupyter_stream.content.pieces import Hints, Shown
from jupyter_stream.content.text import cut_lines, dotted, without_ansi

__all__ = ('exception', 'is_library')

LINES: Final = 400

_LINE: Final = 300
_FRAMES: Final = 30
_MOST_WALKED: Final = 5_000
_CHAIN: Final = 5
_GROUP: Final = 5


def exception(value: BaseException, hints: Hints) -> Shown:
    """An exception with those behind it, as text."""
    lines = [dotted(line, _LINE) for line in _lines(value, set(), _CHAIN)]
    return Shown('\n'.join(cut_lines(lines, LINES)))


def _lines(error: BaseException, seen: set[int], left: int) -> Iterator[str]:
    seen.add(id(error))
    yield from _message(error)
    yield from _frames(error.__traceback__)
    if isinstance(error, BaseExceptionGroup):
        yield from _group(error, seen, left)  # pyright: ignore[reportUnknownArgumentType]
    behind = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if behind is not None and id(behind) not in seen:
        yield 'It was raised from:' if error.__cause__ is not None else 'It was raised while this was handled:'
        yield from _lines(behind, seen, left - 1) if left > 1 else ['… more errors']


def _group(group: BaseExceptionGroup[Any], seen: set[int], left: int) -> Iterator[str]:
    errors = group.exceptions
    for number, error in enumerate(errors[:_GROUP], 1):
        yield f'Error {number} of {len(errors)}:'
        yield from _lines(error, seen, left - 1) if left > 1 else ['…']
    if len(errors) > _GROUP:
        yield f'… {len(errors) - _GROUP} more errors'


def _message(error: BaseException) -> Iterator[str]:
    """Type, message and notes; of a SyntaxError the line as well."""
    said = ''.join(traceback.format_exception_only(error))
    yield from without_ansi(said).rstrip('\n').split('\n')


def _frames(trace: TracebackType | None) -> Iterator[str]:
    """The frames that are to be shown, the innermost last; one that calls itself is shown once."""
    walked = [(*frame, len([*same])) for frame, same in groupby(islice(_walk(trace), _MOST_WALKED))]
    own = [at for at, (_, filename, _, _) in enumerate(walked) if not is_library(filename)]
    shown = [*own, len(walked) - 1] if walked and (not own or own[-1] != len(walked) - 1) else own
    before = -1
    middle = _FRAMES // 2
    for count, at in enumerate(shown):
        if len(shown) > _FRAMES and middle <= count < len(shown) - middle:
            if count == middle:
                yield f'… {len(shown) - 2 * middle:,} more frames'
        else:
            if at - before > 1 and before >= 0 and count != len(shown) - middle:
                yield f'… {at - before - 1:,} frames of libraries'
            yield from _frame(*walked[at])
        before = at


def _walk(trace: TracebackType | None) -> Iterator[tuple[str, str, int]]:
    while trace is not None:
        code = trace.tb_frame.f_code
        yield code.co_qualname, code.co_filename, trace.tb_lineno
        trace = trace.tb_next


def _frame(function: str, filename: str, number: int, times: int) -> Iterator[str]:
    where = '' if function == '<module>' else f', in {function}'
    again = '' if times == 1 else f' ({times:,} times)'
    yield f'{_place(filename)}, line {number}{where}{again}'
    for line in range(max(1, number - 1), number + 2):
        if text := linecache.getline(filename, line).rstrip():
            yield f'{">" if line == number else " "} {line} | {text}'


def _place(filename: str) -> str:
    """A file without its folders, which say more about the machine than about the error; a cell as such."""
    name = os.path.basename(filename)
    if _is_cell(filename):
        return 'a cell'
    return os.path.join(os.path.basename(os.path.dirname(filename)), name) if is_library(filename) else name


def _is_cell(filename: str) -> bool:
    return 'ipykernel_' in filename or filename.startswith('<ipython-input-')


@cache
def _libraries() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    return tuple({paths[name] + os.sep for name in ('stdlib', 'platstdlib', 'purelib', 'platlib')})


def is_library(filename: str) -> bool:
    """Whether a file is Python's own, or of an installed package."""
    installed = f'{os.sep}site-packages{os.sep}' in filename or f'{os.sep}dist-packages{os.sep}' in filename
    return installed or filename.startswith(('<frozen ', '<__array_function__', *_libraries()))

"""What is wrong with data, in words: the errors of pydantic as sentences about fields."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

__all__ = ('problem_of', 'problems', 'summary')

_NAMED: Final = 3
_SHOWN: Final = 40


def problems(error: ValidationError, wrapper: str | None = None) -> list[str]:
    """One sentence for each error, without its full stop; a field that the data was wrapped in is left out of paths."""
    return [problem_of(one, wrapper) for one in error.errors(include_url=False, include_context=False)]


def summary(found: Sequence[str]) -> str:
    """The first problems in one line, and how many more there are."""
    more = len(found) - _NAMED
    return '; '.join(found[:_NAMED]) + (f'; and {more} more' if more > 0 else '')


def problem_of(error: ErrorDetails, wrapper: str | None = None) -> str:
    """An error as a sentence: `mass` should be a valid number, not 'heavy'."""
    path = error['loc']
    place = _place(path[1:] if len(path) > 1 and path[0] == wrapper else path)
    if error['type'] == 'missing':
        return f'{place} is missing'
    message = error['msg'].removeprefix('Value error, ').removeprefix('Assertion failed, ').rstrip('.')
    if message.startswith('Input '):
        said = f'{place} {message.removeprefix("Input ")}'
    elif message.startswith('Invalid JSON'):
        return 'it is no valid JSON' + message.removeprefix('Invalid JSON')
    else:
        said = f'{place}: {message}'
    return f'{said}, not {_shown(error["input"])}' if not isinstance(error['input'], dict | list) else said


def _place(path: Iterable[int | str]) -> str:
    """Where an error is: `rows[2].mass`; the value itself where there is no path."""
    steps = ''.join(f'[{step}]' if isinstance(step, int) else f'.{step}' for step in path)
    return f'`{steps.removeprefix(".")}`' if steps else 'it'


def _shown(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= _SHOWN else f'{shown[: _SHOWN - 1]}…'

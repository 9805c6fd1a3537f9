"""What users have said about their own types."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar, overload

from jupyter_stream.content.pieces import Hints
from jupyter_stream.exceptions import UserError

__all__ = ('call', 'register', 'registered')

F = TypeVar('F', bound=Callable[..., Any])

_functions: dict[type | str, Callable[..., Any]] = {}


@overload
def register(type: type | str) -> Callable[[F], F]: ...
@overload
def register(type: type | str, function: F) -> F: ...
def register(type: type | str, function: Any = None) -> Any:
    """Say how values of a type, and of types derived from it, become parts of a prompt.

        @register(Molecule)
        def _(molecule, max_tokens):
            return molecule.smiles()

    Args:
        type: the class, or its full name (`'torch.Tensor'`) where its module is not to be imported yet. What was
            registered for it before is replaced.
        function: gets the value and, by name, those of `multimodal` and `max_tokens` that it has parameters for. It
            gives a text, a file (`BinaryContent`, `ImageUrl`, …), a dict by MIME type, a list of those, or an awaitable
            of one; any other value is asked in its turn. None or NotImplementedError: the next in the order is asked.

    Raises:
        UserError: `type` is no class and no name of one, or `function` cannot be called.
    """
    if not isinstance(type, (str, _Type)):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise UserError(f'`type` must be a class or its full name, not {type!r}.')
    if function is None:
        return partial(register, type)
    if not callable(function):
        raise UserError(f'`function` must be a function of a value of the type, not {function!r}.')
    _functions[type] = function
    return function


_Type = type


def registered(value: Any) -> Callable[..., Any] | None:
    """What was registered for the type of a value, or for the nearest base of it."""
    if not _functions:
        return None
    for cls in type(value).__mro__:
        for key in (cls, f'{cls.__module__}.{cls.__qualname__}'):
            if key in _functions:
                return _functions[key]
    return None


def call(function: Callable[..., Any], hints: Hints, *values: Any) -> Any:
    """The function called with those hints that it has parameters for."""
    known = {'multimodal': hints.multimodal, 'max_tokens': hints.max_tokens}
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # a function in C need not tell
        return function(*values)
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        return function(*values, **known)
    by_name = {p.name for p in list(parameters)[len(values) :] if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
    return function(*values, **{name: hint for name, hint in known.items() if name in by_name})

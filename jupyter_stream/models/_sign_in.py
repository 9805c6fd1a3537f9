"""Signing in by a cloud's own library, which may be missing, and whose errors hold secrets."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from jupyter_stream.exceptions import UserError
from jupyter_stream.exceptions._bodies import scrub

__all__ = ('library', 'refusal_of')


def library(module: str, missing: str) -> Any:
    """A module of the cloud's library.

    Raises:
        UserError: it is not installed; `missing` says what to do.
    """
    try:
        return import_module(module)
    except ImportError:
        raise UserError(missing) from None


def refusal_of(act: Callable[[], object], errors: type[Exception]) -> str | None:
    """Why the library refuses to `act`, None when it does not. Its `errors` are dropped, for their frames hold secrets.

    Raises:
        UserError: `act` raised it.
    """
    try:
        act()
    except UserError:
        raise
    except errors as failure:
        return scrub(str(failure))
    return None

"""How errors that are no bugs (a wrong key, a refusal) are shown in a cell: as a sentence, not as a traceback."""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from typing import Final

from jupyter_stream.exceptions import AgentRunError, FallbackExceptionGroup, Interrupted, MissingKeyError, UserError

__all__ = ('is_of_asking', 'short_errors')

_ARGUMENT: Final = re.compile(r' or pass `\w+=…`')
"""Advice for who calls a function that takes a key or an address; a prompt has no place for either."""


_SHORT: Final = (UserError, AgentRunError, FallbackExceptionGroup)


@contextmanager
def short_errors() -> Generator[None]:
    """Show the errors that are not bugs in a few words.

    IPython asks an exception how it wants to be shown; to code that catches it, and to a script, it is
    unchanged. Without this a notebook prints some twelve thousand characters of HTTP machinery.
    """
    try:
        yield
    except _SHORT as error:
        # A partial, since an exception must stay picklable.
        shown = partial(list[str], (_words(error),))
        error._render_traceback_ = shown  # pyright: ignore[reportAttributeAccessIssue]
        raise


def is_of_asking(error: BaseException) -> bool:
    """Whether it was raised by a question and is no bug: an error that was shown in a few words, or a stop."""
    return isinstance(error, Interrupted) or (isinstance(error, _SHORT) and '_render_traceback_' in vars(error))


def _words(error: UserError | AgentRunError | FallbackExceptionGroup) -> str:
    if isinstance(error, MissingKeyError):
        return _how_to_set(error)
    if isinstance(error, FallbackExceptionGroup):
        tried = (f'{attempt.provider_name}:{attempt.model_name}: {attempt.error}' for attempt in error.attempts)
        return '\n'.join((f'{type(error).__name__}: {error.message}', *tried))
    return f'{type(error).__name__}: {_ARGUMENT.sub("", str(error))}'


def _how_to_set(missing: MissingKeyError) -> str:
    name = missing.variable
    return (
        f'{missing.provider} needs a key. Run these two lines in a cell, paste the key where they ask for it, and ask '
        f"again:\n\nimport getpass, os\nos.environ['{name}'] = getpass.getpass('{name}: ')"
    )

"""A key, and how it is kept out of sight."""

from __future__ import annotations

from typing import Any, TypeVar

__all__ = ('Secret', 'hidden', 'without_frames')

E = TypeVar('E', bound=BaseException)


class Secret:
    """A key that shows itself only to `reveal`: not in a repr, a traceback, a pickle or a log.

    Attributes:
        source: the environment variable that it was read from; None for one that was passed.
    """

    __slots__ = ('_reveal', 'source')

    def __init__(self, value: str, source: str | None = None) -> None:
        value = value.strip()  # what is pasted often ends with a line
        self._reveal = lambda: value
        self.source = source

    def reveal(self) -> str:
        """The key itself; keep it out of local variables."""
        return self._reveal()

    @property
    def sendable(self) -> bool:
        """Whether a header can carry it: its characters are visible ones of ASCII."""
        return all('!' <= character <= '~' for character in self._reveal())

    def __repr__(self) -> str:
        return "Secret('***')"

    def __reduce__(self) -> Any:
        raise TypeError('A key is not pickled: pass it anew, or set its environment variable where it is needed.')


def hidden(value: Secret | str | None) -> Secret | None:
    """The value as a secret; None for nothing and for an empty text."""
    return Secret(value) if isinstance(value, str) and value else value or None


def without_frames(error: E) -> E:
    """The same error, without the frames that it came through and the errors behind it, whose locals hold a secret.

    Raise it outside the `except` block that caught it, or it takes the caught one along as its context.
    """
    error.__cause__ = error.__context__ = None
    for inner in getattr(error, 'exceptions', ()):  # of a group
        without_frames(inner)
    return error.with_traceback(None)

"""Which cassettes are in force here and now.

The innermost `with cassette(…)` counts; without one, what the notebook's settings say; else the environment:

    JUPYTER_STREAM_CASSETTE_MODE    replay, record, auto or off, which is the default
    JUPYTER_STREAM_CASSETTES        a folder, or one cassette; else the notebook's folder, or the working directory
    JUPYTER_STREAM_CASSETTE_SPEED   how much faster than recorded answers are replayed; 0 for at once

`--cassette MODE` on a cell changes the mode alone. What is in force follows the context: into tasks, and into the
threads of the bridge.
"""

from __future__ import annotations

import math
import os
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, TypeVar

from jupyter_stream.cassettes.deck import DEFAULT_NAME, Deck, Mode, Numbers, Run, checked_mode
from jupyter_stream.exceptions import UserError

__all__ = (
    'FOLDER_VARIABLE',
    'MODE_VARIABLE',
    'SPEED_VARIABLE',
    'Host',
    'Session',
    'cassette',
    'current',
    'hosted_by',
    'in_mode',
    'may_replay',
    'using',
)

T = TypeVar('T')

MODE_VARIABLE: Final = 'JUPYTER_STREAM_CASSETTE_MODE'
FOLDER_VARIABLE: Final = 'JUPYTER_STREAM_CASSETTES'
SPEED_VARIABLE: Final = 'JUPYTER_STREAM_CASSETTE_SPEED'


class Host(Protocol):
    """What the program around a request knows of it: a notebook."""

    def cassette_mode(self) -> str | None:
        """The mode that is set, None where none is."""
        ...

    def cassette_place(self) -> str | None:
        """The folder, or the cassette, that is set; None where none is."""
        ...

    def notebook(self) -> Path | None:
        """The file of the notebook, None where it is not known."""
        ...

    def run(self) -> Run | None:
        """The cell that asks and the run of it, None where there is none, or none that is known by name."""
        ...


class _Nowhere:
    """A script, of which nothing is known."""

    def cassette_mode(self) -> str | None:
        return None

    def cassette_place(self) -> str | None:
        return None

    def notebook(self) -> Path | None:
        return None

    def run(self) -> Run | None:
        return None


@dataclass(frozen=True)
class Session:
    """The cassettes in force, and which run of a cell asks."""

    deck: Deck
    run: Run | None = None


_UNSAID: Final[Mode] = 'auto'
"""The mode of a `cassette` for which nobody named one."""

_deck: ContextVar[Deck | None] = ContextVar('jupyter_stream.cassettes.deck', default=None)
_mode: ContextVar[Mode | None] = ContextVar('jupyter_stream.cassettes.mode', default=None)
_host: Host = _Nowhere()
_numbers: dict[Path, Numbers] = {}
"""The requests counted in this process, for each place that a setting names."""


def hosted_by(host: Host | None) -> None:
    """Ask this host what is set, and which cell asks; None for nobody."""
    global _host
    _host = host or _Nowhere()


def current() -> Session | None:
    """What is in force; None where nothing is, or where the mode is `off`.

    Raises:
        UserError: a setting makes no sense.
    """
    deck, mode = _deck.get(), _mode.get()
    if deck is None:
        mode = mode or _set_mode()
        if mode == 'off':
            return None
        deck = _set_deck(mode)
    elif mode is not None:
        deck = replace(deck, mode=mode)
    return None if deck.mode == 'off' else Session(deck, _host.run())


def may_replay() -> bool:
    """Whether an answer may come from a cassette, so that nothing of the provider may be needed."""
    session = current()
    return session is not None and session.deck.mode in ('replay', 'auto')


def _set_mode() -> Mode:
    if told := _host.cassette_mode():
        return checked_mode(told, '`AskMagics.cassette`')
    return _environment_mode() or 'off'


def _environment_mode() -> Mode | None:
    told = os.environ.get(MODE_VARIABLE, '').strip().lower()
    return checked_mode(told, f'The environment variable {MODE_VARIABLE}') if told else None


def _set_deck(mode: Mode) -> Deck:
    notebook = _host.notebook()
    told = _host.cassette_place() or os.environ.get(FOLDER_VARIABLE, '').strip()
    place = Path(told).expanduser() if told else notebook.parent if notebook else Path()
    place = place.absolute()
    return Deck(place, mode, _name(notebook), _set_speed(), numbers=_numbers.setdefault(place, Numbers()))


def _set_speed() -> float:
    told = os.environ.get(SPEED_VARIABLE, '').strip()
    try:
        return _checked_speed(float(told)) if told else 1.0
    except ValueError:
        raise UserError(f'The environment variable {SPEED_VARIABLE} must be a number from 0, not {told!r}.') from None


def _checked_speed(speed: float) -> float:
    if math.isnan(speed) or speed < 0:
        raise ValueError(speed)
    return speed


# ------------------------------------------------------------------- for a while


@contextmanager
def using(deck: Deck) -> Generator[Deck]:
    """Inside, these cassettes are in force."""
    with _set(_deck, deck), _set(_mode, None):
        yield deck


@contextmanager
def in_mode(mode: Mode | None) -> Generator[None]:
    """Inside, the cassettes that are in force have this mode; None changes nothing."""
    if mode is None:
        yield
        return
    with _set(_mode, mode):
        yield


@contextmanager
def _set(variable: ContextVar[T], value: T) -> Generator[None]:
    token = variable.set(value)
    try:
        yield
    finally:
        variable.reset(token)


class cassette:
    """Answers are recorded in a cassette, and replayed from it, inside a `with` or an `async with`.

    Requests count anew each time it is entered. Inside of another one, the inner one is in force.

    Args:
        path: the cassette, whose name ends with `.jsonl`; or a folder of them.
        mode: `replay`, `record`, `auto` (replays what is there, records the rest) or `off`. Without one, what the
            environment variable JUPYTER_STREAM_CASSETTE_MODE says, else `auto`.
        speed: how much faster than recorded answers are replayed: 2 for twice as fast, 0 for at once. Without one, what
            JUPYTER_STREAM_CASSETTE_SPEED says, else as fast as recorded.
        repeat: whether the last recording of a request comes again when it is made more often than it was recorded.
            Else that is a `CassetteMiss`.

    Raises:
        UserError: there is no such mode or speed.

    >>> with cassette('answers.cassette.jsonl') as deck:
    ...     deck.mode
    'auto'
    """

    def __init__(
        self, path: str | Path, mode: Mode | None = None, *, speed: float | None = None, repeat: bool = False
    ) -> None:
        self._place = Path(path).expanduser().absolute()
        self._mode: Mode | None = None if mode is None else checked_mode(mode, '`mode`')
        self._speed = speed
        self._repeat = repeat
        self._entered: list[tuple[Token[Deck | None], Token[Mode | None]]] = []
        if speed is not None:
            try:
                _checked_speed(speed)
            except (TypeError, ValueError):
                raise UserError(f'`speed` must be a number from 0, not {speed!r}.') from None

    def deck(self) -> Deck:
        """The cassettes as they are in force inside, with requests counted from 1."""
        mode = self._mode or _environment_mode() or _UNSAID
        speed = _set_speed() if self._speed is None else self._speed
        return Deck(self._place, mode, _name(_host.notebook()), speed, self._repeat)

    def __enter__(self) -> Deck:
        deck = self.deck()
        self._entered.append((_deck.set(deck), _mode.set(None)))
        return deck

    def __exit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        deck, mode = self._entered.pop()
        _mode.reset(mode)
        _deck.reset(deck)

    async def __aenter__(self) -> Deck:
        return self.__enter__()

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        self.__exit__(exc_type, exc_val, exc_tb)


def _name(notebook: Path | None) -> str:
    return notebook.stem if notebook else DEFAULT_NAME

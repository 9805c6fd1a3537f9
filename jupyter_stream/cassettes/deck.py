"""A folder of cassettes, or one of them, with a mode: what answers a request, and what is written where."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, get_args

from jupyter_stream.cassettes.file import SUFFIX, Cassette, Interaction, read
from jupyter_stream.cassettes.match import Asked, difference, nearest
from jupyter_stream.exceptions import CassetteMiss, UserError

if TYPE_CHECKING:
    from jupyter_stream.cassettes.tape import Refused, Tape
    from jupyter_stream.cassettes.writer import Writer

__all__ = ('DEFAULT_NAME', 'MODES', 'Deck', 'Mode', 'Numbers', 'Run', 'checked_mode')

Mode = Literal['replay', 'record', 'auto', 'off']
MODES: Final[tuple[Mode, ...]] = get_args(Mode)

DEFAULT_NAME: Final = 'answers'
"""What a cassette is called where nobody knows the notebook."""

Run = tuple[Hashable, Hashable]
"""Which cell asks, and which of its runs it is."""


def checked_mode(mode: object, where: str) -> Mode:
    """The mode.

    Raises:
        UserError: it is none; `where` says who set it.
    """
    if mode not in MODES:
        raise UserError(f'{where} must be one of {", ".join(MODES)}, not {mode!r}.')
    return mode


class Numbers:
    """Counts how often each request was made. Of a cell that runs again, the run before counts no more: it would count
    neither in a fresh kernel.
    """

    def __init__(self) -> None:
        self._taken: dict[str, set[int]] = {}
        self._runs: dict[Hashable, tuple[Hashable, list[tuple[str, int]]]] = {}
        self._lock = threading.Lock()

    def take(self, digest: str, run: Run | None = None) -> int:
        """The number of this request among the same ones, from 1."""
        with self._lock:
            own = self._own(run)
            taken = self._taken.setdefault(digest, set())
            n = next(n for n in range(1, len(taken) + 2) if n not in taken)
            taken.add(n)
            own.append((digest, n))
            return n

    def give_back(self, digest: str, n: int) -> None:
        """The request got no answer: the next one has its number."""
        with self._lock:
            self._taken.get(digest, set()).discard(n)

    def has(self, digest: str, n: int) -> bool:
        """Whether the request was made so often."""
        return n in self._taken.get(digest, ())

    def _own(self, run: Run | None) -> list[tuple[str, int]]:
        """What the run of a cell has taken so far."""
        if run is None:
            return []
        cell, this = run
        before, taken = self._runs.get(cell, (None, []))
        if before != this:
            for digest, n in taken:
                self._taken.get(digest, set()).discard(n)
            taken = []
            self._runs[cell] = this, taken
        return taken


@dataclass
class Deck:
    """Cassettes with a mode.

    Attributes:
        place: a cassette (a name that ends with `.jsonl`), or a folder of them.
        mode: `replay`, `record`, or `auto`, which replays what is there and records the rest.
        name: what the cassette of a folder is called that is recorded to, without its suffix.
        speed: how much faster than recorded answers are replayed; 0 or infinity for at once.
        repeat: whether the last recording of a request comes again when there are no more; else that is a miss.
        numbers: counts the requests.
    """

    place: Path
    mode: Mode
    name: str = DEFAULT_NAME
    speed: float = 1.0
    repeat: bool = False
    numbers: Numbers = field(default_factory=Numbers)
    _last: Path | None = field(default=None, init=False)

    def tape(self, asked: Asked, run: Run | None = None) -> Tape | None:
        """What sends a request; None where that is not the business of a cassette.

        Raises:
            CassetteMiss: it is not recorded, and is not to be.
            CassetteError: a cassette cannot be read.
        """
        if self.mode == 'off':
            return None
        n = self.numbers.take(asked.digest, run)
        try:
            found = None if self.mode == 'record' else self._found(asked.digest, n)
            if found is None and self.mode == 'replay':
                raise self._miss(asked, n)
            return self._recording(asked, n) if found is None else self._replay(found)
        except BaseException:
            self.numbers.give_back(asked.digest, n)
            raise

    @property
    def own(self) -> Path:
        """The cassette that is recorded to."""
        return self.place if _is_file(self.place) else self.place / f'{self.name}{SUFFIX}'

    def cassettes(self) -> Iterator[Cassette]:
        """All that are looked through, first the notebook's own, then the one that had the last answer.

        Raises:
            CassetteError: one cannot be read.
        """
        others = () if _is_file(self.place) else sorted(self.place.glob(f'*{SUFFIX}'))
        first = [path for path in (self.own, self._last) if path is not None and path.exists()]
        return map(read, dict.fromkeys([*first, *others]))

    def _found(self, digest: str, n: int) -> Interaction | None:
        for cassette in self.cassettes():
            found = cassette.find(digest, n)
            if found is None and self.repeat:
                found = cassette.find(digest, min(n, cassette.count(digest)))
            if found is not None:
                self._last = cassette.path
                return found
        return None

    def _replay(self, found: Interaction) -> Tape:
        from jupyter_stream.cassettes.tape import Replay
        from jupyter_stream.cassettes.uses import note

        note(found)
        return Replay(found.answer(), self.speed)

    def _recording(self, asked: Asked, n: int) -> Tape:
        from jupyter_stream.cassettes.tape import Recording

        return Recording(partial(self._writer, asked, n), partial(self.numbers.give_back, asked.digest, n))

    def _writer(self, asked: Asked, n: int, refused: Refused) -> Writer:
        from jupyter_stream.cassettes.writer import Writer

        def is_old(other: int) -> bool:
            return self.mode == 'record' and other > n and not self.numbers.has(asked.digest, other)

        return Writer(self.own, asked.line(n), replaces=is_old, refused=refused)

    def _miss(self, asked: Asked, n: int) -> CassetteMiss:
        recorded = [(one, Asked.of(one.request())) for cassette in self.cassettes() for one in cassette.interactions]
        how = 'Record it: run this again with JUPYTER_STREAM_CASSETTE_MODE=auto, or the cell with `--cassette record`.'
        if same := sum(other.digest == asked.digest for _, other in recorded):
            what = f'was recorded {_times(same)}, and is now made {_times(n)}'
        elif not recorded:
            what = 'is not recorded: there is no cassette with anything in it'
        else:
            what = f'is not among the recorded ones ({len(recorded)})'
        near = None if same else nearest(asked, (other for _, other in recorded))
        said = '' if near is None else ' What differs from the nearest one is shown below.'
        return CassetteMiss(
            f'The request to {asked.url} {what}, in {self.place}, and a replay sends nothing.{said} {how}',
            '' if near is None else difference(near, asked),
        )


def _times(count: int) -> str:
    return 'once' if count == 1 else f'{count} times'


def _is_file(place: Path) -> bool:
    return place.suffix == '.jsonl'

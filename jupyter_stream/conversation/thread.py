"""A thread: places in the order in which their cells first ran; in each the answers of its cell, one on the page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from jupyter_stream.exceptions import UserError

from .cells import CellKey, is_first_half, merged
from .handover import with_results
from .turn import Prefix, Turn, prefix_of

if TYPE_CHECKING:
    from jupyter_stream.messages import ModelMessage

__all__ = ('GONE', 'Place', 'Thread')

GONE: Final = {
    'cleared': 'its cell ran again, and no answer came',
    'deleted': 'its cell was deleted',
    'merged': 'its cell was merged into another',
    'forgotten': 'it was to be forgotten',
}
"""Why the turn of a place is not on the page, or not to be sent."""


@dataclass(eq=False)
class Place:
    """Where a cell stands in a thread.

    Attributes:
        key: The cell and which of its questions.
        turns: All answers of the cell, in the order in which they came.
        current: The one that the page shows; None where no answer came yet.
        gone: Why it does not count now, a key of `GONE`; '' where it does.
        is_pinned: Whether it is sent always, however long the thread grows.
    """

    key: CellKey
    turns: list[Turn] = field(default_factory=list[Turn])
    current: Turn | None = None
    gone: str = ''
    is_pinned: bool = False

    @property
    def turn(self) -> Turn | None:
        """The turn that counts; None where none does."""
        return None if self.gone else self.current

    @property
    def position(self) -> int:
        """Which of its answers the page shows, from 1."""
        return self.turns.index(self.current) + 1 if self.current is not None else 0

    @property
    def number(self) -> int | None:
        """The number that the cell shows: that of its last run, whichever of its answers the page shows."""
        return max((turn.number for turn in self.turns if turn.number is not None), default=None)

    def show(self, turn: Turn) -> None:
        """Let this answer of the cell be its turn, a new one or a former one."""
        if turn not in self.turns:
            self.turns.append(turn)
        self.current, self.gone = turn, ''


class Thread:
    """What was said in the cells of a notebook, as the reader sees it.

    It is iterable, over the turns that count. `jupyter_stream.thread()` gives the one of the notebook.

    Attributes:
        name: What `--thread` calls it.
        places: All places, also those whose turn does not count now.
        base: The place of another thread that it goes on from, and that thread; None where it begins by itself.
    """

    def __init__(self, name: str, base: tuple[Thread, Place] | None = None) -> None:
        self.name = name
        self.places: list[Place] = []
        self.base = base

    # ------------------------------------------------------------------ what a reader of it sees

    @property
    def turns(self) -> list[Turn]:
        """The turns that count, in their order; of a fork also those that it goes on from."""
        return [*self.inherited(), *_counting(self.places)]

    @property
    def messages(self) -> list[ModelMessage]:
        """The messages of its turns, as they would be passed on: `ask('And why?', messages=thread.messages)`."""
        return with_results(message for turn in self.turns for message in turn.messages)

    def __iter__(self) -> Iterator[Turn]:
        return iter(self.turns)

    def __len__(self) -> int:
        return len(self.turns)

    def __repr__(self) -> str:
        return f'Thread({self.name!r}, {len(self)} turn{"" if len(self) == 1 else "s"})'

    def before(self, place: Place) -> list[Turn]:
        """The turns that stand above a place."""
        return [*self.inherited(), *_counting(self.places[: self.places.index(place)])]

    def stale(self) -> set[Turn]:
        """The turns that were asked with something else than what stands above them now."""
        found: set[Turn] = set()
        prefix = Prefix(self.inherited())
        for place in self.places:
            turn = place.turn
            if turn is not None:
                if turn.is_edited or turn.prefix != str(prefix):
                    found.add(turn)
                prefix.add(turn)
        return found

    def numbers(self) -> dict[Turn, int]:
        """The number that its cell shows, for each turn of the thread and of those that it goes on from."""
        origin = self.base[0].numbers() if self.base else {}
        numbered = [(place.turns, place.number) for place in self.places]
        return origin | {turn: number for turns, number in numbered if number is not None for turn in turns}

    def find(self, cell: str) -> Place:
        """The place of the cell that a reader names: by the number of its run, `5` or `[5]`, or by its id.

        Raises:
            UserError: no turn of this thread belongs to such a cell.
        """
        name = cell.strip().strip('[]').strip()
        named = [place for place in self.places if _is_named(place, name)]
        if not named:
            numbers = [f'[{place.number}]' for place in self.places if place.turn and place.number is not None]
            there = f'It has turns of the cells {" ".join(numbers)}.' if numbers else 'It has no turns.'
            raise UserError(f'The thread {self.name!r} has no turn of a cell {cell}. {there}')
        return named[-1]

    # ------------------------------------------------------------------ what happens to it

    def place_of(self, key: CellKey, source: str = '') -> Place:
        """The place of a question, for the turn that will come: its own, or a new one.

        A new cell that is the first half of another stands before it; one that several were merged into stands in the
        place of the first of them; any other stands at the end.
        """
        known = next((place for place in self.places if place.key == key), None)
        if known is not None:
            return known
        place = Place(key)
        self.places.insert(self._spot(source), place)
        return place

    def take_back(self, place: Place, number: int) -> Turn:
        """Let a former answer of a cell be its turn again.

        Args:
            place: The cell's place in this thread.
            number: Which of its answers, from 1.

        Raises:
            UserError: it has no such answer.
        """
        if not 1 <= number <= len(place.turns):
            count = len(place.turns)
            raise UserError(f'This cell has {count} answer{"" if count == 1 else "s"}; there is no answer {number}.')
        turn = place.turns[number - 1]
        place.show(turn)
        return turn

    def leave(self, cell: str, why: str) -> None:
        """The turns of a cell do not count any more: `why` is a key of `GONE`. What was forgotten stays so."""
        for place in self.places:
            if place.key.cell == cell and place.gone != 'forgotten':
                place.gone = why

    def forget(self, cell: str) -> Turn | None:
        """Leave the turn of a cell out of all that is sent from now on; running the cell again brings it back.

        Args:
            cell: The number of the cell's run, as `5` or `[5]`, or the cell's id.

        Raises:
            UserError: no turn of this thread belongs to such a cell.
        """
        place = self.find(cell)
        place.gone = 'forgotten'
        return place.current

    def clear(self) -> None:
        """Forget all turns."""
        self.places.clear()
        self.base = None

    def save(self, path: str | Path) -> int:
        """Write the messages to a file, as JSON that `ModelMessagesTypeAdapter` reads, also the one of `pydantic_ai`.

        Returns:
            The count of turns.

        Raises:
            OSError: the file cannot be written.
        """
        from jupyter_stream.messages import ModelMessagesTypeAdapter

        Path(path).write_bytes(ModelMessagesTypeAdapter.dump_json(self.messages, indent=1))
        return len(self)

    def load(self, path: str | Path) -> int:
        """Add the turns of a file that `save` wrote, or that holds messages of `pydantic_ai`, behind those here.

        Returns:
            The count of turns that were added.

        Raises:
            UserError: the file holds something else.
            OSError: the file cannot be read.
        """
        from pydantic import ValidationError

        from jupyter_stream.messages import ModelMessagesTypeAdapter

        try:
            messages = ModelMessagesTypeAdapter.validate_json(Path(path).read_bytes())
        except ValidationError:
            raise UserError(
                f'{path} holds no messages: it must be JSON as `%ask --save` or ModelMessagesTypeAdapter writes it.'
            ) from None
        turns = list(exchanges(messages))
        if not turns:
            raise UserError(f'{path} holds no answered question.')
        for messages_of_turn in turns:
            self.add(Place(CellKey(f'file {path}', len(self.places))), messages_of_turn)
        return len(turns)

    def add(self, place: Place, messages: Sequence[ModelMessage]) -> Turn:
        """Add a turn that no cell asked, at the end."""
        before = self.turns
        model = getattr(messages[-1], 'model_name', None) or ''
        turn = Turn(
            messages, model, model, parent=before[-1] if before else None, prefix=prefix_of(before), sent=before
        )
        place.show(turn)
        self.places.append(place)
        return turn

    # ------------------------------------------------------------------ inside

    def inherited(self) -> list[Turn]:
        """The turns of another thread that it goes on from."""
        if self.base is None:
            return []
        thread, place = self.base
        if place not in thread.places:
            return []
        return [*thread.before(place), *_counting([place])]

    def _spot(self, source: str) -> int:
        """Where a new cell of this text goes; what it was merged from leaves."""
        counting = [(at, place, place.turn) for at, place in enumerate(self.places) if place.turn is not None]
        for at, _, turn in reversed(counting):
            if turn.source and is_first_half(source, turn.source):
                return at
        parts = merged(source, [turn.source for _, _, turn in counting])
        for part in parts:
            counting[part][1].gone = 'merged'
        return counting[parts[0]][0] if parts else len(self.places)


def _is_named(place: Place, name: str) -> bool:
    numbers = {str(turn.number) for turn in place.turns if turn.number is not None}
    return name in numbers or place.key.cell == name


def _counting(places: Sequence[Place]) -> Iterator[Turn]:
    """The turns that count of these places."""
    return (place.turn for place in places if place.turn is not None)


def exchanges(messages: Sequence[ModelMessage]) -> Iterator[Sequence[ModelMessage]]:
    """The messages turn by turn: from a question of the user to the last answer before the next one."""
    turn: list[ModelMessage] = []
    for message in messages:
        if message.kind == 'request' and _asks(message) and turn:
            if turn[-1].kind == 'response':
                yield turn
            turn = []
        turn.append(message)
    if turn and turn[-1].kind == 'response':
        yield turn


def _asks(message: ModelMessage) -> bool:
    return any(part.part_kind == 'user-prompt' for part in message.parts)

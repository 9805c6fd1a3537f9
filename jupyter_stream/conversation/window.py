"""How much of a thread fits into what a model reads at once: counted where a provider counted, estimated elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from jupyter_stream.exceptions import UserError
from jupyter_stream.messages import BinaryContent, ModelMessage

from .turn import Turn

__all__ = ('Room', 'ThreadTooLong', 'estimated_tokens', 'fitting', 'too_long', 'tokens_of')

_CHARACTERS: Final = 3.5
"""Of a token, on average: English has four, code and other languages have fewer."""

_MESSAGE: Final = 4
"""Tokens around each message."""

_FILE: Final = 1_500
"""Tokens of a picture or another file, roughly; a page of a PDF has about as many."""

_KEPT: Final = 0.6
"""How much of the room is filled after some turns were left out: so that a provider's cache of the beginning of the
prompt holds for a while."""


class ThreadTooLong(UserError):
    """The turns of a thread and the question are longer than what the model reads at once. Nothing was sent."""


@dataclass(frozen=True, slots=True)
class Room:
    """What a model reads at once, in tokens, and how much of it is kept for the answer."""

    window: int
    answer: int

    @property
    def prompt(self) -> int:
        """The tokens that a prompt may have."""
        return max(self.window - self.answer, self.window // 4)


def estimated_tokens(messages: Sequence[ModelMessage]) -> int:
    """The tokens of messages, roughly, and rather too many than too few."""
    characters, files = 0, 0
    for message in messages:
        for part in message.parts:
            for content in _contents(part):
                if isinstance(content, str):
                    characters += len(content)
                else:
                    files += 1
    return round(characters / _CHARACTERS) + _FILE * files + _MESSAGE * len(messages)


def tokens_of(turns: Sequence[Turn], more: Sequence[ModelMessage]) -> int:
    """The tokens of a prompt of these turns and messages: from the last answer on whose prompt was the same as here,
    what its provider counted; the rest by estimate.

    A count below half of the estimate is not believed: some servers count the last message only.
    """
    for at in range(len(turns) - 1, -1, -1):
        turn = turns[at]
        counted = turn.tokens
        if counted is not None and len(turn.sent) == at and all(map(_is, turn.sent, turns)):
            if 2 * counted < estimated_tokens(list(_messages(turns[: at + 1]))):
                break
            return counted + estimated_tokens([*_messages(turns[at + 1 :]), *more])
    return estimated_tokens([*_messages(turns), *more])


def fitting(
    turns: Sequence[Turn], more: Sequence[ModelMessage], room: Room, pinned: Callable[[Turn], bool]
) -> Sequence[Turn]:
    """The turns that fit, where older ones may be left out: whole turns, the oldest first.

    The first turn and pinned ones stay. What the last turn was asked without stays away as long as the rest fits, so
    that the beginning of the prompt changes seldom.

    Raises:
        ThreadTooLong: not even those that stay fit.
    """
    if tokens_of(turns, more) <= room.prompt:
        return turns
    before = _as_before(turns)
    if len(before) < len(turns) and tokens_of(before, more) <= room.prompt:
        return before
    sizes = [estimated_tokens(turn.messages) for turn in before]
    total = sum(sizes) + estimated_tokens(more)
    kept: list[Turn] = []
    for at, turn in enumerate(before):
        if at == 0 or pinned(turn) or total <= _KEPT * room.prompt:
            kept.append(turn)
        else:
            total -= sizes[at]
    if total > room.prompt:
        raise too_long(total, room, 'Even without the turns that may be left out')
    return kept


def too_long(tokens: int, room: Room, why: str = 'With the turns of its thread') -> ThreadTooLong:
    """The error that says how much is too much, and what one can do."""
    return ThreadTooLong(
        f'{why}, this question has about {tokens:,} tokens, and the model reads {room.window:,} at once'
        f' ({room.answer:,} of them are for the answer). Nothing was sent. Ask with --fresh for no history; leave turns'
        " out by `%config AskMagics.last = 5`, `%config AskMagics.history = 'trim'` or `%ask --forget CELL`; or have"
        ' them summed up by `%ask --compact`.'
    )


def _as_before(turns: Sequence[Turn]) -> list[Turn]:
    """The turns that the last one was asked with, and that one; all, where they are others now."""
    last = turns[-1]
    if len(last.sent) == len(turns) - 1:
        return list(turns)
    there = set(turns)
    return [*last.sent, last] if all(turn in there for turn in last.sent) else list(turns)


def _messages(turns: Sequence[Turn]) -> Iterator[ModelMessage]:
    for turn in turns:
        yield from turn.messages


def _is(one: Turn, other: Turn) -> bool:
    return one is other


def _contents(part: Any) -> Iterator[Any]:
    if part.part_kind == 'thinking':  # of a former answer; few providers are sent it again
        return
    content = getattr(part, 'content', None)
    if isinstance(content, str | BinaryContent):
        yield content
    elif isinstance(content, Sequence):
        for item in content:  # pyright: ignore[reportUnknownVariableType]
            text = getattr(item, 'content', item)  # pyright: ignore[reportUnknownArgumentType]
            yield text
    elif content is not None:
        yield str(content)
    if hasattr(part, 'args_as_json_str'):
        yield part.args_as_json_str()

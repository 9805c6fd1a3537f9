"""A thread as a table, and the answers of a cell as one: what `%ask --history` and `%ask --versions` show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from jupyter_stream.notebook.markdown import sanitize
from jupyter_stream.notebook.markdown.sanitizer import visible
from jupyter_stream.notebook.pieces import counted, escaped, shortened
from jupyter_stream.notebook.threads import label

if TYPE_CHECKING:
    from jupyter_stream.conversation.thread import Place, Thread
    from jupyter_stream.conversation.turn import Turn

__all__ = ('history_bundle', 'versions_bundle')

_WORDS: Final = 48
"""Characters of a prompt and of an answer in a row."""

_STATES: Final = {'interrupted': 'stopped', 'incomplete': 'broken off'}

_HISTORY: Final = ('cell', 'question', 'answer', 'model', 'tokens', 'asked with', 'state')
_VERSIONS: Final = ('number', 'question', 'answer', 'model', 'tokens', 'state')

Bundle = dict[str, str]


def history_bundle(thread: Thread) -> Bundle:
    """A thread as Markdown and as plain text, a row a turn. What does not count now is there too, with the reason."""
    stale, numbers = thread.stale(), thread.numbers()
    inherited = thread.turns[: len(thread.turns) - sum(place.turn is not None for place in thread.places)]
    origin = thread.base[0].name if thread.base else ''
    rows = [(*_row(turn, numbers), _asked_with(turn, numbers), f'of {origin}') for turn in inherited]
    rows += [
        (*_row(turn, numbers), _asked_with(turn, numbers), ', '.join(_states(place, turn, stale)))
        for place in thread.places
        if (turn := place.current) is not None
    ]
    title = f'Thread {thread.name}: {counted(len(thread), "turn")}'
    return _table(title, _HISTORY, rows)


def versions_bundle(thread: Thread, place: Place) -> Bundle:
    """All answers of a cell, numbered as `%ask --versions CELL:NUMBER` takes them back."""
    rows = [
        (str(number), *_row(turn, {})[1:], 'shown' if turn is place.turn else '')
        for number, turn in enumerate(place.turns, 1)
    ]
    return _table(f'Answers of the cell {label(place.number)} in the thread {thread.name}', _VERSIONS, rows)


def _row(turn: Turn, numbers: Mapping[Turn, int]) -> tuple[str, str, str, str, str]:
    usage = turn.response.usage
    counts = ((usage.input_tokens, 'in'), (usage.output_tokens, 'out'))
    tokens = ', '.join(f'{count:,} {way}' for count, way in counts if count)
    return label(numbers.get(turn)), _first_words(turn.written), _first_words(turn.text), turn.title, tokens


def _asked_with(turn: Turn, numbers: Mapping[Turn, int]) -> str:
    sent = turn.sent
    return f'{len(sent)} turns' if len(sent) > 4 else ' '.join(label(numbers.get(one)) for one in sent)


def _states(place: Place, turn: Turn, stale: set[Turn]) -> Iterator[str]:
    if place.gone:
        yield place.gone
    if turn.state in _STATES:
        yield _STATES[turn.state]
    if turn in stale:
        yield 'values not kept' if turn.is_partial else 'edited' if turn.is_edited else 'stale'
    if place.is_pinned:
        yield 'pinned'
    if turn.is_summary:
        yield 'summary'
    if turn.is_restored:
        yield 'restored'
    if len(place.turns) > 1:
        yield f'answer {place.position} of {len(place.turns)}'


def _first_words(text: str) -> str:
    return shortened(' '.join(text.split()), _WORDS)


def _table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> Bundle:
    lines = [
        _markdown_row(head),
        _markdown_row(['---'] * len(head)),
        *(_markdown_row(row, escape=True) for row in rows),
    ]
    markdown = f'**{escaped(visible(title))}**\n\n' + ('\n'.join(lines) if rows else '*No turns.*')
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    plain = [visible(_plain_row(row, widths)) for row in (head, *rows)] if rows else ['No turns.']
    return {'text/markdown': sanitize(markdown), 'text/plain': '\n'.join([visible(title), *plain])}


def _markdown_row(cells: Sequence[str], *, escape: bool = False) -> str:
    return f'| {" | ".join(escaped(visible(cell)) if escape else cell for cell in cells)} |'


def _plain_row(cells: Sequence[str], widths: Sequence[int]) -> str:
    return '  '.join(f'{cell:<{width}}' for cell, width in zip(cells, widths, strict=True)).rstrip()

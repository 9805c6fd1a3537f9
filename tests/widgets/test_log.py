"""The log of an answer: what is read is what was written, in whatever pieces."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from jupyter_stream.widgets.log import Log, compact

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just('add'), st.integers(0, 2), st.text('ab\n', min_size=1, max_size=3)),
        st.tuples(st.just('end'), st.integers(0, 2)),
        st.just(('read',)),
    ),
    max_size=40,
)


def written(steps: list[Any]) -> tuple[Log, list[list[Any]]]:
    """A log, and what its readers got, one after the other."""
    log, got = Log(), list[list[Any]]()
    for step in steps:
        if step[0] == 'add':
            log.add(*step[1:])
        elif step[0] == 'read':
            got += log.read(len(got))
        else:
            log.put(*step)
    return log, got + log.read(len(got))


def meaning(ops: list[list[Any]]) -> dict[int, list[str]]:
    """The text of each block, cut where it ended."""
    blocks: dict[int, list[str]] = {}
    for name, block, *rest in ops:
        pieces = blocks.setdefault(block, [''])
        if name == 'add':
            pieces[-1] += rest[0]
        else:
            pieces.append('')
    return blocks


@given(STEPS)
def test_reading_in_pieces_or_at_once_or_compacted_says_the_same(steps: list[Any]) -> None:
    log, got = written(steps)
    assert got == log.read() and len(log) == len(got)
    wanted = meaning([list(step) for step in steps if step[0] != 'read'])
    assert meaning(got) == meaning(compact(got)) == wanted


def test_text_that_nobody_has_read_is_one_operation() -> None:
    log = Log()
    for piece in 'abc':
        log.add(0, piece)
    assert (len(log), log.unread) == (1, 3)
    assert log.read() == [['add', 0, 'abc']] and log.unread == 0
    log.add(0, 'd')
    assert log.read(1) == [['add', 0, 'd']], 'what was read stays as it is'


def test_compacting_keeps_what_stands_between() -> None:
    ops = [['start', 0, 'text', ''], ['add', 0, 'a'], ['add', 0, 'b'], ['add', 1, 'c'], ['end', 0], ['add', 0, 'd']]
    assert compact(ops) == [ops[0], ['add', 0, 'ab'], ['add', 1, 'c'], ['end', 0], ['add', 0, 'd']]
    assert compact([]) == []

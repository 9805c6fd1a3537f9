"""The pace of messages: quick at first, never too many, and no dearer than what they carry."""

from __future__ import annotations

from itertools import pairwise

import pytest

from jupyter_stream.widgets.pace import FIRST, FULL, LONGEST, Pace


def played(rate: float, size: int, seconds: float = 10, views: int = 1) -> list[tuple[float, int]]:
    """When messages leave, and how much is in each, for `rate` deltas a second of `size` characters."""
    pace, pending, sent = Pace(), 0, list[tuple[float, int]]()
    for n in range(int(rate * seconds)):
        now = n / rate
        pending += size
        if pace.due(now, pending, views):
            pace.sent(now)
            sent.append((now, pending))
            pending = 0
    return sent


def test_the_first_word_leaves_at_once() -> None:
    assert played(50, 4)[0] == (0.0, 4)


@pytest.mark.parametrize(('rate', 'size'), [(5, 4), (60, 4), (1000, 5), (10_000, 5), (100_000, 50)])
def test_there_are_at_most_thirty_a_second_and_none_waits_long(rate: float, size: int) -> None:
    sent = played(rate, size)
    assert len(sent) <= 301
    gaps = [later - before for (before, _), (later, _) in pairwise(sent)]
    assert max(gaps) <= LONGEST + 1 / rate + 1e-9


def test_a_thousand_deltas_a_second_cost_no_more_envelopes_than_text() -> None:
    sent = played(1000, 5)
    assert len(sent) * 650 <= 0.85 * sum(size for _, size in sent)
    assert max(size for _, size in sent) <= 1.1 * FULL


def test_a_slow_answer_is_sent_three_times_a_second_and_sooner_at_its_beginning() -> None:
    sent = played(60, 4)
    assert len(sent) <= 34
    assert [at <= most for (at, _), most in zip(sent, (0, 0.12, 0.3), strict=False)] == 3 * [True]


def test_after_a_silence_it_is_quick_again() -> None:
    pace = Pace()
    for n in range(20):
        pace.sent(0.4 * n)
    assert not pace.due(7.6 + FIRST + 0.01, 4)
    pace.sent(20)
    assert pace.due(20 + FIRST + 0.01, 4)


def test_many_views_share_what_one_may_send() -> None:
    assert len(played(10_000, 50, views=10)) * 10 <= 310


def test_nothing_is_sent_where_nothing_came() -> None:
    assert not Pace().due(0.0, 0)

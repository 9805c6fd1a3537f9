"""The timeline: what is counted, what is thinned out, and what a page is sent and can ask for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jupyter_stream.widgets.assets import source
from jupyter_stream.widgets.timeline import FRAME, Timeline
from jupyter_stream.widgets.trace import KEPT_ROWS, MOST_POINTS, Row, Trace


def delta(at: float, text: str = 'abc') -> Row:
    return Row(at, 'part_delta', 0, 'text', text, len(text))


def trace_of(*times: float) -> Trace:
    trace = Trace()
    for at in times:
        trace.add(delta(at))
    return trace


# ------------------------------------------------------------------ what is counted


def test_the_first_text_the_rate_and_the_longest_silence_are_exact() -> None:
    trace = Trace()
    trace.add(Row(0.1, 'part_start', 0, 'text', '', 0))
    for at in (0.5, 0.75, 1.75, 2.5):
        trace.add(delta(at))
    assert (trace.count, trace.deltas, trace.characters) == (5, 4, 12)
    assert (trace.first, trace.last, trace.gap) == (0.5, 2.5, (0.75, 1.75))
    assert trace.rate == 9 / 2  # the first piece began the clock


def test_before_anything_came_nothing_is_known() -> None:
    trace = Trace()
    assert trace.figures() == {
        **dict.fromkeys(('first', 'last', 'gap', 'rate', 'end')), 'deltas': 0, 'characters': 0
    }  # fmt: skip
    assert trace_of(1.0).rate is None
    assert trace_of(1.0).gap is None


# ------------------------------------------------------------------ what is sent


def test_what_came_since_is_what_came_since() -> None:
    trace = trace_of(0.1, 0.2)
    trace.add(Row(0.3, 'part_end', 0, 'text', '6 characters', 0))
    news = trace.since(1, 1)
    assert (news['at'], news['count']) == (1, 3)
    assert news['rows'] == [
        [0.2, 'part_delta', 0, 'text', 'abc', 3],
        [0.3, 'part_end', 0, 'text', '6 characters', 0],
    ]
    assert news['points'] == [[0.2, 3]]


@pytest.mark.parametrize('count', [1, 149, 150, 151, 5000, 100_000])
def test_a_batch_is_bounded_and_loses_no_character(count: int) -> None:
    trace = trace_of(*(n / 1000 for n in range(count)))
    news = trace.since(0, 0)
    assert sum(size for _, size in news['points']) == 3 * count
    assert news['points'][-1][0] == (count - 1) / 1000
    assert len(json.dumps(news)) < 12_000
    whole = trace.whole()
    assert len(whole['points']) <= MOST_POINTS
    assert len(whole['rows']) == min(count, KEPT_ROWS)
    assert len(json.dumps(whole)) < 80_000


# ------------------------------------------------------------------ the widget


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def timeline(clock: Clock) -> Timeline:
    return Timeline(clock=clock)


@pytest.fixture
def sent(timeline: Timeline, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    sent: list[Any] = []
    monkeypatch.setattr(timeline, 'send', sent.append)
    return sent


def test_at_most_ten_messages_a_second_hold_everything(timeline: Timeline, sent: list[Any], clock: Clock) -> None:
    trace = Trace()
    timeline.show(trace)
    for n in range(1000):
        trace.add(delta(n / 1000))
        clock.now = 100 + n / 1000
        timeline.tick()
    timeline.finish()
    assert len(sent) <= 1 / FRAME + 2
    assert [news['at'] for news in sent] == [0, *(news['count'] for news in sent[:-1])]
    assert sum(size for news in sent for _, size in news['points']) == 3000


def test_nothing_new_is_no_message(timeline: Timeline, sent: list[Any], clock: Clock) -> None:
    timeline.show(trace_of(0.1))
    clock.now += 10
    timeline.tick()
    timeline.finish()
    assert sent == []


def test_the_whole_is_kept_for_a_page_without_a_kernel(timeline: Timeline, sent: list[Any]) -> None:
    trace = trace_of(0.1, 0.2)
    timeline.show(trace)
    trace.add(delta(0.3))
    trace.end = 0.4
    timeline.finish()
    assert timeline.state is not None
    assert (timeline.state['count'], timeline.state['end']) == (3, 0.4)


def test_another_trace_has_another_number(timeline: Timeline, sent: list[Any], clock: Clock) -> None:
    timeline.show(trace_of(0.1))
    first = timeline.state
    other = trace_of(0.2, 0.3)
    timeline.show(other)
    assert first is not None
    assert timeline.state is not None
    assert first['trace'] != timeline.state['trace']
    clock.now += 1
    other.add(delta(0.4))
    timeline.tick()
    assert (sent[0]['trace'], sent[0]['at']) == (timeline.state['trace'], 2)


def test_a_page_that_finds_a_gap_is_told_the_whole(timeline: Timeline, sent: list[Any], clock: Clock) -> None:
    trace = trace_of(0.1, 0.2)
    timeline.show(trace)
    timeline._on_message(None, {'kind': 'need'}, [])
    assert (sent[0]['at'], sent[0]['count']) == (0, 2)
    timeline._on_message(None, 'something else', [])
    assert len(sent) == 1


def test_the_front_end_is_small() -> None:
    assert 2_000 < len(source('timeline').encode()) < 20_000

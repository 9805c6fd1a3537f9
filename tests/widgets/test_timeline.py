"""The timeline: what is counted, what is thinned out, and what a page is sent and can ask for."""

from __future__ import annotations

import json
from itertools import accumulate
from random import Random
from typing import Any

import pytest

from jupyter_stream.widgets.assets import source
from jupyter_stream.widgets.timeline import FRAME, Timeline
from jupyter_stream.widgets.trace import KEPT_ROWS, MOST_POINTS, Pace, Row, Trace


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
        **dict.fromkeys(('first', 'last', 'silence', 'rate', 'end')), 'deltas': 0, 'characters': 0
    }  # fmt: skip
    assert trace_of(1.0).rate is None
    assert trace_of(1.0).gap is None


# ------------------------------------------------------------------ what is a silence


def uneven(count: int, mean: float, seed: int) -> list[float]:
    """Times of pieces that come without memory of one another, the most uneven that is ordinary."""
    source = Random(seed)
    return list(accumulate((source.expovariate(1 / mean) for _ in range(count)), initial=0.5))


def even(count: int, every: float, start: float = 0.5) -> list[float]:
    return [start + n * every for n in range(count)]


@pytest.mark.parametrize('wait', [0.1, 9.0])
def test_ordinary_jitter_is_no_silence_and_the_wait_for_the_first_text_neither(wait: float) -> None:
    marked = [
        trace_of(*(wait + at for at in uneven(100, mean, seed))).silence for mean in (0.01, 0.08) for seed in range(50)
    ]
    assert sum(one is not None for one in marked) <= 3, 'of a hundred uneven answers'


@pytest.mark.parametrize(
    ('times', 'silence'),
    [
        (even(30, 0.02) + even(30, 0.02, start=1.5), (1.08, 1.5)),
        ([at + packet for packet in even(10, 0.6) for at in (0, 0.001, 0.002)], None),  # large packets, evenly
        ([at + packet for packet in [*even(9, 0.2), 5.0] for at in (0, 0.001)], (2.101, 5.0)),
        (even(8, 2.0), None),  # slow, and evenly so
        ([*even(8, 2.0), 45.0], (14.5, 45.0)),
        ([0.5, 1.0], None),  # too few to know the pace
        ([0.5, 4.0], (0.5, 4.0)),
        (even(20, 0.02) + even(20, 0.02, start=2) + even(20, 0.02, start=3.9), (2.38, 3.9)),  # two: the longer one
    ],
)
def test_a_silence_is_long_against_the_pace_of_its_answer(
    times: list[float], silence: tuple[float, float] | None
) -> None:
    assert trace_of(*times).silence == (silence and pytest.approx(silence))


def test_an_answer_that_stopped_to_come_before_it_was_ended_fell_silent() -> None:
    trace = trace_of(*even(20, 0.02))
    trace.end = 0.98
    assert trace.silence is None
    trace.end = 30.0
    assert trace.silence == pytest.approx((0.88, 30.0))


def test_the_usual_pause_is_the_median_whatever_came_together() -> None:
    pace = Pace()
    for pause in (0.1, 0.11, 0.3, 0.0, 0.001, 0.09, 40.0):
        pace.add(pause)
    assert (pace.pauses, pace.usual) == (5, pytest.approx(0.11, rel=0.05))
    assert Pace().usual == 0


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

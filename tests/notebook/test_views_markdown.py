"""The view of growing Markdown on a clock that stands still: what is sent, when, and what the cell holds in the end."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest

from jupyter_stream.messages import (
    ModelResponse,
    PartDeltaEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
    ThinkingPart,
    ToolCallPart,
)
from jupyter_stream.notebook.views.markdown import MarkdownView
from jupyter_stream.notebook.views.pace import ENVELOPE, Pace
from jupyter_stream.notebook.views.publish import ShellPublisher


@dataclass
class Notebook:
    """A cell as a front end keeps it, and a log of what it was sent."""

    now: float = 0.0
    outputs: list[list[Any]] = field(default_factory=list[list[Any]])
    sent: list[tuple[float, str, dict[str, Any], str]] = field(
        default_factory=list[tuple[float, str, dict[str, Any], str]]
    )
    clearing: bool = False

    def display(self, data: dict[str, Any], metadata: dict[str, Any], display_id: str) -> None:
        if self.clearing:
            self.outputs.clear()
            self.clearing = False
        self.outputs.append([display_id, data, metadata])
        self.sent.append((self.now, 'display', data, display_id))

    def update(self, data: dict[str, Any], metadata: dict[str, Any], display_id: str) -> None:
        self.sent.append((self.now, 'update', data, display_id))
        for output in self.outputs:
            if output[0] == display_id:
                output[1:] = [data, metadata]

    def clear(self) -> None:
        self.clearing = True

    @property
    def bytes(self) -> int:
        return sum(len(data['text/markdown'].encode()) + ENVELOPE for _, _, data, _ in self.sent)

    @property
    def shown(self) -> str:
        return '\n'.join(data['text/markdown'] for _, data, _ in self.outputs)


def live(owns: bool = True) -> tuple[Notebook, MarkdownView]:
    cell = Notebook()
    view = MarkdownView(cell, owns=owns, clock=lambda: cell.now)
    view.start('model')
    show(view, PartStartEvent(index=0, part=TextPart('')))
    return cell, view


def show(view: MarkdownView, *events: Any) -> None:
    """As the player does."""
    for event in events:
        view.update(event)
        view.tick()


def delta(text: str, index: int = 0) -> PartDeltaEvent:
    return PartDeltaEvent(index=index, delta=TextPartDelta(text))


def stream(cell: Notebook, view: MarkdownView, text: str, rate: float, size: int) -> None:
    for at in range(0, len(text), size):
        cell.now += 1 / rate
        show(view, delta(text[at : at + size]))


def silence(cell: Notebook, view: MarkdownView, seconds: float) -> None:
    """The player's ticks."""
    for _ in range(round(seconds / 0.05)):
        cell.now += 0.05
        view.tick()


def answer(text: str, **more: Any) -> ModelResponse:
    return ModelResponse(parts=[TextPart(text)], model_name='model', **more)


SECTION = (
    '## A heading\n\n'
    + 'Some sentences make a paragraph, which is longer than one line of the page that shows it. ' * 4
    + '\n\n- one item\n- another item\n\n```python\nfor x in range(10):\n    print(x)\n```\n\n'
)
ANSWER = (SECTION * 80)[:32768]


def test_something_is_shown_at_once() -> None:
    cell, _ = live()
    [(at, kind, data, _)] = cell.sent
    assert (at, kind) == (0.0, 'display')
    assert data['text/markdown'] == '*Asking model…*'


def test_status_replaces_the_placeholder_until_words_come() -> None:
    cell, view = live()
    view.status('starting the embedded model')
    assert cell.shown == '*Asking model… · starting the embedded model*'
    cell.now = 1
    show(view, delta('Hi'))
    view.status('too late')
    assert cell.shown == 'Hi'
    assert len(cell.outputs) == 1


@pytest.mark.parametrize('owns', [True, False])
def test_at_the_end_there_is_exactly_one_output(owns: bool) -> None:
    cell, view = live(owns)
    stream(cell, view, ANSWER, 1000, 5)
    view.finish(answer(ANSWER), None, None)
    [[_, data, metadata]] = cell.outputs
    assert data == {
        'text/markdown': f'{ANSWER.strip(chr(10))}\n\n*— model*',
        'text/plain': f'{ANSWER.strip()}\n\n— model',
    }
    assert metadata['jupyter_stream']['model'] == 'model'


@pytest.mark.parametrize('text', [ANSWER, '```py\n' + 'x = 1  # a line of code\n' * 1365, 'word ' * 40 * 2], ids=len)
def test_growing_costs_no_more_than_twice_the_text(text: str) -> None:
    cell, view = live()
    stream(cell, view, text, 1000, 5)
    assert cell.bytes <= max(2 * len(text), 6 * ENVELOPE)


def test_growing_in_one_display_costs_a_multiple_of_the_text_however_long_it_is() -> None:
    for length in (8_000, 32_000, 128_000):
        cell, view = live(owns=False)
        stream(cell, view, (SECTION * 300)[:length], 1000, 5)
        assert cell.bytes < 6 * length


def test_it_grows_at_most_ten_times_a_second_and_never_stands_still() -> None:
    cell, view = live()
    stream(cell, view, ANSWER, 1000, 5)
    times = [at for at, *_ in cell.sent]
    gaps = [later - before for before, later in itertools.pairwise(times)]
    assert min(gaps) >= 0.0999
    assert max(gaps) <= 0.35


def test_a_finished_segment_is_never_sent_again() -> None:
    cell, view = live()
    stream(cell, view, ANSWER, 1000, 5)
    ids = [display_id for *_, display_id in cell.sent]
    assert len(set(ids)) > 10
    # Once a display has a successor, it is not touched any more.
    assert [key for at, key in enumerate(ids) if at == 0 or ids[at - 1] != key] == list(dict.fromkeys(ids))
    last = {display_id: data['text/markdown'] for *_, data, display_id in cell.sent}
    assert ''.join(last.values()).split()[:3000] == ANSWER.split()[:3000]
    assert Counter(kind for _, kind, *_ in cell.sent)['display'] == len(set(ids))


def test_the_last_words_are_shown_though_the_stream_stalls() -> None:
    for owns in (True, False):
        cell, view = live(owns)
        stream(cell, view, ANSWER[:1500], 1000, 5)
        stream(cell, view, '\n\nthe very last words', 1000, 5)
        silence(cell, view, 0.15)
        assert cell.shown.endswith('the very last words')
        sent = len(cell.sent)
        silence(cell, view, 1.0)
        assert len(cell.sent) == sent


def test_only_markdown_travels_while_it_grows() -> None:
    cell, view = live()
    stream(cell, view, ANSWER[:4000], 1000, 5)
    assert {tuple(data) for _, _, data, _ in cell.sent} == {('text/markdown',)}


def test_what_is_half_said_is_healed_and_harmless() -> None:
    cell, view = live()
    cell.now = 1
    show(view, delta('**bold <img src=x>'))
    assert cell.shown == '**bold &lt;img src=x>**'


def test_thinking_and_calls_grow_too() -> None:
    cell, view = live()
    cell.now = 1
    show(view, PartStartEvent(index=0, part=ThinkingPart('one\ntwo')))
    cell.now = 2
    show(view, PartStartEvent(index=1, part=ToolCallPart('look', '{"at"', tool_call_id='a')), delta('lost', 0))
    assert cell.shown == '> *Thinking*\n>\n> one\n> two\n\n**Tool call** `look`\n\n```json\n{"at"\n```'


def test_an_interrupt_keeps_the_partial_answer_and_marks_it() -> None:
    cell, view = live()
    stream(cell, view, 'Half an', 10, 3)
    view.finish(answer('Half an', state='interrupted'), 'interrupted', KeyboardInterrupt())
    [[_, data, _]] = cell.outputs
    assert data['text/plain'] == 'Half an\n\n[Stopped. What came is kept.]\n\n— model'


def test_the_shells_hook_gets_displays_updates_and_clears() -> None:
    calls: list[Any] = []

    class Hook:
        def publish(self, **call: Any) -> None:
            calls.append(call)

        def clear_output(self, wait: bool) -> None:
            calls.append(wait)

    class Shell:
        display_pub = Hook()

    publisher = ShellPublisher(Shell())
    publisher.display({'a': 1}, {'b': 2}, 'id')
    publisher.update({'a': 3}, {}, 'id')
    publisher.clear()
    assert calls == [
        {'data': {'a': 1}, 'metadata': {'b': 2}, 'transient': {'display_id': 'id'}, 'update': False},
        {'data': {'a': 3}, 'metadata': {}, 'transient': {'display_id': 'id'}, 'update': True},
        True,
    ]


def test_a_large_open_part_is_sent_again_when_it_has_grown_by_a_quarter() -> None:
    pace = Pace()
    pace.sent(0.0, 8000, 8000)
    assert not pace.due(0.2, 9_999, 9_999, 0.2)
    assert pace.due(0.2, 10_000, 10_000, 0.2)

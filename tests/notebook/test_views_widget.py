"""The view that shows a widget: what it displays when, how it ends, and what it does where there are no widgets."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from typing import Any

import pytest

from jupyter_stream.messages import (
    BinaryContent,
    Citation,
    FilePart,
    ModelResponse,
    PartDeltaEvent,
    PartEndEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
    ToolCallPart,
    ToolCallPartDelta,
    WebCitationSource,
)
from jupyter_stream.notebook import kernel
from jupyter_stream.notebook.bundle import final_bundle
from jupyter_stream.notebook.kernel import MOST, FrontEnds, KernelState
from jupyter_stream.notebook.views import Mounting, Stoppable
from jupyter_stream.notebook.views.footer import Times, footer_of
from jupyter_stream.notebook.views.log_writer import LogWriter
from jupyter_stream.notebook.views.widget import PATIENCE, WidgetView
from jupyter_stream.usage import RequestUsage
from jupyter_stream.widgets.live import LiveView
from jupyter_stream.widgets.log import Log

MIME = 'application/vnd.jupyter.widget-view+json'


class Cell:
    """A publisher that is a cell: its outputs, by display id, and all that was sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.outputs: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {}

    def display(self, data: dict[str, Any], metadata: dict[str, Any], display_id: str) -> None:
        self.sent.append(('display', data))
        self.outputs[display_id] = data, metadata

    def update(self, data: dict[str, Any], metadata: dict[str, Any], display_id: str) -> None:
        assert display_id in self.outputs
        self.sent.append(('update', data))
        self.outputs[display_id] = data, metadata

    def clear(self) -> None:
        self.outputs.clear()


class Front:
    """A view, its cell, a clock, and what goes to the page."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **options: Any) -> None:
        self.cell = Cell()
        self.now = 100.0
        self.messages: list[dict[str, Any]] = []
        monkeypatch.setattr(LiveView, 'post', lambda view, content, *buffers: self.messages.append(content))
        self.view = WidgetView(self.cell, clock=lambda: self.now, **options)

    @property
    def widget(self) -> LiveView:
        assert self.view._widget is not None
        return self.view._widget

    def feed(self, *events: Any) -> None:
        """As the player does."""
        for event in events:
            self.view.update(event)
            self.view.tick()

    def page_shows_it(self) -> None:
        self.widget.received('ready', {'have': 0})

    def text(self) -> str:
        return ''.join(op[2] for message in self.messages for op in message.get('ops', ()) if op[0] == 'add')


@pytest.fixture(autouse=True)
def new_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of a new kernel, whose page is not loaded."""
    monkeypatch.setattr(kernel, 'state', KernelState())
    monkeypatch.setattr(KernelState, 'load_frontend', lambda state: None)


def events(*pieces: str) -> list[Any]:
    return [
        PartStartEvent(index=0, part=TextPart('')),
        *(PartDeltaEvent(index=0, delta=TextPartDelta(piece)) for piece in pieces),
    ]


def answer(text: str) -> ModelResponse:
    return ModelResponse(parts=[TextPart(text)], model_name='m', finish_reason='stop')


def test_one_display_and_one_update_and_nothing_of_the_widget_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    front = Front(monkeypatch, session='lab')
    front.view.on_stop(lambda: None)
    front.view.start('m', {'temperature': 0})
    (kind, waiting), *_ = front.cell.sent
    assert kind == 'display' and waiting[MIME]['model_id'] == front.widget.model_id
    assert waiting['text/plain'] == 'Asking m…'
    front.page_shows_it()
    for event in events('Hello', ' world'):
        front.now += 1
        front.feed(event)
    front.view.finish(answer('Hello world'), None, None)
    assert front.text() == 'Hello world'
    assert [kind for kind, _ in front.cell.sent] == ['display', 'update']
    (final,) = front.cell.outputs.values()
    assert final == final_bundle(answer('Hello world'), settings={'temperature': 0})
    assert set(final[0]) == {'text/markdown', 'text/plain'}


def mounted_after(front: Front, then: Callable[[], object]) -> bool:
    """Whether what waits for the page was waiting until `then`, and no longer."""

    async def main() -> bool:
        waiting = asyncio.create_task(front.view.mounted())
        await asyncio.sleep(0.03)
        waited = not waiting.done()
        then()
        await asyncio.wait_for(waiting, 5)
        return waited

    return asyncio.run(main())


def test_an_answer_that_is_over_at_once_waits_for_the_page_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    def started(known: bool = True) -> Front:
        kernel.state.front_ends.learn('lab', known)
        front = Front(monkeypatch, session='lab')
        front.view.on_stop(lambda: None)
        front.view.start('m')
        front.feed(*events('Hello'))
        return front

    front = started()
    assert isinstance(front.view, Mounting)
    assert mounted_after(front, front.page_shows_it)
    assert not mounted_after(front, lambda: None), 'it is shown already'

    assert mounted_after(started(), lambda: None), 'nobody is there: not for long'
    monkeypatch.setattr(kernel, 'state', KernelState())
    assert not mounted_after(started(known=False), lambda: None), 'nothing that mounts'


def test_the_end_says_why_and_how_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    front = Front(monkeypatch, sure=True)
    front.view.start('m')
    front.feed(*events('Hel'))
    front.view.finish(answer('Hel'), 'interrupted', None)
    (end,) = [op[1] for message in front.messages for op in message['ops'] if op[0] == 'done']
    assert end['mark'] == 'interrupted' and end['swap']
    assert end['notes'] == ['Stopped. What came is kept.']
    assert end['byline'] == '— m' and not {'m', 'stop'} & {*end['footer']}


def test_where_no_last_line_is_saved_the_muted_line_says_who_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    front = Front(monkeypatch, sure=True, byline=False)
    front.view.start('m')
    front.feed(*events('Hello'))
    front.view.finish(answer('Hello'), None, None)
    (end,) = [op[1] for message in front.messages for op in message['ops'] if op[0] == 'done']
    assert end['byline'] is None and end['footer'][0] == 'm'
    (final,) = front.cell.outputs.values()
    assert final[0] == {'text/markdown': 'Hello', 'text/plain': 'Hello'}


def test_a_front_end_without_widgets_gets_markdown_in_the_same_place(monkeypatch: pytest.MonkeyPatch) -> None:
    front = Front(monkeypatch, session='plain')
    front.view.on_stop(lambda: None)
    front.view.start('m')
    front.feed(*events('Hello'))
    front.now += PATIENCE + 0.1
    front.view.tick()
    front.now += 1
    front.feed(*events(' world')[1:])
    shown = [data.get('text/markdown', '') for _, data in front.cell.sent]
    assert shown[-1] == 'Hello world' and len(front.cell.outputs) == 1
    front.view.finish(answer('Hello world'), None, None)
    assert len(front.cell.outputs) == 1 and kernel.state.front_ends.known('plain') is False

    again = Front(monkeypatch, session='plain')
    again.view.on_stop(lambda: None)
    again.view.start('m')
    again.view.tick()
    assert again.view._widget is None, 'what was found out is remembered'


def test_a_sign_of_life_however_late_is_remembered() -> None:
    front_ends = FrontEnds()
    front_ends.learn('slow', False)
    front_ends.learn('slow', True)
    front_ends.learn('slow', False)
    assert front_ends.known('slow') is True


def test_only_the_last_front_ends_are_remembered() -> None:
    front_ends = FrontEnds()
    for number in range(MOST + 1):
        front_ends.learn(f'page {number}', True)
    assert front_ends.known('page 0') is None
    assert front_ends.known('page 1') is front_ends.known(f'page {MOST}') is True


def test_a_cell_that_cannot_hear_shows_a_widget_only_where_one_is_known_to_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    unknown = Front(monkeypatch, session='new')
    unknown.view.start('m')
    assert all(MIME not in data for _, data in unknown.cell.sent)
    kernel.state.front_ends.learn('new', True)
    known = Front(monkeypatch, session='new')
    known.view.start('m')
    assert MIME in known.cell.sent[0][1]
    assert known.widget.stop == 'keys'


def test_nothing_is_shown_before_the_widget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, 'jupyter_stream.widgets.live')
    front = Front(monkeypatch, sure=True)
    front.view.start('m')
    front.view.tick()
    assert [MIME in data for _, data in front.cell.sent] == [True], 'also where widgets are still to be imported'


def test_without_widgets_the_waiting_line_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    front = Front(monkeypatch, session='without')
    front.view.on_stop(lambda: None)
    front.view.start('m')
    front.now += PATIENCE + 0.1
    front.view.tick()
    lines = [data['text/markdown'] for _, data in front.cell.sent]
    assert len(lines) == 2 and len(set(lines)) == 1


def test_it_can_be_stopped_and_shows_what_the_model_says_of_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    front = Front(monkeypatch, sure=True)
    assert isinstance(front.view, Stoppable)
    stopped: list[int] = []
    front.view.on_stop(lambda: stopped.append(1))
    front.view.start('m')
    front.view.status('starting\x1b[2J …')
    front.page_shows_it()
    assert ['status', 'starting␛[2J …'] in [op for message in front.messages for op in message.get('ops', ())]
    front.widget.received('stop', {})
    assert stopped == [1] and {'ack': 'stop'} in front.messages


def test_a_placed_view_stays_where_it_was_put(monkeypatch: pytest.MonkeyPatch) -> None:
    places: list[Any] = []
    front = Front(monkeypatch, place=places.append)
    front.view.start('m')
    front.feed(*events('Hi'))
    front.view.finish(answer('Hi'), None, None)
    assert places == [front.widget] and front.cell.sent == []
    assert front.messages[-1]['ops'][-1][1]['swap'] is False


# ------------------------------------------------------------------ operations


def ops_of(*events: Any) -> list[list[Any]]:
    log = Log()
    writer = LogWriter(log)
    for event in events:
        writer.feed(event)
    return log.read()


def test_a_tool_call_fills_in_and_its_name_may_grow() -> None:
    call = ToolCallPart('get_', '{"ci', tool_call_id='1')
    assert ops_of(
        PartStartEvent(index=0, part=call),
        PartDeltaEvent(index=0, delta=ToolCallPartDelta(tool_name_delta='weather', args_delta='ty": "Par')),
        PartDeltaEvent(index=0, delta=ToolCallPartDelta(args_delta='is"}')),
        PartEndEvent(index=0, part=call),
    ) == [
        ['start', 0, 'tool', 'get_'],
        ['add', 0, '{"ci'],
        ['name', 0, 'get_weather'],
        ['add', 0, 'ty": "Paris"}'],
        ['end', 0],
    ]


def test_arguments_that_come_as_objects_replace_each_other() -> None:
    assert ops_of(
        PartStartEvent(index=0, part=ToolCallPart('f', {'a': 1}, tool_call_id='1')),
        PartDeltaEvent(index=0, delta=ToolCallPartDelta(args_delta={'b': 2})),
        PartEndEvent(index=0, part=ToolCallPart('f', {'a': 1, 'b': 2}, tool_call_id='1')),
    ) == [['start', 0, 'tool', 'f'], ['set', 0, '{"a": 1}'], ['set', 0, '{"a": 1, "b": 2}'], ['end', 0]]


def test_a_picture_travels_once_and_sources_at_the_end() -> None:
    picture = FilePart(BinaryContent(b'abc', media_type='image/png'))
    assert ops_of(PartStartEvent(index=0, part=picture)) == [
        ['start', 0, 'file', ''],
        ['file', 0, 'image/png', 'YWJj', 3],
    ]
    source = WebCitationSource('https://example.org', title='A page', excerpts=['so'])
    cited = TextPart('It is so.', citations=[Citation([source]), Citation([source])])
    assert ops_of(PartStartEvent(index=0, part=cited), PartEndEvent(index=0, part=cited))[2:] == [
        ['cite', 0, [{'title': 'A page', 'url': 'https://example.org', 'quote': 'so'}]],
        ['end', 0],
    ]


def test_a_part_that_is_replaced_begins_anew() -> None:
    start = [PartStartEvent(index=0, part=TextPart(text)) for text in 'ab']
    assert ops_of(*start) == [['start', 0, 'text', ''], ['add', 0, 'a'], ['start', 0, 'text', ''], ['add', 0, 'b']]


# ------------------------------------------------------------------ the muted line


def test_the_footer_says_what_is_known() -> None:
    response = ModelResponse(
        parts=[],
        model_name='gpt-5-mini',
        usage=RequestUsage(input_tokens=1234, output_tokens=61),
        finish_reason='stop',
    )
    times = Times(10.0)
    times.word(10.42)
    times.word(11.42)
    assert footer_of(response, times, '$0.0012', '— gpt-5-mini') == [
        'gpt-5-mini',
        '0.42 s to the first token',
        '61 tokens/s',
        '$0.0012',
    ]
    assert footer_of(ModelResponse(parts=[]), Times(0.0)) == []

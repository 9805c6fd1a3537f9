"""D6: no front end of ours in the file of a notebook that nobody watches. D10: a terminal's text is coalesced."""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import Any

import pytest

from jupyter_stream.messages import PartDeltaEvent, PartStartEvent, TextPart, TextPartDelta
from jupyter_stream.notebook.views import VARIABLE, choose
from jupyter_stream.notebook.views.static import StaticView
from jupyter_stream.notebook.views.terminal import TerminalView
from jupyter_stream.notebook.views.widget import WidgetView


def shell(asks: bool) -> Any:
    request = {'header': {'session': 's', 'msg_id': 'm'}, 'content': {'allow_stdin': asks}}
    return SimpleNamespace(kernel=SimpleNamespace(get_parent=lambda: request), display_pub=SimpleNamespace())


def test_d6_live_is_static_where_nobody_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert isinstance(choose(shell(asks=False), 'live'), StaticView)
    assert isinstance(choose(shell(asks=True), 'live'), WidgetView)
    monkeypatch.setenv(VARIABLE, 'live')
    assert isinstance(choose(shell(asks=False)), StaticView)


def test_d6_a_widget_that_was_asked_for_is_static_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.delenv('VOILA_KERNEL_ID', raising=False)
    assert isinstance(choose(shell(asks=False), 'widget'), StaticView)
    assert isinstance(choose(shell(asks=True), 'widget'), WidgetView)
    monkeypatch.setenv('VOILA_KERNEL_ID', 'k')
    assert isinstance(choose(shell(asks=False), 'widget'), WidgetView), 'a page shows it'


class Stream(io.StringIO):
    flushes = 0

    def flush(self) -> None:
        self.flushes += 1


def test_d10_many_deltas_are_few_flushes() -> None:
    now = 0.0
    stream = Stream()
    view = TerminalView(stream, clock=lambda: now)
    view.start('m')
    view.update(PartStartEvent(index=0, part=TextPart('')))
    for _ in range(20_000):
        now += 0.0001
        view.update(PartDeltaEvent(index=0, delta=TextPartDelta('x')))
        view.tick()
    assert stream.getvalue() == 'x' * 20_000
    assert stream.flushes <= 2 / 0.05 + 1


def test_d10_what_is_there_is_shown_when_the_model_pauses() -> None:
    now = 0.0
    stream = Stream()
    view = TerminalView(stream, clock=lambda: now)
    view.start('m')
    view.tick()
    before = stream.flushes
    view.update(PartStartEvent(index=0, part=TextPart('x')))
    view.tick()
    now += 0.05
    view.tick()
    assert stream.flushes == before + 1

"""Which view is chosen, and what the plain ones show."""

from __future__ import annotations

import io
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest
from IPython.core.displaypub import CapturingDisplayPublisher

from jupyter_stream.exceptions import UserError
from jupyter_stream.messages import (
    ModelResponse,
    PartDeltaEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
    ThinkingPart,
    ToolCallPart,
)
from jupyter_stream.notebook.views import VARIABLE, choose
from jupyter_stream.notebook.views.markdown import MarkdownView
from jupyter_stream.notebook.views.static import StaticView
from jupyter_stream.notebook.views.terminal import TerminalView
from jupyter_stream.notebook.views.widget import WidgetView
from jupyter_stream.usage import RequestUsage


@pytest.fixture(autouse=True)
def no_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)


def kernel_shell(allow_stdin: bool | None, publisher: Any = None) -> Any:
    content = {} if allow_stdin is None else {'allow_stdin': allow_stdin}
    kernel = SimpleNamespace(get_parent=lambda: {'content': content})
    return SimpleNamespace(kernel=kernel, display_pub=publisher or SimpleNamespace())


@pytest.mark.parametrize(
    ('shell', 'view'),
    [
        (None, TerminalView),
        (SimpleNamespace(display_pub=SimpleNamespace()), TerminalView),
        (kernel_shell(True), WidgetView),
        (kernel_shell(None), WidgetView),
        (kernel_shell(False), StaticView),
        (kernel_shell(True, CapturingDisplayPublisher()), StaticView),
    ],
)
def test_a_view_is_chosen_by_what_the_front_end_can_do(shell: Any, view: type) -> None:
    assert type(choose(shell)) is view


def test_a_setting_wins_and_the_variable_wins_over_it(monkeypatch: pytest.MonkeyPatch) -> None:
    shell = kernel_shell(True)
    assert type(choose(shell, 'static')) is StaticView
    assert type(choose(shell, 'markdown')) is MarkdownView
    monkeypatch.setenv(VARIABLE, 'terminal')
    assert type(choose(shell, 'static')) is TerminalView


def test_an_unknown_view_is_an_error_that_names_the_known() -> None:
    with pytest.raises(UserError, match=r"no view 'holo'.*'auto', 'live', 'widget', 'markdown', 'static', 'terminal'"):
        choose(None, 'holo')


def test_without_the_package_of_widgets_answers_grow_as_markdown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr('jupyter_stream.notebook.views.find_spec', lambda name: None)
    assert type(choose(kernel_shell(True))) is MarkdownView


def test_choosing_imports_no_ipython() -> None:
    code = 'import sys; from jupyter_stream.notebook.views import choose; choose(); print("IPython" in sys.modules)'
    assert subprocess.run([sys.executable, '-c', code], capture_output=True, text=True).stdout == 'False\n'


# ------------------------------------------------------------------ the terminal


class Screen(io.StringIO):
    def __init__(self, tty: bool = False) -> None:
        super().__init__()
        self._tty = tty

    def isatty(self) -> bool:
        return self._tty


def delta(text: str, index: int = 0) -> PartDeltaEvent:
    return PartDeltaEvent(index=index, delta=TextPartDelta(text))


def test_the_terminal_prints_deltas_as_they_come() -> None:
    screen = Screen()
    view = TerminalView(screen)
    view.start('m')
    view.update(PartStartEvent(index=0, part=TextPart('Hel')))
    assert screen.getvalue() == 'Hel'
    view.update(delta('lo'))
    view.tick()
    assert screen.getvalue() == 'Hello'
    view.finish(ModelResponse(parts=[TextPart('Hello')]), None, None)
    assert screen.getvalue() == 'Hello\n'


def test_a_model_cannot_control_the_terminal() -> None:
    screen = Screen()
    view = TerminalView(screen)
    for text in ('\x1b]0;title\x07', 'a\r', '\nb\rc', '\x9b31m'):
        view.update(PartStartEvent(index=0, part=TextPart(text)))
    assert screen.getvalue() == '␛]0;title␇a\nb\nc\ufffd31m'


def test_thinking_is_dim_where_there_is_a_screen() -> None:
    events = [PartStartEvent(index=0, part=ThinkingPart('hm')), PartStartEvent(index=1, part=TextPart('So'))]
    for tty, shown in ((True, '\x1b[2mhm\x1b[0m\n\nSo'), (False, 'hm\n\nSo')):
        screen = Screen(tty)
        view = TerminalView(screen)
        for event in events:
            view.update(event)
        assert screen.getvalue() == shown


def test_a_call_and_a_mark_are_printed() -> None:
    screen = Screen()
    view = TerminalView(screen)
    view.update(PartStartEvent(index=0, part=ToolCallPart('look', '{}', tool_call_id='a')))
    view.finish(ModelResponse(parts=[ToolCallPart('look', '{}', tool_call_id='a')]), 'interrupted', KeyboardInterrupt())
    assert screen.getvalue() == '[tool call] look {}\n[Stopped. What came is kept.]\n'


def test_the_last_line_of_a_terminal_says_who_answered() -> None:
    response = ModelResponse(
        parts=[TextPart('Hi')], model_name='gpt-5-mini-2025-08-07', usage=RequestUsage(input_tokens=9)
    )
    for tty, byline, shown in (
        (False, True, 'Hi\n— gpt-5-mini · 9 tokens in\n'),
        (True, True, 'Hi\n\x1b[2m— gpt-5-mini · 9 tokens in\x1b[0m\n'),
        (True, False, 'Hi\n'),
    ):
        screen = Screen(tty)
        view = TerminalView(screen, byline=byline)
        view.start('gpt-5-mini')
        view.update(PartStartEvent(index=0, part=TextPart('Hi')))
        view.finish(response, None, None)
        assert screen.getvalue() == shown


# ------------------------------------------------------------------ static


def test_the_static_view_shows_once_at_the_end() -> None:
    shown: list[Any] = []
    publisher: Any = SimpleNamespace(display=lambda *display: shown.append(display))
    view = StaticView(publisher)
    view.start('m', {'temperature': 0})
    view.status('loading')
    view.update(delta('x'))
    assert shown == []
    view.finish(ModelResponse(parts=[TextPart('Hi')], model_name='m'), None, None)
    [(data, metadata, _)] = shown
    assert data == {'text/markdown': 'Hi\n\n*— m*', 'text/plain': 'Hi\n\n— m'}
    assert metadata['jupyter_stream']['settings'] == {'temperature': 0}

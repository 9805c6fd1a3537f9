"""Whether a cell's value is about to be shown, under the display hooks that kernels have."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Type

from jupyter_stream.notebook.shell import ends_cell


class QuietHook(DisplayHook):
    """A hook that keeps no note while it works, as JupyterLite's: no `msg`, and it never says that it is active."""

    def start_displayhook(self) -> None:
        self.shown = {}

    def write_output_prompt(self) -> None:
        pass

    def write_format_data(self, format_dict: Any, md_dict: Any = None) -> None:
        self.shown = dict(format_dict)

    def finish_displayhook(self) -> None:
        if self.shown:
            self.shell.display_pub.publish(data=self.shown)


class ListPublisher(DisplayPublisher):
    """Keeps what is displayed."""

    def publish(self, data: Any, *args: Any, **kwargs: Any) -> None:
        self.__dict__.setdefault('data', []).append(data)


class QuietShell(InteractiveShell):
    displayhook_class = Type(QuietHook)
    display_pub_class = Type(ListPublisher)


class PlainShell(InteractiveShell):
    display_pub_class = Type(ListPublisher)


Run = Callable[[str], list[Any]]


@pytest.fixture(params=[PlainShell, QuietShell], ids=['IPython', 'no msg'])
def run(request: pytest.FixtureRequest) -> Iterator[Run]:
    """A function that runs a cell in a shell of its own and returns what was displayed."""
    shell = request.param.instance()

    def run_cell(code: str) -> list[Any]:
        shown = shell.display_pub.__dict__.setdefault('data', [])
        shown.clear()
        result = shell.run_cell(code, store_history=True)
        assert result.success, result.error_in_exec
        return list(shown)

    yield run_cell
    request.param.clear_instance()


PROBE = """
from jupyter_stream.notebook.shell import ends_cell
from IPython.display import display
seen = []

class Probe:
    def _ipython_display_(self):
        seen.append(ends_cell())
"""


def test_only_the_value_at_the_end_of_a_cell_ends_it(run: Run) -> None:
    run(PROBE)
    run('Probe()')
    run('display(Probe())')
    run('value = Probe()\nends_here = ends_cell()')
    run('assert (seen, ends_here) == ([True, False], False)')


def test_an_explorer_is_shown_once_by_the_cell_that_opens_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('JUPYTER_STREAM_VIEW', 'static')
    opened = run('from jupyter_stream import explore\nex = explore()\nex')
    assert len(opened) == 1
    assert opened[0]['text/plain'].startswith('Nothing here shows widgets')
    assert len(run('ex')) == 1, 'and again by another cell'
    assert len(run('ex = explore()\ndisplay = __import__("IPython").display.display\ndisplay(ex)')) == 2


def test_an_answer_is_shown_once_by_the_cell_that_asks(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('JUPYTER_STREAM_VIEW', 'static')
    run('from jupyter_stream import ask\nfrom jupyter_stream.models.test import TestModel')
    assert len(run('answer = ask("Hi?", model=TestModel())\nanswer')) == 1


def test_outside_of_ipython_no_cell_ends() -> None:
    assert not ends_cell()

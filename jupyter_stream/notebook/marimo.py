"""marimo: notebooks without IPython. A cell has one output, a stack of items that its code may add to and replace.

Nothing of marimo is imported before marimo itself runs the cell. What it has no public name for (whose cell is running
in this thread, and whether it was interrupted) is read off its runtime context.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from html import escape
from importlib import import_module
from typing import Any

from jupyter_stream.notebook.markdown.html import clean_html

__all__ = ('MarimoPublisher', 'html', 'keeping_output', 'register', 'running')

_FOLDED = re.compile(r'<details><summary>(\w+)</summary>\n\n(.*?)\n\n</details>', re.S)
"""The HTML of ours in a bundle (see `bundle`). marimo's Markdown leaves what is inside of HTML as it is."""


def running() -> Any:
    """marimo's context of the cell that runs in this thread; None outside of a marimo notebook."""
    types = sys.modules.get('marimo._runtime.context.types')
    context = types.safe_get_context() if types is not None else None
    return context if getattr(context, 'execution_context', None) and _mo().running_in_notebook() else None


class MarimoPublisher:
    """Writes to the output of a marimo cell, from any thread.

    Args:
        context: marimo's context of the cell.
    """

    def __init__(self, context: Any) -> None:
        self._context = context
        self._places: dict[str, int] = {}

    def display(self, data: dict[str, Any], metadata: dict[str, Any], display_id: str) -> None:
        self._places[display_id] = len(self._context.execution_context.output)
        self.update(data, metadata, display_id)

    def update(self, data: dict[str, Any], metadata: dict[str, Any], display_id: str) -> None:
        if display_id in self._places and self._context.execution_context is not None:
            with self._context.install():  # the context is the thread's own, and an answer may come in another
                _mo().output.replace_at_index(html(data['text/markdown']), self._places[display_id])

    def clear(self) -> None:
        with self._context.install():
            _mo().output.clear()
        self._places.clear()


def html(markdown: str) -> Any:
    """Sanitized Markdown as marimo shows it."""
    pieces = _FOLDED.split(markdown)
    shown = [_rendered(piece) if piece.strip() else '' for piece in pieces]
    for at in range(1, len(pieces), 3):
        shown[at] = f'<details><summary>{pieces[at]}</summary>'
        shown[at + 1] += '</details>'
    return _mo().Html(''.join(shown))


def _rendered(markdown: str) -> str:
    try:
        return clean_html(_mo().md(markdown).text)
    except Exception:  # its renderer fails on addresses that are none, such as `http://[`
        return f'<pre style="white-space: pre-wrap">{escape(markdown)}</pre>'


def register(kind: type, markdown: Callable[[Any], str]) -> None:
    """Tell marimo how the objects of a class are shown as the value of a cell."""
    formatting = import_module('marimo._output.formatting')

    @formatting.formatter(kind)
    def format_it(value: Any) -> tuple[str, str]:  # pyright: ignore[reportUnusedFunction]
        return 'text/html', html(markdown(value)).text


@contextmanager
def keeping_output() -> Generator[None]:
    """When a cell is interrupted, marimo puts an error in the place of its output: end it as `mo.stop` does instead.

    What came stays, and the cells that depend on this one do not run, nor those that wait.
    """
    context = running()
    try:
        yield
    except (KeyboardInterrupt, asyncio.CancelledError):
        if getattr(getattr(context, 'active_scheduler', None), 'interrupted', False):
            _mo().stop(True, context.execution_context.output.stack())
        raise


def _mo() -> Any:
    return sys.modules['marimo']

"""What the pytest plugin does for notebooks that nbval or nbmake run."""

from __future__ import annotations

from collections.abc import Generator
from functools import partial
from typing import Any

import pytest

from jupyter_stream.cassettes.deck import Mode
from jupyter_stream.cassettes.last_states import LastStates
from jupyter_stream.cassettes.pins import pinned

__all__ = ('Notebooks',)


class Notebooks:
    """Hooks for tests that are notebooks, or cells of them."""

    def __init__(self, mode: Mode) -> None:
        self._mode: Mode = mode

    def pytest_report_header(self) -> str:
        return f'jupyter_stream: notebooks have their answers from cassettes ({self._mode})'

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """A kernel starts with a notebook's first test, in its set-up or in itself, and inherits the environment."""
        if item.path.suffix != '.ipynb':
            return (yield)
        with pinned(item.path, self._mode):
            return (yield)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> None:
        """Before a cell that nbval runs: its kernel is there now."""
        kernel: Any = getattr(item.parent, 'kernel', None)
        if hasattr(kernel, 'execute_cell_input') and not isinstance(kernel.get_message, LastStates):
            # nbval compares what each output shows at first, and runs cells without numbers, so that `Out[3]` and the
            # table of a thread would be others than in Jupyter.
            kernel.get_message = LastStates(kernel.get_message)
            kernel.execute_cell_input = partial(_execute, kernel.kc)


def _execute(client: Any, code: str, allow_stdin: bool | None = None) -> str:
    """Send a cell, as nbval's kernels do, but with a number of its own; the id of the request."""
    return client.execute(code, store_history=True, allow_stdin=allow_stdin, stop_on_error=False)

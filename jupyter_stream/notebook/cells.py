"""The hooks of a shell's cells: what its front end says of each cell that runs, told to the threads of the kernel."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from jupyter_stream.notebook import kernel
from jupyter_stream.notebook.errors import is_of_asking
from jupyter_stream.notebook.shell import cell_number, cell_run

__all__ = ('register', 'unregister')

Shell = Any


class _Begins:
    """A cell is about to run."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def __call__(self, info: Any) -> None:
        run = cell_run(self._shell, getattr(info, 'raw_cell', None))
        if getattr(info, 'store_history', True):  # until its code begins, the number is that of the last cell
            run = replace(run, number=run.number + 1)
        kernel.state.begin(run)
        if getattr(info, 'store_history', True):
            kernel.state.outputs.begin(self._shell, run.cell, run.source, run.gone)


class _Ends:
    """A cell has run: answers elsewhere on the page may have become stale, or be so no longer."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def __call__(self, result: Any) -> None:
        error = getattr(result, 'error_before_exec', None) or getattr(result, 'error_in_exec', None)
        kernel.state.outputs.end(cell_number(self._shell), error)
        if error is not None and not is_of_asking(error):
            kernel.state.error = error
        if kernel.state.pages:
            from jupyter_stream.notebook.threads import refresh

            refresh(kernel.state.conversations.current)


def _displayed(message: Any) -> Any:
    """Something is displayed, or taken away."""
    return kernel.state.outputs.display(message)


_HOOKS: Final = {'pre_run_cell': _Begins, 'post_run_cell': _Ends}


def register(shell: Shell) -> None:
    """Hear of each cell of this shell, from the one on that runs now, if one does."""
    running = cell_run(shell)
    if running.request:
        kernel.state.begin(running)
    for event, hook in _HOOKS.items():
        shell.events.register(event, hook(shell))
    display_pub: Any = getattr(shell, 'display_pub', None)
    if hasattr(display_pub, 'register_hook'):
        display_pub.register_hook(_displayed)


def unregister(shell: Shell) -> None:
    """Undo `register`, and nothing else."""
    for event, hook in _HOOKS.items():
        for one in list(shell.events.callbacks.get(event, ())):
            if isinstance(one, hook):
                shell.events.unregister(event, one)
    display_pub: Any = getattr(shell, 'display_pub', None)
    if hasattr(display_pub, 'unregister_hook'):
        display_pub.unregister_hook(_displayed)

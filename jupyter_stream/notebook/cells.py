"""The hooks of a shell's cells: what its front end says of each cell that runs, told to the threads of the kernel."""

from __future__ import annotations

from typing import Any, Final

from jupyter_stream.notebook import kernel
from jupyter_stream.notebook.shell import cell_run

__all__ = ('register', 'unregister')

Shell = Any


class _Begins:
    """A cell is about to run."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def __call__(self, info: Any) -> None:
        kernel.state.begin(cell_run(self._shell, getattr(info, 'raw_cell', None)))


class _Ends:
    """A cell has run: answers elsewhere on the page may have become stale, or be so no longer."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def __call__(self, result: Any) -> None:
        if kernel.state.pages:
            from jupyter_stream.notebook.threads import refresh

            refresh(kernel.state.conversations.current)


_HOOKS: Final = {'pre_run_cell': _Begins, 'post_run_cell': _Ends}


def register(shell: Shell) -> None:
    """Hear of each cell of this shell, from the one on that runs now, if one does."""
    running = cell_run(shell)
    if running.request:
        kernel.state.begin(running)
    for event, hook in _HOOKS.items():
        shell.events.register(event, hook(shell))


def unregister(shell: Shell) -> None:
    """Undo `register`, and nothing else."""
    for event, hook in _HOOKS.items():
        for one in list(shell.events.callbacks.get(event, ())):
            if isinstance(one, hook):
                shell.events.unregister(event, one)

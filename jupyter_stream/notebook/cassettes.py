"""What a notebook tells the cassettes: its settings, its file, and which cell asks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jupyter_stream.notebook.defaults import defaults_of
from jupyter_stream.notebook.shell import cell_id, running_cell

__all__ = ('NotebookHost', 'register', 'unregister')


class NotebookHost:
    """A shell whose extension is loaded, as `jupyter_stream.cassettes.Host` describes it."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell

    def cassette_mode(self) -> str | None:
        return defaults_of(self._shell).cassette

    def cassette_place(self) -> str | None:
        return defaults_of(self._shell).cassettes

    def notebook(self) -> Path | None:
        from jupyter_stream.notebook.saved_notebook import notebook_path

        return notebook_path(self._shell.user_ns)

    def run(self) -> tuple[str, object] | None:
        cell = cell_id()
        return None if cell is None else (cell, running_cell())


def register(shell: Any) -> None:
    """Requests of this process are those of the shell's notebook."""
    from jupyter_stream.cassettes import hosted_by

    hosted_by(NotebookHost(shell))


def unregister() -> None:
    """Undo `register`."""
    from jupyter_stream.cassettes import hosted_by

    hosted_by(None)

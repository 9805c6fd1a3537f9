"""The IPython shell around this code, where there is one. IPython is not imported for it."""

from __future__ import annotations

import os
import sys
from inspect import currentframe
from typing import Any, cast

from jupyter_stream.conversation.cells import CellRun

__all__ = (
    'Cell',
    'cell_id',
    'cell_run',
    'current_shell',
    'ends_cell',
    'in_voila',
    'request_of',
    'running_cell',
    'session_of',
)


def current_shell() -> Any:
    """The running IPython shell, None outside of one."""
    module = sys.modules.get('IPython')
    return module.get_ipython() if module is not None else None


Cell = tuple[int, int, str]
"""A run of a cell: the process, the number of the cell, and the request; Voila numbers all cells 1."""


def running_cell() -> Cell | None:
    """The cell that runs now, None outside of IPython."""
    shell = current_shell()
    return None if shell is None else (os.getpid(), shell.execution_count, _said(shell, 'msg_id'))


def request_of(shell: Any) -> Any:
    """The request that the kernel of this shell is handling; None where there is none."""
    kernel: Any = getattr(shell, 'kernel', None)
    return kernel.get_parent() if hasattr(kernel, 'get_parent') else getattr(shell, 'parent_header', None)


def session_of(shell: Any) -> str:
    """The session of the front end whose request is being handled; '' where there is none."""
    return _said(shell, 'session')


def cell_id() -> str | None:
    """The running cell's id in its notebook, as JupyterLab, Notebook and VS Code send it; None where none is known."""
    return _id(_metadata(current_shell()))


def cell_number(shell: Any) -> int:
    """The number of the cell that runs, as the notebook shows it. Before its code begins, it is that of the last one.

    `execution_count` does not say it: IPython counts on before a cell in one version, behind it in another.
    """
    inputs = _inputs(shell)
    return len(inputs) - 1 if inputs else getattr(shell, 'execution_count', 0)


def _inputs(shell: Any) -> list[str]:
    """The texts of the cells so far, that of the one that runs last; before them one that is empty."""
    return getattr(getattr(shell, 'history_manager', None), 'input_hist_raw', None) or []


def cell_run(shell: Any, source: str | None = None) -> CellRun:
    """The run of the cell that this shell is running, as its front end tells it; `source` is the cell's text."""
    if source is None:
        source = next(reversed(_inputs(shell)), '')
    said = _metadata(shell)
    deleted: Any = said.get('deletedCells')
    return CellRun(
        number=cell_number(shell),
        source=source or '',
        cell_id=_id(said),
        deleted=list(map(str, cast('list[object]', deleted))) if isinstance(deleted, list) else [],
        session=session_of(shell),
        request=_said(shell, 'msg_id'),
    )


def _metadata(shell: Any) -> dict[str, Any]:
    """What the front end says beside the request; empty where it says nothing."""
    try:
        said: Any = request_of(shell)['metadata']
    except (TypeError, KeyError):
        return {}
    return cast('dict[str, Any]', said) if isinstance(said, dict) else {}


def _id(said: dict[str, Any]) -> str | None:
    """The id of the cell: JupyterLab, Notebook and VS Code have one name for it, Colab another."""
    colab: Any = said.get('colab')
    found = said.get('cellId') or said.get('cell_id') or (colab.get('cell_id') if isinstance(colab, dict) else None)  # pyright: ignore[reportUnknownMemberType,reportUnknownVariableType]
    return found if isinstance(found, str) and found else None


def _said(shell: Any, name: str) -> str:
    try:
        return str(request_of(shell)['header'][name])
    except (TypeError, KeyError):
        return ''


def in_voila() -> bool:
    """Whether Voila runs this kernel: it makes a page of what cells display, and keeps the kernel for its widgets."""
    return 'VOILA_KERNEL_ID' in os.environ


def ends_cell() -> bool:
    """Whether IPython is about to show the value of a cell's last line, and nobody called `display`.

    The display hook of each kernel keeps other notes while it works, some none; that it is at work shows on the stack.
    """
    hook = getattr(current_shell(), 'displayhook', None)
    code = getattr(type(hook).__call__, '__code__', None)
    frame = currentframe() if code is not None else None
    while frame is not None and frame.f_code is not code:
        frame = frame.f_back
    return frame is not None

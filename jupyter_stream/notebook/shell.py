"""The IPython shell around this code, where there is one. IPython is not imported for it."""

from __future__ import annotations

import os
import sys
from inspect import currentframe
from typing import Any

__all__ = ('Cell', 'cell_id', 'current_shell', 'ends_cell', 'in_voila', 'request_of', 'running_cell', 'session_of')


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
    try:
        return request_of(current_shell())['metadata']['cellId'] or None
    except (TypeError, KeyError):
        return None


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

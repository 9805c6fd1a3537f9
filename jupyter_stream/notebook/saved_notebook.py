"""The file of the notebook that is running, as far as its front end says where it is."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from jupyter_stream.conversation.saved import cells_of

__all__ = ('SESSION_VARIABLE', 'SavedNotebook', 'notebook_path', 'saved_notebook')

SESSION_VARIABLE: Final = 'JPY_SESSION_NAME'
"""Where jupyter_server tells a kernel which notebook it was started for."""

_VS_CODE: Final = '__vsc_ipynb_file__'
"""The variable in which VS Code tells the same."""

_LARGEST: Final = 256 * 1024 * 1024
"""Bytes of a file that is read at all."""

_COLAB_PATIENCE: Final = 5
"""Seconds that Colab's page has to hand over the notebook."""


@dataclass(frozen=True, slots=True)
class SavedNotebook:
    """The file of a notebook.

    Attributes:
        content: Its JSON.
        is_sure: Whether it is known to be that of the notebook that runs. A path is not believed by itself: a kernel
            may be started for another notebook than the one that uses it.
    """

    content: Mapping[str, Any]
    is_sure: bool


def saved_notebook(names: Mapping[str, Any], cells: Set[str], path: str | None = None) -> SavedNotebook | None:
    """The saved notebook that holds one of these cells, or that the page says it shows; else one that may be it; None
    where there is none.

    Args:
        names: The user's variables.
        cells: The ids of cells that have run in the notebook.
        path: Where the page says that its notebook is stored, from the server's folder on.
    """
    found = [
        SavedNotebook(content, _is_shown(path, file) or any(cell in cells for cell, _ in cells_of(content)))
        for file, content in _notebooks(names)
    ]
    return next((notebook for notebook in found if notebook.is_sure), next(iter(found), None))


def notebook_path(names: Mapping[str, Any]) -> Path | None:
    """The file of the notebook that its front end or server names; None where none is named, or it is not there.

    Args:
        names: The user's variables.
    """
    paths = map(Path, filter(None, _named(names)))
    return next((path for path in paths if path.suffix == '.ipynb' and path.is_file()), None)


def _named(names: Mapping[str, Any]) -> list[str]:
    told = names.get(_VS_CODE), os.environ.get(SESSION_VARIABLE)
    return [path for path in told if isinstance(path, str) and path]


def _is_shown(path: str | None, file: str) -> bool:
    return bool(path) and Path(file).as_posix().endswith(f'/{path}')


def _notebooks(names: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The notebooks that the front end may mean, each with its file's name, '' where it has none here."""
    for path in _named(names):
        notebook = _read(Path(path))
        if notebook is not None:
            yield path, notebook
    notebook = _of_colab()
    if notebook is not None:
        yield '', notebook


def _read(path: Path) -> dict[str, Any] | None:
    try:
        if path.suffix != '.ipynb' or path.stat().st_size > _LARGEST:
            return None
        notebook = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return cast('dict[str, Any]', notebook) if isinstance(notebook, dict) else None


def _of_colab() -> dict[str, Any] | None:
    """The notebook as Colab's page has it: its kernel has no file of it."""
    if 'google.colab' not in sys.modules:
        return None
    try:
        from google.colab import _message  # pyright: ignore

        answer: Any = _message.blocking_request('get_ipynb', timeout_sec=_COLAB_PATIENCE)  # pyright: ignore
    except Exception:  # it is Colab's own, and may change
        return None
    notebook: Any = answer.get('ipynb') if isinstance(answer, dict) else None  # pyright: ignore
    return cast('dict[str, Any]', notebook) if isinstance(notebook, dict) else None

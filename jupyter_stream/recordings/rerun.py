"""Runs notebooks, records what their models answer, and saves the outputs."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from jupyter_stream.cassettes.pins import own_cassette, pinned
from jupyter_stream.exceptions import CassetteError

__all__ = ('notebooks_at', 'record')

_SECONDS: Final = 600
"""How long a cell may take."""


def notebooks_at(paths: Sequence[Path]) -> list[Path]:
    """The notebooks among the paths, and in the folders among them.

    Raises:
        CassetteError: there is none.
    """
    found = [each for path in paths for each in (sorted(path.glob('*.ipynb')) if path.is_dir() else [path])]
    missing = [path for path in found if not path.is_file()]
    if missing or not found:
        raise CassetteError(f'There is no notebook {(missing or [*paths])[0]}.')
    return found


def record(notebook: Path) -> Path | None:
    """Run a notebook with all its questions asked anew, and save its outputs and its cassette.

    What was saved and recorded before is replaced when all cells have run, and not before.

    Returns:
        The cassette; None where nothing was asked.

    Raises:
        CassetteError: nbclient is not installed, or a cell failed.
    """
    own = own_cassette(notebook)
    with tempfile.TemporaryDirectory() as folder:
        new = Path(folder) / own.name
        with pinned(notebook.absolute(), 'record', new):
            book = _run(notebook)
        _save(book, notebook)
        own.unlink(missing_ok=True)
        if not new.exists():
            return None
        own.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(new, own)
    return own


def _run(notebook: Path) -> Any:
    """The notebook as it is after a run."""
    if not find_spec('nbclient'):
        raise CassetteError('Running a notebook needs nbclient, which is not installed: `pip install nbclient`.')
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    nbformat: Any = import_module('nbformat')  # its functions have no types
    book = nbformat.read(notebook, as_version=4)
    known = dict(book.metadata)
    place = {'metadata': {'path': str(notebook.parent)}}
    client: Any = NotebookClient(book, timeout=_SECONDS, resources=place, record_timing=False, coalesce_streams=True)
    try:
        client.execute()
    except CellExecutionError as error:
        raise CassetteError(
            f'A cell of {notebook} failed, so nothing is saved: {error.ename}: {error.evalue}'
        ) from None
    # Which Python it was, and the state of widgets that a page cannot load, are no part of a tutorial.
    language = book.metadata.get('language_info')
    book.metadata = nbformat.from_dict({**({'language_info': language} if language else {}), **known})
    return book


def _save(book: Any, notebook: Path) -> None:
    """In one step, so that a crash leaves the old file."""
    nbformat: Any = import_module('nbformat')
    new = notebook.with_name(f'.{notebook.name}.new')
    try:
        nbformat.write(book, new)
        shutil.copymode(notebook, new)
        new.replace(notebook)
    finally:
        new.unlink(missing_ok=True)

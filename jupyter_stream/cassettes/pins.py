"""What is pinned for a notebook that nobody watches, through the environment of its kernel: where its answers are from,
and what would differ from run to run.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from jupyter_stream.cassettes.deck import Mode
from jupyter_stream.cassettes.file import SUFFIX
from jupyter_stream.cassettes.session import FOLDER_VARIABLE, MODE_VARIABLE, SPEED_VARIABLE

__all__ = ('CLOCK', 'own_cassette', 'pinned')

CLOCK: Final = '2026-01-01T00:00:00+00:00'
"""The time that messages bear."""


def own_cassette(notebook: Path) -> Path:
    """The cassette that a notebook is recorded to: in the folder that the environment names, else beside it."""
    told = os.environ.get(FOLDER_VARIABLE, '').strip()
    place = Path(told).expanduser().absolute() if told else notebook.parent
    return place if place.suffix == '.jsonl' else place / f'{notebook.stem}{SUFFIX}'


@contextmanager
def pinned(notebook: Path, mode: Mode, cassette: Path | None = None) -> Generator[None]:
    """Inside, a kernel that is started runs this notebook: with answers from its cassettes, shown once and at once.

    Args:
        notebook: its file, as an absolute path.
        mode: where the answers are from.
        cassette: what is recorded to; the notebook's own without it.
    """
    own = cassette or own_cassette(notebook)
    with _environment(
        {
            MODE_VARIABLE: mode,
            # Answers are looked for in all cassettes there, the notebook's own before others.
            FOLDER_VARIABLE: str(own if mode == 'record' else own.parent),
            SPEED_VARIABLE: '0',
            'JPY_SESSION_NAME': str(notebook),
            'JUPYTER_STREAM_VIEW': 'static',
            'JUPYTER_STREAM_CLOCK': CLOCK,
        }
    ):
        yield


@contextmanager
def _environment(variables: Mapping[str, str]) -> Generator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value

"""Writes a cassette anew by today's rules of what it may hold."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from jupyter_stream.cassettes.file import Interaction, read
from jupyter_stream.cassettes.match import Asked
from jupyter_stream.cassettes.writer import Writer, locked
from jupyter_stream.exceptions import CassetteError
from jupyter_stream.models.base import key_in

__all__ = ('scrubbed',)


def scrubbed(path: Path) -> int:
    """Write a cassette anew: requests, headers and bodies as they would be recorded today. A recording that holds a
    known key is left out, with a warning.

    Returns:
        How many recordings are not what they were.

    Raises:
        CassetteError: it cannot be read, or another process writes to it.
    """
    with locked(path) as has_lock, tempfile.TemporaryDirectory(dir=path.parent) as folder:
        if not has_lock:
            raise CassetteError(f'Another process writes to {path}: wait until it has ended.')
        new = Path(folder) / path.name
        new.touch()
        changed = 0
        for interaction in read(path).interactions:
            before = new.stat().st_size
            _copy(interaction, new)
            changed += new.read_bytes()[before:] != interaction.raw()
        if changed:
            new.replace(path)
    return changed


def _copy(interaction: Interaction, path: Path) -> None:
    answer = interaction.answer()
    writer = Writer(path, Asked.of(interaction.request()).line(interaction.n), refused=_refused)
    writer.begin(answer.status, answer.headers)
    for ms, data in answer.chunks:
        writer.chunk(int(ms), data)
    writer.end(answer.end)


def _refused(data: bytes) -> str | None:
    name = key_in(data.decode(errors='replace'), os.environ)
    return f'it holds the key that {name} is set to' if name else None

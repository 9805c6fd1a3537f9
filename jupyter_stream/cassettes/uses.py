"""Which recordings are used: each process that replays one says so in a file, where the environment names one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from jupyter_stream.cassettes.file import Interaction

__all__ = ('VARIABLE', 'Use', 'note')

VARIABLE: Final = 'JUPYTER_STREAM_CASSETTE_USES'

Use: TypeAlias = tuple[Path, str, int]
"""A cassette, and of the recording the digest and the number."""


def note(interaction: Interaction) -> None:
    """Say that a recording is replayed, if anybody wants to know."""
    if name := os.environ.get(VARIABLE):
        line = f'{interaction.digest}\t{interaction.n}\t{interaction.path.resolve()}\n'
        with open(name, 'a', encoding='utf-8') as file:
            file.write(line)  # in one piece: several kernels write here

"""The version of a cassette that git has committed."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from jupyter_stream.cassettes.file import Cassette, read
from jupyter_stream.exceptions import CassetteError

__all__ = ('committed',)


@contextmanager
def committed(path: Path) -> Generator[Cassette]:
    """A cassette as the last commit has it, while inside; empty where it is not in it.

    Raises:
        CassetteError: git is not installed, or the file is in no repository.
    """
    with tempfile.TemporaryDirectory() as folder:
        old = Path(folder) / path.name
        old.write_bytes(_shown(path))
        yield read(old)


def _shown(path: Path) -> bytes:
    try:
        done = subprocess.run(['git', 'show', f'HEAD:./{path.name}'], cwd=path.parent, capture_output=True, check=False)
    except FileNotFoundError:
        raise CassetteError('git is not installed: name two cassettes to compare.') from None
    if done.returncode and b'not a git repository' in done.stderr:
        raise CassetteError(f'{path} is in no git repository: name two cassettes to compare.')
    return done.stdout if done.returncode == 0 else b''

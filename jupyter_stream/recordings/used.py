"""Which recordings a command uses, such as a run of notebooks or of tests."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from jupyter_stream.cassettes.uses import VARIABLE, Use
from jupyter_stream.exceptions import CassetteError

__all__ = ('used_by',)


def used_by(command: Sequence[str]) -> set[Use]:
    """Run a command, and tell which recordings it used.

    Raises:
        CassetteError: the command failed, so that it may not have come to all that it uses.
    """
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / 'uses.tsv'
        told.touch()
        try:
            # What it prints is no part of what we print.
            done = subprocess.run(command, env={**os.environ, VARIABLE: str(told)}, stdout=2, check=False)
        except OSError as error:
            raise CassetteError(f'`{command[0]}` cannot be run: {error.strerror}.') from None
        if done.returncode:
            raise CassetteError(
                f'`{" ".join(command)}` failed with {done.returncode}, so that not all that it uses was asked for: '
                'nothing was dropped.'
            )
        return {_use(line) for line in told.read_text(encoding='utf-8').splitlines()}


def _use(line: str) -> Use:
    digest, n, path = line.split('\t', 2)
    return Path(path), digest, int(n)

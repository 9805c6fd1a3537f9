"""`python -m jupyter_stream.local`: get the embedded model, look whether it is there, print where it is."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from jupyter_stream.exceptions import UserError
from jupyter_stream.local import installer
from jupyter_stream.local.weights import DEFAULT, MODEL_VARIABLE, MODELS, RUNTIME, find, require_runtime


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code: 0 where the embedded model can be used, 1 where it cannot."""
    parser = argparse.ArgumentParser(prog='python -m jupyter_stream.local', description=__doc__)
    commands = {'install': _install, 'status': _status, 'path': _path}
    parser.add_argument('command', choices=commands)
    try:
        return commands[parser.parse_args(arguments).command]()
    except UserError as error:
        print(error, file=sys.stderr)
        return 1


def _install() -> int:
    installer.install()
    return 0


def _status() -> int:
    packaged = MODELS[DEFAULT]
    path = packaged.path()
    state = 'not installed' if path is None else 'sha256 right' if packaged.intact() else 'sha256 WRONG'
    print(
        f'runtime  {RUNTIME.module} {installer.runtime_version() or "not installed"} (made for {RUNTIME.requirement})'
    )
    print(f'weights  {packaged.label}: {path or packaged.requirement} ({state})')
    if chosen := os.environ.get(MODEL_VARIABLE):
        print(f'`local:` {chosen} ({MODEL_VARIABLE})')
    require_runtime()
    find()
    return 0


def _path() -> int:
    print(find().path)
    return 0


if __name__ == '__main__':
    sys.exit(main())

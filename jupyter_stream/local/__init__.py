"""The embedded model: a small language model that needs no key and no network.

llama.cpp's own OpenAI-compatible server runs in a subprocess, one for each weights file and kernel, started by the
first request. To the rest of the library it is a provider like any other, behind model strings `local:…`.

Nothing is loaded until a name is used: `import jupyter_stream.local` starts nothing and reads no weights.

Command line: `python -m jupyter_stream.local install|status|path`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jupyter_stream.local.installer import install
    from jupyter_stream.local.server import Address, Options, Server, shared, status, stop_all
    from jupyter_stream.local.weights import NOTE, Weights, find

__all__ = ('NOTE', 'Address', 'Options', 'Server', 'Weights', 'find', 'install', 'shared', 'status', 'stop_all')

_HOME = {
    'NOTE': 'weights',
    'Weights': 'weights',
    'find': 'weights',
    'install': 'installer',
    'Address': 'server',
    'Options': 'server',
    'Server': 'server',
    'shared': 'server',
    'status': 'server',
    'stop_all': 'server',
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    return getattr(import_module(f'{__name__}.{_HOME[name]}'), name)

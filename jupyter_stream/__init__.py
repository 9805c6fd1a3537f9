"""Ask a language model from a notebook cell and watch the answer grow in place below it.

`%load_ext jupyter_stream` gives `%ask` and `%%ask`; `ask` and `aask` do the same by a call; the
`model_request` functions are the layer underneath; `show` shows what others have asked, and `explore`
opens a panel to try models with. All of them are loaded when they are first used: importing this package
loads nothing else.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jupyter_stream.direct import (
        model_request,
        model_request_stream,
        model_request_stream_sync,
        model_request_sync,
    )
    from jupyter_stream.notebook.answer import Answer
    from jupyter_stream.notebook.ask import aask, ask
    from jupyter_stream.notebook.explore import explore
    from jupyter_stream.notebook.show import show

__all__ = (
    'Answer',
    '__version__',
    'aask',
    'ask',
    'explore',
    'load_ipython_extension',
    'model_request',
    'model_request_stream',
    'model_request_stream_sync',
    'model_request_sync',
    'show',
    'unload_ipython_extension',
)

__version__ = '0.1.0'

_HOMES = {
    'Answer': 'jupyter_stream.notebook.answer',
    'aask': 'jupyter_stream.notebook.ask',
    'ask': 'jupyter_stream.notebook.ask',
    'explore': 'jupyter_stream.notebook.explore',
    'model_request': 'jupyter_stream.direct',
    'model_request_stream': 'jupyter_stream.direct',
    'model_request_stream_sync': 'jupyter_stream.direct',
    'model_request_sync': 'jupyter_stream.direct',
    'show': 'jupyter_stream.notebook.show',
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def load_ipython_extension(shell: Any) -> None:
    """Register `%ask` and `%%ask`. Called by `%load_ext jupyter_stream`; a second call changes nothing."""
    from jupyter_stream.notebook.magics import load

    load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """Take `%ask` and `%%ask` away again. Called by `%unload_ext jupyter_stream`."""
    from jupyter_stream.notebook.magics import unload

    unload(shell)

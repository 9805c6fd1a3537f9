"""The one name of a model that people read: while it is asked, below its answer and in messages.

It is the model's own name without its provider's, `gpt-5-mini` for `openai-chat:gpt-5-mini`; of a model that is a
function, the function's; of a fallback, those of all its models.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from jupyter_stream.notebook.defaults import EMBEDDED

if TYPE_CHECKING:
    from jupyter_stream.models import Model

__all__ = ('EMBEDDED_NAME', 'EMBEDDED_VARIABLE', 'answering_name', 'asking', 'readable_name', 'title_of')

EMBEDDED_NAME: Final = 'smollm2-135m-instruct'
"""How the embedded model names itself, as `local.weights.DEFAULT`; said before anything of it is loaded."""

EMBEDDED_VARIABLE: Final = 'JUPYTER_STREAM_LOCAL_MODEL'

_VERSION: Final = re.compile(r'[-@:]\d[\d-]{2,}')
"""What a provider adds to the name that it was asked by: a date, a number of at least three digits."""


def title_of(model: Model | str) -> str:
    """The readable name of a model, or of what a model string means."""
    if not isinstance(model, str):
        return readable_name(model.model_name)
    provider, _, name = model.partition(':')
    return _embedded(name, os.environ) if f'{provider}:' == EMBEDDED else readable_name(name or provider)


def readable_name(model_name: str) -> str:
    """The readable name for the one that a model or its answer carries."""
    kind, _, names = model_name.partition(':')
    if kind == 'function':
        return next(filter(None, names.split(':')), kind)
    if kind == 'fallback':
        return ' or '.join(map(readable_name, names.split(',')))
    return model_name


def answering_name(model_name: str | None, asked: str = '') -> str:
    """Who answered: `asked`, unless the answer carries the name of another model; '' where nobody is named.

    `gpt-5-mini-2025-08-07` is no other model than `gpt-5-mini`.
    """
    name = readable_name(model_name or '')
    return asked if asked and name.startswith(asked) and _VERSION.fullmatch(name, len(asked)) else name


def asking(title: str) -> str:
    """The line that is shown until the first word comes; `title` is '' where nobody knows who is asked."""
    return f'Asking {title or "the model"}…'


def _embedded(name: str, environ: Mapping[str, str]) -> str:
    """What `local:` and a name after it mean."""
    if name in ('', 'default'):
        name = environ.get(EMBEDDED_VARIABLE) or EMBEDDED_NAME
    return PurePath(name).stem if name.lower().endswith('.gguf') else name

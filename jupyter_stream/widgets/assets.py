"""The built front end, as text. Its source is in `frontend`; `make frontend` builds it anew."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Final

__all__ = ('ON_DEMAND', 'source')

ON_DEMAND: Final = frozenset({'core', 'highlight', 'maths'})
"""What a page may ask for, once: everything that is too heavy to travel with each view."""


@cache
def source(name: str) -> str:
    """The text of one module of the front end: 'view', 'core', 'highlight', 'maths' or 'timeline'."""
    return files('jupyter_stream.widgets').joinpath('static', f'{name}.js').read_text(encoding='utf-8')

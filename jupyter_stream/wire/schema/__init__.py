"""JSON schemas as the providers want them."""

from ._rewrite import (
    Rewritten,
    rewrite,
    walked,
)

__all__ = (
    'Rewritten',
    'rewrite',
    'walked',
)

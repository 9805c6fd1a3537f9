"""How much Claude may think, wherever it is served."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from jupyter_stream.settings import ThinkingLevel

__all__ = ('BUDGETS',)

BUDGETS: Final[Mapping[ThinkingLevel, int]] = {
    True: 10_000,
    'minimal': 1_024,
    'low': 2_048,
    'medium': 10_000,
    'high': 16_384,
    'xhigh': 32_768,
    'max': 32_768,
}
"""Tokens to think with, for models that want a number."""

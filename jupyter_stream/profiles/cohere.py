"""What is known of Cohere's models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from jupyter_stream.settings import ThinkingLevel

__all__ = ('COHERE_BUDGETS',)

COHERE_BUDGETS: Final[Mapping[ThinkingLevel, int]] = {
    'minimal': 512,
    'low': 2048,
    'medium': 8192,
    'high': 16384,
    # What https://docs.cohere.com/docs/reasoning advises as the most, so that some tokens are left for the answer.
    'xhigh': 31000,
    'max': 31000,
}
"""Tokens to think with."""

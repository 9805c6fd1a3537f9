"""Providers: from a model string to where it is reached, with which key, and what is special about it."""

from ._resolve import (
    PROVIDERS,
    Auth,
    Provider,
    Resolved,
    Variable,
    find,
    resolve,
    suggest,
)

__all__ = (
    'PROVIDERS',
    'Auth',
    'Provider',
    'Resolved',
    'Variable',
    'find',
    'resolve',
    'suggest',
)

"""Providers: from a model string to where it is reached, with which key, and what is special about it."""

from ._resolve import (
    PROVIDERS,
    Auth,
    ModelKind,
    Provider,
    Resolved,
    Variable,
    WireName,
    find,
    resolve,
    suggest,
)

__all__ = (
    'PROVIDERS',
    'Auth',
    'ModelKind',
    'Provider',
    'Resolved',
    'Variable',
    'WireName',
    'find',
    'resolve',
    'suggest',
)

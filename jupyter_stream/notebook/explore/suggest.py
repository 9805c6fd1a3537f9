"""The models that an explorer offers: those that could be asked here and now."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jupyter_stream.models import Model

__all__ = ('named', 'suggestions')


def named(models: Iterable[Model | str]) -> dict[str, Model | str]:
    """Models by the names that people see."""
    return {model if isinstance(model, str) else model.model_id: model for model in models}


def suggestions(given: Iterable[str] = (), environ: Mapping[str, str] | None = None) -> list[str]:
    """Names to choose from: those given, the embedded model, and the known ones of providers whose key is set."""
    from jupyter_stream.providers import find
    from jupyter_stream.providers._known_models import KNOWN_MODELS

    environ = os.environ if environ is None else environ
    open_ones: dict[str, bool] = {}
    for string in KNOWN_MODELS:
        prefix = string.partition(':')[0]
        if prefix not in open_ones:
            provider = find(prefix)
            keys = provider.key_env if provider is not None else ()
            open_ones[prefix] = any(environ.get(name, '').strip() for name in keys)
    known = (string for string in KNOWN_MODELS if open_ones[string.partition(':')[0]])
    return list(dict.fromkeys([*given, 'local:', *known]))

"""What every decoder of JSON events does with one."""

from __future__ import annotations

import json
from typing import Any

from pydantic_core import from_json

__all__ = ('parsed',)


def parsed(data: str) -> Any:
    """The JSON value that an event holds; ValueError or RecursionError when it holds none."""
    try:
        return from_json(data)  # in half the time of the standard library
    except ValueError:
        return json.loads(data)  # which also takes half a surrogate pair, whose other half comes with the next event

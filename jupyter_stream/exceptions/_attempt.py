"""One attempt among several to get an answer, as a response and an error list them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from .._dataclasses import short_repr
from ..usage import RequestUsage

__all__ = ('ModelRequestAttempt',)


@dataclass(repr=False, kw_only=True, frozen=True)
class ModelRequestAttempt:
    """A model that was asked before the one that answered, and why its answer did not count."""

    model_name: str
    provider_name: str | None = None
    outcome: Literal['error', 'rejected']
    error: str | None = None
    timestamp: datetime
    duration: timedelta
    usage: RequestUsage | None = None

    __repr__ = short_repr

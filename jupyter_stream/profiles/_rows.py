"""What the tables of this package are made of: rows on a vendor's models, and the dialects of providers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

__all__ = ('NEVER', 'Change', 'Dialect', 'Row', 'Rules', 'Vendor')

Change = Mapping[str, Any]
"""Fields of a `Profile` and what they are set to; those of a protocol's part stand under its name."""

Rules = tuple[tuple[str, Change], ...]
"""Patterns on a model's name, in lower case, and what they change; all that match apply, in order."""

NEVER: Final = '(?!)'
"""The pattern that matches nothing."""


@dataclass(frozen=True)
class Row:
    """What is known of a generation of models.

    Attributes:
        pattern: how its names begin, in lower case and without what a provider puts before them.
        change: what holds wherever it is served.
        source: where that was read.
        at: what a provider changes further, by the provider's name.
        read: the month in which the source was read.
    """

    pattern: str
    change: Change
    source: str
    at: Mapping[str, Change] = field(default_factory=dict[str, Change])
    read: str = '2026-11'

    def matches(self, name: str) -> bool:
        return re.match(self.pattern, name) is not None


@dataclass(frozen=True)
class Vendor:
    """What is known of a vendor's models.

    Attributes:
        families: what holds for many generations; all rows that match apply, in order.
        generations: what one generation has; the first row that matches counts.
    """

    families: tuple[Row, ...] = ()
    generations: tuple[Row, ...] = ()

    def rows(self, name: str) -> tuple[Row, ...]:
        """The rows that apply to a model."""
        known = next(((row,) for row in self.generations if row.matches(name)), ())
        return (*(row for row in self.families if row.matches(name)), *known)


@dataclass(frozen=True)
class Dialect:
    """How a provider differs. Its row in `jupyter_stream.providers` names the page that says so.

    Attributes:
        changes: for all its models.
        rules: for some, by their whole names; Bedrock's as `vendor.name`.
        openai: the names of models that are OpenAI's own there; by default none.
    """

    changes: Change = field(default_factory=dict[str, Any])
    rules: Rules = ()
    openai: str = NEVER

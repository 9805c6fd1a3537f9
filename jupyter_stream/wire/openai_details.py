"""What OpenAI's two protocols say beside an answer in the same words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, cast

__all__ = ('moderation', 'timestamp', 'token_details')

Raw = Mapping[str, Any]


def timestamp(created: Any) -> datetime | None:
    """The moment a chunk was made, from seconds since 1970; None for what is no such number."""
    try:
        return datetime.fromtimestamp(created, tz=UTC) if created else None
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def token_details(tokens: Iterable[Raw]) -> list[dict[str, Any]]:
    """Tokens with their log probabilities and those of the others that might have come."""
    return [
        {
            **_token(entry),
            'top_logprobs': [_token(other) for other in cast('list[Raw]', entry.get('top_logprobs') or [])],
        }
        for entry in tokens
    ]


def _token(entry: Raw) -> dict[str, Any]:
    return {'token': entry.get('token'), 'bytes': entry.get('bytes'), 'logprob': entry.get('logprob')}


def moderation(value: Any) -> dict[str, Any] | None:
    """A moderation result; None for an empty placeholder of one."""
    sides = cast(dict[str, Any], value).values() if isinstance(value, dict) else ()
    said = any(isinstance(side, dict) and cast(Raw, side).get('type') for side in sides)
    return cast('dict[str, Any]', value) if said else None

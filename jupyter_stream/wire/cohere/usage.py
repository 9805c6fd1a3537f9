"""Token counts of Cohere: https://docs.cohere.com/reference/chat-stream"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

from jupyter_stream.usage import RequestUsage

__all__ = ('usage_of',)

_BILLED: Final = ('input_tokens', 'output_tokens', 'search_units', 'classifications')


def usage_of(raw: Mapping[str, Any]) -> RequestUsage:
    """The tokens that were read and written; what of them is billed stands in `details`."""
    tokens, billed = _mapping(raw.get('tokens')), _mapping(raw.get('billed_units'))
    return RequestUsage(
        input_tokens=_count(tokens.get('input_tokens')),
        output_tokens=_count(tokens.get('output_tokens')),
        cache_read_tokens=_count(raw.get('cached_tokens')),
        details={name: _count(billed[name]) for name in _BILLED if billed.get(name)},
    )


def _count(value: Any) -> int:
    return int(value) if isinstance(value, int | float) else 0


def _mapping(value: Any) -> Mapping[str, Any]:
    return cast(Mapping[str, Any], value) if isinstance(value, dict) else {}

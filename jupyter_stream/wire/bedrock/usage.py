"""Token counts of Converse: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_TokenUsage.html

What was read from the cache or written to it is counted apart from the rest of the input.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from jupyter_stream.usage import RequestUsage

__all__ = ('usage_of',)

_NAMED: Final = frozenset(
    {'inputTokens', 'outputTokens', 'totalTokens', 'cacheReadInputTokens', 'cacheWriteInputTokens'}
)


def usage_of(raw: Mapping[str, Any]) -> RequestUsage:
    """The usage that an answer reports. Every count that has no field of its own is kept in `details`."""
    read, written = _count(raw, 'cacheReadInputTokens'), _count(raw, 'cacheWriteInputTokens')
    hours = [_count(kept, 'inputTokens') for kept in raw.get('cacheDetails') or () if kept.get('ttl') == '1h']
    return RequestUsage(
        input_tokens=_count(raw, 'inputTokens') + read + written,
        output_tokens=_count(raw, 'outputTokens'),
        cache_read_tokens=read,
        cache_write_tokens=written,
        cache_write_1h_tokens=sum(hours),
        details={name: count for name, count in raw.items() if isinstance(count, int) and name not in _NAMED},
    )


def _count(raw: Mapping[str, Any], name: str) -> int:
    value = raw.get(name)
    return value if isinstance(value, int) else 0

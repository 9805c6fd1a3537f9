"""Token counts of Messages: https://platform.claude.com/docs/en/api/messages#response-usage

Counts are cumulative: a later report replaces what it names of an earlier one. The tokens of a compaction, and of the
advisor, are reported apart from those of the answer; the former belong to the request, the latter to another model.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

from jupyter_stream.usage import RequestUsage

__all__ = ('details_of', 'usage_of')

Raw = Mapping[str, Any]

_COUNTS: Final = ('input_tokens', 'output_tokens', 'cache_creation_input_tokens', 'cache_read_input_tokens')
_HOUR: Final = 'ephemeral_1h_input_tokens'


def details_of(raw: Raw, before: Mapping[str, int]) -> dict[str, int]:
    """The counts of a report, laid over those of the report before it."""
    details = {**before, **{name: raw[name] for name in _COUNTS if isinstance(raw.get(name), int)}}
    nested = {
        _HOUR: _count(raw.get('cache_creation'), _HOUR),
        'thinking_tokens': _count(raw.get('output_tokens_details'), 'thinking_tokens'),
        'web_search_requests': _count(raw.get('server_tool_use'), 'web_search_requests'),
    }
    details.update({name: count for name, count in nested.items() if count})
    details.update(_iterations(cast('list[Raw]', raw.get('iterations') or [])))
    return _with_hour_capped(details)


def usage_of(details: Mapping[str, int]) -> RequestUsage:
    """The usage that such counts mean."""

    def total(name: str) -> int:
        return details.get(name, 0) + details.get(f'compaction_{name}', 0)

    read, written = total('cache_read_input_tokens'), total('cache_creation_input_tokens')
    usage = RequestUsage(
        input_tokens=total('input_tokens') + read + written,
        output_tokens=total('output_tokens'),
        cache_read_tokens=read,
        cache_write_tokens=written,
        cache_write_1h_tokens=total(_HOUR),
        output_reasoning_tokens=details.get('thinking_tokens', 0),
        details=dict(details),
    )
    if searches := details.get('web_search_requests'):
        setattr(usage, 'web_searches', searches)  # noqa: B010 - a count without a field of its own
    return usage


def _with_hour_capped(details: dict[str, int]) -> dict[str, int]:
    """The hour's share is told once, at the start; when its total shrinks later, so does it."""
    if _HOUR in details:
        details[_HOUR] = min(details[_HOUR], details.get('cache_creation_input_tokens', 0))
        if not details[_HOUR]:
            del details[_HOUR]
    return details


def _iterations(iterations: list[Raw]) -> dict[str, int]:
    compactions = [one for one in iterations if one.get('type') == 'compaction']
    advice = [one for one in iterations if one.get('type') == 'advisor_message']
    if not compactions and not advice:
        return {}
    details = {'message_iterations': len(iterations) - len(compactions) - len(advice)}
    if compactions:
        details.update(_sums('compaction', compactions))
        if hour := sum(_count(one.get('cache_creation'), _HOUR) for one in compactions):
            details[f'compaction_{_HOUR}'] = hour
    if advice:
        details.update(_sums('advisor', advice))
    return details


def _sums(kind: str, iterations: list[Raw]) -> dict[str, int]:
    sums = {f'{kind}_{name}': sum(_counted(one.get(name) for one in iterations)) for name in _COUNTS}
    return {f'{kind}_iterations': len(iterations), **{name: total for name, total in sums.items() if total}}


def _counted(values: Iterable[Any]) -> list[int]:
    return [value for value in values if isinstance(value, int)]


def _count(raw: Any, name: str) -> int:
    value = cast(Raw, raw).get(name) if isinstance(raw, dict) else None
    return value if isinstance(value, int) else 0

"""Token counts of a response: https://platform.openai.com/docs/api-reference/responses/object#usage"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

from jupyter_stream.usage import RequestUsage

__all__ = ('usage_of',)

Raw = Mapping[str, Any]

_NAMED: Final = frozenset({'input_tokens', 'output_tokens', 'total_tokens'})
_EMPTY: Final[Raw] = {}


def usage_of(response: Raw) -> RequestUsage:
    """What a response says of its tokens, and how many web searches it was charged for."""
    searches = _web_searches(response)
    extra: dict[str, Any] = {'web_searches': searches} if searches else {}
    raw = cast('Raw | None', response.get('usage'))
    if raw is None:
        details = {'web_search_requests': searches} if searches else {}
        return RequestUsage(details=details, **extra, **({'unmeasured_requests': 1} if searches else {}))
    put_in = cast(Raw, raw.get('input_tokens_details') or _EMPTY)
    put_out = cast(Raw, raw.get('output_tokens_details') or _EMPTY)
    reasoning = _count(put_out.get('reasoning_tokens'))
    details = {name: value for name, value in raw.items() if isinstance(value, int) and name not in _NAMED}
    details['reasoning_tokens'] = reasoning
    if searches:
        details['web_search_requests'] = searches
    return RequestUsage(
        input_tokens=_count(raw.get('input_tokens')),
        output_tokens=_count(raw.get('output_tokens')),
        cache_read_tokens=_count(put_in.get('cached_tokens')),
        cache_write_tokens=_count(put_in.get('cache_write_tokens')),
        output_reasoning_tokens=reasoning,
        details=details,
        **extra,
    )


def _web_searches(response: Raw) -> int:
    """The searches that are charged: older responses don't count them, and opening a page is no search."""
    if response.get('status') in ('queued', 'in_progress'):
        return 0
    counted = cast(Raw, cast(Raw, response.get('tool_usage') or _EMPTY).get('web_search') or _EMPTY)
    if isinstance(number := counted.get('num_requests'), int):
        return number
    output = cast('list[Raw]', response.get('output') or [])
    actions = [item.get('action') or _EMPTY for item in output if item.get('type') == 'web_search_call']
    return sum(cast(Raw, action).get('type') == 'search' for action in actions)


def _count(value: Any) -> int:
    return int(value) if isinstance(value, (int, float)) else 0

"""Token counts of Chat Completions: https://platform.openai.com/docs/api-reference/completions/object"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

from jupyter_stream.usage import RequestUsage

__all__ = ('usage_of',)

_NAMED: Final = frozenset({'prompt_tokens', 'completion_tokens', 'input_tokens', 'output_tokens', 'total_tokens'})
_MONEY: Final = frozenset({'cost'})


def usage_of(raw: Mapping[str, Any], *, reasoning_is_extra: bool = False) -> RequestUsage:
    """The usage that a chunk reports. Every count that has no field of its own is kept in `details`."""
    prompt = _mapping(raw.get('prompt_tokens_details'))
    completion = _mapping(raw.get('completion_tokens_details'))
    reasoning = _count(completion.get('reasoning_tokens'))
    output = _count(raw.get('completion_tokens'))
    return RequestUsage(
        input_tokens=_count(raw.get('prompt_tokens')),
        output_tokens=output + reasoning if reasoning_is_extra else output,
        cache_read_tokens=_count(prompt.get('cached_tokens')),
        cache_write_tokens=_count(prompt.get('cache_write_tokens')),
        input_audio_tokens=_count(prompt.get('audio_tokens')),
        output_audio_tokens=_count(completion.get('audio_tokens')),
        output_reasoning_tokens=reasoning,
        details={**_counts(raw), **_counts(completion)},
    )


def _counts(raw: Mapping[str, Any]) -> dict[str, int]:
    unnamed = (name for name, value in raw.items() if isinstance(value, int) and name not in _NAMED | _MONEY)
    return {name: int(raw[name]) for name in unnamed}


def _count(value: Any) -> int:
    return int(value) if isinstance(value, (int, float)) else 0


def _mapping(value: Any) -> Mapping[str, Any]:
    return cast(Mapping[str, Any], value) if isinstance(value, dict) else {}

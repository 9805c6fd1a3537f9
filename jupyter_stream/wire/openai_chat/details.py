"""What a chunk says beyond text, thinking and tools: `provider_details`, the citations of a text, and token counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, cast

from jupyter_stream.messages import Citation, MarkerCitationAnchor, WebCitationSource
from jupyter_stream.usage import RequestUsage
from jupyter_stream.wire.openai_details import token_details

__all__ = ('citations_of', 'downstream_details', 'log_probabilities', 'updated', 'url_citations', 'usage_of')

Raw = Mapping[str, Any]

_EMPTY: Final[Raw] = {}
_COSTS: Final = ('upstream_inference_cost', 'upstream_inference_prompt_cost', 'upstream_inference_completions_cost')
_SERVER_TOOLS: Final = ('tool_calls_requested', 'tool_calls_executed', 'web_search_requests')


def log_probabilities(choice: Raw) -> list[dict[str, Any]]:
    """The log probabilities of a choice's tokens."""
    return token_details(cast('list[Raw]', (choice.get('logprobs') or _EMPTY).get('content') or []))


def downstream_details(chunk: Raw, choice: Raw | None) -> dict[str, Any]:
    """What OpenRouter says of the provider behind it: https://openrouter.ai/docs/use-cases/usage-accounting"""
    details: dict[str, Any] = {}
    if choice is not None:
        details['downstream_provider'] = chunk.get('provider')
        if reason := choice.get('native_finish_reason'):
            details['finish_reason'] = reason
    usage = cast(Raw, chunk.get('usage') or _EMPTY)
    if usage.get('cost'):
        details['cost'] = usage['cost']
    if costs := usage.get('cost_details'):
        details.update({name: costs.get(name) for name in _COSTS})
    if usage.get('is_byok') is not None:
        details['is_byok'] = usage['is_byok']
    tools = cast(Raw, usage.get('server_tool_use_details') or _EMPTY)
    if used := {name: tools[name] for name in _SERVER_TOOLS if tools.get(name) is not None}:
        details['server_tool_use'] = used
    return details


def url_citations(annotations: Iterable[Any]) -> list[dict[str, Any]]:
    """Those annotations that are well-formed citations of web pages."""
    return [annotation for annotation in annotations if _is_url_citation(annotation)]


def _is_url_citation(annotation: Any) -> bool:
    if not isinstance(annotation, dict):
        return False
    cited = cast(Raw, annotation).get('url_citation')
    if not isinstance(cited, dict):
        return False
    fields = cast(Raw, cited)
    return all(isinstance(fields.get(name), str) for name in ('url', 'title')) and all(
        isinstance(fields.get(name), int) for name in ('start_index', 'end_index')
    )


def citations_of(annotations: Sequence[Raw], text: str) -> list[Citation]:
    """Citations of a text, from `url_citations`; an anchor that is outside of the text is left out."""
    return [_citation(annotation['url_citation'], len(text)) for annotation in annotations]


def _citation(cited: Raw, length: int) -> Citation:
    excerpt = cited.get('content')
    source = WebCitationSource(
        url=cited['url'], title=cited['title'], excerpts=[excerpt] if excerpt and isinstance(excerpt, str) else []
    )
    start, end = cited['start_index'], cited['end_index']
    # OpenAI's offsets are those of the link that stands in the text, not of what it supports.
    anchor = MarkerCitationAnchor(start=start, end=end) if 0 <= start < end <= length else None
    return Citation(sources=[source], anchor=anchor)


# ---------------------------------------------------------------- token counts

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


def updated(before: RequestUsage, now: RequestUsage) -> RequestUsage:
    """A later report in place of an earlier one, count by count: what it does not name, or names as zero, stays."""
    details = {name: now.details.get(name) or before.details.get(name, 0) for name in {**before.details, **now.details}}
    counted = {name: value for name, value in vars(now).items() if value}
    return RequestUsage(**{**vars(before), **counted, 'details': details})


def _counts(raw: Mapping[str, Any]) -> dict[str, int]:
    unnamed = (name for name, value in raw.items() if isinstance(value, int) and name not in _NAMED | _MONEY)
    return {name: int(raw[name]) for name in unnamed}


def _count(value: Any) -> int:
    return int(value) if isinstance(value, (int, float)) else 0


def _mapping(value: Any) -> Mapping[str, Any]:
    return cast(Mapping[str, Any], value) if isinstance(value, dict) else {}

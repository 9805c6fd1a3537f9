"""Token counts of Gemini, which come with every chunk: https://ai.google.dev/api/generate-content#UsageMetadata"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

from jupyter_stream.usage import RequestUsage

__all__ = ('Counts', 'searches_of')

_TOTALS: Final[Mapping[str, tuple[str, ...]]] = {
    'promptTokenCount': ('input_tokens',),
    'toolUsePromptTokenCount': ('input_tokens', 'input_tool_tokens'),
    'cachedContentTokenCount': ('cache_read_tokens',),
    'candidatesTokenCount': ('output_tokens',),
    'thoughtsTokenCount': ('output_tokens', 'output_reasoning_tokens'),
}
"""What each count is added to."""

_NAMED_TOTALS: Final[Mapping[str, str]] = {
    'cachedContentTokenCount': 'cached_content_tokens',
    'thoughtsTokenCount': 'thoughts_tokens',
    'toolUsePromptTokenCount': 'tool_use_prompt_tokens',
}
"""The counts that are kept in `details` too."""

_BY_MODALITY: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    'promptTokensDetails': ('prompt', ('input_{}_tokens',)),
    'cacheTokensDetails': ('cache', ('cache_{}_read_tokens',)),
    'candidatesTokensDetails': ('candidates', ('output_{}_tokens',)),
    'toolUsePromptTokensDetails': ('tool_use_prompt', ('input_{}_tokens', 'input_{}_tool_tokens')),
}
"""Lists of counts by modality: their word in `details`, and what each is added to."""

_MODALITIES: Final[Mapping[str, str]] = {
    'TEXT': 'text',
    'AUDIO': 'audio',
    'IMAGE': 'image',
    'DOCUMENT': 'image',
    'VIDEO': 'video',
}


class Counts:
    """The counts so far. Each report replaces the one before; what it leaves out, or puts at 0, stays as it was."""

    def __init__(self) -> None:
        self._seen: dict[str, Any] = {}
        self._known: dict[tuple[str, str], int] = {}
        self._counts: dict[str, int] = {}
        self._details: dict[str, int] = {}

    def add(self, raw: Mapping[str, Any]) -> None:
        """A chunk's `usageMetadata`. Most of it is as it was in the chunk before."""
        seen = self._seen
        for name, value in raw.items():
            if value and seen.get(name) != value:
                seen[name] = value
                if name in _TOTALS:
                    self._put((name, ''), int(value), _NAMED_TOTALS.get(name), _TOTALS[name])
                elif name in _BY_MODALITY:
                    self._add_modalities(name, value)

    def add_searches(self, queries: int, billed: int) -> None:
        """What `searches_of` has found."""
        if queries:
            self._put(('queries', ''), queries, 'web_search_requests', ())
        if billed:
            self._put(('billed', ''), billed, None, ('web_searches',))

    def usage(self) -> RequestUsage:
        """The usage as it stands."""
        unmeasured = {} if self._seen else {'unmeasured_requests': 1}
        return RequestUsage(details=self._details.copy(), **self._counts, **unmeasured)

    def _add_modalities(self, name: str, value: list[Mapping[str, Any]]) -> None:
        word, fields = _BY_MODALITY[name]
        for entry in value:
            modality, count = entry.get('modality'), entry.get('tokenCount')
            if modality and count:
                kind = _MODALITIES.get(modality)
                filled = tuple(field.format(kind) for field in fields) if kind else ()
                self._put((name, modality), int(count), f'{modality.lower()}_{word}_tokens', filled)

    def _put(self, key: tuple[str, str], count: int, detail: str | None, fields: tuple[str, ...]) -> None:
        more = count - self._known.get(key, 0)
        self._known[key] = count
        if detail:
            self._details[detail] = count
        for field in fields:
            self._counts[field] = self._counts.get(field, 0) + more


def searches_of(grounding: Mapping[str, Any], *, per_prompt: bool) -> tuple[int, int]:
    """The searches that an answer rests on: how many queries there were, and how many are billed.

    https://ai.google.dev/gemini-api/docs/google-search#pricing: older models bill a prompt once, if a page was found.
    """
    queries = {query for query in cast('list[str]', grounding.get('webSearchQueries') or []) if query.strip()}
    chunks = cast('list[Mapping[str, Any]]', grounding.get('groundingChunks') or [])
    found = any('uri' in (chunk.get('web') or ()) for chunk in chunks)
    return len(queries), (min(len(queries), int(found)) if per_prompt else len(queries))

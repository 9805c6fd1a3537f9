"""What an answer rests on, as Gemini tells it at the end: citations, searches, files that were found.

https://ai.google.dev/api/generate-content#GroundingMetadata
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, cast

from jupyter_stream.messages import (
    Citation,
    CitationSource,
    ContentCitationAnchor,
    DocumentCitationSource,
    NativeToolCallPart,
    NativeToolReturnPart,
    WebCitationSource,
    generate_tool_call_id,
)
from jupyter_stream.wire.gemini.tool_names import FILE_SEARCH, WEB_FETCH, WEB_SEARCH

__all__ = ('citations', 'documents', 'fetched_pages', 'searched', 'snaked', 'web_sources')

Raw = Mapping[str, Any]
NativePart = NativeToolCallPart | NativeToolReturnPart

_CAPITAL: Final = re.compile(r'(?<!^)([A-Z])')


def snaked(value: Any) -> Any:
    """A JSON value with its keys in snake case and its nulls left out, as the details of a part keep it."""
    if isinstance(value, dict):
        items = cast('dict[str, Any]', value).items()
        return {_CAPITAL.sub(r'_\1', key).lower(): snaked(item) for key, item in items if item is not None}
    if isinstance(value, list):
        return [snaked(item) for item in cast('list[Any]', value)]
    return value


def _chunks(grounding: Raw) -> list[Raw]:
    return cast('list[Raw]', grounding.get('groundingChunks') or [])


# --------------------------------------------------------------------- citations


def citations(texts: Sequence[str], grounding: Raw) -> dict[int, tuple[list[Citation], list[dict[str, Any]]]]:
    """By the index of the text that they support: citations, and what Gemini said of each, for the details."""
    found: dict[int, tuple[list[Citation], list[dict[str, Any]]]] = {}
    for support in cast('list[Raw]', grounding.get('groundingSupports') or []):
        segment = cast(Raw, support.get('segment') or {})
        chunks = _supporting(support, _chunks(grounding))
        sources = [source for chunk in chunks if chunk and (source := _source(chunk))]
        if segment.get('endIndex') is None or not sources:
            continue
        index, anchor = _located(texts, segment)
        if index is None:
            continue
        cited, raw = found.setdefault(index, ([], []))
        cited.append(Citation(sources=sources, anchor=anchor))
        raw.append({**snaked(dict(support)), 'grounding_chunks': [snaked(chunk) for chunk in chunks]})
    return found


def _supporting(support: Raw, chunks: Sequence[Raw]) -> list[Raw | None]:
    indices = cast('list[int]', support.get('groundingChunkIndices') or [])
    return [chunks[index] if 0 <= index < len(chunks) else None for index in indices]


def _source(chunk: Raw) -> CitationSource | None:
    if (web := chunk.get('web')) and web.get('uri'):
        return WebCitationSource(url=web['uri'], title=web.get('title'))
    if (maps := chunk.get('maps')) and maps.get('uri'):
        excerpts = [maps['text']] if maps.get('text') else []
        return WebCitationSource(url=maps['uri'], title=maps.get('title'), excerpts=excerpts)
    if (image := chunk.get('image')) and image.get('sourceUri'):
        return WebCitationSource(url=image['sourceUri'], title=image.get('title'))
    return _document(chunk.get('retrievedContext') or {})


def _document(context: Raw) -> CitationSource | None:
    piece = cast(Raw, context.get('ragChunk') or {})
    texts: list[str | None] = [context.get('text'), piece.get('text')]
    excerpts = list(dict.fromkeys(text for text in texts if text))
    name, title = context.get('documentName'), context.get('title')
    if not (name or title or excerpts):
        return None
    return DocumentCitationSource(document_id=name, title=title, excerpts=excerpts)


def _located(texts: Sequence[str], segment: Raw) -> tuple[int | None, ContentCitationAnchor | None]:
    """Which text a segment is of, and where: by its offsets, else by its words, if these stand there but once."""
    named = segment.get('partIndex')
    own = named if isinstance(named, int) and named < len(texts) else None
    if (found := _by_offsets(texts, segment, own)) is not None:
        return found
    words = segment.get('text')
    index = _by_words(texts, words, own)
    if index is None or not words or texts[index].count(words) != 1:
        return index, None
    start = texts[index].find(words)
    return index, ContentCitationAnchor(start=start, end=start + len(words))


def _by_offsets(texts: Sequence[str], segment: Raw, own: int | None) -> tuple[int, ContentCitationAnchor] | None:
    """Offsets are of UTF-8 bytes: of the text named, else of all texts together."""
    if own is not None:
        anchor = _anchor(texts[own], segment, 0)
        return (own, anchor) if anchor else None
    before = 0
    for index, text in enumerate(texts):
        if anchor := _anchor(text, segment, before):
            return index, anchor
        before += len(text.encode())
    return None


def _anchor(text: str, segment: Raw, before: int) -> ContentCitationAnchor | None:
    data = text.encode()
    start, end = (int(segment.get(name) or 0) - before for name in ('startIndex', 'endIndex'))
    if not 0 <= start < end <= len(data):
        return None
    words = data[start:end].decode(errors='replace')
    if words != segment.get('text'):
        return None
    first = len(data[:start].decode(errors='replace'))
    return ContentCitationAnchor(start=first, end=first + len(words))


def _by_words(texts: Sequence[str], words: str | None, own: int | None) -> int | None:
    if own is not None and (words is None or words in texts[own]):
        return own
    if words is not None:
        holding = [index for index, text in enumerate(texts) if words in text]
        if len(holding) == 1:
            return holding[0]
    return 0 if len(texts) == 1 else None


# ----------------------------------------------------------- tools that were used


def web_sources(grounding: Raw) -> list[dict[str, Any]]:
    """The web pages that were found."""
    none = {'domain': None, 'title': None, 'uri': None}
    return [{**none, **chunk['web']} for chunk in _chunks(grounding) if chunk.get('web')]


def documents(grounding: Raw) -> list[dict[str, Any]]:
    """The pieces of files that were found."""
    return [snaked(chunk['retrievedContext']) for chunk in _chunks(grounding) if chunk.get('retrievedContext')]


def searched(grounding: Raw, provider_name: str, file_searches: Sequence[str]) -> Iterator[NativePart]:
    """The searches, as calls and returns. `file_searches` are the ids of the calls that have been told already."""
    if found := documents(grounding):
        ids = list(file_searches)
        if not ids:
            ids = [generate_tool_call_id()]
            yield NativeToolCallPart(FILE_SEARCH, {}, ids[0], provider_name=provider_name)
        for call_id in ids:
            yield NativeToolReturnPart(FILE_SEARCH, found, call_id, provider_name=provider_name)
    if queries := grounding.get('webSearchQueries'):
        call_id = generate_tool_call_id()
        sources = web_sources(grounding) if _chunks(grounding) else None
        yield NativeToolCallPart(WEB_SEARCH, {'queries': queries}, call_id, provider_name=provider_name)
        yield NativeToolReturnPart(WEB_SEARCH, sources, call_id, provider_name=provider_name)


def fetched_pages(metadata: Raw | None, provider_name: str) -> Iterator[NativePart]:
    """The pages that were read (`urlContextMetadata`), as a call and its return."""
    pages = cast('list[Raw]', (metadata or {}).get('urlMetadata') or [])
    if not pages:
        return
    call_id = generate_tool_call_id()
    urls = [page['retrievedUrl'] for page in pages if page.get('retrievedUrl')]
    none = {'retrieved_url': None, 'url_retrieval_status': None}
    content = [{**none, **snaked(page)} for page in pages]
    yield NativeToolCallPart(WEB_FETCH, {'urls': urls} if urls else None, call_id, provider_name=provider_name)
    yield NativeToolReturnPart(WEB_FETCH, content, call_id, provider_name=provider_name)

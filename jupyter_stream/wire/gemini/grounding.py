"""What an answer is based on: citations, searches, files that were found, and calls of the tools that Gemini runs.

https://ai.google.dev/api/generate-content#GroundingMetadata
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, cast

from jupyter_stream.exceptions import UnexpectedModelBehavior
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
from jupyter_stream.stream.parts import PartsManager
from jupyter_stream.wire.gemini.tools import CODE, FILE_SEARCH, MEDIA, NATIVE_NAMES, WEB_FETCH, WEB_SEARCH

__all__ = ('NativeTools', 'citations', 'fetched_pages')

Raw = Mapping[str, Any]
NativePart = NativeToolCallPart | NativeToolReturnPart
Details = dict[str, Any] | None

_CAPITAL: Final = re.compile(r'(?<!^)([A-Z])')


def _snaked(value: Any) -> Any:
    """A JSON value with its keys in snake case and its nulls left out, as the details of a part keep it."""
    if isinstance(value, dict):
        items = cast('dict[str, Any]', value).items()
        return {_CAPITAL.sub(r'_\1', key).lower(): _snaked(item) for key, item in items if item is not None}
    if isinstance(value, list):
        return [_snaked(item) for item in cast('list[Any]', value)]
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
        raw.append({**_snaked(dict(support)), 'grounding_chunks': [_snaked(chunk) for chunk in chunks]})
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


def _web_sources(grounding: Raw) -> list[dict[str, Any]]:
    """The web pages that were found."""
    none = {'domain': None, 'title': None, 'uri': None}
    return [{**none, **chunk['web']} for chunk in _chunks(grounding) if chunk.get('web')]


def _documents(grounding: Raw) -> list[dict[str, Any]]:
    """The pieces of files that were found."""
    return [_snaked(chunk['retrievedContext']) for chunk in _chunks(grounding) if chunk.get('retrievedContext')]


def _searched(grounding: Raw, provider_name: str, file_searches: Sequence[str]) -> Iterator[NativePart]:
    """The searches, as calls and returns. `file_searches` are the ids of the calls that have been told already."""
    if found := _documents(grounding):
        ids = list(file_searches)
        if not ids:
            ids = [generate_tool_call_id()]
            yield NativeToolCallPart(FILE_SEARCH, {}, ids[0], provider_name=provider_name)
        for call_id in ids:
            yield NativeToolReturnPart(FILE_SEARCH, found, call_id, provider_name=provider_name)
    if queries := grounding.get('webSearchQueries'):
        call_id = generate_tool_call_id()
        sources = _web_sources(grounding) if _chunks(grounding) else None
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
    content = [{**none, **_snaked(page)} for page in pages]
    yield NativeToolCallPart(WEB_FETCH, {'urls': urls} if urls else None, call_id, provider_name=provider_name)
    yield NativeToolReturnPart(WEB_FETCH, content, call_id, provider_name=provider_name)


# ---------------------------------------------------------------- native tools

_FILE_QUERY: Final = re.compile(r'file_search\.query\(query=(["\'])((?:\\.|(?!\1)[^\\])*)\1\)')
_ESCAPED: Final = re.compile(r'\\([\\"\'])')


class NativeTools:
    """Turns the pieces of native tools into parts. Results that are filled at the end keep their place until then.

    Args:
        parts: where the parts go.
        provider_name: whose tools they are.
        searches_files: code that asks for a search in files is that search, not code.
    """

    def __init__(self, parts: PartsManager, provider_name: str, *, searches_files: bool) -> None:
        self._parts = parts
        self._provider_name = provider_name
        self._searches_files = searches_files
        self._count = 0
        self._file_searches: list[str] = []
        self._code_call = ''
        self._media_call: tuple[Hashable, str, bool] | None = None
        self._open_web_search: NativeToolReturnPart | None = None
        self._open_file_searches: list[NativeToolReturnPart] = []
        self.told = False
        """Calls came as parts of their own, so that the metadata is not to be read for them."""

    # ------------------------------------------------------------------- code

    def code(self, raw: Raw, details: Details) -> None:
        """`executableCode`."""
        query = _FILE_QUERY.search(raw.get('code') or '') if self._searches_files else None
        call_id = generate_tool_call_id()
        if query:
            self._file_searches.append(call_id)
            self._add(self._call(FILE_SEARCH, {'query': _ESCAPED.sub(r'\1', query[2])}, call_id, details))
        else:
            self._code_call = call_id
            self._add(self._call(CODE, _snaked(raw), call_id, details))

    def code_result(self, raw: Raw, details: Details) -> None:
        """`codeExecutionResult`."""
        self._add(self._return(CODE, _snaked(raw), self._code_call or generate_tool_call_id(), details))

    # ----------------------------------------------------- server-side invocations

    def call(self, raw: Raw, details: Details) -> None:
        """`toolCall`."""
        name = self._name(raw, raw.get('args'))
        call_id = raw.get('id') or generate_tool_call_id()
        key = self._add(self._call(name, raw.get('args'), call_id, details))
        if name == MEDIA:
            self._media_call = (key, call_id, bool(raw.get('id')))

    def response(self, raw: Raw, details: Details) -> None:
        """`toolResponse`."""
        name = self._name(raw, raw.get('response'))
        part = self._return(name, raw.get('response'), raw.get('id') or generate_tool_call_id(), details)
        if name == MEDIA:
            self._media_return(raw, part)
        elif name == WEB_SEARCH:
            self._web_search_return(part)
        elif name == FILE_SEARCH and part.content is None:
            self._open_file_searches.append(part)
            self._parts.reserve(part.tool_call_id, part)
        else:
            self._add(part)

    def _name(self, raw: Raw, payload: Any) -> str:
        kind = raw.get('toolType') or ''
        if not kind and payload:
            raise UnexpectedModelBehavior('Gemini called a tool of its own without saying which.')
        # Steps over media have nothing but an id.
        name = NATIVE_NAMES.get(kind, kind.lower()) if kind else MEDIA
        self.told = self.told or name != MEDIA
        return name

    def _media_return(self, raw: Raw, part: NativeToolReturnPart) -> None:
        """Either the call or its return may lack the id."""
        if self._media_call is not None:
            key, call_id, has_id = self._media_call
            if not raw.get('id'):
                part = replace(part, tool_call_id=call_id)
            elif not has_id:
                self._parts.tool_call(key, tool_call_id=part.tool_call_id)
        self._media_call = None
        self._add(part)

    def _web_search_return(self, part: NativeToolReturnPart) -> None:
        """Only the last one gets the pages, which come with the metadata at the end."""
        if (open_before := self._open_web_search) is not None:
            self._parts.part(open_before.tool_call_id, open_before)
        self._open_web_search = part
        self._parts.reserve(part.tool_call_id, part)

    # -------------------------------------------------------------------- end

    def finish(self, grounding: Raw) -> None:
        """Fill what was left open, or tell of the searches that only the metadata speaks of."""
        for part in self._open_file_searches:
            self._parts.part(part.tool_call_id, replace(part, content=_documents(grounding) or None))
        if (part := self._open_web_search) is not None:
            self._parts.part(part.tool_call_id, _with_sources(part, grounding))
        if not self.told:
            for found in _searched(grounding, self._provider_name, self._file_searches):
                self._add(found)

    # ------------------------------------------------------------------ parts

    def _add(self, part: NativeToolCallPart | NativeToolReturnPart) -> Hashable:
        self._count += 1
        key = ('native', self._count)
        self._parts.part(key, part)
        return key

    def _call(self, name: str, args: Any, call_id: str, details: Details) -> NativeToolCallPart:
        return NativeToolCallPart(name, args, call_id, provider_name=self._provider_name, provider_details=details)

    def _return(self, name: str, content: Any, call_id: str, details: Details) -> NativeToolReturnPart:
        return NativeToolReturnPart(name, content, call_id, provider_name=self._provider_name, provider_details=details)


def _with_sources(part: NativeToolReturnPart, grounding: Raw) -> NativeToolReturnPart:
    sources = _web_sources(grounding)
    if not sources:
        return part
    said: Any = part.content
    return replace(part, content={**(said if isinstance(said, dict) else {}), 'sources': sources})

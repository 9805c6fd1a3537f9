"""Citations: https://platform.claude.com/docs/en/build-with-claude/citations

Claude cites whole blocks of its answer. Web results are cited by their address, pages that were fetched and documents
by their position, which is why the pages are remembered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple, cast

from jupyter_stream.messages import (
    Citation,
    CitationSource,
    ContentCitationAnchor,
    DocumentCitationSource,
    TextPart,
    WebCitationSource,
)

__all__ = ('Page', 'citations_of', 'page_of', 'replayed')

Raw = Mapping[str, Any]

_PLACES: Final = ('char_location', 'page_location', 'content_block_location')
_WEB: Final = 'web_search_result_location'


class Page(NamedTuple):
    """A page that was fetched."""

    url: str
    text: str


def page_of(result: Any) -> Page | None:
    """The page that the result of a fetch holds; None for an error or a PDF."""
    found = _mapping(result)
    source = _mapping(_mapping(found.get('content')).get('source'))
    if source.get('type') != 'text' or not isinstance(found.get('url'), str):
        return None
    return Page(found['url'], str(source.get('data') or ''))


def citations_of(raw: Sequence[Raw], text: str, pages: Sequence[Page]) -> list[Citation] | None:
    """The citations of a block of text; None where there are none that say anything."""
    sources = [source for source in (_source(one, pages) for one in raw) if source is not None]
    if not sources:
        return None
    return [Citation(sources=sources, anchor=ContentCitationAnchor(start=0, end=len(text)) if text else None)]


def replayed(part: TextPart) -> list[dict[str, Any]]:
    """The citations that go back with a text: those of web results, as long as the text is as it was.

    Documents are cited by their position in a request, which may be another one now.
    """
    whole = ContentCitationAnchor(start=0, end=len(part.content)) if part.content else None
    if not part.citations or any(citation.anchor != whole for citation in part.citations):
        return []
    known: Any = (part.provider_details or {}).get('citations')
    return list(_web_citations(cast('list[Any]', known))) if isinstance(known, list) else []


def _source(raw: Raw, pages: Sequence[Page]) -> CitationSource | None:
    kind, quoted = raw.get('type'), raw.get('cited_text')
    excerpts = [quoted] if quoted and isinstance(quoted, str) else []
    if kind == _WEB:
        return WebCitationSource(url=raw['url'], title=raw.get('title'), excerpts=excerpts)
    if kind not in _PLACES:
        return None
    title, file_id = raw.get('document_title'), raw.get('file_id')
    if kind == 'char_location' and (url := _fetched_from(raw, pages)):
        return WebCitationSource(url=url, title=title, excerpts=excerpts)
    if not (file_id or title or excerpts):
        return None
    return DocumentCitationSource(document_id=file_id, title=title, excerpts=excerpts)


def _fetched_from(raw: Raw, pages: Sequence[Page]) -> str | None:
    """The address of the one page that says the quoted words at the quoted place."""
    quoted, start, end = raw.get('cited_text'), raw.get('start_char_index'), raw.get('end_char_index')
    if not quoted:
        return None
    urls = {page.url for page in pages if page.text[start:end] == quoted}
    return urls.pop() if len(urls) == 1 else None


def _web_citations(raw: Iterable[Any]) -> Iterable[dict[str, Any]]:
    for one in map(_mapping, raw):
        said = {name: one.get(name) for name in ('cited_text', 'url', 'encrypted_index')}
        if one.get('type') == _WEB and all(isinstance(value, str) for value in said.values()):
            yield {'type': _WEB, 'title': one.get('title'), **said}


def _mapping(value: Any) -> Raw:
    return cast(Raw, value) if isinstance(value, dict) else {}

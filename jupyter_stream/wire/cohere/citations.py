"""Citations of Cohere's answers: https://docs.cohere.com/docs/rag-citations"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from jupyter_stream.messages import (
    Citation,
    CitationSource,
    ContentCitationAnchor,
    DocumentCitationSource,
    WebCitationSource,
)

__all__ = ('citation_of',)

Raw = Mapping[str, Any]


def citation_of(cited: Raw) -> Citation | None:
    """The citation that a `citation-start` holds; None where it cites no text of the answer, or names no source."""
    if cited.get('type', 'TEXT_CONTENT') != 'TEXT_CONTENT':
        return None
    sources = [_source(cast(Raw, source)) for source in cited.get('sources') or () if isinstance(source, dict)]
    return Citation(sources, anchor=_anchor(cited.get('start'), cited.get('end'))) if sources else None


def _anchor(start: Any, end: Any) -> ContentCitationAnchor | None:
    valid = isinstance(start, int) and isinstance(end, int) and 0 <= start < end
    return ContentCitationAnchor(start=start, end=end) if valid else None


def _source(source: Raw) -> CitationSource:
    """A document that was given, or what a tool returned; of the web where it has an address."""
    document = source.get('document') or source.get('tool_output')
    fields = cast(Raw, document if isinstance(document, dict) else {})
    url, title = _text(fields, 'url'), _text(fields, 'title')
    excerpts = [text for text in [_text(fields, 'text') or _text(fields, 'snippet')] if text]
    if url:
        return WebCitationSource(url, title=title, excerpts=excerpts)
    return DocumentCitationSource(document_id=_text(source, 'id'), title=title, excerpts=excerpts)


def _text(fields: Raw, name: str) -> str | None:
    value = fields.get(name)
    return value if isinstance(value, str) and value else None

"""Citations: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_CitationsDelta.html

They come beside the text and are of a whole block of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jupyter_stream.messages import (
    Citation,
    CitationSource,
    ContentCitationAnchor,
    DocumentCitationSource,
    WebCitationSource,
)

__all__ = ('citations_of',)

Raw = Mapping[str, Any]


def citations_of(raw: Sequence[Raw], text: str) -> list[Citation] | None:
    """The citations of a block of text; None where there are none that say anything."""
    sources = [source for source in map(_source, raw) if source is not None]
    if not sources:
        return None
    return [Citation(sources=sources, anchor=ContentCitationAnchor(start=0, end=len(text)) if text else None)]


def _source(raw: Raw) -> CitationSource | None:
    title = raw.get('title')
    excerpts = [said['text'] for said in raw.get('sourceContent') or () if said.get('text')]
    location: Raw = raw.get('location') or {}
    web: Raw = location.get('web') or {}
    if url := web.get('url'):
        return WebCitationSource(url=url, title=title, excerpts=excerpts)
    return DocumentCitationSource(title=title, excerpts=excerpts) if title or excerpts else None

"""Annotations of a text: where it cites a web page or a file.

https://platform.openai.com/docs/guides/tools-web-search#output-and-citations
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

from jupyter_stream.messages import Citation, DocumentCitationSource, MarkerCitationAnchor, WebCitationSource

__all__ = ('citations_of', 'cited', 'to_send_back')

Raw = Mapping[str, Any]

_FIELDS: Final[Mapping[Any, Mapping[str, type]]] = {
    'url_citation': {'url': str, 'title': str, 'start_index': int, 'end_index': int},
    'file_citation': {'file_id': str, 'filename': str, 'index': int},
}


def cited(annotations: Iterable[Any]) -> list[dict[str, Any]]:
    """Those annotations that are well-formed citations of a page or a file."""
    return [annotation for annotation in annotations if _is_citation(annotation)]


def _is_citation(annotation: Any) -> bool:
    if not isinstance(annotation, dict):
        return False
    raw = cast(Raw, annotation)
    fields = _FIELDS.get(raw.get('type'))
    return fields is not None and all(isinstance(raw.get(name), kind) for name, kind in fields.items())


def citations_of(annotations: Iterable[Raw], text: str) -> list[Citation]:
    """Citations of a text, from `cited`; an anchor that is outside of the text is left out."""
    found = (_citation(annotation, len(text)) for annotation in annotations)
    return [citation for citation in found if citation is not None]


def _citation(annotation: Raw, length: int) -> Citation | None:
    if annotation['type'] == 'url_citation':
        start, end = annotation['start_index'], annotation['end_index']
        # The offsets are those of the link that stands in the text, not of what it supports.
        anchor = MarkerCitationAnchor(start=start, end=end) if 0 <= start < end <= length else None
        return Citation([WebCitationSource(annotation['url'], title=annotation['title'])], anchor=anchor)
    file_id, name = annotation['file_id'], annotation['filename']
    return Citation([DocumentCitationSource(document_id=file_id, title=name)]) if file_id or name else None


def to_send_back(annotations: Any, text: str) -> list[dict[str, Any]]:
    """The citations of a text that goes back with the id it came with, without those that no longer fit the text."""
    kept = cited(cast('list[Any]', annotations)) if isinstance(annotations, list) else []
    return [
        {'type': annotation['type'], **{name: annotation[name] for name in _FIELDS[annotation['type']]}}
        for annotation in kept
        if _fits(annotation, text)
    ]


def _fits(annotation: Raw, text: str) -> bool:
    if annotation['type'] == 'file_citation':
        return bool(annotation['file_id'])
    start, end, url = annotation['start_index'], annotation['end_index'], annotation['url']
    return bool(url) and 0 <= start <= end <= len(text) and url in text[start:end]

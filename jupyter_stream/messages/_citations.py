"""Where a piece of an answer comes from, and which piece."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from typing import Annotated, Literal, TypeAlias

from .._dataclasses import Tagged, short_repr


@dataclass(repr=False)
class WebCitationSource:
    """A web page that was cited."""

    url: str
    _: KW_ONLY
    title: str | None = None
    excerpts: list[str] = field(default_factory=list[str])
    kind: Literal['web'] = 'web'

    __repr__ = short_repr


@dataclass(repr=False, kw_only=True)
class DocumentCitationSource:
    """A document that was given to the model and cited."""

    document_id: str | None = None
    title: str | None = None
    excerpts: list[str] = field(default_factory=list[str])
    kind: Literal['document'] = 'document'

    __repr__ = short_repr


CitationSource: TypeAlias = Annotated[WebCitationSource | DocumentCitationSource, Tagged('kind')]


@dataclass(repr=False, kw_only=True)
class ContentCitationAnchor:
    """The characters of the text, from `start` up to `end`, that a citation supports.

    Raises ValueError unless 0 <= start < end.
    """

    start: int
    end: int
    kind: Literal['content'] = 'content'

    def __post_init__(self) -> None:
        _check(self.start, self.end)

    __repr__ = short_repr


@dataclass(repr=False, kw_only=True)
class MarkerCitationAnchor:
    """The characters of the text, from `start` up to `end`, that are the citation's own mark (such as `[1]`).

    Raises ValueError unless 0 <= start < end.
    """

    start: int
    end: int
    kind: Literal['marker'] = 'marker'

    def __post_init__(self) -> None:
        _check(self.start, self.end)

    __repr__ = short_repr


def _check(start: int, end: int) -> None:
    if start < 0 or end <= start:
        raise ValueError(f'A citation anchor needs 0 <= start < end, got start={start} and end={end}.')


CitationAnchor: TypeAlias = Annotated[ContentCitationAnchor | MarkerCitationAnchor, Tagged('kind')]


@dataclass(repr=False)
class Citation:
    """Sources for a piece of text; `anchor` says which piece, None for the whole part.

    Raises ValueError when there is no source.
    """

    sources: list[CitationSource]
    _: KW_ONLY
    anchor: CitationAnchor | None = None

    def __post_init__(self) -> None:
        if not self.sources:
            raise ValueError('A citation needs at least one source.')

    __repr__ = short_repr

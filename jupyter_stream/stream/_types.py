"""The types of what a part is made of, looked at where a part begins or changes as a whole, and never for a delta.

A server may send anything in any field. What is not of the type that a part declares could be neither shown nor saved:
the history would not load its own JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any, Final, TypeVar, cast

from jupyter_stream.messages import Citation, ModelResponsePart

__all__ = ('checked', 'finite', 'is_savable')

P = TypeVar('P', bound=ModelResponsePart)

_TEXTS: Final = ('tool_name', 'tool_call_id')
_OPTIONAL_TEXTS: Final = ('id', 'provider_name', 'signature', 'transcript')
_OBJECTS: Final = ('args', 'content', 'provider_details')
_CONTENT: Final[Mapping[str, tuple[type, ...]]] = {
    'text': (str,),
    'thinking': (str,),
    'compaction': (str, type(None)),
}
"""What the content of a part is, by its kind; that of a tool's return may be anything, and a file's is a class's."""


def checked(part: P) -> P:
    """The same part.

    Raises:
        TypeError: one of its fields is not of its type.
        ValueError: a number in it is infinite or no number, which JSON does not have.
    """
    texts = [(name, getattr(part, name, '')) for name in _TEXTS]
    texts += [(name, value) for name in _OPTIONAL_TEXTS if (value := getattr(part, name, None)) is not None]
    for name, value in texts:
        if not isinstance(value, str):
            raise TypeError(f'{name} is {type(value).__name__}, not a text')
    content: Any = getattr(part, 'content', None)
    if not isinstance(content, _CONTENT.get(part.part_kind, (object,))):
        raise TypeError(f'the content is {type(content).__name__}')
    if not isinstance(getattr(part, 'args', None), str | dict | None):
        raise TypeError('the arguments are neither a text nor an object')
    details: Any = part.provider_details
    if not isinstance(details, dict | None):
        raise TypeError('the details are no object')
    if not all(map(_is_citation, getattr(part, 'citations', None) or ())):
        raise TypeError('a citation has a field of the wrong type')
    if not all(is_savable(getattr(part, name, None)) for name in _OBJECTS):
        raise ValueError('a number in it is not finite')
    return part


def _is_citation(citation: Citation) -> bool:
    sources = [vars(source) for source in citation.sources]
    anchor = citation.anchor
    texts = [
        text for source in sources for name in ('url', 'document_id', 'title') if (text := source.get(name)) is not None
    ]
    texts += [excerpt for source in sources for excerpt in source['excerpts']]
    places = () if anchor is None else (anchor.start, anchor.end)
    return all(isinstance(text, str) for text in texts) and all(type(place) is int for place in places)


def is_savable(value: Any) -> bool:
    """Whether a JSON value can be written as JSON: all of its numbers are finite."""
    if isinstance(value, float):
        return isfinite(value)
    if isinstance(value, dict):
        return all(map(is_savable, cast('dict[str, Any]', value).values()))
    return not isinstance(value, list) or all(map(is_savable, cast('list[Any]', value)))


def finite(value: Any) -> Any:
    """A JSON value with None for each number that JSON does not have; the same object where there is none."""
    if is_savable(value):
        return value
    if isinstance(value, dict):
        return {name: finite(item) for name, item in cast('dict[str, Any]', value).items()}
    return [finite(item) for item in cast('list[Any]', value)] if isinstance(value, list) else None

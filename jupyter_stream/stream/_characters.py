"""Whole characters: of half surrogate pairs, which no view, file or request can take.

Python lets a string hold one half of the pair of code units that UTF-16 makes of a character, and a library that cuts
an answer at code units yields such strings. Halves that meet are joined, and one that stays alone becomes U+FFFD.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import fields, is_dataclass, replace
from functools import cache
from typing import Any, cast

__all__ = ('Characters', 'whole_text', 'whole_value')


def whole_text(text: str) -> str:
    """The text in whole characters; the same object where it is already."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode('utf-16-le', 'surrogatepass').decode('utf-16-le', 'replace')
    return text


def whole_value(value: Any) -> Any:
    """The value with every text in it whole: a JSON value or a dataclass. The same object where it is already."""
    if isinstance(value, str):
        return whole_text(value)
    if isinstance(value, dict):
        items = cast('dict[Any, Any]', value).items()
        made = {whole_value(key): whole_value(item) for key, item in items}
        same = all(key in made and made[key] is item for key, item in items)
        return cast('Any', value) if same else made
    if isinstance(value, list | tuple):
        old_items = cast('list[Any]', value)
        new_items = [whole_value(item) for item in old_items]
        same = all(old is new for old, new in zip(old_items, new_items, strict=True))
        return cast('Any', value) if same else new_items
    return _whole_fields(value) if is_dataclass(value) and not isinstance(value, type) else value


@cache
def _given_fields(kind: type[Any]) -> tuple[str, ...]:
    """The fields that a dataclass is made of; asked for once a class, since every foreign event comes here."""
    return tuple(field.name for field in fields(kind) if field.init)


def _whole_fields(value: Any) -> Any:
    old = {name: getattr(value, name, None) for name in _given_fields(cast('type[Any]', type(value)))}
    changed = {name: new for name, item in old.items() if (new := whole_value(item)) is not item}
    return replace(value, **changed) if changed else value


class Characters:
    """Joins surrogate pairs, also over two deltas, and replaces lone ones.

    Attributes:
        held: the first half of a pair, by the text that it belongs to.
    """

    def __init__(self) -> None:
        self.held: dict[tuple[str, Hashable], str] = {}

    def whole(self, kind: str, key: Hashable, content: str) -> str:
        """A delta of the text of this kind and key, in whole characters."""
        content = self.held.pop((kind, key), '') + content
        if '\ud800' <= content[-1:] <= '\udbff':
            self.held[kind, key] = content[-1]
            content = content[:-1]
        return whole_text(content)

    def take(self) -> list[tuple[str, Hashable]]:
        """The texts of which half a character is held back, which is given up."""
        held, self.held = self.held, {}
        return list(held)

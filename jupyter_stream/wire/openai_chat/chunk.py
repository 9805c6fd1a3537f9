"""Small readers of a chunk: its text, and which tool call a piece belongs to."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, cast

__all__ = ('Calls', 'text_of')


class Calls:
    """Which pieces belong to one tool call: those of one index; without one, of one id; without either, the last."""

    def __init__(self) -> None:
        self._keys: dict[int, Hashable] = {}
        self._ids: dict[Hashable, str] = {}
        self._last: Hashable = None
        self._count = 0

    def key(self, index: int | None, call_id: str | None, name: str | None) -> Hashable:
        """The key of the call that a piece with these belongs to; a new one when it begins a call."""
        if index is None:
            key: Hashable = ('id', call_id) if call_id else self._new() if name or self._last is None else self._last
        else:
            key = self._by_index(index, call_id, name)
        self._last = key
        return key

    def _by_index(self, index: int, call_id: str | None, name: str | None) -> Hashable:
        key = self._keys.setdefault(index, ('index', index))
        if call_id and name and self._ids.get(key, call_id) != call_id:
            # Some servers give every call of an answer the same index.
            key = self._keys[index] = self._new()
        if call_id:
            self._ids.setdefault(key, call_id)
        return key

    def _new(self) -> Hashable:
        self._count += 1
        return ('call', self._count)


def text_of(content: Any) -> str | None:
    """The text of a delta, which some servers send as a list of parts."""
    if not isinstance(content, list):
        return cast('str | None', content)
    parts = cast('list[Any]', content)
    return ''.join(
        part if isinstance(part, str) else part.get('text') or '' if part.get('type') == 'text' else ''
        for part in parts
    )

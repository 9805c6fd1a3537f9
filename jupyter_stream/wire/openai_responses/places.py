"""Which item of the output an event is about.

Every event says the item's position (`output_index`) and its id (`item_id`). The id is opaque: there are servers that
give another one in each event of an item, and servers that leave either of the two out. So what belongs together is
the position, and an id counts only where an item has begun with it at that position.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ('Place', 'Places')

Item = Mapping[str, Any]


@dataclass(slots=True, eq=False)
class Place:
    """An item of the output; it is a key itself.

    Attributes:
        index: its position in the output; None where no event said it.
        id: the id that it began with, which its parts keep.
        kind: the type of the item; None until an event says it.
        is_done: the event that ends the item has come.
    """

    index: Any
    id: Any
    kind: str | None = None
    is_done: bool = False


class Places:
    """The items of one answer."""

    def __init__(self) -> None:
        self._all: list[Place] = []
        self._at: dict[Any, Place] = {}
        self._named: dict[tuple[Any, Any], Place] = {}

    def of(self, index: Any, item_id: Any) -> Place:
        """The item that an event is about, from its `output_index` and `item_id`."""
        return self._named.get((index, item_id)) or self._find(index, item_id) or self._new(index, item_id)

    def added(self, index: Any, item: Item) -> Place | None:
        """The place of an item that begins. It begins anew, except that one which is only said again is None."""
        item_id, kind = _id(item), item.get('type')
        place = self._named.get((index, item_id)) if item_id else None
        if place is not None and place.kind == kind and not place.is_done:
            return None
        place = place or (self._at.get(index) if index is not None else None)
        if place is None or place.kind is not None:
            place = self._new(index, item_id)
        place.kind = kind
        return place

    def done(self, index: Any, item: Item) -> Place:
        """The place of an item that is whole; a new one where nothing has come of it."""
        item_id, kind = _id(item), item.get('type')
        place = self._named.get((index, item_id)) if item_id else None
        if place is None:
            place = self._find(index, item_id)
            if place is None or place.is_done or place.kind not in (None, kind):
                place = self._new(index, item_id)
        place.kind = kind
        return place

    def whole(self, output: Sequence[Item]) -> Iterator[tuple[Place, Item]]:
        """The items of a whole answer with their places: by position and id, else in the order of those of a type."""
        found: dict[int, Place] = {}
        for find in (self._same, self._alike):
            for index, item in enumerate(output):
                if index not in found and (place := find(index, item, found.values())) is not None:
                    found[index] = place
        for index, item in enumerate(output):
            place = found.get(index) or self._new(index, _id(item))
            place.kind = item.get('type')
            yield place, item

    def _find(self, index: Any, item_id: Any) -> Place | None:
        if index is not None and (place := self._at.get(index)) is not None:
            return place
        place = self._named.get((None, item_id))
        return place if place is not None and (index is None or place.index is None) else None

    def _same(self, index: int, item: Item, taken: Collection[Place]) -> Place | None:
        item_id, kind = _id(item), item.get('type')
        places = (self._named.get((index, item_id)), self._at.get(index), self._named.get((None, item_id)))
        return next((place for place in places if place and place.kind in (None, kind) and place not in taken), None)

    def _alike(self, index: int, item: Item, taken: Collection[Place]) -> Place | None:
        kind = item.get('type')
        return next((place for place in self._all if place.kind == kind and place not in taken), None)

    def _new(self, index: Any, item_id: Any) -> Place:
        place = Place(index, item_id)
        self._all.append(place)
        self._named[index, item_id] = self._named[None, item_id] = place
        if index is not None:
            self._at[index] = place
        return place


def _id(item: Item) -> Any:
    """What the events of an item name it by. llama.cpp's server says it as the id of the call."""
    return item.get('id') or item.get('call_id')

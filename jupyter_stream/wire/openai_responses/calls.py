"""Calls of tools while they stream: output items in, parts of calls and returns out.

An item's arguments come in pieces, and whole at the end of them, in the item, and in the response. What no piece has
brought is added from these.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, cast

from jupyter_stream.messages import ToolCallPart
from jupyter_stream.stream.parts import PartsManager
from jupyter_stream.wire.base import Target
from jupyter_stream.wire.openai_responses.items import (
    NATIVE_ITEMS,
    Native,
    compaction,
    missing,
    search_call,
    search_queries,
    search_return,
)
from jupyter_stream.wire.openai_responses.places import Place

__all__ = ('Calls',)

Item = Mapping[str, Any]

_SEARCH_FUNCTION: Final = 'search_tools'
_UNFINISHED: Final = ('in_progress', 'incomplete')


class Calls:
    """Output items in, parts of calls and returns out, in the manager that it is given.

    A function's part stands under the item's place; those of a native tool under it and 'call', 'return' or 'file'.
    """

    def __init__(self, parts: PartsManager, target: Target) -> None:
        self._parts = parts
        self._provider = target.provider.name
        self._scoped = target.profile.responses.scoped_call_ids
        self._scope = ''
        self._args: dict[Place, list[str]] = {}
        self._final: set[Place] = set()
        self._begun: set[Place] = set()
        self._open: dict[Place, Native] = {}
        self._received: dict[Place, list[str]] = {}
        self._searches: deque[str] = deque()

    def scope(self, response_id: str | None) -> None:
        """Make ids that are unique in a response only unique everywhere."""
        self._scope = f'{response_id}:' if self._scoped and response_id else ''

    def added(self, place: Place, item: Item) -> None:
        """An item has begun."""
        kind = item.get('type')
        self._begun.add(place)
        if kind == 'function_call':
            self._function(place, item)
        elif kind == 'tool_search_call':
            self._search(place, _of(place, item))
        elif kind == 'compaction':
            self._parts.part(place, compaction(item, self._provider))
        elif kind in NATIVE_ITEMS:
            self._native(place, NATIVE_ITEMS[cast(str, kind)](_of(place, item)))

    def done(self, place: Place, item: Item) -> None:
        """An item is whole. What it began with is added if no event has brought it."""
        kind = item.get('type')
        if kind == 'function_call':
            self._function_done(place, item)
            return
        if place not in self._begun and kind != 'compaction':
            self.added(place, item)
        if kind == 'tool_search_call':
            self._search_done(place, _of(place, item))
        elif kind == 'tool_search_output':
            self._search_output(place, item)
        elif kind == 'compaction':
            self._parts.part(place, compaction(item, self._provider))
        elif kind in NATIVE_ITEMS:
            self._native_done(place, NATIVE_ITEMS[cast(str, kind)](_of(place, item)))

    def whole(self, place: Place, item: Item) -> None:
        """An item of the whole response: what it holds and no event has brought."""
        if item.get('type') == 'function_call':
            self._function_done(place, item)
        elif not place.is_done and item.get('id') and item.get('status') not in _UNFINISHED:
            self.done(place, item)

    # -------------------------------------------------------------- functions

    def _function(self, place: Place, item: Item) -> None:
        arguments = item.get('arguments') or ''
        self._args[place] = [arguments]
        namespace = item.get('namespace')
        part = ToolCallPart(
            item['name'],
            arguments,
            self._scope + item['call_id'],
            id=item.get('id'),
            provider_name=self._provider,
            provider_details={'namespace': namespace} if namespace else None,
        )
        self._parts.part(place, part)

    def arguments(self, place: Place, delta: str) -> None:
        """A piece of a function call's arguments."""
        if place in self._args and place not in self._final:
            self._args[place].append(delta)
            self._parts.tool_call(place, args=delta)

    def finalize(self, place: Place, arguments: str) -> None:
        """A function call's arguments as a whole: what has not streamed is added; what has streamed otherwise stays."""
        if place not in self._args or place in self._final or not arguments:
            return
        self._final.add(place)
        if rest := missing(''.join(self._args[place]), arguments):
            self._parts.tool_call(place, args=rest)

    def _function_done(self, place: Place, item: Item) -> None:
        if place in self._args:
            self.finalize(place, item.get('arguments') or '')
        else:
            self._function(place, item)
            self._final.add(place)

    # ----------------------------------------------------------- native tools

    def _native(self, place: Place, native: Native) -> None:
        self._parts.part((place, 'call'), native.call(place.id, self._provider))
        if native.opening is not None:
            self._open[place] = native
            self._received[place] = [native.begun]
            self._parts.tool_call((place, 'call'), args=native.opening)

    def native_arguments(self, place: Place, delta: str) -> None:
        """A piece of the arguments of a native tool's call, as JSON."""
        if place in self._open:
            self._received[place].append(delta)
            self._parts.tool_call((place, 'call'), args=delta)

    def native_arguments_done(self, place: Place, whole: str) -> None:
        """The end of these arguments, with what of the `whole` no piece has brought."""
        if (native := self._open.pop(place, None)) is not None:
            if rest := missing(''.join(self._received.pop(place)), whole):
                self._parts.tool_call((place, 'call'), args=rest)
            self._parts.tool_call((place, 'call'), args=native.closing)

    def _native_done(self, place: Place, native: Native) -> None:
        self.native_arguments_done(place, native.streamed)
        if native.keeps_id:
            self._parts.tool_call((place, 'call'), args=native.args)
        for index, file in enumerate(native.files):
            several = native.opening is not None
            self._parts.part((place, 'file', index) if several else (place, 'file'), file)
        self._parts.part((place, 'return'), native.returned(place.id, self._provider))

    # ------------------------------------------------------------ tool search

    def _search(self, place: Place, item: Item) -> None:
        if item.get('execution') == 'client':
            call_id = item.get('call_id') or item['id']
            part = ToolCallPart(
                _SEARCH_FUNCTION, None, call_id, tool_kind='tool-search', id=item['id'], provider_name=self._provider
            )
            self._parts.part((place, 'call'), part)
            return
        part = search_call(item, self._provider)
        if item.get('call_id') is None:
            self._searches.append(part.tool_call_id)
        self._parts.part((place, 'call'), part)

    def _search_done(self, place: Place, item: Item) -> None:
        queries = search_queries(item.get('arguments'))
        key = (place, 'call')
        if item.get('execution') == 'client':
            # The id of a call may change between its two events; the later one is what the provider remembers.
            text = replace(search_call(item, self._provider), args=queries).args_as_json_str()
            self._parts.tool_call(key, args=text, tool_call_id=item.get('call_id') or item['id'])
            return
        details = search_call(item, self._provider).provider_details
        self._parts.tool_call(key, args=queries, provider_details=details)

    def _search_output(self, place: Place, item: Item) -> None:
        if item.get('execution') != 'server':
            return
        call_id: str | None = item.get('call_id')
        if call_id is not None and call_id in self._searches:
            self._searches.remove(call_id)
        elif call_id is None:
            call_id = self._searches.popleft() if self._searches else None
        self._parts.part((place, 'return'), search_return(item, call_id or item['id'], self._provider))


def _of(place: Place, item: Item) -> Item:
    """The item under the id that it began with: a call and its return have to agree."""
    return item if item['id'] == place.id else {**item, 'id': place.id}

"""Calls of tools, the caller's and the provider's own, while they stream."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Mapping
from dataclasses import replace
from typing import Any, cast

from jupyter_stream.messages import ToolCallPart
from jupyter_stream.stream.parts import PartsManager
from jupyter_stream.wire.base import Target
from jupyter_stream.wire.openai_responses.items import (
    NATIVE_ITEMS,
    Native,
    compaction,
    search_call,
    search_queries,
    search_return,
)

__all__ = ('Calls',)

Item = Mapping[str, Any]

_SEARCH_FUNCTION = 'search_tools'


class Calls:
    """Output items in, parts of calls and returns out, in the manager that it is given.

    A part of a native tool stands under the item's id and '-call', '-return' or '-file'.
    """

    def __init__(self, parts: PartsManager, target: Target) -> None:
        self._parts = parts
        self._provider = target.provider.name
        self._scoped = target.profile.responses.scoped_call_ids
        self._scope = ''
        self._args: dict[Hashable, list[str]] = {}
        self._final: set[Hashable] = set()
        self._open: dict[Hashable, Native] = {}
        self._received: set[Hashable] = set()
        self._listed: set[Hashable] = set()
        self._searches: deque[str] = deque()

    def scope(self, response_id: str | None) -> None:
        """Make ids that are unique in a response only unique everywhere."""
        self._scope = f'{response_id}:' if self._scoped and response_id else ''

    def added(self, item: Item) -> None:
        """An item has begun."""
        kind = item.get('type')
        if kind == 'function_call':
            self._function(item)
        elif kind == 'tool_search_call':
            self._search(item)
        elif kind == 'compaction':
            self._parts.part(item.get('id'), compaction(item, self._provider))
        elif kind in NATIVE_ITEMS:
            self._native(item, NATIVE_ITEMS[cast(str, kind)](item))

    def done(self, item: Item) -> None:
        """An item is whole."""
        kind = item.get('type')
        if kind == 'function_call':
            self._function_done(item)
        elif kind == 'tool_search_call':
            self._search_done(item)
        elif kind == 'tool_search_output':
            self._search_output(item)
        elif kind == 'compaction':
            self._parts.part(item.get('id'), compaction(item, self._provider))
        elif kind in NATIVE_ITEMS:
            self._native_done(item, NATIVE_ITEMS[cast(str, kind)](item))

    def complete(self, output: list[Item]) -> None:
        """The response is whole: what it holds and no event has brought."""
        for item in output:
            if item.get('type') == 'mcp_list_tools' and item['id'] not in self._listed:
                self._native_done(item, NATIVE_ITEMS['mcp_list_tools'](item))

    # -------------------------------------------------------------- functions

    def _function(self, item: Item) -> None:
        key, arguments = _id(item), item.get('arguments') or ''
        self._args[key] = [arguments]
        namespace = item.get('namespace')
        part = ToolCallPart(
            item['name'],
            arguments,
            self._scope + item['call_id'],
            id=item.get('id'),
            provider_name=self._provider,
            provider_details={'namespace': namespace} if namespace else None,
        )
        self._parts.part(key, part)

    def arguments(self, key: Hashable, delta: str) -> None:
        """A piece of a function call's arguments."""
        if key in self._args and key not in self._final:
            self._args[key].append(delta)
            self._parts.tool_call(key, args=delta)

    def finalize(self, key: Hashable, arguments: str) -> None:
        """A function call's arguments as a whole: what has not streamed is added; what has streamed otherwise stays."""
        if key not in self._args or key in self._final or not arguments:
            return
        self._final.add(key)
        received = ''.join(self._args[key])
        if received != arguments and arguments.startswith(received):
            self._parts.tool_call(key, args=arguments[len(received) :])

    def _function_done(self, item: Item) -> None:
        key = _id(item)
        if key in self._args:
            self.finalize(key, item.get('arguments') or '')
        else:
            self._function(item)
            self._final.add(key)

    # ----------------------------------------------------------- native tools

    def _native(self, item: Item, native: Native) -> None:
        item_id = item['id']
        self._parts.part(f'{item_id}-call', native.call(item_id, self._provider))
        if native.opening is not None:
            self._open[item_id] = native
            self._parts.tool_call(f'{item_id}-call', args=native.opening)

    def native_arguments(self, key: Hashable, delta: str) -> None:
        """A piece of the arguments of a native tool's call, as JSON."""
        if key in self._open:
            self._received.add(key)
            self._parts.tool_call(f'{key}-call', args=delta)

    def native_arguments_done(self, key: Hashable, whole: str) -> None:
        """The end of these arguments; `whole` is what they are when no piece of them has come."""
        if (native := self._open.pop(key, None)) is not None:
            if key not in self._received and whole:
                self._parts.tool_call(f'{key}-call', args=whole)
            self._parts.tool_call(f'{key}-call', args=native.closing)

    def _native_done(self, item: Item, native: Native) -> None:
        item_id = item['id']
        if native.keeps_id:
            self._parts.tool_call(f'{item_id}-call', args=native.args)
        for index, file in enumerate(native.files):
            several = item['type'] == 'code_interpreter_call'
            self._parts.part(f'{item_id}-file-{index}' if several else f'{item_id}-file', file)
        self._parts.part(f'{item_id}-return', native.returned(item_id, self._provider))
        self._listed.add(item_id)

    # ------------------------------------------------------------ tool search

    def _search(self, item: Item) -> None:
        if item.get('execution') == 'client':
            call_id = item.get('call_id') or item['id']
            part = ToolCallPart(
                _SEARCH_FUNCTION, None, call_id, tool_kind='tool-search', id=item['id'], provider_name=self._provider
            )
            self._parts.part(item['id'], part)
            return
        part = search_call(item, self._provider)
        if item.get('call_id') is None:
            self._searches.append(part.tool_call_id)
        self._parts.part(f'{item["id"]}-call', part)

    def _search_done(self, item: Item) -> None:
        queries = search_queries(item.get('arguments'))
        if item.get('execution') == 'client':
            # The id of a call may change between its two events; the later one is what the provider remembers.
            text = replace(search_call(item, self._provider), args=queries).args_as_json_str()
            self._parts.tool_call(item['id'], args=text, tool_call_id=item.get('call_id') or item['id'])
            return
        details = search_call(item, self._provider).provider_details
        self._parts.tool_call(f'{item["id"]}-call', args=queries, provider_details=details)

    def _search_output(self, item: Item) -> None:
        if item.get('execution') != 'server':
            return
        call_id: str | None = item.get('call_id')
        if call_id is not None and call_id in self._searches:
            self._searches.remove(call_id)
        elif call_id is None:
            call_id = self._searches.popleft() if self._searches else None
        self._parts.part(f'{item["id"]}-return', search_return(item, call_id or item['id'], self._provider))


def _id(item: Item) -> Hashable:
    """What the events of a call name it by. llama.cpp's server says it as the id of the call."""
    return item.get('id') or item.get('call_id')

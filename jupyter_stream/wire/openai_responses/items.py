"""Output items: calls of tools while they stream, the provider's own calls and their results, and annotations of texts.

https://platform.openai.com/docs/api-reference/responses/object; keys that an item lacks are taken as null. Annotations:
https://platform.openai.com/docs/guides/tools-web-search#output-and-citations
"""

from __future__ import annotations

import base64
import json
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Final, NamedTuple, cast

from jupyter_stream.exceptions import UnexpectedModelBehavior
from jupyter_stream.messages import (
    BinaryContent,
    BinaryImage,
    Citation,
    CompactionPart,
    DocumentCitationSource,
    FilePart,
    MarkerCitationAnchor,
    NativeToolCallPart,
    NativeToolReturnPart,
    ToolCallPart,
    WebCitationSource,
)
from jupyter_stream.stream.parts import PartsManager
from jupyter_stream.wire.base import Target

__all__ = ('Calls', 'TOOL_SEARCH', 'citations_of', 'cited', 'image', 'to_send_back')

Item = Mapping[str, Any]
Raw = Mapping[str, Any]

TOOL_SEARCH: Final = 'tool_search'


class _Native(NamedTuple):
    """What an item of a native tool says.

    Attributes:
        tool_name: the tool's name.
        args: the arguments of the call; None when there are none, or when they stream.
        result: what the tool returned.
        files: the images that the tool made.
        opening: the beginning of the arguments as JSON, when the remaining arguments are streamed.
        closing: the end of the arguments as JSON, where they are streamed.
        keeps_id: the call part has the item's id as its own id too, not only as that of the call.
        early: the arguments are known as soon as the call begins.
    """

    tool_name: str
    args: dict[str, Any] | None
    result: dict[str, Any]
    files: list[FilePart]
    opening: str | None = None
    closing: str = ''
    keeps_id: bool = False
    early: bool = False

    def call(self, item_id: str, provider_name: str) -> NativeToolCallPart:
        """The call as it begins."""
        return NativeToolCallPart(
            self.tool_name,
            self.args if self.early else None,
            item_id,
            id=item_id if self.keeps_id else None,
            provider_name=provider_name,
        )

    def returned(self, item_id: str, provider_name: str) -> NativeToolReturnPart:
        """What came back."""
        return NativeToolReturnPart(self.tool_name, self.result, item_id, provider_name=provider_name)


def _web_search(item: Item) -> _Native:
    action = cast('dict[str, Any] | None', item.get('action'))
    args = None if not action else {key: value for key, value in action.items() if value is not None}
    result: dict[str, Any] = {'status': item.get('status')}
    # The API refuses the sources when the action goes back to it.
    if args and (sources := args.pop('sources', None)):
        result['sources'] = sources
    return _Native('web_search', args, result, [], keeps_id=True)


def _file_search(item: Item) -> _Native:
    result: dict[str, Any] = {'status': item.get('status')}
    if item.get('results') is not None:
        result['results'] = item['results']
    return _Native('file_search', {'queries': item.get('queries')}, result, [], keeps_id=True)


def _code_interpreter(item: Item) -> _Native:
    opening = _compact({'container_id': item.get('container_id'), 'code': item.get('code') or ''})[:-2]
    result: dict[str, Any] = {'status': item.get('status')}
    outputs = cast('list[Item]', item.get('outputs') or [])
    if logs := [output['logs'] for output in outputs if output.get('type') == 'logs']:
        result['logs'] = logs
    urls = [cast(str, output['url']) for output in outputs if output.get('type') == 'image']
    files = [FilePart(BinaryContent.from_data_uri(url), id=item.get('id')) for url in urls if url.startswith('data:')]
    return _Native('code_execution', None, result, files, opening=opening, closing='"}')


def _image_generation(item: Item) -> _Native:
    result: dict[str, Any] = {'status': item.get('status')}
    result.update({key: item[key] for key in ('background', 'quality', 'size', 'revised_prompt') if item.get(key)})
    files: list[FilePart] = []
    if data := item.get('result'):
        files.append(image(item['id'], data, item.get('output_format')))
        result['status'] = 'completed'  # in a stream the item goes on saying 'generating'
    return _Native('image_generation', None, result, files)


def _mcp_list(item: Item) -> _Native:
    fields = ('input_schema', 'name', 'annotations', 'description')
    tools = [
        {**dict.fromkeys(fields), **cast('dict[str, Any]', tool)} for tool in cast('list[Any]', item.get('tools') or [])
    ]
    result: dict[str, Any] = {'tools': tools, 'error': item.get('error')}
    return _Native(_mcp_name(item), {'action': 'list_tools'}, result, [], early=True)


def _mcp_call(item: Item) -> _Native:
    result = {'output': item.get('output'), 'error': item.get('error')}
    opening = _compact({'action': 'call_tool', 'tool_name': item.get('name'), 'tool_args': 0})[:-2]
    return _Native(_mcp_name(item), None, result, [], opening=opening, closing='}')


def _mcp_name(item: Item) -> str:
    return f'mcp_server:{item.get("server_label")}'


_NATIVE_ITEMS: Final[Mapping[str, Callable[[Item], _Native]]] = {
    'web_search_call': _web_search,
    'file_search_call': _file_search,
    'code_interpreter_call': _code_interpreter,
    'image_generation_call': _image_generation,
    'mcp_list_tools': _mcp_list,
    'mcp_call': _mcp_call,
}
"""What reads an item, by its type."""


def image(item_id: str, data: str, output_format: str | None) -> FilePart:
    """An image from its base64 text."""
    return FilePart(BinaryImage(base64.b64decode(data), media_type=f'image/{output_format or "png"}'), id=item_id)


def _compaction(item: Item, provider_name: str) -> CompactionPart:
    """What was said before, encrypted, to be sent back in its place."""
    return CompactionPart(
        None, id=item.get('id'), provider_name=provider_name, provider_details={'created_by': None, **item}
    )


# ------------------------------------------------------------------- tool search


def _search_queries(arguments: Any) -> dict[str, Any]:
    """What was searched for: the queries, or the paths that the provider picked.

    Raises:
        UnexpectedModelBehavior: the arguments are of a form that the protocol does not have.
    """
    said = cast('dict[str, Any]', arguments or {})
    queries = said.get('queries', said.get('paths', None if said else []))
    if not isinstance(queries, list):
        raise UnexpectedModelBehavior(f'The provider sent a malformed search for tools, {said!r}: ask again.')
    return {'queries': [query for query in cast('list[Any]', queries) if isinstance(query, str)]}


def _search_call(item: Item, provider_name: str) -> NativeToolCallPart:
    """The provider's search for tools, as it begins."""
    return NativeToolCallPart(
        TOOL_SEARCH,
        None,
        item.get('call_id') or item['id'],
        tool_kind='tool-search',
        id=item['id'],
        provider_name=provider_name,
        provider_details={key: item.get(key) for key in ('call_id', 'execution', 'status')},
    )


def _search_return(item: Item, call_id: str, provider_name: str) -> NativeToolReturnPart:
    """The tools that were found, by name."""
    tools = [tool for tool in cast('list[Item]', item.get('tools') or []) if tool.get('type') == 'function']
    return NativeToolReturnPart(
        TOOL_SEARCH,
        {'discovered_tools': [{'name': tool.get('name')} for tool in tools]},
        call_id,
        tool_kind='tool-search',
        provider_name=provider_name,
        provider_details={key: item.get(key) for key in ('id', 'call_id', 'execution', 'status')},
    )


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(',', ':'))


# ---------------------------------------------------------------- annotations

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


# ---------------------------------------------------------------- calls while they stream

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
        self._open: dict[Hashable, _Native] = {}
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
            self._parts.part(item.get('id'), _compaction(item, self._provider))
        elif kind in _NATIVE_ITEMS:
            self._native(item, _NATIVE_ITEMS[cast(str, kind)](item))

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
            self._parts.part(item.get('id'), _compaction(item, self._provider))
        elif kind in _NATIVE_ITEMS:
            self._native_done(item, _NATIVE_ITEMS[cast(str, kind)](item))

    def complete(self, output: list[Item]) -> None:
        """The response is whole: what it holds and no event has brought."""
        for item in output:
            if item.get('type') == 'mcp_list_tools' and item['id'] not in self._listed:
                self._native_done(item, _NATIVE_ITEMS['mcp_list_tools'](item))

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

    def _native(self, item: Item, native: _Native) -> None:
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

    def _native_done(self, item: Item, native: _Native) -> None:
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
        part = _search_call(item, self._provider)
        if item.get('call_id') is None:
            self._searches.append(part.tool_call_id)
        self._parts.part(f'{item["id"]}-call', part)

    def _search_done(self, item: Item) -> None:
        queries = _search_queries(item.get('arguments'))
        if item.get('execution') == 'client':
            # The id of a call may change between its two events; the later one is what the provider remembers.
            text = replace(_search_call(item, self._provider), args=queries).args_as_json_str()
            self._parts.tool_call(item['id'], args=text, tool_call_id=item.get('call_id') or item['id'])
            return
        details = _search_call(item, self._provider).provider_details
        self._parts.tool_call(f'{item["id"]}-call', args=queries, provider_details=details)

    def _search_output(self, item: Item) -> None:
        if item.get('execution') != 'server':
            return
        call_id: str | None = item.get('call_id')
        if call_id is not None and call_id in self._searches:
            self._searches.remove(call_id)
        elif call_id is None:
            call_id = self._searches.popleft() if self._searches else None
        self._parts.part(f'{item["id"]}-return', _search_return(item, call_id or item['id'], self._provider))


def _id(item: Item) -> Hashable:
    """What the events of a call name it by. llama.cpp's server says it as the id of the call."""
    return item.get('id') or item.get('call_id')

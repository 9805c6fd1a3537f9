"""Output items: the provider's own calls and their results, and annotations of texts.

https://platform.openai.com/docs/api-reference/responses/object; keys that an item lacks are taken as null. Annotations:
https://platform.openai.com/docs/guides/tools-web-search#output-and-citations
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Mapping
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
    WebCitationSource,
)

__all__ = (
    'NATIVE_ITEMS', 'TOOL_SEARCH', 'Native', 'citations_of', 'cited', 'compaction', 'escaped', 'image', 'missing',
    'search_call', 'search_queries', 'search_return', 'to_send_back',
)  # fmt: skip

Item = Mapping[str, Any]
Raw = Mapping[str, Any]

TOOL_SEARCH: Final = 'tool_search'


class Native(NamedTuple):
    """What an item of a native tool says.

    Attributes:
        tool_name: the tool's name.
        args: the arguments of the call; None when there are none, or when they stream.
        result: what the tool returned.
        files: the images that the tool made.
        opening: the beginning of the arguments as JSON, when the remaining arguments are streamed.
        begun: what of the streamed arguments `opening` holds already.
        streamed: all that is streamed of the arguments, as far as the item says it.
        closing: the end of the arguments as JSON, where they are streamed.
        keeps_id: the call part has the item's id as its own id too, not only as that of the call.
        early: the arguments are known as soon as the call begins.
    """

    tool_name: str
    args: dict[str, Any] | None
    result: dict[str, Any]
    files: list[FilePart]
    opening: str | None = None
    begun: str = ''
    streamed: str = ''
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


def _web_search(item: Item) -> Native:
    action = cast('dict[str, Any] | None', item.get('action'))
    args = None if not action else {key: value for key, value in action.items() if value is not None}
    result: dict[str, Any] = {'status': item.get('status')}
    # The API refuses the sources when the action goes back to it.
    if args and (sources := args.pop('sources', None)):
        result['sources'] = sources
    return Native('web_search', args, result, [], keeps_id=True)


def _file_search(item: Item) -> Native:
    result: dict[str, Any] = {'status': item.get('status')}
    if item.get('results') is not None:
        result['results'] = item['results']
    return Native('file_search', {'queries': item.get('queries')}, result, [], keeps_id=True)


def _code_interpreter(item: Item) -> Native:
    code = escaped(item.get('code') or '')
    opening = _compact({'container_id': item.get('container_id'), 'code': ''})[:-2] + code
    result: dict[str, Any] = {'status': item.get('status')}
    outputs = cast('list[Item]', item.get('outputs') or [])
    if logs := [output['logs'] for output in outputs if output.get('type') == 'logs']:
        result['logs'] = logs
    urls = [cast(str, output['url']) for output in outputs if output.get('type') == 'image']
    files = [FilePart(BinaryContent.from_data_uri(url), id=item.get('id')) for url in urls if url.startswith('data:')]
    return Native('code_execution', None, result, files, opening, begun=code, streamed=code, closing='"}')


def _image_generation(item: Item) -> Native:
    result: dict[str, Any] = {'status': item.get('status')}
    result.update({key: item[key] for key in ('background', 'quality', 'size', 'revised_prompt') if item.get(key)})
    files: list[FilePart] = []
    if data := item.get('result'):
        files.append(image(item['id'], data, item.get('output_format')))
        result['status'] = 'completed'  # in a stream the item goes on saying 'generating'
    return Native('image_generation', None, result, files)


def _mcp_list(item: Item) -> Native:
    fields = ('input_schema', 'name', 'annotations', 'description')
    tools = [
        {**dict.fromkeys(fields), **cast('dict[str, Any]', tool)} for tool in cast('list[Any]', item.get('tools') or [])
    ]
    result: dict[str, Any] = {'tools': tools, 'error': item.get('error')}
    return Native(_mcp_name(item), {'action': 'list_tools'}, result, [], early=True)


def _mcp_call(item: Item) -> Native:
    result = {'output': item.get('output'), 'error': item.get('error')}
    opening = _compact({'action': 'call_tool', 'tool_name': item.get('name'), 'tool_args': 0})[:-2]
    return Native(_mcp_name(item), None, result, [], opening, streamed=item.get('arguments') or '', closing='}')


def _mcp_name(item: Item) -> str:
    return f'mcp_server:{item.get("server_label")}'


NATIVE_ITEMS: Final[Mapping[str, Callable[[Item], Native]]] = {
    'web_search_call': _web_search,
    'file_search_call': _file_search,
    'code_interpreter_call': _code_interpreter,
    'image_generation_call': _image_generation,
    'mcp_list_tools': _mcp_list,
    'mcp_call': _mcp_call,
}
"""What reads an item, by its type."""


def missing(received: str, whole: str) -> str:
    """What of the whole has not come; nothing where something else has."""
    return whole[len(received) :] if whole.startswith(received) else ''


def image(item_id: str, data: str, output_format: str | None) -> FilePart:
    """An image from its base64 text."""
    return FilePart(BinaryImage(base64.b64decode(data), media_type=f'image/{output_format or "png"}'), id=item_id)


def compaction(item: Item, provider_name: str) -> CompactionPart:
    """What was said before, encrypted, to be sent back in its place."""
    return CompactionPart(
        None, id=item.get('id'), provider_name=provider_name, provider_details={'created_by': None, **item}
    )


# ------------------------------------------------------------------- tool search


def search_queries(arguments: Any) -> dict[str, Any]:
    """What was searched for: the queries, or the paths that the provider picked.

    Raises:
        UnexpectedModelBehavior: the arguments are of a form that the protocol does not have.
    """
    said = cast('dict[str, Any]', arguments or {})
    queries = said.get('queries', said.get('paths', None if said else []))
    if not isinstance(queries, list):
        raise UnexpectedModelBehavior(f'The provider sent a malformed search for tools, {said!r}: ask again.')
    return {'queries': [query for query in cast('list[Any]', queries) if isinstance(query, str)]}


def search_call(item: Item, provider_name: str) -> NativeToolCallPart:
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


def search_return(item: Item, call_id: str, provider_name: str) -> NativeToolReturnPart:
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


def escaped(text: str) -> str:
    """A text as it stands inside of a JSON string."""
    return json.dumps(text, ensure_ascii=False)[1:-1]


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

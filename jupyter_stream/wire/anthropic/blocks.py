"""Content blocks of an answer that come whole, as parts, and the parts of an earlier answer as the blocks they were.

What of a block has no place in a part stands in its `provider_details`, so that the block can be written again.

Claude cites whole blocks of its answer. Web results are cited by their address, pages that were fetched and documents
by their position, which is why the pages are remembered: https://platform.claude.com/docs/en/build-with-claude/citations
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple, cast

from jupyter_stream.messages import (
    Citation,
    CitationSource,
    CompactionPart,
    ContentCitationAnchor,
    DocumentCitationSource,
    ModelResponse,
    NativeToolCallPart,
    NativeToolReturnPart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    WebCitationSource,
)
from jupyter_stream.wire.anthropic.content import text_block
from jupyter_stream.wire.base import Target

__all__ = (
    'Page',
    'Replay',
    'citations_of',
    'compaction',
    'mcp_result',
    'mcp_use',
    'page_of',
    'result',
    'server_tool_use',
    'understood',
)

Raw = Mapping[str, Any]
Block = dict[str, Any]

_TOOL_NAME: Final = 'anthropic_tool_name'
_CALLER: Final = 'anthropic_caller'

_KINDS: Final = {
    'web_search': 'web_search',
    'web_fetch': 'web_fetch',
    'code_execution': 'code_execution',
    'bash_code_execution': 'code_execution',
    'text_editor_code_execution': 'code_execution',
    'advisor': 'advisor',
}
"""The kind of native tool, by the name that a block gives it."""


def server_tool_use(block: Raw, provider_name: str) -> NativeToolCallPart:
    """The call of a tool that Anthropic runs; a tool that is not known here keeps its name."""
    name = cast(str, block['name'])
    return NativeToolCallPart(
        tool_name=_KINDS.get(name, name),
        args=block.get('input') or None,
        tool_call_id=block['id'],
        provider_name=provider_name,
        provider_details=_details(name, block.get('caller')),
    )


def result(block: Raw, provider_name: str) -> NativeToolReturnPart:
    """What such a tool returned, as it came."""
    name = cast(str, block['type']).removesuffix('_tool_result')
    return NativeToolReturnPart(
        tool_name=_KINDS.get(name, name),
        content=block.get('content'),
        tool_call_id=block['tool_use_id'],
        provider_name=provider_name,
        provider_details=_details(name, block.get('caller')),
    )


def mcp_use(block: Raw, provider_name: str) -> NativeToolCallPart:
    """The call of a tool of an MCP server; the arguments of the call are one of its arguments."""
    return NativeToolCallPart(
        tool_name=f'mcp_server:{block["server_name"]}',
        args={'action': 'call_tool', 'tool_name': block['name'], 'tool_args': block.get('input') or {}},
        tool_call_id=block['id'],
        provider_name=provider_name,
    )


def mcp_result(block: Raw, tool_name: str, provider_name: str) -> NativeToolReturnPart:
    """What it returned; `tool_name` is that of the call's part."""
    return NativeToolReturnPart(
        tool_name=tool_name,
        content={'content': block.get('content'), 'is_error': block.get('is_error', False)},
        tool_call_id=block['tool_use_id'],
        provider_name=provider_name,
    )


def compaction(block: Raw, provider_name: str) -> CompactionPart:
    """What was said before, in short, and what proves it."""
    proofs = {name: block[name] for name in ('encrypted_content', 'signature') if block.get(name) is not None}
    return CompactionPart(block.get('content'), provider_name=provider_name, provider_details=proofs or None)


def _details(name: str, caller: Any) -> dict[str, Any] | None:
    details: dict[str, Any] = {}
    if _KINDS.get(name, name) != name:
        details[_TOOL_NAME] = name
    if isinstance(caller, dict) and cast(Raw, caller).get('type') != 'direct':
        details[_CALLER] = caller
    return details or None


# ---------------------------------------------------------------- citations

_PLACES: Final = ('char_location', 'page_location', 'content_block_location')
_WEB: Final = 'web_search_result_location'


class Page(NamedTuple):
    """A page that was fetched."""

    url: str
    text: str


def page_of(result: Any) -> Page | None:
    """The page that the result of a fetch holds; None for an error or a PDF."""
    found = _mapping(result)
    source = _mapping(_mapping(found.get('content')).get('source'))
    if source.get('type') != 'text' or not isinstance(found.get('url'), str):
        return None
    return Page(found['url'], str(source.get('data') or ''))


def citations_of(raw: Sequence[Raw], text: str, pages: Sequence[Page]) -> list[Citation] | None:
    """The citations of a block of text; None where there are none that say anything."""
    sources = [source for source in (_source(one, pages) for one in raw) if source is not None]
    if not sources:
        return None
    return [Citation(sources=sources, anchor=ContentCitationAnchor(start=0, end=len(text)) if text else None)]


def _replayed(part: TextPart) -> list[dict[str, Any]]:
    """The citations that go back with a text: those of web results, as long as the text is as it was.

    Documents are cited by their position in a request, which may be another one now.
    """
    whole = ContentCitationAnchor(start=0, end=len(part.content)) if part.content else None
    if not part.citations or any(citation.anchor != whole for citation in part.citations):
        return []
    known: Any = (part.provider_details or {}).get('citations')
    return list(_web_citations(cast('list[Any]', known))) if isinstance(known, list) else []


def _source(raw: Raw, pages: Sequence[Page]) -> CitationSource | None:
    kind, quoted = raw.get('type'), raw.get('cited_text')
    excerpts = [quoted] if quoted and isinstance(quoted, str) else []
    if kind == _WEB:
        return WebCitationSource(url=raw['url'], title=raw.get('title'), excerpts=excerpts)
    if kind not in _PLACES:
        return None
    title, file_id = raw.get('document_title'), raw.get('file_id')
    if kind == 'char_location' and (url := _fetched_from(raw, pages)):
        return WebCitationSource(url=url, title=title, excerpts=excerpts)
    if not (file_id or title or excerpts):
        return None
    return DocumentCitationSource(document_id=file_id, title=title, excerpts=excerpts)


def _fetched_from(raw: Raw, pages: Sequence[Page]) -> str | None:
    """The address of the one page that says the quoted words at the quoted place."""
    quoted, start, end = raw.get('cited_text'), raw.get('start_char_index'), raw.get('end_char_index')
    if not quoted:
        return None
    urls = {page.url for page in pages if page.text[start:end] == quoted}
    return urls.pop() if len(urls) == 1 else None


def _web_citations(raw: Iterable[Any]) -> Iterable[dict[str, Any]]:
    for one in map(_mapping, raw):
        said = {name: one.get(name) for name in ('cited_text', 'url', 'encrypted_index')}
        if one.get('type') == _WEB and all(isinstance(value, str) for value in said.values()):
            yield {'type': _WEB, 'title': one.get('title'), **said}


def _mapping(value: Any) -> Raw:
    return cast(Raw, value) if isinstance(value, dict) else {}


# ---------------------------------------------------------------- blocks that go back

_REDACTED: Final = ('redacted_thinking', 'redacted_content')
_SELF_CONTAINED: Final = ('web_search', 'web_fetch', 'advisor')
"""Tools whose results hold all there is to know of them; those of the others refer to an account's state."""

_CODE: Final = ('code_execution', 'bash_code_execution', 'text_editor_code_execution')
_MCP: Final = 'mcp_server'


def understood(target: Target, response: ModelResponse, provider_name: str | None) -> bool:
    """Whether signatures and encrypted data of this provider in the response can be read by the target."""
    if provider_name is None:
        return False
    own = response.canonical_system if provider_name == response.provider_name else None
    return (own or provider_name) == (target.provider.canonical_system or target.provider.name)


class Replay:
    """One answer's blocks, and what of its thinking can only go back as text.

    Attributes:
        blocks: the blocks of the assistant's turn.
        thinking: thinking in tags, for the user's turn before it: in the assistant's turn, it would teach the model
            to write such tags.
    """

    def __init__(self, target: Target, response: ModelResponse, *, advisor: bool) -> None:
        self.blocks: list[Block] = []
        self.thinking: list[Block] = []
        self._target = target
        self._response = response
        self._advisor = advisor
        for part in response.parts:
            self._add(part)

    def _add(self, part: Any) -> None:
        if isinstance(part, TextPart):
            self._text(part)
        elif isinstance(part, ThinkingPart):
            self._thought(part)
        elif isinstance(part, ToolCallPart):
            self.blocks.append(_call('tool_use', part, part.tool_name, part.args_as_dict()))
        elif isinstance(part, CompactionPart):
            self._compaction(part)
        elif isinstance(part, NativeToolCallPart | NativeToolReturnPart) and self._goes_back(part):
            block = _native_call(part) if isinstance(part, NativeToolCallPart) else _native_return(part)
            if block is not None:
                self.blocks.append(block)

    def _text(self, part: TextPart) -> None:
        if not part.content:
            return
        block = text_block(part.content)
        if self._understood(part.provider_name) and (citations := _replayed(part)):
            block['citations'] = citations
        self.blocks.append(block)

    def _thought(self, part: ThinkingPart) -> None:
        if part.signature and self._understood(part.provider_name):
            if part.id in _REDACTED:
                self.blocks.append({'type': 'redacted_thinking', 'data': part.signature})
            else:
                self.blocks.append({'type': 'thinking', 'thinking': part.content, 'signature': part.signature})
        elif part.content:
            self.thinking.append(text_block(f'<assistant_thinking>\n{part.content}\n</assistant_thinking>'))

    def _compaction(self, part: CompactionPart) -> None:
        if self._understood(part.provider_name):
            details = part.provider_details or {}
            proofs = {name: details[name] for name in ('encrypted_content', 'signature') if name in details}
            self.blocks.append({'type': 'compaction', 'content': part.content, **proofs})

    def _goes_back(self, part: NativeToolCallPart | NativeToolReturnPart) -> bool:
        if part.tool_name == 'advisor' and not self._advisor:
            return False
        if part.tool_name in _SELF_CONTAINED:
            return self._understood(part.provider_name)
        return part.provider_name == self._target.provider.name

    def _understood(self, provider_name: str | None) -> bool:
        return understood(self._target, self._response, provider_name)


def _call(kind: str, part: ToolCallPart | NativeToolCallPart, name: str, arguments: Any) -> Block:
    return {'type': kind, 'id': part.tool_call_id, 'name': name, 'input': arguments}


def _native_call(part: NativeToolCallPart) -> Block | None:
    if part.tool_name.startswith(f'{_MCP}:'):
        arguments = part.args_as_dict()
        block = _call('mcp_tool_use', part, arguments.get('tool_name', ''), arguments.get('tool_args') or {})
        return {**block, 'server_name': part.tool_name.partition(':')[2]}
    if part.tool_name not in (*_SELF_CONTAINED, *_CODE):
        return None
    return {**_call('server_tool_use', part, _wire_name(part), part.args_as_dict()), **_caller(part)}


def _native_return(part: NativeToolReturnPart) -> Block | None:
    content: Any = part.content
    if not isinstance(content, dict | list):
        return None
    block: Block = {'tool_use_id': part.tool_call_id, 'content': content}
    if part.tool_name.startswith(_MCP):
        found = cast(Mapping[str, Any], content)
        said = {'content': found['content'], 'is_error': found['is_error']}
        return {'type': 'mcp_tool_result', **block, **said}
    name = part.tool_name.removesuffix('_tool_result')  # as older histories have it
    if name not in (*_SELF_CONTAINED, *_CODE):
        return None
    return {'type': f'{_wire_name(part)}_tool_result', **block, **_caller(part)}


def _wire_name(part: NativeToolCallPart | NativeToolReturnPart) -> str:
    """The provider's name of the tool. Code runs under three names; a result tells its own by its type."""
    name = part.tool_name.removesuffix('_tool_result')
    if name not in _CODE:
        return name
    if said := (part.provider_details or {}).get(_TOOL_NAME):
        return said
    content: Any = part.content if isinstance(part, NativeToolReturnPart) else None
    kind = str(cast(Mapping[str, Any], content).get('type')) if isinstance(content, dict) else ''
    return next((known for known in _CODE if known != 'code_execution' and kind.startswith(known)), name)


def _caller(part: NativeToolCallPart | NativeToolReturnPart) -> Block:
    caller = (part.provider_details or {}).get(_CALLER)
    return {'caller': caller} if isinstance(caller, dict) else {}

"""The parts of an earlier answer as the blocks that they were."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

from jupyter_stream.messages import (
    CompactionPart,
    ModelResponse,
    NativeToolCallPart,
    NativeToolReturnPart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
)
from jupyter_stream.wire.anthropic.blocks import CALLER, TOOL_NAME
from jupyter_stream.wire.anthropic.citations import replayed
from jupyter_stream.wire.anthropic.content import text_block
from jupyter_stream.wire.base import Target

__all__ = ('Replay', 'understood')

Block = dict[str, Any]

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
        blocks: the assistant's turn.
        thinking: what goes into a turn of the user before it. In the assistant's own turn, it would teach the model
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
        if self._understood(part.provider_name) and (citations := replayed(part)):
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
    if said := (part.provider_details or {}).get(TOOL_NAME):
        return said
    content: Any = part.content if isinstance(part, NativeToolReturnPart) else None
    kind = str(cast(Mapping[str, Any], content).get('type')) if isinstance(content, dict) else ''
    return next((known for known in _CODE if known != 'code_execution' and kind.startswith(known)), name)


def _caller(part: NativeToolCallPart | NativeToolReturnPart) -> Block:
    caller = (part.provider_details or {}).get(CALLER)
    return {'caller': caller} if isinstance(caller, dict) else {}

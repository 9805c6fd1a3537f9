"""The content blocks of an answer that come whole, as parts: what the provider's own tools were asked, and returned.

What of a block has no place in a part stands in its `provider_details`, so that `replay` can write the block again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

from jupyter_stream.messages import CompactionPart, NativeToolCallPart, NativeToolReturnPart

__all__ = ('CALLER', 'TOOL_NAME', 'compaction', 'mcp_result', 'mcp_use', 'result', 'server_tool_use')

Block = Mapping[str, Any]

TOOL_NAME: Final = 'anthropic_tool_name'
CALLER: Final = 'anthropic_caller'

_KINDS: Final = {
    'web_search': 'web_search',
    'web_fetch': 'web_fetch',
    'code_execution': 'code_execution',
    'bash_code_execution': 'code_execution',
    'text_editor_code_execution': 'code_execution',
    'advisor': 'advisor',
}
"""The kind of native tool, by the name that a block gives it."""


def server_tool_use(block: Block, provider_name: str) -> NativeToolCallPart:
    """The call of a tool that Anthropic runs; a tool that is not known here keeps its name."""
    name = cast(str, block['name'])
    return NativeToolCallPart(
        tool_name=_KINDS.get(name, name),
        args=block.get('input') or None,
        tool_call_id=block['id'],
        provider_name=provider_name,
        provider_details=_details(name, block.get('caller')),
    )


def result(block: Block, provider_name: str) -> NativeToolReturnPart:
    """What such a tool returned, as it came."""
    name = cast(str, block['type']).removesuffix('_tool_result')
    return NativeToolReturnPart(
        tool_name=_KINDS.get(name, name),
        content=block.get('content'),
        tool_call_id=block['tool_use_id'],
        provider_name=provider_name,
        provider_details=_details(name, block.get('caller')),
    )


def mcp_use(block: Block, provider_name: str) -> NativeToolCallPart:
    """The call of a tool of an MCP server; the arguments of the call are one of its arguments."""
    return NativeToolCallPart(
        tool_name=f'mcp_server:{block["server_name"]}',
        args={'action': 'call_tool', 'tool_name': block['name'], 'tool_args': block.get('input') or {}},
        tool_call_id=block['id'],
        provider_name=provider_name,
    )


def mcp_result(block: Block, tool_name: str, provider_name: str) -> NativeToolReturnPart:
    """What it returned; `tool_name` is that of the call's part."""
    return NativeToolReturnPart(
        tool_name=tool_name,
        content={'content': block.get('content'), 'is_error': block.get('is_error', False)},
        tool_call_id=block['tool_use_id'],
        provider_name=provider_name,
    )


def compaction(block: Block, provider_name: str) -> CompactionPart:
    """What was said before, in short, and what proves it."""
    proofs = {name: block[name] for name in ('encrypted_content', 'signature') if block.get(name) is not None}
    return CompactionPart(block.get('content'), provider_name=provider_name, provider_details=proofs or None)


def _details(name: str, caller: Any) -> dict[str, Any] | None:
    details: dict[str, Any] = {}
    if _KINDS.get(name, name) != name:
        details[TOOL_NAME] = name
    if isinstance(caller, dict) and cast(Block, caller).get('type') != 'direct':
        details[CALLER] = caller
    return details or None

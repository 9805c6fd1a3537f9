"""Calls of the provider's own tools on their way back: their ids, by which the provider finds what came of them."""

from __future__ import annotations

import json
from typing import Any

from jupyter_stream.messages import NativeToolCallPart

__all__ = ('native_item',)

Item = dict[str, Any]

_MCP = 'mcp_server:'


def native_item(part: NativeToolCallPart, *, stored: bool) -> Item | None:
    """The item that a call came from; None for a call that is not the provider's, or that it no longer has."""
    args = part.args_as_dict()
    if part.tool_name == 'image_generation':
        # It is looked up by its id whatever else is sent, so what was not stored can't be named.
        return {'type': 'image_generation_call', 'id': part.tool_call_id} if stored else None
    if part.tool_name.startswith(_MCP):
        return _mcp(part, part.tool_name.removeprefix(_MCP), args)
    if part.tool_name == 'code_execution' and args.get('container_id'):
        own = {'code': args.get('code'), 'container_id': args['container_id'], 'outputs': None}
        return {'type': 'code_interpreter_call', 'id': part.tool_call_id, 'status': 'completed', **own}
    own_id = part.id or part.tool_call_id
    if part.tool_name == 'web_search' and args:
        action = {name: value for name, value in args.items() if value is not None}
        return {'type': 'web_search_call', 'id': own_id, 'status': 'completed', 'action': action}
    if part.tool_name == 'file_search' and args:
        return {'type': 'file_search_call', 'id': own_id, 'status': 'completed', 'queries': args.get('queries', [])}
    return None


def _mcp(part: NativeToolCallPart, server: str, args: Item) -> Item | None:
    if args.get('action') == 'list_tools':
        return {'type': 'mcp_list_tools', 'id': part.tool_call_id, 'server_label': server, 'tools': []}
    name, arguments = args.get('tool_name'), args.get('tool_args')
    if args.get('action') != 'call_tool' or not name or arguments is None:
        return None
    return {
        'type': 'mcp_call',
        'id': part.tool_call_id,
        'server_label': server,
        'name': name,
        'arguments': json.dumps(arguments, ensure_ascii=False, separators=(',', ':')),
        'error': None,
        'output': None,
    }

"""Tools in a Responses request: the caller's, which may or must be called, and the provider's own.

https://platform.openai.com/docs/guides/tools
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from jupyter_stream.exceptions import UserError
from jupyter_stream.native_tools import (
    CodeExecutionTool,
    FileSearchTool,
    ImageGenerationTool,
    MCPServerTool,
    WebSearchTool,
)
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.profiles import Profile
from jupyter_stream.settings import ModelSettings
from jupyter_stream.tools import ToolDefinition
from jupyter_stream.wire.base import Target
from jupyter_stream.wire.openai_effort import can_force
from jupyter_stream.wire.tool_choice import tool_choice

__all__ = ('definition', 'function_tools', 'native_tools')


def function_tools(
    target: Target, settings: ModelSettings, parameters: ModelRequestParameters
) -> tuple[list[dict[str, Any]], Any]:
    """The caller's tools, and the request's `tool_choice`.

    All tools are always sent, so that the provider's cache stays good; those that may not be called are told by the
    choice.

    Raises:
        UserError: the model cannot call tools, or cannot be made to call one.
    """
    declared = parameters.declared_tool_defs
    if declared and not target.profile.tools:
        raise UserError(f'{target.provider.title} model {target.model_name!r} cannot call tools: leave them out.')
    choice = tool_choice(settings, parameters)
    mode = choice.mode
    if mode == 'required' and not can_force(target, settings, parameters):
        mode = 'auto'
    tools = [definition(target.profile, tool) for tool in declared.values()]
    if choice.names is None:
        return tools, mode
    names = [name for name in parameters.tool_defs if name in choice.names]
    if mode == 'required' and len(names) == 1:
        return tools, {'type': 'function', 'name': names[0]}
    allowed = [{'type': 'function', 'name': name} for name in names]
    return tools, {'type': 'allowed_tools', 'mode': mode, 'tools': allowed}


def definition(profile: Profile, tool: ToolDefinition) -> dict[str, Any]:
    """A tool as the request says it."""
    return {
        'type': 'function',
        'name': tool.name,
        'description': tool.description,
        'parameters': tool.parameters_json_schema,
        'strict': bool(tool.strict and profile.strict_schemas),
    }


# ---------------------------------------------------------------- the provider's own

Tool = dict[str, Any]

_CONNECTOR: Final = 'x-openai-connector:'
"""What an MCP server's address begins with when it is one of OpenAI's connectors; its id follows."""

_SIZES: Final = ('auto', '1024x1024', '1024x1536', '1536x1024')
_RATIOS: Final[Mapping[str, str]] = {'1:1': '1024x1024', '2:3': '1024x1536', '3:2': '1536x1024'}


def native_tools(target: Target, parameters: ModelRequestParameters) -> list[Tool]:
    """The native tools of a request.

    Raises:
        UserError: the model has no such tool, or the tool cannot be set like that.
    """
    known = target.profile.responses.native_tools
    tools: list[Tool] = []
    for tool in parameters.native_tools:
        if tool.kind in known:
            tools.append(_WRITERS[tool.kind](target, tool))
        elif not tool.optional:
            raise UserError(
                f'{target.provider.title} model {target.model_name!r} has no native tool {type(tool).__name__}: '
                'leave it out, or give the model a tool of your own.'
            )
    makes_images = any(tool['type'] in ('code_interpreter', 'image_generation') for tool in tools)
    if parameters.allow_image_output and not makes_images:
        tools.append({'type': 'image_generation'})
    return tools


def _web_search(target: Target, tool: WebSearchTool) -> Tool:
    said: Tool = {'type': 'web_search', 'search_context_size': tool.search_context_size}
    if tool.user_location:
        said['user_location'] = {'type': 'approximate', **tool.user_location}
    filters = {'allowed_domains': tool.allowed_domains, 'blocked_domains': tool.blocked_domains}
    if kept := {name: domains for name, domains in filters.items() if domains}:
        said['filters'] = kept
    if tool.external_web_access is not None:
        said['external_web_access'] = tool.external_web_access
    return said


def _file_search(target: Target, tool: FileSearchTool) -> Tool:
    said: Tool = {'type': 'file_search', 'vector_store_ids': list(tool.file_store_ids)}
    if tool.max_num_results is not None:
        said['max_num_results'] = tool.max_num_results
    return said


def _code_interpreter(target: Target, tool: CodeExecutionTool) -> Tool:
    container: Tool = {'type': 'auto'}
    own = [file.file_id for file in tool.files or () if file.provider_name == target.provider.name]
    if own:
        container['file_ids'] = own
    return {'type': 'code_interpreter', 'container': container}


def _mcp(target: Target, tool: MCPServerTool) -> Tool:
    said = {
        'authorization': tool.authorization_token or None,
        'allowed_tools': tool.allowed_tools,
        'server_description': tool.description or None,
        'headers': tool.headers or None,
    }
    connector = tool.url.removeprefix(_CONNECTOR) if tool.url.startswith(_CONNECTOR) else None
    return {
        'type': 'mcp',
        'server_label': tool.id,
        'require_approval': 'never',
        **{name: value for name, value in said.items() if value is not None},
        **({'connector_id': connector} if connector else {'server_url': tool.url}),
    }


def _image_generation(target: Target, tool: ImageGenerationTool) -> Tool:
    own: Mapping[str, Any] = (tool.provider_settings or {}).get('openai', {})
    names = ('action', 'background', 'moderation', 'partial_images', 'quality')
    said: Tool = {name: own.get(name, getattr(tool, name)) for name in names}
    for name in ('model', 'input_fidelity'):
        if (value := own.get(name, getattr(tool, name))) is not None:
            said[name] = value
    return {
        'type': 'image_generation',
        **said,
        'output_compression': 100 if tool.output_compression is None else tool.output_compression,
        'output_format': tool.output_format or 'png',
        'size': _size(tool),
    }


def _size(tool: ImageGenerationTool) -> str:
    ratio, size = tool.aspect_ratio, tool.size
    if ratio is None:
        if size is not None and size not in _SIZES:
            raise UserError(f'OpenAI makes images of the sizes {", ".join(_SIZES)}, not {size}: name one of these.')
        return size or 'auto'
    if ratio not in _RATIOS:
        raise UserError(f'OpenAI makes images of the ratios {", ".join(_RATIOS)}, not {ratio}: name one of these.')
    if size not in (None, 'auto', _RATIOS[ratio]):
        raise UserError(
            f'An image of the ratio {ratio} has the size {_RATIOS[ratio]}, not {size}: name one of the two.'
        )
    return _RATIOS[ratio]


Writer = Callable[[Target, Any], Tool]

_WRITERS: Final[Mapping[str, Writer]] = cast(
    Mapping[str, Writer],
    {
        WebSearchTool.kind: _web_search,
        FileSearchTool.kind: _file_search,
        CodeExecutionTool.kind: _code_interpreter,
        MCPServerTool.kind: _mcp,
        ImageGenerationTool.kind: _image_generation,
    },
)

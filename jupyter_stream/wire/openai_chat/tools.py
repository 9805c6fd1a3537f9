"""Tools in a Chat Completions request: their definitions, which may be called, and the provider's own web search."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from jupyter_stream.exceptions import UserError
from jupyter_stream.native_tools import AbstractNativeTool, WebSearchTool
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.profiles import Profile
from jupyter_stream.settings import ModelSettings
from jupyter_stream.tools import ToolDefinition
from jupyter_stream.wire.base import Target
from jupyter_stream.wire.openai_effort import can_force
from jupyter_stream.wire.tool_choice import tool_choice

__all__ = ('chat_tools', 'web_search_options')


def chat_tools(
    target: Target, settings: ModelSettings, parameters: ModelRequestParameters
) -> tuple[list[dict[str, Any]], Any]:
    """The tools and `tool_choice`; the latter is None when there are no tools to choose from.

    Raises:
        UserError: the model can't take these tools, or can't be made to call one.
    """
    profile = target.profile
    declared = parameters.declared_tool_defs
    if declared and not profile.tools:
        raise UserError(f'{target.provider.title} model {target.model_name!r} can not call tools: leave them out.')
    choice = tool_choice(settings, parameters)
    mode = choice.mode
    if mode == 'required' and not can_force(target, settings, parameters):
        mode = 'auto'
    named = {name: tool for name, tool in declared.items() if choice.names is None or name in choice.names}
    wire_choice: Any = mode
    if mode == 'required' and choice.names is not None and len(choice.names) == 1:
        named = declared  # naming one leaves the others in the request, and with them the provider's cache
        wire_choice = {'type': 'function', 'function': {'name': next(iter(choice.names))}}
    tools = [_definition(profile, tool) for tool in named.values()]
    _mark_cache(profile, cast(Mapping[str, Any], settings), tools)
    own = _native_tools(target, parameters)
    return tools + own, wire_choice if tools else None


def _definition(profile: Profile, tool: ToolDefinition) -> dict[str, Any]:
    function: dict[str, Any] = {
        'name': tool.name,
        'description': tool.description or '',
        'parameters': tool.parameters_json_schema,
    }
    if tool.strict and profile.strict_schemas:
        function['strict'] = True
    return {'type': 'function', 'function': function}


def _mark_cache(profile: Profile, settings: Mapping[str, Any], tools: list[dict[str, Any]]) -> None:
    ttl = settings.get('openrouter_cache_tool_definitions')
    if tools and ttl and profile.cache_control == 'ttl':
        tools[-1]['cache_control'] = {'type': 'ephemeral', 'ttl': '5m' if ttl is True else ttl}


# -------------------------------------------------------------------- web search


def _native_tools(target: Target, parameters: ModelRequestParameters) -> list[dict[str, Any]]:
    own: list[dict[str, Any]] = []
    for tool in parameters.native_tools:
        if isinstance(tool, WebSearchTool) and target.profile.web_search:
            if target.profile.web_search == 'openrouter':
                own.append({'type': 'openrouter:web_search', 'parameters': _openrouter_search(tool)})
        elif not tool.optional:
            raise UserError(_no_such_tool(target, tool))
    return own


def _no_such_tool(target: Target, tool: AbstractNativeTool) -> str:
    return (
        f'{target.provider.title} model {target.model_name!r} has no native tool {type(tool).__name__}: '
        'leave it out, or give the model a tool of your own.'
    )


def web_search_options(profile: Profile, parameters: ModelRequestParameters) -> dict[str, Any] | None:
    """`web_search_options`, for models that search by that."""
    if profile.web_search != 'options':
        return None
    tool = next((tool for tool in parameters.native_tools if isinstance(tool, WebSearchTool)), None)
    if tool is None:
        return None
    options: dict[str, Any] = {'search_context_size': tool.search_context_size}
    if tool.user_location:
        options['user_location'] = {'type': 'approximate', 'approximate': dict(tool.user_location)}
    return options


def _openrouter_search(tool: WebSearchTool) -> dict[str, Any]:
    """https://openrouter.ai/docs/guides/features/server-tools/web-search"""
    location = None if tool.user_location is None else {'type': 'approximate', **tool.user_location}
    said = {
        'search_context_size': tool.search_context_size,
        'user_location': location,
        'allowed_domains': tool.allowed_domains,
        'excluded_domains': tool.blocked_domains,
        'max_uses': tool.max_uses,
        **(tool.provider_settings or {}).get('openrouter', {}),
    }
    return {name: value for name, value in said.items() if value is not None}

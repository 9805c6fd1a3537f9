"""The caller's tools in a request, and which may be called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.settings import ModelSettings
from jupyter_stream.tools import ToolDefinition
from jupyter_stream.wire.anthropic.cache import mark
from jupyter_stream.wire.anthropic.thinking import can_force
from jupyter_stream.wire.base import Target
from jupyter_stream.wire.tool_choice import tool_choice

__all__ = ('function_tools',)

Tool = dict[str, Any]


def function_tools(
    target: Target, settings: ModelSettings, parameters: ModelRequestParameters
) -> tuple[list[Tool], Tool | None]:
    """The tools and `tool_choice`; the latter is None when there are no tools to choose from.

    Raises:
        UserError: the model can't be made to call one.
    """
    declared = parameters.declared_tool_defs
    choice = tool_choice(settings, parameters)
    must = choice.mode == 'required' and can_force(target, settings, parameters)
    wanted: Tool = {'type': 'any' if must else 'none' if choice.mode == 'none' else 'auto'}
    if choice.names is not None:
        if must and len(choice.names) == 1:
            wanted = {'type': 'tool', 'name': next(iter(choice.names))}
        else:  # there is no word for some of the tools: the others are left out
            declared = {name: tool for name, tool in declared.items() if name in choice.names}
    if not declared:
        return [], None
    own = cast(Mapping[str, Any], settings)
    tools = [_definition(target, own, tool, parameters) for tool in declared.values()]
    _mark_last(tools, own)
    if 'parallel_tool_calls' in own and wanted['type'] != 'none':
        wanted['disable_parallel_tool_use'] = not own['parallel_tool_calls']
    return tools, wanted


def _definition(
    target: Target, settings: Mapping[str, Any], tool: ToolDefinition, parameters: ModelRequestParameters
) -> Tool:
    definition: Tool = {
        'name': tool.name,
        'description': tool.description or '',
        'input_schema': tool.parameters_json_schema,
    }
    if tool.strict and target.profile.json_schema_output:
        definition['strict'] = True
    if settings.get('anthropic_eager_input_streaming'):
        definition['eager_input_streaming'] = True
    if parameters.visibility_of(tool.name) == 'deferred':
        definition['defer_loading'] = True
    return definition


def _mark_last(tools: list[Tool], settings: Mapping[str, Any]) -> None:
    """A tool that is only loaded later is not part of what can be cached."""
    shown = [tool for tool in tools if 'defer_loading' not in tool]
    if shown and (ttl := settings.get('anthropic_cache_tool_definitions')):
        shown[-1]['cache_control'] = mark(ttl)

"""Tools in a Responses request: their definitions, and which may or must be called."""

from __future__ import annotations

from typing import Any

from jupyter_stream.exceptions import UserError
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.profiles import Profile
from jupyter_stream.settings import ModelSettings
from jupyter_stream.tools import ToolDefinition
from jupyter_stream.wire.base import Target
from jupyter_stream.wire.openai_effort import can_force
from jupyter_stream.wire.tool_choice import tool_choice

__all__ = ('definition', 'function_tools')


def function_tools(
    target: Target, settings: ModelSettings, parameters: ModelRequestParameters
) -> tuple[list[dict[str, Any]], Any]:
    """The caller's tools, and the request's `tool_choice`.

    All tools are always sent, so that the provider's cache stays good; those that may not be called are told by the
    choice.

    Raises:
        UserError: the model can't call tools, or can't be made to call one.
    """
    declared = parameters.declared_tool_defs
    if declared and not target.profile.tools:
        raise UserError(f'{target.provider.title} model {target.model_name!r} can not call tools: leave them out.')
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

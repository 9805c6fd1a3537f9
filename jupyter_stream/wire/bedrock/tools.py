"""Tools in a Converse request: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolConfiguration.html

There is no word for forbidding tools, so they are left out. Where earlier messages call one they must stay: Claude is
then told by a field of its own, the others are not told.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from jupyter_stream.exceptions import UserError
from jupyter_stream.native_tools import CodeExecutionTool
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.profiles import Converse
from jupyter_stream.settings import ModelSettings
from jupyter_stream.tools import ToolDefinition
from jupyter_stream.wire.base import Target
from jupyter_stream.wire.bedrock.cache import cache_point
from jupyter_stream.wire.bedrock.replay import CODE
from jupyter_stream.wire.bedrock.thinking import can_force
from jupyter_stream.wire.tool_choice import tool_choice

__all__ = ('tool_config',)

Block = dict[str, Any]
Settings = Mapping[str, Any]


def tool_config(
    target: Target, settings: Settings, parameters: ModelRequestParameters, *, called: bool
) -> tuple[list[Block], Block | None]:
    """The tools and `toolChoice`; None for no choice. `called` says that the messages call a tool or hold a result.

    Raises:
        UserError: a native tool is one that the model has not, or the model can't be made to call a tool.
    """
    known = target.profile.converse
    native = _native_tools(target, known, parameters)
    choice = tool_choice(cast(ModelSettings, settings), parameters)
    force = choice.mode == 'required' and can_force(target, settings, parameters)
    if choice.mode == 'none' and not called:
        return [], None
    declared = parameters.declared_tool_defs
    wanted: Block | None = {'any': {}} if force else {'auto': {}}
    if choice.mode == 'none':
        wanted = None
    elif choice.names is not None and len(choice.names) == 1 and force:
        wanted = {'tool': {'name': next(iter(choice.names))}}
    elif choice.names is not None:  # there is no word for some of the tools: the others are left out
        declared = {name: tool for name, tool in declared.items() if name in choice.names}
    tools = [_definition(known, tool) for tool in declared.values()] + native
    _mark(known, settings, tools)
    return tools, wanted if tools and known.tool_choice else None


def _definition(known: Converse, tool: ToolDefinition) -> Block:
    spec: Block = {'name': tool.name, 'inputSchema': {'json': tool.parameters_json_schema}}
    if tool.description:
        spec['description'] = tool.description
    if tool.strict and known.strict:
        spec['strict'] = True
    return {'toolSpec': spec}


def _native_tools(target: Target, known: Converse, parameters: ModelRequestParameters) -> list[Block]:
    tools: list[Block] = []
    for tool in parameters.native_tools:
        if isinstance(tool, CodeExecutionTool) and known.code:
            tools.append({'systemTool': {'name': CODE}})
        elif not tool.optional:
            raise UserError(
                f'{target.provider.title} model {target.model_name!r} has no native tool {type(tool).__name__}: leave '
                'it out, or give the model a tool of your own.'
            )
    return tools


def _mark(known: Converse, settings: Settings, tools: list[Block]) -> None:
    ttl = settings.get('bedrock_cache_tool_definitions')
    if tools and ttl and known.tool_caching:
        tools.append(cache_point(ttl))

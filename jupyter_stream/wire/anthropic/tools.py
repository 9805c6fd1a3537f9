"""Tools in a request: the caller's, which of them may be called, and those that Anthropic runs itself.

https://platform.claude.com/docs/en/agents-and-tools
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, cast

from jupyter_stream.exceptions import UserError
from jupyter_stream.messages import ModelMessage, ModelRequest, ModelResponse, NativeToolCallPart, UserPromptPart
from jupyter_stream.native_tools import (
    AbstractNativeTool,
    AdvisorTool,
    CodeExecutionTool,
    MCPServerTool,
    MemoryTool,
    WebFetchTool,
    WebSearchTool,
)
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.profiles import Claude
from jupyter_stream.settings import ModelSettings
from jupyter_stream.tools import ToolDefinition
from jupyter_stream.wire.anthropic.content import mark
from jupyter_stream.wire.anthropic.thinking import can_force
from jupyter_stream.wire.base import Target
from jupyter_stream.wire.tool_choice import tool_choice

__all__ = (
    'NativeTools',
    'cites',
    'function_tools',
    'held_back',
    'native_tools',
    'runs_code',
    'server_tool_names',
    'turn_has_run_code',
    'uploads',
)

Tool = dict[str, Any]
Settings = Mapping[str, Any]


def function_tools(
    target: Target, settings: ModelSettings, parameters: ModelRequestParameters
) -> tuple[list[Tool], Tool | None]:
    """The tools and `tool_choice`; the latter is None when there are no tools to choose from.

    Raises:
        UserError: the model cannot be made to call one.
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


def held_back(target: Target, parameters: ModelRequestParameters) -> ModelRequestParameters:
    """Declare the tools that the history may show later, but hidden, where the model can be shown one later."""
    later = {tool.name for tool in parameters.function_tools if tool.defer_loading}
    if not later or not target.profile.claude.later_tools or parameters.tool_visibility is not None:
        return parameters
    return replace(parameters, tool_visibility=dict.fromkeys(later, 'deferred'))


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


# ---------------------------------------------------------------- native tools

FILES_BETA: Final = 'files-api-2025-04-14'

_CODE_TOOLS: Final = ('code_execution', 'bash_code_execution', 'text_editor_code_execution')
_CODE_VERSIONS: Final = ('20250825', '20260120')
_WEB_TYPES_OF_CODE: Final = tuple(
    f'{tool}_{version}' for tool in ('web_search', 'web_fetch') for version in ('20260209', '20260318')
)
"""Web tools that code execution calls unless something else is said."""


@dataclass
class NativeTools:
    """What native tools add to a request."""

    tools: list[Tool] = field(default_factory=list[Tool])
    servers: list[Tool] = field(default_factory=list[Tool])
    betas: set[str] = field(default_factory=set[str])


def native_tools(
    target: Target, settings: ModelSettings, parameters: ModelRequestParameters, *, code_has_run: bool = False
) -> NativeTools:
    """The definitions of the native tools.

    Raises:
        UserError: one of them Anthropic does not have, and it is not optional.
    """
    asked = _Asked(target, target.profile.claude, cast(Settings, settings), parameters)
    found = NativeTools()
    for tool in parameters.native_tools:
        add = _ADD.get(type(tool)) if asked.claude.advisor or not isinstance(tool, AdvisorTool) else None
        if add is not None:
            add(asked, cast(Any, tool), found)
        elif not tool.optional:
            raise UserError(
                f'{target.provider.title} model {target.model_name!r} has no native tool {type(tool).__name__}: '
                'leave it out, or give the model a tool of your own.'
            )
    _set_callers(asked, found.tools, code_has_run)
    return found


def server_tool_names(target: Target, settings: ModelSettings, parameters: ModelRequestParameters) -> frozenset[str]:
    """The names under which native tools of this request may be called in the answer."""
    tools = native_tools(target, settings, parameters).tools
    names = {tool['name'] for tool in tools} - {'memory'}  # which the caller runs
    return frozenset(names.union(_CODE_TOOLS) if runs_code(tools) else names)


def runs_code(tools: Sequence[Tool]) -> bool:
    """Whether a request with these tools gets a container to run code in."""
    return any(_runs_code(tool) for tool in tools)


def turn_has_run_code(messages: Sequence[ModelMessage], provider_name: str) -> bool:
    """Whether code was run since the user last said something."""
    for message in reversed(messages):
        if isinstance(message, ModelRequest):
            if any(isinstance(part, UserPromptPart) for part in message.parts):
                return False
        elif message.provider_name == provider_name and _ran_code(message):
            return True
    return False


def uploads(target: Target, tool: AbstractNativeTool) -> list[str]:
    """The ids of the files that a tool wants in its container; another provider's are passed over."""
    files = tool.files or () if isinstance(tool, CodeExecutionTool) else ()
    return [file.file_id for file in files if file.provider_name == target.provider.name]


def cites(settings: Settings, parameters: ModelRequestParameters) -> bool:
    """Whether documents and pages are cited: where it was asked for, and the answer is plain text."""
    return bool(settings.get('citations')) and parameters.output_mode == 'text'


# ------------------------------------------------------------------ each tool


@dataclass(frozen=True)
class _Asked:
    """What a definition may depend on."""

    target: Target
    claude: Claude
    settings: Settings
    parameters: ModelRequestParameters

    @property
    def code_may_call(self) -> bool:
        callers = self.settings.get('anthropic_web_tools_allowed_callers') or ()
        return self.claude.filters or any(caller != 'direct' for caller in callers)

    @property
    def replaces_tools(self) -> bool:
        extra = self.settings.get('extra_body')
        return isinstance(extra, Mapping) and 'tools' in extra


def _own(tool: WebSearchTool | WebFetchTool | AdvisorTool) -> Mapping[str, Any]:
    return (tool.provider_settings or {}).get('anthropic', {})


def _web_search(asked: _Asked, tool: WebSearchTool, found: NativeTools) -> None:
    own = _own(tool)
    location = {'type': 'approximate', **tool.user_location} if tool.user_location else None
    definition: Tool = {
        'name': 'web_search',
        'type': 'web_search_20260209' if asked.claude.filters else 'web_search_20250305',
        'max_uses': tool.max_uses,
        'allowed_domains': tool.allowed_domains,
        'blocked_domains': tool.blocked_domains,
        'user_location': location,
    }
    # What of the results is shown matters only where code reads them.
    if 'response_inclusion' in own and asked.code_may_call:
        definition |= {'type': 'web_search_20260318', 'response_inclusion': own['response_inclusion']}
        if not asked.claude.filters:
            definition['allowed_callers'] = ['direct']
    found.tools.append(definition)


def _web_fetch(asked: _Asked, tool: WebFetchTool, found: NativeTools) -> None:
    own = _own(tool)
    cited = own.get('enable_citations', tool.enable_citations) or cites(asked.settings, asked.parameters)
    definition: Tool = {
        'name': 'web_fetch',
        'type': 'web_fetch_20260209' if asked.claude.filters else 'web_fetch_20250910',
        'max_uses': tool.max_uses,
        'allowed_domains': tool.allowed_domains,
        'blocked_domains': tool.blocked_domains,
        'citations': {'enabled': True} if cited else None,
        'max_content_tokens': own.get('max_content_tokens', tool.max_content_tokens),
    }
    if 'use_cache' in own or ('response_inclusion' in own and asked.code_may_call):
        definition |= {name: own[name] for name in ('use_cache', 'response_inclusion') if name in own}
        definition['type'] = 'web_fetch_20260318'
        if not asked.claude.filters:
            definition['allowed_callers'] = ['direct']
    elif not asked.claude.filters:
        found.betas.add('web-fetch-2025-09-10')
    found.tools.append(definition)


def _code_execution(asked: _Asked, tool: CodeExecutionTool, found: NativeTools) -> None:
    newest = asked.claude.code_execution
    version = asked.settings.get('anthropic_code_execution_tool_version', 'auto')
    known = [word for word in _CODE_VERSIONS if word <= newest]
    if version not in ('auto', *known):
        raise UserError(
            f'Model {asked.target.model_name!r} has no code execution {version!r}: set '
            f'`anthropic_code_execution_tool_version` to {" or ".join(map(repr, known))}.'
        )
    version = newest if version == 'auto' else version
    found.tools.append({'name': 'code_execution', 'type': f'code_execution_{version}'})
    if uploads(asked.target, tool):
        found.betas.add(FILES_BETA)


def _memory(asked: _Asked, tool: MemoryTool, found: NativeTools) -> None:
    if not any(own.name == 'memory' for own in asked.parameters.declared_function_tools):
        raise UserError("MemoryTool needs a function tool named 'memory', which does what the model asks of it.")
    found.tools.append({'name': 'memory', 'type': 'memory_20250818'})
    found.betas.add('context-management-2025-06-27')


def _mcp_server(asked: _Asked, tool: MCPServerTool, found: NativeTools) -> None:
    definition: Tool = {'type': 'url', 'name': tool.id, 'url': tool.url}
    if tool.allowed_tools is not None:
        definition['tool_configuration'] = {'enabled': bool(tool.allowed_tools), 'allowed_tools': tool.allowed_tools}
    if tool.authorization_token:
        definition['authorization_token'] = tool.authorization_token
    found.servers.append(definition)
    found.betas.add('mcp-client-2025-04-04')


def _advisor(asked: _Asked, tool: AdvisorTool, found: NativeTools) -> None:
    definition: Tool = {'type': 'advisor_20260301', 'name': 'advisor', 'model': tool.model}
    limits = {'max_uses': tool.max_uses, 'max_tokens': tool.max_tokens}
    definition |= {name: limit for name, limit in limits.items() if limit is not None}
    if ttl := _own(tool).get('caching', tool.caching):
        definition['caching'] = {'type': 'ephemeral', 'ttl': ttl}
    found.tools.append(definition)
    found.betas.add('advisor-tool-2026-03-01')


_ADD: Final[Mapping[type[AbstractNativeTool], Callable[[_Asked, Any, NativeTools], None]]] = {
    WebSearchTool: _web_search,
    WebFetchTool: _web_fetch,
    CodeExecutionTool: _code_execution,
    MemoryTool: _memory,
    MCPServerTool: _mcp_server,
    AdvisorTool: _advisor,
}


# ------------------------------------------------------------- running of code


def _set_callers(asked: _Asked, tools: list[Tool], code_has_run: bool) -> None:
    """Say who may call the web tools, where the user does, or where a citation depends on it."""
    if asked.replaces_tools:
        return
    callers = asked.settings.get('anthropic_web_tools_allowed_callers')
    if callers is not None:
        for tool in tools:
            if tool['name'] in ('web_search', 'web_fetch'):
                tool['allowed_callers'] = callers
    elif not asked.settings.get('anthropic_container'):
        _call_cited_directly(tools, cites(asked.settings, asked.parameters), code_has_run)


def _call_cited_directly(tools: list[Tool], cited: bool, code_has_run: bool) -> None:
    """What only code reads is not cited, so the model calls what is to be cited itself."""
    direct = [
        tool
        for tool in tools
        if tool['type'] in _WEB_TYPES_OF_CODE
        and (cited if tool['name'] == 'web_search' else tool.get('citations') is not None)
    ]
    others = [tool for tool in tools if tool not in direct]
    if code_has_run and not runs_code(others):
        return  # the container of this turn would be gone
    for tool in direct:
        tool['allowed_callers'] = ['direct']


def _runs_code(tool: Tool) -> bool:
    kind = cast(str, tool.get('type', ''))
    if kind.startswith('code_execution_'):
        return True
    callers = tool.get('allowed_callers')
    return kind in _WEB_TYPES_OF_CODE if callers is None else any(caller != 'direct' for caller in callers)


def _ran_code(response: ModelResponse) -> bool:
    calls = (part for part in response.parts if isinstance(part, NativeToolCallPart))
    return bool((response.provider_details or {}).get('container_id')) or any(
        call.tool_name in _CODE_TOOLS for call in calls
    )

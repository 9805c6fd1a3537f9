"""The body of a Chat Completions request: settings by name, tools, the form of the answer, and the messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast
from urllib.parse import quote

from jupyter_stream.exceptions import UserError
from jupyter_stream.messages import ModelMessage
from jupyter_stream.native_tools import AbstractNativeTool, AdvisorTool, WebSearchTool
from jupyter_stream.output import OutputObjectDefinition
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.profiles import SAMPLING_SETTINGS, Profile
from jupyter_stream.settings import ModelSettings
from jupyter_stream.tools import ToolDefinition
from jupyter_stream.wire.announcement import announced
from jupyter_stream.wire.base import Target, WireRequest
from jupyter_stream.wire.openai_chat.cache import settle_marks
from jupyter_stream.wire.openai_chat.history import chat_messages
from jupyter_stream.wire.openai_chat.reasoning import thinking_body
from jupyter_stream.wire.openai_effort import can_force, is_thinking
from jupyter_stream.wire.prepare import extra_body, prepared, supported
from jupyter_stream.wire.tool_choice import tool_choice

__all__ = ('chat_body', 'chat_tools', 'encode', 'wire_request')

_DEFAULT_OUTPUT_NAME: Final = 'final_result'

_PLAIN: Final = {
    'stop_sequences': 'stop',
    'seed': 'seed',
    'temperature': 'temperature',
    'top_p': 'top_p',
    'presence_penalty': 'presence_penalty',
    'frequency_penalty': 'frequency_penalty',
    'logit_bias': 'logit_bias',
    'service_tier': 'service_tier',
    'openai_service_tier': 'service_tier',
    'openai_user': 'user',
    'openai_prediction': 'prediction',
    'openai_logprobs': 'logprobs',
    'openai_top_logprobs': 'top_logprobs',
    'openai_store': 'store',
    'openai_moderation': 'moderation',
    'openai_text_verbosity': 'verbosity',
    'openai_prompt_cache_key': 'prompt_cache_key',
    'openai_prompt_cache_retention': 'prompt_cache_retention',
    'openai_prompt_cache_options': 'prompt_cache_options',
}
"""Settings that go over as they are, by their name there; a later one wins over an earlier of the same name."""

_UNKNOWN: Final = ('top_k',)
"""Settings for which the protocol has no word."""


def encode(
    target: Target, messages: Sequence[ModelMessage], settings: ModelSettings, parameters: ModelRequestParameters
) -> WireRequest:
    """Write the request for a streamed answer.

    Settings that the model cannot honour are left out with an `UnsupportedSettingWarning`.

    Raises:
        UserError: the messages or parameters hold what this model or the protocol cannot take.
    """
    return wire_request(target, chat_body(target, messages, settings, parameters), settings)


def wire_request(target: Target, body: Mapping[str, Any], settings: ModelSettings) -> WireRequest:
    """The request with this body, to which the setting `extra_body` is added last."""
    path = target.provider.path.replace('{model}', quote(target.model_name, safe=''))
    whole = {**body, **extra_body(cast(Mapping[str, Any], settings))}
    return WireRequest(path, whole, query=dict(target.provider.query))


def chat_body(
    target: Target, messages: Sequence[ModelMessage], settings: ModelSettings, parameters: ModelRequestParameters
) -> dict[str, Any]:
    """The body of a request, without what the setting `extra_body` adds. It warns and raises as `encode` does."""
    parameters = prepared(target.profile, parameters, settings)
    target, messages, parameters = announced(target, messages, settings, parameters)
    profile = target.profile
    plain = _usable(target, cast(Mapping[str, Any], settings), parameters)
    tools, choice = chat_tools(target, settings, parameters)
    said = chat_messages(target, messages, settings, parameters)
    settle_marks(profile, tools, said)
    body: dict[str, Any] = {
        'model': target.model_name,
        'stream': True,
        'stream_options': _stream_options(plain),
        'messages': said,
    }
    body.update({name: plain[setting] for setting, name in _PLAIN.items() if plain.get(setting) is not None})
    if (limit := plain.get('max_tokens')) is not None:
        body[profile.max_tokens_key] = limit
    if tools:
        body['tools'] = tools
    if choice is not None:
        body['tool_choice'] = choice
        if 'parallel_tool_calls' in plain:
            body['parallel_tool_calls'] = plain['parallel_tool_calls']
    if (form := _response_format(profile, parameters)) is not None:
        body['response_format'] = form
    if (search := _web_search_options(profile, parameters)) is not None:
        body['web_search_options'] = search
    body.update(thinking_body(profile, settings, parameters))
    return body


def _usable(target: Target, settings: Mapping[str, Any], parameters: ModelRequestParameters) -> dict[str, Any]:
    """The settings without those that the model would refuse or that would have no effect."""
    profile = target.profile
    refused = [*_UNKNOWN, *profile.dropped_settings]
    off = profile.none_effort and not is_thinking(profile, settings, parameters)
    if profile.no_sampling_while_thinking and not off:
        refused += SAMPLING_SETTINGS
    return supported(target, settings, refused)


def _stream_options(settings: Mapping[str, Any]) -> dict[str, bool]:
    options = {'include_usage': True}
    if settings.get('openai_continuous_usage_stats'):
        options['continuous_usage_stats'] = True
    return options


def _response_format(profile: Profile, parameters: ModelRequestParameters) -> dict[str, Any] | None:
    if parameters.output_mode == 'native' and parameters.output_object is not None:
        return {'type': 'json_schema', 'json_schema': _json_schema(profile, parameters.output_object)}
    if parameters.output_mode == 'prompted' and profile.json_object_output:
        return {'type': 'json_object'}
    return None


def _json_schema(profile: Profile, output: OutputObjectDefinition) -> dict[str, Any]:
    schema: dict[str, Any] = {'name': output.name or _DEFAULT_OUTPUT_NAME, 'schema': output.json_schema}
    if output.description:
        schema['description'] = output.description
    if profile.strict_schemas:
        schema['strict'] = output.strict
    return schema


# ---------------------------------------------------------------- tools


def chat_tools(
    target: Target, settings: ModelSettings, parameters: ModelRequestParameters
) -> tuple[list[dict[str, Any]], Any]:
    """The tools and `tool_choice`; the latter is None when there are no tools to choose from.

    Raises:
        UserError: the model cannot take these tools, or cannot be made to call one.
    """
    profile = target.profile
    declared = parameters.declared_tool_defs
    if declared and not profile.tools:
        raise UserError(f'{target.provider.title} model {target.model_name!r} cannot call tools: leave them out.')
    choice = tool_choice(settings, parameters)
    mode = choice.mode
    if mode == 'required' and not can_force(target, settings, parameters):
        mode = 'auto'
    named = {name: tool for name, tool in declared.items() if choice.names is None or name in choice.names}
    wire_choice: Any = mode
    if mode == 'required' and choice.names is not None and len(choice.names) == 1:
        named = declared  # naming one leaves the others in the request, and with them the provider's cache
        wire_choice = {'type': 'function', 'function': {'name': next(iter(choice.names))}}
    tools = [_definition(profile, tool, cast(Mapping[str, Any], settings)) for tool in named.values()]
    _mark_cache(profile, cast(Mapping[str, Any], settings), tools)
    own = _native_tools(target, parameters)
    return tools + own, wire_choice if tools else None


def _definition(profile: Profile, tool: ToolDefinition, settings: Mapping[str, Any]) -> dict[str, Any]:
    function: dict[str, Any] = {
        'name': tool.name,
        'description': tool.description or '',
        'parameters': tool.parameters_json_schema,
    }
    if tool.strict and profile.strict_schemas:
        function['strict'] = True
    definition: dict[str, Any] = {'type': 'function', 'function': function}
    if profile.eager_arguments and settings.get('anthropic_eager_input_streaming'):
        definition['eager_input_streaming'] = True
    return definition


def _mark_cache(profile: Profile, settings: Mapping[str, Any], tools: list[dict[str, Any]]) -> None:
    ttl = settings.get('openrouter_cache_tool_definitions')
    if tools and ttl and profile.cache_control == 'ttl':
        tools[-1]['cache_control'] = {'type': 'ephemeral', 'ttl': '5m' if ttl is True else ttl}


# ------------------------------------------------------------------- native tools


def _native_tools(target: Target, parameters: ModelRequestParameters) -> list[dict[str, Any]]:
    known = [tool for tool in parameters.native_tools if _serves(target, tool)]
    if not target.profile.server_tools:
        return []
    advisors = [_openrouter_advisor(tool) for tool in known if isinstance(tool, AdvisorTool)]
    searches = [_openrouter_search(tool) for tool in known if isinstance(tool, WebSearchTool)]
    return [
        *({'type': 'openrouter:advisor', 'parameters': said} for said in advisors),
        *({'type': 'openrouter:web_search', 'parameters': said} for said in searches),
    ]


def _serves(target: Target, tool: AbstractNativeTool) -> bool:
    """Whether the provider has the tool; False where it may be left out."""
    openrouter = target.profile.server_tools
    if isinstance(tool, WebSearchTool) and openrouter and tool.external_web_access is False:
        if tool.optional:
            return False
        raise UserError(
            f'{target.provider.title} cannot keep a search off the web: leave `external_web_access=False` out, or the '
            'WebSearchTool.'
        )
    if (isinstance(tool, WebSearchTool) and target.profile.web_search) or (
        isinstance(tool, AdvisorTool) and openrouter
    ):
        return True
    if tool.optional:
        return False
    raise UserError(_no_such_tool(target, tool))


def _no_such_tool(target: Target, tool: AbstractNativeTool) -> str:
    return (
        f'{target.provider.title} model {target.model_name!r} has no native tool {type(tool).__name__}: '
        'leave it out, or give the model a tool of your own.'
    )


def _web_search_options(profile: Profile, parameters: ModelRequestParameters) -> dict[str, Any] | None:
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


def _openrouter_advisor(tool: AdvisorTool) -> dict[str, Any]:
    """https://openrouter.ai/docs/guides/features/server-tools/advisor"""
    own = (tool.provider_settings or {}).get('openrouter', {})
    said = {'model': tool.model, 'forward_transcript': own.get('forward_transcript', False)}
    return said if tool.max_tokens is None else {**said, 'max_completion_tokens': tool.max_tokens}


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

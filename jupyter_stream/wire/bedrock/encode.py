"""The body of a ConverseStream request: settings by name, tools, thinking, the form of the answer, and the messages.

There is no word for forbidding tools, so they are left out. Where earlier messages call one they must stay: Claude is
then told by a field of its own, the others are not told. See
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolConfiguration.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, cast
from urllib.parse import quote

from jupyter_stream.exceptions import UserError
from jupyter_stream.messages import ModelMessage
from jupyter_stream.native_tools import CodeExecutionTool
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.profiles import Converse
from jupyter_stream.settings import ModelSettings
from jupyter_stream.tools import ToolDefinition
from jupyter_stream.wire.announcement import announced
from jupyter_stream.wire.base import Target, WireRequest
from jupyter_stream.wire.bedrock.cache import cache_point, cache_settings, limit, ordered
from jupyter_stream.wire.bedrock.history import CODE, conversation, has_cited, has_tool_blocks
from jupyter_stream.wire.bedrock.thinking import can_force, settled, thinking_fields
from jupyter_stream.wire.prepare import extra_body, prepared, supported
from jupyter_stream.wire.schema._bedrock import rewritten
from jupyter_stream.wire.tool_choice import tool_choice

__all__ = ('encode',)

Body = dict[str, Any]
Settings = Mapping[str, Any]
Block = dict[str, Any]

_INFERENCE: Final = {
    'max_tokens': 'maxTokens',
    'temperature': 'temperature',
    'top_p': 'topP',
    'stop_sequences': 'stopSequences',
}
"""Settings that go into `inferenceConfig`, by their name there."""

_PLAIN: Final = {
    'bedrock_guardrail_config': 'guardrailConfig',
    'bedrock_performance_configuration': 'performanceConfig',
    'bedrock_request_metadata': 'requestMetadata',
    'bedrock_additional_model_response_fields_paths': 'additionalModelResponseFieldPaths',
    'bedrock_prompt_variables': 'promptVariables',
}
"""Settings that go over as they are, by their name there."""

_SAMPLING: Final = ('temperature', 'top_p', 'top_k')
_UNKNOWN: Final = ('seed', 'presence_penalty', 'frequency_penalty', 'logit_bias')
"""Settings for which the protocol has no word."""

_DEFAULT_OUTPUT_NAME: Final = 'final_result'
_ACCEPT: Final = {'accept': 'application/vnd.amazon.eventstream'}


def resolved(target: Target, settings: ModelSettings, parameters: ModelRequestParameters) -> ModelRequestParameters:
    """The parameters as the model takes them.

    Raises:
        UserError: it cannot do what they ask for.
    """
    settled_ = settled(target, cast(Settings, settings), parameters)
    return prepared(target.profile, rewritten(_served(target), settled_), settings)


def encode(
    target: Target, messages: Sequence[ModelMessage], settings: ModelSettings, parameters: ModelRequestParameters
) -> WireRequest:
    """Write the request for a streamed answer.

    Settings that the model cannot honour are left out with an `UnsupportedSettingWarning`.

    Raises:
        UserError: the messages, settings or parameters hold what this model or the protocol cannot take.
    """
    known = _served(target)
    own = _usable(target, known, cast(Settings, settings), parameters)
    parameters = prepared(target.profile, rewritten(known, settled(target, own, parameters)), settings)
    target, messages, parameters = announced(target, messages, settings, parameters)
    system, said = conversation(target, messages, own, parameters)
    tools, choice = _tool_config(target, own, parameters, called=has_tool_blocks(said))
    if has_cited(said) and choice is not None and 'auto' not in choice:
        raise UserError('A model that must call a tool cannot cite: leave `citations` or the forced `tool_choice` out.')
    limit(tools, system, said)
    ordered(tools, system, said)
    body: Body = {
        'messages': said,
        'system': system,
        'inferenceConfig': _inference(target, own),
    }
    rest: Body = {
        'toolConfig': {'tools': tools, **({'toolChoice': choice} if choice else {})} if tools else None,
        'outputConfig': _output_config(parameters),
        **{name: own.get(setting) for setting, name in _PLAIN.items()},
        'serviceTier': _service_tier(own),
        'additionalModelRequestFields': _additional_fields(target, known, own, parameters, bool(tools and not choice)),
    }
    body.update({name: value for name, value in rest.items() if value})
    body.update(extra_body(own))
    return WireRequest(_path(target, own), body, dict(_ACCEPT))


def _served(target: Target) -> Converse:
    known = target.profile.converse
    if not known.served:
        raise UserError(
            f'Model {target.model_name!r} is not served by the Converse API of Amazon Bedrock: name another model.'
        )
    return known


def _path(target: Target, settings: Settings) -> str:
    profile = settings.get('bedrock_inference_profile')
    return target.provider.path.replace('{model}', quote(profile or target.model_name, safe=''))


# ---------------------------------------------------------------------- settings


def _usable(target: Target, known: Converse, settings: Settings, parameters: ModelRequestParameters) -> Settings:
    """The settings without those that the model would refuse or that would have no effect, caching said as here."""
    refused = [
        *_UNKNOWN,
        *(_SAMPLING if known.no_sampling or target.profile.claude.no_sampling else () if known.top_k else ('top_k',)),
    ]
    if settings.get('parallel_tool_calls') is False:
        refused.append('parallel_tool_calls')
    cache = settings['cache'] if settings.get('cache') is not None else parameters.cache
    granted = ['cache'] * known.caching + ['citations'] * known.citations
    return cache_settings(known, supported(target, settings, refused, granted), cache)


def _inference(target: Target, settings: Settings) -> Body:
    most = target.profile.claude.max_output
    config = {name: settings[setting] for setting, name in _INFERENCE.items() if _is_said(settings.get(setting))}
    if most is not None:
        # Claude's own default on Bedrock is 4096 tokens, thinking included.
        config['maxTokens'] = min(config.get('maxTokens', most), most)
    return config


def _is_said(value: Any) -> bool:
    return value is not None and value != []


def _service_tier(settings: Settings) -> Body | None:
    tier = settings.get('service_tier')
    return settings.get('bedrock_service_tier') or ({'type': tier} if tier and tier != 'auto' else None)


def _output_config(parameters: ModelRequestParameters) -> Body | None:
    output = parameters.output_object
    if parameters.output_mode != 'native' or output is None:
        return None
    schema = {
        'name': output.name or _DEFAULT_OUTPUT_NAME,
        'schema': json.dumps(output.json_schema, ensure_ascii=False, separators=(',', ':')),
    }
    if output.description:
        schema['description'] = output.description
    return {'textFormat': {'type': 'json_schema', 'structure': {'jsonSchema': schema}}}


def _additional_fields(
    target: Target, known: Converse, settings: Settings, parameters: ModelRequestParameters, unchosen: bool
) -> Body:
    """The fields of the model's own; what the user says there wins. `unchosen`: there are tools, but no choice."""
    fields: Body = dict(settings.get('bedrock_additional_model_requests_fields') or {})
    if (top_k := settings.get('top_k')) is not None:
        _add_top_k(known, fields, top_k)
    if unchosen and known.none_field and parameters.declared_tool_defs:
        fields.setdefault('tool_choice', {'type': 'none'})
    return {**fields, **thinking_fields(target, fields, parameters)}


def _add_top_k(known: Converse, fields: Body, top_k: int) -> None:
    if known.top_k == 'claude':
        fields.setdefault('top_k', top_k)
    else:
        fields['inferenceConfig'] = {'topK': top_k, **(fields.get('inferenceConfig') or {})}


# ---------------------------------------------------------------- tools


def _tool_config(
    target: Target, settings: Settings, parameters: ModelRequestParameters, *, called: bool
) -> tuple[list[Block], Block | None]:
    """The tools and `toolChoice`; None for no choice. `called` says that the messages call a tool or hold a result.

    Raises:
        UserError: a native tool is one that the model has not, or the model cannot be made to call a tool.
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

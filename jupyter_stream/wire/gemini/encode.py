"""The body of a request: settings by name, thinking, tools, the form of the answer, and the contents."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, cast
from urllib.parse import quote

from jupyter_stream.exceptions import UnsupportedSettingWarning, UserError
from jupyter_stream.messages import ModelMessage
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.profiles import GEMINI_BUDGETS, GEMINI_LEVELS, Profile
from jupyter_stream.settings import ModelSettings, ThinkingEffort
from jupyter_stream.wire.announcement import announced
from jupyter_stream.wire.base import Target, WireRequest
from jupyter_stream.wire.gemini.history import contents
from jupyter_stream.wire.gemini.tools import image_config, native_tools, tools_and_config
from jupyter_stream.wire.prepare import extra_body, prepared, supported
from jupyter_stream.wire.schema._gemini import with_schemas

__all__ = ('encode',)

Part = dict[str, Any]

_GENERATION: Final[Mapping[str, str]] = {
    'temperature': 'temperature',
    'top_p': 'topP',
    'top_k': 'topK',
    'max_tokens': 'maxOutputTokens',
    'stop_sequences': 'stopSequences',
    'presence_penalty': 'presencePenalty',
    'frequency_penalty': 'frequencyPenalty',
    'seed': 'seed',
    'google_video_resolution': 'mediaResolution',
}
"""Settings of `generationConfig`, by their name there."""

_TOP: Final[Mapping[str, str]] = {
    'google_safety_settings': 'safetySettings',
    'google_labels': 'labels',
    'google_cached_content': 'cachedContent',
    'google_model_armor_config': 'modelArmorConfig',
}
"""Settings of the body itself."""

_CACHED: Final = ('systemInstruction', 'tools', 'toolConfig')
"""What belongs to a cached content and is refused beside one."""

_TIERS: Final[Mapping[str, str]] = {'default': 'standard', 'flex': 'flex', 'priority': 'priority'}
_CLOUD_TIERS: Final[Mapping[str, str]] = {'flex': 'pt_then_flex', 'priority': 'pt_then_priority'}
_REQUEST_TYPE: Final = 'X-Vertex-AI-LLM-Request-Type'
_SHARED_TYPE: Final = 'X-Vertex-AI-LLM-Shared-Request-Type'
_CLOUD_TIER_HEADERS: Final[Mapping[str, Mapping[str, str]]] = {
    'pt_then_on_demand': {},
    'pt_only': {_REQUEST_TYPE: 'dedicated'},
    'on_demand': {_REQUEST_TYPE: 'shared'},
    'pt_then_flex': {_SHARED_TYPE: 'flex'},
    'pt_then_priority': {_SHARED_TYPE: 'priority'},
    'flex_only': {_REQUEST_TYPE: 'shared', _SHARED_TYPE: 'flex'},
    'priority_only': {_REQUEST_TYPE: 'shared', _SHARED_TYPE: 'priority'},
}
"""By `google_cloud_service_tier`: https://cloud.google.com/vertex-ai/generative-ai/docs/provisioned-throughput"""


def encode(
    target: Target, messages: Sequence[ModelMessage], settings: ModelSettings, parameters: ModelRequestParameters
) -> WireRequest:
    """Write the request for a streamed answer.

    Settings that Gemini cannot honour are left out with an `UnsupportedSettingWarning`.

    Raises:
        UserError: the messages or parameters hold what this model or the protocol cannot take.
    """
    own = _usable(target, cast(Mapping[str, Any], settings))
    parameters = resolved(target, settings, parameters)
    target, messages, parameters = announced(target, messages, settings, parameters)
    tools, config = tools_and_config(target, settings, parameters)
    turns, system = contents(target, messages, parameters)
    body: Part = {'contents': turns}
    body.update({name: own[setting] for setting, name in _TOP.items() if own.get(setting)})
    body.update({name: value for name, value in zip(_CACHED, (system, tools, config), strict=True) if value})
    with_tools = bool(tools) and 'cachedContent' not in body
    _leave_to_cache(body)
    body['generationConfig'] = _generation(target, own, parameters, with_tools)
    body.update(_tier(target, own))
    body.update(extra_body(own))
    path = target.provider.path.replace('{model}', quote(_resource(target), safe='/'))
    return WireRequest(path, body, headers=_headers(target, own), query={'alt': 'sse'})


def resolved(target: Target, settings: ModelSettings, parameters: ModelRequestParameters) -> ModelRequestParameters:
    """The parameters as the model takes them.

    Raises:
        UserError: it cannot do what they ask for.
    """
    return with_schemas(_prepared(target, settings, parameters))


def _prepared(target: Target, settings: ModelSettings, parameters: ModelRequestParameters) -> ModelRequestParameters:
    """Where tools cannot be combined, an answer beside native tools is asked for by prompt."""
    known = target.profile.gemini
    native = native_tools(target, parameters)
    if native and parameters.output_tools and not known.combines_tools:
        parameters = parameters.with_default_output_mode('prompted')
        if parameters.output_mode != 'prompted':
            raise UserError(
                f'{target.provider.title} model {target.model_name!r} takes output tools or native tools, not both: '
                'use the output mode `prompted`.'
            )
    parameters = prepared(target.profile, replace(parameters, native_tools=native), settings)
    if parameters.output_mode == 'native' and parameters.function_tools and not known.combines_tools:
        raise UserError(
            f'{target.provider.title} model {target.model_name!r} takes function tools or the output mode `native`, '
            'not both: use the output mode `tool`.'
        )
    return parameters


def _usable(target: Target, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings without those for which Gemini has no word."""
    unknown = ['logit_bias'] if settings.get('logit_bias') else []
    if settings.get('parallel_tool_calls') is False:
        unknown.append('parallel_tool_calls')
    return supported(target, settings, unknown)


def _leave_to_cache(body: Part) -> None:
    said = [name for name in _CACHED if name in body] if 'cachedContent' in body else []
    if not said:
        return
    for name in said:
        del body[name]
    warnings.warn(
        f'`google_cached_content` brings its own system instruction and tools, these are left out: {", ".join(said)}.',
        UnsupportedSettingWarning,
        stacklevel=2,
    )


def _generation(
    target: Target, settings: Mapping[str, Any], parameters: ModelRequestParameters, with_tools: bool
) -> Part:
    profile = target.profile
    config: Part = {name: settings[key] for key, name in _GENERATION.items() if settings.get(key) is not None}
    config.update(_form(parameters, with_tools, json_object=profile.json_object_output))
    if settings.get('google_logprobs'):
        config['responseLogprobs'] = True
        if settings.get('google_top_logprobs') is not None:
            config['logprobs'] = settings['google_top_logprobs']
    text = parameters.allow_text_output or not profile.image_output
    config['responseModalities'] = ['TEXT'] * text + ['IMAGE'] * profile.image_output
    if thinking := _thinking_config(profile, settings, parameters):
        config['thinkingConfig'] = thinking
    if (image := image_config(target, parameters)) is not None:
        config['imageConfig'] = image
    return config


def _form(parameters: ModelRequestParameters, with_tools: bool, *, json_object: bool) -> Part:
    output = parameters.output_object
    if parameters.output_mode == 'native' and output is not None:
        named = {'title': output.name, 'description': output.description}
        schema = {**output.json_schema, **{key: value for key, value in named.items() if value}}
        return {'responseMimeType': 'application/json', 'responseJsonSchema': schema}
    if parameters.output_mode == 'prompted' and not with_tools:
        if not json_object:
            raise UserError('JSON output is not supported by this model: use the output mode `text`.')
        return {'responseMimeType': 'application/json'}
    return {}


def _tier(target: Target, settings: Mapping[str, Any]) -> Part:
    tier = None if target.profile.gemini.tier_headers else _TIERS.get(settings.get('service_tier') or '')
    return {'serviceTier': tier} if tier else {}


def _headers(target: Target, settings: Mapping[str, Any]) -> dict[str, str]:
    if not target.profile.gemini.tier_headers:
        return {}
    wanted = settings.get('google_cloud_service_tier')
    wanted = wanted or _CLOUD_TIERS.get(settings.get('service_tier') or '', 'pt_then_on_demand')
    if wanted not in _CLOUD_TIER_HEADERS:
        raise UserError(f'`google_cloud_service_tier` must be one of {", ".join(_CLOUD_TIER_HEADERS)}, not {wanted!r}.')
    return dict(_CLOUD_TIER_HEADERS[wanted])


def _resource(target: Target) -> str:
    """What the path calls the model. A name with slashes is a resource already, or `publisher/model`."""
    name, pattern = target.model_name, target.profile.gemini.resource
    if name.startswith(('models/', 'tunedModels/', 'publishers/', 'projects/')):
        return name
    publisher, slash, model = name.partition('/')
    if slash and pattern.startswith('publishers/'):
        return f'publishers/{publisher}/models/{model}'
    return pattern.format(name)


# ---------------------------------------------------------------- thinking

_LEVELS: Final[Mapping[ThinkingEffort, str]] = {
    'minimal': 'MINIMAL',
    'low': 'LOW',
    'medium': 'MEDIUM',
    'high': 'HIGH',
    'xhigh': 'HIGH',
    'max': 'HIGH',
}


def _thinking_config(
    profile: Profile, settings: Mapping[str, Any], parameters: ModelRequestParameters
) -> Mapping[str, Any] | None:
    """`thinkingConfig`: the setting `google_thinking_config` as it is, else what `thinking` asks for, else None."""
    if said := settings.get('google_thinking_config'):
        return said
    thinking = parameters.thinking
    if thinking is None:
        return None
    if thinking is False:
        return _least(profile)
    if thinking is True:
        return {'include_thoughts': True}
    if profile.gemini.levels is None:
        return {'include_thoughts': True, 'thinking_budget': GEMINI_BUDGETS[thinking]}
    return {'include_thoughts': True, 'thinking_level': _nearest(_LEVELS[thinking], profile.gemini.levels)}


def _least(profile: Profile) -> dict[str, Any]:
    if profile.gemini.levels is None:
        return {'thinking_budget': GEMINI_BUDGETS['minimal'] if profile.always_thinks else 0}
    if profile.gemini.zero_budget:
        return {'thinking_budget': 0}
    return {'thinking_level': _nearest(GEMINI_LEVELS[0], profile.gemini.levels)}


def _nearest(level: str, levels: tuple[str, ...]) -> str:
    """The level that the model takes nearest to the one wanted, the cheaper of two equally near."""
    wanted = GEMINI_LEVELS.index(level)
    return min(levels, key=lambda known: (abs(GEMINI_LEVELS.index(known) - wanted), GEMINI_LEVELS.index(known)))

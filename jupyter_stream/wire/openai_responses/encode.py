"""The body of a Responses request: settings by name, reasoning, caching, the form of the answer, and the input items.

https://platform.openai.com/docs/guides/reasoning, https://platform.openai.com/docs/guides/prompt-caching
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, cast
from urllib.parse import quote

from jupyter_stream.messages import ModelMessage, ModelRequest, ModelResponse, ModelResponsePart, SystemPromptPart
from jupyter_stream.output import OutputObjectDefinition
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.profiles import SAMPLING_SETTINGS, Profile
from jupyter_stream.settings import ModelSettings
from jupyter_stream.wire.announcement import announced
from jupyter_stream.wire.base import Target, WireRequest
from jupyter_stream.wire.openai_effort import effort, is_thinking
from jupyter_stream.wire.openai_responses.history import input_items, is_marked, lead_in, mark_instructions
from jupyter_stream.wire.openai_responses.state import (
    Continuation,
    comparable_response,
    continuation,
    fingerprint,
    is_own,
)
from jupyter_stream.wire.openai_responses.tools import function_tools, native_tools
from jupyter_stream.wire.prepare import extra_body, instructions, prepared, supported
from jupyter_stream.wire.sendable import Takes, sendable

__all__ = ('encode',)

_TAKES: Final = Takes(binds_text=True, call_ids=re.compile(r'[^|]{1,64}(\|.*)?', re.DOTALL))

Settings = Mapping[str, Any]
Body = dict[str, Any]

_DEFAULT_OUTPUT_NAME: Final = 'final_result'

_PLAIN: Final = {
    'max_tokens': 'max_output_tokens',
    'temperature': 'temperature',
    'top_p': 'top_p',
    'service_tier': 'service_tier',
    'openai_service_tier': 'service_tier',
    'openai_user': 'user',
    'openai_top_logprobs': 'top_logprobs',
    'openai_store': 'store',
    'openai_moderation': 'moderation',
    'openai_background': 'background',
    'openai_truncation': 'truncation',
    'openai_context_management': 'context_management',
    'openai_prompt_cache_key': 'prompt_cache_key',
    'openai_prompt_cache_retention': 'prompt_cache_retention',
}
"""Settings that go over as they are, by their name there; a later one wins over an earlier of the same name."""

_INCLUDED: Final = {
    'openai_include_code_execution_outputs': 'code_interpreter_call.outputs',
    'openai_include_web_search_sources': 'web_search_call.action.sources',
    'openai_include_file_search_results': 'file_search_call.results',
    'openai_logprobs': 'message.output_text.logprobs',
}
"""Settings that ask for more in the answer, by the word for it."""

_UNKNOWN: Final = (
    'top_k',
    'seed',
    'stop_sequences',
    'presence_penalty',
    'frequency_penalty',
    'logit_bias',
    'openai_prediction',
)
"""Settings for which the protocol has no word."""


def encode(
    target: Target, messages: Sequence[ModelMessage], settings: ModelSettings, parameters: ModelRequestParameters
) -> WireRequest:
    """Write the request for a streamed answer.

    Settings that the model cannot honour are left out with an `UnsupportedSettingWarning`.

    Raises:
        UserError: the messages, settings or parameters hold what this model or the protocol cannot take.
    """
    parameters = prepared(target.profile, parameters, settings)
    own = _usable(target, cast(Settings, settings), parameters)
    if (resumed := _resumption(target, messages, own)) is not None:
        return resumed
    target, messages, parameters = announced(target, messages, settings, parameters)
    messages = sendable(messages, _TAKES, target.provider.name)
    goes_on = continuation(target, messages, own)
    tools, choice = function_tools(target, settings, parameters)
    tools = [*native_tools(target, parameters), *own.get('openai_native_tools', ()), *tools]
    body: Body = {
        'model': target.model_name,
        'stream': True,
        **_conversation(target, messages, own, parameters, goes_on),
        **{name: own[setting] for setting, name in _PLAIN.items() if own.get(setting) is not None},
        **goes_on.body,
        **_reasoning(target, own, parameters),
    }
    if include := _include(target, own):
        body['include'] = include
    if tools:
        body.update(tools=tools, tool_choice=choice)
        if 'parallel_tool_calls' in own:
            body['parallel_tool_calls'] = own['parallel_tool_calls']
    if text := _text(target.profile, own, parameters):
        body['text'] = text
    if options := _kept_options(
        own, body['input'], comparable_response(target, messages) if _compares(target, own) else None
    ):
        body['prompt_cache_options'] = options
    body.update(extra_body(own))
    return WireRequest(
        _path(target), body, query=dict(target.provider.query), digest=_digest(target, messages, own, parameters)
    )


def _path(target: Target) -> str:
    return target.profile.responses.path or target.provider.path


def _digest(
    target: Target, messages: Sequence[ModelMessage], settings: Settings, parameters: ModelRequestParameters
) -> Callable[[Sequence[ModelResponsePart]], str] | None:
    """The fingerprint of the answer, for a later request that goes on from it."""
    if settings.get('openai_previous_response_id') is None:
        return None
    return fingerprint(messages, with_instructions=_is_json(target.profile, parameters))


def _resumption(target: Target, messages: Sequence[ModelMessage], settings: Settings) -> WireRequest | None:
    """The request that listens on to a response which runs in the background, after the last event heard of it."""
    last = messages[-1] if messages else None
    if not isinstance(last, ModelResponse) or not is_own(target, last):
        return None
    if last.state != 'suspended' or not last.provider_response_id:
        return None
    query: dict[str, str | list[str]] = {**target.provider.query, 'stream': 'true'}
    if (number := (last.provider_details or {}).get('last_sequence_number')) is not None:
        query['starting_after'] = str(number)
    if words := _more(settings):
        query['include[]'] = words
    path = f'{_path(target)}/{quote(last.provider_response_id, safe="")}'
    return WireRequest(path, {}, query=query, method='GET')


def _usable(target: Target, settings: Settings, parameters: ModelRequestParameters) -> dict[str, Any]:
    """The settings without those that the model would refuse or that would have no effect."""
    profile = target.profile
    refused = [*_UNKNOWN, *profile.dropped_settings]
    if settings.get('openai_transport') == 'websocket':
        refused.append('openai_transport')
    off = profile.none_effort and not is_thinking(profile, settings, parameters)
    if profile.no_sampling_while_thinking and not off:
        refused += [name for name in SAMPLING_SETTINGS if name not in refused]
    granted = ['cache'] if profile.responses.cache_retentions else []
    return _cache_settings(target, supported(target, settings, refused, granted))


def _include(target: Target, settings: Settings) -> list[str]:
    words = _more(settings)
    return ['reasoning.encrypted_content', *words] if target.profile.responses.encrypted_reasoning else words


def _more(settings: Settings) -> list[str]:
    return [word for setting, word in _INCLUDED.items() if settings.get(setting)]


def _compares(target: Target, settings: Settings) -> bool:
    return target.profile.responses.cache_diagnostics and settings.get('openai_prompt_cache_diagnostics', True)


# -------------------------------------------------------------------------- input


def _conversation(
    target: Target,
    messages: Sequence[ModelMessage],
    settings: Settings,
    parameters: ModelRequestParameters,
    goes_on: Continuation,
) -> Body:
    """The input, and the instructions where they are not in it."""
    items = input_items(target, goes_on, settings, parameters)
    texts = instructions(messages, parameters)
    role = target.profile.system_role
    marks = _marks_instructions(target, messages, settings, items)
    if marks and mark_instructions(items, role, texts, _static(texts, parameters)):
        texts = []
    if not texts:
        return {'input': items}
    text = '\n\n'.join(texts).strip()
    if _is_json(target.profile, parameters):
        # The API wants the word JSON to stand in the input, and does not look into the instructions for it.
        lead_in(items, role, text)
        return {'input': items}
    return {'input': items, 'instructions': text}


def _marks_instructions(
    target: Target, messages: Sequence[ModelMessage], settings: Settings, items: Sequence[Body]
) -> bool:
    """Whether the instructions are to be said in the input, where they can be marked for the cache.

    Not where the provider keeps the input, for they would come up again with each further request, nor where a prompt
    that changes comes before them.
    """
    kept = ('openai_previous_response_id', 'openai_conversation_id')
    return (
        bool(settings.get('openai_cache_instructions'))
        and target.profile.responses.cache_marks
        and target.profile.system_role != 'user'
        and all(settings.get(name) is None for name in kept)
        and not any(_is_dynamic(message) for message in messages)
        and not any(item.get('type') == 'compaction' for item in items)
    )


def _static(texts: Sequence[str], parameters: ModelRequestParameters) -> int:
    """How many of the first instructions stay the same from one request to the next."""
    dynamic = [part.content for part in parameters.instruction_parts or () if part.dynamic]
    return next((index for index, text in enumerate(texts) if text in dynamic), len(texts))


def _is_dynamic(message: ModelMessage) -> bool:
    parts = message.parts if isinstance(message, ModelRequest) else ()
    return any(isinstance(part, SystemPromptPart) and part.dynamic_ref is not None for part in parts)


# ------------------------------------------------------------------------- answer


def _text(profile: Profile, settings: Settings, parameters: ModelRequestParameters) -> Body:
    said: Body = {}
    if parameters.output_mode == 'native' and parameters.output_object is not None:
        said['format'] = _json_schema(profile, parameters.output_object)
    elif _is_json(profile, parameters):
        said['format'] = {'type': 'json_object'}
    if verbosity := settings.get('openai_text_verbosity'):
        said['verbosity'] = verbosity
    return said


def _is_json(profile: Profile, parameters: ModelRequestParameters) -> bool:
    return parameters.output_mode == 'prompted' and profile.json_object_output


def _json_schema(profile: Profile, output: OutputObjectDefinition) -> Body:
    form: Body = {
        'type': 'json_schema',
        'name': output.name or _DEFAULT_OUTPUT_NAME,
        'schema': output.json_schema,
    }
    if output.description:
        form['description'] = output.description
    if profile.strict_schemas:
        form['strict'] = output.strict
    return form


# ---------------------------------------------------------------- reasoning


def _reasoning(target: Target, settings: Mapping[str, Any], parameters: ModelRequestParameters) -> dict[str, Any]:
    """The part of a request's body that says whether and how to reason; `parameters` must be `prepared`."""
    known = target.profile.responses
    said = {
        'effort': _effort(target, settings, parameters),
        'mode': settings.get('openai_reasoning_mode') if known.reasoning_mode else None,
        'context': _context(target, settings.get('openai_reasoning_context')),
        'summary': settings.get('openai_reasoning_summary'),
    }
    kept = {name: value for name, value in said.items() if value}
    return {'reasoning': kept} if kept else {}


def _effort(target: Target, settings: Mapping[str, Any], parameters: ModelRequestParameters) -> str | None:
    if (word := settings.get('openai_reasoning_effort')) is not None:
        return word
    if parameters.thinking is None:
        return None
    return effort(parameters.thinking, replace(target.profile, max_effort=target.profile.responses.max_effort))


def _context(target: Target, wanted: str | None) -> str | None:
    """Every model that reasons takes the other words; only some can be shown the reasoning of all turns."""
    if wanted is None:
        wanted = 'all_turns' if target.profile.responses.reasoning_context else None
    if wanted == 'all_turns':
        return wanted if target.profile.responses.reasoning_context else None
    return wanted if target.profile.no_sampling_while_thinking else None


# ---------------------------------------------------------------- the prompt cache

_ORDER: Final = ('5m', '30m', '1h', '12h')
_DEFAULT: Final = '30m'
_STANDS_IN: Final = 'jupyter_stream_cache'
"""A key beside the options that says that they came from `cache`, not from the user."""


def _cache_settings(target: Target, settings: dict[str, Any]) -> dict[str, Any]:
    """The settings, with `cache` said as `openai_prompt_cache_options` and `openai_cache_instructions`.

    These win where they are set themselves. Models that know no retention cache what they can, unasked.
    """
    known, wanted = target.profile.responses.cache_retentions, settings.get('cache')
    said = any(settings.get(name) is not None for name in ('openai_prompt_cache_options', 'openai_cache_instructions'))
    if not wanted or not known or said:
        return settings
    config = cast(Mapping[str, Any], wanted) if isinstance(wanted, Mapping) else {'retention': wanted}
    mode = 'implicit' if config.get('messages', True) else 'explicit'
    options = {'mode': mode, 'ttl': _nearest(config.get('retention', True), known)}
    return {
        **settings,
        'openai_prompt_cache_options': options,
        'openai_cache_instructions': True,
        _STANDS_IN: True,
    }


def _nearest(wanted: Any, known: Sequence[str]) -> str:
    """The longest retention that is no longer than the one wanted, else the shortest."""
    if wanted not in _ORDER:
        return _DEFAULT
    shorter = [word for word in known if _ORDER.index(word) <= _ORDER.index(wanted)]
    return shorter[-1] if shorter else known[0]


def _kept_options(settings: Mapping[str, Any], items: Sequence[dict[str, Any]], compared: str | None) -> dict[str, Any]:
    """`prompt_cache_options`: those of the settings, and the response to compare the prompt with."""
    options = dict(cast(Mapping[str, Any], settings.get('openai_prompt_cache_options') or {}))
    if settings.get(_STANDS_IN) and not is_marked(items):
        options['mode'] = 'implicit'  # with no mark to go by, nothing at all would be kept
    return options if compared is None else {**options, 'comparison_response_id': compared}

"""What a caller passes, checked before anything is sent: right, or one sentence that says what to change.

Each function takes a value of any type and returns it as what it is, or raises a UserError. What a value must be is
said by the annotations of the vocabulary; the tables here hold what annotations do not say. Pure. It is paid for once
a request, and never for a delta.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from functools import cache
from math import inf
from typing import Any, Final, NamedTuple, cast, get_type_hints

from jupyter_stream.exceptions import UserError
from jupyter_stream.messages import ModelMessage, ModelRequest, ModelResponse
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.settings import ModelSettings

from ._fits import Check, Misfit, check_for, kind_of

__all__ = ('checked_messages', 'checked_parameters', 'checked_settings', 'checked_text', 'kind_of')


class _Range(NamedTuple):
    """What a number must be; the ends count as inside, unless `above`."""

    least: float
    most: float
    words: str

    def holds(self, value: float) -> bool:
        return self.least <= value <= self.most and abs(value) != inf

    def check(self, value: float) -> Misfit | None:
        return None if self.holds(value) else Misfit('', (self.words,), f'must be {self.words}, not {value!r}')


class _Seconds(_Range):
    """A wait; an infinite one has no limit."""

    def holds(self, value: float) -> bool:
        return value > 0


_FINITE: Final = _Range(-inf, inf, 'a finite number')
_BYTES: Final = _Range(1024, inf, 'a whole number of bytes, at least 1024')
_WAIT: Final = _Seconds(0, inf, 'a number of seconds above 0')

_RANGES: Final[Mapping[str, _Range]] = {
    'max_tokens': _Range(1, inf, 'a whole number of at least 1'),
    'max_retries': _Range(0, inf, 'a whole number of at least 0'),
    'temperature': _Range(0, inf, 'a finite number of at least 0'),
    'top_p': _Range(0, 1, 'a number from 0 to 1'),
    'top_k': _FINITE,
    'seed': _FINITE,
    'presence_penalty': _FINITE,
    'frequency_penalty': _FINITE,
    'timeout': _WAIT,
    'request_timeout': _WAIT,
    'first_event_timeout': _WAIT,
    'idle_timeout': _WAIT,
    'max_stream_bytes': _BYTES,
    'max_event_bytes': _BYTES,
}

# The settings of providers, by what they must be; a provider says itself which texts it knows. What may be of several
# kinds, such as `anthropic_container`, is left to it.
_OF_PROVIDERS: Final[Mapping[Any, str]] = {
    bool: """anthropic_cache_diagnostics anthropic_eager_input_streaming cerebras_clear_thinking
        cerebras_disable_reasoning google_logprobs openai_background openai_continuous_usage_stats
        openai_include_code_execution_outputs openai_include_file_search_results openai_include_raw_annotations
        openai_include_web_search_sources openai_logprobs openai_store zai_clear_thinking""",
    int: 'google_top_logprobs openai_top_logprobs',
    str: """anthropic_code_execution_tool_version anthropic_effort anthropic_service_tier anthropic_speed
        bedrock_inference_profile google_cached_content google_cloud_service_tier google_video_resolution
        groq_reasoning_effort groq_reasoning_format mistral_prompt_cache_key openai_conversation_id
        openai_previous_response_id openai_prompt_cache_key openai_prompt_cache_retention openai_reasoning_context
        openai_reasoning_effort openai_reasoning_mode openai_reasoning_summary openai_service_tier
        openai_text_verbosity openai_truncation openai_user openrouter_preset""",
    bool | str: """anthropic_cache anthropic_cache_instructions anthropic_cache_messages
        anthropic_cache_tool_definitions bedrock_cache_instructions bedrock_cache_messages
        bedrock_cache_tool_definitions openrouter_cache_instructions openrouter_cache_messages
        openrouter_cache_tool_definitions""",
    list[str]: """anthropic_betas anthropic_web_tools_allowed_callers bedrock_additional_model_response_fields_paths
        openrouter_models openrouter_transforms""",
    list[dict[str, Any]]: 'google_safety_settings openai_native_tools',
    dict[str, str]: 'bedrock_request_metadata google_labels',
    dict[str, Any]: """anthropic_context_management anthropic_metadata anthropic_task_budget anthropic_thinking
        bedrock_additional_model_requests_fields bedrock_guardrail_config bedrock_performance_configuration
        bedrock_prompt_variables google_model_armor_config google_thinking_config openai_prediction
        openai_prompt_cache_options openrouter_provider openrouter_reasoning openrouter_usage""",
}


def checked_messages(messages: object, name: str = '`messages`') -> list[ModelMessage]:
    """A conversation that can be sent.

    Raises:
        UserError: it is no list of messages, or something in it is of the wrong type; it names the place.
    """
    if isinstance(messages, ModelRequest | ModelResponse):
        raise UserError(f'{name} must be a list of messages, not one message: write `[…]` around it.')
    if isinstance(messages, str):
        raise UserError(f'{name} must be a list of messages, not a text: write `[ModelRequest.user_text_prompt(…)]`.')
    _refuse(name, check_for(list[ModelMessage])(messages))
    return list(cast('list[ModelMessage]', messages))


def checked_settings(settings: object, name: str = '`model_settings`') -> ModelSettings | None:
    """Settings whose values are of their types and in their ranges; unknown ones are left to the model.

    Raises:
        UserError: they are not; it names the setting.
    """
    if settings is None:
        return None
    if not isinstance(settings, Mapping):
        raise UserError(f'{name} must be a dict such as {{"temperature": 0}}, not {kind_of(settings)}.')
    for key, value in cast('Mapping[object, object]', settings).items():
        if not isinstance(key, str):
            raise UserError(f'{name} has the name {key!r}: the names of settings are texts.')
        check = _setting_checks().get(key)
        if check is not None and value is not None:
            _refuse(f'The setting `{key}`', check(value))
    return cast(ModelSettings, settings)


def checked_parameters(parameters: object) -> ModelRequestParameters:
    """Request parameters with fields of their types, and tools that can be told apart; None stands for the defaults.

    Raises:
        UserError: they are not; it names the field, or the tool.
    """
    if parameters is None:
        return ModelRequestParameters()
    _refuse('`model_request_parameters`', check_for(ModelRequestParameters)(parameters))
    checked = cast(ModelRequestParameters, parameters)
    names = [tool.name for tool in (*checked.function_tools, *checked.output_tools)]
    twice = next((name for name, count in Counter(names).items() if count > 1), None)
    if twice is not None:
        raise UserError(f'Two tools have the name {twice!r}, so a call of it would not say which: rename one.')
    if not all(names):
        raise UserError('A tool has an empty name, so the model could not call it: name it.')
    return checked


def checked_text(value: object, name: str) -> str:
    """A text that can be sent. Raises UserError where it is none."""
    _refuse(name, check_for(str)(value))
    return cast(str, value)


def _refuse(name: str, misfit: Misfit | None) -> None:
    if misfit is None:
        return
    place = f'{name[:-1]}{misfit.path}`' if name.endswith('`') else name + misfit.path
    raise UserError(f'{place} {misfit.problem}.')


@cache
def _setting_checks() -> Mapping[str, Check]:
    theirs = {name: hint for hint, names in _OF_PROVIDERS.items() for name in names.split()}
    checks = {name: check_for(hint) for name, hint in {**theirs, **get_type_hints(ModelSettings)}.items()}
    checks['timeout'] = _timeout
    # The peer's type says texts; ids of tokens are numbers, and JSON makes texts of them.
    checks['logit_bias'] = check_for(dict[str | int, float])
    del checks['extra_headers']  # the model that sends them knows what a header can carry, and shows no value
    return {name: _both(check, _RANGES[name]) if name in _RANGES else check for name, check in checks.items()}


def _both(fits: Check, limits: _Range) -> Callable[[Any], Misfit | None]:
    def check(value: Any) -> Misfit | None:
        return fits(value) or (limits.check(value) if isinstance(value, int | float) else None)

    return check


def _timeout(value: object) -> Misfit | None:
    """Seconds, or an `httpx.Timeout`, known by its fields: httpx is not loaded for this."""
    return None if hasattr(value, 'connect') and hasattr(value, 'read') else check_for(float)(value)

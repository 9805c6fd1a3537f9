"""The body of a request to Mistral."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from jupyter_stream.messages import ModelMessage
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.profiles import Profile
from jupyter_stream.settings import ModelSettings
from jupyter_stream.wire.announcement import announced
from jupyter_stream.wire.base import Target, WireRequest
from jupyter_stream.wire.mistral.history import mistral_messages
from jupyter_stream.wire.openai_chat.encode import chat_tools
from jupyter_stream.wire.prepare import extra_body, prepared, supported

__all__ = ('encode',)

_PLAIN: Final = {
    'temperature': 'temperature',
    'max_tokens': 'max_tokens',
    'seed': 'random_seed',
    'parallel_tool_calls': 'parallel_tool_calls',
    'mistral_prompt_cache_key': 'prompt_cache_key',
}
"""Settings that go over as they are, by their name there."""

_NULLABLE: Final = {
    'top_p': 'top_p',
    'stop_sequences': 'stop',
    'presence_penalty': 'presence_penalty',
    'frequency_penalty': 'frequency_penalty',
}
"""Those that are said even if they are not set, as null."""

_UNKNOWN: Final = ('top_k', 'logit_bias', 'service_tier')
_CHOICES: Final = {'required': 'any'}


def encode(
    target: Target, messages: Sequence[ModelMessage], settings: ModelSettings, parameters: ModelRequestParameters
) -> WireRequest:
    """Write the request for a streamed answer.

    Settings that Mistral has no word for are left out with an `UnsupportedSettingWarning`.

    Raises:
        UserError: the messages or parameters hold what this model or Mistral cannot take.
    """
    parameters = prepared(target.profile, parameters, settings)
    target, messages, parameters = announced(target, messages, settings, parameters)
    plain = supported(target, cast(Mapping[str, Any], settings), _UNKNOWN)
    tools, choice = _tools(target, settings, parameters)
    body: dict[str, Any] = {
        'model': target.model_name,
        'messages': mistral_messages(target, messages, parameters),
        'stream': True,
        **{name: plain.get(setting) for setting, name in _NULLABLE.items()},
        **{name: plain[setting] for setting, name in _PLAIN.items() if plain.get(setting) is not None},
    }
    if body['top_p'] is None and (tools or parameters.output_tools):
        body['top_p'] = 1
    if tools:
        body.update(tools=tools, n=1)
    if choice is not None:
        body['tool_choice'] = choice
    if (effort := _effort(target.profile, parameters)) is not None:
        body['reasoning_effort'] = effort
    return WireRequest(target.provider.path, {**body, **extra_body(plain)})


def _tools(
    target: Target, settings: ModelSettings, parameters: ModelRequestParameters
) -> tuple[list[dict[str, Any]], Any]:
    tools, choice = chat_tools(target, settings, parameters)
    if choice == 'none':
        return [], None  # with tools that it must not call, Mistral answers with gibberish
    return tools, _CHOICES.get(choice, choice) if isinstance(choice, str) else choice


def _effort(profile: Profile, parameters: ModelRequestParameters) -> str | None:
    """Mistral knows thinking and no thinking: https://docs.mistral.ai/capabilities/reasoning"""
    if parameters.thinking is None or profile.always_thinks:
        return None
    return 'none' if parameters.thinking is False else 'high'

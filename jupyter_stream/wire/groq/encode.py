"""The body of a Groq request: that of Chat Completions, and what Groq has beyond or instead.

Thinking is asked for by a format and an effort (https://console.groq.com/docs/reasoning). Of the models that think,
some take graded efforts, some only 'none' and 'default', some none at all.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, cast

from jupyter_stream.exceptions import UnsupportedSettingWarning, UserError
from jupyter_stream.messages import ModelMessage
from jupyter_stream.native_tools import WebSearchTool
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.profiles import Profile
from jupyter_stream.settings import ModelSettings, ThinkingLevel
from jupyter_stream.wire.base import Target, WireRequest
from jupyter_stream.wire.openai_chat.encode import chat_body, wire_request
from jupyter_stream.wire.openai_effort import effort
from jupyter_stream.wire.prepare import prepared, without

__all__ = ('encode',)


def encode(
    target: Target, messages: Sequence[ModelMessage], settings: ModelSettings, parameters: ModelRequestParameters
) -> WireRequest:
    """Write the request for a streamed answer.

    Settings that Groq cannot honour are left out with an `UnsupportedSettingWarning`.

    Raises:
        UserError: the messages or parameters hold what this model or the protocol cannot take.
    """
    settings = without(settings, 'openai_')
    body = chat_body(target, messages, settings, parameters)
    del body['stream_options']
    body['n'] = 1
    _trim(body)
    if search := _search_settings(target, parameters):
        body['search_settings'] = search
    thinking = prepared(target.profile, parameters, settings).thinking
    body.update(_thinking_body(target, cast(Mapping[str, Any], settings), thinking))
    return wire_request(target, body, settings)


def _trim(body: dict[str, Any]) -> None:
    """Take out what Groq refuses: content without a text, `strict` tools, and the JSON mode together with tools."""
    for message in body['messages']:
        if message.get('content', '') is None:
            del message['content']
    for tool in body.get('tools', ()):
        tool['function'].pop('strict', None)
    if 'tools' in body and body.get('response_format') == {'type': 'json_object'}:
        del body['response_format']


def _search_settings(target: Target, parameters: ModelRequestParameters) -> dict[str, Any]:
    """Where a model that searches by itself may search: https://console.groq.com/docs/web-search"""
    tool = next((tool for tool in parameters.native_tools if isinstance(tool, WebSearchTool)), None)
    if tool is None or target.profile.web_search != 'always':
        return {}
    if (tool.max_uses is not None or tool.external_web_access is False) and not tool.optional:
        raise UserError(
            f'{target.provider.title} model {target.model_name!r} searches the web as often as it likes: leave out '
            '`max_uses` and `external_web_access`, or give the model a search tool of your own.'
        )
    domains = {'include_domains': tool.allowed_domains, 'exclude_domains': tool.blocked_domains}
    return {name: listed for name, listed in domains.items() if listed}


# ---------------------------------------------------------------- thinking


def _thinking_body(target: Target, settings: Mapping[str, Any], thinking: ThinkingLevel | None) -> dict[str, Any]:
    """`reasoning_format` and `reasoning_effort`; Groq's own settings win, except over thinking switched off."""
    profile = target.profile
    off = thinking is False and profile.none_effort
    said = settings.get('groq_reasoning_effort')
    if off and said is not None:
        _warn(target)
    body = {
        'reasoning_format': settings.get('groq_reasoning_format') or _format(profile, thinking),
        'reasoning_effort': 'none' if off else said or _effort(profile, thinking),
    }
    return {name: value for name, value in body.items() if value is not None}


def _format(profile: Profile, thinking: ThinkingLevel | None) -> str | None:
    if thinking is None:
        return None
    if thinking is not False:
        return 'parsed'
    switched_off = profile.none_effort
    has_no_switch = profile.always_thinks and profile.efforts is None
    # A model that only thinks less must not show it.
    return None if switched_off or has_no_switch else 'hidden'


def _effort(profile: Profile, thinking: ThinkingLevel | None) -> str | None:
    return effort(thinking, profile) if thinking is not None and profile.efforts else None


def _warn(target: Target) -> None:
    warnings.warn(
        f'{target.provider.title} model {target.model_name!r} does not think with `thinking=False`, so the setting '
        '`groq_reasoning_effort` is left out.',
        UnsupportedSettingWarning,
        stacklevel=3,
    )

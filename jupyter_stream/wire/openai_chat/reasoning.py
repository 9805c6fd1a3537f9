"""Thinking in Chat Completions: how a request asks for it, and the `reasoning_details` in which some send it.

`reasoning_details` are OpenRouter's: https://openrouter.ai/docs/use-cases/reasoning-tokens#preserving-reasoning-blocks
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from jupyter_stream.messages import ThinkingPart
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.profiles import Profile
from jupyter_stream.settings import ModelSettings, ThinkingLevel
from jupyter_stream.wire.openai_effort import EFFORTS, effort

__all__ = ('detail_of', 'part_of', 'thinking_body')

Settings = Mapping[str, Any]

_OPENROUTER_WORDS: Final[Mapping[ThinkingLevel, str]] = {
    True: 'medium',
    False: 'none',
    'minimal': 'low',
    'xhigh': 'high',
}
_SNOWFLAKE_WORDS: Final[Mapping[ThinkingLevel, str]] = {
    True: 'medium',
    'minimal': 'low',
    'xhigh': 'high',
    'max': 'high',
}


def thinking_body(profile: Profile, settings: ModelSettings, parameters: ModelRequestParameters) -> dict[str, Any]:
    """The part of a request's body that says whether and how much to think; `parameters` must be `prepared`."""
    own = cast(Settings, settings)
    return _STYLES[profile.thinking](profile, own, parameters)


# ------------------------------------------------------------------------ styles


def _said(settings: Settings) -> dict[str, Any]:
    word = settings.get('openai_reasoning_effort')
    return {'reasoning_effort': word} if word else {}


def _by_effort(profile: Profile, settings: Settings, parameters: ModelRequestParameters) -> dict[str, Any]:
    thinking = parameters.thinking
    if (said := _said(settings)) or thinking is None:
        return said
    if thinking is False and profile.no_thinking_body is not None:
        return dict(profile.no_thinking_body)
    word = effort(thinking, profile)
    return {} if word is None else {'reasoning_effort': word}


_OPENROUTER: Final = {
    'openrouter_models': 'models',
    'openrouter_provider': 'provider',
    'openrouter_preset': 'preset',
    'openrouter_transforms': 'transforms',
    'openrouter_usage': 'usage',
    'openrouter_reasoning': 'reasoning',
}


def _openrouter(profile: Profile, settings: Settings, parameters: ModelRequestParameters) -> dict[str, Any]:
    body = {**_said(settings), **{name: settings[key] for key, name in _OPENROUTER.items() if settings.get(key)}}
    thinking = parameters.thinking
    if thinking is not None and 'openrouter_reasoning' not in settings:
        word = _OPENROUTER_WORDS.get(thinking, thinking)
        if thinking is False and profile.always_thinks:
            word = 'low'
        # Some routes think only when told so, an effort alone is not enough.
        body['reasoning'] = {'effort': word} if thinking is False else {'effort': word, 'enabled': True}
    return body


def _zai(profile: Profile, settings: Settings, parameters: ModelRequestParameters) -> dict[str, Any]:
    thinking = parameters.thinking
    if thinking is False and profile.always_thinks:
        thinking = 'minimal'
    body: dict[str, Any] = {}
    switch: dict[str, Any] = {} if thinking is None else {'type': 'enabled' if thinking else 'disabled'}
    switch.update(_kept(profile, settings.get('zai_clear_thinking')))
    if switch:
        body['thinking'] = switch
    if profile.efforts and isinstance(thinking, str):
        ranked = [word for word in profile.efforts if EFFORTS.index(word) >= EFFORTS.index(thinking)]
        body['reasoning_effort'] = (ranked or [profile.efforts[-1]])[0]
    return body


def _cerebras(profile: Profile, settings: Settings, parameters: ModelRequestParameters) -> dict[str, Any]:
    thinking = parameters.thinking
    body: dict[str, Any] = {**_said(settings), **_kept(profile, settings.get('cerebras_clear_thinking'))}
    off = settings.get('cerebras_disable_reasoning')
    if off or (off is None and thinking is False and not profile.always_thinks):
        body['reasoning_effort'] = 'none'
    elif thinking is False:
        body.setdefault('reasoning_effort', 'low')
    elif thinking is not None and profile.efforts:
        body.setdefault('reasoning_effort', effort(thinking, profile))
    return body


def _kept(profile: Profile, clear: bool | None) -> dict[str, bool]:
    """By default earlier thinking stays in the conversation."""
    if clear is None and not profile.keeps_thinking:
        return {}
    return {'clear_thinking': bool(clear)}


def _snowflake(profile: Profile, settings: Settings, parameters: ModelRequestParameters) -> dict[str, Any]:
    body = _said(settings)
    reasoning = settings.get('snowflake_reasoning')
    if reasoning is None and parameters.thinking:
        reasoning = {'effort': _SNOWFLAKE_WORDS.get(parameters.thinking, parameters.thinking)}
    if reasoning:
        body['reasoning'] = reasoning
        if settings.get('temperature') is None:
            body['temperature'] = 1  # Cortex's own default is another, which its Claude refuses while it thinks
    return body


def _unsaid(profile: Profile, settings: Settings, parameters: ModelRequestParameters) -> dict[str, Any]:
    return {}


_STYLES: Final[Mapping[str, Callable[[Profile, Settings, ModelRequestParameters], dict[str, Any]]]] = {
    'effort': _by_effort,
    'openrouter': _openrouter,
    'zai': _zai,
    'cerebras': _cerebras,
    'snowflake': _snowflake,
    'unsaid': _unsaid,
}

# ------------------------------------------------------------- reasoning details

_CONTENT: Final = {'reasoning.text': 'text', 'reasoning.summary': 'summary', 'reasoning.encrypted': None}
_SIGNATURE: Final = {'reasoning.text': 'signature', 'reasoning.summary': None, 'reasoning.encrypted': 'data'}


def part_of(detail: Mapping[str, Any]) -> dict[str, Any] | None:
    """What a thinking part takes from an entry of `reasoning_details`; None for an entry of an unknown kind."""
    kind = detail.get('type')
    if kind not in _CONTENT:
        return None
    content, signature = _CONTENT[kind], _SIGNATURE[kind]
    return {
        'content': (detail.get(content) or '') if content else '',
        'signature': detail.get(signature) if signature else None,
        'id': detail.get('id'),
        'provider_details': {'format': detail.get('format'), 'index': detail.get('index'), 'type': kind},
    }


def detail_of(part: ThinkingPart) -> dict[str, Any] | None:
    """The entry of `reasoning_details` that a thinking part came from; None when it came from none."""
    details = part.provider_details or {}
    kind = details.get('type')
    if kind not in _CONTENT:
        return None
    content, signature = _CONTENT[kind], _SIGNATURE[kind]
    entry = {'id': part.id, 'format': details.get('format'), 'index': details.get('index'), 'type': kind}
    if content:
        entry[content] = part.content
    if signature:
        entry[signature] = part.signature
    return entry

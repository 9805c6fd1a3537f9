"""Thinking: how a request asks each vendor's models for it, and what follows from it for tools and the output mode.

Converse has no word of its own for thinking: it goes into `additionalModelRequestFields`, as the vendor has it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final, Literal, cast

from jupyter_stream.exceptions import UserError
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.profiles import CLAUDE_BUDGETS, Claude
from jupyter_stream.settings import ThinkingLevel
from jupyter_stream.wire.base import Target
from jupyter_stream.wire.prepare import relevant
from jupyter_stream.wire.tool_choice import forced

__all__ = ('can_force', 'settled', 'thinking_fields')

Fields = dict[str, Any]
Settings = Mapping[str, Any]
Words = Mapping[ThinkingLevel, str]

_EFFORTS: Final[Words] = {
    True: 'medium',
    False: 'none',
    'minimal': 'low',
    'low': 'low',
    'medium': 'medium',
    'high': 'high',
    'xhigh': 'xhigh',
    'max': 'xhigh',
}
_TO_HIGH: Final[Words] = {**_EFFORTS, False: 'low', 'xhigh': 'high', 'max': 'high'}
_ONLY_HIGH: Final[Words] = {**dict.fromkeys(_EFFORTS, 'high'), False: 'none'}
_TO_MAX: Final[Words] = {**_EFFORTS, True: 'max', False: 'low', 'max': 'max'}
_QWEN: Final[Words] = {**_ONLY_HIGH, 'minimal': 'low', 'low': 'low'}

_OWN_FIELDS: Final = 'bedrock_additional_model_requests_fields'


def thinking_fields(target: Target, given: Fields, parameters: ModelRequestParameters) -> Fields:
    """The additional fields that ask for thinking, beside those `given` by the user, which win.

    `parameters` must be `prepared`.
    """
    known, thinking = target.profile.converse, parameters.thinking
    if thinking is None or known.thinking is None:
        return {}
    if known.claude:
        return {} if 'thinking' in given else _claude(target.profile.claude, thinking, given)
    name, ask = _STYLES[known.thinking]
    asked = None if name in given else ask(target, thinking)
    return {} if asked is None else {name: asked}


# ----------------------------------------------------------------------- Claude


def _claude(claude: Claude, thinking: ThinkingLevel, given: Fields) -> Fields:
    if thinking is False:
        return _claude_not_thinking(claude, given)
    if not claude.adaptive:
        return {'thinking': {'type': 'enabled', 'budget_tokens': CLAUDE_BUDGETS[thinking]}}
    effort = _claude_effort(claude, thinking) if claude.effort and isinstance(thinking, str) else None
    return {'thinking': {'type': 'adaptive'}, **_output_config(effort, given)}


def _claude_not_thinking(claude: Claude, given: Fields) -> Fields:
    if claude.adaptive and claude.always_thinks:
        # As little as can be: as it sees fit, with the lowest effort.
        return {'thinking': {'type': 'adaptive'}, **_output_config('low', given)} if claude.effort else {}
    if claude.adaptive and claude.between_tools:
        return {'thinking': {'type': 'between_tools'}}
    return {} if claude.adaptive and not claude.thinks_by_default else {'thinking': {'type': 'disabled'}}


def _claude_effort(claude: Claude, thinking: str) -> str:
    if thinking not in ('xhigh', 'max'):
        return 'low' if thinking == 'minimal' else thinking
    if claude.xhigh_effort and (thinking == 'xhigh' or not claude.max_effort):
        return 'xhigh'
    return 'max' if claude.max_effort else 'high'


def _output_config(effort: str | None, given: Fields) -> Fields:
    return {} if effort is None or 'output_config' in given else {'output_config': {'effort': effort}}


# ----------------------------------------------------------------- other vendors


def _word(words: Words) -> Callable[[Target, ThinkingLevel], str]:
    return lambda _, thinking: words[thinking]


def _responses(target: Target, thinking: ThinkingLevel) -> Fields:
    least = thinking is False and target.profile.always_thinks
    return {'effort': 'low' if least else _EFFORTS[thinking]}


def _grok(target: Target, thinking: ThinkingLevel) -> Fields | None:
    if thinking is True and target.profile.converse.own_effort:
        return None
    return {'effort': 'low' if thinking is False else _EFFORTS[thinking]}


_STYLES: Final[Mapping[str, tuple[str, Callable[[Target, ThinkingLevel], Any]]]] = {
    'effort': ('reasoning_effort', _word(_TO_HIGH)),
    'high_effort': ('reasoning_effort', _word(_ONLY_HIGH)),
    'glm': ('reasoning_effort', _word(_ONLY_HIGH)),
    'glm_effort': ('reasoning_effort', _word(_TO_MAX)),
    'qwen': ('reasoning_config', _word(_QWEN)),
    'responses': ('reasoning', _responses),
    'grok': ('reasoning', _grok),
}
"""By style, the field and what it says."""

# ---------------------------------------------------------------- what follows


def _mode(
    target: Target, settings: Settings, parameters: ModelRequestParameters
) -> Literal['enabled', 'adaptive'] | None:
    """How the model will think in this request: as told, as it sees fit, or not at all."""
    claude = target.profile.claude
    own: Settings = settings.get(_OWN_FIELDS) or {}
    if target.profile.converse.claude and 'thinking' in own:
        said: Any = own['thinking']
        kind = cast(Settings, said).get('type') if isinstance(said, Mapping) else None
        return kind if kind in ('enabled', 'adaptive') else None
    if not (target.profile.thinks or target.profile.always_thinks):
        return None
    thinking = settings.get('thinking', parameters.thinking)
    if thinking:
        return 'adaptive' if claude.adaptive else 'enabled'
    if not claude.thinks_by_default or (thinking is False and not claude.always_thinks):
        return None
    return 'adaptive'


_FORCED_ALL_THE_SAME: Final = ('grok', 'responses')
_TOOLS_ALL_THE_SAME: Final = (None, 'claude', 'glm', 'glm_effort', *_FORCED_ALL_THE_SAME)
"""Styles of thinking beside which a tool can be forced, or at least be the answer."""


def settled(target: Target, settings: Settings, parameters: ModelRequestParameters) -> ModelRequestParameters:
    """The parameters with the output mode decided. Where a tool cannot be forced, or stops thinking, a schema must do.

    Raises:
        UserError: the answer must be a call of a tool, which the model does not make while it thinks.
    """
    known = target.profile.converse
    mode = _mode(target, settings, parameters)
    thinks = mode == 'enabled' and known.thinking not in _FORCED_ALL_THE_SAME
    schema = 'native' if target.profile.json_schema_output else 'prompted'
    if parameters.output_tools and (thinks or (mode == 'adaptive' and schema == 'native')):
        parameters = parameters.with_default_output_mode(schema)
    parameters = relevant(parameters)
    only_tools = parameters.output_mode == 'tool' and not parameters.allow_text_output
    if only_tools and thinks and known.thinking not in _TOOLS_ALL_THE_SAME:
        raise UserError(
            f'Model {target.model_name!r} cannot answer by a tool while it thinks: use the output mode {schema!r}, or '
            'switch thinking off (`thinking=False`).'
        )
    output = parameters.output_object
    if parameters.output_mode != 'native' or output is None:
        return parameters
    return replace(parameters, output_object=replace(output, strict=True))  # Bedrock knows no other


def can_force(target: Target, settings: Settings, parameters: ModelRequestParameters) -> bool:
    """Whether a call of a tool can be demanded. What the user demands and cannot have is an error.

    Raises:
        UserError: the user demands it, and the model cannot be made to.
    """
    known, mode = target.profile.converse, _mode(target, settings, parameters)
    demanded = forced(cast(Any, settings))
    ever = known.tool_choice and target.profile.claude.forced_tools
    if ever and (mode != 'enabled' or known.thinking in _FORCED_ALL_THE_SAME):
        # A Claude that thinks as it sees fit does not when a tool is forced: only at the user's own wish.
        return demanded or mode != 'adaptive'
    if demanded:
        remedy = 'switch thinking off (`thinking=False`) or ' if ever else ''
        raise UserError(
            f'`tool_choice={settings.get("tool_choice")!r}` is not supported by model {target.model_name!r} here, '
            f"which cannot be made to call a tool: {remedy}use `tool_choice='auto'`."
        )
    return False

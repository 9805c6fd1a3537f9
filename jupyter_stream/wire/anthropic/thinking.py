"""Thinking and effort: how a request asks for them, and what follows from it for tools and the form of the answer.

https://platform.claude.com/docs/en/build-with-claude/adaptive-thinking, .../extended-thinking, .../effort
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, Literal, cast

from jupyter_stream.exceptions import UserError
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.profiles import CLAUDE_BUDGETS, Claude
from jupyter_stream.settings import ModelSettings, ThinkingLevel
from jupyter_stream.wire.base import Target
from jupyter_stream.wire.prepare import relevant
from jupyter_stream.wire.tool_choice import forced

__all__ = ('can_force', 'effort', 'said_thinking', 'settled', 'thinking_body')

Settings = Mapping[str, Any]
Body = dict[str, Any]

_TOP_EFFORTS: Final = ('xhigh', 'max')
_THINKING_IS_OFF: Final = ('disabled', 'between_tools')


def thinking_body(target: Target, settings: Settings, parameters: ModelRequestParameters) -> Body | None:
    """The `thinking` of a request; None to say nothing. `parameters` must be `prepared`.

    Raises:
        UserError: the model takes no budget.
    """
    known = target.profile.claude
    if own := cast('Body | None', settings.get('anthropic_thinking')):
        if known.no_budget and own.get('type') == 'enabled':
            raise UserError(
                f'Model {target.model_name!r} takes no budget of thinking: set `anthropic_thinking` to '
                "{'type': 'adaptive'} and say how much by `anthropic_effort`."
            )
        return own
    thinking = parameters.thinking
    if thinking is None:
        return None
    if thinking is False:
        return _without_thinking(known)
    return {'type': 'adaptive'} if known.adaptive else {'type': 'enabled', 'budget_tokens': CLAUDE_BUDGETS[thinking]}


def _without_thinking(known: Claude) -> Body | None:
    if known.always_thinks:
        # As little as can be: adaptively, with the lowest effort.
        return {'type': 'adaptive'} if known.effort else None
    if known.between_tools:
        return {'type': 'between_tools'}
    return {'type': 'disabled'} if known.thinks_by_default else None


def said_thinking(settings: Settings, thinking: Body | None) -> Body:
    """The `thinking` that reaches the provider: one in `extra_body` wins. Empty when nothing is said."""
    extra = settings.get('extra_body')
    by_hand = cast(Settings, extra).get('thinking') if isinstance(extra, Mapping) else None
    return dict(cast(Settings, by_hand)) if isinstance(by_hand, Mapping) else thinking or {}


def effort(target: Target, settings: Settings, parameters: ModelRequestParameters, thinking: Body) -> str | None:
    """The effort to ask for; `thinking` is what `said_thinking` returns.

    Raises:
        UserError: the model has no such effort while its thinking is off.
    """
    known = target.profile.claude
    word = settings.get('anthropic_effort')
    if word is None and known.effort:
        word = _effort_of(parameters.thinking, known)
    if word in _TOP_EFFORTS and known.tame_without_thinking and thinking.get('type') in _THINKING_IS_OFF:
        raise UserError(
            f"Model {target.model_name!r} has no effort {word!r} while its thinking is off: use 'high' or less, or "
            'let it think.'
        )
    return word


def _effort_of(thinking: ThinkingLevel | None, known: Claude) -> str | None:
    if thinking is False:
        return 'low' if known.always_thinks else None
    if not isinstance(thinking, str):
        return None
    if thinking == 'minimal':
        return 'low'
    if thinking in _TOP_EFFORTS:
        return _top_effort(thinking, known)
    return thinking


def _top_effort(word: str, known: Claude) -> str:
    if word == 'xhigh' and known.xhigh_effort:
        return word
    if known.max_effort:
        return 'max'
    return 'xhigh' if known.xhigh_effort else 'high'


# ------------------------------------------------------------- what follows


def _mode(
    target: Target, settings: Settings, parameters: ModelRequestParameters
) -> Literal['enabled', 'adaptive'] | None:
    """How the model will think in this request: by a budget, as it sees fit, or not at all."""
    known = target.profile.claude
    if own := settings.get('anthropic_thinking'):
        return own.get('type') if own.get('type') in ('enabled', 'adaptive') else None
    thinking = parameters.thinking if parameters.thinking is not None else settings.get('thinking')
    if thinking:
        return 'adaptive' if known.adaptive else 'enabled'
    if thinking is False and not known.always_thinks:
        return None
    return 'adaptive' if known.thinks_by_default else None


def settled(target: Target, settings: ModelSettings, parameters: ModelRequestParameters) -> ModelRequestParameters:
    """The parameters with the output mode decided: a thinking model cannot be made to call a tool, or stops thinking.

    Raises:
        UserError: a native answer is asked for with a schema that is not strict.
    """
    thinks = _mode(target, cast(Settings, settings), parameters)
    if parameters.output_tools and thinks and target.profile.json_schema_output:
        parameters = parameters.with_default_output_mode('native')
    elif parameters.output_tools and thinks == 'enabled':
        parameters = parameters.with_default_output_mode('prompted')
    parameters = relevant(parameters)
    output = parameters.output_object
    if parameters.output_mode != 'native' or output is None:
        return parameters
    if output.strict is False:
        raise UserError('The output mode `native` is always strict with Anthropic: leave `strict=False` out.')
    return replace(parameters, output_object=replace(output, strict=True))


def can_force(target: Target, settings: ModelSettings, parameters: ModelRequestParameters) -> bool:
    """Whether a call of a tool can be demanded. What the user demands and cannot have is an error.

    Raises:
        UserError: the user demands it, and the model cannot be made to.
    """
    mode = _mode(target, cast(Settings, settings), parameters)
    demanded = forced(settings)
    if target.profile.claude.forced_tools and mode != 'enabled':
        # A model that may think as it sees fit does not when a tool is forced: only at the user's own wish.
        return demanded or mode is None
    if demanded:
        remedy = 'switch thinking off (`thinking=False`) or ' if mode == 'enabled' else ''
        raise UserError(
            f'`tool_choice={settings.get("tool_choice")!r}` is not supported by model {target.model_name!r} here, '
            f"which cannot be made to call a tool: {remedy}use `tool_choice='auto'`."
        )
    return False

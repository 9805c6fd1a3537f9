"""How a request says how much to think: https://ai.google.dev/gemini-api/docs/thinking"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.profiles import Profile
from jupyter_stream.settings import ThinkingEffort
from jupyter_stream.wire.gemini.facts import LEVELS, Facts

__all__ = ('thinking_config',)

_LEVELS: Final[Mapping[ThinkingEffort, str]] = {
    'minimal': 'MINIMAL',
    'low': 'LOW',
    'medium': 'MEDIUM',
    'high': 'HIGH',
    'xhigh': 'HIGH',
    'max': 'HIGH',
}
_LEAST_BUDGET: Final = 128
"""Tokens; what Gemini 2.5 Pro, which can't stop thinking, takes at least."""

_BUDGETS: Final[Mapping[ThinkingEffort, int]] = {
    'minimal': _LEAST_BUDGET,
    'low': 2048,
    'medium': 8192,
    'high': 24576,
    'xhigh': 24576,
    'max': 24576,
}
"""Tokens; the largest is what all models with a budget take."""


def thinking_config(
    profile: Profile, facts: Facts, settings: Mapping[str, Any], parameters: ModelRequestParameters
) -> Mapping[str, Any] | None:
    """`thinkingConfig`: the setting `google_thinking_config` as it is, else what `thinking` asks for, else None."""
    if said := settings.get('google_thinking_config'):
        return said
    thinking = parameters.thinking
    if thinking is None:
        return None
    if thinking is False:
        return _least(profile, facts)
    if thinking is True:
        return {'include_thoughts': True}
    if facts.levels is None:
        return {'include_thoughts': True, 'thinking_budget': _BUDGETS[thinking]}
    return {'include_thoughts': True, 'thinking_level': _nearest(_LEVELS[thinking], facts.levels)}


def _least(profile: Profile, facts: Facts) -> dict[str, Any]:
    if facts.levels is None:
        return {'thinking_budget': _LEAST_BUDGET if profile.always_thinks else 0}
    if facts.zero_budget:
        return {'thinking_budget': 0}
    return {'thinking_level': _nearest(LEVELS[0], facts.levels)}


def _nearest(level: str, levels: tuple[str, ...]) -> str:
    """The level that the model takes nearest to the one wanted, the cheaper of two equally near."""
    wanted = LEVELS.index(level)
    return min(levels, key=lambda known: (abs(LEVELS.index(known) - wanted), LEVELS.index(known)))

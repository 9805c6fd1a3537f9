"""How a request says how much to think: https://ai.google.dev/gemini-api/docs/thinking"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.profiles import GEMINI_BUDGETS, GEMINI_LEVELS, Profile
from jupyter_stream.settings import ThinkingEffort

__all__ = ('thinking_config',)

_LEVELS: Final[Mapping[ThinkingEffort, str]] = {
    'minimal': 'MINIMAL',
    'low': 'LOW',
    'medium': 'MEDIUM',
    'high': 'HIGH',
    'xhigh': 'HIGH',
    'max': 'HIGH',
}


def thinking_config(
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

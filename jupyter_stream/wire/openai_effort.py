"""Whether and how hard OpenAI's models think, in both of its protocols and whatever speaks like them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

from jupyter_stream.exceptions import UserError
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.profiles import Profile
from jupyter_stream.settings import ModelSettings, ThinkingLevel
from jupyter_stream.wire.base import Target
from jupyter_stream.wire.tool_choice import forced

__all__ = ('EFFORTS', 'can_force', 'effort', 'is_thinking')

Settings = Mapping[str, Any]

EFFORTS: Final = ('none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max')
_EFFORT_WORDS: Final[Mapping[ThinkingLevel, str]] = {True: 'medium', False: 'none', 'max': 'xhigh'}


def is_thinking(profile: Profile, settings: Settings, parameters: ModelRequestParameters) -> bool:
    """Whether the model will think: said by its own setting, else by `thinking`, else by its habit."""
    if (said := settings.get('openrouter_reasoning')) is not None:
        return bool(said) and said.get('enabled', True) and said.get('effort') != 'none'
    if (word := settings.get('openai_reasoning_effort')) is not None:
        return word != 'none'
    if parameters.thinking is not None:
        return parameters.thinking is not False or profile.always_thinks
    return profile.thinks_by_default


def effort(thinking: ThinkingLevel, profile: Profile) -> str | None:
    """The word nearest to `thinking` that the model accepts: at or above it if there is one. None to say nothing."""
    word = 'max' if thinking == 'max' and profile.max_effort else _EFFORT_WORDS.get(thinking, cast(str, thinking))
    if profile.efforts is None:
        if thinking is False and profile.always_thinks:
            return None
        return 'low' if word == 'minimal' and not profile.minimal_effort else word
    accepted = [known for known in EFFORTS if known in profile.efforts and (known != 'max' or profile.max_effort)]
    if thinking is False:
        return next(iter(accepted), None)
    active = [known for known in accepted if known != 'none']
    return next(
        (known for known in active if EFFORTS.index(known) >= EFFORTS.index(word)), next(reversed(active), None)
    )


def can_force(target: Target, settings: ModelSettings, parameters: ModelRequestParameters) -> bool:
    """Whether a call can be demanded. What the user demands and cannot have is an error, not a silent 'auto'."""
    profile = target.profile
    thinks = is_thinking(profile, cast(Mapping[str, Any], settings), parameters)
    if profile.forced_tools and (profile.forced_tools_while_thinking or not thinks):
        return True
    if not forced(settings):
        return False
    remedy = 'switch thinking off (`thinking=False`) or ' if profile.forced_tools else ''
    raise UserError(
        f'`tool_choice={settings.get("tool_choice")!r}` is not supported by model {target.model_name!r}, which cannot '
        f"be made to call a tool: {remedy}use `tool_choice='auto'`."
    )

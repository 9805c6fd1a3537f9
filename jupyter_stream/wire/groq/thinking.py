"""How Groq is asked to think: a format and an effort, see https://console.groq.com/docs/reasoning

Of the models that think, some take graded efforts, some only 'none' and 'default', some none at all.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from jupyter_stream.profiles import Profile, UnsupportedSettingWarning
from jupyter_stream.settings import ThinkingLevel
from jupyter_stream.wire.base import Target
from jupyter_stream.wire.openai_effort import effort

__all__ = ('thinking_body',)


def thinking_body(target: Target, settings: Mapping[str, Any], thinking: ThinkingLevel | None) -> dict[str, Any]:
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

"""How a request asks for reasoning: https://platform.openai.com/docs/guides/reasoning"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.wire.base import Target
from jupyter_stream.wire.openai_effort import effort

__all__ = ('reasoning',)


def reasoning(target: Target, settings: Mapping[str, Any], parameters: ModelRequestParameters) -> dict[str, Any]:
    """The part of a request's body that says whether and how to reason; `parameters` must be `prepared`."""
    known = target.profile.responses
    said = {
        'effort': _effort(target, settings, parameters),
        'mode': settings.get('openai_reasoning_mode') if known.reasoning_mode else None,
        'context': _context(target, settings.get('openai_reasoning_context')),
        'summary': settings.get('openai_reasoning_summary'),
    }
    kept = {name: value for name, value in said.items() if value}
    return {'reasoning': kept} if kept else {}


def _effort(target: Target, settings: Mapping[str, Any], parameters: ModelRequestParameters) -> str | None:
    if (word := settings.get('openai_reasoning_effort')) is not None:
        return word
    if parameters.thinking is None:
        return None
    return effort(parameters.thinking, replace(target.profile, max_effort=target.profile.responses.max_effort))


def _context(target: Target, wanted: str | None) -> str | None:
    """Every model that reasons takes the other words; only some can be shown the reasoning of all turns."""
    if wanted is None:
        wanted = 'all_turns' if target.profile.responses.reasoning_context else None
    if wanted == 'all_turns':
        return wanted if target.profile.responses.reasoning_context else None
    return wanted if target.profile.no_sampling_while_thinking else None

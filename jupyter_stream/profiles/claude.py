"""What is known of Claude.

Sources: https://platform.claude.com/docs/en/about-claude/models/overview for the limits, and the pages on adaptive
thinking, effort, task budgets, fast mode, web search and code execution beside it for which model has what.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from jupyter_stream.settings import ThinkingLevel

__all__ = ('CLAUDE_BUDGETS', 'RULES')

CLAUDE_BUDGETS: Final[Mapping[ThinkingLevel, int]] = {
    True: 10_000,
    'minimal': 1_024,
    'low': 2_048,
    'medium': 10_000,
    'high': 16_384,
    'xhigh': 32_768,
    'max': 32_768,
}
"""Tokens to think with, for models that want a number."""

_ADAPTIVE: Final = {
    'max_output': 128_000,
    'adaptive': True,
    'effort': True,
    'filters': True,
    'code_execution': '20260120',
}
_LATEST: Final = {
    **_ADAPTIVE,
    'xhigh_effort': True,
    'no_budget': True,
    'no_sampling': True,
    'task_budgets': True,
}

RULES: Final[tuple[tuple[str, Mapping[str, Any]], ...]] = (
    (r'(opus|sonnet)-4($|@|-[02])|opus-4-1|3|4-', {'strict_window': True}),
    (r'(opus|sonnet|haiku)-4-5', {'max_output': 64_000}),
    (r'(opus|sonnet)-4-5', {'code_execution': '20260120'}),
    (r'opus-4-5', {'effort': True, 'max_effort': False}),
    (r'(opus|sonnet)-4-6', _ADAPTIVE),
    (r'opus-4-[78]|(fable|mythos|opus|sonnet)-5|haiku-5-5', _LATEST),
    (r'mythos-preview', {'adaptive': True, 'filters': True}),
    (r'(fable|mythos|opus|sonnet)-5|haiku-5-5|mythos-preview', {'thinks_by_default': True}),
    (r'(fable|mythos)-5|opus-5-5|mythos-preview', {'always_thinks': True}),
    (r'sonnet-5-5', {'between_tools': True}),
    (r'opus-5(?!-5)|sonnet-5-5|haiku-5-5', {'tame_without_thinking': True}),
    (r'(fable|mythos)-5-[12]|(opus|sonnet)-5-5', {'forced_tools': False}),
    (r'opus-4-[678]|opus-5|(fable|mythos)-5-2', {'fast': True}),
    (r'(fable|mythos|opus)-5|opus-4-8', {'system_entries': True}),
    (r'(fable|mythos|opus)-5|opus-4-8|(sonnet|haiku)-5-5', {'passing_entries': True}),
    (r'sonnet-4-6|(sonnet|haiku)-5-5', {'verified_frames': True}),
    (r'(opus|sonnet)-4-[678]|haiku-4-5|(fable|mythos|opus|sonnet)-5|haiku-5-5', {'advisor': True}),
)
"""Patterns on what follows `claude-` in a model's name; all that match apply, in order."""

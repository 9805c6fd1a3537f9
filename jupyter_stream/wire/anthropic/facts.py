"""What only this protocol asks of a Claude model, as data.

Sources: https://platform.claude.com/docs/en/about-claude/models/overview for the limits, and the pages on adaptive
thinking, effort, task budgets, fast mode, web search and code execution beside it for which model has what.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

__all__ = ('Facts', 'facts')


@dataclass(frozen=True)
class Facts:
    """A Claude model's peculiarities.

    Attributes:
        max_output: the most tokens that an answer can have; None where that isn't known.
        strict_window: a request is refused when its input and `max_tokens` together are beyond the context window.
        adaptive: it decides itself how much to think.
        no_budget: it takes no fixed budget of thinking.
        thinks_by_default: it thinks when nothing is said.
        always_thinks: which can't be switched off.
        between_tools: thinking is switched off by the word 'between_tools'.
        effort: it takes an effort.
        xhigh_effort: also the word 'xhigh'.
        max_effort: also the word 'max'.
        tame_without_thinking: but neither of these two while its thinking is off.
        no_sampling: it takes neither temperature, nor `top_p`, nor `top_k`.
        forced_tools: it can be made to call a tool.
        filters: code execution may call its web tools, to filter what they bring.
        code_execution: the version of its code execution tool.
        fast: it has a fast mode.
        task_budgets: it takes a budget for a whole task.
        system_entries: system messages are understood in mid-conversation.
        passing_entries: and can hold for one request only.
        verified_frames: what the system says among the user's words must be marked as verified.
        advisor: it can ask a stronger model.
    """

    max_output: int | None = None
    strict_window: bool = False
    adaptive: bool = False
    no_budget: bool = False
    thinks_by_default: bool = False
    always_thinks: bool = False
    between_tools: bool = False
    effort: bool = False
    xhigh_effort: bool = False
    max_effort: bool = True
    tame_without_thinking: bool = False
    no_sampling: bool = False
    forced_tools: bool = True
    filters: bool = False
    code_execution: str = '20250825'
    fast: bool = False
    task_budgets: bool = False
    system_entries: bool = False
    passing_entries: bool = False
    verified_frames: bool = False
    advisor: bool = False


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

_RULES: Final[tuple[tuple[str, Mapping[str, Any]], ...]] = (
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


@lru_cache(maxsize=256)
def facts(model_name: str) -> Facts:
    """The peculiarities of a model; those of no Claude in particular for a name that is none."""
    prefix, claude, name = model_name.lower().partition('claude-')
    if prefix or not claude:
        return Facts()
    changes = {key: value for pattern, change in _RULES if re.match(pattern, name) for key, value in change.items()}
    return replace(Facts(), **changes)

"""What only the Responses API asks of a model, as data.

Sources: https://platform.openai.com/docs/guides/reasoning, …/guides/prompt-caching and …/guides/prompt-guidance for
OpenAI's models, https://dev.meta.ai/docs/models for Meta's, and
https://docs.aws.amazon.com/bedrock/latest/userguide/bedrock-mantle.html for those on Amazon's Mantle.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

from jupyter_stream.wire.base import Target

__all__ = ('Facts', 'facts')


@dataclass(frozen=True)
class Facts:
    """A model's peculiarities at its provider.

    Attributes:
        encrypted_reasoning: its reasoning comes encrypted, to be sent back.
        reasoning_context: it can be shown the reasoning of earlier turns, and by default is.
        reasoning_mode: it has a mode that works longer.
        max_effort: it accepts the effort 'max'.
        phase: it tells comments from final answers, and wants that back.
        cache_marks: marks for the prompt cache are understood.
        cache_retentions: how long a prompt may be kept there, shortest first; empty where that can't be asked for.
        cache_diagnostics: it says why a prompt was not found there.
        scoped_call_ids: ids of calls are unique in one response only.
        native_tools: the kinds of native tools that it has.
        path: what follows the base URL, where it is not the provider's.
    """

    encrypted_reasoning: bool = False
    reasoning_context: bool = False
    reasoning_mode: bool = False
    max_effort: bool = False
    phase: bool = False
    cache_marks: bool = False
    cache_retentions: tuple[str, ...] = ()
    cache_diagnostics: bool = False
    scoped_call_ids: bool = False
    native_tools: frozenset[str] = frozenset(
        {'web_search', 'file_search', 'code_execution', 'mcp_server', 'image_generation'}
    )
    path: str | None = None


Rules = tuple[tuple[str, Mapping[str, Any]], ...]

_GPT_6: Final = r'gpt-6-(astra|sol|luna)|gpt-6\.1-(sol|terra)'
_NEWEST: Final = rf'gpt-5\.6|{_GPT_6}'

_OPENAI: Final[Rules] = (
    (rf'gpt-5\.[45]|{_NEWEST}', {'reasoning_context': True}),
    (rf'gpt-5\.3-codex|gpt-5\.[45]|{_NEWEST}', {'phase': True}),
    (_NEWEST, {'reasoning_mode': True, 'cache_marks': True}),
)
"""By OpenAI's names, wherever the model is served; all that match apply, in order."""

_PROVIDERS: Final[Mapping[str, Rules]] = {
    'openai': ((_NEWEST, {'max_effort': True, 'cache_retentions': ('30m', '12h'), 'cache_diagnostics': True}),),
    'meta': (
        (
            'muse-(spark|wonder)-',
            {'encrypted_reasoning': True, 'phase': True, 'native_tools': frozenset({'web_search'})},
        ),
    ),
    'bedrock-mantle': (
        ('', {'native_tools': frozenset[str]()}),
        ('(?!gpt-oss)', {'scoped_call_ids': True}),
        # The open models are served beside the others, under a path of their own.
        ('gpt-oss', {'path': '/v1/responses'}),
    ),
}
"""By provider, what it changes for some of its models."""


def facts(target: Target) -> Facts:
    """The peculiarities of a model; those of no model in particular for a name that matches nothing."""
    return _facts(target.provider.name, target.model_name.lower(), target.profile.no_sampling_while_thinking)


@lru_cache(maxsize=256)
def _facts(provider_name: str, model_name: str, reasons: bool) -> Facts:
    bare = re.sub(r'^(?:[a-z-]+\.)?openai\.', '', model_name)
    changes: dict[str, Any] = {'encrypted_reasoning': reasons}
    for pattern, change in (*_OPENAI, *_PROVIDERS.get(provider_name, ())):
        if re.match(pattern, bare):
            changes.update(change)
    return replace(Facts(), **changes)

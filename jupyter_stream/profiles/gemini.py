"""What is known of Gemini.

Sources: https://ai.google.dev/gemini-api/docs/thinking, /function-calling, /tool-combination, /google-search, and
https://cloud.google.com/vertex-ai/generative-ai/docs/thinking.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from jupyter_stream.settings import ThinkingEffort

__all__ = ('GEMINI_BUDGETS', 'MODELS', 'PLACES')

GEMINI_BUDGETS: Final[Mapping[ThinkingEffort, int]] = {
    'minimal': 128,  # what Gemini 2.5 Pro, which cannot stop thinking, takes at least
    'low': 2048,
    'medium': 8192,
    'high': 24576,
    'xhigh': 24576,
    'max': 24576,
}
"""Tokens; the largest is what all models with a budget take."""

Change = Mapping[str, Any]
Rules = tuple[tuple[str, Change], ...]
"""Patterns on a model's whole name, in lower case, and what they change; all that match apply, in order."""

_OLDER: Final[Change] = {'combines_tools': False, 'echoes_tools': False, 'tool_files': ()}
_BUDGET: Final[Change] = {**_OLDER, 'levels': None, 'search_per_prompt': True}
_NOT_MINIMAL: Final[Change] = {'levels': ('LOW', 'MEDIUM', 'HIGH')}
_ENDS: Final[Change] = {'levels': ('MINIMAL', 'HIGH')}

MODELS: Final[Rules] = (
    (r'.*gemini-[12]\.|gemini-pro$', _BUDGET),
    ('.*gemma', {**_OLDER, 'levels': None}),
    (r'.*(gemini-1\.|gemini-2\.(?!5)|gemma|image)|gemini-pro$', {'validated': False}),
    (r'gemini-3\.[78]-flash|gemini-3\.1-pro-preview|gemini-4-(argon|carbon)', _NOT_MINIMAL),
    ('gemini-3-pro-preview', {'levels': ('LOW', 'HIGH')}),
    (r'gemini-3\.1-flash-lite-image', _ENDS),
)

PLACES: Final[Mapping[str, tuple[Change, Rules]]] = {
    'google': ({}, ((r'gemini-3\.1-flash-image', _ENDS),)),
    'google-cloud': (
        {
            'resource': 'publishers/google/models/{}',
            'own_names': frozenset({'google-cloud', 'google-vertex'}),
            'upload_scheme': 'gs://',
            'own_urls': None,
            'tier_headers': True,
            'image_formats': True,
        },
        (('', {'echoes_tools': False}), (r'gemini-3\.1-pro-preview', {'zero_budget': True})),
    ),
}
"""By the provider's name: what holds for all its models, and what for some."""

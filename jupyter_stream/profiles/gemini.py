"""What is known of Gemini, wherever it is served: one row a generation. A new generation is one row more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from jupyter_stream.profiles._rows import Change, Row, Vendor
from jupyter_stream.settings import ThinkingEffort

__all__ = ('GEMINI', 'GEMINI_BUDGETS')

GEMINI_BUDGETS: Final[Mapping[ThinkingEffort, int]] = {
    'minimal': 128,  # what Gemini 2.5 Pro, which cannot stop thinking, takes at least
    'low': 2048,
    'medium': 8192,
    'high': 24576,
    'xhigh': 24576,
    'max': 24576,
}
"""Tokens; the largest is what all models with a budget take."""

_THINKING: Final = 'https://ai.google.dev/gemini-api/docs/thinking'
_CLOUD_THINKING: Final = 'https://cloud.google.com/vertex-ai/generative-ai/docs/thinking'
_TOOLS: Final = 'https://ai.google.dev/gemini-api/docs/function-calling'
_COMBINED: Final = 'https://ai.google.dev/gemini-api/docs/tool-combination'

_OLDER: Final = {'combines_tools': False, 'echoes_tools': False, 'tool_files': (), 'levels': None}
_BUDGET: Final = {**_OLDER, 'search_per_prompt': True}
_NOT_MINIMAL: Final[Change] = {'gemini': {'levels': ('LOW', 'MEDIUM', 'HIGH')}}
_ENDS: Final[Change] = {'gemini': {'levels': ('MINIMAL', 'HIGH')}}

GEMINI: Final = Vendor(
    families=(
        Row('gemini', {'json_schema_output': True, 'json_object_output': True, 'schema': 'gemini'}, _TOOLS),
        Row(r'gemini-(2\.5|[3-9])', {'thinks': True}, _THINKING),
        Row(r'.*gemini-[12]\.|gemini-pro$', {'gemini': _BUDGET}, _COMBINED),
        Row('.*gemma', {'gemini': _OLDER}, _COMBINED),
        Row(r'.*(gemini-1\.|gemini-2\.(?!5)|gemma|image)|gemini-pro$', {'gemini': {'validated': False}}, _TOOLS),
    ),
    generations=(
        Row(r'gemini-3\.[78]-flash|gemini-4-(argon|carbon)', _NOT_MINIMAL, _THINKING),
        Row(
            r'gemini-3\.1-pro-preview',
            _NOT_MINIMAL,
            _CLOUD_THINKING,
            {'google-cloud': {'gemini': {'zero_budget': True}}},
        ),
        Row('gemini-3-pro-preview', {'gemini': {'levels': ('LOW', 'HIGH')}}, _THINKING),
        Row(r'gemini-3\.1-flash-lite-image', _ENDS, _THINKING),
        Row(r'gemini-3\.1-flash-image', {}, _THINKING, {'google': _ENDS}),
    ),
)

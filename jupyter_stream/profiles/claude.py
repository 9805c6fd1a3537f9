"""What is known of Claude, wherever it is served: one row a generation. A new generation is one row more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from jupyter_stream.profiles._rows import Change, Row, Vendor
from jupyter_stream.settings import ThinkingLevel

__all__ = ('CLAUDE', 'CLAUDE_BUDGETS')

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

_MODELS: Final = 'https://platform.claude.com/docs/en/about-claude/models/overview'
"""The pages on adaptive thinking, effort, task budgets, fast mode, web search and code execution stand beside it."""

_CONVERSE: Final = (
    'https://docs.aws.amazon.com/bedrock/latest/userguide/conversation-inference-supported-models-features.html'
)

_EVERY_CLAUDE: Final = {
    'claude': True,
    'tool_choice': True,
    'none_field': True,
    'schema': 'strict',
    'in_results': frozenset({'image', 'document'}),
    'beside_results': frozenset({'text', 'image'}),
    'answer_first': True,
    'signatures': True,
    'signer': 'anthropic',
    'caching': True,
    'tool_caching': True,
    'pages_stay': True,
    'citations': True,
    'thinking': 'claude',
    'top_k': 'claude',
}
_HOUR: Final = {'hour_caching': True}
_STRICT: Final = {**_HOUR, 'strict': True, 'schema': 'claude'}

_ADAPTIVE: Final = {
    'max_output': 128_000,
    'adaptive': True,
    'effort': True,
    'filters': True,
    'code_execution': '20260120',
    'advisor': True,
}
_LATEST: Final = {
    **_ADAPTIVE,
    'xhigh_effort': True,
    'no_budget': True,
    'no_sampling': True,
    'task_budgets': True,
}
_FIVE: Final = {**_LATEST, 'thinks_by_default': True}
_ENTRIES: Final = {'system_entries': True, 'passing_entries': True}
_OPUS_5: Final = {**_FIVE, **_ENTRIES, 'fast': True}
_FABLE_5: Final = {**_FIVE, **_ENTRIES, 'always_thinks': True}
_FREE: Final = {'forced_tools': False}
_PASSING: Final = {'passing_entries': True}


def _row(pattern: str, converse: Change, claude: Change) -> Row:
    """A generation: what Converse takes from it, and what it has as a Claude.

    Only on Bedrock does the common profile say what is told to Anthropic by fields of its own: that thinking cannot be
    switched off, and whether an answer can be held to a schema.
    """
    on_bedrock = {
        'json_schema_output': converse.get('strict', False),
        'always_thinks': claude.get('always_thinks', False),
    }
    return Row(f'claude-({pattern})', {'claude': claude, 'converse': converse}, _MODELS, {'bedrock': on_bedrock})


_THINKS: Final = {'thinks': True}
_SCHEMAS: Final = {'json_schema_output': True}
_SCHEMAS_NOT_ON_BEDROCK: Final = {'bedrock': {'json_schema_output': False}}

CLAUDE: Final = Vendor(
    families=(
        Row('claude-', {'converse': _EVERY_CLAUDE}, _CONVERSE),
        Row('claude-(3|4-|(opus|sonnet)-4($|@|-[02])|opus-4-1)', {'claude': {'strict_window': True}}, _MODELS),
        Row('claude-sonnet-4[.-]6', {'framing_announcement': 'always'}, _MODELS),
        Row('claude-(sonnet-4[.-]6|(sonnet|haiku)-5[.-]5)', {'claude': {'verified_frames': True}}, _MODELS),
        Row('claude-(3-7|(opus|sonnet|haiku|fable)-[4-9])', _THINKS, _MODELS),
        Row('claude-mythos', {}, _CONVERSE, {'bedrock': _THINKS}),
        Row('claude-mythos-5', {}, _MODELS, {'anthropic': _SCHEMAS}),
        Row(
            'claude-(opus-4[.-]1|(opus|sonnet|haiku)-4[.-][5-9]|(opus|sonnet|haiku|fable)-[5-9])',
            _SCHEMAS,
            _MODELS,
            _SCHEMAS_NOT_ON_BEDROCK,
        ),
    ),
    generations=(
        _row('haiku-4-5', _STRICT, {'max_output': 64_000, 'advisor': True}),
        _row('sonnet-4-5', _STRICT, {'max_output': 64_000, 'code_execution': '20260120'}),
        _row(
            'opus-4-5',
            _STRICT,
            {'max_output': 64_000, 'code_execution': '20260120', 'effort': True, 'max_effort': False},
        ),
        _row('sonnet-4-6', _STRICT, _ADAPTIVE),
        _row('opus-4-6', _STRICT, {**_ADAPTIVE, 'fast': True}),
        _row('opus-4-7', _STRICT, {**_LATEST, 'fast': True}),
        _row('opus-4-8', _STRICT, {**_LATEST, **_ENTRIES, 'fast': True}),
        _row('(opus|sonnet|haiku)-4-[5-9]', _STRICT, {}),
        _row('haiku-5-5', _STRICT, {**_FIVE, **_PASSING, 'tame_without_thinking': True}),
        _row(
            'sonnet-5-5',
            _STRICT,
            {**_FIVE, **_PASSING, **_FREE, 'tame_without_thinking': True, 'between_tools': True},
        ),
        _row('sonnet-5', _STRICT, _FIVE),
        _row('opus-5-5', _STRICT, {**_OPUS_5, **_FREE, 'always_thinks': True}),
        _row('opus-5', _STRICT, {**_OPUS_5, 'tame_without_thinking': True}),
        _row('mythos-5-2', _STRICT, {**_FABLE_5, **_FREE, 'fast': True}),
        _row('mythos-5-1', _STRICT, {**_FABLE_5, **_FREE}),
        _row('mythos-5', _STRICT, _FABLE_5),
        _row('fable-5-2', _HOUR, {**_FABLE_5, **_FREE, 'fast': True}),
        _row('fable-5-1', _HOUR, {**_FABLE_5, **_FREE}),
        _row('fable-5', _HOUR, _FABLE_5),
        _row(
            'mythos-preview',
            {},
            {'adaptive': True, 'filters': True, 'thinks_by_default': True, 'always_thinks': True},
        ),
    ),
)

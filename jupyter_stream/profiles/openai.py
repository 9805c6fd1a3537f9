"""What is known of OpenAI's models, wherever they are served: one row a generation.

`Dialect.openai` says which of a provider's models are OpenAI's own.
"""

from __future__ import annotations

from typing import Final

from jupyter_stream.profiles._rows import Row, Vendor

__all__ = ('OPENAI', 'OPENAI_CHANGES')

_REASONING: Final = 'https://platform.openai.com/docs/guides/reasoning'
_CHAT: Final = 'https://platform.openai.com/docs/api-reference/chat/create'
_MODELS: Final = 'https://platform.openai.com/docs/models'
_RESPONSES: Final = 'https://platform.openai.com/docs/api-reference/responses'

OPENAI_CHANGES: Final = {'json_schema_output': True, 'json_object_output': True, 'inline_system': True}
"""What holds for all of them."""

_REASONS: Final = {
    'thinks': True,
    'no_sampling_while_thinking': True,
    'responses': {'encrypted_reasoning': True},
}
_ALWAYS: Final = {**_REASONS, 'always_thinks': True, 'thinks_by_default': True}
_OPT_IN: Final = {**_REASONS, 'none_effort': True}
_BY_DEFAULT: Final = {**_OPT_IN, 'thinks_by_default': True}
_PRO: Final = {**_ALWAYS, 'efforts': ('medium', 'high', 'xhigh')}

_PHASE: Final = {'responses': {'encrypted_reasoning': True, 'phase': True}}
_CONTEXT: Final = {'responses': {'encrypted_reasoning': True, 'phase': True, 'reasoning_context': True}}
_NEWEST: Final = {
    'responses': {
        'encrypted_reasoning': True,
        'phase': True,
        'reasoning_context': True,
        'reasoning_mode': True,
        'cache_marks': True,
    }
}
_BY_OPENAI: Final = {
    'openai': {
        'responses': {'max_effort': True, 'cache_retentions': ('30m', '12h'), 'cache_diagnostics': True},
    }
}
"""What OpenAI itself adds to the newest: prompts kept longer, and an account of why one was not found."""

OPENAI: Final = Vendor(
    families=(
        Row(r'gpt-5|gpt-6|.*(o3|4\.1|4o)', {'image_output': True}, _RESPONSES),
        Row('o1-mini', {'system_role': 'user'}, _REASONING),
        Row('o1-mini|o1-preview|o3-mini|gpt-3|gpt-4(-[0-9t]|-32k|$)(?!urbo)', {'images': False}, _MODELS),
        Row('.*-search-preview', {'web_search': 'options'}, _CHAT),
    ),
    generations=(
        Row(
            r'gpt-6-astra|gpt-6\.1-sol',
            {**_ALWAYS, **_NEWEST, 'efforts': ('low', 'medium', 'high', 'xhigh', 'max')},
            _REASONING,
            _BY_OPENAI,
        ),
        Row(
            r'gpt-6\.1-terra|gpt-6-sol|gpt-6-luna|gpt-5\.6',
            {**_BY_DEFAULT, **_NEWEST, 'minimal_effort': False},
            _REASONING,
            _BY_OPENAI,
        ),
        Row(r'gpt-5\.[45]-pro', {**_PRO, **_CONTEXT}, _REASONING),
        Row(r'gpt-5\.2-pro', _PRO, _REASONING),
        Row(r'gpt-5\.5', {**_BY_DEFAULT, **_CONTEXT}, _REASONING),
        Row(r'gpt-5\.4', {**_OPT_IN, **_CONTEXT}, _REASONING),
        Row(r'gpt-5\.[123]-chat', {**_ALWAYS, 'efforts': ('medium',)}, _REASONING),
        Row(r'gpt-5\.1-codex|gpt-5-codex', _ALWAYS, _REASONING),
        Row(r'gpt-5\.3-codex', {**_OPT_IN, **_PHASE}, _REASONING),
        Row(r'gpt-5\.[123]', _OPT_IN, _REASONING),
        Row('gpt-5-chat', {}, _REASONING),
        Row('gpt-5-pro', {**_ALWAYS, 'efforts': ('high',)}, _REASONING),
        Row('gpt-5', {**_ALWAYS, 'efforts': ('minimal', 'low', 'medium', 'high')}, _REASONING),
        Row('o1|o3|o4', {**_ALWAYS, 'efforts': ('low', 'medium', 'high')}, _REASONING),
    ),
)

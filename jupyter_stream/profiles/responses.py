"""What is known of the models that the Responses API serves.

Sources: https://platform.openai.com/docs/guides/reasoning, …/guides/prompt-caching and …/guides/prompt-guidance for
OpenAI's models, https://dev.meta.ai/docs/models for Meta's, and
https://docs.aws.amazon.com/bedrock/latest/userguide/bedrock-mantle.html for those on Amazon's Mantle.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

__all__ = ('MODELS', 'PROVIDERS')

Rules = tuple[tuple[str, Mapping[str, Any]], ...]

_GPT_6: Final = r'gpt-6-(astra|sol|luna)|gpt-6\.1-(sol|terra)'
_NEWEST: Final = rf'gpt-5\.6|{_GPT_6}'

MODELS: Final[Rules] = (
    (rf'gpt-5\.[45]|{_NEWEST}', {'reasoning_context': True}),
    (rf'gpt-5\.3-codex|gpt-5\.[45]|{_NEWEST}', {'phase': True}),
    (_NEWEST, {'reasoning_mode': True, 'cache_marks': True}),
)
"""By OpenAI's names, wherever the model is served; all that match apply, in order."""

PROVIDERS: Final[Mapping[str, Rules]] = {
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

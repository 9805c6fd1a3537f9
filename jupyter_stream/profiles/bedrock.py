"""What is known of the models that Bedrock serves.

Sources: https://docs.aws.amazon.com/bedrock/latest/userguide/conversation-inference-supported-models-features.html for
what a model takes, .../prompt-caching.html, .../structured-output.html, and the model cards beside them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from jupyter_stream.profiles._protocols import Media

__all__ = ('RULES', 'split')

_NOTHING: Final[Media] = frozenset()
_PAGES: Final[Media] = frozenset({'image', 'document'})

Change = Mapping[str, Any]

_CLAUDE: Final = {
    'claude': True,
    'tool_choice': True,
    'none_field': True,
    'schema': 'strict',
    'in_results': _PAGES,
    'beside_results': frozenset({'text', 'image'}),
    'answer_first': True,
    'signatures': True,
    'caching': True,
    'tool_caching': True,
    'pages_stay': True,
    'citations': True,
    'thinking': 'claude',
    'top_k': 'claude',
}
_ALONE: Final = {'beside_results': _NOTHING}
_STRICT: Final = {'strict': True}
_KIMI: Final = {**_STRICT, 'schema': 'strict', 'tool_choice': True, 'answer_first': True, 'in_results': _NOTHING}
_STRICT_WITHOUT_CONTAINS: Final = {**_STRICT, 'schema': 'no_contains'}

RULES: Final[tuple[tuple[str, Change], ...]] = (
    (r'anthropic\.', _CLAUDE),
    (
        r'anthropic\.claude-((opus|sonnet|haiku)-4-[5-9]|(opus|sonnet|mythos)-5|haiku-5-5)',
        {**_STRICT, 'schema': 'claude'},
    ),
    (r'anthropic\.claude-((opus|sonnet|haiku)-4-[5-9]|(opus|sonnet|mythos|fable)-5|haiku-5-5)', {'hour_caching': True}),
    (r'amazon\..*nova', {'tool_choice': True, 'caching': True, 'top_k': 'nova'}),
    (r'amazon\..*nova-2', {'code': True}),
    (r'deepseek\.r1', {'signatures': True}),
    (r'deepseek\.v3\.2', {'thinking': 'high_effort'}),
    (r'meta\.', {**_ALONE, 'in_results': _PAGES}),
    (r'mistral\.', {**_ALONE, 'results': 'json', 'schema': 'strict', 'in_results': frozenset({'document'})}),
    (r'mistral\.(magistral-small|ministral-3|mistral-large-3|voxtral)', _STRICT),
    (r'qwen\.', {'answer_first': True, 'thinking': 'qwen', 'schema': 'strict', 'in_results': _NOTHING}),
    (r'qwen\.qwen3', _STRICT_WITHOUT_CONTAINS),
    (r'google\.', {'schema': 'strict'}),
    (r'google\.gemma-3-(12|27)b-it', _STRICT_WITHOUT_CONTAINS),
    (r'zai\.', {**_STRICT_WITHOUT_CONTAINS, 'tool_choice': True, 'answer_first': True, 'thinking': 'glm'}),
    (r'zai\.glm-5\.3', {'thinking': 'glm_effort'}),
    (r'moonshot(ai)?\.', _KIMI),
    (r'xai\.', {'tool_choice': True, 'thinking': 'grok', 'no_sampling': True}),
    (r'xai\..*grok-4\.7', {'own_effort': True}),
    (r'writer\.', {**_ALONE, 'schema': 'strict', 'result_status': False}),
    (r'(minimax|nvidia)\.', {'schema': 'strict'}),
    (r'minimax\.minimax-m2|nvidia\.nemotron-nano', _STRICT),
    (r'openai\.', {'served': False}),
    (r'openai\.gpt-oss', {'served': True, 'thinking': 'effort'}),
    (
        r'openai\.(gpt-5\.6-(sol|luna|terra)|gpt-6-(sol|luna|astra)|gpt-6\.1-sol)$',
        {'served': True, 'thinking': 'responses', 'no_sampling': True},
    ),
)
"""Patterns on `house.name`, and what they change; all that match apply, in order."""

_PARTS: Final = re.compile(
    r'(?:arn:[^:]+:bedrock:[^:]*:[^:]*:(?:inference-profile|foundation-model)/)?'
    r'(?:(?:us-gov|us|eu|apac|jp|au|ca|in|global)\.)?'
    r'(?:(?P<vendor>[a-z0-9-]+)\.)?(?P<name>.+?)(?:-v\d+(?::\d+)?)?'
)
"""The parts of a model id; each region prefix is an inference profile that spreads requests over regions."""


def split(model_name: str) -> tuple[str, str]:
    """The vendor, '' for a name that does not say, and the name in a model id or ARN, without regions and versions.

    >>> split('us.anthropic.claude-haiku-4-5-20251001-v1:0')
    ('anthropic', 'claude-haiku-4-5-20251001')
    """
    found = _PARTS.fullmatch(model_name.lower())
    return (found['vendor'] or '', found['name']) if found else ('', model_name)

"""What is known of the models that Bedrock serves, by `vendor.name`; what it knows of Claude stands in `claude`.

Sources: https://docs.aws.amazon.com/bedrock/latest/userguide/conversation-inference-supported-models-features.html for
what a model takes, .../prompt-caching.html, .../structured-output.html, and the model cards beside them.
"""

from __future__ import annotations

import re
from typing import Final

from jupyter_stream.profiles._protocols import Media
from jupyter_stream.profiles._rows import Dialect, Rules

__all__ = ('BEDROCK', 'split')

_NOTHING: Final[Media] = frozenset()
_PAGES: Final[Media] = frozenset({'image', 'document'})

_ALONE: Final = {'beside_results': _NOTHING}
_STRICT: Final = {'strict': True}
_KIMI: Final = {**_STRICT, 'schema': 'strict', 'tool_choice': True, 'answer_first': True, 'in_results': _NOTHING}
_STRICT_WITHOUT_CONTAINS: Final = {**_STRICT, 'schema': 'no_contains'}

_CONVERSE: Final[Rules] = (
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
"""What Converse asks of them."""

_THINKS: Final = {'thinks': True}
_ALWAYS_THINKS: Final = {'thinks': True, 'always_thinks': True}
_SCHEMA_OUTPUT: Final = {'json_schema_output': True}

_COMMON: Final[Rules] = (
    (r'(amazon\.|meta\.|openai\.gpt-oss)', {'schema': 'inline'}),
    (r'deepseek\.(r1|v3\.2)', _THINKS),
    (r'deepseek\.r1', {**_ALWAYS_THINKS, 'ignore_streamed_leading_whitespace': True}),
    (r'cohere\..*reasoning|mistral\.magistral|xai\.|zai\.glm-5\.3|openai\.gpt-oss', _ALWAYS_THINKS),
    (r'mistral\.(magistral-small|ministral-3|mistral-large-3|voxtral)', _SCHEMA_OUTPUT),
    (r'qwen\.', {'ignore_streamed_leading_whitespace': True}),
    (r'qwen\.qwen3', _SCHEMA_OUTPUT),
    (r'qwen\.(?!qwen3-coder)(qwen3|qwq)', _THINKS),
    (r'google\.gemma-3-(12|27)b-it|minimax\.minimax-m2|nvidia\.nemotron-nano', _SCHEMA_OUTPUT),
    (r'zai\.', _SCHEMA_OUTPUT),
    (r'zai\.glm-(5|4\.[567])', _THINKS),
    (r'moonshot(ai)?\.', {**_SCHEMA_OUTPUT, 'ignore_streamed_leading_whitespace': True}),
    (r'moonshot(ai)?\.kimi-(k2\.[567]|k2-thinking|k3|thinking)', _THINKS),
    (r'openai\.gpt-(5\.6|6)', _THINKS),
    (r'openai\.gpt-6(-astra|\.1-sol)', _ALWAYS_THINKS),
)
"""What holds for them on any protocol."""

BEDROCK: Final = Dialect(
    {'schema': 'plain', 'thinking_tags': None},
    (*_COMMON, *((pattern, {'converse': change}) for pattern, change in _CONVERSE)),
)

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

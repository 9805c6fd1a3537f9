"""What only Converse asks of a model, as data: Bedrock serves the models of many houses, each with habits of its own.

Sources: https://docs.aws.amazon.com/bedrock/latest/userguide/conversation-inference-supported-models-features.html for
what a model takes, .../prompt-caching.html, .../structured-output.html, and the model cards beside them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final, Literal, NamedTuple

from jupyter_stream.wire.anthropic.facts import Facts as ClaudeFacts
from jupyter_stream.wire.anthropic.facts import facts as claude_facts

__all__ = ('Facts', 'Model', 'facts', 'split')

Media = frozenset[Literal['text', 'image', 'document', 'video']]
ThinkingStyle = Literal['claude', 'effort', 'high_effort', 'glm', 'glm_effort', 'responses', 'qwen', 'grok']

_NOTHING: Final[Media] = frozenset()
_IMAGES: Final[Media] = frozenset({'image'})
_PAGES: Final[Media] = frozenset({'image', 'document'})
_EVERYTHING: Final[Media] = frozenset({'text', 'image', 'document', 'video'})


@dataclass(frozen=True)
class Facts:
    """A model's peculiarities.

    Attributes:
        served: Converse serves it; False for those that Bedrock serves by another API only.
        claude: what is special about it as a Claude; None for a model that is none.
        tool_choice: `toolChoice` is understood.
        none_field: a call of a tool is forbidden by a field of the model's own.
        code: it can run code.
        strict: strict tools and schemas are understood.
        schema: how schemas are rewritten, see `bedrock.schema`; None to leave them.
        results: a tool's result is 'text', or JSON.
        result_status: a tool's result may say whether the tool failed.
        in_results: what may stand inside a tool's result.
        beside_results: what may stand in one message with a tool's result.
        answer_first: a conversation may begin with an answer.
        signatures: signed thinking is taken back.
        caching: cache points are understood in system prompts and messages.
        tool_caching: also among the tools.
        hour_caching: and may be kept for an hour.
        pages_stay: a cache point may follow a PDF or a cited document, and other documents move to the front.
        citations: it cites documents.
        thinking: how a request asks for thinking.
        top_k: where `top_k` goes.
        no_sampling: it takes neither temperature, nor `top_p`, nor `top_k`.
    """

    served: bool = True
    claude: ClaudeFacts | None = None
    tool_choice: bool = False
    none_field: bool = False
    code: bool = False
    strict: bool = False
    schema: Literal['strict', 'no_contains', 'claude'] | None = None
    results: Literal['text', 'json'] = 'text'
    result_status: bool = True
    in_results: Media = _IMAGES
    beside_results: Media = _EVERYTHING
    answer_first: bool = False
    signatures: bool = False
    caching: bool = False
    tool_caching: bool = False
    hour_caching: bool = False
    pages_stay: bool = False
    citations: bool = False
    thinking: ThinkingStyle | None = None
    top_k: Literal['claude', 'nova'] | None = None
    no_sampling: bool = False


class Model(NamedTuple):
    """The house of a model and its bare name; the house is '' for a name that doesn't say."""

    house: str
    name: str


Change = Mapping[str, Any]

_CLAUDE: Final = {
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

_RULES: Final[tuple[tuple[str, Change], ...]] = (
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
    r'(?:(?P<house>[a-z0-9-]+)\.)?(?P<name>.+?)(?:-v\d+(?::\d+)?)?'
)
"""The parts of a model id; each region prefix is an inference profile that spreads requests over regions."""


def split(model_name: str) -> Model:
    """The house and the name in a model id or ARN, without regions and versions.

    >>> split('us.anthropic.claude-haiku-4-5-20251001-v1:0')
    Model(house='anthropic', name='claude-haiku-4-5-20251001')
    """
    found = _PARTS.fullmatch(model_name.lower())
    return Model(found['house'] or '', found['name']) if found else Model('', model_name)


@lru_cache(maxsize=256)
def facts(model_name: str) -> Facts:
    """The peculiarities of a model; the plainest for a name that says nothing, such as an application's own profile."""
    house, name = split(model_name)
    whole = f'{house}.{name}'
    changes = {key: value for pattern, change in _RULES if re.match(pattern, whole) for key, value in change.items()}
    if house != 'anthropic':
        return replace(Facts(), **changes)
    claude = claude_facts(name)
    return replace(Facts(), **{**changes, 'claude': claude, 'no_sampling': claude.no_sampling})

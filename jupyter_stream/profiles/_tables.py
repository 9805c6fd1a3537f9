"""The tables of what is special about models. `jupyter_stream.profiles` says what the fields mean, and reads them.

Facts from the providers' documentation, which each provider's row in `providers` names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

__all__ = (
    'DIALECTS',
    'FAMILIES',
    'NO_CHANGE',
    'OPENAI',
    'OPENAI_REASONING',
    'OPENAI_RULES',
    'Change',
    'Dialect',
    'Rules',
)

Change = Mapping[str, Any]
"""Fields of a `Profile` and what they are set to."""

Rules = tuple[tuple[str, Change], ...]
"""Patterns on a model's name, in lower case, and what they change; all that match apply, in order."""

NO_CHANGE: Final[Change] = {}

# --------------------------------------------------------------------- families

_REASONS: Final = {'thinks': True, 'no_sampling_while_thinking': True, 'responses': {'encrypted_reasoning': True}}
_ALWAYS: Final = {**_REASONS, 'always_thinks': True, 'thinks_by_default': True}
_OPT_IN: Final = {**_REASONS, 'none_effort': True}
_BY_DEFAULT: Final = {**_OPT_IN, 'thinks_by_default': True}
_O_SERIES: Final = {**_ALWAYS, 'efforts': ('low', 'medium', 'high')}
_CHAT: Final = {**_ALWAYS, 'efforts': ('medium',)}
_PRO: Final = {**_ALWAYS, 'efforts': ('medium', 'high', 'xhigh')}
_TO_MAX: Final = {**_ALWAYS, 'efforts': ('low', 'medium', 'high', 'xhigh', 'max')}

OPENAI_REASONING: Final[Rules] = (
    (r'gpt-6-astra|gpt-6\.1-sol', _TO_MAX),
    (r'gpt-6\.1-terra|gpt-6-sol|gpt-6-luna|gpt-5\.6', {**_BY_DEFAULT, 'minimal_effort': False}),
    (r'gpt-5\.[245]-pro', _PRO),
    (r'gpt-5\.5', _BY_DEFAULT),
    (r'gpt-5\.[123]-chat', _CHAT),
    (r'gpt-5\.1-codex|gpt-5-codex', _ALWAYS),
    (r'gpt-5\.[1-4]', _OPT_IN),
    ('gpt-5-chat', NO_CHANGE),
    ('gpt-5-pro', {**_ALWAYS, 'efforts': ('high',)}),
    ('gpt-5', {**_ALWAYS, 'efforts': ('minimal', 'low', 'medium', 'high')}),
    ('o1|o3|o4', _O_SERIES),
)
"""How OpenAI's models reason; the first row that matches counts."""

OPENAI: Final = {'json_schema_output': True, 'json_object_output': True, 'inline_system': True}

OPENAI_RULES: Final[Rules] = (
    (r'gpt-5|gpt-6|.*(o3|4\.1|4o)', {'image_output': True}),
    ('o1-mini', {'system_role': 'user'}),
    ('.*-search-preview', {'web_search': 'options'}),
)

_HARMONY: Final = {**OPENAI, 'schema': 'gpt_oss', 'forced_tools': False, 'ignore_streamed_leading_whitespace': True}

FAMILIES: Final[Rules] = (
    ('gpt-oss', _HARMONY),
    ('(meta-|snowflake-)?llama', {'schema': 'inline'}),
    ('qwen|qwq', {'schema': 'inline', 'ignore_streamed_leading_whitespace': True}),
    ('qwen-?3-coder', {'strict_schemas': False, 'forced_tools': False}),
    (r'qwen-?3\.5', {'json_schema_output': True, 'json_object_output': True}),
    (
        'deepseek-(r1|reasoner)',
        {'ignore_streamed_leading_whitespace': True, 'thinks': True, 'always_thinks': True},
    ),
    ('deepseek-v4-', {'thinks': True}),
    ('kimi', {'ignore_streamed_leading_whitespace': True}),
    (r'kimi-(k2\.[567]|k2-thinking|k3|thinking)', {'thinks': True}),
    ('magistral', {'thinks': True, 'always_thinks': True}),
    (
        r'claude-(opus-4[.-]1|(opus|sonnet|haiku)-4[.-][5-9]|(opus|sonnet|haiku|fable)-[5-9])',
        {'json_schema_output': True},
    ),
    (r'claude-(opus|sonnet|haiku|fable)-(4|[5-9])|claude-3-7', {'thinks': True}),
    ('gemini', {'json_schema_output': True, 'json_object_output': True, 'schema': 'gemini'}),
    (r'gemini-(2\.5|[3-9])', {'thinks': True}),
    (r'(zai-)?glm-5\.3', {'schema': 'inline'}),
)
"""What holds for a model wherever it is served."""

# -------------------------------------------------------------------- providers


@dataclass(frozen=True)
class Dialect:
    """How a provider differs.

    Attributes:
        changes: for all its models.
        rules: for some, by their whole names.
        openai: the names of models that are OpenAI's own there; by default none.
    """

    changes: Change = field(default_factory=dict[str, Any])
    rules: Rules = ()
    openai: str = '(?!)'


_COMES_AND_GOES: Final = {'thinking_field': 'reasoning_content', 'thinking_back': 'field', 'json_object_output': True}

_GEMINI: Final = {
    'schema': 'plain',
    'thinking_tags': None,
    'json_schema_output': True,
    'json_object_output': True,
    'thinks': True,
}
_GEMINI_RULES: Final[Rules] = (
    ('.*image', {'image_output': True, 'tools': False}),
    (r'.*(gemini-[12]\..*image|gemma.*image)', {'json_schema_output': False, 'json_object_output': False}),
    ('(?!.*flash).*pro', {'always_thinks': True}),
    (
        r'.*(gemini-1\.|gemini-2\.(?!5)|gemini-2\.5-flash-image|gemma)|gemini-pro$',
        {'thinks': False, 'always_thinks': False},
    ),
)

_THINKS: Final = {'thinks': True}
_NEVER_RESTS: Final = {'thinks': True, 'always_thinks': True}
_SCHEMA_OUTPUT: Final = {'json_schema_output': True}

_BEDROCK_RULES: Final[Rules] = (
    (r'.*\b(amazon\.|meta\.|openai\.gpt-oss)', {'schema': 'inline'}),
    (r'.*\banthropic\.claude-((opus|sonnet|haiku)-4-[5-9]|(opus|sonnet|mythos)-5|haiku-5-5)', _SCHEMA_OUTPUT),
    (r'.*\banthropic\.claude-((opus|sonnet|haiku|fable|mythos)-(4|[5-9])|mythos|3-7)', _THINKS),
    (r'.*\banthropic\.claude-((fable|mythos)-5|mythos-preview|opus-5-5)', _NEVER_RESTS),
    (r'.*\bdeepseek\.(r1|v3\.2)', _THINKS),
    (r'.*\bdeepseek\.r1', {**_NEVER_RESTS, 'ignore_streamed_leading_whitespace': True}),
    (r'.*\bcohere\..*reasoning|.*\bmistral\.magistral|.*\bxai\.|.*\bzai\.glm-5\.3|.*\bopenai\.gpt-oss', _NEVER_RESTS),
    (r'.*\bmistral\.(magistral-small|ministral-3|mistral-large-3|voxtral)', _SCHEMA_OUTPUT),
    (r'.*\bqwen\.', {'ignore_streamed_leading_whitespace': True}),
    (r'.*\bqwen\.qwen3', _SCHEMA_OUTPUT),
    (r'.*\bqwen\.(?!qwen3-coder)(qwen3|qwq)', _THINKS),
    (r'.*\bgoogle\.gemma-3-(12|27)b-it|.*\bminimax\.minimax-m2|.*\bnvidia\.nemotron-nano', _SCHEMA_OUTPUT),
    (r'.*\bzai\.', _SCHEMA_OUTPUT),
    (r'.*\bzai\.glm-(5|4\.[567])', _THINKS),
    (r'.*\bmoonshot(ai)?\.', {**_SCHEMA_OUTPUT, 'ignore_streamed_leading_whitespace': True}),
    (r'.*\bmoonshot(ai)?\.kimi-(k2\.[567]|k2-thinking|k3|thinking)', _THINKS),
    (r'.*\bopenai\.gpt-(5\.6|6)', _THINKS),
    (r'.*\bopenai\.gpt-6(-astra|\.1-sol)', _NEVER_RESTS),
)
"""Bedrock's models, by the ids that it gives them: `region.house.name-version`."""

DIALECTS: Final[Mapping[str, Dialect]] = {
    'bedrock': Dialect({'schema': 'plain', 'thinking_tags': None}, _BEDROCK_RULES),
    'google': Dialect(_GEMINI, _GEMINI_RULES),
    # Gemini 3.1 Pro stops thinking there when told to.
    'google-cloud': Dialect(_GEMINI, (*_GEMINI_RULES, (r'gemini-3\.1-pro-preview', {'always_thinks': False}))),
    'openai': Dialect({'schema': 'openai_own'}, (('ft:', {'schema': 'openai'}),), openai=''),
    'anthropic': Dialect(
        {'schema': 'anthropic', 'thinking_tags': None, 'thinks': True},
        (('claude-mythos-5', {'json_schema_output': True}),),
    ),
    'azure': Dialect(
        {'documents': False},
        (('(mistral|ministral|magistral)', {'max_tokens_key': 'max_tokens'}),),
        openai='(?!llama|meta-|deepseek|mistral|ministral|magistral|cohere-|grok)',
    ),
    'bedrock-mantle': Dialect(
        {'image_output': False},
        (('.*gpt-oss', {'forced_tools': False, 'schema': 'gpt_oss'}),),
        openai=r'([a-z-]+\.)?openai\.',
    ),
    'meta': Dialect(
        {'forced_tools': False},
        (
            (
                'muse-(spark|wonder)-',
                {
                    'json_schema_output': True,
                    'json_object_output': True,
                    'thinks': True,
                    'always_thinks': True,
                    'thinks_by_default': True,
                    'efforts': ('minimal', 'low', 'medium', 'high', 'xhigh', 'max'),
                },
            ),
        ),
    ),
    'deepseek': Dialect(
        {**_COMES_AND_GOES, 'thinking_field_with_tools': True, 'max_tokens_key': 'max_tokens'},
        (
            (
                'deepseek-(flash$|v4-)',
                {
                    'thinks': True,
                    'thinks_by_default': True,
                    'forced_tools_while_thinking': False,
                    'max_effort': True,
                },
            ),
            ('deepseek-reasoner', {'thinks_by_default': True, 'forced_tools': False}),
        ),
    ),
    'mistral': Dialect(
        {'schema': 'plain', 'strict_schemas': False, 'inline_system': True},
        (
            ('zai-glm-5-3(-|$)', {'schema': 'inline'}),
            ('voxtral', {'short_call_ids': True}),
            (
                # They think only when told so: https://docs.mistral.ai/capabilities/reasoning
                r'mistral-(large-4(-0)?|medium(-3([.-]5)?|-2604)?|small-2603)$|(mi|magi)stral-(medium|small)-latest$',
                {'thinks': True, 'always_thinks': False},
            ),
        ),
    ),
    'cohere': Dialect(
        {'schema': 'plain', 'strict_schemas': False, 'inline_system': True, 'thinking_tags': None, 'images': False},
        (
            ('.*vision', {'images': True}),
            ('.*reasoning', {'thinks': True, 'thinks_by_default': True}),
        ),
    ),
    'openrouter': Dialect(
        {
            'thinks': True,
            'thinking': 'openrouter',
            'thinking_field': 'reasoning',
            'thinking_back': 'details',
            'reasoning_details': True,
            'file_urls': True,
            'videos': True,
            'web_search': 'openrouter',
            'max_tokens_key': 'max_tokens',
        },
        (
            ('.*/gpt-oss', {'inline_system': False}),
            ('~?anthropic/', {'cache_control': 'ttl', 'forced_tools_while_thinking': False}),
            ('~?google/', {'cache_control': 'plain'}),
        ),
        openai='~?openai/(?!gpt-oss)',
    ),
    'cerebras': Dialect(
        {'thinking': 'cerebras', 'dropped_settings': ('logit_bias',)},
        (
            (r'zai|gpt-oss|qwen-3\.8|kimi-k3', {'thinks': True}),
            ('zai', {'thinking_back': 'tags', 'keeps_thinking': True}),
            ('gpt-oss', {'always_thinks': True}),
            (
                r'kimi-k3|zai-glm-5\.3',
                {'always_thinks': True, 'efforts': ('low', 'high', 'max'), 'max_effort': True},
            ),
        ),
    ),
    'zai': Dialect(
        {**_COMES_AND_GOES, 'thinking': 'zai'},
        (
            (r'glm-(5|4\.[567])', {'thinks': True, 'keeps_thinking': True}),
            (r'glm-5\.2', {'efforts': ('minimal', 'low', 'medium', 'high', 'xhigh', 'max')}),
            (r'glm-5\.3', {'always_thinks': True, 'efforts': ('low', 'high', 'max')}),
        ),
    ),
    'ollama': Dialect(
        {
            'thinking_field': 'reasoning',
            'strict_schemas': False,
            'json_schema_output': True,
            'json_object_output': True,
        },
        # Ollama's cloud takes a schema and ignores it.
        (('.*-cloud$', {'json_schema_output': False}),),
    ),
    'crusoe': Dialect({'json_schema_output': True}),
    'snowflake': Dialect(
        {'strict_schemas': False},
        (
            (
                'claude',
                {
                    'json_schema_output': True,
                    'json_object_output': False,
                    'thinks': True,
                    'thinking': 'snowflake',
                    'thinking_back': 'details',
                    'reasoning_details': True,
                },
            ),
            ('(?!claude|openai-)', {'tools': False, 'json_schema_output': False, 'json_object_output': False}),
        ),
        openai='openai-',
    ),
    'github': Dialect(openai='[^/]+$|openai/|microsoft/'),
    'vercel': Dialect(openai='openai/'),
    'moonshotai': Dialect(
        {**_COMES_AND_GOES, 'forced_tools': False},
        (
            (r'kimi-(k2\.7|k2-thinking|thinking|k3)', {'always_thinks': True, 'no_thinking_body': {}}),
            ('kimi-k3', {'no_thinking_body': {'reasoning_effort': 'low'}}),
            (
                r'kimi-k2\.[56]',
                {'thinks_by_default': True, 'no_thinking_body': {'thinking': {'type': 'disabled'}}},
            ),
            (r'kimi-(k3|k2\.[67])', {'max_effort': True}),
        ),
    ),
    'groq': Dialect(
        {
            'max_tokens_key': 'max_tokens',
            'inline_system': True,
            'images_only': True,
            'thinking': 'unsaid',
            'thinking_back': 'tags',
            'dropped_settings': ('service_tier',),
        },
        (
            (r'(?!llama|meta-llama/|qwen|openai/)', {'schema': 'plain'}),
            ('qwen-qwq|deepseek-r1|llama-4-maverick', {'thinks': True, 'always_thinks': True}),
            ('qwen/qwen3', {'thinks': True, 'none_effort': True}),
            (
                'openai/gpt-oss',
                {
                    'thinks': True,
                    'always_thinks': True,
                    'efforts': ('low', 'medium', 'high'),
                    'forced_tools': True,
                    'ignore_streamed_leading_whitespace': False,
                },
            ),
            (
                'moonshotai/|meta-llama/llama-4-(maverick|scout)-17b',
                {'json_schema_output': True, 'json_object_output': True},
            ),
            ('compound-|groq/compound', {'web_search': 'always'}),
        ),
        openai='openai/',
    ),
    'huggingface': Dialect(
        {
            'schema': 'plain',
            'max_tokens_key': 'max_tokens',
            'strict_schemas': False,
            'json_schema_output': False,
            'json_object_output': False,
            'inline_system': False,
            'images_only': True,
            'thinking': 'unsaid',
            'thinks': False,
            'thinking_back': 'tags',
            'dropped_settings': ('service_tier', 'parallel_tool_calls'),
        },
        (
            ('(deepseek-ai|google|qwen|meta-llama|mistralai|moonshotai)/', {'inline_system': True}),
            (r'(qwen|meta-llama)/|zai-org/glm-5\.3|openai/gpt-oss', {'schema': 'inline'}),
            ('openai/gpt-oss', {'forced_tools': True, 'ignore_streamed_leading_whitespace': False}),
            ('google/', {'schema': 'gemini'}),
        ),
    ),
    'fireworks': Dialect({'json_schema_output': True}),
    'together': Dialect(rules=(('deepseek-ai/deepseek-v4-', {'forced_tools': False}),)),
    'litellm': Dialect(openai='[^/]+$|openai/'),
    'vllm': Dialect(
        {'json_schema_output': True, 'json_object_output': True, 'documents': False, 'one_system_message': True}
    ),
    'alibaba': Dialect({'documents': False}, (('.*omni', {'audio_as_uri': True}),)),
    'xai': Dialect(
        {'json_schema_output': True, 'json_object_output': True, 'documents': False},
        (('grok-3-mini', {'thinks': True, 'always_thinks': True, 'efforts': ('low', 'high')}),),
    ),
    'local': Dialect(
        {
            'schema': 'plain',
            'strict_schemas': False,
            'json_schema_output': True,
            'json_object_output': True,
            'documents': False,
            'one_system_message': True,
            'max_tokens_key': 'max_tokens',
        }
    ),
}

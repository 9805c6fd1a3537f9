"""How providers differ, for all models that they serve or for some. Each one's row in `providers` names its pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from jupyter_stream.profiles._rows import Dialect, Rules
from jupyter_stream.profiles.bedrock import BEDROCK

__all__ = ('DIALECTS',)

_COMES_AND_GOES: Final = {'thinking_field': 'reasoning_content', 'thinking_back': 'field', 'json_object_output': True}

_GEMINI: Final = {
    'schema': 'plain',
    'thinking_tags': None,
    'json_schema_output': True,
    'json_object_output': True,
    'thinks': True,
}
_CLOUD: Final = {
    'resource': 'publishers/google/models/{}',
    'own_names': frozenset({'google-cloud', 'google-vertex'}),
    'upload_scheme': 'gs://',
    'own_urls': None,
    'tier_headers': True,
    'image_formats': True,
    'echoes_tools': False,
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

DIALECTS: Final[Mapping[str, Dialect]] = {
    'bedrock': BEDROCK,
    'google': Dialect(_GEMINI, _GEMINI_RULES),
    # Gemini 3.1 Pro stops thinking there when told to.
    'google-cloud': Dialect(
        {**_GEMINI, 'gemini': _CLOUD}, (*_GEMINI_RULES, (r'gemini-3\.1-pro-preview', {'always_thinks': False}))
    ),
    'openai': Dialect(
        {'schema': 'openai_own', 'responses': {'later_tools': True}}, (('ft:', {'schema': 'openai'}),), openai=''
    ),
    'anthropic': Dialect(
        {'schema': 'anthropic', 'thinking_tags': None, 'thinks': True},
        (
            ('claude-mythos-5', {'json_schema_output': True}),
            # By a block of the type `tool_addition`, which Anthropic's own service alone takes.
            (
                'claude-(fable-5|mythos-5|opus-4-8|opus-5|(sonnet|haiku)-5-5)',
                {'claude': {'later_tools': True}},
            ),
        ),
    ),
    'azure': Dialect(
        {'documents': False},
        (('(mistral|ministral|magistral)', {'max_tokens_key': 'max_tokens'}),),
        openai='(?!llama|meta-|deepseek|mistral|ministral|magistral|cohere-|grok)',
    ),
    'bedrock-mantle': Dialect(
        {'image_output': False, 'responses': {'native_tools': frozenset[str]()}},
        (
            ('.*gpt-oss', {'forced_tools': False, 'schema': 'gpt_oss'}),
            (r'(?!([a-z-]+\.)?openai\.gpt-oss|gpt-oss)', {'responses': {'scoped_call_ids': True}}),
            # The open models are served beside the others, under a path of their own.
            (r'([a-z-]+\.)?openai\.gpt-oss|gpt-oss', {'responses': {'path': '/v1/responses'}}),
        ),
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
                    'responses': {
                        'encrypted_reasoning': True,
                        'phase': True,
                        'native_tools': frozenset({'web_search'}),
                    },
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
            'server_tools': True,
            'max_tokens_key': 'max_tokens',
        },
        (
            ('.*/gpt-oss', {'inline_system': False}),
            ('~?anthropic/', {'cache_control': 'ttl', 'forced_tools_while_thinking': False}),
            ('anthropic/', {'eager_arguments': True}),
            # Elsewhere it would be moved to the beginning, and the cache would be lost with it.
            (
                'anthropic/claude-(fable-5|mythos-5|opus-4[.-]8|opus-5)',
                {'inline_system': True, 'system_before_answers': True},
            ),
            # It does not hand on OpenAI's own marks.
            ('~?openai/', {'responses': {'cache_marks': False}}),
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
            # https://docs.ollama.com/api/openai-compatibility
            'max_tokens_key': 'max_tokens',
            'dropped_settings': ('logit_bias',),
        },
        # Ollama's cloud takes a schema and ignores it.
        (('.*-cloud$', {'json_schema_output': False}),),
    ),
    # These serve open models by vLLM, whose chat templates may be as strict as one's own.
    'crusoe': Dialect({'json_schema_output': True, 'one_system_message': True}),
    'nebius': Dialect({'one_system_message': True}),
    'ovhcloud': Dialect({'one_system_message': True}),
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
    'together': Dialect({'max_tokens_key': 'max_tokens'}, (('deepseek-ai/deepseek-v4-', {'forced_tools': False}),)),
    'litellm': Dialect({'one_system_message': True}, openai='[^/]+$|openai/'),
    'vllm': Dialect(
        {
            'json_schema_output': True,
            'json_object_output': True,
            'documents': False,
            'one_system_message': True,
            # Older versions do not know the newer name.
            'max_tokens_key': 'max_tokens',
        }
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
            'images': False,
            'documents': False,
            'one_system_message': True,
            'max_tokens_key': 'max_tokens',
        }
    ),
}

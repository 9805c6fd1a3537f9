"""What is known of models whose weights are open, or that many providers serve under their vendors' names."""

from __future__ import annotations

from typing import Final

from jupyter_stream.profiles._rows import Row, Vendor
from jupyter_stream.profiles.openai import OPENAI_CHANGES

__all__ = ('OPEN_MODELS',)

_DEEPSEEK: Final = 'https://api-docs.deepseek.com'
_GROQ: Final = 'https://ai.pydantic.dev/gateway/'
_MISTRAL: Final = 'https://docs.mistral.ai/capabilities/reasoning'
_MOONSHOT: Final = 'https://platform.moonshot.ai/docs/api/chat'
_OLLAMA: Final = 'https://docs.ollama.com/api/openai-compatibility'
_QWEN: Final = 'https://www.alibabacloud.com/help/en/model-studio/compatibility-of-openai-with-dashscope'
_ZAI: Final = 'https://docs.z.ai/api-reference/llm/chat-completion'

_TEXT_ONLY: Final = {'images': False}
_INLINE: Final = {'schema': 'inline'}
_HARMONY: Final = {
    **OPENAI_CHANGES,
    'schema': 'gpt_oss',
    'forced_tools': False,
    'ignore_streamed_leading_whitespace': True,
    'framing_announcement': 'always',
}
_WHEN_NEEDED: Final = {'framing_announcement': 'when_needed'}
_WHITESPACE: Final = {'ignore_streamed_leading_whitespace': True}
_THINKS: Final = {'thinks': True}
_ALWAYS_THINKS: Final = {**_THINKS, 'always_thinks': True}

OPEN_MODELS: Final = Vendor(
    families=(
        Row('gpt-oss|smollm', _TEXT_ONLY, _OLLAMA),
        Row(r'(meta-)?llama-?(2|3-|3\.[13])', _TEXT_ONLY, _GROQ),
        Row(r'qwen-?(2\.5-(?!vl|omni)|3-(?!vl|omni))|qwq', _TEXT_ONLY, _QWEN),
        Row('deepseek-(?!vl|ocr)', _TEXT_ONLY, _DEEPSEEK),
        Row(r'kimi-(k2(?!\.)|k2-thinking)', _TEXT_ONLY, _MOONSHOT),
        Row('gpt-oss', _HARMONY, _OLLAMA, dict.fromkeys(('fireworks', 'huggingface', 'sambanova'), _WHEN_NEEDED)),
        Row('(meta-|snowflake-)?llama', _INLINE, _GROQ),
        Row('qwen|qwq', {**_INLINE, **_WHITESPACE}, _QWEN),
        Row('qwen-?3-coder', {'strict_schemas': False, 'forced_tools': False}, _QWEN),
        Row(r'qwen-?3\.5', {'json_schema_output': True, 'json_object_output': True}, _QWEN),
        Row('deepseek-(r1|reasoner)', {**_ALWAYS_THINKS, **_WHITESPACE}, _DEEPSEEK),
        Row('deepseek-v4-', _THINKS, _DEEPSEEK),
        Row('kimi', _WHITESPACE, _MOONSHOT),
        Row(r'kimi-(k2\.[567]|k2-thinking|k3|thinking)', _THINKS, _MOONSHOT),
        Row('magistral', _ALWAYS_THINKS, _MISTRAL),
        Row(r'(zai-)?glm-5\.3', _INLINE, _ZAI),
    ),
)

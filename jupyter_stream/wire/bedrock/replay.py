"""The parts of an earlier answer as the blocks that they were."""

from __future__ import annotations

import re
from base64 import b64encode
from typing import Any, Final

from jupyter_stream.messages import (
    ModelResponse,
    NativeToolCallPart,
    NativeToolReturnPart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
)
from jupyter_stream.profiles import DEFAULT_THINKING_TAGS
from jupyter_stream.wire.base import Target
from jupyter_stream.wire.bedrock.content import text_block

__all__ = ('CODE', 'CODE_RESULT', 'REDACTED', 'Replay')

Block = dict[str, Any]

CODE: Final = 'nova_code_interpreter'
CODE_RESULT: Final = 'nova_code_interpreter_result'
REDACTED: Final = 'redacted_content'

_CODE_EXECUTION: Final = 'code_execution'
_REDACTED: Final = (REDACTED, 'redacted_thinking')  # as Anthropic itself has it
_NOT_IN_NAMES: Final = re.compile('[^a-zA-Z0-9_-]')


class Replay:
    """One answer's blocks, and what of its thinking can only go back as text.

    Attributes:
        blocks: the assistant's turn.
        thinking: what goes into a turn of the user before it. In its own turn, it would teach Claude to write such
            tags.
    """

    def __init__(self, target: Target, response: ModelResponse) -> None:
        self.blocks: list[Block] = []
        self.thinking: list[Block] = []
        self._name = target.provider.name
        self._known = target.profile.converse
        self._response = response
        for part in response.parts:
            self._add(part)

    def _add(self, part: Any) -> None:
        if isinstance(part, TextPart):
            self.blocks.append(text_block(part.content))
        elif isinstance(part, ThinkingPart):
            self._thought(part)
        elif isinstance(part, ToolCallPart):
            self.blocks.append(_call(part, _NOT_IN_NAMES.sub('_', part.tool_name)))
        elif isinstance(part, NativeToolCallPart) and self._is_code(part):
            self.blocks.append(_call(part, CODE, type='server_tool_use'))
        elif isinstance(part, NativeToolReturnPart) and self._is_code(part):
            self.blocks.append(_code_result(part))

    def _thought(self, part: ThinkingPart) -> None:
        if part.signature and self._known.signatures and self._understood(part.provider_name):
            self.blocks.append({'reasoningContent': _signed(part, part.signature)})
        elif not self._known.claude:
            opening, closing = DEFAULT_THINKING_TAGS
            self.blocks.append(text_block(f'{opening}\n{part.content}\n{closing}'))
        elif part.content:
            self.thinking.append(text_block(f'<assistant_thinking>\n{part.content}\n</assistant_thinking>'))

    def _understood(self, provider_name: str | None) -> bool:
        """Whether the model can read what was signed: by itself, or for Claude wherever it was served."""
        own = self._response.canonical_system if provider_name == self._response.provider_name else None
        if own is None:
            return provider_name == self._name or (self._known.claude and provider_name == 'anthropic')
        return own == ('anthropic' if self._known.claude else self._name)

    def _is_code(self, part: NativeToolCallPart | NativeToolReturnPart) -> bool:
        return part.provider_name == self._name and part.tool_name == _CODE_EXECUTION


def _call(part: ToolCallPart | NativeToolCallPart, name: str, **more: Any) -> Block:
    return {'toolUse': {'toolUseId': part.tool_call_id, 'name': name, 'input': part.args_as_dict(), **more}}


def _signed(part: ThinkingPart, signature: str) -> Block:
    if part.id in _REDACTED:
        return {'redactedContent': b64encode(signature.encode()).decode()}
    return {'reasoningText': {'text': part.content, 'signature': signature}}


def _code_result(part: NativeToolReturnPart) -> Block:
    result: Block = {'toolUseId': part.tool_call_id, 'content': [{'json': part.content}], 'type': CODE_RESULT}
    if status := (part.provider_details or {}).get('status'):
        result['status'] = status
    return {'toolResult': result}

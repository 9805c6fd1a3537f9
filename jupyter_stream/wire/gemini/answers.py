"""An earlier answer of the model, as it goes back: https://ai.google.dev/gemini-api/docs/thought-signatures

Signatures go back only to the address that issued them, each with the part it came with. That of a ThinkingPart, which
comes from elsewhere, goes with the part after it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, cast

from jupyter_stream.exceptions import UserError
from jupyter_stream.messages import (
    CompactionPart,
    FilePart,
    ModelResponse,
    NativeToolCallPart,
    NativeToolReturnPart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
)
from jupyter_stream.wire.base import Target
from jupyter_stream.wire.gemini.content import bytes_text, inline, signature_text
from jupyter_stream.wire.gemini.tool_names import CODE, MEDIA, TOOL_TYPES, WEB_SEARCH

__all__ = ('answer_parts',)

Part = dict[str, Any]

_NO_SIGNATURE: Final = bytes_text(b'skip_thought_signature_validator')
"""What Google documents for the first function call of a turn that has no signature."""

_OWN_ID: Final = 'pyd_ai_'
"""How the ids begin that were made here, which the provider therefore does not know."""


def answer_parts(target: Target, response: ModelResponse) -> Iterator[Part]:
    """The parts of a model's turn; none for an answer of which nothing can go back.

    Raises:
        UserError: the answer holds what can't be said to Gemini.
    """
    answer = _Answer(target, response)
    for item in response.parts:
        part = answer.part(item)
        if part is not None:
            yield part


class _Answer:
    """One pass over an answer."""

    def __init__(self, target: Target, response: ModelResponse) -> None:
        self.system = target.provider.canonical_system
        self.gemini = target.profile.gemini
        self.response = response
        self.signature: str | None = None
        self.called = False

    def part(self, item: Any) -> Part | None:
        signature = self._signature_of(item) or self.signature
        self.signature = item.signature if isinstance(item, ThinkingPart) and self._own(item) else None
        part = self._bare(item, signature is not None)
        if part is not None and signature is not None:
            part['thoughtSignature'] = signature_text(signature)
        return part

    def _bare(self, item: Any, signed: bool) -> Part | None:
        if isinstance(item, TextPart):
            return {'text': item.content}
        if isinstance(item, ThinkingPart):
            return {'text': item.content, 'thought': True} if item.content else None
        if isinstance(item, ToolCallPart):
            return self._call(item, signed)
        if isinstance(item, NativeToolCallPart):
            return self._native_call(item) if self._own(item) else None
        if isinstance(item, NativeToolReturnPart):
            return self._native_return(item) if self._own(item) else None
        if isinstance(item, FilePart):
            return {'inlineData': inline(item.content.data, item.content.media_type)}
        if isinstance(item, CompactionPart):
            return None
        raise UserError(f'{type(item).__name__} can not be sent to Gemini: leave it out of the history.')

    def _call(self, item: ToolCallPart, signed: bool) -> Part:
        first, self.called = not self.called, True
        part: Part = {
            'functionCall': {'name': item.tool_name, 'args': item.args_as_dict(), 'id': item.tool_call_id},
        }
        if first and not signed:
            part['thoughtSignature'] = _NO_SIGNATURE
        return part

    def _native_call(self, item: NativeToolCallPart) -> Part | None:
        if item.tool_name == CODE:
            return {'executableCode': item.args_as_dict()}
        if not self._echoes(item):
            return None
        return {'toolCall': {**self._echo(item), 'args': item.args_as_dict()}}

    def _native_return(self, item: NativeToolReturnPart) -> Part | None:
        content: Any = item.content
        if item.tool_name == CODE and isinstance(content, dict):
            return {'codeExecutionResult': cast(Part, content)}
        if not self._echoes(item):
            return None
        response: Part = dict(cast(Part, content)) if isinstance(content, dict) else {'result': content}
        if item.tool_name == WEB_SEARCH:
            response.pop('sources', None)  # the decoder put them there
        return {'toolResponse': {**self._echo(item), 'response': response}}

    def _echo(self, item: NativeToolCallPart | NativeToolReturnPart) -> Part:
        return {'id': item.tool_call_id, 'tool_type': TOOL_TYPES.get(item.tool_name, item.tool_name.upper())}

    def _echoes(self, item: NativeToolCallPart | NativeToolReturnPart) -> bool:
        """Whether the call of a server-side tool goes back. Those of media processing are refused there."""
        own_id = item.tool_call_id.startswith(_OWN_ID)
        return item.tool_name != MEDIA and self.gemini.echoes_tools and not own_id

    # ------------------------------------------------------------ whose it is

    def _signature_of(self, item: Any) -> str | None:
        raw = cast(Part, item.provider_details or {}).get('thought_signature')
        return raw if raw and (self._issued(self.response.provider_name) or self._own(item)) else None

    def _own(self, item: Any) -> bool:
        return self._issued(item.provider_name)

    def _issued(self, provider_name: str | None) -> bool:
        """Whether what carries this provider's name in this answer is from the address that is asked now."""
        said = self.response.canonical_system
        if said is not None and provider_name == self.response.provider_name and provider_name is not None:
            return said == self.system
        return provider_name in self.gemini.own_names

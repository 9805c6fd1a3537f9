"""Chunks of Groq's stream to parts: https://console.groq.com/docs/api-reference#chat-create"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

from jupyter_stream.messages import ThinkingPart
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.settings import ModelSettings
from jupyter_stream.wire import base
from jupyter_stream.wire.groq.tools import FailedGeneration, Searches, failed_generation
from jupyter_stream.wire.openai_chat import Decoder as ChatDecoder

__all__ = ('Decoder',)

_NOTHING: Final[Mapping[str, Any]] = {}


class Decoder(ChatDecoder):
    """Reads one answer. All its text is one part; each stretch of thinking is one of its own."""

    def __init__(self, target: base.Target, parameters: ModelRequestParameters, settings: ModelSettings) -> None:
        super().__init__(target, parameters, settings)
        self.parts.tagged = ThinkingPart('')
        self._searches = Searches(target.provider.name)
        self._stretch = 0
        self._in_thinking = False

    def _plain_text_of(self, chunk: dict[str, Any]) -> str | None:
        return super()._plain_text_of(chunk) if chunk.get('x_groq') is None else None

    def _is_chunk(self, event: str, chunk: dict[str, Any]) -> bool:
        return failed_generation(chunk) is not None or super()._is_chunk(event, chunk)

    def _read(self, chunk: dict[str, Any]) -> None:
        failed = None if 'choices' in chunk else failed_generation(chunk)
        if failed is not None and (len(self.parts) or failed.text):
            self._fail(failed)
            return
        if broken_off := (chunk.get('x_groq') or _NOTHING).get('error'):
            raise self._error({'error': broken_off})
        super()._read(chunk)

    def _fail(self, failed: FailedGeneration) -> None:
        """Groq refused what the model wrote. It is the answer all the same, and nothing comes after it."""
        self._chunks += 1
        self.complete = self.terminal = True
        if failed.name is not None:
            self.parts.tool_call('tool_use_failed', name=failed.name, args=failed.arguments)
        elif failed.text:
            self.parts.text('tool_use_failed', failed.text)

    def _describe(self, chunk: dict[str, Any], choice: dict[str, Any] | None) -> None:
        usage = cast(Mapping[str, Any], chunk.get('x_groq') or _NOTHING).get('usage')
        super()._describe(chunk if chunk.get('usage') is usage else {**chunk, 'usage': usage}, choice)
        self._plain_size = len(chunk)

    # ----------------------------------------------------------------- parts

    def _thinking(self, delta: dict[str, Any]) -> None:
        thought = delta.get('reasoning') or delta.get('reasoning_content')
        if thought:
            self._stretch += not self._in_thinking
            self.parts.thinking(('reasoning', self._stretch), thought)
        self._in_thinking = bool(thought)
        for tool in delta.get('executed_tools') or ():
            for part in self._searches.parts(tool):
                self.parts.part(('search', tool.get('index'), part.part_kind), part)

    def _text(self, content: str) -> None:
        self._in_thinking = False
        super()._text(content)

    def _leave_text(self, *, awaits_text: bool) -> None:
        """Text goes on in the same part, whatever came in between."""

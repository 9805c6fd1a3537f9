"""Chunks of Hugging Face's stream to parts."""

from __future__ import annotations

from typing import Any, Final

from jupyter_stream.messages import ThinkingPart
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.settings import ModelSettings
from jupyter_stream.wire import base
from jupyter_stream.wire.openai_chat import Decoder as ChatDecoder

__all__ = ('Decoder',)

_COUNTS: Final = ('prompt_tokens', 'completion_tokens', 'prompt_tokens_details', 'completion_tokens_details')
"""What all providers behind the router count in the same way."""


class Decoder(ChatDecoder):
    """Reads one answer. All its text is one part."""

    def __init__(self, target: base.Target, parameters: ModelRequestParameters, settings: ModelSettings) -> None:
        super().__init__(target, parameters, settings)
        self.parts.tagged = ThinkingPart('')

    def _count(self, raw: dict[str, Any]) -> None:
        super()._count({name: raw.get(name) for name in _COUNTS})

    def _leave_text(self, *, awaits_text: bool) -> None:
        """Text goes on in the same part, whatever came in between."""

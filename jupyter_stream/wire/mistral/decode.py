"""Chunks of Mistral's stream to parts: https://docs.mistral.ai/api/endpoint/chat

What differs from Chat Completions: thinking comes as chunks inside the content, all text is one part and all thinking
another, an error is a chunk that says so, and where there are output tools a text may be the arguments of one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, cast

from jupyter_stream.messages import ModelResponseStreamEvent, ToolCallPart
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.settings import ModelSettings
from jupyter_stream.stream.parts import generate_tool_call_id
from jupyter_stream.wire import base
from jupyter_stream.wire.mistral.output import Call, OutputText
from jupyter_stream.wire.openai_chat import Decoder as ChatDecoder

__all__ = ('Decoder',)

_NO_ID: Final = ('null', '')
"""What stands in place of an id in a piece that goes on with a call."""


class Decoder(ChatDecoder):
    """Reads one answer."""

    def __init__(self, target: base.Target, parameters: ModelRequestParameters, settings: ModelSettings) -> None:
        super().__init__(target, parameters, settings)
        output_tools = self.parameters.output_tools
        self._output = OutputText(output_tools) if output_tools else None
        self._output_id = generate_tool_call_id()
        self._shown: Call | None = None

    def _read(self, chunk: dict[str, Any]) -> None:
        if 'choices' not in chunk and chunk.get('message'):
            raise self._error(chunk)
        super()._read(chunk)

    def _thinking(self, delta: dict[str, Any]) -> None:
        content = delta.get('content')
        if isinstance(content, list):
            for thought in _thoughts(cast('list[Any]', content)):
                self.parts.thinking('thinking', thought)

    def _leave_text(self, *, awaits_text: bool) -> None:
        """Text goes on in the same part, whatever came in between."""

    def _tool_call(self, call: dict[str, Any]) -> None:
        function = cast('dict[str, Any]', call.get('function') or {})
        call_id = None if call.get('id') in _NO_ID else call.get('id')
        super()._tool_call({**call, 'id': call_id, 'function': {**function, 'name': function.get('name') or None}})

    # ---------------------------------------------------------- text as output

    def _text(self, content: str) -> None:
        super()._text(content) if self._output is None else self._show(self._output, self._output.feed(content))

    def close(self) -> list[ModelResponseStreamEvent]:
        """See `base.Decoder.close`."""
        if self._output is not None:
            self._show(self._output, self._output.close())
        return super().close()

    def _show(self, output: OutputText, text: str) -> None:
        if output.call != self._shown:
            self._shown = output.call
            name, args = cast(Call, output.call)
            self.parts.part('output', ToolCallPart(name, args, self._output_id))
        if text:
            super()._text(text)


def _thoughts(content: list[Any]) -> Iterator[str]:
    for chunk in content:
        if isinstance(chunk, dict) and cast('dict[str, Any]', chunk).get('type') == 'thinking':
            for thought in cast('dict[str, Any]', chunk).get('thinking') or ():
                if thought.get('type') == 'text':
                    yield thought.get('text') or ''

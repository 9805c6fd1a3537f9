"""Chunks of Groq's stream to parts: https://console.groq.com/docs/api-reference#chat-create

Beside the chunks of Chat Completions Groq tells of the searches of a compound model, and of calls that it refused
itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from jupyter_stream.messages import NativeToolCallPart, NativeToolReturnPart, ThinkingPart
from jupyter_stream.native_tools import WebSearchTool
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.settings import ModelSettings
from jupyter_stream.stream.parts import generate_tool_call_id
from jupyter_stream.wire import base
from jupyter_stream.wire.openai_chat import Decoder as ChatDecoder

__all__ = ('Decoder',)

Raw = Mapping[str, Any]

_EMPTY: Final[Mapping[str, Any]] = {}


class Decoder(ChatDecoder):
    """Reads one answer. All its text is one part; each stretch of thinking is one of its own."""

    bare_errors = False

    def __init__(self, target: base.Target, parameters: ModelRequestParameters, settings: ModelSettings) -> None:
        super().__init__(target, parameters, settings)
        self.parts.tagged = ThinkingPart('')
        self._searches = _Searches(target.provider.name)
        self._stretch = 0
        self._in_thinking = False

    def _plain_text_of(self, chunk: dict[str, Any]) -> str | None:
        return super()._plain_text_of(chunk) if chunk.get('x_groq') is None else None

    def _is_chunk(self, event: str, chunk: dict[str, Any]) -> bool:
        return _failed_generation(chunk) is not None or super()._is_chunk(event, chunk)

    def _read(self, chunk: dict[str, Any]) -> None:
        failed = None if 'choices' in chunk else _failed_generation(chunk)
        if failed is not None and (len(self.parts) or failed.text):
            self._fail(failed)
            return
        if broken_off := (chunk.get('x_groq') or _EMPTY).get('error'):
            raise self._error({'error': broken_off})
        super()._read(chunk)

    def _fail(self, failed: _FailedGeneration) -> None:
        """Groq refused what the model wrote. It is the answer all the same, and nothing comes after it."""
        self._chunks += 1
        self.complete = self.terminal = True
        if failed.name is not None:
            self.parts.tool_call('tool_use_failed', name=failed.name, args=failed.arguments)
        elif failed.text:
            self.parts.text('tool_use_failed', failed.text)

    def _describe(self, chunk: dict[str, Any], choice: dict[str, Any] | None) -> None:
        usage = cast(Mapping[str, Any], chunk.get('x_groq') or _EMPTY).get('usage')
        is_own = chunk.get('usage') is usage or chunk.get('object') == 'chat.completion'  # that of a whole answer
        super()._describe(chunk if is_own else {**chunk, 'usage': usage}, choice)
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


# ---------------------------------------------------------------- searches and refused calls

_NOTHING: Final[Raw] = {}
_RESULTS: Final = {'images': None, 'results': None}
_RESULT: Final = {'content': None, 'score': None, 'title': None, 'url': None}


class _Searches:
    """The searches of one answer. Each is told twice, with the same index: when it begins, and with what it found."""

    def __init__(self, provider_name: str) -> None:
        self._provider_name = provider_name
        self._calls: dict[Any, NativeToolCallPart] = {}
        self._raw: dict[Any, Any] = {}

    def parts(self, tool: Raw) -> Iterator[NativeToolCallPart | NativeToolReturnPart]:
        """The parts that an entry of `executed_tools` begins or renews; none for tools other than searches."""
        if tool.get('type') != 'search':
            return
        index = tool.get('index')
        known = self._calls.get(index)
        if known is None or self._raw[index] != tool.get('arguments'):
            self._raw[index] = tool.get('arguments')
            known = self._calls[index] = self._call(tool, known)
            yield known
        if found := _found(tool):
            yield NativeToolReturnPart(
                tool_name=WebSearchTool.kind,
                content=found,
                tool_call_id=known.tool_call_id,
                provider_name=self._provider_name,
            )

    def _call(self, tool: Raw, known: NativeToolCallPart | None) -> NativeToolCallPart:
        return NativeToolCallPart(
            tool_name=WebSearchTool.kind,
            args=_arguments(tool.get('arguments')),
            tool_call_id=known.tool_call_id if known else generate_tool_call_id(),
            provider_name=self._provider_name,
        )


def _arguments(raw: Any) -> Any:
    """Arguments as an object; as they are where they are none."""
    try:
        parsed = json.loads(raw)
    except (TypeError, ValueError):
        return raw
    return cast(Any, parsed) if isinstance(parsed, dict) else raw


def _found(tool: Raw) -> Any:
    results = cast(Raw, tool.get('search_results') or _NOTHING)
    if not (results.get('images') or results.get('results')):
        return tool.get('output')
    pages = [{**_RESULT, **page} for page in cast('list[Raw]', results.get('results') or [])]
    return {**_RESULTS, **results, 'results': pages or None}


@dataclass(frozen=True)
class _FailedGeneration:
    """What the model wrote when Groq refused it: a tool call where `name` is set, else a text, perhaps empty."""

    text: str
    name: str | None = None
    arguments: dict[str, Any] | None = None


def _failed_generation(body: Any) -> _FailedGeneration | None:
    """What an error `tool_use_failed` holds; None for any other error.

    Groq checks the calls that a model makes. One that it refuses is still what the model said, and telling the model
    what is wrong with it is the business of whoever owns the tool.
    """
    said = cast(Raw, body) if isinstance(body, dict) else _NOTHING
    error = cast(Any, said.get('error') or said)
    if not isinstance(error, dict) or cast(Raw, error).get('code') != 'tool_use_failed':
        return None
    text = cast(Raw, error).get('failed_generation')
    if not isinstance(text, str):
        return None
    call = _arguments(text)
    if isinstance(call, dict):
        name, arguments = (cast(Raw, call).get(field) for field in ('name', 'arguments'))
        if isinstance(name, str) and isinstance(arguments, dict):
            return _FailedGeneration(text, name, cast('dict[str, Any]', arguments))
    return _FailedGeneration(text)

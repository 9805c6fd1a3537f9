"""What Groq says of tools in a stream: the searches of a compound model, and calls that it refused itself."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from jupyter_stream.messages import NativeToolCallPart, NativeToolReturnPart
from jupyter_stream.native_tools import WebSearchTool
from jupyter_stream.stream.parts import generate_tool_call_id

__all__ = ('FailedGeneration', 'Searches', 'failed_generation')

Raw = Mapping[str, Any]

_NOTHING: Final[Raw] = {}
_RESULTS: Final = {'images': None, 'results': None}
_RESULT: Final = {'content': None, 'score': None, 'title': None, 'url': None}


class Searches:
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
class FailedGeneration:
    """What the model wrote when Groq refused it: a tool call where `name` is set, else a text, perhaps empty."""

    text: str
    name: str | None = None
    arguments: dict[str, Any] | None = None


def failed_generation(body: Any) -> FailedGeneration | None:
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
            return FailedGeneration(text, name, cast('dict[str, Any]', arguments))
    return FailedGeneration(text)

"""A history as a trace records it: messages by role, each with its parts, in the form of OpenTelemetry's conventions.

https://opentelemetry.io/docs/specs/semconv/gen-ai/. Pure, and without OpenTelemetry: what comes out are dicts.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby
from typing import Any, Final

from pydantic_core import PydanticSerializationError, to_json

from jupyter_stream.messages import (
    CapabilityLoadDeltaPart,
    InstructionBaselinePart,
    InstructionDeltaPart,
    InstructionPart,
    ModelMessage,
    ModelRequest,
    ModelRequestPart,
    ModelResponse,
    ModelResponsePart,
    ModelSettingsDeltaPart,
    NativeToolCallPart,
    NativeToolReturnPart,
    RetryFeedbackPart,
    RetryPromptPart,
    SystemPromptPart,
    ToolAvailabilityDeltaPart,
    ToolReturnPart,
)
from jupyter_stream.messages._otel import OtelOptions
from jupyter_stream.parameters import ModelRequestParameters

__all__ = ('ChatMessage', 'as_json', 'chat_messages', 'input_messages', 'system_instructions')

ChatMessage = dict[str, Any]
"""`role`, `parts`, and for an answer that said so its `finish_reason`."""

_BY_SYSTEM: Final = (
    SystemPromptPart,
    ToolAvailabilityDeltaPart,
    CapabilityLoadDeltaPart,
    InstructionDeltaPart,
    ModelSettingsDeltaPart,
)
_MCP: Final = 'mcp_server:'
_WITHHELD: Final = '[REDACTED]'


def as_json(value: object) -> str:
    """Compact JSON, also of half a character (a lone surrogate), which UTF-8 cannot say."""
    try:
        return to_json(value).decode()
    except PydanticSerializationError:
        return json.dumps(value, separators=(',', ':'))


def chat_messages(messages: Iterable[ModelMessage], settings: OtelOptions) -> list[ChatMessage]:
    """The messages: a request becomes one for each run of parts of the same role, an answer one of the assistant's."""
    return [chat for message in messages for chat in _of_message(message, settings)]


def input_messages(messages: Sequence[ModelMessage], settings: OtelOptions) -> list[ChatMessage]:
    """What was sent, as the span of a request has it.

    A system prompt for an earlier request only is marked as no longer visible. The names of MCP servers are left out,
    since they may be made of an address that is nobody's business.
    """
    start = _current_request(messages)
    return [
        chat
        for index, message in enumerate(messages)
        for chat in _of_message(_without_server_names(message), settings, is_past=index < start)
    ]


def system_instructions(messages: Sequence[ModelMessage], parameters: ModelRequestParameters) -> str | None:
    """The instructions in force, joined: those of the parameters, or the last that the history has."""
    if parameters.instruction_parts is not None:
        return InstructionPart.join(parameters.instruction_parts)
    said = (message.instructions for message in reversed(messages) if isinstance(message, ModelRequest))
    return next((text for text in said if text is not None), None)


def _of_message(message: ModelMessage, settings: OtelOptions, *, is_past: bool = False) -> Iterator[ChatMessage]:
    if isinstance(message, ModelResponse):
        chat = {'role': 'assistant', 'parts': message.otel_message_parts(settings)}
        yield {**chat, 'finish_reason': message.finish_reason} if message.finish_reason is not None else chat
        return
    parts = [part for part in message.parts if not isinstance(part, InstructionBaselinePart)]
    for role, run in groupby(parts, partial(_role, version=settings.version)):
        yield {'role': role, 'parts': [found for part in run for found in _of_part(part, settings, is_past)]}


def _of_part(part: ModelRequestPart, settings: OtelOptions, is_past: bool) -> list[dict[str, Any]]:
    found = part.otel_message_parts(settings)
    if is_past and isinstance(part, SystemPromptPart) and part.scope == 'request':
        return [{**item, 'visible': False} for item in found]
    return found


def _role(part: ModelRequestPart, version: int) -> str:
    """From version 6 on, a tool's result is the tool's, as the conventions have it, and not the user's."""
    if isinstance(part, _BY_SYSTEM):
        return 'system'
    if version >= 6 and isinstance(part, RetryFeedbackPart) and part.is_own_words:
        return 'system'
    is_result = isinstance(part, ToolReturnPart) or (isinstance(part, RetryPromptPart) and part.tool_name is not None)
    return 'tool' if version >= 6 and is_result else 'user'


def _current_request(messages: Sequence[ModelMessage]) -> int:
    """Where the request begins that waits for an answer, or for the rest of one that the provider paused."""
    index = len(messages)
    for kind in ('response', 'request'):
        while index and messages[index - 1].kind == kind:
            index -= 1
    return index


def _without_server_names(message: ModelMessage) -> ModelMessage:
    if not isinstance(message, ModelResponse):
        return message
    return replace(message, parts=[_without_server_name(part) for part in message.parts])


def _without_server_name(part: ModelResponsePart) -> ModelResponsePart:
    if isinstance(part, NativeToolCallPart | NativeToolReturnPart) and part.tool_name.startswith(_MCP):
        return replace(part, tool_name=f'{_MCP}{_WITHHELD}')
    return part

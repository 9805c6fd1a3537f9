"""The fingerprint by which a response knows the history that it was made from.

The provider keeps that history and goes on from it, so a request may leave it out only as long as it is the same here.
The bytes that are hashed are those that `pydantic_ai` hashes, so that a history can move between the two.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from jupyter_stream.messages import (
    ModelMessage,
    ModelMessagesTypeAdapter,
    ModelRequest,
    ModelResponse,
    ModelResponsePart,
    NativeToolReturnPart,
    TextContent,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)

if TYPE_CHECKING:
    from pydantic import TypeAdapter

__all__ = ('fingerprint', 'is_unchanged')

Parts = Sequence[ModelResponsePart]


def fingerprint(history: Sequence[ModelMessage], *, with_instructions: bool) -> Callable[[Parts], str]:
    """What gives the fingerprint of a response to `history`, from its parts.

    Instructions count only where they are part of the input; elsewhere each request brings its own.
    """
    own = [_as_kept(message, with_instructions=with_instructions) for message in history]
    seen = hashlib.sha256(ModelMessagesTypeAdapter.dump_json(own, exclude_none=True))

    def of(parts: Parts) -> str:
        whole = seen.copy()
        for part in parts:
            whole.update(b'\n' + _part_adapter().dump_json(_part_as_kept(part), exclude_none=True))
        return whole.hexdigest()

    return of


def is_unchanged(history: Sequence[ModelMessage], response: ModelResponse) -> bool:
    """Whether a response, and the messages before it, are as when it was made; False where that can't be told."""
    found = response.history_digest
    if found is None:
        return False
    return any(fingerprint(history, with_instructions=flag)(response.parts) == found for flag in (False, True))


@cache
def _part_adapter() -> TypeAdapter[Any]:
    from pydantic import TypeAdapter  # only who goes on from a response pays for loading it

    return TypeAdapter(ModelResponsePart)


def _as_kept(message: ModelMessage, *, with_instructions: bool) -> ModelMessage:
    """A message without what is never sent."""
    parts: list[Any] = [_part_as_kept(part) for part in message.parts]
    if isinstance(message, ModelRequest) and not with_instructions:
        return replace(message, parts=parts, metadata=None, instructions=None)
    return replace(message, parts=parts, metadata=None)


def _part_as_kept(part: Any) -> Any:
    if isinstance(part, (ToolReturnPart, NativeToolReturnPart)):
        return replace(part, metadata=None)
    if isinstance(part, ToolCallPart):
        return replace(part, tool_kind=None)
    if isinstance(part, UserPromptPart) and not isinstance(part.content, str):
        content = [replace(item, metadata=None) if isinstance(item, TextContent) else item for item in part.content]
        return replace(part, content=content)
    return part

"""Going on from what the provider keeps: a stored response or a conversation, instead of sending everything again.

https://platform.openai.com/docs/guides/conversation-state

A request may leave out what the provider keeps only as long as it is the same here, which a response's fingerprint of
the history it was made from tells. The bytes that are hashed are those that `pydantic_ai` hashes, so that a history can
move between the two.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import takewhile
from typing import TYPE_CHECKING, Any, Final, cast

from jupyter_stream.exceptions import UserError
from jupyter_stream.messages import (
    CompactionPart,
    ModelMessage,
    ModelMessagesTypeAdapter,
    ModelRequest,
    ModelResponse,
    ModelResponsePart,
    NativeToolReturnPart,
    SystemPromptPart,
    TextContent,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from jupyter_stream.wire.base import Target

if TYPE_CHECKING:
    from pydantic import TypeAdapter

__all__ = ('Continuation', 'after_compaction', 'comparable_response', 'continuation', 'fingerprint', 'is_own')

Settings = Mapping[str, Any]
Parts = Sequence[ModelResponsePart]

_KEEPS_PROMPT: Final = 'pydantic_ai_standing_prompt_planted'
"""What a history of `pydantic_ai` says of a summary that holds the system prompts as well."""


@dataclass(frozen=True)
class Continuation:
    """What still has to be sent, and the words of the request that say where to go on.

    Attributes:
        messages: the messages that the provider does not have yet.
        body: `previous_response_id` or `conversation`; empty when everything is sent.
        response_id: the id of the response that the request continues; None where everything is sent.
    """

    messages: Sequence[ModelMessage]
    body: dict[str, str] = field(default_factory=dict[str, str])
    response_id: str | None = None


def continuation(target: Target, messages: Sequence[ModelMessage], settings: Settings) -> Continuation:
    """Settle `openai_previous_response_id` and `openai_conversation_id`.

    With 'auto' the request goes on from the last response of the provider in the history, if it and what was before it
    are as when it was made (`history_digest` says that), so that no change is lost. A response id is where to begin
    until there is such a one.

    Raises:
        UserError: both are set, of which the API takes but one.
    """
    previous, conversation = settings.get('openai_previous_response_id'), settings.get('openai_conversation_id')
    if previous is not None and conversation is not None:
        raise UserError('Set `openai_previous_response_id` or `openai_conversation_id`, not both: the API takes one.')
    if conversation is not None:
        return _in_conversation(target, messages, conversation)
    return Continuation(messages) if previous is None else _after_response(target, messages, previous)


def _after_response(target: Target, messages: Sequence[ModelMessage], wanted: str) -> Continuation:
    for index in range(len(messages) - 1, -1, -1):
        message = messages[index]
        if not isinstance(message, ModelResponse):
            continue
        if _compacts(target, message):
            return Continuation(messages)
        if is_own(target, message):
            if not _is_unchanged(messages[:index], message):
                return Continuation(messages)
            response_id = message.provider_response_id
            if response_id and index < len(messages) - 1:
                return Continuation(messages[index + 1 :], {'previous_response_id': response_id}, response_id)
            break
    if wanted == 'auto':
        return Continuation(messages)
    return Continuation(messages, {'previous_response_id': wanted}, wanted)


def _in_conversation(target: Target, messages: Sequence[ModelMessage], wanted: str) -> Continuation:
    ours = messages[-1].conversation_id if messages else None
    for index in range(len(messages) - 1, -1, -1):
        message = messages[index]
        if not is_own(target, message) or (wanted == 'auto' and _elsewhere(message, ours)):
            continue
        found = (cast(ModelResponse, message).provider_details or {}).get('conversation_id')
        if isinstance(found, str) and wanted in ('auto', found):
            return Continuation(messages[index + 1 :], {'conversation': found})
    return Continuation(messages, {} if wanted == 'auto' else {'conversation': wanted})


def _elsewhere(message: ModelMessage, conversation_id: str | None) -> bool:
    """Whether a message belongs to another conversation of the caller's."""
    return None not in (conversation_id, message.conversation_id) and message.conversation_id != conversation_id


def is_own(target: Target, message: ModelMessage) -> bool:
    """Whether a message is a response of the provider."""
    return isinstance(message, ModelResponse) and message.provider_name == target.provider.name


def _compacts(target: Target, response: ModelResponse) -> bool:
    """Whether a response stands for all that was before it."""
    if is_own(target, response):
        return bool((response.provider_details or {}).get('compaction'))
    return any(_is_summary(target, part) for part in response.parts)


def _is_summary(target: Target, part: Any) -> bool:
    return (
        isinstance(part, CompactionPart)
        and part.provider_name == target.provider.name
        and 'encrypted_content' in (part.provider_details or {})
    )


def after_compaction(target: Target, messages: Sequence[ModelMessage]) -> Sequence[ModelMessage]:
    """The messages from the last summary on, and the system prompts that the conversation began with."""
    for index in range(len(messages) - 1, -1, -1):
        message = messages[index]
        if not isinstance(message, ModelResponse):
            continue
        at = max((at for at, part in enumerate(message.parts) if _is_summary(target, part)), default=None)
        if at is not None:
            summary = cast(CompactionPart, message.parts[at])
            opening = [] if (summary.provider_details or {}).get(_KEEPS_PROMPT) else _opening(messages[:index])
            return [*opening, replace(message, parts=message.parts[at:]), *messages[index + 1 :]]
    return messages


def _opening(messages: Sequence[ModelMessage]) -> list[ModelMessage]:
    first = next((message for message in messages if isinstance(message, ModelRequest)), None)
    parts = [*takewhile(lambda part: isinstance(part, SystemPromptPart), first.parts if first else ())]
    return [ModelRequest(parts)] if parts else []


def comparable_response(target: Target, messages: Sequence[ModelMessage]) -> str | None:
    """The response whose prompt the provider is to compare with this one, to say why its cache was of no use."""
    for message in reversed(messages):
        if isinstance(message, ModelResponse):
            if _compacts(target, message):
                return None
            if is_own(target, message):
                found = message.provider_response_id
                return found if found and found.startswith('resp_') else None
    return None


# ---------------------------------------------------------------- the fingerprint of a history


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


def _is_unchanged(history: Sequence[ModelMessage], response: ModelResponse) -> bool:
    """Whether a response, and the messages before it, are as when it was made; False where that cannot be told."""
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

"""Going on from what the provider keeps: a stored response or a conversation, instead of sending everything again.

https://platform.openai.com/docs/guides/conversation-state
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile
from typing import Any, Final, cast

from jupyter_stream.exceptions import UserError
from jupyter_stream.messages import CompactionPart, ModelMessage, ModelRequest, ModelResponse, SystemPromptPart
from jupyter_stream.wire.base import Target
from jupyter_stream.wire.openai_responses.digest import is_unchanged

__all__ = ('Continuation', 'after_compaction', 'comparable_response', 'continuation', 'is_own')

Settings = Mapping[str, Any]

_KEEPS_PROMPT: Final = 'pydantic_ai_standing_prompt_planted'
"""What a history of `pydantic_ai` says of a summary that holds the system prompts as well."""


@dataclass(frozen=True)
class Continuation:
    """What still has to be sent, and the words of the request that say where to go on.

    Attributes:
        messages: those that the provider does not have yet.
        body: `previous_response_id` or `conversation`; empty when everything is sent.
        response_id: the response that is gone on from.
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
            if not is_unchanged(messages[:index], message):
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

"""The turns of a thread for the model that is asked next, which may be another one than answered them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from jupyter_stream.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    ModelResponsePart,
    RetryPromptPart,
    ThinkingPart,
    ToolCallPart,
    ToolReturnPart,
)
from jupyter_stream.output import is_output_tool

from .turn import Turn

__all__ = ('history_for', 'with_results')

_TAKEN: Final = 'Final result processed.'
_NOT_TAKEN: Final = 'Output tool not used - a final result was already processed.'


def history_for(model: str, turns: Sequence[Turn]) -> list[ModelMessage]:
    """The messages of the turns, as they may be sent to the model.

    Thoughts go back to the model that had them, where they are signed or encrypted, so that nobody else could have
    written them. No other model gets them: its provider would refuse the signature, and as text they end up in answers.

    Args:
        model: The model that is asked next, as `provider:name`.
        turns: Those to be sent.
    """
    return with_results(_for(message, turn.model == model) for turn in turns for message in turn.messages)


def with_results(messages: Iterable[ModelMessage]) -> list[ModelMessage]:
    """The messages with a return behind each call that was the answer: providers take no call without one."""
    given = list(messages)
    answered = {
        part.tool_call_id
        for message in given
        for part in message.parts
        if isinstance(part, ToolReturnPart | RetryPromptPart)
    }
    said: list[ModelMessage] = []
    for message in given:
        said.append(message)
        if isinstance(message, ModelResponse) and message.state == 'complete':
            returns = _returns(message, answered)
            said += [ModelRequest(parts=returns)] if returns else []
    return said


def _returns(response: ModelResponse, answered: Collection[str]) -> list[ToolReturnPart]:
    calls = [part for part in response.parts if isinstance(part, ToolCallPart) and is_output_tool(part.tool_name)]
    calls = [call for call in calls if call.tool_call_id not in answered]
    said = [_TAKEN, *(_NOT_TAKEN for _ in calls[1:])]
    return [ToolReturnPart(call.tool_name, words, call.tool_call_id) for call, words in zip(calls, said, strict=False)]


def _for(message: ModelMessage, is_own: bool) -> ModelMessage:
    if not isinstance(message, ModelResponse):
        return message
    kept = list(_kept(message.parts, is_own))
    return message if len(kept) == len(message.parts) else replace(message, parts=kept)


def _kept(parts: Sequence[ModelResponsePart], is_own: bool) -> Iterator[ModelResponsePart]:
    for part in parts:
        if not isinstance(part, ThinkingPart) or (is_own and _is_signed(part)):
            yield part


def _is_signed(thought: ThinkingPart) -> bool:
    return bool(thought.signature or thought.provider_details)

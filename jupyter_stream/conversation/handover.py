"""The turns of a thread for the model that is asked next, which may be another one than answered them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from jupyter_stream.messages import ModelMessage, ModelResponse, ModelResponsePart, ThinkingPart

from .turn import Turn

__all__ = ('history_for',)


def history_for(model: str, turns: Sequence[Turn]) -> list[ModelMessage]:
    """The messages of the turns, as they may be sent to the model.

    Thoughts go back to the model that had them, where they are signed or encrypted, so that nobody else could have
    written them. No other model gets them: its provider would refuse the signature, and as text they end up in answers.

    Args:
        model: The model that is asked next, as `provider:name`.
        turns: Those to be sent.
    """
    return [_for(message, turn.model == model) for turn in turns for message in turn.messages]


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

"""What a history says of a failed try, in the parts that a model is given today."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from jupyter_stream.messages import (
    ModelMessage,
    ModelRequest,
    ModelRequestPart,
    ModelSettingsDeltaPart,
    RetryFeedbackPart,
    RetryPromptPart,
    UserPromptPart,
    modern_retry,
)

__all__ = ('without_retry_parts',)


def without_retry_parts(messages: Sequence[ModelMessage], *, keep_feedback: bool) -> list[ModelMessage]:
    """The messages with each old retry as the tool's own result, or as feedback on an answer.

    Feedback becomes what the user says, marked as the application's words, unless it is kept for a wire protocol that
    has its own way of saying it. Records of changed settings are left out: they are no part of what is said.
    """
    return [
        replace(message, parts=[new for part in message.parts for new in _modern(part, keep_feedback)])
        if isinstance(message, ModelRequest) and any(isinstance(part, _OLD) for part in message.parts)
        else message
        for message in messages
    ]


_OLD = (RetryPromptPart, RetryFeedbackPart, ModelSettingsDeltaPart)


def _modern(part: ModelRequestPart, keep_feedback: bool) -> list[ModelRequestPart]:
    if isinstance(part, ModelSettingsDeltaPart):
        return []
    if isinstance(part, RetryPromptPart):
        part = modern_retry(part)
    if isinstance(part, RetryFeedbackPart) and not keep_feedback:
        return [UserPromptPart(_as_user_text(part), timestamp=part.timestamp)]
    return [part]


def _as_user_text(part: RetryFeedbackPart) -> str:
    text = part.model_response()
    own_words = text == part.content  # quotes nobody, so that it has no frame yet
    return f'<system>{text}</system>' if own_words else text

"""Histories as the protocols have them that know the roles system, user, assistant and tool, as Chat Completions does.

How such a protocol writes a request is here. What a user's content and a response look like is its own: a protocol
derives from `ChatHistory` and says that.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any

from jupyter_stream.exceptions import UserError
from jupyter_stream.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    ModelSettingsDeltaPart,
    RetryFeedbackPart,
    RetryPromptPart,
    SystemPromptPart,
    ToolReturnPart,
    UserContent,
    UserPromptPart,
)
from jupyter_stream.wire.announcement import FRAMES_EXPLAINED, feedback, is_own_words
from jupyter_stream.wire.base import Target

__all__ = ('ChatHistory', 'Message', 'instruct', 'leading')

Message = dict[str, Any]


class ChatHistory(ABC):
    """One pass over a history: what was said before decides how later things are said."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.profile = target.profile
        self._explained = self.profile.framing_announcement == 'never'

    def messages(self, history: Sequence[ModelMessage]) -> Iterator[Message]:
        """The messages of a history.

        Raises:
            UserError: the history holds what cannot be said in this protocol.
        """
        for message in history:
            if isinstance(message, ModelRequest):
                yield from self._request(message)
            else:
                yield from self._response(message)

    @abstractmethod
    def _content(self, content: str | Sequence[UserContent]) -> Any:
        """The `content` of a user message."""

    @abstractmethod
    def _response(self, response: ModelResponse) -> Iterator[Message]:
        """A response's message; none where there is nothing to say again."""

    def _request(self, request: ModelRequest) -> Iterator[Message]:
        files: list[Any] = []
        for part in request.parts:
            if isinstance(part, ToolReturnPart):
                text, shown = part.model_response_str_and_user_content()
                files += shown
                yield {'role': 'tool', 'tool_call_id': part.tool_call_id, 'content': text}
            else:
                yield from self._request_part(part)
        if files:
            yield {'role': 'user', 'content': self._content(files)}

    def _request_part(self, part: Any) -> Iterator[Message]:
        if isinstance(part, UserPromptPart):
            yield {'role': 'user', 'content': self._content(part.content)}
        elif isinstance(part, SystemPromptPart):
            yield {'role': self.profile.system_role, 'content': part.content}
        elif isinstance(part, RetryFeedbackPart):
            yield from self._feedback(part)
        elif isinstance(part, RetryPromptPart):
            yield from self._retry(part)
        elif not isinstance(part, ModelSettingsDeltaPart):
            raise UserError(
                f'{type(part).__name__} cannot be sent to {self.target.provider.title}: leave it out of the history.'
            )

    def _retry(self, part: RetryPromptPart) -> Iterator[Message]:
        if part.tool_name is None:
            yield {'role': 'user', 'content': part.model_response()}
        else:
            yield {'role': 'tool', 'tool_call_id': part.tool_call_id, 'content': part.model_response()}

    def _feedback(self, part: RetryFeedbackPart) -> Iterator[Message]:
        if is_own_words(part) and self.profile.inline_system:
            yield {'role': self.profile.system_role, 'content': part.model_response()}
            return
        if self.profile.inline_system and not self._explained:
            self._explained = True
            yield {'role': self.profile.system_role, 'content': FRAMES_EXPLAINED}
        yield {'role': 'user', 'content': feedback(self.profile, part)}


def leading(messages: Sequence[Message], role: str) -> int:
    """How many system messages come first. Where they have the user's role, they cannot be told from the user's."""
    if role == 'user':
        return 0
    return next((index for index, message in enumerate(messages) if message.get('role') != role), len(messages))


def instruct(messages: list[Message], role: str, texts: Sequence[str]) -> None:
    """Put instructions after the system messages that come first."""
    before = leading(messages, role)
    messages[before:before] = [{'role': role, 'content': text} for text in texts]

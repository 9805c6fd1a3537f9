"""The messages of a conversation, as Chat Completions has them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, cast

from jupyter_stream.messages import (
    ModelMessage,
    ModelResponse,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    UserContent,
)
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.profiles import DEFAULT_THINKING_TAGS
from jupyter_stream.settings import ModelSettings
from jupyter_stream.wire.base import Target
from jupyter_stream.wire.chat_history import ChatHistory, Message, instruct, leading
from jupyter_stream.wire.openai_chat.cache import mark_as_asked, placed_points
from jupyter_stream.wire.openai_chat.content import user_content
from jupyter_stream.wire.openai_chat.reasoning import detail_of
from jupyter_stream.wire.openai_effort import is_thinking
from jupyter_stream.wire.prepare import instructions
from jupyter_stream.wire.sendable import Takes, sendable

__all__ = ('chat_messages',)

_TAKES: Final = Takes(call_ids=re.compile('.{1,40}', re.DOTALL))

_THINKING_FIELDS: Final = ('reasoning', 'reasoning_content')


def chat_messages(
    target: Target, history: Sequence[ModelMessage], settings: ModelSettings, parameters: ModelRequestParameters
) -> list[Message]:
    """The `messages` of a request; `parameters` must be `prepared`.

    Raises:
        UserError: the history holds what cannot be said in Chat Completions.
    """
    own, history = cast(Mapping[str, Any], settings), sendable(history, _TAKES, target.provider.name)
    messages = list(_History(target, is_thinking(target.profile, own, parameters)).messages(history))
    if target.profile.thinking_back == 'auto':
        _complete_thinking(target, messages)
    role = target.profile.system_role
    instruct(messages, role, instructions(history, parameters))
    if target.profile.one_system_message and role != 'user':
        messages = _one_system_message(messages, role)
    if target.profile.system_before_answers:
        _before_answers(messages, role)
    messages = placed_points(messages)
    mark_as_asked(target, own, messages, sum(part.dynamic for part in parameters.instruction_parts or ()))
    return messages


class _History(ChatHistory):
    """Adds how thinking goes back."""

    def __init__(self, target: Target, thinks: bool) -> None:
        super().__init__(target)
        fields = self.profile.thinking_back in ('field', 'details')
        self.required_field = self.profile.thinking_field if fields else None
        self.thought = self.profile.thinking_field_with_tools and thinks

    def _content(self, content: str | Sequence[UserContent]) -> Any:
        return user_content(self.target, content)

    def _response(self, response: ModelResponse) -> Iterator[Message]:
        texts: list[str] = []
        fields: dict[str, list[str]] = {}
        details: list[dict[str, Any]] = []
        calls: list[dict[str, Any]] = []
        for part in response.parts:
            if isinstance(part, TextPart):
                texts.append(part.content)
            elif isinstance(part, ThinkingPart):
                self.thought = True
                self._thinking(part, texts, fields, details)
            elif isinstance(part, ToolCallPart):
                calls.append(self._call(part))
        if not (texts or calls or details):
            return
        message: Message = {'role': 'assistant', **{name: '\n\n'.join(said) for name, said in fields.items()}}
        message['content'] = '\n\n'.join(texts) if texts else None
        if calls:
            message['tool_calls'] = calls
            if self.required_field and self.thought:
                message.setdefault(self.required_field, '')
        if details:
            message['reasoning_details'] = details
        yield message

    def _thinking(
        self, part: ThinkingPart, texts: list[str], fields: dict[str, list[str]], details: list[dict[str, Any]]
    ) -> None:
        back, field = self.profile.thinking_back, self.profile.thinking_field
        own = part.provider_name == self.target.provider.name
        if back == 'details' and own:
            if (detail := detail_of(part)) is not None:
                details.append(detail)
                return
            if field:
                return  # it came without its details, and without them the provider cannot take it back
        if back == 'auto':
            field = self._field_it_came_in(part) if own else None
        if field and back != 'tags':
            fields.setdefault(field, []).append(part.content)
        else:
            opening, closing = self.profile.thinking_tags or DEFAULT_THINKING_TAGS
            texts.append(f'{opening}\n{part.content}\n{closing}')

    def _field_it_came_in(self, part: ThinkingPart) -> str | None:
        """The decoder keeps the field's name as the part's id; 'content' means that it came in tags."""
        known = self.profile.thinking_field
        return part.id if part.id != 'content' and (not known or part.id == known) else None

    def _call(self, part: ToolCallPart) -> dict[str, Any]:
        call: dict[str, Any] = {
            'id': part.tool_call_id,
            'type': 'function',
            'function': {'name': part.tool_name, 'arguments': part.args_as_json_str()},
        }
        extra = (part.provider_details or {}).get('extra_content')
        if extra and part.provider_name == self.target.provider.name:
            call['extra_content'] = extra
        return call


def _complete_thinking(target: Target, messages: list[Message]) -> None:
    """Where thinking goes back in one known field, the tool calls since the last question must all have it."""
    names = [name for name in (target.profile.thinking_field, *_THINKING_FIELDS) if name]
    answers = [message for message in messages if message['role'] == 'assistant']
    sent = {name for message in answers for name in names if name in message}
    if len(sent) != 1:
        return
    asked = max((index for index, message in enumerate(messages) if message['role'] == 'user'), default=-1)
    for message in messages[asked + 1 :]:
        if message['role'] == 'assistant' and message.get('tool_calls'):
            message.setdefault(sent.copy().pop(), '')


def _one_system_message(messages: list[Message], role: str) -> list[Message]:
    count = leading(messages, role)
    if count < 2:
        return messages
    text = '\n\n'.join(message['content'] for message in messages[:count])
    return [{'role': role, 'content': text}, *messages[count:]]


def _before_answers(messages: list[Message], role: str) -> None:
    """Move each later system message past what the user and the tools say up to the answer that it is meant for."""
    for index in range(len(messages) - 1, leading(messages, role) - 1, -1):
        if messages[index]['role'] == role:
            end = index + 1
            while end < len(messages) and messages[end]['role'] in ('user', 'tool'):
                end += 1
            messages.insert(end - 1, messages.pop(index))

"""The messages of a conversation, as Mistral has them."""

from __future__ import annotations

import hashlib
import string
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import count
from typing import Any, Final

from jupyter_stream.messages import (
    ModelMessage,
    ModelResponse,
    RetryFeedbackPart,
    RetryPromptPart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolReturnPart,
    UserContent,
)
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.wire.base import Target
from jupyter_stream.wire.chat_history import ChatHistory, Message, instruct
from jupyter_stream.wire.mistral.content import text_chunk, user_content
from jupyter_stream.wire.prepare import instructions

__all__ = ('mistral_messages',)

_ID_LENGTH: Final = 9
_ID_ALPHABET: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase


def mistral_messages(
    target: Target, history: Sequence[ModelMessage], parameters: ModelRequestParameters
) -> list[Message]:
    """The `messages` of a request; `parameters` must be `prepared`.

    Raises:
        UserError: the history holds what can't be said to Mistral.
    """
    # A history with a retry in it is rewritten by the peer, ids and all; any other goes as it is.
    if target.profile.short_call_ids or any(map(_has_retry, history)):
        history = _with_fitting_ids(history)
    messages = list(_History(target).messages(history))
    instruct(messages, target.profile.system_role, instructions(history, parameters))
    return list(_separated(messages))


class _History(ChatHistory):
    def _content(self, content: str | Sequence[UserContent]) -> Any:
        return user_content(self.target, content)

    def _response(self, response: ModelResponse) -> Iterator[Message]:
        texts = [text_chunk(part.content) for part in response.parts if isinstance(part, TextPart)]
        thoughts = [text_chunk(part.content) for part in response.parts if isinstance(part, ThinkingPart)]
        thinking = [{'type': 'thinking', 'thinking': thoughts}] if thoughts else []
        calls = [_call(part) for part in response.parts if isinstance(part, ToolCallPart)]
        if texts or thinking or calls:
            yield {'role': 'assistant', 'content': [*thinking, *texts], 'tool_calls': calls, 'prefix': False}


def _call(part: ToolCallPart) -> dict[str, Any]:
    function = {'name': part.tool_name, 'arguments': part.args_as_json_str()}
    return {'id': part.tool_call_id, 'type': 'function', 'function': function, 'index': 0}


def _separated(messages: Sequence[Message]) -> Iterator[Message]:
    """Mistral refuses a user's message straight after a tool's."""
    previous = None
    for message in messages:
        if previous == 'tool' and message['role'] == 'user':
            yield {'role': 'assistant', 'content': [text_chunk('OK')], 'prefix': False}
        previous = message['role']
        yield message


# ---------------------------------------------------------------- ids of calls


def _has_retry(message: ModelMessage) -> bool:
    return any(isinstance(part, RetryFeedbackPart | RetryPromptPart) or _is_retried(part) for part in message.parts)


def _is_retried(part: object) -> bool:
    return isinstance(part, ToolReturnPart) and part.outcome == 'retried'


def _with_fitting_ids(history: Sequence[ModelMessage]) -> list[ModelMessage]:
    """The history with ids of nine letters and digits; the same id always becomes the same, for the cache's sake."""
    fitting: dict[str, str] = {}

    def fitted(part: Any) -> Any:
        if not isinstance(part, ToolCallPart | ToolReturnPart | RetryPromptPart):
            return part
        old = part.tool_call_id
        new = fitting.get(old) or fitting.setdefault(old, _free_id(old, fitting.values()))
        return part if new == old else replace(part, tool_call_id=new)

    return [replace(message, parts=[fitted(part) for part in message.parts]) for message in history]


def _free_id(old: str, taken: Any) -> str:
    fits = len(old) == _ID_LENGTH and old.isascii() and old.isalnum()
    first = old if fits else _hashed(old)
    others = (_hashed(f'{old}#{attempt}') for attempt in count(1))
    return first if first not in taken else next(new for new in others if new not in taken)


def _hashed(text: str) -> str:
    number = int.from_bytes(hashlib.sha256(text.encode()).digest(), 'big')
    base = len(_ID_ALPHABET)
    return ''.join(_ID_ALPHABET[number // base**place % base] for place in range(_ID_LENGTH))

"""The messages of a conversation as Mistral has them, and what a user says as content chunks: text, images, documents.

https://docs.mistral.ai/capabilities/vision and https://docs.mistral.ai/capabilities/document_ai/document_qna
"""

from __future__ import annotations

import hashlib
import string
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import count
from typing import Any, Final

from jupyter_stream.exceptions import UserError
from jupyter_stream.messages import (
    BinaryContent,
    CachePoint,
    DocumentUrl,
    ImageUrl,
    ModelMessage,
    ModelResponse,
    RetryFeedbackPart,
    RetryPromptPart,
    TextContent,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolReturnPart,
    UserContent,
)
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.wire.base import Target
from jupyter_stream.wire.chat_history import ChatHistory, Message, instruct
from jupyter_stream.wire.openai_chat.content import image_part, inlined, is_text
from jupyter_stream.wire.prepare import instructions
from jupyter_stream.wire.sendable import Takes, sendable

__all__ = ('fetchable', 'mistral_messages')

_TAKES: Final = Takes()

Chunk = dict[str, Any]

_ID_LENGTH: Final = 9
_ID_ALPHABET: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase


def mistral_messages(
    target: Target, history: Sequence[ModelMessage], parameters: ModelRequestParameters
) -> list[Message]:
    """The `messages` of a request; `parameters` must be `prepared`.

    Raises:
        UserError: the history holds what cannot be said to Mistral.
    """
    history = sendable(history, _TAKES)
    # A history with a retry in it is rewritten by the peer, ids and all, and so is one that was moved here from
    # another provider; any other goes as it is.
    moved = any(_is_from_elsewhere(target, message) for message in history)
    if moved or target.profile.short_call_ids or any(map(_has_retry, history)):
        history = _with_fitting_ids(history)
    messages = list(_History(target).messages(history))
    instruct(messages, target.profile.system_role, instructions(history, parameters))
    return list(_separated(messages))


class _History(ChatHistory):
    def _content(self, content: str | Sequence[UserContent]) -> Any:
        return _user_content(self.target, content)

    def _response(self, response: ModelResponse) -> Iterator[Message]:
        texts = [_text_chunk(part.content) for part in response.parts if isinstance(part, TextPart)]
        thoughts = [_text_chunk(part.content) for part in response.parts if isinstance(part, ThinkingPart)]
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
            yield {'role': 'assistant', 'content': [_text_chunk('OK')], 'prefix': False}
        previous = message['role']
        yield message


# ---------------------------------------------------------------- ids of calls


def _is_from_elsewhere(target: Target, message: ModelMessage) -> bool:
    """Whether another provider made the calls of an answer."""
    if not isinstance(message, ModelResponse) or message.provider_name in (None, target.provider.name):
        return False
    return any(isinstance(part, ToolCallPart) for part in message.parts)


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


# ---------------------------------------------------------------- what a user says

_PDF: Final = 'application/pdf'


def fetchable(target: Target, part: object) -> bool:
    """Whether an address has to be downloaded before `encode`: Mistral itself fetches images and PDFs, but no text."""
    if isinstance(part, ImageUrl):
        return bool(part.force_download)
    if isinstance(part, DocumentUrl):
        return is_text(part.media_type) or (part.media_type == _PDF and bool(part.force_download))
    return False


def _user_content(target: Target, content: str | Sequence[UserContent]) -> str | list[Chunk]:
    """The `content` of a user message.

    Raises:
        UserError: an item is of a kind that Mistral does not take, or has not been downloaded.
    """
    if isinstance(content, str):
        return content
    return [_chunk(target, item) for item in content if not isinstance(item, CachePoint)]


def _text_chunk(text: str) -> Chunk:
    """Text."""
    return {'type': 'text', 'text': text}


def _chunk(target: Target, item: Any) -> Chunk:
    if isinstance(item, str):
        return _text_chunk(item)
    if isinstance(item, TextContent):
        return _text_chunk(item.content)
    if fetchable(target, item):
        raise UserError(f'{item.url} cannot be sent by its address: pass its bytes as BinaryContent.')
    if isinstance(item, ImageUrl):
        return image_part(item.url, item.vendor_metadata)
    if isinstance(item, DocumentUrl) and item.media_type == _PDF:
        return _document(item.url)
    if isinstance(item, BinaryContent):
        return _binary(item)
    raise UserError(_refusal(type(item).__name__))


def _binary(item: BinaryContent) -> Chunk:
    if is_text(item.media_type):
        return _text_chunk(inlined(item))
    if item.is_image:
        return image_part(item.data_uri, item.vendor_metadata)
    if item.media_type == _PDF:
        return _document(item.data_uri)
    raise UserError(_refusal(f'content of the type {item.media_type!r}'))


def _document(url: str) -> Chunk:
    return {'type': 'document_url', 'document_url': url}


def _refusal(what: str) -> str:
    return f'Mistral takes text, images and PDF documents in a prompt, not {what}: send one of these instead.'

"""What can only be put right once all messages are there: calls without a result, and where system messages stand.

A message of the role `system` must stand right before an answer or at the very end, and must follow something that the
user said.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from jupyter_stream.wire.anthropic.cache import CACHEABLE
from jupyter_stream.wire.anthropic.content import text_block

__all__ = ('add_uploads', 'drop_unanswered', 'place_system_messages')

Message = dict[str, Any]
Block = dict[str, Any]

_ANCHOR: Final = '.'
"""The least that a user can have said."""

_SERVER_CALLS: Final = ('server_tool_use', 'mcp_tool_use')


def drop_unanswered(messages: list[Message]) -> None:
    """Leave out calls of the provider's tools that have no result, unless the provider can still go on with them."""
    answered = {block['tool_use_id'] for message in messages for block in message['content'] if 'tool_use_id' in block}
    open_turn = True
    for index in range(len(messages) - 1, -1, -1):
        message = messages[index]
        if not open_turn:
            _drop_from(messages, index, answered)
        open_turn = open_turn and message['role'] == 'user' and _only_results(message['content'])
    messages[:] = [message for message in messages if message['content']]


def add_uploads(messages: Sequence[Message], file_ids: Sequence[str]) -> None:
    """Put the files for the container into every turn that the user opens, so that each request says the same."""
    for message in messages:
        if message['role'] == 'user' and not _only_results(message['content']):
            message['content'] += [{'type': 'container_upload', 'file_id': file_id} for file_id in file_ids]


def place_system_messages(messages: list[Message]) -> None:
    """Move each system message to the answer that it is meant for, and give it a user's turn to follow."""
    for index in range(len(messages) - 1, -1, -1):
        if messages[index]['role'] == 'system':
            _slide(messages, index)
    for index in range(len(messages) - 1, -1, -1):
        before = messages[index - 1]['role'] if index else None
        if messages[index]['role'] == 'system' and before not in ('user', 'system'):
            messages.insert(index, {'role': 'user', 'content': [text_block(_ANCHOR)]})


def _drop_from(messages: Sequence[Message], index: int, answered: set[str]) -> None:
    kept: list[Block] = []
    for block in messages[index]['content']:
        if block['type'] not in _SERVER_CALLS or block['id'] in answered:
            kept.append(block)
        elif 'cache_control' in block:
            _mark_before(block, [block for message in messages[:index] for block in message['content']] + kept)
    messages[index]['content'] = kept


def _mark_before(dropped: Block, before: Sequence[Block]) -> None:
    """A mark stays behind: further on, it would cache what nobody wanted cached."""
    carrier = next((block for block in reversed(before) if block['type'] in CACHEABLE), None)
    if carrier is not None:
        carrier['cache_control'] = dropped['cache_control']


def _only_results(content: Sequence[Block]) -> bool:
    return bool(content) and all(block['type'] == 'tool_result' for block in content)


def _slide(messages: list[Message], index: int) -> None:
    """Past the user's turns, but not past other system messages, whose order says which holds."""
    end = index + 1
    while end < len(messages) and messages[end]['role'] == 'user':
        end += 1
    if end > index + 1:
        messages.insert(end - 1, messages.pop(index))

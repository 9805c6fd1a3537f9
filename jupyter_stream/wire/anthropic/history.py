"""The messages of a conversation as Messages has them: turns of blocks, and what the system says before them.

Some things can only be put right once all messages are there: calls without a result, and where system messages stand.
A message of the role `system` must stand right before an answer or at the very end, and must follow something that the
user said.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, cast

from jupyter_stream.exceptions import UserError
from jupyter_stream.messages import (
    CachePoint,
    CompactionPart,
    ModelMessage,
    ModelRequest,
    ModelResponse,
    ModelSettingsDeltaPart,
    RetryFeedbackPart,
    RetryPromptPart,
    SystemPromptPart,
    ToolAvailabilityDeltaPart,
    ToolReturnPart,
    UserPromptPart,
)
from jupyter_stream.messages._request import modern_retry
from jupyter_stream.native_tools import AdvisorTool
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.wire.announcement import FRAMES_EXPLAINED, feedback, is_own_words
from jupyter_stream.wire.anthropic.blocks import Replay, understood
from jupyter_stream.wire.anthropic.content import CACHEABLE, block, mark, mark_block, text_block
from jupyter_stream.wire.anthropic.tools import cites, uploads
from jupyter_stream.wire.base import Target
from jupyter_stream.wire.prepare import instructions
from jupyter_stream.wire.sendable import NO_ANSWER, Takes, sendable

__all__ = ('conversation',)

_TAKES: Final = Takes(blank_beside=False, call_ids=re.compile('[a-zA-Z0-9_-]{1,64}'))

Block = dict[str, Any]
Message = dict[str, Any]
Settings = Mapping[str, Any]

_FAILED: Final = ('failed', 'retried')


def conversation(
    target: Target, history: Sequence[ModelMessage], settings: Settings, parameters: ModelRequestParameters
) -> tuple[str | list[Block], list[Message]]:
    """What the system says, and the messages; `parameters` must be `prepared`.

    Raises:
        UserError: the history holds what cannot be said to Claude.
    """
    history = sendable(_since_compaction(target, history), _TAKES, target.provider.name)
    told = _History(target, settings, parameters)
    for message in history:
        told.add(message)
    _drop_unanswered(told.messages)
    _place_system_messages(told.messages)
    _add_uploads(told.messages, [file for tool in parameters.native_tools for file in uploads(target, tool)])
    return _system(told.system, history, settings, parameters), told.messages


class _History:
    """One pass over a history."""

    def __init__(self, target: Target, settings: Settings, parameters: ModelRequestParameters) -> None:
        self.messages: list[Message] = []
        self.system: list[str] = []
        self._target = target
        self._claude = target.profile.claude
        self._cited = cites(settings, parameters)
        self._advisor = any(isinstance(tool, AdvisorTool) for tool in parameters.native_tools)
        self._later = _later_tools(parameters) if self._claude.later_tools else None
        self._opening = True
        self._explained = target.profile.framing_announcement == 'never'

    def add(self, message: ModelMessage) -> None:
        if isinstance(message, ModelResponse):
            self._response(message)
            return
        turn = _Turn()
        for part in message.parts:
            self._opening = self._opening and isinstance(part, SystemPromptPart) and part.scope != 'request'
            self._request_part(part, turn)
        self._opening = False
        for point in turn.marks:
            mark_block(turn.before(point) or _last_content(self.messages), point.ttl)
        self.messages += turn.messages()

    def _response(self, response: ModelResponse) -> None:
        replay = Replay(self._target, response, advisor=self._advisor)
        blocks = replay.blocks
        if replay.thinking and blocks:
            self.messages.append({'role': 'user', 'content': replay.thinking})
        elif replay.thinking:  # in the user's turn it would stand between two others of the user
            blocks = [text_block(NO_ANSWER)]
        if blocks:
            self.messages.append({'role': 'assistant', 'content': blocks})

    def _request_part(self, part: Any, turn: _Turn) -> None:
        if isinstance(part, UserPromptPart):
            self._prompt(part, turn)
        elif isinstance(part, ToolReturnPart):
            turn.user.append(self._tool_result(part))
        elif isinstance(part, SystemPromptPart):
            self._system_prompt(part, turn)
        elif isinstance(part, RetryFeedbackPart):
            self._feedback(part, turn)
        elif isinstance(part, RetryPromptPart):
            self._request_part(modern_retry(part), turn)
        elif isinstance(part, ToolAvailabilityDeltaPart) and self._later is not None:
            turn.tools += self._added(part, self._later)
        elif not isinstance(part, ModelSettingsDeltaPart):
            raise UserError(f'{type(part).__name__} cannot be sent to Anthropic: leave it out of the history.')

    def _prompt(self, part: UserPromptPart, turn: _Turn) -> None:
        for item in [part.content] if isinstance(part.content, str) else part.content:
            if isinstance(item, CachePoint):
                turn.marks.append(_Mark(item.ttl, len(turn.user), bool(turn.system or turn.tools)))
            elif (made := block(self._target, item, cited=self._cited)) is not None:
                turn.user.append(made)

    def _added(self, part: ToolAvailabilityDeltaPart, later: set[str]) -> list[Block]:
        """The tools that are shown from here on, each said once."""
        added = [name for name in dict.fromkeys(part.tools_added) if name in later]
        later.difference_update(added)
        return [{'type': 'tool_addition', 'tool': {'type': 'tool_reference', 'name': name}} for name in added]

    def _tool_result(self, part: ToolReturnPart) -> Block:
        items = part.content_items(mode='str', wrap_if_error=False)
        made = [text_block(item) if isinstance(item, str) else self._file(item) for item in items]
        return _result(part.tool_call_id, made, failed=part.outcome in _FAILED)

    def _file(self, item: Any) -> Block:
        made = block(self._target, item, cited=self._cited)
        return made if made is not None else text_block('')

    def _system_prompt(self, part: SystemPromptPart, turn: _Turn) -> None:
        if part.scope == 'request' and self._claude.passing_entries:
            turn.passing.append(text_block(part.content))
        elif self._opening or not self._claude.system_entries:
            self.system.append(part.content)
        else:
            turn.system.append(text_block(part.content))

    def _feedback(self, part: RetryFeedbackPart, turn: _Turn) -> None:
        if is_own_words(part) and self._claude.system_entries:
            turn.system.append(text_block(part.model_response()))
            return
        turn.user.append(text_block(feedback(self._target.profile, part)))
        if not is_own_words(part):
            self._explain_frames(turn)

    def _explain_frames(self, turn: _Turn) -> None:
        """Say once, where the system has a voice of its own, that the application's words may stand in the user's."""
        if self._claude.system_entries and not self._explained:
            self._explained = True
            turn.system.append(text_block(FRAMES_EXPLAINED))


@dataclass(frozen=True, slots=True)
class _Mark:
    """A cache point, with how many of the user's blocks stand before it, and whether the system has spoken."""

    ttl: str
    at: int
    after_system: bool


class _Turn:
    """What one request says, by who says it.

    Attributes:
        user: what the user says.
        system: what the system says from here on.
        tools: the tools that are shown from here on.
        passing: what the system says for the next answer only.
        marks: the cache points.
    """

    def __init__(self) -> None:
        self.user: list[Block] = []
        self.system: list[Block] = []
        self.tools: list[Block] = []
        self.passing: list[Block] = []
        self.marks: list[_Mark] = []

    def before(self, mark: _Mark) -> list[Block]:
        """What a mark stands behind in this request.

        What the system says comes last: a mark behind it marks it, unless the user goes on.
        """
        if mark.after_system and mark.at == len(self.user):
            return self.tools or self.system
        return self.user[: mark.at]

    def messages(self) -> list[Message]:
        """The user first: what the system says holds for the answer to it."""
        said = [{'role': 'user', 'content': self.user}, {'role': 'system', 'content': self.system + self.tools}]
        passing = {'role': 'system', 'content': self.passing, 'clear_at': 'next_user_message'}
        return [message for message in (*said, passing) if message['content']]


def _result(call_id: str, content: list[Block], *, failed: bool) -> Block:
    return {'type': 'tool_result', 'tool_use_id': call_id, 'content': content or '', 'is_error': failed}


def _later_tools(parameters: ModelRequestParameters) -> set[str]:
    """The tools that the request declares without showing them."""
    return {
        tool.name for tool in parameters.declared_function_tools if parameters.visibility_of(tool.name) != 'visible'
    }


def _last_content(messages: Sequence[Message]) -> list[Block]:
    lasting = [message for message in messages if 'clear_at' not in message]
    return lasting[-1]['content'] if lasting else []


def _since_compaction(target: Target, history: Sequence[ModelMessage]) -> Sequence[ModelMessage]:
    """The history from its last summary on, which stands for all before it but the system's opening words."""
    for index in range(len(history) - 1, -1, -1):
        message = history[index]
        if isinstance(message, ModelRequest):
            continue
        for at in range(len(message.parts) - 1, -1, -1):
            part = message.parts[at]
            # A summary without a text stands for nothing: the history before it is still needed.
            if isinstance(part, CompactionPart) and part.content and understood(target, message, part.provider_name):
                rest = [replace(message, parts=message.parts[at:]), *history[index + 1 :]]
                return [*_opening(history[:index]), *rest]
    return history


def _opening(history: Sequence[ModelMessage]) -> list[ModelMessage]:
    requests = [message for message in history if isinstance(message, ModelRequest)]
    if not requests:
        return []
    parts: list[SystemPromptPart] = []
    for part in requests[0].parts:
        if not isinstance(part, SystemPromptPart) or part.scope == 'request':
            break
        parts.append(part)
    said = next((one.instructions for one in reversed(requests) if one.instructions is not None), None)
    return [ModelRequest(parts=parts, instructions=said)]


def _system(
    texts: Sequence[str], history: Sequence[ModelMessage], settings: Settings, parameters: ModelRequestParameters
) -> str | list[Block]:
    """The `system` of a request: a text, or blocks where there are instructions or there is a mark to place."""
    prompt, ttl = '\n\n'.join(texts), settings.get('anthropic_cache_instructions')
    told = instructions(history, parameters)
    if not told and not (prompt and ttl):
        return prompt
    blocks = [text_block(text) for text in ([prompt] if prompt else []) + told]
    varying = sum(part.dynamic for part in parameters.instruction_parts or ())
    lasting = len(blocks) - varying
    if ttl and lasting:
        blocks[lasting - 1]['cache_control'] = mark(cast('bool | str', ttl))
    return blocks


# ---------------------------------------------------------------- passes over the messages

_ANCHOR: Final = '.'
"""The least that a user can have said."""

_SERVER_CALLS: Final = ('server_tool_use', 'mcp_tool_use')


def _drop_unanswered(messages: list[Message]) -> None:
    """Leave out calls of the provider's tools that have no result, unless the provider can still go on with them."""
    answered = {block['tool_use_id'] for message in messages for block in message['content'] if 'tool_use_id' in block}
    open_turn = True
    for index in range(len(messages) - 1, -1, -1):
        message = messages[index]
        if not open_turn:
            _drop_from(messages, index, answered)
        open_turn = open_turn and message['role'] == 'user' and _only_results(message['content'])
    messages[:] = [message for message in messages if message['content']]


def _add_uploads(messages: Sequence[Message], file_ids: Sequence[str]) -> None:
    """Put the files for the container into every turn that the user opens, so that each request says the same."""
    for message in messages:
        if message['role'] == 'user' and not _only_results(message['content']):
            message['content'] += [{'type': 'container_upload', 'file_id': file_id} for file_id in file_ids]


def _place_system_messages(messages: list[Message]) -> None:
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
    for one in messages[index]['content']:
        if one['type'] not in _SERVER_CALLS or one['id'] in answered:
            kept.append(one)
        elif 'cache_control' in one:
            _mark_before(one, [own for message in messages[:index] for own in message['content']] + kept)
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

"""The messages of a conversation as Converse has them: turns of blocks, and what the system says before them.

The parts of an earlier answer go back as the blocks that they were.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, cast

from jupyter_stream.exceptions import UserError
from jupyter_stream.messages import (
    CachePoint,
    ModelMessage,
    ModelRequest,
    ModelResponse,
    ModelSettingsDeltaPart,
    NativeToolCallPart,
    NativeToolReturnPart,
    RetryFeedbackPart,
    RetryPromptPart,
    SystemPromptPart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.profiles import DEFAULT_THINKING_TAGS, Converse
from jupyter_stream.wire.announcement import feedback
from jupyter_stream.wire.base import Target
from jupyter_stream.wire.bedrock.cache import cache_point, mark, mark_last, mark_messages
from jupyter_stream.wire.bedrock.content import Blocks, kind_of, text_block
from jupyter_stream.wire.prepare import instructions
from jupyter_stream.wire.sendable import Takes, sendable

__all__ = ('CODE', 'CODE_RESULT', 'REDACTED', 'conversation', 'has_cited', 'has_tool_blocks')

_TAKES: Final = Takes(call_ids=re.compile('[a-zA-Z0-9_-]{1,64}'))

Block = dict[str, Any]
Message = dict[str, Any]
Settings = Mapping[str, Any]

_FAILED: Final = ('failed', 'retried')
_FILLER: Final = '.'
"""What is said where something must be and nothing is; many models refuse white space."""


def conversation(
    target: Target, history: Sequence[ModelMessage], settings: Settings, parameters: ModelRequestParameters
) -> tuple[list[Block], list[Message]]:
    """What the system says, and the messages; `parameters` must be `prepared`.

    Raises:
        UserError: the history holds what cannot be said to the model.
    """
    known = target.profile.converse
    told = _History(target, cited=_cites(known, settings, parameters))
    for message in sendable(history, _TAKES, target.provider.name):
        told.add(message)
    messages = _merged(known, told.finish())
    if known.caching and messages and (ttl := settings.get('bedrock_cache_messages')):
        mark_messages(known, messages, ttl)
    if not messages or (messages[0]['role'] != 'user' and not known.answer_first):
        messages.insert(0, _user(text_block(_FILLER)))
    return _system(known, told.system, history, settings, parameters), messages


def _cites(known: Converse, settings: Settings, parameters: ModelRequestParameters) -> bool:
    """Whether documents are cited: where it was asked for, and the answer is plain text."""
    return bool(settings.get('citations')) and known.citations and parameters.output_mode == 'text'


def has_tool_blocks(messages: Sequence[Message]) -> bool:
    """Whether a tool is called or answers in these messages, which Converse takes only where there are tools."""
    return any(kind_of(block) in ('toolUse', 'toolResult') for message in messages for block in message['content'])


def has_cited(messages: Sequence[Message]) -> bool:
    """Whether a document in these messages is to be cited."""
    blocks = [block for message in messages for block in message['content']]
    blocks += [inner for block in blocks for inner in block.get('toolResult', {}).get('content', ())]
    return any('citations' in block.get('document', {}) for block in blocks)


class _History:
    """One pass over a history."""

    def __init__(self, target: Target, *, cited: bool) -> None:
        self.system: list[Block] = []
        self._messages: list[Message] = []
        self._later: list[Block] = []
        self._target = target
        self._known = target.profile.converse
        self._blocks = Blocks(target, cited=cited)

    def finish(self) -> list[Message]:
        """The messages, some of the user's one after the other."""
        self._flush()
        return self._messages

    def add(self, message: ModelMessage) -> None:
        if isinstance(message, ModelRequest):
            for part in message.parts:
                self._request_part(part)
            return
        self._flush()
        replay = _Replay(self._target, message)
        if replay.thinking:
            self._carry(replay.thinking)
        if replay.blocks:
            self._messages.append({'role': 'assistant', 'content': replay.blocks})

    def _request_part(self, part: Any) -> None:
        if isinstance(part, UserPromptPart):
            self._flush()
            self._prompt(part)
        elif isinstance(part, ToolReturnPart):
            self._messages.append(_user(*self._tool_result(part)))
        elif isinstance(part, SystemPromptPart):
            self.system += [text_block(part.content)] if part.content else []
        elif isinstance(part, RetryFeedbackPart):
            self._messages.append(_user(text_block(feedback(self._target.profile, part))))
        elif isinstance(part, RetryPromptPart):
            self._messages.append(_user(self._retry(part)))
        elif not isinstance(part, ModelSettingsDeltaPart):
            raise UserError(f'{type(part).__name__} cannot be sent to Bedrock: leave it out of the history.')

    def _prompt(self, part: UserPromptPart) -> None:
        content: list[Block] = []
        for item in [part.content] if isinstance(part.content, str) else part.content:
            if not isinstance(item, CachePoint):
                content.append(self._blocks.block(item))
            elif self._known.caching and content:
                mark(self._known, content, item.ttl)
            elif self._known.caching:
                mark_last(self._messages, item.ttl)
        kinds = {kind_of(block) for block in content}
        if 'document' in kinds and 'text' not in kinds:  # which Converse does not take
            content.insert(0, text_block('See attached document(s).'))
        if content:
            self._messages.append(_user(*content))

    def _carry(self, thinking: list[Block]) -> None:
        """Put what was thought into the user's turn, but before a cache point at its end."""
        last = self._messages[-1] if self._messages else None
        if last and last['role'] == 'user' and 'cachePoint' in last['content'][-1]:
            last['content'][-1:] = [*thinking, last['content'][-1]]
        else:
            self._messages.append(_user(*thinking))

    def _flush(self) -> None:
        """Say what could not stand beside the results of tools."""
        if self._later:
            self._messages.append(_user(*self._later))
            self._later = []

    # ------------------------------------------------------------------- tools

    def _tool_result(self, part: ToolReturnPart) -> list[Block]:
        beside: list[Block] = []
        content = self._result_content(part, beside)
        failed = part.outcome in _FAILED
        return [self._result(part.tool_call_id, content, failed=failed), *beside]

    def _result_content(self, part: ToolReturnPart, beside: list[Block]) -> list[Block]:
        mode: Literal['str', 'jsonable'] = 'str' if self._known.results == 'text' else 'jsonable'
        content: list[Block] = []
        tags = _file_tags(part)
        items = part.content_items(mode=mode, wrap_if_error=False)
        if part.outcome in _FAILED and not self._known.result_status:
            content.append(text_block(part.model_response_str()))
            items = cast('list[Any]', part.files)
        for item in items:
            if isinstance(item, str):
                content.append(text_block(item))
            elif id(item) in tags:
                content.append(self._result_file(item, tags[id(item)], beside))
            else:
                content.append({'json': item})
        empty = text_block(str(part.content)) if mode == 'str' else {'json': part.content}
        return content or [empty]

    def _result_file(self, item: Any, tags: tuple[str, str], beside: list[Block]) -> Block:
        """The block of a file that a tool returned. Where it may not stand in the result, that speaks of it."""
        block = self._blocks.block(item)
        kind = kind_of(block)
        if kind in self._known.in_results:
            return block
        framed = [text_block(tags[0]), block, text_block(tags[1])]
        (beside if kind in self._known.beside_results else self._later).extend(framed)
        return text_block(f'See file {item.identifier}.')

    def _retry(self, part: RetryPromptPart) -> Block:
        said = text_block(part.model_response())
        return said if part.tool_name is None else self._result(part.tool_call_id, [said], failed=True)

    def _result(self, call_id: str, content: list[Block], *, failed: bool) -> Block:
        result: Block = {'toolUseId': call_id, 'content': content}
        if self._known.result_status:
            result['status'] = 'error' if failed else 'success'
        return {'toolResult': result}


def _user(*content: Block) -> Message:
    return {'role': 'user', 'content': list(content)}


def _file_tags(part: ToolReturnPart) -> dict[int, tuple[str, str]]:
    """By the identity of each file that a tool returned, the tags that tell where it comes from."""
    framed = cast('list[Any]', part.model_response_str_and_user_content()[1])
    return {id(file): (opening, closing) for opening, file, closing in zip(*[iter(framed)] * 3, strict=True)}


def _merged(known: Converse, messages: Sequence[Message]) -> list[Message]:
    """The messages with what the user says in turn as one, or parted by a word of the model where that may not be."""
    merged: list[Message] = []
    for message in messages:
        if not merged or merged[-1]['role'] != 'user' or message['role'] != 'user':
            merged.append(message)
        elif _may_stand_together(known, merged[-1]['content'] + message['content']):
            merged[-1]['content'] += message['content']
        else:
            # The service would join two turns of the user by itself.
            merged += [{'role': 'assistant', 'content': [text_block(_FILLER)]}, message]
    return merged


def _may_stand_together(known: Converse, content: Sequence[Block]) -> bool:
    kinds = {kind_of(block) for block in content} - {'cachePoint'}
    return 'toolResult' not in kinds or kinds - {'toolResult'} <= known.beside_results


def _system(
    known: Converse,
    prompts: list[Block],
    history: Sequence[ModelMessage],
    settings: Settings,
    parameters: ModelRequestParameters,
) -> list[Block]:
    blocks = prompts + [text_block(text) for text in instructions(history, parameters)]
    varying = sum(part.dynamic for part in parameters.instruction_parts or ())
    lasting = len(blocks) - varying
    ttl = settings.get('bedrock_cache_instructions')
    if ttl and lasting and known.caching:
        blocks.insert(lasting, cache_point(ttl))
    return blocks


# ---------------------------------------------------------------- blocks that go back

CODE: Final = 'nova_code_interpreter'
CODE_RESULT: Final = 'nova_code_interpreter_result'
REDACTED: Final = 'redacted_content'

_CODE_EXECUTION: Final = 'code_execution'
_REDACTED: Final = (REDACTED, 'redacted_thinking')  # as Anthropic itself has it
_NOT_IN_NAMES: Final = re.compile('[^a-zA-Z0-9_-]')


class _Replay:
    """One answer's blocks, and what of its thinking can only go back as text.

    Attributes:
        blocks: the blocks of the assistant's turn.
        thinking: thinking in tags, for the user's turn before it: in the assistant's turn, it would teach Claude to
            write such tags.
    """

    def __init__(self, target: Target, response: ModelResponse) -> None:
        self.blocks: list[Block] = []
        self.thinking: list[Block] = []
        self._name = target.provider.name
        self._known = target.profile.converse
        self._response = response
        for part in response.parts:
            self._add(part)

    def _add(self, part: Any) -> None:
        if isinstance(part, TextPart):
            self.blocks.append(text_block(part.content))
        elif isinstance(part, ThinkingPart):
            self._thought(part)
        elif isinstance(part, ToolCallPart):
            self.blocks.append(_call(part, _NOT_IN_NAMES.sub('_', part.tool_name)))
        elif isinstance(part, NativeToolCallPart) and self._is_code(part):
            self.blocks.append(_call(part, CODE, type='server_tool_use'))
        elif isinstance(part, NativeToolReturnPart) and self._is_code(part):
            self.blocks.append(_code_result(part))

    def _thought(self, part: ThinkingPart) -> None:
        if part.signature and self._known.signatures and self._understood(part.provider_name):
            self.blocks.append({'reasoningContent': _signed(part, part.signature)})
        elif not self._known.claude:
            opening, closing = DEFAULT_THINKING_TAGS
            self.blocks.append(text_block(f'{opening}\n{part.content}\n{closing}'))
        elif part.content:
            self.thinking.append(text_block(f'<assistant_thinking>\n{part.content}\n</assistant_thinking>'))

    def _understood(self, provider_name: str | None) -> bool:
        """Whether the model can read what was signed: by itself, or by its vendor wherever it was served."""
        own = self._response.canonical_system if provider_name == self._response.provider_name else None
        if own is None:
            return provider_name in {self._name, self._known.signer or self._name}
        return own == (self._known.signer or self._name)

    def _is_code(self, part: NativeToolCallPart | NativeToolReturnPart) -> bool:
        return part.provider_name == self._name and part.tool_name == _CODE_EXECUTION


def _call(part: ToolCallPart | NativeToolCallPart, name: str, **more: Any) -> Block:
    return {'toolUse': {'toolUseId': part.tool_call_id, 'name': name, 'input': part.args_as_dict(), **more}}


def _signed(part: ThinkingPart, signature: str) -> Block:
    if part.id in _REDACTED:
        return {'redactedContent': b64encode(signature.encode()).decode()}
    return {'reasoningText': {'text': part.content, 'signature': signature}}


def _code_result(part: NativeToolReturnPart) -> Block:
    result: Block = {'toolUseId': part.tool_call_id, 'content': [{'json': part.content}], 'type': CODE_RESULT}
    if status := (part.provider_details or {}).get('status'):
        result['status'] = status
    return {'toolResult': result}

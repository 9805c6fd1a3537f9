"""An answer on its way back to the model: each part as the item that it came from, or as text where it cannot be.

Items that the provider keeps are named by their ids, so they go back only to the provider that made them, and only if
`openai_send_reasoning_ids` does not forbid it. By the ids of its own tools' calls the provider finds what came of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, cast

from jupyter_stream.messages import (
    CompactionPart,
    ModelResponse,
    NativeToolCallPart,
    NativeToolReturnPart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
)
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.profiles import DEFAULT_THINKING_TAGS
from jupyter_stream.wire.base import Target
from jupyter_stream.wire.openai_responses.items import TOOL_SEARCH, to_send_back
from jupyter_stream.wire.openai_responses.tools import definition

__all__ = ('Replay',)

Item = dict[str, Any]

_CHAT_FIELDS: Final = ('content', 'reasoning', 'reasoning_content')
"""What Chat Completions leaves as the id of a thinking part; it names no item."""

_STATUSES: Final = ('in_progress', 'completed', 'incomplete')


class Replay:
    """Writes the items of responses, by what the target makes of them."""

    def __init__(self, target: Target, settings: Mapping[str, Any], parameters: ModelRequestParameters) -> None:
        self.target = target
        self.system = target.provider.name
        self.responses = target.profile.responses
        self.parameters = parameters
        self.sends_ids = bool(settings.get('openai_send_reasoning_ids', self.responses.encrypted_reasoning))
        self.stored = settings.get('openai_store') is not False

    def items(self, response: ModelResponse) -> Iterator[Item]:
        """The items of a response, in order."""
        yield from _Answer(self, response).items()


class _Answer:
    """One response: parts that came from one item go back as one."""

    def __init__(self, replay: Replay, response: ModelResponse) -> None:
        self.replay = replay
        self.response = response
        self.written: list[Item] = []
        self.message: Item | None = None
        self.reasoning: Item | None = None
        self.native: dict[str, Item] = {}

    def items(self) -> list[Item]:
        for part in self.response.parts:
            if (write := _WRITERS.get(type(part))) is not None:
                write(self, part)
        return self.written

    def is_own(self, part: Any) -> bool:
        system = self.replay.system
        return part.provider_name == system or (part.provider_name is None and self.response.provider_name == system)

    def keeps_id(self, part: Any) -> bool:
        return self.replay.sends_ids and self.is_own(part)

    def understands(self, part: Any) -> bool:
        """Whether the provider can read what is encrypted in a part: its own, or its sister's."""
        if part.provider_name is None:
            return False
        system = self.replay.target.provider.canonical_system
        if part.provider_name == self.response.provider_name and self.response.canonical_system is not None:
            return self.response.canonical_system == (system or self.replay.system)
        return part.provider_name == self.replay.system

    # ------------------------------------------------------------------- text

    def text(self, part: TextPart) -> None:
        details = part.provider_details or {}
        phase = details.get('phase')
        sends_phase = self.replay.responses.phase and part.provider_name == self.replay.system and phase is not None
        if part.id and self.keeps_id(part):
            item = self._message(part.id)
            annotations = to_send_back(details.get('citations'), part.content)
            item['content'].append({'type': 'output_text', 'text': part.content, 'annotations': annotations})
        else:
            item: Item = {'role': 'assistant', 'content': part.content}
            self.written.append(item)
        if sends_phase:
            item['phase'] = phase

    def _message(self, item_id: str) -> Item:
        if self.message is None or self.message['id'] != item_id:
            self.message = {
                'type': 'message',
                'id': item_id,
                'role': 'assistant',
                'status': 'completed',
                'content': [],
            }
            self.written.append(self.message)
        return self.message

    # --------------------------------------------------------------- thinking

    def thinking(self, part: ThinkingPart) -> None:
        own = part.provider_name == self.replay.system
        raw = cast('list[str] | None', (part.provider_details or {}).get('raw_content')) if own else None
        encrypted = self.replay.responses.encrypted_reasoning and self.understands(part)
        signature = part.signature if encrypted else None
        is_item = part.id not in _CHAT_FIELDS or bool(part.signature or raw)
        if part.id and is_item and (self.keeps_id(part) or raw or (self.replay.sends_ids and signature)):
            self._reasoning(part, signature, raw)
        else:
            opening, closing = self.replay.target.profile.thinking_tags or DEFAULT_THINKING_TAGS
            self.written.append({'role': 'assistant', 'content': f'{opening}\n{part.content}\n{closing}'})

    def _reasoning(self, part: ThinkingPart, signature: str | None, raw: list[str] | None) -> None:
        item: Item | None = self.reasoning if self.reasoning is not None and self.reasoning['id'] == part.id else None
        if item is None:
            if not (signature or part.content or raw):
                return
            item = {'type': 'reasoning', 'id': part.id, 'summary': [], 'encrypted_content': signature}
            self.reasoning = item
            self.written.append(item)
        if part.content:
            item['summary'].append({'type': 'summary_text', 'text': part.content})
        if raw:
            item['content'] = [{'type': 'reasoning_text', 'text': text} for text in raw]

    def compaction(self, part: CompactionPart) -> None:
        details = part.provider_details or {}
        if self.understands(part) and 'encrypted_content' in details:
            self.written.append(
                {'type': 'compaction', 'id': part.id, 'encrypted_content': details['encrypted_content']}
            )

    # ------------------------------------------------------------------ calls

    def call(self, part: ToolCallPart) -> None:
        # In old histories the id of the item stands behind that of the call.
        call_id, _, item_id = part.tool_call_id.partition('|')
        if self.replay.responses.scoped_call_ids and self.response.provider_name in (self.replay.system, None):
            call_id = call_id.removeprefix(f'{self.response.provider_response_id}:')
        item: Item = {
            'type': 'function_call',
            'name': part.tool_name,
            'arguments': part.args_as_json_str(),
            'call_id': call_id,
        }
        if (item_id or part.id) and self.keeps_id(part):
            item['id'] = item_id or part.id
        namespace = (part.provider_details or {}).get('namespace')
        if namespace and part.provider_name == self.replay.system:
            item['namespace'] = namespace
        self.written.append(item)

    def native_call(self, part: NativeToolCallPart) -> None:
        if part.tool_name == TOOL_SEARCH:
            if self.understands(part) or self.is_own(part):
                self.written.append(self._search(part, 'tool_search_call', arguments=part.args_as_dict()))
        elif self.keeps_id(part) and (item := _native_item(part, stored=self.replay.stored)) is not None:
            self.native[part.tool_name] = item
            self.written.append(item)

    def native_return(self, part: NativeToolReturnPart) -> None:
        if part.tool_name == TOOL_SEARCH:
            # Without the id of its item it is of an old history, which has the call only.
            if (self.understands(part) or self.is_own(part)) and (part.provider_details or {}).get('id'):
                self.written.append(self._search(part, 'tool_search_output', tools=self._found(part)))
            return
        status = _content(part).get('status')
        item = self.native.get(part.tool_name)
        if status and item is not None and 'status' in item and self.keeps_id(part):
            item['status'] = status

    def _search(self, part: NativeToolCallPart | NativeToolReturnPart, kind: str, **more: Any) -> Item:
        details = part.provider_details or {}
        status = details.get('status')
        item_id = part.id if isinstance(part, NativeToolCallPart) else details.get('id')
        return {
            'type': kind,
            'call_id': details.get('call_id', part.tool_call_id),
            'execution': 'server',
            'status': status if status in _STATUSES else 'completed',
            **more,
            **({'id': item_id} if item_id and self.keeps_id(part) else {}),
        }

    def _found(self, part: NativeToolReturnPart) -> list[Item]:
        content = _content(part)
        names = [cast(Item, tool).get('name') for tool in content.get('discovered_tools', ())]
        known = {tool.name: tool for tool in self.replay.parameters.function_tools}
        return [definition(self.replay.target.profile, known[name]) for name in names if name in known]


def _content(part: NativeToolReturnPart) -> Item:
    content: Any = part.content
    return cast(Item, content) if isinstance(content, dict) else {}


_WRITERS: Final[Mapping[type, Callable[[_Answer, Any], None]]] = {
    TextPart: _Answer.text,
    ThinkingPart: _Answer.thinking,
    CompactionPart: _Answer.compaction,
    ToolCallPart: _Answer.call,
    NativeToolCallPart: _Answer.native_call,
    NativeToolReturnPart: _Answer.native_return,
}
"""How a part is written; a file has no item of its own, it goes back with the call that made it."""


# ---------------------------------------------------------------- calls of the provider's own tools

_MCP = 'mcp_server:'


def _native_item(part: NativeToolCallPart, *, stored: bool) -> Item | None:
    """The item that a call came from; None for a call that is not the provider's, or that it no longer has."""
    args = part.args_as_dict()
    if part.tool_name == 'image_generation':
        # It is looked up by its id whatever else is sent, so what was not stored cannot be named.
        return {'type': 'image_generation_call', 'id': part.tool_call_id} if stored else None
    if part.tool_name.startswith(_MCP):
        return _mcp(part, part.tool_name.removeprefix(_MCP), args)
    if part.tool_name == 'code_execution' and args.get('container_id'):
        own = {'code': args.get('code'), 'container_id': args['container_id'], 'outputs': None}
        return {'type': 'code_interpreter_call', 'id': part.tool_call_id, 'status': 'completed', **own}
    own_id = part.id or part.tool_call_id
    if part.tool_name == 'web_search' and args:
        action = {name: value for name, value in args.items() if value is not None}
        return {'type': 'web_search_call', 'id': own_id, 'status': 'completed', 'action': action}
    if part.tool_name == 'file_search' and args:
        return {'type': 'file_search_call', 'id': own_id, 'status': 'completed', 'queries': args.get('queries', [])}
    return None


def _mcp(part: NativeToolCallPart, server: str, args: Item) -> Item | None:
    if args.get('action') == 'list_tools':
        return {'type': 'mcp_list_tools', 'id': part.tool_call_id, 'server_label': server, 'tools': []}
    name, arguments = args.get('tool_name'), args.get('tool_args')
    if args.get('action') != 'call_tool' or not name or arguments is None:
        return None
    return {
        'type': 'mcp_call',
        'id': part.tool_call_id,
        'server_label': server,
        'name': name,
        'arguments': json.dumps(arguments, ensure_ascii=False, separators=(',', ':')),
        'error': None,
        'output': None,
    }

"""Hugging Face's Inference Providers: https://huggingface.co/docs/inference-providers/tasks/chat-completion

A dialect of Chat Completions. The router takes a model to a provider of its choice; a colon after the model's name
names another (`huggingface:deepseek-ai/DeepSeek-R1:together`). A request is spelled as Hugging Face's own client spells
it, which says null for the fields without a value, and always names the tools.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from jupyter_stream.messages import ModelMessage, ThinkingPart
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.settings import ModelSettings
from jupyter_stream.wire.base import Target, WireRequest
from jupyter_stream.wire.openai_chat import Decoder as ChatDecoder
from jupyter_stream.wire.openai_chat import Framing
from jupyter_stream.wire.openai_chat.content import forced_image as fetchable
from jupyter_stream.wire.openai_chat.encode import chat_body, wire_request
from jupyter_stream.wire.prepare import resolved, without

__all__ = ('Decoder', 'Framing', 'encode', 'fetchable', 'resolved')

Raw = dict[str, Any]

_MESSAGE: Final = {'content': None, 'name': None, 'tool_calls': None}
_TOOL_MESSAGE: Final = {'reasoning': None, 'tool_calls': None}
_PARTS: Final[Mapping[str, Raw]] = {'text': {'image_url': None}, 'image_url': {'text': None}}

_COUNTS: Final = ('prompt_tokens', 'completion_tokens', 'prompt_tokens_details', 'completion_tokens_details')
"""What all providers behind the router count in the same way."""


def encode(
    target: Target, messages: Sequence[ModelMessage], settings: ModelSettings, parameters: ModelRequestParameters
) -> WireRequest:
    """Write the request for a streamed answer.

    Settings that Hugging Face cannot honour are left out with an `UnsupportedSettingWarning`.

    Raises:
        UserError: the messages or parameters hold what the protocol cannot take.
    """
    settings = without(settings, 'openai_')
    body = chat_body(target, messages, settings, parameters)
    del body['stream_options']
    body['messages'] = [_message(message) for message in body['messages']]
    body['tools'] = [_tool(tool) for tool in body.get('tools', ())]
    if isinstance(choice := body.get('tool_choice'), dict):
        body['tool_choice'] = {'function': choice['function']}
    return wire_request(target, body, settings)


def _message(message: Raw) -> Raw:
    if message['role'] == 'tool':
        return {**_TOOL_MESSAGE, **message}
    spelled = {**_MESSAGE, **message}
    if isinstance(spelled['content'], list):
        spelled['content'] = [_part(part) for part in cast('list[Raw]', spelled['content'])]
    if calls := spelled['tool_calls']:
        spelled['tool_calls'] = [{**call, 'function': {'description': None, **call['function']}} for call in calls]
    return spelled


def _part(part: Raw) -> Raw:
    kind = part['type']
    if kind == 'image_url':
        part = {**part, 'image_url': {'url': part['image_url']['url']}}
    return {**_PARTS[kind], **part}


def _tool(tool: Raw) -> Raw:
    function = {name: value for name, value in tool['function'].items() if value or name != 'description'}
    return {**tool, 'function': function}


class Decoder(ChatDecoder):
    """Reads one answer. All its text is one part."""

    bare_errors = False

    def __init__(self, target: Target, parameters: ModelRequestParameters, settings: ModelSettings) -> None:
        super().__init__(target, parameters, settings)
        self.parts.tagged = ThinkingPart('')

    def _count(self, raw: dict[str, Any], is_last: bool) -> None:
        super()._count({name: raw.get(name) for name in _COUNTS}, is_last)

    def _leave_text(self, *, awaits_text: bool) -> None:
        """Text goes on in the same part, whatever came in between."""

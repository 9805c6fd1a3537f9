"""The body of a request to Cohere: https://docs.cohere.com/reference/chat-stream"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, cast

from jupyter_stream.exceptions import UserError
from jupyter_stream.messages import (
    ModelMessage,
    ModelResponse,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    UserContent,
)
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.profiles import COHERE_BUDGETS
from jupyter_stream.settings import ModelSettings, ThinkingLevel
from jupyter_stream.tools import ToolDefinition
from jupyter_stream.wire.announcement import announced
from jupyter_stream.wire.base import Target, WireRequest
from jupyter_stream.wire.chat_history import ChatHistory, Message, instruct
from jupyter_stream.wire.cohere.content import is_plan, user_content
from jupyter_stream.wire.prepare import extra_body, instructions, prepared, supported
from jupyter_stream.wire.sendable import Takes, sendable
from jupyter_stream.wire.tool_choice import tool_choice

__all__ = ('encode',)

_TAKES: Final = Takes()

_PLAIN: Final = {
    'max_tokens': 'max_tokens',
    'stop_sequences': 'stop_sequences',
    'temperature': 'temperature',
    'top_p': 'p',
    'top_k': 'k',
    'seed': 'seed',
    'presence_penalty': 'presence_penalty',
    'frequency_penalty': 'frequency_penalty',
}
"""Settings that go over as they are, by their name there."""

_UNKNOWN: Final = ('logit_bias', 'service_tier')
_CHOICES: Final = {'required': 'REQUIRED', 'none': 'NONE'}


def encode(
    target: Target, messages: Sequence[ModelMessage], settings: ModelSettings, parameters: ModelRequestParameters
) -> WireRequest:
    """Write the request for a streamed answer.

    Settings that Cohere has no word for are left out with an `UnsupportedSettingWarning`.

    Raises:
        UserError: the messages or parameters hold what this model or Cohere cannot take.
    """
    parameters = prepared(target.profile, parameters, settings)
    target, messages, parameters = announced(target, messages, settings, parameters)
    # Several calls at once are what Cohere does anyway; it cannot be asked for one at a time.
    unknown = (*_UNKNOWN, 'parallel_tool_calls') if settings.get('parallel_tool_calls') is False else _UNKNOWN
    plain = supported(target, cast(Mapping[str, Any], settings), unknown)
    tools, choice = _tools(target, settings, parameters)
    body: dict[str, Any] = {
        'model': target.model_name,
        'messages': _messages(target, messages, parameters),
        'stream': True,
        **{name: plain[setting] for setting, name in _PLAIN.items() if plain.get(setting) is not None},
    }
    if tools:
        body['tools'] = tools
    if choice is not None:
        body['tool_choice'] = choice
    if (thinking := _thinking(parameters.thinking)) is not None:
        body['thinking'] = thinking
    return WireRequest(target.provider.path, {**body, **extra_body(plain)})


def _thinking(thinking: ThinkingLevel | None) -> dict[str, Any] | None:
    if thinking is None or thinking is False:
        return None if thinking is None else {'type': 'disabled'}
    budget = COHERE_BUDGETS.get(thinking)
    return {'type': 'enabled'} if budget is None else {'type': 'enabled', 'token_budget': budget}


# ----------------------------------------------------------------------- tools


def _tools(
    target: Target, settings: ModelSettings, parameters: ModelRequestParameters
) -> tuple[list[dict[str, Any]], str | None]:
    """The tools and `tool_choice`. One tool cannot be demanded by its name, so the others are left out."""
    for tool in parameters.native_tools:
        if not tool.optional:
            raise UserError(
                f'Cohere model {target.model_name!r} has no native tool {type(tool).__name__}: '
                'leave it out, or give the model a tool of your own.'
            )
    choice = tool_choice(settings, parameters)
    declared = parameters.declared_tool_defs.values()
    tools = [_definition(tool) for tool in declared if choice.names is None or tool.name in choice.names]
    return tools, _CHOICES.get(choice.mode) if tools else None


def _definition(tool: ToolDefinition) -> dict[str, Any]:
    function = {'name': tool.name, 'description': tool.description, 'parameters': tool.parameters_json_schema}
    return {'type': 'function', 'function': function}


# -------------------------------------------------------------------- messages


def _messages(target: Target, history: Sequence[ModelMessage], parameters: ModelRequestParameters) -> list[Message]:
    messages = list(_History(target).messages(sendable(history, _TAKES)))
    instruct(messages, target.profile.system_role, instructions(history, parameters))
    return messages


class _History(ChatHistory):
    def _content(self, content: str | Sequence[UserContent]) -> Any:
        return user_content(self.target, content)

    def _response(self, response: ModelResponse) -> Iterator[Message]:
        texts = [part.content for part in response.parts if isinstance(part, TextPart)]
        thoughts = [part for part in response.parts if isinstance(part, ThinkingPart)]
        own = self.target.provider.name
        plans = [part.content for part in thoughts if is_plan(part, own)]
        thinking = [part.content for part in thoughts if not is_plan(part, own)]
        calls = [_call(part) for part in response.parts if isinstance(part, ToolCallPart)]
        message: Message = {'role': 'assistant'}
        if plans and calls:
            message['tool_plan'] = ''.join(plans)
        if calls:
            message['tool_calls'] = calls
        if content := _blocks('thinking', thinking) + _blocks('text', texts):
            message['content'] = content
        if calls or content:
            yield message


def _blocks(kind: str, texts: list[str]) -> list[dict[str, str]]:
    return [{'type': kind, kind: '\n\n'.join(texts)}] if texts else []


def _call(part: ToolCallPart) -> dict[str, Any]:
    function = {'name': part.tool_name, 'arguments': part.args_as_json_str()}
    return {'id': part.tool_call_id, 'type': 'function', 'function': function}

"""The messages of a conversation as Gemini's contents: https://ai.google.dev/api/caching#Content

Signatures go back only to the address that issued them, each with the part it came with. That of a ThinkingPart, which
comes from elsewhere, goes with the part after it: https://ai.google.dev/gemini-api/docs/thought-signatures
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final, cast

from jupyter_stream.exceptions import UserError
from jupyter_stream.messages import (
    CompactionPart,
    FilePart,
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
    modern_retry,
)
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.wire.announcement import feedback
from jupyter_stream.wire.base import Target
from jupyter_stream.wire.gemini.content import bytes_text, function_file, inline, signature_text, user_parts
from jupyter_stream.wire.gemini.tools import CODE, MEDIA, TOOL_TYPES, WEB_SEARCH
from jupyter_stream.wire.prepare import instructions
from jupyter_stream.wire.sendable import Takes, sendable

__all__ = ('contents',)

_TAKES: Final = Takes(binds_text=True)

Part = dict[str, Any]

_FAILED: Final = ('failed', 'retried')


def contents(
    target: Target, history: Sequence[ModelMessage], parameters: ModelRequestParameters
) -> tuple[list[Part], Part | None]:
    """`contents` and `systemInstruction`; `parameters` must be `prepared`.

    Raises:
        UserError: the history holds what cannot be said to Gemini.
    """
    system: list[str] = []
    turns: list[Part] = []
    for message in sendable(history, _TAKES):
        if isinstance(message, ModelRequest):
            turns += _split(_request(target, message, system))
        elif parts := list(_answer_parts(target, message)):
            turns.append({'role': 'model', 'parts': parts})
    if not turns or turns[0]['role'] == 'model':
        turns.insert(0, {'role': 'user', 'parts': [{'text': ''}]})  # the first turn must be the user's
    system += instructions(history, parameters)
    told = {'role': 'user', 'parts': [{'text': text} for text in system]} if system else None
    return turns, told


def _split(parts: Iterable[Part]) -> Iterator[Part]:
    """The turns of a request: nothing may follow a function's response in one turn, or the model takes it as its own.

    https://github.com/pydantic/pydantic-ai/issues/4210
    """
    turn: list[Part] = []
    for part in parts:
        if turn and 'functionResponse' in turn[-1] and 'functionResponse' not in part:
            yield {'role': 'user', 'parts': turn}
            turn = []
        turn.append(part)
    if turn:
        yield {'role': 'user', 'parts': turn}


def _request(target: Target, request: ModelRequest, system: list[str]) -> list[Part]:
    parts: list[Part] = []
    files: list[Part] = []
    after_responses = 0
    for part in request.parts:
        known = modern_retry(part) if isinstance(part, RetryPromptPart) else part
        if isinstance(known, SystemPromptPart):
            system.append(known.content)
        elif isinstance(known, ToolReturnPart):
            response, shown = _tool_return(target, known)
            parts.append(response)
            files += shown
            after_responses = len(parts)
        else:
            parts += _said(target, known)
    # Not at the end: what the user says comes after what the tools have shown.
    parts[after_responses:after_responses] = files
    return parts


def _said(target: Target, part: Any) -> list[Part]:
    if isinstance(part, UserPromptPart):
        return user_parts(target, part.content)
    if isinstance(part, RetryFeedbackPart):
        return [{'text': feedback(target.profile, part)}]
    if isinstance(part, ModelSettingsDeltaPart):
        return []
    raise UserError(f'{type(part).__name__} cannot be sent to Gemini: leave it out of the history.')


# ------------------------------------------------------------------ tool returns


def _tool_return(target: Target, part: ToolReturnPart) -> tuple[Part, list[Part]]:
    """The function's response, and the files that it cannot hold, which the user shows instead."""
    inside = [file for file in part.files if file.media_type in target.profile.gemini.tool_files]
    outside = [file for file in part.files if file.media_type not in target.profile.gemini.tool_files]
    response: Part = {'name': part.tool_name, 'response': _response(part, outside), 'id': part.tool_call_id}
    if inside:
        response['parts'] = [function_file(target, file) for file in inside]
    shown = [item for file in outside for item in user_parts(target, _framed(part, file))]
    return {'functionResponse': response}, shown


def _response(part: ToolReturnPart, outside: Sequence[Any]) -> Part:
    if part.outcome in _FAILED:
        return {'error': part.model_response_str(wrap_if_error=False)}
    value = part.model_response_object(wrap_if_error=False)
    if _has_ref(value):
        # Gemini takes `$ref`, wherever it stands, as the name of a file of the response, and refuses unknown ones.
        value = {'output': part.model_response_str(wrap_if_error=False)}
    if outside:
        return {'output': [value, *(f'See file {file.identifier}.' for file in outside)]}
    return value


def _framed(part: ToolReturnPart, file: Any) -> list[Any]:
    return replace(part, content=[file]).model_response_str_and_user_content()[1]


def _has_ref(value: Any) -> bool:
    if isinstance(value, dict):
        found = cast('dict[str, Any]', value)
        return '$ref' in found or any(map(_has_ref, found.values()))
    return isinstance(value, list) and any(map(_has_ref, cast('list[Any]', value)))


# ---------------------------------------------------------------- earlier answers

_NO_SIGNATURE: Final = bytes_text(b'skip_thought_signature_validator')
"""What Google documents for the first function call of a turn that has no signature."""

_OWN_ID: Final = 'pyd_ai_'
"""How the ids begin that were made here, which the provider therefore does not know."""


def _answer_parts(target: Target, response: ModelResponse) -> Iterator[Part]:
    """The parts of a model's turn; none for an answer of which nothing can go back.

    Raises:
        UserError: the answer holds what cannot be said to Gemini.
    """
    answer = _Answer(target, response)
    for item in response.parts:
        part = answer.part(item)
        if part is not None:
            yield part


class _Answer:
    """One pass over an answer."""

    def __init__(self, target: Target, response: ModelResponse) -> None:
        self.system = target.provider.canonical_system
        self.gemini = target.profile.gemini
        self.response = response
        self.signature: str | None = None
        self.called = False

    def part(self, item: Any) -> Part | None:
        signature = self._signature_of(item) or self.signature
        self.signature = item.signature if isinstance(item, ThinkingPart) and self._own(item) else None
        part = self._bare(item, signature is not None)
        if part is not None and signature is not None:
            part['thoughtSignature'] = signature_text(signature)
        return part

    def _bare(self, item: Any, signed: bool) -> Part | None:
        if isinstance(item, TextPart):
            return {'text': item.content}
        if isinstance(item, ThinkingPart):
            return {'text': item.content, 'thought': True} if item.content else None
        if isinstance(item, ToolCallPart):
            return self._call(item, signed)
        if isinstance(item, NativeToolCallPart):
            return self._native_call(item) if self._own(item) else None
        if isinstance(item, NativeToolReturnPart):
            return self._native_return(item) if self._own(item) else None
        if isinstance(item, FilePart):
            return {'inlineData': inline(item.content.data, item.content.media_type)}
        if isinstance(item, CompactionPart):
            return None
        raise UserError(f'{type(item).__name__} cannot be sent to Gemini: leave it out of the history.')

    def _call(self, item: ToolCallPart, signed: bool) -> Part:
        first, self.called = not self.called, True
        part: Part = {
            'functionCall': {'name': item.tool_name, 'args': item.args_as_dict(), 'id': item.tool_call_id},
        }
        if first and not signed:
            part['thoughtSignature'] = _NO_SIGNATURE
        return part

    def _native_call(self, item: NativeToolCallPart) -> Part | None:
        if item.tool_name == CODE:
            return {'executableCode': item.args_as_dict()}
        if not self._echoes(item):
            return None
        return {'toolCall': {**self._echo(item), 'args': item.args_as_dict()}}

    def _native_return(self, item: NativeToolReturnPart) -> Part | None:
        content: Any = item.content
        if item.tool_name == CODE and isinstance(content, dict):
            return {'codeExecutionResult': cast(Part, content)}
        if not self._echoes(item):
            return None
        response: Part = dict(cast(Part, content)) if isinstance(content, dict) else {'result': content}
        if item.tool_name == WEB_SEARCH:
            response.pop('sources', None)  # the decoder put them there
        return {'toolResponse': {**self._echo(item), 'response': response}}

    def _echo(self, item: NativeToolCallPart | NativeToolReturnPart) -> Part:
        return {'id': item.tool_call_id, 'tool_type': TOOL_TYPES.get(item.tool_name, item.tool_name.upper())}

    def _echoes(self, item: NativeToolCallPart | NativeToolReturnPart) -> bool:
        """Whether the call of a server-side tool goes back. Those of media processing are refused there."""
        own_id = item.tool_call_id.startswith(_OWN_ID)
        return item.tool_name != MEDIA and self.gemini.echoes_tools and not own_id

    # ------------------------------------------------------------ whose it is

    def _signature_of(self, item: Any) -> str | None:
        raw = cast(Part, item.provider_details or {}).get('thought_signature')
        return raw if raw and (self._issued(self.response.provider_name) or self._own(item)) else None

    def _own(self, item: Any) -> bool:
        return self._issued(item.provider_name)

    def _issued(self, provider_name: str | None) -> bool:
        """Whether what carries this provider's name in this answer is from the address that is asked now."""
        said = self.response.canonical_system
        if said is not None and provider_name == self.response.provider_name and provider_name is not None:
            return said == self.system
        return provider_name in self.gemini.own_names

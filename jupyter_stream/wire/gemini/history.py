"""The messages of a conversation as Gemini's contents: https://ai.google.dev/api/caching#Content"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final, cast

from jupyter_stream.exceptions import UserError
from jupyter_stream.messages import (
    ModelMessage,
    ModelRequest,
    ModelSettingsDeltaPart,
    RetryFeedbackPart,
    RetryPromptPart,
    SystemPromptPart,
    ToolReturnPart,
    UserPromptPart,
    modern_retry,
)
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.wire.base import Target
from jupyter_stream.wire.gemini.answers import answer_parts
from jupyter_stream.wire.gemini.content import function_file, user_parts
from jupyter_stream.wire.prepare import instructions

__all__ = ('contents',)

Part = dict[str, Any]

_FAILED: Final = ('failed', 'retried')


def contents(
    target: Target, history: Sequence[ModelMessage], parameters: ModelRequestParameters
) -> tuple[list[Part], Part | None]:
    """`contents` and `systemInstruction`; `parameters` must be `prepared`.

    Raises:
        UserError: the history holds what can't be said to Gemini.
    """
    system: list[str] = []
    turns: list[Part] = []
    for message in history:
        if isinstance(message, ModelRequest):
            turns += _split(_request(target, message, system))
        elif parts := list(answer_parts(target, message)):
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
        return [{'text': _feedback(part)}]
    if isinstance(part, ModelSettingsDeltaPart):
        return []
    raise UserError(f'{type(part).__name__} can not be sent to Gemini: leave it out of the history.')


def _feedback(part: RetryFeedbackPart) -> str:
    """What the application says of the last answer. It has no frame yet when it is the application's own words."""
    text = part.model_response()
    own_words = part.retry.cause == 'no_output' and text == part.content
    return f'<system>{text}</system>' if own_words else text


# ------------------------------------------------------------------ tool returns


def _tool_return(target: Target, part: ToolReturnPart) -> tuple[Part, list[Part]]:
    """The function's response, and the files that it can't hold, which the user shows instead."""
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

"""A history as providers take it: nothing empty in it, no call without its return, an answer to every question.

An answer that was stopped, a tool that returned nothing or a cell that was run again leave histories that people read
without trouble and that providers refuse, at each further turn. What is missing is said here, before any protocol
writes it. A history without such gaps is left as it is. Pure: what came in is left alone.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from operator import is_
from typing import Any, Final

from jupyter_stream.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    RetryPromptPart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)

__all__ = ('NOT_RUN', 'NO_ANSWER', 'NO_OUTPUT', 'Takes', 'sendable')

NO_OUTPUT: Final = '(no output)'
"""What stands for a tool's return that is empty or white space."""

NOT_RUN: Final = 'The tool was not run: the conversation went on without it.'
"""What stands for the return of a call that has none."""

NO_ANSWER: Final = '(no answer)'
"""What stands for an answer that was stopped before its first word, so that the roles alternate."""

_NOTHING: Final = '.'
"""The least that a user can have said."""


@dataclass(frozen=True)
class Takes:
    """What a protocol takes of a history.

    Attributes:
        blank_beside: an empty text of an answer stays where another text says something, as the peer has it.
        binds_text: signed thinking is bound to the part after it, be that an empty text.
        call_ids: what the id of a call must look like as a whole; None where every id is taken.
    """

    blank_beside: bool = True
    binds_text: bool = False
    call_ids: re.Pattern[str] | None = None


def sendable(history: Sequence[ModelMessage], takes: Takes, own: str | None = None) -> list[ModelMessage]:
    """The history as the protocol takes it; `own` is the name of the provider, which takes its own ids back."""
    told = _answered(list(_spoken([_filled(message, takes) for message in history])))
    return told if takes.call_ids is None else _with_fitting_ids(told, takes.call_ids, own)


# ---------------------------------------------------------------- what is empty


def _is_blank(text: object) -> bool:
    return isinstance(text, str) and not text.strip()


def _filled(message: ModelMessage, takes: Takes) -> ModelMessage:
    if isinstance(message, ModelRequest):
        return _with_parts(message, [_filled_part(part) for part in message.parts])
    return _with_parts(message, list(_worded(message, takes)))


def _with_parts(message: Any, parts: list[Any]) -> Any:
    same = len(parts) == len(message.parts) and all(map(is_, parts, message.parts))
    return message if same else replace(message, parts=parts)


def _filled_part(part: Any) -> Any:
    if isinstance(part, ToolReturnPart):
        empty = _is_blank(part.content) or part.content == []
        return replace(part, content=NO_OUTPUT) if empty else part
    if isinstance(part, UserPromptPart):
        return _filled_prompt(part)
    return part


def _filled_prompt(part: UserPromptPart) -> UserPromptPart:
    if isinstance(part.content, str):
        return replace(part, content=_NOTHING) if _is_blank(part.content) else part
    said = [item for item in part.content if not _is_blank(getattr(item, 'content', item))]
    if len(said) == len(part.content) and said:
        return part
    return replace(part, content=said or _NOTHING)


def _worded(response: ModelResponse, takes: Takes) -> Iterator[Any]:
    """The parts of an answer without the texts that say nothing."""
    speaks = any(isinstance(part, TextPart) and not _is_blank(part.content) for part in response.parts)
    if speaks and takes.blank_beside:
        yield from response.parts
        return
    before: Any = None
    for part in response.parts:
        if (
            not isinstance(part, TextPart)
            or not _is_blank(part.content)
            or (takes.binds_text and _is_proof(part, before))
        ):
            yield part
        before = part


def _is_proof(part: Any, before: Any) -> bool:
    """Whether an empty text holds a signature, or the place that one is for."""
    signed = isinstance(before, ThinkingPart) and bool(before.signature or before.id)
    return signed or 'thought_signature' in (part.provider_details or {})


def _says(part: Any) -> bool:
    """Whether a part of an answer is more than a thought that never began."""
    if not isinstance(part, ThinkingPart):
        return True
    return bool(part.signature or part.id or part.provider_details) or not _is_blank(part.content)


def _spoken(history: Sequence[ModelMessage]) -> Iterator[ModelMessage]:
    """The history with a word in each answer that has none and stands between two requests."""
    for index, message in enumerate(history):
        between = 0 < index < len(history) - 1 and isinstance(history[index + 1], ModelRequest)
        silent = (
            isinstance(message, ModelResponse) and message.state != 'suspended' and not any(map(_says, message.parts))
        )
        yield replace(message, parts=[TextPart(NO_ANSWER)]) if between and silent else message


# ---------------------------------------------------------------- calls without a return


def _answered(history: Sequence[ModelMessage]) -> list[ModelMessage]:
    """The history with a return for each call that has none, before what is said next.

    The last answer's calls stay open where nothing follows: they may still be run.
    """
    said: list[ModelMessage] = []
    for index, message in enumerate(history):
        before = said[-1] if said else None
        if isinstance(before, ModelResponse) and (missing := _missing(before, history[index:])):
            if isinstance(message, ModelRequest):
                message = replace(message, parts=[*missing, *message.parts])
            else:
                said.append(ModelRequest(parts=missing))
        said.append(message)
    return said


def _missing(response: ModelResponse, after: Sequence[ModelMessage]) -> list[Any]:
    """Returns for the calls of an answer that the requests right after it do not answer."""
    if response.state == 'suspended':
        return []
    requests = takewhile(lambda message: isinstance(message, ModelRequest), after)
    known = {
        part.tool_call_id
        for request in requests
        for part in request.parts
        if isinstance(part, ToolReturnPart | RetryPromptPart)
    }
    calls = [part for part in response.parts if isinstance(part, ToolCallPart) and part.tool_call_id not in known]
    return [ToolReturnPart(call.tool_name, NOT_RUN, call.tool_call_id, outcome='failed') for call in calls]


# ---------------------------------------------------------------- ids of another provider


def _with_fitting_ids(history: list[ModelMessage], form: re.Pattern[str], own: str | None) -> list[ModelMessage]:
    """The history with ids that fit; the same id always becomes the same, for the cache's sake."""
    kept = {
        part.tool_call_id
        for message in history
        if isinstance(message, ModelResponse) and own is not None and message.provider_name == own
        for part in message.parts
        if isinstance(part, ToolCallPart)
    }

    def fitted(part: Any) -> Any:
        if not isinstance(part, ToolCallPart | ToolReturnPart | RetryPromptPart):
            return part
        old = part.tool_call_id
        return part if old in kept or form.fullmatch(old) else replace(part, tool_call_id=_hashed(old))

    return [_with_parts(message, [fitted(part) for part in message.parts]) for message in history]


def _hashed(call_id: str) -> str:
    return f'call_{hashlib.sha256(call_id.encode("utf-8", "replace")).hexdigest()[:24]}'

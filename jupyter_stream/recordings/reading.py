"""What a recording says, for people: who was asked what, and what came back as text. Through the decoders that a live
answer goes through; pure but for the file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from jupyter_stream import providers, wire
from jupyter_stream.exceptions import AgentRunError
from jupyter_stream.framing import MAX_EVENT_BYTES, FramingError
from jupyter_stream.framing.body import BodyDecoder
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.profiles import profile
from jupyter_stream.settings import ModelSettings
from jupyter_stream.wire.base import Decoder, Target
from jupyter_stream.wire.decoding import WRONG_TYPE

if TYPE_CHECKING:
    from jupyter_stream.cassettes.file import Answer, Interaction

__all__ = ('Reading', 'read_out')

_HISTORY: Final = ('messages', 'contents', 'input')
"""The fields in which the protocols keep what was said, the last one at the end."""

_SYSTEM: Final = ('system', 'instructions', 'systemInstruction')
_TOLD_APART: Final = {'model', *_HISTORY, *_SYSTEM}
_MODEL_IN_URL: Final = re.compile(r'/models?/([^/:?]+)')
_SPEAKERS: Final = {'model': 'assistant'}


@dataclass(frozen=True)
class Reading:
    """One recording in words.

    Attributes:
        model: the model that was asked, or the one that answers where the request does not name it.
        said: what was sent, oldest first: who says it, and the text.
        settings: what else was sent, as `name: value`.
        answer: the text that came back; thinking and calls of tools are marked as such.
        status: the HTTP status.
        end: how it ended: 'complete', 'cut' or 'left'.
        chunks: the pieces that it came in.
        size: their bytes.
        ms: how long it took, in milliseconds.
    """

    model: str
    said: Sequence[tuple[str, str]]
    settings: Sequence[str]
    answer: str
    status: int
    end: str
    chunks: int
    size: int
    ms: float

    @property
    def prompt(self) -> str:
        """What was said last, before the answer."""
        return self.said[-1][1] if self.said else ''


def read_out(interaction: Interaction) -> Reading:
    """Put one recording into words.

    Raises:
        CassetteError: a line of it cannot be read.
    """
    request, answer = interaction.request(), interaction.answer()
    body = cast('dict[str, Any]', request['body'] if isinstance(request['body'], dict) else {})
    asked = _model_of(request, body)
    answering, text = _answer(request.get('protocol'), asked, answer)
    return Reading(
        model=asked or answering or '?',
        said=list(_said(body)),
        settings=[f'{name}: {json.dumps(body[name])}' for name in sorted(body.keys() - _TOLD_APART)],
        answer=text,
        status=answer.status,
        end=answer.end.end,
        chunks=len(answer.chunks),
        size=sum(len(data) for _, data in answer.chunks),
        ms=answer.end.ms,
    )


# ------------------------------------------------------------------ what was sent


def _model_of(request: Mapping[str, Any], body: Mapping[str, Any]) -> str:
    found = _MODEL_IN_URL.search(str(request['url']))
    return str(body.get('model') or body.get('modelId') or (found[1] if found else ''))


def _said(body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The messages of a request, whichever protocol it is of: all have them in order, and the text under few names."""
    for name in _SYSTEM:
        if text := _text(body.get(name)):
            yield 'system', text
    for message in next((body[name] for name in _HISTORY if name in body), ()):
        if isinstance(message, str):
            yield 'user', message
        elif isinstance(message, dict):
            role = str(cast('dict[str, Any]', message).get('role', 'user'))
            yield _SPEAKERS.get(role, role), _text(message)


def _text(value: Any) -> str:
    return '\n'.join(_texts(value)).strip()


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            for item in cast('list[Any]', value):
                yield from _texts(item)
        case {'text': str(text)}:
            yield text
        case {'functionCall': call} | {'function': call}:
            yield f'[call] {_call(call)}'
        case dict():
            parts = cast('dict[str, Any]', value)
            for name in ('content', 'parts', 'tool_calls', 'output'):
                yield from _texts(parts.get(name))
        case _:
            pass


def _call(call: Any) -> str:
    match call:
        case {'name': name, 'arguments': arguments} | {'name': name, 'args': arguments}:
            return f'{name}({arguments})'
        case _:
            return str(call)


# ------------------------------------------------------------------ what came back


def _answer(protocol: Any, model: str, answer: Answer) -> tuple[str, str]:
    """Who answers, as the answer itself has it, and what."""
    provider = next((row for row in providers.PROVIDERS if row.wire == protocol), None)
    if provider is None or not 200 <= answer.status < 300:
        return '', _raw(answer)
    spoken = wire.protocol(provider.wire)
    decoder = spoken.Decoder(
        Target(model, provider, profile(provider, model)), ModelRequestParameters(), ModelSettings()
    )
    _feed(decoder, BodyDecoder(spoken.Framing(MAX_EVENT_BYTES)), answer)
    return str(decoder.model_name), '\n\n'.join(filter(None, map(_part, decoder.parts.parts()))) or _raw(answer)


def _feed(decoder: Decoder, framing: BodyDecoder, answer: Answer) -> None:
    """Read as far as it can be read: an error or a cut is part of what was recorded."""
    try:
        for _, data in answer.chunks:
            for frame in framing.feed(data):
                decoder.feed(frame)
        if answer.end.end == 'complete':
            for frame in framing.close():
                decoder.feed(frame)
            decoder.close()
    except (AgentRunError, FramingError, *WRONG_TYPE):
        decoder.parts.flush()


def _part(part: Any) -> str:
    match part.part_kind:
        case 'text':
            return part.content.strip()
        case 'thinking':
            return f'[thinking] {part.content.strip()}' if part.content else ''
        case 'tool-call' | 'builtin-tool-call':
            return f'[call] {part.tool_name}({part.args_as_json_str()})'
        case kind:
            return f'[{kind}]'


def _raw(answer: Answer) -> str:
    """The body as it is, where it is no answer."""
    return b''.join(data for _, data in answer.chunks).decode(errors='replace').strip()

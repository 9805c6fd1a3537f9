"""What would be sent, shown and not sent: `%%ask --dry-run`. The messages to the letter, with tokens and cost as
estimates."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from jupyter_stream.conversation.window import estimated_tokens
from jupyter_stream.exceptions import UserError
from jupyter_stream.notebook.bundle import shareable
from jupyter_stream.notebook.markdown import sanitize
from jupyter_stream.notebook.markdown.sanitizer import visible
from jupyter_stream.notebook.pieces import PICTURES, code, counted, escaped, fenced

if TYPE_CHECKING:
    from jupyter_stream.messages import ModelMessage
    from jupyter_stream.notebook.question import Question

__all__ = ('request_bundle',)

_LONGEST: Final = 40_000
"""Characters of one text that are shown."""

_SMALL: Final = 200_000
"""Bytes of a picture that is shown; of a larger one only the size is said."""


_NAMES: Final = {
    'system-prompt': 'system',
    'user-prompt': 'user',
    'text': 'assistant',
    'thinking': 'assistant, thinking',
    'tool-call': 'assistant, tool call',
    'tool-return': 'tool',
}
"""Who says a part, by its kind."""


@dataclass(frozen=True, slots=True)
class _Block:
    """A part of a message as it is shown: as Markdown, and as plain text."""

    markdown: str
    plain: str


def request_bundle(
    question: Question, said: Sequence[str] = (), hint: Mapping[str, str] | None = None
) -> dict[str, str]:
    """A question as it would be sent, as Markdown and as plain text.

    Args:
        question: The question, with what stands before it.
        said: What is known of it besides, a piece each.
        hint: A line of advice.

    Raises:
        UserError: it could not be sent, such as a prompt that holds a known key.
    """
    messages = question.messages()
    tokens = [estimated_tokens([message]) for message in messages]
    head = ' · '.join([question.model_id, counted(len(messages), 'message'), *_estimates(question, sum(tokens)), *said])
    settings = shareable(question.settings)
    schema = question.typed.definition.json_schema if question.typed is not None else None
    more = {'settings': settings, 'the answer as': schema}
    lines = [head, *(f'{name}: {json.dumps(known)}' for name, known in more.items() if known)]
    blocks = [
        _Block('**Dry run: nothing was sent.**', 'Dry run: nothing was sent.'),
        *(_Block(escaped(visible(line)), visible(line)) for line in lines),
        *([_Block(hint['text/markdown'], hint['text/plain'])] if hint else []),
    ]
    for number, (message, count) in enumerate(zip(messages, tokens, strict=True), 1):
        blocks.extend(_message(number, message, count))
    return {
        'text/markdown': '\n\n'.join(block.markdown for block in blocks),
        'text/plain': '\n\n'.join(block.plain for block in blocks),
    }


def _estimates(question: Question, tokens: int) -> Iterator[str]:
    """How many tokens are read, and what that costs; why asking would fail, if that is known."""
    from jupyter_stream import prices
    from jupyter_stream.models import infer_model

    yield f'≈ {counted(tokens, "token")} to read (estimate)'.replace(str(tokens), f'{tokens:,}')
    try:
        model = infer_model(question.model)
    except UserError as error:
        yield f'asking would fail: {error}'
        return
    cost = prices.estimate_prompt(tokens, model.model_name, model.system, model.base_url)
    if cost is not None:
        yield f'{cost} to read'


def _message(number: int, message: ModelMessage, tokens: int) -> Iterator[_Block]:
    for at, part in enumerate(message.parts):
        name = _NAMES.get(part.part_kind, part.part_kind)
        head = f'{number}. {name}' if at == 0 else f'{number}. … {name}'
        count = f' · ≈ {tokens:,} tokens' if at == 0 else ''
        yield _Block(f'**{escaped(head)}**{count}', f'--- {head}{count}')
        for item in _items(part):
            yield _text(item) if isinstance(item, str) else _file(item)


def _items(part: Any) -> Iterator[Any]:
    """What a part says: texts and files."""
    if hasattr(part, 'args_as_json_str'):
        yield f'{part.tool_name}({part.args_as_json_str()})'
        return
    content = part.model_response_str() if hasattr(part, 'model_response_str') else getattr(part, 'content', part)
    for item in [content] if isinstance(content, str) or not isinstance(content, Sequence) else content:  # pyright: ignore[reportUnknownVariableType]
        text: Any = getattr(item, 'content', None)  # pyright: ignore[reportUnknownArgumentType]
        yield text if isinstance(text, str) else item


def _text(text: str) -> _Block:
    rest = len(text) - _LONGEST
    shown = text if rest <= 0 else f'{text[:_LONGEST]}\n… {rest:,} more characters'
    return _Block(fenced(shown, 'text'), visible(shown))


def _file(item: Any) -> _Block:
    data: Any = getattr(item, 'data', None)
    media_type = _media_type(item)
    if not isinstance(data, bytes):
        words = visible(str(getattr(item, 'url', None) or item))
        return _Block(f'*{escaped(media_type)}* {sanitize(code(words))}', f'[{media_type}] {words}')
    words = f'{media_type}, {len(data):,} bytes'
    is_shown = media_type in PICTURES and len(data) <= _SMALL
    picture = f'![{words}]({item.data_uri})\n\n' if is_shown else ''
    return _Block(f'{picture}*{escaped(words)}*', f'[{words}]')


def _media_type(item: Any) -> str:
    try:
        return visible(str(item.media_type))
    except (AttributeError, ValueError):  # a mark for a cache has none, and an address need not tell
        return str(getattr(item, 'kind', 'file'))

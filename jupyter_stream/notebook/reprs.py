"""How messages, responses, events and usage show themselves at the end of a cell: as Markdown, beside their repr.

The vocabulary knows no notebook, so IPython is told here, by name: nothing is imported until one of them is shown. The
same classes of `pydantic_ai` look the same. What is shown is harmless, whoever wrote it; provider details, metadata and
the queries of addresses, where keys may be, are left out.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit
from weakref import ref

from jupyter_stream.notebook import kernel
from jupyter_stream.notebook.defaults import defaults_of
from jupyter_stream.notebook.markdown import sanitize
from jupyter_stream.notebook.pieces import PICTURES, closed, code, fenced, shortened
from jupyter_stream.notebook.shell import current_shell, ends_cell, running_cell

__all__ = ('EventLine', 'describe', 'note_shown', 'register', 'response_markdown', 'unregister')

_MARKDOWN: Final = 'text/markdown'
_CUT: Final = 160
"""Characters of a delta in its event's line."""


# ------------------------------------------------------------------ events


@dataclass(frozen=True, slots=True)
class EventLine:
    """An event in a line: its kind, the index and the kind of the part that it is about, and what it brings."""

    kind: str
    index: int | None
    part: str
    text: str


def describe(event: Any) -> EventLine:
    """A stream event in short; no longer than its delta, and a long one is cut."""
    kind = event.event_kind
    tell = _TELL.get(kind)
    part, text = tell(event) if tell else ('', '')
    return EventLine(kind, getattr(event, 'index', None), part, shortened(text, _CUT))


def _start(event: Any) -> tuple[str, str]:
    part = event.part
    pieces = (getattr(part, 'tool_name', ''), _content(part))
    return part.part_kind, ' '.join(piece for piece in pieces if piece)


def _delta(event: Any) -> tuple[str, str]:
    delta = event.delta
    return delta.part_delta_kind, ''.join(_pieces(delta))


def _pieces(delta: Any) -> Iterator[str]:
    for name in ('tool_name_delta', 'args_delta', 'content_delta', 'transcript_delta'):
        piece = getattr(delta, name, None)
        if piece:
            yield piece if isinstance(piece, str) else _json(piece)
    if getattr(delta, 'signature_delta', None):
        yield '(a signature)'


def _end(event: Any) -> tuple[str, str]:
    return event.part.part_kind, f'{len(_content(event.part)):,} characters'


def _final(event: Any) -> tuple[str, str]:
    return ('tool-call', event.tool_name) if event.tool_name else ('', '')


_TELL: Final[dict[str, Callable[[Any], tuple[str, str]]]] = {
    'part_start': _start,
    'part_delta': _delta,
    'part_end': _end,
    'final_result': _final,
}


def _content(part: Any) -> str:
    """The text of a part: its words, its arguments, what it returned; of a file its type and size."""
    if part.part_kind == 'file':
        return _file_words(part.content)
    for name in ('args', 'content', 'transcript'):
        value = getattr(part, name, None)
        if value is not None:
            return value if isinstance(value, str) else _json(value)
    return ''


def _event_markdown(event: Any) -> str:
    line = describe(event)
    pieces = [f'**{_word(line.kind)}**']
    if line.index is not None:
        pieces.append(str(line.index))
    if line.part:
        pieces.append(_word(line.part))
    if line.text:
        pieces.append(code(_json(line.text) if line.kind in ('part_start', 'part_delta') else line.text))
    return sanitize(' · '.join(pieces))


# ------------------------------------------------------------------ messages


def response_markdown(response: Any) -> str:
    """A response as sanitized Markdown."""
    from jupyter_stream.notebook.bundle import final_bundle

    defaults = defaults_of(current_shell())
    return final_bundle(response, images=defaults.images, byline=defaults.byline)[0][_MARKDOWN]


def _request_markdown(request: Any) -> str:
    pieces = [_said('Instructions', request.instructions)] if request.instructions else []
    pieces += [piece for part in request.parts if (piece := _part(part))]
    return '\n\n'.join(pieces) or '*An empty request.*'


def _part(part: Any) -> str:
    show = _PARTS.get(part.part_kind)
    return show(part) if show else _said(_word(part.part_kind), _content(part))


def _user(part: Any) -> str:
    content = part.content
    if isinstance(content, str):
        return _said('User', content)
    items = [shown for item in content if (shown := _item(item))]
    return '\n\n'.join(['**User**', *items])


def _item(item: Any) -> str:
    """A piece of what a user says: text, a picture, or the words for a file."""
    if isinstance(item, str):
        return _quoted(item)
    kind = getattr(item, 'kind', '')
    if kind == 'cache-point':
        return ''
    if isinstance(text := getattr(item, 'content', None), str):
        return _quoted(text)
    if isinstance(data := getattr(item, 'data', None), bytes):
        if item.media_type in PICTURES:
            return f'> ![image](data:{item.media_type};base64,{base64.b64encode(data).decode()})'
        return f'> *A file: {code(_file_words(item))}.*'
    if isinstance(url := getattr(item, 'url', None), str):
        return f'> *{_word(kind) or "A file"}: {sanitize(code(_address(url)))}*'
    return f'> *{_word(kind) or "A file"}*'


def _tool_return(part: Any) -> str:
    content = part.content if isinstance(part.content, str) else _json(part.content, indent=2)
    outcome = '' if getattr(part, 'outcome', 'success') == 'success' else f' ({_word(part.outcome)})'
    return f'**Tool result** {sanitize(code(part.tool_name))}{outcome}\n\n{fenced(content)}'


def _retry(part: Any) -> str:
    return _said('Please try again', _content(part))


_PARTS: Final[dict[str, Callable[[Any], str]]] = {
    'system-prompt': lambda part: _said('System', part.content),
    'user-prompt': _user,
    'speech': lambda part: _said('User, spoken', part.content),
    'tool-return': _tool_return,
    'builtin-tool-return': _tool_return,
    'retry-prompt': _retry,
    'retry-feedback': _retry,
}


# ------------------------------------------------------------------ usage


_COUNTS: Final = (
    ('input_tokens', 'tokens in'),
    ('cache_read_tokens', '… read from the cache'),
    ('cache_write_tokens', '… written to the cache'),
    ('input_audio_tokens', '… of sound'),
    ('output_tokens', 'tokens out'),
    ('output_reasoning_tokens', '… of thinking'),
    ('output_audio_tokens', '… of sound'),
    ('audio_seconds', 'seconds of sound'),
)


def _usage_markdown(usage: Any) -> str:
    rows = [(label, f'{value:,}') for name, label in _COUNTS if (value := getattr(usage, name, 0))]
    known = {name for name, _ in _COUNTS}
    more: dict[str, Any] = {**usage.details, **vars(usage)}
    counted = {name: value for name, value in more.items() if name not in known and _is_count(value)}
    rows += [(code(name.replace('|', '¦')), f'{value:,}') for name, value in counted.items()]
    if usage.cost is not None:
        from jupyter_stream.prices import Estimate

        rows.append(('cost', str(Estimate(usage.cost, reported=True))))
    if not rows:
        return '*The provider did not say what was used.*'
    lines = ['| usage | |', '| --- | ---: |', *(f'| {label} | {value} |' for label, value in rows)]
    return sanitize('\n'.join(lines))


def _is_count(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and bool(value)


# ------------------------------------------------------------------ small pieces of Markdown


def _said(who: str, text: str) -> str:
    return f'**{who}**\n\n{_quoted(text)}'


def _quoted(text: str) -> str:
    return sanitize('\n'.join(f'> {line}' if line else '>' for line in closed(text).strip().split('\n')))


def _word(name: str) -> str:
    """A name that is only letters to any reader of Markdown."""
    return re.sub(r'[^A-Za-z0-9_-]', '', name)


def _json(value: Any, indent: int | None = None) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, indent=indent, default=_unknown)
    except (TypeError, ValueError):
        return str(value)


def _unknown(value: Any) -> str:
    return _file_words(value) if isinstance(getattr(value, 'data', None), bytes) else str(value)


def _file_words(content: Any) -> str:
    return f'{content.media_type}, {len(content.data):,} bytes'


def _address(url: str) -> str:
    """An address without what may be secret in it."""
    try:
        parts = urlsplit(url)
        return f'{parts.scheme}:…' if parts.scheme == 'data' else f'{parts.scheme}://{parts.hostname or ""}{parts.path}'
    except ValueError:
        return '…'


# ------------------------------------------------------------------ registration


_EVENTS: Final = ('PartStartEvent', 'PartDeltaEvent', 'PartEndEvent', 'FinalResultEvent')

_FORMATTERS: Final[dict[tuple[str, str], Callable[[Any], str]]] = {
    ('jupyter_stream.messages._response', 'ModelResponse'): response_markdown,
    ('jupyter_stream.messages._request', 'ModelRequest'): _request_markdown,
    ('jupyter_stream.usage', 'RequestUsage'): _usage_markdown,
    **{('jupyter_stream.messages._events', name): _event_markdown for name in _EVENTS},
    ('pydantic_ai.messages', 'ModelResponse'): response_markdown,
    ('pydantic_ai.messages', 'ModelRequest'): _request_markdown,
    ('pydantic_ai.usage', 'RequestUsage'): _usage_markdown,
    **{('pydantic_ai.messages', name): _event_markdown for name in _EVENTS},
}
_RESPONSE: Final = ('jupyter_stream.messages._response', 'ModelResponse')


def register(shell: Any) -> None:
    """Tell a shell how these are shown, but for what the user has told it already. Safe to call twice."""
    formatter: Any = shell.display_formatter.formatters[_MARKDOWN]
    for key, function in _FORMATTERS.items():
        if formatter.for_type_by_name(*key) is None:
            formatter.for_type_by_name(*key, function)
    display: Any = shell.display_formatter.ipython_display_formatter
    if display.for_type_by_name(*_RESPONSE) is None:
        display.for_type_by_name(*_RESPONSE, _unless_shown)


def unregister(shell: Any) -> None:
    """Undo `register`, and nothing else."""
    formatter: Any = shell.display_formatter.formatters[_MARKDOWN]
    for key, function in _FORMATTERS.items():
        if formatter.for_type_by_name(*key) is function:
            formatter.pop('.'.join(key))
    display: Any = shell.display_formatter.ipython_display_formatter
    if display.for_type_by_name(*_RESPONSE) is _unless_shown:
        display.pop('.'.join(_RESPONSE))


def note_shown(response: Any) -> None:
    """The running cell has shown this response: as the value that the cell ends with it adds nothing."""
    kernel.state.shown = ref(response), running_cell()


def _unless_shown(response: Any) -> None:
    """IPython's hook before all others: what it returns from is shown, what it refuses is shown by the others."""
    shown = kernel.state.shown
    if shown is None or shown[0]() is not response or shown[1] != running_cell() or not ends_cell():
        raise NotImplementedError

"""The end of an answer: one MIME bundle that stays in the notebook.

`text/markdown`, harmless at its source; `text/plain`, readable; metadata that says how the answer came to be.
It depends on the response and the settings alone, so that the same answer gives the same bundle.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jupyter_stream.notebook.byline import byline_markdown, byline_of
from jupyter_stream.notebook.markdown import sanitize
from jupyter_stream.notebook.markdown.sanitizer import visible
from jupyter_stream.notebook.pieces import PICTURES, closed, fenced
from jupyter_stream.notebook.reducer import Block, block_of, is_empty, sources_of
from jupyter_stream.notebook.typed_response import LONGEST_JSON, TypedPart, problem_notes, typed_part
from jupyter_stream.notebook.typed_table import table_markdown, table_plain

if TYPE_CHECKING:
    from jupyter_stream.messages import ModelResponse
    from jupyter_stream.usage import RequestUsage

__all__ = ('final_bundle', 'note_of', 'notes_of', 'shareable')

_NOTES = {
    'interrupted': 'Stopped. What came is kept.',
    'incomplete': '⚠ The connection broke: the answer is incomplete.',
    'error': '⚠ The model failed: the answer is incomplete.',
    'length': '✂ Cut at the token limit: the answer is incomplete.',
    'content_filter': '⊘ Stopped by the content filter of the provider.',
    'suspended': '‖ The provider paused: the answer is incomplete.',
}
_WITHOUT_A_WORD = {
    'interrupted': 'Stopped before an answer came.',
    'incomplete': 'No answer came.',
    'error': 'The model failed before an answer came.',
    'length': 'The answer is empty: the token limit was reached before it began.',
    'content_filter': 'The answer is empty: the content filter of the provider stopped it.',
    'suspended': 'The answer is empty: the provider paused before it began.',
}
_EMPTY = 'The answer is empty.'
_STALE = '↻ The turns above have changed since this was asked.'
_FORGOTTEN = '⊘ Forgotten: this turn is sent no more.'
_LONGEST_SAID = 500
_PRIVATE = re.compile(
    r'header|secret|password|auth|credential|api_?key|(?<!max_)token(?!s)|extra_body|extra_query', re.I
)


def final_bundle(
    response: ModelResponse,
    *,
    settings: Mapping[str, Any] | None = None,
    mark: str | None = None,
    error: BaseException | None = None,
    elapsed: float | None = None,
    images: bool = False,
    asked: str = '',
    byline: bool = True,
    turn: Mapping[str, Any] | None = None,
    is_stale: bool = False,
    is_forgotten: bool = False,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The data and the metadata to display for an answer, whole or in part.

    Args:
        response: What the model said, as far as it came.
        settings: Those of the request; headers and whatever may be a secret are left out of the metadata.
        mark: Why it ended early: 'interrupted', 'incomplete'. Without one it is read off the response.
        error: What went wrong, if it did; its text is not shown, the traceback shows it.
        elapsed: Seconds that it took; not in the metadata unless given, as it differs with every run.
        images: Whether images in a text may be loaded from the web; else they are links.
        asked: The readable name of the model that was asked, for the last line.
        byline: Whether the last line says who answered.
        turn: What is kept of it as a turn of a thread; where its texts are in the plain text is added.
        is_stale: Whether what stands above it has changed since it was asked.
        is_forgotten: Whether its thread sends it no more.
    """
    typed = typed_part(response)
    blocks = list(_blocks(response, typed))
    notes = notes_of(response, mark, error)
    last = byline_of(response, asked) if byline else None
    pieces = [_markdown(block, images) for block in blocks]
    markdown = [piece for piece in pieces if piece.strip()] + [f'*{sanitize(note)}*' for note in notes]
    plain = [*(text for block in blocks if (text := _plain(block).strip())), *(f'[{note}]' for note in notes)]
    if last is not None:
        markdown.append(byline_markdown(last))
        plain.append(last)
    markdown += [f'*{said}*' for said, holds in ((_STALE, is_stale), (_FORGOTTEN, is_forgotten)) if holds]
    data = {'text/markdown': '\n\n'.join(markdown), 'text/plain': '\n\n'.join(plain)}
    metadata = _metadata(response, settings, elapsed)
    if typed is not None and len(typed.json) <= LONGEST_JSON:
        metadata['json'] = typed.json
    if turn is not None:
        metadata['turn'] = {**turn, **_texts(response, blocks, typed)}
    return data, {'jupyter_stream': metadata}


def _blocks(response: ModelResponse, typed: TypedPart | None) -> Iterator[Block]:
    """What is shown of a response: its parts, with a table in the place of typed data."""
    for index, part in enumerate(response.parts):
        if typed is not None and index == typed.index:
            yield Block('table', index, part=typed)
        elif typed is None or index not in typed.hidden:
            yield block_of(part, index)


def note_of(response: ModelResponse, mark: str | None = None, error: BaseException | None = None) -> str | None:
    """One line that says why an answer is not whole, or that it is empty; None when there is nothing to say.

    That nothing came is not said beside an error, which says why.
    """
    if mark is None and error is not None:
        mark = 'incomplete'
    cause = mark or (response.finish_reason if response.finish_reason in _NOTES else None)
    ended = cause or response.state
    if is_empty(response, thoughts_count=ended in ('interrupted', 'incomplete')):
        return None if error is not None and cause != 'interrupted' else _WITHOUT_A_WORD.get(ended, _EMPTY)
    if cause is None and response.state == 'incomplete':  # whatever the reason was: nothing here says it
        return '⚠ The answer is incomplete.'
    return _NOTES.get(ended)


def notes_of(response: ModelResponse, mark: str | None = None, error: BaseException | None = None) -> list[str]:
    """The lines that stand below an answer: why it is not whole, what the provider said of its end, and what to know of
    its model, if it is news.
    """
    known = response.metadata or {}
    of_model = known.get('note') if response.parts and not known.get('is_noted') else None
    said = (response.provider_details or {}).get('finish_message')
    of_end = f'The provider said: {" ".join(said.split())[:_LONGEST_SAID]}' if isinstance(said, str) and said else None
    of_type = problem_notes(response) if mark is None and error is None else []
    return [note for note in (*of_type, note_of(response, mark, error), of_end, of_model) if note]


# ------------------------------------------------------------------ Markdown


def _markdown(block: Block, images: bool) -> str:
    return _text(block, images) if block.kind in ('text', 'other') else _MARKDOWN[block.kind](block)


def _text(block: Block, images: bool) -> str:
    text = sanitize(closed(block.text), images=images).strip('\n')
    return '\n\n'.join(piece for piece in (text, _sources(block)) if piece)


def _sources(block: Block) -> str:
    """What the text cites, as a numbered list of links."""
    lines = [f'{n}. {_link(source)}' for n, source in enumerate(sources_of(block.part), 1)]
    return sanitize('\n'.join(['*Sources*\n', *lines])) if lines else ''


def _link(source: Mapping[str, str]) -> str:
    label = re.sub(r'([\\`*_\[\]])', r'\\\1', ' '.join(visible(source['title']).split()))
    return f'[{label}](<{re.sub("[<>]|[^!-~]", "", source["url"])}>)' if source['url'] else label


def _thinking(block: Block) -> str:
    """Folded, as every viewer of notebooks can; the only HTML of ours, around text that has none."""
    text = sanitize(closed(block.text)).strip('\n')
    return f'<details><summary>Thinking</summary>\n\n{text}\n\n</details>' if text.strip() else ''


def _tool(block: Block) -> str:
    return f'**Tool call** {_code(block.name)}\n\n{fenced(_pretty(block.text))}'


def _return(block: Block) -> str:
    return f'**Tool result** {_code(block.name)}\n\n{fenced(_pretty(block.text))}'


def _table(block: Block) -> str:
    return table_markdown(block.part.table)


def _file(block: Block) -> str:
    content = block.part.content
    if content.media_type in PICTURES:
        return f'![image](data:{content.media_type};base64,{base64.b64encode(content.data).decode()})'
    return f'*A file: {_code(content.media_type)}, {len(content.data):,} bytes.*'


_MARKDOWN = {'thinking': _thinking, 'tool': _tool, 'return': _return, 'file': _file, 'table': _table}


def _code(name: str) -> str:
    return f'`{re.sub(r"[^A-Za-z0-9_.:/+-]", "_", name) or "?"}`'


def _pretty(text: str) -> str:
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False) if text else '{}'
    except (ValueError, RecursionError):
        return visible(text)


# ------------------------------------------------------------------ plain text and metadata


def _plain(block: Block) -> str:
    if block.kind in ('text', 'other'):
        sources = [f'[{n}] {s["title"]} {s["url"]}'.strip() for n, s in enumerate(sources_of(block.part), 1)]
        return visible('\n'.join([block.text, *sources]))
    if block.kind == 'tool':
        return visible(f'[tool call] {block.name}({block.text})')
    if block.kind == 'return':
        return visible(f'[tool result] {block.name}: {block.text}')
    if block.kind == 'table':
        return table_plain(block.part.table)
    if block.kind == 'file':
        return f'[file] {visible(block.part.content.media_type)}, {len(block.part.content.data):,} bytes'
    return ''


def _texts(response: ModelResponse, blocks: Sequence[Block], typed: TypedPart | None) -> dict[str, Any]:
    """Where each text of the model is found again, see `conversation.saved`: where in the plain text it stands, its
    first character and the one behind its last. A typed one is not there: short ones are kept themselves, None for the
    one that `json` has, and for a long one there is its table.
    """
    from jupyter_stream.conversation.saved import is_long_output
    from jupyter_stream.conversation.turn import digest_of

    spans, table = _spans(blocks), ''
    texts: list[Any] = []
    for index, part in enumerate(response.parts):
        if typed is None or index not in {typed.index, *typed.hidden}:
            texts += [spans[index]] if part.part_kind == 'text' or is_long_output(part) else []
        elif is_long_output(part):
            texts.append(spans.get(index, (0, 0)))
            table = table_plain(typed.table)
        elif part.part_kind == 'text':
            texts.append(None if part.content.strip() == typed.json else part.content)
    return {'text': texts, **({'table': digest_of(table.strip())} if table else {})}


def _spans(blocks: Sequence[Block]) -> dict[int, tuple[int, int]]:
    """Where in the plain text each text of the model stands, and a table, by the indices of their parts."""
    spans, start = dict[int, tuple[int, int]](), 0
    for block in blocks:
        piece = _plain(block).strip()
        text = piece if block.kind == 'table' else visible(block.text).strip()
        spans[block.index] = start, start + len(text)
        start += len(piece) + 2 if piece else 0
    return spans


def _metadata(response: ModelResponse, settings: Mapping[str, Any] | None, elapsed: float | None) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        'model': response.model_name,
        'provider': response.provider_name,
        'settings': shareable(settings) or None,
        'usage': _counts(response.usage) or None,
        'finish_reason': response.finish_reason,
        'state': response.state,
        'note': (response.metadata or {}).get('note'),
        'replayed': (response.metadata or {}).get('replayed'),
        'elapsed': elapsed,
    }
    return {name: value for name, value in metadata.items() if value is not None}


def shareable(settings: Mapping[str, Any] | None) -> dict[str, Any]:
    """The settings that may be written into a notebook: no headers, nothing that may be a secret."""
    return {name: value for name, value in (settings or {}).items() if _shareable(name, value)}


def _shareable(name: str, value: Any) -> bool:
    """Whether a setting is neither a secret nor something that JSON cannot say."""
    if value is None or _PRIVATE.search(name):
        return False
    if isinstance(value, Mapping):
        return all(_shareable(str(key), inner) for key, inner in value.items())  # pyright: ignore[reportUnknownVariableType,reportUnknownArgumentType]
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        return False
    return True


def _counts(usage: RequestUsage) -> dict[str, Any]:
    counts = {name: value for name, value in vars(usage).items() if isinstance(value, int | float) and value}
    details = {name: value for name, value in usage.details.items() if value}
    return {**counts, **({'details': details} if details else {})}

"""A turn as a notebook keeps it: the text of the answer is the output's own, its metadata holds what text cannot."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final, cast

from pydantic import TypeAdapter, ValidationError

from jupyter_stream.messages import (
    FilePart,
    ModelRequest,
    ModelResponse,
    ModelResponsePart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    UserPromptPart,
)
from jupyter_stream.output import is_output_tool
from jupyter_stream.usage import RequestUsage

from .cells import CellKey
from .notebooks import Notebook
from .thread import Place, Thread
from .turn import Turn, digest_of
from .values import kept_values, lacks_values, restored_values

__all__ = ('Kept', 'cells_of', 'is_long_output', 'kept_turns', 'metadata_of', 'restore')

_LONGEST_PROMPT: Final = 8_192
"""Characters of a prompt that is not the cell's own text; a longer one is not kept, nor can its turn be restored."""

_LONGEST_PART: Final = 65_536
"""Characters of JSON of a part of an answer that is no text: of a signed thought, of a call."""

_LONGEST_OUTPUT: Final = 8_192
"""Characters of a typed answer: of a longer one its table is kept, which is the output's own."""


# ------------------------------------------------------------------ into a notebook


def metadata_of(thread: Thread, place: Place, turn: Turn, prompt: str | None) -> dict[str, Any]:
    """What the metadata of a turn's output holds, as JSON.

    Args:
        thread: The thread of the turn.
        place: Its place there.
        turn: The turn.
        prompt: The prompt that can be read off the cell's text; None where it cannot.
    """
    said = turn.written
    base = thread.base
    kept: dict[str, Any] = {
        'thread': thread.name,
        'at': thread.places.index(place),
        'nth': place.key.nth or None,
        'prompt': digest_of(said),
        'said': said if prompt != said and len(said) <= _LONGEST_PROMPT else None,
        **(kept_values(turn.filled) if turn.filled is not None else {}),
        'prefix': turn.prefix,
        'digest': turn.digest,
        'request': turn.request_key or None,
        'sent': len(turn.sent) or None,
        'model': turn.model,
        'title': turn.title or None,
        'parts': list(_parts(turn.response)),
        'base': {'thread': base[0].name, 'cell': base[1].key.cell, 'nth': base[1].key.nth} if base else None,
        'is_summary': turn.is_summary or None,
        'is_pinned': place.is_pinned or None,
        'is_forgotten': place.gone == 'forgotten' or None,
    }
    return {name: value for name, value in kept.items() if value is not None}


def is_long_output(part: ModelResponsePart) -> bool:
    """Whether a part with the data of a typed answer is too long to be kept as JSON: the text of its turn is then what
    the reader sees, the table.
    """
    if isinstance(part, TextPart):
        return len(part.content) > _LONGEST_OUTPUT
    if not isinstance(part, ToolCallPart) or not is_output_tool(part.tool_name):
        return False
    return len(part.args_as_json_str()) > _LONGEST_OUTPUT


def _parts(response: ModelResponse) -> Iterator[Any]:
    """Of each part what must be kept: of a text only that it is one."""
    for part in response.parts:
        if isinstance(part, TextPart) or is_long_output(part):
            yield 'text'
        elif not isinstance(part, FilePart) and not (isinstance(part, ThinkingPart) and not part.signature):
            kept = _part_adapter().dump_python(part, mode='json', exclude_defaults=True)
            kept['part_kind'] = part.part_kind
            if len(str(kept)) <= _LONGEST_PART:
                yield kept


@cache
def _part_adapter() -> TypeAdapter[ModelResponsePart]:
    return TypeAdapter(ModelResponsePart)


# ------------------------------------------------------------------ out of a notebook


@dataclass(frozen=True, slots=True)
class Kept:
    """A turn as a notebook keeps it, where it belongs, and how many turns it was sent with."""

    thread: str
    at: int
    key: CellKey
    turn: Turn
    is_pinned: bool = False
    is_forgotten: bool = False
    base: tuple[str, CellKey] | None = None
    sent: int = 0


def kept_turns(notebook: Mapping[str, Any], prompts_of: Callable[[str], Sequence[str]]) -> list[Kept]:
    """The turns that a notebook keeps, in the order of its cells. What cannot be read as one is left out.

    Args:
        notebook: The notebook's JSON, of the format 4.
        prompts_of: The prompts of the questions in a cell's text, in their order.
    """
    return list(_kept_turns(notebook, prompts_of))


def cells_of(notebook: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The cells of a notebook's JSON that have an id, with that."""
    for cell in _dicts(notebook.get('cells')):
        cell_id = cell.get('id') or _mapping(cell.get('metadata')).get('id')  # the second is Colab's
        if isinstance(cell_id, str):
            yield cell_id, cell


def _kept_turns(notebook: Mapping[str, Any], prompts_of: Callable[[str], Sequence[str]]) -> Iterator[Kept]:
    for cell_id, cell in cells_of(notebook):
        source = _joined(cell.get('source'))
        if cell.get('cell_type') != 'code':
            continue
        prompts = prompts_of(source)
        for output in _dicts(cell.get('outputs')):
            ours = _mapping(_mapping(output.get('metadata')).get('jupyter_stream'))
            plain = _joined(_mapping(output.get('data')).get('text/plain'))
            if 'turn' in ours:
                try:
                    yield _kept(cell_id, source, prompts, ours, plain, cell.get('execution_count'))
                except (TypeError, ValueError, KeyError, IndexError, ValidationError):
                    continue  # somebody wrote something else there


def _kept(cell: str, source: str, prompts: Sequence[str], ours: Mapping[str, Any], plain: str, number: object) -> Kept:
    saved = _mapping(ours['turn'])
    nth = int(saved.get('nth', 0))
    said = saved.get('said')
    prompt = said if isinstance(said, str) else prompts[nth]
    filled = restored_values(prompt, saved)
    response = ModelResponse(
        parts=list(_restored_parts(saved['parts'], saved.get('text', ()), plain, ours.get('json'))),
        usage=RequestUsage(**_mapping(ours.get('usage'))),
        model_name=ours.get('model'),
        provider_name=ours.get('provider'),
        finish_reason=ours.get('finish_reason'),
        state=ours.get('state', 'complete'),
    )
    turn = Turn(
        [ModelRequest(parts=[UserPromptPart(prompt if filled is None else filled.content())]), response],
        model=str(saved['model']),
        title=str(saved.get('title') or saved['model']),
        source=source,
        number=number if isinstance(number, int) else None,
        prefix=str(saved['prefix']),
        request_key=str(saved.get('request', '')),
        is_summary=bool(saved.get('is_summary')),
        is_restored=True,
        is_partial=lacks_values(saved),
        filled=filled,
    )
    if digest_of(turn.text.strip()) == saved.get('table'):  # what the reader sees of a long answer of a type
        turn = replace(turn, digest=str(saved['digest']))
    if digest_of(prompt) != saved['prompt'] or turn.digest != saved['digest']:
        turn = replace(turn, is_edited=True, request_key='')
    base = saved.get('base')
    return Kept(
        str(saved['thread']),
        int(saved['at']),
        CellKey(cell, nth),
        turn,
        bool(saved.get('is_pinned')),
        bool(saved.get('is_forgotten')),
        (str(base['thread']), CellKey(str(base['cell']), int(base['nth']))) if base else None,
        int(saved.get('sent', 0)),
    )


def _restored_parts(kept: Iterable[Any], texts: Iterable[Any], plain: str, json: Any) -> Iterator[ModelResponsePart]:
    """The parts of an answer. A text stands somewhere in the plain text, or, where a table is shown of it, is given."""
    left = iter(texts)
    for part in kept:
        if part != 'text':
            yield _part_adapter().validate_python(part)
            continue
        found = next(left, (0, 0))
        if found is None or isinstance(found, str):
            yield TextPart(str(json if found is None else found))
        else:
            start, end = found
            yield TextPart(plain[int(start) : int(end)])


def restore(notebook: Notebook, kept: Sequence[Kept]) -> int:
    """Put the turns of a saved notebook into its threads, each where it was; what the kernel itself knows stays.

    Returns:
        The count of turns that count again.
    """
    added = 0
    for name in dict.fromkeys(one.thread for one in kept):
        thread = notebook.thread(name)
        own = {place.key: place for place in thread.places}
        places: list[Place] = []
        for one in sorted((one for one in kept if one.thread == name), key=lambda one: one.at):
            place = own.pop(one.key, None)
            if place is None:
                place = _place(one, ran=one.key.cell in notebook.cells)
                added += not place.gone
            elif not place.turns:  # its cell runs now, and has a former answer
                place.show(one.turn)
                place.gone = 'cleared'
            places.append(place)
        thread.places[:] = [*places, *own.values()]
    for one in kept:
        thread = notebook.thread(one.thread)
        if one.base is not None and thread.base is None:
            origin = notebook.thread(one.base[0])
            found = [place for place in origin.places if place.key == one.base[1]]
            if found and origin is not thread:
                thread.base = (origin, found[0])
    for name in dict.fromkeys(one.thread for one in kept):
        _note_sent(notebook.thread(name), {one.turn: one.sent for one in kept if one.thread == name})
    return added


def _note_sent(thread: Thread, sent: Mapping[Turn, int]) -> None:
    """Which turns one was sent with can be told where they were all that stand above it, in cells that run now too.

    Args:
        thread: The thread, with its turns from the file.
        sent: How many turns each of those was sent with.
    """
    above = thread.inherited()
    for place in thread.places:
        turn = place.current
        if turn is None:
            continue
        if sent.get(turn) == len(above):
            turn.sent_with(list(above))
        if place.gone != 'forgotten':
            above.append(turn)


def _place(kept: Kept, *, ran: bool) -> Place:
    place = Place(kept.key, is_pinned=kept.is_pinned)
    place.show(kept.turn)
    place.gone = 'forgotten' if kept.is_forgotten else 'cleared' if ran else ''
    return place


def _joined(text: object) -> str:
    """A text of a notebook's file, which may be a list of lines."""
    if isinstance(text, str):
        return text
    return (
        ''.join(line for line in cast('list[object]', text) if isinstance(line, str)) if isinstance(text, list) else ''
    )


def _mapping(value: object) -> Mapping[str, Any]:
    return cast('Mapping[str, Any]', value) if isinstance(value, Mapping) else {}


def _dicts(value: object) -> Iterator[Mapping[str, Any]]:
    for item in cast('list[object]', value) if isinstance(value, list) else []:
        if isinstance(item, Mapping):
            yield cast('Mapping[str, Any]', item)

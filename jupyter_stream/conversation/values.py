"""What a notebook keeps of the values in a prompt: their content while it is short, and of longer ones a digest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Final, cast

from pydantic import TypeAdapter

from jupyter_stream.content.template import Expression, Filled, split
from jupyter_stream.exceptions import UserError
from jupyter_stream.messages import UserContent

from .turn import digest_of, pieces_of

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ('kept_values', 'lacks_values', 'restored_values')

_LONGEST: Final = 8_192
"""Characters of JSON of all values of a prompt together."""

Content = Sequence[UserContent]


def kept_values(filled: Filled) -> dict[str, Any]:
    """What the metadata of a turn holds of the values in its prompt, as JSON."""
    keep = _keeper()
    kept: dict[str, Any] = {'values': [keep(content) for content in filled.values]}
    if filled.before:
        kept['before'] = keep(filled.before)
    return {**kept, **({'is_raw': True} if filled.is_raw else {})}


def restored_values(prompt: str, kept: Mapping[str, Any]) -> Filled | None:
    """The prompt with the values that were kept; in the place of any other one a few words say that it is missing.

    Args:
        prompt: The prompt as the cell says it now.
        kept: What `kept_values` gave, among others.

    Returns:
        None where nothing was put into the prompt, or where it has been edited so that the values fit it no more.

    Raises:
        ValueError: what was kept is something else.
    """
    if 'values' not in kept:
        return None
    is_raw, values = bool(kept.get('is_raw')), list(kept['values'])
    try:
        pieces = [] if is_raw else split(prompt)
    except UserError:
        return None
    names = [piece.short for piece in pieces if isinstance(piece, Expression)]
    if len(names) != len(values):
        return None
    before = kept.get('before')
    return Filled(
        prompt,
        [_restored(one, f'The value of {name}') for one, name in zip(values, names, strict=True)],
        _restored(before, 'What stood above the prompt') if before is not None else (),
        is_raw,
    )


def lacks_values(kept: Mapping[str, Any]) -> bool:
    """Whether a value was too long to be kept."""
    return any(isinstance(one, Mapping) for one in (*kept.get('values', ()), kept.get('before')))


def _keeper() -> Callable[[Content], Any]:
    """Keeps one content after the other, as long as they are short together."""
    room = _LONGEST

    def keep(content: Content) -> Any:
        nonlocal room
        size = sum(map(_size, pieces_of(content)))
        dumped = _adapter().dump_python(list(content), mode='json', exclude_defaults=True) if size <= room else None
        if dumped is None or (size := len(_adapter().dump_json(list(content)))) > room:
            return {'digest': digest_of(*pieces_of(content))}
        room -= size
        return list(_with_kinds(content, dumped))

    return keep


def _with_kinds(content: Content, dumped: Sequence[Any]) -> Iterator[Any]:
    """The JSON of each item with what tells it from the others, which is a default of its class."""
    for item, json in zip(content, dumped, strict=True):
        yield json if isinstance(item, str) else {**json, 'kind': item.kind}


def _size(piece: str | bytes) -> int:
    return len(piece)


def _restored(kept: Any, called: str) -> Content:
    if isinstance(kept, Mapping):
        return [f'[{called} is not kept in the notebook]']
    return cast('Content', _adapter().validate_python(kept))


@cache
def _adapter() -> TypeAdapter[list[UserContent]]:
    return TypeAdapter(list[UserContent])

"""A response that was asked to be of a type: the response itself keeps what is needed to show it as a table again.

Its `metadata`, which is never sent, holds the schema and what was found wrong. So whoever shows it, a view at its end,
an answer at the end of a cell, or a thread that takes it back, shows the same, from the response alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING, Any, Final, TypedDict

from jupyter_stream.notebook.pieces import counted
from jupyter_stream.notebook.typed_table import SIGN, Table, table_of
from jupyter_stream.output import is_output_tool

if TYPE_CHECKING:
    from jupyter_stream.messages import ModelResponse
    from jupyter_stream.typed.answer import TypedAnswer
    from jupyter_stream.typed.growing import Growing

__all__ = ('LONGEST_JSON', 'TypedPart', 'is_data', 'problem_notes', 'typed_part', 'with_type')

LONGEST_JSON: Final = 8_192
"""Characters of the JSON of a typed answer that is kept in the metadata of its output."""

_KEY: Final = 'typed'
_PROBLEMS: Final = 5
"""What is wrong with an answer as a whole, in lines below it; more are only counted."""

_FIELD: Final = re.compile(r'`([^`.\[]+)')


class _Note(TypedDict, total=False):
    """What a response keeps: the JSON schema, what is wrong with rows by their numbers, and what with the whole."""

    schema: dict[str, Any] | None
    rows: dict[str, str]
    problems: list[str]


@dataclass(frozen=True, slots=True)
class TypedPart:
    """What of a response is shown as a table.

    Attributes:
        index: The part in whose place the table stands.
        hidden: The indices of parts that are shown by it too.
        table: The table.
        json: The JSON text.
    """

    index: int
    hidden: frozenset[int]
    table: Table
    json: str


def with_type(response: ModelResponse, answer: TypedAnswer, problems: Sequence[str] = ()) -> ModelResponse:
    """The response with what is needed to show it as a table.

    Args:
        response: The answer, whole or in part.
        answer: What was read of it while it came.
        problems: What is wrong with the whole, as sentences without their full stops.
    """
    growing = answer.growing
    wrong = {str(number): row.error for number, row in enumerate(growing.rows) if row.error}
    note: _Note = {'schema': growing.schema, 'rows': wrong, 'problems': list(problems)}
    return replace(response, metadata={**(response.metadata or {}), _KEY: note})


def typed_part(response: ModelResponse) -> TypedPart | None:
    """What of it is shown as a table; None where it was asked for no type, or holds no data."""
    note = _note(response)
    if not note:
        return None
    parts = [(index, text) for index, part in enumerate(response.parts) if (text := _data(part)) is not None]
    calls = [index for index, _ in parts if response.parts[index].part_kind == 'tool-call']
    used = [(index, text) for index, text in parts if not calls or index == calls[0]]
    growing = _grown(''.join(text for _, text in used), note)
    if not growing.has_begun:
        return None
    fields = {name: problem for problem in note.get('problems', []) if (name := _field(problem)) is not None}
    table = table_of(growing, fields)
    return TypedPart(used[0][0], frozenset(index for index, _ in used[1:]), table, growing.text)


def problem_notes(response: ModelResponse) -> list[str]:
    """What is wrong with the whole of it, in lines; not what its table tells, nor that it was stopped."""
    problems = _note(response).get('problems', [])
    if not problems or response.state != 'complete':
        return []
    shown = typed_part(response)
    bad = [line for line in shown.table.lines if line.error] if shown else []
    if bad and shown and shown.table.kind == 'rows':
        return []
    fields = {line.cells[0] for line in bad}
    told = [problem for problem in problems if _field(problem) not in fields]
    more = len(told) - _PROBLEMS
    return [
        *(f'{SIGN} Not valid: {problem}.' for problem in told[:_PROBLEMS]),
        *([f'{SIGN} {counted(more, "more problem")}.'] if more > 0 else []),
    ]


def _note(response: ModelResponse) -> _Note:
    return (response.metadata or {}).get(_KEY) or {}


def _field(problem: str) -> str | None:
    """The field that a problem is of, see `typed.problems`."""
    found = _FIELD.match(problem)
    return found[1] if found else None


def is_data(part: Any) -> bool:
    """Whether the data of a typed answer may be in this part: in a text, or in the arguments of an output tool."""
    return part.part_kind == 'text' or (part.part_kind == 'tool-call' and is_output_tool(part.tool_name))


def _data(part: Any) -> str | None:
    if not is_data(part):
        return None
    return part.content if part.part_kind == 'text' else part.args_as_json_str()


def _grown(text: str, note: _Note) -> Growing:
    from jupyter_stream.typed.growing import Growing

    rows, wrong = count(), note.get('rows', {})
    growing = Growing(note.get('schema'), lambda row: (None, wrong.get(str(next(rows)))))
    growing.feed(text)
    return growing

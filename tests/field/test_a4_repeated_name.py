"""A4: a name, an id or a type that a server says once more is no further piece of it."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_stream.messages import ModelResponse, ToolCallPart
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.tools import ToolDefinition
from jupyter_stream.wire.decoding import NamePieces

from .answers import chunk, received, shown


def called(*names: str | None) -> list[dict[str, Any]]:
    """One call, whose arguments come in as many pieces as its name is said."""
    arguments = ['{"a"', ': ', '1', '}']
    pieces = [
        {'index': 0, 'id': 'c1', 'type': 'function', 'function': {'name': name, 'arguments': arguments[at]}}
        for at, name in enumerate(names)
    ]
    return [*(chunk({'tool_calls': [piece]}) for piece in pieces), chunk({}, 'tool_calls')]


def call_of(response: ModelResponse) -> tuple[str, Any, str]:
    [part] = response.parts
    assert isinstance(part, ToolCallPart)
    return part.tool_name, part.args, part.tool_call_id


@pytest.mark.parametrize(
    'names',
    [
        ('final_result', 'final_result', 'final_result', 'final_result'),
        ('final_', 'result', 'final_result', None),
        ('final', 'final_result', '', 'final_result'),
    ],
)
@pytest.mark.parametrize('name', ['openai-chat:m', 'groq:m', 'mistral:m', 'huggingface:m'])
def test_a4_a_repeated_whole_is_no_piece(name: str, names: tuple[str | None, ...]) -> None:
    events = called(*names)
    for response in (received(name, events), shown(events)):
        assert call_of(response) == ('final_result', '{"a": 1}', 'c1')


def test_a4_pieces_that_are_alike_stay_pieces_where_their_whole_is_a_tool() -> None:
    pieces = NamePieces(ModelRequestParameters(function_tools=[ToolDefinition(name='gogo')]))
    assert [pieces.piece('key', name) for name in ('go', 'go', 'gogo')] == ['go', 'go', None]
    assert pieces.piece('other', 'go') == 'go'

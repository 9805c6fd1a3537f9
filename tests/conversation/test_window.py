"""What of a thread is sent when not all of it fits."""

from __future__ import annotations

import pytest

from jupyter_stream.conversation.turn import Turn, prefix_of
from jupyter_stream.conversation.window import Room, ThreadTooLong, estimated_tokens, fitting, tokens_of, too_long
from jupyter_stream.messages import (
    BinaryContent,
    ModelMessage,
    ModelRequest,
    ModelResponse,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    UserPromptPart,
)
from jupyter_stream.usage import RequestUsage

QUESTION: list[ModelMessage] = [ModelRequest(parts=[UserPromptPart('And now?')])]


def chain(count: int, *, characters: int = 350, counted: bool = False) -> list[Turn]:
    """So many turns, each asked with all before it, of about a hundred tokens in the answer."""
    turns: list[Turn] = []
    for number in range(count):
        usage = RequestUsage(input_tokens=120 * number + 20, output_tokens=100) if counted else RequestUsage()
        response = ModelResponse(parts=[TextPart('x' * characters)], usage=usage)
        turns.append(
            Turn(
                [ModelRequest(parts=[UserPromptPart(f'{number}?')]), response],
                prefix=prefix_of(turns),
                sent=list(turns),
            )
        )
    return turns


def never(turn: Turn) -> bool:
    return False


def test_what_a_provider_counted_is_believed() -> None:
    turns = chain(3, counted=True)
    assert tokens_of(turns, []) == 120 * 2 + 20 + 100

    more = tokens_of([*turns, *chain(1)], [])
    assert more == 120 * 2 + 20 + 100 + estimated_tokens(chain(1)[0].messages)


def test_a_count_of_another_prompt_is_not() -> None:
    turns = chain(3, counted=True)
    assert tokens_of(turns[1:], []) == estimated_tokens([message for turn in turns[1:] for message in turn.messages])


def test_thoughts_are_not_counted_but_calls_and_files_are() -> None:
    thought = ModelResponse(parts=[ThinkingPart('x' * 7000)])
    assert estimated_tokens([thought]) < 10
    call = ModelResponse(parts=[ToolCallPart('look', {'at': 'x' * 700})])
    assert estimated_tokens([call]) > 200
    picture = ModelRequest(parts=[UserPromptPart(['See:', BinaryContent(b'1', media_type='image/png')])])
    assert estimated_tokens([picture]) > 1000


def test_what_fits_is_sent_whole() -> None:
    turns = chain(5)
    assert fitting(turns, QUESTION, Room(2_000, 500), never) == turns


def test_the_oldest_turns_go_down_to_six_tenths_but_not_the_first() -> None:
    turns = chain(12)
    room = Room(1_500, 500)
    kept = fitting(turns, QUESTION, room, never)

    assert kept[0] is turns[0]
    assert list(kept[1:]) == turns[-len(kept) + 1 :]
    assert 0.4 * room.prompt < tokens_of(kept, QUESTION) <= 0.6 * room.prompt


def test_pinned_turns_stay() -> None:
    turns = chain(12)
    kept = fitting(turns, QUESTION, Room(1_500, 500), lambda turn: turn is turns[3])

    assert turns[3] in kept
    assert turns[2] not in kept


def test_what_was_left_out_stays_away_while_the_rest_fits() -> None:
    turns = chain(12)
    room = Room(1_500, 500)
    kept = list(fitting(turns, QUESTION, room, never))
    response = ModelResponse(parts=[TextPart('short')])
    turns.append(Turn([*QUESTION, response], prefix=prefix_of(turns), sent=kept))

    assert list(fitting(turns, QUESTION, room, never)) == [*kept, turns[-1]]


def test_what_cannot_fit_is_refused_with_the_ways_out() -> None:
    turns = chain(3, characters=7_000)

    with pytest.raises(ThreadTooLong, match='Even without the turns'):
        fitting(turns, QUESTION, Room(1_500, 500), never)


def test_the_error_names_the_ways_out() -> None:
    words = str(too_long(9_300, Room(8_192, 400)))

    assert '9,300' in words
    assert '8,192' in words
    for way in ('--fresh', 'AskMagics.last', "'trim'", '--forget', '--compact'):
        assert way in words


def test_an_answer_leaves_at_least_a_fourth_to_the_prompt() -> None:
    assert Room(1_000, 5_000).prompt == 250

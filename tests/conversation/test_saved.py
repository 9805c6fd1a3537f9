"""A turn in a notebook's file, and back."""

from __future__ import annotations

from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from jupyter_stream.conversation.cells import CellKey
from jupyter_stream.conversation.notebooks import Notebook
from jupyter_stream.conversation.saved import kept_turns, metadata_of, restore
from jupyter_stream.conversation.thread import Thread
from jupyter_stream.conversation.turn import Turn
from jupyter_stream.messages import (
    ModelRequest,
    ModelResponse,
    ModelResponsePart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    UserPromptPart,
)
from jupyter_stream.notebook.bundle import final_bundle
from jupyter_stream.notebook.threads import prompts_of


def saved(thread: Thread, *, prompt: str = 'A?') -> dict[str, Any]:
    """The notebook of a thread, as a front end saves it."""
    cells: list[dict[str, Any]] = []
    for place in thread.places:
        turn = place.current
        assert turn is not None
        kept = metadata_of(thread, place, turn, turn.prompt)
        data, metadata = final_bundle(turn.response, turn=kept)
        cells.append(
            {
                'cell_type': 'code',
                'id': place.key.cell,
                'source': f'%%ask\n{turn.prompt}',
                'outputs': [{'output_type': 'display_data', 'data': data, 'metadata': metadata}],
            }
        )
    return {'cells': cells}


def thread_of(*responses: ModelResponse) -> Thread:
    thread = Thread('main')
    for number, response in enumerate(responses):
        place = thread.place_of(CellKey(f'cell-{number}'))
        place.show(Turn([ModelRequest(parts=[UserPromptPart('A?')]), response], model='test'))
    return thread


def back(thread: Thread) -> Thread:
    notebook = Notebook()
    restore(notebook, kept_turns(saved(thread), prompts_of))
    return notebook.thread()


texts = st.text(st.characters(codec='utf-8', exclude_categories=['Cc', 'Cf', 'Co', 'Cn']), min_size=1).filter(str.strip)


@given(st.lists(texts, min_size=1, max_size=3))
@example(['one\n\ntwo', '# three\n'])
@example(['— a line · 5 tokens in'])
@example(['[Stopped. What came is kept.]'])
def test_texts_come_back_to_the_letter_but_for_white_space_around_them(pieces: list[str]) -> None:
    thread = thread_of(ModelResponse(parts=[TextPart(piece) for piece in pieces], model_name='test'))

    [turn] = back(thread)

    assert [part.content for part in turn.response.parts if isinstance(part, TextPart)] == [
        piece.strip() for piece in pieces
    ]
    assert not turn.is_edited
    assert turn.is_restored
    assert turn.digest == thread.turns[0].digest


def test_what_text_cannot_say_comes_back_from_the_metadata() -> None:
    parts: list[ModelResponsePart] = [
        ThinkingPart('Hm.', signature='signed', provider_name='anthropic'),
        TextPart('I look.'),
        ToolCallPart('look', '{"at": "a rose"}', tool_call_id='1'),
        ThinkingPart('unsigned, and not kept'),
    ]
    response = ModelResponse(parts=parts, finish_reason='tool_call', state='complete')

    [turn] = back(thread_of(response))

    assert list(turn.response.parts) == parts[:3]
    assert turn.response.finish_reason == 'tool_call'


def test_a_text_that_was_edited_by_hand_makes_the_turn_edited() -> None:
    thread = thread_of(ModelResponse(parts=[TextPart('A rose is red.')]))
    notebook = saved(thread)
    data = notebook['cells'][0]['outputs'][0]['data']
    data['text/plain'] = data['text/plain'].replace('red', 'bad')

    [kept] = kept_turns(notebook, prompts_of)

    assert kept.turn.is_edited


def test_lines_of_a_file_are_one_text() -> None:
    notebook = saved(thread_of(ModelResponse(parts=[TextPart('one\ntwo')])))
    cell = notebook['cells'][0]
    cell['source'] = cell['source'].splitlines(keepends=True)
    data = cell['outputs'][0]['data']
    data['text/plain'] = data['text/plain'].splitlines(keepends=True)

    [kept] = kept_turns(notebook, prompts_of)

    assert kept.turn.text == 'one\ntwo'
    assert not kept.turn.is_edited


@given(
    st.recursive(
        st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
@example({'thread': 'main'})
@example({'thread': 'main', 'at': 0, 'model': 'x', 'prefix': '', 'digest': '', 'prompt': '', 'parts': ['nothing']})
@example({'thread': 'main', 'at': 0, 'model': 'x', 'prefix': '', 'digest': '', 'prompt': '', 'parts': ['text']})
def test_whatever_somebody_wrote_there_does_no_harm(turn: Any) -> None:
    output = {'data': {'text/plain': 'x'}, 'metadata': {'jupyter_stream': {'turn': turn}}}
    cell = {'cell_type': 'code', 'id': 'a', 'source': '%%ask\nA?', 'outputs': [output]}

    kept_turns({'cells': [cell]}, prompts_of)


def test_a_long_prompt_that_is_not_the_cells_own_is_not_kept() -> None:
    thread = Thread('main')
    place = thread.place_of(CellKey('a'))
    turn = Turn([ModelRequest(parts=[UserPromptPart('x' * 9_000)]), ModelResponse(parts=[TextPart('Yes.')])])
    place.show(turn)

    assert 'said' not in metadata_of(thread, place, turn, None)
    assert 'said' not in metadata_of(thread, place, turn, turn.prompt)
    short = Turn([ModelRequest(parts=[UserPromptPart('short')]), ModelResponse(parts=[TextPart('Yes.')])])
    assert metadata_of(thread, place, short, None)['said'] == 'short'

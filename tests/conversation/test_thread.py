"""A thread as data: places, turns, versions, forks, files."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_stream.conversation.cells import CellKey, CellRun, is_first_half, merged
from jupyter_stream.conversation.notebooks import Conversations, Notebook
from jupyter_stream.conversation.thread import Place, Thread, exchanges
from jupyter_stream.conversation.turn import Turn, digest_of, prefix_of
from jupyter_stream.exceptions import UserError
from jupyter_stream.messages import (
    BinaryContent,
    ModelMessage,
    ModelRequest,
    ModelResponse,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)


def turn_of(prompt: str, answer: str = 'Yes.', *above: Turn, source: str = '', number: int | None = None) -> Turn:
    """A turn that was asked with those above it."""
    return Turn(
        [ModelRequest(parts=[UserPromptPart(prompt)]), ModelResponse(parts=[TextPart(answer)])],
        source=source or f'%%ask\n{prompt}',
        number=number,
        prefix=prefix_of(above),
        sent=above,
    )


def ask(thread: Thread, cell: str, prompt: str, answer: str = 'Yes.') -> Place:
    """What a cell that asks does to a thread."""
    thread.leave(cell, 'cleared')
    place = thread.place_of(CellKey(cell), f'%%ask\n{prompt}')
    place.show(turn_of(prompt, answer, *thread.before(place)))
    return place


@given(st.lists(st.sampled_from('abcde'), max_size=30))
def test_each_cell_has_one_turn_in_the_order_of_first_execution(runs: list[str]) -> None:
    thread = Thread('main')
    for number, cell in enumerate(runs):
        ask(thread, cell, f'{cell}?', f'answer {number}')

    assert [turn.prompt for turn in thread] == [f'{cell}?' for cell in dict.fromkeys(runs)]
    assert [len(place.turns) for place in thread.places] == [runs.count(cell) for cell in dict.fromkeys(runs)]


@given(st.lists(st.sampled_from('abcde'), max_size=20))
def test_running_all_from_top_to_bottom_leaves_nothing_stale(runs: list[str]) -> None:
    thread = Thread('main')
    for number, cell in enumerate(runs):
        ask(thread, cell, f'{cell}?', f'answer {number}')
    for cell in dict.fromkeys(runs):
        ask(thread, cell, f'{cell}?', 'a last answer')

    assert not thread.stale()


def test_later_turns_are_stale_until_what_stands_above_is_the_same_again() -> None:
    thread = Thread('main')
    first = ask(thread, 'a', 'A?', 'one')
    ask(thread, 'b', 'B?')
    assert not thread.stale()

    ask(thread, 'a', 'A?', 'another')
    assert [turn.prompt for turn in thread.stale()] == ['B?']

    thread.take_back(first, 1)
    assert not thread.stale()
    thread.leave('a', 'deleted')
    assert [turn.prompt for turn in thread.stale()] == ['B?']


def test_an_equal_answer_is_no_change() -> None:
    thread = Thread('main')
    ask(thread, 'a', 'A?', 'one')
    ask(thread, 'b', 'B?')
    ask(thread, 'a', 'A?', 'one')

    assert not thread.stale()


def test_a_former_answer_that_is_not_there_is_refused() -> None:
    thread = Thread('main')
    place = ask(thread, 'a', 'A?')

    with pytest.raises(UserError, match='has 1 answer; there is no answer 2'):
        thread.take_back(place, 2)


def test_a_forgotten_turn_stays_away_though_its_cell_is_deleted() -> None:
    thread = Thread('main')
    ask(thread, 'a', 'A?')
    thread.forget('a')
    thread.leave('a', 'deleted')

    assert thread.places[0].gone == 'forgotten'
    assert not thread.turns


def test_a_cell_is_found_by_its_number_or_its_id() -> None:
    thread = Thread('main')
    place = thread.place_of(CellKey('cell-id'))
    place.show(turn_of('A?', number=5))

    assert thread.find('5') is thread.find('[5]') is thread.find('cell-id') is place
    with pytest.raises(UserError, match=r'no turn of a cell 6. It has turns of the cells \[5\]'):
        thread.find('6')


# ------------------------------------------------------------------ files


def test_a_saved_thread_is_loaded_with_calls_and_their_returns(tmp_path: Path) -> None:
    call = ToolCallPart('look', {'at': 'a rose'}, tool_call_id='1')
    messages: list[ModelMessage] = [
        ModelRequest(parts=[UserPromptPart('A?')]),
        ModelResponse(parts=[call]),
        ModelRequest(parts=[ToolReturnPart('look', 'red', tool_call_id='1')]),
        ModelResponse(parts=[TextPart('It is red.')]),
        ModelRequest(parts=[UserPromptPart('B?')]),
        ModelResponse(parts=[TextPart('Yes.')]),
        ModelRequest(parts=[UserPromptPart('never answered')]),
    ]
    assert [len(turn) for turn in exchanges(messages)] == [4, 2]

    thread = Thread('main')
    for one in exchanges(messages):
        thread.add(Place(CellKey(f'cell {len(thread.places)}')), one)
    path = tmp_path / 'thread.json'
    assert thread.save(path) == 2

    other = Thread('other')
    assert other.load(path) == 2
    assert other.messages == thread.messages
    assert not other.stale()


@pytest.mark.parametrize(('text', 'words'), [('{}', 'holds no messages'), ('[]', 'holds no answered question')])
def test_another_file_is_refused(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / 'file.json'
    path.write_text(text)

    with pytest.raises(UserError, match=words):
        Thread('main').load(path)


# ------------------------------------------------------------------ digests


def test_a_digest_keeps_its_pieces_apart() -> None:
    assert digest_of('a', 'b') != digest_of('ab', '') != digest_of('ab')


def test_what_a_turn_says_counts_and_not_when() -> None:
    one, other = turn_of('A?', 'Yes.'), turn_of('A?', 'Yes.')
    assert one.digest == other.digest
    assert one.digest != turn_of('A?', 'No.').digest
    assert one.digest != turn_of('B?', 'Yes.').digest


def test_the_files_of_a_prompt_count() -> None:
    def turn(data: bytes) -> Turn:
        content = ['See:', BinaryContent(data, media_type='image/png')]
        return Turn([ModelRequest(parts=[UserPromptPart(content)]), ModelResponse(parts=[TextPart('A rose.')])])

    assert turn(b'1').digest == turn(b'1').digest != turn(b'2').digest
    assert turn(b'1').prompt == 'See:'


# ------------------------------------------------------------------ cells


@pytest.mark.parametrize(
    ('source', 'other', 'is_half'),
    [
        ('%%ask\nA rose?', '%%ask\nA rose?\nAnd why?', True),
        ('%%ask\nA rose?', '%%ask\nA rose?', False),
        ('%%ask\nA rose', '%%ask\nA rosebush?', False),
        ('%%ask\nWhy?', '%%ask\nWhy? And how?', False),
        ('%%ask\nWhat is the colour of a rose?', '%%ask\nWhat is the colour of a rose? And of a tulip?', True),
        ('%%ask', '%%ask\nA rose?', False),
    ],
)
def test_a_first_half_ends_where_a_line_or_a_sentence_does(source: str, other: str, is_half: bool) -> None:
    assert is_first_half(source, other) is is_half


@pytest.mark.parametrize(
    ('source', 'others', 'parts'),
    [
        ('%%ask\nA?\n\n%%ask\nB?', ['%%ask\nA?', '%%ask\nB?', '%%ask\nC?'], [0, 1]),
        ('%%ask\nA?\nB?', ['%%ask\nA?', '%%ask\nB?'], [0, 1]),
        ('%%ask\nB?\nC?', ['%%ask\nA?', '%%ask\nB?', '%%ask\nC?'], [1, 2]),
        ('%%ask\nA?', ['%%ask\nA?'], []),
        ('%%ask\nA?\nB? Yes?', ['%%ask\nA?', '%%ask\nB?'], []),
        ('%%ask\nA?\nB?\nmore\nand more\nand still more', ['%%ask\nA?', '%%ask\nB?'], []),
    ],
)
def test_a_merged_cell_is_made_of_whole_prompts(source: str, others: list[str], parts: list[int]) -> None:
    assert list(merged(source, others)) == parts


def test_what_was_cut_and_pasted_is_not_gone() -> None:
    assert CellRun(1, cell_id='a', deleted=['a', 'b']).gone == {'b'}


# ------------------------------------------------------------------ notebooks


def test_a_page_that_says_nothing_is_the_last_one_loaded_again() -> None:
    conversations = Conversations()
    first = conversations.begin(CellRun(1, cell_id='a', session='one', request='1'))

    assert conversations.begin(CellRun(2, cell_id='b', session='two', request='2')) is first


def test_pages_that_say_which_notebook_they_show_are_told_apart() -> None:
    paths = {'one': 'a.ipynb', 'two': 'b.ipynb', 'three': 'a.ipynb'}
    conversations = Conversations(paths.get)
    first = conversations.begin(CellRun(1, cell_id='a', session='one', request='1'))
    second = conversations.begin(CellRun(2, cell_id='b', session='two', request='2'))

    assert first is not second
    assert conversations.begin(CellRun(3, cell_id='c', session='one', request='3')) is first
    assert conversations.begin(CellRun(4, cell_id='d', session='three', request='4')) is first
    assert conversations.begin(CellRun(5, cell_id='b', session='two', request='5')) is second


def test_what_a_cell_runs_in_its_turn_is_a_part_of_it() -> None:
    conversations = Conversations()
    notebook = conversations.begin(CellRun(1, cell_id='a', request='1'))
    assert notebook.next_key('a') == CellKey('a', 0)
    conversations.begin(CellRun(1, cell_id='a', request='1'))
    assert notebook.next_key('a') == CellKey('a', 1)


def test_forks_get_names_that_are_free() -> None:
    notebook = Notebook()
    ask(notebook.thread(), 'a', 'A?')

    assert notebook.fork('main', CellKey('b')).name == 'main-2'
    assert notebook.fork('main', CellKey('c')).name == 'main-3'
    assert notebook.fork('main', CellKey('d'), 'mine').name == 'mine'
    with pytest.raises(UserError, match='has turns already'):
        notebook.fork('main', CellKey('e'), 'main')
    with pytest.raises(UserError, match="no thread 'nothing' here"):
        notebook.fork('nothing', CellKey('e'))


def test_a_fork_sees_what_becomes_of_its_origin() -> None:
    notebook = Notebook()
    main = notebook.thread()
    ask(main, 'a', 'A?')
    fork = notebook.fork('main', CellKey('b'))
    ask(fork, 'b', 'B?')
    assert [turn.prompt for turn in fork] == ['A?', 'B?']

    ask(main, 'a', 'A?', 'No.')
    assert [turn.text for turn in fork] == ['No.', 'Yes.']
    assert [turn.prompt for turn in fork.stale()] == ['B?']

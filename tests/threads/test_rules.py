"""The rules of a thread, each in a real kernel."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic_ai.messages import ModelMessagesTypeAdapter

from tests.threads.page import LOAD, Page
from tests.threads.test_cell_ids import history, stale

STALE = '↻'


def test_a_question_goes_on_from_those_above_it(page: Page) -> None:
    page.ask('A rose?')
    page.ask('And a tulip?')

    assert page.sent == ['A rose?', 'answer 1 to A rose?', 'And a tulip?']


def test_a_middle_cell_that_runs_again_is_asked_with_what_stands_above_it(page: Page) -> None:
    first, second, third = page.ask('One?'), page.ask('Two?'), page.ask('Three?')
    page.run(second)

    assert page.sent == ['One?', 'answer 1 to One?', 'Two?']
    assert stale(page) == ['Three?']
    assert [STALE in cell.markdown for cell in (first, second, third)] == [False, False, True]
    assert STALE not in third.plain

    page.run(third)
    assert page.sent == ['One?', 'answer 1 to One?', 'Two?', 'answer 4 to Two?', 'Three?']
    assert stale(page) == []
    assert STALE not in third.markdown


def test_stale_turns_are_sent_since_they_are_on_the_page(page: Page) -> None:
    first = page.ask('One?')
    page.ask('Two?')
    page.run(first)
    page.ask('Three?')

    assert page.sent == ['One?', 'answer 3 to One?', 'Two?', 'answer 2 to Two?', 'Three?']
    assert stale(page) == ['Two?']


def test_a_former_answer_is_taken_back(page: Page) -> None:
    first, second = page.ask('One?'), page.ask('Two?')
    page.run(first)
    assert STALE in second.markdown

    versions = page.run(page.add(f'%ask --versions {first.number}:1'))

    assert not versions.error
    assert first.markdown.startswith('answer 1 to One?')
    assert STALE not in second.markdown
    page.ask('Three?')
    assert page.sent[:2] == ['One?', 'answer 1 to One?']


def test_the_versions_of_an_answer_are_there_for_python(page: Page) -> None:
    cell = page.add('%%ask -o rose\nA rose?')
    page.run(cell)
    page.run(cell)

    assert page.value('[turn.text for turn in rose.versions]') == ['answer 1 to A rose?', 'answer 2 to A rose?']
    assert page.value('rose.turn is rose.versions[1]') is True
    assert page.value('rose.thread.name') == 'main'


FAILING = (
    LOAD
    + """
async def refuse(messages, info):
    from jupyter_stream.exceptions import ModelAPIError
    raise ModelAPIError('refuse', 'Nobody is at home.')
    yield ''
async def break_off(messages, info):
    from jupyter_stream.exceptions import ModelAPIError
    seen.append(words(messages))
    yield 'half an'
    raise ModelAPIError('break_off', 'The line is dead.')
async def go_on(messages, info):
    import asyncio
    seen.append(words(messages))
    for n in range(10_000):
        yield f'word{n} '
        await asyncio.sleep(0.01)
refusing, breaking, endless = (FunctionModel(stream_function=f) for f in (refuse, break_off, go_on))
"""
)


def test_what_fails_before_any_content_leaves_no_turn(start: Callable[..., Page]) -> None:
    page = start(setup=FAILING)
    one, two = page.ask('One?'), page.ask('Two?')
    one.source = '%%ask -m refusing\nOne?'
    page.run(one)
    assert 'Nobody is at home' in one.error
    assert history(page) == ['Two?']
    assert STALE in two.markdown

    page.ask('Three?')
    assert page.sent == ['Two?', 'answer 2 to Two?', 'Three?']

    number = page.value("[place.current.number for place in __import__('jupyter_stream').thread().places][0]")
    page.run(page.add(f'%ask --versions {number}:1'))
    assert history(page) == ['One?', 'Two?', 'Three?']


def test_what_broke_off_is_a_turn_as_far_as_it_came(start: Callable[..., Page]) -> None:
    page = start(setup=FAILING)
    page.run(page.add('%%ask -m breaking\nOne?'))
    page.ask('Two?')

    assert page.sent == ['One?', 'half an', 'Two?']


def test_what_broke_off_says_so_when_it_is_shown_again(start: Callable[..., Page]) -> None:
    page = start(setup=FAILING)
    one = page.run(page.add('%%ask -m breaking\nOne?'))
    broken = one.markdown
    one.source = '%%ask\nOne?'
    page.run(one)
    assert one.markdown != broken
    page.run(page.add(f'%ask --versions {one.number}:1'))

    assert one.markdown == broken.strip()


CALLING = (
    LOAD
    + """
from jupyter_stream.models.function import DeltaToolCall
async def call(messages, info):
    yield {0: DeltaToolCall(name='look', json_args='{}'), 1: DeltaToolCall(name='look', json_args='{}')}
calling = FunctionModel(stream_function=call)
"""
)


def test_the_ids_of_calls_are_made_of_what_is_asked(start: Callable[..., Page]) -> None:
    page = start(setup=CALLING)
    ids = "[call.tool_call_id for turn in __import__('jupyter_stream').thread() for call in turn.response.tool_calls]"
    one = page.run(page.add('%%ask -m calling\nOne?'))
    two = page.run(page.add('%%ask -m calling\nOne?'))
    assert not two.error
    found = page.value(ids)
    assert len(set(found)) == 4

    page.run(one)
    page.run(two)
    assert page.value(ids) == found


def test_what_was_stopped_is_a_turn_without_any_mark_in_it(start: Callable[..., Page]) -> None:
    page = start(setup=FAILING)
    cell = page.run(page.add('%%ask -m endless\nOne?'), interrupt='word3')
    assert 'Stopped' in cell.markdown
    page.ask('Two?')

    question, answer, following = page.sent
    assert (question, following) == ('One?', 'Two?')
    assert answer.startswith('word0 word1 word2 word3')
    assert 'top' not in answer


def test_run_all_is_idempotent(page: Page) -> None:
    for prompt in ('One?', 'Two?', 'Three?'):
        page.ask(prompt)
    page.run_all()

    assert history(page) == ['One?', 'Two?', 'Three?']
    assert stale(page) == []
    assert page.sent == ['One?', 'answer 1 to One?', 'Two?', 'answer 2 to Two?', 'Three?']  # `seen` is new
    assert all(STALE not in cell.markdown for cell in page.cells)


def test_unchanged_turns_are_shown_again_without_a_request(start: Callable[..., Page]) -> None:
    page = start(environ={'JUPYTER_STREAM_RERUN': 'reuse'})
    cells = [page.ask(prompt) for prompt in ('One?', 'Two?')]
    before = [cell.markdown for cell in cells]
    for cell in cells:
        page.run(cell)
    assert page.value('len(seen)') == 2
    assert [cell.markdown for cell in cells] == before

    cells[0].source = '%%ask\nAnother one?'
    page.run(cells[0])
    page.run(cells[1])
    assert page.value('len(seen)') == 4

    cells[1].source = '%%ask --again\nTwo?'
    page.run(cells[1])
    assert page.value('len(seen)') == 5


def test_reuse_is_a_setting_too(page: Page) -> None:
    page.run(page.add("%config AskMagics.rerun = 'reuse'"))
    cell = page.ask('One?')
    page.run(cell)

    assert page.value('len(seen)') == 1


def test_fresh_has_no_history_and_belongs_to_no_thread(page: Page) -> None:
    page.ask('One?')
    page.ask('Two?', '--fresh')
    assert page.sent == ['Two?']
    page.ask('Three?')
    assert page.sent == ['One?', 'answer 1 to One?', 'Three?']


def test_a_named_thread_is_another_one(page: Page) -> None:
    page.ask('One?')
    page.ask('A?', '-T letters')
    page.ask('B?', '--thread letters')
    assert page.sent == ['A?', 'answer 2 to A?', 'B?']
    page.ask('Two?')
    assert page.sent == ['One?', 'answer 1 to One?', 'Two?']


def test_a_cell_that_changes_its_thread_leaves_the_other(page: Page) -> None:
    cell = page.ask('One?')
    cell.source = '%%ask -T other\nOne?'
    page.run(cell)

    assert history(page) == []
    assert page.value("len(__import__('jupyter_stream').thread('other'))") == 1


def test_a_fork_goes_on_from_the_last_turn_of_another_thread(page: Page) -> None:
    page.ask('One?')
    fork = page.ask('A?', '--fork main')
    assert page.sent == ['One?', 'answer 1 to One?', 'A?']
    page.ask('Two?')
    assert page.sent == ['One?', 'answer 1 to One?', 'Two?']
    page.ask('B?', '-T main-2')
    assert page.sent == ['One?', 'answer 1 to One?', 'A?', 'answer 2 to A?', 'B?']

    page.run(fork)
    assert page.sent == ['One?', 'answer 1 to One?', 'A?']


def test_a_fork_can_be_named(page: Page) -> None:
    page.ask('One?')
    page.ask('A?', '--fork main -T letters')
    page.ask('B?', '-T letters')

    assert page.sent == ['One?', 'answer 1 to One?', 'A?', 'answer 2 to A?', 'B?']


@pytest.mark.parametrize('options', ['--fork nothing', '-T main --fork main'])
def test_a_fork_from_nothing_is_refused(page: Page, options: str) -> None:
    page.ask('One?')
    cell = page.run(page.add(f'%%ask {options}\nA?'))

    assert 'UserError' in cell.error
    assert page.value('len(seen)') == 1


def test_history_can_be_switched_off_and_limited(page: Page) -> None:
    for prompt in ('One?', 'Two?', 'Three?'):
        page.ask(prompt)
    page.run(page.add('%config AskMagics.last = 1'))
    page.ask('Four?')
    assert page.sent == ['Three?', 'answer 3 to Three?', 'Four?']

    page.run(page.add('%config AskMagics.history = False'))
    page.ask('Five?')
    assert page.sent == ['Five?']


def test_ask_is_alone_unless_it_is_given_a_thread(page: Page) -> None:
    page.ask('One?')
    page.run(page.add("from jupyter_stream import ask, aask, thread\nask('Two?', model=model)"))
    assert page.sent == ['Two?']
    page.run(page.add("await aask('Three?', model=model, thread='main')"))
    assert page.sent == ['One?', 'answer 1 to One?', 'Three?']
    page.run(page.add("ask('Four?', model=model, thread=thread())"))
    assert page.sent[-3:] == ['Three?', 'answer 3 to Three?', 'Four?']
    both = page.run(page.add("ask('Five?', model=model, thread='main', messages=thread().messages)"))
    assert 'two histories' in both.error


def test_a_turn_that_is_forgotten_is_sent_no_more(page: Page) -> None:
    one = page.ask('One?')
    page.ask('Two?')
    page.run(page.add(f'%ask --forget {one.number}'))
    page.ask('Three?')
    assert page.sent == ['Two?', 'answer 2 to Two?', 'Three?']

    page.run(one)
    assert history(page) == ['One?', 'Two?', 'Three?']


def test_forgetting_a_cell_that_is_not_there_says_which_are(page: Page) -> None:
    one = page.ask('One?')
    cell = page.run(page.add('%ask --forget nowhere'))

    assert 'no turn of a cell nowhere' in cell.error
    assert f'[{one.number}]' in cell.error


def test_a_thread_can_be_cleared(page: Page) -> None:
    page.ask('One?')
    page.run(page.add('%ask --clear'))
    page.ask('Two?')

    assert page.sent == ['Two?']


def test_a_thread_is_saved_and_loaded(page: Page, tmp_path: Path) -> None:
    page.ask('One?')
    page.ask('Two?')
    path = tmp_path / 'thread.json'
    saved = page.run(page.add(f'%ask --save {path}'))
    assert '2 turns' in saved.plain, saved.error
    messages = ModelMessagesTypeAdapter.validate_json(path.read_bytes())
    assert [message.kind for message in messages] == ['request', 'response'] * 2

    page.run(page.add(f'%ask --load {path} -T copy'))
    page.ask('Three?', '-T copy')
    assert page.sent == ['One?', 'answer 1 to One?', 'Two?', 'answer 2 to Two?', 'Three?']


def test_a_file_that_is_no_thread_is_refused(page: Page, tmp_path: Path) -> None:
    path = tmp_path / 'other.json'
    path.write_text(json.dumps({'a': 1}))
    cell = page.run(page.add(f'%ask --load {path}'))

    assert 'holds no messages' in cell.error


def test_the_history_is_a_table(page: Page) -> None:
    one, two = page.ask('One?'), page.ask('Two?')
    page.run(one)
    shown = page.run(page.add('%ask --history'))

    assert f'[{two.number}]' in shown.plain
    assert 'stale' in shown.plain
    assert 'answer 2 of 2' in shown.plain
    assert '| cell | question | answer |' in shown.markdown


def test_a_summary_stands_for_the_turns_above_it(page: Page) -> None:
    page.ask('One?')
    page.ask('Two?')
    summary = page.run(page.add('%ask --compact'))
    assert not summary.error
    assert page.sent[:-1] == ['One?', 'answer 1 to One?', 'Two?', 'answer 2 to Two?']
    page.ask('Three?')
    assert len(page.sent) == 3
    assert page.sent[0].startswith('Sum up')

    page.delete(summary)
    page.ask('Four?')
    assert page.sent[:2] == ['One?', 'answer 1 to One?']


def test_a_thread_without_turns_has_nothing_to_sum_up(page: Page) -> None:
    assert 'no turns to sum up' in page.run(page.add('%ask --compact')).error

"""What a front end tells of its cells, row by row, and what of the thread it means: each in a real kernel."""

from __future__ import annotations

from collections.abc import Callable

from tests.threads.page import Page


def history(page: Page) -> list[str]:
    """The prompts of the turns that count, in their order."""
    return page.value("[turn.prompt for turn in __import__('jupyter_stream').thread()]")


def stale(page: Page) -> list[str]:
    """The prompts of the turns that are stale."""
    thread = "__import__('jupyter_stream').thread()"
    return page.value(f'[turn.prompt for turn in {thread} if turn in {thread}.stale()]')


def test_a_cell_that_runs_twice_has_one_turn(page: Page) -> None:
    rose = page.ask('A rose?')
    page.run(rose)

    assert page.sent == ['A rose?']
    assert history(page) == ['A rose?']


def test_a_copy_is_a_cell_of_its_own(page: Page) -> None:
    rose = page.ask('A rose?')
    page.ask('A tulip?')
    page.run(page.copy(rose))

    assert page.sent == ['A rose?', 'answer 1 to A rose?', 'A tulip?', 'answer 2 to A tulip?', 'A rose?']
    assert history(page) == ['A rose?', 'A tulip?', 'A rose?']


def test_a_cell_that_was_cut_and_pasted_keeps_its_turn(page: Page) -> None:
    rose = page.ask('A rose?')
    page.ask('A tulip?')
    page.cut_and_paste(rose, 2)
    page.run(rose)

    assert page.sent == ['A rose?']
    assert history(page) == ['A rose?', 'A tulip?']


def test_a_deleted_cell_leaves_the_history_with_whatever_runs_next(page: Page) -> None:
    rose = page.ask('A rose?')
    page.ask('A tulip?')
    page.delete(rose)
    page.run(page.add('1 + 1'))
    assert history(page) == ['A tulip?']

    page.ask('And a lily?')

    assert page.sent == ['A tulip?', 'answer 2 to A tulip?', 'And a lily?']


def test_a_deletion_that_is_undone_brings_the_turn_back(page: Page) -> None:
    rose = page.ask('A rose?')
    page.ask('A tulip?')
    at = page.delete(rose)
    page.run(page.add('1 + 1'))
    page.undo(rose, at)
    page.run(rose)

    assert history(page) == ['A rose?', 'A tulip?']
    assert page.sent == ['A rose?']


def test_a_cell_that_is_split_asks_its_first_half_before_the_second(page: Page) -> None:
    rose = page.ask('A rose?\nAnd which colours has it?')
    page.ask('A tulip?')
    first = page.split(rose, '%%ask\nA rose?')
    page.run(first)
    assert page.sent == ['A rose?']
    assert history(page) == ['A rose?', 'A rose?\nAnd which colours has it?', 'A tulip?']

    rose.source = '%%ask\n' + rose.source
    page.run(rose)

    assert page.sent == ['A rose?', 'answer 3 to A rose?', 'And which colours has it?']
    assert history(page) == ['A rose?', 'And which colours has it?', 'A tulip?']


def test_merged_cells_are_one_turn_in_their_place(page: Page) -> None:
    rose = page.ask('A rose?')
    tulip = page.ask('A tulip?')
    page.ask('A lily?')
    page.run(page.merge(rose, tulip))

    assert page.sent == ['A rose?\n\n%%ask\nA tulip?']
    assert history(page) == ['A rose?\n\n%%ask\nA tulip?', 'A lily?']


def test_a_cell_that_was_markdown_for_a_while_is_the_same(page: Page) -> None:
    rose = page.ask('A rose?')
    page.ask('A tulip?')
    page.run(rose)  # the front end sends the same id

    assert history(page) == ['A rose?', 'A tulip?']


def test_a_page_that_is_loaded_again_shows_the_same_thread(page: Page) -> None:
    page.ask('A rose?')
    page.reload()
    page.ask('A tulip?')

    assert page.sent == ['A rose?', 'answer 1 to A rose?', 'A tulip?']


def test_a_page_that_is_loaded_again_knows_its_cells(page: Page) -> None:
    rose = page.ask('A rose?')
    page.ask('A tulip?')
    page.reload()
    page.run(rose)

    assert page.sent == ['A rose?']
    assert history(page) == ['A rose?', 'A tulip?']


def stay_apart(first: Page, second: Page) -> None:
    """The first has asked of a rose; each goes on in a thread of its own."""
    second.ask('A tulip?')
    assert second.sent == ['A tulip?']
    first.ask('And a red one?')
    assert first.sent == ['A rose?', 'answer 1 to A rose?', 'And a red one?']
    second.ask('And a yellow one?')
    assert second.sent == ['A tulip?', 'answer 2 to A tulip?', 'And a yellow one?']


def test_two_notebooks_on_one_kernel_have_two_threads(start: Callable[..., Page]) -> None:
    first = start(environ={'JUPYTER_STREAM_VIEW': 'live'})
    second = Page(first.kernel)
    first.ask('A rose?')
    first.hello('roses.ipynb')
    second.hello('tulips.ipynb')

    stay_apart(first, second)


def test_a_second_notebook_that_says_nothing_has_its_own_thread(start: Callable[..., Page]) -> None:
    first = start(environ={'JUPYTER_STREAM_VIEW': 'live'})
    second = Page(first.kernel)
    first.ask('A rose?')
    first.hello('roses.ipynb')

    stay_apart(first, second)


def test_a_page_that_was_loaded_again_says_so_by_its_path(start: Callable[..., Page]) -> None:
    page = start(environ={'JUPYTER_STREAM_VIEW': 'live'})
    page.ask('A rose?')
    page.hello('roses.ipynb')
    page.reload()
    page.hello('roses.ipynb')
    page.ask('A tulip?')

    assert page.sent == ['A rose?', 'answer 1 to A rose?', 'A tulip?']


def test_without_ids_the_order_of_execution_counts(start: Callable[..., Page]) -> None:
    page = start(tells=False)
    rose = page.ask('A rose?')
    page.ask('A tulip?')
    page.run(rose)

    assert page.sent == ['A rose?', 'answer 1 to A rose?', 'A tulip?', 'answer 2 to A tulip?', 'A rose?']
    assert history(page) == ['A rose?', 'A tulip?', 'A rose?']


def test_a_cell_that_asks_twice_has_two_turns(page: Page) -> None:
    both = page.add('%ask A rose?\n%ask A tulip?')
    page.run(both)
    assert page.sent == ['A rose?', 'answer 1 to A rose?', 'A tulip?']

    page.run(both)
    assert page.sent == ['A rose?', 'answer 3 to A rose?', 'A tulip?']
    assert history(page) == ['A rose?', 'A tulip?']


def test_a_cell_that_no_longer_asks_has_no_turn(page: Page) -> None:
    rose = page.ask('A rose?')
    page.ask('A tulip?')
    rose.source = '1 + 1'
    page.run(rose)

    assert history(page) == ['A tulip?']

"""A thread after a restart: read back from the notebook's own outputs, by a kernel that knows nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.threads.page import LOAD, Kernel, Page
from tests.threads.test_cell_ids import history, stale


def restart(page: Page) -> None:
    """Save, restart the kernel, and load the extension again."""
    page.save()
    page.kernel.restart()
    page.reload()
    assert not page.run(page.cells[0]).error


def test_after_a_restart_the_thread_is_there_again(page: Page) -> None:
    for prompt in ('One?', 'Two?', 'Three?'):
        page.ask(prompt)
    restart(page)
    page.ask('Four?')

    assert page.sent == [
        'One?',
        'answer 1 to One?',
        'Two?',
        'answer 2 to Two?',
        'Three?',
        'answer 3 to Three?',
        'Four?',
    ]
    assert stale(page) == []
    assert history(page) == ['One?', 'Two?', 'Three?', 'Four?']


def test_a_copy_that_is_opened_elsewhere_has_the_thread(page: Page, tmp_path: Path) -> None:
    page.ask('One?')
    path = tmp_path / 'copy.ipynb'
    page.open_copy(path)
    kernel = Kernel(tmp_path, path, {'JUPYTER_STREAM_VIEW': 'markdown'})
    try:
        copy = Page(kernel, path=path)
        copy.cells = page.cells
        copy.run(copy.cells[0])
        copy.ask('Two?')
        assert copy.sent == ['One?', 'answer 1 to One?', 'Two?']
    finally:
        kernel.stop()


def test_a_cell_whose_text_was_edited_comes_back_as_stale(page: Page) -> None:
    one = page.ask('One?')
    page.ask('Two?')
    one.source = '%%ask\nOne, but edited?'
    restart(page)
    page.ask('Three?')

    assert page.sent[:2] == ['One, but edited?', 'answer 1 to One?']
    assert stale(page) == ['One, but edited?', 'Two?', 'Three?'][:2]


def test_what_the_kernel_knows_itself_wins(page: Page) -> None:
    page.ask('One?')
    two = page.ask('Two?')
    page.ask('Three?')
    restart(page)
    two.source = '%%ask\nTwo, again?'
    page.run(two)

    assert page.sent == ['One?', 'answer 1 to One?', 'Two, again?']
    assert history(page) == ['One?', 'Two, again?', 'Three?']
    assert page.value("len(__import__('jupyter_stream').thread().places[1].turns)") == 2


def test_run_all_after_a_restart_is_idempotent(page: Page) -> None:
    for prompt in ('One?', 'Two?'):
        page.ask(prompt)
    restart(page)
    page.run_all()

    assert history(page) == ['One?', 'Two?']
    assert stale(page) == []


def test_a_file_that_does_not_hold_the_cell_is_not_believed(page: Page, tmp_path: Path) -> None:
    page.ask('One?')
    page.save()
    assert page.path is not None
    other = Page(Kernel(tmp_path, page.path, {'JUPYTER_STREAM_VIEW': 'markdown'}))
    try:
        other.run(other.add(LOAD))
        other.ask('Two?')
        assert other.sent == ['Two?']
    finally:
        other.kernel.stop()


def test_a_new_cell_that_is_not_saved_says_that_earlier_turns_are_not_read(page: Page) -> None:
    one, _ = page.ask('One?'), page.ask('Two?')
    page.save()
    page.kernel.restart()
    page.reload()
    page.cells[:] = []
    page.run(page.add(LOAD))
    page.run(page.add("from jupyter_stream.notebook.threads import notebook_of\n%config AskMagics.view = 'markdown'"))
    page.ask('Three?')
    assert page.sent == ['Three?']
    assert page.value('notebook_of(get_ipython()).unread') == 2

    page.cells.insert(2, one)
    page.save()
    page.ask('Four?')
    assert page.sent == ['One?', 'answer 1 to One?', 'Three?', 'answer 1 to Three?', 'Four?']
    assert page.value('notebook_of(get_ipython()).unread') == 0


def test_the_file_that_the_page_says_it_shows_is_believed(page: Page) -> None:
    page.ask('One?')
    page.save()
    page.kernel.restart()
    page.reload()
    assert page.path is not None
    page.cells[:] = []
    page.run(
        page.add(f"""{LOAD}
from jupyter_stream.notebook import kernel, shell
kernel.state.front_ends.learn(shell.session_of(get_ipython()), True, {f'{page.path.parent.name}/{page.path.name}'!r})
""")
    )
    page.ask('Two?')

    assert page.sent == ['One?', 'answer 1 to One?', 'Two?']


@pytest.mark.parametrize('line', ['%ask --forget {}', '%ask --clear'])
def test_what_was_forgotten_stays_so(page: Page, line: str) -> None:
    one = page.ask('One?')
    page.run(page.add(line.format(one.number)))
    assert 'Forgotten' in one.markdown
    page.ask('Two?')
    restart(page)
    page.ask('Three?')

    assert page.sent == ['Two?', 'answer 2 to Two?', 'Three?']


def test_without_the_metadata_nothing_comes_back(page: Page) -> None:
    page.run(page.add("%config AskMagics.save = 'answer'"))
    cell = page.ask('One?')
    assert 'turn' not in cell.outputs[0]['metadata']['jupyter_stream']
    restart(page)
    page.ask('Two?')

    assert page.sent == ['Two?']


def test_a_deleted_output_and_a_spoiled_one_are_left_out(page: Page) -> None:
    one, two, _ = page.ask('One?'), page.ask('Two?'), page.ask('Three?')
    one.outputs = []
    two.outputs[0]['metadata']['jupyter_stream']['turn'] = {'thread': 5}
    restart(page)
    page.ask('Four?')

    assert page.sent == ['Three?', 'answer 3 to Three?', 'Four?']


def test_a_stopped_answer_comes_back_as_far_as_it_came(start: Callable[..., Page]) -> None:
    page = start(
        setup=LOAD
        + """
import asyncio
async def go_on(messages, info):
    for n in range(10_000):
        yield f'word{n} '
        await asyncio.sleep(0.01)
endless = FunctionModel(stream_function=go_on)
"""
    )
    page.run(page.add('%%ask -m endless\nOne?'), interrupt='word3')
    restart(page)
    page.ask('Two?')

    assert page.sent[1].startswith('word0 word1 word2 word3')
    assert 'top' not in page.sent[1]
    assert page.value("__import__('jupyter_stream').thread().turns[0].state") == 'interrupted'


def test_other_threads_and_forks_come_back_too(page: Page) -> None:
    page.ask('One?')
    page.ask('A?', '--fork main -T letters')
    page.ask('X?', '-T marks')
    restart(page)
    page.ask('B?', '-T letters')
    assert page.sent == ['One?', 'answer 1 to One?', 'A?', 'answer 2 to A?', 'B?']
    page.ask('Y?', '-T marks')
    assert page.sent == ['X?', 'answer 3 to X?', 'Y?']


def test_an_unchanged_turn_is_shown_again_after_a_restart_without_a_request(start: Callable[..., Page]) -> None:
    page = start(environ={'JUPYTER_STREAM_RERUN': 'reuse'})
    one, two = page.ask('One?'), page.ask('Two?', '-o two')
    shown = one.plain, two.plain
    restart(page)
    page.run(one)
    page.run(two)

    assert page.value('len(seen)') == 0
    assert (one.plain, two.plain) == shown
    assert page.value('[message.kind for message in two.messages]') == ['request', 'response'] * 2
    assert page.value('two.turn.sent == two.thread.turns[:1]') is True


SIGNED = (
    LOAD
    + """
from jupyter_stream.models.function import DeltaThinkingPart, DeltaToolCall
async def think(messages, info):
    seen.append(words(messages))
    yield {0: DeltaThinkingPart(content='Hm.', signature='c2lnbmVk')}
    yield {1: DeltaToolCall(name='look', json_args='{"at": "a rose"}', tool_call_id='call-1')}
thinking = FunctionModel(stream_function=think)
"""
)


def test_signed_thoughts_and_calls_come_back(start: Callable[..., Page]) -> None:
    page = start(setup=SIGNED)
    page.run(page.add('%%ask -m thinking\nOne?'))
    restart(page)
    page.ask('Two?')

    parts = page.value(
        "[[part.part_kind, getattr(part, 'signature', None), getattr(part, 'args', None)]"
        " for part in __import__('jupyter_stream').thread().turns[0].response.parts]"
    )
    assert parts == [['thinking', 'c2lnbmVk', None], ['tool-call', None, '{"at": "a rose"}']]


def test_a_prompt_that_is_not_the_cells_own_text_is_kept(page: Page) -> None:
    page.run(page.add("from jupyter_stream import ask\nfor n in range(2): ask(f'Number {n}?', thread='main')"))
    restart(page)
    page.ask('Two?')

    assert page.sent[::2] == ['Number 0?', 'Number 1?', 'Two?']


FORGETFUL = """
import sys, types
class Message:
    @staticmethod
    def blocking_request(name, **options):
        assert name == 'get_ipynb'
        return {'ipynb': notebook}
colab = types.ModuleType('google.colab')
colab._message = Message
sys.modules['google'] = sys.modules.get('google') or types.ModuleType('google')
sys.modules['google.colab'] = colab
"""


@pytest.fixture
def page(start: Callable[..., Page]) -> Page:
    return start()


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Page]:
    """A page whose kernel was not told where the notebook is."""
    kernel = Kernel(tmp_path, None, {'JUPYTER_STREAM_VIEW': 'markdown', 'JPY_SESSION_NAME': ''})
    page = Page(kernel, path=tmp_path / 'notebook.ipynb')
    page.run(page.add(LOAD))
    yield page
    kernel.stop()


def test_vs_code_names_the_file_in_a_variable(bare: Page) -> None:
    bare.ask('One?')
    restart(bare)
    assert bare.path is not None
    bare.run(bare.add(f'__vsc_ipynb_file__ = {str(bare.path)!r}'))
    bare.ask('Two?')

    assert bare.sent == ['One?', 'answer 1 to One?', 'Two?']


def test_colab_hands_the_notebook_over(bare: Page) -> None:
    bare.ask('One?')
    notebook = bare.notebook()
    for cell in notebook['cells']:
        cell['metadata']['id'] = cell.pop('id')  # as Colab writes it
    restart(bare)
    bare.run(bare.add(f'import json\nnotebook = json.loads({json.dumps(notebook)!r})\n{FORGETFUL}'))
    bare.ask('Two?')

    assert bare.sent == ['One?', 'answer 1 to One?', 'Two?']


def test_without_a_file_a_restart_forgets(bare: Page) -> None:
    bare.ask('One?')
    restart(bare)
    bare.ask('Two?')

    assert bare.sent == ['Two?']

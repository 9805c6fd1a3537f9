"""Values in a prompt, what would be sent, and what cells showed: each in a real kernel, with what its thread keeps."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.threads.page import Cell, Page
from tests.threads.test_cell_ids import stale
from tests.threads.test_restart import restart

WORDS = """
def words(messages):
    said = []
    for message in messages:
        for part in message.parts:
            if part.part_kind in ('user-prompt', 'text'):
                content = [part.content] if isinstance(part.content, str) else part.content
                said.append(' '.join(c if isinstance(c, str) else f'[{c.media_type} {len(c.data)}]' for c in content))
    return said
"""
PICTURE = """
class Picture:
    def __repr__(self):
        return 'a picture of a rose'
    def _repr_png_(self):
        return bytes(range(200))
"""


def run(page: Page, source: str) -> Cell:
    """Add a cell, and run it."""
    return page.run(page.add(source))


def written(page: Page) -> list[str]:
    """The prompts of the turns that count, as they were written."""
    return page.value("[turn.written for turn in __import__('jupyter_stream').thread()]")


def asked(page: Page) -> int:
    """How often the model was asked."""
    return page.value('len(seen)')


# ------------------------------------------------------------------ values


def test_an_expression_is_sent_as_its_value_and_shown_as_it_was_written(page: Page) -> None:
    run(page, 'rose = {"colour": "red"}')
    cell = page.ask('What is {{ rose["colour"] }} and {{ rose }}, {rose} or $rose?')

    assert page.sent[-1].startswith('What is red and <value name="rose" type="dict">')
    assert page.sent[-1].endswith(', {rose} or $rose?')
    assert written(page) == ['What is {{ rose["colour"] }} and {{ rose }}, {rose} or $rose?']
    assert 'What is {{ rose' in run(page, '%ask --history').plain
    assert cell.turn['values'][0] == ['red']


def test_a_line_magic_has_values_too(page: Page) -> None:
    run(page, 'n = 3\n%ask What is {{ n }}?')
    assert page.sent == ['What is 3?']

    run(page, 'def f():\n    %ask And what is {{ n + 1 }}?\nf()')
    assert page.sent[-1] == 'And what is 4?'


def test_earlier_results_are_values(page: Page) -> None:
    first = run(page, '6 * 7')
    page.ask(f'What is {{{{ Out[{first.number}] }}}} and {{{{ _ }}}}?')

    assert page.sent == ['What is 42 and 42?']


def test_err_is_the_last_exception_of_the_reader(page: Page) -> None:
    run(page, '1 / 0')
    run(page, '%%ask -m nobody:knows\nWhy?')
    run(page, '%%ask\nWhy {{ unknown }}?')
    page.ask('Why {{ err }}?')
    assert 'type="ZeroDivisionError"' in page.sent[-1]

    run(page, 'err = "mine"')
    page.ask('Why {{ err }}?')
    assert page.sent[-1] == 'Why mine?'
    page.run(page.add('del err'))


def test_an_expression_that_fails_is_shown_at_its_place_and_nothing_is_sent(page: Page) -> None:
    page.ask('One?')
    cell = run(page, '%%ask\nTwo\nand {{ 1 / 0 }}?')

    said, _, line, mark = cell.error.splitlines()
    assert said.startswith('TemplateError: Line 2 of the prompt, column 5: `1 / 0` raised ZeroDivisionError: division')
    assert (line, mark) == ('    and {{ 1 / 0 }}?', '        ^')
    assert not cell.markdown
    assert asked(page) == 1
    assert written(page) == ['One?']


def test_raw_leaves_all_of_it_alone(page: Page) -> None:
    page.ask('{{ name }} of \\{{ and {% 1 %}', '--raw')

    assert page.sent == ['{{ name }} of \\{{ and {% 1 %}']


def test_a_variable_in_single_braces_gets_a_hint(page: Page) -> None:
    run(page, 'rose = 1')
    cell = page.ask('What is {rose} or {tulip}?')

    assert page.sent == ['What is {rose} or {tulip}?']
    hint, answer = cell.outputs
    assert hint['data']['text/plain'] == '{rose} is sent to the letter. For the value of rose, write {{ rose }}.'
    assert answer['data']['text/plain'].startswith('answer 1')
    assert len(page.ask('What is {rose}?', '--raw').outputs) == 1


def test_with_reuse_a_changed_value_is_asked_anew(page: Page) -> None:
    run(page, "%config AskMagics.rerun = 'reuse'\nn = 1")
    cell = page.ask('What is {{ n }}?')
    page.run(cell)
    assert asked(page) == 1

    run(page, 'n = 2')
    page.run(cell)
    assert asked(page) == 2
    assert page.sent == ['What is 2?']


def test_a_changed_value_makes_later_turns_stale(page: Page) -> None:
    run(page, 'n = 1')
    first, second = page.ask('What is {{ n }}?'), page.ask('Why?')
    run(page, 'n = 2')
    page.run(first)

    assert stale(page) == ['Why?']
    assert '↻' in second.markdown


def test_after_a_restart_what_was_sent_is_sent(start: Callable[..., Page]) -> None:
    page = start()
    run(page, WORDS + PICTURE + 'rose = Picture(); n = 5')
    page.ask('What is {{ rose }} and {{ n }} or \\{{?')
    first = page.sent
    page.ask('Is {{ "x" * 9000 }} long?')
    page.ask('Three?')
    assert '[image/png 200]' in first[0]

    restart(page)
    run(page, WORDS)
    page.ask('Four?')

    assert page.sent[0] == first[0]
    assert page.sent[2] == 'Is [The value of "x" * 9000 is not kept in the notebook] long?'
    assert written(page)[:2] == ['What is {{ rose }} and {{ n }} or \\{{?', 'Is {{ "x" * 9000 }} long?']
    assert stale(page) == [page.sent[2], 'Three?']
    assert 'values not kept' in run(page, '%ask --history').plain


# ------------------------------------------------------------------ what would be sent


def test_a_dry_run_shows_the_messages_and_changes_nothing(page: Page) -> None:
    run(page, 'n = 5')
    one, two = page.ask('One?'), page.ask('Two?')
    before = page.value("[turn.digest for turn in __import__('jupyter_stream').thread()]")

    cell = run(page, "%%ask -n -s 'Be short.' -t 0.5\nWhat is {{ n }} **of** <b>?")

    assert not cell.error
    said = cell.plain
    for words in ('Dry run: nothing was sent.', '5 messages', '≈', f'with [{one.number}] [{two.number}]'):
        assert words in said
    assert said.index('Be short.') < said.index('One?') < said.index('answer 1 to One?') < said.index('What is 5')
    assert '"temperature": 0.5' in said
    assert '```text\nWhat is 5 **of** <b>?\n```' in cell.markdown
    assert asked(page) == 2
    assert page.value("[turn.digest for turn in __import__('jupyter_stream').thread()]") == before
    assert 'turn' not in cell.outputs[-1]['metadata'].get('jupyter_stream', {})


def test_a_dry_run_in_the_cell_of_an_answer_leaves_its_turn(page: Page) -> None:
    one, two = page.ask('One?'), page.ask('Two?')
    one.source = '%%ask -n\nOne, but edited?'
    page.run(one)

    assert written(page) == ['One?', 'Two?']
    assert stale(page) == []
    assert '↻' not in two.markdown


def test_a_dry_run_makes_no_thread(page: Page) -> None:
    page.ask('One?')
    said = run(page, '%%ask -n --fork main\nTwo?').plain + run(page, '%%ask -n -T other\nThree?').plain

    assert 'thread main-2' in said
    threads = "__import__('jupyter_stream.notebook.kernel', fromlist=['state']).state.conversations.current.threads"
    assert page.value(f'[thread.name for thread in {threads}]') == ['main']


def test_a_dry_run_shows_a_picture(page: Page) -> None:
    run(page, PICTURE + 'rose = Picture()')
    cell = run(page, '%%ask -n\nWhat is {{ rose }}?')

    assert '![image/png, 200 bytes](data:image/png;base64,AAEC' in cell.markdown
    assert '[image/png, 200 bytes]' in cell.plain


@pytest.mark.parametrize(
    ('source', 'words'),
    [
        ('%%ask -n\n{{ 1 / 0 }}', 'ZeroDivisionError: division by zero. Nothing was sent.'),
        ('%%ask -n\n{{ key }}', 'The prompt holds the key that OPENAI_API_KEY is set to'),
        ('%ask -n --history', '--dry-run shows what a question would send, and --history asks nothing'),
        ('%ask -n', 'There is nothing to ask'),
        ('answer = %ask -n One?', '--dry-run asks nobody'),
    ],
)
def test_what_a_dry_run_refuses(page: Page, source: str, words: str) -> None:
    run(page, "import os\nkey = os.environ['OPENAI_API_KEY'] = 'sk-this-is-a-secret-key'")
    cell = run(page, source)
    run(page, "del os.environ['OPENAI_API_KEY']")

    assert words in cell.error
    assert 'sk-this' not in cell.error + cell.plain
    assert asked(page) == 0


def test_a_dry_run_needs_no_key_and_says_so(page: Page) -> None:
    cell = run(page, '%%ask -n -m openai-chat:gpt-5-mini\nOne?')

    assert not cell.error
    assert 'asking would fail: Set the `OPENAI_API_KEY`' in cell.plain


def test_a_dry_run_estimates_the_cost(page: Page) -> None:
    pytest.importorskip('genai_prices')
    run(page, "import os\nos.environ['OPENAI_API_KEY'] = 'sk-this-is-a-secret-key'")
    cell = run(page, '%%ask -n -m openai-chat:gpt-4o\n{{ "word " * 5000 }}')
    run(page, "del os.environ['OPENAI_API_KEY']")

    assert '(estimate) to read' in cell.plain
    assert '≈ $0.0' in cell.plain


# ------------------------------------------------------------------ what cells showed


def test_the_outputs_of_the_last_cells(page: Page) -> None:
    run(page, 'secret = 1')
    printed = run(
        page,
        'print("one")\nfrom IPython.display import display, HTML\ndisplay(HTML("<b>two</b>"))\nprint("three")\n40 + 4',
    )
    failed = run(page, 'print("before", end="")\n1 / 0')
    cell = page.ask('What went wrong?', '--with-outputs 2')

    said = page.sent[-1]
    assert 'secret' not in said
    assert f'<value name="[{printed.number}]" type="notebook cell">\nSource:\nprint("one")' in said
    assert 'Output:\none\n\n<IPython.core.display.HTML object>\nthree\n\n44\n</value>' in said
    assert f'[{failed.number}]' in said
    assert said.index('before') < said.index('Traceback') < said.index('ZeroDivisionError: division by zero\n</value>')
    assert 'site-packages' not in said
    assert '\x1b' not in said
    assert said.endswith('\nWhat went wrong?')
    assert written(page) == ['What went wrong?']
    assert (
        f'with the outputs of [{printed.number}] [{failed.number}]'
        in run(page, '%%ask -n --with-outputs 2\nAnd?').plain
    )
    assert ''.join(cell.turn['before']) == said.removesuffix('What went wrong?')


def test_cells_whose_answer_is_in_the_history_are_not_sent_twice(page: Page) -> None:
    run(page, 'print("one")')
    page.ask('Is it one?')
    run(page, '%ask --history')
    run(page, '%%ask -n\nWhat?')
    run(page, '%%ask\n{{ unknown }}')
    page.ask('And now?', '--with-outputs 5')

    above, _, _ = page.sent[-1].partition('And now?')
    assert above.count('notebook cell') == 1
    assert 'print("one")' in above

    page.ask('And now?', '--fresh --with-outputs 5')

    above = page.sent[-1].removesuffix('And now?')
    assert '{{ unknown }}' not in above
    assert 'Is it one?\n\nOutput:\nanswer 1 to Is it one?' in above


def test_a_cell_that_ran_again_or_was_deleted_is_told_as_the_page_shows_it(page: Page) -> None:
    first = run(page, 'import random; print("former")')
    deleted = run(page, 'print("deleted")')
    run(page, 'print("third")')
    first.source = 'print("new")'
    page.run(first)
    page.delete(deleted)
    page.ask('What?', '--with-outputs 2')

    said = page.sent[-1]
    assert 'former' not in said
    assert 'deleted' not in said
    assert said.index('third') < said.index('new')


def test_updated_and_cleared_displays_are_told_as_the_page_shows_them(page: Page) -> None:
    run(
        page,
        'from IPython.display import clear_output, display\n'
        'handle = display("first", display_id=True)\nhandle.update("second")\n'
        'print("\\x1b[31mred\\x1b[0m")\nprint("10%\\r50%\\r100%")\n',
    )
    run(page, 'print("gone")\nclear_output(wait=True)\nprint("stays")\ndisplay("too")')
    page.ask('What?', '--with-outputs 2')

    said = page.sent[-1]
    assert "Output:\n'second'\nred\n100%\n</value>" in said
    assert "Output:\nstays\n\n'too'\n</value>" in said


def test_a_picture_that_a_cell_showed_is_sent(page: Page) -> None:
    run(page, WORDS + PICTURE + 'from IPython.display import Image')
    run(page, 'Picture()')
    page.ask('What?', '--with-outputs 1')

    assert 'a picture of a rose\nThe picture follows.\n</value>\n [image/png 200]' in page.sent[-1]


def test_a_long_output_is_cut_in_its_middle(page: Page) -> None:
    run(page, 'for n in range(20_000): print("line", n)')
    page.ask('What?', '--with-outputs 1')

    said = page.sent[-1]
    assert len(said) < 40_000
    assert 'line 1\n' in said
    assert 'more characters' in said
    assert 'line 19999\n' in said


def test_there_may_be_no_cell_before(page: Page) -> None:
    cell = run(page, '%%ask -n --with-outputs 3 --raw\n{{ x }}')
    assert '{{ x }}' in cell.plain
    assert 'no cell ran before' in cell.plain

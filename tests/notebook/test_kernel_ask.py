"""`%%ask` in a real kernel, spoken to as JupyterLab does: what is sent, what is left, what a stop does."""

from __future__ import annotations

import time
from typing import Any

import pytest

from .kernels import HELLO, KEY, Kernel, Outcome

pytestmark = pytest.mark.timeout(120)


@pytest.mark.parametrize(
    'prompt',
    ["what's {x} worth in $y?", '--words -- survive', "a ( \" ''' %ask", '{1/0} ${HOME}', '漢字 🙂 \\n', '>>> 1 + 1'],
)
@pytest.mark.parametrize(
    'head', ['%%ask -m hello -o ans --\n', '%%ask -m hello -o ans -- ', '%ask -m hello -o ans -- ']
)
def test_the_prompt_arrives_to_the_letter(kernel: Kernel, head: str, prompt: str) -> None:
    outcome = kernel.run(f'{head}{prompt}')
    assert outcome.reply is not None
    assert outcome.reply['status'] == 'ok', outcome.messages
    assert kernel.value('ans.asked[-1].parts[-1].content') == repr(prompt)


@pytest.mark.parametrize(
    'cell',
    [
        '%%ask -m hello -o ans\nhi',
        '%ask -m hello -o ans hi',
        'from jupyter_stream import ask; ans = ask("hi", model=hello)',
    ],
)
def test_one_output_stays(kernel: Kernel, cell: str) -> None:
    (output,) = kernel.run(cell).outputs()
    assert output['data']['text/markdown'].strip() == HELLO
    assert 'world' in output['data']['text/plain']
    assert 'text/html' not in output['data']
    assert output['metadata']['jupyter_stream']
    assert kernel.value('ans.text') == repr('Hello **world**.')


@pytest.mark.parametrize(
    'cell', ['ask("hi", model=hello)', 'await aask("hi", model=hello)', 'a = ask("hi", model=hello)\na']
)
def test_a_call_that_ends_a_cell_shows_its_answer_once(kernel: Kernel, cell: str) -> None:
    outputs = kernel.run(f'from jupyter_stream import aask, ask\n{cell}').outputs()
    assert [output['data']['text/markdown'] for output in outputs] == [HELLO]


@pytest.mark.parametrize('cell', ['ans', 'display(ans)', 'ask("hi", model=hello, display=False)'])
def test_an_answer_that_the_cell_does_not_show_yet_shows_itself(kernel: Kernel, cell: str) -> None:
    kernel.run('from jupyter_stream import ask\nans = ask("hi", model=hello)')
    (output,) = kernel.run(cell).outputs()
    assert output['data']['text/markdown'] == HELLO


def test_an_answer_can_be_displayed_again_in_its_own_cell(kernel: Kernel) -> None:
    assert len(kernel.run('from jupyter_stream import ask\ndisplay(ask("hi", model=hello))').outputs()) == 2


def test_a_captured_answer_is_one_output(kernel: Kernel) -> None:
    kernel.run('%%capture captured\n%%ask -m hello\nhi')
    assert kernel.value('[output.data["text/markdown"] for output in captured.outputs]') == repr([HELLO])


def test_in_an_output_widget_where_no_update_arrives_it_is_displayed_once(kernel: Kernel) -> None:
    kernel.run('import ipywidgets\nfrom jupyter_stream import ask\nbox = ipywidgets.Output()')
    inside = kernel.run('with box:\n    ans = ask("hi", model=hello)')
    assert [m['msg_type'] for m in inside.of('display_data', 'update_display_data')] == ['display_data']
    assert inside.outputs()[0]['data']['text/markdown'] == HELLO
    after = kernel.run('ans = ask("hi", model=hello)')
    assert after.of('update_display_data')


def test_what_else_the_cell_shows_stays(kernel: Kernel) -> None:
    outputs = kernel.run('print("before")\n%ask -m hello hi\nprint("after")').outputs()
    assert [o.get('text') or o['data']['text/markdown'] for o in outputs] == ['before\n', HELLO, 'after\n']


@pytest.mark.parametrize('cell', ['%%ask -m hello\nhi', '%%time\n%%ask -m hello\nhi'])
def test_without_a_front_end_it_is_displayed_once(kernel: Kernel, cell: str) -> None:
    msg_id = kernel.client.execute(cell, allow_stdin=False)
    outcome = kernel.finish(msg_id)[msg_id]
    assert len(outcome.of('display_data')) == 1
    assert not outcome.of('update_display_data', 'clear_output')


def test_the_first_sign_comes_before_the_answer(kernel: Kernel) -> None:
    """Something is displayed while the model is still silent."""
    seen: list[tuple[float, str]] = []
    kernel.run('%%ask -m late\nhi', watch=lambda m: seen.append((time.monotonic(), m['msg_type'])))
    first = next(at for at, kind in seen if kind == 'display_data')
    assert seen[-1][0] - first > 0.3


@pytest.mark.parametrize(
    'cell',
    [
        '%%ask -m endless -o ans\ngo on',
        '%%time\n%%ask -m endless -o ans\ngo on',
        '%%time\n%ask -m endless -o ans go on',
    ],
)
def test_a_stop_keeps_what_came_and_aborts_what_is_queued(kernel: Kernel, cell: str) -> None:
    kernel.run('ans = None; later = False')
    first = kernel.send(cell)
    second = kernel.send('later = True')
    stopped: list[float] = []

    def stop(message: dict[str, Any]) -> None:
        text = str(message['content'].get('data', ''))
        if not stopped and 'word3' in text:
            stopped.append(time.monotonic())
            kernel.manager.interrupt_kernel()

    found = kernel.finish(first, second, watch=stop)
    took = time.monotonic() - stopped[0]
    reply, queued = found[first].reply, found[second].reply
    assert reply is not None
    assert queued is not None
    assert reply['status'] == 'error'
    assert queued['status'] == 'aborted'
    assert took < 1.5
    (error,) = found[first].of('error')
    assert len('\n'.join(error['content']['traceback'])) < 400
    assert kernel.value('ans.state, ans.text.startswith("word0 word1 word2 ")') == "('interrupted', True)"
    assert kernel.value('later') == 'False'
    answers = [o for o in found[first].outputs() if o['kind'].endswith('display_data')]
    assert len(answers) == 1
    markdown = answers[0]['data']['text/markdown']
    assert 'word3' in markdown
    assert 'nterrupted' in markdown or 'topped' in markdown


def test_after_a_stop_the_next_cell_works(kernel: Kernel) -> None:
    test_a_stop_keeps_what_came_and_aborts_what_is_queued(kernel, '%%ask -m endless -o ans\ngo on')
    outcome = kernel.run('%%ask -m hello -o ans\nhi')
    assert outcome.reply is not None
    assert outcome.reply['status'] == 'ok'
    assert kernel.value('ans.state') == "'complete'"


def test_the_kernel_hears_other_messages_while_an_answer_streams(kernel: Kernel) -> None:
    kernel.run(
        'heard = []\n'
        "get_ipython().kernel.comm_manager.register_target('ears', lambda comm, message: heard.append(time.time()))"
    )
    told: list[float] = []

    def tell(message: dict[str, Any]) -> None:
        if not told and message['msg_type'] in {'display_data', 'update_display_data'}:
            told.append(time.time())
            client = kernel.client
            client.shell_channel.send(
                client.session.msg('comm_open', {'comm_id': 'c1', 'target_name': 'ears', 'data': {}})
            )

    kernel.run('%%ask -m slow\nhi', watch=tell)
    ended = time.time()
    heard = float(kernel.value('heard[0]'))
    assert heard < ended - 0.3


def test_a_failure_keeps_what_came_and_is_one_sentence(kernel: Kernel) -> None:
    outcome = kernel.run('%%ask -m failing -o ans\nhi')
    assert outcome.reply is not None
    assert outcome.reply['status'] == 'error'
    (error,) = outcome.of('error')
    assert error['content']['traceback'] == ['ModelAPIError: The provider went away.']
    assert kernel.value('ans.state, ans.text') == "('incomplete', 'half an ans')"
    assert 'half an ans' in str(outcome.outputs()[0])


@pytest.mark.parametrize(
    'head',
    [
        '%%ask -m openai-chat:gpt-5\n',
        '%%time\n%%ask -m openai-chat:gpt-5\n',
        'from jupyter_stream import ask\nask(model="openai-chat:gpt-5", prompt=',
    ],
)
def test_the_key_is_in_no_traceback(kernel: Kernel, head: str) -> None:
    kernel.run('%xmode Verbose')
    try:
        outcome = kernel.run(f'{head}"hi")' if head.endswith('=') else f'{head}hi')
    finally:
        kernel.run('%xmode Context')
    assert outcome.reply is not None
    assert outcome.reply['status'] == 'error'
    assert KEY not in str(outcome.messages) + str(outcome.reply)
    assert len('\n'.join(outcome.reply['traceback'])) < 1000


@pytest.mark.parametrize('way', ['%%ask -m {}\nhi', 'ask("hi", model={})'], ids=['transform', 'thread'])
@pytest.mark.parametrize('view', ['widget', 'markdown', 'static', 'terminal'])
def test_who_answered_is_the_last_line_in_every_view(kernel: Kernel, view: str, way: str) -> None:
    kernel.run(f'from jupyter_stream import ask\n%config AskMagics.view = {view!r}')
    shown = [last_words(kernel.run(way.format('hello')))]
    kernel.run('%config AskMagics.byline = False')
    shown.append(last_words(kernel.run(way.format('hello'))))
    kernel.run('%config AskMagics.byline = None\n%config AskMagics.view = "auto"')
    assert shown == ['— say_hello · 50 tokens in, 5 out', 'Hello **world**.']


def words_of(outcome: Outcome) -> str:
    """All text that a cell shows."""
    return ''.join(
        output['text'] if output['kind'] == 'stream' else output['data']['text/plain'] for output in outcome.outputs()
    )


def last_words(outcome: Outcome) -> str:
    """The last line of it."""
    return words_of(outcome).rstrip('\n').rpartition('\n')[2]


@pytest.mark.parametrize('way', ['%%ask -m {}\nhi', 'ask("hi", model={!r})'], ids=['transform', 'thread'])
@pytest.mark.parametrize('view', ['widget', 'markdown', 'static', 'terminal'])
def test_a_missing_key_is_two_lines_to_paste_and_nothing_else(kernel: Kernel, view: str, way: str) -> None:
    kernel.run(f'from jupyter_stream import ask\n%config AskMagics.view = {view!r}\n%env ANTHROPIC_API_KEY=')
    outcome = kernel.run(way.format('anthropic:claude-sonnet-4-5'))
    kernel.run('%config AskMagics.view = "auto"')
    (error,) = [output for output in outcome.outputs() if output.get('data') != {'text/plain': ''}]
    (words,) = error['traceback']
    assert words.endswith(
        "\nimport getpass, os\nos.environ['ANTHROPIC_API_KEY'] = getpass.getpass('ANTHROPIC_API_KEY: ')"
    )
    assert words.startswith('Anthropic needs a key.') and 'api_key' not in words and '⚠' not in words


@pytest.mark.parametrize('view', ['widget', 'markdown', 'static', 'terminal'])
def test_an_empty_answer_says_that_it_is_empty(kernel: Kernel, view: str) -> None:
    kernel.run(
        'async def say_nothing(messages, info):\n    yield ""\nsilent = FunctionModel(stream_function=say_nothing)'
    )
    kernel.run(f'%config AskMagics.view = {view!r}')
    words = words_of(kernel.run('%%ask -m silent\nhi'))
    kernel.run('%config AskMagics.view = "auto"')
    assert '[The answer is empty.]' in words

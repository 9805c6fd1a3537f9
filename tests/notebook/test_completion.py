"""Tab and Shift+Tab in a question, asked of a real kernel as JupyterLab asks it, and of the completer by itself."""

from __future__ import annotations

from collections.abc import Iterator
from queue import Empty
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_stream.models import known_model_names
from jupyter_stream.notebook.completion import choices
from jupyter_stream.notebook.options import OPTIONS, Typing, typing

from .kernels import Kernel

pytestmark = pytest.mark.timeout(120)

FLAGS = [flag for option in OPTIONS for flag in option.flags]
NAMES = 'data_print = {"a key": 1}\ndata_printer = open'


def request(kernel: Kernel, kind: str, cell: str) -> dict[str, Any]:
    """What the kernel answers with the cursor where the cell has a |."""
    code, cursor = cell.replace('|', ''), cell.index('|')
    msg_id = getattr(kernel.client, kind)(code, cursor)
    while True:
        try:
            reply = kernel.client.get_shell_msg(timeout=30)
        except Empty:
            raise AssertionError('the kernel does not answer') from None
        if reply['parent_header'].get('msg_id') == msg_id:
            return reply['content']


def completed(kernel: Kernel, cell: str) -> tuple[list[str], str]:
    """What is offered, and the text that it replaces."""
    reply = request(kernel, 'complete', cell)
    assert reply['status'] == 'ok'
    return reply['matches'], cell.replace('|', '')[reply['cursor_start'] : reply['cursor_end']]


@pytest.fixture(scope='module', autouse=True)
def names(kernel: Kernel) -> None:
    kernel.run(NAMES)


# ------------------------------------------------------------------ the first line


@pytest.mark.parametrize('head', ['%%ask ', '\n\n%%ask ', '# a note\n%%ask ', '%ask ', 'x = 1\nx = %ask '])
@pytest.mark.parametrize('before', ['', '-t 0.5 ', '-s "be brief" ', '--model=hello '])
def test_options_are_offered(kernel: Kernel, head: str, before: str) -> None:
    matches, replaced = completed(kernel, f'{head}{before}--|')
    assert (sorted(matches), replaced) == (sorted(flag for flag in FLAGS if flag.startswith('--')), '--')
    assert completed(kernel, f'{head}{before}--mo|') == (['--model'], '--mo')
    assert sorted(completed(kernel, f'{head}{before}|')[0]) == sorted(FLAGS)


def test_options_are_offered_above_a_prompt_that_is_there(kernel: Kernel) -> None:
    assert completed(kernel, '%%ask --ma|\nWhat is this?') == (['--max-tokens'], '--ma')


@pytest.mark.parametrize('flag', ['-m ', '-m=', '--model ', '--model=', '-t 0 --model   '])
def test_models_are_offered(kernel: Kernel, flag: str) -> None:
    matches, replaced = completed(kernel, f'%%ask {flag}anthropic:claude-s|')
    assert replaced == 'anthropic:claude-s'
    assert matches == [name for name in known_model_names() if name.startswith('anthropic:claude-s')] != []
    assert completed(kernel, f'%%ask {flag}anth|') == (['anthropic:'], 'anth')


def test_a_model_is_found_by_its_bare_name(kernel: Kernel) -> None:
    matches, replaced = completed(kernel, '%%ask -m gpt-5-mi|')
    assert 'openai-chat:gpt-5-mini' in matches and replaced == 'gpt-5-mi'


def test_all_providers_and_the_users_models_are_offered_first_what_can_be_asked(kernel: Kernel) -> None:
    matches, replaced = completed(kernel, '%%ask -m |')
    assert matches[:5] == ['endless', 'failing', 'hello', 'late', 'slow'] and replaced == ''
    providers = matches[5:]
    assert {'openai-chat:', 'anthropic:', 'local:', 'ollama:', 'vllm:'} <= set(providers)
    assert providers.index('openai-chat:') < providers.index('anthropic:')


def test_a_model_in_a_variable_is_offered(kernel: Kernel) -> None:
    assert completed(kernel, '%%ask -m hel|') == (['hello'], 'hel')


@pytest.mark.parametrize('value', ['-t ', '-o data_pr', '-s data_pr', '--max-tokens=', '-s "data_pr', '-m nobody:'])
def test_where_nothing_is_known_nothing_is_offered(kernel: Kernel, value: str) -> None:
    assert completed(kernel, f'%%ask {value}|\n')[0] == []


@pytest.mark.parametrize('flag', ['-T ', '--thread ', '--thread=', '--fork '])
def test_threads_are_offered(kernel: Kernel, flag: str) -> None:
    kernel.run("import jupyter_stream as js; js.thread('flowers'), js.thread('fruit');")
    assert completed(kernel, f'%%ask {flag}f|') == (['flowers', 'fruit'], 'f')
    assert completed(kernel, f'%%ask {flag}fr|') == (['fruit'], 'fr')
    assert completed(kernel, f'%%ask {flag}|')[0] == ['main', 'flowers', 'fruit']
    assert completed(kernel, f'%%ask {flag}tre|')[0] == []


def test_the_magic_itself_is_completed_by_ipython(kernel: Kernel) -> None:
    assert completed(kernel, '%%as|')[0] == ['%%ask']


# ------------------------------------------------------------------ prose


PROSE = ['data pr', 'data_pr', 'x data_print.', 'data_print[', '%pr', '%%de', 'see /', '~/', '\\alp', 'import o']


@pytest.mark.parametrize('head', ['%%ask\n', '%%ask -m hello\n', '\n# a note\n%%ask\n\n', '%%ask ', '%ask -m hello '])
@pytest.mark.parametrize('prose', PROSE)
def test_nothing_of_python_is_offered_in_prose(kernel: Kernel, head: str, prose: str) -> None:
    assert completed(kernel, f'{head}{prose}|')[0] == []


@pytest.mark.parametrize('prose', ['', 'data_print["', "it's data_pr"])
def test_nor_below_the_first_line_whatever_is_open_there(kernel: Kernel, prose: str) -> None:
    assert completed(kernel, f'%%ask\n{prose}|')[0] == []


@pytest.mark.parametrize(('by_cell', 'jedi'), [(True, True), (True, False), (False, False)])
def test_nothing_is_offered_however_the_kernel_completes(kernel: Kernel, by_cell: bool, jedi: bool) -> None:
    """With jedi and without, and where IPython is given one line only."""
    configure(kernel, by_cell, jedi)
    try:
        assert completed(kernel, '%%ask\ndata_pr|')[0] == []
        assert completed(kernel, '%%ask -m hel|\n')[0] == ['hello']
        assert completed(kernel, 'data_pr|')[0]
    finally:
        configure(kernel, True, True)


def configure(kernel: Kernel, by_cell: bool, jedi: bool) -> None:
    kernel.run(f'%config IPCompleter.use_jedi = {jedi}\nget_ipython().kernel.use_experimental_completions = {by_cell}')


@pytest.mark.parametrize('cell', ['|data_print', 'data_pr|', '%%time\ndata_pr|', 'x = """\n%%ask\n"""\ndata_pr|'])
def test_other_cells_are_completed_as_ever(kernel: Kernel, cell: str) -> None:
    assert {'data_print', 'data_printer'} <= set(completed(kernel, cell)[0])


@pytest.mark.parametrize('cell', ['%%ask\nwhat does op|en do?', '%%ask what is op|en', '%ask -m hello op|en'])
def test_prose_has_no_help(kernel: Kernel, cell: str) -> None:
    reply = request(kernel, 'inspect', cell)
    assert (reply['status'], reply['found'], reply['data']) == ('ok', False, {})


@pytest.mark.parametrize(
    ('cell', 'text'),
    [
        ('%%ask --temp|erature 0\nHi', '-t, --temperature NUMBER\n    the sampling temperature'),
        ('%ask -m hello --max-tokens| 5', '--max-tokens COUNT\n    the most tokens to answer with'),
        ('%%ask -o| answer\nHi', '-o, --out VAR\n    a variable for the answer object'),
        ('%%ask --te|', '-t, --temperature NUMBER\n    the sampling temperature'),
    ],
)
def test_an_option_has_its_own_help(kernel: Kernel, cell: str, text: str) -> None:
    reply = request(kernel, 'inspect', cell)
    assert (reply['found'], reply['data']) == (True, {'text/plain': text})


def test_what_is_no_option_has_no_help_and_a_value_that_of_python(kernel: Kernel) -> None:
    assert not request(kernel, 'inspect', '%%ask --pri|nt\nHi')['found']
    assert 'FunctionModel' in request(kernel, 'inspect', '%%ask -m hel|lo\nHi')['data']['text/plain']


@pytest.mark.parametrize(('cell', 'part'), [('op|en', 'open'), ('%%as|k\nopen', 'Ask a language model')])
def test_help_is_there_as_ever(kernel: Kernel, cell: str, part: str) -> None:
    reply = request(kernel, 'inspect', cell)
    assert reply['found'] and part in reply['data']['text/plain']


def test_unloaded_nothing_of_it_is_left(kernel: Kernel) -> None:
    kernel.run('%unload_ext jupyter_stream')
    try:
        assert '%%debug' in completed(kernel, '%%ask\n%%de|')[0]
        assert {'data_print', 'data_printer'} <= set(completed(kernel, '%%ask\ndata_pr|')[0])
        assert request(kernel, 'inspect', '%%ask\nop|en')['found']
        assert kernel.value('get_ipython().Completer.custom_matchers') == '[]'
        assert kernel.value('{"do_complete", "do_inspect"} & set(vars(get_ipython().kernel))') == 'set()'
    finally:
        kernel.run('%load_ext jupyter_stream')
    assert completed(kernel, '%%ask\ndata_pr|')[0] == []


# ------------------------------------------------------------------ without a kernel


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    shell = InteractiveShell()
    shell.run_line_magic('load_ext', 'jupyter_stream')
    yield shell
    shell.run_line_magic('unload_ext', 'jupyter_stream')


def test_a_terminal_completes_by_the_line(shell: InteractiveShell) -> None:
    assert shell.complete('', '%ask --mo', 9) == ('--mo', ['--model'])
    assert shell.complete('', '%ask tell me about pri', 22)[1] == []
    assert '%precision' in shell.complete('', '%prec', 5)[1]


def test_unloading_leaves_what_others_added(shell: InteractiveShell) -> None:
    def matcher(text: str) -> list[str]:
        return ['of another extension']

    shell.Completer.custom_matchers.append(matcher)
    shell.run_line_magic('unload_ext', 'jupyter_stream')
    assert shell.Completer.custom_matchers == [matcher]


def test_no_server_and_no_variable_is_asked_for_an_option() -> None:
    class Names(dict[str, Any]):
        def items(self) -> Any:
            raise AssertionError

    assert choices(Typing(None, '--te'), Names()) == ['--temperature']


def test_behind_an_option_without_a_value_comes_the_next() -> None:
    assert typing('--trace --mo') == Typing(None, '--mo')
    assert typing('--trace') == Typing(None, '--trace')
    assert typing('--trace When') is None


# ------------------------------------------------------------------ expressions


@pytest.mark.parametrize(
    'head', ['%%ask\n', '%%ask -m hello\nOne\nand ', '%ask -m hello ', '%%ask {{ 1 }}\n{not} ', 'x = %ask ']
)
@pytest.mark.parametrize('jedi', [True, False], ids=['jedi', 'no jedi'])
def test_python_is_offered_inside_an_expression(kernel: Kernel, head: str, jedi: bool) -> None:
    configure(kernel, True, jedi)
    try:
        assert completed(kernel, f'{head}what is {{{{ data_pr|') == (['data_print', 'data_printer'], 'data_pr')
        matches, replaced = completed(kernel, f'{head}what is {{{{ data_print.po| }}}} or')
        assert [match.rpartition('.')[2] for match in matches] == ['pop', 'popitem']
        assert 'data_print.po'.endswith(replaced)
        assert completed(kernel, f'{head}what is {{{{ data_print }}}} data_pr|')[0] == []
    finally:
        configure(kernel, True, True)


def test_nothing_is_offered_in_what_is_no_expression(kernel: Kernel) -> None:
    assert completed(kernel, '%%ask --raw\n{{ data_pr|')[0] == []
    assert completed(kernel, '%%ask\n\\{{ data_pr|')[0] == []
    assert completed(kernel, '%%ask\n{data_pr|')[0] == []


def test_help_is_given_inside_an_expression(kernel: Kernel) -> None:
    reply = request(kernel, 'inspect', '%%ask\nwhat is {{ data_pri|nt }}')
    assert reply['found']
    assert "{'a key': 1}" in reply['data']['text/plain']
    assert not request(kernel, 'inspect', '%%ask\nwhat is data_pri|nt')['found']

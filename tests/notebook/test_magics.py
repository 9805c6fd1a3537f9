"""`%ask` and `%%ask` in a real shell of this process: what reaches the model, and what comes back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_stream.messages import ModelRequest, UserPromptPart
from jupyter_stream.notebook.magics import AskMagics, CellTransformer, cell_may_await
from jupyter_stream.notebook.options import OPTIONS

NASTY = [
    "what's {x} worth in $y?",
    'is this a question?',
    'really??',
    '%ask me %%time',
    '{x} {x}} $x ${x} $HOME {1/0}',
    'a ( and a " and \'\'\' and """',
    'say `git log --oneline -- file`',
    '\\n is no newline, \\',
    'tab\there  two spaces',
    '# not a comment',
    'ümläut → 漢字 🙂',
    '!ls; /etc',
    '>>> 1 + 1',
    'In [1]: x',
    'spaces at the end  ',
]
# A backslash at the end of a line magic joins the next line to it, in all of IPython.
LINES = [prompt for prompt in NASTY if not prompt.endswith('\\')]


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    shell.run_line_magic('load_ext', 'jupyter_stream')
    shell.magics_manager.registry['AskMagics'].model = 'test'
    shell.user_ns.update(x='EXPANDED', y='EXPANDED')
    yield shell
    shell.run_line_magic('unload_ext', 'jupyter_stream')
    InteractiveShell.clear_instance()


def run(shell: InteractiveShell, cell: str, *, in_kernel: bool = False) -> Any:
    """Run a cell; `in_kernel` as a kernel does it, from inside a running loop."""
    if not in_kernel:
        return shell.run_cell(cell).raise_error()

    async def main() -> Any:
        # A kernel's order: read the cell, and only if it awaits run it as a coroutine.
        code = shell.transform_cell(cell)
        if shell.should_run_async(cell, transformed_cell=code):
            return await shell.run_cell_async(cell, transformed_cell=code)
        return shell.run_cell(cell)

    return asyncio.run(main()).raise_error()


def prompt_of(answer: Any) -> Any:
    request = answer.messages[-2]
    assert isinstance(request, ModelRequest)
    (prompt,) = (part.content for part in request.parts if isinstance(part, UserPromptPart))
    return prompt


@pytest.mark.parametrize('in_kernel', [False, True])
class TestToTheLetter:
    @pytest.mark.parametrize('prompt', NASTY)
    def test_a_cell(self, shell: InteractiveShell, prompt: str, in_kernel: bool) -> None:
        run(shell, f'%%ask -o ans --\n{prompt}\n  {prompt}', in_kernel=in_kernel)
        assert prompt_of(shell.user_ns['ans']) == f'{prompt}\n  {prompt}'

    @pytest.mark.parametrize('prompt', NASTY)
    def test_a_cell_with_its_prompt_on_the_line(self, shell: InteractiveShell, prompt: str, in_kernel: bool) -> None:
        run(shell, f'%%ask -o ans -- {prompt}', in_kernel=in_kernel)
        assert prompt_of(shell.user_ns['ans']) == prompt

    @pytest.mark.parametrize('prompt', LINES)
    def test_a_line(self, shell: InteractiveShell, prompt: str, in_kernel: bool) -> None:
        run(shell, f'before = 1\n%ask -o ans -- {prompt}\nafter = 2', in_kernel=in_kernel)
        assert prompt_of(shell.user_ns['ans']) == prompt
        assert shell.user_ns['after'] == 2

    @pytest.mark.parametrize('prompt', LINES)
    def test_an_assignment(self, shell: InteractiveShell, prompt: str, in_kernel: bool) -> None:
        run(shell, f'ans = %ask -- {prompt}', in_kernel=in_kernel)
        assert prompt_of(shell.user_ns['ans']) == prompt


@pytest.mark.parametrize('in_kernel', [False, True])
@pytest.mark.parametrize(
    'cell',
    [
        '%%time\n%%ask -o ans\nwhy?',
        '%%capture\n%%ask -o ans\nwhy?',
        '%%time\n%ask -o ans why?',
        'def f():\n    %ask -o ans why?\nf()',
        'def f():\n    answer = %ask why?\n    return answer\nans = f()',
        'for _ in range(1):\n    %ask -o ans why?',
        "get_ipython().run_line_magic('ask', '-o ans why?')",
        "get_ipython().run_cell_magic('ask', '-o ans', 'why?')",
        "get_ipython().run_cell('%ask -o ans why?')",
        '%autoawait off\nget_ipython().run_cell("%%ask -o ans\\nwhy?")',
        "from jupyter_stream import ask\nans = ask('why?')",
        "from jupyter_stream import aask\nans = await aask('why?')",
        '\n\n%%ask -o ans\nwhy?',
    ],
)
def test_however_it_is_called_the_result_is_the_same(shell: InteractiveShell, cell: str, in_kernel: bool) -> None:
    try:
        run(shell, cell, in_kernel=in_kernel)
    finally:
        shell.run_line_magic('autoawait', 'asyncio')
    answer = shell.user_ns['ans']
    assert prompt_of(answer) == 'why?'
    assert answer.state == 'complete'
    assert answer.text


def test_a_line_magic_leaves_no_value(shell: InteractiveShell) -> None:
    assert run(shell, '%ask why?') is None
    assert run(shell, '%%ask\nwhy?', in_kernel=True) is None


def test_options_reach_the_request(shell: InteractiveShell) -> None:
    from jupyter_stream.models.function import AgentInfo, FunctionModel

    seen: list[Any] = []

    async def stream(messages: list[Any], info: AgentInfo) -> Any:
        seen.append((messages, info.model_settings))
        yield 'fine'

    shell.user_ns['mine'] = FunctionModel(stream_function=stream)
    run(shell, '%ask -m mine -s "Be brief." -t 0.5 --max-tokens 7 hello')
    messages, settings = seen[0]
    assert [part.content for part in messages[0].parts] == ['Be brief.', 'hello']
    assert settings == {'temperature': 0.5, 'max_tokens': 7}


def test_config_sets_the_defaults(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    run(shell, "%config AskMagics.system = 'Be kind.'\n%config AskMagics.temperature = 0.25")
    run(shell, 'ans = %ask hello')
    assert [part.content for part in shell.user_ns['ans'].messages[0].parts] == ['Be kind.', 'hello']
    capsys.readouterr()
    run(shell, '%config AskMagics')
    shown = capsys.readouterr().out
    for trait in ('model', 'system', 'temperature', 'max_tokens', 'view', 'images'):
        assert f'AskMagics.{trait}' in shown


@pytest.mark.parametrize('in_kernel', [False, True])
@pytest.mark.parametrize(
    ('cell', 'sentence'),
    [
        ('%ask', 'OptionError: There is nothing to ask'),
        ('%%ask -m test\n \n', 'OptionError: There is nothing to ask'),
        ('%ask --modle test hi', 'OptionError: %ask has no option --modle: did you mean --model?'),
        ('%%ask -t warm\nhi', "OptionError: -t needs a number, not 'warm'."),
        ('%ask -m no-such-provider:x hi', 'UserError: '),
    ],
)
def test_a_mistake_is_shown_as_one_sentence(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], cell: str, sentence: str, in_kernel: bool
) -> None:
    with pytest.raises(Exception):  # noqa: B017
        run(shell, cell, in_kernel=in_kernel)
    shown = capsys.readouterr()
    assert sentence in shown.out
    assert 'Traceback' not in shown.out + shown.err
    assert len(shown.out) < 600


def test_the_manual(shell: InteractiveShell) -> None:
    for name in ('%ask', '%%ask'):
        text = shell.object_inspect_text(name)
        for option in OPTIONS:
            assert option.flags[-1] in text


def test_help_is_still_help(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    run(shell, '%ask?')
    run(shell, '%%ask?', in_kernel=True)
    assert capsys.readouterr().out.count('Ask a language model.') == 2


def test_loading_twice_changes_nothing(shell: InteractiveShell) -> None:
    import jupyter_stream

    magics = shell.magics_manager.registry['AskMagics']
    jupyter_stream.load_ipython_extension(shell)
    assert shell.magics_manager.registry['AskMagics'] is magics
    assert sum(isinstance(t, CellTransformer) for t in shell.input_transformers_cleanup) == 1
    assert sum(isinstance(c, AskMagics) for c in shell.configurables) == 1


def test_reloading_works(shell: InteractiveShell) -> None:
    shell.run_line_magic('reload_ext', 'jupyter_stream')
    assert sum(isinstance(t, CellTransformer) for t in shell.input_transformers_cleanup) == 1
    run(shell, '%ask -m test -o ans why?')
    assert prompt_of(shell.user_ns['ans']) == 'why?'


def test_unloading_leaves_nothing(shell: InteractiveShell) -> None:
    before = {kind: set(names) for kind, names in shell.magics_manager.magics.items()}
    shell.run_line_magic('unload_ext', 'jupyter_stream')
    after = {kind: set(names) for kind, names in shell.magics_manager.magics.items()}
    assert {kind: before[kind] - after[kind] for kind in before} == {'line': {'ask'}, 'cell': {'ask'}}
    assert not any(isinstance(t, CellTransformer) for t in shell.input_transformers_cleanup)
    assert not any(isinstance(c, AskMagics) for c in shell.configurables)
    assert 'AskMagics' not in shell.magics_manager.registry
    shell.run_line_magic('load_ext', 'jupyter_stream')


def test_only_a_cell_at_the_top_of_a_running_loop_may_await(shell: InteractiveShell) -> None:
    seen: list[bool] = []
    shell.user_ns['look'] = lambda: seen.append(cell_may_await(shell))

    async def main() -> None:
        seen.append(cell_may_await(shell))
        await shell.run_cell_async('look()', transformed_cell='look()')
        shell.autoawait = False
        seen.append(cell_may_await(shell))

    try:
        assert cell_may_await(shell) is False
        asyncio.run(main())
    finally:
        shell.autoawait = True
    assert seen == [True, False, False]


def test_a_cell_asks_for_a_type_of_the_namespace(shell: InteractiveShell) -> None:
    run(shell, 'from pydantic import BaseModel\nclass City(BaseModel):\n    name: str')
    run(shell, '%%ask --as list[City] -o cities\nWhich?', in_kernel=True)
    assert shell.user_ns['cities'].value == [shell.user_ns['City'](name='a')]
    run(shell, "%ask --as \"Literal['no', 'yes']\" -o said And?")
    assert shell.user_ns['said'].value == 'no'

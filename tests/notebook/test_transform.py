"""Cell text in, cell text out: what becomes a call, and what is left to IPython."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_stream.notebook.transform import transform


def changed(cell: str, awaits: bool = True) -> str:
    if not cell.endswith('\n'):
        cell += '\n'
    return ''.join(transform(cell.splitlines(keepends=True), awaits=awaits))


def calls(cell: str, awaits: bool = True) -> list[tuple[str, list[str]]]:
    """The calls in the changed cell: the method's name and its arguments."""
    tree = ast.parse(changed(cell, awaits))
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
    return [(node.func.attr, [ast.literal_eval(a) for a in node.args]) for node in found]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ('cell', 'line', 'body'),
    [
        ('%%ask\nhello', '', 'hello\n'),
        ('%%ask -m a:b\nhello\nworld', '-m a:b', 'hello\nworld\n'),
        ('\n\n%%ask  two\nhello', ' two', 'hello\n'),
        ('%%ask prompt on the line', 'prompt on the line', ''),
        ('%%ask why?\n', 'why?', ''),
        ('%%ask\n>>> 1 + 1\n%ask {x} $y "', '', '>>> 1 + 1\n%ask {x} $y "\n'),
        ("%%ask it's\n'''", "it's", "'''\n"),
        ('%%ask\na\u2028b\x0cc', '', 'a\u2028b\x0cc\n'),
    ],
)
def test_a_cell_becomes_one_awaited_call(cell: str, line: str, body: str) -> None:
    assert calls(cell)[0] == ('foreground', [line, body])
    assert changed(cell).startswith('await ')
    assert changed(cell).count('\n') == 1


@given(st.text(st.characters(exclude_characters='\n\r', exclude_categories=['Cs'])), st.text())
def test_every_text_arrives_to_the_letter(line: str, body: str) -> None:
    cell = f'%%ask {line}\n{body}\n'
    assert calls(cell)[0] == ('foreground', [line, f'{body}\n'])


@pytest.mark.parametrize(
    'cell', ['%%ask?', '%%ask??', '%ask?', '%%asking\nx', '%asking x', '%%time\n%ask hi', 'ask = 1']
)
@pytest.mark.parametrize('awaits', [True, False])
def test_everything_else_is_left_to_ipython(cell: str, awaits: bool) -> None:
    assert changed(cell, awaits) == cell + '\n'


def test_without_awaiting_the_registered_magic_is_called_and_an_empty_body_is_no_mistake() -> None:
    assert calls('%%ask hi \n>>> body', awaits=False)[0] == ('run_cell_magic', ['ask', 'hi ', '>>> body\n'])
    assert calls("%%ask what's up?", awaits=False)[0] == ('run_line_magic', ['ask', "what's up?"])


@pytest.mark.parametrize(
    'prompt', ['what is x?', "it's {x} $y", 'a ( and "', '--words --', 'trailing  ', '# no comment']
)
def test_a_line_at_the_margin_is_awaited(prompt: str) -> None:
    assert ('foreground', [prompt]) in calls(f'x = 1\n%ask {prompt}\ny = 2')
    assert ('answer', [prompt]) in calls(f'x = 1\nans = %ask {prompt}\ny = 2')


@pytest.mark.parametrize('cell', ['%ask hi?', '\n\n%ask hi?\n \n'])
def test_a_line_alone_in_its_cell_is_a_cell_without_a_body(cell: str) -> None:
    assert calls(cell)[0] == ('foreground', ['hi?', ''])
    assert calls(cell.replace('%', 'x = %'))[0] == ('answer', ['hi?', ''])


@pytest.mark.parametrize('awaits', [True, False])
def test_an_indented_line_is_never_awaited(awaits: bool) -> None:
    cell = 'def f():\n    %ask what is x?\n    y = %ask why?\n    return y'
    assert 'await' not in changed(cell, awaits)
    assert [c for c in calls(cell, awaits) if c[0] != 'get_ipython'] == [
        ('run_line_magic', ['ask', 'what is x?']),
        ('answer_now', ['why?']),
    ]


def test_no_line_is_awaited_where_the_cell_may_not() -> None:
    assert 'await' not in changed('%ask a?\nx = %ask b?', awaits=False)


@pytest.mark.parametrize(
    'cell',
    [
        's = """\n%ask in a string?\n"""',
        "s = '''it's\n%ask in a string?\n'''",
        'f(\n%ask in a bracket\n)',
        'x = 7 \\\n%ask - 1',
        '!echo a \\\n%ask b',
        '%ask joined \\\nby a backslash',
        's = "a \\\n%ask b"',
    ],
)
def test_a_line_inside_something_else_is_left_alone(cell: str) -> None:
    assert changed(cell) == cell + '\n'


@pytest.mark.parametrize(
    'before',
    [
        "!echo it's (",
        "%time x = '(",
        "# it's (",
        'x = "#" # \'',
        "files = !ls it's (",
        'd = {\n 1: "}"\n}',
        "s = r'\\''",
        '"""a"""',
    ],
)
def test_a_line_below_something_odd_is_found(before: str) -> None:
    assert ('foreground', ['hello']) in calls_after(before)


def calls_after(before: str) -> list[tuple[str, list[str]]]:
    after = changed(f'{before}\n%ask hello')
    assert after.startswith(f'{before}\n')
    return calls_of(after.removeprefix(f'{before}\n'))


def calls_of(code: str) -> list[tuple[str, list[str]]]:
    call = ast.parse(code).body[0].value.value  # type: ignore[attr-defined]
    return [(call.func.attr, [ast.literal_eval(a) for a in call.args])]


def test_windows_line_ends_do_not_reach_the_line() -> None:
    assert calls('%%ask -m a:b\r\nbody\r\n')[0] == ('foreground', ['-m a:b', 'body\r\n'])
    assert ('foreground', ['hi', '']) in calls('%ask hi\r\n')


@given(st.text('ab\'"(){}[]\\\n#%!? =', max_size=60))
def test_a_cell_without_the_magic_is_returned_as_it_is(cell: str) -> None:
    lines = cell.splitlines(keepends=True)
    assert transform(lines, awaits=True) is lines


@given(st.text('ab\'"(){}[]\\\n#%!? =', max_size=40), st.booleans())
def test_scanning_loses_nothing(cell: str, awaits: bool) -> None:
    """A line that belongs to IPython passes through whatever stands around it."""
    text = f'{cell}\nx = "%ask"\n'
    assert changed(text, awaits).endswith('x = "%ask"\n')

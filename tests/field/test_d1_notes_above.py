"""D1: notes and blank lines above `%%ask` are fine; the magics of IPython stay as they were."""

from __future__ import annotations

import ast

import pytest

from jupyter_stream.notebook.transform import transform

ABOVE = [
    '# note\n',
    '\n# note\n\n',
    '# a\n#b\n  # c\n',
    '\t\n',
    '#\n',
    '# %%ask not this\n',
    '# note\r\n',
    '\n' * 50,
    '#%\n',
]


def changed(cell: str, awaits: bool) -> str:
    return ''.join(transform(cell.splitlines(keepends=True), awaits=awaits))


def arguments(code: str) -> list[object]:
    call = next(node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call) and node.args)
    return [ast.literal_eval(argument) for argument in call.args]


@pytest.mark.parametrize('above', ABOVE)
@pytest.mark.parametrize(('line', 'body'), [('', 'hello\n'), ('-m a:b', '# not a note\nhello\n'), ('why?', '')])
def test_d1_a_cell(above: str, line: str, body: str) -> None:
    cell = f'{above}%%ask {line}\n{body}'
    assert arguments(changed(cell, awaits=True)) == [line, body]
    assert arguments(changed(cell, awaits=False)) in (['ask', line, body], ['ask', line])


@pytest.mark.parametrize('above', ABOVE)
def test_d1_a_line(above: str) -> None:
    assert "foreground('why?'" in changed(f'{above}%ask why?\n', awaits=True)


@pytest.mark.parametrize('above', ['', *ABOVE])
@pytest.mark.parametrize('magic', ['%%time', '%%bash', '%%html', '%%asking', '%%ask?'])
@pytest.mark.parametrize('awaits', [True, False])
def test_d1_other_cell_magics_are_left_to_ipython(above: str, magic: str, awaits: bool) -> None:
    cell = f'{above}{magic}\n%ask hi\nx = %ask hi\n'
    assert changed(cell, awaits) == cell


@pytest.mark.parametrize('cell', ['# note\nx = 1\n%%ask\nhello\n', '"""\n%%ask\n"""\n', '# %%ask\nx = "%ask"\n'])
def test_d1_code_above_is_no_note(cell: str) -> None:
    assert 'foreground' not in changed(cell, awaits=True)

"""`{{ expression }}` in a prompt: what is to the letter, what is Python, and where it goes wrong."""

from __future__ import annotations

import pickle
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_stream.content import ContentError
from jupyter_stream.content.template import Expression, Filled, TemplateError, begun, joined, names_in_braces, split
from jupyter_stream.messages import BinaryContent

PICTURE = BinaryContent(b'png', media_type='image/png')

TEXTS = st.text().filter(lambda text: '{{' not in text)
EXPRESSIONS = st.sampled_from(
    [
        'x',
        "{'a': 1}['a']",
        '{1: {2: {}}}',
        'f"{x}"',
        "f'{{{x}}}'",
        '"}}"',
        '"""}}\n"""',
        'a +\n b',
        '[d for d in {1: {}}]',
        'x # all of it',
        'lambda: {}',
        '(y := {})',
        'x if {} else {}',
        '{*{}}',
        'a, b',
        '"{{ x }}"',
        "'\\''",
    ]
)


def sources(prompt: str) -> list[str]:
    """The pieces, expressions in angle brackets."""
    return [piece if isinstance(piece, str) else f'<{piece.source}>' for piece in split(prompt)]


@given(TEXTS)
def test_text_without_double_braces_is_to_the_letter(text: str) -> None:
    assert split(text) == ([text] if text else [])


@given(st.lists(st.tuples(TEXTS, EXPRESSIONS)), TEXTS)
def test_text_between_expressions_is_to_the_letter(pairs: list[tuple[str, str]], end: str) -> None:
    # A backslash or a brace that touches the next `{{` belongs to it, and a brace behind `}}` may too.
    pairs = [(f'{text} ', expression) for text, expression in pairs]
    prompt = ''.join(f'{text}{{{{ {expression} }}}} ' for text, expression in pairs) + end

    pieces = split(prompt)

    assert [p.source for p in pieces if isinstance(p, Expression)] == [expression for _, expression in pairs]
    texts = ''.join(p if isinstance(p, str) else '\0' for p in pieces)
    assert texts == ''.join(f'{text}\0 ' for text, _ in pairs) + end


@given(TEXTS, TEXTS)
def test_escaped_braces_are_braces(before: str, after: str) -> None:
    assert ''.join(map(str, split(f'{before} \\{{{{ {after}'))) == f'{before} {{{{ {after}'


@given(st.text(alphabet='{}\\ "\'ax1+\n#', max_size=40))
def test_anything_is_read_or_refused(prompt: str) -> None:
    pieces, error = read_or_refused(prompt)

    assert all(pieces)
    assert '{{' in prompt or pieces == [prompt] * bool(prompt)
    assert error is None or prompt.split('\n')[error.line - 1][error.column - 1 :].startswith('{{')


def read_or_refused(prompt: str) -> tuple[list[str | Expression], TemplateError | None]:
    try:
        return split(prompt), None
    except TemplateError as error:
        return [], error


@pytest.mark.parametrize(
    ('prompt', 'pieces'),
    [
        ('{{x}}', ['<x>']),
        ('a{{ x }}{{ y }}b', ['a', '<x>', '<y>', 'b']),
        ("{{ {'a': {'b': 1}}}}", ["<{'a': {'b': 1}}>"]),
        ("{{{'a': 1}['a']}}!", ["<{'a': 1}['a']>", '!']),
        ('{{\n  x\n}}', ['<x>']),
        ('{{ a\n+ b }}', ['<a\n+ b>']),
        (r'\{{ x }}', ['{{ x }}']),
        (r'\{{{{ x }}', ['{{', '<x>']),
        (r'\\{{ x }}', [r'\{{ x }}']),
        ('{{ x }} }}', ['<x>', ' }}']),
        ('{x} ${x} $x {% if %} }}', ['{x} ${x} $x {% if %} }}']),
        (r'\frac{a}{b} \alpha', [r'\frac{a}{b} \alpha']),
    ],
)
def test_pieces(prompt: str, pieces: list[str]) -> None:
    assert sources(prompt) == pieces


def test_an_expression_knows_where_it_stands() -> None:
    first, _, second = (piece for piece in split('a {{ x }}\n\n  {{ y }}')[1:])

    assert isinstance(first, Expression)
    assert isinstance(second, Expression)
    assert [(first.line, first.column), (second.line, second.column)] == [(1, 3), (3, 3)]
    assert eval(first.code, {'x': 5}) == 5


@pytest.mark.parametrize(
    ('prompt', 'words'),
    [
        ('{{ the name of the user }}', '`the name of the user` is no Python expression'),
        ('{{#each items}}', '`#each items` is no Python expression'),
        (r'{{ user | upper() if }}', '`user | upper() if` is no Python expression'),
        ('{{ df.head( }}', "'(' was never closed"),
        ('{{ x = 1 }}', '`x = 1` is no Python expression'),
        ('{{ }}', 'between {{ and }} stands nothing'),
        ('{{ x', '{{ begins an expression that no }} ends'),
        ('{{ await x }}', '`await x` is no Python expression'),
        ('{{ \0 }}', 'is no Python expression'),
    ],
)
def test_what_is_no_expression_is_refused_where_it_stands(prompt: str, words: str) -> None:
    with pytest.raises(TemplateError) as caught:
        split(f'One line.\nAnd {prompt} more')

    error = caught.value
    assert isinstance(error, ContentError)
    assert str(error).startswith('Line 2 of the prompt, column 5: ')
    assert words in str(error)
    assert r'\{{' in str(error)
    assert '--raw' in str(error)
    line, mark = str(error).splitlines()[-2:]
    assert line[mark.index('^') :].startswith('{{')
    assert (error.line, error.column) == (2, 5)
    assert pickle.loads(pickle.dumps(error)).line == 2


def test_a_long_line_is_cut_around_the_mark() -> None:
    with pytest.raises(TemplateError) as caught:
        split('word ' * 1000 + '{{ no expression }}' + ' word' * 1000)

    line, mark = str(caught.value).splitlines()[-2:]
    assert len(line) < 200
    assert line[mark.index('^') :].startswith('{{ no expression }}')


def test_a_prompt_with_thousands_of_ends_is_refused_soon() -> None:
    began = time.process_time()
    with pytest.raises(TemplateError):
        split('{{ no expression ' + '}} (' * 100_000)
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    ('prompt', 'at'),
    [
        ('', None),
        ('a {b', None),
        ('a {{ b }} c', None),
        ('a {{ ', 4),
        ('a {{ b }} {{ c.d', 12),
        ('{{ not an expression }} {{ c', 26),
        (r'\{{ a', None),
    ],
)
def test_an_expression_that_has_begun(prompt: str, at: int | None) -> None:
    assert begun(prompt) == at


def test_names_in_single_braces() -> None:
    text = r'{name} {name} {{ b }} \frac{c}{d} x^{e} f_{g} {1} { h } {i!r} ${j} {k}{l}'

    assert names_in_braces(text) == ['name', 'k']


def test_texts_that_touch_are_one() -> None:
    assert joined(['a', 'b', PICTURE, 'c', '', 'd']) == ['ab', PICTURE, 'cd']
    assert joined(['a', 'b']) == 'ab'
    assert joined([]) == ''
    assert joined([PICTURE]) == [PICTURE]


def test_a_filled_prompt() -> None:
    assert Filled('a {{ x }} b', [['5']]).content() == 'a 5 b'
    assert Filled('a {{ x }} b', [['5', PICTURE]]).content() == ['a 5', PICTURE, ' b']
    assert Filled(r'\{{ x }}').content() == '{{ x }}'
    assert Filled('a {{ x }}', before=['above\n'], is_raw=True).content() == 'above\na {{ x }}'
    with pytest.raises(ValueError, match='number of expressions'):
        Filled('a {{ x }} {{ y }}', [['5']]).content()

"""A typed answer as a table: what it shows, what it cuts, and that nothing in it is a mark."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from jupyter_stream.notebook.markdown.sanitizer import visible
from jupyter_stream.notebook.typed_table import MOST, Line, Table, cell_of, table_markdown, table_of, table_plain
from jupyter_stream.typed.growing import Growing

from .markdown_readers import findings

READER = MarkdownIt('commonmark').enable('table')

PERSON = {
    'type': 'object',
    'properties': {'name': {'type': 'string'}, 'age': {'type': 'integer'}, 'tags': {'type': 'array'}},
}
PEOPLE = {'type': 'object', 'properties': {'response': {'type': 'array', 'items': PERSON}}}
MOOD = {'type': 'object', 'properties': {'response': {'enum': ['good', 'bad']}}}


def checked(text: str) -> tuple[Any, str | None]:
    row = json.loads(text)
    is_valid = isinstance(row, dict) and isinstance(row.get('age', 0), int)
    return (row, None) if is_valid else (None, 'age: it is no integer')


def grown(data: Any, schema: Any = PEOPLE, cut: int = 0) -> Growing:
    growing = Growing(schema, checked)
    text = json.dumps(data)
    growing.feed(text[: len(text) - cut])
    return growing


def people(count: int, *bad: int) -> dict[str, Any]:
    return {'response': [{'age': 'old' if n in bad else n, 'name': f'n{n}'} for n in range(1, count + 1)]}


def cells_of(markdown: str) -> list[list[str]]:
    """The texts of a table's cells, as a reader of Markdown finds them."""
    rows: list[list[str]] = []
    for token in READER.parse(markdown):
        if token.type == 'tr_open':
            rows.append([])
        elif token.type == 'inline' and token.level > 2:
            is_problem = bool(rows[1:]) and rows[0][-1] == 'problem' and len(rows[-1]) == len(rows[0]) - 1
            rows[-1].append(words_of(token, *(['code_inline'] if is_problem else [])))
    return rows


def words_of(token: Token, *more: str) -> str:
    """What a reader sees of text without marks: all but what the sanitizer itself puts around a dollar and behind a
    backslash.
    """
    inner = [child for child in token.children or () if child.content not in ('<span>', '</span>')]
    assert {child.type for child in inner} <= {'text', 'text_special', 'hardbreak', 'softbreak', *more}, inner
    return ''.join(child.content or '\n' for child in inner).replace('\u2060', '')


# ------------------------------------------------------------------ what it shows


def test_the_rows_of_a_list_stand_in_the_order_of_the_fields() -> None:
    table = table_of(grown({'response': [{'tags': ['a', 1], 'name': 'Ada', 'age': 36}, {'name': 'Bob'}]}))
    assert table_markdown(table) == (
        '| \\# | name | age | tags |\n'
        '| ---: | --- | --- | --- |\n'
        '| 1 | Ada | 36 | ["a", 1\\] |\n'
        '| 2 | Bob |  |  |\n\n'
        '*2 rows*'
    )
    assert table_plain(table) == '#  name  age  tags\n1  Ada   36   ["a", 1]\n2  Bob\n\n2 rows'


def test_a_bad_row_has_a_sign_and_the_first_words_of_its_error() -> None:
    table = table_of(grown(people(2, 2)))
    assert cells_of(table_markdown(table)) == [
        ['#', 'name', 'age', 'tags', 'problem'],
        ['1', 'n1', '1', '', ''],
        ['⚠ 2', 'n2', 'old', '', 'age: it is no integer'],
    ]
    assert table_markdown(table).endswith('\n\n*2 rows, 1 of them not valid*')
    assert '⚠ 2  n2    old        age: it is no integer\n\n2 rows, 1 of them not valid' in table_plain(table)


def test_at_most_fifty_rows_are_shown_and_all_are_counted() -> None:
    table = table_of(grown(people(200, 3, 120, 130)))
    markdown, plain = table_markdown(table), table_plain(table)
    assert len(cells_of(markdown)) == 1 + MOST
    assert '… and 150 more rows: 200 rows, 3 of them not valid' in markdown
    assert '… and 150 more rows: 200 rows, 3 of them not valid' in plain
    assert 'Row 120: age: it is no integer' in markdown
    assert 'Row 130: age: it is no integer' in plain
    assert 'n50' in plain
    assert 'n51' not in plain + markdown


def test_a_long_error_leaves_the_data_room_and_is_told_below() -> None:
    error = '`age` should be a valid integer, unable to parse string as an integer'
    table = Table('rows', ['a'], [Line(('x',), error), Line(('y',), 'short')])
    assert [row[-1] for row in cells_of(table_markdown(table))[1:]] == [f'{error[:39]}…'.replace('`', ''), 'short']
    assert table_plain(table).endswith(f'2 rows, 2 of them not valid\n⚠ Row 1: {error}')


def test_of_many_bad_rows_that_are_not_shown_some_are_told() -> None:
    table = table_of(grown(people(90, *range(60, 91))))
    assert table_plain(table).endswith('⚠ Row 69: age: it is no integer\n⚠ 21 more rows not valid')


def test_a_row_that_had_not_come_to_its_end_is_kept_and_told() -> None:
    table = table_of(grown(people(3), cut=5))
    assert cells_of(table_markdown(table))[-1] == ['3', 'n', '3', '']
    assert table_plain(table).endswith('3 rows, the last one not whole')


def test_an_empty_list_says_so() -> None:
    table = table_of(grown({'response': []}))
    assert (table_markdown(table), table_plain(table)) == ('*0 rows*', '0 rows')


def test_what_the_type_does_not_have_gets_columns_behind_its_fields() -> None:
    table = table_of(grown({'response': [{'name': 'Ada', 'born': 1815}, 'Bob']}))
    assert cells_of(table_markdown(table))[0] == ['#', 'name', 'age', 'tags', 'born', 'value', 'problem']
    wide = table_of(grown({'response': [{f'f{n}': n for n in range(99)}]}))
    assert len(wide.columns) == 30


def test_an_object_is_a_table_of_two_columns() -> None:
    growing = grown({'tags': ['x'], 'name': 'Ada\nLovelace', 'more': None}, PERSON)
    assert cells_of(table_markdown(table_of(growing))) == [
        ['field', 'value'],
        ['name', 'Ada Lovelace'],
        ['age', ''],
        ['tags', '["x"]'],
        ['more', ''],
    ]
    assert table_plain(table_of(growing)) == 'field  value\nname   Ada Lovelace\nage\ntags   ["x"]\nmore'


def test_a_single_value_is_its_text() -> None:
    table = table_of(grown({'response': 'good'}, MOOD))
    assert (table_markdown(table), table_plain(table)) == ('good', 'good')


@pytest.mark.parametrize(
    ('value', 'text'),
    [
        (None, ''),
        (True, 'true'),
        (1.5, '1.5'),
        ('a\n b\t', 'a b'),
        ({'a': [1, 'é']}, '{"a": [1, "é"]}'),
        ('x' * 999, 'x' * 159 + '…'),
        (list(range(10**6)), None),
    ],
    ids=['null', 'true', 'number', 'text', 'nested', 'long text', 'long list'],
)
def test_a_value_in_a_cell(value: Any, text: str | None) -> None:
    cell = cell_of(value)
    assert len(cell) == 160 if text is None else cell == text


def test_signs_that_take_two_columns_are_aligned() -> None:
    table = Table('rows', ['a', 'b'], [Line(('日本', 'x')), Line(('abcd', 'x'))])
    assert table_plain(table).splitlines()[1:3] == ['1  日本  x', '2  abcd  x']


# ------------------------------------------------------------------ read back

HOSTILE = st.text('ab |\\`*_[]()<>!#$&~^-+=.:;1"\'{}/\n\t日', max_size=24) | st.sampled_from(
    [
        '<img src=x onerror=alert(1)>',
        '[x](javascript:alert(1))',
        '\\[x\\]',
        '\\(x\\)',
        '$a$ $b$',
        'a | b',
        '&#106;',
        '`|`',
    ]
)


@given(rows=st.lists(st.tuples(HOSTILE, HOSTILE), min_size=1, max_size=4), error=HOSTILE, name=HOSTILE)
@settings(max_examples=60, deadline=None)
def test_what_a_reader_finds_in_the_cells_is_what_came(rows: list[tuple[str, str]], error: str, name: str) -> None:
    texts = [tuple(map(cell_of, row)) for row in rows]
    table = Table('rows', [name, 'b'], [Line(cells) for cells in texts[:-1]] + [Line(texts[-1], cell_of(error))])
    markdown = table_markdown(table)
    found = cells_of(markdown)
    assert [row[1:3] for row in found[1:]] == [[visible(cell) for cell in row] for row in texts]
    assert findings(markdown) == []


@given(text=HOSTILE)
@settings(max_examples=60, deadline=None)
def test_a_single_text_is_read_back_as_it_came(text: str) -> None:
    markdown = table_markdown(Table('value', ['value'], [Line((text,))]))
    shown = ''.join(words_of(token) for token in READER.parse(markdown))
    assert ''.join(shown.split()) == ''.join(text.split())
    assert findings(markdown) == []

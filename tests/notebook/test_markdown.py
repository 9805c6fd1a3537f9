"""What a model writes is shown as it wrote it, and can do nothing."""

from __future__ import annotations

import re
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from jupyter_stream.notebook.markdown import BlockSplitter, repair, sanitize
from jupyter_stream.notebook.markdown.bounds import Bounds, passages, shortened
from jupyter_stream.notebook.markdown.lines import LineReader
from jupyter_stream.notebook.markdown.unfinished import whole_table
from tests.conformance import recordings

from .markdown_readers import PAYLOADS, READER, findings

BOMB = 'x-ansi/15'
"""Of no pathological kind, yet 2,000 escape sequences in one line."""

WITH_PROSE = ('jupyter_server', 'markdown_it', 'pydantic_ai', 'pyright')
"""Packages that are installed for these tests, and have Markdown in them."""


# ------------------------------------------------------------------ what stays


@pytest.mark.parametrize(
    'text',
    [
        'plain words, 3 < 4 and a <= b, x > y & z',
        '# A heading\n\nSetext\n======\n\n---\n\n> quoted\n> text\n\n1. one\n2. two\n   - nested\n',
        '**bold** *italic* ~~gone~~ `code` ``a ` b`` [link](https://a.b/c_(d)?e=f#g "title") <https://x.y/z>',
        '| a | b |\n|---|:-:|\n| 1 | `x \\| <y>` |\n',
        '```html\n<script>alert("$x" + `y`)</script>\n```\n\nafter\n',
        '- item\n  ```c\n  #include <stdio.h>\n  ```\n',
        '> ```py\n> a < b and List<int>\n> ```\n',
        '~~~\n<b>\n~~~\n\n    <indented code>\n\ntext\n',
        'the `<script>` tag, a `List<Map<K, V>>`, `$HOME` and `a](b)`',
        '$x^2$, $$\ny_1 = \\frac{a}{b}\n$$ and $\\alpha$',
        '\\begin{align}\na &= b \\\\\nc &= d\n\\end{align}',
        'it costs $5',
        '[a]\n\n[a]: https://example.org/x "Title"\n',
        '![dot](data:image/png;base64,iVBORw0KGgo=) ![cell](attachment:image.png)',
        '- [ ] to do\n- [x] done\n',
        'mail a@b.c, see www.example.org or https://example.org/~me?a=1&b=2',
        'a \\* b \\[not a link\\]',
        '```latex\n\\begin{document}\n$x$\n\\end{document}\n```\n\ntext',
    ],
)
def test_ordinary_markdown_comes_out_as_it_went_in(text: str) -> None:
    assert sanitize(text) == text


WORDS = st.text('abcdefghij KLMNO.,:;()-+*_0123456789é你', min_size=1, max_size=30)
CODE = st.text('abc <>&"\'(){}[]=;:#/\\!@%^~?.,0123456789\t', max_size=40).map(lambda text: text.replace('~~~', ''))


@given(st.lists(st.tuples(WORDS, st.lists(CODE, max_size=4)), min_size=1, max_size=4))
def test_fenced_code_stays_to_the_byte(parts: list[tuple[str, list[str]]]) -> None:
    blocks = ['```python\n' + ''.join(f'{line}\n' for line in lines) + '```\n' for _, lines in parts]
    text = '\n'.join(f'# {words}\n\n{block}' for (words, _), block in zip(parts, blocks, strict=True))
    safe = sanitize(text)
    at = 0
    for block in blocks:
        at = safe.index(block, at) + len(block)


@given(st.lists(st.text('abcdefg hij.,', min_size=1, max_size=60), max_size=6))
def test_prose_comes_out_as_it_went_in(paragraphs: list[str]) -> None:
    text = '\n\n'.join(paragraph.strip() for paragraph in paragraphs)
    assert sanitize(text) == text


@given(st.text('`$<>[]()!\\|*_~ab \n-&;:@{}"\'#0', max_size=60))
def test_it_is_harmless_whatever_it_is(text: str) -> None:
    assert findings(sanitize(text)) == []


# ------------------------------------------------------------------ what is shown and not run


@pytest.mark.parametrize(
    ('text', 'safe'),
    [
        ('a <b>c</b>', 'a &lt;b>c&lt;/b>'),
        ('<!-- x -->', '&lt;!-- x -->'),
        ('\\<img>', '&lt;img>'),
        ('[a](javascript:alert(1))', '[a]&#40;javascript:alert(1))'),
        ('[a](java&#115;cript:x)', '[a]&#40;java&#115;cript:x)'),
        ('[a](&#x0A;javascript&colon;x)', '[a]&#40;&#x0A;javascript&colon;x)'),
        ('[a](javascript%3Ax)', '[a]&#40;javascript%3Ax)'),
        ('[a](<data:text/html,x>)', '[a]&#40;&lt;data:text/html,x>)'),
        ('[a]: vbscript:x', '[a]&#58; vbscript:x'),
        ('<javascript:alert(1)>', '&lt;javascript:alert(1)>'),
        ('![a](https://evil/x.png)', '[a](https://evil/x.png)'),
        ('!![a](https://evil/x.png)', '\\![a](https://evil/x.png)'),
        ('![a]\n\n[a]: https://evil/x.png', '\\![a]\n\n[a]: https://evil/x.png'),
        ('![a](data:image/svg+xml;base64,AAAA)', '[a]&#40;data:image/svg+xml;base64,AAAA)'),
        ('```py" onload="x\n1\n```', '```py onload=x\n1\n```'),
        ('[a](http://x/$"onclick="y"$)', '[a](http://x/%24%22onclick=%22y%22%24)'),
        ('a\x1b[31mb\x00', 'a␛[31mb␀'),
    ],
)
def test_what_could_run_is_shown(text: str, safe: str) -> None:
    assert sanitize(text) == safe


@pytest.mark.parametrize(
    ('text', 'safe'),
    [
        ('![a](https://b.c/d_e.png?f=g&h=i#j)', '![a](https://b.c/d_e.png?f=g&h=i#j)'),
        ('![a](http://b.c/d.png "A title")', '![a](http://b.c/d.png "A title")'),
        ('[![a](https://b.c/d.png)](https://e.f)', '[![a](https://b.c/d.png)](https://e.f)'),
        ('![a](javascript:x)', '[a]&#40;javascript:x)'),
        ('![<b>](https://b.c/$x$.png)', '[&lt;b>](https://b.c/%24x%24.png)'),
        ('![a](//b.c/d.png)', '[a](//b.c/d.png)'),
    ],
)
def test_images_from_the_web_where_they_are_allowed(text: str, safe: str) -> None:
    assert sanitize(text, images=True) == safe
    assert '![' not in sanitize(text)


def test_a_mermaid_diagram_that_brings_styles_is_shown_as_text() -> None:
    assert sanitize('```mermaid\ngraph TD;A-->B\n```').startswith('```mermaid')
    assert sanitize('```mermaid\n%%{init:{"themeCSS":"*{}"}}%%\n```').startswith('```text')


# ------------------------------------------------------------------ mathematics


@pytest.mark.parametrize(
    ('text', 'safe'),
    [
        ('\\(x+1\\) and \\[ y \\]', '$x+1$ and $$ y $$'),
        ('\\\\(x+1\\\\)', '$x+1$'),
        ('$5 and $10', '<span>&#36;</span>5 and <span>&#36;</span>10'),
        ('\\$5 or \\$6', '<span>&#36;</span>5 or <span>&#36;</span>6'),
        ('$x^2$ for $5', '$x^2$ for <span>&#36;</span>5'),
        ('$a<b$', '$a< b$'),
        ('\\[note\\](https://a.b)', '\\[note\\](https://a.b)'),
        ('\\[\nx\n\n= y\n\\]', '$$\nx\n= y\n$$'),
    ],
)
def test_what_is_mathematics(text: str, safe: str) -> None:
    assert sanitize(text) == safe


@pytest.mark.parametrize(
    'body', ['\\href{javascript:alert(1)}{x}', '\\class{x}{y}', '\\require{html}', '\\def\\a{\\a\\a}\\a', '`x`', '{a']
)
def test_a_formula_that_reaches_out_stays_text(body: str) -> None:
    for text in (f'${body}$', f'$${body}$$', f'\\({body}\\)', f'\\[{body}\\]'):
        safe = sanitize(text)
        assert '$' not in safe
        assert '&#36;' in safe or safe.startswith(('\\(', '\\['))


def test_no_formula_begins_in_code_and_ends_elsewhere() -> None:
    """A notebook cuts formulas out before it reads Markdown: from inside of this code to inside of that."""
    assert sanitize('`\\\\(` and ``\\\\) ``') == '`\\\u2060\\(` and ``\\\\) ``'
    assert sanitize('- ```\n  $a\n  ```\n- `b`') == '- ```\n  $a\n  ```\n\n- `b`'
    assert sanitize('`a\nb $` $x$') == '`a b $` $x$'


# ------------------------------------------------------------------ corpora and cost


@PAYLOADS
def test_no_payload_gets_through(payloads: list[dict[str, Any]]) -> None:
    found = {case['name']: findings(sanitize(case['payload'] or '')) for case in payloads}
    assert {name: what for name, what in found.items() if what} == {}


@PAYLOADS
def test_no_payload_gets_through_while_it_grows(payloads: list[dict[str, Any]]) -> None:
    for case in payloads:
        payload = case['payload'] or ''
        for end in range(0, min(len(payload), 120), 7):
            assert findings(sanitize(repair(payload[:end]))) == [], case['name']


@pytest.mark.shared
def test_no_pathological_input_is_slow() -> None:
    def seconds(text: str) -> float:
        start = time.process_time()
        sanitize(text)
        return time.process_time() - start

    slow = {
        case['name']
        for case in recordings.payloads()
        if case['kind'] == 'pathological'
        and (text := eval(case['payload_python']))
        # A neighbour on the same core slows one run down, not the fastest of many.
        and all(seconds(text) > 0.3 for _ in range(20))
    }
    assert slow == set()


# ------------------------------------------------------------------ what no renderer bears


def beyond(text: str) -> list[str]:
    """The passages of a text that may not be rendered, and its lines of code that are changed."""
    bounds, found, reader = Bounds(), [], LineReader()
    lines: list[str] = []
    starts: list[int] = []
    for raw in text.split('\n'):
        line = reader.read(raw)
        if line.kind in ('open', 'code', 'close', 'indented'):
            found += [] if bounds.limit_code([raw]) == [raw] else [raw]
            raw = ''
        if line.item or not raw.strip():
            starts.append(len(lines))
        lines.append(raw)
    return found + [
        passage for first, end in passages(lines, starts) if bounds.exceeded_by(passage := '\n'.join(lines[first:end]))
    ]


def test_no_text_that_humans_wrote_is_beyond() -> None:
    folders = [Path(spec.origin or '').parent for name in WITH_PROSE if (spec := find_spec(name))]
    texts = {path: path.read_text(errors='replace') for folder in folders for path in folder.rglob('*.md')}
    assert sum(map(len, texts.values())) > 300_000
    assert {path.name: found for path, text in texts.items() if (found := beyond(text))} == {}
    assert all(shortened(text) == text for text in texts.values())


@PAYLOADS
def test_of_the_payloads_only_what_is_pathological_is_beyond(payloads: list[dict[str, Any]]) -> None:
    bombs = [BOMB] if any(case['name'] == BOMB for case in payloads) else []
    assert [case['name'] for case in payloads if beyond(case['payload'] or '')] == bombs


@pytest.mark.parametrize('unit', ['*a ', '_a* ', '[', '![[]()', '<b', '`` ', '\\', 'a@b.cc ', '**a *b ~~c '])
def test_a_passage_with_too_many_marks_is_shown_as_code(unit: str) -> None:
    passage = unit * (30_000 // len(unit))
    safe = sanitize(f'**before**\n\n{passage}\n\n**after**')
    assert READER.render(safe).count('<strong>') == 2
    code = re.search(r'^(~+)\n(.*?)\n\1$', safe, re.DOTALL | re.MULTILINE)
    assert code and code[2].replace('\u200b', '') == passage


def test_the_marks_of_all_passages_together_are_bounded() -> None:
    """Each is allowed by itself."""
    passage = '*a* ' * 200 + 'words ' * 3000
    assert sanitize(passage) == passage
    safe = sanitize('\n\n'.join([passage] * 10))
    assert safe.startswith(f'{passage}\n\n{passage}\n') and safe.count('~~~') == 2 * 8


def test_a_passage_that_is_too_long_is_shown_in_part() -> None:
    safe = sanitize('*a*' * 100_000)
    assert len(safe) < 51_000
    assert safe.endswith('⋯ 250,000 more characters\n~~~\n')
    assert len(sanitize('x' * 5_000_000)) < 51_000


GROWING = ''.join('e' + '`' * size for size in range(150))
RUN = '`' * 1000


@pytest.mark.parametrize(
    'text',
    [
        GROWING,
        f'~~~\n{GROWING}\n~~~',
        f'> ~~~\n> {GROWING}\n> ~~~',
        f'~~~\n{GROWING}',
        f'- ~~~\n  {GROWING}',
        f'    {GROWING}',
        f'{RUN}\n<b>\n{RUN}\n',
        f'- {RUN}py\n  <b>\n  {RUN}\n',
        f'{RUN}{"x" * 3000}',
        f'{RUN} <b> {RUN}',
    ],
)
def test_backticks_do_not_stop_a_notebook(text: str) -> None:
    """It looks for the end of each run of them, and of each shorter one in it, before it knows what is code."""
    safe = sanitize(text)
    assert findings(safe) == []
    assert max(map(len, re.findall('`+', safe)), default=0) <= 4
    assert '&lt;b' in READER.render(safe) or '<b>' not in text


@pytest.mark.parametrize('unit', ['a\u0301', 'x\u200c', 'xא'])
def test_a_line_of_code_that_no_layout_bears_is_cut(unit: str) -> None:
    for before, after in ('~~~\n', '\n~~~\nend'), ('- ```\n  ', ''):
        safe = sanitize(f'{before}{unit * 25_000}{after}')
        assert len(safe) < 1100 and 'more characters' in safe and safe.endswith(after[-3:])
    assert sanitize(f'~~~\n{unit * 20}\n~~~') == f'~~~\n{unit * 20}\n~~~'
    assert len(sanitize('- ```\n  ' + '<a' * 25_000)) < 1100, 'what keeps a tag from being one is such a character'


def test_backticks_that_are_few_stay_to_the_byte() -> None:
    underlined = 'A heading\n' + '`' * 60
    for text in (f'~~~rst\n{underlined}\n~~~', '~~~~md\n```py\n1\n```\n~~~~', '`````\n````\n`````', 'a ``b ` c`` d'):
        assert sanitize(text) == text


@pytest.mark.parametrize('mark', ['- ', '>', '> ', '* ', '+\t', '1. ', '12) '])
def test_nothing_is_nested_without_end(mark: str) -> None:
    safe = sanitize(mark * 1000 + 'x <b>')
    html = READER.render(safe)
    assert html.count('<blockquote') + html.count('<li') <= 20
    assert findings(safe) == []
    assert html.count(mark.strip().replace('>', '&gt;')) >= 950, 'the rest of the marks is shown'
    few = mark.replace('\t', ' ') * 15 + 'x'
    assert sanitize(few) == few


def test_a_code_block_deep_inside_stays_harmless() -> None:
    for mark in ('- ', '> '):
        for depth in range(17, 24):
            text = f'{mark * depth}```\n{mark.replace("-", " ") * depth}<b>\n\n    <b>\n'
            assert findings(sanitize(text)) == []


@pytest.mark.parametrize(
    'unit', ['- ', '> ', '[', '<', '*', '`', '<a', '](', '\\[', '$', '![', '` `` ', '[](', '!', '&#36;', '[]:']
)
def test_the_time_is_linear(unit: str) -> None:
    def seconds(size: int) -> float:
        text = unit * (size // len(unit))
        times: list[float] = []
        for _ in range(3):
            start = time.process_time()
            sanitize(text)
            times.append(time.process_time() - start)
        return min(times)

    # Ten times the text: a quadratic pass would take a hundred times as long.
    assert seconds(50_000) < 40 * seconds(5_000) + 0.05


# ------------------------------------------------------------------ blocks

DOCUMENT = """# Title

A paragraph
of two lines.

- one

- two

  with a paragraph

```python
x = 1

y = 2
```
After.

| a | b |
|---|---|
| 1 | 2 |

\\[
x

y
\\]

The end"""


def split(text: str, step: int, limit: int = 4096) -> list[str]:
    splitter = BlockSplitter(limit)
    blocks = [block for at in range(0, len(text), step) for block in splitter.feed(text[at : at + step])]
    return [*blocks, *splitter.close()]


def test_blocks_end_where_nothing_can_change_them() -> None:
    assert [block.strip() for block in split(DOCUMENT, 1)] == [
        '# Title',
        'A paragraph\nof two lines.',
        '- one\n\n- two\n\n  with a paragraph',
        '```python\nx = 1\n\ny = 2\n```',
        'After.',
        '| a | b |\n|---|---|\n| 1 | 2 |',
        '\\[\nx\n\ny\n\\]',
        'The end',
    ]


@given(st.lists(st.integers(1, 30), max_size=60))
def test_blocks_do_not_depend_on_how_the_text_comes(cuts: list[int]) -> None:
    splitter, blocks, at = BlockSplitter(), [], 0
    for cut in [*cuts, len(DOCUMENT)]:
        blocks += splitter.feed(DOCUMENT[at : at + cut])
        at += cut
    assert ''.join([*blocks, splitter.open]) == DOCUMENT
    assert splitter.open_size == len(splitter.open)
    assert [*blocks, *splitter.close()] == split(DOCUMENT, 1)


def test_a_long_fence_is_cut_at_a_line_and_opened_again() -> None:
    first, *_, last = split('```py\n' + 'x = 1\n' * 50 + '```\n', 3, limit=100)
    assert first.startswith('```py\n') and first.endswith('x = 1\n```\n') and len(first) < 120
    assert last.startswith('```py\nx = 1\n') and last.endswith('\n```\n')


def test_a_long_list_is_cut_before_an_item() -> None:
    blocks = split('- an item\n  goes on\n' * 20, 7, limit=100)
    assert len(blocks) > 2 and all(block.startswith('- an item\n') for block in blocks)
    assert ''.join(blocks) == '- an item\n  goes on\n' * 20


def test_a_long_list_is_cut_before_no_item_that_is_deeper_than_a_list_may_begin() -> None:
    assert len(split('-   a\n' + '    - b\n' * 40, 7, limit=100)) == 1
    assert len(split('-  a\n' + '   - b\n' * 40, 7, limit=100)) > 1


def test_a_long_table_repeats_its_header() -> None:
    blocks = split('| a | b |\n|---|---|\n' + '| 1 | 2 |\n' * 30, 7, limit=100)
    assert len(blocks) > 2 and all(block.startswith('| a | b |\n|---|---|\n| 1') for block in blocks)
    assert ''.join(blocks).count('| 1 | 2 |') == 30


def test_the_open_part_keeps_its_size_after_a_cut() -> None:
    splitter = BlockSplitter(100)
    for line in ['```py\n'] + ['x = 1\n'] * 40:
        splitter.feed(line)
        assert splitter.open_size == len(splitter.open)


# ------------------------------------------------------------------ the unfinished end


@pytest.mark.parametrize(
    ('text', 'repaired'),
    [
        ('done. **all** `of` [it](x) $y$', 'done. **all** `of` [it](x) $y$'),
        ('a **b', 'a **b**'),
        ('*a **b', '*a **b***'),
        ('a `b', 'a `b`'),
        ('a \\` b `c', 'a \\` b `c`'),
        ('a **', 'a '),
        ('a `', 'a '),
        ('```py\nx', '```py\nx\n```'),
        ('```py\nx\n``', '```py\nx\n```'),
        ('> ```\n> x', '> ```\n> x\n> ```'),
        ('see [the page](https://exa', 'see the page'),
        ('see [the', 'see the'),
        ('$$\nx', '$$\nx\n$$'),
        ('\\(x', '\\(x\\)'),
        ('words\n-', 'words'),
        ('2 * 3', '2 * 3'),
        ('a <di', 'a '),
    ],
)
def test_half_of_a_construct_is_closed(text: str, repaired: str) -> None:
    assert repair(text) == repaired


def test_the_end_of_an_endless_paragraph_is_not_repaired() -> None:
    assert repair('x' * 30_000 + ' **b') == 'x' * 30_000 + ' **b'
    assert repair('x' * 30_000 + '\n\na **b').endswith('\n\na **b**')


# ------------------------------------------------------------------ single rules


def test_each_row_of_a_table_is_a_passage() -> None:
    lines = ['| a | b |', '| --- | --- |', '| 1 | 2 |', '| 3 | 4 |']
    assert list(passages(lines, [])) == [(0, 2), (2, 3), (3, 4)]
    assert list(passages(['| a | b |', '| --- |', 'x', 'y'], [2])) == [(0, 2), (2, 4)]


@pytest.mark.parametrize(
    ('text', 'safe'),
    [
        ('\\begin{foo}x\\end{foo}', '\\\u2060begin{foo}x\\end{foo}'),
        ('$x^2$5', '<span>&#36;</span>x^2<span>&#36;</span>5'),
        ('5$x^2$', '5<span>&#36;</span>x^2<span>&#36;</span>'),
        ('# `a\nb <img>`', '# \\`a\nb &lt;img>\\`'),
        ('> `a\nb <img>`', '> \\`a\nb &lt;img>\\`'),
        ('`a\nb <img>`', '`a\nb <img>`'),
        ('a\x00\n\tb\x0b\x7f\x85', 'a␀\n\tb␋␡\ufffd'),
        ('$ x^2 $ and $ x^2$', '$x^2$ and <span>&#36;</span> x^2<span>&#36;</span>'),
        ('\\(a\nb^2\\)', '$a b^2$'),
        ('\\(a^2 \\(b^2\\)', '\\(a^2 $b^2$'),
        ('&#36; &bsol;(x) &commat;@', '<span>&#36;</span> &#92;\u2060(x) @\u2060@'),
        ('\\@x', '@\u2060x'),
        ('a\n# `b\nc <i>`', 'a\n# \\`b\nc &lt;i>\\`'),
        ('a\n:-\n`b\nc`', 'a\n:-\n\\`b\nc\\`'),
        ('| a | b |\n|---|---|\n| `a|<b>` | `<c>` |', '| a | b |\n|---|---|\n| `a|<\u2060b>` | `<\u2060c>` |'),
        ('[a]: b[c', '[a]&#58; b[c'),
        ('[a]:\n```\nb\n```', '[a]&#58;\n```\nb\n```'),
        ('[a](&#65;b/&#x42;&#xd800;&#x110000;)', '[a](Ab/B%EF%BF%BD%EF%BF%BD)'),
        ('a \\\\`b` \\\\(c \\\\d', 'a \\\\\u2060`b` \\\\\u2060(c \\\\d'),
        ('> ~~~\n> <i>\n> ~~~\n> <b>', '> ~~~\n> <i>\n> ~~~\n> &lt;b>'),
        ('2. ~~~\n   <b>\n   ~~~', '2. ~~~\n   <b>\n   ~~~'),
        ('   # a\n    <b>', '   # a\n    <\u2060b>'),
        ('```\n$a\n```\nb', '```\n$a\n```\nb'),
        ('```\n\\\\(a\n```\nb', '```\n\\\\(a\n```\n\nb'),
    ],
)
def test_one_rule_at_a_time(text: str, safe: str) -> None:
    assert sanitize(text) == safe


@pytest.mark.parametrize(
    ('text', 'lines'),
    [
        ('> # a\n    b', 'text 1, indented 0'),
        ('a\n    # b\n    c', 'text 0, text 0, text 0'),
        ('    > a', 'indented 0'),
        ('    - a', 'indented 0'),
        ('>\na', 'blank 1, text 0'),
        ('-\n      a', 'blank 1, indented 1'),
        ('-     a\n  b', 'indented 1, text 1'),
        ('> # a\n>b\n>    c', 'text 1, text 1, text 1'),
        ('> # a\n>    b', 'text 1, text 1'),
        ('> # a\n>     b', 'text 1, indented 1'),
        ('> ```\n>```\nb', 'open 1, close 1, text 0'),
    ],
)
def test_what_each_line_is_and_how_deep(text: str, lines: str) -> None:
    """The examples are as CommonMark reads them."""
    reader = LineReader()
    assert ', '.join(f'{line.kind} {line.depth}' for line in map(reader.read, text.split('\n'))) == lines


def test_limits_are_what_they_say() -> None:
    assert sanitize('x' * 200_000) == 'x' * 200_000
    assert sanitize('x' * 200_001).endswith('⋯ 150,001 more characters\n~~~\n')
    assert sanitize(f'${"x" * 10_000}$') == f'${"x" * 10_000}$'
    assert '$' not in sanitize(f'${"x" * 10_001}$')
    assert sanitize(f'[{"a" * 1499}]: b:c').endswith(']&#58; b:c')
    assert sanitize(f'[{"a" * 1500}]: b:c').endswith(']: b:c'), 'no label is that long'


def test_openers_that_nothing_closes_count_more_than_marks() -> None:
    assert '~~~' in sanitize('*a ' * 1600)
    assert '~~~' not in sanitize('*a* ' * 1200)


def test_runs_of_backticks_cost_their_square_times_the_line() -> None:
    assert sanitize('x ' + '`' * 340) == 'x ' + '\\`' * 340
    assert sanitize('x ' + '`' * 341).startswith('\n~~~\nx ')


def test_what_follows_a_passage_shown_as_code_is_text_again() -> None:
    marks = '*a ' * 3000
    assert sanitize(f'{marks}\n\n<b>\n').endswith('\n~~~\n\n\n&lt;b>\n')
    assert sanitize(f'{"*a* " * 1200}\n\n<b>\n').endswith('\n\n&lt;b>\n'), 'more than a little, but allowed'


def test_short_lines_of_code_cost_long_ones_nothing() -> None:
    lines = ['a\u0301' * 500] * 20 + ['你' + 'x' * 2000]
    text = '\n'.join(['~~~', *lines, '~~~'])
    assert sanitize(text) == text


def test_a_line_behind_one_that_is_too_deep_stays() -> None:
    assert sanitize('- ' * 25 + 'x\n\ny').endswith('\n\ny')


def test_a_fence_in_a_list_ends_no_block() -> None:
    assert split('- a\n  ```\n  x\n  ```\n- b', 3) == ['- a\n  ```\n  x\n  ```\n- b']


@pytest.mark.parametrize(
    ('text', 'whole'),
    [
        ('So:\n\n| a | b |\n| --', 'So:\n\n| a | b |\n| -- | --- |'),
        ('| a | b |\n|', '| a | b |\n| --- | --- |'),
        ('| a | b |\n| --- | --:', '| a | b |\n| --- | --: |'),
        ('So:\n| a | b |\n|---|', 'So:\n| a | b |\n| --- | --- |'),
        ('| a | b |\n| :', '| a | b |\n| --- | --- |'),
        ('| a \\| b | c\n|:-:|-', '| a \\| b | c\n| :-: | - |'),
        ('> | a | b |\n> | -', '> | a | b |\n> | - | --- |'),
        ('| a | b |', '| a | b |\n| --- | --- |'),
        ('So:\n\n| a | b |\n', 'So:\n\n| a | b |\n| --- | --- |'),
        ('So:\n| a | b', 'So:\n| a | b |\n| --- | --- |'),
        ('  | a \\|', '  | a \\| |\n  | --- |'),
        ('|a|b|', '|a|b|\n| --- | --- |'),
        ('So:\n\n|', 'So:\n'),
        ('|', ''),
    ],
)
def test_a_table_that_is_cut_in_its_heading_or_below_it_is_one(text: str, whole: str) -> None:
    assert whole_table(text) == whole
    columns = len(re.findall(r'(?<!\\)\|', whole.rpartition('\n')[2])) - 1
    cells = re.findall('<th[ >]', MarkdownIt('gfm-like', {'linkify': False}).render(whole))
    assert len(cells) == max(columns, 0)


@pytest.mark.parametrize(
    'text',
    [
        '| a | b |\n| --- | --- |\n| 1 | ',
        '| a | b |\n| --- | --- |\n| 1 | 2 |\n|',
        '| a |\n| --- | --- | -',
        'a | b\n\n- one',
        '|x| = 3',
        '|x| + |y|',
        '| one\n| two',
        '|---|---|',
        'no table',
        '',
    ],
)
def test_what_is_no_table_or_a_whole_one_stays_as_it_is(text: str) -> None:
    assert whole_table(text) == text

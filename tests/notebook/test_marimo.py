"""marimo's cells: what is written to their output, and that nothing a model writes gets through as HTML."""

from __future__ import annotations

import re
import sys
from contextlib import contextmanager
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any

import pytest

from jupyter_stream.messages import ModelResponse, TextPart, ThinkingPart
from jupyter_stream.notebook import marimo
from jupyter_stream.notebook.bundle import final_bundle
from jupyter_stream.notebook.markdown import sanitize
from jupyter_stream.notebook.markdown.html import clean_html
from jupyter_stream.notebook.views import choose
from jupyter_stream.notebook.views.markdown import MarkdownView
from jupyter_stream.notebook.views.publish import PrintPublisher, publisher
from tests.conformance import recordings

mo = pytest.importorskip('marimo')


BAD_TAGS = set('script iframe form style svg iconify-icon object embed link meta base input'.split())


class Found(HTMLParser):
    """What could run, load or send something."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.bad: list[Any] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in (
            'script',
            'iframe',
            'form',
            'style',
            'svg',
            'iconify-icon',
            'object',
            'embed',
            'link',
            'meta',
            'base',
            'input',
        ):
            self.bad.append(tag)
        for name, value in attrs:
            loads = name in ('src', 'srcset') and not (value or '').startswith('data:image/')
            runs = name.startswith('on') or re.match(r'\s*(?:javascript|vbscript|data):', value or '', re.I)
            if loads or (runs and (tag, name) != ('img', 'src') and name != 'alt'):
                self.bad.append((tag, name, value))


@pytest.mark.parametrize(
    ('html', 'clean'),
    [
        ('<p>a &lt;b&gt; <em>c</em></p>', '<p>a &lt;b&gt; <em>c</em></p>'),
        ('<img src="http://x.example/?q=1" alt="a">', '<img alt="a">'),
        ('<img src="data:image/png;base64,AAAA" onerror="x()">', '<img src="data:image/png;base64,AAAA">'),
        ('<a href="javascript:x()" id="a">b</a>', '<a target="_blank" rel="noopener noreferrer">b</a>'),
        ('<span class="fixed inset-0 nb" style="color: red">a</span>', '<span class="nb">a</span>'),
        ('<script>x("</b>")</script>', '&lt;script&gt;x(&quot;&lt;/b&gt;&quot;)&lt;/script&gt;'),
        ('<!-- a --><?php b ?><x-y z>', '&lt;!-- a --&gt;&lt;?php b ?&gt;&lt;x-y z&gt;'),
        ('<!DOCTYPE a "b"><![if c]>', '&lt;!DOCTYPE a &quot;b&quot;&gt;&lt;![if c]&gt;'),
        ('<input type="checkbox" checked disabled>a', '☑ a'),
        ('<input type="checkbox" disabled>a', '☐ a'),
    ],
)
def test_html_is_held_to_a_list(html: str, clean: str) -> None:
    assert clean_html(html) == clean


@pytest.mark.shared
def test_no_payload_of_the_corpus_gets_through_the_renderer_of_marimo() -> None:
    for case in recordings.payloads():
        if case['kind'] != 'pathological':
            html = marimo.html(sanitize(case['payload'])).text
            assert Found(html).bad == [], case['name']


@pytest.mark.parametrize(
    'payload',
    [
        '- a\n\n      ```\n  <img src=x onerror=x()>\n  ```',
        '> ~~~~ x y\n> <script>x()</script>\n> ~~~~',
        '   ```a`b\n<img src=x onerror=x()>\n',
        '1) ```\n   <iframe src=x></iframe>\n   ```',
        '::lucide:rocket::',
        '/// html | iframe[src=x]\n///',
    ],
)
def test_what_two_renderers_read_differently_gets_through_neither(payload: str) -> None:
    assert Found(marimo.html(sanitize(payload)).text).bad == []


def test_an_answer_looks_like_markdown_also_in_what_is_folded_away() -> None:
    data, _ = final_bundle(ModelResponse(parts=[ThinkingPart('Well, *well*.'), TextPart('It is **so**: $x^2$, <b>.')]))
    html = marimo.html(data['text/markdown']).text
    assert re.search(r'<details><summary>Thinking</summary>.*Well, <em>well</em>\..*</details>', html, re.S)
    assert '<strong>so</strong>' in html
    assert '<marimo-tex class="arithmatex">||(x^2||)</marimo-tex>' in html
    assert '&lt;b&gt;' in html


def test_what_its_renderer_cannot_read_is_shown_as_text() -> None:
    html = marimo.html('[a](<http://[>) & <x>').text
    assert html.endswith('[a](&lt;http://[&gt;) &amp; &lt;x&gt;</pre>')


# ------------------------------------------------------------------ a cell


class Context:
    """Stands for marimo's context of a cell; `install` makes it that of the thread."""

    def __init__(self, *, interrupted: bool = False) -> None:
        from marimo._runtime.cell_output_list import CellOutputList

        self.execution_context = SimpleNamespace(output=CellOutputList())
        self.active_scheduler = SimpleNamespace(interrupted=interrupted)
        self.installed = 0

    @contextmanager
    def install(self) -> Any:
        self.installed += 1
        yield


@pytest.fixture
def cell(monkeypatch: pytest.MonkeyPatch) -> Context:
    context = Context()
    output = context.execution_context.output

    def replace(value: Any, idx: int) -> None:
        assert context.installed, 'in the thread of the answer there is no context before it is installed'
        output.replace_at_index(value, idx)

    monkeypatch.setattr(marimo, 'running', lambda: context)
    monkeypatch.setattr(mo.output, 'replace_at_index', replace)
    monkeypatch.setattr(mo.output, 'clear', output.clear)
    return context


def texts(cell: Context) -> list[str]:
    return [re.sub('<[^>]*>', '', item.text) for item in cell.execution_context.output._items]


def test_a_display_is_updated_in_its_place(cell: Context) -> None:
    cell.execution_context.output.append(mo.Html('before'))
    out = publisher(None)
    out.display({'text/markdown': 'one'}, {}, 'a')
    out.display({'text/markdown': 'two'}, {}, 'b')
    out.update({'text/markdown': '*three*'}, {}, 'a')
    out.update({'text/markdown': 'nowhere'}, {}, 'c')
    assert texts(cell) == ['before', 'three', 'two']
    out.clear()
    assert texts(cell) == []


def test_answers_grow_as_markdown(cell: Context) -> None:
    assert isinstance(choose(None), MarkdownView)


def test_an_interrupt_keeps_the_output(cell: Context) -> None:
    from marimo._runtime.control_flow import MarimoStopError

    publisher(None).display({'text/markdown': 'half an answer'}, {}, 'a')
    with pytest.raises(KeyboardInterrupt), marimo.keeping_output():
        raise KeyboardInterrupt
    cell.active_scheduler.interrupted = True
    with pytest.raises(MarimoStopError) as stopped, marimo.keeping_output():
        raise KeyboardInterrupt
    assert 'half an answer' in stopped.value.output.text


def test_outside_of_its_notebooks_nothing_changes() -> None:
    assert 'marimo' in sys.modules
    assert marimo.running() is None
    assert isinstance(publisher(None), PrintPublisher)
    with pytest.raises(KeyboardInterrupt), marimo.keeping_output():
        raise KeyboardInterrupt

"""Reads Markdown back as others do, trusting everything, and says what of it is more than Markdown itself makes."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from nbconvert.filters.markdown_mistune import markdown2html_mistune

from tests.conformance import committed, recordings

PAYLOADS = pytest.mark.parametrize(
    'payloads',
    [
        pytest.param(committed.rows('payloads.jsonl'), id='ours'),
        pytest.param(recordings.published('injection.json'), id='published', marks=pytest.mark.shared),
    ],
)
"""For a test of each corpus of payloads (see `recordings.payloads`)."""

TAGS = frozenset(
    'p a em strong s del code pre ul ol li blockquote h1 h2 h3 h4 h5 h6 hr br table thead tbody tr th td img span '
    'input'.split()
)
ATTRIBUTES = {
    'a': {'href', 'title'},
    'img': {'src', 'alt', 'title'},
    'input': {'checked', 'disabled', 'type'},
    'ol': {'start'},
    'code': {'class'},
    'th': {'style', 'align'},
    'td': {'style', 'align'},
}
SCHEME = re.compile(r'([a-z][a-z0-9+.-]*):', re.IGNORECASE)
SCHEMES = ('http', 'https', 'mailto', 'ftp', 'tel')


class Audit(HTMLParser):
    """Collects whatever Markdown itself doesn't make, and addresses that do more than lead somewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.findings: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            self.findings.append(f'<{tag}>')
        for name, value in attrs:
            if name not in ATTRIBUTES.get(tag, set()):
                self.findings.append(f'<{tag} {name}>')
            # A browser drops line breaks and tabs in an address, and control characters before it.
            self._address(name, ''.join(char for char in value or '' if char > ' '))

    def _address(self, name: str, value: str) -> None:
        scheme = SCHEME.match(value)
        if name == 'href' and scheme and scheme[1].lower() not in SCHEMES:
            self.findings.append(value)
        if name == 'src' and not value.startswith(('data:image/', 'attachment:')):
            self.findings.append(value)

    def handle_comment(self, data: str) -> None:
        self.findings.append(f'<!--{data}')

    def handle_decl(self, decl: str) -> None:
        self.findings.append(f'<!{decl}')

    def handle_pi(self, data: str) -> None:
        self.findings.append(f'<?{data}')


def audited(html: str) -> list[str]:
    audit = Audit()
    audit.feed(html)
    audit.close()
    return audit.findings


# ------------------------------------------------------------------ CommonMark

READER = MarkdownIt('commonmark', {'html': True, 'maxNesting': 100}).enable(['table', 'strikethrough'])
READER.validateLink = lambda url: True


def findings(markdown: str) -> list[str]:
    """What a reader of CommonMark with tables would let through."""
    return audited(READER.render(markdown))


def nbconvert_findings(markdown: str) -> list[str]:
    """What nbconvert's HTML has; its anchors at headings are its own."""
    html = re.sub(r' id="[^"]*"|<a class="anchor-link"[^>]*>[^<]*</a>', '', markdown2html_mistune(markdown))
    return audited(html)


# ------------------------------------------------------------------ JupyterLab


@cache
def marked_scripts() -> list[Path]:
    """The scripts of JupyterLab that hold a marked: its own, and the older one of its diagrams."""
    static = Path(sys.prefix, 'share/jupyter/lab/static')
    return [path for path in sorted(static.glob('*.js')) if path.stat().st_size < 80_000 and _holds_marked(path)]


def _holds_marked(path: Path) -> bool:
    return b'emStrongLDelim' in path.read_bytes()


def no_marked() -> str:
    """Why JupyterLab's own reader cannot be asked; '' if it can."""
    if not shutil.which('node'):
        return 'node is not installed'
    return '' if marked_scripts() else 'no script of JupyterLab with a marked in it was found'


def jupyterlab_findings(texts: Iterable[str]) -> dict[str, list[str]]:
    """The texts of which JupyterLab would let something through, and what."""
    hidden = {text: hide_formulas(text) for text in dict.fromkeys(texts)}
    lines = ''.join(json.dumps(markdown) + '\n' for markdown, _ in hidden.values())
    found: dict[str, list[str]] = {}
    for script in marked_scripts():
        command = ['node', str(Path(__file__).with_name('markdown_reader.cjs')), str(script)]
        answer = subprocess.run(command, input=lines, capture_output=True, text=True, check=True, timeout=120).stdout
        pages = [json.loads(line) for line in answer.split('\n') if line]
        for (text, (_, formulas)), html in zip(hidden.items(), pages, strict=True):
            shown = re.sub(r'@@(\d+)@@', lambda at, kept=formulas: kept[int(at[1])], html)
            if findings := audited(shown):
                found[text] = findings
    return found


FORMULA_MARKS = re.compile(
    r'(\$\$?|\\(?:begin|end)\{[a-z]*\*?\}|\\[{}$]|[{}]|(?:\n\s*)+|@@\d+@@|\\\\[()\[\]])', re.IGNORECASE
)
FENCE = re.compile(r'^(`{3,}|(?:~T){3,})[^`\n]*\n([\s\S]*?)^\1`*$', re.MULTILINE)
SPAN = re.compile(r'(^|[^\\])(`+)([^\n]*?[^`\n])\2(?!`)', re.MULTILINE)
ENDS = {'$': '$', '$$': '$$', '\\\\(': '\\\\)', '\\\\[': '\\\\]'}


def hide_formulas(text: str) -> tuple[str, list[str]]:
    """What JupyterLab does before it reads Markdown: each formula becomes `@@0@@`, and is put back into the HTML."""
    if '`' in text or '~~~' in text:
        text = text.replace('~', '~T')
        text = FENCE.sub(lambda code: code[0].replace('$', '~D'), text)
        text = SPAN.sub(lambda code: code[0].replace('$', '~D'), text)
        return _hidden(text, lambda shown: shown.replace('~D', '$').replace('~T', '~'))
    return _hidden(text, lambda shown: shown)


def _hidden(text: str, restored: Callable[[str], str]) -> tuple[str, list[str]]:
    pieces, formulas = FORMULA_MARKS.split(text), []
    start = last = None
    end, braces = '', 0

    def hide(first: int, final: int) -> None:
        formula = ''.join(pieces[first : final + 1]).replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;')
        pieces[first : final + 1] = [f'@@{len(formulas)}@@', *[''] * (final - first)]
        formulas.append(restored(formula))

    for at in range(1, len(pieces), 2):
        mark = pieces[at]
        if mark[0] == '@':
            pieces[at] = f'@@{len(formulas)}@@'
            formulas.append(mark)
        elif start is None:
            if mark in ENDS or mark[1:6].lower() == 'begin':
                start, end, braces = at, ENDS.get(mark, '\\end' + mark[6:]), 0
        elif mark == end:
            if braces:
                last = at
            else:
                hide(start, at)
                start = last = None
        elif re.search(r'\n.*\n', mark):
            if last is not None:
                hide(start, last)
            start, last, braces = None, None, 0
        elif mark in '{}':
            braces = braces + 1 if mark == '{' else max(braces - 1, 0)
    if start is not None and last is not None:
        hide(start, last)
    return restored(''.join(pieces)), formulas

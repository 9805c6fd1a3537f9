"""HTML that somebody else's renderer made of sanitized Markdown, held to a list of what may be in it.

`sanitize` makes Markdown harmless for renderers that follow CommonMark. One that reads a fence or a list differently
(Python-Markdown, which marimo uses) takes for HTML what was code. So its output is written anew: what is not on the
list is shown as text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from html.parser import HTMLParser
from typing import Final

__all__ = ('clean_html',)

_TAGS: Final = frozenset(
    """a b blockquote br code dd del details div dl dt em h1 h2 h3 h4 h5 h6 hr i img ins kbd label li marimo-tex mark ol
    p pre s span strong sub summary sup table tbody td th thead tr ul""".split()
)
_CLASS: Final = re.compile(
    r'[a-z]{1,2}\d?|markdown|prose|dark:prose-invert|contents|paragraph|arithmatex|codehilite|highlight|language-[\w+-]+'
)
_LINK: Final = re.compile(r'(?:https?|mailto|tel|ftp):|#|[/\w.%~-]+(?:[/?#]|$)', re.I)
_ATTRIBUTES: Final = {
    ('a', 'href'): _LINK,
    ('img', 'src'): re.compile(r'data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]*$'),
    ('img', 'alt'): re.compile(''),
    ('ol', 'start'): re.compile(r'\d{1,9}$'),
    ('td', 'style'): re.compile(r'text-align: (?:left|right|center);?$'),
    ('th', 'style'): re.compile(r'text-align: (?:left|right|center);?$'),
}


def clean_html(html: str) -> str:
    """The same HTML, of harmless elements with harmless attributes alone; other tags are shown as text."""
    cleaner = _Cleaner()
    cleaner.feed(html)
    cleaner.close()
    return ''.join(cleaner.clean)


class _Cleaner(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.clean: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == 'input':  # a task list's
            self.clean.append('☑ ' if 'checked' in dict(attrs) else '☐ ')
        elif tag in _TAGS:
            self.clean.append(f'<{" ".join([tag, *_attributes(tag, attrs)])}>')
        else:
            self.handle_data(self.get_starttag_text() or '')

    def handle_endtag(self, tag: str) -> None:
        self.clean.append(f'</{tag}>' if tag in _TAGS else escape(f'</{tag}>'))

    def handle_data(self, data: str) -> None:
        self.clean.append(escape(data))

    def handle_comment(self, data: str) -> None:
        self.handle_data(f'<!--{data}-->')

    def handle_decl(self, decl: str) -> None:
        self.handle_data(f'<!{decl}>')

    def unknown_decl(self, data: str) -> None:
        self.handle_data(f'<![{data}]>')

    def handle_pi(self, data: str) -> None:
        self.handle_data(f'<?{data}>')


def _attributes(tag: str, attrs: list[tuple[str, str | None]]) -> Iterator[str]:
    for name, value in attrs:
        allowed = _ATTRIBUTES.get((tag, name))
        if allowed is not None and allowed.match(value or ''):
            yield f'{name}="{escape(value or "")}"'
        elif name == 'class' and (classes := [word for word in (value or '').split() if _CLASS.fullmatch(word)]):
            yield f'class="{" ".join(classes)}"'
    if tag == 'a':
        yield 'target="_blank" rel="noopener noreferrer"'

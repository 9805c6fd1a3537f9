"""What the sanitizer writes is read back by other readers: it can do nothing, and says what the model said."""

from __future__ import annotations

import re
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from jupyter_stream.notebook.markdown import repair, sanitize
from jupyter_stream.notebook.markdown.links import safe_destination

from .markdown_readers import PAYLOADS, READER, SCHEMES, findings, jupyterlab_findings, nbconvert_findings, no_marked

JOINER = '\u2060'

TEXT_READER = MarkdownIt('commonmark', {'html': False, 'maxNesting': 100}).enable(['table', 'strikethrough'])
"""Shows HTML as text, and a link that may lead nowhere as it is written."""
TEXT_READER.validateLink = lambda url: not (scheme := re.match(r'([^/?#:]*):', url)) or scheme[1].lower() in SCHEMES


def tokens(markdown: str, reader: MarkdownIt = READER) -> list[Token]:
    return [inner for token in reader.parse(markdown) for inner in (token, *(token.children or ()))]


def html_of(markdown: str) -> list[str]:
    """The HTML in it, but for what the sanitizer itself writes around a dollar."""
    html = [token.content for token in tokens(markdown) if token.type in ('html_block', 'html_inline')]
    return [part for part in html if part not in ('<span>', '</span>')]


def text_of(markdown: str) -> str:
    """What a reader sees of it, without regard to white space."""
    shown = [token.content for token in tokens(markdown, TEXT_READER) if token.type != 'inline' and token.content]
    return ' '.join(' '.join(shown).replace(JOINER, '').split())


def code_of(markdown: str) -> list[str]:
    return [token.content for token in tokens(markdown) if token.type in ('fence', 'code_block')]


# ------------------------------------------------------------------ links

PLAIN = 'javascript:alert(1)'
LETTERS = ['j', '&#106;', '&#0106;', '&#x6A;', '&#X6a;', '&#106', '&#x6A', '\\&#106;', '&#x26;#106;', '&amp;#106;']
LETTERS += ['&amp;amp;#106;', '&#38;#x6A;', '%6A', '%256A', '&#37;6A', '&#x1;j', '\x01j', '&#x200b;j', '\u2060j']
BEHIND = ['', '\t', '&#9;', '&Tab;', '&#10;', '&NewLine;', '&#x0D;', '%0A', '&#x26;#10;', '\\&Tab;', '&#173;', '\xad']
COLONS = [':', '&#58;', '&#x3a;', '&#58', '&colon;', '&colon', '\\:', '%3A', '%253A', '&amp;colon;', '&#x26;colon;']
DESTINATIONS = [
    f'{letter}ava{behind}script{colon}alert(1)' for letter, behind, colon in product(LETTERS, BEHIND, COLONS)
]
PLACES = [
    '[x]({})',
    '[x](<{}>)',
    '![x]({})',
    '[x]\n\n[x]: {}',
    '[x]\n\n[x]: <{}>',
    '[x]\n\n> [x]:\n> {}',
    '<{}>',
    '| [x]({}) |\n| --- |\n',
    '[x]( {} "title")',
    '[![x]({})](#)',
]


@pytest.mark.parametrize('place', PLACES)
def test_no_form_of_a_script_is_a_link(place: str) -> None:
    for destination in DESTINATIONS[PLACES.index(place) :: len(PLACES)]:
        written = sanitize(place.format(destination))
        assert findings(written) == [], destination


@pytest.mark.parametrize('place', PLACES)
def test_no_form_of_a_script_is_a_link_for_nbconvert(place: str) -> None:
    """It decodes entities twice: what is left of them in an address would be decoded once more."""
    written = '\n\n'.join(sanitize(place.format(destination)) for destination in DESTINATIONS[::17])
    assert nbconvert_findings(written) == []


@pytest.mark.skipif(bool(no_marked()), reason=no_marked())
def test_no_form_of_a_script_is_a_link_for_jupyterlab() -> None:
    """It leaves entities to the browser, which needs no semicolon."""
    written = [
        sanitize(place.format(destination)) for at, place in enumerate(PLACES) for destination in DESTINATIONS[at::10]
    ]
    assert jupyterlab_findings(written) == {}


@pytest.mark.parametrize(
    ('destination', 'written'),
    [
        ('&#x26;#106;avascript:alert', '%26#106;avascript:alert'),
        ('&amp;colon;x', '%26colon;x'),
        ('&#106avascript:x', '%26#106avascript:x'),
        ('java&#115;cript:x', None),
        ('javascript%3Ax', None),
        ('javascript%253Ax', 'javascript%253Ax'),
        ('https://a.b/?x=1&copy=2&section=3', 'https://a.b/?x=1&copy=2&section=3'),
        ('https://a.b/?x=1&amp;y=2', 'https://a.b/?x=1&y=2'),
        ('https&colon;//a.b', 'https://a.b'),
        ('&notaname;', '%26notaname;'),
        ('a&#0;b&#xD800;c&#x110000;', 'a%EF%BF%BDb%EF%BF%BDc%EF%BF%BD'),
        ('a&#xD7FF;&#xE000;&#x10FFFF;', 'a%ED%9F%BF%EE%80%80%F4%8F%BF%BF'),
        ('MAILTO:a@b.c', 'MAILTO:a@b.c'),
        ('a@@b', 'a%40%40b'),
        ('/a:b', '/a:b'),
        ('?a:b', '?a:b'),
        ('#a:b', '#a:b'),
        ('./a:b', './a:b'),
        ('a:b', None),
        ('', ''),
        (':', None),
        ('\\(a\\)', '%28a%29'),
        ('é$', '%C3%A9%24'),
    ],
)
def test_a_destination_is_decoded_once(destination: str, written: str | None) -> None:
    assert safe_destination(destination) == written


@given(st.text('ahtps:/?#&;=%@.\\()é$+3A ', max_size=30))
def test_a_link_leads_where_the_model_said(destination: str) -> None:
    """Up to what is percent-encoded, as Markdown itself does; an entity that was meant as text is so too."""
    written = safe_destination(destination)
    if written is None or destination.endswith('\\'):
        return
    addresses = [
        [str(token.attrs['href']) for token in tokens(f'[x](<{place}>)') if token.type == 'link_open']
        for place in (destination, written)
    ]
    original, ours = ([re.sub('%[0-9A-Fa-f]{2}|[()@$&]', '', href) for href in links] for links in addresses)
    assert original == ours
    assert safe_destination(written) == written


# ------------------------------------------------------------------ readers that differ on what is code

TANGLED = [
    '~~a `b~~ <img src=x onerror=alert(1)>`',
    '~~a ``b~~ <img src=x onerror=alert(1)>``',
    '*a ``x ` y* <img src=x onerror=alert(1)> ``',
    '**a ``x ` y** <script>alert(1)</script> ``',
    '_a ``x ` y_ [z](javascript:alert(1)) ``',
    'https://a.b/`c <img src=x onerror=alert(1)>`',
    'www.a.b/`c <img src=x onerror=alert(1)>`',
    '*a ``x ` y* `z <b>` <i> `` `<img src=x onerror=alert(1)>`',
    '](x)```![a](x)~`<b>*``>a@b.c~[<img src=x> <i>~~``www.a.b',
    '~```a~` <img src=x onerror=alert(1)>```',
    '| a |\n| - |\n| `b | <img src=x onerror=alert(1)>` |',
    '`a\n- <img src=x onerror=alert(1)>`',
    '`a\n\n<img src=x onerror=alert(1)>`',
    '`a\n# <img src=x onerror=alert(1)>`',
    '- ```\n <img src=x onerror=alert(1)>\n  ```',
    '[^a]:\n\n    <img src=x onerror=alert(1)>',
    '`a $` <b> `$ <img src=x onerror=alert(1)>`',
    '`$$` <b> `$$ <img src=x onerror=alert(1)>`',
    '$a `$ <img src=x onerror=alert(1)>`',
    '`\\\\[` x `\\\\] <img src=x onerror=alert(1)>`',
]
"""Code to CommonMark; to some marked, or after its formulas were taken out of the text, it is none."""


@pytest.mark.skipif(bool(no_marked()), reason=no_marked())
def test_code_that_is_none_for_jupyterlab_is_harmless_as_text() -> None:
    written = {text: sanitize(text) for text in TANGLED}
    assert jupyterlab_findings(written.values()) == {}
    assert jupyterlab_findings(TANGLED), 'the reader sees what was not sanitized'
    assert {
        text: found for text, safe in written.items() if (found := findings(safe) or nbconvert_findings(safe))
    } == {}


@pytest.mark.parametrize(
    ('text', 'written'),
    [
        ('~~a `b~~ <img>`', f'~~a `b~~ <{JOINER}img>`'),
        ('*a ``x ` y* <b> ``', f'*a ``x ` y* <{JOINER}b> ``'),
        ('https://a.b`<b>`', f'https://a.b`<{JOINER}b>`'),
        ('`<b>` ~~a `b~~ <i>` `<b>`\n\n`<b>`', f'`<b>` ~~a `b~~ <{JOINER}i>` `<{JOINER}b>`\n\n`<b>`'),
        ('~~a~~ `b~~ <i>` *c* `d* <e>`', '~~a~~ `b~~ <i>` *c* `d* <e>`'),
        ('* item `a* <b>`', '* item `a* <b>`'),
        ('~~a\n\n`b~~ <i>`', '~~a\n\n`b~~ <i>`'),
        ('[a `b](c) <d>`', '[a `b](c)'.replace('](', f']{JOINER}(') + f' <{JOINER}d>`'),
        ('[a] `b](c) <d>`', '[a] `b](c) <d>`'),
    ],
)
def test_only_code_that_some_reader_enters_is_changed(text: str, written: str) -> None:
    assert sanitize(text) == written


# ------------------------------------------------------------------ documents

WORD = st.sampled_from(
    ['some', 'words', 'and', 'é你', '3 < 4', 'a & b', 'x_y', '100%', 'c.', '"q"', "it's", '&lt;', '&copy;']
)
HTML = st.sampled_from(
    ['<b>', '</b>', '<img src=x onerror=alert(1)>', '<script>alert(1)</script>', '<!-- c -->', '<?p?>']
)
LINK = st.sampled_from(DESTINATIONS[::11]).map(lambda to: re.sub(r'[\s\x00-\x1f]', '', to)) | st.sampled_from(
    ['https://a.b/c?d=e&f=g#h', '/a(b)', 'mailto:a@b.c', '#here', 'data:text/html,x', 'vbscript:x', 'file:///x']
)
CODE = st.text('ab <>/=&;|', min_size=1, max_size=12).map(lambda code: f'`{code.strip() or "x"}`')
INLINE = st.one_of(
    WORD,
    HTML,
    CODE,
    WORD.map(lambda word: f'**{word}**'),
    WORD.map(lambda word: f'*{word}*'),
    st.tuples(WORD, LINK).map(lambda pair: f'[{pair[0]}]({pair[1]})'),
    LINK.map(lambda to: f'![an image]({to})'),
)
LINE = st.lists(INLINE, min_size=1, max_size=6).map(' '.join)
CODE_LINES = st.lists(st.text('ab <>/=&;|[](){}$\\*_~`"\'', max_size=20), max_size=4)
BLOCK = st.one_of(
    LINE,
    LINE.map(lambda line: f'# {line}'),
    st.lists(LINE, min_size=1, max_size=3).map(lambda lines: '\n'.join(f'- {line}' for line in lines)),
    st.lists(LINE, min_size=1, max_size=2).map(lambda lines: '\n'.join(f'> {line}' for line in lines)),
    CODE_LINES.map(lambda lines: '\n'.join(['~~~~~py', *(line.replace('~', '') for line in lines), '~~~~~'])),
)
DOCUMENT = st.lists(BLOCK, min_size=1, max_size=5).map(lambda blocks: '\n\n'.join(f'{block}\n' for block in blocks))


@given(DOCUMENT)
def test_a_document_says_the_same_and_can_do_nothing(text: str) -> None:
    written = sanitize(text)
    assert html_of(written) == []
    assert findings(written) == []
    assert code_of(written) == code_of(text)
    assert sanitize(written) == written or findings(sanitize(written)) == []


@given(
    st.lists(st.one_of(WORD, HTML, WORD.map(lambda word: f'**{word}**'), CODE), min_size=1, max_size=8).map(' '.join)
)
def test_what_is_seen_is_what_the_model_wrote(text: str) -> None:
    written = sanitize(f'. {text}')
    assert text_of(written) == text_of(f'. {text}')
    assert sanitize(written) == written


@settings(max_examples=30)
@given(DOCUMENT)
def test_every_part_of_a_growing_document_is_safe(text: str) -> None:
    for end in range(0, len(text), 7):
        assert html_of(sanitize(repair(text[:end]))) == []


@given(st.text('`$<>[]()!\\|*_~ab \n-&;:@{}"\'#0', max_size=60))
def test_any_text_is_safe_when_sanitized_twice(text: str) -> None:
    once = sanitize(text)
    assert html_of(once) == html_of(sanitize(once)) == []
    assert findings(sanitize(once)) == []


@PAYLOADS
def test_no_payload_is_html(payloads: list[dict[str, Any]]) -> None:
    written = {case['name']: html_of(sanitize(case['payload'] or '')) for case in payloads}
    assert {name: html for name, html in written.items() if html} == {}


@PAYLOADS
@pytest.mark.skipif(bool(no_marked()), reason=no_marked())
def test_no_payload_gets_through_jupyterlab(payloads: list[dict[str, Any]]) -> None:
    assert jupyterlab_findings(sanitize(case['payload']) for case in payloads if case['payload']) == {}

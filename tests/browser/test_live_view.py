"""The live view in a real JupyterLab and a real Notebook 7: what a person sees while an answer grows, and after it."""

import base64
import json
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from time import monotonic
from typing import Any

import nbformat
import pytest
from playwright.sync_api import Browser

from .rig import Classic, Lab, Notebook, Server, until

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]
LINE = 24
"""Pixels of a line, with its margin."""

PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

SCHEMA = "Cannot read properties of undefined (reading 'schema')"
"""An error of Notebook 7's own, sometimes, while it starts."""

CLOSED = '[anywidget] Failed to initialize model.'
"""What anywidget 0.11 says, to nobody, of any widget that is closed before its module is loaded."""

SETUP = r"""
%load_ext jupyter_stream
import asyncio, base64, json, re
from pathlib import Path
from jupyter_stream import aask, ask, show
from jupyter_stream.messages import (
    BinaryContent, Citation, FilePart, NativeToolReturnPart, PartEndEvent, PartStartEvent, TextPart, WebCitationSource,
)
from jupyter_stream.models.function import DeltaThinkingPart, DeltaToolCall, FunctionModel
from jupyter_stream.notebook.views import widget

# A busy machine shows a view later than an answer that is over at once usually waits for it.
widget.MOUNTING = 60

TEXT = '''## A title

Some *text*, **bold words**, `code`, ~~gone~~ and a [link](https://example.org/a). Remote:
![far](https://example.org/a.png).

1. one
2. two

| name | value |
| --- | ---: |
| one | 1 |
| two | 22 |

```python
def double(x):
    return 2 * x  # a comment
```

Here is $x^2 + y_1$, and

$$\\int_0^1 x\\,dx = \\frac12$$

> a quotation

It costs $5 and $10. The end.'''

THOUGHT = 'Let me think about **this** for a while.\n\nFirst the one, then the other.'

def words(text, pause, first=0.0):
    async def stream(messages, info):
        await asyncio.sleep(first)
        for piece in re.findall(r'.{1,6}', text, re.S):
            yield piece
            await asyncio.sleep(pause)
    return FunctionModel(stream_function=stream)

async def think(messages, info):
    for piece in re.findall(r'.{1,5}', THOUGHT, re.S):
        yield {0: DeltaThinkingPart(content=piece)}
        await asyncio.sleep(0.12)
    for piece in re.findall(r'.{1,5}', 'The answer is forty-two, as everybody knows by now.'):
        yield piece
        await asyncio.sleep(0.08)

async def call(messages, info):
    yield {0: DeltaToolCall(name='get_weather', tool_call_id='1')}
    for piece in ['{"city"', ': "Par', 'is", ', '"days": ', '[1, 2, 3]', '}']:
        yield {0: DeltaToolCall(json_args=piece, tool_call_id='1')}
        await asyncio.sleep(0.25)

async def fail(messages, info):
    from jupyter_stream.exceptions import ModelAPIError
    yield 'Half an answer, '
    await asyncio.sleep(0.3)
    yield 'and then'
    await asyncio.sleep(0.3)
    raise ModelAPIError('fail', 'The provider went away.')

async def chunks(text, reason, model='gpt-x'):
    def chunk(delta, reason=None):
        choice = {'index': 0, 'delta': delta, 'finish_reason': reason}
        return {'object': 'chat.completion.chunk', 'model': model, 'choices': [choice]}

    for piece in re.findall(r'.{1,9}', text):
        yield chunk({'content': piece})
        await asyncio.sleep(0.03)
    yield chunk({}, reason) | {'usage': {'prompt_tokens': 1234, 'completion_tokens': 7, 'total_tokens': 1241}}

PIXEL = '@PIXEL@'

async def parts():
    source = WebCitationSource('https://example.org/source', title='A page', excerpts=['so it is'])
    whole = [
        NativeToolReturnPart('web_search', {'found': [1, 2]}, tool_call_id='1'),
        FilePart(BinaryContent(base64.b64decode(PIXEL), media_type='image/png')),
        FilePart(BinaryContent(b'a,b', media_type='text/csv')),
        TextPart(f'An image: ![dot](data:image/png;base64,{PIXEL})'),
        TextPart('\u05e9\u05dc\u05d5\u05dd'),
        TextPart('It is so.', citations=[Citation([source])]),
    ]
    for index, part in enumerate(whole):
        yield PartStartEvent(index=index, part=part)
        await asyncio.sleep(0.1)
        yield PartEndEvent(index=index, part=part)
    await asyncio.sleep(1.5)

async def gated(messages, info):
    gates = {'before the code': '```', 'in the code': '# a comment', 'before the end': 'The end.'}
    size = 0
    for piece in re.findall(r'.{1,6}', TEXT, re.S):
        size += len(piece)
        for gate, mark in gates.items():
            while size > TEXT.index(mark) and not Path('gates', gate).exists():
                await asyncio.sleep(0.05)
        yield piece
        await asyncio.sleep(0.02)

whole, at_once = words(TEXT, 0.03), words('It is.', 0)
late = words('A late answer.', 0.02, first=1.2)
long = words('\n\n'.join(f'Paragraph {n} with some words in it.' for n in range(60)), 0.008)
endless = words(' '.join(f'word{n}' for n in range(5000)), 0.02)
thinking, tools, failing, gate = (FunctionModel(stream_function=f) for f in (think, call, fail, gated))
""".replace('@PIXEL@', PIXEL)

CELLS = {
    'setup': SETUP,
    'whole': '%%ask -m whole -o answer\nWhat is {this}?',
    'late': '%%ask -m late\nWell?',
    'at once': '%%ask -m at_once\nWell?',
    'priced': "await show(chunks('It was not for nothing.', 'stop', 'gpt-4o'), title='gpt-4o');",
    'gated': '%%ask -m gate -o answer\nWell?',
    'thinking': '%%ask -m thinking -o thought\nWell?',
    'tools': '%%ask -m tools\nThe weather?',
    'failing': '%%ask -m failing\nWell?',
    'length': "await show(chunks('This answer is longer than it may be', 'length'), title='gpt-x');",
    'refused': "await show(chunks('I would rather not say', 'content_filter'), title='gpt-x');",
    'parts': "await show(parts(), title='parts');",
    'long': '%%ask -m long\nA long one.',
    'endless': '%%ask -m endless -o partial\nGo on.',
    'queued': 'queued = True',
    'synchronous': "partial = ask('Go on.', model=endless)",
    'ten': "ten = await asyncio.gather(*(aask('Go', model=words(TEXT, 0.005)) for _ in range(10)))",
    'check': '',
}

WATCH = """
const area = cells[args[0]].outputArea.node;
const seen = window.seen = {heights: [], grown: [], texts: [], running: true, swapped: false};
const look = () => {
    if (!seen.running) return;
    if (area.querySelector('.jps-view')) seen.live = true;
    else if (seen.live) seen.swapped = true;
    const text = area.innerText;
    if (text !== seen.texts.at(-1)) seen.texts.push(text);
    const {height} = area.getBoundingClientRect();
    if (!seen.swapped && seen.live) seen.grown.push(height);
    seen.heights.push(height);
    requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""


class Book:
    """A notebook whose cells have names."""

    def __init__(self, app: Lab, name: str) -> None:
        self.app = app
        self.cell = {name: index for index, name in enumerate(CELLS)}
        self.path = app.write(name, list(CELLS.values()))
        self.notebook: Notebook = app.open(self.path)
        self.run('setup')

    @property
    def page(self) -> Any:
        return self.app.page

    def js(self, body: str, name: str, *args: Any) -> Any:
        return self.notebook.js(body, self.cell[name], *args)

    def start(self, name: str) -> None:
        self.notebook.reveal(self.cell[name])
        self.notebook.start(self.cell[name])

    def ended(self, name: str) -> None:
        self.notebook.wait_end(self.cell[name])

    def run(self, name: str) -> None:
        self.notebook.run(self.cell[name])

    def until(self, name: str, selector: str, what: str = '', timeout: float = 20) -> None:
        body = 'return !!cells[args[0]].outputArea.node.querySelector(args[1])'
        what = what or f'{selector} is below {name}'
        until(lambda: self.js(body, name, selector), what, timeout, 0.02, lambda: self.notebook.html(self.cell[name]))

    def has(self, name: str, selector: str) -> bool:
        return self.js('return !!cells[args[0]].outputArea.node.querySelector(args[1])', name, selector)

    def text(self, name: str, selector: str = '') -> str:
        body = "return (args[1] ? area.querySelector(args[1]) : area)?.innerText ?? ''"
        return self.js(f'const area = cells[args[0]].outputArea.node; {body}', name, selector)

    def outputs(self, name: str) -> list[dict[str, Any]]:
        return self.notebook.outputs(self.cell[name])

    def value(self, expression: str) -> str:
        index = self.cell['check']
        self.notebook.js('cells[args[0]].model.sharedModel.setSource(args[1]);', index, f'print({expression})')
        self.notebook.run(index)
        return self.notebook.text(index)

    def shot(self, name: str, of: str) -> None:
        self.notebook.reveal(self.cell[of])
        self.page.wait_for_timeout(150)
        self.app.screenshot(name)


@pytest.fixture(scope='module', params=['JupyterLab', 'Notebook 7'])
def book(server: Server, browser: Browser, request: pytest.FixtureRequest) -> Iterator[Book]:
    kind = {'JupyterLab': Lab, 'Notebook 7': Classic}[request.param]
    app = kind(server, browser, ROOT / 'build' / 'screenshots')
    book = Book(app, f'live-{kind.__name__.lower()}.ipynb')
    book.run('late')  # what travels once a page is there
    yield book
    assert [error for error in app.errors if error not in (SCHEMA, CLOSED)] == []
    app.page.context.close()
    server.stop_kernels()


def shot_name(book: Book, name: str) -> str:
    return f'live-{name}' if type(book.app) is Lab else f'live-{name}-notebook7'


def drop_of(heights: list[float]) -> float:
    """By how much the height shrank at most from one frame to the next."""
    return max((before - after for before, after in pairwise(heights)), default=0)


def test_it_grows_calmly_and_leaves_plain_markdown(book: Book) -> None:
    book.js(WATCH, 'whole')
    book.start('whole')
    book.until('whole', 'table tr:nth-child(2)')
    book.shot(shot_name(book, 'growing'), 'whole')
    book.ended('whole')
    book.page.wait_for_timeout(1300)
    seen = book.js('window.seen.running = false; return window.seen;', 'whole')
    assert seen['live'] and seen['swapped']
    assert drop_of(seen['grown']) <= 1, 'while it grows it never shrinks'
    heights = [height for height in seen['heights'] if height]
    assert drop_of(heights) <= LINE, f'the page jumped up by {drop_of(heights)} px'
    assert len({len(text) for text in seen['texts']}) > 10, 'it grew'
    raw = [text for text in seen['texts'] if re.search(r'\*\*|```|~~|\$\$|\]\(|\| -', text)]
    assert raw == [], 'half-open Markdown was shown'
    book.shot(shot_name(book, 'done'), 'whole')
    (output,) = book.outputs('whole')
    assert set(output['data']) == {'text/markdown', 'text/plain'}
    assert book.value('answer.text == TEXT') == 'True'


def test_it_looks_the_same_before_and_after(book: Book) -> None:
    book.js(WATCH, 'whole')
    book.start('whole')
    book.ended('whole')
    book.page.wait_for_timeout(1500)
    heights = book.js('window.seen.running = false; return window.seen.heights;', 'whole')
    grown, after = max(heights), heights[-1]
    assert abs(grown - after) <= LINE, f'{grown} px while it grew, {after} px afterwards'


def test_a_muted_line_stays_below_it_and_is_not_saved(book: Book) -> None:
    book.run('late')
    book.until('late', '.jps-left')
    line = book.text('late', '.jps-left .jps-footer-text')
    first = re.match(r'(\d+\.\d+) s to the first token', line)
    assert first and float(first[1]) >= 1.2 and 'tokens in' not in line
    assert re.search(r'— stream · \d+ tokens in, \d+ out', book.text('late')), 'that is saved'
    assert 'first token' not in json.dumps(book.outputs('late'))
    book.run('length')
    book.until('length', '.jps-left')
    line = book.text('length', '.jps-left .jps-footer-text')
    assert re.match(r'\d+\.\d+ s to the first token', line) and 'length' not in line
    assert '— gpt-x · 1,234 tokens in, 7 out' in book.text('length')
    book.run('priced')
    book.until('priced', '.jps-left')
    assert book.text('priced', '.jps-left .jps-footer-text').endswith(' · ≈ $0.0032 (estimate)')
    book.run('at once')
    book.until('at once', '.jps-left', 'also where it was over before the page could show it')
    book.start('late')
    until(lambda: not book.has('late', '.jps-left'), 'a new run takes the old line away')
    book.ended('late')


@pytest.mark.parametrize('width', [420, 520, 1100])
def test_the_muted_line_lies_over_no_text(book: Book, width: int) -> None:
    page = book.page
    page.set_viewport_size({'width': width, 'height': 900})
    try:
        book.run('priced')
        book.until('priced', '.jps-left')
        book.until('priced', '.jp-RenderedMarkdown em')
        boxes = book.js(
            """const area = cells[args[0]].outputArea.node;
            const box = range => { const {top, bottom} = range.getBoundingClientRect(); return [top, bottom]; };
            const line = area.querySelector('.jps-left'), output = area.querySelector('.jp-OutputArea-output');
            const text = document.createRange(), muted = document.createRange();
            text.setStart(output, 0), text.setEndBefore(line), muted.selectNodeContents(line);
            const {left, right} = line.getBoundingClientRect(), whole = area.getBoundingClientRect();
            return {read: text.toString(), text: box(text), line: box(muted),
                inside: left >= whole.left && right <= whole.right + 1,
                shown: line.getBoundingClientRect().bottom <= whole.bottom + 1,
                beside: output.getBoundingClientRect().width > whole.width / 2};""",
            'priced',
        )
        book.shot(f'{shot_name(book, "narrow")}-{width}', 'priced')
    finally:
        page.set_viewport_size({'width': 1100, 'height': 900})
    assert 'It was not for nothing.' in boxes['read'] and 'tokens in' in boxes['read']
    assert boxes['text'][1] <= boxes['line'][0] + 1, 'the line begins where the text has ended'
    assert boxes['inside'] and boxes['shown'] and boxes['beside']


def test_the_wait_is_counted_and_what_goes_on_is_announced(book: Book) -> None:
    book.start('late')
    book.until('late', '.jps-view')
    until(lambda: re.search(r'0\.[3-9] s', book.text('late')), 'seconds are counted', every=0.02)
    facts = book.js(
        """const view = cells[args[0]].outputArea.node.querySelector('.jps-view');
        const log = view.querySelector('[role=log]'), status = document.querySelector('.jps-voice');
        status.replaceChildren();
        const buttons = [...view.querySelectorAll('button')];
        return {live: log.ariaLive, busy: log.ariaBusy, status: status.ariaLive, said: status.textContent,
            reachable: buttons.every(button => button.tabIndex >= 0 && button.ariaLabel)};""",
        'late',
    )
    assert facts == {'live': 'off', 'busy': 'true', 'status': 'polite', 'said': '', 'reachable': True}
    heard = "return document.querySelector('.jps-voice').innerText;"
    until(lambda: 'answers.' in book.js(heard, 'late'), 'the first word is announced', every=0.02)
    book.ended('late')
    until(lambda: 'The answer is complete.' in book.js(heard, 'late'), 'so is the end')


def test_thinking_is_open_while_it_thinks_and_closed_after(book: Book) -> None:
    book.start('thinking')
    book.until('thinking', 'details.jps-thinking[open], details[open]')
    until(lambda: 'Let me think' in book.text('thinking'), 'the thought is read while it grows', every=0.02)
    book.shot(shot_name(book, 'thinking'), 'thinking')
    until(lambda: not book.has('thinking', 'details[open]'), 'it closes when the answer begins', every=0.02)
    assert book.has('thinking', '.jps-view')
    book.ended('thinking')
    book.page.wait_for_timeout(600)
    assert book.has('thinking', 'details:not([open])') and 'forty-two' in book.text('thinking')
    book.shot(shot_name(book, 'thought'), 'thinking')


def test_a_thought_that_the_reader_touched_stays_as_it_is(book: Book) -> None:
    book.start('thinking')
    book.until('thinking', 'details[open]')
    toggle = "cells[args[0]].outputArea.node.querySelector('summary').click();"
    book.js(toggle, 'thinking')
    book.page.wait_for_timeout(100)
    book.js(toggle, 'thinking')
    until(lambda: 'forty' in book.text('thinking'), 'the answer has begun', every=0.02)
    assert book.has('thinking', '.jps-view details[open]')
    book.ended('thinking')
    book.page.wait_for_timeout(600)
    assert book.has('thinking', 'details[open]'), 'also after the widget has gone'


def test_a_tool_call_fills_in(book: Book) -> None:
    book.js(WATCH, 'tools')
    book.start('tools')
    until(lambda: '"Par' in book.text('tools') and '[1' not in book.text('tools'), 'half of the arguments', every=0.02)
    assert 'get_weather' in book.text('tools')
    book.shot(shot_name(book, 'tool-call'), 'tools')
    book.ended('tools')
    book.page.wait_for_timeout(1500)
    assert '"days": [' in book.text('tools')
    heights = book.js('window.seen.running = false; return window.seen.heights;', 'tools')
    assert abs(max(heights) - heights[-1]) <= LINE, 'the card is as high as what is saved of it'


@pytest.mark.parametrize(
    ('name', 'mark', 'words'),
    [
        ('failing', 'error', 'The model failed'),
        ('length', 'length', 'Cut at the token limit'),
        ('refused', 'content_filter', 'content filter'),
    ],
)
def test_what_ended_an_answer_early_is_marked(book: Book, name: str, mark: str, words: str) -> None:
    book.run(name)
    book.page.wait_for_timeout(600)
    assert words in book.text(name)
    assert set(book.outputs(name)[0]['data']) == {'text/markdown', 'text/plain'}
    book.shot(shot_name(book, mark), name)


def test_links_and_pictures_are_safe(book: Book) -> None:
    asked: list[str] = []
    book.page.on('request', lambda request: asked.append(request.url))
    book.start('whole')
    book.until('whole', '.jps-view table')
    links = book.js(
        """return [...cells[args[0]].outputArea.node.querySelectorAll('.jps-view a')]
            .map(link => [link.href, link.target, link.rel]);""",
        'whole',
    )
    assert {href for href, *_ in links} == {'https://example.org/a', 'https://example.org/a.png'}
    assert all(target == '_blank' and 'noopener' in rel and 'noreferrer' in rel for _, target, rel in links)
    assert not book.has('whole', '.jps-view img')
    book.ended('whole')
    assert not [url for url in asked if 'example.org' in url]


def test_pictures_come_from_the_web_where_the_user_allows_it(book: Book) -> None:
    picture = base64.b64decode(PIXEL)
    book.page.route('https://example.org/**', lambda route: route.fulfill(body=picture, content_type='image/png'))
    book.value("get_ipython().run_line_magic('config', 'AskMagics.images = True')")
    try:
        with book.page.expect_request('https://example.org/a.png') as asked:
            book.start('whole')
            book.until('whole', '.jps-view img[src="https://example.org/a.png"]')
        assert asked.value.header_value('referer') is None, 'and nobody is told from where'
        book.ended('whole')
        book.until('whole', '.jp-RenderedMarkdown img[src="https://example.org/a.png"]', 'it stays')
    finally:
        book.value("get_ipython().run_line_magic('config', 'AskMagics.images = False')")
        book.page.unroute('https://example.org/**')


def open_gates(server: Server, *names: str) -> None:
    """Let the answer of 'gated' go through these gates, and through no others."""
    folder = server.work / 'gates'
    folder.mkdir(exist_ok=True)
    for name in ('before the code', 'in the code', 'before the end'):
        if name in names:
            (folder / name).touch()
        else:
            (folder / name).unlink(missing_ok=True)


def test_code_and_the_answer_can_be_copied_by_keys(book: Book, server: Server) -> None:
    book.page.context.grant_permissions(['clipboard-read', 'clipboard-write'])
    open_gates(server, 'before the code')
    book.start('gated')
    book.until('gated', '.jps-view pre .jps-copy')
    book.js("cells[args[0]].outputArea.node.querySelector('.jps-view').focus();", 'gated')
    reached: list[str] = []
    for _ in range(8):
        book.page.keyboard.press('Tab')
        reached.append(book.page.evaluate('document.activeElement.ariaLabel ?? document.activeElement.localName'))
        if reached[-1] == 'Copy the answer':
            break
    assert reached == ['a', 'a', 'Copy the code', 'Stop the answer', 'Copy the answer']
    book.page.keyboard.press('Shift+Tab')
    book.page.keyboard.press('Shift+Tab')
    open_gates(server, 'before the code', 'in the code')
    until(lambda: 'quotation' in book.text('gated'), 'the code is whole', every=0.02)
    book.page.keyboard.press('Enter')
    book.until('gated', '.jps-view pre .jps-copy[data-said=Copied]')
    pasted = 'navigator.clipboard.readText()'
    assert book.page.evaluate(pasted).strip() == 'def double(x):\n    return 2 * x  # a comment'
    open_gates(server, 'before the code', 'in the code', 'before the end')
    book.ended('gated')
    book.until('gated', '.jps-left > .jps-copy', 'also after the widget has gone')
    book.js("cells[args[0]].outputArea.node.querySelector('.jps-left > .jps-copy').focus();", 'gated')
    book.page.keyboard.press('Enter')
    book.until('gated', '.jps-left > .jps-copy[data-said=Copied]')
    assert book.page.evaluate(pasted).startswith('## A title') and book.page.evaluate(pasted).endswith('The end.')


MARK_CODE = """
const view = cells[args[0]].outputArea.node.querySelector('.jps-view');
const texts = root => {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT), found = [];
    while (walker.nextNode()) found.push(walker.currentNode);
    return found;
};
const first = texts(view).find(text => text.data.includes('bold words'));
const last = texts(view.querySelector('pre')).find(text => text.data.includes('a comment'));
getSelection().setBaseAndExtent(first, first.data.indexOf('words'), last, last.data.indexOf('comment'));
return getSelection().toString();
"""
CODE = """
return [...cells[args[0]].outputArea.node.querySelectorAll(args[1] + ' pre > code span')]
    .map(node => [node.innerText, getComputedStyle(node).color, getComputedStyle(node).fontStyle]);
"""


def test_a_selection_survives_the_swap_and_code_keeps_its_colours(book: Book, server: Server) -> None:
    open_gates(server, 'before the code', 'in the code')
    book.start('gated')
    book.until('gated', '.jps-view blockquote')
    until(lambda: len({colour for _, colour, _ in book.js(CODE, 'gated', '.jps-view')}) > 2, 'the code has colours')
    coloured = book.js(CODE, 'gated', '.jps-view')
    marked = book.js(MARK_CODE, 'gated')
    open_gates(server, 'before the code', 'in the code', 'before the end')
    book.ended('gated')
    book.until('gated', '.jps-left')
    assert not book.has('gated', '.jps-view'), 'the Markdown has taken its place'
    kept = book.js('return getSelection().toString();', 'gated')
    assert kept.split() == marked.split() and marked.startswith('words') and marked.endswith('# a ')
    assert book.js('return cells[args[0]].outputArea.node.contains(getSelection().anchorNode);', 'gated')
    assert book.js(CODE, 'gated', '.jp-RenderedMarkdown') == coloured
    book.shot(shot_name(book, 'selected'), 'gated')
    book.js('getSelection().removeAllRanges();', 'gated')


def test_nothing_moves_for_who_wants_no_motion(book: Book) -> None:
    moving = "return cells[args[0]].outputArea.node.querySelector('.jps-view').getAnimations({subtree: true}).length;"
    counts: list[int] = []
    for motion in ('no-preference', 'reduce'):
        book.page.emulate_media(reduced_motion=motion)
        book.start('late')
        book.until('late', '.jps-view .jps-dot')
        book.page.wait_for_timeout(300)
        counts.append(book.js(moving, 'late'))
        book.ended('late')
    book.page.emulate_media(reduced_motion=None)
    assert counts[0] > 0 and counts[1] == 0


def test_parts_of_every_kind_are_shown(book: Book) -> None:
    book.start('parts')
    book.until('parts', '.jps-view .jps-flow a[href*=source]')
    assert 'web_search' in book.text('parts', '.jps-return') and '"found": [' in book.text('parts', '.jps-return')
    facts = book.js(
        """const view = cells[args[0]].outputArea.node.querySelector('.jps-view');
        const images = [...view.querySelectorAll('img')];
        await Promise.all(images.map(image => image.decode()));
        const direction = node => getComputedStyle(node).direction;
        return {images: images.map(image => [image.src.slice(0, 15), image.naturalWidth]),
            directions: [...view.querySelectorAll('.jps-text')].map(direction)};""",
        'parts',
    )
    assert facts == {'images': [['data:image/png;', 1]] * 2, 'directions': ['ltr', 'rtl', 'ltr']}
    assert 'text/csv' in book.text('parts') and book.has('parts', '.jps-view sup')
    book.shot(shot_name(book, 'parts'), 'parts')
    with book.page.expect_download() as download:
        book.js(
            """[...cells[args[0]].outputArea.node.querySelectorAll('.jps-file button')]
                .find(button => button.innerText === 'Download').click();""",
            'parts',
        )
    assert download.value.suggested_filename == 'file.csv' and download.value.path().read_bytes() == b'a,b'
    book.ended('parts')
    book.page.wait_for_timeout(600)
    book.shot(shot_name(book, 'parts-done'), 'parts')
    assert not book.has('parts', '.jps-view') and 'A page' in book.text('parts')


def test_a_selection_survives_and_a_reader_is_left_alone(book: Book) -> None:
    book.start('long')
    until(lambda: 'Paragraph 12 ' in book.text('long'), 'it has grown')
    selected = book.js(
        """const text = cells[args[0]].outputArea.node.querySelector('.jps-view p').firstChild;
        getSelection().setBaseAndExtent(text, 0, text, 9);
        return getSelection().toString();""",
        'long',
    )
    scroll = """let node = cells[args[0]].node;
        const scrolls = node => /auto|scroll/.test(getComputedStyle(node).overflowY);
        while (node && !(node.scrollHeight > node.clientHeight + 1 && scrolls(node))) node = node.parentElement;"""
    before = book.js(scroll + 'return node.scrollTop;', 'long')
    until(lambda: 'Paragraph 30 ' in book.text('long'), 'it has grown more')
    assert book.js('return getSelection().toString();', 'long') == selected == 'Paragraph'
    assert book.js(scroll + 'return node.scrollTop;', 'long') == before, 'who reads is left alone'
    book.js(
        scroll
        + 'getSelection().removeAllRanges(); node.scrollTop += cells[args[0]].node.getBoundingClientRect().bottom - '
        'node.getBoundingClientRect().bottom;',
        'long',
    )
    at = book.js(scroll + 'return node.scrollTop;', 'long')
    until(lambda: 'Paragraph 50 ' in book.text('long'), 'it has grown to its end')
    assert book.js(scroll + 'return node.scrollTop;', 'long') > at + 50, 'who is at the end is followed'
    book.ended('long')


def click_stop(book: Book, name: str) -> None:
    book.until(name, '.jps-stop')
    until(lambda: 'word9' in book.text(name), 'it has begun')
    book.js("cells[args[0]].outputArea.node.querySelector('.jps-stop').click();", name)


def test_the_button_stops_an_answer_and_what_is_queued(book: Book) -> None:
    book.value('1')
    book.notebook.js(
        """panel.content.activeCellIndex = args[0]; panel.content.deselectAll();
        panel.content.select(cells[args[1]]);
        app.shell.activateById(panel.id); window.ended = false;
        app.commands.execute('notebook:run-cell').finally(() => { window.ended = true; });""",
        book.cell['endless'],
        book.cell['queued'],
    )
    click_stop(book, 'endless')
    clicked = monotonic()
    until(lambda: book.notebook.js('return window.ended;'), 'the cell is over', 30, every=0.02)
    took = monotonic() - clicked
    assert took < 10, f'it went on for {took:.2f} s'
    book.notebook.wait_idle(30)
    book.page.wait_for_timeout(500)
    book.shot(shot_name(book, 'interrupted'), 'endless')
    answer, error = book.outputs('endless')
    text = answer['data']['text/markdown']
    assert 'word9' in text and '*Stopped. What came is kept.*' in text
    assert error['ename'] == 'Interrupted' and len(''.join(error['traceback'])) < 300
    assert book.value("partial.state, 'queued' in globals()") == 'interrupted False'


def test_escape_stops_an_answer(book: Book) -> None:
    book.start('endless')
    until(lambda: 'word9' in book.text('endless'), 'it has begun')
    book.js("cells[args[0]].outputArea.node.querySelector('.jps-view').focus();", 'endless')
    book.page.keyboard.press('Escape')
    until(lambda: book.notebook.js('return window.ended;'), 'the cell is over', 30)
    assert 'Stopped. What came' in book.outputs('endless')[0]['data']['text/markdown']


def test_the_button_stops_a_synchronous_call_by_an_interrupt(book: Book) -> None:
    book.start('synchronous')
    click_stop(book, 'synchronous')
    book.notebook.wait_idle(30)
    assert 'Stopped. What came' in book.outputs('synchronous')[0]['data']['text/markdown']


def test_ten_at_once_all_end_whole(book: Book) -> None:
    book.run('ten')
    book.page.wait_for_timeout(1000)
    assert book.value('[answer.text == TEXT for answer in ten] == 10 * [True]') == 'True'
    assert len(book.outputs('ten')) == 10
    assert book.text('ten').count('The end.') == 10
    assert not book.has('ten', '.jps-view')


def test_a_reloaded_page_goes_on(book: Book, server: Server) -> None:
    open_gates(server)
    book.start('gated')
    book.until('gated', '.jps-view table')
    book.notebook.save()
    book.app.load()
    book.notebook = book.app.open(book.path, busy=True)
    book.until('gated', '.jps-view[data-running] table', 'what had come is shown again')
    assert 'The end.' not in book.text('gated')
    open_gates(server, 'before the code', 'in the code', 'before the end')
    until(lambda: 'The end.' in book.text('gated'), 'it goes on to its end', 40)
    until(lambda: 'first token' in book.text('gated'), 'its line is shown')
    assert book.value('answer.text == TEXT') == 'True'


def test_dark(book: Book) -> None:
    theme = "await app.commands.execute('apputils:change-theme', {theme: args[1]});"
    book.js(theme, 'whole', 'JupyterLab Dark')
    try:
        book.start('whole')
        book.until('whole', '.jps-view table')
        colour = book.js(
            "return getComputedStyle(cells[args[0]].outputArea.node.querySelector('.jps-view p')).color;", 'whole'
        )
        book.shot(shot_name(book, 'dark'), 'whole')
        assert min(int(part) for part in re.findall(r'\d+', colour)[:3]) > 150
        book.ended('whole')
        book.start('thinking')
        book.until('thinking', 'details[open]')
        book.page.wait_for_timeout(600)
        book.shot(shot_name(book, 'dark-thinking'), 'thinking')
        book.ended('thinking')
    finally:
        book.js(theme, 'whole', 'JupyterLab Light')


# ------------------------------------------------------------------ once, in JupyterLab


@pytest.fixture(scope='module')
def lab_book(server: Server, browser: Browser) -> Iterator[Book]:
    app = Lab(server, browser, ROOT / 'build' / 'screenshots')
    yield Book(app, 'live-again.ipynb')
    app.page.context.close()
    server.stop_kernels()


def test_a_front_end_without_widgets_gets_markdown_that_grows(lab_book: Book, browser: Browser, tmp_path: Path) -> None:
    lab_book.run('whole')
    (with_widgets,) = lab_book.outputs('whole')
    config = tmp_path / 'config' / 'labconfig'
    config.mkdir(parents=True)
    disabled = {'@jupyter-widgets/jupyterlab-manager': True, 'anywidget': True}
    (config / 'page_config.json').write_text(json.dumps({'disabledExtensions': disabled}))
    server = Server(tmp_path)
    try:
        for kind in (Lab, Classic):
            book = Book(kind(server, browser, ROOT / 'build' / 'screenshots'), f'plain-{kind.__name__}.ipynb')
            book.js(WATCH, 'whole')
            book.start('whole')
            book.ended('whole')
            book.page.wait_for_timeout(500)
            seen = book.js('window.seen.running = false; return window.seen;', 'whole')
            assert 'live' not in seen
            assert len({len(text) for text in seen['texts']}) >= 3
            (output,) = book.outputs('whole')
            assert output['data'] == with_widgets['data'] and 'The end.' in output['data']['text/plain']
            book.app.page.context.close()
    finally:
        server.close()


def test_a_saved_notebook_holds_no_trace_of_a_widget(lab_book: Book) -> None:
    lab_book.run('whole')
    lab_book.run('thinking')
    saved: nbformat.NotebookNode = lab_book.notebook.save()
    assert 'widgets' not in saved.metadata
    assert 'widget' not in json.dumps([cell.get('outputs') for cell in saved.cells])

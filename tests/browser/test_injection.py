"""What a model wrote never runs: our own and published payloads, on both ways to the page, in Lab and in Notebook 7.

The answers are made as the library makes them: the bundle that stays, and every state that the live view sends while
a payload comes in pieces cut where it hurts. All are shown as outputs of a cell just run, which a notebook trusts.
The same sentinels must go off on payloads that were not made harmless.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, Request

from jupyter_stream.messages import (
    BinaryContent,
    FilePart,
    ModelResponse,
    NativeToolReturnPart,
    PartDeltaEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
    ThinkingPart,
    ThinkingPartDelta,
    ToolCallPart,
    ToolCallPartDelta,
)
from jupyter_stream.notebook.bundle import final_bundle
from jupyter_stream.notebook.views.markdown import MarkdownView
from tests.conformance import recordings

from .rig import Classic, Lab, Notebook, until

pytestmark = pytest.mark.browser

WRECKS = re.compile('location|<base|<meta|<frameset|cookie|name *=|id *=', re.IGNORECASE)
"""What would take the page away, or its parts, so that nothing after it could be looked at."""

BATCH = 400
"""Outputs of one cell: a notebook shows no more than a number of them, and a server drops what comes too fast."""

CUTS = re.compile(r'<[/!]?\w?|=["\']?|\]\(?|:|&#?|`+|\$+|\\+|--|script|\n')
"""Behind each of these the text is in the middle of something."""


@dataclass
class Case:
    """One output: the bundle to show, and where it comes from."""

    name: str
    data: dict[str, str]


# ------------------------------------------------------------------ the two ways


def payloads() -> list[dict[str, Any]]:
    """The corpus, but for the expressions that make huge texts: those are a matter of time."""
    return [case for case in recordings.payloads() if case['kind'] != 'pathological']


def final_cases() -> Iterator[Case]:
    """The bundles that stay: the payload as the text, and as everything else that a model may say."""
    for case in payloads():
        payload, name = case['payload'], case['name']
        elsewhere = [
            ThinkingPart(payload),
            ToolCallPart(payload, payload, tool_call_id='1'),
            ToolCallPart('tool', {'key': payload}, tool_call_id='2'),
            NativeToolReturnPart(payload, payload, tool_call_id='3'),
            FilePart(BinaryContent(payload.encode(), media_type=case.get('mime') or payload)),
            TextPart(f'- {payload}'),
        ]
        for what, parts in (('text', [TextPart(payload)]), ('elsewhere', elsewhere)):
            data, _ = final_bundle(ModelResponse(parts=parts))
            assert set(data) == {'text/markdown', 'text/plain'}
            yield Case(f'{name}, {what}', data)


class Sent:
    """A publisher that keeps what the live view sends."""

    def __init__(self) -> None:
        self.data: list[dict[str, str]] = []

    def display(self, data: dict[str, str], metadata: dict[str, Any], display_id: str) -> None:
        self.data.append(data)

    update = display

    def clear(self) -> None:
        pass


def pieces(case: dict[str, Any]) -> list[str]:
    """The payload in the pieces that the corpus gives, or cut at its tenderest places."""
    if 'deltas' in case:
        return case['deltas']
    text = case['payload']
    cuts = [found.end() for found in CUTS.finditer(text)] or [len(text) // 2]
    at = [0, *sorted({cuts[0], cuts[len(cuts) // 2], cuts[-1]}), len(text)]
    return [text[start:end] for start, end in pairwise(at)]


def text_events(parts: list[str]) -> Iterator[Any]:
    yield PartStartEvent(index=0, part=TextPart(''))
    yield from (PartDeltaEvent(index=0, delta=TextPartDelta(part)) for part in parts)


def other_events(parts: list[str]) -> Iterator[Any]:
    parts = [''.join(parts[:-1]), parts[-1]]
    yield PartStartEvent(index=0, part=ThinkingPart(''))
    yield from (PartDeltaEvent(index=0, delta=ThinkingPartDelta(content_delta=part)) for part in parts)
    yield PartStartEvent(index=1, part=ToolCallPart(''.join(parts), ''))
    yield from (PartDeltaEvent(index=1, delta=ToolCallPartDelta(args_delta=part)) for part in parts)


def growing_cases() -> Iterator[Case]:
    """Every state that the live view sends, each once, before the final one takes its place."""
    seen: set[str] = set()
    for case in payloads():
        for what, events in (('text', text_events), ('elsewhere', other_events)):
            for data in states(events(pieces(case))):
                if data['text/markdown'] not in seen:
                    seen.add(data['text/markdown'])
                    yield Case(f'{case["name"]}, {what}, growing', data)


def states(events: Iterator[Any]) -> list[dict[str, str]]:
    """What is sent when every event comes long after the one before, so that none is skipped."""
    sent, now = Sent(), [0.0]
    view = MarkdownView(sent, owns=True, clock=lambda: now[0])
    view.start('test')
    before = len(sent.data)
    for event in events:
        now[0] += 10
        view.update(event)
        view.tick()
        now[0] += 10
        view.tick()
    return sent.data[before:]


def control_cases() -> Iterator[Case]:
    """The payloads as they are: what happens without us."""
    for case in payloads():
        if 'alert' in case['payload'] and not WRECKS.search(case['payload']):
            yield Case(case['name'], {'text/markdown': case['payload']})


# ------------------------------------------------------------------ the sentinels

MARK = 'SENTINEL'

SENTINELS = """(() => {
    const tell = what => console.info('%s', what);
    for (const name of ['alert', 'confirm', 'prompt', 'print', 'open'])
        window[name] = (...args) => { tell(name); return null; };
    document.write = document.writeln = () => tell('document.write');
    HTMLFormElement.prototype.submit = () => tell('submit');
})();""".replace('%s', MARK)

# What is in the outputs besides what Markdown and the notebook's own decorations are made of.
AUDIT = """
const TAGS = new Set(('div span p a em strong b i del s code pre ul ol li blockquote h1 h2 h3 h4 h5 h6 hr br '
    + 'table thead tbody tr th td img input').split(' '));
const NAMES = new Set(('class href title src alt start align id style type checked disabled rel target tabindex '
    + 'data-mime-type data-jupyter-id').split(' '));
const SET = /^(mjx-.*|svg|g|path|use|defs|rect|math|m[a-z]+|style|semantics|utext|text)$/;
const SCHEMES = /^(https?|mailto|ftp|tel):/i;
const odd = [];
const outputs = [...cells[1].outputArea.node.querySelectorAll('.jp-RenderedMarkdown')];
let links = 0, formulas = 0;
outputs.forEach((output, index) => {
    const say = what => odd.push([index, what]);
    for (const node of output.querySelectorAll('*')) {
        const set = !!node.closest('mjx-container');
        formulas += node.localName === 'mjx-container';
        const diagram = !!node.closest('.jp-RenderedMermaid');
        if (diagram && /^(details|summary|figure|figcaption)$/.test(node.localName)) continue;
        // A thought is folded: the one place for HTML of ours, which has no attributes.
        const fold = node.localName === 'details' ? node : node.localName === 'summary' ? node.parentElement : null;
        if (fold && fold.parentElement === output && !fold.attributes.length
            && fold.firstElementChild.textContent === 'Thinking' && !node.attributes.length) continue;
        if (!set && !TAGS.has(node.localName)) say(`<${node.localName}>`);
        if (set && !SET.test(node.localName)) say(`in mathematics <${node.localName}>`);
        if (node.localName === 'input' && (node.type !== 'checkbox' || !node.disabled)) say('<input>');
        for (const {name, value} of node.attributes) {
            if (/^on/i.test(name) || (!set && !NAMES.has(name))) say(`${node.localName} ${name}=${value}`);
            if (name === 'style' && !set && !/^text-align: ?(left|right|center);?$/.test(value)) say(`style=${value}`);
            if (/(href|src|action)$/i.test(name)) {
                const to = node[name] instanceof SVGAnimatedString ? node[name].baseVal : String(node[name] ?? value);
                links += name === 'href';
                const picture = node.localName === 'img';
                if (picture ? !/^(data:image\\/(png|jpe?g|gif|webp)|attachment:[\\w.-]+$)/.test(value)
                    : !to.startsWith('#') && !SCHEMES.test(to)) say(`${node.localName} ${name}=${value}`);
            }
        }
    }
});
return {odd, links, formulas, outputs: outputs.length};
"""


@dataclass
class Watch:
    """Everything that a page did and should not have done."""

    origin: str
    ran: list[str] = field(default_factory=list[str])
    left: list[str] = field(default_factory=list[str])

    def attach(self, context: BrowserContext) -> None:
        context.add_init_script(SENTINELS)
        context.on('page', self._page)
        context.on('console', lambda message: self._console(message.text))
        context.on('dialog', lambda dialog: (self.ran.append(f'dialog: {dialog.message}'), dialog.dismiss()))
        context.route(lambda url: not self._is_ours(url), self._stop)
        context.on('request', self._request)

    def _page(self, page: Page) -> None:
        page.on('framenavigated', lambda frame: self.ran.append(f'frame {frame.url}') if frame.parent_frame else None)

    def _console(self, text: str) -> None:
        if text.startswith(MARK):
            self.ran.append(text)

    def _is_ours(self, url: str) -> bool:
        return urlsplit(url).scheme in ('data', 'blob', 'about') or url.startswith(self.origin)

    def _stop(self, route: Any) -> None:
        self.left.append(route.request.url)
        route.abort()

    def _request(self, request: Request) -> None:
        """Not even to the server: a page that is at rest asks for no picture, frame or medium."""
        own = request.url.startswith('data:') or '/static/' in request.url
        if request.resource_type in ('image', 'media', 'object') and not own:
            self.left.append(request.url)

    def clear(self) -> None:
        self.ran.clear()
        self.left.clear()


SETUP = """
import json
from pathlib import Path
from IPython.display import display
BUNDLES = json.loads(Path(NAME).read_text())
def show(start, stop):
    for bundle in BUNDLES[start:stop]:
        display(bundle, raw=True)
"""


class Stage:
    """A notebook that shows cases, `BATCH` at a time in the same cell, and says what they did."""

    def __init__(self, app: Lab, watch: Watch, *, is_notebook: bool) -> None:
        self.app, self.watch, self.is_notebook = app, watch, is_notebook

    def play(self, name: str, cases: list[Case], *, whole: bool = True) -> tuple[int, list[Any]]:
        """Shows all of the cases, on request not waiting for each; returns how many were rendered, and what is odd."""
        bundles = self.app.server.work / f'{name}.json'
        bundles.write_text(json.dumps([case.data for case in cases]))
        setup = SETUP.replace('NAME', repr(bundles.name))
        book = self.app.open(self.app.write(f'{name}.ipynb', [setup, 'show(0, 0)']))
        address = self.app.page.url.split('?')[0]
        book.run(0)
        self.watch.clear()
        shown, found = 0, []
        for start in range(0, len(cases), BATCH):
            count, odd = self._batch(book, start, cases[start : start + BATCH], whole)
            shown += count
            found += odd
        assert self.app.page.url.split('?')[0] == address
        return shown, found

    def _batch(self, book: Notebook, start: int, batch: list[Case], whole: bool) -> tuple[int, list[Any]]:
        book.js('cells[1].model.sharedModel.setSource(args[0]);', f'show({start}, {start + len(batch)})')
        book.run(1)
        if whole:
            names = [case.name for case in batch]
            until(lambda: not book.js(PENDING, names), f'rendered {len(batch)}', 20)
        book.page.wait_for_timeout(250 if whole else 2000)
        audit = book.js(AUDIT)
        return audit['outputs'], [(batch[index].name, what) for index, what in audit['odd']]


# Markdown is rendered later than its output appears; what is empty, or a definition only, stays without content.
PENDING = """const outputs = [...cells[1].outputArea.node.querySelectorAll('.jp-RenderedMarkdown')];
const sources = cells[1].model.outputs.toJSON().map(output => String(output.data['text/markdown']));
return args[0].filter((_, index) => !outputs[index]?.innerHTML && !/^\\s*(\\[[^\\]]*\\]:.*)?$/.test(sources[index]));"""


@pytest.fixture(params=['JupyterLab', 'Notebook 7'])
def stage(server, browser, request) -> Iterator[Stage]:
    watch = Watch(server.url)
    kind = {'JupyterLab': Lab, 'Notebook 7': Classic}[request.param]
    app = kind(server, browser, Path('build') / 'screenshots', prepare=watch.attach)
    yield Stage(app, watch, is_notebook=kind is Classic)
    app.page.context.close()
    server.stop_kernels()


@pytest.mark.parametrize('cases', [final_cases, growing_cases], ids=['final', 'growing'])
def test_nothing_that_a_model_wrote_runs_or_calls_home(stage: Stage, cases: Callable[[], Iterator[Case]]) -> None:
    wanted = list(cases())
    left_out = {case['name'].split(',')[0] for case in payloads()} - {case.name.split(',')[0] for case in wanted}
    assert len(left_out) < 12  # all that these send is sent for another payload already
    if stage.is_notebook:  # its outputs are JupyterLab's own, where all are tried
        wanted = wanted[::3]
    shown, odd = stage.play(cases.__name__, wanted)
    print(f'{shown} outputs shown of {len(payloads())} payloads')
    assert odd == [], odd
    assert (stage.watch.ran, stage.watch.left) == ([], [])
    assert shown == len(wanted)


# ------------------------------------------------------------------ the live view

LIVE_SETUP = """
import asyncio, base64, json
from pathlib import Path
from IPython.display import display
from jupyter_stream.widgets.live import LiveView
CASES = json.loads(Path(NAME).read_text())

async def show(start, stop):
    cases = list(enumerate(CASES[start:stop]))
    view = LiveView(CASES[start]['payload'])
    display(view)
    view.put('status', CASES[start]['payload'])
    while not view.seen:
        await asyncio.sleep(0.02)
    for i, case in cases:
        payload, place = case['payload'], 6 * i
        for index, kind in enumerate(('text', 'thinking', 'tool', 'return', 'file', 'text')):
            view.put('start', place + index, kind, payload)
        data = base64.b64encode(payload.encode()).decode()
        view.put('file', place + 4, case.get('mime') or payload, data, len(payload))
        view.add(place + 5, 'It is so.')
    for step in range(max(len(case['pieces']) for _, case in cases)):
        for i, case in cases:
            for index in range(4) if step < len(case['pieces']) else ():
                view.add(6 * i + index, case['pieces'][step])
        view.tick()
        await asyncio.sleep(0.15)
    for i, case in cases:
        source = {name: case['payload'] for name in ('title', 'url', 'quote')}
        view.put('cite', 6 * i + 5, [source, {**source, 'url': 'javascript:alert(1)//' + case['payload']}])
        for index in range(6):
            view.put('end', 6 * i + index)
    payloads = [case['payload'] for _, case in cases]
    view.finish({'mark': payloads[0], 'notes': payloads, 'byline': payloads[0], 'footer': payloads, 'swap': False})
"""

# What is in a live view: its own nodes, Markdown's, formulas in MathML; no name or value that only a model can have.
LIVE_AUDIT = """
const TAGS = new Set(('div span p a em strong del s code pre ul ol li blockquote h1 h2 h3 h4 h5 h6 hr br table thead '
    + 'tbody tr th td img input details summary button sup').split(' '));
const NAMES = new Set(('class href title src alt start role type checked disabled target rel dir style tabindex open '
    + 'loading referrerpolicy hidden').split(' '));
const OURS = /^(jps-|jp-|jstream-|hljs|language-|tml-|ff-|chr-|wbk-|mathcal|mathscr|special-fraction|menclose|task-)/;
const odd = [];
const view = cells[1].outputArea.node.querySelector('.jps-view');
const say = what => odd.push(what);
for (const node of view.querySelectorAll('*')) {
    const maths = node.namespaceURI === 'http://www.w3.org/1998/Math/MathML';
    if (!maths && !TAGS.has(node.localName)) say(`<${node.localName}>`);
    if (node.localName === 'input' && (node.type !== 'checkbox' || !node.disabled)) say('<input>');
    for (const {name, value} of node.attributes) {
        const known = maths || NAMES.has(name) || /^(aria|data)-/.test(name);
        if (/^on/i.test(name) || !known) say(`${node.localName} ${name}`);
        if (maths && /href|src/i.test(name)) say(`formula ${name}=${value}`);
        if (name === 'class') for (const one of node.classList) if (!OURS.test(one)) say(`class ${one}`);
        const plain = /^(text-align|min-height|left): ?[\\w.%-]+;?$/.test(value);
        if (!maths && name === 'style' && !plain) say(`style=${value}`);
        if (name === 'href' && !/^(https?|mailto):/i.test(node.href)) say(`href=${value}`);
        const apart = node.target === '_blank' && /noopener noreferrer/.test(node.rel);
        if (name === 'href' && !apart) say(`target ${value}`);
        const picture = /^(data:image\\/(png|jpe?g|gif|webp)[;,]|attachment:[\\w.-]+$)/i;
        if (name === 'src' && !picture.test(value)) say(`src=${value}`);
    }
}
return {odd, parts: view.querySelectorAll('.jps-part').length, running: view.hasAttribute('data-running'),
    links: view.querySelectorAll('a').length, formulas: view.querySelectorAll('math').length};
"""

# The view draws many parts over many frames, and formulas once they can be.
LIVE_RESTS = """const view = cells[1].outputArea.node.querySelector('.jps-view');
let changed = performance.now();
const observer = new MutationObserver(() => { changed = performance.now(); });
observer.observe(view, {childList: true, subtree: true, characterData: true});
while (performance.now() - changed < 400) await new Promise(resolve => setTimeout(resolve, 50));
observer.disconnect();"""

LIVE_BATCH = 110


@pytest.mark.timeout(300)
def test_nothing_runs_in_the_live_view(stage: Stage) -> None:
    cases = [{**case, 'pieces': pieces(case)} for case in payloads()]
    (stage.app.server.work / 'live.json').write_text(json.dumps(cases))
    setup = LIVE_SETUP.replace('NAME', repr('live.json'))
    book = stage.app.open(stage.app.write('live-payloads.ipynb', [setup, 'await show(0, 1)']))
    address = stage.app.page.url.split('?')[0]
    for cell in (0, 1):
        book.run(cell)
    book.page.wait_for_timeout(1000)
    stage.watch.clear()
    parts, odd, links, formulas = 0, [], 0, 0
    for start in range(0, len(cases), LIVE_BATCH):
        stop = min(start + LIVE_BATCH, len(cases))
        book.js('cells[1].model.sharedModel.setSource(args[0]);', f'await show({start}, {stop})')
        book.run(1)
        until(lambda: not book.js(LIVE_AUDIT)['running'], 'the view has shown all', 30)
        book.js("cells[1].outputArea.node.querySelectorAll('.jps-view summary').forEach(one => one.click());")
        book.page.wait_for_timeout(300)
        book.js(LIVE_RESTS)
        audit = book.js(LIVE_AUDIT)
        parts += audit['parts']
        links += audit['links']
        formulas += audit['formulas']
        odd += audit['odd']
    print(f'{parts} parts of {len(cases)} payloads, {links} links, {formulas} formulas')
    assert odd == [], sorted(set(odd))[:20]
    assert (stage.watch.ran, stage.watch.left) == ([], [])
    assert stage.app.page.url.split('?')[0] == address
    # More than 100 links of all payloads; our own alone make 87.
    assert parts >= 6 * len(cases) and links > len(cases) / 13 and formulas > 0


def test_the_sentinels_go_off_without_us(stage: Stage) -> None:
    cases = list(control_cases())[:BATCH]
    _, odd = stage.play('control', cases, whole=False)
    print(
        f'{len(stage.watch.ran)} ran, {len(stage.watch.left)} requests, {len(odd)} odd nodes of {len(cases)} payloads'
    )
    # Of all 290 more than 15, 10 and 100; our own 38 alone make 11, 6 and 43 in JupyterLab.
    assert len(stage.watch.ran) > len(cases) / 19
    assert len(stage.watch.left) > len(cases) / 28
    assert len(odd) > len(cases) / 2.9

"""Four ways to ask a model from a notebook, in the page of one JupyterLab, against one server at 60 tokens a second.

    sh tools/setup.sh .venv-peers/.ready .venv-peers --no-dev --group peers
    .venv-peers/bin/python benchmarks/peers.py [--sections 14] [--rate 60] [--only NAME …]

(or `make bench-peers`, which does both). The same answer of Markdown (headings, lists, code, tables, formulas) comes
from the same server (tools/replay.py) to `%%ask`, to jupyter-ai's `%%ai`, to a chat of chatlas, and to the loop that
many write themselves, `update_display(Markdown(all))` over openai's SDK. Each has a notebook and a kernel of its own,
and has answered a short question before, so that nothing is imported or loaded for the first time.

What the columns say:

- `first text`: seconds from running the cell to the answer's first word on the page (the server waits for 0.3 of them);
- `frame` and `worst frame`: milliseconds between two animation frames from the first word to the last, the middle and
  the longest of them; `at the end`: the longest in the two seconds after the last word;
- `jumps`: frames in which the output was lower by more than 4 px than in the frame before, so that the page below moved
  up; in brackets: by how many pixels, in all;
- `busy`: processor seconds that the page's main thread spent in tasks, from running the cell to two seconds after its
  end, and the seconds to its end in which it did so;
- `bytes`: what came by the kernel's websocket to show the answer, in brackets: times the answer's length;
- `selection`: whether the text of the first paragraph, selected after a quarter of the answer, was still selected
  in the last frame before the last word, and two seconds after it;
- `stop`: a second answer, interrupted after a third of it: seconds until the cell has ended, until the server has seen
  its client leave, and how much of what could be read can still be read;
- `saved`: bytes of the cell's outputs in the saved file, and whether the answer is whole in it.

Writes build/peers.json.
"""

import argparse
import importlib.metadata
import json
import os
import runpy
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from browser import END, ROOT, SECTION, Wire, idle
from playwright.sync_api import Browser, Error, sync_playwright

from tests.browser.rig import CHROMIUM_FLAGS, Lab, Server, until
from tools.replay import Replay, replaying, tokens

WARM, ASK, AGAIN = 1, 2, 3  # the cells of a notebook; 0 is the set-up
FIRST = 'Section'
WARM_WORD = 'Ready'


@dataclass(frozen=True)
class Way:
    """A way to ask: its packages, and its code, in which URL stands for the server's address."""

    packages: tuple[str, ...]
    setup: str
    ask: str


WAYS = {
    '`%%ask`': Way(
        ('jupyter-stream',),
        """%load_ext jupyter_stream
from jupyter_stream.models import infer_model
model = infer_model('openai-chat:replay', base_url='URL', api_key='none')
warm = infer_model('openai-chat:replay', base_url='WARM_URL', api_key='none')""",
        '%%ask -m MODEL\nWrite a long answer.',
    ),
    '`%%ai` (jupyter-ai)': Way(
        ('jupyter-ai-magic-commands',),
        """import os
os.environ['OPENAI_API_KEY'] = 'none'
%load_ext jupyter_ai_magic_commands""",
        '%%ai openai/gpt-4o-mini --api-base ADDRESS\nWrite a long answer.',
    ),
    'chatlas': Way(
        ('chatlas',),
        """from chatlas import ChatOpenAICompletions
model = ChatOpenAICompletions(base_url='URL', api_key='none', model='replay')
warm = ChatOpenAICompletions(base_url='WARM_URL', api_key='none', model='replay')""",
        "_ = MODEL.chat('Write a long answer.')",
    ),
    '`update_display(Markdown(all))`': Way(
        ('openai',),
        """from IPython.display import Markdown, display
from openai import OpenAI
model = OpenAI(base_url='URL', api_key='none')
warm = OpenAI(base_url='WARM_URL', api_key='none')""",
        """handle, text = display(Markdown(''), display_id=True), ''
messages = [{'role': 'user', 'content': 'Write a long answer.'}]
for chunk in MODEL.chat.completions.create(model='replay', messages=messages, stream=True):
    text += chunk.choices[0].delta.content or ''
    handle.update(Markdown(text))""",
    ),
}

# What a person would see from the moment of running: frames, heights, the first word and the last.
WATCH = """
const [cell, first, last] = args;
const area = cells[cell].outputArea.node;
const bench = window.bench = {began: performance.now(), gaps: [], after: 0, jumps: 0, fell: 0, first: 0, last: 0};
let then = bench.began, height = area.offsetHeight;
const frame = now => {
    if (bench !== window.bench) return;
    if (bench.last) bench.after = Math.max(bench.after, now - then);
    else if (bench.first) { bench.gaps.push(now - then); bench.kept = SELECTED; }
    then = now;
    const lower = height - area.offsetHeight;
    if (lower > 4) { bench.jumps += 1; bench.fell += lower; }
    height = area.offsetHeight;
    requestAnimationFrame(frame);
};
requestAnimationFrame(frame);
const watcher = new MutationObserver(records => {
    for (const {type, target, addedNodes} of records)
        for (const node of type === 'characterData' ? [target] : addedNodes) {
            const text = node.textContent || '';
            if (!bench.first && text.includes(first)) bench.first = performance.now();
            if (!bench.last && text.includes(last)) bench.last = performance.now();
        }
});
watcher.observe(area, {childList: true, subtree: true, characterData: true});
"""
SELECTED = '(!!window.chosen && getSelection().toString().trim() === window.chosen.trim())'
SELECT = """
const first = [...cells[args[0]].outputArea.node.querySelectorAll('p')].find(p => p.textContent.length > 60);
getSelection().selectAllChildren(first);
window.chosen = getSelection().toString();
"""


@dataclass
class Result:
    """What one way cost and did; seconds, bytes, and milliseconds for frames. None: it never happened."""

    versions: str
    text: int
    first_text: float | None = None
    frame: float | None = None
    worst_frame: float | None = None
    end_frame: float = 0.0
    jumps: int = 0
    fell: float = 0.0
    busy: float = 0.0
    seconds: float = 0.0
    bytes: int = 0
    messages: int = 0
    selection_grows: bool | None = None
    selection_stays: bool | None = None
    stop: float | None = None
    left: float | None = None
    kept: float | None = None
    saved: int = 0
    whole: bool = False


class Measurement:
    """One way, in a notebook of its own."""

    def __init__(self, lab: Lab, way: Way, long: Replay, short: Replay, text: str):
        self.lab, self.long, self.text = lab, long, text
        versions = ', '.join(f'{name} {importlib.metadata.version(name)}' for name in way.packages)
        self.result = Result(versions, len(text))
        setup = way.setup.replace('WARM_URL', short.url).replace('URL', long.url)
        asks = [
            way.ask.replace('MODEL', name).replace('ADDRESS', server.url)
            for name, server in (('warm', short), ('model', long), ('model', long))
        ]
        self.book = lab.open(lab.write('peers.ipynb', [setup, *asks]))
        self.book.run(0, timeout=120)
        self.book.run(WARM, timeout=60)
        self.book.until_text(WARM, WARM_WORD)
        self.wire = Wire(lab, 'threadTicks')
        lab.page.wait_for_timeout(1500)

    def run(self, seconds: float) -> Result:
        """Measures it; the server takes so many seconds for the whole answer."""
        self.answer(seconds)
        self.save()
        self.stop(seconds)
        self.book.close()
        return self.result

    def answer(self, seconds: float) -> None:
        """Runs the cell to its end, with a selection made in the meantime."""
        result, book = self.result, self.book
        book.reveal(ASK)
        self.wire.result = type(self.wire.result)()
        busy, began = self.wire.busy(), time.monotonic()
        book.js(WATCH.replace('SELECTED', SELECTED), ASK, FIRST, END)
        book.start(ASK)
        self.wait(seconds / 4)
        if chosen := bool(self.bench('first')):
            book.js(SELECT, ASK)
        with suppress(AssertionError):  # where the page cannot follow, it may be minutes behind the kernel
            until(lambda: self.bench('last'), 'the last word is shown', 60 + 8 * seconds, every=0.25)
            book.wait_end(ASK, 60)
        result.seconds = time.monotonic() - began
        self.lab.page.wait_for_timeout(2000)
        result.busy = self.wire.busy() - busy
        seen = self.wire.result
        result.bytes, result.messages = seen.growth + seen.final, seen.messages
        bench = book.js('const bench = window.bench; window.bench = null; return bench;')
        self.take_frames(bench)
        if chosen:
            result.selection_grows, result.selection_stays = bool(bench.get('kept')), book.js(f'return {SELECTED};')

    def take_frames(self, bench: dict[str, Any]) -> None:
        result, gaps = self.result, bench['gaps']
        result.first_text = (bench['first'] - bench['began']) / 1000 if bench['first'] else None
        result.frame, result.worst_frame = (statistics.median(gaps), max(gaps)) if len(gaps) > 10 else (None, None)
        result.end_frame, result.jumps, result.fell = bench['after'], bench['jumps'], bench['fell']

    def save(self) -> None:
        (saved,) = [cell for at, cell in enumerate(self.book.save().cells) if at == ASK]
        texts = [str(output.get('data', {}).get('text/markdown', '')) for output in saved.outputs]
        self.result.saved = len(json.dumps(saved.outputs).encode())
        self.result.whole = any(self.text.strip() in text for text in texts)

    def stop(self, seconds: float) -> None:
        """Runs a second cell and interrupts it, as the button in Lab's toolbar does, after a third of the answer."""
        result, book = self.result, self.book
        book.reveal(AGAIN)
        book.start(AGAIN)
        self.wait(seconds / 3)
        before = book.text(AGAIN)
        left, pressed, clock = len(self.long.of('left')), time.time(), time.monotonic()
        book.interrupt()
        with suppress(AssertionError):  # `stop` stays None: the page has not shown it for minutes
            book.wait_end(AGAIN, 60 + 8 * seconds)
            result.stop = time.monotonic() - clock
            until(lambda: idle(book), 'the kernel is idle', 60)
        with suppress(AssertionError):
            until(lambda: len(self.long.of('left')) > left, 'its client has left', 20)
            result.left = self.long.of('left')[-1]['at'] - pressed
        self.lab.page.wait_for_timeout(1000)
        if FIRST in before:
            after = book.text(AGAIN)
            result.kept = min(1.0, len(after) / len(before)) if FIRST in after else 0.0

    def wait(self, seconds: float) -> None:
        self.lab.page.wait_for_timeout(seconds * 1000)

    def bench(self, name: str) -> float:
        return self.book.js('return window.bench?.[args[0]] ?? 0;', name)


def text_of(sections: int) -> str:
    """The answer; its first word and its last are in no other text on the page."""
    return ''.join(SECTION.format(n=n) for n in range(1, sections + 1)) + f'**{END}**\n'


@contextmanager
def laboratory(folder: Path) -> Iterator[tuple[Browser, Server]]:
    """A browser and a JupyterLab."""
    # What jupyter-ai's library would ask GitHub for as it starts, and its part in the server, are not measured here.
    os.environ['LITELLM_LOCAL_MODEL_COST_MAP'] = 'True'
    path = runpy.run_path(str(ROOT / 'tools' / 'chromium.py'))['find']()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS, headless=True)
        server = Server(folder, ['--ServerApp.jpserver_extensions=jupyter_ai_litellm=False'])
        try:
            yield browser, server
        finally:
            with suppress(Error):
                browser.close()
            server.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--sections', type=int, default=14, help='the length of the answer')
    parser.add_argument('--rate', type=float, default=60, help='tokens a second')
    parser.add_argument('--only', nargs='*', default=[], help='the ways to measure, by a part of their names')
    options = parser.parse_args()
    chosen = {name: way for name, way in WAYS.items() if not options.only or any(one in name for one in options.only)}
    rows: dict[str, Result] = {}
    text = text_of(options.sections)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / 'long.md').write_text(text)
        (folder / 'short.md').write_text(f'{WARM_WORD}: *yes*, with $x^2$ and\n\n```python\nprint(1)\n```\n')
        with (
            replaying(folder / 'long.md', rate=options.rate) as long,
            replaying(folder / 'short.md', rate=200) as short,
            laboratory(folder / 'lab') as (browser, server),
        ):
            for name, way in chosen.items():
                lab = Lab(server, browser, ROOT / 'build' / 'screenshots')
                rows[name] = Measurement(lab, way, long, short, text).run(len(tokens(text)) / options.rate)
                print(name, rows[name], file=sys.stderr)
                lab.page.context.close()
                server.stop_kernels()
    report(rows)


HEAD = (
    'way',
    'first text',
    'frame',
    'worst frame',
    'at the end',
    'jumps',
    'busy',
    'bytes',
    'selection',
    'stop',
    'saved',
)


def report(rows: dict[str, Result]) -> None:
    print('| ' + ' | '.join(HEAD) + ' |')
    print('| --- |' + ' ---: |' * (len(HEAD) - 1))
    for name, row in rows.items():
        print('| ' + ' | '.join([name, *cells_of(row)]) + ' |')
    print('\n' + '; '.join(row.versions for row in rows.values()))
    out = ROOT / 'build' / 'peers.json'
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps({name: asdict(row) for name, row in rows.items()}, indent=2) + '\n')


SELECTION = {
    (True, True): 'stays',
    (True, False): 'until the end',
    (False, False): 'lost',
    (False, True): 'lost',
    (None, None): 'nothing to select',
}
"""Whether it was there before the last word, and two seconds after it."""


def cells_of(row: Result) -> list[str]:
    return [
        seconds(row.first_text),
        milliseconds(row.frame),
        milliseconds(row.worst_frame),
        milliseconds(row.end_frame),
        f'{row.jumps} ({row.fell:,.0f} px)',
        f'{row.busy:.1f} s of {row.seconds:.0f}',
        f'{row.bytes:,} ({row.bytes / row.text:,.0f})',
        SELECTION[row.selection_grows, row.selection_stays],
        f'{seconds(row.stop)}, server {seconds(row.left)}, {kept(row.kept)}',
        f'{row.saved:,}, {"whole" if row.whole else "not whole"}',
    ]


def kept(value: float | None) -> str:
    return 'nothing had come' if value is None else f'{value:.0%} kept'


def seconds(value: float | None) -> str:
    return 'never' if value is None else f'{value:.2f} s'


def milliseconds(value: float | None) -> str:
    return '–' if value is None else f'{value:.0f} ms'


if __name__ == '__main__':
    main()

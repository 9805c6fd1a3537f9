"""What an answer costs a browser while it grows: a real JupyterLab in a real Chromium, watched from outside.

    python benchmarks/browser.py [--deltas 10000] [--rate 1000] [--only NAME …]

One answer of Markdown (headings, lists, code, tables, formulas) in deltas of five characters, shown in these ways:

- `%%ask`, 1,000 deltas a second, 60 a second for 15 s, and as fast as they can be made;
- ten `aask(…)` at once in one cell, each like the first;
- `%%ask` with twice as many deltas, where the page is reloaded in the middle;
- `ipywidgets.HTML` with the whole text as its value, 20 times a second;
- `update_display(Markdown(all))` for each delta, but only 2,000 deltas, 200 a second: with more it never ends.

Bytes and messages are the frames of the kernel's websocket that show something, as Chromium's network layer receives
them; `growth` is without the bundle that stays at the end, which is two times the text by itself (Markdown and plain).
`busy` is the time that the page's main thread spent in tasks, `worst frame` the longest time between two animation
frames, `end after` the time from the last delta's making in the kernel to its appearance in the page, `per second` the
most messages in any second. `swap` is the longest frame after the widget has left, while Jupyter's own renderer shows
the Markdown that stays. What travels once a page (the view's code) was there before, but for the page that is
reloaded; it is not counted. Writes build/browser.json.
"""

import argparse
import base64
import json
import runpy
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Error, sync_playwright

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT))

from tests.browser.rig import CHROMIUM_FLAGS, Lab, Notebook, Server, until  # noqa: E402

END = 'ENDOFTHEANSWER'

SECTION = """## Section {n}

A stream is read as it comes: part {n} of this answer has *some* emphasis, `a little code` and a sentence or two that
go on for as long as sentences in such answers do, so that a paragraph is a paragraph, with $x_{n}^2$ in it.

1. The first point, with a [link](https://example.org/{n}).
2. The second point, which is a bit longer than the first one was.

| name | value |
| --- | ---: |
| one | {n} |
| two | {n}{n} |

```python
def section_{n}(value):
    return [value * {n} for _ in range({n})]
```

"""

SETUP = """
%load_ext jupyter_stream
import asyncio, time
from jupyter_stream import aask
from jupyter_stream.models.function import FunctionModel

SECTION = @SECTION@
SIZE = 5
END = '\\n\\n**@END@**\\n'
made = {}

def text_of(deltas):
    size = deltas * SIZE - len(END)
    text = ''.join(SECTION.format(n=n) for n in range(1, 2 + size // 500))[:size]
    return text[: text.rfind('\\n## ') + 1] + END

async def pieces(deltas, rate):
    text = text_of(deltas)
    began = time.perf_counter()
    for i, at in enumerate(range(0, len(text), SIZE)):
        yield text[at:at + SIZE]
        ahead = began + (i + 1) / rate - time.perf_counter() if rate else 0
        if ahead > 0:
            await asyncio.sleep(ahead)
        elif i % 50 == 0:
            await asyncio.sleep(0)
    made['at'] = time.time()

def writer(deltas, rate):
    async def stream(messages, info):
        async for piece in pieces(deltas, rate):
            yield piece
    return FunctionModel(stream_function=stream)
""".replace('@END@', END).replace('@SECTION@', repr(SECTION))

ASK = 'model = writer({deltas}, {rate})', '%%ask -m model -o answer\nWrite a long answer.'
MANY = (
    'model = writer({deltas}, {rate})',
    'answers = await asyncio.gather(*(aask("Write.", model=model) for _ in range(10)))',
)
HTML = (
    'import html, ipywidgets',
    """box = ipywidgets.HTML()
display(box)
text, shown = '', 0
async for piece in pieces({deltas}, {rate}):
    text += piece
    if time.perf_counter() - shown > 0.05:
        box.value, shown = f'<pre>{{html.escape(text)}}</pre>', time.perf_counter()
box.value = f'<pre>{{html.escape(text)}}</pre>'""",
)
USUAL = (
    'from IPython.display import Markdown',
    """handle = display(Markdown(''), display_id=True)
text = ''
async for piece in pieces({deltas}, {rate}):
    text += piece
    handle.update(Markdown(text))""",
)

# What travels once a page is there before anything is measured, and imports are made.
WARM = 'answer = await aask("Warm up.", model=writer(1000, 500))'

# Looks only at what is new, so that looking costs next to nothing.
WATCH = """
const bench = window.bench = {worst: 0, swap: 0, end: null, running: true, swapped: false};
let last = performance.now();
const frame = now => {
    const gap = bench.swapped ? 'swap' : 'worst';
    bench[gap] = Math.max(bench[gap], now - last);
    last = now;
    if (bench.running) requestAnimationFrame(frame);
};
requestAnimationFrame(frame);
new MutationObserver(records => {
    for (const {type, target, addedNodes, removedNodes} of records) {
        for (const node of removedNodes) bench.swapped ||= node.querySelector?.('.jps-view') != null;
        for (const node of type === 'characterData' ? [target] : addedNodes)
            if (bench.end === null && (node.textContent || '').includes(args[0])
                && (node.closest ? node : node.parentElement)?.closest('.jp-OutputArea')) bench.end = Date.now();
    }
}).observe(panel.content.node, {childList: true, subtree: true, characterData: true});
"""


@dataclass
class Result:
    """What one way cost; bytes and seconds."""

    text: int = 0
    messages: int = 0
    growth: int = 0
    final: int = 0
    once: int = 0
    per_second: int = 0
    busy: float = 0.0
    worst_frame: float = 0.0
    swap_frame: float = 0.0
    end_after: float | None = None
    whole: bool = False
    frames: list[tuple[float, int]] = field(default_factory=list[tuple[float, int]], repr=False)


SHOWN = frozenset(
    'comm_open comm_msg comm_close display_data update_display_data clear_output execute_result stream'.split()
)
"""The kinds of messages that show something; the others (busy, idle, the echo of the input) belong to every cell."""


def kind_of(frame: bytes) -> str:
    """The kind of a message in Jupyter's binary websocket protocol (v1): a count, offsets, the channel, the header."""
    count = int.from_bytes(frame[:8], 'little')
    offsets = [int.from_bytes(frame[8 * n : 8 * n + 8], 'little') for n in range(1, count + 1)]
    return json.loads(frame[offsets[1] : offsets[2]])['msg_type']


ONCE = 50_000
"""Bytes over which a module of the front end is one of those that travel once a page."""


class Wire:
    """The websocket frames of the page."""

    def __init__(self, lab: Lab, time_domain: str = 'timeTicks'):
        self._session = lab.page.context.new_cdp_session(lab.page)
        self._session.send('Network.enable')
        self._session.send('Performance.enable', {'timeDomain': time_domain})
        self._session.on('Network.webSocketFrameReceived', self._received)
        self.result = Result()

    def _received(self, event: dict[str, Any]) -> None:
        data = event['response']['payloadData']
        raw = base64.b64decode(data) if event['response']['opcode'] == 2 else data.encode()
        kind = kind_of(raw) if event['response']['opcode'] == 2 else ''
        if kind not in SHOWN:
            return
        final = kind != 'comm_msg' and b'"jupyter_stream"' in raw
        once = len(raw) > ONCE and not final and (b'"asset"' in raw or b'"_esm"' in raw)
        self.result.final += len(raw) * final
        self.result.once += len(raw) * once
        self.result.growth += len(raw) * (not final and not once)
        self.result.messages += 1
        self.result.frames.append((event['timestamp'], len(raw)))

    def busy(self) -> float:
        """Seconds that the page's main thread has spent in tasks so far (of its processor, with `threadTicks`)."""
        metrics = self._session.send('Performance.getMetrics')['metrics']
        return next(metric['value'] for metric in metrics if metric['name'] == 'TaskDuration')


def most_in_a_second(frames: list[tuple[float, int]]) -> int:
    times = sorted(at for at, _ in frames)
    start, most = 0, 0
    for end, at in enumerate(times):
        while at - times[start] > 1:
            start += 1
        most = max(most, end - start + 1)
    return most


def measure(
    lab: Lab, cells: tuple[str, str], deltas: int, rate: int, *, reload: bool = False, views: int = 1
) -> Result:
    """Runs one way in a notebook of its own."""
    code = [cell.format(deltas=deltas, rate=rate) for cell in cells]
    path = lab.write('bench.ipynb', [SETUP, *code, WARM])
    book = lab.open(path)
    for cell in (0, 1, 3):
        book.run(cell)
    wire = Wire(lab)
    lab.page.wait_for_timeout(1500)
    wire.result = Result()
    book.js(WATCH, END)
    began = wire.busy()
    book.start(2)
    if reload:
        book = reloaded(lab, book, path)
        book.js(WATCH, END)
    else:  # a page that was reloaded is not told what the kernel does
        until(lambda: idle(book), 'the cell has ended', 240, every=0.25)
    with at_most(60):
        until(lambda: book.js('return window.bench.end'), 'the end is shown', 60, every=0.25)
    lab.page.wait_for_timeout(1000)
    result = wire.result
    result.busy = wire.busy() - began
    bench = book.js('window.bench.running = false; return window.bench;')
    result.worst_frame, result.swap_frame = bench['worst'] / 1000, bench['swap'] / 1000
    result.per_second = most_in_a_second(result.frames)
    made, size = facts(book, deltas)
    result.text = size * views
    result.end_after = None if bench['end'] is None else bench['end'] / 1000 - made
    result.whole = book.js('return cells[2].outputArea.node.textContent.split(args[0]).length - 1', END) == views
    book.close()
    return result


def reloaded(lab: Lab, book: Notebook, path: Path) -> Notebook:
    lab.page.wait_for_timeout(3000)
    book.js('await panel.context.save();')
    lab.load()
    again = lab.open(path, busy=True)
    until(lambda: again.js("return !!panel.node.querySelector('.jps-view[data-running]')"), 'it goes on', 30)
    return again


def idle(book: Notebook) -> bool:
    return book.js("return panel.sessionContext.session?.kernel?.status === 'idle';")


def facts(book: Notebook, deltas: int) -> tuple[float, int]:
    """When the last delta was made, and how long the text was."""
    book.js('cells[3].model.sharedModel.setSource(args[0]);', f'print(made["at"], len(text_of({deltas})))')
    book.run(3)
    made, size = book.text(3).split()
    return float(made), int(size)


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    try:
        yield
    except AssertionError:
        print(f'(the end was not shown within {seconds:.0f} s)')


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--deltas', type=int, default=10_000)
    parser.add_argument('--rate', type=int, default=1000, help='deltas a second')
    parser.add_argument('--only', nargs='*', default=[], help='the ways to measure, by a part of their names')
    options = parser.parse_args()
    deltas, rate = options.deltas, options.rate
    ways: dict[str, Callable[[Lab], Result]] = {
        f'`%%ask`, {rate:,} deltas a second': lambda lab: measure(lab, ASK, deltas, rate),
        '`%%ask`, 60 deltas a second': lambda lab: measure(lab, ASK, min(deltas, 900), 60),
        '`%%ask`, as fast as possible': lambda lab: measure(lab, ASK, deltas, 0),
        'ten `aask(…)` at once': lambda lab: measure(lab, MANY, deltas, rate, views=10),
        '`%%ask`, reloaded in the middle': lambda lab: measure(lab, ASK, 2 * deltas, rate, reload=True),
        '`ipywidgets.HTML(all)`, 20 a second': lambda lab: measure(lab, HTML, deltas, rate),
        '`update_display(Markdown(all))`, 2,000 deltas': lambda lab: measure(lab, USUAL, 2000, 200),
    }
    chosen = {name: way for name, way in ways.items() if not options.only or any(part in name for part in options.only)}
    rows: dict[str, Result] = {}
    path = runpy.run_path(str(ROOT / 'tools' / 'chromium.py'))['find']()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS, headless=True)
        server = Server(Path(folder))
        try:
            for name, way in chosen.items():
                lab = Lab(server, browser, ROOT / 'build' / 'screenshots')
                began = time.monotonic()
                rows[name] = way(lab)
                print(f'{name}: {time.monotonic() - began:.0f} s', file=sys.stderr)
                lab.page.context.close()
                server.stop_kernels()
        finally:
            with suppress(Error):
                browser.close()
            server.close()
    report(rows)


def report(rows: dict[str, Result]) -> None:
    print('| way | text | messages | growth | final | busy | worst frame | swap | end after | per second | whole |')
    print('| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |')
    for name, row in rows.items():
        sizes = ' | '.join(f'{value:,} ({value / row.text:.2f})' for value in (row.growth, row.final))
        end = '–' if row.end_after is None else f'{row.end_after:.2f} s'
        frames = f'{row.worst_frame * 1000:.0f} ms | {row.swap_frame * 1000:.0f} ms'
        times = f'{row.busy:.2f} s | {frames} | {end} | {row.per_second}'
        print(f'| {name} | {row.text:,} | {row.messages:,} | {sizes} | {times} | {"yes" if row.whole else "no"} |')
    out = ROOT / 'build' / 'browser.json'
    out.parent.mkdir(exist_ok=True)
    kept = {name: {key: value for key, value in asdict(row).items() if key != 'frames'} for name, row in rows.items()}
    out.write_text(json.dumps(kept, indent=2) + '\n')


if __name__ == '__main__':
    main()

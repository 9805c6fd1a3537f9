"""No text that a model may write freezes a page: published ones that freeze renderers, on both ways to the page.

Measured is the longest task of the page's main thread, in CPU time: for so long the page answers nobody. The unit is
what Jupyter itself takes in the same page for an ordinary list, so that a slower machine changes nothing.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jupyter_stream.messages import ModelResponse, TextPart
from jupyter_stream.notebook.bundle import final_bundle
from tests.conformance import recordings

from .rig import Classic, Lab, Notebook, tasks

pytestmark = [pytest.mark.browser, pytest.mark.shared]

ORDINARY = 'streamed token by token'
"""The unit: a list of 2,000 items, 10,000 nodes, which the renderer takes at once; half a second on a small machine."""

MOST = 0.5
"""Of the unit, for a task."""

MOST_OF = {
    ('final', ORDINARY): (3, 'the unit itself'),
    ('live', 'one 5 MB line'): (
        1.5,
        'the layout of a line of megabytes; it is shown in steps that pause as long as they took',
    ),
    ('live', 'backticks'): (1.5, 'the same, 4.5 MB'),
    ('live', 'long fence info'): (1, 'the same, 1 MB'),
    ('tool', 'unclosed links A'): (1.5, 'the layout of 300 kB in one block of code'),
    ('tool', 'unclosed links B'): (1.5, 'the same, 250 kB'),
    ('live', 'accents in a fence'): (3, 'the layout of a line with 25,000 changes of font: the saved answer cuts it'),
    ('live', 'emph in deep blockquote'): (1, '50,000 nodes, 20 quotations deep'),
}
"""What cannot be reached, and why."""

TRIES = 3

RATE = 400_000
"""Characters a second: at 1 MB a second a Jupyter server drops messages, and the end of the cell with them."""


def texts() -> dict[str, str]:
    """The corpus' expressions, and what it lacks: code that the search for mathematics, or the layout, cannot bear."""
    cases = [case for case in recordings.payloads() if case['kind'] == 'pathological']
    ticks = ''.join('e' + '`' * size for size in range(300))
    return {
        **{case['name'].split('/')[1]: eval(case['payload_python']) for case in cases},
        'backticks in a fence': f'~~~\n{ticks}\n~~~\n',
        'a fence of 3,000 backticks': f'{"`" * 3000}\ncode {ticks}\n{"`" * 3000}\n',
        'accents in a fence': '~~~\n' + 'a\u0301' * 25_000 + '\n~~~\n',
    }


@pytest.fixture(params=['JupyterLab', 'Notebook 7'])
def app(server, browser, request) -> Iterator[Lab]:
    app = {'JupyterLab': Lab, 'Notebook 7': Classic}[request.param](server, browser, Path('build') / 'screenshots')
    yield app
    app.page.context.close()
    server.stop_kernels()


WARM = """display({'text/markdown': 'warm **up** $x^2$ `c`\\n\\n```py\\nx = 1\\n```\\n\\n- [x](y)'}, raw=True)"""

# As an output of a cell just run; the server would not let a message of megabytes through.
HOLD = """window.held = {output_type: 'display_data', metadata: {}, data: args[0]};
cells[0].model.trusted = true;
cells[0].outputArea.model.clear();"""
SHOW = """cells[0].outputArea.model.add(window.held);
const shown = () => cells[0].outputArea.node.querySelector('.jp-RenderedMarkdown')?.innerHTML;
while (!shown()) await new Promise(requestAnimationFrame);
for (let i = 0; i < 5; i++) await new Promise(requestAnimationFrame);
return cells[0].outputArea.node.textContent.length;"""


def show_markdown(book: Notebook, bundle: dict[str, str]) -> float:
    """The CPU seconds of the longest task in which the page shows a bundle as the output of its first cell."""
    book.js(HOLD, bundle)
    book.page.wait_for_timeout(100)
    with tasks(book.page) as found:
        book.js(SHOW)
    return found[0]


def unit(book: Notebook) -> float:
    """CPU seconds: what Jupyter alone takes for the ordinary list, in this page, the fastest of some tries."""
    seconds = min(show_markdown(book, {'text/markdown': texts()[ORDINARY]}) for _ in range(TRIES))
    print(f'an ordinary list {seconds * 1000:.0f} ms of CPU')
    return seconds


def slowest(way: str, cases: dict[str, str], unit: float, play: Callable[[str], float]) -> dict[str, float]:
    """The longest task of each text, in units, the fastest of some tries, where it is over its bound."""
    over: dict[str, float] = {}
    for name in cases:
        most = MOST_OF.get((way, name), (MOST, ''))[0]
        tries: list[float] = []
        while len(tries) < TRIES and min(tries, default=most + 1) > most:
            tries.append(play(name) / unit)
            print(f'{way:6} {name:30} {tries[-1]:5.2f} of an ordinary list, at most {most}')
        if min(tries) > most:
            over[name] = min(tries)
    return over


def test_the_answer_that_stays_never_freezes_the_page(app: Lab) -> None:
    cases = texts()
    assert len(cases) == 19 + 3
    data = {name: final_bundle(ModelResponse(parts=[TextPart(text)]))[0] for name, text in cases.items()}
    book = app.open(app.write('pathological.ipynb', [WARM]))
    book.run(0)

    def play(name: str) -> float:
        return show_markdown(book, {kind: data[name][kind] for kind in ('text/markdown', 'text/plain')})

    play('link closers')
    assert slowest('final', cases, unit(book), play) == {}


def test_without_us_the_page_freezes(app: Lab) -> None:
    book = app.open(app.write('pathological-control.ipynb', [WARM]))
    book.run(0)
    took = show_markdown(book, {'text/markdown': '*a ' * 6000}) / unit(book)
    print(f'unsanitized {took:5.2f} of an ordinary list')
    assert took > 2 * MOST


LIVE = """
import asyncio, json
from pathlib import Path
from IPython.display import display
from jupyter_stream.widgets.live import LiveView
TEXTS = json.loads(Path('texts.json').read_text())

async def show(name, kind):
    text, view = TEXTS[name], LiveView('model')
    display(view)
    while not view.seen:
        await asyncio.sleep(0.02)
    view.put('start', 0, kind, '')
    size = max(1, -(-len(text) // 8))
    for at in range(0, len(text), size):
        view.add(0, text[at : at + size])
        view.tick()
        await asyncio.sleep(max(0.1, size / RATE))
    view.put('end', 0)
    view.finish({'mark': None, 'notes': [], 'footer': [], 'swap': False})
"""

LEFT = """const view = cells[1].outputArea.node.querySelector('.jps-view');
return view && !view.hasAttribute('data-running') && view.textContent.length;"""


@pytest.mark.timeout(300)
def test_the_live_view_never_freezes_the_page(server, browser) -> None:
    app = Lab(server, browser, Path('build') / 'screenshots')
    cases = texts()
    (server.work / 'texts.json').write_text(json.dumps(cases))
    book = app.open(app.write('pathological-live.ipynb', [LIVE.replace('RATE', str(RATE)), '']))
    ordinary = unit(book)
    book.run(0)

    def play(name: str, kind: str = 'text') -> float:
        book.js('cells[1].model.sharedModel.setSource(args[0]);', f'await show({name!r}, {kind!r})')
        with tasks(book.page) as found:
            book.run(1)
            book.page.wait_for_timeout(300)
        assert book.js(LEFT) > min(len(cases[name]), 100_000) / 3, name
        return found[0]

    play('link closers')
    assert slowest('live', cases, ordinary, play) == {}
    brackets = {name: text for name, text in cases.items() if text[0] == '['}
    assert len(brackets) == 5
    assert slowest('tool', brackets, ordinary, lambda name: play(name, 'tool')) == {}
    app.page.context.close()
    server.stop_kernels()

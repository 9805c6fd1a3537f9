"""A whole sitting with the explorer in JupyterLab and Notebook 7, what is left without a kernel, and `show` beside it.

The single fields and buttons are in test_explorer.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from nbconvert import HTMLExporter
from playwright.sync_api import Browser

from .rig import Classic, Lab, Notebook, Server, until
from .test_explorer import Panel

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

ROOT = Path(__file__).resolve().parents[2]

SETUP = """
import asyncio
from jupyter_stream import explore
from jupyter_stream.models.function import FunctionModel

async def guide(messages, info):
    asked = messages[-1].parts[-1].content
    await asyncio.sleep(0.3)
    said = f'You asked: *{asked}* Short waves of light are scattered **more** than long ones.'
    for number, word in enumerate(said.split()):
        yield word if number == 0 else f' {word}'
        await asyncio.sleep(0.5 if word == 'scattered' else 0.06)

async def endless(messages, info):
    for number in range(100_000):
        yield f'word{number} '
        await asyncio.sleep(0.01)

guide, endless = (FunctionModel(stream_function=f) for f in (guide, endless))
"""
CELLS = [SETUP, 'ex = explore(guide, models=[endless])', 'print(6 * 7)', 'print(mine.text)']
ANSWER = 'You asked: Why is the sky blue? Short waves of light are scattered more than long ones.'
SAVED = 'You asked: *Why is the sky blue?* Short waves of light are scattered **more** than long ones.'


@pytest.fixture
def own(server: Server, browser: Browser) -> Iterator[Callable[[type[Lab]], Lab]]:
    """A function that opens a page of its own in one of the two applications."""
    opened: list[Lab] = []

    def open_new(kind: type[Lab]) -> Lab:
        opened.append(kind(server, browser, ROOT / 'build' / 'screenshots'))
        return opened[-1]

    yield open_new
    for one in opened:
        one.page.context.close()
    server.stop_kernels()


def ask(panel: Panel, prompt: str) -> None:
    panel.page.get_by_placeholder('What do you want to ask?').fill(prompt)
    panel.press('Run')


def shown(panel: Panel) -> str:
    """The words of the answer, without what is written below them."""
    return ' '.join(panel.page.locator('.jps-view [role=log]').first.inner_text().split())


def lengths(read: Callable[[], str], over: Callable[[], bool]) -> int:
    """How many lengths a text has until it is over."""
    seen: set[int] = set()

    def look() -> bool:
        ended = over()
        seen.add(len(read()))
        return ended

    until(look, 'it is over', every=0.03)
    return len(seen)


def picture(app: Lab, book: Notebook, name: str) -> None:
    """A screenshot that begins with the explorer's cell."""
    book.js("cells[args[0]].node.scrollIntoView({block: 'start'});", 1)
    app.page.wait_for_timeout(200)
    app.screenshot(name)


@pytest.mark.parametrize('kind', [Lab, Classic], ids=['JupyterLab', 'Notebook 7'])
def test_a_sitting(own: Callable[[type[Lab]], Lab], kind: type[Lab]) -> None:
    app = own(kind)
    book = app.open(app.write(f'sitting-{kind.__name__.lower()}.ipynb', CELLS))
    before = list(app.errors)  # Notebook 7 has one of its own while it starts
    panel = Panel(book)
    page = panel.page
    rows = page.locator('.jpt-row')

    ask(panel, 'Why is the sky blue?')
    assert lengths(lambda: panel.answer, lambda: 'done in' in panel.said) >= 5, 'the answer grew'
    until(lambda: ANSWER in shown(panel), 'the whole answer is shown')
    assert page.locator('.jpt-curve').count() == 1
    first_rows = rows.count()
    assert first_rows > 15
    picture(app, book, 'explorer' if kind is Lab else 'explorer-notebook7')

    panel.choose('function:function::endless')
    ask(panel, 'Go on.')
    until(lambda: 'word20' in panel.answer, 'the second answer grows')
    book.run(2)  # in much less than the 1000 s that the answer takes
    assert book.text(2) == '42', 'the kernel is free'
    length = len(panel.answer)
    until(lambda: len(panel.answer) > length, 'the answer went on')
    panel.press('Stop')
    panel.wait('run 2: stopped after')
    until(lambda: 'Stopped. What came is kept.' in panel.answer, 'the answer is marked')

    panel.runs.select_option(index=0)
    panel.wait('run 1: done in')
    until(lambda: ANSWER in shown(panel), 'the first answer is back')
    until(lambda: rows.count() == first_rows, 'its events are back')
    name = page.get_by_placeholder('a variable')
    name.fill('mine')
    name.press('Tab')
    panel.press('Keep')
    panel.wait('The answer is in mine.')
    book.run(3)
    assert book.text(3) == SAVED

    (summary,) = (output.data for output in book.save().cells[1].outputs)
    assert set(summary) == {'text/markdown', 'text/plain'}
    for text in ('run 1', 'run 2', 'guide', 'Why is the sky blue?', 'first text', 'stopped'):
        assert text in summary['text/markdown'].lower().replace('why', 'Why') and text in summary['text/plain']
    assert SAVED in summary['text/markdown'] and SAVED in summary['text/plain']
    assert 'Go on.' in summary['text/markdown'] and 'word20' in summary['text/markdown']

    ask(panel, 'After it was saved?')  # it is still there, and works
    panel.wait('run 3: ')
    panel.press('Stop')
    panel.wait('run 3: stopped after')
    assert '**Run 3**' in str(book.save().cells[1].outputs)
    assert app.errors == before


def test_a_small_window_and_a_kernel_that_is_gone(own: Callable[[type[Lab]], Lab], server: Server) -> None:
    app = own(Lab)
    book = app.open(app.write('left.ipynb', CELLS))
    panel = Panel(book)
    page = panel.page
    ask(panel, 'Why is the sky blue?')
    panel.wait('run 1: done in')
    boxes = {}
    for width in (800, 500):
        page.set_viewport_size({'width': width, 'height': 900})
        page.wait_for_timeout(400)
        boxes[width] = page.evaluate(
            """() => ['.jp-OutputArea-output', '.jpt-explorer > :first-child', '.jpt-explorer > :last-child'].map(
                name => document.querySelector(name).getBoundingClientRect().toJSON())"""
        )
        picture(app, book, f'explorer-{width}')
        wide = page.evaluate(
            """() => [...document.querySelectorAll(
                '.jpt-explorer, .jpt-explorer > *, .jpt, .jpt-list, .jpt-row:last-child > *'
            )].filter(node => node.scrollWidth > node.clientWidth + 1).map(node => node.className)"""
        )
        assert wide == [], f'nothing is cut off at {width} px'
    _, left, right = boxes[800]
    assert left['right'] < right['left'] and left['top'] == right['top'], 'side by side'
    area, left, right = boxes[500]
    assert left['top'] < right['top'], 'one above the other'
    assert area['right'] - left['right'] < 16, 'the fields have the whole width'
    page.set_viewport_size({'width': 1100, 'height': 900})

    book.save()
    book.js('await panel.sessionContext.session.kernel.restart();')
    gone = "() => getComputedStyle(document.querySelector('.jpt-explorer'), '::before').content"
    until(lambda: 'The kernel of this explorer is gone' in page.evaluate(gone), 'it says that its kernel is gone')
    assert ANSWER in shown(panel), 'what was there can still be read'
    picture(app, book, 'explorer-restarted')
    book.run(0)
    book.run(1)
    ask(panel, 'Once more?')
    panel.wait('run 1: done in')

    book.save()
    book.close()
    server.stop_kernels()
    app.load()
    book = app.open(book.path, kernel=False)
    until(lambda: 'You asked: Once more?' in book.text(1), 'what came is there')
    assert 'widget' not in book.text(1).lower()
    assert book.page.locator('.jp-OutputArea em', has_text='Once more?').count() == 1, 'as Markdown'
    picture(app, book, 'explorer-reopened')

    html = HTMLExporter().from_filename(str(book.path))[0]
    assert '<em>Once more?</em>' in html
    assert '>Run 1</strong>' in html
    for word in ('widget-view', 'Loading widget', 'Error displaying'):
        assert word not in html


SHOW = """
import asyncio, os, re
from pathlib import Path
# A page that is slow to answer would get Markdown instead, which is right but not what is looked at here.
os.environ['JUPYTER_STREAM_VIEW'] = 'widget'
from jupyter_stream import show
from jupyter_stream.messages import ModelRequest as Request
from jupyter_stream.direct import model_request_stream as stream_of
from jupyter_stream.models.function import FunctionModel
from pydantic_ai.direct import model_request_stream as peer_stream_of
from pydantic_ai.messages import ModelRequest as PeerRequest
from pydantic_ai.models.function import FunctionModel as PeerModel
from openai.types.chat import ChatCompletionChunk

TEXT = 'Some *words* and **more words**, one after the other, until it is over.'

async def words(messages, info):
    for number, piece in enumerate(re.findall(r'.{1,4}', TEXT)):
        while number == 4 and not Path('go').exists():
            await asyncio.sleep(0.05)
        yield piece
        await asyncio.sleep(0.08)

async def chunks():
    async for piece in words(None, None):
        yield chunk({'content': piece})
    yield chunk({}, 'stop')

def chunk(delta, reason=None):
    choice = {'index': 0, 'delta': delta, 'finish_reason': reason}
    about = {'id': '1', 'object': 'chat.completion.chunk', 'created': 1, 'model': 'gpt-x'}
    return ChatCompletionChunk.model_validate({**about, 'choices': [choice]})
"""
STREAMS = {
    'ours': "stream_of(FunctionModel(stream_function=words), [Request.user_text_prompt('Well?')])",
    'pydantic_ai': "peer_stream_of(PeerModel(stream_function=words), [PeerRequest.user_text_prompt('Well?')])",
    'openai': 'chunks()',
}


@pytest.fixture(scope='module')
def show_book(server: Server, browser: Browser) -> Iterator[Notebook]:
    app = Lab(server, browser, ROOT / 'build' / 'screenshots')
    cells = [f'response = await show({stream})' for stream in STREAMS.values()]
    book = app.open(app.write('show.ipynb', [*cells, SHOW, 'response.text == TEXT, response.finish_reason']))
    book.run(len(STREAMS))
    yield book
    assert app.errors == []
    app.page.context.close()
    server.stop_kernels()


@pytest.mark.parametrize('index', range(len(STREAMS)), ids=STREAMS)
def test_any_stream_grows_in_the_view_and_leaves_markdown(show_book: Notebook, server: Server, index: int) -> None:
    book = show_book
    go = server.work / 'go'
    go.unlink(missing_ok=True)
    book.reveal(index)
    book.start(index)
    until(
        lambda: book.page.locator('.jps-view em').count(),
        'it is in the live view',
        every=0.02,
        instead=lambda: book.text(index),
    )
    go.touch()
    assert lengths(lambda: book.text(index), lambda: book.js('return window.ended;')) >= 5, 'it grew'
    until(lambda: not book.page.locator('.jps-view').count(), 'the view is gone')
    (output,) = book.outputs(index)
    assert set(output['data']) == {'text/markdown', 'text/plain'}
    assert ''.join(output['data']['text/markdown']).startswith('Some *words* and **more words**')
    assert 'Some words and more words, one after the other, until it is over.' in book.text(index)
    book.run(len(STREAMS) + 1)
    finish = "'stop'" if index == 2 else 'None'
    assert book.text(len(STREAMS) + 1) == f'(True, {finish})'

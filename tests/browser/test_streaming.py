"""An answer in a real JupyterLab, on models that are Python functions: how it grows, ends and stops."""

import re
import statistics

import pytest

pytestmark = pytest.mark.browser

SETUP = """
%load_ext jupyter_stream
import asyncio
from jupyter_stream.models.function import FunctionModel

def model(pieces, pause=0.0, first=0.0):
    async def stream(messages, info):
        await asyncio.sleep(first)
        for piece in pieces:
            yield piece
            await asyncio.sleep(pause)
    return FunctionModel(stream_function=stream)
"""

MARKDOWN = '# A title\n\nSome *text*, `code`, a list:\n\n1. one\n2. two\n\n```python\nprint("hello")\n```\n\nThe end.'

HOSTILE = r"""<script>window.scripted = 1</script>

<img src="x" onerror="window.scripted = 2"> and <b onclick="window.scripted = 3">bold</b>

<iframe src="javascript:parent.scripted = 4"></iframe>

[a link](javascript:window.scripted=5) and ![a picture](https://nowhere.invalid/picture.png)

```html" onmouseover="window.scripted=6
<script>window.scripted = 7</script>
```

The area is \(a^2\) and also

\[\int_0^1 x\,dx\]

It costs $5 and $10.
"""


def text_of(pieces: str, pause: float = 0.0, first: float = 0.0) -> str:
    return f'slow = model({pieces}, pause={pause}, first={first})'


def test_grows_in_place_and_leaves_one_plain_output(notebook, lab):
    words = text_of(f'{MARKDOWN!r}.replace(" ", " |").split("|")', pause=0.15)
    book = notebook([SETUP, words, '%%ask -m slow -o answer\nWhat is {this}?', 'answer.text == ' + repr(MARKDOWN)])
    book.run(0)
    book.run(1)
    lengths = {len(sample.text) for sample in book.watch(2)}
    assert len(lengths) >= 3
    lab.screenshot('markdown')
    book.run(3)
    assert book.text(3) == 'True'
    (output,) = book.save().cells[2].outputs
    assert output.output_type == 'display_data'
    assert set(output.data) == {'text/markdown', 'text/plain'}
    text, line = output.data['text/markdown'].strip().rsplit('\n\n', 1)
    assert text == MARKDOWN
    assert re.fullmatch(r'\*— .+ · \d+ tokens in, \d+ out\*', line)
    assert 'The end.' in output.data['text/plain'] and 'IPython' not in output.data['text/plain']
    about = output.metadata['jupyter_stream']
    assert about['model'] and about['usage'] and about['state'] == 'complete'


def test_reads_as_markdown(notebook):
    book = notebook([SETUP, text_of(f'[{MARKDOWN!r}]'), '%%ask -m slow\nGo on'])
    for cell in range(3):
        book.run(cell)
    book.page.wait_for_timeout(300)
    html = book.html(2)
    assert '<h1' in html and '<em>text</em>' in html and html.count('<li>') == 2
    assert 'A title' in book.text(2) and '```' not in book.text(2)


def test_something_is_visible_at_once(notebook):
    """A tenth of a second on a quiet machine; the bound is ten times as wide, for one that is not."""
    book = notebook([SETUP, text_of("['done']", first=2.5), '%%ask -m slow\nGo on'])
    book.run(0)
    book.run(1)
    book.run(2)
    first = [book.watch(2)[0] for _ in range(3)]
    print('first visible after', [f'{sample.at * 1000:.0f} ms' for sample in first])
    assert all(sample.text and 'done' not in sample.text for sample in first), 'before the model says anything'
    assert statistics.median(sample.at for sample in first) < 1


def test_interrupt_keeps_what_came_and_holds_back_the_rest(notebook, lab):
    endless = text_of('[f"word{n} " for n in range(10_000)]', pause=0.02)
    book = notebook(
        [SETUP, endless, '%%ask -m slow -o partial\nGo on', 'print("never")', 'partial.state, len(partial.text) > 20']
    )
    book.run_all()
    book.until_text(2, 'word30')
    book.interrupt()
    book.wait_idle(10)
    assert 'word30' in book.text(2)
    assert book.text(3) == ''
    lab.screenshot('interrupted')
    answer, error = book.save().cells[2].outputs
    assert 'word30' in answer.data['text/markdown']
    assert 'Stopped. What came is kept.' in answer.data['text/markdown']
    assert answer.metadata['jupyter_stream']['state'] == 'interrupted'
    assert error.output_type == 'error' and error.ename == 'Interrupted'
    assert len('\n'.join(error.traceback)) < 200
    book.run(4)
    assert book.text(4) == "('interrupted', True)"


@pytest.mark.parametrize('size', [7, 100_000], ids=['in pieces', 'at once'])
def test_an_answer_cannot_script_the_page(notebook, lab, size):
    pieces = f'[{HOSTILE!r}[i:i + {size}] for i in range(0, {len(HOSTILE)}, {size})]'
    book = notebook([SETUP, text_of(pieces, pause=0.01), '%%ask -m slow\nGo on'])
    asked: list[str] = []
    lab.page.on('request', lambda request: asked.append(request.url))
    for cell in range(3):
        book.run(cell)
    lab.page.wait_for_timeout(1500)
    html, text = book.html(2), book.text(2)
    for link in lab.page.locator('.jp-OutputArea-output a').all():
        assert not (link.get_attribute('href') or '').lower().startswith('javascript')
    assert lab.page.evaluate('window.scripted ?? null') is None
    assert not [url for url in asked if 'nowhere.invalid' in url]
    for element in ('<iframe', '<b onclick', '<img'):
        assert element not in html
    assert '<script>' in text and 'onerror' in text
    assert html.count('<mjx-container') == 2, 'both formulas are set as mathematics'
    assert '$5 and $10' in text
    lab.screenshot(f'hostile-{size}')


def test_runs_the_same_under_time(notebook):
    book = notebook([SETUP, text_of("['one ', 'two']", pause=0.05), '%%time\n%ask -m slow Go on'])
    for cell in range(3):
        book.run(cell)
    assert 'one two' in book.text(2) and 'Wall time' in book.text(2)

"""A typed answer in a real JupyterLab: a list of 200 objects that fills in, row by row."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from .axe import violations
from .rig import Lab, Notebook, until

pytestmark = pytest.mark.browser

# The answer comes as fast as the test lets it: it waits at the rows that are given.
SETUP = r"""
%load_ext jupyter_stream
import asyncio, json
from pydantic import BaseModel
from jupyter_stream.models.function import FunctionModel

class Planet(BaseModel):
    name: str
    mass: float
    moons: list[str] = []

def row(n):
    moons = [f'moon {m}' for m in range(n % 4)]
    return {'name': f'Planet {n}', 'mass': 'heavy' if n == 7 else n / 8, 'moons': moons}

whole = json.dumps({'response': [row(n) for n in range(1, 201)]})
gates = {20: asyncio.Event(), 120: asyncio.Event()}
ends = [whole.index(f'Planet {number}"') + 5 for number in gates]

async def stream(messages, info):
    at = 0
    for end, gate in zip([*ends, len(whole)], [*gates.values(), None]):
        while at < end:
            yield whole[at : min(at + 40, end)]
            at = min(at + 40, end)
            await asyncio.sleep(0.002)
        if gate:
            await gate.wait()

slow = FunctionModel(stream_function=stream)

def gate(comm, message):
    gates[message['content']['data']['number']].set()

get_ipython().kernel.comm_manager.register_target('gate', gate)
"""

ASK = '%%ask -m slow --as list[Planet] -o answer\nWhich planets are there?'

ROWS = 'cells[1].outputArea.node.querySelectorAll("tbody tr")'


class Page:
    """A notebook whose cell 1 asks for 200 planets."""

    def __init__(self, notebook: Notebook) -> None:
        self.notebook = notebook
        notebook.run(0)

    @property
    def rows(self) -> int:
        return self.notebook.js(f'return {ROWS}.length;')

    @property
    def height(self) -> float:
        return self.notebook.js('return cells[1].outputArea.node.getBoundingClientRect().height;')

    def until_row(self, number: int) -> None:
        until(lambda: self.rows >= number, f'row {number} is there', instead=lambda: self.notebook.text(1))

    def cells(self, number: int) -> list[str]:
        return self.notebook.js(f'return [...{ROWS}[args[0] - 1].cells].map(cell => cell.innerText);', number)

    def open_gate(self, number: int) -> None:
        """Let the model go on, without running a cell: the kernel awaits, and hears."""
        self.notebook.js(
            """const kernel = panel.sessionContext.session.kernel;
            const comm = kernel.createComm('gate');
            comm.open({number: args[0]});""",
            number,
        )

    def tops(self) -> list[float]:
        """Where the rows stand on the page, from the top of their table."""
        return self.notebook.js(
            f"""const rows = [...{ROWS}];
            const top = rows[0].closest('table').getBoundingClientRect().top;
            return rows.map(row => row.getBoundingClientRect().top - top);"""
        )


@pytest.fixture
def page(notebook: Callable[[Sequence[str]], Notebook]) -> Page:
    return Page(
        notebook([SETUP, ASK, 'answer.state, len(answer.rows), sum(bool(row.error) for row in answer.rows)', 'answer'])
    )


def saved_of(notebook: Notebook) -> Any:
    output, *_ = notebook.save().cells[1].outputs
    return output


def test_a_list_fills_in_row_by_row_and_is_saved_as_a_table(page: Page, lab: Lab) -> None:
    book = page.notebook
    book.start(1)
    page.until_row(20)
    lab.page.wait_for_timeout(600)  # the last of it is drawn
    assert page.cells(1) == ['1', 'Planet 1', '0.125', '["moon 0"]']
    assert page.cells(20) == ['20', 'Plane', '', ''], 'the open row grows, and shows nothing half but text'
    assert page.cells(7)[1:3] == ['Planet 7', 'heavy']
    bad = book.js(f'const bad = [...{ROWS}].filter(row => row.title); return bad.map(row => row.title);')
    assert len(bad) == 1
    assert 'mass' in bad[0]
    assert '20 rows, 1 of them not valid' in book.text(1)
    assert '{' not in book.text(1).replace('["', ''), 'no JSON is seen'
    assert violations(lab.page, '.jps-view') == []
    book.reveal(1)
    lab.screenshot('typed-growing')
    before = page.tops()

    page.open_gate(20)
    page.until_row(120)
    lab.page.wait_for_timeout(600)
    after = page.tops()
    assert after[: len(before) - 1] == before[:-1], 'finished rows stay where they are'
    box = book.js(
        'const box = cells[1].outputArea.node.querySelector(".jps-grid"); return [box.clientHeight, box.scrollHeight];'
    )
    assert box[1] > 1.5 * box[0], 'a long list scrolls in a box'
    assert violations(lab.page, '.jps-view') == []
    lab.screenshot('typed-long')

    high = page.height
    page.open_gate(120)
    book.wait_end(1)
    until(lambda: '150 more rows' in book.text(1), 'the saved table is there', instead=lambda: book.text(1))
    until(lambda: page.rows == 50, 'fifty rows of it', instead=lambda: page.rows)
    assert abs(page.height - high) < 100, 'what stands below hardly moves'
    assert violations(lab.page, '.jps-heir') == []
    book.js('cells[1].node.scrollIntoView();')
    lab.screenshot('typed-saved')
    output = saved_of(book)
    assert set(output.data) == {'text/markdown', 'text/plain'}
    assert '… and 150 more rows: 200 rows, 1 of them not valid' in output.data['text/markdown']
    assert '⚠ 7  Planet 7' in output.data['text/plain']
    assert 'json' not in output.metadata['jupyter_stream']
    book.run(2)
    assert book.text(2) == "('complete', 200, 1)"
    book.run(3)
    assert '150 more rows' in book.text(3), 'the answer shows itself as the same table'


def test_interrupted_in_the_middle_the_rows_are_kept(page: Page, lab: Lab) -> None:
    book = page.notebook
    book.start(1)
    page.until_row(20)
    book.interrupt()
    book.wait_end(1)
    until(lambda: 'Stopped' in book.text(1), 'the saved table is there', instead=lambda: book.text(1))
    book.reveal(1)
    lab.screenshot('typed-interrupted')
    output = saved_of(book)
    assert '20 rows, 1 of them not valid, the last one not whole' in output.data['text/plain']
    assert output.data['text/markdown'].count('\n| ') == 1 + 20
    assert 'Stopped. What came is kept.' in output.data['text/markdown']
    assert output.metadata['jupyter_stream']['state'] == 'interrupted'
    book.run(2)
    assert book.text(2) == "('interrupted', 19, 1)"

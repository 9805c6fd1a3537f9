"""`%%ask` in a real kernel before a front end that runs widgets: here it is a few lines that answer as a page would."""

from __future__ import annotations

import time
from typing import Any

import pytest

from .kernels import Kernel, Outcome

pytestmark = pytest.mark.timeout(120)

MIME = 'application/vnd.jupyter.widget-view+json'


class Page:
    """Shows live views: says 'ready' when one is displayed, applies what comes, and can press Stop."""

    def __init__(self, kernel: Kernel, stop_at: str = '') -> None:
        self._kernel = kernel
        self._stop_at = stop_at
        self.ops: list[list[Any]] = []
        self._saved = 0  # operations that compacting has saved
        self.stopped: float | None = None
        self.acknowledged = False

    def __call__(self, message: dict[str, Any]) -> None:
        kind, content = message['msg_type'], message['content']
        view = content.get('data', {}).get(MIME)
        if kind in ('display_data', 'update_display_data') and view:
            self.say(view['model_id'], kind='ready', have=0)
        elif kind == 'comm_msg' and content['data'].get('method') == 'custom':
            self._told(content['comm_id'], content['data']['content'])

    def _told(self, comm: str, content: dict[str, Any]) -> None:
        self.acknowledged = self.acknowledged or content.get('ack') == 'stop'
        if 'ops' in content:
            self.ops = self.ops[: content['at'] - self._saved] + content['ops']
            self._saved += content.get('size', content['at'] + len(content['ops'])) - self._saved - len(self.ops)
            if self._stop_at and self._stop_at in self.text and self.stopped is None:
                self.stopped = time.monotonic()
                self.say(comm, kind='stop')

    def say(self, comm: str, **content: Any) -> None:
        client = self._kernel.client
        data = {'comm_id': comm, 'data': {'method': 'custom', 'content': content}}
        client.shell_channel.send(client.session.msg('comm_msg', data))

    @property
    def text(self) -> str:
        return ''.join(op[2] for op in self.ops if op[0] == 'add')


def answer_of(outcome: Outcome) -> dict[str, Any]:
    (output,) = [output for output in outcome.outputs() if output['kind'] != 'error']
    return output


@pytest.mark.parametrize(
    'cell', ['%%ask -m slow\nhi', 'from jupyter_stream import aask\na = await aask("hi", model=slow)']
)
def test_the_answer_flows_to_the_widget_and_stays_as_markdown(kernel: Kernel, cell: str) -> None:
    page = Page(kernel)
    outcome = kernel.run(cell, watch=page)
    assert page.text == 'a ' * 20
    assert [op[0] for op in page.ops][-1] == 'done'
    output = answer_of(outcome)
    assert set(output['data']) == {'text/markdown', 'text/plain'}
    assert [m['msg_type'] for m in outcome.of('display_data', 'update_display_data')].count('display_data') == 1
    sent = [m for m in outcome.of('comm_msg') if 'ops' in str(m['content'])]
    assert 3 <= len(sent) <= 25


def test_a_synchronous_cell_shows_the_widget_where_one_is_known_to_work(kernel: Kernel) -> None:
    kernel.run('%%ask -m hello\nhi', watch=Page(kernel))
    outcome = kernel.run('from jupyter_stream import ask\nans = ask("hi", model=slow)')
    assert MIME in outcome.of('display_data')[0]['content']['data']
    states = [m['content']['data'] for m in outcome.of('comm_msg', 'comm_open') if 'a a ' in str(m['content'])]
    assert states, 'what has come goes to the page though the kernel hears nothing'
    assert set(answer_of(outcome)['data']) == {'text/markdown', 'text/plain'}


def test_the_stop_button_ends_the_cell_as_an_interrupt_does(kernel: Kernel) -> None:
    kernel.run('ans = None; later = False')
    page = Page(kernel, stop_at='word3 ')
    first, second = kernel.send('%%ask -m endless -o ans\ngo on'), kernel.send('later = True')
    found = kernel.finish(first, second, watch=page)
    assert page.stopped is not None and time.monotonic() - page.stopped < 10
    assert page.acknowledged
    assert found[first].reply and found[first].reply['ename'] == 'Interrupted'
    assert found[second].reply and found[second].reply['status'] == 'aborted'
    (error,) = found[first].of('error')
    assert len('\n'.join(error['content']['traceback'])) < 400
    assert 'word3' in answer_of(found[first])['data']['text/markdown']
    assert page.ops[-1][1]['mark'] == 'interrupted'
    assert kernel.value('ans.state, later') == "('interrupted', False)"


def test_the_stop_button_of_one_of_two_answers_leaves_the_kernel_alive(kernel: Kernel) -> None:
    page = Page(kernel, stop_at='word3 ')
    outcome = kernel.run(
        'from jupyter_stream import aask\n'
        'both = await asyncio.gather(aask("hi", model=endless), asyncio.sleep(0.1), return_exceptions=True)',
        watch=page,
    )
    assert outcome.reply and outcome.reply['status'] == 'ok'
    assert kernel.value('type(both[0]).__name__') == "'CancelledError'"


def test_views_leave_no_more_than_a_few_widgets_behind(kernel: Kernel) -> None:
    for _ in range(12):
        kernel.run('%%ask -m hello\nhi', watch=Page(kernel))
    kernel.run('import ipywidgets.widgets.widget as w; from jupyter_stream.widgets.live import KEPT, LiveView')
    assert kernel.value('sum(isinstance(i, LiveView) for i in w._instances.values()) == KEPT') == 'True'
    assert kernel.value('len(w._instances) == 2 * (KEPT + 1)') == 'True', 'each with a layout, and the loader'


def test_a_page_can_be_named_by_its_session(kernel: Kernel) -> None:
    kernel.run('%%ask -m hello\nhi', watch=Page(kernel))
    known = 'from jupyter_stream.notebook import kernel as k; known = dict(k.state.front_ends._widgets)'
    kernel.run(known)
    assert kernel.value('known') == repr({kernel.client.session.session: True})

"""What a request prints and displays lands in the cell that made it, and widgets' messages are not lost."""

import pytest

SETUP = """
import asyncio, threading, time
from IPython.display import display
from jupyter_stream import bridge

async def show(name):
    for count in range(3):
        await asyncio.sleep(0.01)
        print(name, count, flush=True)
    display({'text/plain': name}, raw=True)
    return name
"""

WAYS = {
    'on the thread': 'bridge.run(lambda: show({0}))',
    'on the running loop': 'bridge.run(lambda: show({0}), loop_bound=True)',
    'awaited': 'await bridge.guard(show({0}))',
}


@pytest.mark.parametrize('code', WAYS.values(), ids=WAYS.keys())
def test_prints_and_displays_land_in_the_cell_that_made_them(kernel, code):
    kernel.run(SETUP)
    cells = {name: kernel.send(code.format(repr(name)) + ';') for name in ('first', 'second')}
    for name, cell in cells.items():
        reply = kernel.wait(cell)
        assert reply.stdout == f'{name} 0\n{name} 1\n{name} 2\n'
        assert reply.displayed == [{'text/plain': name}]


def test_a_call_from_a_background_thread_stays_with_its_cell(kernel):
    kernel.run(SETUP)
    started = kernel.send("""
import contextvars
thread = threading.Thread(target=contextvars.copy_context().run, args=(lambda: bridge.run(lambda: show('late')),))
thread.start()
""")
    kernel.wait(started)
    other = kernel.run('thread.join(); print("mine")')
    assert other.stdout == 'mine\n'
    assert kernel.replies[started].stdout == 'late 0\nlate 1\nlate 2\n'


@pytest.mark.parametrize('code', WAYS.values(), ids=WAYS.keys())
def test_a_comm_message_that_comes_meanwhile_is_handled(kernel, code):
    kernel.run(
        SETUP
        + """
from comm import get_comm_manager
got = []
get_comm_manager().register_target('test', lambda comm, message: got.append(message['content']['data']))
"""
    )
    cell = kernel.send(code.format('"running"'))
    kernel.wait_for(cell, 'running 0')
    kernel.send_comm('test', {'pressed': 1})
    kernel.wait(cell)
    assert kernel.run('print(got)').stdout == "[{'pressed': 1}]\n"


@pytest.mark.parametrize(
    'code',
    [
        "bridge.run(lambda: show('a'))",
        "await asyncio.sleep(0)\nbridge.run(lambda: show('a'))",
        "%time bridge.run(lambda: show('a'))",
        "%%time\nbridge.run(lambda: show('a'), loop_bound=True)",
    ],
)
def test_the_synchronous_call_works_in_every_kind_of_cell(kernel, code):
    kernel.run(SETUP)
    reply = kernel.run(code)
    assert reply.status == 'ok'
    assert reply.stdout.startswith('a 0\na 1\na 2\n')

"""An interrupted cell in a real kernel: the request closes, what had come stays, the queue is dropped (F54-F56)."""

import sys
import time

import pytest

pytestmark = pytest.mark.skipif(sys.platform == 'win32', reason='the times are those of POSIX signals')

CLOSED_WITHIN = 2.0

DELTAS = 6
"""After so many the server is silent: a cell that has printed its last one is in a wait when it is interrupted."""

SETUP = """
import asyncio, httpx, time
from contextlib import asynccontextmanager
from jupyter_stream import bridge
from jupyter_stream.direct import *
from jupyter_stream.messages import ModelRequest
from jupyter_stream.models import infer_model
from jupyter_stream.models.function import FunctionModel

URL = 'http://127.0.0.1:{port}/v1'
MESSAGES = [ModelRequest.user_text_prompt('Go on.')]
model = infer_model('openai-chat:slow', base_url=URL, api_key='none')
own_client = infer_model('openai-chat:slow', base_url=URL, api_key='none', http_client=httpx.AsyncClient())

async def relay(messages, info):
    async with model_request_stream(own_client, messages) as stream:
        async for event in stream:
            yield 'x'

function = FunctionModel(stream_function=relay)
stream = None

def read(model):
    global stream
    with model_request_stream_sync(model, MESSAGES) as stream:
        for count, event in enumerate(stream):
            print(count, end=' ', flush=True)

async def aread(model):
    global stream
    async with model_request_stream(model, MESSAGES) as stream:
        count = 0
        async for event in stream:
            print(count := count + 1, end=' ', flush=True)

def whole(model):
    print('1 6 ', flush=True)
    model_request_sync(model, MESSAGES)

async def child(model):
    read(model)

def work(model, seconds):
    global stream
    with model_request_stream_sync(model, MESSAGES) as stream:
        for count, event in enumerate(stream):
            print(count, 'works ', flush=True)
            time.sleep(seconds)

def ask_often(seconds):
    for count in range(100):
        bridge.run(lambda: asyncio.sleep(0))
        print(count, 'works ', flush=True)
        time.sleep(seconds)

async def task(function, *args):
    function(*args)
"""

WAYS = {
    'a synchronous stream': 'read(model)',
    'on a client bound to this loop': 'read(own_client)',
    'on a function bound to this loop': 'read(function)',
    'in a cell that awaits': 'await asyncio.sleep(0); read(model)',
    'in a cell that awaits, bound': 'await asyncio.sleep(0); read(own_client)',
    'an asynchronous stream, guarded': 'await bridge.guard(aread(model))',
    'an asynchronous stream in a synchronous cell': 'bridge.run(lambda: aread(model))',
    'a whole answer': 'whole(model)',
    'a whole answer, bound': 'whole(own_client)',
}


@pytest.fixture
def ready(kernel, slow_server):
    assert kernel.run(SETUP.format(port=slow_server.port)).status == 'ok'
    return kernel


def stopped(kernel, slow_server, code):
    """Run a cell and another behind it, stop the first while it waits; its reply, and how long it took to end."""
    slow_server.pauses_after = DELTAS
    cell, queued = kernel.send(code), kernel.send('print("ran all the same")')
    kernel.wait_for(cell, f'{DELTAS} ')
    slow_server.wait_opened(1)
    time.sleep(0.1)  # one way or another the last delta is more than one event
    pressed = kernel.interrupt()
    reply = kernel.wait(cell)
    closed = slow_server.wait_closed(1)
    assert closed - pressed < CLOSED_WITHIN, f'closed after {closed - pressed:.3f} s'
    assert reply.status == 'error'
    assert kernel.wait(queued).status == 'aborted'
    return reply, reply.ended - pressed


@pytest.mark.parametrize('code', WAYS.values(), ids=WAYS.keys())
def test_an_interrupt_closes_the_request_at_once_and_drops_the_queue(ready, slow_server, code):
    reply, seconds = stopped(ready, slow_server, code)
    assert reply.ename == 'Interrupted'
    assert len(''.join(reply.traceback)) < 200
    assert seconds < 10
    assert ready.run('print("next")').stdout == 'next\n'


@pytest.mark.parametrize('model', ['model', 'own_client', 'function'])
def test_what_had_come_stays_readable_and_the_next_cell_works(ready, slow_server, model):
    stopped(ready, slow_server, f'read({model})')
    after = ready.run('print(stream.cancelled, stream.response.state, len(stream.response.text) >= 4)')
    assert after.stdout == 'True interrupted True\n'
    again = ready.run(
        f'with model_request_stream_sync({model}, MESSAGES) as stream:\n    print(type(next(iter(stream))).__name__)'
    )
    assert again.stdout == 'PartStartEvent\n'
    slow_server.wait_closed(2)


def test_what_had_come_over_an_asynchronous_stream_stays_readable(ready, slow_server):
    stopped(ready, slow_server, 'await bridge.guard(aread(model))')
    assert ready.run('print(stream.get().state, len(stream.get().text) >= 4)').stdout == 'interrupted True\n'


@pytest.mark.parametrize('model', ['model', 'own_client'])
def test_an_interrupt_in_a_task_of_the_cell_ends_it_and_not_the_kernel(ready, slow_server, model):
    cell = ready.send(f'await asyncio.create_task(child({model}))')
    ready.wait_for(cell, '5 ')
    slow_server.wait_opened(1)
    pressed = ready.interrupt()
    assert slow_server.wait_closed(1) - pressed < CLOSED_WITHIN
    assert ready.wait(cell).ename == 'CancelledError'
    assert ready.run('print("alive")').stdout == 'alive\n'


BETWEEN = {
    'a stream': ('work(model, {})', 1),
    'a stream, bound': ('work(own_client, {})', 1),
    'calls': ('ask_often({})', 0),
}
between = pytest.mark.parametrize(('code', 'requests'), BETWEEN.values(), ids=BETWEEN.keys())


def stopped_at_work(kernel, slow_server, code, requests):
    """Stop a cell while its own code runs, between two waits; its reply, and how long the end took."""
    cell = kernel.send(code)
    kernel.wait_for(cell, 'works ')
    pressed = kernel.interrupt()
    reply = kernel.wait(cell)
    if requests:
        slow_server.wait_closed(requests)
    assert reply.stdout.count('works ') < 3
    assert kernel.run('print("alive")').stdout == 'alive\n'
    return reply, reply.ended - pressed


@between
@pytest.mark.parametrize('cell', ['{}', 'await asyncio.sleep(0); {}'], ids=['synchronous', 'that awaits'])
def test_an_interrupt_of_a_cells_own_work_between_two_waits_is_prompt(ready, slow_server, cell, code, requests):
    reply, seconds = stopped_at_work(ready, slow_server, cell.format(code.format(100)), requests)
    assert reply.ename == 'KeyboardInterrupt'
    assert seconds < 20
    if requests:
        assert ready.run('print(stream.cancelled, stream.response.state)').stdout == 'True interrupted\n'


@between
def test_an_interrupt_between_two_waits_in_a_task_is_raised_by_the_next_wait(ready, slow_server, code, requests):
    task = 'await asyncio.create_task(task(lambda: {}))'
    reply, seconds = stopped_at_work(ready, slow_server, task.format(code.format(0.5)), requests)
    assert reply.ename == 'CancelledError'
    assert seconds < 20
    if requests:
        assert ready.run('print(stream.cancelled, stream.response.state)').stdout == 'True interrupted\n'


def test_guarded_tasks_of_one_cell_are_all_closed(ready, slow_server):
    cell = ready.send('await asyncio.gather(bridge.guard(aread(model)), bridge.guard(aread(model)))')
    slow_server.wait_opened(2)
    ready.wait_for(cell, '5 ')
    pressed = ready.interrupt()
    assert slow_server.wait_closed(2) - pressed < CLOSED_WITHIN
    assert ready.wait(cell).status == 'error'
    assert ready.run('print("alive")').stdout == 'alive\n'


def test_a_timeout_around_a_guarded_call_is_a_timeout(ready, slow_server):
    reply = ready.run('async with asyncio.timeout(0.2):\n    await bridge.guard(aread(model))')
    assert reply.ename == 'TimeoutError'
    slow_server.wait_closed(1)


@pytest.mark.parametrize('model', ['model', 'own_client', 'function'])
def test_leaving_the_block_early_closes_the_connection_at_once(ready, slow_server, model):
    ready.run(f'with model_request_stream_sync({model}, MESSAGES) as stream:\n    next(iter(stream))\nprint("left")')
    assert slow_server.wait_closed(1, timeout=CLOSED_WITHIN)


@pytest.mark.parametrize('model', ['model', 'own_client'])
def test_an_abandoned_generator_closes_the_connection(ready, slow_server, model):
    ready.run(f"""
def events():
    with model_request_stream_sync({model}, MESSAGES) as stream:
        yield from stream

for event in events():
    break
""")
    assert slow_server.wait_closed(1, timeout=1)

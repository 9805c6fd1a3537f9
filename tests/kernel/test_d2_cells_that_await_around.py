"""D2: an interrupt of a cell that awaits our streams in a way of its own: short, a KeyboardInterrupt, `interrupted`."""

import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform == 'win32', reason='POSIX signals')

SETUP = """
import asyncio, signal
from jupyter_stream import aask, model_request_stream, show
from jupyter_stream.messages import ModelRequest
from jupyter_stream.models.function import FunctionModel

async def slow(messages, info):
    yield 'one '
    print('it waits', flush=True)
    await asyncio.sleep(3600)

model = FunctionModel(stream_function=slow)
MESSAGES = [ModelRequest.user_text_prompt('Go on.')]
seen = []

def request():
    return model_request_stream(model, MESSAGES)

async def read():
    async with request() as stream:
        seen.append(stream)
        async for event in stream:
            pass
"""

CELLS = {
    'a gather': "await asyncio.gather(aask('a', model=model), aask('b', model=model))",
    'a gather that keeps errors': "await asyncio.gather(aask('a', model=model), return_exceptions=True)",
    'a gather of streams': 'await asyncio.gather(read(), read())',
    'a gather of show': 'await asyncio.gather(show(request()), show(request()))',
    'a task group': """
async with asyncio.TaskGroup() as group:
    group.create_task(aask('a', model=model))
    group.create_task(read())
""",
    'a task': "await asyncio.create_task(aask('a', model=model))",
    'wait_for': "await asyncio.wait_for(aask('a', model=model), 3600)",
    'a timeout': """
async with asyncio.timeout(3600):
    await read()
""",
    'a stream': """
async with request() as stream:
    seen.append(stream)
    async for event in stream:
        pass
""",
    'a stream that nobody reads': """
async with request() as stream:
    seen.append(stream)
    print('it waits', flush=True)
    await asyncio.sleep(3600)
""",
}


@pytest.mark.parametrize('cell', CELLS.values(), ids=CELLS)
def test_d2_it_is_one_line_and_an_interrupt(kernel, cell):
    assert kernel.run(SETUP).status == 'ok'
    sent, queued = kernel.send(cell), kernel.send('print("ran all the same")')
    kernel.wait_for(sent, 'it waits')
    kernel.interrupt()
    reply = kernel.wait(sent)
    assert (reply.status, reply.ename) == ('error', 'Interrupted')
    assert len(''.join(reply.traceback)) < 200
    assert kernel.wait(queued).status == 'aborted'
    after = kernel.run("print({stream.get().state for stream in seen} <= {'interrupted'})")
    assert after.stdout == 'True\n'
    hooks = kernel.run("shell = get_ipython(); print(shell.custom_exceptions, shell.events.callbacks['post_run_cell'])")
    assert hooks.stdout == '() []\n'


def test_d2_the_kernels_own_handler_is_back_when_the_last_stream_is_left(kernel):
    cell = """
handlers = [signal.getsignal(signal.SIGINT)]
async with model_request_stream('test', MESSAGES):
    async with model_request_stream('test', MESSAGES):
        handlers.append(signal.getsignal(signal.SIGINT))
    handlers.append(signal.getsignal(signal.SIGINT))
handlers.append(signal.getsignal(signal.SIGINT))
print([handler is handlers[0] for handler in handlers])
"""
    assert kernel.run(SETUP).status == 'ok'
    assert kernel.run(cell).stdout == '[True, False, False, True]\n'


def test_d2_other_cancellations_are_what_they_were(kernel):
    assert kernel.run(SETUP).status == 'ok'
    late = kernel.run("async with asyncio.timeout(0.05):\n    await aask('a', model=model)")
    assert late.ename == 'TimeoutError'
    cancelled = kernel.run('task = asyncio.create_task(read())\nawait asyncio.sleep(0)\ntask.cancel()\nawait task')
    assert cancelled.ename == 'CancelledError'

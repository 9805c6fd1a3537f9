"""D7: a program that Ctrl-C stops inside a synchronous call of ours dies by SIGINT, as Python does."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

PROGRAM = """
import asyncio, atexit
from jupyter_stream.direct import model_request_stream_sync, model_request_sync
from jupyter_stream.messages import ModelRequest
from jupyter_stream.models.function import FunctionModel

ASK = [ModelRequest.user_text_prompt('Hi')]

async def slow(*_):
    yield 'word'
    print('it waits', flush=True)
    await asyncio.sleep(3600)

async def whole(*_):
    print('it waits', flush=True)
    await asyncio.sleep(3600)

atexit.register(print, 'the end')
"""
STREAM = """
with model_request_stream_sync(FunctionModel(stream_function=slow), ASK) as stream:
    list(stream)
"""
WHOLE = 'model_request_sync(FunctionModel(whole), ASK)\n'
CAUGHT = f"""
try:
    {WHOLE.strip()}
except KeyboardInterrupt:
    pass
"""


@pytest.mark.skipif(sys.platform == 'win32', reason='POSIX signals')
@pytest.mark.parametrize(
    ('code', 'status'),
    [(STREAM, -signal.SIGINT), (WHOLE, -signal.SIGINT), (CAUGHT, 0)],
    ids=['stream', 'whole', 'caught'],
)
def test_d7_it_dies_by_sigint(code: str, status: int) -> None:
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, '-c', PROGRAM + code], stdout=pipe, stderr=pipe, text=True) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == 'it waits\n'
        program.send_signal(signal.SIGINT)
        out, err = program.communicate(timeout=60)
    assert program.returncode == status
    assert out == 'the end\n'
    assert ('Interrupted' in err) == (status != 0)

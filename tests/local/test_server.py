from __future__ import annotations

import asyncio
import gc
import logging
import os
import secrets
import signal
import subprocess
import sys
import textwrap
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from jupyter_stream.exceptions import LocalModelError, UserError
from jupyter_stream.local import server as servers
from jupyter_stream.local import stop_all
from jupyter_stream.local.server import Options, Server, shared, status
from jupyter_stream.local.weights import Weights

if TYPE_CHECKING:
    from tests.local.conftest import Runtime

POSIX = pytest.mark.skipif(not hasattr(signal, 'SIGKILL'), reason='signals of POSIX')


def gone(pid: int) -> bool:
    """Whether a process has ended; one that is only waited for has."""
    try:
        state = Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()[0]
    except FileNotFoundError:
        if Path('/proc/self').exists():
            return True
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        return False
    return state == 'Z'


def until(holds: Callable[[], bool], seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.02)
    return holds()


def test_it_starts_when_first_needed_and_then_stays(runtime: Runtime) -> None:
    server = runtime.server()
    assert not server.running
    assert server.base_url is None
    address = server.ensure().result(10)
    assert address.base_url == server.base_url == 'http://127.0.0.1:4711/v1'
    assert server.running
    pid = server.pid
    assert server.ensure().result(10) is address
    assert server.pid == pid


def test_the_server_is_told_to_be_modest_and_closed(runtime: Runtime) -> None:
    server = runtime.server(threads=3, max_tokens=99, sleep_after=7)
    key = server.ensure().result(10).key.reveal()
    told = eval(server.weights.path.with_suffix('.json').read_text())
    expected = {
        'hostnames': "['127.0.0.1']",
        'port': '0',
        'api_keys': str([key]),
        'cors_origins': '',
        'cors_credentials': 'False',
        'ui': 'False',
        'endpoint_slots': 'False',
        'model_alias': "{'toy'}",
        'n_predict': '99',
        'n_batch': '256',
        'cache_ram_mib': '64',
        'sleep_idle_seconds': '7',
    }
    assert {name: told[name] for name in expected} == expected
    assert len(key) >= 40


@pytest.mark.parametrize(('said', 'expected'), [({}, '400'), ({'max_tokens': 99}, '99')])
def test_the_environment_overrules_what_suits_a_model(runtime: Runtime, said: dict[str, Any], expected: str) -> None:
    server = runtime.server(**said)
    server.weights = replace(server.weights, max_tokens=400)
    server.ensure().result(10)
    assert eval(server.weights.path.with_suffix('.json').read_text())['n_predict'] == expected


def test_each_start_has_another_key(runtime: Runtime) -> None:
    server = runtime.server()
    before = server.ensure().result(10).key.reveal()
    server.stop()
    assert server.ensure().result(10).key.reveal() != before


def test_the_key_is_nowhere_to_be_seen(runtime: Runtime, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    server = runtime.server()
    address = server.ensure().result(10)
    key = address.key.reveal()
    places = [repr(address), repr(server), str(vars(server)), caplog.text, str(os.environ)]
    if Path('/proc/self').exists():
        process = Path(f'/proc/{server.pid}')
        places += [(process / name).read_bytes().decode() for name in ('cmdline', 'environ')]
        places.append(subprocess.run(['ps', 'auxewww'], capture_output=True, text=True, check=False).stdout)
    assert not [place for place in places if key in place]
    assert all(places)


def test_a_traceback_with_all_its_variables_does_not_show_the_key(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secrets, 'token_urlsafe', lambda size: 'the-very-key')
    with pytest.raises(LocalModelError) as caught:
        asyncio.run(runtime.server('refused').address())
    shown = ''.join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert 'config = {' in shown
    assert 'the-very-key' not in shown


@POSIX
def test_waiting_threads_do_not_spin(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('OMP_WAIT_POLICY', 'ACTIVE')
    server = runtime.server()
    server.ensure().result(10)
    environ = Path(f'/proc/{server.pid}/environ')
    if not environ.exists():
        pytest.skip('no /proc here')
    assert b'OMP_WAIT_POLICY=PASSIVE' in environ.read_bytes().split(b'\0')


# ------------------------------------------------------------------ many at once


def test_two_threads_start_one_server(runtime: Runtime) -> None:
    server = runtime.server('slow')
    addresses: list[object] = []
    threads = [threading.Thread(target=lambda: addresses.append(server.ensure().result(10))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(15)
    assert len(addresses) == 8
    assert len(set(map(id, addresses))) == 1
    assert len(server.weights.path.with_suffix('.json').read_text().splitlines()) == 1


def test_two_loops_start_one_server(runtime: Runtime) -> None:
    server = runtime.server('slow')
    urls: list[str] = []

    async def both() -> None:
        found = await asyncio.gather(server.address(), server.address())
        urls.extend(address.base_url for address in found)

    threads = [threading.Thread(target=lambda: asyncio.run(both())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(15)
    assert len(urls) == 4
    assert len(server.weights.path.with_suffix('.json').read_text().splitlines()) == 1


def test_the_loop_is_free_while_it_starts(runtime: Runtime) -> None:
    server = runtime.server('slow')

    async def count() -> int:
        waiting = asyncio.ensure_future(server.address())
        ticks = 0
        while not waiting.done():
            await asyncio.sleep(0.01)
            ticks += 1
        return ticks

    assert asyncio.run(count()) > 10


def test_who_gives_up_leaves_the_start_to_the_others(runtime: Runtime) -> None:
    server = runtime.server('slow')

    async def give_up() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await server.address()

    asyncio.run(give_up())
    assert server.ensure().result(10).base_url
    assert len(server.weights.path.with_suffix('.json').read_text().splitlines()) == 1


def test_the_same_weights_share_a_server(runtime: Runtime, no_servers: None) -> None:
    path = runtime.folder / 'a.gguf'
    one, same, other = Weights(path, 'a', 'A'), Weights(path, 'a', 'A'), Weights(runtime.folder / 'b.gguf', 'b', 'B')
    assert shared(one) is shared(same)
    assert shared(one) is not shared(other)
    assert shared(one) is not shared(one, Options(context=1))


# --------------------------------------------------------------- what is told


def test_waiting_is_said_and_how_long_it_took(runtime: Runtime) -> None:
    server = runtime.server()
    said: list[str] = []
    status.set(said.append)
    try:
        asyncio.run(server.address())
        asyncio.run(server.address())
    finally:
        status.set(None)
    assert said[0] == 'Starting the embedded model (Toy)…'
    assert said[1].startswith('The embedded model (Toy) is ready; starting it took 0.')
    assert len(said) == 2


def test_a_hook_of_ones_own_comes_before_the_context(runtime: Runtime) -> None:
    said: list[str] = []
    asyncio.run(runtime.server().address(said.append))
    assert len(said) == 2


# ------------------------------------------------------------------ what fails


def test_refused_weights_give_the_cause(runtime: Runtime) -> None:
    server = runtime.server('refused')
    with pytest.raises(LocalModelError) as caught:
        asyncio.run(server.address())
    assert str(caught.value) == (
        f'The embedded model did not start on {server.weights.path}: Failed to init server, please check the input '
        "params (invalid magic characters: 'no')."
    )


@pytest.mark.parametrize(
    ('does', 'said'),
    [('left', 'its process ended with code 3'), pytest.param('illegal', 'ended by SIGILL', marks=POSIX)],
)
def test_a_process_that_ends_says_how(does: str, said: str, runtime: Runtime) -> None:
    with pytest.raises(LocalModelError, match=said):
        runtime.server(does).ensure().result(10)


def test_loading_has_a_limit(runtime: Runtime) -> None:
    server = runtime.server('never', start_timeout=1)
    with pytest.raises(LocalModelError, match='took longer than 1 s'):
        server.ensure().result(10)


def test_a_missing_runtime_is_said(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> Path:
        raise LocalModelError('The embedded model needs its runtime.')

    monkeypatch.setattr(servers, 'require_runtime', missing)
    with pytest.raises(LocalModelError, match='needs its runtime'):
        asyncio.run(runtime.server().address())


def test_no_interpreter_is_said(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, 'executable', '')
    with pytest.raises(LocalModelError, match=r'`sys\.executable` is empty'):
        runtime.server().ensure().result(10)
    monkeypatch.setattr(sys, 'executable', str(runtime.folder / 'nowhere'))
    with pytest.raises(LocalModelError, match='could not be started'):
        runtime.server().ensure().result(10)


def test_a_failure_is_not_for_ever(runtime: Runtime) -> None:
    server = runtime.server('refused')
    with pytest.raises(LocalModelError):
        server.ensure().result(10)
    better = server.weights.path.with_name('loads.gguf')
    server.weights = Weights(better, 'toy', 'Toy')
    assert server.ensure().result(10).base_url


# ------------------------------------------------------------------- how it ends


def test_a_server_that_died_is_started_again(runtime: Runtime) -> None:
    server = runtime.server()
    server.ensure().result(10)
    first = server.pid
    assert first
    os.kill(first, signal.SIGTERM)
    assert until(lambda: not server.running)
    assert server.base_url is None
    assert server.ensure().result(10).base_url
    assert server.pid != first


def test_stop_ends_it_at_once(runtime: Runtime) -> None:
    server = runtime.server()
    server.ensure().result(10)
    pid = server.pid
    server.stop()
    server.stop()
    assert pid
    assert gone(pid)
    assert not server.running


def test_stop_while_it_starts(runtime: Runtime) -> None:
    server = runtime.server('never')
    future = server.ensure()
    assert until(lambda: server.pid is not None)
    pid = server.pid
    stop_all()
    with pytest.raises(LocalModelError):
        future.result(10)
    assert pid
    assert gone(pid)


def test_stop_before_its_process_is_there(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    server = runtime.server()
    found = servers.require_runtime

    def stopped_meanwhile() -> Path:
        server.stop()
        return found()

    monkeypatch.setattr(servers, 'require_runtime', stopped_meanwhile)
    with pytest.raises(LocalModelError, match='stopped while it was being started'):
        server.ensure().result(10)
    assert server.pid is None


def test_it_leaves_when_nobody_asks(runtime: Runtime) -> None:
    server = runtime.server(stop_after=1)
    server.ensure().result(10)
    assert until(lambda: not server.running)
    assert server.ensure().result(10).base_url


PARENT = """
    import os, signal, sys, time
    from pathlib import Path
    from jupyter_stream.local.server import Options, Server
    from jupyter_stream.local.weights import Weights

    server = Server(Weights(Path(sys.argv[1]), 'toy', 'Toy'), Options(context=4711))
    server.ensure().result(10)
    {then}
"""


def parent(runtime: Runtime, then: str) -> tuple[subprocess.Popen[str], int]:
    """A process that has started a server and said its pid."""
    path = runtime.folder / 'loads.gguf'
    path.write_bytes(b'GGUF')
    script = textwrap.dedent(PARENT).format(then=then)
    environ = {**os.environ, 'PYTHONPATH': os.pathsep.join([os.environ['PYTHONPATH'], *filter(None, sys.path)])}
    process = subprocess.Popen(
        [sys.executable, '-c', script, str(path)],
        stdout=subprocess.PIPE,
        text=True,
        env=environ,
        start_new_session=True,
    )
    assert process.stdout
    return process, int(process.stdout.readline())


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()
    assert process.stdout
    process.stdout.close()


@POSIX
def test_it_ends_with_a_parent_that_is_killed(runtime: Runtime) -> None:
    process, pid = parent(runtime, 'print(server.pid, flush=True); time.sleep(60)')
    assert not gone(pid)
    end(process)
    assert until(lambda: gone(pid))


@POSIX
def test_it_ends_with_a_killed_parent_whose_fork_lives(runtime: Runtime) -> None:
    # A fork by C code runs no hook of Python and keeps the pipe open.
    then = """
import ctypes
child = ctypes.PyDLL(None).fork()
if child == 0: time.sleep(8); os._exit(0)
print(server.pid, flush=True); time.sleep(60)
""".strip()
    process, pid = parent(runtime, then)
    process.kill()
    assert until(lambda: gone(pid), 6)
    end(process)


def test_it_ends_with_a_parent_that_ends(runtime: Runtime) -> None:
    process, pid = parent(runtime, 'print(server.pid, flush=True)')
    process.communicate(timeout=10)
    assert process.returncode == 0
    assert until(lambda: gone(pid))


@POSIX
def test_an_interrupt_does_not_touch_it(runtime: Runtime) -> None:
    # A shell that runs tests in the background has them ignore it, and processes inherit that.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    server = runtime.server(stop_after=1)
    server.ensure().result(10)
    signal.signal(signal.SIGINT, before)
    assert server.pid
    assert server._process
    os.kill(server.pid, signal.SIGINT)
    assert until(lambda: not server.running)
    assert server._process._popen.returncode == 0, 'it ended by the interrupt, and not for being idle'


@POSIX
def test_an_interrupt_of_the_kernel_leaves_it_alone(runtime: Runtime) -> None:
    then = 'signal.signal(signal.SIGINT, signal.SIG_IGN); print(server.pid, flush=True); time.sleep(60)'
    process, pid = parent(runtime, then)
    os.killpg(process.pid, signal.SIGINT)
    os.kill(pid, signal.SIGINT)
    try:
        assert not until(lambda: gone(pid), 0.5)
    finally:
        end(process)


@pytest.mark.skipif(not hasattr(os, 'fork'), reason='there is no fork here')
def test_a_fork_leaves_the_parents_server_alone(runtime: Runtime) -> None:
    then = """
child = os.fork()
if child == 0:
    alone = not server.running and server.pid is None
    own = server.ensure().result(10) and server.pid
    server.stop()
    os._exit(0 if alone and own else 1)
code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
print(server.pid if server.running and code == 0 else -1, flush=True); time.sleep(60)
""".strip()
    process, pid = parent(runtime, then)
    end(process)
    assert pid > 0
    assert until(lambda: gone(pid))


def test_nothing_is_left_open(runtime: Runtime, recwarn: pytest.WarningsRecorder) -> None:
    server = runtime.server()
    server.ensure().result(10)
    server.stop()
    runtime.made.clear()
    gc.collect()
    recwarn.clear()
    del server
    gc.collect()
    assert not [warning for warning in recwarn if issubclass(warning.category, ResourceWarning)]


# ---------------------------------------------------------------------- options


def test_one_processor_is_left_to_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    for processors, threads in ((8, 7), (2, 1), (1, 1), (None, 1)):
        monkeypatch.setattr(os, 'cpu_count', lambda n=processors: n)
        assert Options().threads == threads


def test_options_come_from_the_environment() -> None:
    options = Options.of({'JUPYTER_STREAM_LOCAL_THREADS': '4', 'JUPYTER_STREAM_LOCAL_STOP_AFTER': ' 0 ', 'OTHER': 'x'})
    assert options == Options(threads=4, stop_after=0)


@pytest.mark.parametrize('value', ['-1', '1.5', 'many'])
def test_an_option_that_is_no_number_is_said(value: str) -> None:
    with pytest.raises(UserError, match=r'^JUPYTER_STREAM_LOCAL_CONTEXT is .*; it must be a whole number\.$'):
        Options.of({'JUPYTER_STREAM_LOCAL_CONTEXT': value})


def test_making_one_starts_nothing(runtime: Runtime) -> None:
    assert isinstance(runtime.server('never'), Server)
    assert runtime.made[0].pid is None

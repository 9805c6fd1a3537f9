"""Synchronous code runs asynchronous code: in a script, in plain threads, inside running loops, and after a fork."""

import asyncio
import contextvars
import gc
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import pytest

from jupyter_stream import bridge
from jupyter_stream.bridge import _interrupts, _loops
from jupyter_stream.exceptions import Interrupted, UserError

WAYS = pytest.mark.parametrize('loop_bound', [False, True], ids=['unbound', 'loop_bound'])
posix = pytest.mark.skipif(sys.platform == 'win32', reason='needs signals and fork as POSIX has them')


class Source:
    """An async context manager of an async iterable that records its life."""

    def __init__(self, items=(), *, fail_entering=None, fail=None, fail_leaving=None, forever=False):
        self.items, self.fail, self.forever = items, fail, forever
        self.fail_entering, self.fail_leaving = fail_entering, fail_leaving
        self.fetched = []
        self.tasks = set()
        self.left_with = 'not left'
        self.cancelling = None
        self.left = threading.Event()

    async def _items(self):
        for item in self.items:
            self.tasks.add(asyncio.current_task())
            await asyncio.sleep(0)
            self.fetched.append(item)
            yield item
        if self.fail:
            raise self.fail
        if self.forever:
            await asyncio.sleep(3600)

    async def __aenter__(self):
        self.tasks.add(asyncio.current_task())
        if self.fail_entering:
            raise self.fail_entering
        return self._items()

    async def __aexit__(self, kind, error, traceback):
        self.tasks.add(asyncio.current_task())
        self.left_with = kind
        self.cancelling = asyncio.current_task().cancelling()
        self.left.set()
        if self.fail_leaving:
            raise self.fail_leaving


async def answer():
    await asyncio.sleep(0)
    return 42


def opened(source, **options):
    stream = bridge.Stream(source, **options)
    stream.open()
    return stream


def script(code, **env):
    """Run a script in a process of its own and return what it prints."""
    done = subprocess.run(
        [sys.executable, '-W', 'error', '-c', textwrap.dedent(code)],
        capture_output=True, text=True, timeout=30, env={**os.environ, **env},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    return done.stdout


def interrupt_after(seconds):
    """Ctrl-C, later."""
    timer = threading.Timer(seconds, lambda: signal.raise_signal(signal.SIGINT))
    if sys.platform != 'win32':
        timer = threading.Timer(seconds, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    return timer


# ------------------------------------------------------------------ run


@WAYS
def test_a_coroutine_runs_to_its_end_in_a_script(loop_bound):
    assert bridge.run(answer, loop_bound=loop_bound) == 42


@WAYS
def test_a_coroutine_runs_to_its_end_inside_a_running_loop(loop_bound):
    async def main():
        return bridge.run(answer, loop_bound=loop_bound)

    assert asyncio.run(main()) == 42


@WAYS
def test_a_coroutine_runs_to_its_end_in_a_plain_thread(loop_bound):
    got = []
    thread = threading.Thread(target=lambda: got.append(bridge.run(answer, loop_bound=loop_bound)))
    thread.start()
    thread.join(10)
    assert got == [42]


@WAYS
def test_an_error_reaches_the_caller_as_it_is(loop_bound):
    error = ValueError('as it is')

    async def fail():
        raise error

    with pytest.raises(ValueError) as caught:
        bridge.run(fail, loop_bound=loop_bound)
    assert caught.value is error


@WAYS
@pytest.mark.parametrize('error', [SystemExit, KeyboardInterrupt, asyncio.CancelledError])
def test_a_coroutine_that_ends_the_program_does_not_end_the_loop(loop_bound, error):
    async def fail():
        raise error

    with pytest.raises(error):
        bridge.run(fail, loop_bound=loop_bound)
    assert bridge.run(answer, loop_bound=loop_bound) == 42


def test_what_ends_the_program_from_a_callback_closes_what_the_coroutine_had_open():
    closed = []

    async def hold():
        def end():
            raise SystemExit

        asyncio.get_running_loop().call_soon(end)
        try:
            await asyncio.Event().wait()
        finally:
            closed.append(True)

    with pytest.raises(SystemExit):
        bridge.run(hold, loop_bound=True)
    assert closed == [True]


def test_a_threads_own_loop_is_closed_with_it():
    own = _loops._OwnLoop()
    loop = own.loop
    del own
    gc.collect()
    assert loop.is_closed()


@WAYS
def test_the_coroutine_sees_the_callers_context_variables(loop_bound):
    cell = contextvars.ContextVar('cell', default='no cell')

    async def which():
        before = cell.get()
        cell.set('changed inside')
        return before

    cell.set('this cell')
    assert bridge.run(which, loop_bound=loop_bound) == 'this cell'
    assert cell.get() == 'this cell'


def test_what_is_bound_to_a_loop_runs_on_the_running_one():
    async def where():
        return asyncio.get_running_loop(), threading.current_thread()

    async def main():
        return bridge.run(where, loop_bound=True) == (asyncio.get_running_loop(), threading.main_thread())

    assert asyncio.run(main())


def test_what_is_bound_to_a_loop_finds_the_same_loop_again_in_a_script():
    async def where():
        return asyncio.get_running_loop(), threading.current_thread()

    assert bridge.run(where, loop_bound=True) == bridge.run(where, loop_bound=True)
    assert bridge.run(where, loop_bound=True)[1] is threading.current_thread()


def test_what_is_not_bound_always_finds_the_same_loop():
    async def where():
        return asyncio.get_running_loop()

    async def main():
        return bridge.run(where)

    assert asyncio.run(main()) is bridge.run(where)


@WAYS
def test_a_synchronous_call_inside_a_synchronous_call_does_not_wait_for_itself(loop_bound):
    async def outer():
        return bridge.run(middle, loop_bound=loop_bound)

    async def middle():
        return bridge.run(answer)

    assert bridge.run(outer) == 42


def test_asyncio_is_not_patched_until_something_needs_it():
    printed = script("""
        import asyncio
        from jupyter_stream import bridge

        async def answer():
            return 42

        async def main():
            print(bridge.run(answer), hasattr(asyncio, '_nest_patched'))
            print(bridge.run(answer, loop_bound=True), hasattr(asyncio, '_nest_patched'))

        print(bridge.run(answer, loop_bound=True), hasattr(asyncio, '_nest_patched'))
        asyncio.run(main())
    """)
    assert printed == '42 False\n42 False\n42 True\n'


class Foreign(asyncio.SelectorEventLoop):
    """Stands for uvloop's and Pyodide's loops, which are no BaseEventLoop."""


def test_a_loop_that_cannot_be_entered_again_is_named_and_awaiting_advised(monkeypatch):
    async def main():
        monkeypatch.setattr(asyncio, 'BaseEventLoop', asyncio.ProactorEventLoop if sys.platform == 'win32' else Foreign)
        assert bridge.run(answer) == 42
        with pytest.raises(UserError, match=r'cannot be entered again.*await'):
            bridge.run(answer, loop_bound=True)

    asyncio.run(main())


def test_where_no_thread_can_start_awaiting_is_advised(monkeypatch):
    def fail(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(_loops, '_state', _loops._State())
    monkeypatch.setattr(threading.Thread, 'start', fail)
    with pytest.raises(UserError, match='await'):
        bridge.run(answer)


@posix
@WAYS
def test_a_forked_child_has_a_loop_of_its_own(loop_bound):
    printed = script(f"""
        import asyncio, os, warnings
        from jupyter_stream import bridge

        async def answer():
            await asyncio.sleep(0.001)
            return 42

        bridge.run(answer, loop_bound={loop_bound})
        warnings.simplefilter('ignore')  # that of Python 3.12 on forking with threads
        child = os.fork()
        answered = bridge.run(answer, loop_bound={loop_bound})
        if not child:
            os._exit(answered)
        print(answered, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), bridge.run(answer, loop_bound={loop_bound}))
    """)
    assert printed == '42 42 42\n'


def test_a_program_that_ends_in_mid_stream_closes_what_is_open():
    printed = script("""
        import asyncio
        from contextlib import asynccontextmanager
        from jupyter_stream import bridge

        async def items():
            yield 1
            await asyncio.sleep(3600)

        @asynccontextmanager
        async def request():
            try:
                yield items()
            finally:
                print('closed')

        stream = bridge.Stream(request())
        stream.open()
        print(next(stream))
    """)
    assert printed == '1\nclosed\n'


# ------------------------------------------------------------------ interrupts


@posix
@WAYS
@pytest.mark.parametrize('running', [False, True], ids=['in a script', 'in a running loop'])
def test_an_interrupt_cancels_the_coroutine_and_waits_until_it_has_closed(loop_bound, running):
    closed = []

    async def request():
        try:
            await asyncio.sleep(3600)
        finally:
            await asyncio.sleep(0.02)
            closed.append(True)

    def call():
        interrupt_after(0.1)
        start = time.monotonic()
        with pytest.raises(Interrupted):
            bridge.run(request, loop_bound=loop_bound)
        assert closed == [True]
        assert time.monotonic() - start < 10

    async def main():
        signal.signal(signal.SIGINT, signal.default_int_handler)  # as in a kernel's synchronous cell
        call()

    before = signal.getsignal(signal.SIGINT)
    asyncio.run(main()) if running else call()
    assert signal.getsignal(signal.SIGINT) is before
    assert bridge.run(answer, loop_bound=loop_bound) == 42


@posix
def test_the_cell_is_found_from_any_task_of_its_loop():
    class Shell:
        async def run_cell_async(self):
            return await asyncio.create_task(ask())

    async def ask():
        return _interrupts.cell_task()

    async def main():
        cell = asyncio.create_task(Shell().run_cell_async())
        return await cell is cell

    assert asyncio.run(main())
    assert asyncio.run(ask()) is None
    assert _interrupts.cell_task() is None


@WAYS
def test_an_interrupt_inside_asyncio_run_ends_the_program_as_always(loop_bound):
    async def main():
        interrupt_after(0.1)
        bridge.run(lambda: asyncio.sleep(3600), loop_bound=loop_bound)

    if loop_bound:  # a patch made earlier in this process has replaced `asyncio.run`, and its handling of signals
        run = asyncio.Runner().run
    else:
        run = asyncio.run
    with pytest.raises((KeyboardInterrupt, asyncio.CancelledError)):
        run(main())


@posix
@WAYS
def test_a_coroutine_that_ignores_the_interrupt_does_not_hide_it(loop_bound):
    async def stubborn():
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            return 'never mind'

    interrupt_after(0.1)
    with pytest.raises(Interrupted):
        bridge.run(stubborn, loop_bound=loop_bound)


def test_only_an_interrupted_call_is_given_up(monkeypatch):
    monkeypatch.setattr(_loops, 'POLL', 0.001)
    monkeypatch.setattr(_loops, 'GRACE', 0.001)

    async def slow():
        await asyncio.sleep(0.1)
        return 42

    assert bridge.run(slow) == 42


def test_a_request_has_two_seconds_to_close():
    assert bridge.GRACE == 2


@posix
def test_a_request_that_never_closes_is_waited_for_only_so_long(monkeypatch):
    monkeypatch.setattr(_loops, 'GRACE', 0.1)
    release = threading.Event()

    async def stuck():
        try:
            await asyncio.sleep(3600)
        finally:
            while not release.is_set():
                await asyncio.sleep(0.01)

    interrupt_after(0.1)
    start = time.monotonic()
    with pytest.raises(Interrupted):
        bridge.run(stuck)
    assert time.monotonic() - start < 10
    release.set()


@posix
@WAYS
def test_a_second_interrupt_raises_at_once(loop_bound):
    async def stuck():
        try:
            await asyncio.sleep(3600)
        finally:
            with pytest.raises(asyncio.CancelledError):
                await asyncio.sleep(30)

    interrupt_after(0.1)
    interrupt_after(0.2)
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        bridge.run(stuck, loop_bound=loop_bound)
    assert time.monotonic() - start < 10


@posix
@WAYS
def test_the_programs_own_handler_is_left_alone(loop_bound):
    seen = []
    before = signal.signal(signal.SIGINT, lambda *_: seen.append(True))
    try:
        interrupt_after(0.05)
        bridge.run(lambda: asyncio.sleep(0.2), loop_bound=loop_bound)
    finally:
        signal.signal(signal.SIGINT, before)
    assert seen == [True]


def test_guard_passes_values_errors_and_foreign_cancellations_on():
    async def main():
        assert await bridge.guard(answer()) == 42
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await bridge.guard(asyncio.sleep(3600))
        with pytest.raises(asyncio.CancelledError):
            task = asyncio.create_task(bridge.guard(asyncio.sleep(3600)))
            await asyncio.sleep(0)
            task.cancel()
            await task

    asyncio.run(main())


def test_guard_passes_a_value_on_in_a_cell_too():
    assert asyncio.run(Cell(lambda: bridge.guard(answer())).run_cell_async()) == 42


def test_guard_outside_a_cell_can_be_cancelled():
    async def main():
        cancel = bridge.Cancel()

        async def request():
            cancel()
            await asyncio.sleep(1)

        with pytest.raises(asyncio.CancelledError):
            await bridge.guard(request(), cancel)

    asyncio.run(main())


async def guarded():
    """How often a task still counts as cancelled by others when `guard` has passed that on."""
    try:
        await bridge.guard(asyncio.sleep(3600))
    except asyncio.CancelledError:
        return asyncio.current_task().cancelling()


@pytest.mark.parametrize('make', [guarded, lambda: Cell(guarded).run_cell_async()], ids=['in a task', 'in a cell'])
def test_guard_takes_no_cancellation_back_that_is_not_its_own(make):
    async def main():
        task = asyncio.create_task(make())
        await asyncio.sleep(0)
        task.cancel()
        return await task

    assert asyncio.run(main()) == 1


@posix
def test_guard_makes_an_interrupt_of_a_cells_cancellation():
    class Shell:
        async def run_cell_async(self):
            interrupt_after(0.1)
            try:
                await bridge.guard(asyncio.sleep(3600))
            except Interrupted:
                await asyncio.sleep(0)  # the task is usable again
                return asyncio.current_task().cancelling()

    loop = asyncio.new_event_loop()
    try:
        assert loop.run_until_complete(Shell().run_cell_async()) == 0
    finally:
        loop.close()


# ------------------------------------------------------------------ interrupts between two waits, in a running loop


def in_a_task(body):
    """Run `body` in a task of a loop of its own under the handler of `asyncio.run`; how it ended."""
    with asyncio.Runner() as runner:
        try:
            return runner.run(body())
        except KeyboardInterrupt:
            return 'interrupted'
        finally:
            assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@posix
@WAYS
def test_an_interrupt_between_two_calls_is_raised_by_the_next(loop_bound):
    ran = []

    async def request():
        ran.append('begun')
        try:
            await asyncio.sleep(1)
        finally:
            ran.append('closed')

    async def body():
        assert bridge.run(answer, loop_bound=loop_bound) == 42
        signal.raise_signal(signal.SIGINT)
        ran.append('goes on')
        bridge.run(request, loop_bound=loop_bound)

    assert in_a_task(body) == 'interrupted'
    assert ran == ['goes on', 'begun', 'closed']


@posix
@WAYS
@pytest.mark.parametrize('ready', [None, lambda entered: 'ready'], ids=['waiting', 'ready'])
def test_an_interrupt_between_two_items_ends_the_stream_at_the_next(loop_bound, ready):
    told = []

    async def on_interrupt(items):
        told.append(items)

    source = Source(range(10), forever=True)
    items = []

    async def body():
        stream = bridge.Stream(source, loop_bound=loop_bound, on_interrupt=on_interrupt, ready=ready)
        stream.open()
        try:
            for item in stream:
                items.append(item)
                if len(items) == 3:
                    signal.raise_signal(signal.SIGINT)
                if len(items) == 9:
                    pytest.fail('It goes on.')
        except asyncio.CancelledError as error:
            assert list(stream) == []
            stream.close(error)
            raise

    assert in_a_task(body) == 'interrupted'
    assert len(items) == 3
    assert source.left.is_set() and len(told) == 1


@posix
@WAYS
def test_an_interrupt_before_the_end_of_a_block_is_raised_by_leaving_it(loop_bound):
    source = Source([1], forever=True)

    async def body():
        stream = opened(source, loop_bound=loop_bound)
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(asyncio.CancelledError):
            stream.close()
        assert source.left.is_set()
        assert bridge.run(answer, loop_bound=loop_bound) == 42  # it is raised once
        await asyncio.sleep(0)

    assert in_a_task(body) == 'interrupted'


@posix
@WAYS
def test_between_two_waits_the_loops_own_handler_is_called_and_then_it_is_alone_again(loop_bound):
    seen = []

    def own(signum, frame):
        seen.append(signum)

    async def body():
        signal.signal(signal.SIGINT, own)
        bridge.run(answer, loop_bound=loop_bound)
        signal.raise_signal(signal.SIGINT)
        assert seen == [signal.SIGINT]
        await asyncio.sleep(0)  # the loop could do what the interrupt asked for
        assert signal.getsignal(signal.SIGINT) is own
        assert bridge.run(answer, loop_bound=loop_bound) == 42
        await asyncio.sleep(0)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        return 'undisturbed'

    assert in_a_task(body) == 'undisturbed'


@posix
@WAYS
@pytest.mark.parametrize('order', [(0, 1), (1, 0), ()], ids=['first first', 'last first', 'dropped'])
def test_streams_that_overlap_leave_the_handler_as_it_was(loop_bound, order):
    async def body():
        before = signal.getsignal(signal.SIGINT)
        streams = [opened(Source([1, 2]), loop_bound=loop_bound) for _ in range(2)]
        assert [next(stream) for stream in streams] == [1, 1]
        for index in order:
            streams[index].close()
        del streams
        gc.collect()
        await asyncio.sleep(0.01)
        return signal.getsignal(signal.SIGINT) is before

    assert in_a_task(body)


def test_however_many_waits_there_were_the_loop_ends_the_gap_once():
    asked = []

    class Loop:
        call_soon = asked.append

    gap = _interrupts._Gap(signal.default_int_handler, Loop)
    gap.open()
    gap.open()
    assert len(asked) == 1


@posix
@WAYS
def test_a_handler_set_between_two_waits_stays(loop_bound):
    async def body():
        before = signal.getsignal(signal.SIGINT)
        bridge.run(answer, loop_bound=loop_bound)
        signal.signal(signal.SIGINT, before)
        await asyncio.sleep(0)
        bridge.run(answer, loop_bound=loop_bound)
        kept = signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.raise_signal(signal.SIGINT)
        bridge.run(answer, loop_bound=loop_bound)
        await asyncio.sleep(0)
        ignored = signal.signal(signal.SIGINT, kept) is signal.SIG_IGN
        bridge.run(answer, loop_bound=loop_bound)
        await asyncio.sleep(0)
        signal.signal(signal.SIGINT, before)
        return ignored

    assert in_a_task(body)


def test_in_another_thread_nothing_touches_the_handler():
    async def body():
        stream = opened(Source([1]))
        next(stream)
        got.append(signal.getsignal(signal.SIGINT))
        stream.close()

    got = []
    thread = threading.Thread(target=lambda: asyncio.Runner().run(body()))
    thread.start()
    thread.join(10)
    assert got == [signal.getsignal(signal.SIGINT)]


@posix
@WAYS
def test_a_second_interrupt_between_two_waits_is_the_loops_own_matter(loop_bound):
    async def body():
        bridge.run(answer, loop_bound=loop_bound)
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)  # that of `asyncio.run` raises here
        pytest.fail('It goes on.')

    assert in_a_task(body) == 'interrupted'
    assert bridge.run(answer, loop_bound=loop_bound) == 42


class Cell:
    """Stands for IPython's shell: the coroutine of this name catches what is raised in a cell."""

    def __init__(self, body):
        self.body = body

    async def run_cell_async(self):
        try:
            return await self.body()
        except KeyboardInterrupt:
            return 'at once'


@posix
@WAYS
def test_an_interrupt_between_two_waits_in_a_cells_own_task_is_raised_at_once(loop_bound):
    async def body():
        bridge.run(answer, loop_bound=loop_bound)
        signal.raise_signal(signal.SIGINT)
        pytest.fail('It goes on.')

    assert in_a_task(lambda: Cell(body).run_cell_async()) == 'at once'


# ------------------------------------------------------------------ Stream


@WAYS
def test_a_stream_gives_its_items_and_is_left_without_an_error(loop_bound):
    source = Source([1, 2, 3])
    stream = opened(source, loop_bound=loop_bound)
    assert list(stream) == [1, 2, 3]
    assert list(stream) == []
    stream.close()
    assert source.left_with is None
    assert list(stream) == []


@WAYS
def test_one_task_enters_fetches_and_leaves(loop_bound):
    source = Source([1, 2, 3])
    stream = opened(source, loop_bound=loop_bound)
    list(stream)
    stream.close()
    assert len(source.tasks) == 1


@WAYS
def test_an_item_is_fetched_when_it_is_asked_for(loop_bound):
    source = Source(range(10))
    stream = opened(source, loop_bound=loop_bound)
    time.sleep(0.02)
    assert source.fetched == []
    assert [next(stream), next(stream)] == [0, 1]
    time.sleep(0.02)
    assert source.fetched == [0, 1]
    stream.close()


@WAYS
def test_leaving_early_closes_at_once(loop_bound):
    source = Source([1], forever=True)
    stream = opened(source, loop_bound=loop_bound)
    next(stream)
    start = time.monotonic()
    stream.close()
    assert source.left.is_set()
    assert time.monotonic() - start < 2


@WAYS
def test_an_error_is_raised_where_it_belongs_and_told_on_leaving(loop_bound):
    source = Source([1], fail=ValueError('in mid-stream'))
    stream = opened(source, loop_bound=loop_bound)
    assert next(stream) == 1
    with pytest.raises(ValueError, match='in mid-stream') as caught:
        next(stream)
    stream.close(caught.value)
    assert source.left_with is ValueError


@WAYS
def test_an_error_on_entering_or_leaving_reaches_the_caller(loop_bound):
    @asynccontextmanager
    async def refused():
        raise ConnectionError('refused')
        yield

    with pytest.raises(ConnectionError):
        opened(refused(), loop_bound=loop_bound)
    stream = opened(Source([1], fail_leaving=OSError('leaving')), loop_bound=loop_bound)
    with pytest.raises(OSError, match='leaving'):
        stream.close()
    stream.close()


@WAYS
@pytest.mark.parametrize('where', ['fail_entering', 'fail', 'fail_leaving'])
@pytest.mark.parametrize('error', [SystemExit, KeyboardInterrupt])
def test_a_stream_that_ends_the_program_does_not_end_the_loop(loop_bound, where, error):
    def use():
        stream = opened(Source([1], **{where: error}), loop_bound=loop_bound)
        try:
            list(stream)
        finally:
            stream.close()

    with pytest.raises(error):
        use()
    assert bridge.run(answer, loop_bound=loop_bound) == 42


@WAYS
def test_what_is_ready_is_taken_before_anything_is_fetched(loop_bound):
    ready, source = [7, 8], Source([1, 2])
    stream = opened(source, loop_bound=loop_bound, ready=lambda entered: ready.pop(0) if ready else None)
    assert [next(stream), next(stream)] == [7, 8]
    assert source.fetched == []
    assert list(stream) == [1, 2]
    stream.close()


@posix
@WAYS
def test_an_interrupt_between_items_leaves_the_manager_and_ends_the_items(loop_bound):
    told = []

    async def on_interrupt(items):
        told.append(items)

    source = Source([1], forever=True)
    stream = opened(source, loop_bound=loop_bound, on_interrupt=on_interrupt)
    next(stream)
    interrupt_after(0.1)
    with pytest.raises(Interrupted) as caught:
        next(stream)
    assert source.left.is_set()
    assert len(told) == 1
    assert list(stream) == []
    stream.close(caught.value)


@WAYS
def test_a_stream_that_is_dropped_is_closed(loop_bound):
    source = Source([1], forever=True)
    stream = opened(source, loop_bound=loop_bound)
    next(stream)
    del stream
    gc.collect()
    assert source.left.wait(2)


@WAYS
def test_a_generator_that_is_abandoned_closes_its_stream(loop_bound):
    source = Source([1, 2], forever=True)

    def items():
        stream = opened(source, loop_bound=loop_bound)
        try:
            yield from stream
        finally:
            stream.close()

    for _ in items():
        break
    gc.collect()
    assert source.left.wait(2)


@WAYS
def test_a_stream_works_inside_a_running_loop(loop_bound):
    async def main():
        stream = opened(Source([1, 2, 3]), loop_bound=loop_bound)
        items = list(stream)
        stream.close()
        return items

    assert asyncio.run(main()) == [1, 2, 3]


def test_any_thread_may_use_a_stream_that_is_not_bound():
    source = Source([1], forever=True)
    stream = opened(source)
    next(stream)
    waiting = []
    thread = threading.Thread(target=lambda: waiting.extend(stream))
    thread.start()
    time.sleep(0.05)
    stream.close()
    thread.join(5)
    assert source.left.is_set()
    assert waiting == [] and not thread.is_alive()


def test_all_who_wait_for_an_item_end_with_the_stream():
    source = Source(forever=True)
    stream = opened(source)
    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(list, stream) for _ in range(2)]
        while not (stream._session._fetching and stream._session._waiters):
            time.sleep(0.001)
        stream.close()
        assert [one.result(10) for one in waiting] == [[], []]
    assert source.cancelling == 0, 'what the manager awaits while it is left is not cancelled too'


def test_a_bound_stream_says_that_another_thread_may_not_use_it():
    stream = opened(Source([1, 2]), loop_bound=True)
    errors = []

    def use():
        try:
            next(stream)
        except RuntimeError as error:
            errors.append(str(error))

    thread = threading.Thread(target=use)
    thread.start()
    thread.join(5)
    assert errors and 'where it was opened' in errors[0]
    assert list(stream) == [1, 2]
    stream.close()


@pytest.mark.parametrize('step', [-1, 1])
def test_a_loop_of_another_thread_is_told_by_its_number(step):
    own = _loops._OwnLoop()
    assert own.usable()
    own._thread = threading.get_ident() + step
    assert not own.usable()


def test_a_stream_that_is_not_open_says_so():
    with pytest.raises(RuntimeError, match='not open'):
        next(bridge.Stream(Source([1])))

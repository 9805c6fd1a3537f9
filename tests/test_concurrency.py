"""The limiter: so many at once, in order, on any loop and in any thread, and no place is ever lost."""

from __future__ import annotations

import asyncio
import pickle
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pydantic_ai.concurrency
import pydantic_ai.exceptions
import pytest

from jupyter_stream import concurrency
from jupyter_stream.concurrency import ConcurrencyLimit, ConcurrencyLimiter, limiter_of, place
from jupyter_stream.exceptions import AgentRunError, ConcurrencyLimitExceeded, UserError

BOTH = pytest.mark.parametrize('lib', [concurrency, pydantic_ai.concurrency], ids=['ours', 'peer'])


def counts(limiter: ConcurrencyLimiter) -> tuple[int, int, int]:
    return limiter.running_count, limiter.available_count, limiter.waiting_count


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.001)


@BOTH
def test_so_many_run_and_the_others_come_in_order(lib):
    async def main():
        limiter, order, seen, go = lib.ConcurrencyLimiter(2), [], [], asyncio.Event()

        async def work(n: int) -> None:
            await limiter.acquire('work')
            order.append(n)
            seen.append(limiter.running_count)
            await go.wait()
            await asyncio.sleep(0.001)
            limiter.release()

        tasks = [asyncio.create_task(work(n)) for n in range(6)]
        await until(lambda: limiter.waiting_count == 4)
        between = counts(limiter)
        go.set()
        await asyncio.gather(*tasks)
        return order, max(seen), between, counts(limiter)

    assert asyncio.run(main()) == ([0, 1, 2, 3, 4, 5], 2, (2, 0, 4), (0, 2, 0))


@BOTH
def test_the_queue_is_full(lib):
    full = ConcurrencyLimitExceeded if lib is concurrency else pydantic_ai.exceptions.ConcurrencyLimitExceeded

    async def main():
        limiter = lib.ConcurrencyLimiter(1, max_queued=1, name='pool')
        await limiter.acquire('a')
        waiting = asyncio.create_task(limiter.acquire('b'))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        with pytest.raises(full, match='pool'):
            await limiter.acquire('c')
        limiter.release()
        await waiting
        assert counts(limiter) == (1, 0, 0)
        assert limiter.name == 'pool' and limiter.max_running == 1

    asyncio.run(main())


def test_nobody_may_wait_and_the_error_says_for_what():
    async def main():
        limiter = ConcurrencyLimiter(1, max_queued=0)
        await limiter.acquire('a')
        with pytest.raises(ConcurrencyLimitExceeded, match='model:gpt-5'):
            await limiter.acquire('model:gpt-5')

    asyncio.run(main())
    assert issubclass(ConcurrencyLimitExceeded, AgentRunError)
    assert str(pickle.loads(pickle.dumps(ConcurrencyLimitExceeded('so')))) == 'so'


@BOTH
@pytest.mark.parametrize(('running', 'queued'), [(0, None), (-1, None), (1, -1)])
def test_numbers_that_are_too_small(lib, running, queued):
    error = UserError if lib is concurrency else pydantic_ai.exceptions.UserError
    for make in (lib.ConcurrencyLimit, lambda a, b: lib.ConcurrencyLimiter(a, max_queued=b)):
        with pytest.raises(error, match='max_'):
            make(running, queued)


@BOTH
def test_giving_back_what_nobody_took(lib):
    async def main():
        with pytest.raises(ValueError):
            lib.ConcurrencyLimiter(1).release()

    asyncio.run(main())


def test_what_may_be_given_as_a_limit():
    shared = ConcurrencyLimiter(3)
    assert limiter_of(None) is None
    assert limiter_of(shared) is shared
    number, both = limiter_of(2, name='n'), limiter_of(ConcurrencyLimit(2, max_queued=0))
    assert isinstance(number, ConcurrencyLimiter) and (number.max_running, number.name) == (2, 'n')
    assert isinstance(both, ConcurrencyLimiter) and both._limit == ConcurrencyLimit(2, 0)


def test_who_is_cancelled_while_waiting_leaves_the_queue():
    async def main():
        limiter = ConcurrencyLimiter(1)
        await limiter.acquire('a')
        first, second = (asyncio.create_task(limiter.acquire(name)) for name in 'bc')
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.wait([first])
        assert counts(limiter) == (1, 0, 1)
        limiter.release()
        await second
        assert counts(limiter) == (1, 0, 0)

    asyncio.run(main())


def test_who_is_cancelled_when_its_turn_has_come_passes_the_place_on():
    async def main():
        limiter = ConcurrencyLimiter(1)
        await limiter.acquire('a')
        first, second = (asyncio.create_task(limiter.acquire(name)) for name in 'bc')
        await asyncio.sleep(0)
        limiter.release()
        first.cancel()
        await second
        assert first.cancelled() and counts(limiter) == (1, 0, 0)
        limiter.release()
        assert counts(limiter) == (0, 1, 0)

    asyncio.run(main())


def test_a_newcomer_does_not_overtake():
    async def main():
        limiter, order = ConcurrencyLimiter(1), []
        await limiter.acquire('a')

        async def wait(name: str) -> None:
            await limiter.acquire(name)
            order.append(name)
            limiter.release()

        early = asyncio.create_task(wait('early'))
        await asyncio.sleep(0)
        limiter.release()
        await wait('late')
        await early
        return order

    assert asyncio.run(main()) == ['early', 'late']


def test_a_block_gives_its_place_back_when_it_fails():
    async def main():
        limiter = ConcurrencyLimiter(1)
        with pytest.raises(KeyError):
            async with place(limiter, 'a'):
                assert limiter.running_count == 1
                raise KeyError
        assert limiter.running_count == 0

    asyncio.run(main())


def test_one_limit_holds_for_the_loops_of_many_threads():
    limiter, lock, running, most = ConcurrencyLimiter(3), threading.Lock(), 0, 0

    async def work() -> None:
        nonlocal running, most
        async with place(limiter, 'work'):
            with lock:
                running += 1
                most = max(most, running)
            await asyncio.sleep(random.random() / 500)
            with lock:
                running -= 1

    async def several() -> None:
        await asyncio.gather(*(work() for _ in range(10)))

    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(lambda: asyncio.run(several())) for _ in range(8)]:
            done.result(timeout=60)
    assert most == 3
    assert counts(limiter) == (0, 3, 0)


def test_a_place_given_back_in_one_thread_wakes_who_waits_in_another():
    limiter = ConcurrencyLimiter(1)
    asyncio.run(limiter.acquire('a'))
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(lambda: asyncio.run(limiter.acquire('b')))
        while limiter.waiting_count == 0:
            time.sleep(0.001)
        limiter.release()
        waiting.result(timeout=10)
    assert counts(limiter) == (1, 0, 0)


def test_who_waited_on_a_loop_that_is_closed_is_passed_over():
    limiter = ConcurrencyLimiter(1, max_queued=1)
    loop = asyncio.new_event_loop()
    loop.run_until_complete(limiter.acquire('a'))
    lost = loop.create_task(limiter.acquire('lost'))
    loop.run_until_complete(asyncio.sleep(0))
    lost._log_destroy_pending = False  # type: ignore[attr-defined]
    loop.close()

    async def main():
        waiting = asyncio.create_task(limiter.acquire('b'))  # the queue is not full of what will never come
        await until(lambda: limiter.waiting_count == 1)
        limiter.release()
        await waiting

    asyncio.run(main())
    limiter.release()
    assert counts(limiter) == (0, 1, 0)


def test_cancelled_at_random_no_place_is_lost():
    async def main(seed: int) -> None:
        chance, limiter = random.Random(seed), ConcurrencyLimiter(2)

        async def work() -> None:
            async with place(limiter, 'work'):
                await asyncio.sleep(chance.random() / 1000)

        tasks = [asyncio.create_task(work()) for _ in range(30)]
        while not all(task.done() for task in tasks):
            chance.choice(tasks).cancel()
            await asyncio.sleep(0 if chance.random() < 0.7 else 0.001)
        assert counts(limiter) == (0, 2, 0)

    for seed in range(20):
        asyncio.run(main(seed))


def test_who_waited_on_a_loop_that_is_closed_takes_no_place_in_the_queue():
    limiter = ConcurrencyLimiter(1, max_queued=1)

    async def takes():
        await limiter.acquire('first')

    asyncio.run(takes())
    gone = asyncio.new_event_loop()
    waits = gone.create_task(limiter.acquire('gone'))
    gone.run_until_complete(asyncio.sleep(0))
    waits._log_destroy_pending = False  # type: ignore[attr-defined]
    gone.close()
    assert limiter.waiting_count == 1 and not waits.done()

    async def waits_too():
        waits = asyncio.create_task(limiter.acquire('here'))
        await asyncio.sleep(0)
        with pytest.raises(ConcurrencyLimitExceeded):
            await limiter.acquire('one too many')
        limiter.release()
        await waits

    asyncio.run(waits_too())

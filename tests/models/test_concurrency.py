"""`ConcurrencyLimitedModel`: who has a place and until when; held against the peer's by running both."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pydantic_ai.models.concurrency
import pytest

import jupyter_stream.models.concurrency
from jupyter_stream import direct
from jupyter_stream.concurrency import ConcurrencyLimit, ConcurrencyLimiter
from jupyter_stream.exceptions import ConcurrencyLimitExceeded, UserError
from jupyter_stream.messages import ModelRequest, ModelResponse, TextPart
from jupyter_stream.models import ModelRequestParameters
from jupyter_stream.models.concurrency import ConcurrencyLimitedModel, limit_model_concurrency
from jupyter_stream.models.fallback import FallbackModel
from jupyter_stream.models.function import FunctionModel
from jupyter_stream.models.test import TestModel

from .conftest import OURS, PEER

LIMITED = {id(OURS): jupyter_stream.models.concurrency, id(PEER): pydantic_ai.models.concurrency}
BOTH = pytest.mark.parametrize('lib', [OURS, PEER], ids=['ours', 'peer'])
HISTORY = [ModelRequest.user_text_prompt('hi')]


class Busy:
    """A function for a model that notes how many times at once it is asked."""

    def __init__(self, lib: Any = OURS) -> None:
        self.lib, self.running, self.most = lib, 0, 0
        self._lock = threading.Lock()

    def model(self) -> Any:
        return self.lib.function.FunctionModel(self.whole, stream_function=self.stream)

    def _enter(self) -> None:
        with self._lock:
            self.running += 1
            self.most = max(self.most, self.running)

    def _leave(self) -> None:
        with self._lock:
            self.running -= 1

    async def whole(self, messages: Any, info: Any) -> Any:
        self._enter()
        await asyncio.sleep(0.002)
        self._leave()
        return self.lib.messages.ModelResponse([self.lib.messages.TextPart('x')])

    async def stream(self, messages: Any, info: Any) -> AsyncIterator[str]:
        self._enter()
        try:
            for word in 'abc':
                await asyncio.sleep(0.001)
                yield word
        finally:
            self._leave()


def request(lib: Any) -> tuple[Any, ...]:
    return [lib.messages.ModelRequest.user_text_prompt('hi')], None, lib.models.ModelRequestParameters()


async def streamed(lib: Any, model: Any) -> str:
    async with model.request_stream(*request(lib)) as stream:
        async for _ in stream:
            pass
        return stream.get().text


@BOTH
def test_whole_and_streamed_requests_share_the_places(lib: Any):
    async def main() -> int:
        busy = Busy(lib)
        model = LIMITED[id(lib)].ConcurrencyLimitedModel(busy.model(), 2)
        await asyncio.gather(
            *(model.request(*request(lib)) for _ in range(5)), *(streamed(lib, model) for _ in range(5))
        )
        return busy.most

    assert asyncio.run(main()) == 2


@BOTH
def test_models_may_share_a_limiter(lib: Any):
    async def main() -> int:
        busy, limiter = Busy(lib), LIMITED[id(lib)].ConcurrencyLimiter(max_running=3, name='pool')
        models = [LIMITED[id(lib)].ConcurrencyLimitedModel(busy.model(), limiter) for _ in range(4)]
        await asyncio.gather(*(streamed(lib, model) for model in models * 3))
        return busy.most

    assert asyncio.run(main()) == 3


@BOTH
def test_one_limiter_twice_around_a_model_is_an_error_and_no_deadlock(lib: Any):
    async def main() -> None:
        around = LIMITED[id(lib)]
        limiter = around.ConcurrencyLimiter(2)
        inner = around.ConcurrencyLimitedModel(Busy(lib).model(), limiter)
        twice = around.ConcurrencyLimitedModel(inner, limiter)
        with pytest.raises(lib.exceptions.UserError, match='same'):
            await twice.request(*request(lib))
        with pytest.raises(lib.exceptions.UserError, match='same'):
            await streamed(lib, twice)
        assert limiter.running_count == 0
        assert await streamed(lib, inner) == 'abc'
        apart = around.ConcurrencyLimitedModel(inner, 1)
        assert await streamed(lib, apart) == 'abc'

    asyncio.run(main())


@BOTH
def test_a_stream_has_its_place_until_it_is_left(lib: Any):
    async def main() -> None:
        limiter = LIMITED[id(lib)].ConcurrencyLimiter(1)
        model = LIMITED[id(lib)].ConcurrencyLimitedModel(Busy(lib).model(), limiter)
        async with model.request_stream(*request(lib)) as stream:
            async for _ in stream:
                assert limiter.running_count == 1
            assert limiter.running_count == 1
        assert limiter.running_count == 0
        with pytest.raises(KeyError):
            async with model.request_stream(*request(lib)):
                raise KeyError
        assert limiter.running_count == 0

    asyncio.run(main())


@BOTH
def test_the_same_as_the_model_in_it(lib: Any):
    inner = lib.test.TestModel(custom_output_text='so')
    model = LIMITED[id(lib)].limit_model_concurrency(inner, 3)
    assert (model.model_name, model.system, model.model_id) == ('test', 'test', 'test:test')
    assert LIMITED[id(lib)].limit_model_concurrency(inner, None) is inner
    assert asyncio.run(streamed(lib, model)) == 'so'


def test_a_limit_with_a_queue():
    def function(messages: Any, info: Any) -> ModelResponse:
        time.sleep(0.05)
        return ModelResponse([TextPart('x')])

    model = ConcurrencyLimitedModel(FunctionModel(function), ConcurrencyLimit(1, max_queued=1))

    async def main() -> list[Any]:
        asked = (model.request(HISTORY, None, ModelRequestParameters()) for _ in range(3))
        return await asyncio.gather(*asked, return_exceptions=True)

    *fine, error = asyncio.run(main())
    assert all(isinstance(response, ModelResponse) for response in fine)
    assert isinstance(error, ConcurrencyLimitExceeded) and 'model:function' in str(error)


def test_a_failed_request_gives_its_place_back():
    def function(messages: Any, info: Any) -> ModelResponse:
        raise KeyError('x')

    limiter = ConcurrencyLimiter(1)
    model = ConcurrencyLimitedModel(FunctionModel(function), limiter)
    for _ in range(2):
        with pytest.raises(KeyError):
            direct.model_request_sync(model, HISTORY)
    assert limiter.running_count == 0


def test_awaited_and_synchronous_requests_share_the_places():
    busy = Busy()

    def function(messages: Any, info: Any) -> ModelResponse:
        busy._enter()
        time.sleep(0.005)
        busy._leave()
        return ModelResponse([TextPart('x')])

    model = ConcurrencyLimitedModel(FunctionModel(function), 2)

    async def main() -> None:
        await asyncio.gather(*(direct.model_request(model, HISTORY) for _ in range(6)))

    with ThreadPoolExecutor(6) as pool:
        done = [pool.submit(direct.model_request_sync, model, HISTORY) for _ in range(6)]
        done.append(pool.submit(asyncio.run, main()))
        for one in done:
            one.result(timeout=30)
    assert busy.most == 2


def test_a_synchronous_stream_that_is_open_has_a_place():
    limiter = ConcurrencyLimiter(1, max_queued=0)
    model = limit_model_concurrency(TestModel(), limiter)
    with direct.model_request_stream_sync(model, HISTORY) as stream:
        with pytest.raises(ConcurrencyLimitExceeded):
            direct.model_request_sync(model, HISTORY)
        assert len(list(stream)) == 7
    assert direct.model_request_sync(model, HISTORY).text == 'success (no tool calls)'


def test_an_overcrowded_model_can_be_fallen_back_from():
    limiter = ConcurrencyLimiter(1, max_queued=0)
    crowded = limit_model_concurrency(TestModel(), limiter)
    model = FallbackModel(crowded, TestModel(custom_output_text='free'), fallback_on=ConcurrencyLimitExceeded)
    with direct.model_request_stream_sync(crowded, HISTORY):
        assert direct.model_request_sync(model, HISTORY).text == 'free'
    assert direct.model_request_sync(model, HISTORY).text == 'success (no tool calls)'


def test_waiting_can_be_cancelled():
    async def main() -> None:
        limiter = ConcurrencyLimiter(1)
        model = ConcurrencyLimitedModel('test', limiter)
        async with model.request_stream(HISTORY, None, ModelRequestParameters()):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.01):
                    await model.request(HISTORY, None, ModelRequestParameters())
            assert limiter.waiting_count == 0
        await model.request(HISTORY, None, ModelRequestParameters())

    asyncio.run(main())


def test_it_is_bound_to_a_loop_when_its_model_is():
    assert not ConcurrencyLimitedModel('test', 1).loop_bound
    assert ConcurrencyLimitedModel(Busy().model(), 1).loop_bound


@pytest.mark.parametrize('limit', [0, -1])
def test_no_place_at_all_is_an_error(limit: int):
    with pytest.raises(UserError, match='max_running'):
        ConcurrencyLimitedModel('test', limit)

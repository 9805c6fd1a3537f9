"""The life of a stream: the natural end, a failure, a cancellation; the protocol is a list."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from jupyter_stream.exceptions import IncompleteStream
from jupyter_stream.messages import ModelResponse, ModelResponseStreamEvent, TextPart, ToolCallPart
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.stream import CompletedStreamedResponse, StreamedResponse
from jupyter_stream.stream.parts import PartsManager
from jupyter_stream.usage import RequestUsage


class Spoken(StreamedResponse):
    """Says words; then ends, raises, or waits until it is closed."""

    model_name = 'm'
    provider_name = 'p'

    def __init__(self, *words: str, then: Callable[[], Any] | None = None) -> None:
        super().__init__()
        self.parts = PartsManager(thinking_tags=('<think>', '</think>'))
        self.words = words
        self.then = then
        self.closed = asyncio.Event()

    async def _batches(self) -> AsyncGenerator[list[ModelResponseStreamEvent]]:
        for word in self.words:
            self.parts.text('k', word)
            yield self.parts.take()
        if self.then is not None:
            await self.then()
        self.parts.finish()
        yield self.parts.take()

    async def close_stream(self) -> None:
        self.closed.set()


def kinds(events: list[Any]) -> list[str]:
    return [event.event_kind for event in events]


def test_a_subclass_gives_the_batches_and_names_the_model_by_properties() -> None:
    assert StreamedResponse.__abstractmethods__ == {'_batches', 'model_name', 'provider_name'}
    for name in ('model_name', 'provider_name', 'provider_url'):
        assert isinstance(getattr(StreamedResponse, name), property)


def test_a_stream_is_incomplete_until_its_natural_end() -> None:
    async def main() -> None:
        stream = Spoken('He', 'llo')
        assert stream.get().state == 'incomplete' and stream.get().parts == []
        events = [event async for event in stream]
        assert kinds(events) == ['part_start', 'final_result', 'part_delta', 'part_end']
        assert stream.get().state == 'complete' and stream.get().text == 'Hello'
        assert [event async for event in stream] == [], 'nothing comes after the end'
        await stream.cancel()
        assert stream.get().state == 'complete', 'what is complete stays so'

    asyncio.run(main())


def test_a_second_loop_goes_on_where_the_first_stopped() -> None:
    async def main() -> None:
        stream = Spoken('a', 'b', 'c')
        async for _ in stream:
            break
        assert kinds([event async for event in stream]) == ['final_result', 'part_delta', 'part_delta', 'part_end']

    asyncio.run(main())


def test_events_before_a_failure_come_first_and_the_partial_stays() -> None:
    async def fail() -> None:
        raise IncompleteStream('m')

    async def main() -> None:
        stream = Spoken(' <th', then=fail)
        seen: list[Any] = []
        with pytest.raises(IncompleteStream):
            async for event in stream:
                seen.append(event)
        assert kinds(seen) == ['part_start', 'final_result', 'part_delta'], 'the held half of a tag is let out'
        assert stream.get().text == ' <th' and stream.get().state == 'incomplete'
        assert [event async for event in stream] == []

    asyncio.run(main())


def test_peek_raises_what_came_before_any_event() -> None:
    async def fail() -> None:
        raise IncompleteStream('m')

    async def main() -> None:
        with pytest.raises(IncompleteStream):
            await Spoken(then=fail).peek()
        stream = Spoken('x', then=fail)
        await stream.peek()
        await stream.peek()
        with pytest.raises(IncompleteStream):
            assert kinds([event async for event in stream]) == []

    asyncio.run(main())


def test_cancel_ends_the_loop_and_marks_the_answer() -> None:
    async def main() -> None:
        async def until_closed() -> None:
            await stream.closed.wait()
            raise ConnectionError('closed under our hands')

        stream = Spoken('Hel', then=until_closed)
        asyncio.get_running_loop().call_soon(lambda: tasks.append(asyncio.ensure_future(stream.cancel())))
        assert kinds([event async for event in stream]) == ['part_start', 'final_result']
        assert stream.cancelled and stream.get().state == 'interrupted'

    tasks: list[Any] = []
    asyncio.run(main())


def test_a_cancelled_reader_leaves_an_incomplete_answer() -> None:
    async def main() -> None:
        async def forever() -> None:
            await asyncio.sleep(60)

        stream = Spoken('Hel', then=forever)

        async def read() -> None:
            async for _ in stream:
                pass

        task = asyncio.ensure_future(read())
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert [event async for event in stream] == []
        assert stream.get().state == 'incomplete' and stream.get().text == 'Hel'

    asyncio.run(main())


def test_the_time_to_the_first_event() -> None:
    async def main() -> None:
        began = time.perf_counter()
        stream = Spoken('a')
        assert stream.time_to_first_chunk(began) is None
        await anext(stream)
        first = stream.time_to_first_chunk(began)
        assert first is not None and 0 < first < 5

    asyncio.run(main())


def test_it_says_when_it_was_opened() -> None:
    before = datetime.now(tz=UTC)
    stream = Spoken('a')
    assert before <= stream.timestamp <= datetime.now(tz=UTC)
    assert stream.get().timestamp == stream.timestamp


def test_usage_that_never_came_is_counted_as_unmeasured() -> None:
    async def main() -> None:
        stream = Spoken('a')
        stream._usage_received = False
        assert stream.usage.unmeasured_requests == 0
        async for _ in stream:
            pass
        assert stream.usage == RequestUsage(unmeasured_requests=1)

    asyncio.run(main())


def test_a_completed_response_is_replayed() -> None:
    async def main() -> None:
        response = ModelResponse([TextPart('Hi'), ToolCallPart('f', '{}', 'c')], model_name='m', provider_name='p')
        stream = CompletedStreamedResponse(None, response)
        events = [event async for event in stream]
        assert kinds(events) == ['part_start', 'final_result', 'part_end', 'part_start', 'part_end']
        again = stream.get()
        assert (again.parts, again.model_name, again.state) == (response.parts, 'm', 'complete')

    asyncio.run(main())


def test_what_has_come_can_be_had_without_awaiting() -> None:
    async def main() -> None:
        stream = Spoken('a', 'b')
        assert stream.ready() is None
        await stream.peek()
        assert kinds([stream.ready(), stream.ready()]) == ['part_start', 'final_result']
        assert stream.ready() is None
        assert kinds([event async for event in stream]) == ['part_delta', 'part_end']

    asyncio.run(main())


def test_the_parameters_of_the_request_are_those_that_were_given() -> None:
    given, spoken = ModelRequestParameters(allow_text_output=False), Spoken()
    assert spoken.model_request_parameters == ModelRequestParameters()
    StreamedResponse.__init__(spoken, given)
    assert spoken.model_request_parameters is given

"""The four request functions, on models that need no network; `tests/kernel` has them in a notebook's kernel."""

import asyncio
import doctest
import signal
import sys
import threading
import time
from contextlib import asynccontextmanager

import pytest

from jupyter_stream import direct
from jupyter_stream.exceptions import Interrupted, UserError
from jupyter_stream.messages import (
    InstructionPart,
    ModelRequest,
    ModelResponse,
    PartDeltaEvent,
    PartEndEvent,
    PartStartEvent,
    TextPart,
    UserPromptPart,
)
from jupyter_stream.models import Model, ModelRequestParameters
from jupyter_stream.models.function import FunctionModel
from jupyter_stream.models.test import TestModel

EINSTEIN = [ModelRequest.user_text_prompt('Who was Albert Einstein?')]
CHUNKS = ['A ', 'German-born ', 'physicist.']


class Asked(Model):
    """Keeps what it was asked; answers nothing."""

    model_name = 'asked'
    system = 'asked'

    async def request(self, messages, model_settings, model_request_parameters):
        self.asked = messages, model_settings, model_request_parameters
        return ModelResponse(parts=[TextPart('fine')])

    @asynccontextmanager
    async def request_stream(self, messages, model_settings, model_request_parameters):
        self.asked = messages, model_settings, model_request_parameters
        yield 'a stream'


def einstein(*, forever=False, fail=None):
    """A model of a user's function, which must run on the user's own loop."""

    async def tell(messages, info):
        tell.where.append((threading.current_thread(), asyncio.get_running_loop()))
        try:
            for chunk in CHUNKS:
                yield chunk
            if fail:
                raise fail
            if forever:
                await asyncio.sleep(3600)
        finally:
            tell.closed.append(time.monotonic())

    async def whole(messages, info):
        return ModelResponse(parts=[TextPart(''.join(CHUNKS))])

    tell.where, tell.closed = [], []
    return FunctionModel(whole, stream_function=tell), tell


def text_of(events):
    started = [event.part.content for event in events if isinstance(event, PartStartEvent)]
    return ''.join(started + [event.delta.content_delta for event in events if isinstance(event, PartDeltaEvent)])


def in_a_script(function):
    return function()


def in_a_running_loop(function):
    async def main():
        return function()

    return asyncio.run(main())


def in_a_plain_thread(function):
    got = []
    thread = threading.Thread(target=lambda: got.append(function()))
    thread.start()
    thread.join(10)
    return got[0]


EVERYWHERE = pytest.mark.parametrize('where', [in_a_script, in_a_running_loop, in_a_plain_thread])
MODELS = pytest.mark.parametrize(
    'model', [TestModel(custom_output_text=''.join(CHUNKS)), einstein()[0]], ids=['unbound', 'loop_bound']
)


def test_the_examples_in_the_docstrings_are_true():
    assert doctest.testmod(direct, optionflags=doctest.NORMALIZE_WHITESPACE).failed == 0
    assert len([test for test in doctest.DocTestFinder().find(direct) if test.examples]) == 4


# ------------------------------------------------------------------ what is passed on


def everyway(model, **options):
    """What the model was asked by each of the four functions."""

    async def stream():
        async with direct.model_request_stream(model, EINSTEIN, **options):
            return model.asked

    def stream_sync():
        with direct.model_request_stream_sync(model, EINSTEIN, **options):
            return model.asked

    asyncio.run(direct.model_request(model, EINSTEIN, **options))
    yield model.asked
    direct.model_request_sync(model, EINSTEIN, **options)
    yield model.asked
    yield asyncio.run(stream())
    yield stream_sync()


def test_messages_settings_and_parameters_are_passed_on():
    parameters = ModelRequestParameters(allow_text_output=False, instruction_parts=[])
    for asked in everyway(Asked(), model_settings={'seed': 1}, model_request_parameters=parameters, instrument=False):
        assert asked == (EINSTEIN, {'seed': 1}, parameters)
        assert asked[0] is not EINSTEIN


@pytest.mark.parametrize(
    ('messages', 'parts'),
    [
        ([ModelRequest([UserPromptPart('a')])], None),
        ([ModelRequest([UserPromptPart('a')], instructions='Be brief.')], [InstructionPart(content='Be brief.')]),
        (
            [
                ModelRequest([UserPromptPart('a')], instructions='Be brief.'),
                ModelResponse([TextPart('b')]),
                ModelRequest([UserPromptPart('c')], instructions='Be long.'),
                ModelRequest([UserPromptPart('d')]),
            ],
            [InstructionPart(content='Be long.')],
        ),
    ],
    ids=['none', 'one', 'the last'],
)
def test_the_last_instructions_are_in_force(messages, parts):
    model = Asked()
    direct.model_request_sync(model, messages)
    assert model.asked[2].instruction_parts == parts


def test_instructions_given_as_parameters_win_even_when_empty():
    model, messages = Asked(), [ModelRequest([UserPromptPart('a')], instructions='Be brief.')]
    direct.model_request_sync(model, messages, model_request_parameters=ModelRequestParameters(instruction_parts=[]))
    assert model.asked[2].instruction_parts == []


@pytest.mark.parametrize('instrument', ['yes', 1, object()])
def test_instrument_is_nothing_but_a_switch_or_settings(instrument):
    with pytest.raises(UserError, match='must be True, False, None or an InstrumentationSettings'):
        direct.model_request_stream('test', EINSTEIN, instrument=instrument)
    with pytest.raises(UserError, match='must be True, False, None or an InstrumentationSettings'):
        direct.model_request_sync('test', EINSTEIN, instrument=instrument)


@pytest.mark.parametrize('call', [direct.model_request_stream, direct.model_request_stream_sync])
def test_a_mistake_is_raised_by_the_call_before_anything_is_entered(call):
    with pytest.raises(UserError):
        call('nobody-knows:this', EINSTEIN)
    with pytest.raises(UserError, match='KEY'):
        call('openai-chat:gpt-5-mini', EINSTEIN)


# ------------------------------------------------------------------ whole


@EVERYWHERE
@MODELS
def test_the_whole_answer_comes_back(where, model):
    response = where(lambda: direct.model_request_sync(model, EINSTEIN))
    assert response.text == 'A German-born physicist.'


# ------------------------------------------------------------------ streamed


def test_the_stream_is_an_async_context_manager_that_is_used_once():
    async def main():
        manager = direct.model_request_stream(einstein()[0], EINSTEIN)
        async with manager as stream:
            events = [event async for event in stream]
        assert text_of(events) == stream.get().text == 'A German-born physicist.'
        assert (stream.get().state, stream.cancelled) == ('complete', False)
        with pytest.raises(RuntimeError, match='again'):
            await manager.__aenter__()

    asyncio.run(main())


@EVERYWHERE
@MODELS
def test_the_stream_is_read_where_there_is_a_loop_and_where_there_is_none(where, model):
    def read():
        with direct.model_request_stream_sync(model, EINSTEIN) as stream:
            return list(stream), stream

    events, stream = where(read)
    assert text_of(events) == stream.response.text == 'A German-born physicist.'
    assert isinstance(events[-1], PartEndEvent)
    assert stream.response.state == 'complete'
    assert stream.usage.output_tokens > 0
    assert (stream.model_name, stream.provider_name) == (model.model_name, stream.response.provider_name)
    assert stream.timestamp == stream.response.timestamp
    assert not stream.cancelled


def test_a_users_function_runs_on_the_users_own_loop():
    model, tell = einstein()

    async def main():
        with direct.model_request_stream_sync(model, EINSTEIN) as stream:
            list(stream)
        return asyncio.get_running_loop()

    assert tell.where == [(threading.main_thread(), asyncio.run(main()))]


def test_a_users_function_runs_in_the_users_own_thread_where_no_loop_runs():
    model, tell = einstein()
    for _ in range(2):
        with direct.model_request_stream_sync(model, EINSTEIN) as stream:
            list(stream)
    assert tell.where[0] == tell.where[1]
    assert tell.where[0][0] is threading.current_thread()


def test_the_response_grows_with_the_events_and_stays_after_the_block():
    model, _ = einstein(forever=True)
    with direct.model_request_stream_sync(model, EINSTEIN) as stream:
        seen = []
        for event in stream:
            if isinstance(event, PartDeltaEvent):
                seen.append(stream.response.text)
            if len(seen) == 2:
                break
    assert seen == ['A German-born ', 'A German-born physicist.']
    assert (stream.response.text, stream.response.state) == ('A German-born physicist.', 'incomplete')


def test_a_second_loop_goes_on_where_the_first_one_stopped():
    with direct.model_request_stream_sync(einstein()[0], EINSTEIN) as stream:
        first = [event for event, _ in zip(stream, range(2), strict=False)]
        rest = list(stream)
        assert list(stream) == []
    assert text_of(first + rest).endswith('physicist.')


@EVERYWHERE
def test_leaving_the_block_early_closes_the_request(where):
    model, tell = einstein(forever=True)

    def leave():
        with direct.model_request_stream_sync(model, EINSTEIN) as stream:
            next(iter(stream))
            return time.monotonic()

    left = where(leave)
    assert tell.closed and tell.closed[0] - left < 0.2


def test_a_generator_over_a_stream_that_is_abandoned_closes_the_request():
    model, tell = einstein(forever=True)

    def chunks():
        with direct.model_request_stream_sync(model, EINSTEIN) as stream:
            yield from stream

    for _ in chunks():
        break
    assert tell.closed


def test_cancel_ends_the_loop_and_keeps_what_had_come():
    model, tell = einstein(forever=True)
    with direct.model_request_stream_sync(model, EINSTEIN) as stream:
        for event in stream:
            if isinstance(event, PartDeltaEvent):
                stream.cancel()
    assert stream.cancelled and tell.closed
    assert stream.response.state == 'interrupted'
    assert stream.response.text.startswith('A German-born ')


def test_an_error_in_mid_stream_is_raised_where_it_came_and_the_partial_kept():
    model, tell = einstein(fail=ValueError('in the function'))
    with pytest.raises(ValueError, match='in the function'):  # noqa: SIM117
        with direct.model_request_stream_sync(model, EINSTEIN) as stream:
            list(stream)
    assert tell.closed
    assert (stream.response.text, stream.response.state) == ('A German-born physicist.', 'incomplete')


def test_an_error_in_the_block_closes_the_request_and_is_raised():
    model, tell = einstein(forever=True)
    with pytest.raises(ZeroDivisionError):  # noqa: SIM117
        with direct.model_request_stream_sync(model, EINSTEIN) as stream:
            for _ in stream:
                1 / 0  # noqa: B018
    assert tell.closed


def test_outside_the_block_a_stream_says_how_it_is_used():
    stream = direct.model_request_stream_sync('test', EINSTEIN)
    assert repr(stream) == 'StreamedResponseSync(context_entered=False)'
    for use in (iter, lambda it: it.response, lambda it: it.usage, lambda it: it.cancel(), lambda it: it.timestamp):
        with pytest.raises(RuntimeError, match='context manager'):
            use(stream)
    with stream:
        pass
    with pytest.raises(RuntimeError, match='closed'):
        iter(stream)
    assert stream.response.state == 'incomplete'


@pytest.mark.skipif(sys.platform == 'win32', reason='needs signals as POSIX has them')
def test_an_interrupt_in_a_script_closes_the_request_and_keeps_what_had_come():
    model, tell = einstein(forever=True)
    timer = threading.Timer(0.2, lambda: signal.pthread_kill(threading.main_thread().ident, signal.SIGINT))
    with pytest.raises(Interrupted):  # noqa: SIM117
        with direct.model_request_stream_sync(model, EINSTEIN) as stream:
            timer.start()
            list(stream)
    assert tell.closed and time.monotonic() - tell.closed[0] < 2
    assert stream.cancelled
    assert (stream.response.text, stream.response.state) == ('A German-born physicist.', 'interrupted')


def test_a_cancelled_task_closes_the_request():
    model, tell = einstein(forever=True)

    async def read():
        async with direct.model_request_stream(model, EINSTEIN) as stream:
            async for _ in stream:
                pass

    async def main():
        task = asyncio.create_task(read())
        await asyncio.sleep(0.05)
        task.cancel()
        cancelled = time.monotonic()
        with pytest.raises(asyncio.CancelledError):
            await task
        return cancelled

    cancelled = asyncio.run(main())
    assert tell.closed and tell.closed[0] - cancelled < 0.2

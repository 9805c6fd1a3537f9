"""`show`: a stream of anybody's in the view of `ask`; what it gives back, and how it ends."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from jupyter_stream import model_request_stream
from jupyter_stream.exceptions import UserError
from jupyter_stream.messages import ModelRequest, ModelResponse, PartStartEvent, TextPart
from jupyter_stream.models.test import TestModel
from jupyter_stream.notebook import show as module
from jupyter_stream.notebook.show import show

from .kernels import Kernel
from .test_ask import Recorder, on_a_loop

CHUNKS = [
    {'id': '1', 'model': 'gpt-x', 'choices': [{'index': 0, 'delta': {'content': 'Hello '}}]},
    {'id': '1', 'model': 'gpt-x', 'choices': [{'index': 0, 'delta': {'content': '**world**'}}]},
    {'id': '1', 'model': 'gpt-x', 'choices': [{'index': 0, 'delta': {}, 'finish_reason': 'stop'}]},
    {'id': '1', 'model': 'gpt-x', 'choices': [], 'usage': {'prompt_tokens': 3, 'completion_tokens': 2}},
]


@pytest.fixture
def view(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    view = Recorder()
    monkeypatch.setattr(module, 'choose', lambda shell, setting, images, byline: view)
    return view


async def each(items: list[Any]) -> AsyncIterator[Any]:
    for item in items:
        yield item


def test_the_view_gets_the_events_of_an_sdks_chunks(view: Recorder) -> None:
    response = asyncio.run(show(each(CHUNKS)))
    assert view.told[0] == ('start', '')
    assert isinstance(view.events[0], PartStartEvent)
    assert view.end == (response, None, None)
    assert isinstance(response, ModelResponse)
    assert (response.text, response.model_name, response.finish_reason) == ('Hello **world**', 'gpt-x', 'stop')
    assert (response.usage.input_tokens, response.usage.output_tokens) == (3, 2)


def test_a_request_of_ours_needs_no_entering(view: Recorder) -> None:
    asked = [ModelRequest.user_text_prompt('Hello?')]
    response = asyncio.run(show(model_request_stream(TestModel(), asked), title='A test'))
    assert view.told[0] == ('start', 'A test')
    assert (response.text, response.model_name) == ('success (no tool calls)', 'test')


def test_a_stream_that_says_its_model_is_named_by_it(view: Recorder) -> None:
    @on_a_loop
    async def main() -> None:
        asked = [ModelRequest.user_text_prompt('Hello?')]
        async with model_request_stream(TestModel(), asked) as stream:
            response = await show(stream)
        assert response == stream.get()

    main()
    assert view.told[0] == ('start', 'test')


def test_the_settings_are_the_views(view: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []
    monkeypatch.setattr(view, 'start', lambda title, settings: told.append(settings))
    asyncio.run(show(each(['a']), model_settings={'temperature': 0}))
    assert told == [{'temperature': 0}]


def test_a_failure_leaves_what_came(view: Recorder) -> None:
    async def failing() -> AsyncIterator[str]:
        yield 'half'
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError) as caught:
        asyncio.run(show(failing()))
    response, mark, error = view.end
    assert (response.text, response.state, mark, error) == ('half', 'incomplete', 'error', caught.value)


def test_a_cut_stream_of_chunks_is_incomplete(view: Recorder) -> None:
    with pytest.raises(Exception, match='broke off'):
        asyncio.run(show(each(CHUNKS[:1])))
    assert (view.end[0].text, view.end[1]) == ('Hello ', 'incomplete')


@pytest.mark.parametrize('stream', [5, 'text', each([5])])
def test_what_is_no_stream_is_one_sentence(view: Recorder, stream: Any) -> None:
    with pytest.raises(UserError, match='What is understood: ') as caught:
        asyncio.run(show(stream))
    (line,) = caught.value._render_traceback_()  # type: ignore[attr-defined]
    assert line.startswith('UserError: A')
    assert '\n' not in line
    assert view.end[0].parts == []


def test_a_cancellation_closes_the_stream_and_marks_what_came(view: Recorder) -> None:
    closed: list[bool] = []

    async def endless() -> AsyncIterator[str]:
        try:
            while True:
                yield 'word '
                await asyncio.sleep(0.01)
        finally:
            closed.append(True)

    @on_a_loop
    async def main() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.15):
                await show(endless())

    main()
    response, mark, _ = view.end
    assert (response.state, mark, closed) == ('interrupted', 'interrupted', [True])
    assert (response.text or '').startswith('word word ')


def test_a_plain_list_of_events_is_shown_too(view: Recorder) -> None:
    assert asyncio.run(show([PartStartEvent(index=0, part=TextPart('Hi'))])).text == 'Hi'


# ------------------------------------------------------------------ in a kernel


SHOW = """
from jupyter_stream.notebook.show import show
async def chunks(words, pause=0.01):
    for word in words:
        yield {'model': 'gpt-x', 'choices': [{'index': 0, 'delta': {'content': word}}]}
        await asyncio.sleep(pause)
    yield {'model': 'gpt-x', 'choices': [{'index': 0, 'delta': {}, 'finish_reason': 'stop'}]}
"""


@pytest.mark.timeout(120)
@pytest.mark.parametrize('cell', ['await show(chunks(["a ", "**b**"]))', 'r = await show(chunks(["a ", "**b**"]))'])
def test_one_output_stays_and_it_is_markdown(kernel: Kernel, cell: str) -> None:
    kernel.run(SHOW)
    (output,) = kernel.run(cell).outputs()
    assert output['kind'].endswith('display_data')
    assert output['data']['text/markdown'] == 'a **b**\n\n*— gpt-x*'
    assert output['metadata']['jupyter_stream']['model'] == 'gpt-x'


@pytest.mark.timeout(120)
def test_a_response_that_the_cell_does_not_show_yet_shows_itself(kernel: Kernel) -> None:
    kernel.run(SHOW)
    kernel.run('r = await show(chunks(["a ", "**b**"]))')
    (output,) = kernel.run('r').outputs()
    assert output['data']['text/markdown'] == 'a **b**\n\n*— gpt-x*'
    assert output['data']['text/plain'].startswith('ModelResponse(')


@pytest.mark.timeout(120)
def test_an_interrupt_keeps_what_came_and_aborts_what_is_queued(kernel: Kernel) -> None:
    kernel.run(SHOW + 'later = False')
    first = kernel.send('r = await show(chunks([f"word{n} " for n in range(2000)], 0.02))')
    second = kernel.send('later = True')
    stopped: list[float] = []

    def stop(message: dict[str, Any]) -> None:
        if not stopped and 'word3' in str(message['content'].get('data', '')):
            stopped.append(time.monotonic())
            kernel.manager.interrupt_kernel()

    found = kernel.finish(first, second, watch=stop)
    assert found[first].reply is not None
    assert (found[first].reply['status'], found[second].reply['status']) == ('error', 'aborted')  # type: ignore[index]
    (answer,) = [output for output in found[first].outputs() if output['kind'].endswith('display_data')]
    assert 'word3' in answer['data']['text/markdown']
    assert 'Stopped. What came is kept.' in answer['data']['text/markdown']
    assert kernel.value('later') == 'False'


@pytest.mark.timeout(120)
def test_without_a_front_end_it_is_displayed_once(kernel: Kernel) -> None:
    kernel.run(SHOW)
    msg_id = kernel.client.execute('r = await show(chunks(["a"]))', allow_stdin=False)
    outcome = kernel.finish(msg_id)[msg_id]
    assert len(outcome.of('display_data')) == 1
    assert not outcome.of('update_display_data', 'clear_output')

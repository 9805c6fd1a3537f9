"""A question posed: what the view is told, what is kept, and what becomes of an error or a stop."""

from __future__ import annotations

import asyncio
import functools
import pickle
import re
import threading
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import pytest

from jupyter_stream import aask, ask
from jupyter_stream.exceptions import IncompleteStream, ModelAPIError, UserError
from jupyter_stream.messages import (
    ModelMessagesTypeAdapter,
    ModelResponse,
    PartDeltaEvent,
    PartStartEvent,
    SystemPromptPart,
    TextPart,
    ThinkingPart,
    UserPromptPart,
)
from jupyter_stream.models.base import progress
from jupyter_stream.models.function import DeltaThinkingPart, FunctionModel
from jupyter_stream.models.test import TestModel
from jupyter_stream.notebook.answer import Answer
from jupyter_stream.notebook.defaults import EMBEDDED, Defaults, default_model
from jupyter_stream.notebook.play import Player
from jupyter_stream.notebook.question import Question, question
from jupyter_stream.usage import RequestUsage


def on_a_loop(test: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    """A test that awaits, as a plain one."""

    @functools.wraps(test)
    def run() -> None:
        asyncio.run(test())

    return run


class Recorder:
    """A view that writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Any]] = []

    def start(self, title: str, settings: Mapping[str, Any] | None = None) -> None:
        self.told.append(('start', title))

    def update(self, event: Any) -> None:
        self.told.append(('update', event))

    def tick(self) -> None:
        self.told.append(('tick', None))

    def status(self, text: str) -> None:
        self.told.append(('status', text))

    def finish(
        self, response: ModelResponse, mark: str | None, error: BaseException | None, standing: Any = None
    ) -> None:
        self.told.append(('finish', (response, mark, error)))

    @property
    def events(self) -> list[Any]:
        return [event for kind, event in self.told if kind == 'update']

    @property
    def end(self) -> tuple[ModelResponse, str | None, BaseException | None]:
        kind, end = self.told[-1]
        assert kind == 'finish'
        return end


async def hello(messages: list[Any], info: Any) -> Any:
    yield {0: DeltaThinkingPart(content='Let me see.')}
    for word in ('Hello', ' ', 'world'):
        yield word


async def endless(messages: list[Any], info: Any) -> Any:
    for n in range(10_000):
        yield f'word{n} '
        await asyncio.sleep(0.01)


async def failing(messages: list[Any], info: Any) -> Any:
    yield 'half'
    raise ModelAPIError('m', 'The provider went away.')


def asked(function: Any = hello, **more: Any) -> Question:
    return Question('hi', FunctionModel(stream_function=function), **more)


async def play(question: Question, view: Any, on_answer: Callable[[Answer], object] = lambda answer: None) -> Answer:
    return await Player(question, view, on_answer).play()


@on_a_loop
async def test_the_view_gets_every_event_between_its_start_and_its_end() -> None:
    view = Recorder()
    answer = await play(asked(), view)
    assert view.told[0] == ('start', asked().title)
    assert isinstance(view.events[0], PartStartEvent)
    assert ''.join(e.delta.content_delta for e in view.events if isinstance(e, PartDeltaEvent)) == ' world'
    assert view.end == (answer.response, None, None)


@on_a_loop
async def test_the_view_is_started_before_the_model_is_looked_for() -> None:
    view = Recorder()
    with pytest.raises(UserError):
        await play(Question('hi', 'no-such-provider:x'), view)
    assert view.told[0] == ('start', 'x')
    assert view.end[0].parts == []
    assert isinstance(view.end[2], UserError)


@on_a_loop
async def test_the_answer_has_all_one_asks_of_it() -> None:
    answer = await play(asked(system='Be kind.'), Recorder())
    assert answer.text == str(answer) == 'Hello world'
    assert answer.thinking == 'Let me see.'
    assert answer.tool_calls == []
    assert answer.state == 'complete'
    assert answer.model == answer.response.model_name
    assert isinstance(answer.usage, RequestUsage)
    assert [part.content for part in answer.messages[0].parts] == ['Be kind.', 'hi']  # type: ignore[union-attr]
    assert answer.messages[1] is answer.response
    assert (
        ModelMessagesTypeAdapter.validate_json(ModelMessagesTypeAdapter.dump_json(answer.messages)) == answer.messages
    )
    assert repr(answer).startswith("Answer('Hello world', model=")


def test_a_long_answer_has_a_short_repr() -> None:
    answer = Answer((), ModelResponse(parts=[TextPart('x' * 500)]))
    assert len(repr(answer)) < 120


@on_a_loop
async def test_a_history_is_gone_on_with_and_its_system_prompt_is_not_said_twice() -> None:
    first = await play(asked(system='Be kind.'), Recorder())
    second = await play(asked(system='Be kind.', history=first.messages), Recorder())
    assert second.messages[:2] == first.messages
    assert len(second.messages) == 4
    said = [p for m in second.messages for p in m.parts if isinstance(p, SystemPromptPart)]
    assert [p.content for p in said] == ['Be kind.']


@on_a_loop
async def test_a_failure_leaves_what_came() -> None:
    view, kept = Recorder(), []
    with pytest.raises(ModelAPIError) as caught:
        await play(asked(failing), view, kept.append)
    response, mark, error = view.end
    assert (response.text, response.state, mark, error) == ('half', 'incomplete', 'error', caught.value)
    assert (kept[0].text, kept[0].state) == ('half', 'incomplete')


@on_a_loop
async def test_a_broken_connection_is_told_from_a_failing_model() -> None:
    async def cut(messages: list[Any], info: Any) -> Any:
        yield 'half'
        raise IncompleteStream('m', 'The connection broke.')

    view = Recorder()
    with pytest.raises(IncompleteStream):
        await play(asked(cut), view)
    assert view.end[1] == 'incomplete'


@on_a_loop
async def test_a_cancellation_leaves_what_came_and_passes_through() -> None:
    view, kept = Recorder(), []
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await play(asked(endless), view, kept.append)
    response, mark, error = view.end
    assert response.text is not None
    assert response.text.startswith('word0 word1 ')
    assert (response.state, mark) == ('interrupted', 'interrupted')
    assert isinstance(error, asyncio.CancelledError)
    assert kept[0].state == 'interrupted'


@on_a_loop
async def test_a_cancellation_before_the_first_word_is_an_empty_interrupted_answer() -> None:
    async def silent(messages: list[Any], info: Any) -> Any:
        await asyncio.sleep(60)
        yield 'never'

    view = Recorder()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await play(asked(silent), view)
    assert (view.end[0].parts, view.end[0].state) == ([], 'interrupted')


@on_a_loop
async def test_the_view_is_ticked_while_the_model_is_silent() -> None:
    async def silent(messages: list[Any], info: Any) -> Any:
        yield 'a'
        await asyncio.sleep(0.3)
        yield 'b'

    view = Recorder()
    await play(asked(silent), view)
    kinds = ''.join(kind[0] for kind, _ in view.told)
    assert re.search('ut(t{2,})ut', kinds), 'each event has its own tick, and there are more in between'
    assert kinds.endswith('f')


@on_a_loop
async def test_what_a_model_reports_before_it_answers_is_shown() -> None:
    async def starting(messages: list[Any], info: Any) -> Any:
        report = progress.get()
        assert report is not None
        report('Starting…')
        yield 'a'

    view = Recorder()
    await play(asked(starting), view)
    assert ('status', 'Starting…') in view.told
    assert progress.get() is None


def test_the_same_through_the_bridge() -> None:
    view = Recorder()
    answer = Player(asked(), view).run()
    assert (answer.text, view.end[0]) == ('Hello world', answer.response)


@on_a_loop
async def test_the_same_through_the_bridge_inside_a_running_loop() -> None:
    assert Player(Question('hi', TestModel()), Recorder()).run().state == 'complete'


def test_an_error_is_shown_as_one_sentence_and_is_otherwise_what_it_was() -> None:
    with pytest.raises(ModelAPIError) as caught:
        Player(asked(failing), Recorder()).run()
    error: Any = caught.value
    assert error._render_traceback_() == ['ModelAPIError: The provider went away.']
    assert str(pickle.loads(pickle.dumps(error))) == 'The provider went away.'


def test_a_bug_in_the_users_own_model_keeps_its_traceback() -> None:
    async def buggy(messages: list[Any], info: Any) -> Any:
        yield 'a'
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError) as caught:
        Player(asked(buggy), Recorder()).run()
    assert not hasattr(caught.value, '_render_traceback_')


def test_what_is_given_wins_over_settings_and_these_over_defaults() -> None:
    defaults = Defaults(model='a:b', system='Be kind.', temperature=0.1, max_tokens=1)
    full = question('hi', defaults, max_tokens=3, model_settings={'max_tokens': 2, 'top_p': 0.5})
    assert full == Question('hi', 'a:b', 'Be kind.', {'temperature': 0.1, 'max_tokens': 3, 'top_p': 0.5})
    assert question('hi', defaults, model='c:d', system='').model == 'c:d'
    assert question('hi', defaults, system='').messages()[0].parts[0].content == 'hi'  # type: ignore[union-attr]


@pytest.mark.parametrize('prompt', ['', ' \n', []])
def test_an_empty_prompt_is_refused(prompt: Any) -> None:
    with pytest.raises(UserError, match='prompt is empty'):
        question(prompt, Defaults())


@pytest.mark.parametrize(
    ('prompt', 'more', 'says'),
    [
        (5, {}, '`prompt` must be a text, or a list of texts and files, not int'),
        ('x', {'model': 5}, '`model` must be a name or a model, not int'),
        ('x', {'messages': 'hello'}, '`messages` must be a list of messages, not str'),
    ],
)
def test_what_is_of_the_wrong_type_is_named(prompt: Any, more: Any, says: str) -> None:
    with pytest.raises(UserError, match=says):
        ask(prompt, display=False, **more)


def test_an_answer_can_be_gone_on_from() -> None:
    first = ask('One?', model=TestModel(), display=False)
    assert ask('Two?', model=TestModel(), messages=first, display=False).messages[:2] == first.messages


def test_the_default_model_is_a_setting_then_the_environment_then_the_embedded_one() -> None:
    environ = {'JUPYTER_STREAM_MODEL': 'env:model'}
    assert default_model('set:model', environ) == 'set:model'
    assert default_model(None, environ) == 'env:model'
    assert default_model(None, {'JUPYTER_STREAM_MODEL': ' '}) == EMBEDDED == 'local:'
    assert default_model(None, {}) == EMBEDDED


def test_asking_by_a_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('JUPYTER_STREAM_MODEL', 'test')
    answer = ask('hi', display=False)
    assert answer.state == 'complete'
    assert ask('and?', messages=answer.messages, display=False).messages[:2] == answer.messages


@on_a_loop
async def test_asking_by_an_awaited_call() -> None:
    answer = await aask(['look: ', 'here'], model=TestModel(), display=False, system='s', temperature=0.0, max_tokens=5)
    (system, prompt) = answer.messages[0].parts
    assert isinstance(prompt, UserPromptPart)
    assert (system.content, prompt.content) == ('s', ['look: ', 'here'])  # type: ignore[union-attr]


def test_asking_from_a_plain_thread() -> None:
    answers: list[Answer] = []
    thread = threading.Thread(target=lambda: answers.append(ask('hi', model='test', display=False)))
    thread.start()
    thread.join(30)
    assert answers[0].state == 'complete'


def test_thinking_alone_is_no_text() -> None:
    answer = Answer((), ModelResponse(parts=[ThinkingPart('hm')]))
    assert (answer.text, answer.thinking) == ('', 'hm')


@on_a_loop
async def test_the_view_is_not_ticked_any_more_when_the_answer_is_over() -> None:
    view = Recorder()
    await play(asked(), view)
    told = len(view.told)
    await asyncio.sleep(0.15)
    assert len(view.told) == told


@on_a_loop
async def test_others_have_their_turn_between_the_views_start_and_what_is_slow_to_load() -> None:
    order: list[str] = []

    class Slow(Recorder):
        def start(self, title: str, settings: Mapping[str, Any] | None = None) -> None:
            asyncio.get_running_loop().call_soon(order.append, 'sent')

    class Loaded(Question):
        def messages(self) -> list[Any]:
            order.append('loaded')
            return super().messages()

    await Player(Loaded('hi', TestModel()), Slow()).play()
    assert order == ['sent', 'loaded']


@on_a_loop
async def test_a_stop_ends_an_answer_that_is_coming_and_nothing_afterwards() -> None:
    view = Recorder()
    player = Player(asked(endless), view)
    task = asyncio.create_task(player.play())
    await asyncio.sleep(0.1)
    player.stop()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (view.end[0].state, view.end[1]) == ('interrupted', 'interrupted')

    over = Player(asked(), Recorder())
    await over.play()
    over.stop()
    await asyncio.sleep(0.01)  # would raise in this task, which played it

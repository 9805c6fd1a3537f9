"""What of a thread is sent, and what the line below the answer says of it: without a kernel."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Any

import pytest

from jupyter_stream.conversation.thread import Thread
from jupyter_stream.conversation.window import ThreadTooLong
from jupyter_stream.exceptions import UserError
from jupyter_stream.messages import ModelMessage
from jupyter_stream.models import Model
from jupyter_stream.models.function import AgentInfo, FunctionModel
from jupyter_stream.notebook import kernel
from jupyter_stream.notebook.answer import Answer
from jupyter_stream.notebook.defaults import Defaults
from jupyter_stream.notebook.play import Player
from jupyter_stream.notebook.question import question
from jupyter_stream.notebook.threads import in_thread, room_of
from jupyter_stream.notebook.views.standing import Standing
from jupyter_stream.notebook.views.static import NullView


class Small(FunctionModel):
    """A model that reads few tokens at once."""

    @property
    def context_window(self) -> int:
        return 3_200


async def long_answer(messages: list[ModelMessage], info: AgentInfo) -> AsyncGenerator[str]:
    yield 'word ' * 700


@pytest.fixture(autouse=True)
def forgets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, 'state', kernel.KernelState())


@pytest.fixture
def model() -> Model:
    return Small(stream_function=long_answer)


def ask(thread: Thread, prompt: str, model: Model, *, pin: bool = False, **settings: Any) -> tuple[Answer, Standing]:
    """Ask in the thread; returns the answer and where it stands."""
    defaults = Defaults(**settings)
    filled = question(prompt, defaults, model=model, max_tokens=500)
    source, stands = in_thread(None, filled, defaults, thread=thread, is_pinned=pin)
    found: list[Standing] = []

    def keep(answer: Answer) -> Standing | None:
        standing = stands(answer)
        found.extend([standing] if standing else [])
        return standing

    answer = Player(source, NullView(), keep).run()
    return answer, found[0]


def prompts(messages: Sequence[ModelMessage]) -> list[Any]:
    return [part.content for message in messages for part in message.parts if part.part_kind == 'user-prompt']


def test_a_thread_that_does_not_fit_is_refused_and_nothing_is_lost(model: Model) -> None:
    thread = Thread('main')
    for number in range(3):
        ask(thread, f'{number}?', model)

    with pytest.raises(ThreadTooLong, match='--compact'):
        ask(thread, 'And now?', model)
    assert prompts(thread.messages) == ['0?', '1?', '2?']


def test_trimming_keeps_the_first_turn_and_the_pinned_ones_and_says_so(model: Model) -> None:
    thread = Thread('main')
    ask(thread, '0?', model)
    ask(thread, '1?', model, pin=True)
    ask(thread, '2?', model)
    answer, standing = ask(thread, 'And now?', model, history='trim')

    assert prompts(answer.asked) == ['0?', '1?', 'And now?']
    assert standing.sent == ('with 2 of 3 turns', '[0] 0?\n[0] 1?')


def test_a_few_turns_are_named_and_many_are_counted() -> None:
    async def short_answer(messages: list[ModelMessage], info: AgentInfo) -> AsyncGenerator[str]:
        yield 'Yes.'

    model = FunctionModel(stream_function=short_answer)
    thread = Thread('main')
    words = [ask(thread, f'{number}?', model)[1].sent[0] for number in range(8)]

    assert words[:3] == ['', 'with [0]', 'with [0] [0]']
    assert words[6:] == ['with 6 turns', 'with 7 turns']


def test_the_line_names_another_thread(model: Model) -> None:
    assert ask(Thread('main'), 'A?', model)[1].footer == []
    assert ask(Thread('other'), 'A?', model)[1].footer == ['thread other']


def test_an_answer_knows_its_turn(model: Model) -> None:
    thread = Thread('main')
    answer, _ = ask(thread, 'A?', model)

    assert answer.thread is thread
    assert answer.turn is thread.turns[0]
    assert answer.versions == [answer.turn]


def test_what_stands_alone_has_no_turn(model: Model) -> None:
    answer = Player(question('A?', Defaults(), model=model), NullView()).run()

    assert (answer.turn, answer.thread, answer.versions) == (None, None, [])


def test_known_windows_come_from_the_model_or_the_tables(monkeypatch: pytest.MonkeyPatch, model: Model) -> None:
    monkeypatch.setenv('OPENAI_API_KEY', 'sk-0123456789')
    known = room_of(question('A?', Defaults(), model='openai-chat:gpt-4'))
    assert known is not None
    assert known.window == 8_192
    own = room_of(question('A?', Defaults(), model=model, max_tokens=500))
    assert own is not None
    assert (own.window, own.prompt) == (3_200, 2_700)
    assert room_of(question('A?', Defaults(), model='openai-chat:nobody-knows-this-one')) is None
    monkeypatch.delenv('OPENAI_API_KEY')
    assert room_of(question('A?', Defaults(), model='openai-chat:gpt-4')) is None


def test_a_prompt_with_a_known_key_is_refused(monkeypatch: pytest.MonkeyPatch, model: Model) -> None:
    monkeypatch.setenv('OPENAI_API_KEY', 'sk-0123456789abcdef')
    thread = Thread('main')

    with pytest.raises(UserError, match='the key that OPENAI_API_KEY is set to') as raised:
        ask(thread, 'Why does sk-0123456789abcdef not work?', model)
    assert 'sk-0123456789abcdef' not in str(raised.value)
    assert thread.turns == []


def test_a_placeholder_is_no_key(monkeypatch: pytest.MonkeyPatch, model: Model) -> None:
    monkeypatch.setenv('OPENAI_API_KEY', 'ollama')

    assert ask(Thread('main'), 'Is ollama fast?', model)[0].state == 'complete'

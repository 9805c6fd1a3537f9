"""D9: what there is to know of a model is said once a kernel in the output, then in the muted line and the metadata."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from jupyter_stream import ask
from jupyter_stream.messages import ModelResponse, TextPart
from jupyter_stream.models.test import TestModel
from jupyter_stream.models.wrapper import WrapperModel
from jupyter_stream.notebook import kernel
from jupyter_stream.notebook.defaults import Defaults
from jupyter_stream.notebook.play import Player
from jupyter_stream.notebook.question import question
from jupyter_stream.notebook.views.footer import Times, footer_of
from jupyter_stream.notebook.views.static import StaticView
from jupyter_stream.stream import StreamedResponse

NOTE = 'A toy.'


class Toy(WrapperModel):
    """A model with something to know of it, as the embedded one is."""

    @property
    def note(self) -> str:
        return NOTE

    @asynccontextmanager
    async def request_stream(self, *args: Any, **kwargs: Any) -> AsyncGenerator[StreamedResponse]:
        async with super().request_stream(*args, **kwargs) as stream:
            stream.metadata = {'note': self.note}
            yield stream


@pytest.fixture(autouse=True)
def new_kernel(monkeypatch: pytest.MonkeyPatch) -> kernel.KernelState:
    state = kernel.KernelState()
    monkeypatch.setattr(kernel, 'state', state)
    return state


def noted(text: str = 'Hi.') -> ModelResponse:
    return ModelResponse(parts=[TextPart(text)] if text else [], metadata={'note': NOTE})


def test_d9_the_second_answer_has_it_marked(new_kernel: kernel.KernelState) -> None:
    first, second, other = noted(), noted(), ModelResponse(parts=[TextPart('Hi.')], metadata={'note': 'Another.'})
    assert new_kernel.noted_once(first) is first
    assert new_kernel.noted_once(second).metadata == {'note': NOTE, 'is_noted': True}
    assert second.metadata == {'note': NOTE}, 'what the user gets is left alone'
    assert new_kernel.noted_once(other) is other


def test_d9_an_answer_without_a_word_has_not_said_it(new_kernel: kernel.KernelState) -> None:
    new_kernel.noted_once(noted(''))
    first = noted()
    assert new_kernel.noted_once(first) is first


def test_d9_the_muted_line_says_it_from_then_on(new_kernel: kernel.KernelState) -> None:
    assert NOTE not in footer_of(new_kernel.noted_once(noted()), Times(0.0))
    assert NOTE in footer_of(new_kernel.noted_once(noted()), Times(0.0))


def test_d9_answers_of_one_kernel(capsys: pytest.CaptureFixture[str]) -> None:
    model = Toy(TestModel())
    ask('Hi', model=model, display=False)
    said = []
    for _ in range(3):
        answer = ask('Hi', model=model)
        assert answer.response.metadata == {'note': NOTE}
        said.append(NOTE in capsys.readouterr().out)
    assert said == [True, False, False]


def test_d9_the_answer_that_has_the_note_keeps_it_when_it_is_drawn_again(new_kernel: kernel.KernelState) -> None:
    first = noted()
    assert [new_kernel.noted_once(first), new_kernel.noted_once(first)] == [first, first]
    assert new_kernel.noted_once(noted()).metadata == {'note': NOTE, 'is_noted': True}


class Shown:
    """The way to a page, which keeps what is displayed."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def display(self, data: dict[str, Any], metadata: dict[str, Any], display: str) -> None:
        self.texts.append(data['text/markdown'])


def test_d9_who_runs_a_notebook_unwatched_gets_it_once_too() -> None:
    shown: Any = Shown()
    for _ in range(2):
        Player(question('Hi', Defaults(), model=Toy(TestModel())), StaticView(shown)).run()

    assert [NOTE in text for text in shown.texts] == [True, False]

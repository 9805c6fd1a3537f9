"""D4: where no answer has begun, the error stands alone: no output says once more that no answer came."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from jupyter_stream import show
from jupyter_stream.exceptions import ModelAPIError, ModelAuthenticationError, UserError
from jupyter_stream.models import infer_model
from jupyter_stream.models.function import FunctionModel
from jupyter_stream.notebook.play import Player
from jupyter_stream.notebook.question import Question
from jupyter_stream.notebook.views.markdown import MarkdownView
from jupyter_stream.notebook.views.static import StaticView
from jupyter_stream.notebook.views.terminal import TerminalView
from jupyter_stream.notebook.views.widget import WidgetView


class Outputs:
    """The outputs of a cell, as a front end keeps them; `clear` waits for the next output, which the error is."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}
        self.cleared = False

    def display(self, data: dict[str, Any], metadata: dict[str, Any], display_id: str) -> None:
        self.kept[display_id] = data.get('text/plain', '')

    update = display

    def clear(self) -> None:
        self.cleared = True

    @property
    def texts(self) -> list[str]:
        return [] if self.cleared else [text for text in self.kept.values() if text]


def refused() -> Any:
    client = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(401)))
    return infer_model('openai-chat:m', api_key='sk-wrong-wrong', http_client=client)


async def breaks_off(*_: Any) -> AsyncIterator[str]:
    yield 'The first words'
    raise ModelAPIError('m', 'It broke.')


VIEWS: dict[str, Any] = {
    'static': StaticView,
    'markdown': MarkdownView,
    'markdown, alone in its cell': lambda outputs: MarkdownView(outputs, owns=True),
    'widget': lambda outputs: WidgetView(outputs, sure=True),
    'widget, alone in its cell': lambda outputs: WidgetView(outputs, sure=True, owns=True),
    'live': WidgetView,
}


@pytest.mark.parametrize('view', VIEWS)
@pytest.mark.parametrize(
    ('model', 'kind'),
    [('nope', UserError), ('openai-chat', UserError), (None, ModelAuthenticationError)],
    ids=['unknown', 'half a name', 'wrong key'],
)
def test_d4_the_error_stands_alone(view: str, model: str | None, kind: type[Exception]) -> None:
    outputs = Outputs()
    answers: list[Any] = []
    player = Player(Question('Hi', model or refused()), VIEWS[view](outputs), answers.append)
    with pytest.raises(kind):
        asyncio.run(player.play())
    assert outputs.texts == []
    assert [answer.state for answer in answers] == ['incomplete']


@pytest.mark.parametrize('view', VIEWS)
def test_d4_what_had_come_stays_with_its_mark(view: str) -> None:
    outputs = Outputs()
    with pytest.raises(ModelAPIError):
        asyncio.run(Player(Question('Hi', FunctionModel(stream_function=breaks_off)), VIEWS[view](outputs)).play())
    assert any('The first words' in text for text in outputs.kept.values())


def test_d4_in_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UserError):
        asyncio.run(Player(Question('Hi', 'nope'), TerminalView()).play())
    with pytest.raises(UserError):
        asyncio.run(show(5))
    assert capsys.readouterr().out == ''

"""What a question gives back: the exchange as messages, and the few things one asks of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jupyter_stream.notebook.defaults import defaults_of
from jupyter_stream.notebook.shell import Cell, current_shell, ends_cell, running_cell

if TYPE_CHECKING:
    from jupyter_stream.conversation.thread import Place, Thread
    from jupyter_stream.conversation.turn import Turn
    from jupyter_stream.messages import FinishReason, ModelMessage, ModelResponse, ModelResponseState, ToolCallPart
    from jupyter_stream.usage import RequestUsage

__all__ = ('Answer',)

_SHOWN = 60


@dataclass(frozen=True, repr=False)
class Answer:
    """An answer, whole or in part; at the end of a cell it shows itself as Markdown.

    Attributes:
        asked: The messages that were sent: the history, if there was one, and the request.
        response: The model's response as far as it came.
        title: The readable name of the model that was asked; '' where it is not known.
    """

    asked: Sequence[ModelMessage]
    response: ModelResponse
    title: str = field(default='', compare=False)
    _cell: Cell | None = field(default=None, init=False, compare=False)
    _stand: tuple[Turn, Thread, Place] | None = field(default=None, init=False, compare=False)

    def shown(self) -> Answer:
        """The same answer, noted as shown by the running cell: as the value that the cell ends with it adds nothing."""
        object.__setattr__(self, '_cell', running_cell())
        return self

    def stands(self, turn: Turn, thread: Thread, place: Place) -> None:
        """Note which turn of which thread it is."""
        object.__setattr__(self, '_stand', (turn, thread, place))

    @property
    def turn(self) -> Turn | None:
        """What was asked and answered, as a turn of its thread; None where it belongs to none."""
        return self._stand[0] if self._stand else None

    @property
    def thread(self) -> Thread | None:
        """The thread that it belongs to; None where it belongs to none."""
        return self._stand[1] if self._stand else None

    @property
    def versions(self) -> list[Turn]:
        """All answers of its cell, in the order in which they came, this one among them; empty without a thread."""
        return list(self._stand[2].turns) if self._stand else []

    @property
    def text(self) -> str:
        """The text of the answer, without the thinking; '' if none came."""
        return self.response.text or ''

    @property
    def thinking(self) -> str:
        """What the model wrote for itself, where it shows that; '' otherwise."""
        return self.response.thinking or ''

    @property
    def tool_calls(self) -> list[ToolCallPart]:
        """The calls that the model asks for."""
        return list(self.response.tool_calls)

    @property
    def messages(self) -> list[ModelMessage]:
        """The whole exchange, ready to be passed on: `ask('And why?', messages=answer.messages)`."""
        return [*self.asked, self.response]

    @property
    def usage(self) -> RequestUsage:
        """The tokens that the provider counted."""
        return self.response.usage

    @property
    def model(self) -> str | None:
        """The model that answered, as the provider names it."""
        return self.response.model_name

    @property
    def finish_reason(self) -> FinishReason | None:
        """Why the model stopped, in the words common to all providers; None if it never said."""
        return self.response.finish_reason

    @property
    def state(self) -> ModelResponseState:
        """'complete', 'interrupted' (you stopped it) or 'incomplete' (it failed)."""
        return self.response.state

    @property
    def replayed(self) -> bool:
        """Whether it came from a cassette, and nobody was asked."""
        return bool((self.response.metadata or {}).get('replayed'))

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        text = self.text if len(self.text) <= _SHOWN else f'{self.text[: _SHOWN - 1]}…'
        return f'Answer({text!r}, model={self.model!r}, state={self.state!r})'

    def _ipython_display_(self) -> None:
        if self._cell is None or self._cell != running_cell() or not ends_cell():
            raise NotImplementedError  # IPython's word for: show it as the other methods say

    def _display_(self) -> Any:
        """marimo's word for what to show as the value of a cell."""
        from jupyter_stream.notebook import marimo

        return marimo.html(self._repr_mimebundle_()[0]['text/markdown'])

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict[str, Any], dict[str, Any]]:
        from jupyter_stream.notebook.bundle import final_bundle

        defaults = defaults_of(current_shell())
        return final_bundle(self.response, images=defaults.images, asked=self.title, byline=defaults.byline)

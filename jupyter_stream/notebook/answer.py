"""What a question gives back: the exchange as messages, and the few things one asks of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jupyter_stream.conversation.handover import with_results
from jupyter_stream.exceptions import UserError
from jupyter_stream.notebook.defaults import defaults_of
from jupyter_stream.notebook.shell import Cell, current_shell, ends_cell, running_cell

if TYPE_CHECKING:
    from jupyter_stream.conversation.thread import Place, Thread
    from jupyter_stream.conversation.turn import Turn
    from jupyter_stream.messages import FinishReason, ModelMessage, ModelResponse, ModelResponseState, ToolCallPart
    from jupyter_stream.typed.answer import TypedAnswer
    from jupyter_stream.typed.growing import Row
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
        typed: The same as data of the type that was asked for; None where none was.
        attempts: The responses before it that were not of that type, where the model was asked to try again.
    """

    asked: Sequence[ModelMessage]
    response: ModelResponse
    title: str = field(default='', compare=False)
    typed: TypedAnswer | None = field(default=None, compare=False)
    attempts: Sequence[ModelResponse] = field(default=(), compare=False)
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
        return with_results([*self.asked, self.response])

    @property
    def value(self) -> Any:
        """The answer as an object of the type that was asked for, validated; the text where none was.

        Raises:
            InvalidAnswer: it is not of that type; what came is in `data` and `rows`.
        """
        return self.typed.value if self.typed is not None else self.text

    @property
    def data(self) -> Any:
        """The data that came, as far as it came, not validated; None where no type was asked for, or no data came."""
        return self.typed.growing.value if self.typed is not None else None

    @property
    def rows(self) -> list[Row]:
        """The elements of a list that came whole, each with its `data`, its validated `value`, and its `error`."""
        return list(self.typed.growing.rows) if self.typed is not None else []

    @property
    def errors(self) -> list[str]:
        """Why it is not of the type that was asked for, a sentence each; empty where it is, or none was."""
        return self.typed.problems if self.typed is not None else []

    def frame(self) -> Any:
        """The data as a table of pandas, polars or Arrow: of the one that is imported, else of one that is installed.

        A list has a row for each valid element, anything else one row.

        Raises:
            UserError: no type was asked for, or none of the three is installed.
        """
        from jupyter_stream.typed.frame import frame

        if self.typed is None:
            raise UserError('Only an answer of a type makes a table: ask with `--as list[…]`, or `as_=list[…]`.')
        return frame(*self.typed.table())

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

    def _repr_llm_(self) -> str:
        """What another model is given in its place."""
        return self.text

    def _ai_repr_(self, *, multimodal: bool = True, **hints: Any) -> dict[str, Any]:
        """The same by MIME type (JEP 129), with the first picture that the model has made."""
        from jupyter_stream.messages import FilePart

        images = [part.content for part in self.response.parts if isinstance(part, FilePart) and part.content.is_image]
        shown = {image.media_type: image.data for image in images[:1]} if multimodal else {}
        return {'text/llm+plain': self.text, **shown}

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

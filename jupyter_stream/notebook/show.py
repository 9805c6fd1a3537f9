"""`show(stream)`: an answer that somebody else asked for, in the view that `ask` uses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jupyter_stream.exceptions import UserError
from jupyter_stream.notebook import marimo
from jupyter_stream.notebook.defaults import defaults_of
from jupyter_stream.notebook.errors import short_errors
from jupyter_stream.notebook.names import readable_name, title_of
from jupyter_stream.notebook.play import Player
from jupyter_stream.notebook.question import check_arguments
from jupyter_stream.notebook.shell import current_shell
from jupyter_stream.notebook.views import choose
from jupyter_stream.settings import concealed

if TYPE_CHECKING:
    from jupyter_stream.messages import ModelMessage, ModelResponse
    from jupyter_stream.stream import StreamedResponse
    from jupyter_stream.typed.wanted import Typed

__all__ = ('show',)

_TITLES = {'openai': 'OpenAI', 'anthropic': 'Anthropic'}


async def show(stream: Any, title: str | None = None, model_settings: Mapping[str, Any] | None = None) -> ModelResponse:
    """Show an answer while it comes, as `%%ask` does: `response = await show(stream)`.

    It must be awaited; code that cannot await runs it with `jupyter_stream.bridge.run(lambda: show(stream))`.

    Args:
        stream: any iterable, asynchronous or not, of events of `jupyter_stream` or `pydantic_ai`, of the chunks or
            events of an OpenAI or Anthropic SDK (`stream=True`, or their `stream` helpers), or of pieces of text. Also
            a context manager of one, such as `model_request_stream(…)` gives, which is entered, and an awaitable of
            one. An agent's events show its tools' results too.
        title: whom to name until the first word has come; without it, who seems to answer.
        model_settings: the settings of the request, noted in the output's metadata; secrets are left out.

    Returns:
        The response: the stream's own, where it keeps one, else what its events tell. Names, usage and finish reason
        are in it where the stream says them. An agent's several answers are one response.

    Raises:
        Interrupted: (a KeyboardInterrupt) the cell was stopped; what came is still shown, with a mark.
        UserError: it is no stream, or something in it that nobody understands.
        Exception: as the stream raises it, after what came has been shown.
    """
    from jupyter_stream.notebook import reprs

    model_settings = concealed(model_settings)
    shell = current_shell()
    with short_errors():
        check_arguments(title=title or '', model_settings=model_settings or {})
        if isinstance(stream, type):
            raise UserError(f'`stream` is the class {stream.__name__}, which is no stream: make one of it first.')
        defaults = defaults_of(shell)
        view = choose(shell, defaults.view, images=defaults.images, byline=defaults.byline)
    played = await Player(_Foreign(stream, title or _title(stream), model_settings), view).play()
    response = played.response
    if hasattr(shell, 'display_formatter'):  # as the value that a cell ends with it is not shown a second time
        reprs.register(shell)
        reprs.note_shown(response)
    elif marimo.running() is not None:
        marimo.register(type(response), reprs.response_markdown)
    return response


@dataclass(frozen=True, slots=True)
class _Foreign:
    """A stream of somebody else's, as the player wants it."""

    stream: Any
    title: str
    settings: Mapping[str, Any] | None
    loop_bound: bool = True
    typed: Typed | None = None
    retries: int = 0

    def messages(self) -> list[ModelMessage]:
        return []

    def open(self, messages: Sequence[ModelMessage]) -> AbstractAsyncContextManager[StreamedResponse]:
        from jupyter_stream.foreign import opened

        return opened(self.stream)


def _title(stream: Any) -> str:
    """Who answers, as far as it can be seen from outside."""
    said = getattr(stream, 'model_name', None)
    if isinstance(said, str) and said:
        return readable_name(said)
    said = getattr(stream, 'model_id', None)
    if isinstance(said, str) and said:
        return title_of(said)
    return _TITLES.get(type(stream).__module__.partition('.')[0], '')

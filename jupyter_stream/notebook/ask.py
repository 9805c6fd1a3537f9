"""The calls `ask` and `aask`: what `%ask` does, from code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jupyter_stream.exceptions import UserError
from jupyter_stream.notebook.defaults import defaults_of
from jupyter_stream.notebook.errors import short_errors
from jupyter_stream.notebook.play import Player
from jupyter_stream.notebook.question import check_arguments, question
from jupyter_stream.notebook.shell import current_shell
from jupyter_stream.notebook.views import choose
from jupyter_stream.notebook.views.static import NullView
from jupyter_stream.settings import concealed

if TYPE_CHECKING:
    from jupyter_stream.conversation.thread import Thread
    from jupyter_stream.messages import ModelMessage, UserContent
    from jupyter_stream.models import Model
    from jupyter_stream.notebook.answer import Answer
    from jupyter_stream.settings import ModelSettings

__all__ = ('aask', 'ask', 'thread')


def ask(
    prompt: str | Sequence[UserContent],
    *,
    model: Model | str | None = None,
    system: str | None = None,
    temperature: float | None = None,
    max_tokens: int | None = None,
    messages: Sequence[ModelMessage] | Answer = (),
    thread: str | Thread | None = None,
    values: Mapping[str, Any] | None = None,
    as_: Any = None,
    retries: int = 0,
    model_settings: ModelSettings | None = None,
    display: bool = True,
) -> Answer:
    """Ask a language model and show the answer as it comes; what `%ask` does, as a plain call.

    It works in a notebook, in a terminal and in a script, whether or not an event loop is running.

    Args:
        prompt: the question, sent to the letter unless `values` are given; or a sequence of texts, images and
            documents.
        model: a model or its name, as `provider:name`. Without one: `%config AskMagics.model`, the
            variable JUPYTER_STREAM_MODEL, the embedded model ('local:').
        system: the system prompt; '' for none where a default is set.
        temperature: the sampling temperature.
        max_tokens: the longest answer, in tokens.
        messages: the history to go on from: an answer, or its `messages`.
        thread: the thread to go on in, or its name ('main' is the notebook's own); without it the question stands
            alone.
        values: the variables of the prompt: each `{{ expression }}` in it is evaluated with them, and a model is given
            what the value is. Without it the prompt is sent to the letter.
        as_: the type that the answer is to be of, such as a pydantic model, `list[Model]`, a `Literal` or int.
        retries: how often the model may try again where the answer is not of that type.
        model_settings: further settings of the request; `temperature` and `max_tokens` win over it.
        display: False to show nothing.

    Returns:
        The answer, with .text, .thinking, .usage, .messages and .response; of a type also with .value, .data, .rows,
        .errors and .frame().

    Raises:
        Interrupted: (a KeyboardInterrupt) the call was stopped; what came is still shown, with a mark.
        UserError: the model is unknown, its key is missing, the prompt is empty, or an expression in it fails.
        ModelAPIError: the provider failed; its subclasses say how.
    """
    model_settings = concealed(model_settings)
    player = _player(
        prompt,
        model,
        system,
        temperature,
        max_tokens,
        messages,
        thread,
        values,
        as_,
        retries,
        model_settings,
        display,
    )
    answer = player.run()
    return answer.shown() if display else answer


async def aask(
    prompt: str | Sequence[UserContent],
    *,
    model: Model | str | None = None,
    system: str | None = None,
    temperature: float | None = None,
    max_tokens: int | None = None,
    messages: Sequence[ModelMessage] | Answer = (),
    thread: str | Thread | None = None,
    values: Mapping[str, Any] | None = None,
    as_: Any = None,
    retries: int = 0,
    model_settings: ModelSettings | None = None,
    display: bool = True,
) -> Answer:
    """`ask` for code that can await. In a cell, `await aask(…)` leaves the kernel free to hear widgets meanwhile."""
    model_settings = concealed(model_settings)
    player = _player(
        prompt,
        model,
        system,
        temperature,
        max_tokens,
        messages,
        thread,
        values,
        as_,
        retries,
        model_settings,
        display,
    )
    answer = await player.play()
    return answer.shown() if display else answer


def thread(name: str | None = None) -> Thread:
    """The thread of the notebook that runs, or another one of its threads; made when it is first asked for.

    Args:
        name: What `--thread` calls it; without one, the notebook's own thread.

    Returns:
        The thread: iterable over its turns, with .turns, .messages, .save, .load, .forget and .clear.
    """
    from jupyter_stream.notebook.threads import thread_of

    return thread_of(current_shell(), name)


def _player(
    prompt: str | Sequence[UserContent],
    model: Model | str | None,
    system: str | None,
    temperature: float | None,
    max_tokens: int | None,
    messages: Sequence[ModelMessage] | Answer,
    thread: str | Thread | None,
    values: Mapping[str, Any] | None,
    as_: Any,
    retries: int,
    model_settings: ModelSettings | None,
    display: bool,
) -> Player:
    shell = current_shell()
    defaults = defaults_of(shell)
    history: Any = getattr(messages, 'messages', messages)
    with short_errors():
        view = choose(shell, defaults.view, images=defaults.images, byline=defaults.byline) if display else NullView()
        asked = question(
            prompt,
            defaults,
            model=model,
            system=system,
            temperature=temperature,
            max_tokens=max_tokens,
            model_settings=model_settings,
            history=history,
            as_=as_,
            retries=retries,
        )
        if values is not None:
            from jupyter_stream.notebook.values import with_values

            check_arguments(values=values)
            asked = with_values(asked, values, tokens=defaults.value_tokens, shell=shell)
        if thread is None:
            return Player(asked, view)
        if history:
            raise UserError('`messages` and `thread` are two histories: pass one of them.')
        from jupyter_stream.notebook.threads import in_thread

        source, stands = in_thread(shell, asked, defaults, thread=thread)
        return Player(source, view, stands)

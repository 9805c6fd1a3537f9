"""A question, the coroutine that poses it to a model before a view, and the calls `ask` and `aask`.

There is one coroutine, `pose`, and it runs in two ways: awaited by the cell, or through the bridge.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from jupyter_stream import bridge
from jupyter_stream.exceptions import AgentRunError, UserError
from jupyter_stream.notebook import views
from jupyter_stream.notebook.defaults import Defaults, default_model, defaults_of
from jupyter_stream.notebook.feed import pour
from jupyter_stream.notebook.shell import current_shell
from jupyter_stream.notebook.stopping import stoppable

if TYPE_CHECKING:
    from jupyter_stream.messages import ModelMessage, ModelResponse, UserContent
    from jupyter_stream.models import Model
    from jupyter_stream.notebook.answer import Answer
    from jupyter_stream.settings import ModelSettings
    from jupyter_stream.stream import StreamedResponse

__all__ = ('Question', 'aask', 'ask', 'here', 'now', 'pose', 'short_errors')

Keep = Callable[['Answer'], None]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of which model; `settings` are those of the request, `history` the messages before it."""

    prompt: str | Sequence[UserContent]
    model: Model | str
    system: str | None = None
    settings: ModelSettings | None = None
    history: Sequence[ModelMessage] = ()

    @property
    def model_id(self) -> str:
        """The model as it is named to people."""
        return self.model.rstrip(':') if isinstance(self.model, str) else self.model.model_id

    @property
    def loop_bound(self) -> bool:
        """Whether the model belongs to the loop that its user runs."""
        return not isinstance(self.model, str) and self.model.loop_bound

    def messages(self) -> list[ModelMessage]:
        """The history and the request. A system prompt that the history has already is not said twice."""
        from jupyter_stream.messages import ModelRequest, SystemPromptPart, UserPromptPart

        said = {
            part.content for message in self.history for part in message.parts if isinstance(part, SystemPromptPart)
        }
        system = [SystemPromptPart(self.system)] if self.system and self.system not in said else []
        return [*self.history, ModelRequest(parts=[*system, UserPromptPart(self.prompt)])]


def question(
    prompt: str | Sequence[UserContent],
    defaults: Defaults,
    *,
    model: Model | str | None = None,
    system: str | None = None,
    temperature: float | None = None,
    max_tokens: int | None = None,
    model_settings: ModelSettings | None = None,
    history: Sequence[ModelMessage] = (),
) -> Question:
    """The question with everything filled in: what is given, over `model_settings`, over the defaults.

    Raises:
        UserError: the prompt is empty, or something is not what it has to be.
    """
    if not prompt or (isinstance(prompt, str) and not prompt.strip()):
        raise UserError('There is nothing to ask: the prompt is empty.')
    _check(prompt, model, history)
    base = {'temperature': defaults.temperature, 'max_tokens': defaults.max_tokens}
    given = {'temperature': temperature, 'max_tokens': max_tokens}
    settings: Any = {**_said(base), **(model_settings or {}), **_said(given)}
    asked = model if model is not None else default_model(defaults.model)
    return Question(prompt, asked, defaults.system if system is None else system, settings, history)


def _check(prompt: object, model: object, history: object) -> None:
    askable = model is None or isinstance(model, str) or hasattr(model, 'request_stream')
    wanted: dict[str, tuple[object, bool, str]] = {
        'prompt': (prompt, isinstance(prompt, Sequence), 'a text, or a list of texts and files'),
        'model': (model, askable, 'a name or a model'),
        'messages': (history, isinstance(history, Sequence) and not isinstance(history, str), 'a list of messages'),
    }
    for name, (value, right, what) in wanted.items():
        if not right:
            raise UserError(f'`{name}` must be {what}, not {type(value).__name__}.')


def _said(settings: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if value is not None}


async def pose(asked: Question, view: views.View, keep: Keep = lambda answer: None) -> Answer:
    """Ask the model and show the answer as it comes.

    Args:
        asked: The question.
        view: Shows the answer; it is started before anything slow is loaded, and always finished.
        keep: Gets the answer so far, also when the stream fails or is interrupted.

    Raises:
        Exception: as the model raises it, after the view has shown what came.
        asyncio.CancelledError: the task was cancelled; the answer that was kept is 'interrupted'.
    """
    messages: list[ModelMessage] = []
    answers: list[Answer] = []

    def opened() -> AbstractAsyncContextManager[StreamedResponse]:
        from jupyter_stream.direct import model_request_stream

        messages.extend(asked.messages())
        return model_request_stream(asked.model, messages, model_settings=asked.settings)

    def kept(response: ModelResponse) -> None:
        from jupyter_stream.notebook.answer import Answer

        answers.append(Answer(messages, response))
        keep(answers[-1])

    await pour(opened, view, title=asked.model_id, settings=asked.settings, keep=kept)
    return answers[-1]


# ------------------------------------------------------------------ the two ways to run it


async def here(asked: Question, view: views.View, keep: Keep = lambda answer: None) -> Answer:
    """Pose a question on this event loop; in a cell an interrupt is short and prompt.

    Raises:
        Interrupted: (a KeyboardInterrupt) the cell was stopped.
    """
    with short_errors():
        return await stoppable(view, pose(asked, view, keep))


def now(asked: Question, view: views.View, keep: Keep = lambda answer: None) -> Answer:
    """Pose a question from synchronous code, through the bridge.

    Raises:
        Interrupted: (a KeyboardInterrupt) the call was stopped.
    """
    with short_errors():
        return bridge.run(partial(pose, asked, view, keep), loop_bound=asked.loop_bound)


@contextmanager
def short_errors() -> Generator[None]:
    """Show the errors that are no bug of anybody's (a wrong key, a provider's refusal) as one sentence.

    IPython asks an exception how it wants to be shown; to code that catches it, and to a script, it is
    unchanged. Without this a notebook prints some twelve thousand characters of HTTP machinery.
    """
    try:
        yield
    except (UserError, AgentRunError) as error:
        # A partial, since an exception must stay picklable.
        shown = partial(list[str], (f'{type(error).__name__}: {error}',))
        error._render_traceback_ = shown  # pyright: ignore[reportAttributeAccessIssue]
        raise


# ------------------------------------------------------------------ calls


def ask(
    prompt: str | Sequence[UserContent],
    *,
    model: Model | str | None = None,
    system: str | None = None,
    temperature: float | None = None,
    max_tokens: int | None = None,
    messages: Sequence[ModelMessage] | Answer = (),
    model_settings: ModelSettings | None = None,
    display: bool = True,
) -> Answer:
    """Ask a language model and show the answer as it comes; what `%ask` does, as a plain call.

    It works in a notebook, in a terminal and in a script, whether or not an event loop is running.

    Args:
        prompt: the question, sent to the letter; or a sequence of texts, images and documents.
        model: a model or its name, as `provider:name`. Without one: `%config AskMagics.model`, the
            variable JUPYTER_STREAM_MODEL, the embedded model ('local:').
        system: the system prompt; '' for none where a default is set.
        temperature: the sampling temperature.
        max_tokens: the longest answer, in tokens.
        messages: the history to go on from: an answer, or its `messages`.
        model_settings: further settings of the request; the two above win over it.
        display: False to show nothing.

    Returns:
        The answer, with .text, .thinking, .usage, .messages and .response.

    Raises:
        Interrupted: (a KeyboardInterrupt) the call was stopped; what came is still shown, with a mark.
        UserError: the model is unknown, its key is missing, or the prompt is empty.
        ModelAPIError: the provider failed; its subclasses say how.
    """
    asked, view = _prepared(prompt, model, system, temperature, max_tokens, messages, model_settings, display)
    answer = now(asked, view)
    return answer.shown() if display else answer


async def aask(
    prompt: str | Sequence[UserContent],
    *,
    model: Model | str | None = None,
    system: str | None = None,
    temperature: float | None = None,
    max_tokens: int | None = None,
    messages: Sequence[ModelMessage] | Answer = (),
    model_settings: ModelSettings | None = None,
    display: bool = True,
) -> Answer:
    """`ask` for code that can await. In a cell, `await aask(…)` leaves the kernel free to hear widgets meanwhile."""
    asked, view = _prepared(prompt, model, system, temperature, max_tokens, messages, model_settings, display)
    answer = await here(asked, view)
    return answer.shown() if display else answer


def _prepared(
    prompt: str | Sequence[UserContent],
    model: Model | str | None,
    system: str | None,
    temperature: float | None,
    max_tokens: int | None,
    messages: Sequence[ModelMessage] | Answer,
    model_settings: ModelSettings | None,
    display: bool,
) -> tuple[Question, views.View]:
    shell = current_shell()
    defaults = defaults_of(shell)
    history: Any = getattr(messages, 'messages', messages)
    with short_errors():
        view = views.choose(shell, defaults.view, images=defaults.images) if display else Unseen()
        asked = question(
            prompt,
            defaults,
            model=model,
            system=system,
            temperature=temperature,
            max_tokens=max_tokens,
            model_settings=model_settings,
            history=history,
        )
    return asked, view


class Unseen:
    """The view of an answer that nobody wants to see."""

    def start(self, title: str, settings: Mapping[str, Any] | None = None) -> None:
        pass

    def update(self, events: Sequence[Any]) -> None:
        pass

    def status(self, text: str) -> None:
        pass

    def finish(self, response: ModelResponse, mark: str | None, error: BaseException | None) -> None:
        pass

"""A question: what is asked of which model, filled in and checked. Pure; `play` asks it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from jupyter_stream.exceptions import UserError
from jupyter_stream.notebook.defaults import Defaults, default_model

if TYPE_CHECKING:
    from jupyter_stream.messages import ModelMessage, SystemPromptPart, UserContent
    from jupyter_stream.models import Model
    from jupyter_stream.settings import ModelSettings
    from jupyter_stream.stream import StreamedResponse

__all__ = ('Question', 'question')


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of which model; `settings` are those of the request, `history` the messages before it."""

    prompt: str | Sequence[UserContent]
    model: Model | str
    system: str | None = None
    settings: ModelSettings | None = None
    history: Sequence[ModelMessage] = ()

    @property
    def title(self) -> str:
        """The model as it is named to people."""
        return self.model.rstrip(':') if isinstance(self.model, str) else self.model.model_id

    @property
    def loop_bound(self) -> bool:
        """Whether the model must be asked on the event loop that its user runs."""
        return not isinstance(self.model, str) and self.model.loop_bound

    def messages(self) -> list[ModelMessage]:
        """The history and the request. A system prompt that is given replaces those of the history, and comes first."""
        from jupyter_stream.messages import ModelRequest, SystemPromptPart, UserPromptPart

        asked = ModelRequest(parts=[UserPromptPart(self.prompt)])
        told = _system_prompts(self.history)
        if not self.system or [part.content for part in told] == [self.system]:
            return [*self.history, asked]
        first, *rest = [*_without_system_prompts(self.history), asked]
        system = SystemPromptPart(self.system)
        if isinstance(first, ModelRequest):
            return [replace(first, parts=[system, *first.parts]), *rest]
        return [ModelRequest(parts=[system]), first, *rest]

    def open(self, messages: Sequence[ModelMessage]) -> AbstractAsyncContextManager[StreamedResponse]:
        """The request as a context manager of its stream; nothing is sent until it is entered."""
        from jupyter_stream.direct import model_request_stream

        return model_request_stream(self.model, messages, model_settings=self.settings)


def _system_prompts(history: Sequence[ModelMessage]) -> list[SystemPromptPart]:
    from jupyter_stream.messages import SystemPromptPart

    return [part for message in history for part in message.parts if isinstance(part, SystemPromptPart)]


def _without_system_prompts(history: Sequence[ModelMessage]) -> Iterator[ModelMessage]:
    """The history without system prompts; a request that holds nothing else is left out."""
    from jupyter_stream.messages import ModelRequest, SystemPromptPart

    for message in history:
        if not isinstance(message, ModelRequest):
            yield message
        elif kept := [part for part in message.parts if not isinstance(part, SystemPromptPart)]:
            yield message if len(kept) == len(message.parts) else replace(message, parts=kept)


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
    own = {'temperature': temperature, 'max_tokens': max_tokens}
    settings: Any = {**_given(base), **(model_settings or {}), **_given(own)}
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


def _given(settings: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if value is not None}

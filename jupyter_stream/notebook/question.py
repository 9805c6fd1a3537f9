"""A question: what is asked of which model, filled in and checked. Pure; `play` asks it."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, cast

from jupyter_stream.cassettes import Mode, in_mode
from jupyter_stream.exceptions import UserError
from jupyter_stream.notebook.defaults import Defaults, default_model
from jupyter_stream.notebook.names import title_of
from jupyter_stream.notebook.shell import cell_id

if TYPE_CHECKING:
    from jupyter_stream.content.template import Filled
    from jupyter_stream.messages import ModelMessage, ModelRequest, SystemPromptPart, UserContent
    from jupyter_stream.models import Model
    from jupyter_stream.models.instrumented import Instrument
    from jupyter_stream.parameters import ModelRequestParameters
    from jupyter_stream.settings import ModelSettings
    from jupyter_stream.stream import StreamedResponse
    from jupyter_stream.typed.wanted import Typed

__all__ = ('Question', 'check_arguments', 'is_model', 'question', 'summary_prompt', 'type_named')


_SUMMARIZE: Final = (
    'Sum up our conversation up to here, so that it can go on from your summary alone: what was asked and found, names,'
    ' numbers and code that are still needed, and what is open. Be short.'
)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of which model.

    Attributes:
        prompt: What the user says.
        model: The model, or its name.
        system: The system prompt.
        settings: Those of the request.
        history: The messages before it.
        instrument: Whether and how the request is recorded with OpenTelemetry.
        thread: The name of the thread that the history is of, if it is of one.
        key: A digest of all that is sent, of which the ids of its answer are made; '' for ids at random.
        filled: How the prompt was written, where values were put into it.
        notes: What is said of it in the muted line.
        typed: The type that the answer is to be of.
        retries: How often the model may try again where the answer is not of that type.
        cassette: The mode of the cassettes in force, where it is another one for this question.
    """

    prompt: str | Sequence[UserContent]
    model: Model | str
    system: str | None = None
    settings: ModelSettings | None = None
    history: Sequence[ModelMessage] = ()
    instrument: Instrument = None
    thread: str | None = None
    key: str = ''
    filled: Filled | None = None
    notes: Sequence[str] = ()
    typed: Typed | None = None
    retries: int = 0
    cassette: Mode | None = None

    @property
    def title(self) -> str:
        """The model as it is named to people."""
        return title_of(self.model)

    @property
    def model_id(self) -> str:
        """The model with its provider, as in a model string."""
        return self.model.rstrip(':') if isinstance(self.model, str) else self.model.model_id

    @property
    def loop_bound(self) -> bool:
        """Whether the model must be asked on the event loop that its user runs."""
        return not isinstance(self.model, str) and self.model.loop_bound

    def messages(self) -> list[ModelMessage]:
        """The history and the request. A system prompt that is given replaces those of the history, and comes first.

        Raises:
            UserError: the history holds something else than messages, or the prompt than texts and files; or the prompt
                holds a known key.
        """
        from jupyter_stream.checks import checked_messages
        from jupyter_stream.messages import ModelRequest, SystemPromptPart

        _refuse_keys(self.prompt)
        asked = _asked(self.prompt)
        # What is in a thread was checked when it came there.
        history = self.history if self.thread is not None else checked_messages(self.history)
        told = _system_prompts(history)
        if not self.system or [part.content for part in told] == [self.system]:
            return [*history, asked]
        first, *rest = [*_without_system_prompts(history), asked]
        system = SystemPromptPart(self.system)
        if isinstance(first, ModelRequest):
            return [replace(first, parts=[system, *first.parts]), *rest]
        return [ModelRequest(parts=[system]), first, *rest]

    @asynccontextmanager
    async def open(self, messages: Sequence[ModelMessage]) -> AsyncGenerator[StreamedResponse]:
        """The request as a context manager of its stream; nothing is sent until it is entered."""
        from jupyter_stream._dataclasses import ids_made_of
        from jupyter_stream.direct import model_request_stream

        with in_mode(self.cassette), ids_made_of(f'{self.key}:{len(messages)}') if self.key else nullcontext():
            model = _traced(self.model, self.instrument, self.thread)
            parameters = _parameters(self.typed, model) if self.typed is not None else None
            async with model_request_stream(
                model,
                messages,
                model_settings=self.settings,
                model_request_parameters=parameters,
                instrument=False,
            ) as stream:
                yield stream


def _parameters(typed: Typed, model: Model | str) -> ModelRequestParameters:
    from jupyter_stream.models import Model, infer_model

    asked = infer_model(model)
    # Several models in one, and those that ask nobody, have no profile of their own: each decides for itself.
    is_known = type(asked).profile is not Model.profile
    return typed.parameters(typed.mode_for(asked.profile) if is_known else 'auto')


def _traced(model: Model | str, instrument: Instrument, thread: str | None) -> Model | str:
    """The model with a span around each request that says which cell asks, in which thread, where requests are recorded
    at all.
    """
    from jupyter_stream.models.instrumented import InstrumentedModel, settings_of

    settings = settings_of(instrument)
    if settings is None or isinstance(model, InstrumentedModel):
        return model
    known = {'jupyter.cell.id': cell_id(), 'jupyter_stream.thread': thread}
    attributes = {name: value for name, value in known.items() if value is not None}
    return InstrumentedModel(model, settings, attributes=attributes)


def _refuse_keys(prompt: str | Sequence[UserContent]) -> None:
    """A key in a prompt would go to whoever is asked, and stay in the notebook."""
    from jupyter_stream.models.base import key_in

    for piece in [prompt] if isinstance(prompt, str) else prompt:
        text = piece if isinstance(piece, str) else getattr(piece, 'content', None)
        name = key_in(text, os.environ) if isinstance(text, str) else None
        if name is not None:
            raise UserError(
                f'The prompt holds the key that {name} is set to. Nothing was sent: take the key out of it.'
            )


def _asked(prompt: str | Sequence[UserContent]) -> ModelRequest:
    from jupyter_stream.messages import ModelRequest, UserPromptPart

    try:
        return ModelRequest(parts=[UserPromptPart(prompt)])
    except ValueError as error:
        raise UserError(str(error)) from None


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
    as_: Any = None,
    retries: int | None = None,
    cassette: Mode | None = None,
) -> Question:
    """The question with everything filled in: what is given, over `model_settings`, over the defaults.

    Raises:
        UserError: the prompt is empty, or something is not what it has to be.
    """
    check_arguments(
        prompt=prompt,
        messages=history,
        **_given({'model': model, 'system': system, 'model_settings': model_settings, 'retries': retries}),
    )
    if _is_blank(prompt) or all(map(_is_blank, prompt)):
        raise UserError('There is nothing to ask: the prompt is empty.')
    base = {'temperature': defaults.temperature, 'max_tokens': defaults.max_tokens}
    own = {'temperature': temperature, 'max_tokens': max_tokens}
    settings: Any = {**_given(base), **(model_settings or {}), **_given(own)}
    asked = model if model is not None else default_model(defaults.model)
    told = defaults.system if system is None else system
    if retries and (as_ is None or as_ is str):
        raise UserError('`retries` is for answers of a type: say which with `--as`, or `as_`.')
    return Question(
        prompt,
        asked,
        told,
        settings,
        history,
        defaults.instrument,
        typed=_typed(as_),
        retries=retries or 0,
        cassette=cassette,
    )


def type_named(expression: str, names: Mapping[str, Any]) -> Any:
    """The type that an expression of `--as` stands for, in the user's namespace.

    Raises:
        UserError: it stands for none.
    """
    import typing

    known = {name: getattr(typing, name) for name in ('Annotated', 'Any', 'Literal', 'Optional', 'Union')}
    try:
        return eval(expression, {**known, **names})
    except SyntaxError:
        raise UserError(f'`--as {expression}` is no Python expression: quote it if it has spaces.') from None
    except Exception as error:
        raise UserError(f'`--as {expression}` is no type here: {type(error).__name__}: {error}.') from None


def _typed(wanted: Any) -> Typed | None:
    """The type of the answer; None where it is to be text."""
    if wanted is None or wanted is str:
        return None
    from jupyter_stream.typed.wanted import Typed

    return Typed(wanted)


def summary_prompt(rest: str, body: str | None) -> str:
    """What is asked where a thread is to be summed up; what the user says goes behind it."""
    more = '\n'.join(filter(str.strip, (rest, body or '')))
    return f'{_SUMMARIZE}\n\n{more}'.rstrip()


def _is_blank(text: object) -> bool:
    return isinstance(text, str) and not text.strip()


def _is_list(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray | memoryview)


def is_model(value: object) -> bool:
    """Whether it is a model object, and no class of one."""
    return hasattr(value, 'request_stream') and not isinstance(value, type)


def _names_a_model(value: object) -> bool:
    return isinstance(value, str) or is_model(value)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


_ARGUMENTS: Mapping[str, tuple[Callable[[object], bool], str]] = {
    'prompt': (lambda value: _is_text(value) or _is_list(value), 'a text, or a list of texts and files'),
    'model': (_names_a_model, 'a name or a model'),
    'models': (
        lambda value: _is_list(value) and all(map(_names_a_model, cast(Any, value))),
        'a list of names or models',
    ),
    'system': (_is_text, 'a text'),
    'title': (_is_text, 'a text'),
    'messages': (_is_list, 'a list of messages'),
    'values': (lambda value: isinstance(value, Mapping), 'a mapping of names to values'),
    'model_settings': (lambda value: isinstance(value, Mapping), 'a dict'),
    'retries': (lambda value: type(value) is int and value >= 0, 'a whole number of at least 0'),
}
"""What the arguments of `ask`, `show` and `explore` must be: looked at before anything is shown or loaded."""


def check_arguments(**arguments: object) -> None:
    """Refuse what is of the wrong type.

    Raises:
        UserError: an argument is; it is named.
    """
    for name, value in arguments.items():
        fits, wanted = _ARGUMENTS[name]
        if not fits(value):
            kind = f'the class {value.__name__}' if isinstance(value, type) else type(value).__name__
            raise UserError(f'`{name}` must be {wanted}, not {kind}.')


def _given(settings: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if value is not None}

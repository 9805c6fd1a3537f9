"""What the fields of an explorer say, as a value: taken from a question, compared, and turned into one again. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from jupyter_stream.exceptions import UserError

if TYPE_CHECKING:
    from jupyter_stream.messages import UserContent
    from jupyter_stream.models import Model
    from jupyter_stream.notebook.question import Question

__all__ = ('NUMBERS', 'Fields', 'fields_of', 'fields_with', 'prompt_text')

NUMBERS: Final[Sequence[tuple[str, str, Callable[[str], float | int], str]]] = (
    ('temperature', 'temperature', float, 'a number, such as 0.7'),
    ('max_tokens', 'max tokens', int, 'a whole number, such as 200'),
    ('top_p', 'top p', float, 'a number from 0 to 1'),
    ('seed', 'seed', int, 'a whole number'),
)
"""The settings that have a field: name, label, how its text is read, and what it must be."""


@dataclass(frozen=True, slots=True)
class Fields:
    """What stands in the fields.

    Attributes:
        model: the name of the model.
        system: the system prompt; '' for none.
        prompt: the prompt.
        numbers: the texts of the fields in `NUMBERS`; '' for one that says nothing.
        others: settings that go along and have no field.
        origin: the question that they were filled from. What is still as it was there is asked as it was there, with
            the same model object and the files of the prompt.
    """

    model: str
    system: str
    prompt: str
    numbers: Mapping[str, str]
    others: Mapping[str, Any] = field(default_factory=dict[str, Any])
    origin: Question | None = field(default=None, compare=False)

    def settings(self) -> dict[str, Any]:
        """The settings of a request.

        Raises:
            UserError: a field says no number.
        """
        said = {name: text.strip() for name, text in self.numbers.items()}
        read = {name: _read(label, said[name], read, what) for name, label, read, what in NUMBERS if said.get(name)}
        return {**self.others, **read}

    def content(self) -> str | Sequence[UserContent]:
        """The prompt to ask."""
        origin = self.origin
        return origin.prompt if origin is not None and prompt_text(origin.prompt) == self.prompt else self.prompt

    def asked_model(self, known: Mapping[str, Model | str]) -> Model | str:
        """The model to ask: the one of the origin or one of the known ones, by its name; else the name; '' for none."""
        name, origin = self.model.strip(), self.origin
        if origin is not None and _name(origin.model) == name:
            return origin.model
        return known.get(name, name)


def fields_of(question: Question) -> Fields:
    """The fields with which this question would be asked again."""
    return fields_with(
        _name(question.model), question.system, prompt_text(question.prompt), question.settings or {}, question
    )


def fields_with(
    model: str, system: str | None, prompt: str, settings: Mapping[str, Any], origin: Question | None = None
) -> Fields:
    """The fields for these settings, of which those without a field are kept beside them."""
    names = [name for name, *_ in NUMBERS]
    others = {name: value for name, value in settings.items() if name not in names and value is not None}
    return Fields(model, system or '', prompt, {name: _written(settings.get(name)) for name in names}, others, origin)


def prompt_text(prompt: str | Sequence[UserContent]) -> str:
    """A prompt as text, in which each file is named as one."""
    if isinstance(prompt, str):
        return prompt
    return ' '.join(item if isinstance(item, str) else '[a file]' for item in prompt)


def _name(model: Model | str) -> str:
    return model if isinstance(model, str) else model.model_id


def _written(value: Any) -> str:
    return '' if value is None else str(value)


def _read(label: str, text: str, read: Callable[[str], float | int], what: str) -> float | int:
    try:
        return read(text)
    except ValueError:
        raise UserError(f'The field "{label}" must be {what}, not {text!r}.') from None

"""Values in a prompt: `{{ expression }}` evaluated in the user's namespace, and what a model is given for it.

`jupyter_stream.content` knows how a prompt is cut and what a value is to a model; here they meet IPython and the model
that is asked. Nothing of it is loaded for a prompt without `{{`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Final, cast

from jupyter_stream import bridge
from jupyter_stream.content import ContentError, Hints, content_of
from jupyter_stream.content.template import LITERALLY, Expression, Filled, TemplateError, joined, split
from jupyter_stream.exceptions import UserError
from jupyter_stream.notebook import kernel
from jupyter_stream.notebook.markdown.sanitizer import visible
from jupyter_stream.notebook.pieces import shortened

if TYPE_CHECKING:
    from jupyter_stream.messages import UserContent
    from jupyter_stream.models import Model
    from jupyter_stream.notebook.question import Question

__all__ = ('Values', 'filled_question', 'last_error', 'with_values')

_ALL: Final = 32_000
"""Tokens of all values of a prompt together."""

_LEAST: Final = 100
"""Tokens that each value may have, however many there are."""

_LONGEST_MESSAGE: Final = 500
"""Characters of what an expression's exception says."""


def with_values(question: Question, names: Mapping[str, Any], *, tokens: int, shell: Any = None) -> Question:
    """The question with its expressions evaluated; it is the same where it has none.

    Args:
        question: What is asked, as it was written.
        names: The variables that expressions may use. None is added or changed.
        tokens: How many tokens a value has at most.
        shell: The IPython shell, whose formatters make pictures of values.

    Raises:
        ContentError: an expression cannot be read, has failed, or what it gives can be put into no prompt.
    """
    written = question.prompt
    texts = [written] if isinstance(written, str) else [item for item in written if isinstance(item, str)]
    if not any('{{' in text for text in texts):
        return question
    values = Values(question.model, names, tokens, shell)
    if isinstance(written, str):
        return filled_question(question, values.filled(written))
    filled = [values.filled(item).content() if isinstance(item, str) else item for item in written]
    flat = [piece for item in filled for piece in (item if isinstance(item, list) else [item])]
    return replace(question, prompt=joined(flat))


def filled_question(question: Question, filled: Filled) -> Question:
    """The question with its prompt filled in.

    Raises:
        UserError: nothing is left of the prompt.
    """
    prompt = filled.content()
    if isinstance(prompt, str) and not prompt.strip():
        raise UserError('There is nothing to ask: the expressions of the prompt gave nothing.')
    return replace(question, prompt=prompt, filled=filled)


def last_error() -> BaseException | None:
    """The last exception of a cell; of a question, only if it was no error of the asking itself."""
    known = kernel.state.error
    return known if known is not None else getattr(sys, 'last_exc', None) or getattr(sys, 'last_value', None)


@dataclass(frozen=True)
class Values:
    """What expressions give, for one model.

    Args:
        model: The model that is asked, or its name.
        names: The variables that expressions may use.
        tokens: How many tokens a value has at most.
        shell: The IPython shell; None where there is none.
    """

    model: Model | str
    names: Mapping[str, Any] = field(repr=False)
    tokens: int
    shell: Any = None

    def filled(self, prompt: str) -> Filled:
        """The prompt with what its expressions give.

        Raises:
            TemplateError: an expression cannot be read, has failed, or gives what can be put into no prompt.
        """
        pieces = split(prompt)
        expressions = [piece for piece in pieces if isinstance(piece, Expression)]
        hints = self.hints(len(expressions))
        namespace = self._namespace
        return Filled(prompt, [self._content(one, prompt, namespace, hints) for one in expressions])

    def hints(self, count: int) -> Hints:
        """What is known of the model, and how many tokens each of so many values may have."""
        takes_pictures, window = self._known
        whole = min(_ALL, window // 2) if window else _ALL
        return Hints(multimodal=takes_pictures, max_tokens=max(_LEAST, min(self.tokens, whole // max(count, 1))))

    @cached_property
    def _known(self) -> tuple[bool, int | None]:
        """Whether the model takes pictures, and how many tokens it reads at once, if it says so itself."""
        from jupyter_stream.models import infer_model, profile_of

        try:
            model = infer_model(self.model)
        except UserError:  # which asking it will say
            return profile_of(self.model).images, None
        several = cast('list[Model]', getattr(model, 'models', [model]))  # those of a fallback
        return all(profile_of(one).images for one in several), model.context_window

    @property
    def _namespace(self) -> dict[str, Any]:
        """A copy, in which `err` is the last exception unless the user has such a variable."""
        namespace = dict(self.names)
        if 'err' not in namespace and (error := last_error()) is not None:
            namespace['err'] = error
        return namespace

    def _content(
        self, expression: Expression, prompt: str, namespace: dict[str, Any], hints: Hints
    ) -> list[UserContent]:
        try:
            value = eval(expression.code, namespace)  # what the user wrote to be evaluated
        except Exception as error:
            raise TemplateError.at(expression, prompt, _failed(expression, error)) from error
        try:
            return content_of(value, name=expression.source, hints=hints, wait=_waited, formats=self._formats)
        except ContentError as error:
            raise TemplateError.at(expression, prompt, f'{error.message} Nothing was sent.') from error

    @property
    def _formats(self) -> Callable[[Any], Mapping[str, Any]] | None:
        """The pictures that IPython's formatters make of a value."""
        formatter = getattr(self.shell, 'display_formatter', None)
        return None if formatter is None else partial(_pictures, formatter)


def _pictures(formatter: Any, value: Any) -> Mapping[str, Any]:
    # Each for itself: asked for all at once, IPython lets a value that displays itself do so.
    found = {kind: formatter.formatters[kind](value) for kind in ('image/png', 'image/jpeg')}
    return {kind: data[0] if isinstance(data, tuple) else data for kind, data in found.items() if data is not None}


def _waited(awaitable: Awaitable[Any]) -> Any:
    async def wait() -> Any:
        return await awaitable

    return bridge.run(wait)


def _failed(expression: Expression, error: Exception) -> str:
    """Why an expression gave nothing, and what to do."""
    said = f'`{expression.short}` raised {type(error).__name__}{_message(error)}. Nothing was sent.'
    if isinstance(error, NameError) and error.name == 'err':
        return f'`err` is the last exception of a cell, and there was none yet. Nothing was sent. {LITERALLY}'
    return f'{said} {LITERALLY}' if isinstance(error, NameError) else said


def _message(error: Exception) -> str:
    from jupyter_stream.models.base import key_in

    try:
        words = visible(' '.join(str(error).split()))
    except Exception:  # the user's class, and its own fault
        return ''
    if not words or key_in(words, os.environ):
        return ''
    return f': {shortened(words.rstrip("."), _LONGEST_MESSAGE)}'

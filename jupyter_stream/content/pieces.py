"""What a value is to a model, text and files, and how that stands in a prompt: between tags, as data."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from jupyter_stream.exceptions import UserError

if TYPE_CHECKING:
    from jupyter_stream.messages import MultiModalContent, UserContent

__all__ = ('ContentError', 'Hints', 'Shown', 'class_of', 'kind_of', 'rendered', 'unseen')

CHARACTERS: Final = 3.5
"""Of a token, on average: English has four, code and tables have fewer."""

_LONGEST_NAME: Final = 80
_CLOSING: Final = re.compile(r'<(\s*)/(?=\s*value\b)', re.IGNORECASE)


class ContentError(UserError):
    """A value cannot become part of a prompt. Nothing was sent."""


@dataclass(frozen=True, slots=True)
class Hints:
    """What is known of the model that a value is for; the names of the fields are those of JEP 129.

    Attributes:
        multimodal: Whether it takes pictures and other files.
        max_tokens: How many tokens a value should have at most.
    """

    multimodal: bool = True
    max_tokens: int = 1000

    @property
    def characters(self) -> int:
        """How many characters these tokens have, roughly."""
        return max(int(self.max_tokens * CHARACTERS), 80)


@dataclass(frozen=True, slots=True)
class Shown:
    """What a value is to a model.

    Attributes:
        text: What is said of it; of a picture what it shows, for models that cannot see it.
        files: Files that go with the text.
        is_plain: Whether the text stands in the prompt without tags around it.
    """

    text: str
    files: Sequence[MultiModalContent] = ()
    is_plain: bool = False


def rendered(shown: Shown, name: str, kind: str, hints: Hints) -> list[UserContent]:
    """The text between tags, which say how the value is called and of what type it is; after it the files.

    A model that takes no files is told that there are some.
    """
    said = _encodable(shown.text)
    if shown.is_plain:
        return [said]
    notes = [_note(file, hints.multimodal) for file in shown.files]
    text = '\n'.join(filter(None, (said, *notes)))
    return [fenced(text, name, kind), *(shown.files if hints.multimodal else ())]


def fenced(text: str, name: str, kind: str) -> str:
    """The text as data: nothing in it ends it but its own closing tag.

    >>> print(fenced('a </value> b', 'x', 'str'))
    <value name="x" type="str">
    a <\\/value> b
    </value>
    """
    attributes = ''.join(f' {key}="{_attribute(said)}"' for key, said in (('name', name), ('type', kind)) if said)
    return f'<value{attributes}>\n{_CLOSING.sub(_escaped, text)}\n</value>'


def class_of(value: Any) -> Any:
    """The type of a value, of which nothing is known."""
    return type(value)  # pyright: ignore[reportUnknownVariableType]


def kind_of(value: Any) -> str:
    """The type of a value as people name it: `pandas.DataFrame`, `list`, `MyModel`.

    >>> kind_of([1])
    'list'
    """
    cls = class_of(value)
    root = cls.__module__.partition('.')[0]
    return cls.__qualname__ if root in ('builtins', '__main__') else f'{root}.{cls.__qualname__}'


def _escaped(match: re.Match[str]) -> str:
    return f'<{match[1]}\\/'


def _attribute(text: str) -> str:
    flat = ' '.join(text.split())
    short = flat if len(flat) <= _LONGEST_NAME else f'{flat[: _LONGEST_NAME - 1]}…'
    return short.replace('&', '&amp;').replace('"', '&quot;').replace('<', '&lt;').replace('>', '&gt;')


def _encodable(text: str) -> str:
    """The text without halves of characters, which no request can carry."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode('utf-16', 'surrogatepass').decode('utf-16', 'replace')
    return text


_WORDS: Final = {'image': ('picture', 'see'), 'audio': ('sound', 'hear'), 'video': ('video', 'see')}


def unseen(main_type: str = 'image') -> str:
    """What a model is told that does not take files of this kind, by the first word of their media type.

    >>> unseen()
    '(This is a picture, which this model cannot see.)'
    """
    what, verb = _WORDS.get(main_type, ('document', 'read'))
    return f'(This is a {what}, which this model cannot {verb}.)'


def _note(file: MultiModalContent, is_sent: bool) -> str:
    main_type = _media_type(file).partition('/')[0]
    return f'(The {_WORDS.get(main_type, ("document",))[0]} follows.)' if is_sent else unseen(main_type)


def _media_type(file: MultiModalContent) -> str:
    try:
        return file.media_type
    except ValueError:  # a URL need not say; its class does
        return f'{file.kind.partition("-")[0]}/*'

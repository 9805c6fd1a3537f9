"""A turn: what was asked in a cell, and what came back. Nothing of it changes; a cell that runs again gets another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, cast

from jupyter_stream.messages import (
    BinaryContent,
    ModelMessage,
    ModelRequest,
    ModelResponse,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)

if TYPE_CHECKING:
    from jupyter_stream.content.template import Filled

__all__ = ('Prefix', 'Turn', 'digest_of', 'pieces_of', 'prefix_of', 'text_of')

_SIZE: Final = 16
"""Hexadecimal digits of a digest: two turns of a thread are mistaken for the same once in 10 to the 19th."""


def digest_of(*pieces: str | bytes) -> str:
    """A digest that keeps the pieces apart: ('a', 'b') is not ('ab', '')."""
    whole = sha256()
    for piece in pieces:
        data = piece.encode('utf-8', 'surrogatepass') if isinstance(piece, str) else piece
        whole.update(b'%d:' % len(data))
        whole.update(data)
    return whole.hexdigest()[:_SIZE]


@dataclass(frozen=True, slots=True, eq=False)
class Turn:
    """One exchange.

    Attributes:
        messages: The request, without system prompts, and the response; between them calls and their returns, if any.
        model: The model that was asked, as `provider:name`.
        title: The same as it is named to people.
        source: The text of the cell, or what is known of it; it says what was split, and what was merged.
        number: The number of the cell's run, as the notebook shows it; None where that is not known.
        parent: The turn that stood before it when it was asked; None for the first.
        prefix: A digest of all turns that stood before it when it was asked.
        sent: Those of them that were sent, in their order.
        system: The system prompt that it was asked with.
        request_key: A digest of all that was sent and of the model; the same request has the same.
        is_summary: Whether it sums up what stands before it, and is sent in its place.
        is_restored: Whether it was read from a saved notebook.
        is_edited: Whether the text of its cell has been edited since then.
        is_partial: Whether values of its prompt are missing: the notebook that it was read from does not hold them.
        filled: How the prompt was written and what its expressions gave; None where it was sent as it was written.
        digest: A digest of what it says.
    """

    messages: Sequence[ModelMessage]
    model: str = ''
    title: str = ''
    source: str = ''
    number: int | None = None
    parent: Turn | None = None
    prefix: str = ''
    sent: Sequence[Turn] = ()
    system: str | None = None
    request_key: str = ''
    is_summary: bool = False
    is_restored: bool = False
    is_edited: bool = False
    is_partial: bool = False
    filled: Filled | None = None
    digest: str = field(default='', kw_only=True)

    def __post_init__(self) -> None:
        if not self.prefix:
            object.__setattr__(self, 'prefix', prefix_of(()))
        if not self.digest:
            object.__setattr__(self, 'digest', digest_of(*_said(self.messages)))

    def sent_with(self, turns: Sequence[Turn]) -> None:
        """Note which turns it was sent with; of one that was read from a file that is known only when all are there."""
        object.__setattr__(self, 'sent', turns)

    @property
    def request(self) -> ModelRequest:
        """What was asked."""
        return cast(ModelRequest, self.messages[0])

    @property
    def response(self) -> ModelResponse:
        """What came back, as far as it came."""
        return cast(ModelResponse, self.messages[-1])

    @property
    def prompt(self) -> str:
        """The text that was asked; files are left out."""
        return text_of(self.request)

    @property
    def written(self) -> str:
        """The prompt as its cell says it, where values have not been put in."""
        return self.filled.written if self.filled is not None else self.prompt

    @property
    def text(self) -> str:
        """The text of the answer; '' if none came."""
        return self.response.text or ''

    @property
    def state(self) -> str:
        """'complete', 'interrupted' or 'incomplete'."""
        return self.response.state

    @property
    def tokens(self) -> int | None:
        """The tokens of all up to here, as the provider counted them; None where not everything was sent or counted."""
        usage = self.response.usage
        if not usage.input_tokens or self.state != 'complete' or len(self.messages) > 2:
            return None
        return usage.input_tokens + usage.output_tokens

    def __deepcopy__(self, memo: object) -> Turn:
        return self

    def _repr_llm_(self) -> str:
        """What another model is given in its place: the question and the answer."""
        return f'Question: {self.prompt}\n\nAnswer: {self.text}'

    def _ai_repr_(self, **hints: Any) -> dict[str, Any]:
        """The same by MIME type (JEP 129)."""
        return {'text/llm+plain': self._repr_llm_()}

    def __repr__(self) -> str:
        cell = '' if self.number is None else f'[{self.number}] '
        return f'Turn({cell}{_short(self.prompt)!r}, {_short(self.text)!r}, state={self.state!r})'


class Prefix:
    """What stands before a turn: a digest of what turns say, one after the other."""

    def __init__(self, turns: Iterable[Turn] = ()) -> None:
        self._chain = sha256()
        for turn in turns:
            self.add(turn)

    def add(self, turn: Turn) -> None:
        """One more turn stands there."""
        self._chain.update(turn.digest.encode())

    def __str__(self) -> str:
        return self._chain.hexdigest()[:_SIZE]


def prefix_of(turns: Iterable[Turn]) -> str:
    """The digest of turns, one after the other."""
    return str(Prefix(turns))


def text_of(request: ModelRequest) -> str:
    """The user's words in a request."""
    return '\n'.join(piece for piece in _texts(request) if piece)


def _texts(request: ModelRequest) -> Iterator[str]:
    for part in request.parts:
        if isinstance(part, UserPromptPart):
            content: Any = [part.content] if isinstance(part.content, str) else part.content
            for item in content:
                text = item if isinstance(item, str) else getattr(item, 'content', None)
                if isinstance(text, str):
                    yield text


def _said(messages: Sequence[ModelMessage]) -> Iterator[str | bytes]:
    """What counts as the content of messages: what the reader sees. Not when it was said, nor what was thought."""
    for message in messages:
        yield message.kind
        for part in message.parts:
            if isinstance(part, UserPromptPart):
                for piece in pieces_of(part.content):
                    yield piece.strip() if isinstance(piece, str) else piece
            elif isinstance(part, TextPart):
                yield part.content.strip()
            elif isinstance(part, ToolCallPart):
                yield part.tool_name
                yield part.args_as_json_str()
            elif isinstance(part, ToolReturnPart):
                yield part.tool_name
                yield part.model_response_str()


def pieces_of(content: Any) -> Iterator[str | bytes]:
    """What a prompt says, piece by piece: of a text the text, of a file its content."""
    for item in [content] if isinstance(content, str) else content:
        yield item if isinstance(item, str) else _file_piece(item)


def _file_piece(item: Any) -> str | bytes:
    if isinstance(item, BinaryContent):
        return item.data
    url = getattr(item, 'url', None)
    return f'{item.kind} {url}' if url is not None else repr(item)


def _short(text: str) -> str:
    return text if len(text) <= 40 else f'{text[:39]}…'

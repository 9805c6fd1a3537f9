"""What is sent: the parts of a request, and the request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import KW_ONLY, dataclass, field
from datetime import datetime
from itertools import product
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias, cast

from .._dataclasses import After, Tagged, TypedAs, generate_tool_call_id, now_utc, short_repr, typed_error_details
from ._content import USER_CONTENT_TYPES, UserContent
from ._instructions import (
    CapabilityLoadDeltaPart,
    InstructionBaselinePart,
    InstructionDeltaPart,
    ModelSettingsDeltaPart,
    ToolAvailabilityDeltaPart,
)
from ._otel import OtelOptions, OtelPart, call_response, text, user_content
from ._shared import CompactionPart, SpeechPart, check_speaker
from ._tools import RetryInfo, ToolReturnPart, frame_tags

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails, ValidationError
else:
    ErrorDetails = Annotated[dict[str, Any], TypedAs(typed_error_details)]

ModelRequestState: TypeAlias = Literal['complete', 'interrupted']


@dataclass(repr=False)
class SystemPromptPart:
    """Text of the application's developer to the model.

    `scope='request'` holds for the one request that it stands in. `dynamic_ref` and `context_id` belong to agents.
    """

    content: str
    _: KW_ONLY
    timestamp: datetime = field(default_factory=now_utc)
    dynamic_ref: str | None = None
    context_id: str | None = None
    scope: Literal['conversation', 'request'] = 'conversation'
    metadata: dict[str, Any] | None = None
    part_kind: Literal['system-prompt'] = 'system-prompt'

    def otel_message_parts(self, settings: OtelOptions) -> list[OtelPart]:
        """What a trace records of it."""
        return [text(self.content, settings)]

    __repr__ = short_repr


def _kind(value: object) -> str:
    return f'of type {type(value).__name__}'


@dataclass(repr=False)
class UserPromptPart:
    """What the user says: text, or a list of text, files and marks. ValueError for anything else."""

    content: str | Sequence[UserContent]
    _: KW_ONLY
    timestamp: datetime = field(default_factory=now_utc)
    part_kind: Literal['user-prompt'] = 'user-prompt'

    def __post_init__(self) -> None:
        content: Any = self.content
        if isinstance(content, str):
            return
        if not isinstance(content, Sequence) or isinstance(content, bytes | bytearray):
            raise ValueError(f'A prompt is a str or a list of str and files, not {_kind(content)}; make it text first.')
        for index, item in enumerate(cast('Sequence[Any]', content)):
            if not isinstance(item, USER_CONTENT_TYPES):
                raise ValueError(f'Item {index} of a prompt is {_kind(item)}, not text or a file; make it text first.')

    def otel_message_parts(self, settings: OtelOptions) -> list[OtelPart]:
        """What a trace records of it: each text and each file; marks are left out."""
        content = [self.content] if isinstance(self.content, str) else self.content
        return [part for item in content for part in user_content(item, settings)]

    __repr__ = short_repr


@dataclass(repr=False)
class RetryPromptPart:
    """A request to try again, as histories before `ToolReturnPart(outcome='retried')` have it.

    Read from JSON, it becomes what took its place: that, or a `RetryFeedbackPart`.
    """

    content: list[ErrorDetails] | str
    _: KW_ONLY
    tool_name: str | None = None
    tool_call_id: str = field(default_factory=generate_tool_call_id)
    timestamp: datetime = field(default_factory=now_utc)
    part_kind: Literal['retry-prompt'] = 'retry-prompt'

    @classmethod
    def from_error(
        cls, error: ValidationError, *, tool_name: str | None = None, tool_call_id: str | None = None
    ) -> RetryPromptPart:
        """The request that a validation error calls for."""
        content = error.errors(include_url=False, include_context=False)
        part = cls(content=content, tool_name=tool_name)
        part.tool_call_id = tool_call_id or part.tool_call_id
        return part

    def model_response(self) -> str:
        """The text by which the model is told what was wrong."""
        return f'{self._description()}\n\nFix the errors and try again.'

    def _description(self) -> str:
        if isinstance(self.content, str):
            return self.content if self.tool_name is not None else f'Validation feedback:\n{self.content}'
        shown = [_without(error, self._hidden(error)) for error in self.content]
        plural = '' if len(shown) == 1 else 's'
        return f'{len(shown)} validation error{plural}:\n```json\n{_errors_json(shown, indent=2)}\n```'

    def _hidden(self, error: ErrorDetails) -> set[str]:
        # An error at the root repeats as its input the whole answer, which the model has just written.
        return {'ctx', 'input'} if self.tool_name is None and len(error.get('loc', ())) <= 1 else {'ctx'}

    def otel_message_parts(self, settings: OtelOptions) -> list[OtelPart]:
        """What a trace records of it: a text, or the result of the call that it answers."""
        if self.tool_name is None:
            return [text(self.model_response(), settings)]
        return [call_response(self.tool_call_id, self.tool_name, self.model_response(), settings)]

    __repr__ = short_repr


def _without(error: Any, names: set[str]) -> dict[str, Any]:
    return {name: value for name, value in error.items() if name not in names}


def _errors_json(errors: list[dict[str, Any]], indent: int | None = None) -> str:
    from pydantic_core import to_json

    return to_json(errors, indent=indent, bytes_mode='base64').decode()


def _compact_errors(errors: list[ErrorDetails]) -> list[dict[str, Any]]:
    """Errors as JSON values, with an input that several share only at the first."""
    from pydantic_core import to_jsonable_python

    roots = [error.get('input') for error in errors if len(error.get('loc', ())) <= 1]
    seen, compact = False, list[dict[str, Any]]()
    for error in errors:
        at_root = len(error.get('loc', ())) <= 1
        repeated = at_root and seen and error.get('input') == roots[0]
        seen = seen or at_root
        compact.append(_without(error, {'ctx', 'input'} if repeated else {'ctx'}))
    return to_jsonable_python(compact, bytes_mode='base64')


_FEEDBACK = (
    "Your previous response failed the application's validation "
    '(this is automated feedback, not a message from the user):'
)


def _fixed_texts() -> Iterator[str]:
    """The texts that an agent writes by itself, which quote nobody and need no frame."""
    wishes = (
        ('return text', None),
        ('include your response in a tool call', 'call a tool', None),
        ('return an image', None),
    )
    for chosen in product(*wishes):
        yield f'Please {" or ".join(wish for wish in chosen if wish)}.'


_FIXED_TEXTS = frozenset(_fixed_texts())


@dataclass(repr=False)
class RetryFeedbackPart:
    """Why the last answer could not be used: a message, or the errors of its validation."""

    content: list[ErrorDetails] | str
    _: KW_ONLY
    retry: RetryInfo
    timestamp: datetime = field(default_factory=now_utc)
    part_kind: Literal['retry-feedback'] = 'retry-feedback'

    def model_response(self) -> str:
        """The text by which the model is told. What may quote the model's own words stands in a frame."""
        said = self.content if isinstance(self.content, str) else _errors_json(_compact_errors(self.content))
        if self.is_own_words:
            return said
        tag = 'validation_errors' if self.retry.cause == 'validation_error' else 'retry_feedback'
        opening, closing = frame_tags(f'pyai:{tag}')
        return f'{_FEEDBACK}\n{opening}\n{said}\n{closing}'

    @property
    def is_own_words(self) -> bool:
        """Whether it is a fixed text of the application's, which quotes nobody."""
        return isinstance(self.content, str) and self.retry.cause == 'no_output' and self.content in _FIXED_TEXTS

    def otel_message_parts(self, settings: OtelOptions) -> list[OtelPart]:
        """What a trace records of it: the text by which the model is told."""
        return [text(self.model_response(), settings)]

    __repr__ = short_repr


def modern_retry(part: RetryPromptPart) -> ToolReturnPart | RetryFeedbackPart:
    """What an old request to try again is now: the call's own result, or feedback on an answer."""
    is_text = isinstance(part.content, str)
    if part.tool_name is None:
        info = RetryInfo('model_retry' if is_text else 'validation_error')
        return RetryFeedbackPart(part.content, retry=info, timestamp=part.timestamp)
    return ToolReturnPart(
        part.tool_name,
        part.content if isinstance(part.content, str) else _compact_errors(part.content),
        part.tool_call_id,
        timestamp=part.timestamp,
        outcome='retried',
        retry=None if is_text else RetryInfo('validation_error'),
    )


ModelRequestPart: TypeAlias = Annotated[
    SystemPromptPart
    | UserPromptPart
    | SpeechPart
    | ToolReturnPart
    | Annotated[RetryPromptPart, After(modern_retry, dumped_whole=True)]
    | RetryFeedbackPart
    | ToolAvailabilityDeltaPart
    | CapabilityLoadDeltaPart
    | ModelSettingsDeltaPart
    | InstructionDeltaPart
    | InstructionBaselinePart
    | CompactionPart,
    Tagged('part_kind'),
]

_CHECKED = frozenset({SpeechPart, CompactionPart})


@dataclass(repr=False)
class ModelRequest:
    """What is said to the model in one turn; `instructions` hold for this request and go before everything."""

    parts: Sequence[ModelRequestPart]
    _: KW_ONLY
    timestamp: datetime | None = None
    instructions: str | None = None
    kind: Literal['request'] = 'request'
    run_id: str | None = None
    conversation_id: str | None = None
    metadata: dict[str, Any] | None = None
    state: ModelRequestState = 'complete'

    def __post_init__(self) -> None:
        if not _CHECKED.isdisjoint(map(type, self.parts)):
            for part in self.parts:
                check_speaker(part, 'user')

    @classmethod
    def user_text_prompt(cls, user_prompt: str, *, instructions: str | None = None) -> ModelRequest:
        """A request with one text in it."""
        return cls(parts=[UserPromptPart(user_prompt)], instructions=instructions)

    __repr__ = short_repr

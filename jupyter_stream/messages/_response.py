"""What comes back: the parts of an answer, and the answer."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, field
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from .._dataclasses import Tagged, custom_schema, now_utc, short_repr
from ..exceptions import UserError
from ..exceptions._attempt import ModelRequestAttempt
from ..usage import RequestUsage
from ._citations import Citation
from ._content import AnyBinary, BinaryContent, BinaryImage
from ._otel import OtelOptions, OtelPart, blob, text
from ._shared import CompactionPart, SpeechPart, check_speaker
from ._tools import NativeToolCallPart, NativeToolReturnPart, ToolCallPart

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

FinishReason: TypeAlias = Literal['stop', 'length', 'content_filter', 'tool_call', 'error']
"""Why the model stopped."""

ModelResponseState: TypeAlias = Literal['complete', 'incomplete', 'suspended', 'interrupted']
"""Whether an answer is whole, still coming (or cut off), paused by the provider, or stopped by the caller."""


@dataclass(repr=False)
class TextPart:
    """Text of the answer."""

    content: str
    _: KW_ONLY
    id: str | None = None
    provider_name: str | None = None
    provider_details: dict[str, Any] | None = None
    citations: list[Citation] | None = None
    part_kind: Literal['text'] = 'text'

    def has_content(self) -> bool:
        """Whether there is text."""
        return bool(self.content)

    __repr__ = short_repr


@dataclass(repr=False)
class ThinkingPart:
    """What the model thought; `signature` is the provider's seal on it, which must go back with it."""

    content: str
    _: KW_ONLY
    id: str | None = None
    signature: str | None = None
    provider_name: str | None = None
    provider_details: dict[str, Any] | None = None
    part_kind: Literal['thinking'] = 'thinking'

    def has_content(self) -> bool:
        """Whether there is text."""
        return bool(self.content)

    __repr__ = short_repr


@dataclass(repr=False)
class FilePart:
    """A file that the model made."""

    content: AnyBinary
    _: KW_ONLY
    id: str | None = None
    provider_name: str | None = None
    provider_details: dict[str, Any] | None = None
    part_kind: Literal['file'] = 'file'

    def has_content(self) -> bool:
        """Whether there are bytes."""
        return bool(self.content.data)

    __repr__ = short_repr


ModelResponsePart: TypeAlias = Annotated[
    TextPart
    | ToolCallPart
    | NativeToolCallPart
    | NativeToolReturnPart
    | ThinkingPart
    | CompactionPart
    | FilePart
    | SpeechPart,
    Tagged('part_kind'),
]


@dataclass(frozen=True, kw_only=True)
class WorkspaceRef:
    """A workspace at a provider, by its id."""

    provider: str
    id: str


_CHECKED = frozenset({SpeechPart, CompactionPart})
_OLD_NAMES = {
    'provider_details': ('provider_details', 'vendor_details'),
    'provider_response_id': ('provider_response_id', 'vendor_id'),
}


def _text_of(part: ModelResponsePart) -> str | None:
    if isinstance(part, TextPart):
        return part.content
    return part.transcript or None if isinstance(part, SpeechPart) else None


@dataclass(repr=False)
class ModelResponse:
    """An answer: its parts, what it cost, who gave it, why it ended, and whether it is whole (`state`)."""

    parts: Sequence[ModelResponsePart]
    _: KW_ONLY
    usage: RequestUsage = field(default_factory=RequestUsage)
    model_name: str | None = None
    model_id: str | None = None
    timestamp: datetime = field(default_factory=now_utc)
    kind: Literal['response'] = 'response'
    provider_name: str | None = None
    provider_url: str | None = None
    canonical_system: str | None = None
    provider_details: dict[str, Any] | None = None
    provider_response_id: str | None = None
    finish_reason: FinishReason | None = None
    run_id: str | None = None
    conversation_id: str | None = None
    metadata: dict[str, Any] | None = None
    workspace_ref: WorkspaceRef | None = None
    history_digest: str | None = None
    failed_attempts: list[ModelRequestAttempt] | None = None
    state: ModelResponseState = 'complete'

    def __post_init__(self) -> None:
        if not _CHECKED.isdisjoint(map(type, self.parts)):
            for part in self.parts:
                check_speaker(part, 'assistant')

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return custom_schema(handler(source), handler, aliases=_OLD_NAMES)

    @property
    def text(self) -> str | None:
        """The text of the answer, a blank line where something else stands between; None when there is none."""
        texts = map(_text_of, self.parts)
        runs = [''.join(filter(None, run)) for silent, run in groupby(texts, lambda text: text is None) if not silent]
        return '\n\n'.join(runs) if runs else None

    @property
    def thinking(self) -> str | None:
        """What the model thought, a blank line between two parts; None when there is nothing."""
        thoughts = [part.content for part in self.parts if isinstance(part, ThinkingPart)]
        return '\n\n'.join(thoughts) if thoughts else None

    @property
    def files(self) -> list[BinaryContent]:
        """The files that the model made."""
        return [part.content for part in self.parts if isinstance(part, FilePart)]

    @property
    def images(self) -> list[BinaryImage]:
        """The images that the model made."""
        return [file for file in self.files if isinstance(file, BinaryImage)]

    @property
    def tool_calls(self) -> list[ToolCallPart]:
        """The calls of the caller's tools, which wait for an answer."""
        return [part for part in self.parts if isinstance(part, ToolCallPart)]

    @property
    def native_tool_calls(self) -> list[tuple[NativeToolCallPart, NativeToolReturnPart]]:
        """The calls of the provider's tools that were answered, each with its answer."""
        returns = {part.tool_call_id: part for part in self.parts if isinstance(part, NativeToolReturnPart)}
        calls = (part for part in self.parts if isinstance(part, NativeToolCallPart))
        return [(call, returns[call.tool_call_id]) for call in calls if call.tool_call_id in returns]

    def cost(self) -> Any:
        """The price of this answer, a `genai_prices.types.PriceCalculation`.

        Needs the package `genai-prices` (the extra `prices`) and no network. Raises UserError without it or without a
        model name, ValueError when the provider said no usage, LookupError when no price is known.
        """
        if not self.model_name:
            raise UserError('This response has no price, since it does not name its model: set its `model_name`.')
        if self.usage.unmeasured_requests:
            raise ValueError('This response has no price: its provider did not say how many tokens it took.')
        calc_price = _genai_prices().calc_price
        more = {'genai_request_timestamp': self.timestamp, 'price_context': self.provider_details}
        # The address says more than the name: several providers sell the same models under one name.
        if self.provider_url:
            try:
                return calc_price(self.usage, self.model_name, provider_api_url=self.provider_url, **more)
            except LookupError:
                pass
        return calc_price(self.usage, self.model_name, provider_id=self.provider_name, **more)

    def otel_message_parts(self, settings: OtelOptions) -> list[OtelPart]:
        """What a trace records of it, part by part; `settings` are an `InstrumentationSettings`."""
        return [found for part in self.parts for found in _otel_parts(part, settings)]

    __repr__ = short_repr

    def otel_events(self, settings: OtelOptions) -> list[Any]:
        """The answer as one event, an `opentelemetry` `LogRecord` named `gen_ai.assistant.message`.

        This is the form of the conventions before 2025, as `pydantic_ai` 1 recorded it: no span of ours has it.

        Raises:
            UserError: `opentelemetry-api` is not installed.
        """
        try:
            record = importlib.import_module('opentelemetry._logs').LogRecord
        except ImportError as error:
            raise UserError(
                'Events need the package opentelemetry-api: run `pip install "jupyter-stream[otel]"`.'
            ) from error
        contents = [event for part in self.parts for event in _event_contents(part, settings)]
        body: dict[str, Any] = {'role': 'assistant'}
        if contents:
            only_text = len(contents) == 1 and contents[0]['kind'] == 'text' and 'text' in contents[0]
            body['content'] = contents[0]['text'] if only_text else contents
        if self.tool_calls:
            body['tool_calls'] = [_event_call(call, settings) for call in self.tool_calls]
        return [record(attributes={'event.name': 'gen_ai.assistant.message'}, body=body)]


def _event_contents(part: ModelResponsePart, settings: OtelOptions) -> list[dict[str, Any]]:
    if isinstance(part, TextPart | ThinkingPart):
        return [{'kind': part.part_kind, **({'text': part.content} if settings.include_content else {})}]
    if not isinstance(part, FilePart):
        return []
    content = blob(part.content.media_type, lambda: part.content.base64, settings).get('content')
    file = {'kind': 'binary', 'media_type': part.content.media_type}
    return [file if content is None else {**file, 'binary_content': content}]


def _event_call(call: ToolCallPart, settings: OtelOptions) -> dict[str, Any]:
    arguments = {'arguments': call.args} if settings.include_content else {}
    return {'id': call.tool_call_id, 'type': 'function', 'function': {'name': call.tool_name, **arguments}}


def _otel_parts(part: ModelResponsePart, settings: OtelOptions) -> list[OtelPart]:
    match part:
        case TextPart():
            return [text(part.content, settings)]
        case ThinkingPart():
            return [{**text(part.content, settings), 'type': 'thinking'}]
        case FilePart():
            return [blob(part.content.media_type, lambda: part.content.base64, settings)]
        case CompactionPart():
            return []
        case _:
            return part.otel_message_parts(settings)


def _genai_prices() -> Any:
    try:
        return importlib.import_module('genai_prices')
    except ImportError as error:
        raise UserError(
            'Prices come from the package genai-prices: run `pip install "jupyter-stream[prices]"`.'
        ) from error

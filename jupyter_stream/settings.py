"""The settings of a request. Each wire protocol sends those that it knows."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NoReturn, Self, SupportsIndex, TypeAlias, TypeVar, cast

if sys.version_info >= (3, 12):
    from typing import TypedDict
else:
    from typing_extensions import TypedDict  # the only one that pydantic reads there

if TYPE_CHECKING:
    from httpx import Timeout
else:
    Timeout = Any

S = TypeVar('S')

ThinkingEffort: TypeAlias = Literal['minimal', 'low', 'medium', 'high', 'xhigh', 'max']
ThinkingLevel: TypeAlias = bool | ThinkingEffort
CacheRetention: TypeAlias = Literal['5m', '30m', '1h', '12h']
ToolChoiceScalar: TypeAlias = Literal['none', 'required', 'auto']
ServiceTier: TypeAlias = Literal['auto', 'default', 'flex', 'priority']
FramingAnnouncement: TypeAlias = Literal['always', 'when_needed', 'never']


class CacheConfig(TypedDict, total=False):
    """What the provider should keep of a prompt, and for how long."""

    retention: CacheRetention
    messages: bool


CacheSetting: TypeAlias = bool | CacheRetention | CacheConfig


@dataclass
class ToolOrOutput:
    """A tool choice: one of these function tools, or an output tool."""

    function_tools: list[str]


ToolChoice: TypeAlias = ToolChoiceScalar | list[str] | ToolOrOutput | None


class ModelSettings(TypedDict, total=False):
    """Settings that mean the same for every provider. All are optional; an absent one is the provider's default.

    A provider's own settings carry its prefix (`openai_reasoning_effort`).

    Attributes:
        timeout: seconds that may pass between two bytes, or an `httpx.Timeout`.
        request_timeout: seconds that the whole request may take; 600 unless set.
        first_event_timeout: seconds until the first event; 120 unless set.
        idle_timeout: seconds between two events that bring content; 120 unless set. This library's own.
        max_stream_bytes: how large an answer may become; its text counts, and what comes without any, but not the
            envelopes of its deltas; 64 MiB unless set. This library's own.
        max_event_bytes: how large one event of a stream may be; 16 MiB unless set. This library's own.
        extra_body: what is merged into the JSON of the request.
        extra_headers: what is merged into the headers of the request.
    """

    max_tokens: int
    temperature: float
    top_p: float
    top_k: int
    timeout: int | float | Timeout
    request_timeout: float
    first_event_timeout: float
    idle_timeout: float
    max_stream_bytes: int
    max_event_bytes: int
    framing_announcement: FramingAnnouncement
    max_retries: int
    parallel_tool_calls: bool
    tool_choice: ToolChoice
    seed: int
    presence_penalty: float
    frequency_penalty: float
    logit_bias: dict[str, int]
    stop_sequences: list[str]
    extra_headers: dict[str, str]
    thinking: ThinkingLevel
    citations: bool
    cache: CacheSetting
    service_tier: ServiceTier
    extra_body: object


class RecordedModelSettings(TypedDict, total=False):
    """The settings that a history records when they change on the way."""

    thinking: ThinkingEffort | None


def merge_model_settings(base: ModelSettings | None, overrides: ModelSettings | None) -> ModelSettings | None:
    """Both, the second winning key by key; None when neither says anything."""
    if base and overrides:
        return base | overrides
    return base or overrides


class _HiddenHeaders(dict[str, str]):
    """Headers whose values are in no repr, and so in no verbose traceback, and in no pickle."""

    def __repr__(self) -> str:
        return repr(dict.fromkeys(self, '***'))

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError('The values of `extra_headers` are not pickled: set them anew where the model is needed.')

    def __copy__(self) -> Self:
        return type(self)(self)

    def __deepcopy__(self, memo: object) -> Self:
        return type(self)(self)


def concealed(settings: S) -> S:
    """The same settings, whose `extra_headers` show no values in a repr. What is no settings is returned as it is."""
    given: Any = settings
    headers: Any = given.get('extra_headers') if isinstance(settings, Mapping) else None
    if not isinstance(headers, dict) or isinstance(headers, _HiddenHeaders):
        return given
    return cast(S, {**given, 'extra_headers': _HiddenHeaders(cast('dict[str, str]', headers))})

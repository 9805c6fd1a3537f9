"""What a request cost: tokens by kind, seconds of sound, money."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, field, fields
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from ._dataclasses import OwnSerializer, custom_schema

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

__all__ = ('RequestUsage',)

_OLD_NAMES = {
    'input_tokens': ('input_tokens', 'request_tokens'),
    'output_tokens': ('output_tokens', 'response_tokens'),
}
_NEVER_EXTRA = frozenset({'requests', 'request_tokens', 'response_tokens', 'total_tokens'})
_NOT_COUNTED = frozenset({'requests', 'tool_calls', 'details', 'cost'})
_NOT_VALUES = frozenset({'details', 'unmeasured_requests'})

_OTEL_NAMES = {
    'input_tokens': 'gen_ai.usage.input_tokens',
    'output_tokens': 'gen_ai.usage.output_tokens',
    'cache_write_tokens': 'gen_ai.usage.cache_creation.input_tokens',
    'cache_read_tokens': 'gen_ai.usage.cache_read.input_tokens',
}
_OTEL_DETAILS = (
    'cache_write_tokens',
    'cache_read_tokens',
    'input_audio_tokens',
    'cache_audio_read_tokens',
    'output_audio_tokens',
)


@dataclass(repr=False, init=False, eq=False)
class RequestUsage:
    """The usage of one request.

    Other counts may be given by name (`web_searches=2`); they are attributes, and saved with the rest.

    Attributes:
        input_tokens: tokens of the request, cached and audio tokens included.
        output_tokens: tokens of the answer, reasoning tokens included.
        unmeasured_requests: 1 when the provider did not say what was used, else 0.
        details: every other count that the provider sent, by name.
        cost: US dollars by the provider's own account; None when unknown.
    """

    input_tokens: int = 0
    cache_write_tokens: int = 0
    cache_write_1h_tokens: int = 0
    cache_read_tokens: int = 0
    output_tokens: int = 0
    unmeasured_requests: int = 0
    output_reasoning_tokens: int = 0
    input_audio_tokens: int = 0
    cache_audio_read_tokens: int = 0
    output_audio_tokens: int = 0
    audio_seconds: float = 0
    details: dict[str, int] = field(default_factory=dict[str, int])
    cost: Decimal | None = None

    __pydantic_serializer__ = OwnSerializer()

    def __init__(self, *, details: dict[str, int] | None = None, **counts: Any) -> None:
        self.details = details or {}
        for name, value in counts.items():
            setattr(self, name, value)

    @property
    def requests(self) -> int:
        """How many requests this is the usage of: one."""
        return 1

    @property
    def total_tokens(self) -> int:
        """Tokens in and out."""
        return self.input_tokens + self.output_tokens

    @property
    def cache_hit_ratio(self) -> float:
        """The share of input tokens that came from the provider's cache, 0.0 to 1.0."""
        return self.cache_read_tokens / self.input_tokens if self.input_tokens else 0.0

    def has_values(self) -> bool:
        """Whether anything but zero was measured."""
        measured = (value for name, value in self.__dict__.items() if name not in _NOT_VALUES)
        return any(self.details.values()) or any(measured)

    def incr(self, incr_usage: RequestUsage) -> None:
        """Add another usage to this one, in place."""
        for name in {**self.__dict__, **incr_usage.__dict__}:
            mine, theirs = getattr(self, name, 0), getattr(incr_usage, name, 0)
            if name not in _NOT_COUNTED and isinstance(mine, (int, float)) and isinstance(theirs, (int, float)):
                setattr(self, name, mine + theirs)
        for name, count in incr_usage.details.items():
            self.details[name] = self.details.get(name, 0) + count
        if incr_usage.cost is not None:
            self.cost = (self.cost or Decimal(0)) + incr_usage.cost

    def __add__(self, other: RequestUsage) -> RequestUsage:
        total = copy(self)
        total.incr(other)
        return total

    def __copy__(self) -> RequestUsage:
        new = type(self).__new__(type(self))
        new.__dict__.update(self.__dict__)
        new.details = self.details.copy()
        return new

    def opentelemetry_attributes(self) -> dict[str, int]:
        """The counts by the names of the OpenTelemetry conventions for generative models."""
        attributes = {otel: count for name, otel in _OTEL_NAMES.items() if (count := getattr(self, name))}
        more: dict[str, int] = {name: count for name in _OTEL_DETAILS if (count := getattr(self, name))}
        for name, count in {**self.details, **more}.items():
            # A detail named like a first-class count would be added to it by whoever sums the attributes.
            if name not in ('input_tokens', 'output_tokens') and count is not None:  # pyright: ignore[reportUnnecessaryComparison]
                attributes[f'gen_ai.usage.details.{name}'] = count
        return attributes

    def __repr__(self) -> str:
        shown = ', '.join(f'{name}={value!r}' for name, value in sorted(self.__dict__.items()) if value)
        return f'{type(self).__qualname__}({shown})'

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        missing = object()
        names = self.__dict__.keys() | other.__dict__.keys()
        return all(getattr(self, name, missing) == getattr(other, name, missing) for name in names)

    __hash__ = None  # pyright: ignore[reportAssignmentType]

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return custom_schema(handler(source), handler, aliases=_OLD_NAMES, load=_load, dump=_dump)


def _load(value: Any, validate: Callable[[Any], Any]) -> Any:
    if not isinstance(value, dict):
        return validate(value)
    data = cast('dict[str, Any]', value)
    usage = validate(_without_nulls(data))
    for name, count in data.items():
        if name not in _reserved():
            setattr(usage, name, count)
    return usage


def _without_nulls(data: Mapping[str, Any]) -> dict[str, Any]:
    # Old histories hold null for an absent count and for absent details.
    counts = {'details', *(name for names in _OLD_NAMES.values() for name in names)}
    return {name: value for name, value in data.items() if value is not None or name not in counts}


def _dump(usage: RequestUsage, dump: Callable[[Any], Any]) -> Any:
    dumped = dump(usage)
    if not dumped.get('unmeasured_requests'):  # which may be excluded, or not included
        dumped.pop('unmeasured_requests', None)
    return {**dumped, **{name: count for name, count in usage.__dict__.items() if name not in _reserved()}}


@cache
def _reserved() -> frozenset[str]:
    return frozenset(dir(RequestUsage)) | {item.name for item in fields(RequestUsage)} | _NEVER_EXTRA

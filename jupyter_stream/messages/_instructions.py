"""Instructions and their keys, and the marks that an agent leaves in a history when its state changes.

A direct request makes `InstructionPart`s only. The marks are here so that a history saved by an agent loads, keeps
them and saves the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias, cast

from .._dataclasses import JsonForm, Tagged, custom_schema, short_repr
from ._otel import OtelOptions, OtelPart
from ._tools import frame_tags

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema


@dataclass(frozen=True, repr=False)
class AgentInstructionSource:
    """The agent itself."""

    def __str__(self) -> str:
        return 'agent'

    __repr__ = short_repr


@dataclass(frozen=True, repr=False)
class ToolsetInstructionSource:
    """A set of tools, by its id."""

    id: str

    def __str__(self) -> str:
        return f'toolset:{self.id}'

    __repr__ = short_repr


@dataclass(frozen=True, repr=False)
class CapabilityInstructionSource:
    """A capability, by its id."""

    id: str

    def __str__(self) -> str:
        return f'capability:{self.id}'

    __repr__ = short_repr


@dataclass(frozen=True, repr=False)
class RunInstructionSource:
    """The call that started a run."""

    def __str__(self) -> str:
        return 'run'

    __repr__ = short_repr


InstructionSource: TypeAlias = (
    AgentInstructionSource | ToolsetInstructionSource | CapabilityInstructionSource | RunInstructionSource
)


@dataclass(frozen=True, repr=False)
class InstructionId:
    """What an instruction is known by: who gave it, and its name among theirs. Text: `toolset:files:rules`."""

    source: InstructionSource
    _: KW_ONLY
    name: str | None = None

    def __str__(self) -> str:
        return str(self.source) if self.name is None else f'{self.source}:{self.name}'

    __repr__ = short_repr


_SOURCES = {'toolset': ToolsetInstructionSource, 'capability': CapabilityInstructionSource}


def _read_id(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    namespace, _, rest = value.partition(':')
    if namespace in _SOURCES and ':' in value:
        source_id, has_name, name = rest.partition(':')
        return InstructionId(_SOURCES[namespace](source_id), name=name if has_name else None)
    if namespace == 'agent':
        return InstructionId(AgentInstructionSource(), name=rest if ':' in value else None)
    if namespace == 'run' and ':' in value:
        return InstructionId(RunInstructionSource(), name=rest)
    # A namespace from a newer version: nothing here could address it, so the message loads without it.
    return None


def _write_id(value: Any) -> str | None:
    return None if value is None else str(value)


SerializedInstructionId: TypeAlias = Annotated[InstructionId | None, JsonForm(load=_read_id, dump=_write_id)]
InstructionChangePolicy: TypeAlias = Literal['rewrite', 'append']


@dataclass(repr=False)
class InstructionPart:
    """One instruction to the model; `dynamic` ones may differ from request to request and are sent last."""

    content: str
    _: KW_ONLY
    dynamic: bool = False
    on_change: InstructionChangePolicy = 'rewrite'
    name: str | None = None
    id: SerializedInstructionId = None
    part_kind: Literal['instruction'] = 'instruction'

    @staticmethod
    def join(parts: Sequence[InstructionPart]) -> str | None:
        """The instructions as one text, a blank line between two; None when there is nothing in them."""
        return '\n\n'.join(part.content for part in parts).strip() or None

    @staticmethod
    def sorted(parts: Sequence[InstructionPart]) -> list[InstructionPart]:
        """The unchanging ones first, so that a provider can cache the beginning."""
        return sorted(parts, key=_rank)

    __repr__ = short_repr


def _rank(part: InstructionPart) -> int:
    if not part.dynamic:
        return 0
    return 2 if part.on_change == 'rewrite' or part.id is None else 1


@dataclass(repr=False, kw_only=True)
class InstructionDeltaPart:
    """From here on an instruction reads like this; with `content=None` it is withdrawn."""

    id: SerializedInstructionId
    content: str | None
    base_hash: str | None = None
    part_kind: Literal['instruction-delta'] = 'instruction-delta'

    def render(self) -> str:
        """The text by which the model is told."""
        opening, closing = frame_tags('pyai:context', id=_write_id(self.id))
        text = 'This context has been withdrawn.' if self.content is None else self.content
        return f'{opening}\n{text}\n{closing}'

    def otel_message_parts(self, settings: OtelOptions) -> list[OtelPart]:
        """What a trace records of it: nothing where contents are not recorded."""
        return [{'type': 'text', 'content': self.render()}] if settings.include_content else []

    __repr__ = short_repr


@dataclass(repr=False, kw_only=True)
class InstructionDigest:
    """An instruction that was in force, by the SHA-256 of its text."""

    id: SerializedInstructionId = None
    dynamic: bool = False
    content_hash: str
    part_kind: Literal['instruction-digest'] = 'instruction-digest'

    __repr__ = short_repr


def _with_kind(value: Any) -> Any:
    # Old histories hold instructions here without saying that they are.
    if isinstance(value, dict) and 'part_kind' not in value:
        return {**cast('dict[str, Any]', value), 'part_kind': 'instruction'}
    return cast(Any, value)


BaselineBlock: TypeAlias = Annotated[
    InstructionPart | InstructionDigest, Tagged('part_kind'), JsonForm(load=_with_kind)
]


@dataclass(repr=False, kw_only=True)
class InstructionBaselinePart:
    """All instructions that were in force at this point."""

    instructions: list[BaselineBlock]
    part_kind: Literal['instruction-baseline'] = 'instruction-baseline'

    def otel_message_parts(self, settings: OtelOptions) -> list[OtelPart]:
        """What a trace records of it: nothing, since the instructions are recorded with the request."""
        return []

    __repr__ = short_repr


def _change(what: str, changes: Sequence[str]) -> OtelPart:
    return {'type': 'text', 'content': f'{what} changed: {", ".join(changes)}'}


@dataclass(repr=False, kw_only=True)
class ToolAvailabilityDeltaPart:
    """From here on these tools are available too."""

    tools_added: list[str] = field(default_factory=list[str])
    tool_call_id: str | None = None
    part_kind: Literal['tool-availability-delta'] = 'tool-availability-delta'

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return custom_schema(handler(source), handler, aliases={'tools_added': ('tools_added', 'added')})

    def otel_message_parts(self, settings: OtelOptions) -> list[OtelPart]:
        """What a trace records of it: the names, which are no content."""
        return [_change('Tool availability', [f'+{name}' for name in self.tools_added])]

    __repr__ = short_repr


@dataclass(repr=False, kw_only=True)
class CapabilityLoadDeltaPart:
    """From here on these capabilities are loaded."""

    loaded: list[str] = field(default_factory=list[str])
    tool_call_id: str | None = None
    part_kind: Literal['capability-load-delta'] = 'capability-load-delta'

    def otel_message_parts(self, settings: OtelOptions) -> list[OtelPart]:
        """What a trace records of it: the names, which are no content."""
        return [_change('Loaded capabilities', [f'+{name}' for name in self.loaded])]

    __repr__ = short_repr


@dataclass(repr=False, kw_only=True)
class ModelSettingsDeltaPart:
    """From here on these settings are in force (see `settings.RecordedModelSettings`)."""

    settings: dict[str, Any]
    top_level: bool = False
    part_kind: Literal['model-settings-delta'] = 'model-settings-delta'

    def otel_message_parts(self, settings: OtelOptions) -> list[OtelPart]:
        """What a trace records of it: the settings, which are no content."""
        return [_change('Model settings', [f'{name}={value!r}' for name, value in self.settings.items()])]

    __repr__ = short_repr

"""The definition of a tool, as a model is given it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from ._dataclasses import short_repr

ObjectJsonSchema: TypeAlias = dict[str, Any]
"""A JSON schema whose type is object."""

ToolDefinitionKind: TypeAlias = Literal['function', 'output', 'external', 'unapproved']


@dataclass(repr=False, kw_only=True)
class ToolDefinition:
    """A tool that the model may call: its name, its description, the JSON schema of its arguments.

    `kind='output'` makes a call of it the final result. `strict` asks the provider to hold the model to the
    schema; None leaves that to the provider's own default. The fields from `defer_loading` on belong to agents;
    they are kept so that a definition made for one passes through.
    """

    name: str
    parameters_json_schema: ObjectJsonSchema = field(default_factory=lambda: {'type': 'object', 'properties': {}})
    description: str | None = None
    outer_typed_dict_key: str | None = None
    strict: bool | None = None
    sequential: bool = False
    kind: ToolDefinitionKind = 'function'
    metadata: dict[str, Any] | None = None
    timeout: float | None = None
    defer_loading: bool = False
    unless_native: str | None = None
    with_native: str | None = None
    tool_kind: str | None = None
    unless_tool_kind: str | None = None
    return_schema: ObjectJsonSchema | None = None
    include_return_schema: bool | None = None
    toolset_id: str | None = None
    capability_id: str | None = None

    @property
    def defer(self) -> bool:
        """Whether a call of it is answered outside the conversation."""
        return self.kind in ('external', 'unapproved')

    __repr__ = short_repr

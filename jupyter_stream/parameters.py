"""What a request has besides messages and settings: its tools, and the form of its answer."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal, TypeAlias

from ._dataclasses import short_repr
from .messages import InstructionPart
from .native_tools import AbstractNativeTool
from .output import OutputMode, OutputObjectDefinition, StructuredOutputMode
from .settings import CacheSetting, ThinkingLevel
from .tools import ToolDefinition

ToolVisibility: TypeAlias = Literal['visible', 'deferred', 'withheld', 'via_history']
InstructionVisibility: TypeAlias = Literal['prefix', 'via_history']


def _names() -> set[str]:
    return set()


@dataclass(repr=False, kw_only=True)
class ModelRequestParameters:
    """The tools that may be called and the form of the answer.

    `output_mode` says how an answer of the form `output_object` is asked for; `output_tools` are tools whose call
    is the answer. `instruction_parts`, when None, are the instructions of the last request that has any.
    """

    function_tools: list[ToolDefinition] = field(default_factory=list[ToolDefinition])
    native_tools: list[AbstractNativeTool] = field(default_factory=list[AbstractNativeTool])
    tool_visibility: dict[str, ToolVisibility] | None = None
    revealed_tool_names: set[str] = field(default_factory=_names, repr=False)
    introduced_tool_names: set[str] = field(default_factory=_names, repr=False)
    deferred_capability_ids: set[str] = field(default_factory=_names, repr=False)
    output_mode: OutputMode = 'text'
    output_object: OutputObjectDefinition | None = None
    output_tools: list[ToolDefinition] = field(default_factory=list[ToolDefinition])
    prompted_output_template: str | Literal[False] | None = None
    allow_text_output: bool = True
    allow_image_output: bool = False
    instruction_parts: list[InstructionPart] | None = None
    instruction_visibility: dict[str, InstructionVisibility] | None = None
    thinking: ThinkingLevel | None = None
    cache: CacheSetting | None = None

    @cached_property
    def tool_defs(self) -> dict[str, ToolDefinition]:
        """Every tool, by name."""
        return {tool.name: tool for tool in (*self.function_tools, *self.output_tools)}

    @cached_property
    def declared_function_tools(self) -> list[ToolDefinition]:
        """The function tools that the request itself carries."""
        hidden = ('withheld', 'via_history')
        return [tool for tool in self.function_tools if self.visibility_of(tool.name) not in hidden]

    @cached_property
    def declared_tool_defs(self) -> dict[str, ToolDefinition]:
        """Every tool that the request itself carries, by name."""
        return {tool.name: tool for tool in (*self.declared_function_tools, *self.output_tools)}

    def visibility_of(self, tool_name: str) -> ToolVisibility:
        """Whether and how the model is shown this tool."""
        if said := (self.tool_visibility or {}).get(tool_name):
            return said
        tool = self.tool_defs.get(tool_name)
        return 'withheld' if tool is not None and tool.defer_loading else 'visible'

    def instruction_visibility_of(self, part: InstructionPart) -> InstructionVisibility:
        """Whether an instruction is sent before the messages or stands among them already."""
        if part.id is None:
            return 'prefix'
        return (self.instruction_visibility or {}).get(str(part.id)) or 'prefix'

    def with_default_output_mode(self, output_mode: StructuredOutputMode) -> ModelRequestParameters:
        """The same with `output_mode` in place of 'auto'; itself when the mode is decided."""
        if self.output_mode != 'auto':
            return self
        return replace(self, output_mode=output_mode, allow_text_output=output_mode in ('native', 'prompted'))

    __repr__ = short_repr

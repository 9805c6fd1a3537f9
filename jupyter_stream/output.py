"""The form of an answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

OutputMode: TypeAlias = Literal['text', 'tool', 'native', 'prompted', 'tool_or_text', 'image', 'auto']
StructuredOutputMode: TypeAlias = Literal['tool', 'native', 'prompted']

OUTPUT_TOOL_NAME: Final = 'final_result'
"""The tool whose call is the answer; of several, what their names begin with."""


def is_output_tool(name: str) -> bool:
    """Whether a call of the tool of this name is the answer."""
    return name == OUTPUT_TOOL_NAME or name.startswith(f'{OUTPUT_TOOL_NAME}_')


@dataclass
class OutputObjectDefinition:
    """The JSON schema of an answer; `strict` asks the provider to hold the model to it."""

    json_schema: dict[str, Any]
    name: str | None = None
    description: str | None = None
    strict: bool | None = None

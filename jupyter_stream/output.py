"""The form of an answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

OutputMode: TypeAlias = Literal['text', 'tool', 'native', 'prompted', 'tool_or_text', 'image', 'auto']
StructuredOutputMode: TypeAlias = Literal['tool', 'native', 'prompted']


@dataclass
class OutputObjectDefinition:
    """The JSON schema of an answer; `strict` asks the provider to hold the model to it."""

    json_schema: dict[str, Any]
    name: str | None = None
    description: str | None = None
    strict: bool | None = None

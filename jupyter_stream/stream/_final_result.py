"""Which part of an answer is its result, as far as the part alone can say."""

from __future__ import annotations

from jupyter_stream.messages import (
    BinaryImage,
    FilePart,
    FinalResultEvent,
    ModelResponsePart,
    TextPart,
    ToolCallPart,
)
from jupyter_stream.parameters import ModelRequestParameters

__all__ = ('final_result',)


def final_result(part: ModelResponsePart, parameters: ModelRequestParameters) -> FinalResultEvent | None:
    """The event for a part that can be the result of a request with these parameters; None for any other."""
    if isinstance(part, TextPart):
        return FinalResultEvent(tool_name=None, tool_call_id=None) if parameters.allow_text_output else None
    if isinstance(part, FilePart):
        image = parameters.allow_image_output and isinstance(part.content, BinaryImage)
        return FinalResultEvent(tool_name=None, tool_call_id=None) if image else None
    if not isinstance(part, ToolCallPart) or (tool := parameters.tool_defs.get(part.tool_name)) is None:
        return None
    if tool.kind == 'output':
        return FinalResultEvent(tool_name=tool.name, tool_call_id=part.tool_call_id)
    return FinalResultEvent(tool_name=None, tool_call_id=None) if tool.defer else None

"""The `tool_plan`, in which Cohere's models say what they are about to do with tools.

It is shown as thinking, and goes back in its own field: https://docs.cohere.com/docs/tool-use-overview
"""

from __future__ import annotations

from typing import Final

from jupyter_stream.messages import ThinkingPart

__all__ = ('TOOL_PLAN', 'is_plan')

TOOL_PLAN: Final = 'tool_plan'
"""The field, and the id of the thinking part."""


def is_plan(part: ThinkingPart, provider_name: str) -> bool:
    """Whether thinking came as this provider's plan."""
    return part.id == TOOL_PLAN and part.provider_name == provider_name

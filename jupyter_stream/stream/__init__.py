"""The heart of the library: deltas become parts and events, and the object that a caller iterates."""

from .response import (
    CompletedStreamedResponse,
    StreamedResponse,
)

__all__ = (
    'CompletedStreamedResponse',
    'StreamedResponse',
)

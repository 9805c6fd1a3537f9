"""The heart of the library: deltas become parts and events, and the object that a caller iterates."""

from .response import (
    FINISH_GRACE,
    CompletedStreamedResponse,
    StreamedResponse,
)

__all__ = (
    'FINISH_GRACE',
    'CompletedStreamedResponse',
    'StreamedResponse',
)

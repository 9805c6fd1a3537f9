"""Markdown from a model: sanitized, cut into finished blocks, and its unfinished end repaired while it grows.

Pure functions of the text, in linear time. Nothing here knows a notebook. The text must be harmless at its source,
as a notebook does not sanitize the Markdown output of a cell that was just run.
"""

from __future__ import annotations

from .sanitizer import sanitize
from .splitter import BlockSplitter
from .unfinished import repair

__all__ = ('BlockSplitter', 'repair', 'sanitize')

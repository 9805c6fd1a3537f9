"""Markdown from a model: made harmless, cut into blocks that are finished, and healed while it grows.

Pure functions of the text, in linear time. Nothing here knows a notebook; that the text must be harmless at
its source is because a notebook does not sanitize the Markdown output of a cell that was just run.
"""

from __future__ import annotations

from .blocks import BlockSplitter
from .heal import heal
from .safe import neutralise

__all__ = ('BlockSplitter', 'heal', 'neutralise')

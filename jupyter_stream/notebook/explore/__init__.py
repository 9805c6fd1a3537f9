"""`explore()`: a panel to ask models with settings of one's choice, and to see what came back, and when."""

from __future__ import annotations

from .explorer import Explorer, explore
from .run import Run

__all__ = ('Explorer', 'Run', 'explore')

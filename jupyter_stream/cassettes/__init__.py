"""Cassettes: answers recorded while they stream, with their pieces and their times, and replayed without a provider.

This room knows bodies and their pieces, and nothing of what a protocol means by them.
"""

from .deck import MODES, Deck, Mode
from .match import Asked
from .session import Host, Session, cassette, current, hosted_by, in_mode, may_replay, using

__all__ = (
    'MODES',
    'Asked',
    'Deck',
    'Host',
    'Mode',
    'Session',
    'cassette',
    'current',
    'hosted_by',
    'in_mode',
    'may_replay',
    'using',
)

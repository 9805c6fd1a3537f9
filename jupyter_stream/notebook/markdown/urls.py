"""Which addresses a link may have. An allow-list: what is not known to be harmless is not a link.

The scheme is looked for as the most forgiving reader would: entities, percent signs and backslashes are
undone first and white space, control characters and invisible ones do not count.
"""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import quote, unquote

__all__ = ('AUTOLINK', 'checked')

_SCHEMES = frozenset({'http', 'https', 'mailto', 'ftp', 'tel'})
_PLAIN = re.compile(r"[\w\-.~:/?#!'*+,;=%@|()]*", re.ASCII)
_RELATIVE = re.compile(r"[\w\-.~/?#!'*+,;=()]*", re.ASCII)
_KEPT = "/?#!'*+,;=%@:~-._"
_UNSEEN = re.compile('[\x00-\x20\x7f-\xa0\xad\u061c\u180e\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]+')
_ESCAPE = re.compile(r'\\([!-/:-@\[-`{-~])')
_SCHEME = re.compile(r'([^/?#:]*):')

AUTOLINK = re.compile(r"<https?://(?:[\w\-.~:/?#!'*+,;=%()]|&(?=[\w.~-]+=)|@(?!@))+>", re.ASCII)
"""An address in angle brackets that every reader of Markdown takes for a link and none for a tag."""


def checked(destination: str) -> str | None:
    """The destination as it may stand in a link, unchanged when it is plain; None when it must not be a link."""
    if _RELATIVE.fullmatch(destination):
        return destination
    decoded = unescape(_ESCAPE.sub(r'\1', destination))
    scheme = _SCHEME.match(_UNSEEN.sub('', unquote(unquote(decoded))))
    if scheme and scheme[1].lower() not in _SCHEMES:
        return None
    if _PLAIN.fullmatch(destination) and '@@' not in destination:
        return destination
    # The parts of a notebook's renderer that hide mathematics write it back even inside of attributes:
    # `$` and `@@` may not stand in an address.
    return quote(decoded, safe=_KEPT + '&').replace('@@', '%40%40')

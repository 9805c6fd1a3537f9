"""Links, images and reference definitions: where they may lead, and how they are written.

An allow-list: an address whose scheme is not known to be harmless is no link. A destination is decoded exactly as
Markdown does, once (CommonMark 0.31, sections 2.4 and 2.5). What is written instead is ASCII in which no entity is
left, so that readers that decode less (marked leaves entities to the browser) or more (mistune, which nbconvert uses,
decodes them twice) read the same address; its scheme is what is checked.
"""

from __future__ import annotations

import re
from html.entities import html5
from urllib.parse import quote, unquote

__all__ = ('AUTOLINK', 'IMAGE_LABEL', 'defines_safely', 'image_at', 'link_at', 'safe_destination')

_SCHEMES = frozenset({'http', 'https', 'mailto', 'ftp', 'tel'})
_RELATIVE = re.compile(r"[\w\-.~/?#!'*+,;=()]*", re.ASCII)
_PLAIN = re.compile(r"(?:[\w\-.~:/?#!'*+,;=%|()&]|@(?!@))*", re.ASCII)
_UNQUOTED = "/?#!'*+,;=%@:~-._&"
_UNSEEN = re.compile('[\x00-\x20\x7f-\xa0\xad\u061c\u180e\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]+')
_SCHEME = re.compile(r'([^/?#:]*):')
_ENCODED = re.compile(
    r'\\([!-/:-@\[-`{-~])|&(?:#([0-9]{1,7})|#[xX]([0-9a-fA-F]{1,6})|([A-Za-z][A-Za-z0-9]{0,31}));', re.ASCII
)
_ENTITY = re.compile(r'&(?=#[0-9xX]|[A-Za-z][A-Za-z0-9]*;)')

_LONGEST = 4000
"""Characters of a link from its `](` to its `)`."""

_WORDS = r"[\w .,:;()'-]{0,300}"
_STORED = r'data:image/(?:png|jpe?g|gif|webp);base64,[A-Za-z0-9+/]+={0,2}|attachment:[\w.-]+'
_REMOTE = rf'https?://[A-Za-z0-9\-_.~:/?#!*+,;=%&]{{1,2000}}(?: "{_WORDS}")?'
_STORED_IMAGE = re.compile(rf'!\[{_WORDS}\]\((?:{_STORED})\)')
_ANY_IMAGE = re.compile(rf'!\[{_WORDS}\]\((?:{_STORED}|{_REMOTE})\)')
_TARGET = re.compile(
    r'\]\([\s>]*(?:<(?P<angle>[^<>\n]*)>|(?P<bare>(?:\\[^\s]|[^\s()\\<>\[\]]|\((?:\\[^\s]|[^\s()\\<>\[\]])*\))*))'
    r'(?P<end>(?:\s+(?:"[^"\n<>`\\$&@]{0,300}"|\'[^\'"\n<>`\\$&@]{0,300}\'))?\s*\))'
)
_DEFINITION = re.compile(r'\]:[\s>]*<?([^\s<>\[\]]{0,2000})')

AUTOLINK = re.compile(r"<https?://(?:[\w\-.~:/?#!'*+,;=%()]|&(?=[\w.~-]+=)|@(?!@))+>", re.ASCII)
"""An address in angle brackets that every reader of Markdown takes for a link and none for a tag."""

IMAGE_LABEL = re.compile(r'\[[^\[\]\n]{0,500}\][(\[]')
"""The label of an image that becomes a link when nothing marks it as an image."""


def safe_destination(destination: str) -> str | None:
    """The destination as it may stand in a link, unchanged if it is plain; None if it must not be a link.

    Args:
        destination: as it stands in Markdown, without the angle brackets around it.
    """
    if _RELATIVE.fullmatch(destination):
        return destination
    is_plain = _PLAIN.fullmatch(destination) and not _ENTITY.search(destination)
    written = destination if is_plain else _encoded(_ENCODED.sub(_decoded, destination))
    scheme = _SCHEME.match(_UNSEEN.sub('', unquote(written)))
    return written if not scheme or scheme[1].lower() in _SCHEMES else None


def _decoded(found: re.Match[str]) -> str:
    """What an escape or an entity stands for."""
    escaped, decimal, hexadecimal, name = found.groups()
    if escaped:
        return escaped
    if name:
        return html5.get(f'{name};', found[0])
    code = int(decimal) if decimal else int(hexadecimal, 16)
    return chr(code) if 0 < code < 0xD800 or 0xDFFF < code < 0x110000 else '\ufffd'


def _encoded(address: str) -> str:
    """The address in ASCII, without what a reader could decode or take for mathematics (`$`, `@@`)."""
    return _ENTITY.sub('%26', quote(address, safe=_UNQUOTED)).replace('@@', '%40%40')


def link_at(text: str, start: int) -> tuple[str, int] | None:
    """The rest of the link whose label ends at `start`, as it may be written, and where it ends; None if it is none."""
    target = _TARGET.match(text, start)
    if not target or len(target[0]) > _LONGEST:
        return None
    angle, bare = target['angle'], target['bare']
    destination = safe_destination(bare if angle is None else angle)
    if destination is None:
        return None
    return target[0] if destination == bare else f']({destination}{target["end"]}', target.end()


def image_at(text: str, start: int, remote: bool) -> str | None:
    """The image that begins here, if it may stay: a picture in the text itself, or a `remote` one if allowed."""
    image = (_ANY_IMAGE if remote else _STORED_IMAGE).match(text, start)
    return image[0] if image else None


def defines_safely(text: str, start: int, before_code: bool) -> bool:
    """Whether the reference definition whose label ends at `start` may stay as it is."""
    definition = _DEFINITION.match(text, start)
    if not definition:
        return False
    destination, end = definition[1], definition.end()
    if text[end : end + 1] in ('[', ']') and end < len(text):
        return False
    if before_code and not destination and end == len(text):
        return False  # some take the fence that follows for the address
    return safe_destination(destination) == destination

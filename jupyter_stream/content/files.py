"""Paths and URLs as files: text, pictures, documents, sounds; a folder as a list of what is in it."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, get_args
from urllib.parse import urlsplit

from jupyter_stream.content.pictures import media_type_of, picture
from jupyter_stream.content.pieces import ContentError, Hints, Shown
from jupyter_stream.content.text import MEGABYTE, cut, size_of

__all__ = ('address', 'path', 'raw')

LARGEST: Final = 20_000_000
"""Bytes of a picture, a document or a sound; no provider takes more."""

_LISTED: Final = 100
_HEX: Final = 32
_NOTEBOOK: Final = '.ipynb'


def path(value: os.PathLike[str], hints: Hints) -> Shown:
    """What is at a path.

    Raises:
        ContentError: nothing is there, it is too large, or it is of a type that no model reads.
    """
    where = Path(value)
    try:
        found = where.stat()
        if stat.S_ISDIR(found.st_mode):
            return Shown(cut('\n'.join(_listing(where)), hints.characters))
        if not stat.S_ISREG(found.st_mode):
            raise ContentError('it is no file but a device or a pipe, whose reading would not end or use it up.')
        return _file(where, found.st_size)
    except OSError as error:
        raise ContentError(f'{error.strerror or error} ({value}).') from None


def _listing(folder: Path) -> Iterator[str]:
    """The entries by their names, folders with a slash, files with their sizes."""
    with os.scandir(folder) as found:
        entries = sorted(found, key=lambda entry: entry.name)
    yield f'folder with {len(entries):,} {"entry" if len(entries) == 1 else "entries"}:'
    for entry in entries[:_LISTED]:
        yield f'- {entry.name}/' if entry.is_dir() else f'- {entry.name}{_size(entry)}'
    if len(entries) > _LISTED:
        yield f'… {len(entries) - _LISTED:,} more'


def _size(entry: os.DirEntry[str]) -> str:
    try:
        return f', {size_of(entry.stat().st_size)}'
    except OSError:  # a link that leads nowhere
        return ''


def _file(where: Path, size: int) -> Shown:
    with where.open('rb') as file:
        start = file.read(4096)
        kind = media_type_of(start) or _named(where)
        if kind is None or _is_text(kind):
            data = start + file.read(4 * MEGABYTE)
            return _text(where, data, size)
        if size > LARGEST:
            raise ContentError(f'it has {size_of(size)}, and at most {size_of(LARGEST)} are sent; make it smaller.')
        return _known(start + file.read(), kind, f'File {where.name}, {size_of(size)}.')


def _named(where: Path) -> str | None:
    """The type that the name tells, of those that some model reads."""
    from jupyter_stream.messages import AudioMediaType, DocumentMediaType, ImageMediaType, VideoMediaType

    kinds = (AudioMediaType, DocumentMediaType, ImageMediaType, VideoMediaType)
    guessed = _guess(where.name)
    return guessed if any(guessed in get_args(kind) for kind in kinds) else None


def _guess(name: str) -> str | None:
    from jupyter_stream.messages import DocumentUrl

    try:
        return DocumentUrl(name).media_type
    except ValueError:
        return None


def _is_text(kind: str) -> bool:
    """SVG too is text to a model, and so are tables and pages."""
    return (
        kind.startswith('text/') or kind.endswith(('+xml', '+json')) or kind in ('application/json', 'application/xml')
    )


def _text(where: Path, data: bytes, size: int) -> Shown:
    try:
        text = data.decode('utf-8-sig', 'strict' if size <= len(data) else 'ignore')
    except UnicodeDecodeError:
        text = '\0'
    if '\0' in text:
        raise ContentError(f'it is a file of {size_of(size)} that is neither text nor of a type that models read.')
    if where.suffix == _NOTEBOOK:
        text = _notebook(text)
    return Shown(cut(text, MEGABYTE) if size <= len(data) else f'{text[:MEGABYTE]}\n… of {size_of(size)} in all')


def _notebook(text: str) -> str:
    """The cells of a notebook with their text outputs; pictures and other outputs are left out."""
    try:
        cells = json.loads(text)['cells']
        return '\n\n'.join('\n'.join(_cell(cell)) for cell in cells)
    except (ValueError, KeyError, TypeError, AttributeError):
        return text


def _cell(cell: dict[str, Any]) -> Iterator[str]:
    yield f'[{cell["cell_type"]}]'
    yield ''.join(cell['source'])
    for output in cell.get('outputs', ()):
        said = output.get('text') or output.get('data', {}).get('text/plain') or output.get('evalue')
        if said:
            yield f'[output]\n{"".join(said)}'


def _known(data: bytes, kind: str, text: str) -> Shown:
    from jupyter_stream.messages import BinaryContent

    if kind in ('image/png', 'image/jpeg', 'image/gif', 'image/webp'):
        return picture(data, kind, text)
    return Shown(text, [BinaryContent(data, media_type=kind)])


def raw(value: bytes | bytearray | memoryview, hints: Hints) -> Shown:
    """Bytes: a file of a known type, a text, or else their number and the first of them."""
    data = bytes(value[: LARGEST + 1])
    kind = media_type_of(data)
    if kind is not None:
        if len(data) > LARGEST:
            raise ContentError(f'more than {size_of(LARGEST)} are not sent; make it smaller.')
        return _known(data, kind, f'{size_of(len(data))}.')
    start = data[:_HEX].hex(' ')
    return Shown(f'{size_of(len(value))}: {start}{" …" if len(data) > _HEX else ""}')


def address(text: str, hints: Hints) -> Shown | None:
    """A URL of a picture, a document, a sound or a video as a file, which the provider or the request fetches; None for
    another one.
    """
    parts = urlsplit(text)
    kind = _guess(parts.path) if parts.scheme in ('http', 'https') and parts.netloc else None
    if kind is None or (_is_text(kind) and kind != 'text/csv'):
        return None
    from jupyter_stream.messages import AudioUrl, DocumentUrl, ImageUrl, VideoUrl

    urls = {'image': ImageUrl, 'audio': AudioUrl, 'video': VideoUrl}
    return Shown(text, [urls.get(kind.partition('/')[0], DocumentUrl)(text, media_type=kind)])

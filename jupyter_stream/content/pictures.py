"""Pictures: of PIL, of `IPython.display`, and bytes of a known type; never larger than what models look at."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from jupyter_stream.content.pieces import ContentError, Hints, Shown
from jupyter_stream.content.text import cut, one_line, size_of

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ('LONGEST', 'displayed', 'media_type_of', 'picture', 'pillow', 'pixels')

LONGEST: Final = 1568
"""Pixels of the longer side: a larger picture is made smaller by the providers, after it was paid for."""

_LARGE: Final = 1_000_000
"""Bytes above which a picture without transparency is sent as JPEG."""

_ALT: Final = 500


# ------------------------------------------------------------------ bytes


_MAGIC: Final[tuple[tuple[bytes, int, str], ...]] = (
    (b'\x89PNG\r\n\x1a\n', 0, 'image/png'),
    (b'\xff\xd8\xff', 0, 'image/jpeg'),
    (b'GIF87a', 0, 'image/gif'),
    (b'GIF89a', 0, 'image/gif'),
    (b'WEBP', 8, 'image/webp'),
    (b'%PDF-', 0, 'application/pdf'),
    (b'WAVE', 8, 'audio/wav'),
    (b'ID3', 0, 'audio/mpeg'),
    (b'\xff\xfb', 0, 'audio/mpeg'),
    (b'OggS', 0, 'audio/ogg'),
    (b'fLaC', 0, 'audio/flac'),
)
"""The bytes that files of a type have at a place."""


def media_type_of(data: bytes) -> str | None:
    """The type of a file by its first bytes; None for one that is not known."""
    return next((kind for magic, at, kind in _MAGIC if data[at : at + len(magic)] == magic), None)


def pixels(data: bytes) -> tuple[int, int] | None:
    """Width and height of a picture, read from its first bytes; None where they do not say."""
    kind = media_type_of(data[:32])
    read = _SIZES.get(kind or '')
    try:
        return read(data) if read else None
    except IndexError:
        return None


def _png(data: bytes) -> tuple[int, int]:
    return int.from_bytes(data[16:20], 'big'), int.from_bytes(data[20:24], 'big')


def _gif(data: bytes) -> tuple[int, int]:
    return int.from_bytes(data[6:8], 'little'), int.from_bytes(data[8:10], 'little')


def _jpeg(data: bytes) -> tuple[int, int] | None:
    """By the segments up to the one that begins a frame (ITU-T T.81, B.2.2)."""
    at = 2
    while data[at] == 0xFF:
        marker = data[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = (int.from_bytes(data[at + 5 + 2 * side : at + 7 + 2 * side], 'big') for side in (0, 1))
            return width, height
        at += 2 + int.from_bytes(data[at + 2 : at + 4], 'big')
    return None


def _webp(data: bytes) -> tuple[int, int] | None:
    """By the first chunk (RFC 9649)."""
    if data[12:16] == b'VP8X':
        return 1 + int.from_bytes(data[24:27], 'little'), 1 + int.from_bytes(data[27:30], 'little')
    if data[12:16] == b'VP8 ':
        return int.from_bytes(data[26:28], 'little') & 0x3FFF, int.from_bytes(data[28:30], 'little') & 0x3FFF
    bits = int.from_bytes(data[21:25], 'little')
    return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)


_SIZES: Final[dict[str, Callable[[bytes], tuple[int, int] | None]]] = {
    'image/png': _png,
    'image/gif': _gif,
    'image/jpeg': _jpeg,
    'image/webp': _webp,
}


# ------------------------------------------------------------------ pictures


def picture(data: bytes, media_type: str, text: str = '') -> Shown:
    """A picture by its bytes, made smaller where it is too large and PIL is there to do it."""
    from jupyter_stream.messages import BinaryImage

    size = pixels(data)
    if size is not None and max(size) > LONGEST and find_spec('PIL') is not None:
        return _opened(data, text)
    said = f'{size[0]:,} × {size[1]:,} px' if size is not None else size_of(len(data))
    return Shown(_joined(f'Picture of {said}.', text), [BinaryImage(data, media_type=media_type)])


def _opened(data: bytes, text: str) -> Shown:
    from PIL import Image

    try:
        with Image.open(BytesIO(data)) as image:
            return _drawn(image, text)
    except (OSError, SyntaxError, ValueError) as error:
        raise ContentError('it begins as a picture and cannot be read as one; it may be damaged.') from error


def pillow(value: Any, hints: Hints) -> Shown | None:
    """An image of PIL; None for another thing of that library."""
    return _drawn(value) if hasattr(value, 'getbands') else None


def displayed(value: Any, hints: Hints) -> Shown | None:
    """What IPython displays: an image by its bytes or its address, a sound, or a text."""
    names = {cls.__name__ for cls in type(value).__mro__}
    if 'Image' in names:
        return _image(value)
    data = getattr(value, 'data', None)
    if 'Audio' in names and isinstance(data, bytes):
        return _audio(data)
    is_text = 'DisplayObject' in names and isinstance(data, str) and data
    return Shown(cut(data, hints.characters)) if is_text else None  # pyright: ignore[reportArgumentType]


def _image(value: Any) -> Shown | None:
    from jupyter_stream.messages import ImageUrl

    text = f'alternative text: {one_line(value.alt, _ALT)}' if getattr(value, 'alt', None) else ''
    if isinstance(value.data, bytes):
        kind = media_type_of(value.data)
        return None if kind is None else picture(value.data, kind, text)
    return Shown(_joined(f'Picture at {value.url}', text), [ImageUrl(value.url)]) if value.url else None


def _audio(data: bytes) -> Shown:
    from jupyter_stream.messages import BinaryAudio

    return Shown(f'Sound of {size_of(len(data))}.', [BinaryAudio(data, media_type=media_type_of(data) or 'audio/wav')])


def _drawn(image: Image, text: str = '') -> Shown:
    """An image of PIL as it is seen: upright, its first frame."""
    from PIL import ImageOps

    from jupyter_stream.messages import BinaryImage

    upright = ImageOps.exif_transpose(image)
    width, height = upright.size
    frames = getattr(image, 'n_frames', 1)
    small = upright
    if max(width, height) > LONGEST:
        small = upright.copy()
        small.thumbnail((LONGEST, LONGEST))
    # A photo stays one: as PNG it would be large, and take seconds.
    data, media_type = _encoded(small, is_photo=image.format == 'JPEG')
    said = [f'Picture of {width:,} × {height:,} px, {image.mode}.']
    if small.size != upright.size:
        said.append(f'It was made smaller, to {small.width:,} × {small.height:,}.')
    if frames > 1:
        said.append(f'This is the first of {frames:,} frames.')
    return Shown(_joined(' '.join(said), text), [BinaryImage(data, media_type=media_type)])


def _encoded(image: Image, *, is_photo: bool) -> tuple[bytes, str]:
    if image.mode not in ('1', 'L', 'LA', 'P', 'RGB', 'RGBA'):
        image = image.convert('RGBA' if image.mode in ('PA', 'La', 'RGBa') else 'RGB')
    has_no_alpha = image.mode in ('L', 'RGB')
    if not (is_photo and has_no_alpha):
        data = _saved(image, 'PNG')
        if len(data) <= _LARGE or not has_no_alpha:
            return data, 'image/png'
    return _saved(image, 'JPEG'), 'image/jpeg'


def _saved(image: Image, kind: str) -> bytes:
    file = BytesIO()
    image.save(file, kind, quality=90) if kind == 'JPEG' else image.save(file, kind)
    return file.getvalue()


def _joined(*lines: str) -> str:
    return '\n'.join(filter(None, lines))

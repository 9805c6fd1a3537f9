"""Media types: which one a name has, and what short format name belongs to a media type.

Tables only. The operating system's own table is read, once, when a name is first looked up.
"""

from __future__ import annotations

from functools import cache
from os import PathLike
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from mimetypes import MimeTypes

AudioMediaType: TypeAlias = Literal['audio/wav', 'audio/mpeg', 'audio/ogg', 'audio/flac', 'audio/aiff', 'audio/aac']
ImageMediaType: TypeAlias = Literal['image/jpeg', 'image/png', 'image/gif', 'image/webp']
DocumentMediaType: TypeAlias = Literal[
    'application/pdf',
    'text/plain',
    'text/csv',
    'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
    'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
    'text/html',
    'text/markdown',
    'application/msword',
    'application/vnd.ms-excel',
]
VideoMediaType: TypeAlias = Literal[
    'video/x-matroska',
    'video/quicktime',
    'video/mp4',
    'video/webm',
    'video/x-flv',
    'video/mpeg',
    'video/x-ms-wmv',
    'video/3gpp',
]
AudioFormat: TypeAlias = Literal['wav', 'mp3', 'oga', 'flac', 'aiff', 'aac']
ImageFormat: TypeAlias = Literal['jpeg', 'png', 'gif', 'webp']
DocumentFormat: TypeAlias = Literal['csv', 'doc', 'docx', 'html', 'md', 'pdf', 'txt', 'xls', 'xlsx']
VideoFormat: TypeAlias = Literal['mkv', 'mov', 'mp4', 'webm', 'flv', 'mpeg', 'mpg', 'wmv', 'three_gp']

_OFFICE = 'application/vnd.openxmlformats-officedocument.'
_OPEN = 'application/vnd.oasis.opendocument.'

EXTENSIONS: dict[str, str] = {
    '.rtf': 'application/rtf',
    '.odp': _OPEN + 'presentation',
    '.ods': _OPEN + 'spreadsheet',
    '.odt': _OPEN + 'text',
    '.pptx': _OFFICE + 'presentationml.presentation',
    '.xlsx': _OFFICE + 'spreadsheetml.sheet',
    '.docx': _OFFICE + 'wordprocessingml.document',
    '.mdx': 'text/markdown',
    '.md': 'text/markdown',
    '.asciidoc': 'text/x-asciidoc',
    '.webp': 'image/webp',
    '.three_gp': 'video/3gpp',
    '.mkv': 'video/x-matroska',
    '.wmv': 'video/x-ms-wmv',
    '.flv': 'video/x-flv',
    '.aac': 'audio/aac',
    '.aiff': 'audio/aiff',
    '.flac': 'audio/flac',
    '.oga': 'audio/ogg',
    '.wav': 'audio/wav',
    '.yaml': 'application/yaml',
    '.yml': 'application/yaml',
    '.toml': 'application/toml',
    '.xml': 'application/xml',
}
"""Extensions that the standard table lacks, or knows by another name on some systems (RFC 7303, 9512, 9519)."""

AUDIO_FORMATS: dict[str, AudioFormat] = {
    'audio/mpeg': 'mp3',
    'audio/wav': 'wav',
    'audio/flac': 'flac',
    'audio/ogg': 'oga',
    'audio/aiff': 'aiff',
    'audio/aac': 'aac',
}
IMAGE_FORMATS: dict[str, ImageFormat] = {
    'image/jpeg': 'jpeg',
    'image/png': 'png',
    'image/gif': 'gif',
    'image/webp': 'webp',
}
VIDEO_FORMATS: dict[str, VideoFormat] = {
    'video/x-matroska': 'mkv',
    'video/quicktime': 'mov',
    'video/mp4': 'mp4',
    'video/webm': 'webm',
    'video/x-flv': 'flv',
    'video/mpeg': 'mpeg',
    'video/x-ms-wmv': 'wmv',
    'video/3gpp': 'three_gp',
}
DOCUMENT_FORMATS: dict[str, DocumentFormat] = {
    'application/pdf': 'pdf',
    'text/plain': 'txt',
    'text/csv': 'csv',
    _OFFICE + 'wordprocessingml.document': 'docx',
    _OFFICE + 'spreadsheetml.sheet': 'xlsx',
    'text/html': 'html',
    'text/markdown': 'md',
    'application/msword': 'doc',
    'application/vnd.ms-excel': 'xls',
}

_TEXT_LIKE = ('application/json', 'application/xml', 'application/x-yaml', 'application/yaml', 'application/toml')


@cache
def _table() -> MimeTypes:
    import mimetypes
    from os.path import isfile

    table = mimetypes.MimeTypes()
    table.read_windows_registry()
    for name in filter(isfile, mimetypes.knownfiles):
        table.read(name)
    for extension, media_type in EXTENSIONS.items():
        table.add_type(media_type, extension)
    return table


def guess(name: str | PathLike[str]) -> str | None:
    """The media type that the extension of a URL, path or file name stands for; None if unknown."""
    return _table().guess_type(name)[0]


def is_text_like(media_type: str) -> bool:
    """Whether content of this type is text that can be read as it is (text, JSON, XML, YAML, TOML)."""
    bare = media_type.split(';', 1)[0].strip()
    return bare.startswith('text/') or bare.endswith(('+json', '+xml')) or bare in _TEXT_LIKE


def document_format(media_type: str) -> str | None:
    """The short format name of a document, such as `pdf`: the extension that its type is best known by."""
    if known := DOCUMENT_FORMATS.get(media_type):
        return known
    extensions = [extension.removeprefix('.') for extension in _table().guess_all_extensions(media_type)]
    subtype = media_type.partition('/')[2]
    return subtype if subtype in extensions else next(iter(extensions), None)

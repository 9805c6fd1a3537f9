"""What a user may put in a prompt beside plain text: tagged text, files by URL, by value or by id, cache marks."""

from __future__ import annotations

import base64
import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import KW_ONLY, InitVar, dataclass, field
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypeAlias, TypeGuard
from urllib.parse import unquote_to_bytes, urlparse

from .._dataclasses import After, OwnSerializer, Tagged, custom_schema, short_repr
from . import _media  # pyright: ignore[reportPrivateUsage]
from ._media import (
    AudioFormat,
    AudioMediaType,
    DocumentMediaType,
    ImageFormat,
    ImageMediaType,
    VideoFormat,
)

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

ForceDownloadMode: TypeAlias = bool | Literal['allow-local']
"""Whether the content of a URL is downloaded here and sent in its place.

False: only for a provider that cannot download it itself. True: always, from public addresses. `'allow-local'`: always,
from private addresses too.
"""

UploadedFileProviderName: TypeAlias = Literal[
    'anthropic', 'openai', 'google', 'google-cloud', 'google-gla', 'google-vertex', 'bedrock', 'xai'
]

_PUBLIC = {'_media_type': ('media_type', '_media_type'), '_identifier': ('identifier', '_identifier')}


def _identifier_of(content: str | bytes) -> str:
    # Six hex digits, the same in every run: a model can name the file, and a saved history stays valid.
    raw = content.encode() if isinstance(content, str) else content
    return hashlib.sha1(raw, usedforsecurity=False).hexdigest()[:6]


def _dump_file(value: FileUrl | UploadedFile | BinaryContent, dump: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
    dumped = dump(value)
    for name in _PUBLIC:
        dumped.pop(name, None)
    if not isinstance(value, BinaryContent):
        dumped['media_type'] = _media_type_or_none(value)
    dumped['identifier'] = value.identifier
    return dumped


def _media_type_or_none(value: FileUrl | UploadedFile) -> str | None:
    try:
        return value.media_type
    except ValueError:
        return None


class _File:
    """How a file item is read and written: its private fields by their public names."""

    __pydantic_serializer__ = OwnSerializer()

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return custom_schema(handler(source), handler, aliases=_PUBLIC, dump=_dump_file)


@dataclass(repr=False, init=False)
class FileUrl(_File, ABC):
    """A file by its URL.

    `media_type` is guessed from the URL when it is not given; ValueError if the URL doesn't say.
    `identifier` is a short name by which a model can speak of the file.
    """

    url: str
    _: KW_ONLY
    force_download: ForceDownloadMode = False
    vendor_metadata: dict[str, Any] | None = None
    _media_type: str | None = field(default=None, compare=False)
    _identifier: str | None = field(default=None, compare=False)

    def __init__(
        self,
        url: str,
        *,
        media_type: str | None = None,
        identifier: str | None = None,
        force_download: ForceDownloadMode = False,
        vendor_metadata: dict[str, Any] | None = None,
        kind: Any = None,
        _media_type: str | None = None,
        _identifier: str | None = None,
    ) -> None:
        self.url = url
        self.force_download = force_download
        self.vendor_metadata = vendor_metadata
        self._media_type = media_type if media_type is not None else _media_type
        self._identifier = identifier if identifier is not None else _identifier
        self.kind = self._checked_kind(kind)

    @classmethod
    def _checked_kind(cls, kind: Any) -> Any:
        own = cls.__dict__['kind']
        if kind not in (None, own):
            raise ValueError(f'The kind of {cls.__name__} is {own!r}, not {kind!r}: leave it out.')
        return own

    @property
    def media_type(self) -> str:
        """The media type given, or the one guessed from the URL; ValueError when there is neither."""
        return self._media_type or self._guess_media_type()

    @property
    def identifier(self) -> str:
        """The identifier given, or one made from the URL."""
        return self._identifier or _identifier_of(self.url)

    def _guess_media_type(self) -> str:
        if guessed := _media.guess(self.url):
            return guessed
        what = type(self).__name__.removesuffix('Url').lower()
        raise ValueError(f'The URL does not tell the media type of this {what}: pass media_type=... with {self.url}')

    @property
    @abstractmethod
    def format(self) -> str:
        """The short format name, such as `png`."""

    __repr__ = short_repr


@dataclass(repr=False, init=False)
class VideoUrl(FileUrl):
    """A video by its URL."""

    kind: Literal['video-url'] = field(default='video-url', kw_only=True)

    @property
    def is_youtube(self) -> bool:
        """Whether the URL is a page of YouTube, which some providers read by themselves."""
        return urlparse(self.url).hostname in ('youtu.be', 'youtube.com', 'www.youtube.com', 'm.youtube.com')

    def _guess_media_type(self) -> str:
        return 'video/mp4' if self.is_youtube else super()._guess_media_type()

    @property
    def format(self) -> VideoFormat:
        """The short format name; KeyError when the media type is not a known video type."""
        return _media.VIDEO_FORMATS[self.media_type]


@dataclass(repr=False, init=False)
class AudioUrl(FileUrl):
    """A sound by its URL."""

    kind: Literal['audio-url'] = field(default='audio-url', kw_only=True)

    @property
    def format(self) -> AudioFormat:
        """The short format name; KeyError when the media type is not a known audio type."""
        return _media.AUDIO_FORMATS[self.media_type]


@dataclass(repr=False, init=False)
class ImageUrl(FileUrl):
    """An image by its URL."""

    kind: Literal['image-url'] = field(default='image-url', kw_only=True)

    @property
    def format(self) -> ImageFormat:
        """The short format name; KeyError when the media type is not a known image type."""
        return _media.IMAGE_FORMATS[self.media_type]


@dataclass(repr=False, init=False)
class DocumentUrl(FileUrl):
    """A document by its URL."""

    kind: Literal['document-url'] = field(default='document-url', kw_only=True)

    @property
    def format(self) -> str:
        """The usual extension of the media type; ValueError for a media type without one."""
        if known := _media.document_format(self.media_type):
            return known
        raise ValueError(f'No document format belongs to the media type {self.media_type!r}: pass another media_type.')


@dataclass(repr=False)
class TextContent:
    """Text for the model with `metadata` for the program, which is saved and never sent."""

    content: str
    _: KW_ONLY
    metadata: Any = None
    kind: Literal['text-content'] = 'text-content'

    __repr__ = short_repr


StructuredContentFormat: TypeAlias = Literal['json']


@dataclass(repr=False)
class StructuredContent(TextContent):
    """A value for the model, kept as a value and sent as text.

    The text is made once, from `value`, when none is given: by `format` (a function of the value, or 'json'),
    else by `render`. Raises ValueError when the text comes out empty.
    """

    value: Any
    _: KW_ONLY
    content: str = ''
    format: InitVar[StructuredContentFormat | Callable[[Any], str] | None] = None
    tag: str | None = None
    description: str | None = None
    kind: Literal['structured-content'] = 'structured-content'  # pyright: ignore[reportIncompatibleVariableOverride]

    def __post_init__(self, format: StructuredContentFormat | Callable[[Any], str] | None) -> None:
        if self.content:
            return
        self.content = format(self.value) if callable(format) else self.render()
        if not self.content:
            raise ValueError('The structured content rendered to empty text: give it a tag or another format.')

    def render(self) -> str:
        """The value as compact JSON, inside `tag`, below `description`. Override it to render in another way."""
        from pydantic_core import to_json

        # Escaped so that a value cannot close the tag that it stands in.
        text = to_json(self.value).decode().replace('<', r'\u003c').replace('>', r'\u003e').replace('&', r'\u0026')
        text = text if self.tag is None else f'<{self.tag}>{text}</{self.tag}>'
        return text if self.description is None else f'{self.description}\n{text}'

    __repr__ = short_repr


@dataclass(repr=False, init=False)
class BinaryContent(_File):
    """A file by its bytes. In JSON the bytes are base64."""

    data: bytes
    _: KW_ONLY
    media_type: AudioMediaType | ImageMediaType | DocumentMediaType | str
    vendor_metadata: dict[str, Any] | None = None
    _identifier: str | None = field(default=None, compare=False)
    kind: Literal['binary'] = 'binary'

    __pydantic_config__: ClassVar[dict[str, str]] = {'ser_json_bytes': 'base64', 'val_json_bytes': 'base64'}

    def __init__(
        self,
        data: bytes,
        *,
        media_type: AudioMediaType | ImageMediaType | DocumentMediaType | str,
        identifier: str | None = None,
        vendor_metadata: dict[str, Any] | None = None,
        kind: Literal['binary'] = 'binary',
        _identifier: str | None = None,
    ) -> None:
        self.data = data
        self.media_type = media_type
        self.vendor_metadata = vendor_metadata
        self._identifier = identifier if identifier is not None else _identifier
        self.kind = kind
        self.__post_init__()

    def __post_init__(self) -> None:
        """Checks of a subclass; pydantic calls it too."""

    @staticmethod
    def narrow_type(bc: BinaryContent) -> BinaryContent | BinaryImage:
        """The same content as a `BinaryImage` if it is an image, else as it is."""
        if not bc.is_image or isinstance(bc, BinaryImage):
            return bc
        return BinaryImage(
            data=bc.data, media_type=bc.media_type, identifier=bc.identifier, vendor_metadata=bc.vendor_metadata
        )

    @classmethod
    def from_data_uri(cls, data_uri: str) -> BinaryContent:
        """The content of a base64 `data:` URI (RFC 2397); ValueError if the text is not such a URI."""
        scheme, _, body = data_uri.partition(':')
        media_type, marker, data = body.partition(';base64,')
        if scheme != 'data' or not marker:
            raise ValueError('A data URI must begin with "data:" and be base64 (";base64,").')
        return cls.narrow_type(cls(data=base64.b64decode(unquote_to_bytes(data)), media_type=media_type))

    @classmethod
    def from_path(cls, path: PathLike[str]) -> BinaryContent:
        """The content of a file, its media type guessed from its name, else `application/octet-stream`.

        Raises FileNotFoundError and PermissionError as reading does.
        """
        path = Path(path)
        media_type = _media.guess(path) or 'application/octet-stream'
        return cls.narrow_type(cls(data=path.read_bytes(), media_type=media_type))

    @property
    def identifier(self) -> str:
        """The identifier given, or one made from the bytes."""
        return self._identifier or _identifier_of(self.data)

    @property
    def base64(self) -> str:
        """The bytes as base64 text."""
        return base64.b64encode(self.data).decode()

    @property
    def data_uri(self) -> str:
        """The content as a `data:` URI."""
        return f'data:{self.media_type};base64,{self.base64}'

    @property
    def is_audio(self) -> bool:
        return self.media_type.startswith('audio/')

    @property
    def is_image(self) -> bool:
        return self.media_type.startswith('image/')

    @property
    def is_video(self) -> bool:
        return self.media_type.startswith('video/')

    @property
    def is_document(self) -> bool:
        """Whether it is a document: of a known document type, or of another type that is neither a medium nor text."""
        if self.media_type in _media.DOCUMENT_FORMATS:
            return True
        if self.is_audio or self.is_image or self.is_video or _media.is_text_like(self.media_type):
            return False
        return _media.document_format(self.media_type) is not None

    @property
    def format(self) -> str:
        """The short format name, such as `png`; ValueError when the media type is unknown."""
        return _format_of(self.media_type, _media.document_format)

    __repr__ = short_repr


def _format_of(media_type: str, document: Callable[[str], str | None]) -> str:
    tables: dict[str, Callable[[str], str | None]] = {
        'audio': _media.AUDIO_FORMATS.get,
        'image': _media.IMAGE_FORMATS.get,
        'video': _media.VIDEO_FORMATS.get,
    }
    known = tables.get(media_type.partition('/')[0], document)(media_type)
    if known is None:
        raise ValueError(f'No format belongs to the media type {media_type!r}: pass another media_type.')
    return known


@dataclass(repr=False, init=False)
class BinaryImage(BinaryContent):
    """Bytes that are an image; ValueError if the media type says otherwise."""

    def __post_init__(self) -> None:
        if not self.is_image:
            raise ValueError(f'The media type of a BinaryImage must begin with "image/", got {self.media_type!r}.')

    __repr__ = short_repr


@dataclass(repr=False, init=False)
class BinaryAudio(BinaryContent):
    """Bytes that are a sound; ValueError if the media type says otherwise."""

    def __post_init__(self) -> None:
        if not self.is_audio:
            raise ValueError(f'The media type of a BinaryAudio must begin with "audio/", got {self.media_type!r}.')

    __repr__ = short_repr


@dataclass
class CachePoint:
    """A mark in a prompt: what stands before it may be cached by the provider, for `ttl`."""

    kind: Literal['cache-point'] = 'cache-point'
    ttl: Literal['5m', '1h'] = '5m'


@dataclass(repr=False, init=False)
class UploadedFile(_File):
    """A file that lies with a provider, by the id (or URI) which that provider gave it."""

    file_id: str
    provider_name: UploadedFileProviderName
    _: KW_ONLY
    vendor_metadata: dict[str, Any] | None = None
    _media_type: str | None = field(default=None, compare=False)
    _identifier: str | None = field(default=None, compare=False)
    kind: Literal['uploaded-file'] = 'uploaded-file'

    def __init__(
        self,
        file_id: str,
        provider_name: UploadedFileProviderName,
        *,
        media_type: str | None = None,
        vendor_metadata: dict[str, Any] | None = None,
        identifier: str | None = None,
        kind: Literal['uploaded-file'] = 'uploaded-file',
        _media_type: str | None = None,
        _identifier: str | None = None,
    ) -> None:
        self.file_id = file_id
        self.provider_name = provider_name
        self.vendor_metadata = vendor_metadata
        self._media_type = media_type if media_type is not None else _media_type
        self._identifier = identifier if identifier is not None else _identifier
        self.kind = kind

    @property
    def media_type(self) -> str:
        """The media type given, or guessed from the id, else `application/octet-stream`."""
        if self._media_type is not None:
            return self._media_type
        return _media.guess(urlparse(self.file_id).path) or 'application/octet-stream'

    @property
    def identifier(self) -> str:
        """The identifier given, or one made from the file's id."""
        return self._identifier or _identifier_of(self.file_id)

    @property
    def format(self) -> str:
        """The short format name, such as `png`; ValueError when the media type is unknown."""
        return _format_of(self.media_type, _media.DOCUMENT_FORMATS.get)

    __repr__ = short_repr


AnyBinary: TypeAlias = Annotated[BinaryContent, After(BinaryContent.narrow_type)]
MultiModalContent: TypeAlias = Annotated[
    ImageUrl | AudioUrl | DocumentUrl | VideoUrl | AnyBinary | UploadedFile, Tagged('kind')
]
UserContent: TypeAlias = str | StructuredContent | TextContent | MultiModalContent | CachePoint
"""One item of a prompt."""

MULTI_MODAL_CONTENT_TYPES: tuple[type, ...] = (ImageUrl, AudioUrl, DocumentUrl, VideoUrl, BinaryContent, UploadedFile)
USER_CONTENT_TYPES: tuple[type, ...] = (str, TextContent, *MULTI_MODAL_CONTENT_TYPES, CachePoint)


def is_multi_modal_content(obj: Any) -> TypeGuard[MultiModalContent]:
    """Whether the object is a file, by URL, bytes or id."""
    return isinstance(obj, MULTI_MODAL_CONTENT_TYPES)

"""Contents as OpenTelemetry's conventions for generative models have them: dicts that go into a span as JSON.

https://opentelemetry.io/docs/specs/semconv/gen-ai/. A few keys are not in the conventions but read by Logfire:
`builtin`, `code_arg_name`, `code_arg_language`. Nothing here needs OpenTelemetry itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final, Protocol, TypeAlias, cast

from ._content import BinaryContent, CachePoint, FileUrl, TextContent, UploadedFile, UserContent

__all__ = ('OtelOptions', 'OtelPart', 'blob', 'call_response', 'jsonable', 'text', 'user_content')

OtelPart: TypeAlias = dict[str, Any]
"""A part of a message; its `type` says which."""

CIRCULAR: Final = '<circular reference>'

_MODALITIES: Final = ('image', 'audio', 'video')
"""The kinds of media that the conventions have a word for."""


class OtelOptions(Protocol):
    """What may be recorded, as `InstrumentationSettings` says it."""

    @property
    def include_content(self) -> bool:
        """Texts, files, arguments and results."""
        ...

    @property
    def include_binary_content(self) -> bool:
        """The bytes of files, where contents are recorded at all."""
        ...

    @property
    def version(self) -> int:
        """The form of what is recorded."""
        ...


def text(content: str, options: OtelOptions) -> OtelPart:
    """A text."""
    return {'type': 'text', 'content': content} if options.include_content else {'type': 'text'}


def blob(media_type: str, as_base64: Callable[[], str], options: OtelOptions) -> OtelPart:
    """A file by its bytes, which are only asked for where they are recorded."""
    part: OtelPart = {'type': 'blob', 'mime_type': media_type}
    if (modality := media_type.partition('/')[0]) in _MODALITIES:
        part['modality'] = modality
    if options.include_content and options.include_binary_content:
        part['content'] = as_base64()
    return part


def user_content(item: UserContent, options: OtelOptions) -> list[OtelPart]:
    """An item of a prompt; a mark such as a cache point is none."""
    if isinstance(item, str | TextContent):
        return [text(item if isinstance(item, str) else item.content, options)]
    if isinstance(item, BinaryContent):
        return [blob(item.media_type, lambda: item.base64, options)]
    if isinstance(item, UploadedFile):
        return [_uploaded(item, options)]
    if isinstance(item, FileUrl):
        return [_uri(item, options)]
    return [] if isinstance(cast(object, item), CachePoint) else [{'type': item.kind}]


def _uri(file: FileUrl, options: OtelOptions) -> OtelPart:
    part: OtelPart = {'type': 'uri'}
    if (modality := file.kind.partition('-')[0]) in _MODALITIES:
        part['modality'] = modality
    with suppress(ValueError):  # no type can be told from this URL, which is no reason to record nothing
        part['mime_type'] = file.media_type
    if options.include_content:
        part['uri'] = file.url
    return part


def _uploaded(file: UploadedFile, options: OtelOptions) -> OtelPart:
    kind = file.media_type.partition('/')[0]
    part = {
        'type': 'file',
        'modality': kind if kind in _MODALITIES else 'document',
        'mime_type': file.media_type,
    }
    return {**part, 'file_id': file.file_id} if options.include_content else part


def call_response(
    call_id: str, name: str, content: object, options: OtelOptions, *, is_native: bool = False
) -> OtelPart:
    """What a tool returned, a tool of the provider's where `is_native`."""
    part: OtelPart = {'type': 'tool_call_response', 'id': call_id, 'name': name}
    if is_native:
        part['builtin'] = True
    if options.include_content and content is not None:
        part['result'] = jsonable(content if options.include_binary_content else _without_bytes(content, set()))
    return part


def jsonable(value: object) -> Any:
    """The value as JSON has it; what cannot be JSON as its text. It never fails."""
    from pydantic_core import to_jsonable_python

    try:
        try:
            return to_jsonable_python(value)
        except UnicodeDecodeError:
            return to_jsonable_python(value, bytes_mode='base64')
    except Exception:  # a trace must not fail over what somebody's tool returned
        try:
            return str(value)
        except Exception as error:
            return f'Unable to serialize: {error}'


def _without_bytes(value: object, above: set[int]) -> Any:
    """The value with each file in it described only; `above` are the ids of what it stands in."""
    if not isinstance(value, BinaryContent | Mapping | list | tuple):
        return value
    own: int = id(cast(object, value))
    if own in above:
        return CIRCULAR
    inside = above | {own}
    if isinstance(value, BinaryContent):
        return {
            'media_type': value.media_type,
            'vendor_metadata': _without_bytes(value.vendor_metadata, inside),
            'kind': value.kind,
            'identifier': value.identifier,
        }
    if isinstance(value, Mapping):
        items = cast('Mapping[object, object]', value).items()
        return {key: _without_bytes(item, inside) for key, item in items}
    return [_without_bytes(item, inside) for item in cast('list[object]', value)]

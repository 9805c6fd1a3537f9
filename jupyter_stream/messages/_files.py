"""Files inside a tool's answer: which of them a saved history may bring back as files.

A tool's answer is anybody's data, so a mapping that looks like a file reference is not believed by its looks: it
could make a later request fetch a private address. When an answer is saved, the digests of the file references in
it are saved beside it (`content_file_digests`); when it is read, only those become files again. Histories from
before there were digests bring back plain http(s) references only. Bytes carry no such risk and always return.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlparse

from ._content import FileUrl, MultiModalContent, UploadedFile

if TYPE_CHECKING:
    from pydantic import TypeAdapter

DIGESTS_KEY = 'content_file_digests'

_REFERENCE = frozenset({'vendor_metadata', 'kind', 'media_type', 'identifier'})
_URL = _REFERENCE | {'url', 'force_download'}
_KEYS: dict[Any, frozenset[str]] = {
    **dict.fromkeys(('image-url', 'audio-url', 'document-url', 'video-url'), _URL),
    'uploaded-file': _REFERENCE | {'file_id', 'provider_name'},
}
_PLAIN = (str, int, float, bool, type(None))


@cache
def _file_adapter() -> TypeAdapter[Any]:
    from pydantic import TypeAdapter

    return TypeAdapter(MultiModalContent)


def _digest(dumped: Mapping[str, Any]) -> str | None:
    from pydantic_core import to_jsonable_python

    try:
        canonical = json.dumps(to_jsonable_python(dumped), sort_keys=True, separators=(',', ':'))
    except (TypeError, ValueError):
        return None
    return hashlib.sha256(canonical.encode()).hexdigest()


def _references(value: Any) -> Iterator[FileUrl | UploadedFile]:
    if isinstance(value, FileUrl | UploadedFile):
        yield value
    elif isinstance(value, Mapping):
        for item in cast('Mapping[Any, Any]', value).values():
            yield from _references(item)
    elif isinstance(value, list | tuple):
        for item in cast('list[Any]', value):
            yield from _references(item)


def dump_recording_files(part: Any, dump: Callable[[Any], Any]) -> Any:
    """A tool's answer as its schema dumps it, with the digests of the file references in its content."""
    dumped = dump(part)
    if isinstance(part.content, _PLAIN) or not isinstance(dumped, dict):
        return dumped
    items = (_file_adapter().dump_python(item) for item in _references(part.content))
    digests = {digest for item in items if (digest := _digest(item))}
    return {**cast('dict[str, Any]', dumped), DIGESTS_KEY: sorted(digests)}


def load_recorded_files(value: Any, validate: Callable[[Any], Any]) -> Any:
    """A tool's answer, with the recorded files in its content made files again.

    Raises ValueError (a validation error in pydantic's hands) when the digests are no list of strings.
    """
    if not isinstance(value, Mapping):
        return validate(value)
    data = dict(cast('Mapping[str, Any]', value))
    digests = data.pop(DIGESTS_KEY, None)
    if isinstance(digests, list) and not all(isinstance(digest, str) for digest in cast('list[Any]', digests)):
        raise ValueError(f'{DIGESTS_KEY} must be a list of strings.')
    recorded = frozenset(cast('list[str]', digests)) if isinstance(digests, list) else None
    if 'content' in data:
        data['content'] = _restore(data['content'], recorded)
    return validate(data)


def _restore(value: Any, recorded: frozenset[str] | None) -> Any:
    if isinstance(value, dict):
        data = cast('dict[Any, Any]', value)
        file = _file(data, recorded)
        return {key: _restore(item, recorded) for key, item in data.items()} if file is None else file
    if isinstance(value, list):
        return [_restore(item, recorded) for item in cast('list[Any]', value)]
    if type(value) is tuple:
        return tuple(_restore(item, recorded) for item in cast('tuple[Any, ...]', value))
    return value


def _file(data: dict[Any, Any], recorded: frozenset[str] | None) -> Any:
    from pydantic import ValidationError

    kind = data.get('kind')
    if kind in ('binary', *_KEYS) and (trusted := _trusted(data, kind, recorded)) is not None:
        try:
            return _file_adapter().validate_python(trusted)
        except ValidationError:
            return None
    return None


def _trusted(data: dict[Any, Any], kind: Any, recorded: frozenset[str] | None) -> dict[Any, Any] | None:
    if kind == 'binary':
        return data
    if kind != 'uploaded-file' and data.get('media_type', '') == '':
        # Every saved URL says its media type, if only null: a mapping without it is the tool's own.
        return None
    if recorded is not None:
        return data if data.keys() <= _KEYS[kind] and _digest(data) in recorded else None
    is_web = kind != 'uploaded-file' and urlparse(str(data.get('url'))).scheme.lower() in ('http', 'https')
    return {**data, 'force_download': False} if is_web else None

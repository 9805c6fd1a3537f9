"""The file of a cassette, read: JSON Lines, one line for each piece of an answer.

    {"request": "9f2c…", "n": 1, "protocol": "openai_chat", "method": "POST", "url": "/chat/completions", "body": {…}}
    {"status": 200, "headers": {"content-type": "text/event-stream"}}
    [212, "data: {\\"choices\\":[{\\"delta\\":{\\"content\\":\\"The \\"}}]}\\n\\n"]
    {"end": "complete", "ms": 2410}

`request` is the digest that finds the interaction, `n` its number among those of the same request. A piece has the
milliseconds since the request was sent, and its text; bytes that are no UTF-8 by themselves are `{"b64": "…"}`. `end`
is `complete`; `cut` where the connection broke (with `error`, the class of the HTTP library, and `message`); or `left`
where the reader went away first. An interaction without an end is torn: its process died, and it is passed over.

A cassette may be large, so an index reads only the beginnings of the lines with a request; all else is read when it is
asked for.
"""

from __future__ import annotations

import json
import mmap
import re
import warnings
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from json.encoder import encode_basestring
from pathlib import Path
from typing import Any, Final, Literal, cast

from jupyter_stream.exceptions import CassetteError, CassetteWarning

__all__ = ('SUFFIX', 'Answer', 'Cassette', 'End', 'Interaction', 'chunk_line', 'line', 'read', 'scanned', 'warn')

SUFFIX: Final = '.cassette.jsonl'
"""What the name of a cassette ends with."""

Ending = Literal['complete', 'cut', 'left']

_ENDINGS: Final = ('complete', 'cut', 'left')
_HEAD: Final = re.compile(rb'\{\s*"request"\s*:\s*"([0-9a-f]+)"\s*,\s*"n"\s*:\s*(\d+)\s*,')
_REQUEST: Final = re.compile(rb'\s*\{\s*"request"')
_END: Final = re.compile(rb'\{\s*"end"\s*:')
_LONGEST_END: Final = 4096
"""Bytes of the last line of an interaction, at most."""


def warn(text: str) -> None:
    """Warn of what does not stop an answer; not even where the user has turned warnings into errors."""
    try:
        warnings.warn(text, CassetteWarning, stacklevel=3)
    except CassetteWarning as error:
        warnings.showwarning(error, CassetteWarning, __file__, 0)


# ------------------------------------------------------------------- lines


def line(value: object) -> bytes:
    """One line of the file."""
    return json.dumps(value, ensure_ascii=False).encode() + b'\n'


def chunk_line(ms: int, data: bytes) -> bytes:
    """The line of a piece of an answer: when it came, in milliseconds since the request, and its bytes."""
    try:
        return f'[{ms}, {encode_basestring(data.decode())}]\n'.encode()
    except UnicodeDecodeError:
        return line([ms, {'b64': b64encode(data).decode()}])


@dataclass(frozen=True)
class End:
    """How an answer ended, and when: milliseconds since the request.

    `error` and `message` are the class and the words of the HTTP library's error, where the connection broke.
    """

    end: Ending
    ms: int
    error: str = ''
    message: str = ''

    def line(self) -> bytes:
        said = {'error': self.error, 'message': self.message} if self.end == 'cut' else {}
        return line({'end': self.end, 'ms': self.ms, **said})


@dataclass(frozen=True)
class Answer:
    """What came back for a request, with the pieces of its body and their times in milliseconds."""

    status: int
    headers: Mapping[str, str]
    chunks: list[tuple[float, bytes]]
    end: End


@dataclass(frozen=True)
class Interaction:
    """One request and its answer, where they stand in a file.

    Attributes:
        path: the file.
        digest: what finds it.
        n: its number among those of the same request, from 1.
        start: the offset of its first byte.
        stop: the offset behind its last byte.
    """

    path: Path
    digest: str
    n: int
    start: int
    stop: int

    def raw(self) -> bytes:
        """Its lines as they stand in the file.

        Raises:
            CassetteError: the file is gone.
        """
        try:
            with self.path.open('rb') as file:
                file.seek(self.start)
                return file.read(self.stop - self.start)
        except OSError as error:
            raise CassetteError(f'The cassette {self.path} cannot be read: {error.strerror}.') from None

    def request(self) -> dict[str, Any]:
        """Its first line: `request`, `n`, `protocol`, `method`, `url`, `body`.

        Raises:
            CassetteError: it is no JSON, or has not these fields; the message names the line.
        """
        with self.path.open('rb') as file:
            file.seek(self.start)
            return self._request(file.readline())

    def answer(self) -> Answer:
        """What came back.

        Raises:
            CassetteError: a line is no JSON or does not say what it should; the message names it.
        """
        lines = [(raw, number) for number, raw in enumerate(self.raw().split(b'\n')) if raw.strip()]
        if len(lines) < 3:
            raise self._wrong(0, 'a request must be followed by a line with its `status` and one with its `end`')
        _, head, *chunks, end = lines
        status, headers = self._head(*head)
        return Answer(status, headers, list(self._chunks(chunks)), self._end(*end))

    def _chunks(self, lines: list[tuple[bytes, int]]) -> Iterator[tuple[float, bytes]]:
        """The pieces, parsed in one go; where one is broken, one after the other, to say which."""
        try:
            found: list[Any] = json.loads(b'[%b]' % b','.join(raw for raw, _ in lines))
        except ValueError:
            found = []
        if len(found) != len(lines):
            found = [self._json(*one) for one in lines]
        for value, (_, number) in zip(found, lines, strict=True):
            yield self._chunk(value, number)

    def _request(self, raw: bytes) -> dict[str, Any]:
        found = self._json(raw, 0)
        if not isinstance(found, dict) or not {'method', 'url', 'body'} <= found.keys():
            raise self._wrong(0, 'a request has `request`, `n`, `protocol`, `method`, `url` and `body`')
        return cast('dict[str, Any]', found)

    def _head(self, raw: bytes, number: int) -> tuple[int, dict[str, str]]:
        match self._json(raw, number):
            case {'status': int(status), 'headers': {**headers}}:
                return status, {str(name): str(value) for name, value in cast('dict[str, Any]', headers).items()}
            case _:
                raise self._wrong(number, 'the line below a request must have a `status` and `headers`')

    def _chunk(self, value: Any, number: int) -> tuple[float, bytes]:
        try:
            match value:
                case [int() | float() as ms, str(text)]:
                    return ms, text.encode()
                case [int() | float() as ms, {'b64': str(coded)}]:
                    return ms, b64decode(coded, validate=True)
                case _:
                    pass
        except ValueError:  # half a character, or no base64
            pass
        raise self._wrong(number, 'a piece of an answer must be `[milliseconds, "text"]`')

    def _end(self, raw: bytes, number: int) -> End:
        match self._json(raw, number):
            case {'end': str(end), 'ms': int() | float() as ms, **said} if end in _ENDINGS:
                return End(end, int(ms), str(said.get('error', '')), str(said.get('message', '')))
            case _:
                raise self._wrong(number, f'the end of an answer must be one of {", ".join(_ENDINGS)}, with its `ms`')

    def _json(self, raw: bytes, number: int) -> Any:
        try:
            return json.loads(raw)
        except ValueError as error:
            words = str(error)
        raise self._wrong(number, f'it is no JSON ({words})')

    def _wrong(self, number: int, what: str) -> CassetteError:
        with self.path.open('rb') as file:
            above = file.read(self.start).count(b'\n')
        return _unreadable(self.path, above + number + 1, what)


def _unreadable(path: Path, number: int, what: str) -> CassetteError:
    return CassetteError(
        f'Line {number} of the cassette {path} cannot be read: {what}. Correct the line, or delete the lines from its '
        'request to its end and record them again.'
    )


# ------------------------------------------------------------------- the index


@dataclass
class Cassette:
    """A file with all its interactions, in the file's order.

    Attributes:
        path: the file.
        interactions: those that are whole. Of two with the same digest and number the later one counts.
        torn: the numbers of the lines that begin one without an end.
    """

    path: Path
    interactions: list[Interaction] = field(default_factory=list['Interaction'])
    torn: list[int] = field(default_factory=list[int])

    def __post_init__(self) -> None:
        self._by_key = {(one.digest, one.n): one for one in self.interactions}
        self._counts: dict[str, int] = {}
        for one in self.interactions:
            self._counts[one.digest] = max(one.n, self._counts.get(one.digest, 0))

    def find(self, digest: str, n: int) -> Interaction | None:
        """The `n`-th answer to a request, None where that many were not recorded."""
        return self._by_key.get((digest, n))

    def count(self, digest: str) -> int:
        """How many answers to a request there are."""
        return self._counts.get(digest, 0)


def read(path: Path) -> Cassette:
    """The index of a file; one that did not change is not read again. A torn interaction is passed over with a warning.

    Raises:
        CassetteError: the file cannot be read, or a line with a request in it is broken.
    """
    try:
        stat = path.stat()
        mark = stat.st_ino, stat.st_size, stat.st_mtime_ns
        known = _known.get(path)
        if known is None or known[0] != mark:
            known = _known[path] = mark, scanned(path)
            _warn_of_torn(known[1])
    except OSError as error:
        raise CassetteError(f'The cassette {path} cannot be read: {error.strerror}.') from None
    return known[1]


_known: dict[Path, tuple[tuple[int, int, int], Cassette]] = {}


def _warn_of_torn(cassette: Cassette) -> None:
    if cassette.torn:
        lines = ', '.join(map(str, cassette.torn))
        warn(
            f'The cassette {cassette.path} has no end for what begins in line {lines}: the process that recorded it '
            'died, or the disk was full. It is passed over; record it again.'
        )


def scanned(path: Path) -> Cassette:
    """The index, read anew and without a word on what is torn.

    Raises:
        CassetteError: a line with a request in it is broken.
        OSError: the file cannot be read.
    """
    if not path.stat().st_size:
        return Cassette(path)
    with path.open('rb') as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return _indexed(path, data)


def _indexed(path: Path, data: mmap.mmap) -> Cassette:
    """One pass over the lines that hold an object: pieces begin with a bracket, and are skipped at memory speed."""
    found: list[Interaction] = []
    torn: list[int] = []
    begun: tuple[int, str, int] | None = None  # offset, digest, number
    for start in _objects(data):
        if _REQUEST.match(data, start):
            if begun:
                torn.append(_line_number(data, begun[0]))
            key = _key(data, start)
            if isinstance(key, str):
                torn.append(_last_words(path, data, start, key))
            begun = None if isinstance(key, str) else (start, *key)
        elif _END.match(data, start):
            stop = _line_end(data, start)
            if begun and _is_whole(data[start:stop]):
                found.append(Interaction(path, *begun[1:], begun[0], stop))
                begun = None
        elif begun is None:
            torn.append(_last_words(path, data, start, 'it belongs to no request'))
    if begun:
        torn.append(_line_number(data, begun[0]))
    return Cassette(path, found, torn)


def _objects(data: mmap.mmap) -> Iterator[int]:
    """The offsets of the lines that begin with a brace; none is inside a text, where a line end is escaped."""
    if data[:1] == b'{':
        yield 0
    at = data.find(b'\n{')
    while at >= 0:
        yield at + 1
        at = data.find(b'\n{', at + 1)


def _line_end(data: mmap.mmap, start: int) -> int:
    end = data.find(b'\n', start)
    return end + 1 if end >= 0 else len(data)


def _line_number(data: mmap.mmap, offset: int) -> int:
    return data[:offset].count(b'\n') + 1


def _key(data: mmap.mmap, start: int) -> tuple[str, int] | str:
    """Digest and number of a request, without reading its body; or what is wrong with its line."""
    if found := _HEAD.match(data, start):
        return found[1].decode(), int(found[2])
    try:
        match json.loads(data[start : _line_end(data, start)]):
            case {'request': str(digest), 'n': int(n)}:
                return digest, n
            case _:
                return 'a request has a `request` (the digest of its body) and an `n`'
    except ValueError as error:
        return f'it is no JSON ({error})'


def _last_words(path: Path, data: mmap.mmap, start: int, what: str) -> int:
    """The number of a broken line, where it is the last that a process wrote.

    Raises:
        CassetteError: there is more of its interaction below it, so somebody has edited it.
    """
    end, number = _line_end(data, start), _line_number(data, start)
    if end < len(data) and not _REQUEST.match(data, end):
        raise _unreadable(path, number, what)
    return number


def _is_whole(raw: bytes) -> bool:
    """Whether the last line of an interaction is one: a process may die while it writes it."""
    try:
        return len(raw) <= _LONGEST_END and isinstance(json.loads(raw), dict)
    except ValueError:
        return False

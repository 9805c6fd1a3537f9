"""One interaction, written while it streams, and moved whole to its cassette at its end.

Two processes may record to one cassette: each interaction has a part file of its own beside it, which is appended to
the cassette under a lock. A part file that a process left when it was killed is found by the next one that records.

Nothing here may break the answer that is recorded: what cannot be written is warned of once, and left.
"""

from __future__ import annotations

import atexit
import glob
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any, Final

from jupyter_stream.cassettes.file import End, Interaction, chunk_line, line, read, scanned, warn
from jupyter_stream.cassettes.scrub import hidden, kept_headers
from jupyter_stream.exceptions import CassetteError

__all__ = ('Writer', 'adopt', 'locked', 'prepare', 'rewrite')

FLUSH_SECONDS: Final = 0.25
FLUSH_LINES: Final = 256
"""What may wait to be written. A process that is killed loses it with the answer that it belongs to."""

LOCK_SECONDS: Final = 5.0
"""How long another process is waited for; then the part file stays, and is moved by whoever records next."""

_TAIL: Final = 512
"""Bytes that are looked at again with the next ones."""

_PART: Final = '.part'
_numbers = count(1)


class Writer:
    """Writes one interaction.

    Args:
        path: the cassette; its folder is made.
        request: the first line: `request`, `n`, `protocol`, `method`, `url`, `body`.
        replaces: says by its number which other recording of the same request this one takes the place of; one of
            the same number in any case.
        refused: says why a piece of what would be written must not be, None where it may.
    """

    def __init__(
        self,
        path: Path,
        request: Mapping[str, Any],
        *,
        replaces: Callable[[int], bool] = lambda n: False,
        refused: Callable[[bytes], str | None] = lambda data: None,
    ) -> None:
        self.path = path
        self._request = dict(request)
        self._replaces = replaces
        self._refused = refused
        self._waiting: list[tuple[int, bytes]] = []
        self._tail = b''
        self._file: int | None = None
        self._part = path
        self._flushed = time.perf_counter()
        self.failed = False

    def begin(self, status: int, headers: Mapping[str, str]) -> None:
        """The head of the answer has come."""
        with self._guarded():
            adopt(self.path)
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._part = self.path.with_name(f'{self.path.name}.{_alive(os.getpid())}-{next(_numbers)}{_PART}')
            self._file = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, 'O_BINARY', 0), 0o644)
            head = line(self._request) + line({'status': status, 'headers': kept_headers(headers)})
            self._check(head)
            self._write(head)

    def chunk(self, ms: int, data: bytes) -> None:
        """A piece of the body has come, `ms` milliseconds after the request was sent."""
        self._waiting.append((ms, data))
        if len(self._waiting) >= FLUSH_LINES or time.perf_counter() - self._flushed >= FLUSH_SECONDS:
            self._flush_lines(data)

    def _flush_lines(self, data: bytes) -> None:
        """Flush, unless a line of the stream goes on in the next piece: it is looked at whole."""
        if data.endswith(b'\n') or len(self._waiting) > 4 * FLUSH_LINES:
            self._flush()

    def end(self, end: End) -> None:
        """The answer is over: move it to the cassette."""
        self._flush()
        if self.failed:
            return
        with self._guarded():
            self._write(end.line())
            self._close()
            with locked(self.path) as has_lock:
                if has_lock:
                    self._move()

    def _move(self) -> None:
        raw = self._part.read_bytes()
        if old := self._superseded():
            rewrite(self.path, old[0], raw, old)
        else:
            append(self.path, raw)
        self._part.unlink()

    def _superseded(self) -> list[Interaction]:
        if not self.path.exists():
            return []
        same = [one for one in read(self.path).interactions if one.digest == self._request['request']]
        return [one for one in same if one.n == self._request['n'] or self._replaces(one.n)]

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        self._flushed = time.perf_counter()
        if not waiting or self.failed:
            return
        with self._guarded():
            whole = b''.join(data for _, data in waiting)
            self._check(whole)
            self._write(b''.join(chunk_line(*piece) for piece in _cut(hidden(whole), waiting)))

    def _check(self, data: bytes) -> None:
        """Refuse what must not be written. It may lie across the border of two pieces."""
        if why := self._refused(self._tail + data):
            raise _Refused(why)
        self._tail = (self._tail + data)[-_TAIL:]

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view and self._file is not None:
            view = view[os.write(self._file, view) :]

    @contextmanager
    def _guarded(self) -> Generator[None]:
        """What goes wrong ends the recording with one warning, and not the answer."""
        try:
            yield
        except (OSError, ImportError, CassetteError, _Refused) as error:
            self.failed = True
            self._close()
            self._drop()
            why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            warn(f'The answer was not recorded in {self.path}: {why.rstrip(".")}.')

    def _drop(self) -> None:
        """What is written of it goes away, and never the cassette itself."""
        with suppress(OSError):
            if self._part != self.path:
                self._part.unlink(missing_ok=True)

    def _close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _cut(whole: bytes, pieces: Iterable[tuple[int, bytes]]) -> Iterable[tuple[int, bytes]]:
    """The body in the pieces that it came in."""
    at = 0
    for ms, data in pieces:
        yield ms, whole[at : at + len(data)]
        at += len(data)


class _Refused(Exception):
    """What would be written must not be."""


# ------------------------------------------------------------------- the cassette


def append(path: Path, raw: bytes) -> None:
    """Add lines behind the last one; where they do not fit on the disk, the file is left as it was."""
    with path.open('ab') as file:
        before = file.tell()
        try:
            file.write(b'' if not before or _ends_with_line(path) else b'\n')
            file.write(raw)
            file.flush()
        except OSError:
            with suppress(OSError):
                os.truncate(path, before)
            raise


def _ends_with_line(path: Path) -> bool:
    with path.open('rb') as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b'\n'


def rewrite(path: Path, place: Interaction | None, raw: bytes, dropped: Sequence[Interaction]) -> None:
    """Write the file anew without some of its interactions, and with new lines in the place of one of them."""
    new = path.with_name(f'{path.name}.{_alive(os.getpid())}-{next(_numbers)}.new')
    try:
        with path.open('rb') as source, new.open('wb') as target:
            for one in sorted(dropped, key=lambda one: one.start):
                _copy(source, target, one.start - source.tell())
                target.write(raw if one is place else b'')
                source.seek(one.stop)
            shutil.copyfileobj(source, target)
        shutil.copymode(path, new)
        os.replace(new, path)
    finally:
        new.unlink(missing_ok=True)


def _copy(source: Any, target: Any, size: int) -> None:
    while size > 0:
        piece = source.read(min(size, 2**20))
        target.write(piece)
        size -= len(piece)


@contextmanager
def locked(path: Path) -> Generator[bool]:
    """Inside, no other process of this machine writes to the file. False where one did for too long."""
    from filelock import Timeout

    lock = _lock(str(path.absolute()))
    try:
        lock.acquire(timeout=LOCK_SECONDS)
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


def _lock(name: str) -> Any:
    """A lock by name. Its file is where temporary files are, so that none lies beside a notebook."""
    from filelock import FileLock

    folder = Path(tempfile.gettempdir())
    return FileLock(folder / f'jupyter-stream-{sha256(name.encode()).hexdigest()[:24]}.lock', mode=0o666)


# ------------------------------------------------------------------- what a killed process left


@cache
def _alive(pid: int) -> str:
    """A name for this process, which holds the lock of that name until it ends, however it does."""
    name = f'{pid:x}{os.urandom(3).hex()}'
    lock = _lock(name)
    lock.acquire()
    _held.append(lock)
    atexit.register(_forget, lock)
    return name


_held: list[Any] = []


def _forget(lock: Any) -> None:
    lock.release()
    with suppress(OSError):
        Path(lock.lock_file).unlink()


def prepare() -> None:
    """Load and lock what a first recording needs, ahead of it; what goes wrong is said when it is needed."""
    with suppress(OSError, ImportError):
        _alive(os.getpid())


def adopt(path: Path) -> None:
    """Move to a cassette what processes that were killed left of it: whole answers; a torn one is dropped, and said."""
    for part in _left(path):
        with locked(path) as has_lock, suppress(OSError):
            if has_lock:
                _adopted(path, part)


def _adopted(path: Path, part: Path) -> None:
    if _is_whole(part):
        append(path, part.read_bytes())
    else:
        warn(
            f'An answer that was to be recorded in {path} is torn, since its process was killed in the middle of it: '
            'record it again.'
        )
    part.unlink()


def _is_whole(part: Path) -> bool:
    try:
        return bool(scanned(part).interactions)
    except CassetteError:
        return False


def _left(path: Path) -> Iterable[Path]:
    """The part files of a cassette whose process is gone."""
    for part in path.parent.glob(f'{glob.escape(path.name)}.*{_PART}'):
        name = part.name.removeprefix(f'{path.name}.').partition('-')[0]
        if name != _alive(os.getpid()) and _is_free(name):
            yield part


def _is_free(name: str) -> bool:
    from filelock import Timeout

    lock = _lock(name)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return False
    _forget(lock)
    return True

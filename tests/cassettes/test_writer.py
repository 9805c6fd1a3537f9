"""Writing a cassette: whole or not at all, whoever else writes, whatever the disk says, whenever the process dies."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from jupyter_stream.cassettes import writer as writers
from jupyter_stream.cassettes.file import End, read
from jupyter_stream.cassettes.writer import Writer, adopt
from jupyter_stream.exceptions import CassetteWarning

from .test_file import interaction, request


def record(path: Path, digest: str = 'aa', n: int = 1, *chunks: bytes, after: int = 99) -> Writer:
    writer = Writer(path, request(digest, n), replaces=lambda other: other > after)
    writer.begin(200, {})
    for at, chunk in enumerate(chunks or (b'x',)):
        writer.chunk(at, chunk)
    writer.end(End('complete', 5))
    return writer


def _fill(writer: Writer, count: int) -> None:
    for at in range(count):
        writer.chunk(at, b'x')
    writer.end(End('complete', count))


def recorded(path: Path) -> list[tuple[str, int, bytes]]:
    return [(one.digest, one.n, one.answer().chunks[0][1]) for one in read(path).interactions]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / 'tapes' / 'a.cassette.jsonl'


def test_the_folder_is_made_and_nothing_else_is_left_in_it(path: Path) -> None:
    record(path)
    record(path, 'bb')
    assert recorded(path) == [('aa', 1, b'x'), ('bb', 1, b'x')]
    assert os.listdir(path.parent) == [path.name]


def test_nothing_is_in_the_cassette_before_the_end(path: Path) -> None:
    writer = Writer(path, request())
    writer.begin(200, {})
    writer.chunk(1, b'x')
    assert not path.exists() and len(os.listdir(path.parent)) == 1
    writer.end(End('left', 2))
    assert read(path).interactions[0].answer().end == End('left', 2)


def test_the_same_number_takes_the_place_of_the_old_one(path: Path) -> None:
    for digest in ('aa', 'bb', 'cc'):
        record(path, digest, 1, b'old')
    record(path, 'bb', 1, b'new')
    assert recorded(path) == [('aa', 1, b'old'), ('bb', 1, b'new'), ('cc', 1, b'old')]


def test_a_recording_takes_the_place_of_later_ones_where_it_should(path: Path) -> None:
    for n in (1, 2, 3):
        record(path, 'aa', n, b'old')
    record(path, 'aa', 1, b'new', after=1)
    assert recorded(path) == [('aa', 1, b'new')]
    record(path, 'aa', 2, b'two')
    record(path, 'aa', 1, b'one')
    assert recorded(path) == [('aa', 1, b'one'), ('aa', 2, b'two')]


def test_a_last_line_without_an_end_gets_one(path: Path) -> None:
    record(path)
    path.write_bytes(path.read_bytes().rstrip())
    record(path, 'bb')
    assert [digest for digest, *_ in recorded(path)] == ['aa', 'bb']


def test_a_full_disk_ends_the_recording_with_one_warning(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = Writer(path, request())
    writer.begin(200, {})

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, 'No space left on device')

    monkeypatch.setattr(writers.os, 'write', full)
    with pytest.warns(CassetteWarning, match='not recorded in .*: No space left on device') as said:
        _fill(writer, 1000)
    assert len(said) == 1
    assert os.listdir(path.parent) == []


def test_a_disk_that_is_full_at_the_end_leaves_the_cassette_as_it_was(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(path)
    before = path.read_bytes()

    def full(target: Path, raw: bytes) -> None:
        with target.open('ab') as file:
            file.write(raw[:20])
        os.truncate(target, len(before))
        raise OSError(errno.ENOSPC, 'No space left on device')

    monkeypatch.setattr(writers, 'append', full)
    with pytest.warns(CassetteWarning, match='No space left'):
        record(path, 'bb')
    assert path.read_bytes() == before


def test_a_folder_that_cannot_be_written_is_said_once(tmp_path: Path) -> None:
    (tmp_path / 'file').touch()
    with pytest.warns(CassetteWarning, match='not recorded') as said:
        record(tmp_path / 'file' / 'a.cassette.jsonl')
    assert len(said) == 1


def test_warnings_that_are_errors_do_not_break_the_answer(tmp_path: Path) -> None:
    (tmp_path / 'file').touch()
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter('error')
        record(tmp_path / 'file' / 'a.cassette.jsonl')
    assert ['not recorded' in str(one.message) for one in said] == [True]


def test_what_must_not_be_written_is_seen_across_pieces(path: Path) -> None:
    writer = Writer(path, request(), refused=lambda data: 'it holds the key' if b'sk-secret' in data else None)
    writer.begin(200, {})
    for at in range(writers.FLUSH_LINES - 1):
        writer.chunk(at, b'.')
    writer.chunk(1, b'my sk-')
    writer.chunk(1, b'secret is')
    with pytest.warns(CassetteWarning, match='it holds the key'):
        writer.end(End('complete', 2))
    assert os.listdir(path.parent) == []


CHILD = """
import sys
from pathlib import Path
from jupyter_stream.cassettes.file import End
from jupyter_stream.cassettes.writer import Writer
path, digest, count, whole = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4] == 'whole'
for n in range(1, count + 1):
    writer = Writer(path, {'request': digest, 'n': n, 'method': 'POST', 'url': '/', 'body': {}})
    writer.begin(200, {})
    for at in range(300):
        writer.chunk(at, b'x' * 100)
    if whole or n < count:
        writer.end(End('complete', 300))
print('here', flush=True)
sys.stdin.read() if not whole else None
"""


def child(path: Path, digest: str, count: int, whole: bool) -> subprocess.Popen[str]:
    arguments = [sys.executable, '-c', CHILD, str(path), digest, str(count), 'whole' if whole else 'torn']
    return subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_kill_9_while_recording_loses_only_the_torn_interaction(path: Path) -> None:
    process = child(path, 'aa', 3, whole=False)
    assert process.stdout and process.stdout.readline() == 'here\n'
    assert len(os.listdir(path.parent)) == 2
    with warnings.catch_warnings():
        warnings.simplefilter('error')  # as long as it lives, its part file is its own
        adopt(path)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert len(os.listdir(path.parent)) == 2
    with pytest.warns(CassetteWarning, match='is torn, since its process was killed'):
        adopt(path)
    assert os.listdir(path.parent) == [path.name]
    assert [(one.digest, one.n, len(one.answer().chunks)) for one in read(path).interactions] == [
        ('aa', 1, 300),
        ('aa', 2, 300),
    ]


def test_a_part_file_that_was_left_whole_is_adopted(path: Path) -> None:
    record(path)
    (path.parent / f'{path.name}.dead-1.part').write_bytes(interaction('bb'))
    adopt(path)
    assert [digest for digest, *_ in recorded(path)] == ['aa', 'bb']
    assert os.listdir(path.parent) == [path.name]


def test_two_processes_that_record_at_once_lose_nothing(path: Path) -> None:
    processes = [child(path, digest, 40, whole=True) for digest in ('aa', 'bb')]
    for process in processes:
        process.communicate()
        assert process.returncode == 0
    found = read(path).interactions
    assert sorted((one.digest, one.n) for one in found) == [(d, n) for d in ('aa', 'bb') for n in range(1, 41)]
    assert {len(one.answer().chunks) for one in found} == {300}
    assert os.listdir(path.parent) == [path.name]


def test_without_the_library_of_locks_the_answer_goes_on(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, 'filelock', None)
    writers._alive.cache_clear()  # pyright: ignore[reportPrivateUsage]
    try:
        with pytest.warns(CassetteWarning, match='not recorded in .*filelock') as said:
            record(path)
    finally:
        writers._alive.cache_clear()  # pyright: ignore[reportPrivateUsage]
    assert len(said) == 1 and not path.exists()


def test_a_cassette_that_is_broken_is_left_alone_when_a_recording_fails(path: Path) -> None:
    record(path)
    path.write_bytes(path.read_bytes() + b'{"what": 1}\n{"status": 1}\n')
    before = path.read_bytes()
    with pytest.warns(CassetteWarning, match='not recorded in .*Line 5'):
        record(path, 'aa', 1)
    assert path.read_bytes() == before and os.listdir(path.parent) == [path.name]

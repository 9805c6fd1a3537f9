"""`python -m jupyter_stream.cassettes`: look at recorded answers, drop what nothing uses, see what has changed.

A path is a cassette or a folder with cassettes. Without one it is the folder that JUPYTER_STREAM_CASSETTES names, else
this one.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

from jupyter_stream.cassettes import file
from jupyter_stream.exceptions import CassetteError, UserError
from jupyter_stream.recordings import report
from jupyter_stream.recordings.reading import read_out

__all__ = ('cassettes_of', 'main')

_FOLDER: Final = 'JUPYTER_STREAM_CASSETTES'


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code: 0 where it is done, 1 where it cannot be."""
    given, command = _split(sys.argv[1:] if arguments is None else arguments)
    options = _parser().parse_args(given)
    try:
        for line in _COMMANDS[options.command].run(options, command):
            print(line)
    except UserError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _split(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """What is ours, and the command behind `--`."""
    given = list(arguments)
    at = given.index('--') if '--' in given else len(given)
    return given[:at], given[at + 1 :]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='python -m jupyter_stream.cassettes',
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest='command', required=True)
    for name, command in _COMMANDS.items():
        made = commands.add_parser(name, help=command.help, description=command.help)
        for arguments, keywords in command.arguments:
            made.add_argument(*arguments, **keywords)
    return parser


# ------------------------------------------------------------------ the commands


def _list(given: argparse.Namespace, _: Sequence[str]) -> Iterator[str]:
    for path in cassettes_of(given.path):
        interactions = file.read(path).interactions
        yield f'{path} ({_count(len(interactions), "recording")}, {path.stat().st_size} bytes)'
        rows = [report.row(number, read_out(each), each.n) for number, each in enumerate(interactions, 1)]
        yield report.table(rows) if rows else ''


def _show(given: argparse.Namespace, _: Sequence[str]) -> Iterator[str]:
    interactions = file.read(_cassette(given.path)).interactions
    if given.number is not None and not 1 <= given.number <= len(interactions):
        has = _count(len(interactions), 'recording')
        raise CassetteError(f'There is no recording {given.number} in {given.path}, which has {has}.')
    for number, each in enumerate(interactions, 1):
        if given.number in (None, number):
            yield report.described(number, read_out(each)) + '\n'


def _record(given: argparse.Namespace, _: Sequence[str]) -> Iterator[str]:
    from jupyter_stream.recordings.rerun import notebooks_at, record

    for notebook in notebooks_at(given.notebooks):
        recorded = record(notebook)
        yield f'{notebook}: {recorded}' if recorded else f'{notebook}: nothing was asked'


def _diff(given: argparse.Namespace, _: Sequence[str]) -> Iterator[str]:
    from jupyter_stream.recordings.versions import committed

    if given.new is not None:
        yield from _changed(file.read(_cassette(given.old)), file.read(_cassette(given.new)))
        return
    for path in cassettes_of(given.old):
        with committed(path) as old:
            yield from _changed(old, file.read(path))


def _changed(old: file.Cassette, new: file.Cassette) -> Iterator[str]:
    found = report.changes(old.interactions, new.interactions)
    yield f'{new.path}: {_count(len(found), "change")}'
    yield from map(str, found)


def _prune(given: argparse.Namespace, command: Sequence[str]) -> Iterator[str]:
    from jupyter_stream.recordings.used import used_by

    paths = list(cassettes_of(given.path))
    used = used_by(command or _tests(given.path or _default()))
    for path in paths:
        numbered = enumerate(file.read(path).interactions, 1)
        unused = [(number, each) for number, each in numbered if (path.resolve(), each.digest, each.n) not in used]
        for number, each in unused:
            yield f'{path}: {report.title(number, read_out(each))}'
        if unused and not given.dry_run:
            _drop(path, [each for _, each in unused])
        told = 'would be dropped' if given.dry_run else 'dropped'
        yield f'{path}: {_count(len(unused), "recording")} {told}'


def _drop(path: Path, unused: Sequence[file.Interaction]) -> None:
    from jupyter_stream.cassettes.writer import locked, rewrite

    with locked(path) as has_lock:
        if not has_lock:
            raise CassetteError(f'Another process writes to {path}: wait until it has ended.')
        rewrite(path, None, b'', unused)
    if not path.stat().st_size:
        path.unlink()


def _scrub(given: argparse.Namespace, _: Sequence[str]) -> Iterator[str]:
    from jupyter_stream.recordings.scrubbing import scrubbed

    for path in cassettes_of(given.path):
        yield f'{path}: {_count(scrubbed(path), "recording")} changed'


def _digest(given: argparse.Namespace, _: Sequence[str]) -> Iterator[str]:
    from hashlib import sha256

    paths = list(cassettes_of(given.path))
    root = _root(given.path)
    found = [f'{path.relative_to(root).as_posix()} {sha256(path.read_bytes()).hexdigest()}' for path in paths]
    yield sha256('\n'.join(found).encode()).hexdigest()


# ------------------------------------------------------------------ where cassettes are


def cassettes_of(path: Path | None) -> Iterator[Path]:
    """The cassettes at a path: itself, or all that are in a folder and its folders.

    Raises:
        CassetteError: there is nothing.
    """
    root = path or _default()
    found = sorted(root.rglob(f'*{file.SUFFIX}')) if root.is_dir() else [_cassette(root)]
    if not found:
        raise CassetteError(f'There is no cassette in {root}: their names end with {file.SUFFIX}.')
    yield from found


def _default() -> Path:
    return Path(os.environ.get(_FOLDER, '').strip() or '.')


def _root(path: Path | None) -> Path:
    root = path or _default()
    return root if root.is_dir() else root.parent


def _cassette(path: Path) -> Path:
    if not path.is_file():
        raise CassetteError(f'There is no cassette {path}.')
    return path


def _count(number: int, thing: str) -> str:
    return f'{number} {thing}{"" if number == 1 else "s"}'


def _tests(path: Path) -> list[str]:
    """What runs all that may use the cassettes of a folder, where no command is given: the notebooks beside it."""
    folder = path if path.is_dir() else path.parent
    folder = folder.parent if folder.name == 'cassettes' else folder
    return [
        sys.executable,
        '-m',
        'pytest',
        '-q',
        '--nbval-lax',
        str(folder.parent if folder.name == 'cassettes' else folder),
    ]


class _Run(Protocol):
    def __call__(self, given: argparse.Namespace, command: Sequence[str], /) -> Iterator[str]: ...


class _Command(NamedTuple):
    run: _Run
    help: str
    arguments: Sequence[tuple[tuple[str, ...], Mapping[str, Any]]]


_PATH: Final = (('path',), {'type': Path, 'nargs': '?', 'help': 'a cassette, or a folder with cassettes'})

_COMMANDS: Final[Mapping[str, _Command]] = {
    'record': _Command(
        _record,
        'run notebooks, all their questions asked anew, and save their outputs and their cassettes',
        [(('notebooks',), {'type': Path, 'nargs': '+', 'help': 'a notebook, or a folder with notebooks'})],
    ),
    'list': _Command(_list, 'what is recorded: model, first words, chunks, bytes, milliseconds', [_PATH]),
    'show': _Command(
        _show,
        'what was said, and the answer',
        [
            (('path',), {'type': Path, 'help': 'a cassette'}),
            (('number',), {'type': int, 'nargs': '?', 'help': 'the number that `list` gives it; all without one'}),
        ],
    ),
    'diff': _Command(
        _diff,
        'which requests and answers a new recording changed',
        [
            (
                ('old',),
                {'type': Path, 'nargs': '?', 'help': 'a cassette; alone, what git has of it is the earlier one'},
            ),
            (('new',), {'type': Path, 'nargs': '?', 'help': 'the later cassette'}),
        ],
    ),
    'prune': _Command(
        _prune,
        'drop the recordings that a run of the notebooks does not use: `prune PATH -- COMMAND` runs the command, '
        'without one `pytest --nbval-lax`; where it fails, nothing is dropped',
        [_PATH, (('--dry-run', '-n'), {'action': 'store_true', 'help': 'only say what would be dropped'})],
    ),
    'scrub': _Command(
        _scrub,
        'take out what cassettes must not hold, by the rules of today; what holds a known key is dropped',
        [_PATH],
    ),
    'digest': _Command(_digest, 'one digest of all that is recorded, for caches that know only the code', [_PATH]),
}

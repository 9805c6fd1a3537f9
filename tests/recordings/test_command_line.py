"""`python -m jupyter_stream.cassettes`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_stream.cassettes.file import End, chunk_line, line, read
from jupyter_stream.exceptions import CassetteWarning
from jupyter_stream.recordings.command import main


def recording(prompt: str, answer: str, n: int = 1, ms: int = 120, **settings: object) -> bytes:
    """The lines of one recording; its key is the prompt."""
    body = {'model': 'toy', 'messages': [{'role': 'user', 'content': prompt}], **settings}
    digest = prompt.encode().hex() + str(settings.get('temperature', '')).encode().hex()
    request = {'request': digest, 'n': n, 'protocol': 'openai_chat', 'method': 'POST', 'url': '/x', 'body': body}
    chunks = [
        chunk_line(at, f'data: {json.dumps({"choices": [{"index": 0, "delta": {"content": word}}]})}\n\n'.encode())
        for at, word in enumerate(answer.split(' '))
    ]
    return b''.join([line(request), line({'status': 200, 'headers': {}}), *chunks, End('complete', ms).line()])


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cassette with three recordings, in `cassettes` of the working folder."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / 'cassettes' / 'tour.cassette.jsonl'
    path.parent.mkdir()
    path.write_bytes(
        recording('The capital of France?', 'Paris')
        + recording('And of Italy?', 'Rome')
        + recording('And of Italy?', 'Rome!', 2)
    )
    return path


def said(capsys: pytest.CaptureFixture[str], *arguments: object, code: int = 0) -> str:
    assert main([str(argument) for argument in arguments]) == code
    out, err = capsys.readouterr()
    return err if code else out


def test_list_says_what_is_in_each_file(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys, 'list', '.').splitlines()

    assert lines[0] == f'cassettes/tour.cassette.jsonl (3 recordings, {path.stat().st_size} bytes)'
    assert lines[2].split() == ['1', 'toy', 'The', 'capital', 'of', 'France?', '1', '66', '120']
    assert lines[4].endswith('again (2)')


def test_without_a_path_it_is_the_folder_of_the_environment(
    path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv('JUPYTER_STREAM_CASSETTES', str(path.parent))
    monkeypatch.chdir('/')

    assert said(capsys, 'list').startswith(str(path))


def test_show_has_the_prompt_and_the_answer(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = said(capsys, 'show', path, 1)

    assert '1. toy (200, complete, 1 chunk, 66 bytes, 120 ms)' in shown
    assert 'user:\n    The capital of France?\nanswer:\n    Paris\n' in shown
    assert 'Rome' not in shown
    assert 'Rome!' in said(capsys, 'show', path)


@pytest.mark.parametrize(
    ('arguments', 'why'),
    [
        pytest.param(['show', 'cassettes/tour.cassette.jsonl', '4'], 'no recording 4', id='no-such-number'),
        pytest.param(['show', 'nothing.cassette.jsonl'], 'no cassette nothing', id='no-such-file'),
        pytest.param(['list', 'empty'], 'no cassette in empty', id='nothing-in-the-folder'),
        pytest.param(['diff', 'cassettes'], 'in no git repository', id='no-repository'),
        pytest.param(['prune', 'cassettes', '--', 'no-such-program'], 'cannot be run', id='no-such-program'),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    arguments: list[str], why: str, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (path.parent.parent / 'empty').mkdir()

    assert why in said(capsys, *arguments, code=1)


# ------------------------------------------------------------------ diff


def test_diff_shows_a_prompt_that_changed_by_a_word(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new = path.with_name('new.cassette.jsonl')
    kept = recording('And of Italy?', 'Rome', ms=500) + recording('And of Italy?', 'Rome!', 2)
    new.write_bytes(kept + recording('The capital of Spain?', 'Madrid'))

    assert said(capsys, 'diff', path, new).splitlines() == [
        f'{new}: 1 change',
        'changed: 3. toy: The capital of Spain?',
        '  request',
        '    @@ -1 +1 @@',
        '    -user: The capital of France?',
        '    +user: The capital of Spain?',
        '  answer',
        '    @@ -1 +1 @@',
        '    -Paris',
        '    +Madrid',
    ]


def test_diff_tells_new_and_gone_settings_and_answers(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new = path.with_name('new.cassette.jsonl')
    new.write_bytes(
        recording('The capital of France?', 'Paris', temperature=1)
        + recording('And of Italy?', 'Milan')
        + recording('Who wrote Faust, and when was that?', 'Goethe')
    )
    shown = said(capsys, 'diff', path, new)

    assert 'changed: 1. toy: The capital of France?\n  settings\n    @@ -0,0 +1 @@\n    +temperature: 1\n' in shown
    assert 'changed: 2. toy: And of Italy?\n  answer\n    @@ -1 +1 @@\n    -Rome\n    +Milan\n' in shown
    assert 'new: 3. toy: Who wrote Faust' in shown
    assert 'gone: 3. toy: And of Italy?' in shown


def test_diff_says_nothing_of_times_and_pieces(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new = path.with_name('new.cassette.jsonl')
    new.write_bytes(path.read_bytes().replace(b'"ms": 120', b'"ms": 7'))

    assert said(capsys, 'diff', path, new) == f'{new}: 0 changes\n'


def test_diff_of_one_file_is_against_what_git_has(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    git = ['git', '-c', 'user.name=a', '-c', 'user.email=a@example.org']
    for command in (['init', '-q'], ['add', '.'], ['commit', '-q', '-m', 'cassettes']):
        subprocess.run([*git, *command], check=True)
    path.write_bytes(path.read_bytes().replace(b'Paris', b'Lyons'))
    path.with_name('added.cassette.jsonl').write_bytes(recording('Hello?', 'Hi'))

    shown = said(capsys, 'diff', '.')

    assert 'tour.cassette.jsonl: 1 change\n' in shown
    assert '    -Paris\n    +Lyons\n' in shown
    assert 'added.cassette.jsonl: 1 change\nnew: 1. toy: Hello?' in shown


# ------------------------------------------------------------------ prune, digest

USES_FIRST = """
from jupyter_stream.cassettes import file, uses
uses.note(file.read(file.Path('cassettes/tour.cassette.jsonl')).interactions[0])
"""


def test_prune_drops_what_the_command_did_not_use(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ['--', sys.executable, '-c', USES_FIRST]
    before = path.read_bytes()
    told = said(capsys, 'prune', '.', '--dry-run', *command)

    assert 'cassettes/tour.cassette.jsonl: 2 recordings would be dropped' in told
    assert path.read_bytes() == before

    told = said(capsys, 'prune', '.', *command)

    assert 'cassettes/tour.cassette.jsonl: 3. toy: And of Italy?' in told
    assert path.read_bytes() == recording('The capital of France?', 'Paris')


def test_prune_removes_a_file_that_is_empty_then(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, 'prune', path, '--', sys.executable, '-c', '')

    assert not path.exists()


def test_prune_drops_nothing_when_the_command_fails(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    why = said(capsys, 'prune', '.', '--', sys.executable, '-c', 'raise SystemExit(3)', code=1)

    assert 'failed with 3' in why
    assert len(read(path).interactions) == 3


def test_digest_follows_names_and_contents(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = said(capsys, 'digest', path.parent)
    assert len(first.strip()) == 64
    assert said(capsys, 'digest', path.parent.absolute()) == first

    path.write_bytes(path.read_bytes().replace(b'Paris', b'Lyons'))
    second = said(capsys, 'digest', path.parent)
    path.rename(path.with_name('other.cassette.jsonl'))
    third = said(capsys, 'digest', path.parent)

    assert len({first, second, third}) == 3


# ------------------------------------------------------------------ scrub


def test_scrub_applies_the_rules_of_today(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, 'scrub', path)  # the digests here are made up
    clean = path.read_bytes()
    assert said(capsys, 'scrub', path) == f'{path}: 0 recordings changed\n'

    account = b'org-' + b'A1b2' * 6
    path.write_bytes(
        clean.replace(b'"headers": {}', b'"headers": {"openai-organization": "acme"}').replace(b'Paris', account)
    )
    assert said(capsys, 'scrub', path) == f'{path}: 3 recordings changed\n'

    assert b'acme' not in path.read_bytes()
    assert account not in path.read_bytes()
    assert len(read(path).interactions) == 3
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_scrub_drops_what_holds_a_known_key(
    path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    key = 'sk-a-key-that-nobody-may-see'
    monkeypatch.setenv('OPENAI_API_KEY', key)
    path.write_bytes(path.read_bytes().replace(b'Paris', key.encode()))

    with pytest.warns(CassetteWarning, match='OPENAI_API_KEY'):
        said(capsys, 'scrub', path)

    assert key.encode() not in path.read_bytes()
    assert len(read(path).interactions) == 2

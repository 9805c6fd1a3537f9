"""The file of a cassette: what is written is read back; what is broken is said with its line."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import pytest

from jupyter_stream.cassettes import file
from jupyter_stream.cassettes.file import Cassette, End, chunk_line, line, read
from jupyter_stream.exceptions import CassetteError, CassetteWarning

HEAD = {'status': 200, 'headers': {'content-type': 'text/event-stream'}}


def request(digest: str = 'abc1', n: int = 1, body: object = None) -> dict[str, object]:
    return {'request': digest, 'n': n, 'protocol': 'p', 'method': 'POST', 'url': '/v1', 'body': body or {'a': 1}}


def interaction(digest: str = 'abc1', n: int = 1, *chunks: bytes, ms: int = 9) -> bytes:
    lines = [chunk_line(index, chunk) for index, chunk in enumerate(chunks or (b'data: x\n\n',))]
    return b''.join([line(request(digest, n)), line(HEAD), *lines, End('complete', ms).line()])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / 'a.cassette.jsonl'


def test_what_was_written_is_read_back_to_the_byte(path: Path) -> None:
    chunks = [b'data: {"t": "caf\xc3\xa9"}\n\n', b'half \xc3', b'\xa9 of it', b'\x00\xff', '\u2028 "\\'.encode()]
    path.write_bytes(interaction('abc1', 1, *chunks))
    found = read(path).find('abc1', 1)
    assert found
    answer = found.answer()
    assert [data for _, data in answer.chunks] == chunks
    assert [ms for ms, _ in answer.chunks] == [0, 1, 2, 3, 4]
    assert answer.status == 200 and answer.headers == HEAD['headers'] and answer.end == End('complete', 9)
    assert found.request()['body'] == {'a': 1}


def test_only_the_chunk_that_is_no_utf8_is_base64() -> None:
    assert json.loads(chunk_line(3, b'\xff')) == [3, {'b64': '/w=='}]
    assert json.loads(chunk_line(3, b'caf\xc3\xa9')) == [3, 'café']


def test_interactions_are_found_by_digest_and_number(path: Path) -> None:
    path.write_bytes(interaction('aa', 1, b'1') + interaction('bb', 1, b'2') + interaction('aa', 2, b'3'))
    cassette = read(path)
    assert [(one.digest, one.n) for one in cassette.interactions] == [('aa', 1), ('bb', 1), ('aa', 2)]
    assert [data for one in cassette.interactions for _, data in one.answer().chunks] == [b'1', b'2', b'3']
    assert cassette.count('aa') == 2 and cassette.count('cc') == 0
    assert cassette.find('aa', 3) is None


def test_of_two_with_one_number_the_later_one_counts(path: Path) -> None:
    path.write_bytes(interaction('aa', 1, b'old') + interaction('aa', 1, b'new'))
    found = read(path).find('aa', 1)
    assert found and found.answer().chunks[0][1] == b'new'


def test_a_file_that_did_not_change_is_read_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_bytes(interaction())
    first = read(path)
    assert read(path) is first
    path.write_bytes(interaction() + interaction('ff'))
    assert len(read(path).interactions) == 2


@pytest.mark.parametrize('left', ['', '[3, "a"]\n', '[3, "a"]\n{"end": "comp', '[3, "a"]\n{"end": "complete"'])
def test_a_torn_interaction_is_passed_over_with_a_warning(path: Path, left: str) -> None:
    path.write_bytes(interaction('aa') + line(request('bb')) + line(HEAD) + left.encode())
    with pytest.warns(CassetteWarning, match='no end for what begins in line 5'):
        cassette = read(path)
    assert [one.digest for one in cassette.interactions] == ['aa']
    with warnings.catch_warnings():  # once is enough
        warnings.simplefilter('error')
        assert read(path) is cassette


def test_a_torn_one_in_the_middle_costs_no_other(path: Path) -> None:
    torn = line(request('bb')) + line(HEAD) + b'[3, "da\n'
    path.write_bytes(interaction('aa') + torn + interaction('cc'))
    with pytest.warns(CassetteWarning, match='line 5'):
        assert [one.digest for one in read(path).interactions] == ['aa', 'cc']


def test_a_request_that_is_cut_at_the_end_is_torn(path: Path) -> None:
    path.write_bytes(interaction('aa') + b'{"request": "b')
    with pytest.warns(CassetteWarning, match='line 5'):
        assert [one.digest for one in read(path).interactions] == ['aa']


def test_a_file_with_other_line_ends_blank_lines_and_other_spacing_is_read(path: Path) -> None:
    text = interaction('aa').decode().replace('\n', '\r\n') + '\r\n'
    path.write_bytes(text.encode() + interaction('bb').replace(b'{"request": ', b'{  "request" :'))
    assert [one.digest for one in read(path).interactions] == ['aa', 'bb']
    assert [one.answer().end.end for one in read(path).interactions] == ['complete', 'complete']


def test_an_empty_file_is_a_cassette_without_interactions(path: Path) -> None:
    path.touch()
    assert read(path) == Cassette(path)


def test_a_file_that_is_not_there_is_an_error(path: Path) -> None:
    with pytest.raises(CassetteError, match='cannot be read: No such file'):
        read(path)


EDITED = {
    'request': (0, b'{"request": "aa", "n": one}\n', r'Line 5 .*no JSON'),
    'status': (1, b'{"status": "ok"}\n', r'Line 6 .*must have a `status`'),
    'chunk': (2, b'[12, data]\n', r'Line 7 .*no JSON'),
    'piece': (2, b'["12", "data"]\n', r'Line 7 .*must be `\[milliseconds, "text"\]`'),
    'base64': (2, b'[12, {"b64": "*"}]\n', r'Line 7 .*must be `\[milliseconds, "text"\]`'),
    'end': (3, b'{"end": "done", "ms": 3}\n', r'Line 8 .*one of complete, cut, left'),
}


@pytest.mark.parametrize('name', EDITED)
def test_a_line_that_was_edited_wrongly_is_named(path: Path, name: str) -> None:
    number, text, match = EDITED[name]
    lines = interaction('aa').splitlines(keepends=True)
    lines[number] = text
    path.write_bytes(interaction('00') + b''.join(lines) + interaction('ff'))
    with pytest.raises(CassetteError, match=match):
        read(path).interactions[1].answer()


def test_half_a_character_is_no_text(path: Path) -> None:
    path.write_bytes(interaction('aa').replace(b'data: x', b'\\ud800'))
    with pytest.raises(CassetteError, match='Line 3'):
        read(path).interactions[0].answer()


def test_pieces_are_not_parsed_for_the_index(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_bytes(b''.join(interaction(f'{index:04x}', 1, *[b'x' * 80] * 50) for index in range(50)))
    parsed: list[object] = []
    loads = json.loads
    monkeypatch.setattr(file.json, 'loads', lambda raw: parsed.append(raw) or loads(raw))
    assert len(read(path).interactions) == 50
    assert len(parsed) == 50  # the ends, which are short

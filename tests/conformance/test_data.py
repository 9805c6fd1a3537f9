"""The committed data are whole, and say what those in the shared folder say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jupyter_stream.messages import ModelMessagesTypeAdapter
from tools import conformance_data

from . import committed, recordings
from .compare import compared
from .conftest import expected
from .replay import parameters

PROTOCOLS = sorted(path.stem for path in (committed.DATA / 'requests').glob('*.jsonl') if path.stem != 'inputs')


def test_nothing_is_missing() -> None:
    assert sum(len(committed.streams(wire)) for wire in recordings.WIRES) == 221
    assert len(PROTOCOLS) == 17
    assert sum(len(committed.requests(protocol)) for protocol in PROTOCOLS) == 928
    assert len(committed.rows('payloads.jsonl')) == 140
    assert len(committed.rows('addresses.jsonl')) == 19
    assert len(committed.rows('sse.jsonl')) == 5
    assert len(committed.rows('eventstream.jsonl')) == 3


def test_each_has_an_id_of_its_own() -> None:
    found = [*recordings.streams(*recordings.WIRES), *recordings.requests(*PROTOCOLS)]
    assert len({one.id for one in found}) == len(found)


def test_it_is_well_below_four_megabytes() -> None:
    assert sum(path.stat().st_size for path in committed.DATA.rglob('*') if path.is_file()) < 1_500_000


@pytest.mark.shared
def test_the_shared_folder_is_whole() -> None:
    kinds = [recorded.kind for recorded in recordings.streams(*recordings.WIRES)]
    assert {kind: kinds.count(kind) for kind in kinds} == {'hand-made': 221, 'recorded': 88, 'synthetic': 80}
    assert len(recordings.payloads()) == 1331


@pytest.mark.shared
def test_they_are_what_the_tool_makes(tmp_path: Path) -> None:
    conformance_data.main([str(recordings.DATA), '--out', str(tmp_path)])
    made = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob('*') if path.is_file()}
    assert {path: (committed.DATA / path).read_bytes() for path in made} == made
    kept = {path.relative_to(committed.DATA) for path in committed.DATA.rglob('*') if path.is_file()}
    assert kept - {*made} == {Path('README.md')}


@pytest.mark.shared
def test_the_streams_say_the_same() -> None:
    paths = {path: json.loads(path.read_text()) for path in (recordings.DATA / 'streams').glob('*.json')}
    for path, row in paths.items():
        if row['kind'] == 'hand-made':
            theirs, ours = recordings.shared_stream(path, row), recordings.stream(row['id'])
            for name in ('kind', 'wire', 'model', 'status', 'headers', 'body'):
                assert getattr(ours, name) == getattr(theirs, name), (row['id'], name)
            assert expected(ours) == expected(theirs), row['id']
            assert parameters(ours.params) == parameters(theirs.params), row['id']


@pytest.mark.shared
def test_the_requests_say_the_same() -> None:
    ours = {request.id: request for request in recordings.requests(*PROTOCOLS)}
    for path in (recordings.DATA / 'requests').glob('*.json'):
        row, request = json.loads(path.read_text()), ours.pop(path.stem)
        assert (request.model, request.settings) == (row['model'], row['settings'] or {}), path.stem
        assert parameters(request.params) == parameters(row['params']), path.stem
        messages = [ModelMessagesTypeAdapter.validate_python(one) for one in (request.messages, row['messages'])]
        assert messages[0] == messages[1], path.stem
        wanted = None if row['error'] else {name: row['request'][name] for name in ('path', 'body')}
        assert request.expected == wanted, path.stem
    assert ours == {}


def test_what_is_compared_stays_the_same_when_it_is_reduced_again() -> None:
    for recorded in recordings.streams(*recordings.WIRES):
        once = compared(recorded.golden['events'], recorded.golden['final'])
        assert compared(once['events'], once['final']) == once, recorded.id

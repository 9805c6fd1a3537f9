"""What the tests of recorded traffic share.

A test module says in `STREAMS` and `REQUESTS` which groups of recordings it is for, and in `PERMITTED` where ours
differs from the peer on purpose: the recording's id, and why. A test that asks for `recorded_stream` or
`recorded_request` runs once for each of them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from . import recordings


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    for name, kind, groups in (('recorded_stream', 'streams', 'STREAMS'), ('recorded_request', 'requests', 'REQUESTS')):
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, recordings.recordings(kind, *getattr(metafunc.module, groups)))


@pytest.fixture(scope='module')
def loaded() -> tuple[ModuleType, dict[str, str]]:
    return recordings.load()


@pytest.fixture
def check(loaded: tuple[ModuleType, dict[str, str]]) -> Iterator[ModuleType]:
    """The checker, with the environment that it wants."""
    with patch.dict(os.environ, loaded[1]):
        yield loaded[0]


@pytest.fixture
def hold_stream(check: ModuleType, request: pytest.FixtureRequest) -> Callable[[Path], None]:
    return lambda path: recordings.hold_stream(check, path, request.module.PERMITTED)


@pytest.fixture
def hold_request(check: ModuleType) -> Callable[[Path], None]:
    return lambda path: recordings.hold_request(check, path)


@pytest.fixture
def hold_split(check: ModuleType) -> Callable[[Path], None]:
    """The same bytes mean the same, wherever the network cuts them."""

    def hold(path: Path) -> None:
        whole = recordings.decoded(check, path)

        @settings(max_examples=8, deadline=None, database=None)
        @given(cuts=st.lists(st.integers(0, 2**18), max_size=40))
        def same(cuts: list[int]) -> None:
            assert recordings.decoded(check, path, cuts) == whole

        same()

    return hold


@pytest.fixture(scope='session')
def recorded_ids() -> set[str]:
    if not (recordings.DATA / 'check.py').is_file():
        pytest.skip(recordings.MISSING)
    return recordings.known_ids()

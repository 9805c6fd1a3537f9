"""What the tests of recorded traffic share.

A test module says in `STREAMS` and `REQUESTS` which protocols it is for, and in `PERMITTED` where ours differs from the
peer on purpose: the stream's id, and why. A test that asks for `recorded_stream` or `recorded_request` runs once for
each of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from . import recordings
from .compare import compared, with_arguments_as_values
from .recordings import Request, Stream
from .replay import ENVIRONMENT, decoded, replayed, sent

PIECE = 37
"""Bytes: neither a line nor a frame begins or ends where such pieces do."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if 'recorded_stream' in metafunc.fixturenames:
        metafunc.parametrize('recorded_stream', recordings.stream_params(*metafunc.module.STREAMS))
    if 'recorded_request' in metafunc.fixturenames:
        metafunc.parametrize('recorded_request', recordings.request_params(*metafunc.module.REQUESTS))


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def hold_stream(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Ours is the peer's, event by event; or it differs where that is permitted, and then it must."""

    def hold(recorded: Stream, base_url: str | None = None) -> None:
        wanted = expected(recorded)
        got = [replayed(recorded, size, base_url) for size in (len(recorded.body), PIECE)]
        if reason := request.module.PERMITTED.get(recorded.id):
            assert got != [wanted, wanted], f'{recorded.id} matches the peer now; take it out of PERMITTED ({reason})'
        else:
            assert got[0] == wanted
            assert got[1] == wanted

    return hold


def expected(recorded: Stream) -> dict[str, Any]:
    golden = recorded.golden
    error = golden['error'] and {'status_code': golden['error'].get('status_code')}
    return compared(golden['events'], golden['final']) | {'error': error}


@pytest.fixture
def hold_request() -> Callable[[Request], None]:
    """Ours is the peer's, to the letter."""

    def hold(recorded: Request) -> None:
        assert with_arguments_as_values(sent(recorded)) == with_arguments_as_values(recorded.expected)

    return hold


@pytest.fixture
def hold_split() -> Callable[[Stream], None]:
    """The same bytes mean the same, wherever the network cuts them."""

    def hold(recorded: Stream) -> None:
        whole = decoded(recorded)

        @settings(max_examples=8, deadline=None, database=None)
        @given(cuts=st.lists(st.integers(0, 2**18), max_size=40))
        def same(cuts: list[int]) -> None:
            assert decoded(recorded, cuts) == whole

        same()

    return hold


@pytest.fixture(scope='session')
def recorded_ids() -> set[str]:
    """The ids of all streams that could be permitted to differ."""
    return {param.id for param in recordings.stream_params(*recordings.WIRES)}

"""Recorded traffic of Cohere; see `conftest`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .recordings import MISSING, decoded, found

STREAMS = REQUESTS = ('cohere',)
PERMITTED: dict[str, str] = {}
BODIES = found('streams', *STREAMS)


def test_stream(recorded_stream: Path, hold_stream: Callable[[Path], None]) -> None:
    hold_stream(recorded_stream)


def test_request(recorded_request: Path, hold_request: Callable[[Path], None]) -> None:
    hold_request(recorded_request)


@pytest.mark.skipif(not BODIES, reason=MISSING)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=st.sampled_from(BODIES or [Path()]), cuts=st.lists(st.integers(0, 2**18), max_size=40))
def test_any_split_gives_the_same_events(path: Path, cuts: list[int], check: ModuleType) -> None:
    assert decoded(check, path, cuts) == decoded(check, path)

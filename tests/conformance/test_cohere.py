"""Recorded traffic of Cohere; see `conftest`."""

from __future__ import annotations

from collections.abc import Callable

from .recordings import Request, Stream

STREAMS = REQUESTS = ('cohere',)
PERMITTED: dict[str, str] = {}


def test_stream(recorded_stream: Stream, hold_stream: Callable[[Stream], None]) -> None:
    hold_stream(recorded_stream)


def test_request(recorded_request: Request, hold_request: Callable[[Request], None]) -> None:
    hold_request(recorded_request)


def test_any_split_gives_the_same_events(recorded_stream: Stream, hold_split: Callable[[Stream], None]) -> None:
    hold_split(recorded_stream)

"""What every test of a fault has: a protocol, and no time to wait."""

from __future__ import annotations

import pytest

from jupyter_stream import transport

from .protocols import PROTOCOLS, Protocol


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Waits between attempts are noted, not waited for."""
    waits: list[float] = []

    async def sleep(self: transport.Deadline, seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr(transport.Deadline, 'sleep', sleep)
    return waits


@pytest.fixture(params=PROTOCOLS, ids=lambda protocol: protocol.name)
def wire(request: pytest.FixtureRequest) -> Protocol:
    return request.param

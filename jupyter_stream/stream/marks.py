"""When what of an answer happened: a few moments of a request, and two of each part. None of a delta."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

__all__ = ('Marks', 'PartMark')


@dataclass(slots=True)
class PartMark:
    """When a part began, and when it ended, on `time.perf_counter`; `ended` is None while it grows.

    `name` is that of the tool, of a call; '' of other parts.
    """

    kind: str
    name: str
    began: float
    ended: float | None = None


@dataclass(slots=True)
class Marks:
    """The moments of a request, on `time.perf_counter`; None where one has not come, or cannot be told.

    Attributes:
        began: the request was about to be sent, or to connect; until then, when its stream was made.
        connected: a connection was there; None where one was used again.
        answered: the head of the answer came, which is its first byte.
        last: content came for the last time.
        parts: the parts in the order of their beginnings.
    """

    began: float = field(default_factory=time.perf_counter)
    connected: float | None = None
    answered: float | None = None
    last: float | None = None
    parts: list[PartMark] = field(default_factory=list[PartMark])

    async def on_trace(self, event: str, info: object) -> None:
        """What httpx calls for each step of a request, as its extension `trace`: not for each piece of the body."""
        if event in ('connection.connect_tcp.complete', 'connection.start_tls.complete'):
            self.connected = time.perf_counter()
        elif event == 'connection.connect_tcp.started' or (
            self.connected is None and event.endswith('.send_request_headers.started')
        ):
            self.began = time.perf_counter()  # what a first request loads and builds takes longer than to connect

"""What sends a request: a recording, which lets what comes pass and keeps it, or a replay, which sends nothing.

Both give an `httpx.Response`, as a transport of httpx does, so everything behind them is the same in a replay: the
limits, the deadlines, the decoders, the errors.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from math import inf
from typing import Any, Final, Protocol

import httpx

from jupyter_stream.cassettes.file import Answer, End
from jupyter_stream.cassettes.writer import Writer, prepare

__all__ = ('Recording', 'Refused', 'Replay', 'Tape')

Refused = Callable[[bytes], str | None]
"""Says why bytes must not be kept, None where they may."""

_LEFT: Final = 'the recording ends here, where its reader had left'


class Tape(Protocol):
    """What sends a request."""

    replays: bool
    """Whether nothing leaves this machine."""

    def paced(self, seconds: float) -> float:
        """How long to wait, where the recorded run waited so long."""
        ...

    async def send(self, client: httpx.AsyncClient, request: httpx.Request, refused: Refused) -> httpx.Response:
        """The response, whose body streams.

        Raises:
            httpx.HTTPError: as sending a request does.
        """
        ...


class Recording:
    """Sends the request, and writes what comes.

    Args:
        writer: makes the writer, which gets what says why something must not be kept.
        nothing: called when there was no answer at all to record.
    """

    replays = False

    def __init__(self, writer: Callable[[Refused], Writer], nothing: Callable[[], None]) -> None:
        self._writer = writer
        self._nothing = nothing

    def paced(self, seconds: float) -> float:
        return seconds

    async def send(self, client: httpx.AsyncClient, request: httpx.Request, refused: Refused) -> httpx.Response:
        ready = asyncio.get_running_loop().run_in_executor(None, prepare)  # while the provider thinks
        began = time.perf_counter()
        try:
            response = await client.send(request, stream=True, follow_redirects=False)
            await ready
        except BaseException:
            self._nothing()
            raise
        writer = self._writer(refused)
        writer.begin(response.status_code, response.headers)
        # What a decoder sees is kept: where the body is compressed, what it is when it is not.
        is_encoded = response.headers.get('content-encoding', 'identity') != 'identity'
        headers = [(name, value) for name, value in response.headers.multi_items() if name != 'content-encoding']
        return httpx.Response(
            response.status_code,
            headers=headers,
            stream=_Tee(response, response.aiter_bytes() if is_encoded else response.stream, writer, began),
            extensions=response.extensions,
            request=request,
        )


class _Tee(httpx.AsyncByteStream):
    """Hands on the pieces of a body, and has each written."""

    def __init__(self, response: httpx.Response, source: Any, writer: Writer, began: float) -> None:
        self._response = response
        self._source: AsyncIterator[bytes] = source
        self._writer = writer
        self._began = began
        self._is_over = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        began, write, clock = self._began, self._writer.chunk, time.perf_counter
        try:
            async for data in self._source:
                if data:
                    write(int((clock() - began) * 1000), data)
                yield data
        except httpx.HTTPError as error:
            self._end(End('cut', self._now(), type(error).__name__, str(error)))
            raise
        self._end(End('complete', self._now()))

    async def aclose(self) -> None:
        self._end(End('left', self._now()))
        await self._response.aclose()

    def _now(self) -> int:
        return int((time.perf_counter() - self._began) * 1000)

    def _end(self, end: End) -> None:
        """Of several ends the first counts: whoever has read all of it closes it as well."""
        if not self._is_over:
            self._is_over = True
            self._writer.end(end)


class Replay:
    """Gives what was recorded, and sends nothing.

    Args:
        answer: what was recorded.
        speed: how much faster than it was recorded; 0 or infinity for at once.
    """

    replays = True

    def __init__(self, answer: Answer, speed: float = 1.0) -> None:
        self._answer = answer
        self._factor = 0.0 if speed in (0, inf) else 1 / speed

    def paced(self, seconds: float) -> float:
        return seconds * self._factor

    async def send(self, client: httpx.AsyncClient, request: httpx.Request, refused: Refused) -> httpx.Response:
        answer = self._answer
        stream = _Played(answer, self._factor)
        return httpx.Response(answer.status, headers=dict(answer.headers), stream=stream, request=request)


class _Played(httpx.AsyncByteStream):
    """The pieces of a body at their times."""

    def __init__(self, answer: Answer, factor: float) -> None:
        self._answer = answer
        self._factor = factor
        self._began = time.perf_counter()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for ms, data in self._answer.chunks:
            await self._until(ms)
            yield data
        end = self._answer.end
        if end.end == 'left':  # nobody knows what would have come
            raise httpx.ReadError(_LEFT)
        await self._until(end.ms)
        if end.end == 'cut':
            raise _error(end)

    async def _until(self, ms: float) -> None:
        wait = self._began + ms / 1000 * self._factor - time.perf_counter() if self._factor else 0
        await asyncio.sleep(max(0, wait))


def _error(end: End) -> httpx.HTTPError:
    kind: Any = getattr(httpx, end.error, None)
    known = isinstance(kind, type) and issubclass(kind, httpx.TransportError)
    return (kind if known else httpx.ReadError)(end.message)

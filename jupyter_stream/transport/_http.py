"""The one place that touches the network: a request out, bytes in, under deadlines.

httpx does the HTTP. What is decided here: which client serves which event loop, when waiting ends, what is worth a
second try, and which of our exceptions an httpx error becomes. Every error is raised with its cause cut off, because
the frames of an HTTP library hold the key in their locals and a verbose traceback would print them; the cause's words
are in the message.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Awaitable, Generator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from weakref import WeakKeyDictionary

import httpx

from jupyter_stream.exceptions import (
    ModelAPIError,
    ModelConnectionError,
    ModelHTTPError,
    ModelOverloadedError,
    ModelQuotaExceededError,
    ModelRateLimitError,
    ModelRequestTimeout,
    ModelServerError,
    ModelTimeoutError,
    ModelUnavailableError,
    StreamLimitError,
)
from jupyter_stream.settings import ModelSettings
from jupyter_stream.transport._addresses import is_loopback
from jupyter_stream.transport._proxies import ByDestination

__all__ = (
    'Allowance',
    'Deadline',
    'Timeouts',
    'client_for_this_loop',
    'connection_error',
    'drain',
    'header_error',
    'read',
    'read_error_body',
    'retry_wait',
)

T = TypeVar('T')

MAX_STREAM_BYTES: Final = 64 * 2**20
MAX_ERROR_BYTES: Final = 2**20
ERROR_BODY_SECONDS: Final = 2.0
"""What the words of a refusal may take, whose status says already what it is."""

MAX_RETRY_AFTER: Final = 60.0
"""Seconds; a provider that asks for a longer pause gets an error raised at once instead."""

DRAIN_SECONDS: Final = 0.1
DRAIN_BYTES: Final = 64 * 2**10
"""What is read of a body after the answer in it has ended: more is no sign of a connection that can be used again."""

KEEP_ALIVE: Final = 60.0
"""Seconds that a connection waits for the next question, which a reader types."""

MAX_HEADER_BYTES: Final = 64 * 2**10
_TOO_LARGE: Final = 'Receive buffer too long'
"""What the HTTP library says of headers that have no end."""

_RETRIED_STATUS: Final = frozenset({408, 409, 425, 429})
_PHASES: Final[Mapping[type[httpx.HTTPError], str]] = {
    httpx.PoolTimeout: 'pool',
    httpx.ConnectTimeout: 'connect',
    httpx.ConnectError: 'connect',
    httpx.WriteTimeout: 'write',
    httpx.WriteError: 'write',
    httpx.ReadTimeout: 'read',
    httpx.ReadError: 'read',
    httpx.RemoteProtocolError: 'read',
}


@dataclass(frozen=True)
class Timeouts:
    """Seconds until waiting ends. See the settings of the same names."""

    connect: float = 5.0
    read: float | None = None
    first_event: float = 120.0
    idle: float = 120.0
    request: float = 600.0

    @classmethod
    def of(cls, settings: ModelSettings) -> Timeouts:
        """From `timeout` (seconds or an `httpx.Timeout`), `first_event_timeout`, `idle_timeout`, `request_timeout`."""
        given: dict[str, Any] = {
            'first_event': settings.get('first_event_timeout'),
            'idle': settings.get('idle_timeout'),
            'request': settings.get('request_timeout'),
        }
        match settings.get('timeout'):
            case httpx.Timeout() as timeout:
                given |= {'connect': timeout.connect, 'read': timeout.read}
            case None:
                pass
            case seconds:
                given |= {'connect': seconds, 'read': seconds}
        return cls(**{name: value for name, value in given.items() if value is not None})

    def httpx(self) -> httpx.Timeout:
        """What httpx itself watches over. Waiting for a free connection counts towards the request."""
        return httpx.Timeout(connect=self.connect, read=self.read, write=self.read, pool=None)


class _StartedEagerly(Awaitable[T]):
    """Goes on with an awaitable that was run up to its first pause, where it yielded `future` to be waited for."""

    def __init__(self, steps: Generator[Any, Any, T], future: Any) -> None:
        self._steps = steps
        self._future = future

    def __await__(self) -> Generator[Any, Any, T]:
        awaited = self._future
        try:
            while True:
                try:
                    value = yield awaited
                except GeneratorExit:
                    self._steps.close()
                    raise
                except BaseException as error:
                    awaited = self._steps.throw(error)
                else:
                    awaited = self._steps.send(value)
        except StopIteration as done:
            return done.value


class Allowance:
    """How much an answer may still bring: its text counts, and what comes without any, but not the envelopes of deltas.

    Args:
        limit: in bytes; `max_stream_bytes` of the settings.
    """

    def __init__(self, limit: int | None = None) -> None:
        self.limit = MAX_STREAM_BYTES if limit is None else limit
        self.left = self.limit
        self._text = 0

    def content(self, size: int) -> None:
        """So much of the answer has come: what was read for it is no longer counted."""
        self._text += size
        self.left = self.limit - self._text


class AnswerOver(Exception):
    """The answer was whole already when the waiting ended."""


class Deadline:
    """What is left of the time for one request, on the loop's monotonic clock.

    The whole request is armed once. The wait for content is armed anew by `attempt` and by each `content`: comments,
    pings and empty deltas do not count. After `finished` only an end mark is waited for, and not for long.
    """

    is_finished = False
    """Whether the provider has said why the answer ended."""

    def __init__(self, model_name: str, timeouts: Timeouts) -> None:
        self._now = asyncio.get_running_loop().time
        self._model_name = model_name
        self._timeouts = timeouts
        self._request = (self._now() + timeouts.request, timeouts.request, 'request_timeout')
        self._came: float | None = None
        self.attempt()

    def attempt(self) -> None:
        """Another attempt begins."""
        self.is_finished = False
        self._content = (self._now() + self._timeouts.first_event, self._timeouts.first_event, 'first_event_timeout')

    def content(self) -> None:
        """Content has come."""
        self._came = self._now()
        self._content = (self._came + self._timeouts.idle, self._timeouts.idle, 'idle_timeout')

    def finished(self, grace: float) -> None:
        """The answer is whole: only its end mark may still come, within `grace` seconds."""
        if not self.is_finished:
            self._came = self._now()
        self.is_finished = True
        self._content = (self._now() + grace, grace, 'idle_timeout')

    @property
    def content_at(self) -> float | None:
        """When content came last, on `time.perf_counter`, None before it. On the request's loop."""
        return None if self._came is None else time.perf_counter() - (self._now() - self._came)

    async def wait(self, awaitable: Awaitable[T]) -> T:
        """Await under whichever deadline comes first.

        Raises:
            ModelRequestTimeout: the deadline came; `timeout` is its length in seconds, `setting` the setting to raise.
            AnswerOver: the deadline came, and the answer is whole.
        """
        steps = awaitable.__await__()
        try:
            future = next(steps)
        except StopIteration as done:  # nothing to wait for, as with most pieces of a burst: no timer is needed
            return done.value
        at, seconds, setting = min(self._request, self._content)
        scope = asyncio.timeout_at(at)
        try:
            async with scope:
                return await _StartedEagerly(steps, future)
        except TimeoutError:
            if not scope.expired():
                raise
        if self.is_finished:
            raise AnswerOver
        raise ModelRequestTimeout(self._model_name, timeout=seconds, setting=setting)

    def allows(self, seconds: float) -> bool:
        """Whether a wait of that length ends before the whole request has to."""
        return self._now() + seconds < self._request[0]

    async def sleep(self, seconds: float) -> None:
        """Wait between two attempts, within the whole request."""
        self._content = self._request
        await self.wait(asyncio.sleep(seconds))


# ------------------------------------------------------------------ clients

_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, httpx.AsyncClient] = WeakKeyDictionary()


def client_for_this_loop() -> httpx.AsyncClient:
    """The shared client of the running loop: connections are kept and reused, but never across loops."""
    loop = asyncio.get_running_loop()
    client = _clients.get(loop)
    if client is None or client.is_closed:
        client = _clients[loop] = httpx.AsyncClient(
            follow_redirects=False,
            transport=ByDestination(
                httpx.Limits(max_connections=256, max_keepalive_connections=20, keepalive_expiry=KEEP_ALIVE)
            ),
        )
    return client


# -------------------------------------------------------------- reading bytes


async def read(
    response: httpx.Response, deadline: Deadline, model_name: str, allowance: Allowance | None = None
) -> AsyncGenerator[bytes]:
    """The body as it comes, bounded in size and time: what fits the limit is handed out before the error.

    It ends where the connection does, or soon after the provider has said why the answer ended.

    Raises:
        ModelConnectionError, ModelTimeoutError, ModelRequestTimeout, StreamLimitError
    """
    chunks = aiter(response.aiter_bytes())
    allowance = allowance or Allowance()
    while True:
        try:
            chunk = await deadline.wait(anext(chunks))
        except (StopAsyncIteration, AnswerOver):
            return
        except httpx.HTTPError as cause:
            error = connection_error(cause, model_name)
        except httpx.StreamError:  # closed by `cancel()`, or left by another task
            message = 'The answer cannot be read on: its stream was closed while it was read.'
            error = ModelConnectionError(model_name, message, phase='read')
        else:
            within, allowance.left = chunk[: max(0, allowance.left)], allowance.left - len(chunk)
            fits = allowance.left >= 0
            yield within
            if fits:
                continue
            error = StreamLimitError(
                model_name,
                f'The answer was broken off, since it is larger than {_size(allowance.limit)}: '
                'raise max_stream_bytes to read more.',
            )
        raise error


async def drain(body: AsyncGenerator[bytes]) -> None:
    """Read what is left of a body after the end of the answer in it, so that its connection can be used again.

    A server that holds the connection open, or goes on sending, is not waited for.
    """
    size = 0
    with suppress(ModelAPIError, TimeoutError):
        async with asyncio.timeout(DRAIN_SECONDS):
            async for chunk in body:
                size += len(chunk)
                if size > DRAIN_BYTES:
                    return


async def read_error_body(response: httpx.Response, deadline: Deadline, model_name: str) -> bytes:
    """What the provider says of an error, up to 1 MiB of it; what breaks off, or stalls, is no second error."""
    body = bytearray()
    with suppress(ModelAPIError, TimeoutError):
        async with asyncio.timeout(None if response.is_success else ERROR_BODY_SECONDS):
            async for chunk in read(response, deadline, model_name):
                body += chunk
                if len(body) >= MAX_ERROR_BYTES:
                    break
    return bytes(body[:MAX_ERROR_BYTES])


def header_error(response: httpx.Response, model_name: str) -> StreamLimitError | None:
    """The error for an answer whose headers are larger than is accepted."""
    size = sum(len(name) + len(value) for name, value in response.headers.raw)
    if size <= MAX_HEADER_BYTES:
        return None
    return StreamLimitError(
        model_name,
        f'The headers of the answer are larger than {_size(MAX_HEADER_BYTES)}, so that they were not read: '
        'what sends them is no model.',
        in_stream=False,
    )


def _size(limit: int) -> str:
    return f'{limit // 2**20} MiB' if limit >= 2**20 else f'{limit // 2**10} KiB' if limit >= 2**10 else f'{limit} B'


def connection_error(cause: httpx.HTTPError, model_name: str) -> ModelConnectionError:
    """Our error for an httpx one. Raise it outside the `except` block, so that no frame of httpx hangs on it."""
    kind = ModelTimeoutError if isinstance(cause, httpx.TimeoutException) else ModelConnectionError
    phase: Any = next((phase for error, phase in _PHASES.items() if isinstance(cause, error)), None)
    what = str(cause).rstrip('.') or type(cause).__name__
    if _TOO_LARGE in what:  # another attempt would bring the same
        phase = None
    server, here = _server(cause)
    hint = ' Is the server running?' if here and phase == 'connect' else ''
    return kind(model_name, f'The connection to {server} failed while {_DOING[phase]}: {what}.{hint}', phase=phase)


def _server(cause: httpx.HTTPError) -> tuple[str, bool]:
    """What was being called, in words without a path, user or query, and whether that is this machine."""
    try:
        url = cause.request.url
    except RuntimeError:  # no request belongs to it
        return 'the provider', False
    return f'{url.scheme}://{url.netloc.decode("ascii")}', is_loopback(url.host)


_DOING: Final[Mapping[str | None, str]] = {
    'pool': 'waiting for a free connection',
    'connect': 'connecting',
    'write': 'sending the request',
    'read': 'waiting for the answer',
    None: 'talking to it',
}


# ------------------------------------------------------------------ retrying


def retry_wait(error: ModelAPIError, attempt: int, max_retries: int) -> float | None:
    """Seconds until the next attempt, or None when there should be none.

    Args:
        error: what the attempt ended with, before any content.
        attempt: 1 for the first.
        max_retries: further attempts allowed.
    """
    if attempt > max_retries or not _is_retryable(error):
        return None
    asked = error.retry_after
    if asked is not None and asked > MAX_RETRY_AFTER:
        return None
    return asked or min(8.0, 0.5 * 2 ** (attempt - 1)) * random.uniform(0.75, 1.0)


def _is_retryable(error: ModelAPIError) -> bool:
    if isinstance(error, ModelHTTPError):
        if isinstance(error.body, str) and len(error.body) >= MAX_ERROR_BYTES:  # an endless page: no model's
            return False
        if (hint := error.provider_retry_hint) is not None:
            return hint
        if isinstance(error, ModelQuotaExceededError):  # seconds change nothing, though its status is that of a rush
            return False
        failed = error.status_code >= 500 or isinstance(error, ModelServerError | ModelUnavailableError)
        return failed or error.status_code in _RETRIED_STATUS
    if isinstance(error, ModelRequestTimeout):
        return error.setting == 'first_event_timeout'
    if isinstance(error, ModelConnectionError):
        return error.phase is not None  # without one, nothing was tried: the address makes no sense
    return isinstance(
        error,
        ModelRateLimitError | ModelOverloadedError | ModelUnavailableError | ModelServerError,
    )

"""The embedded model's server: one for each weights file and kernel, started by the first request that needs it.

Any number of threads and event loops may ask for it at once: one of them starts it, all wait for the same future.
A server that has died, or left because nobody asked for long, is started again by the next request.
"""

from __future__ import annotations

import asyncio
import atexit
import logging
import os
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextvars import ContextVar
from dataclasses import dataclass, field, fields
from typing import Any, Final
from weakref import WeakSet

from jupyter_stream._secret import Secret
from jupyter_stream.exceptions import LocalModelError, UserError
from jupyter_stream.local.process import Process
from jupyter_stream.local.weights import Weights, require_file, require_runtime

__all__ = ('Address', 'Options', 'Server', 'shared', 'status', 'stop_all')

_log: Final = logging.getLogger(__name__)

Notify = Callable[[str], None]

status: ContextVar[Notify | None] = ContextVar('jupyter_stream.local.status', default=None)
"""Set by whoever shows an answer: it is called with a sentence when a request has to wait for the server to start, and
with another when the server is ready, on the thread that the request runs on."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a running server is. The key is not in the repr."""

    base_url: str
    key: Secret


@dataclass(frozen=True, slots=True)
class Options:
    """How the server runs. Each field can be set by the environment variable `JUPYTER_STREAM_LOCAL_<FIELD>`.

    Attributes:
        threads: processors that the server uses; all but one by default.
        context: tokens of prompt and answer together, at most.
        batch: tokens of the prompt read in one go; a stopped request ends between two batches.
        max_tokens: the longest answer where the request names no limit; 0 for what suits the model.
        cache_mib: MiB for prompts read before.
        sleep_after: seconds without a request after which the memory is given back; the next request wakes it.
        stop_after: seconds without a request after which the process ends; 0 for never.
        start_timeout: seconds that loading may take.
    """

    threads: int = field(default_factory=lambda: max(1, (os.cpu_count() or 1) - 1))
    context: int = 8192
    batch: int = 256
    max_tokens: int = 0
    cache_mib: int = 64
    sleep_after: int = 120
    stop_after: int = 1800
    start_timeout: int = 120

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Options:
        """The options as the environment sets them.

        Raises:
            UserError: a variable is not a whole number, or is negative.
        """
        given: dict[str, Any] = {}
        for option in fields(cls):
            name = f'JUPYTER_STREAM_LOCAL_{option.name.upper()}'
            value = environ.get(name, '').strip()
            if value and not value.isdecimal():
                raise UserError(f'{name} is {value!r}; it must be a whole number.')
            given |= {option.name: int(value)} if value else {}
        return cls(**given)


class Server:
    """A server for one file of weights. Making it starts nothing."""

    def __init__(self, weights: Weights, options: Options | None = None) -> None:
        self.weights = weights
        self.options = options or Options.of(os.environ)
        self._forget()
        _kernel.known.add(self)

    def __repr__(self) -> str:
        return f'Server({self.weights.name!r}, {"running" if self.running else "not running"})'

    @property
    def running(self) -> bool:
        """Whether it is ready to answer."""
        process, future = self._process, self._future
        return bool(process and future and future.done() and not future.exception() and process.alive)

    @property
    def pid(self) -> int | None:
        """The id of its process; None while no process runs."""
        return self._process.pid if self._process else None

    @property
    def base_url(self) -> str | None:
        """Where it listens, None while it does not run."""
        return self._future.result().base_url if self._future and self.running else None

    def ensure(self) -> Future[Address]:
        """Start it unless it runs or is being started. Returns at once; cancelling the future does not stop the start.

        The future raises `LocalModelError` when it cannot be started.
        """
        with self._lock:
            if self._future is None or (self._future.done() and not self._usable()):
                self._future = Future()
                # A running future cannot be cancelled: one waiter who gives up leaves the others theirs.
                self._future.set_running_or_notify_cancel()
                threading.Thread(
                    target=self._start, args=(self._future,), name='jupyter_stream local start', daemon=True
                ).start()
            return self._future

    async def address(self, notify: Notify | None = None) -> Address:
        """Where it is, once it is ready. The loop stays free meanwhile, and giving up leaves the start running.

        Args:
            notify: gets the sentences that `status` describes; without it, what `status` holds does.

        Raises:
            LocalModelError: it cannot be started.
        """
        future = self.ensure()
        if future.done():
            return future.result()
        say = notify or status.get() or _silent
        say(f'Starting the embedded model ({self.weights.label})…')
        address = await asyncio.wrap_future(future)
        say(f'The embedded model ({self.weights.label}) is ready; starting it took {self._took:.1f} s.')
        return address

    def stop(self) -> None:
        """End it; the next request starts it again. Does nothing while it does not run."""
        with self._lock:
            process, self._process, self._future = self._process, None, None
        if process:
            process.stop()

    def disown(self) -> None:
        """After a fork, in the child: the server is the parent's."""
        process = self._process
        self._forget()
        if process:
            process.disown()

    def _forget(self) -> None:
        self._lock = threading.Lock()
        self._future: Future[Address] | None = None
        self._process: Process | None = None
        self._took = 0.0

    def _usable(self) -> bool:
        return self._process is not None and self._process.touch()

    def _start(self, future: Future[Address]) -> None:
        try:
            address = self._launch(future)
        except BaseException as error:
            future.set_exception(error)
        else:
            future.set_result(address)

    def _launch(self, future: Future[Address]) -> Address:
        began = time.perf_counter()
        runtime = require_runtime()
        key = Secret(secrets.token_urlsafe(32))
        process = self._new_process(future)
        base_url = process.wait(
            {
                'runtime': str(runtime),
                'model': str(require_file(self.weights)),
                'name': self.weights.name,
                'repeat_penalty': self.weights.repeat_penalty,
                **{option.name: getattr(self.options, option.name) for option in fields(Options)},
                'max_tokens': self.options.max_tokens or self.weights.max_tokens,
            },
            key,
            self.options.start_timeout,
        )
        self._took = time.perf_counter() - began
        _log.info('%s is ready at %s after %.1f s', self.weights.name, base_url, self._took)
        return Address(base_url, key)

    def _new_process(self, future: Future[Address]) -> Process:
        """A process in place of the one that died.

        Raises:
            LocalModelError: it cannot be started, or `stop` was called meanwhile.
        """
        with self._lock:
            if self._future is not future:
                raise LocalModelError('The embedded model was stopped while it was being started: ask again.')
            died, self._process = self._process, Process()
            process = self._process
        if died:
            died.stop()
        return process


def _silent(sentence: str) -> None:
    _log.info(sentence)


# ------------------------------------------------------- the servers of this kernel


@dataclass
class _Kernel:
    """The servers of this kernel: `known` are all, `shared` those to be found by what they serve."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    known: WeakSet[Server] = field(default_factory=WeakSet[Server])
    shared: dict[tuple[Weights, Options], Server] = field(default_factory=dict[tuple[Weights, Options], Server])


_kernel = _Kernel()


def shared(weights: Weights, options: Options | None = None) -> Server:
    """This kernel's server for these weights, started or not."""
    key = (weights, options or Options.of(os.environ))
    with _kernel.lock:
        if key not in _kernel.shared:
            _kernel.shared[key] = Server(*key)
        return _kernel.shared[key]


def stop_all() -> None:
    """End every server of this kernel; the next request starts its own again."""
    for server in list(_kernel.known):
        server.stop()


def _after_fork() -> None:
    _kernel.lock = threading.Lock()
    for server in list(_kernel.known):
        server.disown()


atexit.register(stop_all)
if hasattr(os, 'register_at_fork'):
    os.register_at_fork(after_in_child=_after_fork)

"""The embedded model's process. It is run as a file of its own and imports nothing of this package.

It reads one line of JSON from its standard input, loads the weights, writes one line of JSON to its standard output,
`{"base_url": …}` or `{"error": …}`, and serves until its standard input ends. Every further line on the input says that
a request is about to come, so that it does not leave for being idle.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, BinaryIO

_TICK = 1.0
_BUSY = 0.05
"""The share of one processor that a server which answers uses at the very least."""


_PENALISED = 256
"""The last tokens, whose repetition a model may be made to avoid: several sentences, since loops are that long."""


class Idleness:
    """Since when the server has had nothing to do.

    A request that lasts longer than the limit is seen by the processor time that it takes.
    """

    def __init__(self, limit: float, clock: Callable[[], float], cpu_clock: Callable[[], float]) -> None:
        self._limit = limit
        self._clock = clock
        self._cpu_clock = cpu_clock
        self._since = self._checked = clock()
        self._used = cpu_clock()

    def touch(self) -> None:
        self._since = self._clock()

    def over(self) -> bool:
        """Whether the limit is reached. A limit of 0 is never reached."""
        now, used = self._clock(), self._cpu_clock()
        if used - self._used > _BUSY * (now - self._checked):
            self._since = now
        self._checked, self._used = now, used
        return 0 < self._limit <= now - self._since


def main() -> None:
    # An interrupt is for the kernel. The sessions differ, but a terminal or a supervisor may signal every process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = os.getppid()
    reply = _take_stdout()
    config = json.loads(sys.stdin.buffer.readline())
    idleness = Idleness(config['stop_after'], time.monotonic, time.process_time)
    threading.Thread(target=_exit_at_end_of, args=(sys.stdin.buffer, idleness), daemon=True).start()
    try:
        server = _serve(config)
    except Exception as error:
        _say(reply, error=str(error) or type(error).__name__)
        os._exit(1)
    _say(reply, base_url=f'{server.listening_address}/v1')
    _watch(parent, idleness)


def _take_stdout() -> BinaryIO:
    """Keep standard output for the reply; what the library prints goes to standard error."""
    reply = os.fdopen(os.dup(1), 'wb', buffering=0)
    os.dup2(2, 1)
    return reply


def _say(reply: BinaryIO, **message: str) -> None:
    reply.write(json.dumps(message).encode() + b'\n')


def _exit_at_end_of(stdin: BinaryIO, idleness: Idleness) -> None:
    while stdin.readline():
        idleness.touch()
    # The server's own threads would hold up an orderly exit, and there is nothing to save.
    os._exit(0)


def _watch(parent: int, idleness: Idleness) -> None:
    # A fork of the parent holds a copy of the pipe and so keeps the input open after the parent's death.
    while os.getppid() == parent and not idleness.over():
        time.sleep(_TICK)
    os._exit(0)


def _serve(config: dict[str, Any]) -> Any:
    if config['runtime'] not in sys.path:
        sys.path.append(config['runtime'])
    import xllamacpp  # pyright: ignore[reportMissingTypeStubs]

    library: Any = xllamacpp
    params = library.CommonParams()
    params.model.path = config['model']
    params.model_alias = {config['name']}
    params.hostnames = ['127.0.0.1']
    params.port = 0
    params.api_keys = [config['key']]
    params.cors_origins = ''
    params.cors_credentials = False
    params.ui = False
    params.endpoint_slots = False
    params.n_ctx = config['context']
    params.n_batch = params.n_ubatch = config['batch']
    params.n_predict = config['max_tokens']
    params.sampling.penalty_repeat = config['repeat_penalty']
    params.sampling.penalty_last_n = _PENALISED
    params.cache_ram_mib = config['cache_mib']
    params.sleep_idle_seconds = config['sleep_after']
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = config['threads']
    params.verbosity = 1
    return library.Server(params)


if __name__ == '__main__':
    main()

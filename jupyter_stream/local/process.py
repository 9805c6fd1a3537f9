"""The embedded model's process as its parent holds it: started, waited for until it is ready, and ended.

The key travels by the process's standard input and is in no argument, environment, file or log. The pipe is also what
ties the process to this one: when this one ends, however it ends, the input ends, and the server leaves.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from threading import Event, Timer
from typing import IO, Any, Final

from jupyter_stream._secret import Secret
from jupyter_stream.exceptions import LocalModelError

__all__ = ('Process',)

_CHILD: Final = Path(__file__).with_name('child.py')
_GRACE: Final = 2.0
"""Seconds that the process has to leave by itself."""

_LOG_ERROR: Final = re.compile(r'^[\d.]+ E \S* *\S*: (.+)$', re.MULTILINE)
_LOG_READ: Final = 64 * 1024

_APART: Final[dict[str, Any]] = (
    {'creationflags': getattr(subprocess, 'CREATE_NEW_PROCESS_GROUP', 0) | getattr(subprocess, 'CREATE_NO_WINDOW', 0)}
    if os.name == 'nt'
    # In the kernel's own session an interrupt of a cell would reach the server too.
    else {'start_new_session': True}
)


class Process:
    """One run of the server. Making it starts the process; `wait` tells where it listens.

    Raises:
        LocalModelError: the process cannot be started.
    """

    def __init__(self) -> None:
        if not sys.executable:
            raise LocalModelError(
                'The embedded model cannot be started: it needs a Python interpreter, and `sys.executable` is empty.'
            )
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the process
        try:
            self._popen = subprocess.Popen(
                [sys.executable, '-P', str(_CHILD)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
                bufsize=0,
                env=_environment(),
                **_APART,
            )
        except OSError as cause:
            self._log.close()
            raise LocalModelError(f'The process of the embedded model could not be started: {cause}.') from None

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def alive(self) -> bool:
        return self._popen.poll() is None

    def wait(self, config: Mapping[str, Any], key: Secret, timeout: float) -> str:
        """Hand over what to serve, and wait until it is loaded.

        Returns:
            The base URL, ending in `/v1`.

        Raises:
            LocalModelError: it could not be loaded, within `timeout` seconds.
        """
        expired = Event()
        reply = self._converse(config, key, timeout, expired)
        if 'base_url' in reply:
            return reply['base_url']
        code = self._end()
        said = f'it took longer than {timeout:g} s' if expired.is_set() else reply.get('error') or _ended(code)
        raise LocalModelError(
            f'The embedded model did not start on {config["model"]}: {said.rstrip(".")}{self._cause()}.'
        )

    def _converse(self, config: Mapping[str, Any], key: Secret, timeout: float, expired: Event) -> dict[str, str]:
        """What the process replies, nothing where it ended or was ended instead."""

        def expire() -> None:
            expired.set()
            self._popen.kill()

        timer = Timer(timeout, expire)
        timer.daemon = True
        timer.start()
        try:
            self._write(json.dumps({**config, 'key': key.reveal()}).encode() + b'\n')
            line = self._stdout.readline()
        except (OSError, ValueError):  # `stop` closed the pipes meanwhile
            line = b''
        finally:
            timer.cancel()
        return json.loads(line) if line else {}

    def touch(self) -> bool:
        """Tell the process that a request is about to come. False when it has ended."""
        try:
            self._write(b'\n')
        except (OSError, ValueError):
            return False
        return self.alive

    def stop(self) -> None:
        """End the process; nothing happens where it has ended."""
        self._end()
        self._log.close()

    def disown(self) -> None:
        """In a fork of this process: let go of a server that belongs to the parent, without ending it."""
        self._close_pipes()
        self._log.close()
        # Popen's finalizer would complain about a child that this process never had.
        self._popen.returncode = 0

    @property
    def _stdout(self) -> IO[bytes]:
        assert self._popen.stdout
        return self._popen.stdout

    def _write(self, data: bytes) -> None:
        assert self._popen.stdin
        self._popen.stdin.write(data)

    def _close_pipes(self) -> None:
        for pipe in (self._popen.stdin, self._popen.stdout):
            if pipe:
                with contextlib.suppress(OSError):
                    pipe.close()

    def _end(self) -> int:
        if self._popen.stdin:
            with contextlib.suppress(OSError):
                self._popen.stdin.close()
        try:
            code = self._popen.wait(_GRACE)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            code = self._popen.wait()
        self._close_pipes()
        return code

    def _cause(self) -> str:
        """The first error in the log: what follows is what it led to."""
        try:
            self._log.seek(0)
            log = self._log.read(_LOG_READ)
        except ValueError:  # `stop` closed it meanwhile
            log = b''
        found = _LOG_ERROR.search(log.decode(errors='replace'))
        return f' ({found[1].strip().rstrip(".")})' if found else ''


def _environment() -> dict[str, str]:
    # OpenMP reads it when it is loaded. Threads that spin while they wait slow each other to a tenth on a busy machine.
    return {**os.environ, 'OMP_WAIT_POLICY': 'PASSIVE'}


def _ended(code: int) -> str:
    if code >= 0:
        return f'its process ended with code {code}'
    try:
        return f'its process was ended by {signal.Signals(-code).name}'
    except ValueError:
        return f'its process was ended by signal {-code}'

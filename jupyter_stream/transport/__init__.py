"""HTTP: one pool for each event loop, timeouts, retries, limits, and guarded downloads."""

from ._http import (
    Deadline,
    Endpoint,
    Timeouts,
    client_for_this_loop,
    connection_error,
    drain,
    read,
    read_error_body,
    retry_wait,
)
from ._proxies import proxy_for

__all__ = (
    'Deadline',
    'Endpoint',
    'Timeouts',
    'client_for_this_loop',
    'connection_error',
    'drain',
    'proxy_for',
    'read',
    'read_error_body',
    'retry_wait',
)

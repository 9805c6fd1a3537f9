"""HTTP: one pool for each event loop, timeouts, retries, limits, and guarded downloads."""

from ._http import (
    Allowance,
    Deadline,
    Endpoint,
    Timeouts,
    client_for_this_loop,
    connection_error,
    drain,
    header_error,
    read,
    read_error_body,
    retry_wait,
)
from ._proxies import proxy_for

__all__ = (
    'Allowance',
    'Deadline',
    'Endpoint',
    'Timeouts',
    'client_for_this_loop',
    'connection_error',
    'drain',
    'header_error',
    'proxy_for',
    'read',
    'read_error_body',
    'retry_wait',
)

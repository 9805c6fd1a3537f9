"""HTTP: one pool for each event loop, timeouts, retries, limits, and guarded downloads."""

from ._endpoint import Endpoint, ShownWithout, header_secrets, proxy_secrets
from ._http import (
    Allowance,
    Deadline,
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
    'ShownWithout',
    'Timeouts',
    'client_for_this_loop',
    'connection_error',
    'drain',
    'header_error',
    'header_secrets',
    'proxy_for',
    'proxy_secrets',
    'read',
    'read_error_body',
    'retry_wait',
)

"""What can go wrong with a request, one class a kind, so that each can be caught by what to do about it.

A message is one sentence that says what is wrong and, where something can be done, what. An HTTP error is both a
`ModelHTTPError` and its kind (`ModelRateLimitError`, …), so either can be caught. No message, attribute or repr of an
error made by `http_error` or `stream_error` holds a key: see `scrub`.
"""

from ._bodies import scrub
from ._categories import http_error, stream_error
from ._classes import (
    AgentRunError,
    ConcurrencyLimitExceeded,
    ContentFilterError,
    EmptyStream,
    FallbackExceptionGroup,
    IncompleteStream,
    IncompleteToolCall,
    Interrupted,
    LocalModelError,
    ModelAPIError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelContextWindowExceededError,
    ModelHTTPError,
    ModelNotFoundError,
    ModelOverloadedError,
    ModelQuotaExceededError,
    ModelRateLimitError,
    ModelRequestRejectedError,
    ModelRequestTimeout,
    ModelServerError,
    ModelTimeoutError,
    ModelUnavailableError,
    OutputTokenLimitExceeded,
    RequestTimeoutSetting,
    StreamDecodeError,
    StreamLimitError,
    TransportPhase,
    UnexpectedModelBehavior,
    UserError,
)

__all__ = (
    'AgentRunError',
    'ConcurrencyLimitExceeded',
    'ContentFilterError',
    'EmptyStream',
    'FallbackExceptionGroup',
    'IncompleteStream',
    'IncompleteToolCall',
    'Interrupted',
    'LocalModelError',
    'ModelAPIError',
    'ModelAuthenticationError',
    'ModelConnectionError',
    'ModelContextWindowExceededError',
    'ModelHTTPError',
    'ModelNotFoundError',
    'ModelOverloadedError',
    'ModelQuotaExceededError',
    'ModelRateLimitError',
    'ModelRequestRejectedError',
    'ModelRequestTimeout',
    'ModelServerError',
    'ModelTimeoutError',
    'ModelUnavailableError',
    'OutputTokenLimitExceeded',
    'RequestTimeoutSetting',
    'StreamDecodeError',
    'StreamLimitError',
    'TransportPhase',
    'UnexpectedModelBehavior',
    'UserError',
    'http_error',
    'scrub',
    'stream_error',
)

# A traceback and a pickle name the module that one imports from.
for _name in __all__:
    if isinstance(_class := globals()[_name], type):
        _class.__module__ = __name__

"""What can go wrong with a request, one class a kind, so that each can be caught by what to do about it.

    RuntimeError
    ├── UserError                               the program asked for something that cannot be done
    │   ├── MissingKeyError                     a provider needs a key, and none is set
    │   ├── LocalModelError                     the embedded model cannot be started, or it has stopped
    │   └── CassetteError                       a cassette cannot be read or written
    │       └── CassetteMiss                    what was asked is not recorded, and so was not asked
    └── AgentRunError                           something went wrong while a model was asked
        ├── ConcurrencyLimitExceeded            the queue of a limiter is full
        ├── UnexpectedModelBehavior             the answer makes no sense
        │   ├── EmptyStream                     the stream ended properly, with nothing in it
        │   ├── InvalidAnswer                   the answer is not of the type that was asked for
        │   ├── ContentFilterError              the content filter left no answer
        │   └── OutputTokenLimitExceeded        the token limit came before there was anything to use
        │       └── IncompleteToolCall          … in the middle of a tool call
        └── ModelAPIError                       the provider was not reached, or answered with an error
            ├── ModelHTTPError                  … with an HTTP status; also of one of the kinds below
            ├── ModelRateLimitError             too many requests: wait, then ask again
            ├── ModelQuotaExceededError         the quota is used up: pay, or wait until it is renewed
            ├── ModelServerError                the provider failed
            ├── ModelUnavailableError           the model cannot be served now
            │   └── ModelOverloadedError        … since the provider is overloaded
            ├── ModelRequestRejectedError       the request is refused: sending it again changes nothing
            │   ├── ModelAuthenticationError    … since the key is wrong, or has no permission
            │   ├── ModelNotFoundError          … since there is no such model, or no such address
            │   └── ModelContextWindowExceededError   … since the messages are too long for the model
            ├── ModelConnectionError            the connection failed
            │   └── ModelTimeoutError           … since it was silent for too long
            ├── ModelRequestTimeout             a time limit of the settings was reached
            ├── IncompleteStream                the connection ended in the middle of the answer
            ├── StreamDecodeError               the stream does not follow its protocol
            └── StreamLimitError                the stream sent more than is accepted
    ExceptionGroup
    └── FallbackExceptionGroup                  every model of a `FallbackModel` failed
    UserWarning
    ├── UnsupportedSettingWarning           a setting was left out, since the model does not take it
    └── CassetteWarning                     an answer was not recorded, or a part of a cassette is passed over
    KeyboardInterrupt
    └── Interrupted                             the user stopped the cell; what had come is kept

A message is one sentence that says what happened, why, and what can be done. An error of an HTTP status is both a
`ModelHTTPError` and its kind (`ModelRateLimitError`, …), so either can be caught. No message, attribute or repr of an
error made by `http_error` or `stream_error` holds a key: see `scrub`.
"""

from ._bodies import scrub
from ._categories import http_error, stream_error
from ._classes import (
    AgentRunError,
    CassetteError,
    CassetteMiss,
    CassetteWarning,
    ConcurrencyLimitExceeded,
    ContentFilterError,
    EmptyStream,
    FallbackExceptionGroup,
    IncompleteStream,
    IncompleteToolCall,
    Interrupted,
    InvalidAnswer,
    LocalModelError,
    MissingKeyError,
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
    UnsupportedSettingWarning,
    UserError,
)

__all__ = (
    'AgentRunError',
    'CassetteError',
    'CassetteMiss',
    'CassetteWarning',
    'ConcurrencyLimitExceeded',
    'ContentFilterError',
    'EmptyStream',
    'FallbackExceptionGroup',
    'IncompleteStream',
    'IncompleteToolCall',
    'Interrupted',
    'InvalidAnswer',
    'LocalModelError',
    'MissingKeyError',
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
    'UnsupportedSettingWarning',
    'UserError',
    'http_error',
    'scrub',
    'stream_error',
)

# A traceback and a pickle name the module that one imports from.
for _name in __all__:
    if isinstance(_class := globals()[_name], type):
        _class.__module__ = __name__

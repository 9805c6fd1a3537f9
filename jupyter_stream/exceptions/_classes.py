"""The classes of `exceptions`, which is where they are to be imported from."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from ._bodies import read_body, retry_after_of

if TYPE_CHECKING:
    from ._attempt import ModelRequestAttempt

TransportPhase: TypeAlias = Literal['pool', 'connect', 'write', 'read']
RequestTimeoutSetting: TypeAlias = Literal['request_timeout', 'first_event_timeout', 'idle_timeout']


def restored(cls: type[BaseException], args: tuple[Any, ...], state: dict[str, Any]) -> BaseException:
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class _Picklable(BaseException):
    """Pickled by its state, so that a class may take whatever arguments it likes."""

    def __reduce__(self) -> tuple[Any, ...]:
        return restored, (type(self), self.args, self.__dict__.copy())


class UserError(_Picklable, RuntimeError):
    """The program asked for something that cannot be done, such as an unknown model, a missing key."""

    message: str

    def __init__(self, message: str) -> None:
        self.message = message
        super().__init__(message)


class MissingKeyError(UserError):
    """A provider needs a key and none is set. `provider` is its name, `variable` the environment variable to set."""

    provider: str
    variable: str

    def __init__(self, provider: str, variable: str) -> None:
        super().__init__(f'Set the `{variable}` environment variable or pass `api_key=…` to use {provider}.')
        self.provider = provider
        self.variable = variable


class LocalModelError(UserError):
    """The embedded model cannot be started, or it has stopped."""


class CassetteError(UserError):
    """A cassette cannot be read, or what was asked of it cannot be done."""


class CassetteMiss(CassetteError):
    """What was asked is in no cassette, and so was not asked at all.

    Attributes:
        diff: what differs from the nearest request that is recorded, as a unified diff; nothing where there is none.
    """

    diff: str

    def __init__(self, message: str, diff: str = '') -> None:
        super().__init__(message)
        self.diff = diff

    def __str__(self) -> str:
        return f'{self.message}\n\n{self.diff}' if self.diff else self.message


class CassetteWarning(UserWarning):
    """An answer was not recorded, or a part of a cassette is passed over."""


class Interrupted(KeyboardInterrupt):
    """The user stopped the cell. What came until then is kept; the notebook shows one line instead of a traceback."""

    def __init__(self, message: str = 'Stopped. What came is kept.') -> None:
        self.message = message
        super().__init__(message)

    def _render_traceback_(self) -> list[str]:
        """What only the error can say; that the answer was stopped stands in its place."""
        return ['Cells queued behind this one did not run.' if 'ipykernel' in sys.modules else type(self).__name__]


class AgentRunError(_Picklable, RuntimeError):
    """What goes wrong while a model is being asked.

    `provider_name` is who was asked, `response_status` the HTTP status of the answer (200 for one that failed later),
    and `request_id` what to tell the provider's support; each is None where it is not known. `attempts` are all that
    were made, where there were several.
    """

    message: str
    provider_name: str | None = None
    request_id: str | None = None
    response_status: int | None = None
    attempts: Sequence[ModelRequestAttempt] = ()

    def __init__(self, message: str) -> None:
        self.message = message
        super().__init__(message)

    def __str__(self) -> str:
        return self.message


class ConcurrencyLimitExceeded(AgentRunError):
    """The queue of a concurrency limiter is full (`max_queued`): the request was not even queued."""


class UnexpectedModelBehavior(AgentRunError):
    """The model answered something that makes no sense; `body` is what it sent, indented if it is JSON."""

    body: str | None

    def __init__(self, message: str, body: str | None = None) -> None:
        super().__init__(message)
        self.body = _indented(body)

    def __str__(self) -> str:
        return f'{self.message}, body:\n{self.body}' if self.body else self.message


def _indented(body: str | None) -> str | None:
    try:
        return body and json.dumps(json.loads(body), indent=2)
    except ValueError:
        return body


class InvalidAnswer(UnexpectedModelBehavior):
    """The answer is not of the type that was asked for; what pydantic says of it is the cause."""


class ContentFilterError(UnexpectedModelBehavior):
    """The provider's content filter left no answer."""


class OutputTokenLimitExceeded(UnexpectedModelBehavior):
    """The answer reached the token limit before there was anything to use."""


class IncompleteToolCall(OutputTokenLimitExceeded):
    """The answer reached the token limit in the middle of a tool call."""


class EmptyStream(UnexpectedModelBehavior):
    """The stream ended properly, and there was nothing in it."""

    def __init__(
        self,
        message: str = 'The answer is empty: the provider ended its stream without sending anything; ask again.',
        body: str | None = None,
    ) -> None:
        super().__init__(message, body)


class ModelAPIError(AgentRunError):
    """The provider could not be reached, or answered with an error.

    `body` is the provider's own error (parsed JSON, or text), `provider_error_code` and `provider_error_type` are the
    names it gives. `retry_after` is in seconds. `in_stream` is True when the error came after the answer had begun.
    """

    model_name: str
    body: object | None
    provider_error_code: str | None
    provider_error_type: str | None
    retry_after: float | None
    in_stream: bool

    def __init__(
        self,
        model_name: str,
        message: str,
        *,
        body: object | None = None,
        provider_error_code: str | None = None,
        provider_error_type: str | None = None,
        retry_after: float | None = None,
        in_stream: bool = False,
    ) -> None:
        super().__init__(message)
        self.model_name = model_name
        self.body = body
        self.provider_error_code = provider_error_code
        self.provider_error_type = provider_error_type
        self.retry_after = retry_after
        self.in_stream = in_stream


class ModelRateLimitError(ModelAPIError):
    """Too many requests: the same works later (`retry_after`)."""


class ModelQuotaExceededError(ModelAPIError):
    """The account has used up its quota: the same works after paying, or next month."""


class ModelUnavailableError(ModelAPIError):
    """The provider cannot serve this model now; it may in a while."""


class ModelOverloadedError(ModelUnavailableError):
    """The provider is overloaded: the same works in a while."""


class ModelServerError(ModelAPIError):
    """The provider failed at its own fault: the same may work when sent again."""


class ModelRequestRejectedError(ModelAPIError):
    """The provider rejects this request: sending it again changes nothing."""


class ModelAuthenticationError(ModelRequestRejectedError):
    """The key is wrong, or has no permission for this."""


class ModelNotFoundError(ModelRequestRejectedError):
    """The provider has no such model, or no such address."""


class ModelContextWindowExceededError(ModelRequestRejectedError):
    """The messages are too long for the model."""


class ModelConnectionError(ModelAPIError):
    """The connection failed; `phase` says while doing what."""

    phase: TransportPhase | None

    def __init__(self, model_name: str, message: str, *, phase: TransportPhase | None = None, **more: Any) -> None:
        super().__init__(model_name, message, **more)
        self.phase = phase


class ModelTimeoutError(ModelConnectionError):
    """The connection was silent for too long."""


class ModelRequestTimeout(ModelAPIError):
    """The request, or its first event, took longer than the setting allows; `timeout` is in seconds."""

    timeout: float
    setting: RequestTimeoutSetting

    def __init__(self, model_name: str, timeout: float, *, setting: RequestTimeoutSetting = 'request_timeout') -> None:
        what = _WAITED_FOR[setting]
        message = f'Model {model_name!r} took longer than {timeout:g} s{what}; raise {setting} to wait longer.'
        super().__init__(model_name, message)
        self.timeout = timeout
        self.setting = setting


_WAITED_FOR: dict[RequestTimeoutSetting, str] = {
    'request_timeout': '',
    'first_event_timeout': ' to begin answering',
    'idle_timeout': ' to go on with its answer',
}


class IncompleteStream(ModelAPIError):
    """The connection ended before the provider said that the answer was complete: what came is a part of it."""

    def __init__(
        self,
        model_name: str,
        message: str = 'The answer broke off: the connection ended before the provider said that it was complete.',
        *,
        in_stream: bool = True,
        **more: Any,
    ) -> None:
        super().__init__(model_name, message, in_stream=in_stream, **more)


class StreamDecodeError(ModelAPIError):
    """The stream does not follow its protocol; `offset` is the number of the event at fault, counted from 1."""

    offset: int | None

    def __init__(
        self, model_name: str, message: str, *, offset: int | None = None, in_stream: bool = True, **more: Any
    ) -> None:
        super().__init__(model_name, message, in_stream=in_stream, **more)
        self.offset = offset


class StreamLimitError(ModelAPIError):
    """The stream sent more than this library accepts, such as one event of many megabytes."""

    def __init__(self, model_name: str, message: str, *, in_stream: bool = True, **more: Any) -> None:
        super().__init__(model_name, message, in_stream=in_stream, **more)


class ModelHTTPError(ModelAPIError):
    """The provider answered with an HTTP status that is an error.

    `headers` have lower-case names, None when unknown. `status_code` of an error inside a stream (`in_stream`) is the
    one that the provider uses for the same error before a stream begins; `response_status` is the stream's own.
    """

    status_code: int
    headers: dict[str, str] | None
    suggested_model_id: str | None
    hint: str | None

    def __init__(
        self,
        status_code: int,
        model_name: str,
        body: object | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        suggested_model_id: str | None = None,
        hint: str | None = None,
        provider_error_code: str | None = None,
        provider_error_type: str | None = None,
        retry_after: float | None = None,
        in_stream: bool = False,
        provider_name: str | None = None,
    ) -> None:
        said = read_body(body)
        self.status_code = status_code
        self.headers = None if headers is None else {name.lower(): value for name, value in headers.items()}
        self.suggested_model_id = suggested_model_id
        self.hint = hint
        self.provider_name = provider_name
        self.request_id = request_id_of(self.headers or {}) or said.request_id
        self.response_status = None if in_stream else status_code
        waits = (retry_after, retry_after_of(self.headers or {}), said.retry_after)
        super().__init__(
            model_name,
            '',
            body=body,
            provider_error_code=provider_error_code or said.code,
            provider_error_type=provider_error_type or said.type,
            retry_after=next((wait for wait in waits if wait is not None), None),
            in_stream=in_stream,
        )
        self.message = self._sentence(said.message)
        self.args = (self.message,)

    def _sentence(self, said: str | None) -> str:
        who = self.provider_name or 'The provider'
        head = f'{who} answered {self.status_code}{_phrase(self.status_code)} for model {self.model_name!r}'
        if self.in_stream:  # no status was sent
            head, said = broke_off(who, self.model_name), said or 'it gave no reason'
        more = (
            f'Try again in {self.retry_after:g} s.' if self.retry_after else '',
            f'Did you mean {self.suggested_model_id!r}?' if self.suggested_model_id else '',
            self.hint or '',
            f'(request id {self.request_id})' if self.request_id else '',
        )
        first = f'{head}: {said}' if said else head
        return ' '.join((first if first.endswith(('.', '!', '?')) else f'{first}.', *filter(None, more)))

    @property
    def provider_retry_hint(self) -> bool | None:
        """Whether the provider says that another try may work (its header `x-should-retry`); None when it doesn't."""
        said = (self.headers or {}).get('x-should-retry', '').strip().lower()
        return {'true': True, 'false': False}.get(said)


class FallbackExceptionGroup(ExceptionGroup[Exception]):
    """Every model of a `FallbackModel` failed: their errors, in the order of asking.

    `attempts` are all that were made, also those whose answer was rejected, with what they used.
    """

    attempts: Sequence[ModelRequestAttempt] = ()

    def derive(self, excs: Sequence[Exception], /) -> FallbackExceptionGroup:  # pyright: ignore[reportIncompatibleMethodOverride]
        """A part of it, for `except*`; it keeps the attempts."""
        group = type(self)(self.message, excs)
        group.attempts = self.attempts
        return group


def _phrase(status_code: int) -> str:
    try:
        return f' ({HTTPStatus(status_code).phrase})'
    except ValueError:
        return ' (Overloaded)' if status_code == 529 else ''


def broke_off(who: str, model_name: str) -> str:
    return f'{who} broke off the answer of model {model_name!r} with an error'


def request_id_of(headers: Mapping[str, str]) -> str | None:
    names = ('x-request-id', 'request-id', 'x-amzn-requestid', 'x-goog-request-id', 'cf-ray')
    return next((headers[name] for name in names if headers.get(name)), None)


class UnsupportedSettingWarning(UserWarning):
    """A setting was left out of a request because the model does not take it, or its protocol has no word for it."""

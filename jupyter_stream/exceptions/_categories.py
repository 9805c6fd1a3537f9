"""Which class a provider's error belongs to: tables, and the two functions that read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, TypeAlias, TypeVar, cast

from ._attempt import ModelRequestAttempt
from ._bodies import ProviderError, read_body, scrub, scrubbed
from ._classes import (
    AgentRunError,
    ModelAPIError,
    ModelAuthenticationError,
    ModelContextWindowExceededError,
    ModelHTTPError,
    ModelNotFoundError,
    ModelOverloadedError,
    ModelQuotaExceededError,
    ModelRateLimitError,
    ModelRequestRejectedError,
    ModelServerError,
    ModelUnavailableError,
    broke_off,
    request_id_of,
    restored,
)

Category: TypeAlias = type[ModelAPIError]
E = TypeVar('E', bound=BaseException)

STATUS_CATEGORIES: dict[int, Category] = {
    400: ModelRequestRejectedError,
    401: ModelAuthenticationError,
    402: ModelQuotaExceededError,
    403: ModelAuthenticationError,
    404: ModelNotFoundError,
    422: ModelRequestRejectedError,
    429: ModelRateLimitError,
    503: ModelUnavailableError,
    529: ModelOverloadedError,
    **{status: ModelServerError for status in range(500, 600) if status not in (503, 529)},
}
"""What a status means when the provider's own error says nothing nearer."""

_QUOTA = (
    'insufficient_quota',
    'billing_hard_limit_reached',
    'billing_error',
    'credit_balance_exhausted',
    'exceeded_current_quota_error',
    'organization_spend_limit_exceeded',
    'organization_usage_limit_exceeded',
    'project_spend_limit_exceeded',
)

_ZAI_QUOTA = ('1113', *map(str, range(1308, 1312)), *map(str, range(1313, 1322)))
"""Z.ai's numbers for a balance or a plan that is used up, with the status 429: https://docs.z.ai/api-reference/api-code"""

_AWS: dict[str, Category] = {
    'AccessDeniedException': ModelAuthenticationError,
    'ExpiredTokenException': ModelAuthenticationError,
    'InternalServerException': ModelServerError,
    'InvalidSignatureException': ModelAuthenticationError,
    'MissingAuthenticationTokenException': ModelAuthenticationError,
    'ModelErrorException': ModelServerError,
    'ModelNotReadyException': ModelUnavailableError,
    'ModelStreamErrorException': ModelServerError,
    'ModelTimeoutException': ModelServerError,
    'ResourceNotFoundException': ModelNotFoundError,
    'ServiceQuotaExceededException': ModelQuotaExceededError,
    'ServiceUnavailableException': ModelUnavailableError,
    'ThrottlingException': ModelRateLimitError,
    'UnrecognizedClientException': ModelAuthenticationError,
}
"""https://docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html and those of its ConverseStream."""

NAME_CATEGORIES: dict[str, Category] = {
    **dict.fromkeys((*_QUOTA, *_ZAI_QUOTA), ModelQuotaExceededError),
    **_AWS,
    # In a stream the same names begin with a small letter.
    **{name[0].lower() + name[1:]: category for name, category in _AWS.items()},
    'context_length_exceeded': ModelContextWindowExceededError,
    '3051': ModelContextWindowExceededError,  # Mistral's
    'model_not_found': ModelNotFoundError,
    'invalid_api_key': ModelAuthenticationError,
    'API_KEY_INVALID': ModelAuthenticationError,  # Google's, with the status 400
    'overloaded': ModelOverloadedError,
    'overloaded_error': ModelOverloadedError,
    'server_is_overloaded': ModelOverloadedError,
}
"""What the code or the type in a provider's error means, whatever the status."""

OPENAI_STATUSES: dict[str, int] = {
    **dict.fromkeys(_QUOTA, 429),
    'rate_limit_exceeded': 429,
    'rate_limit_error': 429,
    'too_many_requests': 429,
    'context_length_exceeded': 400,
    'server_error': 500,
    'service_unavailable': 503,
    'service_unavailable_error': 503,
    'server_is_overloaded': 503,
    'overloaded': 503,
}
"""The status that an error inside a stream would have had, by its code or type, at OpenAI and its kin."""

NAME_STATUSES: dict[str, int] = {
    **OPENAI_STATUSES,
    'invalid_request_error': 400,
    'invalid_api_key': 401,
    'authentication_error': 401,
    'permission_error': 403,
    'model_not_found': 404,
    'not_found_error': 404,
    'api_error': 500,
    'overloaded_error': 529,
}
"""The same at all others."""

_TOO_LONG = (
    'maximum context length',
    'reduce the length of the messages',
    'prompt is too long',
    'input is too long',
    'too many tokens: size limit exceeded',
    'exceeds the maximum number of tokens allowed',
)
_NO_MODEL = ('model identifier is invalid',)
"""Bedrock's, with the status 400."""

_UNPAID = ('credit balance is too low',)
"""Anthropic's, with the status 400."""

_PRECONDITION = 'FAILED_PRECONDITION'
"""Google's, with the status 400; where its message speaks of billing, the account has to be paid for."""

_PER_DAY = 'PerDay'
"""What the name of a Google quota has in it that is full until tomorrow; others are full for seconds."""

_BUSY = ('overloaded', 'over capacity')


def _contains(message: str | None, phrases: tuple[str, ...]) -> bool:
    return message is not None and any(phrase in message.lower() for phrase in phrases)


def category_of(status_code: int | None, said: ProviderError) -> Category:
    """The kind of error that a provider's words mean, else the kind of the status."""
    for name in (*said.reasons, said.code, said.type):
        if name in NAME_CATEGORIES:
            return NAME_CATEGORIES[name]
    if any(_PER_DAY in quota for quota in said.quotas):
        return ModelQuotaExceededError
    if _contains(said.message, _UNPAID) or (said.type == _PRECONDITION and _contains(said.message, ('billing',))):
        return ModelQuotaExceededError
    if _contains(said.message, _TOO_LONG) and status_code in (None, 400, 413, 422):
        return ModelContextWindowExceededError
    if status_code == 400 and _contains(said.message, _NO_MODEL):
        return ModelNotFoundError
    if status_code == 503 and _contains(said.message, _BUSY):
        return ModelOverloadedError
    return STATUS_CATEGORIES.get(status_code or 0, ModelAPIError)


class _CategorizedHTTPError(ModelHTTPError):
    """Base of the classes that are an HTTP error and its kind at once, and call themselves by the kind's name."""

    category: Category

    def __init_subclass__(cls) -> None:
        cls.category = cast(Category, cls.__bases__[1])
        cls.__name__, cls.__qualname__ = cls.category.__name__, cls.category.__qualname__

    def __reduce__(self) -> tuple[Any, ...]:
        # By its own name pickle would find the kind, not this class.
        return _restored_http, (self.category, self.args, self.__dict__.copy())


def _restored_http(category: Category, args: tuple[Any, ...], state: dict[str, Any]) -> BaseException:
    return restored(_http_class(category), args, state)


@cache
def _http_class(category: Category) -> type[ModelHTTPError]:
    if category is ModelAPIError:
        return ModelHTTPError
    space = {'__module__': 'jupyter_stream.exceptions', '__doc__': category.__doc__}
    return type(category.__name__, (_CategorizedHTTPError, category), space)


def http_error(
    status_code: int,
    model_name: str,
    body: object | None = None,
    headers: Mapping[str, str] | None = None,
    provider_name: str | None = None,
    *,
    secrets: tuple[str, ...] = (),
    in_stream: bool = False,
    bare: bool = False,
    **more: Any,
) -> ModelHTTPError:
    """The error for an HTTP status, of the kind that the provider's error says, else of the kind of the status.

    `body` is what the provider sent (bytes, text or parsed JSON); it is kept parsed, without `secrets` and whatever
    looks like a key; `bare`: only what stands under `error` in it, as OpenAI's own library has it. `more` are keyword
    arguments of `ModelHTTPError`.
    """
    said = _named(read_body(body), headers or {})
    clean = {name: scrub(value, secrets) for name, value in (headers or {}).items() if name.lower() not in _PRIVATE}
    error_class = _http_class(category_of(status_code, said))
    named = {'provider_error_code': said.code, 'provider_error_type': said.type}
    more = {**{name: value and scrub(value, secrets) for name, value in named.items()}, **more}
    return error_class(
        status_code,
        model_name,
        scrubbed(_kept(said, bare), secrets),
        headers=None if headers is None else clean,
        provider_name=provider_name,
        in_stream=in_stream,
        **more,
    )


def _named(said: ProviderError, headers: Mapping[str, str]) -> ProviderError:
    """AWS names an error in a header, perhaps with the address of its page behind a colon."""
    name = next((value for header, value in headers.items() if header.lower() == 'x-amzn-errortype'), '')
    return replace(said, type=said.type or name.partition(':')[0] or None)


_PRIVATE = frozenset({'authorization', 'set-cookie', 'cookie', 'x-api-key', 'api-key', 'x-goog-api-key'})


def stream_error(
    model_name: str,
    body: object | None,
    provider_name: str | None = None,
    *,
    secrets: tuple[str, ...] = (),
    bare: bool = False,
) -> ModelAPIError:
    """The error for an error event inside a stream (`in_stream=True`).

    It is an HTTP error when the provider's code or type stands for a status, else only of its kind. `bare` as in
    `http_error`: then only the names count that OpenAI and its kin have.
    """
    said = read_body(body)
    status_code = _status_of(said, OPENAI_STATUSES if bare else NAME_STATUSES)
    if status_code is not None:
        return http_error(
            status_code, model_name, body, None, provider_name, secrets=secrets, in_stream=True, bare=bare
        )
    head = broke_off(provider_name or 'The provider', model_name)
    return category_of(_status_of(said, NAME_STATUSES), said)(
        model_name,
        scrub(f'{head}: {said.message or "it gave no reason"}', secrets),
        body=scrubbed(_kept(said, bare), secrets),
        provider_error_code=said.code,
        provider_error_type=said.type,
        retry_after=said.retry_after,
        in_stream=True,
    )


def located(
    error: E,
    provider_name: str,
    *,
    status: int | None = None,
    headers: Mapping[str, str] | None = None,
    has_content: bool = False,
) -> E:
    """The same error, knowing whom it came from.

    Args:
        error: any error; nothing is done to one that is not of a request.
        provider_name: who was asked.
        status: of the answer that the error came with; None where there was none.
        headers: of that answer, with lower-case names.
        has_content: whether the answer had begun.
    """
    if isinstance(error, AgentRunError):
        error.provider_name = error.provider_name or provider_name
        error.response_status = status if error.response_status is None else error.response_status
        if error.request_id is None and (found := request_id_of(headers or {})):
            error.request_id = found
            _append(error, f' (request id {found})')
    if isinstance(error, ModelAPIError):
        error.in_stream = error.in_stream or has_content
    return error


def after_attempts(error: E, attempts: Sequence[ModelRequestAttempt]) -> E:
    """The same error, which tells of all the attempts that were made, where it was not the only one."""
    if len(attempts) > 1 and isinstance(error, AgentRunError):
        error.attempts = tuple(attempts)
        lines = (
            f'{number}. {attempt.error} (after {attempt.duration.total_seconds():.1f} s)'
            for number, attempt in enumerate(attempts, 1)
        )
        _append(error, f'\n{len(attempts)} attempts were made:\n' + '\n'.join(lines))
    return error


def _append(error: AgentRunError, more: str) -> None:
    error.message += more
    error.args = (error.message, *error.args[1:])


def without(error: E, secrets: tuple[str, ...]) -> E:
    """The same error, after the secrets were taken out of its words and of all that it keeps."""
    error.args = tuple(scrubbed(value, secrets) for value in error.args)
    error.__dict__.update({name: scrubbed(value, secrets) for name, value in vars(error).items()})
    return error


def _kept(said: ProviderError, bare: bool) -> object | None:
    """The body that an error keeps."""
    body = said.body
    return cast('dict[str, Any]', body).get('error', body) if bare and isinstance(body, dict) else body


def _status_of(said: ProviderError, statuses: Mapping[str, int]) -> int | None:
    for name in filter(None, (said.code, said.type)):
        if name in statuses:
            return statuses[name]
        if name.isdecimal() and 400 <= int(name) < 600:
            return int(name)
    return None

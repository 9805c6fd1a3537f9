"""What AWS calls its errors: a name in a header before the stream, the same with a small letter inside it."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_stream import exceptions as ours
from jupyter_stream.transport import retry_wait

PAGE = ':http://internal.amazon.com/coral/com.amazon.coral.validate/'

BEFORE: dict[str, tuple[int, str, str, type[Exception], bool]] = {
    # name: status, header, message, kind, whether another try may help
    'no model': (
        400,
        'ValidationException',
        'The provided model identifier is invalid.',
        ours.ModelNotFoundError,
        False,
    ),
    'bad field': (400, 'ValidationException', 'A bad field.', ours.ModelRequestRejectedError, False),
    'too long': (
        400,
        'ValidationException',
        'Input is too long for requested model.',
        ours.ModelContextWindowExceededError,
        False,
    ),
    'quota': (400, 'ServiceQuotaExceededException', 'Too much.', ours.ModelQuotaExceededError, False),
    'expired': (400, 'ExpiredTokenException', 'The token expired.', ours.ModelAuthenticationError, False),
    'access': (403, 'AccessDeniedException', 'Not you.', ours.ModelAuthenticationError, False),
    'nothing': (404, 'ResourceNotFoundException', 'Could not resolve it.', ours.ModelNotFoundError, False),
    'timeout': (408, 'ModelTimeoutException', 'Too slow.', ours.ModelServerError, True),
    'model': (424, 'ModelErrorException', 'The model failed.', ours.ModelServerError, True),
    'not ready': (429, 'ModelNotReadyException', 'Loading.', ours.ModelUnavailableError, True),
    'throttled': (429, 'ThrottlingException', 'Slower.', ours.ModelRateLimitError, True),
    'server': (500, 'InternalServerException', 'Oops.', ours.ModelServerError, True),
    'busy': (503, 'ServiceUnavailableException', 'Later.', ours.ModelUnavailableError, True),
}


@pytest.mark.parametrize('page', ['', PAGE])
@pytest.mark.parametrize('name', BEFORE)
def test_the_header_names_the_error(name: str, page: str) -> None:
    status, header, message, kind, again = BEFORE[name]
    error = ours.http_error(status, 'm', {'message': message}, {'X-Amzn-ErrorType': header + page})
    assert isinstance(error, kind) and type(error).__name__ == kind.__name__
    assert error.provider_error_type == header and message in str(error)
    assert (retry_wait(error, 1, 2) is not None) == again


@pytest.mark.parametrize('name', ['modelStreamErrorException', 'throttlingException', 'serviceUnavailableException'])
def test_in_a_stream_the_name_is_the_code(name: str) -> None:
    kinds: dict[str, Any] = {
        'modelStreamErrorException': ours.ModelServerError,
        'throttlingException': ours.ModelRateLimitError,
        'serviceUnavailableException': ours.ModelUnavailableError,
    }
    error = ours.stream_error('m', {'message': 'no', 'code': name})
    assert type(error).__name__ == kinds[name].__name__ and retry_wait(error, 1, 2) is not None


def test_the_gateway_before_bedrock_writes_message_with_a_capital() -> None:
    error = ours.http_error(403, 'm', {'Message': 'Please make sure your API Key is valid.'})
    assert 'Please make sure your API Key is valid.' in str(error)

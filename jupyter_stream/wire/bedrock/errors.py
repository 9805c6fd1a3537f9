"""The errors that Bedrock sends inside a stream, as frames of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

from jupyter_stream.exceptions import ModelAPIError, http_error, stream_error
from jupyter_stream.framing.eventstream import Frame
from jupyter_stream.wire.decoding import parsed

__all__ = ('exception_error',)

STATUSES: Final[Mapping[str, int]] = {
    'throttlingexception': 429,
    'serviceunavailableexception': 503,
    'internalserverexception': 500,
    'validationexception': 400,
    'modelstreamerrorexception': 424,
    'modeltimeoutexception': 408,
}
"""The status that an exception would have had before the stream began, by its name in lower case.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html#API_runtime_ConverseStream_Errors
"""


def exception_error(model_name: str, frame: Frame, provider_name: str) -> ModelAPIError:
    """The error for a frame that is an exception (its headers name it, its payload tells) or an error (all headers)."""
    headers = frame.headers
    code = str(headers.get(':exception-type') or headers.get(':error-code') or '')
    said = _said(frame.payload)
    body = {'message': headers.get(':error-message'), **said, **({'code': code} if code else {})}
    status = STATUSES.get(code.lower())
    if status is None:
        return stream_error(model_name, body, provider_name)
    return http_error(status, model_name, body, None, provider_name, in_stream=True)


def _said(payload: bytes) -> dict[str, Any]:
    text = payload.decode('utf-8', 'replace')
    try:
        said = parsed(text)
    except (ValueError, RecursionError):
        return {'message': text} if text.strip() else {}
    return cast('dict[str, Any]', said) if isinstance(said, dict) else {'message': text}

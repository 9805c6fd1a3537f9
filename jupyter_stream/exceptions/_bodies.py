"""What a provider's error says, whatever form it has, and how to keep keys out of it."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from typing import Any, cast
from urllib.parse import quote

LONGEST_MESSAGE = 500
"""Characters of a provider's message that are shown; the body keeps all of it."""


@dataclass(frozen=True)
class ProviderError:
    """A provider's error, in the same form whoever sent it.

    Attributes:
        body: the body, parsed if it is JSON.
        message: the sentence meant for people, on one line.
        code: the provider's code of the error.
        type: the provider's name of the kind of error.
        request_id: the id of the request, for the provider's support.
        reasons: further names of what is wrong, more exact than `code` and `type`.
        quotas: the names of the quotas that are used up.
        retry_after: seconds to wait before the next try.
    """

    body: object | None
    message: str | None = None
    code: str | None = None
    type: str | None = None
    request_id: str | None = None
    reasons: tuple[str, ...] = ()
    quotas: tuple[str, ...] = ()
    retry_after: float | None = None


def read_body(body: object | None) -> ProviderError:
    """What the body of an error says, given as bytes, text or parsed JSON. Fields that it does not say are None."""
    parsed = _parsed(body)
    error = _error_in(parsed)
    if isinstance(error, str):
        # Text Generation Inference puts the type beside the message.
        kind, request_id = _name(parsed, 'error_type'), _name(parsed, 'request_id')
        return ProviderError(parsed, message=_shown(error), type=kind, request_id=request_id)
    return ProviderError(
        parsed,
        message=_message(error),
        code=_name(error, 'code'),
        type=_name(error, 'type') or _name(error, 'status'),
        request_id=_name(parsed, 'request_id'),
        **_google_details(error),
    )


def filtered_prompt(said: ProviderError) -> dict[str, Any] | None:
    """What a content filter says that has stopped the prompt, as `provider_details`; None for any other error.

    Azure answers with an error where others answer with an empty response:
    https://learn.microsoft.com/azure/ai-foundry/openai/concepts/content-filter
    """
    if said.code != 'content_filter':
        return None
    error = _error_in(said.body)
    inner = cast('dict[str, Any]', error.get('innererror') or {})
    found: dict[str, Any] = {
        'content_filter_result': inner.get('content_filter_result'),
        'content_filters': error.get('content_filters'),
    }
    return {'finish_reason': 'content_filter', **{name: value for name, value in found.items() if value}}


def _google_details(error: Any) -> dict[str, Any]:
    """What Google's list of details says: https://google.aip.dev/193#errordetails"""
    details = _objects(error, 'details')
    violations = [violation for detail in details for violation in _objects(detail, 'violations')]
    waits = (_seconds(_name(detail, 'retryDelay')) for detail in details)
    return {
        'reasons': tuple(filter(None, (_name(detail, 'reason') for detail in details))),
        'quotas': tuple(filter(None, (_name(violation, 'quotaId') for violation in violations))),
        'retry_after': next((wait for wait in waits if wait is not None), None),
    }


def _objects(data: Any, key: str) -> list[Any]:
    value = cast('dict[str, Any]', data).get(key) if isinstance(data, dict) else None
    return [item for item in cast('list[Any]', value) if isinstance(item, dict)] if isinstance(value, list) else []


def _seconds(duration: str | None) -> float | None:
    """Of a duration such as `34.07s`."""
    return _number(duration.removesuffix('s')) if duration else None


def _parsed(body: object | None) -> object | None:
    text = body.decode('utf-8', 'replace') if isinstance(body, bytes | bytearray) else body
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def _error_in(parsed: Any) -> Any:
    # Google sends a list of one; most put the error under `error`, some send it bare.
    if isinstance(parsed, list) and parsed:
        return _error_in(cast('list[Any]', parsed)[0])
    if isinstance(parsed, dict):
        data = cast('dict[str, Any]', parsed)
        return data.get('error') or data
    return cast(Any, parsed)


def _message(error: Any) -> str | None:
    if not isinstance(error, dict):
        return None
    data = cast('dict[str, Any]', error)
    for name in ('message', 'Message', 'detail', 'error_description', 'title', 'errors'):
        value = data.get(name)
        if isinstance(value, str) and value:
            return _shown(value)
        if isinstance(value, list | dict) and value:
            return _shown(json.dumps(value, ensure_ascii=False, default=str))
    return None


def _shown(text: str) -> str | None:
    if re.match(r'\s*<(!doctype|html|head|body)', text, re.IGNORECASE):
        title = re.search(r'<title[^>]*>(.*?)</title>', text, re.IGNORECASE | re.DOTALL)
        text = f'a web page ({unescape(title[1])})' if title else 'a web page'
    line = ' '.join(text.split())
    return (line if len(line) <= LONGEST_MESSAGE else f'{excerpt(line, LONGEST_MESSAGE)}…') or None


def _name(error: Any, key: str) -> str | None:
    value = cast('dict[str, Any]', error).get(key) if isinstance(error, dict) else None
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) and value != '' else None


def retry_after_of(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, from `retry-after-ms` or `retry-after` (seconds or an HTTP date, RFC 9110 §10.2.3).

    Header names are in lower case. None when neither says anything sensible.
    """
    milliseconds = _number(headers.get('retry-after-ms'))
    if milliseconds is not None:
        return milliseconds / 1000
    raw = headers.get('retry-after')
    seconds = _number(raw)
    return seconds if seconds is not None or raw is None else _until(raw)


def _number(raw: str | None) -> float | None:
    try:
        number = float(raw or '')
    except ValueError:
        return None
    return number if 0 <= number < float('inf') else None


def _until(date: str) -> float | None:
    # Loads sockets: not worth it before an error says a date.
    from email.utils import parsedate_to_datetime

    try:
        then = parsedate_to_datetime(date)
    except (ValueError, TypeError, OverflowError):
        return None
    then = then if then.tzinfo else then.replace(tzinfo=UTC)
    return max(0.0, (then - datetime.now(UTC)).total_seconds())


MASK = '***'

_OF_KEYS = 'A-Za-z0-9_+/=.~-'
_HALF_WORD = re.compile(rf'(?<![{_OF_KEYS}])[{_OF_KEYS}]{{1,450}}\Z')
"""The beginning of a word that may be a key; no key is longer."""


def excerpt(text: str, length: int) -> str:
    """How a text begins, but never with half a word at the end: half a key would not be recognised and masked."""
    begins, follows = text[:length], text[length : length + 1]
    return _HALF_WORD.sub('', begins) if _HALF_WORD.match(follows) else begins


_KEY_SHAPES = re.compile(
    r"""
    (?<![A-Za-z0-9])(?:
      sk-[A-Za-z0-9_*-]{8,}          # OpenAI and its kin, also when the provider has starred the middle
    | (?:gsk|xai|hf|r8|csk|pplx)[_-][A-Za-z0-9]{16,}
    | AIza[A-Za-z0-9_-]{20,}         # Google
    | AKIA[A-Z0-9]{12,}              # AWS
    | gh[pousr]_[A-Za-z0-9]{20,}     # GitHub
    | eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]+   # a JSON web token
    )
    """,
    re.VERBOSE,
)
_BEARER = re.compile(r'(\b(?:bearer|basic)\s+)[A-Za-z0-9._~+/=-]{8,}', re.IGNORECASE)


_SHORTEST_INSIDE = 8
"""A secret of fewer characters is masked only where it stands alone: inside other words it is there by chance."""

_PLACEHOLDERS = frozenset(
    {'api-key', 'api_key', 'apikey', 'changeme', 'dummy', 'empty', 'fake', 'key', 'local', 'lm-studio', 'lmstudio',
     'llama.cpp', 'localhost', 'no-key', 'no-key-required', 'none', 'not-needed', 'null', 'ollama', 'placeholder',
     'secret', 'sk-no-key-required', 'test', 'testing', 'token', 'unused', 'vllm'}
)  # fmt: skip
"""What people give as the key of a server that asks for none."""


def scrub(text: str, secrets: Iterable[str] = ()) -> str:
    """The text without the secrets (plain, or as they look in a URL, JSON or base64), and without any key-like word.

    What is no secret stays: a single character, and the words that stand for a key where none is needed.
    """
    forms = {form for secret in secrets if _is_secret(secret) for form in _forms(secret)}
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, MASK) if len(form) >= _SHORTEST_INSIDE else _without_word(text, form)
    return _BEARER.sub(rf'\1{MASK}', _KEY_SHAPES.sub(MASK, text))


def _is_secret(key: str) -> bool:
    return len(key) > 1 and key.lower() not in _PLACEHOLDERS


def _without_word(text: str, word: str) -> str:
    return re.sub(rf'(?<![\w-]){re.escape(word)}(?![\w-])', MASK, text)


def _forms(secret: str) -> set[str]:
    raw = secret.encode()
    return {secret, quote(secret, safe=''), json.dumps(secret)[1:-1], b64encode(raw).decode(), repr(secret)[1:-1]}


def scrubbed(value: Any, secrets: Iterable[str] = ()) -> Any:
    """A JSON value with every text in it scrubbed, keys included."""
    if isinstance(value, str):
        return scrub(value, secrets)
    if isinstance(value, bytes | bytearray):
        return scrub(value.decode('utf-8', 'replace'), secrets)
    if isinstance(value, dict):
        items = cast('dict[Any, Any]', value).items()
        return {scrubbed(key, secrets): scrubbed(item, secrets) for key, item in items}
    if isinstance(value, list | tuple):
        return [scrubbed(item, secrets) for item in cast('list[Any]', value)]
    return value

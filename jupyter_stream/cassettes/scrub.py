"""What a cassette does not keep: headers beyond a few, and who it is that asks.

Pure. In an answer what is hidden keeps its length, so that the pieces of a body stay where they are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

__all__ = ('hidden', 'kept_headers', 'without_names')

_HEADERS: Final = frozenset(
    {'content-type', 'retry-after', 'retry-after-ms', 'x-should-retry', 'x-amzn-requestid', 'x-amzn-errortype'}
)
"""What is read of an answer's head: what its body is, when to try again, what names the answer itself."""

_QUERY: Final = r'(?:[^\s"\'\\<>()]|\\u0026)*'
_SIGNED: Final = r'(?:X-Amz-Signature|X-Amz-Credential|X-Goog-Signature|Signature|sig|token|X-Amz-Security-Token)='

_PATTERNS: Final = tuple(
    (tuple(map(str.encode, needles.split())), re.compile(pattern.encode()))
    for needles, pattern in (
        ('org- proj_ user- acct_ wrkspc_', r'(\b(?:org-|proj_|user-|acct_|wrkspc_))([A-Za-z0-9]{16,})'),
        ('arn:aws', r'(\barn:aws[\w-]*:[\w-]*:[\w-]*:)(\d{12})'),
        ('projects/', r'(\bprojects/)([\w-]+)(?=/(?:locations|publishers|serviceAccounts)/)'),
        ('projects/', r'(\bprojects/)(\d{6,})'),
        (
            'account org project workspace tenant customer',
            r'("(?:account|organization|org|project|workspace|tenant|customer)_?[iI]d"\s*:\s*")([\w.-]+)',
        ),
        ('ignature= redential= sig= oken=', rf'(?i)(https?://[^\s"\'\\<>()?]+\?)({_QUERY}{_SIGNED}{_QUERY})'),
    )
)
"""What is hidden, each with words of which one is in it: looking for a word is a hundred times as fast."""


def kept_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Those of an answer's headers that a cassette keeps."""
    return {name.lower(): value for name, value in headers.items() if name.lower() in _HEADERS}


def hidden(data: bytes) -> bytes:
    """The bytes of an answer, as many, without the ids of accounts, organisations and projects and without the queries
    of signed URLs.
    """
    for pattern in _found_in(data):
        data = pattern.sub(lambda found: found[1] + b'x' * len(found[2]), data)
    return data


def _found_in(data: bytes) -> list[re.Pattern[bytes]]:
    return [pattern for needles, pattern in _PATTERNS if any(needle in data for needle in needles)]


def without_names(text: str) -> str:
    """The same for a text of a request, where what is hidden has one length: it may be another one next time."""
    data = before = text.encode('utf-8', 'surrogatepass')
    for pattern in _found_in(data):
        data = pattern.sub(rb'\g<1>xxxx', data)
    return text if data == before else data.decode('utf-8', 'surrogatepass')

"""Recorded traffic of Hugging Face; see `conftest`.

The recordings went by the routes of single providers, which no model string names: the peer's model can be told, ours
is reached there by `base_url`. So each stream is read by a model with the base URL that its recording names.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from jupyter_stream.models import http
from jupyter_stream.models._downloads import downloaded
from jupyter_stream.transport.fetch import Fetched

from .recordings import Request, Stream

STREAMS = REQUESTS = ('huggingface',)

NO_REASON = 'no finish reason ever came: an answer that may have been cut is not called complete'

PERMITTED = {
    'huggingface-test_huggingface_midstream_error-0ab97c74': NO_REASON,
    'huggingface-test_no_delta-9a7c274c': NO_REASON,
    'huggingface-reasoning_content': 'thinking in `reasoning_content` is shown; the peer drops it',
    'huggingface-cached_and_reasoning_usage': 'cached tokens and those of thinking are counted; the peer drops them',
}

PERMITTED_REQUESTS = {
    'image_url_force_download.huggingface': 'an image that is to be downloaded is; the peer sends its address',
}


def test_stream(recorded_stream: Stream, hold_stream: Callable[..., None]) -> None:
    hold_stream(recorded_stream, base_url=recorded_stream.golden['final']['provider_url'])


def test_any_split_gives_the_same_events(recorded_stream: Stream, hold_split: Callable[[Stream], None]) -> None:
    hold_split(recorded_stream)


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that were downloaded; the network is not asked."""
    addresses: list[str] = []

    async def get(url: str, **_: Any) -> Fetched:
        addresses.append(url)
        return Fetched(b'an image', 'image/png')

    monkeypatch.setattr(http, 'downloaded', partial(downloaded, get=get))
    return addresses


def test_request(recorded_request: Request, hold_request: Callable[[Request], None], fetched: list[str]) -> None:
    reason = PERMITTED_REQUESTS.get(recorded_request.id)
    if reason is None:
        hold_request(recorded_request)
        return
    with pytest.raises(AssertionError):
        hold_request(recorded_request)
    assert fetched == ['https://example.com/cat.png']


@pytest.mark.shared
def test_every_exception_is_a_recording(recorded_ids: set[str]) -> None:
    assert set(PERMITTED) <= recorded_ids

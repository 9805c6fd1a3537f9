"""A1: what stands after the last delimiter counts at a clean end of the body, if it is whole."""

from __future__ import annotations

import pytest

from jupyter_stream.exceptions import IncompleteStream
from jupyter_stream.framing.sse import Frame, SSEDecoder

from .answers import ANSWERS, body, received, streamed, texts


@pytest.mark.parametrize('end', ['', '\n', '\r', '\r\n', '\n: bye'])
@pytest.mark.parametrize('name', ANSWERS)
def test_a1_the_last_event_needs_no_blank_line(name: str, end: str) -> None:
    response = received(name, body(ANSWERS[name]).removesuffix('\n\n') + end)
    assert texts(response) == ['Hello']
    assert (response.finish_reason, response.state) == ('stop', 'complete')


@pytest.mark.parametrize('name', [name for name, events in ANSWERS.items() if 'lo' in str(events[-1])])
def test_a1_the_last_event_is_seen_to_come(name: str) -> None:
    sent = body(ANSWERS[name])
    assert streamed(name, sent.removesuffix('\n\n')) == streamed(name, sent)


@pytest.mark.parametrize('name', ANSWERS)
def test_a1_a_last_event_that_is_cut_is_incomplete(name: str) -> None:
    with pytest.raises(IncompleteStream):
        received(name, body(ANSWERS[name]).removesuffix('}\n\n'))


def test_a1_a_cut_event_after_the_finish_reason_takes_nothing_away() -> None:
    response = received('openai-chat:m', body(ANSWERS['openai-chat:m']) + 'data: {"choices": [], "usa')
    assert (texts(response), response.state) == (['Hello'], 'complete')


def test_a1_close_goes_on_dropping_what_the_standard_drops() -> None:
    decoder = SSEDecoder()
    assert decoder.feed(b'event: a\ndata: 1\ndata: 2') == []
    assert decoder.close() == []
    assert decoder.pending() == [Frame('a', '1\n2')]
    assert decoder.pending() == []

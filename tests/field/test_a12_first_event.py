"""A12: an end inside the very first event is incomplete, and a text in place of a stream is shown."""

from __future__ import annotations

import pytest

from jupyter_stream.exceptions import EmptyStream, IncompleteStream, ModelAPIError

from .answers import ANSWERS, body, received

NAMES = [*ANSWERS, 'bedrock:m']


@pytest.mark.parametrize('size', [1, 3, 7, 12])
@pytest.mark.parametrize('name', ANSWERS)
def test_a12_an_end_inside_the_first_event_is_incomplete(name: str, size: int) -> None:
    for sent in (body(ANSWERS[name]), 'event: message_start\n' + body(ANSWERS[name])):
        with pytest.raises(IncompleteStream):
            received(name, sent[:size])


@pytest.mark.parametrize(
    'text',
    ['upstream connect error', 'database is down: retry', 'error: no model\n\nTry again.\n\n', 'No.\n', 'idle'],
)
@pytest.mark.parametrize('name', NAMES)
@pytest.mark.parametrize('label', ['text/event-stream', 'text/plain', ''])
def test_a12_a_text_in_place_of_a_stream_is_shown(name: str, text: str, label: str) -> None:
    with pytest.raises(ModelAPIError) as caught:
        received(name, text, label=label)
    assert ' '.join(text.split()) in str(caught.value)


@pytest.mark.parametrize('text', ['', '\n\n', ': ping\n\n', 'id: 1\n\n'])
def test_a12_nothing_at_all_stays_an_empty_stream(text: str) -> None:
    with pytest.raises(EmptyStream):
        received('openai-chat:m', text)

"""A9: of several choices that a server sends, the one of index 0 is the answer."""

from __future__ import annotations

import pytest

from .answers import candidate, chunk, received, shown, texts

CHUNKS = [
    chunk({'content': 'no'}, index=1),
    chunk({'content': 'A'}),
    chunk({'content': 'x'}, index=1),
    chunk({'content': 'B'}),
    chunk({}, 'stop'),
    chunk({'content': 'y'}, 'length', index=1),
]
BOTH = {
    **chunk(),
    'choices': [chunk({'content': 'z'}, 'length', 1)['choices'][0], chunk({'content': 'C'})['choices'][0]],
}


@pytest.mark.parametrize('name', ['openai-chat:m', 'groq:m', 'mistral:m', 'huggingface:m', 'openrouter:a/m'])
def test_a9_only_the_choice_of_index_0_is_read(name: str) -> None:
    for events, text in ((CHUNKS, 'AB'), ([BOTH, *CHUNKS], 'CAB')):
        response = received(name, events)
        assert (texts(response), response.finish_reason) == ([text], 'stop')
        assert (response.provider_details or {})['finish_reason'] == 'stop'


def test_a9_the_reader_of_an_sdk_does_the_same() -> None:
    response = shown(CHUNKS)
    assert (texts(response), response.finish_reason) == (['AB'], 'stop')


def test_a9_only_the_candidate_of_index_0_is_read() -> None:
    other = candidate('x', 'MAX_TOKENS', index=1)
    response = received('google:m', [candidate('A', index=0), other, candidate('B'), candidate(finish='STOP'), other])
    assert (texts(response), response.finish_reason) == (['AB'], 'stop')

"""A17: what Gemini says of the end of an answer in words is kept."""

from __future__ import annotations

from .answers import candidate, received


def test_a17_the_finish_message_is_kept() -> None:
    said = 'Malformed function call: print(default_api.run('
    response = received('google:m', [candidate(finish='MALFORMED_FUNCTION_CALL', finishMessage=said)])
    assert response.finish_reason == 'error'
    assert response.provider_details == {'finish_reason': 'MALFORMED_FUNCTION_CALL', 'finish_message': said}

"""A17: what Gemini says of the end of an answer in words is kept, and shown below it."""

from __future__ import annotations

from jupyter_stream.notebook.bundle import final_bundle

from .answers import candidate, received


def test_a17_the_finish_message_is_kept() -> None:
    said = 'Malformed function call: print(default_api.run('
    response = received('google:m', [candidate(finish='MALFORMED_FUNCTION_CALL', finishMessage=said)])
    assert response.finish_reason == 'error'
    assert response.provider_details == {'finish_reason': 'MALFORMED_FUNCTION_CALL', 'finish_message': said}


def test_a17_the_finish_message_is_shown() -> None:
    said = 'Malformed call:\n <b>print</b>(' + 'x' * 1000
    response = received('google:m', [candidate('Hel', 'MALFORMED_FUNCTION_CALL', finishMessage=said)])
    text, failed, shown, _ = final_bundle(response)[0]['text/markdown'].split('\n\n')
    assert (text, failed) == ('Hel', '*⚠ The model failed: the answer is incomplete.*')
    assert shown.startswith('*The provider said: Malformed call: &lt;b>print&lt;/b>(xxx') and len(shown) < 550

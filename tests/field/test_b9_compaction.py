"""B9: a summary of Anthropic's without a text does not cut off the history before it."""

from __future__ import annotations

from jupyter_stream.messages import CompactionPart, ModelResponse, TextPart

from .histories import prompt, text, turns


def cut(content: str | None) -> str:
    summary = CompactionPart(content, provider_name='anthropic')
    answer = ModelResponse([summary, TextPart('a')], provider_name='anthropic')
    return text(turns('anthropic', [prompt('the first question'), answer, prompt('w')]))


def test_b9_without_a_text_the_history_is_kept() -> None:
    assert 'the first question' in cut(None)
    assert 'the first question' in cut('')


def test_b9_with_a_text_it_stands_for_the_history() -> None:
    assert 'the first question' not in cut('in short')

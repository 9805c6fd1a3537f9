"""Who answered: the last line, and the one name of a model in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from markdown_it import MarkdownIt
from nbconvert.filters.markdown_mistune import markdown2html_mistune

from jupyter_stream.local import weights
from jupyter_stream.messages import ModelResponse, TextPart
from jupyter_stream.models.fallback import FallbackModel
from jupyter_stream.models.function import FunctionModel
from jupyter_stream.models.test import TestModel
from jupyter_stream.notebook import names
from jupyter_stream.notebook.answer import Answer
from jupyter_stream.notebook.bundle import final_bundle
from jupyter_stream.notebook.byline import byline_markdown, byline_of
from jupyter_stream.notebook.defaults import BYLINE_VARIABLE, default_byline
from jupyter_stream.notebook.names import answering_name, asking, readable_name, title_of
from jupyter_stream.usage import RequestUsage


async def guide(messages: Any, info: Any) -> AsyncIterator[str]:
    yield 'Hi'


@pytest.mark.parametrize(
    ('model', 'name'),
    [
        ('openai-chat:gpt-5-mini', 'gpt-5-mini'),
        ('openrouter:anthropic/claude-sonnet-4-5', 'anthropic/claude-sonnet-4-5'),
        ('ollama:llama3.2:1b', 'llama3.2:1b'),
        ('test', 'test'),
        ('local:', names.EMBEDDED_NAME),
        ('local', names.EMBEDDED_NAME),
        ('local:default', names.EMBEDDED_NAME),
        ('local:/some/where/Qwen3-0.6B.gguf', 'Qwen3-0.6B'),
        (FunctionModel(stream_function=guide), 'guide'),
        (FunctionModel(stream_function=guide, model_name='mine'), 'mine'),
        (FallbackModel(TestModel(), FunctionModel(stream_function=guide)), 'test or guide'),
    ],
)
def test_a_model_has_one_readable_name(model: Any, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(names.EMBEDDED_VARIABLE, raising=False)
    assert title_of(model) == name


def test_the_embedded_model_is_named_as_it_names_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (names.EMBEDDED_NAME, names.EMBEDDED_VARIABLE) == (weights.DEFAULT, weights.MODEL_VARIABLE)
    monkeypatch.setenv(names.EMBEDDED_VARIABLE, '/some/where/Qwen3-0.6B.gguf')
    assert title_of('local:') == 'Qwen3-0.6B'


@pytest.mark.parametrize(
    ('answered', 'asked', 'name'),
    [
        ('gpt-5-mini-2025-08-07', 'gpt-5-mini', 'gpt-5-mini'),
        ('claude-sonnet-4-5-20250929', 'claude-sonnet-4-5', 'claude-sonnet-4-5'),
        ('gemini-2.0-flash-001', 'gemini-2.0-flash', 'gemini-2.0-flash'),
        ('gpt-5-mini', 'gpt-5', 'gpt-5-mini'),
        ('claude-sonnet-4-5', 'claude-sonnet-4', 'claude-sonnet-4-5'),
        ('function::guide', 'test or guide', 'guide'),
        ('gpt-5-mini-2025-08-07', '', 'gpt-5-mini-2025-08-07'),
        (None, 'gpt-5', ''),
    ],
)
def test_who_answered_keeps_the_name_that_was_asked(answered: str | None, asked: str, name: str) -> None:
    assert answering_name(answered, asked) == name


def test_the_wait_has_a_verb() -> None:
    assert asking('gpt-5-mini') == 'Asking gpt-5-mini…'
    assert asking('') == 'Asking the model…'
    assert readable_name('function:a:b') == 'a'


@pytest.mark.parametrize(
    ('usage', 'line'),
    [
        ((1234, 61), '— m · 1,234 tokens in, 61 out'),
        ((1234, 0), '— m · 1,234 tokens in'),
        ((0, 61), '— m · 61 tokens out'),
        ((0, 0), '— m'),
    ],
)
def test_what_the_provider_said_nothing_of_is_left_out(usage: tuple[int, int], line: str) -> None:
    assert (
        byline_of(
            ModelResponse(
                parts=[TextPart('Hi')],
                model_name='m',
                usage=RequestUsage(input_tokens=usage[0], output_tokens=usage[1]),
            )
        )
        == line
    )


def test_nobody_answered_where_nothing_came_or_nobody_is_named() -> None:
    assert byline_of(ModelResponse(parts=[], model_name='m', state='interrupted')) is None
    assert byline_of(ModelResponse(parts=[TextPart('')], model_name='m', state='incomplete')) is None
    assert byline_of(ModelResponse(parts=[TextPart('Hi')])) is None
    assert byline_of(ModelResponse(parts=[], model_name='m')) == '— m', 'an empty answer is one'


@pytest.mark.parametrize('state', ['complete', 'interrupted', 'incomplete'])
def test_it_is_said_once_of_a_partial_answer_too(state: Any) -> None:
    data, _ = final_bundle(ModelResponse(parts=[TextPart('Hi')], model_name='m', state=state))
    assert [text.count('— m') for text in data.values()] == [1, 1]
    assert data['text/markdown'].endswith('\n\n*— m*') and data['text/plain'].endswith('\n\n— m')
    without, _ = final_bundle(ModelResponse(parts=[TextPart('Hi')], model_name='m', state=state), byline=False)
    assert '—' not in ''.join(without.values())


UNFINISHED = {
    'list': '- one\n- two',
    'nested list': '1. one\n   - deep\n     still',
    'table': '| a | b |\n| - | - |\n| 1 | 2 |',
    'half a table': '| a | b |\n| - | - |\n| 1 |',
    'fence': 'See:\n\n```python\nx = 1',
    'fence in a list': '- so:\n\n  ```python\n  x = 1',
    'fence in a quote': '> ```\n> x',
    'formula': 'So:\n\n$$\n\\frac{1',
    'short formula': 'So $x^',
    'environment': '\\begin{align}\nx &= 1',
    'quote': '> so it is',
    'code': 'the `name',
    'emphasis': 'the **name',
    'link': 'see [here](https://exam',
    'definition': '[a]: https://example.org',
    'heading': '# so',
    'rule': 'so\n-',
    'tag': '<div><!-- so',
    'indented': 'so\n\n    code',
}


@pytest.mark.parametrize('text', UNFINISHED.values(), ids=UNFINISHED)
def test_it_is_a_paragraph_of_its_own_below_whatever_was_cut(text: str) -> None:
    response = ModelResponse(
        parts=[TextPart(text)], model_name='a_model_b', usage=RequestUsage(input_tokens=3, output_tokens=4)
    )
    markdown = final_bundle(response)[0]['text/markdown']
    last = '<p><em>— a_model_b · 3 tokens in, 4 out</em></p>'
    for html in (MarkdownIt('gfm-like', {'linkify': False}).render(markdown), markdown2html_mistune(markdown)):
        before, _, after = html.strip().rpartition(last)
        assert html.strip().endswith(last) and not after, html
        assert before.count('<ul') == before.count('</ul') and before.count('<pre') == before.count('</pre'), html
        assert before.count('<blockquote') == before.count('</blockquote'), html


@pytest.mark.parametrize(
    'name', ['a*b*c', '__init__', '<b>x</b>', '$a$', '[a](b)', '`a`', 'a\\b', '~~a~~', 'a|b', 'a\nb']
)
def test_a_name_is_only_a_name(name: str) -> None:
    line = byline_of(ModelResponse(parts=[TextPart('Hi')], model_name=name))
    assert line is not None and '\n' not in line
    html = MarkdownIt('gfm-like', {'linkify': False, 'html': True}).render(byline_markdown(line))
    inner = html.strip().removeprefix('<p><em>').removesuffix('</em></p>').replace('<span>', '').replace('</span>', '')
    assert '<' not in inner
    assert len(byline_of(ModelResponse(parts=[TextPart('Hi')], model_name='x' * 5000)) or '') < 200


def test_an_answer_says_it_and_sends_none_of_it_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(BYLINE_VARIABLE, raising=False)
    answer = Answer([], ModelResponse(parts=[TextPart('Hi')], model_name='m-2025-01-01'), 'm')
    assert answer._repr_mimebundle_()[0]['text/plain'] == 'Hi\n\n— m'
    assert (answer.text, str(answer), answer.model) == ('Hi', 'Hi', 'm-2025-01-01')
    assert answer.messages == [answer.response] and '—' not in repr(answer.messages)
    monkeypatch.setenv(BYLINE_VARIABLE, '0')
    assert answer._repr_mimebundle_()[0]['text/plain'] == 'Hi'


def test_the_setting_wins_over_the_environment() -> None:
    assert default_byline(None, {}) and default_byline(None, {BYLINE_VARIABLE: ''})
    assert not any(default_byline(None, {BYLINE_VARIABLE: no}) for no in ('0', 'false', 'Off', ' no '))
    assert default_byline(True, {BYLINE_VARIABLE: '0'}) and not default_byline(False, {})

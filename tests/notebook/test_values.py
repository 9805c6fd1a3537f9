"""Values in a prompt, without a kernel: what is evaluated, with which budget, for which model, and what is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from jupyter_stream import aask, ask
from jupyter_stream.content import ContentError, Hints, register
from jupyter_stream.content import registry as registered
from jupyter_stream.content.template import TemplateError
from jupyter_stream.exceptions import UserError
from jupyter_stream.messages import BinaryContent, ModelMessage
from jupyter_stream.models import profile_of
from jupyter_stream.models.fallback import FallbackModel
from jupyter_stream.models.function import FunctionModel
from jupyter_stream.models.test import TestModel
from jupyter_stream.notebook import kernel
from jupyter_stream.notebook.answer import Answer
from jupyter_stream.notebook.defaults import VALUE_TOKENS, Defaults
from jupyter_stream.notebook.question import question
from jupyter_stream.notebook.values import Values, with_values

PNG = b'\x89PNG\r\n\x1a\n and so on'


class Picture:
    """A value that is a picture, and says what it shows."""

    def _ai_repr_(self, multimodal: bool = True) -> dict[str, Any]:
        shown = {'text/plain': 'a rose'}
        return {**shown, 'image/png': PNG} if multimodal else shown


class Late:
    """A value that has to be awaited."""

    async def _ai_repr_(self) -> dict[str, str]:
        await asyncio.sleep(0)
        return {'text/plain': 'late'}


class Told:
    """A value that says how much room it was given."""


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(kernel, 'state', kernel.KernelState())
    before = dict(registered._functions)
    register(Told, lambda told, multimodal, max_tokens: f'{multimodal} {max_tokens}')
    yield
    registered._functions.clear()
    registered._functions.update(before)


def content_of(answer: Answer) -> Any:
    """What was sent."""
    part: Any = answer.messages[0].parts[0]
    return part.content


def sent(prompt: Any, **values: Any) -> Any:
    """The prompt as `ask` sends it."""
    return content_of(ask(prompt, values=values, model='test', display=False))


def test_an_expression_is_its_value_and_all_else_is_to_the_letter() -> None:
    assert sent(r'{x} $x \n {{ x + 1 }}, {{ "{}" }} and \{{ x }}', x=1) == r'{x} $x \n 2, {} and {{ x }}'


def test_without_values_nothing_is_evaluated() -> None:
    answer = ask('{{ 1 + 1 }}', model='test', display=False)

    assert content_of(answer) == '{{ 1 + 1 }}'


def test_aask_takes_values_too() -> None:
    answer = asyncio.run(aask('{{ x }}', values={'x': 5}, model='test', display=False))

    assert content_of(answer) == '5'


def test_each_text_of_a_list_is_filled_in() -> None:
    picture = BinaryContent(PNG, media_type='image/png')

    assert sent(['{{ x }}', picture, 'and {{ x }}', ' more'], x=1) == ['1', picture, 'and 1 more']


def test_a_picture_stands_where_its_expression_stood() -> None:
    before, picture, after = sent('What is {{ picture }} of?', picture=Picture())

    assert before.startswith('What is <value name="picture"')
    assert 'a rose' in before
    assert picture.data == PNG
    assert after == ' of?'


def test_a_value_that_must_be_awaited() -> None:
    assert 'late' in sent('{{ value }}', value=Late())


def test_an_expression_changes_no_variable() -> None:
    names = {'x': 1}

    ask('{{ (y := x + 1) }} {{ y }}', values=names, model='test', display=False)

    assert names == {'x': 1}


def test_comprehensions_and_functions_see_the_variables() -> None:
    assert sent('{{ sum(n * x for n in range(3)) }} {{ (lambda: x)() }}', x=2) == '6 2'


# ------------------------------------------------------------------ the model that it is for


@pytest.mark.parametrize(
    ('model', 'takes'),
    [
        ('openai-chat:gpt-5-mini', True),
        ('openai-chat:gpt-4o', True),
        ('openai-chat:gpt-4.1', True),
        ('openai-chat:gpt-3.5-turbo', False),
        ('openai-chat:o3-mini', False),
        ('anthropic:claude-sonnet-4-5', True),
        ('google:gemini-3-flash', True),
        ('mistral:mistral-large-latest', True),
        ('groq:meta-llama/llama-4-scout-17b-16e-instruct', True),
        ('groq:llama-3.3-70b-versatile', False),
        ('groq:openai/gpt-oss-120b', False),
        ('ollama:qwen3-vl', True),
        ('ollama:qwen3-coder', False),
        ('deepseek:deepseek-chat', False),
        ('cohere:command-a-03-2025', False),
        ('local:', False),
        ('test', True),
        ('nobody:knows', True),
    ],
)
def test_who_takes_pictures(model: str, takes: bool) -> None:
    assert profile_of(model).images is takes


def test_a_fallback_takes_pictures_if_all_of_its_models_do() -> None:
    blind = TestModel()
    blind.__class__ = type('Blind', (TestModel,), {'profile': profile_of('local:')})

    assert Values(FallbackModel(TestModel(), TestModel()), {}, VALUE_TOKENS).hints(1).multimodal
    assert not Values(FallbackModel(TestModel(), blind), {}, VALUE_TOKENS).hints(1).multimodal


def test_a_model_that_takes_no_pictures_is_told_of_one() -> None:
    asked = question('What is {{ picture }}?', Defaults(), model='deepseek:deepseek-chat')

    filled = with_values(asked, {'picture': Picture()}, tokens=VALUE_TOKENS)

    assert isinstance(filled.prompt, str)
    assert 'a rose' in filled.prompt


class Small(TestModel):
    """A model that reads little at once."""

    context_window = 1_000  # type: ignore[assignment]


@pytest.mark.parametrize(
    ('model', 'count', 'tokens'),
    [
        (TestModel(), 1, VALUE_TOKENS),
        (TestModel(), 64, 500),
        (TestModel(), 10_000, 100),
        (Small(), 1, 500),
        (Small(), 4, 125),
    ],
    ids=['one', 'many', 'very many', 'one for a small model', 'four for a small model'],
)
def test_what_each_value_may_have(model: TestModel, count: int, tokens: int) -> None:
    assert Values(model, {}, VALUE_TOKENS).hints(count) == Hints(multimodal=True, max_tokens=tokens)


def test_the_hints_reach_the_value() -> None:
    assert 'True 1000' in sent('{{ told }}', told=Told())
    assert sent('{{ told }}' * 64, told=Told()).count('True 500') == 64


# ------------------------------------------------------------------ what is refused


def refused(prompt: str, **values: Any) -> TemplateError:
    def answer(messages: list[ModelMessage], info: object) -> Iterator[str]:
        raise AssertionError('it was sent')

    model = FunctionModel(stream_function=answer)  # type: ignore[arg-type]
    with pytest.raises(TemplateError) as caught:
        ask(prompt, values=values, model=model, display=False)
    assert isinstance(caught.value, ContentError)
    return caught.value


def test_an_expression_that_fails_is_shown_at_its_place() -> None:
    error = refused('One line\nand {{ 1 / zero }} more', zero=0)

    assert str(error).splitlines() == [
        'Line 2 of the prompt, column 5: `1 / zero` raised ZeroDivisionError: division by zero. Nothing was sent.',
        '',
        '    and {{ 1 / zero }} more',
        '        ^',
    ]
    assert isinstance(error.__cause__, ZeroDivisionError)


def test_an_unknown_name_may_be_meant_literally() -> None:
    error = refused('Dear {{ customer }}')

    assert "NameError: name 'customer' is not defined" in str(error)
    assert r'Write \{{' in str(error)


def test_there_may_be_no_last_exception(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ('last_exc', 'last_value'):
        monkeypatch.delattr(f'sys.{name}', raising=False)

    assert '`err` is the last exception of a cell, and there was none yet' in str(refused('{{ err }}'))


def test_a_value_that_cannot_be_content_is_shown_at_its_place() -> None:
    def fails(told: Told) -> str:
        raise OSError('the disk is gone')

    register(Told, fails)
    error = refused('a {{ told }}', told=Told())

    assert (error.line, error.column) == (1, 3)
    assert 'OSError: the disk is gone' in str(error)
    assert 'Nothing was sent' in str(error)


def test_a_key_in_a_value_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    key = 'sk-this-is-a-secret-key'
    monkeypatch.setenv('OPENAI_API_KEY', key)

    for value in (key, [key], {'a': {'b': key}}):
        with pytest.raises(UserError, match='OPENAI_API_KEY') as caught:
            ask('{{ value }}', values={'value': value}, model='test', display=False)
        assert key not in str(caught.value)


def test_a_key_in_an_exception_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    key = 'sk-this-is-a-secret-key'
    monkeypatch.setenv('OPENAI_API_KEY', key)

    error = refused('{{ {}[key] }}', key=key)

    assert 'KeyError' in str(error)
    assert key not in str(error)


def test_an_expression_that_gives_nothing_is_no_question() -> None:
    with pytest.raises(UserError, match='nothing to ask'):
        sent('{{ "" }}')


def test_values_must_be_a_mapping() -> None:
    with pytest.raises(UserError, match='`values` must be a mapping of names to values, not list'):
        ask('{{ x }}', values=[1], model='test', display=False)  # type: ignore[arg-type]


def test_an_interrupt_passes_through() -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sent('{{ stop() }}', stop=stop)


def test_a_value_that_displays_itself_is_not_displayed_by_being_asked() -> None:
    from IPython.core.interactiveshell import InteractiveShell

    displayed: list[str] = []

    class Widget:
        def _ipython_display_(self) -> None:
            displayed.append('shown')

        def _repr_png_(self) -> tuple[bytes, dict[str, Any]]:
            return PNG, {'width': 30}

    shell = InteractiveShell()
    (said, image) = Values(TestModel(), {'w': Widget()}, 100, shell).filled('{{ w }}').content()
    assert displayed == []
    assert isinstance(image, BinaryContent) and image.data == PNG

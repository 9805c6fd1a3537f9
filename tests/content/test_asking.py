"""Who is asked what a value is to a model, in which order, and what the answers may be."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from jupyter_stream import content
from jupyter_stream.content import ContentError, Hints, SlowValueWarning, content_of, register
from jupyter_stream.content import registry as registry_module
from jupyter_stream.exceptions import UserError
from jupyter_stream.messages import BinaryContent, BinaryImage, CachePoint, ImageUrl, TextContent


@pytest.fixture(autouse=True)
def registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry_module, '_functions', {})


class Thing:
    def __repr__(self) -> str:
        return 'a thing </value> and more'


class Kind(Thing):
    pass


class Speaking:
    """Speaks every convention."""

    def _ai_repr_(self, **hints: Any) -> Any:
        return {'text/llm+plain': 'ai'}

    def _repr_llm_(self) -> Any:
        return 'llm'

    def __llm__(self) -> Any:
        return 'dunder'

    def _repr_png_(self) -> Any:
        return b'png'

    def _repr_markdown_(self) -> Any:
        return 'markdown'

    def __str__(self) -> str:
        return 'str'


def inner(value: Any, **options: Any) -> str:
    """The text between the tags."""
    (text,) = content_of(value, **options)
    assert isinstance(text, str)
    return text.partition('\n')[2].removesuffix('\n</value>')


# ------------------------------------------------------------------ order


def test_each_convention_is_asked_in_its_turn() -> None:
    class Fewer(Speaking):
        pass

    assert inner(Fewer()) == 'ai'
    for name, said in (('_ai_repr_', 'llm'), ('_repr_llm_', 'dunder'), ('__llm__', '(The picture follows.)')):
        setattr(Fewer, name, lambda self: None)
        assert content_of(Fewer())[0].split('\n')[1] == said  # type: ignore[union-attr]
    Fewer._repr_png_ = lambda self: None  # type: ignore[method-assign, assignment]
    assert inner(Fewer()) == 'markdown'
    Fewer._repr_markdown_ = lambda self: None  # type: ignore[method-assign, assignment]
    assert inner(Fewer()) == 'str'


def test_the_users_word_is_heard_first() -> None:
    register(Speaking, lambda value: 'registered')
    assert inner(Speaking()) == 'registered'


def test_a_registered_function_is_for_derived_types_too_and_the_nearest_counts() -> None:
    register(Thing, lambda value: 'a thing')
    assert inner(Kind()) == 'a thing'

    @register(Kind)
    def _(value: Kind) -> str:
        return 'a kind'

    assert (inner(Kind()), inner(Thing())) == ('a kind', 'a thing')


def test_a_type_is_registered_by_its_name_where_its_module_is_not_to_be_imported() -> None:
    register(f'{Kind.__module__}.Kind', lambda value: 'by name')
    assert inner(Kind()) == 'by name'


def test_a_registered_function_gets_the_hints_that_it_has_parameters_for() -> None:
    register(Kind, lambda value, max_tokens: f'{max_tokens} tokens')
    assert inner(Kind(), hints=Hints(max_tokens=7)) == '7 tokens'
    register(Kind, lambda value, **hints: str(sorted(hints)))
    assert inner(Kind()) == "['max_tokens', 'multimodal']"
    register(Kind, lambda value, multimodal: str(multimodal))
    assert inner(Kind(), hints=Hints(multimodal=False)) == 'False'


def test_one_that_says_nothing_leaves_it_to_the_next() -> None:
    def no(value: Any) -> Any:
        raise NotImplementedError

    register(Speaking, no)
    assert inner(Speaking()) == 'ai'


def test_a_value_given_in_place_of_a_value_is_asked_itself() -> None:
    register(Kind, lambda value: {'size': 3})
    assert inner(Kind()) == '{"size": 3}'


def test_values_in_place_of_values_come_to_an_end() -> None:
    register(Kind, lambda value: Kind())
    with pytest.raises(ContentError, match='one value after the other'):
        content_of(Kind())


def test_what_a_function_may_give() -> None:
    image = BinaryImage(b'1', media_type='image/png')
    url = ImageUrl('https://example.com/a.png')
    for given, files, text in (
        (image, [image], '(The picture follows.)'),
        ([image, 'and a word', url], [image, url], 'and a word\n(The picture follows.)\n(The picture follows.)'),
        ({'image/jpeg': 'AQ=='}, [BinaryImage(b'\x01', media_type='image/jpeg')], '(The picture follows.)'),
        ({'text/html': 'x', 'text/markdown': 'm', 'text/plain': 'p'}, [], 'm'),
        (TextContent('said'), [], 'said'),
    ):
        register(Kind, lambda value, given=given: given)
        first, *rest = content_of(Kind())
        assert rest == files
        assert f'>\n{text}\n<' in str(first)


@pytest.mark.parametrize('arguments', [(3,), (Kind, 3), (None, len)], ids=['no type', 'no function', 'nothing'])
def test_what_cannot_be_registered_is_refused(arguments: Any) -> None:
    with pytest.raises(UserError):
        register(*arguments)


def test_the_formatters_of_the_shell_know_types_of_their_own() -> None:
    first, image = content_of(Thing(), formats=lambda value: {'image/png': b'1', 'text/plain': 'x', 'text/html': 'y'})
    assert image == BinaryImage(b'1', media_type='image/png')
    assert 'text/html' not in str(first)


# ------------------------------------------------------------------ tags


def test_a_value_stands_between_tags_that_nothing_inside_closes() -> None:
    (text,) = content_of(Thing(), name='df["<a>"]')
    assert isinstance(text, str)
    assert text.startswith('<value name="df[&quot;&lt;a&gt;&quot;]" type="')
    assert text.endswith('>\na thing <\\/value> and more\n</value>')


def test_a_long_name_is_cut() -> None:
    (text,) = content_of(Thing(), name='x' * 500)
    assert f'name="{"x" * 79}…"' in str(text)


def test_a_cache_point_stays_one() -> None:
    assert content_of(CachePoint()) == [CachePoint()]


# ------------------------------------------------------------------ waiting


class Awaited:
    async def _ai_repr_(self, **hints: Any) -> Any:
        await asyncio.sleep(0)
        return {'text/plain': 'later'}


def test_an_awaitable_is_handed_to_who_can_wait() -> None:
    assert inner(Awaited(), wait=asyncio.run) == 'later'


@pytest.mark.filterwarnings('error')
def test_without_one_it_is_an_error_and_no_coroutine_is_left_behind() -> None:
    with pytest.raises(ContentError, match='has to be awaited'):
        content_of(Awaited(), name='a')


# ------------------------------------------------------------------ what fails, and what takes long


class Broken:
    def __repr__(self) -> str:
        raise ValueError('boom')


def test_a_repr_that_raises_is_an_error_that_names_it() -> None:
    with pytest.raises(
        ContentError, match=r'`broken` \(.*Broken\) cannot be put into the prompt: .*ValueError: boom'
    ) as it:
        content_of(Broken(), name='broken')
    assert isinstance(it.value.__cause__, ValueError)


def test_an_error_in_a_list_names_the_item() -> None:
    register(BinaryImage, lambda value: Broken())
    with pytest.raises(ContentError, match=r'^`all\[1\]` \(.*BinaryImage\) cannot be put .*boom'):
        content_of([ImageUrl('https://example.com/a.png'), BinaryImage(b'', media_type='image/png')], name='all')


def test_an_error_whose_message_cannot_be_read_is_reported_all_the_same() -> None:
    class Hostile(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    class Value:
        def __repr__(self) -> str:
            raise Hostile

    with pytest.raises(ContentError, match='Hostile: and its message cannot be read'):
        content_of(Value())


def test_it_is_said_which_value_took_long() -> None:
    times = iter([0.0, 10.0])
    with pytest.warns(SlowValueWarning, match=r'`slow` \(.*Thing\) took 10\.0 s to become part of the prompt'):
        content_of(Thing(), name='slow', clock=lambda: next(times))


@pytest.mark.filterwarnings('error')
def test_nothing_is_said_of_one_that_did_not() -> None:
    times = iter([0.0, 2.0])
    content_of(Thing(), name='quick', clock=lambda: next(times))


def test_who_stops_a_slow_one_is_told_which_it_was() -> None:
    class Endless:
        def __repr__(self) -> str:
            raise KeyboardInterrupt

    times = iter([0.0, 8.0])
    with pytest.raises(KeyboardInterrupt) as interrupted:
        content_of(Endless(), name='endless', clock=lambda: next(times))
    (note,) = interrupted.value.__notes__
    assert note.startswith('`endless` (') and note.endswith(' had been read for 8.0 s.')


# ------------------------------------------------------------------ what this library's own objects say


def test_answers_and_turns_speak_the_conventions() -> None:
    from jupyter_stream.conversation.turn import Turn
    from jupyter_stream.messages import FilePart, ModelRequest, ModelResponse, TextPart, UserPromptPart
    from jupyter_stream.notebook.answer import Answer

    image = BinaryContent(b'1', media_type='image/png')
    request = ModelRequest(parts=[UserPromptPart('Which?')])
    response = ModelResponse(parts=[TextPart('This one.'), FilePart(image)])
    answer = Answer([request], response)
    assert answer._repr_llm_() == 'This one.'
    assert answer._ai_repr_(max_tokens=5) == {'text/llm+plain': 'This one.', 'image/png': b'1'}
    text, picture = content_of(answer, name='answer')
    assert text == '<value name="answer" type="jupyter_stream.Answer">\nThis one.\n(The picture follows.)\n</value>'
    assert picture == BinaryImage(b'1', media_type='image/png')
    assert inner(answer, hints=Hints(multimodal=False)) == 'This one.'
    assert inner(Turn([request, response])) == 'Question: Which?\n\nAnswer: This one.'


def test_the_public_names() -> None:
    assert set(content.__all__) >= {'ContentError', 'Hints', 'content_of', 'register'}
